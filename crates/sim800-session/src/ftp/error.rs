//! Why an FTP operation failed.

use alloc::boxed::Box;
use alloc::string::String;
use core::fmt;
use core::time::Duration;

use sim800_command::{FtpCode, InvalidValue};
use thiserror::Error;

use crate::io;

use super::patience::{PATIENCE, SERVER_PATIENCE};
use crate::bearer::BearerError;
use crate::error::{Error, Failure};
use crate::kind::ErrorKind;
use crate::loss::{Loss, Transient};
use crate::sent::Sent;
use crate::settings::Unsendable;
use crate::watch::Interruption;

/// What was being done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FtpOperation {
    /// A download.
    Get,
    /// An upload.
    Put,
    /// A listing of a directory.
    List,
    /// Asking for the size of a file.
    Size,
    /// Deleting a file.
    Delete,
    /// Making a directory.
    MakeDirectory,
    /// Removing a directory.
    RemoveDirectory,
    /// Giving a file another name.
    Rename,
    /// A download into the module's memory.
    GetExtended,
    /// An upload of what was loaded into the module's memory.
    PutExtended,
    /// A download into the module's file system.
    GetToFs,
    /// An upload from the module's file system.
    PutFromFs,
    /// An upload of a file of the module by way of its memory.
    PutFile,
    /// Saving the settings.
    Save,
    /// Reading the settings.
    Saved,
}

impl FtpOperation {
    /// Whether it must not be done twice.
    pub(super) fn is_done_once(self) -> bool {
        matches!(self, Self::Delete | Self::MakeDirectory | Self::RemoveDirectory | Self::Rename)
    }

    pub(super) fn is_upload(self) -> bool {
        matches!(self, Self::Put | Self::PutExtended | Self::PutFromFs | Self::PutFile)
    }

    /// Whether the module carries it out by itself, with a file of its own.
    fn is_of_the_module(self) -> bool {
        matches!(self, Self::GetToFs | Self::PutFromFs)
    }
}

impl fmt::Display for FtpOperation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Get => "the download",
            Self::Put => "the upload",
            Self::List => "the listing",
            Self::Size => "asking for the size",
            Self::Delete => "the deletion",
            Self::MakeDirectory => "making the directory",
            Self::RemoveDirectory => "removing the directory",
            Self::Rename => "the renaming",
            Self::GetExtended => "the download into the module's memory",
            Self::PutExtended => "the upload from the module's memory",
            Self::GetToFs => "the download into the module's file system",
            Self::PutFromFs | Self::PutFile => "the upload from the module's file system",
            Self::Save => "saving the settings",
            Self::Saved => "reading the settings",
        })
    }
}

/// How far an operation had come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FtpStep {
    /// Setting it up in the module: the server was not asked for anything.
    Prepare,
    /// Connecting, logging in, finding the file.
    Open,
    /// Moving the data.
    Transfer,
    /// Ending it.
    Close,
}

impl FtpStep {
    /// Whether the server had let it begin.
    fn is_under_way(self) -> bool {
        matches!(self, Self::Transfer | Self::Close)
    }
}

