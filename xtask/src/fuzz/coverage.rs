//! Which lines of the libraries the inputs of the fuzz targets reach, each and all together.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail, ensure};

use super::{MANIFEST, seed, targets};
use crate::outcome::Outcome;
use crate::{cargo, process, root};

/// Whose lines count.
const CRATES: [&str; 6] = ["parser", "command", "engine", "emulator", "capture", "session"];

/// Lines by their files and numbers, and whether they were reached.
type Lines = BTreeMap<(String, u32), bool>;

/// Prints a table of targets and crates, and every line that none of them reaches.
pub(crate) fn coverage() -> Result<Outcome> {
    let Some(tools) = Tools::find()? else {
        return Ok(Outcome::Skipped(
            "no llvm-profdata and llvm-cov of rustc's LLVM: `rustup component add llvm-tools`, or Debian's llvm-<version>"
                .into(),
        ));
    };
    let environment = [("RUSTFLAGS", "-Cinstrument-coverage"), ("LLVM_PROFILE_FILE", "/dev/null")];
    seed(&root().join("fuzz/corpus"))?;
    let host = cargo::host()?;
    let arguments = [&["build", "--quiet", "--example", "replay", "--target", &host][..], &MANIFEST].concat();
    cargo::run(&arguments, &environment)?;
    let program = root().join("target/fuzz").join(host).join("debug/examples/replay");
    let mut all = Lines::new();
    println!("{}", row("", CRATES.map(str::to_owned)));
    for target in targets()? {
        let reached = lines(&tools.lcov(&program, &target)?);
        println!("{}", row(&target, CRATES.map(|name| share(&reached, name))));
        for (line, reached) in reached {
            *all.entry(line).or_default() |= reached;
        }
    }
    println!("{}", row("all", CRATES.map(|name| share(&all, name))));
    print!("{}", gaps(&all));
    let sources: Sources = all.keys().map(|(file, _)| (file.clone(), source(file))).collect();
    println!("{}", row("not reached", CRATES.map(str::to_owned)));
    for kind in KINDS {
        println!("{}", row(kind, CRATES.map(|name| count(&all, &sources, name, kind).to_string())));
    }
    Ok(Outcome::Passed)
}

/// Sources, line by line, by their files.
type Sources = BTreeMap<String, Vec<String>>;

fn source(file: &str) -> Vec<String> {
    let text = fs::read_to_string(root().join(file)).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

/// What a line is in that nothing reaches.
const KINDS: [&str; 3] = ["for people", "const fn", "others"];

/// Of the lines of a crate that were not reached, those of this kind.
fn count(lines: &Lines, sources: &Sources, name: &str, kind: &str) -> usize {
    let folder = folder(name);
    let missed = lines.iter().filter(|((file, _), reached)| file.starts_with(&folder) && !**reached);
    missed
        .filter(|((file, number), _)| {
            sources.get(file).is_some_and(|source| kind_of(source, *number) == kind)
        })
        .count()
}

/// `Debug`, `Display` and the wording of errors are for people; a `const fn` is mostly evaluated by the compiler.
fn kind_of(source: &[String], number: u32) -> &'static str {
    let before = source.get(..number as usize).unwrap_or_default().iter().rev();
    let mut above = before.map(|line| line.trim_start());
    let is_head = |line: &&str| line.starts_with("impl") || line.contains("fn ") && !line.starts_with("//");
    match above.find(is_head) {
        Some(head) if head.contains("const fn ") => KINDS[1],
        Some(head) if head.contains("fmt::") => KINDS[0],
        _ => KINDS[2],
    }
}

fn row(name: &str, columns: [String; CRATES.len()]) -> String {
    let columns: String = columns.iter().map(|column| format!(" {column:>9}")).collect();
    format!("{name:<22}{columns}")
}

/// The folder of a crate's sources, from that of the workspace on.
fn folder(name: &str) -> String {
    format!("crates/sim800-{name}/src/")
}

/// Of the lines of a crate, those that were reached.
fn share(lines: &Lines, name: &str) -> String {
    let folder = folder(name);
    let ours = lines.iter().filter(|((file, _), _)| file.starts_with(&folder));
    let (reached, all) =
        ours.fold((0, 0), |(reached, all), (_, is_reached)| (reached + u32::from(*is_reached), all + 1));
    format!("{:.1} %", 100.0 * f64::from(reached) / f64::from(all.max(1)))
}

