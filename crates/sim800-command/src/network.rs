//! SIM, registration and signal (manual chapters 3, 4 and 7).

use crate::information::text;
use crate::{Information, Line, Secret, Values, time_limit};

/// The PIN of a SIM card: 4 to 8 digits.
pub type SimPin<'a> = Secret<'a, 8>;

commands! {
    Cnmi "4.2.8" {
        /// Says where new short messages go. A text that is routed to the serial line comes in two lines, the second
        /// of which may read like anything: a driver has better use for the line.
        Write Cnmi {
            /// What happens to unsolicited lines while the serial line carries data.
            mode: IndicationMode,
            /// Short messages.
            messages: MessageRouting,
            /// Cell broadcasts.
            broadcasts: BroadcastRouting,
            /// Whether status reports are routed to the serial line (`+CDS`).
            reports: bool,
            /// Whether lines held back so far are discarded rather than sent now.
            discard: bool,
        };
        read Cnmi;
        test Cnmi;
    }

    Cpin "3.2.28" {
        /// Asks what the SIM card waits for.
        Read CpinRead -> PinState<'r>, within |_| time_limit::SIM;
        /// Enters the PIN that the SIM card waits for. A wrong one is refused with `+CME ERROR: 16`; the third in a row locks the
        /// card, and then only its PUK opens it ([`Spic`]).
        Write CpinWrite<'a> {
            /// The PIN.
            pin: SimPin<'a>,
        },
        within |_| time_limit::SIM;
        test CpinRead;
    }

    Spic "6.2.3" {
        /// Asks how many tries are left for the codes of the SIM card.
        Execution Spic -> PinTries;
        test Spic;
    }

    Creg "3.2.32" {
        /// Asks for the registration for calls.
        Read CregRead -> Registration;
        test CregRead;
    }

    Cgreg "7.2.10" {
        /// Asks for the registration for GPRS.
        Read CgregRead -> Registration;
        test CgregRead;
    }

    Cgatt "7.2.1" {
        /// Asks whether the module is attached to GPRS.
        Read CgattRead -> bool;
        /// Attaches to GPRS, or detaches.
        Write CgattWrite {
            /// Whether to attach.
            attached: bool,
        },
        within |_| time_limit::ATTACH;
        test CgattWrite;
    }

    Csq "3.2.35" {
        /// Asks for the signal quality.
        Execution Csq -> SignalQuality;
        test Csq;
    }

    Cops "3.2.22" {
        /// Asks for the operator.
        Read CopsRead -> Operator<'r>;
    }
}

choice! {
    /// What happens to unsolicited lines about messages while the serial line carries data.
    pub enum IndicationMode {
        /// They are held back, always.
        Hold = "0",
        /// They are discarded while the line carries data.
        Discard = "1",
        /// They are held back while the line carries data.
        HoldInData = "2",
        /// They are sent at once.
        Forward = "3",
    }
}

choice! {
    /// Where a short message goes.
    pub enum MessageRouting {
        /// The module says nothing about them.
        Silent = "0",
        /// Into memory; `+CMTI` tells where.
        Stored = "1",
        /// To the serial line, in two lines (`+CMT`).
        Direct = "2",
        /// Those of class 3 to the serial line, the others into memory.
        DirectClass3 = "3",
    }
}

choice! {
    /// Where a cell broadcast goes.
    pub enum BroadcastRouting {
        /// The module says nothing about them.
        Silent = "0",
        /// To the serial line, in two lines (`+CBM`).
        Direct = "2",
    }
}

/// What the SIM card waits for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum PinState<'a> {
    /// Nothing: it can be used.
    Ready,
    /// The PIN.
    SimPin,
    /// The PUK, after too many wrong PINs.
    SimPuk,
    /// The code that locks the phone to the card.
    PhoneSimPin,
    /// The PUK of that code.
    PhoneSimPuk,
    /// PIN2.
    SimPin2,
    /// PUK2.
    SimPuk2,
    /// Something else, as the module prints it.
    Other(&'a str),
}

