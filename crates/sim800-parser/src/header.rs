//! The line that announces or grants payload.

use crate::line::{blanks, number};
use crate::search::looked;
use crate::{Line, Name, Values};

/// How payload is announced or granted: a text, values, among them the count, and an end.
///
/// ```text
/// +CIPRXGET: 2,0,5,120⏎hello        prefix "+CIPRXGET:", selector 2, 1 value before the count, 1 behind it
/// +HTTPREAD: DATA,5⏎hello           prefix "+HTTPREAD: DATA,"
/// CONNECT 5⏎hello                   prefix "CONNECT "
/// +IPD,0,5:hello                    prefix "+IPD,", 1 value before, end ":"
/// +URDFILE: "name",5,"hello"⏎       prefix "+URDFILE:", 1 value before, end ",\""
/// ```
///
/// Blanks may stand before each value and around the commas between them; all other text is as the module prints it.
///
/// ```
/// use sim800_parser::{DataPhase, Event, Expect, Framer, Header};
///
/// let mut framer: Framer = Framer::new();
/// let header = Header::new("+URDFILE:").behind(1).ended_by(",\"");
/// framer.begin(Expect::result().with_data(DataPhase::Announced { header, at_most: 100 }));
/// let mut input: &[u8] = b"\r\n+URDFILE: \"a,b\",6,\"\r\nOK\r\n\"\r\n\r\nOK\r\n";
/// assert!(matches!(framer.next(&mut input), Some(Event::Information(span)) if span.raw().ends_with(b"6,\"")));
/// assert!(matches!(framer.next(&mut input), Some(Event::Payload { octets: b"\r\nOK\r\n", .. })));
/// assert!(matches!(framer.next(&mut input), Some(Event::Information(span)) if span.raw() == b"\"\r\n"));
/// assert!(matches!(framer.next(&mut input), Some(Event::Final { .. })));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Header {
    /// All that stands before the first value, the colon or comma included.
    pub prefix: Name,
    /// What the first value has to be: `2` of `+FTPGET: 2,<n>`.
    pub selector: Option<u32>,
    /// How many values of any kind come next, before the count.
    pub before: u8,
    /// How many values of any kind come behind the count.
    pub after: u8,
    /// The text behind the last value, where payload begins on the header's own line; `None` where the line ends first.
    ///
    /// If it ends in a quotation mark, the one that closes the payload is an [`Information`](crate::Event::Information) of its
    /// own, with the line end behind it.
    pub end: Option<&'static str>,
}

impl Header {
    /// A prefix, the count, and the end of the line: `+HTTPREAD: <n>` of the prefix `+HTTPREAD:`.
    #[must_use]
    pub const fn new(prefix: &'static str) -> Self {
        Self::named(Name::from_static(prefix))
    }

    /// The same with a prefix that may be known at run time only.
    #[must_use]
    pub const fn named(prefix: Name) -> Self {
        Self { prefix, selector: None, before: 0, after: 0, end: None }
    }

    /// With a first value that has to be this number.
    #[must_use]
    pub const fn selected_by(mut self, selector: u32) -> Self {
        self.selector = Some(selector);
        self
    }

    /// With so many values before the count, behind the selector if there is one.
    #[must_use]
    pub const fn behind(mut self, values: u8) -> Self {
        self.before = values;
        self
    }

    /// With so many values behind the count.
    #[must_use]
    pub const fn followed_by(mut self, values: u8) -> Self {
        self.after = values;
        self
    }

    /// With payload that begins on the header's own line, behind `end`.
    #[must_use]
    pub const fn ended_by(mut self, end: &'static str) -> Self {
        self.end = Some(end);
        self
    }

    /// The count that `line` gives, if it is this header; `u64::MAX` where it takes more than 64 bits.
    ///
    /// ```
    /// use sim800_parser::{Header, Line};
    ///
    /// let header = Header::new("+CIPRXGET:").selected_by(2).followed_by(1);
    /// assert_eq!(header.count_in(Line::new(b"+CIPRXGET: 2,1460,120")), Some(1460));
    /// assert_eq!(header.count_in(Line::new(b"+CIPRXGET: 1,1460,120")), None);
    /// ```
    #[must_use]
    pub fn count_in(&self, line: Line<'_>) -> Option<u64> {
        self.count_of(line.text())
    }

