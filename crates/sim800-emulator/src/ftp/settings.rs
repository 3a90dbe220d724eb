//! What the setters keep: server, login, files (manual 12.2.1 to 12.2.13). It acts on the next session.

use std::time::Duration;

use sim800_command::Form;

use super::kind::Kind;
use crate::bearer::Bearers;
use crate::board::{Board, Outcome, Step};
use crate::effect::{FtpAction, FtpRequest, PutOption};
use crate::network::FtpFailure;
use crate::refusal::{Cme, Refusal};
use crate::syntax::{Command, Parameters};

/// The setters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Setting {
    Port,
    Mode,
    Type,
    PutOption,
    Cid,
    Rest,
    Server,
    User,
    Password,
    GetName,
    GetPath,
    PutName,
    PutPath,
}

#[derive(Clone, PartialEq)]
pub(crate) struct Settings {
    pub(super) port: u16,
    pub(super) passive: bool,
    pub(super) ascii: bool,
    pub(super) put_option: PutOption,
    pub(super) cid: u8,
    pub(super) rest: u32,
    pub(super) server: String,
    pub(super) user: String,
    pub(super) password: String,
    pub(super) get_name: String,
    pub(super) get_path: String,
    pub(super) put_name: String,
    pub(super) put_path: String,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            port: 21,
            passive: false,
            ascii: false,
            put_option: PutOption::Stor,
            cid: 1,
            rest: 0,
            server: String::new(),
            user: String::new(),
            password: String::new(),
            get_name: String::new(),
            get_path: String::new(),
            put_name: String::new(),
            put_path: String::new(),
        }
    }
}

impl Settings {
    /// Any setter, in any form.
    pub(crate) fn command(&mut self, setting: Setting, command: &Command, board: &mut Board) -> Outcome {
        match command.form {
            Form::Test => {}
            Form::Read => {
                let text = format!("{}: {}", command.name, self.show(setting));
                board.output.information(&text);
            }
            Form::Write => {
                let parameters = command.parameters();
                parameters.expect(1..=1)?;
                self.set(setting, &parameters)?;
            }
            _ => return Err(Refusal::Unknown),
        }
        Ok(Step::Done)
    }

    fn show(&self, setting: Setting) -> String {
        match setting {
            Setting::Port => self.port.to_string(),
            Setting::Mode => u8::from(self.passive).to_string(),
            Setting::Type => if self.ascii { "A" } else { "I" }.into(),
            Setting::PutOption => match self.put_option {
                PutOption::Appe => "APPE",
                PutOption::Stou => "STOU",
                PutOption::Stor => "STOR",
            }
            .into(),
            Setting::Cid => self.cid.to_string(),
            Setting::Rest => self.rest.to_string(),
            Setting::Server => self.server.clone(),
            Setting::User => self.user.clone(),
            Setting::Password => self.password.clone(),
            Setting::GetName => self.get_name.clone(),
            Setting::GetPath => self.get_path.clone(),
            Setting::PutName => self.put_name.clone(),
            Setting::PutPath => self.put_path.clone(),
        }
    }

    fn set(&mut self, setting: Setting, parameters: &Parameters<'_>) -> Result<(), Refusal> {
        let text = |most| parameters.text(0, most).map(str::to_owned);
        match setting {
            Setting::Port => self.port = parameters.number(0, 1..=u16::MAX)?,
            Setting::Mode => self.passive = parameters.number(0, 0..=1_u8)? == 1,
            Setting::Type => match parameters.word(0).as_str() {
                "A" => self.ascii = true,
                "I" => self.ascii = false,
                _ => return Err(Cme::OutOfRange.into()),
            },
            Setting::PutOption => {
                self.put_option = match parameters.word(0).as_str() {
                    "APPE" => PutOption::Appe,
                    "STOU" => PutOption::Stou,
                    "STOR" => PutOption::Stor,
                    _ => return Err(Cme::OutOfRange.into()),
                };
            }
            Setting::Cid => self.cid = parameters.number(0, Bearers::CIDS)?,
            Setting::Rest => self.rest = parameters.number(0, 0..=u32::MAX)?,
            Setting::Server => self.server = text(49)?,
            Setting::User => self.user = text(49)?,
            Setting::Password => self.password = text(49)?,
            Setting::GetName => self.get_name = text(99)?,
            Setting::GetPath => self.get_path = text(255)?,
            Setting::PutName => self.put_name = text(99)?,
            Setting::PutPath => self.put_path = text(255)?,
        }
        Ok(())
    }

