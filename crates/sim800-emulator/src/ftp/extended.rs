//! Transfers by way of the module's memory: `AT+FTPEXTPUT`, `AT+FTPEXTGET`, `AT+FTPFILEPUT` (application note 3.20, 3.23 and 3.24,
//! manual 12.2.20, 12.2.26 and 12.2.27).

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use sim800_command::Form;

use super::files::user_directory;
use super::transfer::{MEMORY, Reconnection, Source, Target, Transfer};
use super::{Alive, Ftp, Kind};
use crate::bearer::Bearers;
use crate::board::{Board, Outcome, Sink, Step};
use crate::file_system::Place;
use crate::refusal::{Cme, Refusal};
use crate::syntax::Command;

/// What the memory is used for. There is one for all, so that each excludes the others; of two pairs the manual says so.
#[derive(Default)]
pub(super) enum Memory {
    #[default]
    Free,
    /// `AT+FTPEXTPUT=1`: what was loaded so far.
    Loaded(BytesMut),
    /// `AT+FTPFILEPUT=1`: what was in the file.
    File(Bytes),
    /// `AT+FTPEXTGET`: what was downloaded.
    Downloaded(Bytes),
}

impl Ftp {
    /// `AT+FTPEXTPUT`
    pub(crate) fn extended_put(&mut self, command: &Command, board: &mut Board) -> Outcome {
        let Some(parameters) = command.written()? else { return Ok(Step::Done) };
        match parameters.number(0, 0..=2_u8)? {
            2 => {
                parameters.expect(4..=4)?;
                let position = parameters.number(1, 0..=MEMORY)?;
                let length = parameters.number(2, 0..=MEMORY - position)?;
                let time = parameters.number(3, 1000..=1_000_000_u64)?;
                if !matches!(self.memory, Memory::Loaded(_))
                    || matches!(self.session, Some(Alive::Transfer(_)))
                {
                    return Err(Cme::NotAllowed.into());
                }
                board.output.count(&format!("+FTPEXTPUT: {position},"), length);
                if length == 0 {
                    return Ok(Step::Done);
                }
                self.loading = position;
                return Ok(Step::Input(length, Duration::from_millis(time), Sink::FtpExtPut));
            }
            1 => {
                parameters.expect(1..=1)?;
                if self.is_downloading() || !matches!(self.memory, Memory::Free | Memory::Loaded(_)) {
                    return Err(Cme::NotAllowed.into());
                }
                self.memory = Memory::Loaded(BytesMut::new());
            }
            _ => {
                parameters.expect(1..=1)?;
                if matches!(self.memory, Memory::Loaded(_)) {
                    self.memory = Memory::Free;
                }
            }
        }
        Ok(Step::Done)
    }

    /// The octets for `AT+FTPEXTPUT=2` have come, or not in time: then none of them is kept.
    pub(crate) fn load(&mut self, octets: &[u8], complete: bool) -> Result<(), Refusal> {
        let Memory::Loaded(memory) = &mut self.memory else { return Err(Cme::NotAllowed.into()) };
        if !complete {
            return Err(Refusal::Unknown);
        }
        let end = self.loading + octets.len();
        if memory.len() < end {
            memory.resize(end, 0);
        }
        if let Some(place) = memory.get_mut(self.loading..end) {
            place.copy_from_slice(octets);
        }
        Ok(())
    }

    /// `AT+FTPFILEPUT`
    pub(crate) fn file_put(&mut self, command: &Command, board: &Board) -> Outcome {
        let Some(parameters) = command.written()? else { return Ok(Step::Done) };
        if parameters.number(0, 0..=1_u8)? == 0 {
            parameters.expect(1..=1)?;
            if matches!(self.memory, Memory::File(_)) {
                self.memory = Memory::Free;
            }
            return Ok(Step::Done);
        }
        parameters.expect(2..=2)?;
        let path = parameters.text(1, 64)?;
        if self.is_downloading() || !matches!(self.memory, Memory::Free | Memory::File(_)) {
            return Err(Cme::NotAllowed.into());
        }
        let place = Place::find(&board.config, path)?;
        if place.size()? > MEMORY as u64 {
            return Err(Cme::NotAllowed.into());
        }
        self.memory = Memory::File(place.read(0, MEMORY)?);
        Ok(Step::Done)
    }

    /// What `AT+FTPPUT=1` sends without asking the DTE for it.
    pub(super) fn loaded(&self) -> Option<Source> {
        match &self.memory {
            Memory::Loaded(octets) => Some(Source::Memory(Bytes::copy_from_slice(octets))),
            Memory::File(octets) => Some(Source::Memory(octets.clone())),
            Memory::Free | Memory::Downloaded(_) => None,
        }
    }

    /// `AT+FTPEXTGET`
    pub(crate) fn extended_get(
        &mut self,
        command: &Command,
        bearers: &Bearers,
        board: &mut Board,
    ) -> Outcome {
        if command.form == Form::Read {
            let text = match self.progress_of(Kind::ExtendedGet) {
                Some((received, _)) => format!("+FTPEXTGET: 1,{received}"),
                None => "+FTPEXTGET: 0".into(),
            };
            board.output.information(&text);
            return Ok(Step::Done);
        }
        let Some(parameters) = command.written()? else { return Ok(Step::Done) };
        let verb = parameters.number(0, 0..=3_u8)?;
        parameters.expect(match verb {
            2 => 2..=2,
            3 => 3..=3,
            _ => 1..=1,
        })?;
        if verb == 1 {
            if !matches!(self.memory, Memory::Free | Memory::Downloaded(_)) {
                return Err(Cme::NotAllowed.into());
            }
            self.open_transfer(Kind::ExtendedGet, bearers, board, |kind, cid, request, board| {
                let target = Target::Memory(BytesMut::new());
                Ok(Transfer::download(kind, cid, request, target, Reconnection::default(), board))
            });
            if self.is_downloading() {
                self.memory = Memory::Free;
            }
            return Ok(Step::Done);
        }
        if self.is_downloading() {
            return Err(Cme::NotAllowed.into());
        }
        match (verb, &self.memory) {
            (0, Memory::Downloaded(_)) => self.memory = Memory::Free,
            (0, _) => {}
            (2, Memory::Downloaded(octets)) => {
                let place = user_directory(&board.config)?.below(parameters.text(1, 64)?)?;
                place.overwrite()?;
                place.write(0, octets)?;
                board.output.information(&format!("+FTPEXTGET: 2,{}", octets.len()));
            }
            (3, Memory::Downloaded(octets)) => {
                let start = parameters.number(1, 0..=MEMORY)?.min(octets.len());
                let length = parameters.number(2, 1..=MEMORY)?;
                let end = octets.len().min(start + board.readable(length).max(1));
                let part = octets.slice(start..end);
                board.output.payload("+FTPEXTGET: 3,", part, length);
            }
            _ => return Err(Cme::NotAllowed.into()),
        }
        Ok(Step::Done)
    }

    fn is_downloading(&self) -> bool {
        self.progress_of(Kind::ExtendedGet).is_some()
    }
}
