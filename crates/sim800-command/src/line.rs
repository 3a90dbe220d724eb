//! The octets of a command line.

use core::fmt;
use core::ops::Range;

/// The most octets between `AT` and the carriage return; the module runs no part of a longer line (manual 1.4.4).
pub const LINE_LIMIT: usize = 556;

/// The most commands on one line; the module runs none of more (manual 1.4.4).
pub const COMMANDS_LIMIT: usize = 39;

/// Prefix, line and carriage return.
const CAPACITY: usize = 2 + LINE_LIMIT + 1;

/// A command line as it is sent, carriage return included.
///
/// Its `Debug` shows the text with the secret masked.
#[derive(Clone)]
pub struct CommandLine {
    octets: [u8; CAPACITY],
    /// Exceeds the capacity when there was more to write.
    length: usize,
    secret: Option<(usize, usize)>,
}

impl CommandLine {
    /// A line without octets, to [`encode`](Self::encode) commands in.
    #[must_use]
    pub const fn empty() -> Self {
        Self { octets: [0; CAPACITY], length: 0, secret: None }
    }

    /// Writes anew: `AT`, the name and what follows it, and the parameters, the first of them behind `separator`.
    pub(crate) fn write(
        &mut self,
        name: &str,
        asks: &str,
        separator: Option<u8>,
        parameters: &dyn Fn(&mut Encoder<'_>),
    ) -> Result<(), TooLong> {
        (self.length, self.secret) = (0, None);
        self.push(b"AT");
        self.push(name.as_bytes());
        self.push(asks.as_bytes());
        parameters(&mut Encoder { line: self, separator });
        self.push(b"\r");
        if self.length > CAPACITY { Err(TooLong { length: self.length - 3 }) } else { Ok(()) }
    }

    /// The octets to send: `AT…` and a carriage return.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.octets.get(..self.length).unwrap_or_default()
    }

    /// Where a password or a credential stands in [`as_bytes`](Self::as_bytes): to be masked in logs and traces.
    #[must_use]
    pub fn secret(&self) -> Option<Range<usize>> {
        self.secret.map(|(start, end)| start..end)
    }

    /// Most of what is written is known and short, and so is what it takes when this is inlined.
    #[inline]
    fn push(&mut self, octets: &[u8]) {
        if let Some(space) = self.space(octets.len()) {
            space.copy_from_slice(octets);
        }
    }

    /// Room for so many octets, if the line has it.
    #[inline]
    fn space(&mut self, size: usize) -> Option<&mut [u8]> {
        let start = self.length;
        self.length += size;
        self.octets.get_mut(start..self.length)
    }
}

/// Behind the octets stand those of earlier lines.
impl PartialEq for CommandLine {
    fn eq(&self, other: &Self) -> bool {
        self.as_bytes() == other.as_bytes() && self.secret == other.secret
    }
}

impl Eq for CommandLine {}

impl AsRef<[u8]> for CommandLine {
    fn as_ref(&self) -> &[u8] {
        self.as_bytes()
    }
}

impl fmt::Debug for CommandLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let octets = self.as_bytes();
        let (start, end) = self.secret.unwrap_or((octets.len(), octets.len()));
        let mask = if start < end { "***" } else { "" };
        let before = octets.get(..start).unwrap_or_default().escape_ascii();
        let after = octets.get(end..).unwrap_or_default().escape_ascii();
        write!(f, "\"{before}{mask}{after}\"")
    }
}

/// A command line is longer than the module accepts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct TooLong {
    /// The octets between `AT` and the carriage return.
    pub length: usize,
}

impl fmt::Display for TooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let length = self.length;
        write!(
            f,
            "the command line has {length} bytes, and the module takes at most {LINE_LIMIT}; shorten the values"
        )
    }
}

impl core::error::Error for TooLong {}

/// Writes the parameters of a command; commas are its business.
#[derive(Debug)]
pub struct Encoder<'l> {
    line: &'l mut CommandLine,
    /// What comes before the next parameter.
    separator: Option<u8>,
}

impl Encoder<'_> {
    /// A parameter of the command's own syntax, written as it is: `"IP"`, quotation marks and all.
    ///
    /// What a caller chooses is a [`Parameter`](crate::Parameter), such as [`Text`](crate::Text), which cannot break out of
    /// its place.
    pub fn word(&mut self, word: &'static str) {
        self.bare(word);
    }

    /// A parameter that was checked, without quotes.
    pub(crate) fn bare(&mut self, text: &str) {
        self.begin();
        self.line.push(text.as_bytes());
    }

    /// A decimal number.
    pub fn number(&mut self, number: u32) {
        self.begin();
        let digits = number.checked_ilog10().unwrap_or_default() as usize + 1;
        let mut rest = number;
        for digit in self.line.space(digits).into_iter().flatten().rev() {
            // A remainder of ten fits an octet.
            *digit = b'0' + (rest % 10) as u8;
            rest /= 10;
        }
    }

    /// A string between quotes.
    pub(crate) fn quoted(&mut self, text: &str) {
        self.begin();
        self.line.push(b"\"");
        self.line.push(text.as_bytes());
        self.line.push(b"\"");
    }

    /// A string between quotes that [`CommandLine::secret`] tells the place of.
    pub(crate) fn quoted_secret(&mut self, text: &str) {
        self.secret(|line| line.quoted(text));
    }

    /// A string between quotes that is made of these parts, secret or not.
    pub(crate) fn quoted_parts<'p>(&mut self, parts: impl Iterator<Item = &'p str>, secret: bool) {
        let write = |line: &mut Self| {
            line.begin();
            line.line.push(b"\"");
            for part in parts {
                line.line.push(part.as_bytes());
            }
            line.line.push(b"\"");
        };
        if secret { self.secret(write) } else { write(self) }
    }

    /// Notes what `write` puts between the quotes of a parameter.
    fn secret(&mut self, write: impl FnOnce(&mut Self)) {
        let start = self.line.length + usize::from(self.separator.is_some()) + 1;
        write(self);
        self.line.secret = Some((start, self.line.length - 1));
    }

    fn begin(&mut self) {
        if let Some(separator) = self.separator.replace(b',') {
            self.line.push(&[separator]);
        }
    }
}
