//! What a server shows of a directory, in whatever form it does.
//!
//! FTP leaves the form to the server (RFC 959 section 4.1.3). Most show what `ls -l` does, some what DOS did, and a few the facts of
//! RFC 3659. A line in any other form is kept as it is.

use std::time::SystemTime;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures::stream::TryStreamExt;
use serde_json::{Value, json};
use sim800_session::{Ftp, FtpError};
use suppaftp::list::{File, FileType, ListParser};

use crate::failure::Failure;

/// An entry of a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    /// Of a file, in octets, where the server tells it.
    pub(crate) size: Option<u64>,
    /// When it was changed, by the server's clock in the server's zone (RFC 3659: in UTC): `2026-11-05T13:46:00`, or only the day.
    pub(crate) time: Option<String>,
}

/// What an entry is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    File,
    Directory,
    /// A link, and where it leads to if that is told.
    Link(String),
}

impl Entry {
    /// Takes a line apart; `None` when it is in no form that is known here.
    pub(crate) fn parse(line: &[u8]) -> Option<Self> {
        let line = str::from_utf8(line.trim_ascii_end()).ok()?;
        facts(line)
            .or_else(|| like_ls(line))
            .or_else(|| like_dos(line))
            .filter(|entry| !entry.name.is_empty())
    }

    /// For `--json`.
    pub(crate) fn object(&self) -> Value {
        let Self { name, kind, size, time } = self;
        let (kind, target) = match kind {
            Kind::File => ("file", None),
            Kind::Directory => ("directory", None),
            Kind::Link(target) => ("link", Some(target)),
        };
        let mut object = json!({ "name": name, "kind": kind, "size": size, "time": time });
        if let Some(target) = target {
            object["target"] = json!(target);
        }
        object
    }

    /// A line for people: size, time, name.
    fn line(&self) -> String {
        let size = self.size.map_or_else(|| "-".to_owned(), |size| size.to_string());
        // Seconds and a `T` are for programs.
        let time = self.time.as_deref().unwrap_or_default().replacen('T', " ", 1);
        let time = time.get(..16).unwrap_or(&time);
        let mark = match &self.kind {
            Kind::File => String::new(),
            Kind::Directory => "/".to_owned(),
            Kind::Link(target) if target.is_empty() => "@".to_owned(),
            Kind::Link(target) => format!(" -> {target}"),
        };
        format!("{size:>10}  {time:16}  {}{mark}\n", self.name)
    }
}

/// `type=file;size=1234;modify=20261105134600; name`
fn facts(line: &str) -> Option<Entry> {
    let (facts, _) = line.split_once("; ")?;
    if !facts.split(';').all(|fact| fact.contains('=') && !fact.contains(char::is_whitespace)) {
        return None;
    }
    let mut entry = entry(ListParser::parse_mlsd(line).ok()?, true);
    let facts = facts.to_ascii_lowercase();
    let is_told = |name: &str| facts.split(';').any(|fact| fact.starts_with(name));
    entry.size = entry.size.filter(|_| is_told("size="));
    entry.time = entry.time.filter(|_| is_told("modify="));
    Some(entry)
}

/// `-rw-r--r--   1 user group      1234 Nov  5 13:46 name`
fn like_ls(line: &str) -> Option<Entry> {
    // A mark behind the permissions says that there are more of them.
    let plain = match line.get(10..11) {
        Some("+" | "." | "@") => format!("{} {}", line.get(..10)?, line.get(11..)?),
        _ => line.to_owned(),
    };
    let file = ListParser::parse_posix(&plain).ok()?;
    let has_clock = plain.split_whitespace().nth(7)?.contains(':');
    Some(entry(file, has_clock))
}

/// `11-05-26  01:46PM       <DIR>          name`
fn like_dos(line: &str) -> Option<Entry> {
    Some(entry(ListParser::parse_dos(line).ok()?, true))
}

