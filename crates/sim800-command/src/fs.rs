//! The module's file system.
//!
//! The AT command manual leaves it out; SIMCom's FS application note has it. What stands here is what drivers in the field
//! send and what modules were seen to answer. Paths stand without quotes, with backslashes.

use core::fmt;
use core::time::Duration;

use crate::{Claim, DataPhase, Information, Line, Number, Path, Value, Values, time_limit};

/// The octets that one `AT+FSREAD` or `AT+FSWRITE` may move (field logs).
pub const FS_CHUNK_LIMIT: u32 = 10_240;

/// Octets of a file that are read or written at once.
pub type FsSize = Number<1, FS_CHUNK_LIMIT>;
/// A place in a file.
pub type FsPosition = Number<0, { u32::MAX }>;
/// How long the module waits for octets, in seconds.
pub type FsTime = Number<1, 120>;

commands! {
    FsDrive "FS application note" {
        /// Asks for the letter of a drive.
        Write FsDrive {
            /// Where the drive is.
            storage: FsStorage,
        }
        -> Drive,
        within |_| time_limit::FILE_SYSTEM;
        test FsDrive;
    }

    FsLs "FS application note" {
        /// Lists a directory, one line per entry.
        ///
        /// An entry whose name is that of a result code or of an unsolicited line cannot be told from it. `RDY` in front of all
        /// others may be an entry, or a module that has just started; an entry comes again.
        Write FsLs<'a> {
            /// The directory.
            directory: Path<'a>,
        }
        -> FsListing,
        within |_| time_limit::FILE_SYSTEM;
        test FsLs<'a>;
    }

    FsCreate "FS application note" {
        /// Makes an empty file; the first write needs it.
        Write FsCreate<'a> {
            /// The file.
            file: Path<'a>,
        },
        within |_| time_limit::FILE_SYSTEM;
        test FsCreate<'a>;
    }

    FsRead "FS application note" {
        /// Reads octets of a file. They come without a header, so that the length must be known before: ask for no more
        /// than there are from the position on.
        Write FsRead<'a> {
            /// The file.
            file: Path<'a>,
            /// Where to read.
            mode: FsReadMode,
            /// How many octets.
            size: FsSize,
            /// The first octet, counted from 0.
            position: FsPosition,
        },
        within |_| time_limit::FILE_SYSTEM,
        data "<size> octets behind one line end" |command| DataPhase::Counted { count: command.size.get() };
        test FsRead<'a>;
    }

    FsWrite "FS application note" {
        /// Writes octets into a file that is there: the module prompts with `>`, and answers when it has all octets or its
        /// time is over.
        Write FsWrite<'a> {
            /// The file.
            file: Path<'a>,
            /// Where to write.
            mode: FsWriteMode,
            /// How many octets follow.
            size: FsSize,
            /// How long the module waits for them, in seconds. The range is not documented; 120 is the most that was
            /// seen.
            time: FsTime,
        }
        -> FsWritten,
        within |command| time_limit::FILE_SYSTEM + Duration::from_secs(u64::from(command.time.get())),
        data ">" |_| DataPhase::Prompted;
        test FsWrite<'a>;
    }

    FsDel "FS application note" {
        /// Deletes a file.
        Write FsDel<'a> {
            /// The file.
            file: Path<'a>,
        },
        within |_| time_limit::FILE_SYSTEM;
        test FsDel<'a>;
    }

    FsMkdir "FS application note" {
        /// Makes a directory.
        Write FsMkdir<'a> {
            /// The directory.
            directory: Path<'a>,
        },
        within |_| time_limit::FILE_SYSTEM;
        test FsMkdir<'a>;
    }

    FsRmdir "FS application note" {
        /// Removes a directory.
        Write FsRmdir<'a> {
            /// The directory.
            directory: Path<'a>,
        },
        within |_| time_limit::FILE_SYSTEM;
        test FsRmdir<'a>;
    }

    FsRename "FS application note" {
        /// Renames a file or a directory.
        Write FsRename<'a> {
            /// The path it has.
            old: Path<'a>,
            /// The path it gets.
            new: Path<'a>,
        },
        within |_| time_limit::FILE_SYSTEM;
        test FsRename<'a>;
    }

    FsFlSize "FS application note" {
        /// Asks for the size of a file in octets.
        Write FsFlSize<'a> {
            /// The file.
            file: Path<'a>,
        }
        -> u64,
        within |_| time_limit::FILE_SYSTEM;
        test FsFlSize<'a>;
    }

    FsMem "FS application note" {
        /// Asks for the free space of the drives.
        Execution FsMem -> FsFree<'r>, within |_| time_limit::FILE_SYSTEM;
        test FsMem;
    }
}

choice! {
    /// Where a drive is.
    pub enum FsStorage {
        /// In the module itself.
        Internal = "0",
        /// On an SD card.
        Card = "1",
    }
}

choice! {
    /// Where a file is read.
    pub enum FsReadMode {
        /// At its start, whatever position is given.
        Start = "0",
        /// At the position.
        Position = "1",
    }
}

choice! {
    /// Where a file is written.
    pub enum FsWriteMode {
        /// At its start, over what is there.
        Start = "0",
        /// At its end.
        Append = "1",
    }
}

/// A drive of the module's file system: `C` is inside, a card is one of `D` to `G`.
///
/// Displays as a path begins: `C:`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Drive(char);

impl Drive {
    /// The letter, in upper case.
    #[must_use]
    pub const fn letter(self) -> char {
        self.0
    }

