//! What is known of a command, as data: its row of the table, and what sending it takes.

use core::fmt;
use core::time::Duration;

use crate::{BodyEnd, CommandLine, Expect, Id, Values};

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
    /// Always the parameter's name; it tells one use of a command from another, as in `AT+FTPGET=2,…`.
    Literal,
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
    /// A path in the module's file system, without quotes.
    Path {
        /// The most octets.
        max: usize,
    },
    /// Header lines in a quoted string, as `USERDATA` takes them.
    Headers,
    /// One of these.
    Choice(&'static [Word]),
    /// A quoted tag, and at the next place a value that depends on it.
    Tagged(&'static [Tag]),
    /// These together, each at a place of its own: all of them or none.
    Group(&'static [ParameterSpec]),
}

/// One of the words that a parameter may be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Word {
    /// As it is written on the line, with quotes if it has them.
    pub word: &'static str,
    /// What it means.
    pub doc: &'static str,
}

/// One of the tags that a parameter may begin with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Tag {
    /// The tag, without its quotes.
    pub tag: &'static str,
    /// What may stand behind it.
    pub domain: Domain,
    /// What it means.
    pub doc: &'static str,
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

impl ParameterSpec {
    /// A value that is always the same.
    pub(crate) const fn literal(word: &'static str) -> Self {
        Self { name: word, domain: Domain::Literal, optional: false, doc: "" }
    }
}

/// One form of a command: a row of the table.
///
/// Displays as its syntax: `AT+FTPGET=2,<length>`.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct Spec {
    /// The command; `None` for one that is not of this crate's table.
    pub id: Option<Id>,
    /// What stands behind `AT`; the same as `id.name()`.
    pub name: &'static str,
    /// The type in this crate that stands for it; for [`Read`](crate::Read) and [`Test`](crate::Test) the one they are
    /// the forms of.
    pub type_name: &'static str,
    /// The syntax of this form.
    pub form: Form,
    /// What stands behind the name, in this order.
    pub parameters: &'static [ParameterSpec],
    /// What its information text says, in the manual's notation, without the name that most lines begin with.
    pub response: &'static str,
    /// What the values of that text are, by their names there.
    pub values: &'static [(&'static str, &'static str)],
    /// A line of that text, which begins with a colon where the name stands before it; empty where the table has none.
    pub example: &'static str,
    /// The line that goes with octets of a data phase, in the manual's notation; empty where there is none.
    pub data: &'static str,
    /// The unsolicited line that follows the result code when what the command began has got further, in the manual's notation;
    /// empty where none does.
    pub unsolicited: &'static str,
    /// Where it is described: a section of the AT command manual V1.12, or the name of another document.
    pub section: &'static str,
    /// The documentation, one or more paragraphs; every line begins with a blank.
    pub doc: &'static str,
    /// Reads the values of a command line of this form, and puts the command there.
    pub(crate) prepare: fn(Values<'_>, &mut Prepared) -> Option<()>,
}

impl Spec {
    /// A command that this crate's table does not have, for a [`Command`](crate::Command) of one's own.
    ///
    /// [`type_name`](Self::type_name), [`section`](Self::section) and [`doc`](Self::doc) are empty, and so is the list of
    /// parameters, which only documentation needs: what is written is what [`encode`](crate::Command::encode) writes.
    #[must_use]
    pub const fn new(name: &'static str, form: Form) -> Self {
        Self {
            id: None,
            name,
            type_name: "",
            form,
            parameters: &[],
            response: "",
            values: &[],
            example: "",
            data: "",
            unsolicited: "",
            section: "",
            doc: "",
            prepare: |_, _| None,
        }
    }
}

/// The syntax is enough to know the row by.
impl fmt::Debug for Spec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Spec({self})")
    }
}

impl fmt::Display for Spec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AT{}", self.name)?;
        match self.form {
            Form::Basic | Form::Execution => {}
            Form::Write => f.write_str("=")?,
            Form::Read => f.write_str("?")?,
            Form::Test => f.write_str("=?")?,
        }
        let mut comma = "";
        for parameter in self.parameters {
            let name = parameter.name;
            match parameter.domain {
                Domain::Literal => write!(f, "{comma}{name}")?,
                Domain::Tagged(_) => write!(f, "{comma}<tag>,<value>")?,
                Domain::Group(members) => {
                    f.write_str(if parameter.optional { "[" } else { "" })?;
                    for member in members {
                        write!(f, "{comma}<{}>", member.name)?;
                        comma = ",";
                    }
                    f.write_str(if parameter.optional { "]" } else { "" })?;
                }
                _ if parameter.optional => write!(f, "[{comma}<{name}>]")?,
                _ => write!(f, "{comma}<{name}>")?,
            }
            comma = ",";
        }
        Ok(())
    }
}

/// A command reduced to what sending it takes.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Prepared {
    /// The row of the table.
    pub spec: &'static Spec,
    /// The octets to send.
    pub line: CommandLine,
    /// What the response may look like.
    pub expect: Expect,
    /// How the octets end that a prompt asks for.
    pub body_end: BodyEnd,
    /// How long the final result code may take.
    pub time_limit: Duration,
}