    /// `AT+FTPSCONT?`: one line per setting, the password among them (manual 12.2.16).
    pub(super) fn show_saved(&self, saved: bool, timeout: Duration) -> String {
        let lines = [
            ("FTPSERV", Setting::Server),
            ("FTPPORT", Setting::Port),
            ("FTPUN", Setting::User),
            ("FTPPW", Setting::Password),
            ("FTPCID", Setting::Cid),
            ("FTPMODE", Setting::Mode),
            ("FTPTYPE", Setting::Type),
            ("FTPPUTOPT", Setting::PutOption),
            ("FTPREST", Setting::Rest),
            ("FTPGETNAME", Setting::GetName),
            ("FTPGETPATH", Setting::GetPath),
            ("FTPPUTNAME", Setting::PutName),
            ("FTPPUTPATH", Setting::PutPath),
        ];
        let mut text = format!("+FTPSCONT: {}", u8::from(!saved));
        for (name, setting) in lines {
            text.push_str(&format!("\r\n+{name}: {}", self.show(setting)));
        }
        text + &format!("\r\n+FTPTIMEOUT: {}", timeout.as_secs())
    }

    /// What a session of this kind asks of the server.
    pub(super) fn request(&self, kind: Kind) -> Result<FtpRequest, FtpFailure> {
        if self.server.is_empty() {
            return Err(FtpFailure::DNS);
        }
        let (path, name, action) = match kind {
            Kind::Get | Kind::ExtendedGet | Kind::GetToFiles => {
                (&self.get_path, Some(&self.get_name), FtpAction::Get)
            }
            Kind::Put | Kind::PutFromFiles => {
                (&self.put_path, Some(&self.put_name), FtpAction::Put(self.put_option))
            }
            Kind::Size => (&self.get_path, Some(&self.get_name), FtpAction::Size),
            Kind::Delete => (&self.get_path, Some(&self.get_name), FtpAction::Delete),
            Kind::List => (&self.get_path, None, FtpAction::List),
            Kind::MakeDirectory => (&self.get_path, None, FtpAction::MakeDirectory),
            Kind::RemoveDirectory => (&self.get_path, None, FtpAction::RemoveDirectory),
            Kind::Rename => {
                let (to_path, to_name) = (self.put_path.clone(), self.put_name.clone());
                (&self.get_path, Some(&self.get_name), FtpAction::Rename { to_path, to_name })
            }
        };
        // 64 for an empty name is what application note 3.13 shows.
        let missing = match kind {
            Kind::MakeDirectory | Kind::RemoveDirectory => path.is_empty(),
            Kind::Rename => self.get_name.is_empty() || self.put_name.is_empty(),
            _ => name.is_some_and(String::is_empty),
        };
        if missing {
            return Err(FtpFailure::TIMEOUT);
        }
        Ok(FtpRequest {
            server: self.server.clone(),
            port: self.port,
            user: self.user.clone(),
            password: self.password.clone(),
            passive: self.passive,
            ascii: self.ascii,
            // Not for the transfers that the module does by itself: those begin at the start of their file.
            rest: if kind == Kind::Get { self.rest.into() } else { 0 },
            path: path.clone(),
            name: name.cloned().unwrap_or_default(),
            action,
        })
    }
}