    /// Takes the letter off the front of `text`, and a colon behind it.
    fn split(text: &[u8]) -> Option<(Self, &[u8])> {
        let (letter, rest) = text.split_first()?;
        let rest = rest.strip_prefix(b":").unwrap_or(rest);
        letter.is_ascii_alphabetic().then(|| (Self(char::from(letter.to_ascii_uppercase())), rest))
    }
}

impl fmt::Display for Drive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.0)
    }
}

impl<'a> Information<'a> for Drive {
    const SHAPE: &'static str = "<letter>";
    const VALUES: &'static [(&'static str, &'static str)] =
        &[("letter", "the drive: C is the internal one, D the card")];
    const EXAMPLE: &'static str = ": C";

    fn decode(lines: &[Line<'a>]) -> Option<Self> {
        let (drive, rest) = Self::split(lines.first()?.parameters())?;
        rest.is_empty().then_some(drive)
    }
}

/// The response to `AT+FSLS`. Its lines are the entries, any number of them, and read one by one:
///
/// ```
/// use sim800_command::{Command, FsLs, Line, Path};
///
/// let list = FsLs { directory: Path::new(r"C:\")? };
/// let lines = [Line::new(br"User\"), Line::new(b"id.txt")];
/// let mut entries = list.response(&lines)?.entries(lines);
/// assert_eq!(entries.next().map(|entry| (entry.as_str(), entry.is_directory)), Some((Some("User"), true)));
/// assert_eq!(entries.next().map(|entry| (entry.as_str(), entry.is_directory)), Some((Some("id.txt"), false)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub struct FsListing;

impl FsListing {
    /// The entries that these information lines are. A line that is no name on a FAT file system is not an entry: an
    /// unsolicited line that nobody knows is claimed as well.
    pub fn entries<'a>(self, lines: impl IntoIterator<Item = Line<'a>>) -> impl Iterator<Item = FsEntry<'a>> {
        lines.into_iter().filter_map(FsEntry::new)
    }
}

impl<'a> Information<'a> for FsListing {
    const SHAPE: &'static str = "lines of <name>";
    const VALUES: &'static [(&'static str, &'static str)] =
        &[("name", "an entry; a directory has a backslash behind its name")];
    const EXAMPLE: &'static str = r"User\";

    fn claim(_name: &'static str) -> Claim {
        Claim::Text
    }

    fn decode(_lines: &[Line<'a>]) -> Option<Self> {
        Some(Self)
    }
}

/// What is in a directory.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub struct FsEntry<'a> {
    /// The name, without the mark of a directory. A card may hold names that are not ASCII, in a coding that nothing
    /// tells.
    pub name: &'a [u8],
    /// Whether it is a directory; the module marks one with a backslash behind its name.
    pub is_directory: bool,
}

impl<'a> FsEntry<'a> {
    fn new(line: Line<'a>) -> Option<Self> {
        let text = line.text().trim_ascii();
        let (name, is_directory) = match text.strip_suffix(b"\\") {
            Some(name) => (name, true),
            None => (text, false),
        };
        let is_name = !name.is_empty() && !name.iter().any(|octet| b"\"*/:<>?\\|".contains(octet));
        is_name.then_some(Self { name, is_directory })
    }

    /// The name, when it is UTF-8.
    #[must_use]
    pub fn as_str(self) -> Option<&'a str> {
        core::str::from_utf8(self.name).ok()
    }
}

/// How `AT+FSWRITE` ended.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum FsWritten {
    /// The module took the octets.
    Complete,
    /// The octets did not come in time; the module prints `TimeOut` (field log).
    TimedOut,
}

impl<'a> Information<'a> for FsWritten {
    const SHAPE: &'static str = "nothing, or TimeOut";
    const EXAMPLE: &'static str = "TimeOut";

    fn claim(_name: &'static str) -> Claim {
        Claim::Text
    }

    fn decode(lines: &[Line<'a>]) -> Option<Self> {
        let timed_out = lines.iter().any(|line| line.text().trim_ascii().eq_ignore_ascii_case(b"TimeOut"));
        Some(if timed_out { Self::TimedOut } else { Self::Complete })
    }
}

/// The free space of the drives.
#[derive(Clone, Copy, Debug)]
pub struct FsFree<'a>(Values<'a>);

impl<'a> FsFree<'a> {
    /// Each drive and its free octets.
    pub fn drives(self) -> impl Iterator<Item = (Drive, u64)> + use<'a> {
        self.0.filter_map(free)
    }
}

impl<'a> Information<'a> for FsFree<'a> {
    const SHAPE: &'static str = "<letter>:<free>bytes[,…]";
    const VALUES: &'static [(&'static str, &'static str)] =
        &[("letter", "a drive"), ("free", "its free bytes")];
    const EXAMPLE: &'static str = ": C:76288bytes";

    fn decode(lines: &[Line<'a>]) -> Option<Self> {
        let values = lines.first()?.values();
        // At least one drive, and nothing that is none.
        (values.clone().next().is_some() && values.clone().all(|value| free(value).is_some()))
            .then_some(Self(values))
    }
}

/// `C:76288byte` and `C:76288bytes`: logs have both.
fn free(value: Value<'_>) -> Option<(Drive, u64)> {
    let Value::Bare(text) = value else { return None };
    let (drive, rest) = Drive::split(text)?;
    let rest = rest.trim_ascii();
    let rest = rest.strip_suffix(b"s").unwrap_or(rest);
    let digits = rest.strip_suffix(b"byte").unwrap_or(rest).trim_ascii();
    Some((drive, core::str::from_utf8(digits).ok()?.parse().ok()?))
}
