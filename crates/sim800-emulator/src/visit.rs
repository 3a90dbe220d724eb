//! The module's files as they are seen from outside of it, by whoever prepares or checks a test.

use std::fmt;

use bytes::Bytes;

use crate::config::Config;
use crate::file_system::{Place, drives};
use crate::storage::{Entry, EntryKind};

/// Why a file of the module cannot be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum VisitFailure {
    /// The path is none: it begins with a drive that there is, and FAT takes its names.
    Path,
    /// There is no such file or directory.
    Missing,
    /// Something else is there: a directory in place of a file, or one that is not empty.
    Occupied,
    /// The drive has no room for it.
    Room,
    /// The storage failed.
    Storage,
}

impl fmt::Display for VisitFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Path => {
                "a path is written C:/User/a.txt, with a drive that there is and names that FAT takes"
            }
            Self::Missing => "there is no such file or directory",
            Self::Occupied => "something else is there, or in it",
            Self::Room => "there is no room for it",
            Self::Storage => "the storage failed",
        })
    }
}

impl std::error::Error for VisitFailure {}

/// Paths are like `C:\User\a.txt`, or with slashes; case makes no difference. The module sees at once what is changed.
impl Config {
    /// What is in a directory of the module.
    ///
    /// # Errors
    ///
    /// There is none.
    pub fn list_files(&self, directory: &str) -> Result<Vec<Entry>, VisitFailure> {
        self.find(directory)?.list().map_err(|_| VisitFailure::Missing)
    }

    /// A file of the module.
    ///
    /// # Errors
    ///
    /// There is none.
    pub fn read_file(&self, path: &str) -> Result<Bytes, VisitFailure> {
        let place = self.find(path)?;
        let size = place.size().map_err(|_| VisitFailure::Missing)?;
        place.read(0, usize::try_from(size).unwrap_or(usize::MAX)).map_err(|_| VisitFailure::Storage)
    }

    /// Makes a file of the module, or replaces one, and makes its directory.
    ///
    /// # Errors
    ///
    /// It cannot be made, or the drive has no room; a file that was there stays then.
    pub fn write_file(&self, path: &str, octets: &[u8]) -> Result<(), VisitFailure> {
        let path = path.replace('/', "\\");
        let (drive, steps) = path.split_once(':').ok_or(VisitFailure::Path)?;
        let mut place = self.find(&format!("{drive}:"))?;
        let mut steps = steps.trim_start_matches('\\').split('\\');
        let name = steps.next_back().ok_or(VisitFailure::Path)?;
        for step in steps {
            place = place.directory_below(step).map_err(|_| VisitFailure::Path)?;
        }
        let place = place.below(name).map_err(|_| VisitFailure::Path)?;
        if matches!(place.kind(), Some(EntryKind::Directory)) {
            return Err(VisitFailure::Occupied);
        }
        if !place.has_room_for(octets.len()) {
            return Err(VisitFailure::Room);
        }
        place.overwrite().map_err(|_| VisitFailure::Storage)?;
        place.write(0, octets).map_err(|_| VisitFailure::Storage)
    }

    /// Removes a file of the module, or an empty directory.
    ///
    /// # Errors
    ///
    /// There is none, or something is in it.
    pub fn remove_file(&self, path: &str) -> Result<(), VisitFailure> {
        let place = self.find(path)?;
        match place.kind() {
            Some(EntryKind::File { .. }) => place.delete().map_err(|_| VisitFailure::Storage),
            Some(EntryKind::Directory) => place.remove_directory().map_err(|_| VisitFailure::Occupied),
            None => Err(VisitFailure::Missing),
        }
    }

    fn find(&self, path: &str) -> Result<Place, VisitFailure> {
        let path = path.replace('/', "\\");
        Place::find(self, &path).map_err(|_| {
            // What stands behind a directory that is missing is missing as well.
            let has_drive = drives(self).any(|(letter, _)| {
                path.get(..2).is_some_and(|start| start.eq_ignore_ascii_case(&format!("{letter}:")))
            });
            let leads_up = path.split('\\').any(|step| matches!(step, "." | ".."));
            if has_drive && !leads_up { VisitFailure::Missing } else { VisitFailure::Path }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_made_read_and_removed() {
        let config = Config::default();
        config.write_file("C:/User/new/a.bin", b"\x00\xff").unwrap();
        config.write_file(r"c:\USER\NEW\A.BIN", b"hello").unwrap();
        assert_eq!(config.read_file("C:/user/new/a.bin").unwrap(), &b"hello"[..]);
        let names: Vec<String> =
            config.list_files("C:/User").unwrap().into_iter().map(|entry| entry.name).collect();
        assert_eq!(names, ["FTP", "new"]);
        assert_eq!(config.remove_file("C:/User/new"), Err(VisitFailure::Occupied));
        config.remove_file("C:/User/new/a.bin").unwrap();
        config.remove_file("C:/User/new").unwrap();
        assert_eq!(config.read_file("C:/User/new/a.bin"), Err(VisitFailure::Missing));
    }

    #[test]
    fn what_is_wrong_has_its_reason() {
        let config = Config::default();
        for path in ["", "a.txt", "D:/a.txt", "C:/../a", "C:/a*", "C:/User/ /a"] {
            assert_eq!(config.write_file(path, b""), Err(VisitFailure::Path), "{path}");
        }
        assert_eq!(config.read_file("D:/a.txt"), Err(VisitFailure::Path));
        assert_eq!(config.write_file("C:/User", b""), Err(VisitFailure::Occupied));
        assert_eq!(config.list_files("C:/none"), Err(VisitFailure::Missing));
        config.write_file("C:/a", b"kept").unwrap();
        assert_eq!(config.write_file("C:/a", &[0; 200_000]), Err(VisitFailure::Room));
        assert_eq!(config.read_file("C:/a").unwrap(), &b"kept"[..]);
        let files =
            (0..10_000).take_while(|n| config.write_file(&format!("C:/{n}/{n}"), b"").is_ok()).count();
        assert!((100..200).contains(&files), "the room has an end: {files}");
    }
}
