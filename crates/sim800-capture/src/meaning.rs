//! What lines mean, for people.

mod command;

use std::str;

use http::StatusCode;
use sim800_command::{
    Acknowledgement, Battery, BearerState, Cbc, CgattRead, Charging, Command, ConnectionEvent,
    ConnectionState, ConnectionStatus, Csq, FsTransfer, FtpActivity, FtpCode, FtpEvent, FtpExtGetProgress,
    FtpGetToFsProgress, FtpPutFrmFsProgress, FtpState, HttpActivity, HttpMethod, HttpProgress, HttpStatus,
    HttpStatusRead, Id, Information, Location, LookedUp, POWER_UP, PowerDownCause, RegistrationChange,
    RegistrationStatus, Spic, Unsolicited, UtcTime,
};
use sim800_parser::{FinalResultCode, Line, Value};

use crate::event::Event;
use crate::payload::Sum;

pub(crate) use command::command;

/// Of an echo whose command was seen.
pub(crate) const ECHO: &str = "the module repeats the command";

/// What an event means, and whether that is bad.
#[derive(Debug, Default)]
pub(crate) struct Meaning {
    text: Option<String>,
    is_error: bool,
}

impl Meaning {
    pub(crate) fn of(text: impl Into<String>) -> Self {
        Self { text: Some(text.into()), is_error: false }
    }

    pub(crate) fn error(text: impl Into<String>) -> Self {
        Self { is_error: true, ..Self::of(text) }
    }

    /// This, or another where there is none.
    pub(crate) fn or_else(self, other: impl FnOnce() -> Self) -> Self {
        if self.text.is_some() || self.is_error { self } else { other() }
    }

    fn error_if(is_error: bool, text: impl Into<String>) -> Self {
        Self { is_error, ..Self::of(text) }
    }

    pub(crate) fn give(self, event: Event) -> Event {
        Event { meaning: self.text, is_error: self.is_error, ..event }
    }
}

pub(crate) fn result(code: FinalResultCode, in_flight: bool) -> Meaning {
    match code {
        FinalResultCode::Cme(error) => Meaning::error(error.to_string()),
        FinalResultCode::Cms(error) => Meaning::error(error.to_string()),
        FinalResultCode::Ok | FinalResultCode::Connect if in_flight => Meaning::default(),
        FinalResultCode::Ok | FinalResultCode::Connect => Meaning::of("no command is in flight"),
        FinalResultCode::Error => Meaning::error("refused, without a reason"),
        _ => Meaning { is_error: true, ..Meaning::default() },
    }
}

/// `follow` octets of payload come next.
pub(crate) fn information(line: Line<'_>, follow: u32) -> Meaning {
    if follow > 0 {
        return Meaning::of(format!("{follow} octets follow"));
    }
    known_information(line).unwrap_or_default()
}