impl fmt::Display for FtpStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Prepare => "before it began",
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
    #[error("the {what} cannot be sent to the module")]
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
    /// The source of an extended upload is longer than the module's memory; nothing was sent to the server.
    #[error("the module's memory holds at most {limit} bytes; upload it without the extended mode")]
    TooLarge {
        /// The most octets it holds.
        limit: u64,
    },
    /// The module cannot begin a download that far behind the start of a file; nothing was sent.
    #[error("the module cannot begin at byte {offset}: it counts no further than 4,294,967,295")]
    TooFar {
        /// Where it was to begin, counted from 0.
        offset: u64,
    },
    /// The module's firmware lacks the command for it.
    #[error("{operation} is not possible with this firmware")]
    NotSupported {
        /// What was to be done.
        operation: FtpOperation,
        /// The refusal.
        source: Error,
    },
    /// The module's firmware has no FTP over SSL.
    #[error("the module's firmware has no SSL; it needs R14 or later")]
    NoSsl {
        /// The refusal.
        source: Error,
    },
    /// The module cannot load a file of its own.
    #[error("the module cannot load {file}; check that it is there and has at most 300,000 bytes")]
    NotLoaded {
        /// The file.
        file: String,
        /// The refusal.
        source: Error,
    },
    /// A command failed.
    #[error("{operation} failed {step}")]
    Command {
        /// What was being done.
        operation: FtpOperation,
        /// How far it had come.
        step: FtpStep,
        /// The command and its failure.
        source: Error,
    },
    /// The module's own codes from 61 on.
    #[error("{operation} failed {step}: {code}{}", hint(*operation, *code))]
    Failed {
        /// What was being done.
        operation: FtpOperation,
        /// How far it had come.
        step: FtpStep,
        /// The module's code.
        code: FtpCode,
    },
    /// The module said nothing for longer than it takes to give up itself.
    #[error("{operation} failed {step}: the module said nothing within {waited:.1?}")]
    Silent {
        /// What was being done.
        operation: FtpOperation,
        /// How far it had come.
        step: FtpStep,
        /// How long was waited.
        waited: Duration,
    },
    /// The module kept announcing data and never moved any.
    #[error("{operation} is stuck: the module announces data but moves none")]
    NoProgress {
        /// What was being done.
        operation: FtpOperation,
    },
    /// It took longer than [`Effort::deadline`](crate::Effort::deadline) allows.
    #[error("{operation} took longer than the {limit:?} that it may take")]
    Deadline {
        /// What was being done.
        operation: FtpOperation,
        /// How long it may take.
        limit: Duration,
    },
    /// The module says that the transfer is complete, but as many octets as the server told, or as were sent, did not pass.
    #[error(
        "the module says that {operation} is complete, but {found} bytes were moved instead of {expected}"
    )]
    Incomplete {
        /// What was being done.
        operation: FtpOperation,
        /// Octets there should be: of the file as the server told its size before a download, or that were sent.
        expected: u64,
        /// Octets there are: that came, or that the server has.
        found: u64,
    },
    /// All data was sent, but whether the server has it is not known: the module never said so, or the server's file could
    /// not be looked at afterwards.
    #[error(
        "all {octets} bytes were sent, but the server never confirmed them; compare the server's file with yours"
    )]
    Unconfirmed {
        /// Octets that were sent.
        octets: u64,
    },
    /// The module ended an upload well that had not ended.
    #[error("the upload ended after {octets} bytes, before everything was sent")]
    EndedEarly {
        /// Octets that were sent.
        octets: u64,
    },
    /// An upload broke off, and cannot be gone on with.
    #[error("the upload broke off; the server has {octets} bytes of the file")]
    Partial {
        /// Octets of the server's file, be it a part of this one or another.
        octets: u64,
        /// Why it broke off.
        source: Box<Self>,
    },
    /// The file on the server is not the beginning of the one that an upload was to go on with; nothing was sent.
    #[error(
        "the server's file differs from the first {offset} bytes of this one, so the rest cannot be added; upload the whole file"
    )]
    Mismatch {
        /// Octets that it should have been.
        offset: u64,
    },
    /// The file or the listing on the server is another than the one whose download was begun.
    #[error("the server's file changed during the download, before byte {position}; fetch it again")]
    Changed {
        /// Octets of the file that had come, from its start on.
        position: u64,
    },
    /// The source of an upload failed.
    #[error("reading the source failed after {octets} bytes were sent: {kind}")]
    Source {
        /// Octets that were sent.
        octets: u64,
        /// How reading failed.
        kind: io::ErrorKind,
    },
    /// The module has one FTP session, and another operation keeps it that nobody goes on with; nothing was sent.
    #[error(
        "{operation} cannot begin: {by} holds the module's only FTP session and has not moved for {unread:?}; \
         read it to its end, or drop it"
    )]
    InUse {
        /// What was to be done.
        operation: FtpOperation,
        /// The operation in the way, and its path.
        by: String,
        /// For how long at least.
        unread: Duration,
    },
    /// The bearer was lost on the way.
    #[error("{operation} failed")]
    Bearer {
        /// What was being done.
        operation: FtpOperation,
        /// What became of the bearer.
        source: BearerError,
    },
    /// The module restarted or the line ended on the way.
    #[error("{operation} failed")]
    Interrupted {
        /// What was being done.
        operation: FtpOperation,
        /// What happened.
        source: Failure,
    },
}

