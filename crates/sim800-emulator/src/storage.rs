//! Where the module's files are.
//!
//! The emulator keeps to what FAT is like (names without case, room in clusters); a [`Storage`] keeps directories and octets under
//! the names it is given. It is part of the module's flash, so what is in it survives a restart.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::{Bytes, BytesMut};

/// One drive's directories and files.
///
/// A path is its steps from the root, in the spelling that [`list`](Self::list) has for what exists; the root itself is empty. No
/// step is empty, `.` or `..`, or holds a separator. Whoever keeps the files elsewhere answers at once: the module waits.
pub trait Storage: fmt::Debug + Send + Sync {
    /// How many octets it has room for.
    fn capacity(&self) -> u64;

    /// What is in a directory, in an order of its own; `None` if there is no such directory.
    fn list(&self, directory: &[String]) -> Option<Vec<Entry>>;

    /// The octets of a file from a position on, at most `most` and no more than there are.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    fn read(&self, file: &[String], position: u64, most: usize) -> Result<Bytes, StorageFailure>;

    /// Writes octets into a file that is there, at a position that is at most its length.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    fn write(&self, file: &[String], position: u64, octets: &[u8]) -> Result<(), StorageFailure>;

    /// Makes an empty file, or makes one that is there empty.
    ///
    /// # Errors
    ///
    /// The file cannot be made.
    fn create(&self, file: &[String]) -> Result<(), StorageFailure>;

    /// Makes a directory that is not there, in one that is.
    ///
    /// # Errors
    ///
    /// The directory cannot be made.
    fn make_directory(&self, directory: &[String]) -> Result<(), StorageFailure>;

    /// Removes a file or an empty directory.
    ///
    /// # Errors
    ///
    /// It cannot be removed.
    fn remove(&self, path: &[String]) -> Result<(), StorageFailure>;

    /// Gives a file or a directory another name, at which nothing is.
    ///
    /// # Errors
    ///
    /// It cannot be renamed.
    fn rename(&self, old: &[String], new: &[String]) -> Result<(), StorageFailure>;
}

/// Something in a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "made by every storage")]
pub struct Entry {
    /// Its name, as it was given.
    pub name: String,
    /// What it is.
    pub kind: EntryKind,
}

/// What something in a directory is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "made by every storage")]
pub enum EntryKind {
    /// A directory.
    Directory,
    /// A file.
    File {
        /// Its octets.
        size: u64,
    },
}

/// A storage does not do what it should. The module knows no reasons: it says `ERROR`, or 85.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "made by every storage")]
pub struct StorageFailure;

impl fmt::Display for StorageFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the storage failed")
    }
}

impl std::error::Error for StorageFailure {}

/// A drive in memory.
pub struct MemoryStorage {
    capacity: u64,
    /// Directories are `None`. The root is not in here.
    nodes: Mutex<BTreeMap<Vec<String>, Option<BytesMut>>>,
}

impl MemoryStorage {
    /// An empty drive with room for so many octets.
    #[must_use]
    pub fn new(capacity: u64) -> Self {
        Self { capacity, nodes: Mutex::default() }
    }

    fn nodes(&self) -> MutexGuard<'_, BTreeMap<Vec<String>, Option<BytesMut>>> {
        self.nodes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for MemoryStorage {
    /// Shows no contents.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStorage").field("capacity", &self.capacity).finish_non_exhaustive()
    }
}

impl Storage for MemoryStorage {
    fn capacity(&self) -> u64 {
        self.capacity
    }

    fn list(&self, directory: &[String]) -> Option<Vec<Entry>> {
        let nodes = self.nodes();
        if !directory.is_empty() && !nodes.get(directory).is_some_and(Option::is_none) {
            return None;
        }
        let children = nodes.iter().filter_map(|(path, octets)| {
            let (name, parent) = path.split_last()?;
            let kind = match octets {
                None => EntryKind::Directory,
                Some(octets) => EntryKind::File { size: octets.len() as u64 },
            };
            (parent == directory).then(|| Entry { name: name.clone(), kind })
        });
        Some(children.collect())
    }

    fn read(&self, file: &[String], position: u64, most: usize) -> Result<Bytes, StorageFailure> {
        let nodes = self.nodes();
        let octets = nodes.get(file).and_then(Option::as_ref).ok_or(StorageFailure)?;
        let start = usize::try_from(position).map_err(|_| StorageFailure)?.min(octets.len());
        let end = start.saturating_add(most).min(octets.len());
        octets.get(start..end).map(Bytes::copy_from_slice).ok_or(StorageFailure)
    }

    fn write(&self, file: &[String], position: u64, octets: &[u8]) -> Result<(), StorageFailure> {
        let mut nodes = self.nodes();
        let contents = nodes.get_mut(file).and_then(Option::as_mut).ok_or(StorageFailure)?;
        let start = usize::try_from(position).map_err(|_| StorageFailure)?;
        if start > contents.len() {
            return Err(StorageFailure);
        }
        let (over, behind) = octets.split_at(octets.len().min(contents.len() - start));
        if let Some(place) = contents.get_mut(start..start + over.len()) {
            place.copy_from_slice(over);
        }
        contents.extend_from_slice(behind);
        Ok(())
    }

    fn create(&self, file: &[String]) -> Result<(), StorageFailure> {
        self.nodes().insert(file.to_vec(), Some(BytesMut::new()));
        Ok(())
    }

    fn make_directory(&self, directory: &[String]) -> Result<(), StorageFailure> {
        self.nodes().insert(directory.to_vec(), None);
        Ok(())
    }

    fn remove(&self, path: &[String]) -> Result<(), StorageFailure> {
        self.nodes().remove(path).map(drop).ok_or(StorageFailure)
    }

    fn rename(&self, old: &[String], new: &[String]) -> Result<(), StorageFailure> {
        let mut nodes = self.nodes();
        let moved: Vec<Vec<String>> = nodes.keys().filter(|path| path.starts_with(old)).cloned().collect();
        if moved.is_empty() {
            return Err(StorageFailure);
        }
        for path in moved {
            if let (Some(node), Some(below)) = (nodes.remove(&path), path.get(old.len()..)) {
                nodes.insert([new, below].concat(), node);
            }
        }
        Ok(())
    }
}
