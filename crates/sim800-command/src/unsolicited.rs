//! Unsolicited lines, typed.
//!
//! Shapes from manual 18.3 and the sections of the commands; variants that only field logs show are marked so.

use core::fmt::{self, Write};

use sim800_parser::Dialect;

use self::listed::{CONNECTION, TOLD, data, listed};
use crate::{FtpCode, HttpStatus, Line, RegistrationStatus, Value, Values};

mod listed;

/// What a module sends just after power-up at 115,200 bit/s, without the first octet, which is often lost (manual 1.4).
pub const POWER_UP: &[u8] = b"IIII\xFF\xFF\xFF\xFF";

/// A line that the DCE sends of its own accord.
///
/// Text is borrowed from the line. Anything unknown, and known names with values that do not fit, is
/// [`Other`](Self::Other): nothing is lost.
///
/// `Display` gives the line in the spelling of the manual, octets that are not printable ASCII escaped. A line of
/// printable ASCII reads back as the same value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Unsolicited<'a> {
    /// `RDY`: the module has started, at a fixed rate only; under autobauding this line does not come.
    Ready,
    /// `+CFUN: <n>`: the level of functionality, at start-up.
    Functionality(u8),
    /// `+CPIN: <code>`: `READY`, `NOT READY`, `NOT INSERTED`, `SIM PIN`, ….
    Pin(&'a str),
    /// `Call Ready`
    CallReady,
    /// `SMS Ready`
    SmsReady,
    /// `NORMAL POWER DOWN`, `UNDER-VOLTAGE POWER DOWN`, `OVER-VOLTAGE POWER DOWN`: no command is answered any more.
    PowerDown(PowerDownCause),
    /// `UNDER-VOLTAGE WARNNING`, spelt so by the module, or `WARNING`.
    UnderVoltage,
    /// `OVER-VOLTAGE WARNNING`, spelt so by the module, or `WARNING`.
    OverVoltage,
    /// `CHARGE-ONLY MODE`
    ChargeOnly,

    /// `+CREG: <stat>[,"<lac>","<ci>"]`: registration with the network.
    Registration(RegistrationChange<'a>),
    /// `+CGREG: <stat>[,"<lac>","<ci>"]`: registration for GPRS.
    GprsRegistration(RegistrationChange<'a>),
    /// `*PSNWID`, `*PSUTTZ`, `+CTZV`, `DST`, `+CIEV`, `+CSQN`, `+CGEV`, `+CENG`, `+CELLIST`: what the network tells.
    Network(Line<'a>),

    /// `+SAPBR <cid>: DEACT`: the bearer is gone, and with it every session on it.
    BearerDeactivated {
        /// The bearer profile, 1–3.
        cid: u8,
    },
    /// `+PDP: DEACT`
    PdpDeactivated,
    /// `+HTTPACTION: <method>,<status>,<length>`: the action is done.
    HttpAction {
        /// The number of a method, mostly one of [`HttpMethod`](crate::HttpMethod).
        method: u8,
        /// The server's status or the module's own.
        status: HttpStatus,
        /// Octets to be read with `AT+HTTPREAD`.
        length: u32,
    },
    /// `+FTPGET: 1,…`
    FtpGet(FtpEvent),
    /// `+FTPPUT: 1,…`
    FtpPut(FtpEvent),
    /// `+FTPLIST: 1,…`
    FtpList(FtpEvent),
    /// `+FTPSIZE: 1,<result>[,<size>]`
    FtpSize {
        /// How the session ended.
        code: FtpCode,
        /// The size in octets; firmware also prints 0 beside an error.
        size: Option<u64>,
    },
    /// `+FTPDELE: 1,<result>`
    FtpDelete(FtpCode),
    /// `+FTPMKD: 1,<result>`
    FtpMakeDirectory(FtpCode),
    /// `+FTPRMD: 1,<result>`
    FtpRemoveDirectory(FtpCode),
    /// `+FTPRENAME: 1,<result>` (field log)
    FtpRename(FtpCode),
    /// `+FTPEXTGET: 1,<result>`
    FtpExtGet(FtpCode),
    /// `+FTPGETTOFS: 0,<total>` or `+FTPGETTOFS: <error>`
    FtpGetToFs(FsTransfer),
    /// `+FTPPUTFRMFS: 0,<total>` or `+FTPPUTFRMFS: <error>`
    FtpPutFromFs(FsTransfer),
    /// The lines of the TCP command set: `CONNECT OK`, `CLOSED`, `SEND OK`, `+CIPRXGET: …` and their kin. What those of several
    /// connections say is a [`ConnectionEvent`](crate::ConnectionEvent), the answer to `AT+CDNSGIP` a
    /// [`LookedUp`](crate::LookedUp).
    Tcp(Line<'a>),

    /// `RING`
    Ring,
    /// `+CRING`, `+CLIP`, `+CCWA`, `+COLP`, `+CR`, `+CSSI`, `+CSSU`, `+CLCC`, `MO RING`, `MO CONNECTED`, `+CDRIND`,
    /// `+CCWV`, `+DTMF`, `NO CARRIER`, `BUSY`, `NO ANSWER`: what happens to a call.
    Call(Line<'a>),
    /// `+CMTI: "<memory>",<index>`: a short message was stored.
    MessageStored(Line<'a>),
    /// `+CMT: …`, `+CBM: …`, `+CDS: …`: the head of a short message, broadcast or report routed to the line. Its text
    /// follows as a [`Continuation`](sim800_parser::Event::Continuation).
    MessageHead(Line<'a>),
    /// `+CUSD: <n>[,"<text>"[,<dcs>]]`
    Ussd(Line<'a>),
    /// `+CSMINS`, `+STKPCI`: what happens to the SIM card.
    Sim(Line<'a>),
    /// Temperature, audio, alarm, mail and other services: `+CMTE`, `+CREC`, `ALARM RING`, `+SMTPSEND`, ….
    Service(Line<'a>),

    /// Any other line.
    Other(Line<'a>),
}

/// Why the module switched itself off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PowerDownCause {
    /// By command or key.
    Normal,
    /// The supply fell below 3.39 V (hardware design 4.2.2.3).
    UnderVoltage,
    /// The supply rose above 4.4 V (hardware design 4.2.2.3).
    OverVoltage,
}

/// What the module tells of its registration (manual 3.2.32, 7.2.10).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct RegistrationChange<'a> {
    /// How it stands.
    pub status: RegistrationStatus,
    /// Location area code and cell, in hexadecimal, where the module gives them.
    pub location: Option<(&'a str, &'a str)>,
}

/// What happens in an FTP session that moves data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FtpEvent {
    /// `1,1`: data can be read.
    Available,
    /// `1,1,<max>`: data can be sent, at most so many octets in one round.
    Writable {
        /// Octets. The note shows 1360; it depends on the network and may change from round to round.
        at_most: u32,
    },
    /// `1,<result>`: the session is over, well with [`FtpCode::DONE`].
    Ended(FtpCode),
}

/// How a transfer between the server and the module's file system ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FsTransfer {
    /// `0,<total>`: so many octets were moved.
    Done {
        /// Octets.
        total: u64,
    },
    /// `<error>`
    Failed(FtpCode),
}

impl<'a> From<Line<'a>> for Unsolicited<'a> {
    fn from(line: Line<'a>) -> Self {
        let typed = match line.text() {
            // A known name holds no colon, so its octets need not be looked at one by one.
            [b'+' | b'*', ..] => match line.split_at_colon() {
                Some((name, values)) => named(line, name, values),
                None => data(line),
            },
            text => plain(line, text),
        };
        typed.unwrap_or(Self::Other(line))
    }
}

impl Unsolicited<'_> {
    /// Whether the DCE follows this head with a line of free text.
    ///
    /// `+CDS` does so in PDU mode only, where its head is the length alone.
    #[must_use]
    pub fn takes_continuation(&self) -> bool {
        match self {
            Self::MessageHead(line) => line.name() != Some("+CDS") || line.values().count() == 1,
            _ => false,
        }
    }
}

/// The unsolicited lines of SIM800-series modules, for a [`Framer`](sim800_parser::Framer) or `Decoder`.
///
/// A driver that knows more lines has a dialect of its own, which asks this one first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Vocabulary;

impl Dialect for Vocabulary {
    fn is_unsolicited(&self, line: Line<'_>) -> bool {
        !matches!(Unsolicited::from(line), Unsolicited::Other(_))
    }

    /// Behind a number or `DEACT`.
    fn is_whole(&self, line: Line<'_>) -> bool {
        match Unsolicited::from(line) {
            Unsolicited::BearerDeactivated { .. } | Unsolicited::PdpDeactivated => true,
            Unsolicited::MessageHead(_) | Unsolicited::Other(_) => false,
            _ => line.values().all(|value| value.number().is_some()),
        }
    }

    #[inline]
    fn takes_continuation(&self, line: Line<'_>) -> bool {
        matches!(line.text(), [b'+', b'C', b'M' | b'B' | b'D', b'T' | b'M' | b'S', b':', ..])
            && Unsolicited::from(line).takes_continuation()
    }
}

impl fmt::Display for Unsolicited<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Ready => f.write_str("RDY"),
            Self::Functionality(level) => write!(f, "+CFUN: {level}"),
            Self::Pin(code) => {
                let mut values = Values::new(code.as_bytes());
                let is_bare = values.next() == Some(Value::Bare(code.as_bytes())) && values.next().is_none();
                f.write_str("+CPIN: ")?;
                if is_bare { printable(f, code.as_bytes()) } else { quoted(f, code) }
            }
            Self::CallReady => f.write_str("Call Ready"),
            Self::SmsReady => f.write_str("SMS Ready"),
            Self::PowerDown(PowerDownCause::Normal) => f.write_str("NORMAL POWER DOWN"),
            Self::PowerDown(PowerDownCause::UnderVoltage) => f.write_str("UNDER-VOLTAGE POWER DOWN"),
            Self::PowerDown(PowerDownCause::OverVoltage) => f.write_str("OVER-VOLTAGE POWER DOWN"),
            Self::UnderVoltage => f.write_str("UNDER-VOLTAGE WARNNING"),
            Self::OverVoltage => f.write_str("OVER-VOLTAGE WARNNING"),
            Self::ChargeOnly => f.write_str("CHARGE-ONLY MODE"),
            Self::Registration(registration) => write!(f, "+CREG: {registration}"),
            Self::GprsRegistration(registration) => write!(f, "+CGREG: {registration}"),
            Self::BearerDeactivated { cid } => write!(f, "+SAPBR {cid}: DEACT"),
            Self::PdpDeactivated => f.write_str("+PDP: DEACT"),
            Self::HttpAction { method, status, length } => {
                write!(f, "+HTTPACTION: {method},{},{length}", status.0)
            }
            Self::FtpGet(event) => write!(f, "+FTPGET: {event}"),
            Self::FtpPut(event) => write!(f, "+FTPPUT: {event}"),
            Self::FtpList(event) => write!(f, "+FTPLIST: {event}"),
            Self::FtpSize { code, size: Some(size) } => write!(f, "+FTPSIZE: 1,{},{size}", code.0),
            Self::FtpSize { code, size: None } => write!(f, "+FTPSIZE: 1,{}", code.0),
            Self::FtpDelete(code) => write!(f, "+FTPDELE: 1,{}", code.0),
            Self::FtpMakeDirectory(code) => write!(f, "+FTPMKD: 1,{}", code.0),
            Self::FtpRemoveDirectory(code) => write!(f, "+FTPRMD: 1,{}", code.0),
            Self::FtpRename(code) => write!(f, "+FTPRENAME: 1,{}", code.0),
            Self::FtpExtGet(code) => write!(f, "+FTPEXTGET: 1,{}", code.0),
            Self::FtpGetToFs(transfer) => write!(f, "+FTPGETTOFS: {transfer}"),
            Self::FtpPutFromFs(transfer) => write!(f, "+FTPPUTFRMFS: {transfer}"),
            Self::Ring => f.write_str("RING"),
            Self::Network(line)
            | Self::Tcp(line)
            | Self::Call(line)
            | Self::MessageStored(line)
            | Self::MessageHead(line)
            | Self::Ussd(line)
            | Self::Sim(line)
            | Self::Service(line)
            | Self::Other(line) => printable(f, line.text()),
        }
    }
}

/// The values of the line.
impl fmt::Display for RegistrationChange<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.status.number())?;
        let Some((area, cell)) = self.location else { return Ok(()) };
        f.write_char(',')?;
        quoted(f, area)?;
        f.write_char(',')?;
        quoted(f, cell)
    }
}

