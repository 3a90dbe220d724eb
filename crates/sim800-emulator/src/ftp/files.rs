//! Transfers to and from the file system: `AT+FTPGETTOFS` and `AT+FTPPUTFRMFS` (application note 3.21 and 3.22, manual 12.2.24 and
//! 12.2.25).

use std::time::Duration;

use sim800_command::Form;

use super::transfer::{Reconnection, Source, Target, Transfer};
use super::{Ftp, Kind};
use crate::bearer::Bearers;
use crate::board::{Board, Outcome, Step};
use crate::config::Config;
use crate::file_system::{FileFailure, Place};
use crate::network::FtpFailure;
use crate::refusal::Refusal;
use crate::syntax::{Command, Parameters};

/// Where downloads are kept on drive C.
pub(super) fn user_directory(config: &Config) -> Result<Place, FileFailure> {
    Place::root(&config.storage).directory_below("User")?.directory_below("FTP")
}

/// Where they are kept on drive D.
fn card_directory(config: &Config) -> Result<Place, FileFailure> {
    Place::root(config.card.as_ref().ok_or(FileFailure)?).directory_below("ftp")
}

/// `[,<times>,<seconds>]`
fn reconnection(parameters: &Parameters<'_>, first: usize) -> Result<Reconnection, Refusal> {
    let times = if parameters.len() > first { parameters.number(first, 0..=u8::MAX)? } else { 3 };
    let delay = if parameters.len() > first + 1 { parameters.number(first + 1, 0..=60)? } else { 5 };
    Ok(Reconnection { times, delay: Duration::from_secs(delay) })
}

impl Ftp {
    /// `AT+FTPGETTOFS`
    pub(crate) fn get_to_files(
        &mut self,
        command: &Command,
        bearers: &Bearers,
        board: &mut Board,
    ) -> Outcome {
        if command.form == Form::Read {
            // Before the first octet a log has it idle.
            let text = match self.progress_of(Kind::GetToFiles).filter(|(received, _)| *received > 0) {
                Some((received, written)) => format!("+FTPGETTOFS: 1,{received},{written}"),
                None => "+FTPGETTOFS: 0".into(),
            };
            board.output.information(&text);
            return Ok(Step::Done);
        }
        let Some(parameters) = command.written()? else { return Ok(Step::Done) };
        parameters.expect(2..=4)?;
        let on_card = parameters.number(0, 0..=1_u8)? == 1;
        let name = parameters.text(1, 64)?;
        let reconnection = reconnection(&parameters, 2)?;
        self.open_transfer(Kind::GetToFiles, bearers, board, |kind, cid, request, board| {
            let config = &board.config;
            let directory = if on_card { card_directory(config) } else { user_directory(config) };
            let file =
                directory.and_then(|directory| directory.below(name)).map_err(|_| FtpFailure::FILE_SYSTEM)?;
            Ok(Transfer::download(kind, cid, request, Target::File(file), reconnection, board))
        });
        Ok(Step::Done)
    }

    /// `AT+FTPPUTFRMFS`
    pub(crate) fn put_from_files(
        &mut self,
        command: &Command,
        bearers: &Bearers,
        board: &mut Board,
    ) -> Outcome {
        if command.form == Form::Read {
            let text = match self.progress_of(Kind::PutFromFiles) {
                Some((sent, _)) => format!("+FTPPUTFRMFS: 1,{sent}"),
                None => "+FTPPUTFRMFS: 0".into(),
            };
            board.output.information(&text);
            return Ok(Step::Done);
        }
        let Some(parameters) = command.written()? else { return Ok(Step::Done) };
        parameters.expect(1..=3)?;
        let path = parameters.text(0, 128)?;
        let reconnection = reconnection(&parameters, 1)?;
        self.open_transfer(Kind::PutFromFiles, bearers, board, |kind, cid, request, board| {
            let file = Place::find(&board.config, path).map_err(|_| FtpFailure::FILE_SYSTEM)?;
            file.size().map_err(|_| FtpFailure::FILE_SYSTEM)?;
            Ok(Transfer::upload(kind, cid, request, Source::File(file), reconnection, board))
        });
        Ok(Step::Done)
    }
}
