//! What is known of the lines that a DCE sends unasked.

use crate::{Header, Line};

/// The lines that a DCE sends of its own accord, as far as framing depends on them.
///
/// A framer without a dialect, `()`, knows none. What these lines mean is nobody's business here: a dialect only says
/// where they end and that no command's text is made of them. It is a value, so it may be a table, hold names that are
/// known at run time only, or be borrowed (`&dyn Dialect`). What a command may get is said by [`Expect`](crate::Expect);
/// where that takes more than a function of the line, [`Claim::Text`](crate::Claim::Text) asks the dialect, which can have
/// state.
///
/// ```
/// use sim800_parser::{Claim, Dialect, Event, Expect, Framer, Line};
///
/// /// A line that this program was told about when it began.
/// struct Known(String);
///
/// impl Dialect for Known {
///     fn is_unsolicited(&self, line: Line<'_>) -> bool {
///         line.name() == Some(&self.0)
///     }
/// }
///
/// let mut framer = Framer::<256, _>::with_dialect(Known("+UGNSINF".to_owned()));
/// framer.begin(Expect::result().with_information(Claim::Text));
/// let mut input: &[u8] = b"\r\n+UGNSINF: 1,1\r\n\r\n861234567890123\r\n";
/// assert!(matches!(framer.next(&mut input), Some(Event::Unsolicited(_))));
/// assert!(matches!(framer.next(&mut input), Some(Event::Information(_))));
/// ```
pub trait Dialect {
    /// Whether `line` is a known unsolicited one: [`Claim::Text`](crate::Claim::Text) does not take it.
    fn is_unsolicited(&self, line: Line<'_>) -> bool;

    /// Whether `line` is a known unsolicited one that can only end where it does, so that another line may follow it
    /// without a line end.
    fn is_whole(&self, line: Line<'_>) -> bool {
        let _ = line;
        false
    }

    /// The headers of payload that comes unasked, each with the most octets that it is believed to announce.
    ///
    /// The header is an [`Event::Unsolicited`](crate::Event::Unsolicited), and the [payload](crate::Event::Payload) directly
    /// behind it is its own. Whoever can make the DCE print such a line can make it swallow as many octets: leave out what
    /// the driver does not use.
    fn headers(&self) -> &[(Header, u32)] {
        &[]
    }

    /// Whether the next line is free text that goes with `line`, whatever it reads.
    ///
    /// This is asked of every line that no command claims.
    fn takes_continuation(&self, line: Line<'_>) -> bool {
        let _ = line;
        false
    }

    /// The same lines, and [`headers`](Self::headers) of payload that comes unasked: a firmware's, or what a program has switched on.
    fn with_headers(self, headers: &[(Header, u32)]) -> WithHeaders<'_, Self>
    where
        Self: Sized,
    {
        WithHeaders { dialect: self, headers }
    }
}

/// The lines of another dialect, and headers of payload that comes unasked: [`Dialect::with_headers`].
#[derive(Clone, Copy, Debug)]
pub struct WithHeaders<'a, D> {
    dialect: D,
    headers: &'a [(Header, u32)],
}

impl<D: Dialect> Dialect for WithHeaders<'_, D> {
    fn is_unsolicited(&self, line: Line<'_>) -> bool {
        self.dialect.is_unsolicited(line)
    }

    fn is_whole(&self, line: Line<'_>) -> bool {
        self.dialect.is_whole(line)
    }

    fn headers(&self) -> &[(Header, u32)] {
        self.headers
    }

    fn takes_continuation(&self, line: Line<'_>) -> bool {
        self.dialect.takes_continuation(line)
    }
}

/// No line is known.
impl Dialect for () {
    fn is_unsolicited(&self, _line: Line<'_>) -> bool {
        false
    }
}

impl<D: Dialect + ?Sized> Dialect for &D {
    fn is_unsolicited(&self, line: Line<'_>) -> bool {
        (**self).is_unsolicited(line)
    }

    fn is_whole(&self, line: Line<'_>) -> bool {
        (**self).is_whole(line)
    }

    fn headers(&self) -> &[(Header, u32)] {
        (**self).headers()
    }

    fn takes_continuation(&self, line: Line<'_>) -> bool {
        (**self).takes_continuation(line)
    }
}
