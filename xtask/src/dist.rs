//! What is given to those who do not build: an archive, a Debian package and a Python wheel, each with its checksum, installed
//! where nothing else is, and used there.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};

use crate::outcome::Outcome;
use crate::process::find;
use crate::{cargo, root};

/// Where all of it is made.
const FOLDER: &str = "target/packaged";
/// What makes the wheel, as pip names it.
const MATURIN: &str = "maturin>=1.9,<2";
/// Test suites that use the emulated module.
const EXAMPLES: &str = "packaging/examples";
/// What the Python example is run with, as pip names it.
const PYTEST: [&str; 2] = ["pytest>=8,<10", "pyserial>=3.5,<4"];
/// The crate that runs the emulated module within the process of a test, and what it needs of this project.
const CRATES: [&str; 6] = [
    "sim800-parser",
    "sim800-command",
    "sim800-engine",
    "sim800-session",
    "sim800-emulator",
    "sim800-testbed",
];
/// What is in the archive beside the program and its pages.
const DOCUMENTS: [&str; 4] = ["README.md", "CHANGELOG.md", "LICENSE-APACHE", "LICENSE-MIT"];

/// Makes all of it and uses it.
pub(crate) fn check() -> Result<Outcome> {
    let folder = root().join(FOLDER);
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    let man = folder.join("man");
    fs::create_dir_all(&man)?;
    let program = cargo::build_with("sim800-cli", &["--profile", "dist"])?;
    run(&program, &["man".as_ref(), man.as_os_str()])?;

    let mut made = vec![archive(&folder, &program, &man)?];
    let mut missing = Vec::new();
    if cargo::command(&["deb", "--version"]).output().is_ok_and(|output| output.status.success()) {
        made.push(debian(&folder)?);
    } else {
        missing.push("cargo-deb, so no Debian package");
    }
    let environments = command("python3", &folder).args(["-c", "import ensurepip, venv"]).output();
    if environments.is_ok_and(|output| output.status.success()) {
        made.push(wheel(&folder)?);
    } else {
        missing.push("Python with venv and pip, so no wheel");
    }
    missing.extend(examples(&folder, &program)?);
    crates()?;
    let names = made.iter().filter_map(|path| path.file_name());
    let sums = command("sha256sum", &folder).args(names).output()?;
    ensure!(sums.status.success(), "sha256sum failed");
    fs::write(folder.join("SHA256SUMS"), &sums.stdout)?;
    print!("{}", String::from_utf8_lossy(&sums.stdout));
    for path in &made {
        println!("{:>10} {}", path.metadata()?.len(), path.display());
    }
    match missing.as_slice() {
        [] => Ok(Outcome::Passed),
        missing => Ok(Outcome::Skipped(format!("missing: {}", missing.join("; ")))),
    }
}

/// A tar archive, the same octets whoever makes it of the same files, unpacked and used.
fn archive(folder: &Path, program: &Path, man: &Path) -> Result<PathBuf> {
    let name = format!("sim800-{}-{}", env!("CARGO_PKG_VERSION"), cargo::host()?);
    let stage = folder.join(&name);
    fs::create_dir_all(&stage)?;
    fs::copy(program, stage.join("sim800"))?;
    for document in DOCUMENTS {
        fs::copy(root().join(document), stage.join(document))?;
    }
    copy_all(&root().join("docs"), &stage.join("docs"))?;
    copy_all(man, &stage.join("man"))?;
    copy_all(&root().join("packaging/completions"), &stage.join("completions"))?;
    let archive = format!("{name}.tar.gz");
    let options =
        ["--sort=name", "--owner=0", "--group=0", "--numeric-owner", "--mtime=@0", "-czf", &archive];
    done(command("tar", folder).args(options).arg(&name))?;
    fs::remove_dir_all(&stage)?;

    let elsewhere = tempfile::tempdir()?;
    done(command("tar", elsewhere.path()).arg("-xzf").arg(folder.join(&archive)))?;
    use_it(&elsewhere.path().join(name).join("sim800"))?;
    Ok(folder.join(archive))
}

fn copy_all(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        fs::copy(entry.path(), to.join(entry.file_name()))?;
    }
    Ok(())
}

