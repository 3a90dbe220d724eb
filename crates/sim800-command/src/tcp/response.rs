//! What the commands of sockets and of their context answer.

use core::net::Ipv4Addr;

use sim800_parser::Ending;

use super::Transport;
use crate::connection::of_connection;
use crate::information::text;
use crate::{Claim, FinalResultCode, Information, Line, Value, Values};

/// Whose octets `AT+CIPSEND` took, and how many.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub struct Accepted {
    /// The connection; `None` where there is a single one.
    pub connection: Option<u8>,
    /// How many octets; `None` where the server has all of them (`SEND OK`).
    pub length: Option<u16>,
}

impl<'a> Information<'a> for Accepted {
    const SHAPE: &'static str = "DATA ACCEPT:[<connection>,]<length>, or [<connection>, ]SEND OK";
    const VALUES: &'static [(&'static str, &'static str)] = &[
        ("connection", "0 to 5; not there for a single one"),
        ("length", "bytes that the module has taken"),
    ];
    const ENDING: Option<Ending> = Some(Ending::OneOf(|line| match words(line) {
        (_, b"SEND OK") => Some(FinalResultCode::Ok),
        (_, b"SEND FAIL") => Some(FinalResultCode::Error),
        _ => line.text().starts_with(ACCEPT).then_some(FinalResultCode::Ok),
    }));

    fn claim(_name: &'static str) -> Claim {
        Claim::None
    }

    fn decode(lines: &[Line<'a>]) -> Option<Self> {
        let line = lines.last()?;
        if let (connection, b"SEND OK") = words(*line) {
            return Some(Self { connection, length: None });
        }
        let mut values = Values::new(line.text().strip_prefix(ACCEPT)?);
        let connection = match values.count() {
            1 => None,
            2 => Some(values.next_number()?),
            _ => return None,
        };
        Some(Self { connection, length: Some(values.next_number()?) })
    }
}

const ACCEPT: &[u8] = b"DATA ACCEPT:";

/// The connection that a line is about, if it names one, and what it says of it.
fn words(line: Line<'_>) -> (Option<u8>, &[u8]) {
    match of_connection(line) {
        Some((connection, words)) => (Some(connection), words),
        None => (None, line.text()),
    }
}

/// How much of what was sent over a connection has arrived.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[non_exhaustive]
pub struct Acknowledgement {
    /// Octets that the module has taken.
    pub sent: u64,
    /// Those of them that the server has acknowledged.
    pub acknowledged: u64,
    /// Those that it has not.
    pub under_way: u64,
}

impl<'a> Information<'a> for Acknowledgement {
    const SHAPE: &'static str = "<sent>,<acknowledged>,<not acknowledged>";
    const VALUES: &'static [(&'static str, &'static str)] = &[
        ("sent", "bytes that the module has taken"),
        ("acknowledged", "bytes that the server has"),
        ("not acknowledged", "bytes that are under way"),
    ];
    const EXAMPLE: &'static str = ": 22,20,2";

    fn accepts(values: Values<'_>) -> bool {
        values.count() == 3
    }

    fn decode(lines: &[Line<'a>]) -> Option<Self> {
        let mut values = lines.first()?.values();
        let told = Self {
            sent: values.next_number()?,
            acknowledged: values.next_number()?,
            under_way: values.next_number()?,
        };
        (told.acknowledged.checked_add(told.under_way)? == told.sent).then_some(told)
    }
}

/// Which connection was closed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub struct Closed {
    /// The connection; `None` where there is a single one.
    pub connection: Option<u8>,
}

impl<'a> Information<'a> for Closed {
    const SHAPE: &'static str = "[<connection>, ]CLOSE OK";
    const VALUES: &'static [(&'static str, &'static str)] =
        &[("connection", "0 to 5; not there for a single one")];
    const ENDING: Option<Ending> =
        Some(Ending::OneOf(|line| (words(line).1 == b"CLOSE OK").then_some(FinalResultCode::Ok)));

    fn claim(_name: &'static str) -> Claim {
        Claim::None
    }

    fn decode(lines: &[Line<'a>]) -> Option<Self> {
        Some(Self { connection: words(*lines.last()?).0 })
    }
}

/// The context is closed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub struct Shut;

impl<'a> Information<'a> for Shut {
    const SHAPE: &'static str = "SHUT OK";
    const ENDING: Option<Ending> =
        Some(Ending::OneOf(|line| (line.text() == b"SHUT OK").then_some(FinalResultCode::Ok)));

    fn claim(_name: &'static str) -> Claim {
        Claim::None
    }

