//! Paths in the module's file system.

use core::fmt;

use crate::{Domain, Encoder, InvalidValue, Parameter, Values, text};

/// The most octets of a path, drive and name included (field logs).
pub const PATH_LIMIT: usize = 64;

/// A path in the module's file system: a drive, a backslash, and names with backslashes between them, such as
/// `C:\User\ftp\test.txt`. That of a directory may end in a backslash.
///
/// The commands of the file system take it without quotes, so it is as narrow as both the command line and a FAT file
/// system want it:
/// * a comma would begin the next parameter and a semicolon the next command;
/// * a blank may be dropped before the module looks (V.250), and then the path is that of another file;
/// * quotes, control octets and what is not ASCII are refused as in [`Text`](crate::Text);
/// * FAT has no names with `*`, `/`, `:`, `<`, `>`, `?` or `|`, and what a module does with a wildcard is not documented.
///
/// The drive at its front keeps a path from looking like a test form (`AT+FSDEL=?`).
///
/// ```
/// use sim800_command::{InvalidValue, Path};
///
/// let path = Path::new(r"C:\User\ftp\test.txt")?;
/// assert_eq!(path.as_str(), r"C:\User\ftp\test.txt");
/// let error = Path::new(r"C:\a,b").unwrap_err();
/// assert_eq!(error.to_string(), "it has ',' at position 4, which no path can have");
/// # Ok::<(), InvalidValue>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Path<'a>(&'a str);

impl<'a> Path<'a> {
    /// Checks `path`.
    ///
    /// # Errors
    ///
    /// What is wrong with it, and where.
    pub fn new(path: &'a str) -> Result<Self, InvalidValue> {
        text::check(path)?;
        let [letter, b':', b'\\', names @ ..] = path.as_bytes() else { return Err(InvalidValue::NoDrive) };
        if !letter.is_ascii_alphabetic() {
            return Err(InvalidValue::NoDrive);
        }
        if let Some(position) = names.iter().position(|octet| b" ,;*/:<>?|".contains(octet)) {
            let octet = names.get(position).copied().unwrap_or_default();
            return Err(InvalidValue::NotInPath { octet, position: position + r"C:\".len() });
        }
        if path.len() > PATH_LIMIT {
            return Err(InvalidValue::TooLong { length: path.len(), limit: PATH_LIMIT });
        }
        Ok(Self(path))
    }

    /// The text.
    #[must_use]
    pub const fn as_str(self) -> &'a str {
        self.0
    }
}

impl fmt::Debug for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.0, f)
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl<'a> TryFrom<&'a str> for Path<'a> {
    type Error = InvalidValue;

    fn try_from(path: &'a str) -> Result<Self, InvalidValue> {
        Self::new(path)
    }
}

impl<'a> Parameter<'a> for Path<'a> {
    const DOMAIN: Domain = Domain::Path { max: PATH_LIMIT };

    fn encode(&self, line: &mut Encoder<'_>) {
        line.bare(self.0);
    }

    fn decode(values: &mut Values<'a>) -> Option<Self> {
        Self::new(text::take(values)?).ok()
    }
}
