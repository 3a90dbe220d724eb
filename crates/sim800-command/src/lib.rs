//! The AT commands of SIM800-series modules, one definition per command.
//!
//! ```
//! use sim800_command::{Command, CommandLine, FtpServ, Line, SapbrQuery, BearerState, Cid, Text};
//!
//! // A value that is refused here never reaches the line: no quote, no line end, no number out of range.
//! let command = FtpServ { server: Text::new("116.228.221.52")? };
//! assert_eq!(CommandLine::new(&command)?.as_bytes(), b"AT+FTPSERV=\"116.228.221.52\"\r");
//!
//! // The response is typed as well, and borrowed from its lines.
//! let query = SapbrQuery { cid: Cid::new(1)? };
//! assert_eq!(CommandLine::new(&query)?.as_bytes(), b"AT+SAPBR=2,1\r");
//! let status = query.response(&[Line::new(b"+SAPBR: 1,1,\"10.89.193.1\"")])?;
//! assert_eq!(status.state, BearerState::Connected);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Every command knows what its response may look like ([`Command::expect`]), so that a
//! [framer](sim800_parser::Expect) can tell it from unsolicited lines, and how long the module may take
//! ([`Command::time_limit`]). The whole table is there as data too: [`SPECS`], [`Id`].
//!
//! No heap, no clock, no I/O: a command is a value, a command line is an array.
//!
//! # Growing
//!
//! What may come to be more without a breaking release is open: [`Id`], the choices and tags of parameters, errors, and what
//! responses hold. Commands are plain structs, so that they are written as literals: what a command takes is fixed by the
//! manual, and a use with other parameters is a struct of its own, as [`HttpRead`] and [`HttpReadRange`] are. The limits of
//! their parameters are in the types [`Number`] and [`Text`]; name these as [`FtpReadLength`] or [`FtpName`], or let them be
//! inferred, and a limit that changes is none of your concern.
//!
//! # Adding a command
//!
//! A line in `id.rs` names it, an entry in the table of its subject (`http.rs`, `ftp.rs`, …) defines each of its forms;
//! `table.rs` puts these tables together.
//! What it takes and what it says are types of their own: `choice!` and `tagged!` make parameters, [`Information`] reads
//! responses and tells which lines are theirs. `cargo xtask render` then refreshes `COMMANDS.md`.
#![no_std]
#![warn(clippy::indexing_slicing, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[macro_use]
mod macros;

mod bearer;
mod body_end;
mod command;
mod connection;
mod context;
mod direction;
mod error;
mod fs;
mod ftp;
mod ftp_storage;
mod general;
mod http;
mod id;
mod information;
mod line;
mod location;
mod mask;
mod network;
mod parameter;
mod path;
pub mod render;
mod spec;
mod ssl;
mod status;
mod table;
mod tcp;
mod text;
pub mod time_limit;
mod unsolicited;
mod user_data;

