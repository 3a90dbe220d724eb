//! What lines say of FTP sessions.

use sim800_command::{FsTransfer, FtpCode, FtpEvent, Unsolicited};

use super::FtpOperation;

/// What the module says of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// There is something to read.
    Available,
    /// So many octets may be written.
    Writable(u32),
    /// It is over; with a size or a count of octets, where the module tells one.
    Ended(FtpCode, Option<u64>),
}

/// What a line says of a session of this kind.
pub(super) fn event(operation: FtpOperation, line: Unsolicited<'_>) -> Option<Event> {
    use FtpOperation::{
        Delete, Get, GetExtended, GetToFs, List, MakeDirectory, Put, PutExtended, PutFile, PutFromFs,
        RemoveDirectory, Rename, Size,
    };
    let is_own = match line {
        Unsolicited::FtpGet(_) => operation == Get,
        Unsolicited::FtpPut(_) => matches!(operation, Put | PutExtended | PutFile),
        Unsolicited::FtpList(_) => operation == List,
        Unsolicited::FtpSize { .. } => operation == Size,
        Unsolicited::FtpDelete(_) => operation == Delete,
        Unsolicited::FtpMakeDirectory(_) => operation == MakeDirectory,
        Unsolicited::FtpRemoveDirectory(_) => operation == RemoveDirectory,
        Unsolicited::FtpRename(_) => operation == Rename,
        Unsolicited::FtpExtGet(_) => operation == GetExtended,
        Unsolicited::FtpGetToFs(_) => operation == GetToFs,
        Unsolicited::FtpPutFromFs(_) => operation == PutFromFs,
        _ => false,
    };
    if is_own { event_of_any(line) } else { None }
}

/// What a line says of a session of any kind.
pub(super) fn event_of_any(line: Unsolicited<'_>) -> Option<Event> {
    match line {
        Unsolicited::FtpGet(event) | Unsolicited::FtpPut(event) | Unsolicited::FtpList(event) => {
            data_event(event)
        }
        Unsolicited::FtpSize { code, size } => Some(Event::Ended(code, size)),
        Unsolicited::FtpDelete(code)
        | Unsolicited::FtpMakeDirectory(code)
        | Unsolicited::FtpRemoveDirectory(code)
        | Unsolicited::FtpRename(code)
        | Unsolicited::FtpExtGet(code) => Some(Event::Ended(code, None)),
        Unsolicited::FtpGetToFs(transfer) | Unsolicited::FtpPutFromFs(transfer) => match transfer {
            FsTransfer::Done { total } => Some(Event::Ended(FtpCode::DONE, Some(total))),
            FsTransfer::Failed(code) => Some(Event::Ended(code, None)),
            _ => None,
        },
        _ => None,
    }
}

pub(super) fn end_of_any(line: Unsolicited<'_>) -> Option<()> {
    matches!(event_of_any(line), Some(Event::Ended(..))).then_some(())
}

fn data_event(event: FtpEvent) -> Option<Event> {
    match event {
        FtpEvent::Available => Some(Event::Available),
        FtpEvent::Writable { at_most } => Some(Event::Writable(at_most)),
        FtpEvent::Ended(code) => Some(Event::Ended(code, None)),
        _ => None,
    }
}