fn known_information(line: Line<'_>) -> Option<Meaning> {
    let lines = [line];
    let number = |place| line.values().nth(place).and_then(Value::number);
    Some(Meaning::of(match Id::from_name(line.name()?)? {
        Id::Csq => match Csq.response(&lines).ok()?.dbm() {
            Some(dbm) => format!("{dbm} dBm"),
            None => "signal not known".to_owned(),
        },
        Id::Cbc => battery(Cbc.response(&lines).ok()?)?,
        Id::Creg | Id::Cgreg => {
            RegistrationStatus::from(u8::try_from(number(1)?).ok()?).description()?.to_owned()
        }
        Id::Cgatt if CgattRead.response(&lines).ok()? => "attached to GPRS".to_owned(),
        Id::Cgatt => "not attached to GPRS".to_owned(),
        Id::Cpin => return Some(pin(str::from_utf8(line.parameters()).ok()?)),
        Id::Spic => match Spic.response(&lines).ok()?.pin {
            0 => "no try is left for the PIN".to_owned(),
            1 => "one try is left for the PIN".to_owned(),
            tries => format!("{tries} tries are left for the PIN"),
        },
        Id::Cfun => functionality(number(0)?)?.to_owned(),
        Id::Sapbr => {
            // Some firmware leaves out the address that a bearer does not have.
            let state = match BearerState::from(u8::try_from(number(1)?).ok()?) {
                BearerState::Connecting => "being opened",
                BearerState::Connected => "open",
                BearerState::Closing => "being closed",
                BearerState::Closed => "closed",
                _ => return None,
            };
            format!("the bearer is {state}")
        }
        Id::CipGsmLoc => return location(&lines),
        Id::CipAck => {
            let Acknowledgement { acknowledged, under_way, .. } = Acknowledgement::decode(&lines)?;
            format!("{acknowledged} octets have arrived, {under_way} are under way")
        }
        Id::CipStatus => format!("the connection is {}", connection(&ConnectionStatus::decode(&lines)?)?),
        Id::CipRxGet => {
            // The connection comes first where there are several.
            match (number(0)?, line.values().count()) {
                (2, 3) if number(1)? == 0 => "nothing to read".to_owned(),
                (2, 4) if number(2)? == 0 => "nothing to read".to_owned(),
                (4, count @ (2 | 3)) => format!("{} octets to read", number(count - 1)?),
                _ => return None,
            }
        }
        Id::HttpStatus => http_progress(&HttpStatusRead.response(&lines).ok()?)?,
        Id::FtpState => match FtpState.response(&lines).ok()? {
            FtpActivity::Idle => "no FTP session runs".to_owned(),
            FtpActivity::Running => "an FTP session runs".to_owned(),
            _ => return None,
        },
        Id::FsFlSize => format!("the file has {} octets", number(0)?),
        Id::FtpExtGet if number(0) == Some(3) && number(1) == Some(0) => "nothing to read".to_owned(),
        Id::FtpExtGet => match FtpExtGetProgress::decode(&lines)? {
            FtpExtGetProgress::Idle => "no extended download runs".to_owned(),
            FtpExtGetProgress::Running { received } => format!("running, {received} octets so far"),
            _ => return None,
        },
        Id::FtpGetToFs => match FtpGetToFsProgress::decode(&lines)? {
            FtpGetToFsProgress::Idle => "no download runs".to_owned(),
            FtpGetToFsProgress::Running { received, written } => {
                format!("running, {received} octets so far, {written} of them in the file")
            }
            _ => return None,
        },
        Id::FtpPutFrmFs => match FtpPutFrmFsProgress::decode(&lines)? {
            FtpPutFrmFsProgress::Idle => "no upload runs".to_owned(),
            FtpPutFrmFsProgress::Running { sent } => format!("running, {sent} octets so far"),
            _ => return None,
        },
        Id::FtpGet | Id::FtpList if number(1) == Some(0) => "nothing to read".to_owned(),
        _ => return None,
    }))
}

/// `open to 93.184.215.14, port 80`
fn connection(status: &ConnectionStatus<'_>) -> Option<String> {
    let state = match status.state {
        ConnectionState::Initial => return Some("not used yet".to_owned()),
        ConnectionState::Connecting => "being opened",
        ConnectionState::Connected => "open",
        ConnectionState::RemoteClosing => "being closed by the server",
        ConnectionState::Closing => "being closed",
        ConnectionState::Closed => "closed",
        _ => return None,
    };
    Some(format!("{state}, to {}, port {}", status.address?, status.port?))
}

/// `82 % at 4.010 V, not charging`
fn battery(battery: Battery) -> Option<String> {
    let charging = match battery.charging {
        Charging::No => "not charging",
        Charging::Yes => "charging",
        Charging::Finished => "charged",
        _ => return None,
    };
    let (volts, millivolts) = (battery.millivolts / 1000, battery.millivolts % 1000);
    Some(format!("{} % at {volts}.{millivolts:03} V, {charging}", battery.level))
}

/// `longitude -74.007729, latitude 40.730160, 2015-10-15 19:24:55 UTC`; of the time alone, that.
fn location(lines: &[Line<'_>]) -> Option<Meaning> {
    let (place, time) = match Result::<Location, HttpStatus>::decode(lines) {
        Some(Ok(Location { longitude, latitude, time, .. })) => {
            (format!("longitude {}, latitude {}, ", degrees(longitude), degrees(latitude)), time)
        }
        Some(Err(code)) => return Some(Meaning::error(format!("nothing was found out: {code}"))),
        None => (String::new(), Result::<UtcTime, HttpStatus>::decode(lines)?.ok()?),
    };
    let UtcTime { year, month, day, hour, minute, second, .. } = time;
    Some(Meaning::of(format!("{place}{year}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02} UTC")))
}

/// `-74.007729`
fn degrees(millionths: i32) -> String {
    let sign = if millionths < 0 { "-" } else { "" };
    let size = millionths.unsigned_abs();
    format!("{sign}{}.{:06}", size / 1_000_000, size % 1_000_000)
}

/// `POST, receiving: 0 octets done, 241 left`
fn http_progress(progress: &HttpProgress) -> Option<String> {
    let method = match progress.method {
        Some(HttpMethod::Get) => "GET, ",
        Some(HttpMethod::Post) => "POST, ",
        Some(HttpMethod::Head) => "HEAD, ",
        Some(HttpMethod::Delete) => "DELETE, ",
        _ => "",
    };
    let activity = match progress.activity {
        HttpActivity::Idle => "idle",
        HttpActivity::Receiving => "receiving",
        HttpActivity::Sending => "sending",
        _ => return None,
    };
    let HttpProgress { finished, remaining, .. } = progress;
    Some(format!("{method}{activity}: {finished} octets done, {remaining} left"))
}

fn functionality(level: u64) -> Option<&'static str> {
    Some(match level {
        0 => "minimum functionality",
        1 => "full functionality",
        4 => "the radio is off",
        _ => return None,
    })
}