    fn decode(_lines: &[Line<'a>]) -> Option<Self> {
        Some(Self)
    }
}

/// The address that the network gave to the context.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub struct ContextAddress {
    /// The address.
    pub address: Ipv4Addr,
}

impl<'a> Information<'a> for ContextAddress {
    const SHAPE: &'static str = "<address>";
    const VALUES: &'static [(&'static str, &'static str)] =
        &[("address", "the IP address; no OK follows it")];
    const ENDING: Option<Ending> =
        Some(Ending::OneOf(|line| dotted(line).is_some().then_some(FinalResultCode::Ok)));

    fn claim(_name: &'static str) -> Claim {
        Claim::None
    }

    fn decode(lines: &[Line<'a>]) -> Option<Self> {
        dotted(*lines.last()?).map(|address| Self { address })
    }
}

fn dotted(line: Line<'_>) -> Option<Ipv4Addr> {
    text(line)?.parse().ok()
}

/// How the context stands.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub struct ContextState<'a> {
    /// In the module's words: `IP INITIAL`, `IP START`, `IP CONFIG`, `IP GPRSACT`, `IP STATUS`, `IP PROCESSING`, `PDP DEACT`, and
    /// others where there is one connection only.
    pub state: &'a str,
}

impl<'a> Information<'a> for ContextState<'a> {
    const SHAPE: &'static str = "OK, then STATE: <state>";
    const VALUES: &'static [(&'static str, &'static str)] =
        &[("state", "such as `IP INITIAL`, `IP STATUS`, `IP PROCESSING`, `PDP DEACT`")];
    const ENDING: Option<Ending> =
        Some(Ending::OneOf(|line| line.text().starts_with(STATE).then_some(FinalResultCode::Ok)));

    fn claim(_name: &'static str) -> Claim {
        Claim::None
    }

    fn decode(lines: &[Line<'a>]) -> Option<Self> {
        let text = text(*lines.last()?)?.strip_prefix("STATE:")?;
        Some(Self { state: text.trim() })
    }
}

const STATE: &[u8] = b"STATE:";

/// How a connection stands.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub struct ConnectionStatus<'a> {
    /// The connection.
    pub connection: u8,
    /// What it speaks; `None` where it never connected.
    pub transport: Option<Transport>,
    /// Where it leads.
    pub address: Option<&'a str>,
    /// The server's port.
    pub port: Option<u16>,
    /// How it stands.
    pub state: ConnectionState,
}

/// How a connection stands.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum ConnectionState {
    /// It was not used yet.
    Initial,
    /// It is being connected.
    Connecting,
    /// It is connected.
    Connected,
    /// The server closes it.
    RemoteClosing,
    /// The module closes it.
    Closing,
    /// It is closed.
    Closed,
}

impl ConnectionState {
    fn from_words(words: &str) -> Option<Self> {
        Some(match words {
            "INITIAL" => Self::Initial,
            "CONNECTING" => Self::Connecting,
            "CONNECTED" => Self::Connected,
            "REMOTE CLOSING" => Self::RemoteClosing,
            "CLOSING" => Self::Closing,
            "CLOSED" => Self::Closed,
            _ => return None,
        })
    }
}

impl<'a> Information<'a> for ConnectionStatus<'a> {
    const SHAPE: &'static str = "<connection>,<bearer>,\"<transport>\",\"<address>\",\"<port>\",\"<state>\"";
    const VALUES: &'static [(&'static str, &'static str)] = &[
        ("connection", "0 to 5"),
        ("bearer", "empty where it was not used yet"),
        ("transport", "`TCP` or `UDP`"),
        ("address", "the server's IP address"),
        ("port", "the server's port"),
        ("state", "`INITIAL`, `CONNECTING`, `CONNECTED`, `REMOTE CLOSING`, `CLOSING` or `CLOSED`"),
    ];
    const EXAMPLE: &'static str = r#": 2,0,"TCP","93.184.215.14","80","CONNECTED""#;

    fn decode(lines: &[Line<'a>]) -> Option<Self> {
        let mut values = lines.first()?.values();
        let connection = values.next_number()?;
        let _bearer = values.next()?;
        let transport = match values.next()?.text()? {
            "TCP" => Some(Transport::Tcp),
            "UDP" => Some(Transport::Udp),
            _ => None,
        };
        let address = values.next()?.text().filter(|address| !address.is_empty());
        let port = values.next()?.text().and_then(|port| port.parse().ok());
        let state = ConnectionState::from_words(values.next()?.text()?)?;
        values.next().is_none().then_some(Self { connection, transport, address, port, state })
    }
}

/// The servers that names are looked up by.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub struct NameServers {
    /// The first; `None` where the network chooses it.
    pub primary: Option<Ipv4Addr>,
    /// The second.
    pub secondary: Option<Ipv4Addr>,
}

