//! Texts of this machine that are read as a whole, or line by line: settings, headers, lists of URLs, command lines. What is too long
//! is an error, for a part of it may say something else.

use std::fs::File;
use std::io::{self, BufRead, Read};
use std::path::Path;

use futures::io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt};

/// The most octets of a text: more than anybody writes, and than a file without an end may fill the memory with.
const LONGEST: u64 = 16 << 20;

/// The most octets of a line where lines are read one by one.
pub(crate) const LONGEST_LINE: usize = 1 << 20;

/// The text in a file; of stdin, where `path` is `-`.
pub(crate) fn read(path: &Path) -> io::Result<String> {
    if path == Path::new("-") { read_from(io::stdin().lock()) } else { read_from(File::open(path)?) }
}

/// All that can be read.
pub(crate) fn read_from(reader: impl Read) -> io::Result<String> {
    let mut octets = Vec::new();
    reader.take(LONGEST + 1).read_to_end(&mut octets)?;
    if octets.len() as u64 > LONGEST {
        return Err(too_long(format!("it is longer than {LONGEST} bytes")));
    }
    io::read_to_string(octets.as_slice())
}

/// The next line, with what ends it; empty at the end.
pub(crate) fn line(reader: impl BufRead) -> io::Result<Vec<u8>> {
    let mut octets = Vec::new();
    reader.take(LONGEST_LINE as u64 + 1).read_until(b'\n', &mut octets)?;
    checked(octets)
}

/// The same of a file that is read by another thread.
pub(crate) async fn next_line(reader: &mut (impl AsyncBufRead + Unpin)) -> io::Result<Vec<u8>> {
    let mut octets = Vec::new();
    reader.take(LONGEST_LINE as u64 + 1).read_until(b'\n', &mut octets).await?;
    checked(octets)
}

fn checked(line: Vec<u8>) -> io::Result<Vec<u8>> {
    if line.len() > LONGEST_LINE {
        return Err(too_long(format!("it has a line of more than {LONGEST_LINE} bytes")));
    }
    Ok(line)
}

fn too_long(what: String) -> io::Error {
    io::Error::new(io::ErrorKind::FileTooLarge, what)
}

#[cfg(test)]
mod tests {
    use futures::executor::block_on;

    use super::*;

    #[test]
    fn what_has_no_end_is_no_text_and_no_line() {
        let kinds = [
            read_from(io::repeat(b'a')).map(String::into_bytes),
            read(Path::new("/dev/zero")).map(String::into_bytes),
            line(io::BufReader::new(io::repeat(b'a'))),
            block_on(next_line(&mut futures::io::BufReader::new(futures::io::repeat(b'a')))),
        ];
        for kind in kinds {
            assert_eq!(kind.expect_err("no end").kind(), io::ErrorKind::FileTooLarge);
        }
    }

    #[test]
    fn what_is_as_long_as_it_may_be_is_there_as_a_whole() {
        let all = vec![b'a'; LONGEST as usize];
        assert_eq!(read_from(all.as_slice()).expect("a text").len(), all.len());
        let lines = [vec![b'a'; LONGEST_LINE - 1], b"\nb".to_vec()].concat();
        let mut reader = lines.as_slice();
        assert_eq!(line(&mut reader).expect("a line").len(), LONGEST_LINE);
        assert_eq!(line(&mut reader).expect("the last one"), b"b");
        assert!(line(&mut reader).expect("the end").is_empty());
        let mut reader = lines.as_slice();
        assert_eq!(block_on(next_line(&mut reader)).expect("a line").len(), LONGEST_LINE);
        assert_eq!(block_on(next_line(&mut reader)).expect("the last one"), b"b");
        assert!(block_on(next_line(&mut reader)).expect("the end").is_empty());
    }
}
