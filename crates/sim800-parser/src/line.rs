//! The grammar of one complete line: a name, a colon, values between commas.
//!
//! Firmware differs in blanks: SIM800 prints `+HTTPACTION: 0,200,7438`, SIM900 `+HTTPACTION:0,200,7438`, and the
//! application note itself has `+HTTPACTION: 0, 200,14384` (sections 3.7, 3.8). Any number of blanks is accepted
//! after the colon and around commas.

use core::fmt;
use core::str;

use winnow::Parser;
use winnow::Result;
use winnow::ascii::space0;
use winnow::combinator::{alt, delimited, terminated};
use winnow::error::EmptyError;
use winnow::token::{take_till, take_while};

use crate::Name;
use crate::search::find;

/// One line without its line end: any octets, read as the extended syntax of V.250 where they fit it.
///
/// ```
/// use sim800_parser::{Line, Value};
///
/// let line = Line::new(b"+SAPBR: 1,1,\"10.89.193.1\"");
/// assert_eq!(line.name(), Some("+SAPBR"));
/// let mut values = line.values();
/// assert_eq!(values.next(), Some(Value::Number(1)));
/// assert_eq!(values.next(), Some(Value::Number(1)));
/// assert_eq!(values.next(), Some(Value::Quoted(b"10.89.193.1")));
/// assert_eq!(values.next(), None);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Line<'a> {
    text: &'a [u8],
}

impl<'a> Line<'a> {
    /// Takes `text` as one line. Line ends are not looked for.
    #[must_use]
    pub const fn new(text: &'a [u8]) -> Self {
        Self { text }
    }

    /// The octets of the line.
    #[must_use]
    pub const fn text(self) -> &'a [u8] {
        self.text
    }

    /// The line as a string, when it is UTF-8.
    #[must_use]
    pub fn as_str(self) -> Option<&'a str> {
        str::from_utf8(self.text).ok()
    }

    /// What stands before the colon: `+HTTPREAD`, `*PSUTTZ`, and `+SAPBR 1` of `+SAPBR 1: DEACT`.
    ///
    /// `None` for a line without a colon or whose text before it cannot be a name.
    #[must_use]
    pub fn name(self) -> Option<&'a str> {
        // A name is ASCII.
        str::from_utf8(self.split().0?).ok()
    }

    /// The octets after the colon without the blanks around them; the whole line when it has no name.
    #[must_use]
    pub fn parameters(self) -> &'a [u8] {
        self.split().1
    }

    /// The values after the colon, or of the whole line when it has no name.
    #[must_use]
    pub fn values(self) -> Values<'a> {
        Values::new(self.parameters())
    }

    /// What stands before the first colon, and the values behind it; `None` when there is none.
    ///
    /// Without asking whether that can be a name: the quickest way to look a line up among known ones.
    #[inline]
    #[must_use]
    pub fn split_at_colon(self) -> Option<(&'a [u8], Values<'a>)> {
        match self.text.split_at_checked(find(b':', self.text, 0)?)? {
            (before, [_colon, parameters @ ..]) => Some((before, Values::new(parameters))),
            _ => None,
        }
    }

    /// The values, if this is the name of the line.
    #[inline]
    pub(crate) fn values_of(self, name: &Name) -> Option<Values<'a>> {
        Some(Values::new(self.text.strip_prefix(name.as_bytes())?.strip_prefix(b":")?))
    }

    /// Name and parameters in one pass.
    fn split(self) -> (Option<&'a [u8]>, &'a [u8]) {
        let mut input = self.text;
        match terminated(name, b':').parse_next(&mut input) {
            Ok(name) => (Some(name), input.trim_ascii()),
            Err(_) => (None, self.text.trim_ascii()),
        }
    }
}

impl fmt::Debug for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Line(\"{self}\")")
    }
}

/// The text with every octet that is not printable ASCII escaped.
impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.text.escape_ascii())
    }
}

/// What stands at one position among the parameters of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Value<'a> {
    /// Nothing between two commas.
    Absent,
    /// Decimal digits that fit 64 bits.
    Number(u64),
    /// What stands between quotation marks, without them.
    Quoted(&'a [u8]),
    /// Any other text, without the blanks around it: `GET` of `+HTTPSTATUS: GET,1,1440,7915`.
    Bare(&'a [u8]),
}

impl<'a> Value<'a> {
    /// The number, if it is one; a quoted number is not.
    #[inline]
    #[must_use]
    pub const fn number(self) -> Option<u64> {
        match self {
            Self::Number(number) => Some(number),
            _ => None,
        }
    }

    /// The text, quoted or bare, if it is UTF-8; a number is not text.
    #[must_use]
    pub fn text(self) -> Option<&'a str> {
        match self {
            Self::Quoted(text) | Self::Bare(text) => str::from_utf8(text).ok(),
            _ => None,
        }
    }
}

/// The values of a line, from left to right.
///
/// An empty text has no values; `a,` has two, the second absent.
#[derive(Clone, Copy, Debug)]
pub struct Values<'a> {
    text: Option<&'a [u8]>,
}

