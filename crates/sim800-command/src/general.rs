//! The serial line, the module itself and what it is (manual chapters 2, 3 and 6).

use crate::information::text;
use crate::{Claim, Information, InvalidValue, Line, time_limit};

commands! {
    At "2.2" {
        /// Checks that the module answers. Under autobauding it learns the rate from it (2.2.41).
        Execution At;
    }

    Echo "2.2.7" {
        /// Switches the echo of command lines.
        Basic Echo {
            /// Whether the module repeats what it receives.
            on: bool,
        };
    }

    Verbose "2.2.25" {
        /// Chooses the format of result codes.
        Basic Verbose {
            /// Words (`OK`) rather than digits (`0`).
            on: bool,
        };
    }

    Quiet "2.2.15" {
        /// Suppresses result codes; switching it on gets no result code any more.
        Basic Quiet {
            /// Whether result codes are suppressed.
            on: bool,
        };
    }

    Cmee "3.2.20" {
        /// Chooses the format of errors.
        Write Cmee {
            /// What stands in place of `ERROR`.
            mode: ErrorReport,
        };
        read Cmee;
        test Cmee;
    }

    Ipr "2.2.41" {
        /// Sets the rate of the serial line; it changes after the result code.
        Write Ipr {
            /// The rate.
            rate: Rate,
        };
        read Ipr;
        test Ipr;
    }

    Ifc "2.2.40" {
        /// Sets the flow control of the serial line.
        Write Ifc {
            /// How the DTE stops the DCE.
            dce_by_dte: FlowControl,
            /// How the DCE stops the DTE.
            dte_by_dce: FlowControl,
        };
        read Ifc;
        test Ifc;
    }

    Cfun "3.2.42" {
        /// Sets the level of functionality. Levels 0 and 4 cannot follow each other directly.
        Write Cfun {
            /// The level.
            level: Functionality,
            /// Whether the module restarts first; the result code then comes after the restart.
            reset: Option<bool>,
        },
        within |_| time_limit::FUNCTIONALITY;
        read Cfun;
        test Cfun;
    }

    Cpowd "6.2.2" {
        /// Switches the module off. No final result code follows: the normal way ends in `NORMAL POWER DOWN`, the
        /// urgent way in silence.
        Write Cpowd {
            /// Whether it takes leave of the network.
            way: PowerDown,
        };
    }

    Gsn "2.2.38" {
        /// Reads the serial number.
        Execution Gsn -> SerialNumber<'r>;
        test Gsn;
    }

    Cgmr "3.2.10" {
        /// Reads the revision of the firmware.
        Execution Cgmr -> Revision<'r>;
        test Cgmr;
    }

    Cgmm "3.2.9" {
        /// Reads the model.
        Execution Cgmm -> Model<'r>;
        test Cgmm;
    }

    Cbc "3.2.52" {
        /// Asks how full the battery is.
        Execution Cbc -> Battery;
        test Cbc;
    }
}

choice! {
    /// What the module says when a command fails.
    pub enum ErrorReport {
        /// `ERROR`
        Off = "0",
        /// `+CME ERROR: <number>`
        Numeric = "1",
        /// `+CME ERROR: <text>`
        Verbose = "2",
    }
}

choice! {
    /// Flow control in one direction.
    pub enum FlowControl {
        /// None.
        None = "0",
        /// XON and XOFF: not for binary data.
        Software = "1",
        /// RTS and CTS.
        Hardware = "2",
    }
}

choice! {
    /// How much of the module works.
    pub enum Functionality {
        /// Minimum: neither radio nor SIM.
        Minimum = "0",
        /// Everything.
        Full = "1",
        /// Everything but the radio.
        RadioOff = "4",
    }
}

choice! {
    /// How the module switches off.
    pub enum PowerDown {
        /// At once, without leaving the network.
        Urgent = "0",
        /// In order.
        Normal = "1",
    }
}

choice! {
    /// Rate of the serial line in bits per second.
    pub enum Rate {
        /// The module finds the rate from the first `AT`; then it sends no `RDY` at start-up.
        Auto = "0",
        /// 1200 bit/s
        B1200 = "1200",
        /// 2400 bit/s
        B2400 = "2400",
        /// 4800 bit/s
        B4800 = "4800",
        /// 9600 bit/s
        B9600 = "9600",
        /// 19,200 bit/s
        B19200 = "19200",
        /// 38,400 bit/s
        B38400 = "38400",
        /// 57,600 bit/s
        B57600 = "57600",
        /// 115,200 bit/s
        B115200 = "115200",
        /// 230,400 bit/s
        B230400 = "230400",
        /// 460,800 bit/s
        B460800 = "460800",
    }
}

