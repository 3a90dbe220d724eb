//! What a session is for, and how its lines read.

use crate::network::FtpFailure;

/// What a session is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Get,
    Put,
    List,
    Size,
    Delete,
    MakeDirectory,
    RemoveDirectory,
    Rename,
    /// `AT+FTPEXTGET`: into the module's memory.
    ExtendedGet,
    /// `AT+FTPGETTOFS`: into its file system.
    GetToFiles,
    /// `AT+FTPPUTFRMFS`: out of its file system.
    PutFromFiles,
}

impl Kind {
    /// The name in all lines about the session.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Get => "+FTPGET",
            Self::Put => "+FTPPUT",
            Self::List => "+FTPLIST",
            Self::Size => "+FTPSIZE",
            Self::Delete => "+FTPDELE",
            Self::MakeDirectory => "+FTPMKD",
            Self::RemoveDirectory => "+FTPRMD",
            Self::Rename => "+FTPRENAME",
            Self::ExtendedGet => "+FTPEXTGET",
            Self::GetToFiles => "+FTPGETTOFS",
            Self::PutFromFiles => "+FTPPUTFRMFS",
        }
    }

    /// The line that ends a session that failed. Those with the file system say just the code (manual 12.2.24, 12.2.25).
    pub(crate) fn failed(self, failure: FtpFailure) -> String {
        match self {
            Self::GetToFiles | Self::PutFromFiles => format!("{}: {}", self.name(), failure.0),
            _ => format!("{}: 1,{}", self.name(), failure.0),
        }
    }
}
