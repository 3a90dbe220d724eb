//! Files with secrets in them, which are for their owner only.

use std::fs::{File, Metadata};
use std::io::{self, BufReader};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use crate::exit;
use crate::failure::Failure;
use crate::text;

/// Whether others than its owner may read a file. The group of root is nobody else: service managers hand out secrets so.
pub(crate) fn is_open_to_others(file: &Metadata) -> bool {
    file.is_file() && is_open(file.mode(), file.gid())
}

fn is_open(mode: u32, group: u32) -> bool {
    mode & 0o004 != 0 || mode & 0o040 != 0 && group != 0
}

/// The first line of a file, which is a secret.
pub(crate) fn read(path: &Path) -> Result<String, Failure> {
    let read = || {
        let file = File::open(path)?;
        let metadata = file.metadata()?;
        let line = text::line(BufReader::new(file))?;
        Ok((metadata, io::read_to_string(line.as_slice())?))
    };
    let (metadata, line) = read().map_err(|error: io::Error| {
        Failure::file("read the secret in", path, &error).with_exit(exit::USAGE)
    })?;
    let name = path.display();
    if is_open_to_others(&metadata) {
        return Err(Failure::usage(format!(
            "{name} has a secret, but others may read it; run chmod 600 on it"
        )));
    }
    match line.lines().next() {
        Some(secret) if !secret.is_empty() => Ok(secret.to_owned()),
        _ => Err(Failure::usage(format!("there is no secret in {name}"))),
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn the_group_is_others_unless_it_is_that_of_root() {
        assert!(is_open(0o100_640, 100) && is_open(0o100_604, 0) && is_open(0o100_644, 0));
        assert!(!is_open(0o100_440, 0) && !is_open(0o100_600, 100) && !is_open(0o100_400, 100));
    }

    #[test]
    fn a_file_that_others_may_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pin");
        fs::write(&path, "1234\nmore\n").unwrap();
        for (mode, is_refused) in [(0o600, false), (0o400, false), (0o644, true), (0o604, true)] {
            fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            let secret = read(&path);
            assert_eq!(secret.is_err(), is_refused, "{mode:o}");
            match secret {
                Ok(secret) => assert_eq!(secret, "1234"),
                Err(failure) => assert!(failure.to_string().contains("chmod 600"), "{failure}"),
            }
        }
    }
}
