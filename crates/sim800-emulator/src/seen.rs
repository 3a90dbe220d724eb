//! What the module has seen of its DTE, for those who look on.

/// Something that the DTE did.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Seen {
    /// A command line, without prefix and line end. It may hold secrets.
    Line(String),
    /// A command was refused, for the firmware has none of this name.
    Unknown(String),
}
