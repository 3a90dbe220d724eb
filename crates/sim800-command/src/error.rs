//! What can be wrong with a value, and with a response.

use core::fmt;

use crate::Spec;

/// Why a value cannot stand in a command line.
///
/// Tells where and what, never the value itself, which may be a secret.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum InvalidValue {
    /// A quotation mark: it would end the string, and the module has no escape for it.
    Quote {
        /// Where, counted in octets from 0.
        position: usize,
    },
    /// A control octet: it could end the line and begin another command.
    Control {
        /// Which one.
        octet: u8,
        /// Where, counted in octets from 0.
        position: usize,
    },
    /// Something else than ASCII.
    NotAscii {
        /// Where, counted in octets from 0.
        position: usize,
    },
    /// A backslash in a header line, where the module takes `\r\n` for the end of the line.
    Backslash {
        /// Where, counted in octets from 0.
        position: usize,
    },
    /// A path does not begin with a drive and a backslash.
    NoDrive,
    /// Printable, but not in a path: it has a meaning of its own to the command line or to the file system.
    NotInPath {
        /// Which one.
        octet: u8,
        /// Where, counted in octets from 0.
        position: usize,
    },
    /// Longer than the manual allows.
    TooLong {
        /// The octets it has.
        length: usize,
        /// The octets it may have.
        limit: usize,
    },
    /// Not in the range of the parameter.
    OutOfRange {
        /// The number.
        value: u32,
        /// The smallest that is allowed.
        min: u32,
        /// The largest that is allowed.
        max: u32,
    },
    /// The name of a header line is empty or has an octet that HTTP does not allow there.
    HeaderName {
        /// Which header line, counted from 0.
        index: usize,
    },
}

impl fmt::Display for InvalidValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Quote { position } => {
                write!(f, "it has a quotation mark at position {position}, which no command can carry")
            }
            Self::Control { octet, position } => {
                write!(f, "it has the control character 0x{octet:02x} at position {position}")
            }
            Self::NotAscii { position } => {
                write!(
                    f,
                    "it has a character other than ASCII at position {position}, which the module does not take"
                )
            }
            Self::Backslash { position } => {
                write!(
                    f,
                    "it has a backslash at position {position}, which the module may take for a line end"
                )
            }
            Self::NoDrive => f.write_str(r"it does not begin with a drive, as C:\ does"),
            Self::NotInPath { octet, position } => {
                let octet = char::from(*octet);
                write!(f, "it has '{octet}' at position {position}, which no path can have")
            }
            Self::TooLong { length, limit } => {
                write!(f, "it is {length} bytes long, and at most {limit} are allowed")
            }
            Self::OutOfRange { value, min, max } => write!(f, "{value} is not in the range {min} to {max}"),
            Self::HeaderName { index } => {
                write!(
                    f,
                    "the name of header {index} is empty or has a character that HTTP does not allow there"
                )
            }
        }
    }
}

impl core::error::Error for InvalidValue {}

/// Information text that is missing or not of the shape the command's response has.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Malformed {
    /// The command.
    pub command: &'static Spec,
    /// The shape that was expected, in the manual's notation.
    pub expected: &'static str,
}

impl Malformed {
    /// The response to `command` is not `expected`.
    #[must_use]
    pub const fn new(command: &'static Spec, expected: &'static str) -> Self {
        Self { command, expected }
    }
}

impl PartialEq for Malformed {
    fn eq(&self, other: &Self) -> bool {
        (self.command.name, self.command.form, self.expected)
            == (other.command.name, other.command.form, other.expected)
    }
}

impl Eq for Malformed {}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "malformed response to {}: expected {}", self.command, self.expected)
    }
}

impl core::error::Error for Malformed {}
