//! Real servers: in the foreground, on free loopback ports, with a configuration of their own in a temporary folder, and
//! gone when their value is dropped.

mod certificate;
mod ftp;
mod git;
mod nginx;
pub(crate) mod pyftpdlib;
mod tinyproxy;
pub(crate) mod vsftpd;

use std::fs::{self, Permissions};
use std::io;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::thread;
use std::time::Duration;

use anyhow::Result;

pub(crate) use self::ftp::FtpServer;
pub(crate) use self::git::GitServer;
pub(crate) use self::nginx::Nginx;
pub(crate) use self::tinyproxy::Tinyproxy;
use crate::packages::Package;
use crate::process::Background;

pub(crate) const NGINX: Package = Package { name: "nginx-light", program: "nginx" };

/// The packages that the servers come from, but for pyftpdlib, and what else they are tried with.
pub(crate) const PACKAGES: &[Package] = &[
    NGINX,
    // Only the program: the package tinyproxy adds a daemon.
    Package { name: "tinyproxy-bin", program: "tinyproxy" },
    Package { name: "vsftpd", program: "vsftpd" },
    // Both know proxies and TLS.
    Package { name: "openssl", program: "openssl" },
    Package { name: "curl", program: "curl" },
];

const START_LIMIT: Duration = Duration::from_secs(10);

/// A port that nobody listens on at this moment.
pub(crate) fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

pub(crate) fn wait_for_port(process: &mut Background, port: u16) -> Result<()> {
    process.wait_until(START_LIMIT, || TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok())
}

/// Kills a server that listens on `port`, in the midst of whatever it does, and starts it anew after a while.
fn kill_and_restart(process: &mut Background, port: u16, after: Duration) -> Result<()> {
    process.kill()?;
    thread::sleep(after);
    process.start_again()?;
    wait_for_port(process, port)
}

/// A folder that the servers, which drop their privileges, can use as `mode` says whatever our umask is.
fn create_folder(path: &Path, mode: u32) -> io::Result<()> {
    fs::create_dir_all(path)?;
    fs::set_permissions(path, Permissions::from_mode(mode))
}
