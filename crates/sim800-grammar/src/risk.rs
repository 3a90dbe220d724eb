//! [`Risk`]: what a line may cost.

use core::fmt;

use sim800_command::{EveryId, Form, Spec};

/// What it may cost to send a form of a command, whatever its values.
///
/// The list says what is allowed: a command that is not on it is not tried on anybody's module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "who sends lines has to think of every kind")]
pub enum Risk {
    /// Nothing: it asks, or sets what a restart sets back.
    None,
    /// Money, an entry in somebody's log, wear of a memory that takes some ten thousand writes, files of the module, or settings
    /// that outlive a restart: for an emulated module, or for one's own by one's own hand.
    Lasting,
    /// The line itself: what comes behind it cannot be told from a module that has crashed, or never comes. A card may be locked.
    Fatal,
}

impl fmt::Display for Risk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "none",
            Self::Lasting => "lasting",
            Self::Fatal => "fatal",
        })
    }
}

impl Risk {
    /// What sending `spec` may cost.
    #[must_use]
    pub fn of(spec: &Spec) -> Self {
        if matches!(spec.form, Form::Read | Form::Test) {
            return Self::None;
        }
        let first = spec.parameters.first().map_or("", |parameter| parameter.name);
        spec.id.map_or(Self::Lasting, |id| of(id.into(), first))
    }
}

/// `first`: the literal at the first place, which tells one use from another.
fn of(id: EveryId, first: &str) -> Risk {
    use EveryId::*;

    match id {
        // What the module says, and what it knows.
        At | Gsn | Cgmr | Cgmm | Cbc | Spic | Csq | Creg | Cgreg | Cops | Cmee => Risk::None,
        HttpInit | HttpTerm | HttpPara | HttpRead | HttpStatus | HttpHead | HttpGetHead | HttpSsl => {
            Risk::None
        }
        FtpPort | FtpMode | FtpType | FtpPutOpt | FtpCid | FtpRest | FtpServ | FtpUn | FtpPw => Risk::None,
        FtpGetName | FtpGetPath | FtpPutName | FtpPutPath | FtpState | FtpSsl | SslOpt => Risk::None,
        FsDrive | FsLs | FsRead | FsFlSize | FsMem => Risk::None,
        // It waits for octets that are lost with a restart.
        HttpData => Risk::None,
        Sapbr => match first {
            "0" | "2" | "3" | "4" => Risk::None,
            _ => Risk::Lasting,
        },
        // Sockets: what is said of them, and what closes them.
        CipMux | CipQsend | CipAck | CipClose | CipShut | Cstt | Cifsr | CipStatus | CdnsCfg | CipRxGet => {
            Risk::None
        }
        // The network is asked, or used.
        CipStart | CipSend | Ciicr | CdnsGip => Risk::Lasting,
        Cgatt | CipGsmLoc | HttpAction => Risk::Lasting,
        FtpGet | FtpPut | FtpDele | FtpSize | FtpExtPut | FtpMkd | FtpRmd | FtpList | FtpGetToFs
        | FtpPutFrmFs | FtpExtGet | FtpFilePut | FtpQuit | FtpRename => Risk::Lasting,
        // Kept in the module's memory.
        HttpScont | FtpScont | FsCreate | FsWrite | FsDel | FsMkdir | FsRmdir | FsRename | Cnmi => {
            Risk::Lasting
        }
        // Three wrong codes lock the card.
        Cpin => Risk::Fatal,
        // Rate, echo, result codes, flow control, sleep, and no module any more.
        Ipr | Ifc | Echo | Verbose | Quiet | Cfun | Cpowd => Risk::Fatal,
    }
}

#[cfg(test)]
mod tests {
    use sim800_command::SPECS;

    use super::*;

    #[test]
    fn what_uses_the_network_or_lasts_is_not_free() {
        for (line, risk) in [
            ("AT+HTTPACTION=<method>", Risk::Lasting),
            ("AT+SAPBR=1,<cid>", Risk::Lasting),
            ("AT+SAPBR=5,<cid>", Risk::Lasting),
            ("AT+SAPBR=2,<cid>", Risk::None),
            ("AT+CPIN=<pin>", Risk::Fatal),
            ("AT+CPIN?", Risk::None),
            ("AT+CPOWD=<way>", Risk::Fatal),
        ] {
            let spec = SPECS.iter().find(|spec| spec.to_string() == line).unwrap_or_else(|| panic!("{line}"));
            assert_eq!(Risk::of(spec), risk, "{line}");
        }
    }
}
