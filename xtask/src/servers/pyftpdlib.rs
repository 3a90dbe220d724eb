//! pyftpdlib: an FTP server of another make, from the Python package index, in an environment of its own.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Result, ensure};

use super::ftp::{FtpServer, PASSWORD};
use super::{create_folder, free_port, wait_for_port};
use crate::packages::{self, Package};
use crate::process::{self, Background};

const USER: &str = "module";
const REQUIREMENT: &str = "pyftpdlib==2.2.0";
/// A download over a slow network.
const INSTALL_LIMIT: Duration = Duration::from_secs(120);

/// Installs pyftpdlib into the folder `environment`, unless it is there, and Python's part of that by `apt-get`.
pub(crate) fn install(environment: &Path) -> Result<()> {
    // Python may have gone since.
    if environment.join(REQUIREMENT).exists() && environment.join("bin/python").exists() {
        return Ok(());
    }
    packages::install_missing(&[Package { name: "python3", program: "python3" }])?;
    // Debian leaves what venv needs to a package that brings no program.
    if python(Path::new("python3"), &["-c", "import ensurepip"]).is_err() {
        packages::install(&["python3-venv"])?;
    }
    println!("installing {REQUIREMENT} by pip");
    python(Path::new("python3"), &["-m", "venv", "--clear", &environment.to_string_lossy()])?;
    python(&environment.join("bin/python"), &["-m", "pip", "install", "--quiet", REQUIREMENT])?;
    // Half an installation has no mark.
    Ok(fs::write(environment.join(REQUIREMENT), "")?)
}

fn python(program: &Path, arguments: &[&str]) -> Result<()> {
    let output = tempfile::tempdir()?;
    let finished = process::run(Command::new(program).args(arguments), output.path(), INSTALL_LIMIT)?;
    let cause = finished.stderr.lines().last().unwrap_or("no cause given");
    ensure!(finished.status.success(), "python {} failed: {cause}", arguments.join(" "));
    Ok(())
}

/// Starts what [`install`] has put into `environment`, with everything that it writes under `folder`.
pub(crate) fn start(environment: &Path, folder: &Path) -> Result<FtpServer> {
    let program = environment.join("bin/python");
    let root = folder.join("root");
    let files = root.join("files");
    create_folder(&files, 0o777)?;
    let port = free_port()?;
    let mut arguments = ["-m", "pyftpdlib", "-i", "127.0.0.1", "-w"].map(Into::into).to_vec();
    arguments.extend(["-p".into(), port.to_string().into(), "-d".into(), root.into()]);
    arguments.extend(["-u", USER, "-P", PASSWORD].map(Into::into));
    let mut process = Background::spawn(&program, &arguments, folder.join("output.log"))?;
    wait_for_port(&mut process, port)?;
    Ok(FtpServer { name: "pyftpdlib", process, port, user: USER, files })
}
