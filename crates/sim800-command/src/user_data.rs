//! Header lines of an HTTP request.

use core::fmt;
use core::iter;

use crate::{Domain, Encoder, InvalidValue, LINE_LIMIT, Parameter, Values, text};

/// What separates header lines on the command line: these four characters, not the two control octets (field logs; the
/// manual says nothing).
const SEPARATOR: &str = r"\r\n";

/// What is in the name of a header, in whatever case, says that its value is a credential: `Proxy-Authorization`, `Cookie`,
/// `X-Api-Key`. There are no names that everybody uses, so that rather too much is masked than too little.
pub const CREDENTIALS: [&str; 7] =
    ["authorization", "cookie", "key", "passwd", "password", "secret", "token"];

/// Header lines that a request carries beside the module's own: `AT+HTTPPARA="USERDATA",…`.
///
/// Debug masks the values of headers whose names tell of [credentials](CREDENTIALS), and with one of them in it the whole text
/// is [secret](crate::CommandLine::secret) on the command line.
///
/// A value must not have a backslash: the module takes `\r\n`, written out, for a line end, and what it makes of other
/// backslashes is not documented.
///
/// ```
/// use sim800_command::{CommandLine, HttpPara, HttpParameter, UserData};
///
/// let headers = UserData::new(&[("Accept", "text/plain"), ("X-Id", "7")])?;
/// let command = HttpPara { parameter: HttpParameter::UserData(headers) };
/// let line = CommandLine::new(&command)?;
/// assert_eq!(line.as_bytes(), b"AT+HTTPPARA=\"USERDATA\",\"Accept: text/plain\\r\\nX-Id: 7\"\r");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy)]
pub struct UserData<'a>(Lines<'a>);

#[derive(Clone, Copy)]
enum Lines<'a> {
    Pairs(&'a [(&'a str, &'a str)]),
    Joined(&'a str),
}

impl<'a> UserData<'a> {
    /// No header lines: takes back those of an earlier request.
    pub const EMPTY: Self = Self(Lines::Pairs(&[]));

    /// Checks names and values.
    ///
    /// # Errors
    ///
    /// [`InvalidValue::HeaderName`], or what is wrong with a value: what [`Text`](crate::Text) refuses, a backslash, more
    /// than a command line holds. Positions are those in the value.
    pub fn new(headers: &'a [(&'a str, &'a str)]) -> Result<Self, InvalidValue> {
        Self(Lines::Pairs(headers)).checked()
    }

    /// The header lines; blanks around a value do not belong to it.
    pub fn headers(self) -> impl Iterator<Item = (&'a str, &'a str)> {
        let (pairs, joined) = match self.0 {
            Lines::Pairs(pairs) => (pairs, ""),
            Lines::Joined(text) => (&[][..], text),
        };
        let joined = split(joined).filter(|line| !line.is_empty());
        let joined = joined.map(|line| line.split_once(':').unwrap_or((line, "")));
        pairs.iter().copied().chain(joined).map(|(name, value)| (name, value.trim_matches(' ')))
    }

    /// Reads header lines as they stand between the quotes of a command line.
    pub(crate) fn joined(text: &'a str) -> Option<Self> {
        split(text).all(|line| line.is_empty() || line.contains(':')).then_some(())?;
        Self(Lines::Joined(text)).checked().ok()
    }

    fn checked(self) -> Result<Self, InvalidValue> {
        let mut length = 0;
        for (index, (name, value)) in self.headers().enumerate() {
            if name.is_empty() || !name.bytes().all(is_token) {
                return Err(InvalidValue::HeaderName { index });
            }
            text::check(value)?;
            if let Some(position) = value.find('\\') {
                return Err(InvalidValue::Backslash { position });
            }
            length += name.len() + value.len() + ": ".len() + SEPARATOR.len();
        }
        if length > LINE_LIMIT {
            return Err(InvalidValue::TooLong { length, limit: LINE_LIMIT });
        }
        Ok(self)
    }
}

/// The lines between separators. What the library has for it takes kilobytes, since it is made for any text.
fn split(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    iter::from_fn(move || {
        let text = rest?.as_bytes();
        let end = text.windows(SEPARATOR.len()).position(|part| part == SEPARATOR.as_bytes());
        let (line, after) = rest?.split_at_checked(end.unwrap_or(text.len()))?;
        rest = after.strip_prefix(SEPARATOR);
        Some(line)
    })
}

/// RFC 9110 section 5.6.2.
fn is_token(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&octet)
}

fn is_credential(name: &str) -> bool {
    let name = name.as_bytes();
    CREDENTIALS
        .iter()
        .any(|word| name.windows(word.len()).any(|part| part.eq_ignore_ascii_case(word.as_bytes())))
}

impl PartialEq for UserData<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.headers().eq(other.headers())
    }
}

impl Eq for UserData<'_> {}

impl fmt::Debug for UserData<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let masked = |(name, value)| (name, if is_credential(name) { "***" } else { value });
        f.debug_map().entries(self.headers().map(masked)).finish()
    }
}

impl<'a> Parameter<'a> for UserData<'a> {
    const DOMAIN: Domain = Domain::Headers;

    fn encode(&self, line: &mut Encoder<'_>) {
        let lines = self.headers().enumerate().flat_map(|(index, (name, value))| {
            let separator = if index == 0 { "" } else { SEPARATOR };
            iter::once(separator).chain([name, ": ", value])
        });
        line.quoted_parts(lines, self.headers().any(|(name, _)| is_credential(name)));
    }

    fn decode(values: &mut Values<'a>) -> Option<Self> {
        Self::joined(text::take(values)?)
    }
}