impl<'a> Values<'a> {
    /// The values written in `text`.
    #[inline]
    #[must_use]
    pub const fn new(text: &'a [u8]) -> Self {
        // One blank before them is what most lines have, and nothing behind them.
        let text = match text {
            [b' ', text @ ..] | text if matches!(text, [b'!'..=b'~', .., b'!'..=b'~']) => text,
            text => text.trim_ascii(),
        };
        Self { text: if text.is_empty() { None } else { Some(text) } }
    }

    /// The octets that have not been read yet, without the blanks before the next value.
    #[must_use]
    pub fn remainder(&self) -> &'a [u8] {
        blanks(self.text.unwrap_or_default())
    }
}

impl<'a> Iterator for Values<'a> {
    type Item = Value<'a>;

    #[inline]
    fn next(&mut self) -> Option<Value<'a>> {
        let text = blanks(self.text?);
        match self.digits(text) {
            Some(number) => Some(Value::Number(number)),
            None => Some(self.words(text)),
        }
    }
}

impl<'a> Values<'a> {
    /// The next value, if it is a number that fits `N`. What else stands there is passed over.
    #[inline]
    pub fn next_number<N: TryFrom<u64>>(&mut self) -> Option<N> {
        let text = blanks(self.text?);
        match self.digits(text) {
            Some(number) => N::try_from(number).ok(),
            None => {
                self.words(text);
                None
            }
        }
    }

    /// Takes the number that `text`, the next value and what follows, begins with.
    ///
    /// Most values are numbers, which cost less by hand than through combinators.
    #[inline(always)]
    fn digits(&mut self, text: &'a [u8]) -> Option<u64> {
        let (number, rest) = number(text)?;
        // Where the value ends, in most lines, and where blanks stand before that.
        self.text = match rest {
            [] => None,
            [b',', rest @ ..] => Some(rest),
            _ => match blanks(rest) {
                [] => None,
                [b',', rest @ ..] => Some(rest),
                _ => return None,
            },
        };
        if number == u64::MAX { decimal(text.get(..text.len() - rest.len())?) } else { Some(number) }
    }

    /// The next value, which is no number and begins with `text`.
    #[inline(never)]
    fn words(&mut self, text: &'a [u8]) -> Value<'a> {
        let mut input = text;
        // `value` accepts every text, so the alternative is never taken.
        let value = value.parse_next(&mut input).unwrap_or(Value::Absent);
        self.text = input.split_first().map(|(_comma, rest)| rest);
        value
    }
}

#[inline(always)]
fn name<'a>(input: &mut &'a [u8]) -> Result<&'a [u8], EmptyError> {
    (
        take_while(1, |octet: u8| octet.is_ascii_alphabetic() || matches!(octet, b'+' | b'*' | b'^' | b'$')),
        take_while(0.., |octet: u8| {
            octet.is_ascii_alphanumeric() || matches!(octet, b' ' | b'-' | b'_' | b'&')
        }),
    )
        .take()
        .parse_next(input)
}

/// One value that is no number, and the blanks behind it, up to the comma or the end.
fn value<'a>(input: &mut &'a [u8]) -> Result<Value<'a>, EmptyError> {
    alt((terminated(quoted, end), bare)).parse_next(input)
}

/// The end of a value: blanks, then a comma (left in place) or the end of the text.
#[inline(always)]
fn end(input: &mut &[u8]) -> Result<(), EmptyError> {
    let _ = space0.parse_next(input)?;
    if matches!(input.first(), None | Some(b',')) { Ok(()) } else { Err(EmptyError) }
}

fn quoted<'a>(input: &mut &'a [u8]) -> Result<Value<'a>, EmptyError> {
    delimited(b'"', take_till(0.., b'"'), b'"').map(Value::Quoted).parse_next(input)
}

fn bare<'a>(input: &mut &'a [u8]) -> Result<Value<'a>, EmptyError> {
    take_till(0.., b',')
        .map(|text: &[u8]| match text.trim_ascii_end() {
            [] => Value::Absent,
            text => Value::Bare(text),
        })
        .parse_next(input)
}

/// The number that `text` begins with, `u64::MAX` for all from there on, and what follows its digits.
#[inline(always)]
pub(crate) fn number(text: &[u8]) -> Option<(u64, &[u8])> {
    /// So many digits always fit.
    const FIT: usize = 19;
    let mut number = 0_u64;
    let mut len = 0;
    while let Some(octet) = text.get(len) {
        let digit = u64::from(*octet).wrapping_sub(u64::from(b'0'));
        if digit > 9 {
            break;
        }
        number = number.wrapping_mul(10).wrapping_add(digit);
        len += 1;
    }
    let (digits, rest) = text.split_at_checked(len)?;
    match len {
        0 => None,
        1..=FIT => Some((number, rest)),
        _ => Some((decimal(digits).unwrap_or(u64::MAX), rest)),
    }
}

