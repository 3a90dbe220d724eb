//! tinyproxy: what goes through it says so in `Via`.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};

use super::{create_folder, free_port, wait_for_port};
use crate::process::{Background, find};

/// A running tinyproxy.
pub(crate) struct Tinyproxy {
    _process: Background,
    port: u16,
}

impl Tinyproxy {
    /// What it calls itself in `Via`.
    pub(crate) const NAME: &str = "sim800-conformance";

    /// Starts tinyproxy with everything that it writes under `folder`.
    pub(crate) fn start(folder: &Path) -> Result<Self> {
        let program = find("tinyproxy").context("tinyproxy is not installed")?;
        create_folder(folder, 0o755)?;
        let port = free_port()?;
        let configuration = folder.join("tinyproxy.conf");
        fs::write(&configuration, configure(port))?;
        // Without a file for its log it prints that.
        let arguments = ["-d".into(), "-c".into(), configuration.into()];
        let mut process = Background::spawn(&program, &arguments, folder.join("output.log"))?;
        wait_for_port(&mut process, port)?;
        Ok(Self { _process: process, port })
    }

    /// Its host and port.
    pub(crate) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }
}

fn configure(port: u16) -> String {
    format!(
        "\
Port {port}
Listen 127.0.0.1
Allow 127.0.0.1
Timeout 60
MaxClients 8
ViaProxyName \"{}\"
",
        Tinyproxy::NAME
    )
}
