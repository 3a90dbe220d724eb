//! Which part of the module carries out which command.

use sim800_command::{EveryId as Id, Form, Id as Name};

use crate::answers;
use crate::bearer::Bearers;
use crate::board::{Board, Outcome, Slow, Step};
use crate::call::Calls;
use crate::config::Sim;
use crate::fault::PowerDown;
use crate::files::Files;
use crate::ftp::{Kind, Setting};
use crate::ip::Surroundings;
use crate::message;
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
        let is_registered = self.radio.is_registered();
        let is_attached = self.radio.is_attached();
        let Self { board, general, card, radio, bearers, ip, ssl, http, ftp, files, .. } = self;
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
            Id::Cnmi => general.settings.command(command, board).unwrap_or(Err(Refusal::Unknown)),
            Id::Cfun => self.functionality(command),
            Id::Cpowd => self.switch(command),
            Id::Cpin => card.command(command, board),
            Id::Spic => card.tries(command, board),
            Id::Creg => radio.registration(Domain::Calls, command, board),
            Id::Cgreg => radio.registration(Domain::Gprs, command, board),
            Id::Cgatt => radio.attachment(command, board),
            Id::Csq => radio.signal(command, board),
            Id::Cops => radio.operator(command, board),
            Id::CipMux
            | Id::CipStart
            | Id::CipSend
            | Id::CipAck
            | Id::CipClose
            | Id::CipShut
            | Id::Cstt
            | Id::Ciicr
            | Id::Cifsr
            | Id::CipStatus
            | Id::CdnsCfg
            | Id::CdnsGip
            | Id::CipRxGet => {
                ip.command(command, Surroundings { general, ssl, is_registered, is_attached }, board)
            }
            Id::CipQsend => general.settings.command(command, board).unwrap_or(Err(Refusal::Unknown)),
            Id::Sapbr => bearers.command(command, board),
            Id::CipGsmLoc => Bearers::location(command, board),
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

    /// Commands outside of the table, by name: what other people's programs send. Those that are set and read back, and those that
    /// always say the same, have a line each in their own tables.
    fn execute_other(&mut self, command: &Command) -> Outcome {
        let is_registered = self.radio.is_registered();
        let is_attached = self.radio.is_attached();
        let Self { board, general, card, radio, bearers, calls, messages, phone_book, ip, ssl, .. } = self;
        match command.name.as_str() {
            "+GMI" | "+CGMI" => general.identity(command, "SIMCOM_Ltd", board),
            "+GMM" => general.identity(command, &board.config.model.clone(), board),
            "+GMR" => {
                let text = format!("Revision:{}", board.config.revision);
                general.identity(command, &text, board)
            }
            "+GOI" => {
                let text = board.config.model.trim_start_matches("SIMCOM_").to_owned();
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
            "+CRSM" => card.file(command, board),
            // A card that has no instruction but those of `AT+CRSM` says so (GSM 11.11, 9.4.6).
            "+CSIM" => match command.written()? {
                None => Ok(Step::Done),
                Some(parameters) => {
                    card.require()?;
                    parameters.expect(2..=2)?;
                    let text = parameters.text(1, 510)?;
                    if text.len() != parameters.number(0, 10..=510)?
                        || !text.bytes().all(|octet| octet.is_ascii_hexdigit())
                    {
                        return Err(Cme::OutOfRange.into());
                    }
                    Board::tell(command, Form::Write, "+CSIM: 4,\"6D00\"", board)
                }
            },
            "+CLCK" => card.lock(command, board),
            "+CPWD" => card.password(command, board),
            "+CSPN" => {
                card.require()?;
                let text = format!("+CSPN: \"{}\",0", board.config.operator);
                Board::tell(command, Form::Read, &text, board)
            }
            "+CSMINS" if command.form == Form::Read => {
                let present = u8::from(board.config.sim != Sim::Absent);
                let text = format!("+CSMINS: {},{present}", general.settings.number("+CSMINS", 0));
                Board::tell(command, Form::Read, &text, board)
            }
            "+CCALR" => {
                let text = format!("+CCALR: {}", u8::from(self.call_ready));
                Board::tell(command, Form::Read, &text, board)
            }
            "+CCLK" => general.clock(command, board),
            "+CLBS" => Bearers::location(command, board),
            "+CENG" => radio.cells(command, board),
            "Z" | "&F" | "&W" | "&V" => general.profile(command, board, radio),
            "D" if !radio.is_on() => Err(Refusal::Unknown),
            "D" if !is_registered => Err(Refusal::NoCarrier),
            "D" => calls.dial(command, &general.settings, board),
            "A" => Err(Refusal::NoCarrier),
            "H" | "+CHUP" => calls.hang_up(board),
            "O" => ip.resume(board),
            "+CEER" if command.form == Form::Execution => calls.report(&general.settings, board),
            "+CLCC" => calls.list(command, board),
            "+CPAS" => calls.activity(command, board),
            "+VTS" => match command.written()? {
                None => Board::tell(command, Form::Test, "+VTS: (0-9,*,#,A-D)", board),
                Some(_) => calls.require().map(|()| Step::Done),
            },
            "+CMUT" if command.form == Form::Write => {
                calls.require()?;
                general.settings.command(command, board).unwrap_or(Err(Refusal::Unknown))
            }
            "+CUSD" => Calls::ussd(command, board),
            "+CPMS" | "+CMGS" | "+CMGW" | "+CMSS" | "+CMGR" | "+CMGL" | "+CMGD" | "+CMGDA" => {
                card.require().map_err(message::refused)?;
                messages.command(command, &general.settings, is_registered, board)
            }
            "+CPBS" | "+CPBR" | "+CPBF" | "+CPBW" | "+CNUM" => {
                card.require()?;
                phone_book.command(command, &general.settings, board)
            }
            "+CSMS" => message::service(command, &mut general.settings, board),
            "+CNTP" if command.form == Form::Execution => {
                let bearer = general.settings.number("+CNTPCID", 0).to_le_bytes()[0];
                if bearers.is_open(bearer) || ip.is_up() {
                    ip.ask_time(general.settings.text("+CNTP", 0).to_owned(), board)?;
                } else {
                    board.output.unsolicited_after_result("+CNTP: 61".into());
                }
                Ok(Step::Done)
            }
            "+CIPMODE" | "+CLPORT" | "+CIPSSL" | "+CIPCSGP" | "+CIPSERVER" | "+CIPSCONT" | "+CIPPING"
            | "+CGDCONT" | "+CGACT" | "+CGPADDR" => {
                ip.command(command, Surroundings { general, ssl, is_registered, is_attached }, board)
            }
            "X" | "&C" | "&D" => general.kept_switch(command),
            // Switches of V.250 that have no meaning here.
            "L" | "M" | "T" | "P" | "B" | "N" | "W" | "&K" | "&S" | "&G" | "&R" => {
                command.basic_value(0..=9).map(|_| Step::Done)
            }
            name => {
                let outcome =
                    general.settings.command(command, board).or_else(|| answers::command(command, board));
                match name
                    .strip_prefix('S')
                    .filter(|digits| digits.bytes().all(|octet| octet.is_ascii_digit()))
                {
                    Some(number) if outcome.is_none() => general.register(number, command, board),
                    _ => outcome.unwrap_or_else(|| {
                        self.unknown.note(name);
                        Err(Refusal::Unknown)
                    }),
                }
            }
        }
    }
}
