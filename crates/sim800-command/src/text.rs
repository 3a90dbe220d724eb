//! Strings between quotes.

use core::fmt;
use core::str;

use crate::{Domain, Encoder, InvalidValue, Parameter, Value, Values};

/// A quoted string of at most `MAX` octets.
///
/// It is printable ASCII without `"`:
/// * a quote would end the string. The escape of V.250 section 5.4.2.2, a backslash and two hexadecimal digits, is none here:
///   the manual documents it for the text of `AT+CPBW` alone (3.2.27), writes paths in quotes in which it would be one
///   (`"C:\User\1155165.amr"`, 16.2.1), and drivers in the field send paths such as `"C:\USER\CERT.CRT"` unescaped. So a
///   backslash stands for itself and is allowed;
/// * a carriage return would end the line, and what follows it would be a command of its own; no other control octet
///   has a meaning in a name, a path or a URL either;
/// * the module's default character set is the 7-bit IRA (manual 3.2.12), and nothing says which file a name with other
///   octets would reach. URLs are ASCII anyway (RFC 3986).
///
/// ```
/// use sim800_command::{InvalidValue, Text};
///
/// let name = Text::<99>::new("1K.txt")?;
/// assert_eq!(name.as_str(), "1K.txt");
/// let error = Text::<99>::new("a\"\r\nAT+CPOWD=1").unwrap_err();
/// assert_eq!(error.to_string(), "it has a quotation mark at position 1, which no command can carry");
/// # Ok::<(), InvalidValue>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Text<'a, const MAX: usize>(&'a str);

impl<'a, const MAX: usize> Text<'a, MAX> {
    /// The empty string.
    pub const EMPTY: Self = Self("");

    /// Checks `text`.
    ///
    /// # Errors
    ///
    /// What is wrong with it, and where.
    pub fn new(text: &'a str) -> Result<Self, InvalidValue> {
        check(text)?;
        if text.len() > MAX {
            return Err(InvalidValue::TooLong { length: text.len(), limit: MAX });
        }
        Ok(Self(text))
    }

    /// The text.
    #[must_use]
    pub const fn as_str(self) -> &'a str {
        self.0
    }
}

impl<const MAX: usize> fmt::Debug for Text<'_, MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.0, f)
    }
}

impl<'a, const MAX: usize> TryFrom<&'a str> for Text<'a, MAX> {
    type Error = InvalidValue;

    fn try_from(text: &'a str) -> Result<Self, InvalidValue> {
        Self::new(text)
    }
}

impl<'a, const MAX: usize> Parameter<'a> for Text<'a, MAX> {
    const DOMAIN: Domain = Domain::Text { max: MAX, secret: false };

    fn encode(&self, line: &mut Encoder<'_>) {
        line.quoted(self.0);
    }

    fn decode(values: &mut Values<'a>) -> Option<Self> {
        Self::new(take(values)?).ok()
    }
}

/// A [`Text`] that is a password: its `Debug` shows nothing of it, and [`CommandLine::secret`](crate::CommandLine::secret)
/// tells where it stands.
///
/// ```
/// use sim800_command::{CommandLine, FtpPw, Secret};
///
/// let command = FtpPw { password: Secret::new("3214567")? };
/// assert_eq!(format!("{command:?}"), "FtpPw { password: *** }");
/// let line = CommandLine::new(&command)?;
/// assert_eq!(&line.as_bytes()[line.secret().unwrap()], b"3214567");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Secret<'a, const MAX: usize>(Text<'a, MAX>);

impl<'a, const MAX: usize> Secret<'a, MAX> {
    /// Checks `text` as [`Text::new`] does.
    ///
    /// # Errors
    ///
    /// What is wrong with it, and where.
    pub fn new(text: &'a str) -> Result<Self, InvalidValue> {
        Text::new(text).map(Self)
    }

    /// The password itself: not for logs.
    #[must_use]
    pub const fn reveal(self) -> &'a str {
        self.0.as_str()
    }
}

impl<const MAX: usize> fmt::Debug for Secret<'_, MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl<'a, const MAX: usize> TryFrom<&'a str> for Secret<'a, MAX> {
    type Error = InvalidValue;

    fn try_from(text: &'a str) -> Result<Self, InvalidValue> {
        Self::new(text)
    }
}

impl<'a, const MAX: usize> Parameter<'a> for Secret<'a, MAX> {
    const DOMAIN: Domain = Domain::Text { max: MAX, secret: true };

    fn encode(&self, line: &mut Encoder<'_>) {
        line.quoted_secret(self.reveal());
    }

    fn decode(values: &mut Values<'a>) -> Option<Self> {
        Text::decode(values).map(Self)
    }
}

/// Refuses what must not stand between quotes.
pub(crate) fn check(text: &str) -> Result<(), InvalidValue> {
    for (position, octet) in text.bytes().enumerate() {
        match octet {
            b'"' => return Err(InvalidValue::Quote { position }),
            0..0x20 | 0x7f => return Err(InvalidValue::Control { octet, position }),
            0x80.. => return Err(InvalidValue::NotAscii { position }),
            _ => {}
        }
    }
    Ok(())
}

/// Takes one value as the text that it is, quoted or not: a password of digits keeps its leading zeros.
pub(crate) fn take<'a>(values: &mut Values<'a>) -> Option<&'a str> {
    let text = values.remainder();
    let text = match values.next()? {
        Value::Quoted(text) | Value::Bare(text) => text,
        Value::Number(_) => {
            let digits = text.iter().take_while(|octet| octet.is_ascii_digit()).count();
            text.get(..digits)?
        }
        _ => b"",
    };
    str::from_utf8(text).ok()
}
