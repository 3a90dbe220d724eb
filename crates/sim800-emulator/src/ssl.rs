//! The settings of SSL (drivers in the field; SIMCom's note on it was not to be had). `AT+HTTPSSL` is one of the HTTP service.

use sim800_command::Form;

use crate::board::{Board, Outcome, Step};
use crate::refusal::{Cme, Refusal};
use crate::syntax::Command;

/// What `AT+SSLOPT` sets. That it is not checked is what makes modules without the right date and roots work at all.
#[derive(Default)]
pub(crate) struct Ssl {
    checks_certificate: bool,
}

impl Ssl {
    /// Back to the defaults.
    pub(crate) fn restart(&mut self) {
        *self = Self::default();
    }

    /// Whether a server's certificate has to be valid.
    pub(crate) fn checks_certificate(&self) -> bool {
        self.checks_certificate
    }

    /// `AT+SSLOPT`: 0 is to ignore an invalid certificate, 1 to show one of our own, which this module has not got.
    pub(crate) fn option(&mut self, command: &Command, board: &Board) -> Outcome {
        require(board)?;
        match command.form {
            Form::Test => {}
            Form::Write => {
                let parameters = command.parameters();
                parameters.expect(2..=2)?;
                let on = parameters.number(1, 0..=1_u8)? == 1;
                match parameters.number(0, 0..=1_u8)? {
                    0 => self.checks_certificate = !on,
                    _ if on => return Err(Cme::NotAllowed.into()),
                    _ => {}
                }
            }
            _ => return Err(Refusal::Unknown),
        }
        Ok(Step::Done)
    }

    /// `AT+FTPSSL`. Sessions of this module are plain; the others are refused where they are asked for, not later.
    pub(crate) fn ftp(command: &Command, board: &mut Board) -> Outcome {
        require(board)?;
        match command.form {
            Form::Test => board.output.information("+FTPSSL: (0-2)"),
            Form::Read => board.output.information("+FTPSSL: 0"),
            Form::Write => {
                let parameters = command.parameters();
                parameters.expect(1..=1)?;
                if parameters.number(0, 0..=2_u8)? != 0 {
                    return Err(Cme::NotSupported.into());
                }
            }
            _ => return Err(Refusal::Unknown),
        }
        Ok(Step::Done)
    }
}

/// A firmware without SSL does not know the commands.
pub(crate) fn require(board: &Board) -> Result<(), Refusal> {
    if board.config.ssl { Ok(()) } else { Err(Cme::Unknown.into()) }
}