/// The lines that were not reached, file by file.
fn gaps(lines: &Lines) -> String {
    let mut files: BTreeMap<&str, Vec<(u32, u32)>> = BTreeMap::new();
    // Lines without code lie between lines of one gap.
    let mut before = ("", true);
    for ((file, number), reached) in lines {
        if !reached {
            let ranges = files.entry(file).or_default();
            match ranges.last_mut() {
                Some(last) if before == (file, false) => last.1 = *number,
                _ => ranges.push((*number, *number)),
            }
        }
        before = (file, *reached);
    }
    let mut text = String::new();
    for (file, ranges) in files {
        let ranges = ranges
            .iter()
            .map(|(first, last)| if first == last { first.to_string() } else { format!("{first}-{last}") });
        text += &format!("{file}: {}\n", ranges.collect::<Vec<_>>().join(" "));
    }
    text
}

/// The lines of the crates in what llvm-cov exports as lcov.
fn lines(lcov: &str) -> Lines {
    let mut lines = Lines::new();
    let mut file = None;
    for line in lcov.lines() {
        if let Some(path) = line.strip_prefix("SF:") {
            file = CRATES.iter().find_map(|name| path.find(&folder(name))).and_then(|at| path.get(at..));
        } else if let (Some(file), Some((number, rest))) =
            (file, line.strip_prefix("DA:").and_then(|line| line.split_once(',')))
            && let Ok(number) = number.parse()
        {
            *lines.entry((file.to_owned(), number)).or_default() |= rest != "0";
        }
    }
    lines
}

/// The programs that read what instrumented code has counted; they have to be of rustc's own LLVM.
struct Tools {
    profdata: PathBuf,
    cov: PathBuf,
}

impl Tools {
    fn find() -> Result<Option<Self>> {
        let ours = Path::new(rustc(&["--print", "sysroot"])?.trim())
            .join("lib/rustlib")
            .join(cargo::host()?)
            .join("bin");
        let version = rustc(&["--version", "--verbose"])?;
        let llvm = version.lines().find_map(|line| line.strip_prefix("LLVM version: "));
        let major = llvm.context("rustc does not tell its LLVM")?.split('.').next().unwrap_or_default();
        let find = |name: &str| {
            let component = ours.join(name);
            if component.is_file() { Some(component) } else { process::find(&format!("{name}-{major}")) }
        };
        Ok(find("llvm-profdata").zip(find("llvm-cov")).map(|(profdata, cov)| Self { profdata, cov }))
    }

    /// What `program` reaches of the crates when it replays the inputs of a target.
    fn lcov(&self, program: &Path, target: &str) -> Result<String> {
        let folder = tempfile::tempdir()?;
        let raw = folder.path().join("raw");
        let replayed = Command::new(program)
            .arg(target)
            .env("LLVM_PROFILE_FILE", &raw)
            .status()
            .context("cannot replay")?;
        ensure!(replayed.success(), "an input of {target} fails ({replayed})");
        let profile = folder.path().join("profile");
        let mut merge = Command::new(&self.profdata);
        merge.args(["merge", "--sparse", "--output"]).arg(&profile).arg(&raw);
        let merged = merge.status()?;
        ensure!(merged.success(), "llvm-profdata failed ({merged})");
        let sources = CRATES.map(|name| root().join(self::folder(name)));
        let exported = Command::new(&self.cov)
            .args(["export", "--format=lcov", "--instr-profile"])
            .arg(&profile)
            .arg(program)
            .args(sources.iter().filter(|source| fs::exists(source).unwrap_or_default()))
            .stderr(Stdio::inherit())
            .output()?;
        if !exported.status.success() {
            bail!("llvm-cov failed ({})", exported.status);
        }
        Ok(String::from_utf8_lossy(&exported.stdout).into_owned())
    }
}

fn rustc(arguments: &[&str]) -> Result<String> {
    let output =
        Command::new("rustc").args(arguments).stdin(Stdio::null()).output().context("cannot run rustc")?;
    ensure!(output.status.success(), "`rustc {}` failed ({})", arguments.join(" "), output.status);
    Ok(String::from_utf8(output.stdout)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_reached_is_of_a_kind() {
        let source = "impl fmt::Debug for A {\n    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {\n        x\n    }\n}\n\
            const fn b() {\n    c()\n}\n\nfn d() {\n    e();\n}";
        let source: Vec<String> = source.lines().map(str::to_owned).collect();
        let kinds = [3, 7, 11].map(|number| kind_of(&source, number));
        assert_eq!(kinds, KINDS);
    }

    #[test]
    fn lines_that_were_not_reached_are_named() {
        let lcov = "SF:/a/crates/sim800-parser/src/line.rs\nDA:3,7\nDA:4,0\nDA:6,0\nDA:7,1\nDA:9,0\nend_of_record\n\
            SF:/a/crates/sim800-parser/src/event.rs\nDA:1,2\nSF:/b/other.rs\nDA:1,0\n";
        let lines = lines(lcov);
        assert_eq!(share(&lines, "parser"), "50.0 %");
        assert_eq!(share(&lines, "engine"), "0.0 %");
        assert_eq!(gaps(&lines), "crates/sim800-parser/src/line.rs: 4-6 9\n");
    }
}
