//! The bearer that HTTP and FTP run over (manual chapter 9).

use core::fmt;
use core::net::Ipv4Addr;

use crate::information::text;
use crate::{Claim, Information, Line, Number, Secret, Text, Values, time_limit};

/// Which bearer profile: 1 to 3.
pub type Cid = Number<1, 3>;

/// Name of an access point.
pub type Apn<'a> = Text<'a, 64>;
/// Name of a user of the bearer, or a phone number.
pub type BearerText<'a> = Text<'a, 32>;
/// Password of the bearer.
pub type BearerPassword<'a> = Secret<'a, 32>;

commands! {
    Sapbr "9.2.1" {
        /// Closes a bearer. Refused when it is closed already.
        Write SapbrClose = 0 {
            /// The bearer profile.
            cid: Cid,
        },
        within |_| time_limit::BEARER_CLOSE;
        /// Opens a bearer; answers when it is up. Refused when it is open already.
        Write SapbrOpen = 1 {
            /// The bearer profile.
            cid: Cid,
        },
        within |_| time_limit::BEARER_OPEN;
        /// Asks how a bearer stands.
        Write SapbrQuery = 2 {
            /// The bearer profile.
            cid: Cid,
        }
        -> BearerStatus;
        /// Sets a parameter of a bearer profile.
        Write SapbrSet<'a> = 3 {
            /// The bearer profile.
            cid: Cid,
            /// What to set.
            parameter: BearerParameter<'a>,
        };
        /// Asks for the parameters of a bearer profile.
        Write SapbrShow = 4 {
            /// The bearer profile.
            cid: Cid,
        }
        -> BearerProfile<'r>;
        /// Saves the parameters of a bearer profile, so that they outlive a restart.
        ///
        /// The manual ends at 4; field logs have it on many revisions. Take a refusal for a firmware without it.
        Write SapbrSave = 5 {
            /// The bearer profile.
            cid: Cid,
        };
        test SapbrQuery;
    }
}

tagged! {
    /// A parameter of a bearer profile.
    pub enum BearerParameter<'a> {
        /// Kind of bearer.
        ContentType(BearerKind) = "CONTYPE",
        /// Access point name.
        Apn(Apn<'a>) = "APN",
        /// User name at the access point.
        User(BearerText<'a>) = "USER",
        /// Password at the access point.
        Password(BearerPassword<'a>) = "PWD",
        /// Phone number for circuit-switched data.
        PhoneNumber(BearerText<'a>) = "PHONENUM",
        /// Rate for circuit-switched data.
        Rate(DialRate) = "RATE",
    }
}

choice! {
    /// Kind of bearer.
    pub enum BearerKind {
        /// Circuit-switched data.
        Csd = "\"CSD\"",
        /// Packet-switched data.
        Gprs = "\"GPRS\"",
    }
}

choice! {
    /// Rate for circuit-switched data.
    pub enum DialRate {
        /// 2400 bit/s
        B2400 = "0",
        /// 4800 bit/s
        B4800 = "1",
        /// 9600 bit/s
        B9600 = "2",
        /// 14,400 bit/s
        B14400 = "3",
    }
}

/// How a bearer stands.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub struct BearerStatus {
    /// The bearer profile.
    pub cid: u8,
    /// How it stands.
    pub state: BearerState,
    /// The address the network gave it; `None` when it is not up.
    pub address: Option<Ipv4Addr>,
}

/// How a bearer stands.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum BearerState {
    /// It is being opened.
    Connecting,
    /// It is open.
    Connected,
    /// It is being closed.
    Closing,
    /// It is closed.
    Closed,
    /// A number that the manual does not have.
    Other(u8),
}

impl From<u8> for BearerState {
    fn from(number: u8) -> Self {
        match number {
            0 => Self::Connecting,
            1 => Self::Connected,
            2 => Self::Closing,
            3 => Self::Closed,
            other => Self::Other(other),
        }
    }
}

impl<'a> Information<'a> for BearerStatus {
    const SHAPE: &'static str = "<cid>,<status>,\"<address>\"";
    const VALUES: &'static [(&'static str, &'static str)] = &[
        ("cid", "the bearer profile"),
        ("status", "0: opening; 1: open; 2: closing; 3: closed"),
        ("address", "the IP address that the network gave it, 0.0.0.0 without one"),
    ];
    const EXAMPLE: &'static str = r#": 1,1,"10.89.193.1""#;

    fn accepts(values: Values<'_>) -> bool {
        values.count() == 3
    }

    fn decode(lines: &[Line<'a>]) -> Option<Self> {
        let mut values = lines.first()?.values();
        let cid = values.next_number()?;
        let state = values.next_number::<u8>()?.into();
        let address: Option<Ipv4Addr> = values.next()?.text().and_then(|address| address.parse().ok());
        Some(Self { cid, state, address: address.filter(|address| !address.is_unspecified()) })
    }
}

/// The parameters of a bearer profile, as the module prints them; `None` for those it does not print.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct BearerProfile<'a> {
    /// Kind of bearer.
    pub content_type: Option<&'a str>,
    /// Access point name.
    pub apn: Option<&'a str>,
    /// User name at the access point.
    pub user: Option<&'a str>,
    /// Password at the access point; masked in `Debug`.
    pub password: Option<&'a str>,
    /// Phone number for circuit-switched data.
    pub phone_number: Option<&'a str>,
    /// Rate for circuit-switched data: 0 to 3.
    pub rate: Option<&'a str>,
}

impl fmt::Debug for BearerProfile<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BearerProfile")
            .field("content_type", &self.content_type)
            .field("apn", &self.apn)
            .field("user", &self.user)
            .field("password", &self.password.map(|_| format_args!("***")))
            .field("phone_number", &self.phone_number)
            .field("rate", &self.rate)
            .finish()
    }
}

/// Both shapes are read: `+SAPBR: <tag>,<value>` of the manual, and what modules print: `+SAPBR:` alone, then
/// `<tag>: <value>` on lines of their own.
impl<'a> Information<'a> for BearerProfile<'a> {
    const SHAPE: &'static str = "lines of <tag>: <value>";
    const VALUES: &'static [(&'static str, &'static str)] =
        &[("tag", "a parameter of `AT+SAPBR=3`"), ("value", "what it is set to")];

    fn claim(_name: &'static str) -> Claim {
        Claim::Text
    }

    fn decode(lines: &[Line<'a>]) -> Option<Self> {
        let mut profile = Self::default();
        for line in lines.iter().filter_map(|line| text(*line)) {
            let line = line.strip_prefix("+SAPBR:").unwrap_or(line);
            let Some((tag, value)) = line.split_once([':', ',']) else { continue };
            let value = Some(value.trim().trim_matches('"'));
            match tag.trim().trim_matches('"') {
                "CONTYPE" => profile.content_type = value,
                "APN" => profile.apn = value,
                "USER" => profile.user = value,
                "PWD" => profile.password = value,
                "PHONENUM" => profile.phone_number = value,
                "RATE" => profile.rate = value,
                _ => {}
            }
        }
        (profile != Self::default()).then_some(profile)
    }
}
