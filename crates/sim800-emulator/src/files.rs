//! The commands of the file system, `AT+FS…`. They are in no manual; shapes and limits are those of drivers in the field. Errors are
//! error 3: which one a module has for what is known to nobody.

use std::time::Duration;

use bytes::Bytes;
use sim800_command::{Form, Id};

use crate::board::{Board, Outcome, Sink, Step};
use crate::config::DataExpiry;
use crate::file_system::{self, FileFailure, Place};
use crate::refusal::{Cme, Refusal};
use crate::storage::EntryKind;
use crate::syntax::{Command, Parameters};

/// The most octets that one `AT+FSREAD` or `AT+FSWRITE` moves.
const CHUNK: usize = 10_240;

/// The longest path.
const LONGEST_PATH: usize = 64;

/// The longest that `AT+FSWRITE` waits, in seconds. No range is known.
const LONGEST_WAIT: u64 = 1000;

impl From<FileFailure> for Refusal {
    fn from(_: FileFailure) -> Self {
        Cme::NotAllowed.into()
    }
}

/// What `AT+FSWRITE` is about to write.
#[derive(Default)]
pub(crate) struct Files {
    writing: Option<(Place, u64)>,
}

impl Files {
    /// Forgets what was about to be written; what is written stays.
    pub(crate) fn restart(&mut self) {
        self.writing = None;
    }

    /// All commands but `AT+FSWRITE`, which takes payload, and `AT+FSMEM`, which takes nothing.
    pub(crate) fn command(id: Id, command: &Command, board: &mut Board) -> Outcome {
        let parameters = match command.form {
            Form::Test => return Ok(Step::Done),
            Form::Write => command.parameters(),
            _ => return Err(Refusal::Unknown),
        };
        let count = match id {
            Id::FsRead => 4,
            Id::FsRename => 2,
            _ => 1,
        };
        parameters.expect(count..=count)?;
        if id == Id::FsDrive {
            let drive = parameters.number(0, 0..=1_usize)?;
            let (letter, _) =
                file_system::drives(&board.config).nth(drive).ok_or(Refusal::Cme(Cme::NotAllowed))?;
            board.output.information(&format!("+FSDRIVE: {letter}"));
            return Ok(Step::Done);
        }
        let place = place(&parameters, 0, board)?;
        match id {
            Id::FsLs => list(&place, board)?,
            Id::FsCreate => place.create()?,
            Id::FsRead => read(&place, &parameters, board)?,
            Id::FsDel => place.delete()?,
            Id::FsMkdir => place.make_directory()?,
            Id::FsRmdir => place.remove_directory()?,
            Id::FsRename => place.rename(&self::place(&parameters, 1, board)?)?,
            Id::FsFlSize => board.output.information(&format!("+FSFLSIZE: {}", place.size()?)),
            _ => return Err(Refusal::Unknown),
        }
        Ok(Step::Done)
    }

    /// `AT+FSMEM`
    pub(crate) fn free(command: &Command, board: &mut Board) -> Outcome {
        match command.form {
            Form::Test => {}
            Form::Execution => {
                let free = file_system::drives(&board.config)
                    .map(|(letter, storage)| format!("{letter}:{}bytes", file_system::free(&**storage)));
                let text = format!("+FSMEM: {}", free.collect::<Vec<_>>().join(","));
                board.output.information(&text);
            }
            _ => return Err(Refusal::Unknown),
        }
        Ok(Step::Done)
    }

    /// `AT+FSWRITE`. What there is no room for is refused before the prompt.
    pub(crate) fn write(&mut self, command: &Command, board: &mut Board) -> Outcome {
        match command.form {
            Form::Test => Ok(Step::Done),
            Form::Write => {
                let parameters = command.parameters();
                parameters.expect(4..=4)?;
                let at_end = parameters.number(1, 0..=1_u8)? == 1;
                let size = parameters.number(2, 1..=CHUNK)?;
                let time = parameters.number(3, 1..=LONGEST_WAIT)?;
                let place = place(&parameters, 0, board)?;
                let position = if at_end { place.size()? } else { 0 };
                place.check_room(position, size)?;
                self.writing = Some((place, position));
                board.output.prompt();
                Ok(Step::Input(size, Duration::from_secs(time), Sink::FsWrite))
            }
            _ => Err(Refusal::Unknown),
        }
    }

    /// The octets of `AT+FSWRITE` have come; all of them, if its time has not run out.
    pub(crate) fn input(&mut self, octets: &Bytes, complete: bool, board: &mut Board) -> Result<(), Refusal> {
        let (place, position) = self.writing.take().ok_or(Refusal::Cme(Cme::NotAllowed))?;
        if !complete {
            board.output.information("TimeOut");
            if board.config.fs_write_expiry == DataExpiry::Error {
                return Err(Refusal::Unknown);
            }
        }
        Ok(place.write(position, octets)?)
    }
}

fn place(parameters: &Parameters<'_>, index: usize, board: &Board) -> Result<Place, Refusal> {
    Ok(Place::find(&board.config, parameters.text(index, LONGEST_PATH)?)?)
}

/// `AT+FSLS`: one line per entry, directories end in a backslash.
fn list(place: &Place, board: &mut Board) -> Result<(), Refusal> {
    let entries = place.list()?.into_iter().map(|entry| match entry.kind {
        EntryKind::Directory => entry.name + "\\",
        EntryKind::File { .. } => entry.name,
    });
    let entries: Vec<String> = entries.collect();
    if !entries.is_empty() {
        board.output.information(&entries.join("\r\n"));
    }
    Ok(())
}

/// `AT+FSREAD`: octets without a header. Nothing to read is an error.
fn read(place: &Place, parameters: &Parameters<'_>, board: &mut Board) -> Result<(), Refusal> {
    let at_position = parameters.number(1, 0..=1_u8)? == 1;
    let size = parameters.number(2, 1..=CHUNK)?;
    let position = parameters.number(3, 0..=u64::from(u32::MAX))?;
    place.size()?;
    let octets = place.read(if at_position { position } else { 0 }, size)?;
    if octets.is_empty() {
        return Err(Cme::NotAllowed.into());
    }
    board.output.headless(octets);
    Ok(())
}