/// A Debian package, installed below a root of its own.
fn debian(folder: &Path) -> Result<PathBuf> {
    let output = folder.join("sim800.deb");
    let output = output.to_string_lossy();
    let options = ["deb", "--no-build", "--profile", "dist", "--package", "sim800-cli", "--output", &output];
    cargo::run(&options, &[])?;
    let package = PathBuf::from(output.as_ref());
    if find("dpkg").is_none() {
        return Ok(package);
    }
    let clean = tempfile::tempdir()?;
    for state in ["var/lib/dpkg/info", "var/lib/dpkg/updates"] {
        fs::create_dir_all(clean.path().join(state))?;
    }
    fs::write(clean.path().join("var/lib/dpkg/status"), "")?;
    // What it depends on is not in that root, but here.
    let options = ["--force-depends", "--force-script-chrootless", "--force-not-root", "--log=/dev/null"];
    done(
        command("dpkg", folder)
            .arg(format!("--root={}", clean.path().display()))
            .args(options)
            .arg("--install")
            .arg(&package),
    )?;
    for path in ["usr/share/man/man1/sim800-ftp-put.1.gz", "usr/share/bash-completion/completions/sim800"] {
        ensure!(clean.path().join(path).is_file(), "the package has no {path}");
    }
    use_it(&clean.path().join("usr/bin/sim800"))?;
    Ok(package)
}

/// A Python wheel, installed in an environment of its own.
fn wheel(folder: &Path) -> Result<PathBuf> {
    let tools = folder.join("tools");
    let installed = folder.join("installed");
    for environment in [&tools, &installed] {
        done(command("python3", folder).args(["-m", "venv"]).arg(environment))?;
    }
    done(command(tools.join("bin/pip"), folder).args(["install", "--quiet", MATURIN]))?;
    let made = folder.join("wheels");
    done(
        command(tools.join("bin/maturin"), &root().join("packaging/python"))
            .args(["build", "--locked", "--quiet", "--out"])
            .arg(&made),
    )?;
    let entry = fs::read_dir(&made)?.next().context("maturin made no wheel")??;
    let wheel = folder.join(entry.file_name());
    fs::rename(entry.path(), &wheel)?;
    done(command(installed.join("bin/pip"), folder).args(["install", "--quiet", "--no-index"]).arg(&wheel))?;
    use_it(&installed.join("bin/sim800"))?;
    done(
        command(installed.join("bin/python"), folder).arg(root().join("packaging/python/tests/wrapper.py")),
    )?;
    // The fixture is found where the package is installed, and what it is for is an example.
    done(command(installed.join("bin/pip"), folder).args(["install", "--quiet"]).args(PYTEST))?;
    done(command(installed.join("bin/python"), &root().join(EXAMPLES).join("python")).args([
        "-B",
        "-m",
        "pytest",
        "--quiet",
        "-p",
        "no:cacheprovider",
    ]))?;
    for path in [tools, installed, made] {
        fs::remove_dir_all(path)?;
    }
    Ok(wheel)
}

/// Packs the crate for tests of other programs, and those that it needs, as they would be published.
fn crates() -> Result<()> {
    let packages = CRATES.iter().flat_map(|name| ["--package", name]);
    let options = ["package", "--quiet", "--no-verify", "--allow-dirty"];
    cargo::run(&options.into_iter().chain(packages).collect::<Vec<_>>(), &[])
}

/// Runs the examples of test suites in other languages than Python with `program`; tells which tools are missing.
fn examples(folder: &Path, program: &Path) -> Result<Vec<&'static str>> {
    let examples = root().join(EXAMPLES);
    let mut missing = Vec::new();
    if find("make").is_some() && find("c++").is_some() {
        let build = folder.join("arduino");
        let assign = |name: &str, value: &Path| format!("{name}={}", value.display());
        done(
            command("make", &examples.join("arduino"))
                .args(["--silent", "test", "CXX=c++"])
                .args([assign("SIM800", program), assign("BUILD", &build)]),
        )?;
        fs::remove_dir_all(build)?;
    } else {
        missing.push("make with a C++ compiler, so no example for Arduino");
    }
    if find("node").is_some() {
        done(command("node", &examples.join("node")).arg("--test").env("SIM800", program))?;
    } else {
        missing.push("Node, so no example for it");
    }
    Ok(missing)
}

/// Does something with the program as it was installed.
fn use_it(program: &Path) -> Result<()> {
    let text = run(program, &["--port".as_ref(), "emulator".as_ref(), "info".as_ref(), "--json".as_ref()])?;
    ensure!(text.contains("\"ok\":true"), "{} info: {text}", program.display());
    Ok(())
}

fn run(program: &Path, arguments: &[&OsStr]) -> Result<String> {
    let output = command(program, root()).args(arguments).stderr(Stdio::inherit()).output()?;
    ensure!(output.status.success(), "{} failed ({})", program.display(), output.status);
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn command(program: impl AsRef<OsStr>, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(folder).stdin(Stdio::null()).env_remove("SIM800_PORT");
    cargo::hide_package(&mut command);
    command
}

fn done(command: &mut Command) -> Result<()> {
    let program = command.get_program().to_owned();
    let status = command.status().with_context(|| format!("cannot run {}", program.display()))?;
    ensure!(status.success(), "{} failed ({status})", program.display());
    Ok(())
}
