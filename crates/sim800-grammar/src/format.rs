//! The grammar in the words of others, one file for each.

mod afl;
mod atfuzzer;
mod gramatron;
mod table;

use core::fmt;
use core::str::FromStr;

use sim800_command::render::Dictionary;

/// How the table is written down; displays as the whole text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format {
    /// The rules, as the grammar mutator of AFL++ reads them.
    Afl,
    /// The rules, as Gramatron's scripts read them.
    Gramatron,
    /// A structure for each form, as ATFuzzer reads them.
    AtFuzzer,
    /// Names, and what lines of the module begin with: a dictionary for libFuzzer, AFL++ and honggfuzz.
    Dictionary,
    /// All that the table knows, for a tool of one's own: forms, parameters, ranges, choices, lengths, sections of the manual.
    Json,
}

impl Format {
    /// All of them, by their names.
    pub const ALL: [(&'static str, Self); 5] = [
        ("afl", Self::Afl),
        ("atfuzzer", Self::AtFuzzer),
        ("dict", Self::Dictionary),
        ("gramatron", Self::Gramatron),
        ("json", Self::Json),
    ];
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = match self {
            Self::Afl => afl::grammar(),
            Self::Gramatron => gramatron::grammar(),
            Self::AtFuzzer => atfuzzer::grammar(),
            Self::Json => table::table(),
            Self::Dictionary => return write!(f, "{Dictionary}"),
        };
        // What has no maps with other keys than texts can be written.
        let text = serde_json::to_string_pretty(&value).map_err(|_| fmt::Error)?;
        writeln!(f, "{text}")
    }
}

/// There is no format of this name.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnknownFormat;

impl fmt::Display for UnknownFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = Format::ALL.iter().map(|(name, _)| *name).collect();
        write!(f, "it is one of {}", names.join(", "))
    }
}

impl core::error::Error for UnknownFormat {}

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(name: &str) -> Result<Self, UnknownFormat> {
        Self::ALL.iter().find(|(known, _)| *known == name).map(|(_, format)| *format).ok_or(UnknownFormat)
    }
}