impl Rate {
    /// The rates the module can be fixed to, slowest first.
    pub const FIXED: &'static [(u32, Self)] = &[
        (1_200, Self::B1200),
        (2_400, Self::B2400),
        (4_800, Self::B4800),
        (9_600, Self::B9600),
        (19_200, Self::B19200),
        (38_400, Self::B38400),
        (57_600, Self::B57600),
        (115_200, Self::B115200),
        (230_400, Self::B230400),
        (460_800, Self::B460800),
    ];

    /// The fixed rate of so many bits per second.
    ///
    /// # Errors
    ///
    /// [`InvalidValue::OutOfRange`] if the module has no such rate; see [`FIXED`](Self::FIXED).
    pub fn from_bits_per_second(rate: u32) -> Result<Self, InvalidValue> {
        let found = Self::FIXED.iter().find(|(bits, _)| *bits == rate).map(|(_, rate)| *rate);
        found.ok_or(InvalidValue::OutOfRange { value: rate, min: 1_200, max: 460_800 })
    }

    /// Bits per second; `None` when the module finds the rate itself.
    #[must_use]
    pub fn bits_per_second(self) -> Option<u32> {
        Self::FIXED.iter().find(|(_, rate)| *rate == self).map(|(bits, _)| *bits)
    }
}

/// Serial number: an IMEI of 15 digits, with the software version 16.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct SerialNumber<'a>(&'a str);

impl<'a> SerialNumber<'a> {
    /// The digits.
    #[must_use]
    pub const fn as_str(self) -> &'a str {
        self.0
    }
}

impl<'a> Information<'a> for SerialNumber<'a> {
    const SHAPE: &'static str = "15 or 16 digits";
    const EXAMPLE: &'static str = "012345678901234";

    fn claim(_name: &'static str) -> Claim {
        Claim::Text
    }

    fn decode(lines: &[Line<'a>]) -> Option<Self> {
        let is_imei = |text: &&str| matches!(text.len(), 15 | 16) && text.bytes().all(|c| c.is_ascii_digit());
        // An unsolicited line that nobody knows is claimed as well.
        lines.iter().filter_map(|line| text(*line)).find(is_imei).map(Self)
    }
}

/// Revision of the firmware, such as `1418B04SIM800L24`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Revision<'a>(&'a str);

impl<'a> Revision<'a> {
    /// The text without `Revision:` before it.
    #[must_use]
    pub const fn as_str(self) -> &'a str {
        self.0
    }
}

impl<'a> Information<'a> for Revision<'a> {
    const SHAPE: &'static str = "Revision:<revision>";
    const VALUES: &'static [(&'static str, &'static str)] = &[("revision", "the firmware")];
    const EXAMPLE: &'static str = "Revision:1418B04SIM800L24";

    fn claim(_name: &'static str) -> Claim {
        Claim::Text
    }

    fn decode(lines: &[Line<'a>]) -> Option<Self> {
        let mut texts = lines.iter().filter_map(|line| text(*line));
        // With `Revision:` before it the line is known among any others.
        match texts.clone().find_map(|text| text.strip_prefix("Revision:")) {
            Some(marked) => Some(Self(marked.trim_start())),
            None => texts.next().map(Self),
        }
    }
}

/// Model, such as `SIMCOM_SIM800L`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Model<'a>(&'a str);

impl<'a> Model<'a> {
    /// The text.
    #[must_use]
    pub const fn as_str(self) -> &'a str {
        self.0
    }
}

impl<'a> Information<'a> for Model<'a> {
    const SHAPE: &'static str = "<model>";
    const VALUES: &'static [(&'static str, &'static str)] = &[("model", "the module")];
    const EXAMPLE: &'static str = "SIMCOM_SIM800L";

    fn claim(_name: &'static str) -> Claim {
        Claim::Text
    }

    fn decode(lines: &[Line<'a>]) -> Option<Self> {
        lines.iter().find_map(|line| text(*line)).filter(|text| !text.is_empty()).map(Self)
    }
}

/// The battery, or whatever feeds the module in its place.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub struct Battery {
    /// Whether it is being charged.
    pub charging: Charging,
    /// What is left in it, in percent.
    pub level: u8,
    /// Its voltage in millivolts.
    pub millivolts: u16,
}

/// Whether a battery is being charged.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum Charging {
    /// It is not.
    No,
    /// It is.
    Yes,
    /// It was, and is full.
    Finished,
    /// A number that the manual does not have.
    Other(u8),
}

impl From<u8> for Charging {
    fn from(number: u8) -> Self {
        match number {
            0 => Self::No,
            1 => Self::Yes,
            2 => Self::Finished,
            other => Self::Other(other),
        }
    }
}

impl<'a> Information<'a> for Battery {
    const SHAPE: &'static str = "<bcs>,<bcl>,<voltage>";
    const VALUES: &'static [(&'static str, &'static str)] = &[
        ("bcs", "0: not charging; 1: charging; 2: charged"),
        ("bcl", "what is left, in percent"),
        ("voltage", "in millivolts"),
    ];
    const EXAMPLE: &'static str = ": 0,82,4010";

    fn decode(lines: &[Line<'a>]) -> Option<Self> {
        let mut values = lines.first()?.values();
        Some(Self {
            charging: values.next_number::<u8>()?.into(),
            level: values.next_number()?,
            millivolts: values.next_number()?,
        })
    }
}