    /// Whether the count is the last value and the line ends behind it, as in most headers.
    #[inline(always)]
    pub(crate) fn is_plain(&self) -> bool {
        self.before == 0 && self.after == 0 && self.end.is_none()
    }

    /// The count of a [plain](Self::is_plain) header that `text` begins with, and what follows it.
    ///
    /// Every frame of payload begins with such a line, so it is matched by hand instead of by the grammar of all lines; a
    /// test holds the two together.
    #[inline(always)]
    pub(crate) fn count<'a>(&self, text: &'a [u8]) -> Option<(u64, &'a [u8])> {
        number(blanks(self.select(text.strip_prefix(self.prefix.as_bytes())?)?))
    }

    /// What follows the selector.
    #[inline(always)]
    fn select<'a>(&self, values: &'a [u8]) -> Option<&'a [u8]> {
        let Some(selector) = self.selector else { return Some(values) };
        let (number, rest) = number(blanks(values))?;
        if number != u64::from(selector) {
            return None;
        }
        blanks(rest).strip_prefix(b",")
    }

    /// The count that `line` gives, if it is this header and nothing else.
    pub(crate) fn count_of(&self, line: &[u8]) -> Option<u64> {
        if self.end.is_some() {
            return None;
        }
        let mut values = Values::new(self.select(line.strip_prefix(self.prefix.as_bytes())?)?);
        for _ in 0..self.before {
            values.next()?;
        }
        let (count, rest) = number(values.remainder())?;
        if !matches!(blanks(rest), [] | [b',', ..]) {
            return None;
        }
        values.next();
        (values.count() == usize::from(self.after)).then_some(count)
    }

    /// Reads on in a header whose payload begins on its own line. `text` is the line as far as it has come, of which
    /// `scanned` octets were seen the last time.
    ///
    /// Octets that were seen are looked at again only in a prefix and in numbers, which are short.
    pub(crate) fn read(&self, text: &[u8], progress: &mut Progress, scanned: usize) -> Read {
        let Some(end) = self.end else { return Read::Other };
        if progress.at == 0 {
            let prefix = self.prefix.as_bytes();
            if !text.starts_with(prefix) {
                return if prefix.starts_with(text) { Read::More } else { Read::Other };
            }
            progress.at = prefix.len();
        }
        let place = self.before + u8::from(self.selector.is_some());
        let mut looked_at = scanned;
        loop {
            let rest = blanks(text.get(progress.at..).unwrap_or_default());
            let at = text.len() - rest.len();
            let is_number = progress.values == place || (progress.values == 0 && self.selector.is_some());
            // Where the value ends.
            let ended = match rest {
                _ if progress.ended != 0 => progress.ended,
                [] => return Read::More,
                _ if is_number => {
                    let Some((number, after)) = number(rest) else { return Read::Other };
                    if rest.len() - after.len() > DIGITS {
                        return Read::Other;
                    }
                    if after.is_empty() {
                        return Read::More;
                    }
                    if progress.values == place {
                        progress.count = number;
                    } else if Some(number) != self.selector.map(u64::from) {
                        return Read::Other;
                    }
                    text.len() - after.len()
                }
                [b'"', ..] => match until(b'"', text, looked_at.max(at + 1)) {
                    Some((b'"', quote)) => quote + 1,
                    Some(_) => return Read::Other,
                    None => return Read::More,
                },
                _ => {
                    // The last value ends where the end begins, the others with a comma.
                    let is_last = progress.values == place + self.after;
                    let delimiter = if is_last { *end.as_bytes().first().unwrap_or(&b',') } else { b',' };
                    match until(delimiter, text, looked_at.max(at)) {
                        Some((b'\n', _)) => return Read::Other,
                        Some((_, place)) => place,
                        None => return Read::More,
                    }
                }
            };
            progress.ended = ended;
            let after = text.get(ended..).unwrap_or_default();
            if progress.values == place + self.after {
                if after.starts_with(end.as_bytes()) {
                    return Read::Whole { count: progress.count, len: ended + end.len() };
                }
                if end.as_bytes().starts_with(after) {
                    return Read::More;
                }
                if is_number || rest.starts_with(b"\"") {
                    return Read::Other;
                }
                // What the end begins with may stand in a value that no quotation marks enclose: a colon, in an address.
                looked_at = ended + 1;
                progress.ended = 0;
                continue;
            }
            match blanks(after) {
                [] => return Read::More,
                [b',', rest @ ..] => progress.at = text.len() - rest.len(),
                _ => return Read::Other,
            }
            progress.values += 1;
            progress.ended = 0;
        }
    }
}

