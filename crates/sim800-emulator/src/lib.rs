//! A SIM800-series module as a sans-I/O state machine in virtual time.
//!
//! [`Emulator`] is the module as its serial port shows it: octets in, octets out. It is written after the application note, the
//! AT command manual and field logs, and shares nothing with the driver but the names of the commands, so that a misunderstanding
//! of the driver's is not met by the same one here. Programs written for the real thing work with it: it takes lower case, blanks,
//! bare strings, any line end, several commands on a line, and `A/`.
//!
//! It owns neither a clock nor a socket. Time comes in as an argument of every `handle_*` call; what the module wants of the
//! network goes out as an [`Effect`], and what came of that comes back as a [`NetworkEvent`]. A test plays the network itself; a
//! program connects it to the real one. [`Uart`] is an emulator with a [`Line`] of a certain rate in front of it.
//!
//! ```
//! use std::time::Duration;
//!
//! use bytes::Bytes;
//! use sim800_emulator::{Config, Effect, Emulator, NetworkEvent, Timings};
//!
//! let mut config = Config::default();
//! config.echo = false;
//! config.timings = Timings::instant();
//! let mut module = Emulator::new(config);
//! let now = Duration::ZERO;
//!
//! let mut say = |module: &mut Emulator, line: &str| {
//!     module.handle_input(now, line.as_bytes());
//!     std::iter::from_fn(|| module.poll_transmit()).flatten().map(char::from).collect::<String>()
//! };
//! assert_eq!(say(&mut module, "AT+SAPBR=1,1\r"), "\r\nOK\r\n");
//! say(&mut module, "AT+HTTPINIT;+HTTPPARA=\"CID\",1;+HTTPPARA=\"URL\",\"www.sim.com\"\r");
//! assert_eq!(say(&mut module, "AT+HTTPACTION=0\r"), "\r\nOK\r\n");
//!
//! let Some(Effect::Http { id, request }) = module.poll_effect() else { panic!("no request") };
//! assert_eq!(request.url, "http://www.sim.com");
//! let (head, body) = (Bytes::new(), Bytes::from_static(b"hello"));
//! module.handle_network(now, id, NetworkEvent::HttpDone { status: 200, head, body });
//!
//! assert_eq!(say(&mut module, ""), "\r\n+HTTPACTION: 0,200,5\r\n");
//! assert_eq!(say(&mut module, "AT+HTTPREAD\r"), "\r\n+HTTPREAD: 5\r\nhello\r\nOK\r\n");
//! ```
//!
//! # Commands
//!
//! All of the driver's table are carried out, and those that other programs send, so that they can be tested, too: TCP, UDP and TLS
//! (manual chapter 8), contexts, short messages, a phone book, calls that nobody takes, settings that last as long as the manual says.
//! Names that it does not know are told by [`Emulator::poll_unknown`].
//!
//! # What holds
//!
//! * No octets, events, faults or times make it panic, and none make its memory grow without bound: what nobody reads holds the
//!   module up, and what a held module is sent is lost beyond 4 KiB, as on a line without flow control.
//! * What it says does not depend on how its input was cut, nor on how late [`Emulator::handle_timeout`] is called.
//! * Payload is counted, never scanned and never echoed, and no line ever falls into payload on its way to the DTE.
//! * An operation on the network ends once: by its last event, or by [`Effect::Cancel`]. Later events of it are not heard.
//!
//! # What is chosen
//!
//! Where no source says what the module does, [`Config`] and [`Timings`] hold the choice if firmware is known or suspected to
//! differ; the others are noted where they are made. Most concern commands in a wrong state, which are refused with error 3.

mod agenda;
mod answers;
mod bearer;
mod board;
mod call;
mod card;
mod clock;
mod completion;
mod config;
mod dispatch;
mod effect;
mod fault;
mod file_system;
mod files;
mod firmware;
mod ftp;
mod general;
mod http;
mod intake;
mod interference;
mod ip;
mod line;
mod message;
mod module;
mod network;
mod onlooker;
mod outbox;
mod phone_book;
mod planted;
mod power;
mod profile;
mod radio;
mod rates;
mod refusal;
mod response;
mod settings;
mod ssl;
mod storage;
mod syntax;
mod uart;
mod upset;
mod url;
mod visit;

pub use config::{Config, DataExpiry, Grant, LineEnds, Messages, Registration, Sim, Spacing, Start, Timings};
pub use effect::{
    Effect, FtpAction, FtpRequest, HttpMethod, HttpRequest, OperationId, PutOption, SocketRequest, Transport,
};
pub use fault::{Damage, Fault, Place, PowerDown, When};
pub use firmware::{Firmware, NoFirmware};
pub use line::Line;
pub use module::Emulator;
pub use network::{FtpFailure, HttpFailure, NetworkEvent, SocketFailure};
pub use storage::{Entry, EntryKind, MemoryStorage, Storage, StorageFailure};
pub use uart::Uart;
pub use url::Url;
pub use visit::VisitFailure;
