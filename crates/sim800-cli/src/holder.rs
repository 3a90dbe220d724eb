//! Which program has a port to itself, as Linux tells everybody.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use rustix::fs::{major, minor};

/// The program that has locked the file at `path`, such as `picocom (process 4711)`, where the system tells.
pub(crate) fn of(path: &Path) -> Option<String> {
    let file = fs::metadata(path).ok()?;
    let file = format!("{:02x}:{:02x}:{}", major(file.dev()), minor(file.dev()), file.ino());
    let locks = fs::read_to_string("/proc/locks").ok()?;
    let process = locks.lines().find_map(|line| holder(line, &file))?;
    let name = fs::read_to_string(format!("/proc/{process}/comm")).ok()?;
    Some(format!("{} (process {process})", name.trim_end()))
}

/// The process that holds a lock on `file`, if `line` tells of one: `1: FLOCK  ADVISORY  WRITE 4711 00:18:5 0 EOF`.
fn holder(line: &str, file: &str) -> Option<u32> {
    let mut words = line.split_ascii_whitespace().skip(4);
    let process = words.next()?.parse().ok()?;
    (words.next()? == file).then_some(process)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_holds_a_lock_is_told_and_who_waits_for_one_is_not() {
        let lines = [
            ("1: FLOCK  ADVISORY  WRITE 4711 00:18:5 0 EOF", Some(4711)),
            ("2: OFDLCK ADVISORY  WRITE -1 00:18:5 0 EOF", None),
            ("1: -> FLOCK  ADVISORY  WRITE 4712 00:18:5 0 EOF", None),
            ("3: FLOCK  ADVISORY  WRITE 4713 00:18:55 0 EOF", None),
            ("", None),
        ];
        for (line, expected) in lines {
            assert_eq!(holder(line, "00:18:5"), expected, "{line}");
        }
    }
}
