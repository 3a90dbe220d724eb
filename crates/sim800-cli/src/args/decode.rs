//! The options of `sim800 decode`.

use std::path::PathBuf;

use clap::Args;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use sim800_capture::Format;

pub(super) const DECODED: &str = "\
With --json, each line is an object:
  t         seconds since the start of the capture, or null if nobody noted them
  dir       tx to the module, rx from it; null for what crossed in neither way
  event     command, echo, information, payload, prompt, final, unsolicited, overlong, blank, unreadable, retry
            or remark
  subject   what it is about: http, ftp, files, bearer, module or other
  name      the command that it belongs to, such as +HTTPACTION, or null
  values    the values behind the name
  text      the line, its octets as the characters U+0000 to U+00FF
  octets    how many bytes of payload there should be, where that was said
  received  how many bytes of the capture it stands for; those of all lines of a dir add up to that dir
  sha256    checksum of the payload
  error     whether something went wrong
  meaning   what it means, for people; may be null

Exit status: 0 whatever the capture says, 3 if it cannot be read or is none.";

#[derive(Debug, Args)]
pub(crate) struct Decode {
    /// What --trace wrote, or another program; - for stdin
    pub(crate) file: PathBuf,
    /// Take FILE to be in this format; without it, the program looks
    #[arg(long, value_parser = formats())]
    pub(crate) format: Option<Format>,
    /// Show passwords, PINs and credentials, which are masked otherwise
    #[arg(long)]
    pub(crate) show_secrets: bool,
}

/// The formats by their names.
fn formats() -> impl TypedValueParser<Value = Format> {
    let names = Format::all().map(|format| PossibleValue::new(format.name()).help(format.description()));
    PossibleValuesParser::new(names)
        .try_map(|name| Format::all().find(|format| format.name() == name).ok_or("there is no such format"))
}
