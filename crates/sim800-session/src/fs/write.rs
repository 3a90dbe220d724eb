//! A file of the module, written in the pieces that the module takes.

use alloc::borrow::ToOwned;
use core::time::Duration;

use bytes::Bytes;

use crate::io::AsyncRead;
use sim800_command::{FS_CHUNK_LIMIT, FsCreate, FsDel, FsWrite, FsWriteMode, FsWritten, Number, Path};

use super::{Fs, FsError};
use crate::client::Client;
use crate::error::{Error, Failure, Malformation};
use crate::reader::gather;

/// The longest that `AT+FSWRITE` was seen to wait for octets.
const INPUT_TIME_LIMIT: Duration = Duration::from_secs(120);

/// Writes all of `source` into a new file at `path`.
pub(super) async fn write(
    fs: &Fs,
    path: Path<'_>,
    mut source: impl AsyncRead + Unpin,
) -> Result<u64, FsError> {
    let client = fs.client().await?;
    let created = match create(client, path).await {
        Err(error) if client.doubts(&error) => create(client, path).await,
        result => result,
    };
    match created {
        Err(error) if error.is_rejected() => return Err(fs.why_not_made(path.as_str(), error).await?),
        result => result?,
    }
    // A quarter of what the line moves in the module's time: the line may have to wait, and a module may be dead.
    let config = client.config();
    let limit = config.transferable(INPUT_TIME_LIMIT / 4).clamp(1, config.piece(FS_CHUNK_LIMIT).into());
    let mut octets = 0;
    loop {
        let piece = gather(&mut source, usize::try_from(limit).unwrap_or(usize::MAX)).await;
        let piece = piece.map_err(|error| FsError::Source { octets, kind: error.kind() })?;
        if piece.is_empty() {
            break;
        }
        let appended = match append(fs, path, piece.clone(), octets).await {
            Err(error) if is_untouched(fs, path, octets, &error).await => {
                append(fs, path, piece, octets).await
            }
            result => result,
        };
        octets += appended?;
    }
    match fs.size(path.as_str()).await? {
        found if found == octets => Ok(octets),
        found => Err(FsError::Incomplete { path: path.as_str().to_owned(), expected: octets, found }),
    }
}

/// Makes an empty file of whatever is there.
async fn create(client: &Client, path: Path<'_>) -> Result<(), Error> {
    // Writing begins at the start of a file or at its end and never cuts it, so that a longer one would keep its tail.
    match client.ask(&FsDel { file: path }).await {
        Err(error) if !error.is_rejected() => return Err(error),
        _ => {}
    }
    client.execute(&FsCreate { file: path }).await.map(drop)
}

/// Whether nothing of a piece was written to a file of so many `octets`, which there is, or is again: the line may have damaged a
/// command, or lost octets of the piece.
async fn is_untouched(fs: &Fs, path: Path<'_>, octets: u64, error: &FsError) -> bool {
    match error {
        FsError::Command(error) if fs.client.doubts(error) => {}
        FsError::TimedOut { .. } if fs.client.config().retries.at_most > 0 => {}
        _ => return false,
    }
    match fs.size(path.as_str()).await {
        Ok(found) => found == octets,
        Err(FsError::NotFound { .. }) => octets == 0 && create(&fs.client, path).await.is_ok(),
        Err(_) => false,
    }
}

/// Appends a piece to a file that has so many `octets`.
async fn append(fs: &Fs, path: Path<'_>, piece: Bytes, octets: u64) -> Result<u64, FsError> {
    let length = piece.len();
    let time = 2 * fs.client.config().transfer_time(length) + Duration::from_secs(5);
    let command = FsWrite {
        file: path,
        mode: FsWriteMode::Append,
        size: Number::saturating(u32::try_from(length).unwrap_or(u32::MAX)),
        time: Number::saturating(u32::try_from(time.as_secs()).unwrap_or(u32::MAX)),
    };
    let path = || path.as_str().to_owned();
    match fs.client.transmit(&command, piece).await {
        Ok(reply) => match reply.decode(&command) {
            Ok(FsWritten::Complete) => Ok(length as u64),
            Ok(_) => Err(FsError::TimedOut { path: path(), octets }),
            Err(_) => Err(Error::of(&command, Failure::Malformed(Malformation::Information)).into()),
        },
        Err(error) if error.is_rejected() => match fs.room(&path()).await? {
            Some(free) if free < length as u64 => Err(FsError::Full { path: path(), octets, free }),
            _ => Err(error.into()),
        },
        Err(error) => Err(error.into()),
    }
}
