//! TCP and UDP over sockets of the module, and the context that carries them (manual chapter 8).
//!
//! The manual knows two ways, up to six connections (`AT+CIPMUX=1`), where commands name the one that they are about, and a single
//! one, whose forms do not.

mod response;

pub use self::response::{
    Accepted, Acknowledgement, Closed, ConnectionState, ConnectionStatus, ContextAddress, ContextState,
    NameServers, Readable, ReadableSingle, Received, ReceivedSingle, Shut,
};
use crate::{BodyEnd, DataPhase, Header, Number, Secret, Text, time_limit};

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
        /// Begins to connect the single connection, and brings its context up first where there is none.
        Write CipStartSingle<'a> {
            /// What it speaks.
            transport: Transport,
            /// The server.
            host: SocketHost<'a>,
            /// Its port.
            port: SocketPort,
        },
        then "CONNECT OK, or CONNECT FAIL";
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
        /// Sends octets over the single connection. Where there may be several, the number is that of one of them, and the octets
        /// end as without a number.
        Write CipSendSingle {
            /// How many octets follow.
            size: SocketLength,
        }
        -> Accepted,
        within |_| time_limit::SOCKET_SEND,
        data ">" |_| DataPhase::Prompted;
        /// Sends octets over the single connection, up to Ctrl-Z; ESC instead sends none.
        Execution CipSendText
        -> Accepted,
        within |_| time_limit::SOCKET_SEND,
        data ">" |_| DataPhase::Prompted,
        ended BodyEnd::CtrlZ;
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
        /// Asks how much of what was sent over the single connection the server has acknowledged.
        Execution CipAckSingle -> Acknowledgement;
        test CipAck;
    }

    CipClose "8.2.6" {
        /// Closes a connection, both ways. Refused when there is none. The single connection has the second value alone.
        Write CipClose {
            /// The connection.
            connection: Connection,
            /// Whether to wait for nothing.
            quick: Option<bool>,
        }
        -> Closed,
        within |_| time_limit::SOCKET_CLOSE;
        /// Closes the single connection.
        Execution CipCloseSingle -> Closed, within |_| time_limit::SOCKET_CLOSE;
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
        /// Reads octets that the server of the single connection sent.
        Write CipRxGetReadSingle = 2 {
            /// The most octets to read.
            length: SocketLength,
        }
        -> ReceivedSingle,
        data "+CIPRXGET: 2,<n>,<left>" |command| DataPhase::Announced {
            header: Header::new("+CIPRXGET:").selected_by(2).followed_by(1),
            at_most: command.length.get(),
        };
        /// Asks how many octets there are to be read.
        Write CipRxGetLeft = 4 {
            /// The connection.
            connection: Connection,
        }
        -> Readable;
        /// Asks how many octets of the single connection there are to be read.
        Write CipRxGetLeftSingle = 4 -> ReadableSingle;
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
