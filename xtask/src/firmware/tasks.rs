//! Every task that the simulation draws from, on the machine.

use std::fs;
use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::thread;

use anyhow::{Context as _, Result};

use super::machine::{MPS2, Machine, Program};
use super::session::{REPORT, Session, expect_line, expect_sent, pattern};
use crate::cargo;
use crate::servers::{Nginx, pyftpdlib};

const TASKS: Session = Session {
    program: Program { name: "tasks", board: MPS2, flash: 456_000, statics: 49_000, stack: 9_700 },
    heap: 25_500,
};

const OBJECT: usize = 20_000;
/// What the program stores on the server, and how many octets that are.
const STORED: [(&str, usize); 6] = [
    ("put.bin", 3_000),
    ("seekable.bin", 3_000),
    ("resumed.bin", 30_000),
    ("extended.bin", 3_000),
    ("from.bin", 30_000),
    ("file.bin", 30_000),
];

/// Runs them against nginx, pyftpdlib and a server that sends back what it gets.
pub(super) fn check(machine: &Machine<'_>) -> Result<()> {
    let nginx = Nginx::start(&machine.folder.join("nginx-of-tasks"))?;
    fs::write(nginx.file("object.bin"), pattern(OBJECT))?;
    let environment = cargo::target_folder()?.join("pyftpdlib");
    pyftpdlib::install(&environment)?;
    let ftp = pyftpdlib::start(&environment, &machine.folder.join("pyftpdlib-of-tasks"))?;
    let (port, user, password) = ftp.account();
    let (url, store) = (nginx.url("object.bin"), nginx.store_url("report.bin"));
    let (port, echo) = (port.to_string(), echo()?.to_string());
    let arguments = [&url, &store, "127.0.0.1", &port, user, password, "/files", &echo].map(str::to_owned);
    let printed = TASKS.run(machine, &arguments, &[])?;
    expect_line(&printed, "all of it was done")?;
    expect_sent(&nginx.file("report.bin"), REPORT)?;
    for (file, length) in STORED {
        expect_sent(&ftp.file(file), length)?;
    }
    Ok(())
}

/// The port of a server that sends back what it gets. It ends with this process.
fn echo() -> Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no port to listen at")?;
    let port = listener.local_addr()?.port();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            // Who has enough closes it.
            let _ended = io::copy(&mut &stream, &mut &stream);
        }
    });
    Ok(port)
}
