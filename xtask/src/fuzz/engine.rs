//! What runs the bodies: libFuzzer, AFL++ or honggfuzz.
//!
//! The shells bring libFuzzer along, and what it has to see of the code is a matter of compiler flags. So a campaign with it needs
//! neither a nightly toolchain nor cargo-fuzz; with those, `cargo fuzz` works on the same folders and adds sanitizers. The other two
//! are built by programs of their own. All three share corpora, dictionary and limits.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use sha2::{Digest as _, Sha256};

use super::{Folders, LONGEST, MANIFEST, MEBIBYTES, SECONDS, dictionary};
use crate::{cargo, root};

/// What cargo-fuzz builds with, sanitizers apart.
const INSTRUMENTED: &str = "--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares -Cdebug-assertions -Ccodegen-units=1";

#[derive(Clone, Copy, Default, clap::ValueEnum)]
pub(super) enum Engine {
    #[default]
    Libfuzzer,
    /// AFL++, by cargo-afl
    Afl,
    /// By cargo-hfuzz
    Honggfuzz,
}

impl Engine {
    /// Why it cannot be had here.
    pub(super) fn missing(self) -> Option<String> {
        let (subcommand, how) = match self {
            Self::Libfuzzer => return None,
            Self::Afl => ("afl", "`cargo install --locked cargo-afl` brings AFL++ along"),
            Self::Honggfuzz => (
                "hfuzz",
                "`cargo install --locked honggfuzz`; it also needs make and, of Debian, binutils-dev and libunwind-dev",
            ),
        };
        let version =
            cargo::command(&[subcommand, "version"]).stdout(Stdio::null()).stderr(Stdio::null()).status();
        (!version.is_ok_and(|status| status.success())).then(|| format!("no cargo-{subcommand}: {how}"))
    }

    /// Builds the shells of these targets, and returns the folder that they are in.
    pub(super) fn build(self, targets: &[String]) -> Result<PathBuf> {
        // A target of its own: build scripts must not be instrumented.
        let host = cargo::host()?;
        let shells = targets.iter().flat_map(|target| ["--bin", target]);
        let release = |folder: &str| root().join(folder).join(&host).join("release");
        match self {
            Self::Libfuzzer => {
                let arguments: Vec<&str> = ["build", "--quiet", "--release", "--target", &host]
                    .into_iter()
                    .chain(MANIFEST)
                    .chain(shells)
                    .collect();
                cargo::run(&arguments, &[("RUSTFLAGS", INSTRUMENTED)])?;
                Ok(release("target/fuzz"))
            }
            Self::Afl => {
                let arguments: Vec<&str> = ["afl", "build", "--quiet", "--release", "--target", &host]
                    .into_iter()
                    .chain(["--no-default-features", "--features", "afl"])
                    .chain(["--manifest-path", "fuzz/Cargo.toml", "--target-dir", "target/fuzz-afl"])
                    .chain(shells)
                    .collect();
                cargo::run(&arguments, &[])?;
                Ok(release("target/fuzz-afl"))
            }
            Self::Honggfuzz => {
                let folder = root().join("target/fuzz-honggfuzz");
                let arguments: Vec<&str> =
                    ["hfuzz", "build", "--quiet", "--no-default-features", "--features", "honggfuzz"]
                        .into_iter()
                        .chain(shells)
                        .collect();
                println!("$ cargo {}", arguments.join(" "));
                let mut command = cargo::command(&arguments);
                command.current_dir(root().join("fuzz")).env("CARGO_TARGET_DIR", &folder);
                let status = command.status().context("cannot run cargo")?;
                ensure!(status.success(), "`cargo hfuzz build` failed ({status})");
                Ok(release("target/fuzz-honggfuzz"))
            }
        }
    }

    /// Runs a shell for so long, and returns whether it found nothing; what it finds is in the folders then.
    pub(super) fn run(self, program: &Path, folders: &Folders, seconds: u32, jobs: u32) -> Result<bool> {
        match self {
            Self::Libfuzzer => {
                let mut command = libfuzzer(program, folders, seconds);
                if jobs > 1 {
                    command.arg(format!("-fork={jobs}"));
                }
                let status = command.status().with_context(|| format!("cannot run {}", program.display()))?;
                Ok(status.success())
            }
            Self::Afl => afl(program, folders, seconds, jobs),
            Self::Honggfuzz => honggfuzz(program, folders, seconds, jobs),
        }
    }
}

