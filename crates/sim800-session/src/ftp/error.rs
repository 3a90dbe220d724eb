//! Why an FTP operation failed.

use std::fmt;
use std::io;
use std::time::Duration;

use sim800_command::InvalidValue;
use sim800_parser::FtpCode;
use thiserror::Error;

use crate::bearer::BearerError;
use crate::error::{Error, Failure};
use crate::watch::Interruption;

/// What was being done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FtpOperation {
    /// A download.
    Get,
    /// An upload.
    Put,
    /// Asking for the size of a file.
    Size,
}

impl fmt::Display for FtpOperation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Get => "the download",
            Self::Put => "the upload",
            Self::Size => "asking for the size",
        })
    }
}

/// How far an operation had come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FtpStep {
    /// Connecting, logging in, finding the file.
    Open,
    /// Moving the data.
    Transfer,
    /// Ending it.
    Close,
}

impl fmt::Display for FtpStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Open => "at its start",
            Self::Transfer => "during the transfer",
            Self::Close => "at its end",
        })
    }
}

/// Why an FTP operation failed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum FtpError {
    /// A value cannot stand in a command line; nothing was sent.
    #[error("the {what} cannot be sent to the module: {reason}")]
    Invalid {
        /// Which value.
        what: &'static str,
        /// What is wrong with it.
        #[source]
        reason: InvalidValue,
    },
    /// The path has no file name; nothing was sent.
    #[error("the path does not end in the name of a file")]
    NoName,
    /// A command failed.
    #[error("{operation} failed {step}: {source}")]
    Command {
        /// What was being done.
        operation: FtpOperation,
        /// How far it had come.
        step: FtpStep,
        /// The command and its failure.
        source: Error,
    },
    /// The module's own codes from 61 on.
    #[error("{operation} failed {step}: {code}{}", hint(*code))]
    Failed {
        /// What was being done.
        operation: FtpOperation,
        /// How far it had come.
        step: FtpStep,
        /// The module's code.
        code: FtpCode,
    },
    /// The module said nothing for longer than it takes to give up itself.
    #[error("{operation} failed {step}: the module said nothing within {waited:?}")]
    Silent {
        /// What was being done.
        operation: FtpOperation,
        /// How far it had come.
        step: FtpStep,
        /// How long was waited.
        waited: Duration,
    },
    /// The module kept announcing data and never moved any.
    #[error("{operation} stands still: the module announces data and moves none")]
    NoProgress {
        /// What was being done.
        operation: FtpOperation,
    },
    /// All data was sent, but the module never said that the server has it.
    #[error(
        "all {octets} octets were sent, but the server never confirmed them; compare the size of the file"
    )]
    Unconfirmed {
        /// Octets that were sent.
        octets: u64,
    },
    /// The module ended an upload well that had not ended.
    #[error("the upload was ended after {octets} octets, before all were sent")]
    EndedEarly {
        /// Octets that were sent.
        octets: u64,
    },
    /// The source of an upload failed.
    #[error("the source of the upload failed after {octets} octets were sent: {kind}")]
    Source {
        /// Octets that were sent.
        octets: u64,
        /// How reading failed.
        kind: io::ErrorKind,
    },
    /// The bearer was lost on the way.
    #[error("{operation} failed: {source}")]
    Bearer {
        /// What was being done.
        operation: FtpOperation,
        /// What became of the bearer.
        source: BearerError,
    },
    /// The module restarted or the line ended on the way.
    #[error("{operation} failed: {source}")]
    Interrupted {
        /// What was being done.
        operation: FtpOperation,
        /// What happened.
        source: Failure,
    },
}

/// What helps, where something does.
fn hint(code: FtpCode) -> &'static str {
    match code {
        FtpCode::NETWORK => "; is the bearer open?",
        FtpCode::DNS => "; check the host name",
        FtpCode::CONNECT => "; check host and port",
        FtpCode::TIMEOUT => "; the server, or whoever takes the data here, was too slow",
        FtpCode::NOT_ALLOWED => "; it does not end: wait 75 seconds, or restart the module",
        FtpCode::USER | FtpCode::PASSWORD => "; check user and password",
        FtpCode::PASSIVE => "; try active mode",
        FtpCode::ACTIVE => "; try passive mode",
        FtpCode::OPERATE | FtpCode::DOWNLOAD | FtpCode::UPLOAD => "; check path and permissions",
        _ => "",
    }
}

impl FtpError {
    /// One stable word for the kind of error.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Invalid { .. } | Self::NoName => "invalid",
            Self::Command { source, .. } => source.kind(),
            Self::Failed { .. } => "ftp",
            Self::Silent { .. } => "timed-out",
            Self::NoProgress { .. } => "no-progress",
            Self::Unconfirmed { .. } => "unconfirmed",
            Self::EndedEarly { .. } => "incomplete",
            Self::Source { .. } => "source",
            Self::Bearer { source, .. } => source.kind(),
            Self::Interrupted { source, .. } => source.kind(),
        }
    }

    /// The module's own number, where it gave one: 61–86 of the FTP lines, else that of `+CME ERROR`.
    #[must_use]
    pub fn code(&self) -> Option<u32> {
        match self {
            Self::Failed { code, .. } => Some(u32::from(code.0)),
            Self::Command { source, .. } => source.code(),
            Self::Bearer { source, .. } => source.code(),
            _ => None,
        }
    }

    pub(super) fn interrupted(operation: FtpOperation, interruption: Interruption) -> Self {
        match interruption {
            Interruption::Bearer(source) => Self::Bearer { operation, source },
            Interruption::Module(source) => Self::Interrupted { operation, source },
        }
    }
}
