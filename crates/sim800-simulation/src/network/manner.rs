//! In what servers differ from those that do as they are asked.

use std::time::Duration;

/// Something that a server does all the time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Manner {
    /// HTTP: a range is not minded; the answer is the whole, with 200.
    RangesIgnored,
    /// HTTP: of a range no more than so many octets come, as `Content-Range` says.
    RangesShortened {
        /// Octets at most.
        to: u64,
    },
    /// HTTP: a range begins so many octets earlier than it was asked for, as `Content-Range` says.
    RangesMoved {
        /// Octets before the first that was asked for.
        by: u64,
    },
    /// HTTP: a range comes without a `Content-Range`.
    RangesUnplaced,
    /// HTTP: `Content-Range` tells a total that is too small.
    TotalsUnderstated {
        /// By so many octets.
        by: u64,
    },
    /// HTTP: `Content-Length` tells less than what comes.
    LengthsUnderstated {
        /// By so many octets.
        by: u64,
    },
    /// HTTP: the end of a body is missing of what `Content-Length` promises.
    BodiesCut {
        /// So many octets.
        by: u64,
    },
    /// HTTP: the header block has a shape of its own.
    Head(HeadShape),
    /// FTP: an upload is kept aside until it is confirmed, and is gone if it never is.
    UploadsAside,
    /// FTP: an upload is under another name until it is complete.
    UploadsRenamed,
    /// FTP: an upload is confirmed, and only its first half is stored.
    UploadsHalved,
    /// FTP: the answer to `SIZE` takes so much longer.
    SizesLate {
        /// How much longer.
        by: Duration,
    },
    /// FTP: there is no `SIZE`.
    SizesRefused,
    /// FTP: a download is said to be complete after so many octets.
    DownloadsCut {
        /// Octets that come.
        after: u64,
    },
}

/// What a header block may look like, and still says what it says (RFC 9112 sections 2.2, 4 and 5; RFC 9110 section 5).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum HeadShape {
    /// `Content-Length: 5`
    #[default]
    Usual,
    /// `content-length: 5`
    LowerCase,
    /// `CONTENT-LENGTH: 5`
    UpperCase,
    /// `Content-Length:5`
    NoBlanks,
    /// `Content-Length: 5` among blanks and tabs.
    Blanks,
    /// Lines end in LF alone.
    BareLineFeeds,
    /// `HTTP/1.0 200`, without a reason.
    Old,
    /// A value that goes on in the next line.
    Folded,
    /// The length twice.
    Doubled,
    /// The length twice in one line.
    Listed,
    /// No length: the body came in chunks.
    Chunked,
    /// Lines that are no headers, and octets that are no ASCII.
    Garbled,
    /// As long as modules keep (16 KiB).
    Long,
    /// None at all.
    Missing,
}

impl HeadShape {
    /// The octets of a header of [`Long`](Self::Long).
    pub(crate) const LONG: usize = 15_000;

    /// All but the usual one.
    pub const ODD: [Self; 13] = [
        Self::LowerCase,
        Self::UpperCase,
        Self::NoBlanks,
        Self::Blanks,
        Self::BareLineFeeds,
        Self::Old,
        Self::Folded,
        Self::Doubled,
        Self::Listed,
        Self::Chunked,
        Self::Garbled,
        Self::Long,
        Self::Missing,
    ];

    /// A header block of this shape.
    pub(super) fn head(self, status: u16, length: u64, headers: &[(String, String)]) -> Vec<u8> {
        if self == Self::Missing {
            return Vec::new();
        }
        let line_end = if self == Self::BareLineFeeds { "\n" } else { "\r\n" };
        let mut head = Vec::new();
        let mut line = |text: &[u8]| {
            head.extend_from_slice(text);
            head.extend_from_slice(line_end.as_bytes());
        };
        match self {
            Self::Old => line(format!("HTTP/1.0 {status}").as_bytes()),
            Self::Usual => line(format!("HTTP/1.1 {status}").as_bytes()),
            _ => line(format!("HTTP/1.1 {status} é reason: of its own").as_bytes()),
        }
        let length_name = "Content-Length";
        match self {
            Self::Chunked => line(&self.header("Transfer-Encoding", "chunked")),
            Self::Listed => line(&self.header(length_name, &format!("{length}, {length}"))),
            _ => line(&self.header(length_name, &length.to_string())),
        }
        match self {
            Self::Doubled => line(&self.header(length_name, &length.to_string())),
            Self::Folded => line(b"X-Long: it goes on\r\n in the next line\r\n\tand in one more"),
            Self::Garbled => line(b"no header\r\n: nameless\r\nbad name: x\r\nX-Latin: \xFC\xFF\r\nX-Empty:"),
            Self::Long => line(&self.header("X-Long", &"x".repeat(Self::LONG))),
            _ => {}
        }
        for (name, value) in headers {
            line(&self.header(name, value));
        }
        line(b"");
        head
    }

    fn header(self, name: &str, value: &str) -> Vec<u8> {
        let text = match self {
            Self::LowerCase => format!("{}: {value}", name.to_ascii_lowercase()),
            Self::UpperCase => format!("{}: {value}", name.to_ascii_uppercase()),
            Self::NoBlanks => format!("{name}:{value}"),
            Self::Blanks => format!("{name}: \t {value} \t"),
            _ => format!("{name}: {value}"),
        };
        text.into_bytes()
    }
}
