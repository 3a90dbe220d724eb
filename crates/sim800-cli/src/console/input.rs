//! Lines that are asked for, and what comes of that.

/// What a line is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    Command,
    /// Data for the module: so many octets, where that is known.
    Data(Option<u64>),
}

/// What came.
pub(super) enum Input {
    Line(String, Ending),
    /// The line was given up.
    GivenUp,
    /// There are no more.
    End,
}

/// How a line ended, by the octet of that key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    Enter = b'\r' as isize,
    CtrlZ = 0x1a,
    Escape = 0x1b,
}