pub use bearer::{
    Apn, BearerKind, BearerParameter, BearerPassword, BearerProfile, BearerState, BearerStatus, BearerText,
    Cid, DialRate, SapbrClose, SapbrOpen, SapbrQuery, SapbrSave, SapbrSet, SapbrShow,
};
pub use body_end::BodyEnd;
pub use command::{Command, Decode, Read, Setting, Test, Tested};
pub use connection::{ConnectionEvent, LookedUp};
pub use direction::Direction;
pub use error::{InvalidValue, Malformed};
pub use fs::{
    Drive, FS_CHUNK_LIMIT, FsCreate, FsDel, FsDrive, FsEntry, FsFlSize, FsFree, FsListing, FsLs, FsMem,
    FsMkdir, FsPosition, FsRead, FsReadMode, FsRename, FsRmdir, FsSize, FsStorage, FsTime, FsWrite,
    FsWriteMode, FsWritten,
};
pub use ftp::{
    FTP_READ_LIMIT, FTP_WRITE_LIMIT, FtpActivity, FtpCid, FtpContext, FtpDataConnection, FtpDele, FtpGetName,
    FtpGetOpen, FtpGetPath, FtpGetRead, FtpHost, FtpListOpen, FtpListRead, FtpMkd, FtpMode, FtpName,
    FtpOffset, FtpPassword, FtpPath, FtpPort, FtpPortNumber, FtpPutClose, FtpPutName, FtpPutOpen, FtpPutOpt,
    FtpPutPath, FtpPutWrite, FtpPw, FtpQuit, FtpReadLength, FtpRename, FtpRepresentation, FtpRest, FtpRmd,
    FtpScont, FtpScontRead, FtpServ, FtpSize, FtpState, FtpTimeout, FtpType, FtpUn, FtpUser, FtpWriteLength,
    PutOption,
};
pub use ftp_storage::{
    FTP_EXTENDED_LIMIT, FtpExtGetEnd, FtpExtGetOpen, FtpExtGetProgress, FtpExtGetRead, FtpExtGetSave,
    FtpExtGetSaved, FtpExtGetStatus, FtpExtPutBegin, FtpExtPutEnd, FtpExtPutLoad, FtpExtendedLength,
    FtpExtendedPosition, FtpExtendedTime, FtpFileName, FtpFilePath, FtpFilePutEnd, FtpFilePutLoad,
    FtpGetToFs, FtpGetToFsProgress, FtpGetToFsStatus, FtpPutFrmFs, FtpPutFrmFsProgress, FtpPutFrmFsStatus,
    FtpReconnection, FtpReconnectionDelay, FtpReconnectionTimes,
};
pub use general::{
    At, Battery, Cbc, Cfun, Cgmm, Cgmr, Charging, Cmee, Cpowd, Echo, ErrorReport, FlowControl, Functionality,
    Gsn, Ifc, Ipr, Model, PowerDown, Quiet, Rate, Revision, SerialNumber, Verbose,
};
pub use http::{
    HTTP_LIMIT, HttpAction, HttpActivity, HttpBreak, HttpContext, HttpData, HttpDataSize, HttpDataTime,
    HttpGetHead, HttpHead, HttpInit, HttpMethod, HttpPara, HttpParameter, HttpPosition, HttpProgress,
    HttpProxyPort, HttpRead, HttpReadRange, HttpReadSize, HttpScont, HttpScontRead, HttpStatusRead, HttpTerm,
    HttpText, HttpTimeout,
};
#[doc(hidden)]
pub use id::EveryId;
pub use id::Id;
pub use information::Information;
pub use line::{COMMANDS_LIMIT, CommandLine, Encoder, LINE_LIMIT, TooLong};
pub use location::{CipGsmLoc, CipGsmLocTime, Location, UtcTime};
pub use mask::Mask;
pub use network::{
    BroadcastRouting, Cell, CgattRead, CgattWrite, CgregRead, Cnmi, CopsRead, CpinRead, CpinWrite, CregRead,
    Csq, IndicationMode, MessageRouting, Operator, PinState, PinTries, Registration, RegistrationStatus,
    SignalQuality, SimPin, Spic,
};
pub use parameter::{Number, Parameter};
pub use path::{PATH_LIMIT, Path};
pub use sim800_parser::{
    Claim, DataPhase, Ending, Expect, FinalResultCode, Header, Line, Name, Value, Values,
};
pub use spec::{Domain, Form, ParameterSpec, Prepared, Spec, Tag, Word};
pub use ssl::{FtpSecurity, FtpSsl, HttpSsl, SslOpt, SslOption};
pub use status::{FtpCode, HttpStatus};
pub use table::SPECS;
pub use tcp::{
    Accepted, Acknowledgement, CdnsCfg, CdnsCfgRead, CdnsGip, Cifsr, Ciicr, CipAck, CipAckSingle, CipClose,
    CipCloseSingle, CipMux, CipQsend, CipRxGet, CipRxGetLeft, CipRxGetLeftSingle, CipRxGetRead,
    CipRxGetReadSingle, CipSend, CipSendSingle, CipSendText, CipShut, CipStart, CipStartSingle, CipStatus,
    CipStatusOf, Closed, Connection, ConnectionState, ConnectionStatus, ContextAddress, ContextPassword,
    ContextState, ContextText, Cstt, CsttAsSet, NameServers, Readable, ReadableSingle, Received,
    ReceivedSingle, SOCKET_LIMIT, Shut, SocketHost, SocketLength, SocketPort, Transport,
};
pub use text::{Secret, Text};
pub use unsolicited::{
    FsTransfer, FtpEvent, POWER_UP, PowerDownCause, RegistrationChange, Unsolicited, Vocabulary,
};
pub use user_data::{CREDENTIALS, UserData};
