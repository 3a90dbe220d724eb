//! The kinds of tasks.

/// What is being done while things go wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Task {
    /// Start-up and opening the bearer.
    StartUp,
    /// GET.
    HttpGet,
    /// GET of a part.
    HttpRange,
    /// A GET while the response of another one is alive.
    HttpAlive,
    /// POST.
    HttpPost,
    /// HEAD.
    HttpHead,
    /// A download.
    FtpGet,
    /// An upload.
    FtpPut,
    /// An upload of what can be read again.
    FtpPutSeekable,
    /// An upload of what can be read again, of which the server has a part.
    FtpPutResumed,
    /// A listing.
    FtpList,
    /// The size of a file.
    FtpSize,
    /// Making a directory, which is done once.
    FtpMakeDirectory,
    /// A download by way of the module's memory.
    FtpGetExtended,
    /// An upload by way of the module's memory.
    FtpPutExtended,
    /// A download into the module's file system.
    FtpGetToFs,
    /// An upload of a file of the module, by way of its memory.
    FtpPutFile,
    /// An upload of a file of the module.
    FtpPutFromFs,
    /// Reading a file of the module.
    FsRead,
    /// Writing a file of the module.
    FsWrite,
    /// Octets both ways over a socket, or from a server that closes it.
    Sockets,
    /// Commands on a bare engine.
    Engine,
}

impl Task {
    /// All of them; those that move content more than once.
    pub(super) const DRAWN: [Self; 30] = [
        Self::StartUp,
        Self::HttpGet,
        Self::HttpGet,
        Self::HttpGet,
        Self::HttpGet,
        Self::HttpRange,
        Self::HttpRange,
        Self::HttpAlive,
        Self::HttpPost,
        Self::HttpPost,
        Self::HttpPost,
        Self::HttpHead,
        Self::FtpGet,
        Self::FtpGet,
        Self::FtpGet,
        Self::FtpGet,
        Self::FtpPut,
        Self::FtpPut,
        Self::FtpPutSeekable,
        Self::FtpPutResumed,
        Self::FtpList,
        Self::FtpSize,
        Self::FtpMakeDirectory,
        Self::FtpGetExtended,
        Self::FtpPutExtended,
        Self::FtpGetToFs,
        Self::FtpPutFile,
        Self::FtpPutFromFs,
        Self::FsRead,
        Self::FsWrite,
    ];

    /// What may be done beside something else.
    pub(super) const BESIDE: [Self; 7] = [
        Self::StartUp,
        Self::HttpGet,
        Self::HttpPost,
        Self::FtpGet,
        Self::FtpPut,
        Self::FtpPutSeekable,
        Self::FsRead,
    ];

    pub(super) fn is_http(self) -> bool {
        self.is_get() || matches!(self, Self::HttpPost | Self::HttpHead)
    }

    /// Whether it is a GET, or several.
    pub(super) fn is_get(self) -> bool {
        matches!(self, Self::HttpGet | Self::HttpRange | Self::HttpAlive)
    }

    pub(super) fn is_ftp(self) -> bool {
        !self.is_http()
            && !matches!(self, Self::StartUp | Self::FsRead | Self::FsWrite | Self::Sockets | Self::Engine)
    }

    /// Whether content goes to the module.
    pub(super) fn is_upload(self) -> bool {
        matches!(self, Self::HttpPost | Self::FtpPut | Self::FtpPutExtended | Self::FsWrite)
            || self.is_long_upload()
    }

    /// Whether an FTP server stores something.
    pub(super) fn is_ftp_upload(self) -> bool {
        matches!(self, Self::FtpPut | Self::FtpPutExtended | Self::FtpPutFile | Self::FtpPutFromFs)
            || self.is_long_upload()
    }

    /// Whether a file comes by FTP.
    pub(super) fn is_ftp_download(self) -> bool {
        matches!(self, Self::FtpGet | Self::FtpGetExtended | Self::FtpGetToFs)
    }

    /// Whether it reads a file of the module.
    pub(super) fn reads_module_file(self) -> bool {
        matches!(self, Self::FsRead | Self::FtpPutFile | Self::FtpPutFromFs)
    }

    /// Whether the upload may be much longer than what is kept of one that cannot be read again.
    pub(super) fn is_long_upload(self) -> bool {
        matches!(self, Self::FtpPutSeekable | Self::FtpPutResumed)
    }

    /// Whether no content crosses the line.
    pub(super) fn is_short(self) -> bool {
        matches!(
            self,
            Self::StartUp
                | Self::HttpHead
                | Self::FtpList
                | Self::FtpSize
                | Self::FtpMakeDirectory
                | Self::FtpGetToFs
                | Self::FtpPutFile
                | Self::FtpPutFromFs
                | Self::Engine
        )
    }

    /// The longest content that the module has a place for.
    pub(super) fn longest(self) -> usize {
        match self {
            Self::HttpGet | Self::HttpRange => 700_000,
            Self::HttpAlive => 30_000,
            Self::HttpPost => 319_488,
            Self::FtpGetExtended | Self::FtpPutExtended | Self::FtpPutSeekable | Self::FtpPutResumed => {
                300_000
            }
            Self::FtpGetToFs | Self::FtpPutFile | Self::FtpPutFromFs | Self::FsRead | Self::FsWrite => 60_000,
            _ => 200_000,
        }
    }
}