pub(crate) fn prompt(asked: Option<u64>) -> Meaning {
    match asked {
        Some(octets) => Meaning::of(format!("the module takes {octets} octets")),
        None => Meaning::of("the module takes payload"),
    }
}

/// Payload that is over, and what is known to be wrong with it.
pub(crate) fn payload(sum: &Sum, fault: Option<&str>) -> Meaning {
    let missing = sum.is_short().then(|| format!("{} octets are missing", sum.missing()));
    let parts: Vec<&str> = [missing.as_deref(), fault].into_iter().flatten().collect();
    if parts.is_empty() { Meaning::default() } else { Meaning::error(parts.join("; ")) }
}

/// `raw` is the line as it came, noise included; so many octets `follow` it.
pub(crate) fn unsolicited(raw: &[u8], line: Line<'_>, follow: u32) -> Meaning {
    if follow > 0 {
        return Meaning::of(format!("{follow} octets of a connection follow"));
    }
    if raw.windows(POWER_UP.len()).any(|window| window == POWER_UP) {
        return Meaning::error("the octets of a module that is switched on");
    }
    match Unsolicited::from(line) {
        Unsolicited::Ready => Meaning::of("the module has started"),
        Unsolicited::Functionality(level) => {
            functionality(level.into()).map_or_else(Meaning::default, Meaning::of)
        }
        Unsolicited::Pin(code) => pin(code),
        Unsolicited::CallReady => Meaning::of("calls can be made"),
        Unsolicited::SmsReady => Meaning::of("short messages can be sent"),
        Unsolicited::PowerDown(PowerDownCause::UnderVoltage) => {
            Meaning::error("the module switches itself off: the supply voltage fell")
        }
        Unsolicited::PowerDown(PowerDownCause::OverVoltage) => {
            Meaning::error("the module switches itself off: the supply voltage rose")
        }
        Unsolicited::PowerDown(_) => Meaning::of("the module switches itself off"),
        Unsolicited::UnderVoltage => Meaning::error("the supply voltage is low"),
        Unsolicited::OverVoltage => Meaning::error("the supply voltage is high"),
        Unsolicited::ChargeOnly => Meaning::of("the module does nothing but charge its battery"),
        Unsolicited::Registration(registration) => registration_of("network", registration),
        Unsolicited::GprsRegistration(registration) => registration_of("GPRS", registration),
        Unsolicited::BearerDeactivated { cid } => Meaning::error(format!("the network closed bearer {cid}")),
        Unsolicited::PdpDeactivated => Meaning::error("the network closed the bearer"),
        Unsolicited::HttpAction { method, status, length } => http_action(method, status, length),
        Unsolicited::FtpGet(event) => ftp("download", "read", event),
        Unsolicited::FtpPut(event) => ftp("upload", "sent", event),
        Unsolicited::FtpList(event) => ftp("listing", "read", event),
        Unsolicited::FtpSize { code: FtpCode::DONE, size: Some(size) } => {
            Meaning::of(format!("the file has {size} octets"))
        }
        Unsolicited::FtpSize { code, .. } => ended("asking for the size", code),
        Unsolicited::FtpDelete(code) => ended("deleting", code),
        Unsolicited::FtpMakeDirectory(code) => ended("making a directory", code),
        Unsolicited::FtpRemoveDirectory(code) => ended("removing a directory", code),
        Unsolicited::FtpRename(code) => ended("renaming", code),
        Unsolicited::FtpExtGet(code) => ended("the extended download", code),
        Unsolicited::FtpGetToFs(transfer) => stored("the download", transfer),
        Unsolicited::FtpPutFromFs(transfer) => stored("the upload", transfer),
        Unsolicited::Ring => Meaning::of("a call comes in"),
        Unsolicited::Call(_) => Meaning::of("news of a call"),
        Unsolicited::Network(_) => Meaning::of("news of the network"),
        Unsolicited::Tcp(line) => tcp(line),
        Unsolicited::MessageStored(_) => Meaning::of("a short message was stored"),
        Unsolicited::MessageHead(_) => Meaning::of("a short message"),
        Unsolicited::Ussd(_) => Meaning::of("news of a network service (USSD)"),
        Unsolicited::Sim(_) => Meaning::of("news of the SIM card"),
        Unsolicited::Service(_) => Meaning::of("news of a service of the module"),
        _ if raw.iter().any(|octet| !matches!(octet, b' '..=b'~' | b'\r' | b'\n' | b'\t')) => {
            Meaning::error("noise, or payload whose beginning is missing")
        }
        _ => Meaning::default(),
    }
}