/// Whether `code`, at the start, says that nothing was done.
fn is_refusal(code: FtpCode) -> bool {
    use FtpCode as Code;
    matches!(
        code,
        Code::DNS | Code::CONNECT | Code::NOT_ALLOWED | Code::USER | Code::PASSWORD | Code::OPERATE
    )
}

/// What helps, where something does.
fn hint(operation: FtpOperation, code: FtpCode) -> &'static str {
    match code {
        FtpCode::NETWORK => "; check that the server and the network are up",
        FtpCode::DNS => "; check the host name",
        FtpCode::CONNECT => "; check host and port",
        FtpCode::TIMEOUT => "; the server was too slow, or the data was not taken fast enough here",
        FtpCode::NOT_ALLOWED => "; an old session does not end: wait 75 seconds, or restart the module",
        FtpCode::USER | FtpCode::PASSWORD => "; check user and password",
        FtpCode::PASSIVE => "; try active mode",
        FtpCode::ACTIVE => "; try passive mode",
        FtpCode::REST => "; the server cannot resume: fetch all of it",
        FtpCode::FILE_SYSTEM => "; check that the file is there, and that the module's file system has room",
        FtpCode::OPERATE => "; check path and permissions",
        FtpCode::DOWNLOAD if operation == FtpOperation::GetExtended => {
            "; check that the file is there, may be read and has at most 300,000 bytes"
        }
        FtpCode::DOWNLOAD => "; check that the file is there and may be read",
        FtpCode::UPLOAD => "; check that the folder is there and may be written to",
        _ => "",
    }
}

impl FtpError {
    /// Whether another session may be the reason: its 66 says nothing of ours (application note 3.13), and other firmware
    /// refuses the command at once.
    pub(super) fn is_in_the_way(&self) -> bool {
        match self {
            Self::Failed { code, step, .. } => *code == FtpCode::NOT_ALLOWED && *step == FtpStep::Open,
            // Nobody knows of others whether they were refused.
            Self::Command { source, step, .. } => source.is_rejected() && *step == FtpStep::Prepare,
            _ => false,
        }
    }

    /// Whether the server may have been asked for what could not be opened: not when the module never came as far as that.
    pub(super) fn may_have_been_asked_for(&self) -> bool {
        match self {
            Self::Failed { code, .. } => {
                !matches!(*code, FtpCode::NETWORK | FtpCode::DNS | FtpCode::CONNECT | FtpCode::NOT_ALLOWED)
            }
            Self::Command { step, .. } => *step != FtpStep::Prepare,
            _ => true,
        }
    }

