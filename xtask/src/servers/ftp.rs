//! What FTP servers of every make have.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;

use super::{create_folder, kill_and_restart};
use crate::process::Background;

/// What the user must give; anything else is refused with 530.
pub(super) const PASSWORD: &str = "secret";

/// A running FTP server.
pub(crate) struct FtpServer {
    pub(super) name: &'static str,
    pub(super) process: Background,
    pub(super) port: u16,
    pub(super) user: &'static str,
    /// What is `/files` for the user.
    pub(super) files: PathBuf,
}

impl FtpServer {
    /// Its process.
    pub(crate) fn process(&self) -> &Background {
        &self.process
    }

    /// Kills it in the midst of whatever it does, and starts it anew after a while.
    pub(crate) fn kill_and_restart(&mut self, after: Duration) -> Result<()> {
        kill_and_restart(&mut self.process, self.port, after)
    }

    /// Its make.
    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    /// Its port, a user, and the user's password.
    pub(crate) fn account(&self) -> (u16, &'static str, &'static str) {
        (self.port, self.user, PASSWORD)
    }

    /// Where the file `name` is fetched from and stored to.
    pub(crate) fn url(&self, name: &str) -> String {
        self.url_with_password(PASSWORD, name)
    }

    /// As [`url`](Self::url), with a password that may be wrong.
    pub(crate) fn url_with_password(&self, password: &str, name: &str) -> String {
        format!("ftp://{}:{password}@127.0.0.1:{}/files/{name}", self.user, self.port)
    }

    /// As [`url`](Self::url), without a password.
    pub(crate) fn public_url(&self, name: &str) -> String {
        format!("ftp://{}@127.0.0.1:{}/files/{name}", self.user, self.port)
    }

    /// The file `name` on the server's disk.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.files.join(name)
    }

    /// Puts a file there that the user may write to.
    pub(crate) fn create(&self, name: &str, octets: &[u8]) -> io::Result<()> {
        fs::write(self.file(name), octets)?;
        fs::set_permissions(self.file(name), Permissions::from_mode(0o666))
    }

    /// Makes a folder there that the user may write to.
    pub(crate) fn create_folder(&self, name: &str) -> io::Result<()> {
        create_folder(&self.file(name), 0o777)
    }
}