fn tcp(line: Line<'_>) -> Meaning {
    let of_several =
        ConnectionEvent::read(line).map(|(number, event)| (format!("connection {number}"), event));
    let single = || ConnectionEvent::read_single(line).map(|event| ("the connection".to_owned(), event));
    let Some((connection, event)) = of_several.or_else(single) else {
        return match LookedUp::read(line) {
            Some(LookedUp::Found { .. }) => Meaning::of("a host was looked up"),
            Some(LookedUp::Failed(_)) => Meaning::error("a host could not be looked up"),
            _ => Meaning::of("news of a TCP connection"),
        };
    };
    match event {
        ConnectionEvent::Connected => Meaning::of(format!("{connection} is open")),
        ConnectionEvent::Failed => Meaning::error(format!("{connection} could not be made")),
        ConnectionEvent::AlreadyConnected => Meaning::error(format!("{connection} is open already")),
        ConnectionEvent::Closed => Meaning::of(format!("{connection} was closed")),
        ConnectionEvent::Readable => Meaning::of(format!("{connection}: octets can be read")),
        _ => Meaning::of("news of a TCP connection"),
    }
}

fn pin(code: &str) -> Meaning {
    match code {
        "READY" => Meaning::of("the SIM card is ready"),
        "NOT READY" => Meaning::of("the SIM card is not ready"),
        "NOT INSERTED" => Meaning::error("there is no SIM card"),
        "SIM PIN" => Meaning::error("the SIM card asks for its PIN"),
        "SIM PUK" => Meaning::error("the SIM card asks for its PUK"),
        _ => Meaning::default(),
    }
}

fn registration_of(what: &str, registration: RegistrationChange<'_>) -> Meaning {
    match registration.status.description() {
        Some(state) => {
            let is_denied = registration.status == RegistrationStatus::Denied;
            Meaning::error_if(is_denied, format!("{what}: {state}"))
        }
        None => Meaning::default(),
    }
}

fn http_action(method: u8, status: HttpStatus, length: u32) -> Meaning {
    let method = HttpMethod::from_number(method).map_or("method", HttpMethod::name);
    let reason = StatusCode::from_u16(status.0).ok().and_then(|code| code.canonical_reason());
    let text = match reason {
        Some(reason) if !status.is_module_error() => format!("{method}: {} {reason}", status.0),
        _ => format!("{method}: {status}"),
    };
    Meaning::error_if(status.0 >= 400, format!("{text}, {length} octets to read"))
}

fn ftp(what: &str, done: &str, event: FtpEvent) -> Meaning {
    match event {
        FtpEvent::Available => Meaning::of(format!("{what}: octets can be {done}")),
        FtpEvent::Writable { at_most } => {
            Meaning::of(format!("{what}: up to {at_most} octets can be {done}"))
        }
        FtpEvent::Ended(code) => ended(&format!("the {what}"), code),
        _ => Meaning::default(),
    }
}

fn ended(what: &str, code: FtpCode) -> Meaning {
    match code {
        FtpCode::DONE => Meaning::of(format!("{what} is done")),
        FtpCode::QUIT => Meaning::of(format!("{what} ended: it was quit")),
        code => Meaning::error(format!("{what} ended: {code}")),
    }
}

fn stored(what: &str, transfer: FsTransfer) -> Meaning {
    match transfer {
        FsTransfer::Done { total } => Meaning::of(format!("{what} is done: {total} octets")),
        FsTransfer::Failed(code) => ended(what, code),
        _ => Meaning::default(),
    }
}
