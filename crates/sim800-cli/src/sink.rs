//! Where a body goes: stdout, a file, or nowhere.

use std::io::{self, Stdout, Write};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use futures::io::AsyncWriteExt;
use futures::stream::{Stream, StreamExt};
use indicatif::ProgressBar;
use sha2::{Digest, Sha256};
use smol::Unblock;

use crate::failure::Failure;
use crate::part_file::PartFile;

/// Where a body goes.
pub(crate) enum Sink {
    /// Written by a thread of its own, so that a reader who takes his time stops neither the line nor Ctrl-C.
    Stdout(Unblock<Stdout>),
    File(PartFile, PathBuf),
    Nowhere,
}

impl Sink {
    pub(crate) fn stdout() -> Self {
        Self::Stdout(Unblock::new(io::stdout()))
    }

    pub(crate) fn file(path: &Path) -> Result<Self, Failure> {
        match PartFile::create(path) {
            Ok(file) => Ok(Self::File(file, path.to_owned())),
            Err(error) => Err(Failure::file("write", path, &error)),
        }
    }

    /// Takes all of `body`, and completes the file.
    pub(crate) async fn take<E: Into<Failure>>(
        mut self,
        mut body: impl Stream<Item = Result<Bytes, E>> + Unpin,
        bar: &ProgressBar,
    ) -> Result<Taken, Failure> {
        let mut taken = Taken { octets: 0, checksum: Sha256::new() };
        while let Some(octets) = body.next().await {
            let octets = octets.map_err(Into::into)?;
            self.write(&octets).await?;
            taken.octets += octets.len() as u64;
            taken.checksum.update(&octets);
            bar.set_position(taken.octets);
        }
        self.complete().await?;
        Ok(taken)
    }

    async fn write(&mut self, octets: &[u8]) -> Result<(), Failure> {
        match self {
            Self::Stdout(stdout) => stdout.write_all(octets).await.map_err(|error| Failure::stdout(&error)),
            Self::File(file, path) => {
                file.write_all(octets).map_err(|error| Failure::file("write", path, &error))
            }
            Self::Nowhere => Ok(()),
        }
    }

    async fn complete(self) -> Result<(), Failure> {
        match self {
            Self::Stdout(mut stdout) => stdout.flush().await.map_err(|error| Failure::stdout(&error)),
            Self::File(file, path) => file.complete().map_err(|error| Failure::file("write", &path, &error)),
            Self::Nowhere => Ok(()),
        }
    }
}

/// What went into a sink.
pub(crate) struct Taken {
    pub(crate) octets: u64,
    checksum: Sha256,
}

impl Taken {
    /// SHA-256 in hexadecimal digits.
    pub(crate) fn sha256(self) -> String {
        hexadecimal(&self.checksum.finalize())
    }
}

/// SHA-256 of `octets` in hexadecimal digits.
pub(crate) fn sha256(octets: &[u8]) -> String {
    hexadecimal(&Sha256::digest(octets))
}

fn hexadecimal(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}
