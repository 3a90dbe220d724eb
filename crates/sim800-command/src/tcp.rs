//! TCP and UDP over sockets of the module, and the context that carries them (manual chapter 8).
//!
//! Of the two ways the manual knows, one connection or up to six, this is the one of six (`AT+CIPMUX=1`): every command names the
//! connection that it is about.

use core::net::Ipv4Addr;

use sim800_parser::Ending;

use crate::connection::of_connection;
use crate::information::text;
use crate::{
    Claim, DataPhase, FinalResultCode, Header, Information, Line, Number, Secret, Text, Value, Values,
    time_limit,
};

/// The most octets of one `AT+CIPSEND` or `AT+CIPRXGET` (manual 8.2.3, 8.2.26).
pub const SOCKET_LIMIT: u32 = 1460;

/// Which connection: 0 to 5.
pub type Connection = Number<0, 5>;

/// Octets of one send or read.
pub type SocketLength = Number<1, SOCKET_LIMIT>;

/// A host by its name or address.
pub type SocketHost<'a> = Text<'a, 100>;

/// A port.
pub type SocketPort = Number<1, 65_535>;

/// Name of an access point, or of a user there.
pub type ContextText<'a> = Text<'a, 50>;

/// Password at an access point.
pub type ContextPassword<'a> = Secret<'a, 50>;

commands! {
    CipMux "8.2.1" {
        /// Chooses between one connection and up to six, before the context is set up.
        Write CipMux {
            /// Whether there may be several.
            many: bool,
        };
        read CipMux;
        test CipMux;
    }

    CipStart "8.2.2" {
        /// Begins to connect. How that ended is told later.
        Write CipStart<'a> {
            /// The connection.
            connection: Connection,
            /// What it speaks.
            transport: Transport,
            /// The server.
            host: SocketHost<'a>,
            /// Its port.
            port: SocketPort,
        },
        then "<connection>, CONNECT OK, or CONNECT FAIL";
        test CipStart<'a>;
    }

    CipSend "8.2.3" {
        /// Sends octets. Under `AT+CIPQSEND=1` the module answers when it has them, else when the server has.
        Write CipSend {
            /// The connection.
            connection: Connection,
            /// How many octets follow.
            size: SocketLength,
        }
        -> Accepted,
        within |_| time_limit::SOCKET_SEND,
        data ">" |_| DataPhase::Prompted;
        test CipSend;
    }

    CipQsend "8.2.4" {
        /// Says when `AT+CIPSEND` is answered.
        Write CipQsend {
            /// As soon as the module has the octets, rather than the server.
            quick: bool,
        };
        read CipQsend;
        test CipQsend;
    }

    CipAck "8.2.5" {
        /// Asks how much of what was sent the server has acknowledged.
        Write CipAck {
            /// The connection.
            connection: Connection,
        }
        -> Acknowledgement;
        test CipAck;
    }

    CipClose "8.2.6" {
        /// Closes a connection, both ways. Refused when there is none.
        Write CipClose {
            /// The connection.
            connection: Connection,
            /// Whether to wait for nothing.
            quick: Option<bool>,
        }
        -> Closed,
        within |_| time_limit::SOCKET_CLOSE;
        test CipClose;
    }

    CipShut "8.2.7" {
        /// Closes the context and every connection on it.
        Execution CipShut -> Shut, within |_| time_limit::CONTEXT_CLOSE;
        test CipShut;
    }

    Cstt "8.2.9" {
        /// Sets where the context leads to.
        Write Cstt<'a> {
            /// Access point name.
            apn: ContextText<'a>,
            /// User name at the access point; may be empty.
            user: ContextText<'a>,
            /// Password at the access point; may be empty.
            password: ContextPassword<'a>,
        };
        /// Takes what is set already, or the module's default.
        Execution CsttAsSet;
        read Cstt<'a>;
        test Cstt<'a>;
    }

    Ciicr "8.2.10" {
        /// Brings the context up.
        Execution Ciicr, within |_| time_limit::CONTEXT_OPEN;
        test Ciicr;
    }

    Cifsr "8.2.11" {
        /// Asks for the address of the context. No connection is made before it was asked for.
        Execution Cifsr -> ContextAddress;
        test Cifsr;
    }

    CipStatus "8.2.12" {
        /// Asks how the context stands. With several connections a line for each follows the response.
        Execution CipStatus -> ContextState<'r>;
        /// Asks how a connection stands.
        Write CipStatusOf {
            /// The connection.
            connection: Connection,
        }
        -> ConnectionStatus<'r>;
        test CipStatus;
    }

    CdnsCfg "8.2.13" {
        /// Asks for the servers that names are looked up by.
        Read CdnsCfgRead -> NameServers;
        /// Sets the servers that names are looked up by.
        Write CdnsCfg<'a> {
            /// The address of the first.
            primary: Text<'a, 15>,
            /// That of the second.
            secondary: Option<Text<'a, 15>>,
        };
        test CdnsCfg<'a>;
    }

    CdnsGip "8.2.14" {
        /// Looks up the addresses of a host.
        Write CdnsGip<'a> {
            /// Its name.
            host: SocketHost<'a>,
        },
        then "+CDNSGIP: 1,\"<host>\",\"<address>\"[,\"<address>\"], or +CDNSGIP: 0,<error>";
        test CdnsGip<'a>;
    }

    CipRxGet "8.2.26" {
        /// Says whether what comes from servers is read by hand, before anything is connected.
        Write CipRxGet {
            /// Whether it is kept until it is read.
            manual: bool,
        };
        /// Reads octets that a server sent.
        Write CipRxGetRead = 2 {
            /// The connection.
            connection: Connection,
            /// The most octets to read.
            length: SocketLength,
        }
        -> Received,
        data "+CIPRXGET: 2,<connection>,<n>,<left>" |command| DataPhase::Announced {
            header: Header::new("+CIPRXGET:").selected_by(2).behind(1).followed_by(1),
            at_most: command.length.get(),
        };
        /// Asks how many octets there are to be read.
        Write CipRxGetLeft = 4 {
            /// The connection.
            connection: Connection,
        }
        -> Readable;
        read CipRxGet;
        test CipRxGet;
    }
}

