//! The command line of what shows a line as it goes on.

use std::path::PathBuf;

use clap::{ArgGroup, Args};

use super::emulate::address;
use crate::mangle::Mangle;

#[derive(Debug, Args)]
pub(crate) struct Monitor {
    /// The trace of a session that runs: what is in it, and what comes; the port itself, which one program uses at a time, is left alone
    #[arg(value_name = "TRACE")]
    pub(crate) session: Option<PathBuf>,
    /// Show and record passwords, PINs and credentials, which are masked otherwise
    #[arg(long)]
    pub(crate) show_secrets: bool,
}

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("offered").required(true))]
pub(crate) struct Tap {
    /// Offer a pty, and let the path LINK lead to it
    #[arg(long, value_name = "LINK", group = "offered")]
    pub(crate) pty: Option<PathBuf>,
    /// Listen on a TCP port, such as 127.0.0.1:2000
    #[arg(long, value_name = "ADDR:PORT", value_parser = address, group = "offered")]
    pub(crate) tcp: Option<String>,
    /// Let the line be a bad one, such as 'drop 1/20000, damage 1/50000 rx, delay 50ms tx, seed 7'
    #[arg(long, value_name = "FAULTS")]
    pub(crate) mangle: Option<Mangle>,
    /// Show and record passwords, PINs and credentials, which are masked otherwise
    #[arg(long)]
    pub(crate) show_secrets: bool,
}
