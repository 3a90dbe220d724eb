//! What is in a directory, however it is called.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use bytes::Bytes;
use sim800_command::{Command, FsLs, Line, Path, Unsolicited};

use super::{FsEntry, FsError, not_found};
use crate::client::Client;
use crate::engine::{Name, Restart};
use crate::error::{Error, Failure, Malformation};
use crate::notices::{Notice, Notices};

/// Lists `directory`.
///
/// `RDY` in front of all else is an entry, or a module that began to listen just when it was asked. An entry comes again.
pub(super) async fn list(client: &Client, directory: &str) -> Result<Vec<FsEntry>, FsError> {
    let entries = match list_once(client, directory).await {
        // The line may have damaged the question.
        Err(FsError::NotFound { refusal, .. }) if client.doubts(&refusal) => {
            list_once(client, directory).await?
        }
        result => result?,
    };
    let is_ready = |entries: &[FsEntry]| entries.first().is_some_and(|entry| entry.name == "RDY");
    if is_ready(&entries) && !is_ready(&list_once(client, directory).await?) {
        client.announce(&Notice::Restarted(Restart::Ready));
        return Err(Error::new(&Name::of::<FsLs>(), Failure::Restarted(Restart::Ready)).into());
    }
    Ok(entries)
}

/// Lists it once.
///
/// The module sends a line for each entry, and neither a count nor an end beside its result, `OK`; an entry may be called so,
/// too. Then the rest of the listing responds to nothing, its result included. So silence has to follow before it is over.
async fn list_once(client: &Client, directory: &str) -> Result<Vec<FsEntry>, FsError> {
    let path = if directory.ends_with('\\') { directory.to_owned() } else { format!("{directory}\\") };
    let command = FsLs { directory: Path::new(&path)? };
    let mut strays = client.subscribe(|line| matches!(line, Unsolicited::Other(_)));
    let result = client.execute(&command).await;
    if result.as_ref().err().is_none_or(Error::is_rejected) {
        drop(client.synchronize().await);
    }
    let rest = behind_result(&mut strays);
    let malformed = || Error::of(&command, Failure::Malformed(Malformation::Information));
    match (result, rest.as_deref()) {
        (Ok(response), Some([])) => {
            let lines: Vec<_> = response.lines().collect();
            Ok(entries(&command, &lines).ok_or_else(malformed)?)
        }
        // What was taken for the result was an entry; the last line is the result.
        (Ok(response), Some([rest @ .., last])) if last.as_ref() == b"OK" => {
            let mut lines: Vec<_> = response.lines().collect();
            lines.push(Line::new(b"OK"));
            lines.extend(rest.iter().map(|line| Line::new(line)));
            Ok(entries(&command, &lines).ok_or_else(malformed)?)
        }
        (Err(error), Some([])) => Err(not_found(directory, error)),
        (Err(error), _) if !error.is_rejected() => Err(error.into()),
        // It may have been an entry that reads like a refusal, and what came before it is lost.
        _ => Err(malformed().into()),
    }
}

fn entries(command: &FsLs<'_>, lines: &[Line<'_>]) -> Option<Vec<FsEntry>> {
    let listing = command.response(lines).ok()?;
    let entry = |entry: sim800_command::FsEntry<'_>| FsEntry {
        name: String::from_utf8_lossy(entry.name).into_owned(),
        is_directory: entry.is_directory,
    };
    Some(listing.entries(lines.iter().copied()).map(entry).collect())
}

/// The lines that came behind the result and have no name, as those have that the module sends of its own accord, and those that
/// read like a restart; `None` when there were more of them than are kept.
fn behind_result(strays: &mut Notices) -> Option<Vec<Bytes>> {
    let mut lines = Vec::new();
    while let Some(notice) = strays.pop() {
        match notice {
            Notice::Unsolicited(line) if line.line().name().is_none() => {
                lines.push(Bytes::copy_from_slice(line.line().text()));
            }
            Notice::Restarted(Restart::Ready) => lines.push(Bytes::from_static(b"RDY")),
            Notice::Missed(_) => return None,
            _ => {}
        }
    }
    Some(lines)
}