choice! {
    /// What a connection speaks.
    pub enum Transport {
        /// A stream.
        Tcp = "\"TCP\"",
        /// Datagrams.
        Udp = "\"UDP\"",
    }
}

/// Whose octets `AT+CIPSEND` took, and how many.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub struct Accepted {
    /// The connection.
    pub connection: u8,
    /// How many octets; `None` where the server has all of them (`SEND OK`).
    pub length: Option<u16>,
}

impl<'a> Information<'a> for Accepted {
    const SHAPE: &'static str = "DATA ACCEPT:<connection>,<length>, or <connection>, SEND OK";
    const VALUES: &'static [(&'static str, &'static str)] =
        &[("connection", "0 to 5"), ("length", "bytes that the module has taken")];
    const ENDING: Option<Ending> = Some(Ending::OneOf(|line| match of_connection(line) {
        Some((_, b"SEND OK")) => Some(FinalResultCode::Ok),
        Some((_, b"SEND FAIL")) => Some(FinalResultCode::Error),
        _ => line.text().starts_with(ACCEPT).then_some(FinalResultCode::Ok),
    }));

    fn claim(_name: &'static str) -> Claim {
        Claim::None
    }

    fn decode(lines: &[Line<'a>]) -> Option<Self> {
        let line = lines.last()?;
        if let Some((connection, b"SEND OK")) = of_connection(*line) {
            return Some(Self { connection, length: None });
        }
        let mut values = Values::new(line.text().strip_prefix(ACCEPT)?);
        let (connection, length) = (values.next_number()?, values.next_number()?);
        values.next().is_none().then_some(Self { connection, length: Some(length) })
    }
}

const ACCEPT: &[u8] = b"DATA ACCEPT:";

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
    /// The connection.
    pub connection: u8,
}

impl<'a> Information<'a> for Closed {
    const SHAPE: &'static str = "<connection>, CLOSE OK";
    const VALUES: &'static [(&'static str, &'static str)] = &[("connection", "0 to 5")];
    const ENDING: Option<Ending> = Some(Ending::OneOf(|line| match of_connection(line) {
        Some((_, b"CLOSE OK")) => Some(FinalResultCode::Ok),
        _ => None,
    }));

    fn claim(_name: &'static str) -> Claim {
        Claim::None
    }

    fn decode(lines: &[Line<'a>]) -> Option<Self> {
        of_connection(*lines.last()?).map(|(connection, _)| Self { connection })
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
