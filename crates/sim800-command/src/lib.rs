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
//! # Adding a command
//!
//! A line in `id.rs` names it, an entry in the table of its subject (`http.rs`, `ftp.rs`, …) defines each of its forms.
//! What it takes and what it says are types of their own: `choice!` and `tagged!` make parameters, [`Information`] reads
//! responses and tells which lines are theirs. `cargo xtask render` then refreshes `COMMANDS.md`.
#![no_std]
#![warn(clippy::indexing_slicing, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[macro_use]
mod macros;

mod bearer;
mod command;
mod context;
mod error;
mod fs;
mod ftp;
mod ftp_storage;
mod general;
mod http;
mod id;
mod information;
mod line;
mod mask;
mod network;
mod parameter;
mod path;
pub mod render;
mod spec;
mod ssl;
mod status;
mod text;
pub mod time_limit;
mod unsolicited;
mod user_data;

pub use bearer::{
    BearerKind, BearerParameter, BearerProfile, BearerState, BearerStatus, Cid, DialRate, SapbrClose,
    SapbrOpen, SapbrQuery, SapbrSave, SapbrSet, SapbrShow,
};
pub use command::{Command, Decode, Prepared, Read, Setting, Test, Tested};
pub use context::{FtpContext, HttpContext};
pub use error::{InvalidValue, Malformed};
pub use fs::{
    Drive, FS_CHUNK_LIMIT, FsCreate, FsDel, FsDrive, FsEntry, FsFlSize, FsFree, FsListing, FsLs, FsMem,
    FsMkdir, FsRead, FsReadMode, FsRename, FsRmdir, FsStorage, FsWrite, FsWriteMode, FsWritten,
};
pub use ftp::{
    FTP_READ_LIMIT, FTP_WRITE_LIMIT, FtpActivity, FtpCid, FtpDataConnection, FtpDele, FtpGetName, FtpGetOpen,
    FtpGetPath, FtpGetRead, FtpListOpen, FtpListRead, FtpMkd, FtpMode, FtpPort, FtpPutClose, FtpPutName,
    FtpPutOpen, FtpPutOpt, FtpPutPath, FtpPutWrite, FtpPw, FtpQuit, FtpRename, FtpRepresentation, FtpRest,
    FtpRmd, FtpScont, FtpScontRead, FtpServ, FtpSize, FtpState, FtpStore, FtpType, FtpUn,
};
pub use ftp_storage::{
    FTP_EXTENDED_LIMIT, FtpExtGetEnd, FtpExtGetOpen, FtpExtGetProgress, FtpExtGetRead, FtpExtGetSave,
    FtpExtGetSaved, FtpExtGetStatus, FtpExtPutBegin, FtpExtPutEnd, FtpExtPutLoad, FtpFilePutEnd,
    FtpFilePutLoad, FtpGetToFs, FtpGetToFsProgress, FtpGetToFsStatus, FtpPutFrmFs, FtpPutFrmFsProgress,
    FtpPutFrmFsStatus, FtpReconnection,
};
pub use general::{
    At, Cfun, Cgmm, Cgmr, Cmee, Cpowd, Echo, ErrorReport, FlowControl, Functionality, Gsn, Ifc, Ipr, Model,
    PowerDown, Quiet, Rate, Revision, SerialNumber, Verbose,
};
pub use http::{
    HTTP_LIMIT, HttpAction, HttpActivity, HttpData, HttpGetHead, HttpHead, HttpInit, HttpMethod, HttpPara,
    HttpParameter, HttpProgress, HttpRead, HttpReadRange, HttpScont, HttpScontRead, HttpStatusRead, HttpTerm,
};
pub use id::Id;
pub use information::Information;
pub use line::{CommandLine, Encoder, LINE_LIMIT, TooLong};
pub use mask::Mask;
pub use network::{
    BroadcastRouting, Cell, CgattRead, CgattWrite, CgregRead, Cnmi, CopsRead, CpinRead, CregRead, Csq,
    IndicationMode, MessageRouting, Operator, PinState, Registration, RegistrationStatus, SignalQuality,
};
pub use parameter::{Number, Parameter};
pub use path::{PATH_LIMIT, Path};
pub use sim800_parser::{Claim, DataPhase, Expect, Line, Value, Values};
pub use spec::{Domain, Form, ParameterSpec, SPECS, Spec, Tag, Word};
pub use ssl::{FtpSecurity, FtpSsl, HttpSsl, SslOpt, SslOption};
pub use status::{FtpCode, HttpStatus};
pub use text::{Secret, Text};
pub use unsolicited::{FsTransfer, FtpEvent, PowerDownCause, RegistrationChange, Unsolicited, Vocabulary};
pub use user_data::{CREDENTIALS, UserData};