/// The values of the line.
impl fmt::Display for FtpEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Available => f.write_str("1,1"),
            Self::Writable { at_most } => write!(f, "1,1,{at_most}"),
            Self::Ended(code) => write!(f, "1,{}", code.0),
        }
    }
}

/// The values of the line.
impl fmt::Display for FsTransfer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Done { total } => write!(f, "0,{total}"),
            Self::Failed(code) => write!(f, "{}", code.0),
        }
    }
}

/// A value between quotation marks; one that holds such a mark stood without them.
fn quoted(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    if text.contains('"') {
        return printable(f, text.as_bytes());
    }
    f.write_char('"')?;
    printable(f, text.as_bytes())?;
    f.write_char('"')
}

/// The octets as characters, those that are not printable ASCII escaped.
fn printable(f: &mut fmt::Formatter<'_>, octets: &[u8]) -> fmt::Result {
    octets.iter().try_for_each(|octet| match octet {
        b' '..=b'~' => f.write_char(char::from(*octet)),
        _ => write!(f, "{}", octet.escape_ascii()),
    })
}

/// Lines that begin with `+` or `*`: told apart by name, then by their values.
fn named<'a>(line: Line<'a>, name: &[u8], mut values: Values<'a>) -> Option<Unsolicited<'a>> {
    Some(match name {
        b"+FTPGET" => Unsolicited::FtpGet(ftp_event(values)?),
        b"+FTPPUT" => Unsolicited::FtpPut(ftp_event(values)?),
        b"+HTTPACTION" => Unsolicited::HttpAction {
            method: values.next_number()?,
            status: HttpStatus(values.next_number()?),
            length: values.next_number()?,
        },
        b"+FTPLIST" => Unsolicited::FtpList(ftp_event(values)?),
        b"+FTPSIZE" => {
            Unsolicited::FtpSize { code: ftp_code(&mut values)?, size: values.next().and_then(Value::number) }
        }
        b"+FTPDELE" => Unsolicited::FtpDelete(ftp_code(&mut values)?),
        b"+FTPMKD" => Unsolicited::FtpMakeDirectory(ftp_code(&mut values)?),
        b"+FTPRMD" => Unsolicited::FtpRemoveDirectory(ftp_code(&mut values)?),
        b"+FTPRENAME" => Unsolicited::FtpRename(ftp_code(&mut values)?),
        b"+FTPEXTGET" => Unsolicited::FtpExtGet(ftp_code(&mut values)?),
        b"+FTPGETTOFS" => Unsolicited::FtpGetToFs(fs_transfer(values)?),
        b"+FTPPUTFRMFS" => Unsolicited::FtpPutFromFs(fs_transfer(values)?),
        b"+CREG" => Unsolicited::Registration(registration(values)?),
        b"+CGREG" => Unsolicited::GprsRegistration(registration(values)?),
        b"+CFUN" => Unsolicited::Functionality(values.next_number()?),
        b"+CPIN" => Unsolicited::Pin(values.next()?.text()?),
        b"+PDP" if values.remainder() == b"DEACT" => Unsolicited::PdpDeactivated,
        b"+CMTI" => Unsolicited::MessageStored(line),
        b"+CMT" | b"+CBM" | b"+CDS" => Unsolicited::MessageHead(line),
        b"+CUSD" => Unsolicited::Ussd(line),
        // Every other first value belongs to a response.
        b"+CIPRXGET" if values.next() != Some(Value::Number(1)) => return None,
        b"+CIPRXGET" => Unsolicited::Tcp(line),
        [b'+', b'S', b'A', b'P', b'B', b'R', b' ', cid @ ..] if values.remainder() == b"DEACT" => {
            let mut cids = Values::new(cid);
            let cid = cids.next_number()?;
            if cids.next().is_some() {
                return None;
            }
            Unsolicited::BearerDeactivated { cid }
        }
        _ if line.name().is_some_and(|name| name.starts_with("+POP3")) => Unsolicited::Service(line),
        _ => return listed(line, name),
    })
}

