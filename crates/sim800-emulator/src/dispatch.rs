//! Which part of the module carries out which command.

use sim800_command::{EveryId as Id, Form, Id as Name};

use crate::board::{Outcome, Slow, Step};
use crate::fault::PowerDown;
use crate::files::Files;
use crate::ftp::{Kind, Setting};
use crate::module::Emulator;
use crate::radio::Domain;
use crate::refusal::{Cme, Refusal};
use crate::ssl::Ssl;
use crate::syntax::Command;

impl Emulator {
    pub(crate) fn execute(&mut self, command: &Command) -> Outcome {
        match Name::from_name(&command.name) {
            Some(id) => self.execute_known(id, command),
            None => self.execute_other(command),
        }
    }

    /// The commands of the table. No wildcard: a new one does not compile until it is handled.
    fn execute_known(&mut self, id: Name, command: &Command) -> Outcome {
        let Self { board, general, card, radio, bearers, ssl, http, ftp, files, .. } = self;
        let sms_ready = self.sms_ready;
        match Id::from(id) {
            Id::At => Ok(Step::Done),
            Id::Echo | Id::Verbose | Id::Quiet => general.format_switch(id, command, board),
            Id::Cmee => general.errors(command, board),
            Id::Ipr => general.rate(command, board),
            Id::Ifc => general.flow_control(command, board),
            Id::Gsn => general.identity(command, &board.config.imei.clone(), board),
            Id::Cgmm => general.identity(command, &board.config.model.clone(), board),
            Id::Cgmr => {
                let text = format!("Revision:{}", board.config.revision);
                general.identity(command, &text, board)
            }
            Id::Cbc => general.battery(command, board),
            Id::Cnmi if board.config.late_messages && !sms_ready => Err(Cme::SimBusy.into()),
            Id::Cnmi => general.kept(command, board),
            Id::Cfun => self.functionality(command),
            Id::Cpowd => self.switch(command),
            Id::Cpin => card.command(command, board),
            Id::Spic => card.tries(command, board),
            Id::Creg => radio.registration(Domain::Calls, command, board),
            Id::Cgreg => radio.registration(Domain::Gprs, command, board),
            Id::Cgatt => radio.attachment(command, board),
            Id::Csq => radio.signal(command, board),
            Id::Cops => radio.operator(command, board),
            Id::Sapbr => bearers.command(command, board),
            Id::CipGsmLoc => bearers.location(command, board),
            Id::HttpInit => http.initialize(command),
            Id::HttpTerm => http.terminate(command, board),
            Id::HttpPara => http.parameter(command, board),
            Id::HttpData => http.data(command, board),
            Id::HttpAction => http.action(command, bearers, ssl, board),
            Id::HttpRead => http.read(command, board),
            Id::HttpStatus => http.status(command, board),
            Id::HttpScont => http.context(command, board),
            Id::HttpHead => http.head(command, board),
            Id::HttpGetHead => http.get_head(command, board),
            Id::HttpSsl => http.tls(command, board),
            Id::FtpSsl => Ssl::ftp(command, board),
            Id::SslOpt => ssl.option(command, board),
            Id::FtpPort => ftp.setting(Setting::Port, command, board),
            Id::FtpMode => ftp.setting(Setting::Mode, command, board),
            Id::FtpType => ftp.setting(Setting::Type, command, board),
            Id::FtpPutOpt => ftp.setting(Setting::PutOption, command, board),
            Id::FtpCid => ftp.setting(Setting::Cid, command, board),
            Id::FtpRest => ftp.setting(Setting::Rest, command, board),
            Id::FtpServ => ftp.setting(Setting::Server, command, board),
            Id::FtpUn => ftp.setting(Setting::User, command, board),
            Id::FtpPw => ftp.setting(Setting::Password, command, board),
            Id::FtpGetName => ftp.setting(Setting::GetName, command, board),
            Id::FtpGetPath => ftp.setting(Setting::GetPath, command, board),
            Id::FtpPutName => ftp.setting(Setting::PutName, command, board),
            Id::FtpPutPath => ftp.setting(Setting::PutPath, command, board),
            Id::FtpGet => ftp.download(Kind::Get, command, bearers, board),
            Id::FtpPut => ftp.upload(command, bearers, board),
            Id::FtpDele => ftp.one_shot(Kind::Delete, command, bearers, board),
            Id::FtpSize => ftp.one_shot(Kind::Size, command, bearers, board),
            Id::FtpState => ftp.state(command, board),
            Id::FtpMkd => ftp.one_shot(Kind::MakeDirectory, command, bearers, board),
            Id::FtpRmd => ftp.one_shot(Kind::RemoveDirectory, command, bearers, board),
            Id::FtpList => ftp.download(Kind::List, command, bearers, board),
            Id::FtpQuit => ftp.quit(command, board),
            Id::FtpScont => ftp.context(command, board),
            Id::FtpRename => ftp.one_shot(Kind::Rename, command, bearers, board),
            Id::FtpExtPut => ftp.extended_put(command, board),
            Id::FtpExtGet => ftp.extended_get(command, bearers, board),
            Id::FtpFilePut => ftp.file_put(command, board),
            Id::FtpGetToFs => ftp.get_to_files(command, bearers, board),
            Id::FtpPutFrmFs => ftp.put_from_files(command, bearers, board),
            Id::FsDrive
            | Id::FsLs
            | Id::FsCreate
            | Id::FsRead
            | Id::FsDel
            | Id::FsMkdir
            | Id::FsRmdir
            | Id::FsRename
            | Id::FsFlSize => Files::command(id, command, board),
            Id::FsWrite => files.write(command, board),
            Id::FsMem => Files::free(command, board),
        }
    }