impl<'a> Information<'a> for PinState<'a> {
    const SHAPE: &'static str = "<code>";
    const VALUES: &'static [(&'static str, &'static str)] = &[(
        "code",
        "`READY`: the card can be used; `SIM PIN`, `SIM PUK`, `SIM PIN2`, `SIM PUK2`: it waits for that code; `PH_SIM PIN`, `PH_SIM PUK`: the phone is locked to another card",
    )];
    const EXAMPLE: &'static str = ": SIM PIN";

    fn decode(lines: &[Line<'a>]) -> Option<Self> {
        let code = text(Line::new(lines.first()?.parameters()))?;
        (!code.is_empty()).then(|| code.into())
    }
}

impl<'a> From<&'a str> for PinState<'a> {
    fn from(code: &'a str) -> Self {
        match code {
            "READY" => Self::Ready,
            "SIM PIN" => Self::SimPin,
            "SIM PUK" => Self::SimPuk,
            "PH_SIM PIN" => Self::PhoneSimPin,
            "PH_SIM PUK" => Self::PhoneSimPuk,
            "SIM PIN2" => Self::SimPin2,
            "SIM PUK2" => Self::SimPuk2,
            code => Self::Other(code),
        }
    }
}

/// How many tries are left for the codes of the SIM card.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub struct PinTries {
    /// For the PIN; with none, the card waits for its PUK.
    pub pin: u8,
    /// For PIN2.
    pub pin2: u8,
    /// For the PUK; with none, the card is of no use any more.
    pub puk: u8,
    /// For PUK2.
    pub puk2: u8,
}

impl<'a> Information<'a> for PinTries {
    const SHAPE: &'static str = "<pin1>,<pin2>,<puk1>,<puk2>";
    const VALUES: &'static [(&'static str, &'static str)] = &[
        ("pin1", "tries left for the PIN; with 0 the card wants its PUK"),
        ("pin2", "tries left for PIN2"),
        ("puk1", "tries left for the PUK; with 0 the card is locked for good"),
        ("puk2", "tries left for PUK2"),
    ];
    const EXAMPLE: &'static str = ": 3,3,10,10";

    fn accepts(values: Values<'_>) -> bool {
        values.count() == 4
    }

    fn decode(lines: &[Line<'a>]) -> Option<Self> {
        let mut values = lines.first()?.values();
        let mut next = || values.next_number();
        Some(Self { pin: next()?, pin2: next()?, puk: next()?, puk2: next()? })
    }
}

/// Registration with the network, as `AT+CREG?` and `AT+CGREG?` tell it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub struct Registration {
    /// How it stands.
    pub status: RegistrationStatus,
    /// The cell, when the module was set up to tell it.
    pub cell: Option<Cell>,
}

/// How the registration stands.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum RegistrationStatus {
    /// Not registered, and not searching.
    NotRegistered,
    /// Registered, home network.
    Home,
    /// Searching.
    Searching,
    /// The network refuses.
    Denied,
    /// The module does not know.
    Unknown,
    /// Registered, roaming.
    Roaming,
    /// A number that the manual does not have.
    Other(u8),
}

impl RegistrationStatus {
    /// Whether the module is registered, at home or roaming.
    #[must_use]
    pub const fn is_registered(self) -> bool {
        matches!(self, Self::Home | Self::Roaming)
    }

    /// The number on the line.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::NotRegistered => 0,
            Self::Home => 1,
            Self::Searching => 2,
            Self::Denied => 3,
            Self::Unknown => 4,
            Self::Roaming => 5,
            Self::Other(number) => number,
        }
    }

    /// What it means; `None` for a number that the manual does not have.
    #[must_use]
    pub const fn description(self) -> Option<&'static str> {
        Some(match self {
            Self::NotRegistered => "not registered",
            Self::Home => "registered",
            Self::Searching => "searching",
            Self::Denied => "registration denied",
            Self::Unknown => "unknown",
            Self::Roaming => "registered, roaming",
            Self::Other(_) => return None,
        })
    }
}

impl From<u8> for RegistrationStatus {
    fn from(number: u8) -> Self {
        match number {
            0 => Self::NotRegistered,
            1 => Self::Home,
            2 => Self::Searching,
            3 => Self::Denied,
            4 => Self::Unknown,
            5 => Self::Roaming,
            other => Self::Other(other),
        }
    }
}

/// A cell of the network.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub struct Cell {
    /// Location area code.
    pub location_area: u16,
    /// Cell identity.
    pub identity: u32,
}

