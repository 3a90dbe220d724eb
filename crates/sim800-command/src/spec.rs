//! What the table says about a command, as data.

use crate::Id;

/// The syntax of a command line (manual 1.4.1 and 1.4.3).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum Form {
    /// `ATE0`: basic syntax, the value follows the letter.
    Basic,
    /// `AT+X`
    Execution,
    /// `AT+X=…`
    Write,
    /// `AT+X?`
    Read,
    /// `AT+X=?`
    Test,
}

/// What may stand at the place of a parameter.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Domain {
    /// Always this; it tells one use of a command from another, as in `AT+FTPGET=2,…`.
    Literal(&'static str),
    /// A decimal number, both ends included.
    Number {
        /// The smallest.
        min: u32,
        /// The largest.
        max: u32,
    },
    /// A quoted string of printable ASCII without quotes.
    Text {
        /// The most octets between the quotes.
        max: usize,
        /// Whether it is masked wherever it is shown.
        secret: bool,
    },
    /// Header lines in a quoted string, as `USERDATA` takes them.
    Headers,
    /// One of these, written as here, quotes included.
    Choice(&'static [&'static str]),
    /// A quoted tag, and behind it a value that depends on it.
    Tagged(&'static [(&'static str, Self)]),
}

/// One parameter of a command.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct ParameterSpec {
    /// The name of the field, or the literal itself.
    pub name: &'static str,
    /// What may stand there.
    pub domain: Domain,
    /// Whether it may be left out; only parameters at the end may.
    pub optional: bool,
    /// What it means; empty for a literal.
    pub doc: &'static str,
}

/// One form of a command: a row of the table.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Spec {
    /// The command.
    pub id: Id,
    /// What stands behind `AT`; the same as `id.name()`.
    pub name: &'static str,
    /// The syntax of this form.
    pub form: Form,
    /// What stands behind the name, in this order.
    pub parameters: &'static [ParameterSpec],
    /// The section of the AT command manual V1.12 that describes it.
    pub section: &'static str,
    /// The documentation, one or more paragraphs.
    pub doc: &'static str,
}
