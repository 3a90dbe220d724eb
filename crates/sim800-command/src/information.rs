//! Information text: what every typed response can do, and the shapes that several commands share.

use core::str;

use sim800_parser::Ending;

use crate::{Claim, Line, Values};

/// What the information lines of a response say.
pub trait Information<'a>: Sized {
    /// What stands behind the name of the line, in the manual's notation.
    const SHAPE: &'static str;

    /// What the values of that shape are, by their names there; those that explain themselves may be missing.
    const VALUES: &'static [(&'static str, &'static str)] = &[];

    /// A line of it, one with a name from its colon on; empty where one line alone would tell nothing.
    const EXAMPLE: &'static str = "";

    /// The line that ends the response in place of a result code, and belongs to it; where there is one.
    const ENDING: Option<Ending> = None;

    /// Which lines belong to the response: those of the command's name whose values [`accepts`](Self::accepts) takes.
    #[must_use]
    fn claim(name: &'static str) -> Claim {
        Claim::named(name, Self::accepts)
    }

    /// Whether these are the values of a response, where an unsolicited line has the same name.
    #[must_use]
    fn accepts(_values: Values<'_>) -> bool {
        true
    }

    /// Reads the lines that were claimed; `None` if they are missing or of another shape.
    fn decode(lines: &[Line<'a>]) -> Option<Self>;
}

/// No information text: the final result code is all.
impl<'a> Information<'a> for () {
    const SHAPE: &'static str = "no information text";

    fn claim(_name: &'static str) -> Claim {
        Claim::None
    }

    fn decode(_lines: &[Line<'a>]) -> Option<Self> {
        Some(())
    }
}

/// One number and nothing else.
impl<'a> Information<'a> for u64 {
    const SHAPE: &'static str = "<number>";

    fn decode(lines: &[Line<'a>]) -> Option<Self> {
        let mut values = lines.first()?.values();
        let only = values.next_number()?;
        values.next().is_none().then_some(only)
    }
}

/// The line as text without the blanks around it.
pub(crate) fn text(line: Line<'_>) -> Option<&str> {
    str::from_utf8(line.text().trim_ascii()).ok()
}
