//! Why a command is not done.

/// A command ends in an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// `ERROR`, whatever `AT+CMEE` says: the command is not known in this form.
    Unknown,
    /// `ERROR` or `+CME ERROR`, as `AT+CMEE` says.
    Cme(Cme),
    /// `+CMS ERROR`: a short message is not read, stored or sent (3GPP TS 27.005, 3.2.5).
    Cms(u16),
    /// `NO CARRIER`: a call is not made.
    NoCarrier,
    /// `NO ANSWER`: nobody takes the call.
    NoAnswer,
}

impl From<Cme> for Refusal {
    fn from(error: Cme) -> Self {
        Self::Cme(error)
    }
}

/// Declares [`Cme`] from `variant = number, "wording"` lines.
macro_rules! cme {
    ($($variant:ident = $code:literal, $text:literal;)+) => {
        /// The errors of manual 18.1 that this module has a reason for. Which one belongs to which misuse is documented nowhere;
        /// only 3 and 100 were seen at HTTP and bearer commands.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Cme { $($variant,)+ }

        impl Cme {
            pub(crate) const fn code(self) -> u16 {
                match self { $(Self::$variant => $code,)+ }
            }

            /// The wording under `AT+CMEE=2`.
            pub(crate) const fn text(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }
        }
    };
}

cme! {
    NotAllowed = 3, "operation not allowed";
    NotSupported = 4, "operation not supported";
    SimNotInserted = 10, "SIM not inserted";
    SimPinRequired = 11, "SIM PIN required";
    SimPukRequired = 12, "SIM PUK required";
    SimBusy = 14, "SIM busy";
    IncorrectPassword = 16, "incorrect password";
    MemoryFull = 20, "memory full";
    InvalidIndex = 21, "invalid index";
    TextTooLong = 24, "text string too long";
    InvalidCharacters = 25, "invalid characters in text string";
    DialTooLong = 26, "dial string too long";
    InvalidDial = 27, "invalid characters in dial string";
    NoNetworkService = 30, "no network service";
    Unknown = 100, "unknown";
    GprsNotAllowed = 107, "GPRS services not allowed";
    TooFewParameters = 791, "param count not enough";
    TooManyParameters = 792, "param count beyond";
    OutOfRange = 793, "param value range beyond";
    WrongType = 794, "param type not match";
    RadioOff = 797, "CFUN state is 0 or 4";
}
