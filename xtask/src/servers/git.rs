//! A repository of git, served over TLS by git's own program for web servers.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use super::certificate::Certificate;
use super::{free_port, wait_for_port};
use crate::process::{Background, find};

/// A running server with one repository.
pub(crate) struct GitServer {
    /// It ends with this.
    _process: Background,
    port: u16,
    /// Whom to trust.
    pub(crate) certificate: PathBuf,
}

impl GitServer {
    /// Starts one with everything under `folder`, whose repository has these `octets` as its file `name`.
    pub(crate) fn start(folder: &Path, name: &str, octets: &[u8]) -> Result<Self> {
        let python = find("python3").context("python3 is not installed")?;
        let work = folder.join("files/repository");
        fs::create_dir_all(&work)?;
        fs::write(work.join(name), octets)?;
        let person = ["-c", "user.name=Nobody", "-c", "user.email=nobody@example.com"];
        for arguments in [&["init", "--quiet"][..], &["add", name], &["commit", "--quiet", "-m", "A file"]] {
            let status = Command::new("git").current_dir(&work).args(person).args(arguments).status()?;
            ensure!(status.success(), "git {}: {status}", arguments.join(" "));
        }
        let script = folder.join("git.py");
        fs::write(&script, include_str!("git.py"))?;
        let (port, certificate) = (free_port()?, Certificate::make(folder)?);
        let mut arguments: Vec<OsString> = vec![script.into()];
        arguments.extend([certificate.path.clone().into(), certificate.key.into()]);
        arguments.extend([port.to_string().into(), folder.join("files").into()]);
        let mut process = Background::spawn(&python, &arguments, folder.join("output.log"))?;
        wait_for_port(&mut process, port)?;
        Ok(Self { _process: process, port, certificate: certificate.path })
    }

    /// Where the repository is cloned from.
    pub(crate) fn url(&self) -> String {
        format!("https://127.0.0.1:{}/repository/.git", self.port)
    }
}
