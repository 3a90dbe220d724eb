//! How the octets end that a prompt asks for.

/// How the DTE ends the octets that a prompt asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BodyEnd {
    /// The module counts them, or has said how many it takes. It waits for all of them, or for its own patience to end.
    #[default]
    Counted,
    /// Ctrl-Z ends them and ESC gives the command up, as for `AT+CMGS` (27.005 section 3.5.1, manual 4.2.5). Neither may
    /// stand among them.
    CtrlZ,
}

impl BodyEnd {
    /// What is sent behind them.
    #[must_use]
    pub const fn octets(self) -> &'static [u8] {
        match self {
            Self::Counted => b"",
            Self::CtrlZ => b"\x1a",
        }
    }

    /// What takes the module back to its commands without them, where anything does.
    #[must_use]
    pub const fn cancel(self) -> Option<&'static [u8]> {
        match self {
            Self::Counted => None,
            Self::CtrlZ => Some(b"\x1b"),
        }
    }

    /// Whether `octet` may be one of them.
    #[must_use]
    pub const fn allows(self, octet: u8) -> bool {
        match self {
            Self::Counted => true,
            Self::CtrlZ => !matches!(octet, 0x1a | 0x1b),
        }
    }
}
