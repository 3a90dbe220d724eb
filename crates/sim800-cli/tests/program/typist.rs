//! Somebody at a terminal: types, and looks at what is there.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::process::{Child, Command};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use rustix::fs::{Mode, OFlags};
use rustix::process::Signal;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, Winsize, tcgetattr, tcsetwinsize};

use crate::bench::signal;

/// Nothing takes so long.
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) struct Typist {
    keys: File,
    /// Kept open, so that its settings can be looked at when the program has ended.
    terminal: OwnedFd,
    written: Receiver<Vec<u8>>,
    screen: vt100::Parser,
    child: Child,
}

impl Typist {
    /// Starts the program on a terminal.
    pub(crate) fn new(mut command: Command) -> Self {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let device = ptsname(&master, Vec::new()).unwrap();
        let terminal =
            rustix::fs::open(&device, OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC, Mode::empty())
                .unwrap();
        let (rows, columns) = (40, 120);
        tcsetwinsize(&terminal, Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 })
            .unwrap();
        let end = || terminal.try_clone().unwrap();
        command.env("TERM", "xterm").stdin(end()).stdout(end()).stderr(end());
        let child = command.spawn().unwrap();
        let keys = File::from(master);
        let mut shown = keys.try_clone().unwrap();
        let (sender, written) = channel();
        thread::spawn(move || {
            let mut octets = [0; 4096];
            while let Ok(count @ 1..) = shown.read(&mut octets) {
                if sender.send(octets[..count].to_vec()).is_err() {
                    return;
                }
            }
        });
        let screen = vt100::Parser::new(rows.try_into().unwrap(), columns.try_into().unwrap(), 0);
        Self { keys, terminal, written, screen, child }
    }

    pub(crate) fn types(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
    }

    /// Waits until the screen is as `is_so` says.
    pub(crate) fn waits(&mut self, is_so: impl Fn(&str) -> bool) {
        while !is_so(&self.screen.screen().contents()) {
            match self.written.recv_timeout(PATIENCE) {
                Ok(octets) => self.screen.process(&octets),
                Err(_) => panic!("{}", self.screen.screen().contents()),
            }
        }
    }

    /// Waits until `text` is on the screen.
    pub(crate) fn sees(&mut self, text: &str) {
        self.waits(|screen| screen.contains(text));
    }

    /// Waits until the last line is this.
    pub(crate) fn sees_last(&mut self, line: &str) {
        self.waits(|screen| screen.lines().last().is_some_and(|last| last.trim_end() == line));
    }

    /// Presses Ctrl-C while no line is edited.
    pub(crate) fn interrupts(&self) {
        signal(&self.child, Signal::INT);
    }

    /// Waits until the program ends: its exit status, and what is on the screen then.
    pub(crate) fn end(mut self) -> (i32, String) {
        let code = self.child.wait().unwrap().code().unwrap();
        let modes = tcgetattr(&self.terminal).unwrap().local_modes;
        assert!(modes.contains(LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG), "as it was");
        drop(self.terminal);
        while let Ok(octets) = self.written.recv_timeout(PATIENCE) {
            self.screen.process(&octets);
        }
        (code, self.screen.screen().contents())
    }
}