impl<'a> Information<'a> for Registration {
    const SHAPE: &'static str = "<n>,<stat>[,\"<lac>\",\"<ci>\"]";
    const VALUES: &'static [(&'static str, &'static str)] = &[
        ("n", "which changes the module reports by itself"),
        (
            "stat",
            "0: not registered; 1: registered; 2: searching; 3: registration denied; 4: unknown; 5: registered, roaming",
        ),
        ("lac", "location area code, in hexadecimal"),
        ("ci", "cell, in hexadecimal"),
    ];
    const EXAMPLE: &'static str = ": 0,1";

    /// The unsolicited line lacks `<n>`: it has one value or three.
    fn accepts(values: Values<'_>) -> bool {
        matches!(values.count(), 2 | 4)
    }

    fn decode(lines: &[Line<'a>]) -> Option<Self> {
        let mut values = lines.first()?.values();
        let _mode: u8 = values.next_number()?;
        let status = values.next_number::<u8>()?.into();
        let Some(area) = values.next() else {
            return Some(Self { status, cell: None });
        };
        let location_area = u16::from_str_radix(area.text()?, 16).ok()?;
        let identity = u32::from_str_radix(values.next()?.text()?, 16).ok()?;
        Some(Self { status, cell: Some(Cell { location_area, identity }) })
    }
}

/// `0` or `1`.
impl<'a> Information<'a> for bool {
    const SHAPE: &'static str = "0 or 1";

    fn decode(lines: &[Line<'a>]) -> Option<Self> {
        match lines.first()?.values().next()?.number()? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }
}

/// Signal quality.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub struct SignalQuality {
    /// Signal strength as the module counts it: 0 to 31, 99 when unknown.
    pub rssi: u8,
    /// Bit error rate class: 0 to 7, 99 when unknown.
    pub ber: u8,
}

impl SignalQuality {
    /// Signal strength in dBm: −115 means that or less, −52 that or more; `None` when unknown.
    ///
    /// ```
    /// use sim800_command::{Command, Csq, Line};
    ///
    /// let quality = Csq.response(&[Line::new(b"+CSQ: 15,0")])?;
    /// assert_eq!(quality.dbm(), Some(-84));
    /// # Ok::<(), sim800_command::Malformed>(())
    /// ```
    #[must_use]
    pub const fn dbm(self) -> Option<i16> {
        match self.rssi {
            0 => Some(-115),
            1 => Some(-111),
            rssi @ 2..=30 => Some(2 * rssi as i16 - 114),
            31 => Some(-52),
            _ => None,
        }
    }
}

impl<'a> Information<'a> for SignalQuality {
    const SHAPE: &'static str = "<rssi>,<ber>";
    const VALUES: &'static [(&'static str, &'static str)] = &[
        (
            "rssi",
            "signal strength: 0 is -115 dBm or less, 2 to 30 are -110 to -54 dBm in steps of 2, 31 is -52 dBm or more, 99 is unknown",
        ),
        ("ber", "class of the bit error rate, 0 (best) to 7, or 99 when unknown"),
    ];
    const EXAMPLE: &'static str = ": 21,0";

    fn decode(lines: &[Line<'a>]) -> Option<Self> {
        let mut values = lines.first()?.values();
        Some(Self { rssi: values.next_number()?, ber: values.next_number()? })
    }
}

/// The operator.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub struct Operator<'a> {
    /// How it is chosen: 0 automatically, 1 by hand, 2 not at all, 4 by hand, else automatically.
    pub mode: u8,
    /// Its name or number; `None` when not registered.
    pub name: Option<&'a str>,
}

impl<'a> Information<'a> for Operator<'a> {
    const SHAPE: &'static str = "<mode>[,<format>,\"<oper>\"]";
    const VALUES: &'static [(&'static str, &'static str)] = &[
        (
            "mode",
            "how the operator is chosen: 0: automatically; 1: by hand; 2: not at all; 4: by hand, else automatically",
        ),
        ("format", "0: long name; 1: short name; 2: number"),
        ("oper", "the operator; missing while the module is not registered"),
    ];
    const EXAMPLE: &'static str = r#": 0,0,"CHINA MOBILE""#;

    fn decode(lines: &[Line<'a>]) -> Option<Self> {
        let mut values = lines.first()?.values();
        let mode = values.next_number()?;
        let name = match values.next() {
            None => None,
            Some(_format) => Some(crate::text::take(&mut values)?),
        };
        Some(Self { mode, name })
    }
}