/// Lines that are words, or a name without `+`.
fn plain<'a>(line: Line<'a>, text: &'a [u8]) -> Option<Unsolicited<'a>> {
    match text {
        b"RING" => Some(Unsolicited::Ring),
        b"RDY" => Some(Unsolicited::Ready),
        b"Call Ready" => Some(Unsolicited::CallReady),
        b"SMS Ready" => Some(Unsolicited::SmsReady),
        [b'0'..=b'9', b',', rest @ ..] => {
            CONNECTION.contains(&rest.trim_ascii()).then_some(Unsolicited::Tcp(line))
        }
        text if text.starts_with(b"DST:") => Some(Unsolicited::Network(line)),
        text if TOLD.iter().any(|begin| text.starts_with(begin)) => Some(Unsolicited::Tcp(line)),
        text => listed(line, text),
    }
}

/// `1,<result>`: every other first value belongs to a response.
fn ftp_code(values: &mut Values<'_>) -> Option<FtpCode> {
    match values.next()? {
        Value::Number(1) => values.next_number().map(FtpCode),
        _ => None,
    }
}

fn ftp_event(mut values: Values<'_>) -> Option<FtpEvent> {
    let code = ftp_code(&mut values)?;
    Some(match (code.0, values.next()) {
        (1, None) => FtpEvent::Available,
        (1, Some(at_most)) => FtpEvent::Writable { at_most: at_most.number()?.try_into().ok()? },
        _ => FtpEvent::Ended(code),
    })
}