impl<'a> Information<'a> for NameServers {
    const SHAPE: &'static str = "PrimaryDns: <address>, then SecondaryDns: <address>";
    const VALUES: &'static [(&'static str, &'static str)] =
        &[("address", "an IP address, 0.0.0.0 where none is set")];

    fn claim(_name: &'static str) -> Claim {
        Claim::Text
    }

    fn decode(lines: &[Line<'a>]) -> Option<Self> {
        let server = |tag: &str| -> Option<Ipv4Addr> {
            let line = lines.iter().filter_map(|line| text(*line)).find_map(|line| line.strip_prefix(tag));
            line?.trim().parse().ok()
        };
        let set = |address: Ipv4Addr| Some(address).filter(|address| !address.is_unspecified());
        Some(Self { primary: set(server("PrimaryDns:")?), secondary: set(server("SecondaryDns:")?) })
    }
}

/// The header of octets that a server sent.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub struct Received {
    /// The connection.
    pub connection: u8,
    /// How many octets follow.
    pub length: u16,
    /// How many octets there are still to be read.
    pub left: u32,
}

impl<'a> Information<'a> for Received {
    const SHAPE: &'static str = "2,<connection>,<length>,<left>";
    const VALUES: &'static [(&'static str, &'static str)] = &[
        ("connection", "0 to 5"),
        ("length", "bytes that follow"),
        ("left", "bytes that there are still to be read"),
    ];
    const EXAMPLE: &'static str = ": 2,0,5,120";

    fn accepts(mut values: Values<'_>) -> bool {
        values.next() == Some(Value::Number(2)) && values.count() == 3
    }

    fn decode(lines: &[Line<'a>]) -> Option<Self> {
        let mut values = lines.first()?.values();
        let 2 = values.next_number::<u8>()? else { return None };
        let (connection, length, left) =
            (values.next_number()?, values.next_number()?, values.next_number()?);
        values.next().is_none().then_some(Self { connection, length, left })
    }
}

/// The header of octets that the server of the single connection sent.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub struct ReceivedSingle {
    /// How many octets follow.
    pub length: u16,
    /// How many octets there are still to be read.
    pub left: u32,
}

impl<'a> Information<'a> for ReceivedSingle {
    const SHAPE: &'static str = "2,<length>,<left>";
    const VALUES: &'static [(&'static str, &'static str)] =
        &[("length", "bytes that follow"), ("left", "bytes that there are still to be read")];
    const EXAMPLE: &'static str = ": 2,5,120";

    fn accepts(mut values: Values<'_>) -> bool {
        values.next() == Some(Value::Number(2)) && values.count() == 2
    }

    fn decode(lines: &[Line<'a>]) -> Option<Self> {
        let mut values = lines.first()?.values();
        let 2 = values.next_number::<u8>()? else { return None };
        let (length, left) = (values.next_number()?, values.next_number()?);
        values.next().is_none().then_some(Self { length, left })
    }
}

/// How many octets there are to be read.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub struct Readable {
    /// The connection.
    pub connection: u8,
    /// How many octets.
    pub left: u32,
}

impl<'a> Information<'a> for Readable {
    const SHAPE: &'static str = "4,<connection>,<left>";
    const VALUES: &'static [(&'static str, &'static str)] =
        &[("connection", "0 to 5"), ("left", "bytes that there are to be read")];

    fn accepts(mut values: Values<'_>) -> bool {
        values.next() == Some(Value::Number(4)) && values.count() == 2
    }

    fn decode(lines: &[Line<'a>]) -> Option<Self> {
        let mut values = lines.first()?.values();
        let 4 = values.next_number::<u8>()? else { return None };
        let (connection, left) = (values.next_number()?, values.next_number()?);
        values.next().is_none().then_some(Self { connection, left })
    }
}

/// How many octets there are to be read from the single connection.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub struct ReadableSingle {
    /// How many octets.
    pub left: u32,
}

impl<'a> Information<'a> for ReadableSingle {
    const SHAPE: &'static str = "4,<left>";
    const VALUES: &'static [(&'static str, &'static str)] = &[("left", "bytes that there are to be read")];

    fn accepts(mut values: Values<'_>) -> bool {
        values.next() == Some(Value::Number(4)) && values.count() == 1
    }

    fn decode(lines: &[Line<'a>]) -> Option<Self> {
        let mut values = lines.first()?.values();
        let 4 = values.next_number::<u8>()? else { return None };
        let left = values.next_number()?;
        values.next().is_none().then_some(Self { left })
    }
}
