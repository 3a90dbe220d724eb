//! The servers, and what goes wrong with them.

use std::io;
use std::num::NonZeroU32;

use bytes::Bytes;
use sim800_session::Server;
use sim800_testbed::server::Limits;
use sim800_testbed::server::ftp::{Fault, FtpServer};
use sim800_testbed::server::http::{Delivery, HttpServer};

use crate::dice::Dice;

const USER: &str = "user";
const PASSWORD: &str = "password";
/// Around blocks, windows, and what the module holds; the last is fetched in ranges.
const SIZES: [usize; 10] = [0, 1, 100, 1460, 1461, 8000, 16_384, 16_385, 50_000, 400_000];
/// Of the small ones, and of those that take seconds.
const SMALL: usize = 6;
const LARGE: usize = 9;
/// How many names a listing has.
const NAMES: usize = 30;

/// An HTTP server and an FTP server on loopback, with the same files.
#[derive(Debug)]
pub(crate) struct Servers {
    pub(crate) http: HttpServer,
    pub(crate) ftp: FtpServer,
    octets: Bytes,
}

impl Servers {
    /// Servers for so many modules.
    pub(crate) fn start(modules: usize, dice: &mut Dice) -> io::Result<Self> {
        let limits = Limits {
            // Whoever breaks off comes again before the server has noticed.
            connections: 4 * modules + 16,
            // Nobody asks what was requested.
            recorded: 0,
            stored: (16 << 20) + modules * 2 * Self::UPLOAD,
        };
        let http = HttpServer::start(limits)?;
        let ftp = FtpServer::start(&[(USER, PASSWORD)], limits)?;
        let longest = SIZES.iter().max().copied().unwrap_or_default();
        let servers = Self { http, ftp, octets: dice.octets(longest + SIZES.len()).into() };
        for n in 0..SIZES.len() {
            servers.http.put(&Self::path(n), "application/octet-stream", servers.file(n));
            servers.ftp.put_file(&Self::path(n), &servers.file(n))?;
        }
        for module in 0..modules {
            servers.ftp.put_file(&Self::upload_path(module), b"")?;
        }
        for name in Self::names() {
            servers.ftp.put_file(&format!("/names/{name}"), name.as_bytes())?;
        }
        Ok(servers)
    }

    /// The longest upload.
    pub(crate) const UPLOAD: usize = 40_000;

    /// The number of a small file.
    pub(crate) fn small(dice: &mut Dice) -> usize {
        dice.index(SMALL)
    }

    /// The number of a file that takes seconds, now and then the largest, which takes half a minute.
    pub(crate) fn large(dice: &mut Dice) -> usize {
        if dice.below(20) == 0 { LARGE } else { SMALL + dice.index(LARGE - SMALL) }
    }

    /// Where file `n` is, on both servers.
    pub(crate) fn path(n: usize) -> String {
        format!("/file-{n}")
    }

    /// What is in it: no two files begin alike.
    pub(crate) fn file(&self, n: usize) -> Bytes {
        self.octets.slice(n..n + SIZES[n])
    }

    /// Something to be sent.
    pub(crate) fn upload(&self, dice: &mut Dice, at_most: usize) -> Bytes {
        let length = dice.index(at_most) + 1;
        let start = dice.index(self.octets.len() - length);
        self.octets.slice(start..start + length)
    }

    /// Where a module stores what it uploads.
    pub(crate) fn upload_path(module: usize) -> String {
        format!("/uploads/{module}")
    }

    /// What a module has stored; the file is empty afterwards.
    pub(crate) fn take_upload(&self, module: usize) -> Option<Vec<u8>> {
        let path = Self::upload_path(module);
        let stored = self.ftp.file(&path)?;
        self.ftp.put_file(&path, b"").ok()?;
        Some(stored)
    }

    /// The names in the folder `/names`, in order.
    pub(crate) fn names() -> impl Iterator<Item = String> {
        (0..NAMES).map(|n| format!("name-{n:02}"))
    }

    pub(crate) fn account(&self) -> Server {
        let address = self.ftp.address();
        Server::new(address.ip().to_string()).with_port(address.port()).with_credentials(USER, PASSWORD)
    }

    /// Has one transfer of some module go wrong; what.
    pub(crate) fn strike(&self, dice: &mut Dice) -> &'static str {
        let after = dice.index(20_000);
        let ftp = |fault| {
            // Each waits for its occasion; more than some would be waiting for ever.
            if self.ftp.faults_waiting() < 4 {
                self.ftp.inject(fault);
            }
        };
        match dice.below(9) {
            0 => {
                self.http.deliver_next(Delivery::Reset { after });
                "HTTP reset"
            }
            1 => {
                self.http.deliver_next(Delivery::Truncated { after });
                "HTTP cut short"
            }
            2 => {
                self.http.deliver_next(Delivery::Stall { after });
                "HTTP stall"
            }
            3 => {
                self.http.deliver_next(Delivery::Unframed);
                "HTTP without length"
            }
            4 => {
                self.http.deliver_next(Delivery::Slow { rate: NonZeroU32::MIN.saturating_add(10_000) });
                "HTTP slow"
            }
            5 | 6 => {
                ftp(Fault::DataReset { after });
                "FTP reset"
            }
            7 => {
                ftp(Fault::DataStall { after });
                "FTP stall"
            }
            _ => {
                ftp(Fault::Greeting { reply: "421 too many users".into() });
                "FTP refusal"
            }
        }
    }
}