pub(super) fn libfuzzer(program: &Path, folders: &Folders, seconds: u32) -> Command {
    let mut command = Command::new(program);
    command
        .arg(&folders.corpus)
        .arg(format!("-artifact_prefix={}/", folders.artifacts.display()))
        .arg(format!("-dict={}", dictionary().display()))
        .args([format!("-max_total_time={seconds}"), format!("-max_len={LONGEST}")])
        .args([format!("-timeout={SECONDS}"), format!("-rss_limit_mb={MEBIBYTES}")])
        .stdin(Stdio::null());
    command
}

fn afl(program: &Path, folders: &Folders, seconds: u32, jobs: u32) -> Result<bool> {
    let output = emptied("target/fuzz-afl/found")?;
    let start = |number: u32| {
        let mut command = cargo::command(&["afl", "fuzz", if number == 0 { "-M" } else { "-S" }]);
        command
            .arg(format!("job-{number}"))
            .arg("-i")
            .arg(&folders.corpus)
            .arg("-o")
            .arg(&output)
            .arg("-x")
            .arg(dictionary())
            .args(["-V", &seconds.to_string(), "-G", &LONGEST.to_string()])
            .args(["-t", &(1000 * SECONDS).to_string(), "-m", &MEBIBYTES.to_string()])
            .arg(program)
            // What it asks of a machine of its own: no other reader of cores, and a processor at full speed.
            .envs(
                ["AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES", "AFL_SKIP_CPUFREQ", "AFL_NO_UI"]
                    .map(|name| (name, "1")),
            );
        command.spawn().context("cannot run cargo")
    };
    let running: Vec<_> = (0..jobs).map(start).collect::<Result<_>>()?;
    for mut job in running {
        let status = job.wait()?;
        ensure!(status.success(), "`cargo afl fuzz` failed ({status})");
    }
    let mut findings = 0;
    for number in 0..jobs {
        let job = output.join(format!("job-{number}"));
        take(&job.join("queue"), &folders.corpus)?;
        findings +=
            take(&job.join("crashes"), &folders.artifacts)? + take(&job.join("hangs"), &folders.artifacts)?;
    }
    Ok(findings == 0)
}

/// A folder of an engine's own, with nothing of an earlier run in it.
fn emptied(path: &str) -> Result<PathBuf> {
    let folder = root().join(path);
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    Ok(folder)
}

/// Copies the inputs that a fuzzer made, under names that tell their content, and says how many there are.
fn take(from: &Path, to: &Path) -> Result<usize> {
    let mut taken = 0;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        // AFL++ keeps what it began with beside these, and both explain themselves.
        let is_found = name.starts_with("id:") || name.ends_with(".fuzz");
        if is_found && !name.contains(",orig:") {
            let input = fs::read(entry.path())?;
            let name: String =
                Sha256::digest(&input)[..20].iter().map(|octet| format!("{octet:02x}")).collect();
            fs::write(to.join(name), input)?;
            taken += 1;
        }
    }
    Ok(taken)
}

fn honggfuzz(program: &Path, folders: &Folders, seconds: u32, jobs: u32) -> Result<bool> {
    let output = emptied("target/fuzz-honggfuzz/found")?;
    let status = Command::new(root().join("target/fuzz-honggfuzz/honggfuzz"))
        .arg("--input")
        .arg(&folders.corpus)
        .arg("--workspace")
        .arg(&output)
        .arg("--dict")
        .arg(dictionary())
        .args(["--persistent", "--verbose", "--run_time", &seconds.to_string()])
        .args(["--threads", &jobs.to_string(), "--max_file_size", &LONGEST.to_string()])
        .args(["--timeout", &SECONDS.to_string(), "--rlimit_rss", &MEBIBYTES.to_string()])
        .arg("--")
        .arg(program)
        .stdin(Stdio::null())
        .status()
        .context("cannot run honggfuzz")?;
    ensure!(status.success(), "honggfuzz failed ({status})");
    Ok(take(&output, &folders.artifacts)? == 0)
}