/// `has_clock`: the time of the day is told, too.
fn entry(file: File, has_clock: bool) -> Entry {
    let kind = match file.file_type() {
        FileType::File => Kind::File,
        FileType::Directory => Kind::Directory,
        FileType::Symlink(target) => Kind::Link(target.display().to_string()),
    };
    let size = (kind == Kind::File).then_some(file.size() as u64);
    let told = (file.modified() != SystemTime::UNIX_EPOCH).then(|| DateTime::<Utc>::from(file.modified()));
    let form = if has_clock { "%Y-%m-%dT%H:%M:%S" } else { "%Y-%m-%d" };
    Entry { name: file.name().to_owned(), kind, size, time: told.map(|time| time.format(form).to_string()) }
}

/// How many octets of a listing are kept: some ten thousand entries.
const LONGEST: usize = 1 << 20;

/// How many are worth a name: some two hundred.
const SHORT: usize = 16 << 10;

/// The lines of the listing of a directory, with their ends.
pub(crate) async fn fetch(ftp: &Ftp, directory: &str) -> Result<Vec<Vec<u8>>, Failure> {
    fetch_up_to(LONGEST, ftp, directory).await?.ok_or_else(|| {
        let message = format!(
            "the listing is longer than {LONGEST} bytes; without --json `ftp ls` shows it as it comes"
        );
        Failure::new("too-large", message)
    })
}

/// The same where it takes little time; `None` otherwise, and where it fails.
pub(crate) async fn fetch_short(ftp: &Ftp, directory: &str) -> Option<Vec<Vec<u8>>> {
    fetch_up_to(SHORT, ftp, directory).await.ok()?
}

/// `None` for what is longer.
async fn fetch_up_to(longest: usize, ftp: &Ftp, directory: &str) -> Result<Option<Vec<Vec<u8>>>, FtpError> {
    let (mut pieces, mut lines, mut octets) = (Lines::default(), Vec::new(), 0);
    let mut download = ftp.list(directory).await?;
    while let Some(piece) = download.try_next().await? {
        octets += piece.len();
        if octets > longest {
            return Ok(None);
        }
        lines.extend(pieces.take(&piece));
    }
    lines.extend(pieces.finish());
    Ok(Some(lines))
}

/// Whether a line that is in no form of an entry stands for none: `ls -l` begins with how many blocks all take.
pub(crate) fn is_no_entry(line: &[u8]) -> bool {
    let line = line.trim_ascii();
    line.is_empty()
        || line.strip_prefix(b"total ").is_some_and(|blocks| blocks.iter().all(u8::is_ascii_digit))
}

/// How long a line may become that has no end; then it is cut.
const LONGEST_LINE: usize = 1 << 16;

/// A listing, cut into lines wherever its octets are cut.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    rest: Vec<u8>,
}

impl Lines {
    /// The lines that end in `octets`.
    pub(crate) fn take(&mut self, octets: &[u8]) -> Vec<Vec<u8>> {
        let known = self.rest.len();
        self.rest.extend_from_slice(octets);
        let end = match octets.iter().rposition(|octet| *octet == b'\n') {
            Some(end) => known + end + 1,
            None if self.rest.len() > LONGEST_LINE => self.rest.len(),
            None => return Vec::new(),
        };
        let rest = self.rest.split_off(end);
        let whole = std::mem::replace(&mut self.rest, rest);
        whole.split_inclusive(|octet| *octet == b'\n').map(<[u8]>::to_vec).collect()
    }

    /// The last line, which may lack its end.
    pub(crate) fn finish(self) -> Option<Vec<u8>> {
        Some(self.rest).filter(|rest| !rest.is_empty())
    }
}