/// One value is an error, two are zero and a total; the response of the read form has other counts.
fn fs_transfer(mut values: Values<'_>) -> Option<FsTransfer> {
    let first = values.next()?.number()?;
    match (first, values.next()) {
        (0, Some(total)) => Some(FsTransfer::Done { total: total.number()? }),
        (1.., None) => Some(FsTransfer::Failed(FtpCode(first.try_into().ok()?))),
        _ => None,
    }
}

/// One value or three; the response of the read form has two or four.
fn registration<'a>(mut values: Values<'a>) -> Option<RegistrationChange<'a>> {
    let status = values.next_number::<u8>()?.into();
    let location = match (values.next(), values.next(), values.next()) {
        (None, ..) => None,
        (Some(area), Some(cell), None) => Some((area.text()?, cell.text()?)),
        _ => return None,
    };
    Some(RegistrationChange { status, location })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(text: &str) -> Unsolicited<'_> {
        Line::new(text.as_bytes()).into()
    }

    fn is_other(text: &str) -> bool {
        matches!(typed(text), Unsolicited::Other(_))
    }

    #[test]
    fn start_and_power() {
        assert_eq!(typed("RDY"), Unsolicited::Ready);
        assert_eq!(typed("+CFUN: 1"), Unsolicited::Functionality(1));
        assert_eq!(typed("+CFUN:1"), Unsolicited::Functionality(1));
        assert_eq!(typed("+CPIN: NOT INSERTED"), Unsolicited::Pin("NOT INSERTED"));
        assert_eq!(typed("UNDER-VOLTAGE WARNNING"), Unsolicited::UnderVoltage);
        assert_eq!(typed("UNDER-VOLTAGE POWER DOWN"), Unsolicited::PowerDown(PowerDownCause::UnderVoltage));
    }

    #[test]
    fn sessions() {
        assert_eq!(typed("+SAPBR 1: DEACT"), Unsolicited::BearerDeactivated { cid: 1 });
        assert!(is_other("+SAPBR: 1,1,\"10.0.0.1\""));
        assert_eq!(
            typed("+HTTPACTION: 0, 200,14384"),
            Unsolicited::HttpAction { method: 0, status: HttpStatus(200), length: 14384 }
        );
        assert_eq!(typed("+FTPGET:1,0"), Unsolicited::FtpGet(FtpEvent::Ended(FtpCode::DONE)));
        assert_eq!(typed("+FTPGET: 1,1"), Unsolicited::FtpGet(FtpEvent::Available));
        assert_eq!(typed("+FTPGET: 1,72"), Unsolicited::FtpGet(FtpEvent::Ended(FtpCode::PASSWORD)));
        assert!(is_other("+FTPGET: 2,50"));
        assert_eq!(typed("+FTPPUT: 1,1,1360"), Unsolicited::FtpPut(FtpEvent::Writable { at_most: 1360 }));
        assert_eq!(
            typed("+FTPSIZE: 1,0,1024"),
            Unsolicited::FtpSize { code: FtpCode::DONE, size: Some(1024) }
        );
        assert_eq!(typed("+FTPSIZE: 1,77"), Unsolicited::FtpSize { code: FtpCode::OPERATE, size: None });
        assert_eq!(typed("+FTPSIZE: 1,77,0"), Unsolicited::FtpSize { code: FtpCode::OPERATE, size: Some(0) });
    }

    #[test]
    fn read_forms_are_told_apart() {
        assert_eq!(
            typed("+FTPGETTOFS: 0,174125"),
            Unsolicited::FtpGetToFs(FsTransfer::Done { total: 174_125 })
        );
        assert_eq!(
            typed("+FTPGETTOFS: 85"),
            Unsolicited::FtpGetToFs(FsTransfer::Failed(FtpCode::FILE_SYSTEM))
        );
        assert!(is_other("+FTPGETTOFS: 1,174125,163900"));
        assert!(is_other("+FTPGETTOFS: 0"));
        assert!(is_other("+FTPPUTFRMFS: 1,68160"));
        assert_eq!(
            typed("+CREG: 1,\"00C3\",\"1A2B\""),
            Unsolicited::Registration(RegistrationChange {
                status: RegistrationStatus::Home,
                location: Some(("00C3", "1A2B"))
            })
        );
        assert_eq!(
            typed("+CGREG: 5"),
            Unsolicited::GprsRegistration(RegistrationChange {
                status: RegistrationStatus::Roaming,
                location: None
            })
        );
        assert!(is_other("+CREG: 0,1"));
        assert!(is_other("+CREG: 2,1,\"00C3\",\"1A2B\""));
    }

    #[test]
    fn heads_of_two_lines() {
        assert!(typed("+CMT: \"+491\",\"\",\"24/07/24,14:04:19+08\"").takes_continuation());
        assert!(typed("+CBM: 88").takes_continuation());
        assert!(typed("+CDS: 25").takes_continuation());
        assert!(!typed("+CDS: 6,202,\"+491\",145,\"x\",\"y\",0").takes_continuation());
        assert!(!typed("+CMTI: \"SM\",3").takes_continuation());
    }

    #[test]
    fn others() {
        assert!(matches!(typed("+CIEV: 10,\"26003\",\"Orange\",\"Orange\", 0, 0"), Unsolicited::Network(_)));
        assert!(matches!(typed("0, CONNECT OK"), Unsolicited::Tcp(_)));
        assert!(matches!(typed("+IPD,5:hello"), Unsolicited::Tcp(_)));
        assert!(matches!(typed("+RECEIVE,0,5:"), Unsolicited::Tcp(_)));
        assert!(is_other("861234567890123"));
        assert!(is_other("garbage"));
    }

    #[test]
    fn text_reads_back() {
        extern crate std;
        use std::string::ToString;

        for (line, canonical) in [
            ("RDY", "RDY"),
            ("+CFUN:1", "+CFUN: 1"),
            ("+CPIN: SIM PIN", "+CPIN: SIM PIN"),
            ("+CPIN: \"READY\"", "+CPIN: READY"),
            ("+CPIN: \"12\"", "+CPIN: \"12\""),
            ("+CPIN: \"a,b\"", "+CPIN: \"a,b\""),
            ("+CPIN: a\"b", "+CPIN: a\"b"),
            ("Call Ready", "Call Ready"),
            ("SMS Ready", "SMS Ready"),
            ("NORMAL POWER DOWN", "NORMAL POWER DOWN"),
            ("UNDER-VOLTAGE POWER DOWN", "UNDER-VOLTAGE POWER DOWN"),
            ("OVER-VOLTAGE POWER DOWN", "OVER-VOLTAGE POWER DOWN"),
            ("UNDER-VOLTAGE WARNING", "UNDER-VOLTAGE WARNNING"),
            ("OVER-VOLTAGE WARNING", "OVER-VOLTAGE WARNNING"),
            ("CHARGE-ONLY MODE", "CHARGE-ONLY MODE"),
            ("+CREG:1, 00C3,\"1A2B\"", "+CREG: 1,\"00C3\",\"1A2B\""),
            ("+CGREG: 5,a\"b,\"\"", "+CGREG: 5,a\"b,\"\""),
            ("+CGREG: 02", "+CGREG: 2"),
            ("+SAPBR 1 : DEACT", "+SAPBR 1: DEACT"),
            ("+PDP:DEACT", "+PDP: DEACT"),
            ("+HTTPACTION:0, 200,14384", "+HTTPACTION: 0,200,14384"),
            ("+HTTPACTION: 1,603,0", "+HTTPACTION: 1,603,0"),
            ("+FTPGET:1,1", "+FTPGET: 1,1"),
            ("+FTPPUT: 1,1,1360", "+FTPPUT: 1,1,1360"),
            ("+FTPLIST: 1,77", "+FTPLIST: 1,77"),
            ("+FTPSIZE: 1,0,1024", "+FTPSIZE: 1,0,1024"),
            ("+FTPSIZE: 1,77", "+FTPSIZE: 1,77"),
            ("+FTPDELE: 1,0", "+FTPDELE: 1,0"),
            ("+FTPMKD: 1,0", "+FTPMKD: 1,0"),
            ("+FTPRMD: 1,0", "+FTPRMD: 1,0"),
            ("+FTPRENAME: 1,0", "+FTPRENAME: 1,0"),
            ("+FTPEXTGET: 1,0", "+FTPEXTGET: 1,0"),
            ("+FTPGETTOFS: 0,174125", "+FTPGETTOFS: 0,174125"),
            ("+FTPPUTFRMFS: 85", "+FTPPUTFRMFS: 85"),
            ("RING", "RING"),
            ("+CMTI: \"SM\",3", "+CMTI: \"SM\",3"),
            ("a \\ b", "a \\ b"),
        ] {
            let first = typed(line);
            assert_eq!(first.to_string(), canonical, "{line}");
            assert_eq!(typed(canonical), first, "{line}");
        }
        assert_eq!(typed("\0\u{e9}x").to_string(), "\\x00\\xc3\\xa9x");
        assert_eq!(typed("+CPIN: \u{e9}").to_string(), "+CPIN: \\xc3\\xa9");
    }
}