/// The first of `octet` and a line end in `text` from `from` on, and its place.
fn until(octet: u8, text: &[u8], from: usize) -> Option<(u8, usize)> {
    let rest = text.get(from..)?;
    let found = rest.iter().position(|other| *other == octet || *other == b'\n');
    looked(found.map_or(rest.len(), |place| place + 1));
    let place = from + found?;
    Some((*text.get(place)?, place))
}

/// Digits of a number that is longer than any of 64 bits, and then some zeros.
const DIGITS: usize = 40;

/// How far a header whose end has not come has been read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Progress {
    /// Where the next value begins; 0 before the prefix.
    at: usize,
    /// How many values have been read.
    values: u8,
    /// Where the value that is being read ends; 0 as long as that is not known.
    ended: usize,
    count: u64,
}

impl Progress {
    pub(crate) const START: Self = Self { at: 0, values: 0, ended: 0, count: 0 };
}

/// What a line is, as far as it has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Read {
    /// It may be the header.
    More,
    /// It is another line.
    Other,
    /// It is the header, of so many octets.
    Whole { count: u64, len: usize },
}
#[cfg(test)]
mod tests {
    extern crate std;
    use std::format;

    use super::{Header, Progress, Read};
    use crate::{Line, Value};

    #[test]
    fn headers_are_read_as_the_grammar_reads_lines() {
        for text in [
            "+FTPGET: 2,50",
            "+FTPGET:\t2\t,\t50",
            "+FTPGET:2,50",
            "+FTPGET:  2 , 50 ",
            "+FTPGET: 2",
            "+FTPGET: 2,",
            "+FTPGET: 2,50,1",
            "+FTPGET: 1,50",
            "+FTPGET: 2,x",
            "+FTPGET: 2,5x",
            "+FTPGET: 2,\"50\"",
            "+FTPGET: ,50",
            "+FTPGET:",
            "+FTPGE: 2,50",
            "+FTPGET 2,50",
            "+FTPGET: 2,18446744073709551615",
            "+FTPGET: 02,0050",
            "+FTPGET: 2 2,50",
            "+FTPGET: 2,5 0",
            "+FTPGETX: 2,50",
        ] {
            let line = Line::new(text.as_bytes());
            let mut values = line.values();
            let read = match (line.name(), values.next(), values.next(), values.next()) {
                (Some("+FTPGET"), Some(Value::Number(2)), Some(Value::Number(count)), None) => Some(count),
                _ => None,
            };
            let counted = Header::new("+FTPGET:").selected_by(2).count_of(text.trim_end().as_bytes());
            assert_eq!(counted, read, "{text}");
        }
        for (digits, expected) in [
            ("18446744073709551616", u64::MAX),
            ("99999999999999999999999", u64::MAX),
            ("00000000000000000000000000050", 50),
        ] {
            let text = format!("+FTPGET: 2,{digits}");
            assert_eq!(Header::new("+FTPGET:").selected_by(2).count_of(text.as_bytes()), Some(expected));
        }
    }

    #[test]
    fn values_stand_before_the_count_and_behind_it() {
        let header = Header::new("+CIPRXGET:").selected_by(2).behind(1).followed_by(1);
        for (text, count) in [
            ("+CIPRXGET: 2,0,5,120", Some(5)),
            ("+CIPRXGET:2 , \"a,b\",5 ,", Some(5)),
            ("+CIPRXGET: 2,,99999999999999999999,x", Some(u64::MAX)),
            ("+CIPRXGET: 2,0,5", None),
            ("+CIPRXGET: 2,0,5,120,1", None),
            ("+CIPRXGET: 2,0,5x,120", None),
            ("+CIPRXGET: 2,0,,120", None),
            ("+CIPRXGET: 2,0,\r5,120", None),
            ("+CIPRXGET: 3,0,5,120", None),
        ] {
            assert_eq!(header.count_of(text.as_bytes()), count, "{text}");
        }
        assert_eq!(header.ended_by(":").count_of(b"+CIPRXGET: 2,0,5,120"), None);
        assert_eq!(Header::new("CONNECT ").count_of(b"CONNECT 31"), Some(31));
        assert_eq!(Header::new("+HTTPREAD: DATA,").count_of(b"+HTTPREAD: DATA, 31"), Some(31));
    }

