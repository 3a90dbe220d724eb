//! The servers that jobs are about, which note all that they get.

use std::io;

use bytes::Bytes;
use sim800_testbed::server::Limits;
use sim800_testbed::server::ftp::FtpServer;
use sim800_testbed::server::http::HttpServer;

/// Octets of the files that are fetched.
const SIZES: [usize; 8] = [0, 1, 100, 1460, 8000, 16_385, 50_000, 400_000];

/// An HTTP and an FTP server with the same files.
#[derive(Debug)]
pub(crate) struct Origin {
    pub(crate) http: HttpServer,
    pub(crate) ftp: FtpServer,
    octets: Bytes,
}

impl Origin {
    pub(crate) fn start() -> io::Result<Self> {
        let limits = Limits { connections: 512, stored: 256 << 20, recorded: 256 << 20 };
        let http = HttpServer::start(limits)?;
        let ftp = FtpServer::start(&[("user", "password")], limits)?;
        let mut random = fastrand::Rng::with_seed(7);
        let longest = SIZES.iter().copied().max().unwrap_or_default();
        let octets: Vec<u8> = std::iter::repeat_with(|| random.u8(..)).take(longest + SIZES.len()).collect();
        let origin = Self { http, ftp, octets: octets.into() };
        for n in 0..SIZES.len() {
            origin.http.put(&path(n), "application/octet-stream", origin.file(n));
            origin.ftp.put_file(&path(n), &origin.file(n))?;
        }
        for n in 0..20 {
            origin.ftp.put_file(&format!("/names/name-{n:02}"), b"")?;
        }
        Ok(origin)
    }

    /// Which of the files `n` is.
    pub(crate) const fn index(n: usize) -> usize {
        n % SIZES.len()
    }

    /// What is in it; no two begin alike.
    pub(crate) fn file(&self, n: usize) -> Bytes {
        self.octets.slice(n..n + SIZES[n])
    }

    /// Something to be sent.
    pub(crate) fn text(n: usize) -> String {
        format!("what job {n} sends, ").repeat(1 + n % 50)
    }

    pub(crate) fn http_url(&self, path: &str) -> String {
        self.http.url(path)
    }

    pub(crate) fn ftp_url(&self, path: &str) -> String {
        format!("ftp://{}{path}", self.ftp.address())
    }
}

/// Where a file is, on both.
pub(crate) fn path(n: usize) -> String {
    format!("/file-{n}")
}
