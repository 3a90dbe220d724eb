//! The names of the AT commands.

/// Declares [`Id`] from `Variant "name"` lines.
macro_rules! ids {
    ($($(#[$meta:meta])* $variant:ident $name:literal)+) => {
        /// An AT command by its name; its forms (test, read, write, execution) share it.
        ///
        /// More are added without a breaking release.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        #[non_exhaustive]
        pub enum Id {
            $($(#[$meta])* $variant,)+
        }

        /// The same for a match without a wildcard: the project's emulator does not compile until it handles a new command.
        /// No part of what this crate promises.
        #[doc(hidden)]
        #[expect(clippy::exhaustive_enums, reason = "a new command shall break every match that ignores it")]
        #[derive(Clone, Copy, Debug)]
        pub enum EveryId {
            $($(#[$meta])* $variant,)+
        }

        impl From<Id> for EveryId {
            fn from(id: Id) -> Self {
                match id {
                    $(Id::$variant => Self::$variant,)+
                }
            }
        }

        impl Id {
            /// Every command, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// What stands behind `AT`: `+HTTPREAD`, `E`; empty for the bare `AT`.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }
        }
    };
}

ids! {
    /// `AT`: nothing but a sign of life.
    At ""
    /// `ATE`: echo.
    Echo "E"
    /// `ATV`: format of the result codes.
    Verbose "V"
    /// `ATQ`: suppression of the result codes.
    Quiet "Q"
    /// `AT+CMEE`: format of the errors.
    Cmee "+CMEE"
    /// `AT+IPR`: rate of the serial line.
    Ipr "+IPR"
    /// `AT+IFC`: flow control of the serial line.
    Ifc "+IFC"
    /// `AT+CFUN`: level of functionality.
    Cfun "+CFUN"
    /// `AT+CPOWD`: power down.
    Cpowd "+CPOWD"
    /// `AT+GSN`: serial number (IMEI).
    Gsn "+GSN"
    /// `AT+CGMR`: revision of the firmware.
    Cgmr "+CGMR"
    /// `AT+CGMM`: model.
    Cgmm "+CGMM"
    /// `AT+CBC`: charge of the battery.
    Cbc "+CBC"
    /// `AT+CNMI`: where new short messages go.
    Cnmi "+CNMI"
    /// `AT+CPIN`: state of the SIM card, and its PIN.
    Cpin "+CPIN"
    /// `AT+SPIC`: tries that are left for the SIM card's codes.
    Spic "+SPIC"
    /// `AT+CREG`: registration for calls.
    Creg "+CREG"
    /// `AT+CGREG`: registration for GPRS.
    Cgreg "+CGREG"
    /// `AT+CGATT`: attachment to GPRS.
    Cgatt "+CGATT"
    /// `AT+CSQ`: signal quality.
    Csq "+CSQ"
    /// `AT+COPS`: operator.
    Cops "+COPS"
    /// `AT+CIPMUX`: one connection or several.
    CipMux "+CIPMUX"
    /// `AT+CIPSTART`: a connection to a server.
    CipStart "+CIPSTART"
    /// `AT+CIPSEND`: octets for a server.
    CipSend "+CIPSEND"
    /// `AT+CIPQSEND`: when sending is answered.
    CipQsend "+CIPQSEND"
    /// `AT+CIPACK`: what a server has acknowledged.
    CipAck "+CIPACK"
    /// `AT+CIPCLOSE`: end of a connection.
    CipClose "+CIPCLOSE"
    /// `AT+CIPSHUT`: end of the context and its connections.
    CipShut "+CIPSHUT"
    /// `AT+CSTT`: where the context leads to.
    Cstt "+CSTT"
    /// `AT+CIICR`: start of the context.
    Ciicr "+CIICR"
    /// `AT+CIFSR`: address of the context.
    Cifsr "+CIFSR"
    /// `AT+CIPSTATUS`: state of the context and its connections.
    CipStatus "+CIPSTATUS"
    /// `AT+CDNSCFG`: servers for names.
    CdnsCfg "+CDNSCFG"
    /// `AT+CDNSGIP`: addresses of a host.
    CdnsGip "+CDNSGIP"
    /// `AT+CIPRXGET`: what a server sent.
    CipRxGet "+CIPRXGET"
    /// `AT+SAPBR`: bearer.
    Sapbr "+SAPBR"
    /// `AT+CIPGSMLOC`: where the module is, and the time, by the network.
    CipGsmLoc "+CIPGSMLOC"
    /// `AT+HTTPINIT`: start of the HTTP service.
    HttpInit "+HTTPINIT"
    /// `AT+HTTPTERM`: end of the HTTP service.
    HttpTerm "+HTTPTERM"
    /// `AT+HTTPPARA`: parameters of the HTTP session.
    HttpPara "+HTTPPARA"
    /// `AT+HTTPDATA`: octets to post.
    HttpData "+HTTPDATA"
    /// `AT+HTTPACTION`: the HTTP request itself.
    HttpAction "+HTTPACTION"
    /// `AT+HTTPREAD`: what the server sent.
    HttpRead "+HTTPREAD"
    /// `AT+HTTPSCONT`: parameters of the HTTP session in memory that outlives a restart.
    HttpScont "+HTTPSCONT"
    /// `AT+HTTPSTATUS`: progress of the HTTP session.
    HttpStatus "+HTTPSTATUS"
    /// `AT+HTTPHEAD`: header that the server sent.
    HttpHead "+HTTPHEAD"
    /// `AT+HTTPGETHEAD`: whether `AT+HTTPREAD` includes that header.
    HttpGetHead "+HTTPGETHEAD"
    /// `AT+HTTPSSL`: HTTP over SSL.
    HttpSsl "+HTTPSSL"
    /// `AT+FTPPORT`: control port.
    FtpPort "+FTPPORT"
    /// `AT+FTPMODE`: active or passive.
    FtpMode "+FTPMODE"
    /// `AT+FTPTYPE`: ASCII or binary.
    FtpType "+FTPTYPE"
    /// `AT+FTPPUTOPT`: how an upload treats an existing file.
    FtpPutOpt "+FTPPUTOPT"
    /// `AT+FTPCID`: bearer of the FTP session.
    FtpCid "+FTPCID"
    /// `AT+FTPREST`: offset at which a download resumes.
    FtpRest "+FTPREST"
    /// `AT+FTPSERV`: server.
    FtpServ "+FTPSERV"
    /// `AT+FTPUN`: user name.
    FtpUn "+FTPUN"
    /// `AT+FTPPW`: password.
    FtpPw "+FTPPW"
    /// `AT+FTPGETNAME`: file to download.
    FtpGetName "+FTPGETNAME"
    /// `AT+FTPGETPATH`: directory to download from.
    FtpGetPath "+FTPGETPATH"
    /// `AT+FTPPUTNAME`: file to upload.
    FtpPutName "+FTPPUTNAME"
    /// `AT+FTPPUTPATH`: directory to upload to.
    FtpPutPath "+FTPPUTPATH"
    /// `AT+FTPGET`: download.
    FtpGet "+FTPGET"
    /// `AT+FTPPUT`: upload.
    FtpPut "+FTPPUT"
    /// `AT+FTPSCONT`: settings of FTP sessions in memory that outlives a restart.
    FtpScont "+FTPSCONT"
    /// `AT+FTPDELE`: removal of a file on the server.
    FtpDele "+FTPDELE"
    /// `AT+FTPSIZE`: size of a file on the server.
    FtpSize "+FTPSIZE"
    /// `AT+FTPSTATE`: state of the FTP session.
    FtpState "+FTPSTATE"
    /// `AT+FTPEXTPUT`: upload from the module's memory.
    FtpExtPut "+FTPEXTPUT"
    /// `AT+FTPMKD`: new directory on the server.
    FtpMkd "+FTPMKD"
    /// `AT+FTPRMD`: removal of a directory on the server.
    FtpRmd "+FTPRMD"
    /// `AT+FTPLIST`: directory on the server.
    FtpList "+FTPLIST"
    /// `AT+FTPGETTOFS`: download into the module's file system.
    FtpGetToFs "+FTPGETTOFS"
    /// `AT+FTPPUTFRMFS`: upload from the module's file system.
    FtpPutFrmFs "+FTPPUTFRMFS"
    /// `AT+FTPEXTGET`: download into the module's memory.
    FtpExtGet "+FTPEXTGET"
    /// `AT+FTPFILEPUT`: upload of a file that is loaded into the module's memory first.
    FtpFilePut "+FTPFILEPUT"
    /// `AT+FTPQUIT`: end of the FTP session.
    FtpQuit "+FTPQUIT"
    /// `AT+FTPRENAME`: new name of a file on the server.
    FtpRename "+FTPRENAME"
    /// `AT+FTPSSL`: FTP over SSL.
    FtpSsl "+FTPSSL"
    /// `AT+SSLOPT`: what is checked under SSL.
    SslOpt "+SSLOPT"
    /// `AT+FSDRIVE`: letter of a drive of the module's file system.
    FsDrive "+FSDRIVE"
    /// `AT+FSLS`: what is in a directory.
    FsLs "+FSLS"
    /// `AT+FSCREATE`: new file.
    FsCreate "+FSCREATE"
    /// `AT+FSREAD`: octets of a file.
    FsRead "+FSREAD"
    /// `AT+FSWRITE`: octets into a file.
    FsWrite "+FSWRITE"
    /// `AT+FSDEL`: removal of a file.
    FsDel "+FSDEL"
    /// `AT+FSMKDIR`: new directory.
    FsMkdir "+FSMKDIR"
    /// `AT+FSRMDIR`: removal of a directory.
    FsRmdir "+FSRMDIR"
    /// `AT+FSRENAME`: new name of a file or a directory.
    FsRename "+FSRENAME"
    /// `AT+FSFLSIZE`: size of a file.
    FsFlSize "+FSFLSIZE"
    /// `AT+FSMEM`: free space of the drives.
    FsMem "+FSMEM"
}

impl Id {
    /// The command of this name, whatever its case.
    ///
    /// ```
    /// use sim800_command::Id;
    ///
    /// assert_eq!(Id::from_name("+httpread"), Some(Id::HttpRead));
    /// assert_eq!(Id::from_name("+CMGS"), None);
    /// ```
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|id| id.name().eq_ignore_ascii_case(name))
    }
}