    /// Read at once and octet by octet.
    fn read(header: &Header, text: &[u8]) -> Read {
        let mut progress = Progress::START;
        let mut piecewise = Read::More;
        for len in 1..=text.len() {
            piecewise = header.read(&text[..len], &mut progress, len - 1);
            if piecewise != Read::More {
                break;
            }
        }
        progress = Progress::START;
        assert_eq!(header.read(text, &mut progress, 0), piecewise, "{}", text.escape_ascii());
        piecewise
    }

    #[test]
    fn payload_begins_on_the_line_of_the_header() {
        let whole = |count, len| Read::Whole { count, len };
        let data = Header::new("+IPD,").ended_by(":");
        let linked = Header::new("+IPD,").behind(1).followed_by(2).ended_by(":");
        let file = Header::new("+URDFILE:").behind(1).ended_by(",\"");
        let received = Header::new("+CIPRECVDATA:").ended_by(",");
        let pushed = Header::new("+RECEIVE,").selected_by(1).ended_by(":\r\n");
        let sent_by = Header::new("+RECEIVE,").behind(1).followed_by(1).ended_by(":\r\n");
        for (header, text, expected) in [
            (&data, "+IPD,5:hello", whole(5, 7)),
            (&data, "+IPD, 00099999999999999999999:x", whole(u64::MAX, 30)),
            (&data, "+IPD,0000000000000000000000000000000000000001:x", whole(1, 46)),
            (&data, "+IPD,00000000000000000000000000000000000000001:x", Read::Other),
            (&data, "+IPD,5 :hello", Read::Other),
            (&data, "+IPD,x:", Read::Other),
            (&data, "+IPD:5", Read::Other),
            (&data, "+IP", Read::More),
            (&data, "+IPD,", Read::More),
            (&data, "+IPD,5", Read::More),
            (&data, "+IPD,11111111111111111111111111111111111111111", Read::Other),
            (&linked, "+IPD,0,5,\"::1\",80:hello", whole(5, 18)),
            (&linked, "+IPD,0,5,\"::1\" , 80x:hello", whole(5, 21)),
            (&linked, "+IPD,0,5,\"::1\"x,80:hello", Read::Other),
            (&linked, "+IPD,0,5,\"::1\n\",80:hello", Read::Other),
            (&linked, "+IPD,0,5,::1\n,80:hello", Read::Other),
            (&linked, "+IPD,0,5:hello", Read::Other),
            (&file, "+URDFILE: \"a,\",5,\"hello\"", whole(5, 18)),
            (&file, "+URDFILE: \"a,\",5,hello", Read::Other),
            (&received, "+CIPRECVDATA:5,hello", whole(5, 15)),
            (&pushed, "+RECEIVE,1,5:\r\nhello", whole(5, 15)),
            (&pushed, "+RECEIVE,2,5:\r\nhello", Read::Other),
            (&sent_by, "+RECEIVE,1,5,10.0.0.1:80:\r\nhello", whole(5, 27)),
            (&sent_by, "+RECEIVE,1,5,10.0.0.1::\r:\r\nhello", whole(5, 27)),
            (&sent_by, "+RECEIVE,1,5,10.0.0.1:80", Read::More),
            (&sent_by, "+RECEIVE,1,5,10.0.0.1:80\r\n", Read::Other),
            (&sent_by, "+RECEIVE,1,5,\"::1\":80:\r\nhello", Read::Other),
            (&sent_by, "+RECEIVE,1,5:\r\nhello", Read::Other),
            (&Header::new("+IPD,"), "+IPD,5:hello", Read::Other),
        ] {
            assert_eq!(read(header, text.as_bytes()), expected, "{text}");
        }
    }
}