/// The number that `digits` write, unless it takes more than 64 bits.
#[cold]
fn decimal(digits: &[u8]) -> Option<u64> {
    digits.iter().try_fold(0_u64, |number, digit| {
        number.checked_mul(10)?.checked_add(u64::from(digit.wrapping_sub(b'0')))
    })
}

/// What follows the blanks that `text` begins with.
#[inline(always)]
pub(crate) fn blanks(mut text: &[u8]) -> &[u8] {
    // What comes before the blank are control octets: one comparison for what most texts begin with.
    while let [octet @ ..=b' ', rest @ ..] = text {
        if !matches!(octet, b' ' | b'\t') {
            break;
        }
        text = rest;
    }
    text
}

#[cfg(test)]
mod tests {
    extern crate std;
    use std::string::ToString;
    use std::vec;
    use std::vec::Vec;

    use super::*;

    fn values(text: &[u8]) -> Vec<Value<'_>> {
        Line::new(text).values().collect()
    }

    #[test]
    fn text_is_quoted_or_bare_and_no_number() {
        for (value, text) in [
            (Value::Quoted(b"a b"), Some("a b")),
            (Value::Bare(b"GET"), Some("GET")),
            (Value::Bare(b"\xff"), None),
            (Value::Quoted(b"\xff"), None),
            (Value::Number(5), None),
            (Value::Absent, None),
        ] {
            assert_eq!(value.text(), text, "{value:?}");
        }
    }

    #[test]
    fn blanks_do_not_matter() {
        for text in ["+HTTPACTION:0,200,14384", "+HTTPACTION: 0, 200,14384", "+HTTPACTION:  0 ,200 , 14384 "]
        {
            assert_eq!(
                values(text.as_bytes()),
                [Value::Number(0), Value::Number(200), Value::Number(14384)],
                "{text}"
            );
            assert_eq!(Line::new(text.as_bytes()).name(), Some("+HTTPACTION"));
        }
    }

    #[test]
    fn kinds_of_values() {
        assert_eq!(
            values(b"+X: GET,,\"a,b\",007,12x,\"open,-3, "),
            vec![
                Value::Bare(b"GET"),
                Value::Absent,
                Value::Quoted(b"a,b"),
                Value::Number(7),
                Value::Bare(b"12x"),
                Value::Bare(b"\"open"),
                Value::Bare(b"-3"),
                Value::Absent,
            ]
        );
        assert_eq!(
            values(b"+X: \"a\"b,\"c\" ,d"),
            [Value::Bare(b"\"a\"b"), Value::Quoted(b"c"), Value::Bare(b"d")]
        );
    }

    #[test]
    fn hostile_numbers_stay_text() {
        assert_eq!(
            values(b"18446744073709551615,18446744073709551616,99999999999999999999"),
            [
                Value::Number(u64::MAX),
                Value::Bare(b"18446744073709551616"),
                Value::Bare(b"99999999999999999999"),
            ]
        );
    }

    #[test]
    fn names() {
        for (text, name) in [
            ("+SAPBR 1: DEACT", Some("+SAPBR 1")),
            ("*PSUTTZ: 2024,7", Some("*PSUTTZ")),
            ("DST: 0", Some("DST")),
            ("+SAPBR:", Some("+SAPBR")),
            ("OK", None),
            (": x", None),
            ("861234: x", None),
            ("", None),
        ] {
            assert_eq!(Line::new(text.as_bytes()).name(), name, "{text}");
        }
        let split = |text| Line::new(text).split_at_colon().map(|(name, values)| (name, values.count()));
        assert_eq!(split(b"+SAPBR: 1,1"), Some((&b"+SAPBR"[..], 2)));
        assert_eq!(split(b"12:x:"), Some((&b"12"[..], 1)));
        assert_eq!(split(b"+SAPBR"), None);
        assert_eq!(values(b"+SAPBR:"), []);
        assert_eq!(values(b"12,3"), [Value::Number(12), Value::Number(3)]);
    }

    #[test]
    fn numbers_that_fit() {
        let mut values = Values::new(b" 1, 256,x, 2 x,18446744073709551616 ,7");
        assert_eq!(values.next_number::<u8>(), Some(1));
        assert_eq!(values.next_number::<u8>(), None);
        assert_eq!(values.next_number::<u64>(), None);
        assert_eq!(values.next_number::<u64>(), None);
        assert_eq!(values.next(), Some(Value::Bare(b"18446744073709551616")));
        assert_eq!(values.next_number::<u32>(), Some(7));
        assert_eq!(values.next_number::<u32>(), None);
    }

    #[test]
    fn lines_are_shown_without_what_a_terminal_would_act_upon() {
        use std::format;

        let line = Line::new(b"\x1b[2J \"\xff");
        assert_eq!(line.to_string(), "\\x1b[2J \\\"\\xff");
        assert_eq!(format!("{line:?}"), "Line(\"\\x1b[2J \\\"\\xff\")");
        assert_eq!((line.as_str(), Line::new(b"+CREG: 1").as_str()), (None, Some("+CREG: 1")));
    }
}
