//! Sizes that decide over success: no number is believed that one line alone told, for the line may have damaged it.

use alloc::format;
use alloc::vec;
use sim800_command::FsStorage;

use super::session::Session;
use super::{Ftp, FtpError, FtpOperation, FtpStep};
use crate::client::Client;
use crate::fs::{Fs, FsError};

/// How often a server is asked for a size until it tells the same twice.
const QUESTIONS: u32 = 3;

/// Whether `found` octets are all of the file that is set as the source, of which the server `told` the size before it was
/// fetched. More may have come because the file grew, or because the line damaged what was told: then it is asked again, and
/// what it tells twice is the size. One that is another every time still grows, and what came was all of it then. It is asked again
/// as well where nothing came of what is said to be empty: of most numbers the line makes a 0 by taking digits.
pub(super) async fn enough(session: &mut Session, told: Option<u64>, found: u64) -> Result<(), FtpError> {
    let operation = session.operation();
    let incomplete = |expected| FtpError::Incomplete { operation, expected, found };
    let Some(expected) = told.filter(|told| *told != found || found == 0) else { return Ok(()) };
    if found < expected {
        return Err(incomplete(expected));
    }
    let mut others = vec![expected];
    for _ in 0..QUESTIONS {
        match session.size_if_told().await?.filter(|size| *size != found) {
            Some(size) if others.contains(&size) => return Err(incomplete(size)),
            Some(size) => others.push(size),
            None => break,
        }
    }
    Ok(())
}

/// Whether as many octets were `found` as should be.
pub(super) fn exactly(expected: Option<u64>, found: u64, operation: FtpOperation) -> Result<u64, FtpError> {
    match expected {
        Some(expected) if found != expected => Err(FtpError::Incomplete { operation, expected, found }),
        _ => Ok(found),
    }
}

impl Ftp {
    /// The size of a file on the server that is told twice; the largest of several, as of one that grows.
    pub(super) async fn certain_size(&self, path: &str) -> Result<Option<u64>, FtpError> {
        let mut before = None;
        for _ in 0..QUESTIONS {
            match self.size_if_told(path).await? {
                Some(size) if before == Some(size) => break,
                Some(size) => before = before.max(Some(size)),
                None => break,
            }
        }
        Ok(before)
    }
}

/// The size of a file of the module, where the firmware tells.
pub(super) async fn size_in_module(
    client: &Client,
    file: &str,
    operation: FtpOperation,
) -> Result<Option<u64>, FtpError> {
    match Fs::new(client).certain_size(file).await {
        Ok(octets) => Ok(Some(octets)),
        Err(FsError::Command(source)) if !source.is_rejected() => {
            Err(FtpError::Command { operation, step: FtpStep::Close, source })
        }
        Err(_) => Ok(None),
    }
}

/// The same of one that a download brought (manual 12.2.24).
pub(super) async fn size_of_fetched(
    client: &Client,
    storage: FsStorage,
    name: &str,
    operation: FtpOperation,
) -> Result<Option<u64>, FtpError> {
    let file = match storage {
        FsStorage::Card => format!(r"D:\ftp\{name}"),
        _ => format!(r"C:\User\ftp\{name}"),
    };
    size_in_module(client, &file, operation).await
}