    /// What kind of error it is.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Invalid { .. } | Self::NoName => ErrorKind::Invalid,
            Self::TooLarge { .. } | Self::TooFar { .. } => ErrorKind::TooLarge,
            Self::NotSupported { .. } => ErrorKind::Unsupported,
            Self::NoSsl { .. } => ErrorKind::NoSsl,
            Self::NotLoaded { .. } => ErrorKind::NotLoaded,
            Self::Command { source, .. } => source.kind(),
            Self::Failed { .. } => ErrorKind::Ftp,
            Self::Silent { .. } | Self::Deadline { .. } => ErrorKind::TimedOut,
            Self::NoProgress { .. } => ErrorKind::NoProgress,
            Self::Unconfirmed { .. } => ErrorKind::Unconfirmed,
            Self::EndedEarly { .. } | Self::Incomplete { .. } => ErrorKind::Incomplete,
            Self::Partial { source, .. } => source.kind(),
            Self::Changed { .. } | Self::Mismatch { .. } => ErrorKind::Changed,
            Self::InUse { .. } => ErrorKind::Busy,
            Self::Source { .. } => ErrorKind::Source,
            Self::Bearer { source, .. } => source.kind(),
            Self::Interrupted { source, .. } => source.into(),
        }
    }

    /// The module's own number, where it gave one: 61–86 of the FTP lines, else that of `+CME ERROR`.
    #[must_use]
    pub fn code(&self) -> Option<u32> {
        match self {
            Self::Failed { code, .. } => Some(u32::from(code.0)),
            Self::Command { source, .. }
            | Self::NotSupported { source, .. }
            | Self::NoSsl { source }
            | Self::NotLoaded { source, .. } => source.code(),
            Self::Bearer { source, .. } => source.code(),
            Self::Partial { source, .. } => source.code(),
            _ => None,
        }
    }

    /// Whether the server may have been told to do what failed.
    ///
    /// It is [`Sent::No`] when the module refused or never got the command for it, and when the module said that it was not
    /// let in, or that the server refused to do it (62, 63, 66, 71, 72 and 77 at the start).
    ///
    /// It matters for what is never sent twice: a deletion, a directory, another name, an upload that appends or makes another
    /// file. One that replaces a file is safe to repeat anyway, and tells of the first of its tries.
    #[must_use]
    pub fn sent(&self) -> Sent {
        match self {
            Self::Invalid { .. }
            | Self::NoName
            | Self::TooLarge { .. }
            | Self::TooFar { .. }
            | Self::NotSupported { .. }
            | Self::NoSsl { .. }
            | Self::NotLoaded { .. }
            | Self::Mismatch { .. }
            | Self::InUse { .. }
            | Self::Command { step: FtpStep::Prepare, .. } => Sent::No,
            Self::Failed { step: FtpStep::Open, code, .. } if is_refusal(*code) => Sent::No,
            _ => Sent::Unknown,
        }
    }

    pub(super) fn partial(octets: u64, cause: Self) -> Self {
        Self::Partial { octets, source: Box::new(cause) }
    }

    pub(super) fn interrupted(operation: FtpOperation, interruption: Interruption) -> Self {
        match interruption {
            Interruption::Bearer(source) => Self::Bearer { operation, source },
            Interruption::Module(source) => Self::Interrupted { operation, source },
        }
    }
}

impl From<Unsendable> for FtpError {
    fn from(Unsendable { what, reason }: Unsendable) -> Self {
        Self::Invalid { what, reason }
    }
}

impl Transient for FtpError {
    fn loss(&self, under_way: bool) -> Option<Loss> {
        match self {
            Self::Command { source, step, .. } => source.failure().loss(under_way || step.is_under_way()),
            Self::Bearer { source, .. } => source.loss(under_way),
            Self::Interrupted { source, .. } => source.loss(under_way),
            Self::Silent { .. }
            | Self::NoProgress { .. }
            | Self::EndedEarly { .. }
            | Self::Incomplete { .. }
            | Self::Unconfirmed { .. } => Some(Loss::Session),
            Self::Failed { operation, code, step } => {
                let may_pass = matches!(
                    *code,
                    FtpCode::NETWORK
                        | FtpCode::DNS
                        | FtpCode::CONNECT
                        | FtpCode::TIMEOUT
                        | FtpCode::SERVER
                        | FtpCode::NOT_ALLOWED
                        | FtpCode::REPLY
                        | FtpCode::PASSIVE
                        | FtpCode::ACTIVE
                        | FtpCode::UPLOAD
                        | FtpCode::DOWNLOAD
                );
                // Of what the module carries out by itself nobody is told when it begins: these may have broken it off.
                let may_be_under_way = operation.is_of_the_module()
                    && matches!(*code, FtpCode::NETWORK | FtpCode::TIMEOUT | FtpCode::SERVER);
                let under_way = under_way || step.is_under_way() || may_be_under_way;
                // A number that no document has is more likely the line's than the module's.
                let is_odd = code.description().is_none();
                (is_odd || may_pass && under_way).then_some(Loss::Session)
            }
            _ => None,
        }
    }

    fn waited(&self) -> Duration {
        match self {
            Self::Silent { waited, .. } => *waited,
            Self::Failed { code: FtpCode::TIMEOUT, .. } => SERVER_PATIENCE,
            Self::Unconfirmed { .. } => PATIENCE,
            _ => Duration::ZERO,
        }
    }

    fn may_lack_bearer(&self) -> bool {
        matches!(self, Self::Failed { code: FtpCode::NETWORK, .. })
    }

    fn is_decisive(&self) -> bool {
        matches!(self, Self::Changed { .. } | Self::Source { .. })
    }
}
