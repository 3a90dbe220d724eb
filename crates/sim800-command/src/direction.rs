//! The two ends of a line.

/// Which way octets went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a line has two ends")]
pub enum Direction {
    /// To the module.
    Sent,
    /// From the module.
    Received,
}