    /// `AT+CFUN`. With `,1` the module resets; the `OK` comes before that, as in logs.
    fn functionality(&mut self, command: &Command) -> Outcome {
        let outcome = self.radio.functionality(command, &mut self.board)?;
        if command.form == Form::Write && command.parameters().octets(1) == b"1" {
            return Ok(Step::Wait(self.board.config.timings.functionality, Slow::Restart));
        }
        Ok(outcome)
    }

    /// `AT+CPOWD`, which has no result code.
    fn switch(&mut self, command: &Command) -> Outcome {
        match command.form {
            Form::Test => Ok(Step::Done),
            Form::Write => {
                let parameters = command.parameters();
                parameters.expect(1..=1)?;
                let announced = parameters.number(0, 0..=1_u8)? == 1;
                Ok(self.power_down(announced.then_some(PowerDown::Normal.text())))
            }
            _ => Err(Refusal::Unknown),
        }
    }

    /// Commands outside of the table, by name: what other people's programs send at their start.
    fn execute_other(&mut self, command: &Command) -> Outcome {
        let Self { board, general, card, radio, .. } = self;
        match command.name.as_str() {
            "+GMI" | "+CGMI" => general.identity(command, "SIMCOM_Ltd", board),
            "+GMM" => general.identity(command, &board.config.model.clone(), board),
            "+GMR" => {
                let text = format!("Revision:{}", board.config.revision);
                general.identity(command, &text, board)
            }
            "+CGSN" => general.identity(command, &board.config.imei.clone(), board),
            "+GSV" => {
                let text =
                    format!("SIMCOM_Ltd\r\n{}\r\nRevision: {}", board.config.model, board.config.revision);
                general.identity(command, &text, board)
            }
            "I" => general.product(command, board),
            "+CIMI" => {
                card.require()?;
                general.identity(command, &board.config.imsi.clone(), board)
            }
            "+CCID" => match card.require() {
                Err(refusal @ Refusal::Cme(Cme::SimNotInserted | Cme::SimBusy)) => Err(refusal),
                _ => general.identity(command, &board.config.iccid.clone(), board),
            },
            "+CCLK" => general.clock(command, board),
            "Z" | "&F" | "&W" | "&V" => general.profile(command, board, radio),
            "D" | "A" => Err(Refusal::NoCarrier),
            _ => general.kept(command, board),
        }
    }
}
