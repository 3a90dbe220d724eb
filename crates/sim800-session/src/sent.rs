//! Whether a server may have got what failed.

/// Whether the server may have been told to do what failed, as the errors of HTTP and FTP say. It matters for what is never
/// sent twice: a POST, a deletion, an appended file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "whoever asks has to deal with both")]
pub enum Sent {
    /// It certainly was not, or it refused to do it: to do it again is safe.
    No,
    /// It may have been, wholly or in part: look there before it is done again.
    Unknown,
}

impl Sent {
    /// One stable word: `no` or `unknown`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::No => "no",
            Self::Unknown => "unknown",
        }
    }
}