/// A line as it is shown to people; one in an unknown form as it came.
pub(crate) fn shown(line: Vec<u8>) -> Bytes {
    match Entry::parse(&line) {
        Some(entry) => entry.line().into(),
        None => line.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> (String, Kind, Option<u64>, Option<String>) {
        let Entry { name, kind, size, time } =
            Entry::parse(line.as_bytes()).unwrap_or_else(|| panic!("{line}"));
        (name, kind, size, time)
    }

    fn told(
        name: &str,
        kind: Kind,
        size: Option<u64>,
        time: &str,
    ) -> (String, Kind, Option<u64>, Option<String>) {
        (name.to_owned(), kind, size, Some(time.to_owned()))
    }

    #[test]
    fn the_usual_forms_are_known() {
        for (line, expected) in [
            (
                "-rw-r--r--   1 ftp      ftp         12345 Nov 05  2019 a b.txt\r\n",
                told("a b.txt", Kind::File, Some(12_345), "2019-11-05"),
            ),
            (
                "drwxr-xr-x+  2 1000     1000         4096 Jan 31  2020 dir",
                told("dir", Kind::Directory, None, "2020-01-31"),
            ),
            (
                "lrwxrwxrwx    1 0        0              11 Feb 01  2020 now -> 2020/a -b",
                told("now", Kind::Link("2020/a -b".to_owned()), None, "2020-02-01"),
            ),
            (
                "10-19-20  03:19PM       <DIR>          pub",
                told("pub", Kind::Directory, None, "2020-10-19T15:19:00"),
            ),
            (
                "04-08-14  12:09AM              1,403 read me.txt",
                told("read me.txt", Kind::File, Some(1403), "2014-04-08T00:09:00"),
            ),
            (
                "type=file;size=0;modify=20201019151930.123;UNIX.mode=0644; a; b",
                told("a; b", Kind::File, Some(0), "2020-10-19T15:19:30"),
            ),
            (
                "Type=dir;Modify=20201019151930; sub",
                told("sub", Kind::Directory, None, "2020-10-19T15:19:30"),
            ),
        ] {
            assert_eq!(parsed(line), expected, "{line}");
        }
        let unsized_file = parsed("type=file; name");
        assert_eq!(unsized_file, ("name".to_owned(), Kind::File, None, None), "nothing is made up");
    }

    #[test]
    fn a_time_of_this_year_has_no_year() {
        let (.., time) = parsed("-rw-r--r-- 1 ftp ftp 1 Nov 05 13:46 a");
        let time = time.unwrap();
        assert!(time.ends_with("-11-05T13:46:00"), "{time}");
    }

    #[test]
    fn other_forms_stay_as_they_are() {
        for line in [
            &b"total 12\r\n"[..],
            b"",
            b"readme.txt",
            b"a; b",
            b"+i8388621.48594,m825718503,r,s280,\tdjb.html",
            b"-rw-r--r-- 1 ftp ftp 1 Nov 05 13:46 \xff",
            b"brw-rw---- 1 root disk 8, 0 Nov 24 10:13 sda",
            "é".as_bytes(),
        ] {
            assert_eq!(Entry::parse(line), None, "{}", line.escape_ascii());
            assert_eq!(shown(line.to_vec()), line);
        }
    }

    #[test]
    fn lines_are_lines_wherever_they_are_cut() {
        let text = b"one\r\n\r\ntwo\nthree";
        for cut in 0..=text.len() {
            let mut lines = Lines::default();
            let mut found = lines.take(&text[..cut]);
            found.extend(lines.take(&text[cut..]));
            found.extend(lines.finish());
            assert_eq!(found, [&b"one\r\n"[..], b"\r\n", b"two\n", b"three"], "{cut}");
        }
    }

    #[test]
    fn a_line_without_end_is_not_kept() {
        let mut lines = Lines::default();
        let mut found = 0;
        for _ in 0..100 {
            found += lines.take(&[b'a'; 1460]).iter().map(Vec::len).sum::<usize>();
            assert!(lines.rest.len() <= LONGEST_LINE);
        }
        assert_eq!(found + lines.finish().unwrap().len(), 100 * 1460);
    }

    #[test]
    fn people_see_size_time_and_name() {
        let line = |text: &str| String::from_utf8(shown(text.into()).to_vec()).unwrap();
        assert_eq!(
            line("-rw-r--r-- 1 ftp ftp 12345 Nov 05 2019 a b.txt\r\n"),
            "     12345  2019-11-05        a b.txt\n"
        );
        assert_eq!(line("10-19-20  03:19PM <DIR> pub"), "         -  2020-10-19 15:19  pub/\n");
        assert_eq!(
            line("lrwxrwxrwx 1 0 0 11 Feb 01 2020 now -> there\n"),
            "         -  2020-02-01        now -> there\n"
        );
    }
}
