//! The names of the AT commands.

/// Declares [`Id`] from `Variant "name"` lines.
macro_rules! ids {
    ($($(#[$meta:meta])* $variant:ident $name:literal)+) => {
        /// An AT command by its name; its forms (test, read, write, execution) share it.
        ///
        /// A program that stands in for the module matches on this without a wildcard, so that a new command
        /// does not compile until it is handled.
        #[expect(clippy::exhaustive_enums, reason = "a new command shall break every match that ignores it")]
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub enum Id {
            $($(#[$meta])* $variant,)+
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
    /// `AT+CNMI`: where new short messages go.
    Cnmi "+CNMI"
    /// `AT+CPIN`: state of the SIM card.
    Cpin "+CPIN"
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
    /// `AT+SAPBR`: bearer.
    Sapbr "+SAPBR"
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
    /// `AT+HTTPSTATUS`: progress of the HTTP session.
    HttpStatus "+HTTPSTATUS"
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
    /// `AT+FTPSIZE`: size of a file on the server.
    FtpSize "+FTPSIZE"
    /// `AT+FTPSTATE`: state of the FTP session.
    FtpState "+FTPSTATE"
    /// `AT+FTPQUIT`: end of the FTP session.
    FtpQuit "+FTPQUIT"
}

impl Id {
    /// The command of this name, whatever its case.
    ///
    /// ```
    /// use sim800_command::Id;
    ///
    /// assert_eq!(Id::from_name("+httpread"), Some(Id::HttpRead));
    /// assert_eq!(Id::from_name("+CIPSTART"), None);
    /// ```
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|id| id.name().eq_ignore_ascii_case(name))
    }
}
