//! The module's files in a directory of this machine.

use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Component, Path, PathBuf};

use bytes::Bytes;
use sim800_emulator::{Entry, EntryKind, Storage, StorageFailure};

/// A drive of the module that is a directory here: what is put into it from outside, the module has, and the other way round.
///
/// Only files and directories are part of it. Links are not followed, and names that are not UTF-8 are not seen.
#[derive(Debug)]
pub struct DirectoryStorage {
    root: PathBuf,
    capacity: u64,
}

impl DirectoryStorage {
    /// A drive with room for so many octets, in a directory that is there. What it holds already takes from the room.
    ///
    /// # Errors
    ///
    /// There is no such directory, or it cannot be read.
    pub fn open(root: impl Into<PathBuf>, capacity: u64) -> io::Result<Self> {
        let root = root.into();
        fs::read_dir(&root)?;
        Ok(Self { root, capacity })
    }

    /// Where that is. Only plain names lead further down, whoever asks.
    fn path(&self, steps: &[String]) -> Result<PathBuf, StorageFailure> {
        let mut path = self.root.clone();
        for step in steps {
            let mut components = Path::new(step).components();
            match (components.next(), components.next()) {
                (Some(Component::Normal(name)), None) if name == OsStr::new(step) => path.push(name),
                _ => return Err(StorageFailure),
            }
        }
        Ok(path)
    }

    /// A file that is there, and no link to one.
    fn file(&self, steps: &[String], options: &OpenOptions) -> Result<File, StorageFailure> {
        let path = self.path(steps)?;
        if !path.symlink_metadata().or_fail()?.is_file() {
            return Err(StorageFailure);
        }
        options.open(path).or_fail()
    }
}

impl Storage for DirectoryStorage {
    fn capacity(&self) -> u64 {
        self.capacity
    }

    fn list(&self, directory: &[String]) -> Option<Vec<Entry>> {
        let entries = fs::read_dir(self.path(directory).ok()?).ok()?;
        let mut entries: Vec<Entry> = entries
            .filter_map(|entry| {
                let entry = entry.ok()?;
                let name = entry.file_name().into_string().ok()?;
                let metadata = entry.metadata().ok()?;
                let kind = if metadata.is_dir() {
                    EntryKind::Directory
                } else if metadata.is_file() {
                    EntryKind::File { size: metadata.len() }
                } else {
                    return None;
                };
                Some(Entry { name, kind })
            })
            .collect();
        entries.sort_by(|one, other| one.name.cmp(&other.name));
        Some(entries)
    }

    fn read(&self, file: &[String], position: u64, most: usize) -> Result<Bytes, StorageFailure> {
        let mut file = self.file(file, OpenOptions::new().read(true))?;
        file.seek(SeekFrom::Start(position)).or_fail()?;
        let mut octets = Vec::new();
        file.take(most as u64).read_to_end(&mut octets).or_fail()?;
        Ok(octets.into())
    }

    fn write(&self, file: &[String], position: u64, octets: &[u8]) -> Result<(), StorageFailure> {
        let mut file = self.file(file, OpenOptions::new().write(true))?;
        file.seek(SeekFrom::Start(position)).or_fail()?;
        file.write_all(octets).or_fail()
    }

    fn create(&self, file: &[String]) -> Result<(), StorageFailure> {
        let path = self.path(file)?;
        if path.symlink_metadata().is_ok() {
            return self.file(file, OpenOptions::new().write(true).truncate(true)).map(drop);
        }
        OpenOptions::new().write(true).create_new(true).open(path).map(drop).or_fail()
    }

    fn make_directory(&self, directory: &[String]) -> Result<(), StorageFailure> {
        fs::create_dir(self.path(directory)?).or_fail()
    }

    fn remove(&self, path: &[String]) -> Result<(), StorageFailure> {
        let path = self.path(path)?;
        if path.symlink_metadata().or_fail()?.is_dir() {
            fs::remove_dir(path).or_fail()
        } else {
            fs::remove_file(path).or_fail()
        }
    }

    fn rename(&self, old: &[String], new: &[String]) -> Result<(), StorageFailure> {
        fs::rename(self.path(old)?, self.path(new)?).or_fail()
    }
}

/// The module knows no reasons.
trait OrFail<T> {
    fn or_fail(self) -> Result<T, StorageFailure>;
}

impl<T> OrFail<T> for io::Result<T> {
    fn or_fail(self) -> Result<T, StorageFailure> {
        self.map_err(|_| StorageFailure)
    }
}
