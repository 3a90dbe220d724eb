//! The module's file system: drives, paths and room, as FAT has them. All of it from drivers in the field; SIMCom's note on it was
//! not to be had.

use std::sync::Arc;

use bytes::Bytes;

use crate::config::Config;
use crate::storage::{Entry, EntryKind, Storage, StorageFailure};

/// Room is given in these: free space in logs is always a multiple.
const CLUSTER: u64 = 512;

/// The deepest directory. A path of 64 octets cannot name a deeper one.
const DEEPEST: usize = 32;

/// Why nothing came of it. The module tells none of this.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FileFailure;

impl From<StorageFailure> for FileFailure {
    fn from(_: StorageFailure) -> Self {
        Self
    }
}

/// One place on a drive, spelled as it exists as far as it does.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    storage: Arc<dyn Storage>,
    steps: Vec<String>,
    /// What is there.
    kind: Option<EntryKind>,
}

/// The letters of the drives and where they are.
pub(crate) fn drives(config: &Config) -> impl Iterator<Item = (char, &Arc<dyn Storage>)> {
    std::iter::once(('C', &config.storage)).chain(config.card.iter().map(|card| ('D', card)))
}

/// The free octets of a drive.
pub(crate) fn free(storage: &dyn Storage) -> u64 {
    storage.capacity().saturating_sub(used(storage, &mut Vec::new())) / CLUSTER * CLUSTER
}

fn used(storage: &dyn Storage, directory: &mut Vec<String>) -> u64 {
    let mut octets = 0_u64;
    for Entry { name, kind } in storage.list(directory).unwrap_or_default() {
        let size = match kind {
            EntryKind::File { size } => size,
            EntryKind::Directory if directory.len() < DEEPEST => {
                directory.push(name);
                octets = octets.saturating_add(used(storage, directory));
                directory.pop();
                0
            }
            EntryKind::Directory => 0,
        };
        octets = octets.saturating_add(occupied(size));
    }
    octets
}

/// The octets that a file takes from the drive. Even an empty one takes some, or their number would have no end.
fn occupied(size: u64) -> u64 {
    size.div_ceil(CLUSTER).max(1).saturating_mul(CLUSTER)
}

/// Whether FAT takes it for a name.
fn is_name(step: &str) -> bool {
    !step.chars().any(|letter| letter.is_control() || "\"*/:<>?\\|".contains(letter))
        && !step.ends_with(['.', ' '])
        && !step.starts_with(' ')
}

impl Place {
    /// Finds what a path like `C:\User\FTP\a.txt` names; case makes no difference.
    pub(crate) fn find(config: &Config, path: &str) -> Result<Self, FileFailure> {
        let (letter, steps) = path.split_once(':').ok_or(FileFailure)?;
        let (_, storage) = drives(config)
            .find(|(drive, _)| letter.eq_ignore_ascii_case(drive.encode_utf8(&mut [0; 4])))
            .ok_or(FileFailure)?;
        let steps = steps.strip_prefix('\\').unwrap_or(steps);
        let steps = steps.strip_suffix('\\').unwrap_or(steps);
        let mut place = Self::root(storage);
        for step in steps.split('\\').filter(|_| !steps.is_empty()) {
            place = place.below(step)?;
        }
        Ok(place)
    }

    pub(crate) fn root(storage: &Arc<dyn Storage>) -> Self {
        Self { storage: Arc::clone(storage), steps: Vec::new(), kind: Some(EntryKind::Directory) }
    }

    /// The place of a name in this directory.
    pub(crate) fn below(mut self, name: &str) -> Result<Self, FileFailure> {
        if name.is_empty() || !is_name(name) || self.steps.len() >= DEEPEST {
            return Err(FileFailure);
        }
        let entries = self.storage.list(&self.steps).ok_or(FileFailure)?;
        match entries.into_iter().find(|entry| entry.name.eq_ignore_ascii_case(name)) {
            Some(entry) => {
                self.steps.push(entry.name);
                self.kind = Some(entry.kind);
            }
            None => {
                self.steps.push(name.to_owned());
                self.kind = None;
            }
        }
        Ok(self)
    }

    /// The directory of this name in this one, made if there is none.
    pub(crate) fn directory_below(self, name: &str) -> Result<Self, FileFailure> {
        let mut place = self.below(name)?;
        match place.kind {
            None => place.make_directory()?,
            Some(EntryKind::Directory) => {}
            Some(EntryKind::File { .. }) => return Err(FileFailure),
        }
        place.kind = Some(EntryKind::Directory);
        Ok(place)
    }

    /// The size of the file that is there.
    pub(crate) fn size(&self) -> Result<u64, FileFailure> {
        match self.storage.list(self.steps.split_last().ok_or(FileFailure)?.1) {
            Some(entries) => entries
                .into_iter()
                .find_map(|entry| match entry.kind {
                    EntryKind::File { size } if Some(&entry.name) == self.steps.last() => Some(size),
                    _ => None,
                })
                .ok_or(FileFailure),
            None => Err(FileFailure),
        }
    }

    /// What is in the directory.
    pub(crate) fn list(&self) -> Result<Vec<Entry>, FileFailure> {
        self.storage.list(&self.steps).ok_or(FileFailure)
    }

    pub(crate) fn read(&self, position: u64, most: usize) -> Result<Bytes, FileFailure> {
        Ok(self.storage.read(&self.steps, position, most)?)
    }

    /// What is there.
    pub(crate) fn kind(&self) -> Option<EntryKind> {
        self.kind
    }

    /// Whether a file of so many octets could be here, in place of what is.
    pub(crate) fn has_room_for(&self, octets: usize) -> bool {
        let freed = self.size().map_or(0, occupied);
        occupied(octets as u64) <= free(&*self.storage).saturating_add(freed)
    }

    /// Refuses octets that there is no room for.
    pub(crate) fn check_room(&self, position: u64, octets: usize) -> Result<(), FileFailure> {
        let size = self.size()?;
        let grown = size.max(position.saturating_add(octets as u64));
        if occupied(grown) - occupied(size) > free(&*self.storage) {
            return Err(FileFailure);
        }
        Ok(())
    }

    /// Writes into the file, from a position within it or at its end.
    pub(crate) fn write(&self, position: u64, octets: &[u8]) -> Result<(), FileFailure> {
        self.check_room(position, octets.len())?;
        Ok(self.storage.write(&self.steps, position, octets)?)
    }

    /// Makes an empty file, whether there is one already or not.
    pub(crate) fn overwrite(&self) -> Result<(), FileFailure> {
        match self.kind {
            Some(EntryKind::Directory) => return Err(FileFailure),
            None if free(&*self.storage) < CLUSTER => return Err(FileFailure),
            _ => {}
        }
        Ok(self.storage.create(&self.steps)?)
    }

    /// Makes an empty file where nothing is.
    pub(crate) fn create(&self) -> Result<(), FileFailure> {
        if self.kind.is_some() {
            return Err(FileFailure);
        }
        self.overwrite()
    }

    pub(crate) fn delete(&self) -> Result<(), FileFailure> {
        match self.kind {
            Some(EntryKind::File { .. }) => Ok(self.storage.remove(&self.steps)?),
            _ => Err(FileFailure),
        }
    }

    pub(crate) fn make_directory(&self) -> Result<(), FileFailure> {
        if self.kind.is_some() || free(&*self.storage) < CLUSTER {
            return Err(FileFailure);
        }
        Ok(self.storage.make_directory(&self.steps)?)
    }

    pub(crate) fn remove_directory(&self) -> Result<(), FileFailure> {
        match self.kind {
            Some(EntryKind::Directory) if !self.steps.is_empty() && self.list()?.is_empty() => {
                Ok(self.storage.remove(&self.steps)?)
            }
            _ => Err(FileFailure),
        }
    }

    /// Gives it another name on the same drive, at which nothing is.
    pub(crate) fn rename(&self, new: &Self) -> Result<(), FileFailure> {
        let is_possible = self.kind.is_some()
            && new.kind.is_none()
            && Arc::ptr_eq(&self.storage, &new.storage)
            && !new.steps.starts_with(&self.steps);
        if !is_possible {
            return Err(FileFailure);
        }
        Ok(self.storage.rename(&self.steps, &new.steps)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(config: &Config, path: &str) -> Place {
        let place = Place::find(config, path).unwrap();
        place.create().unwrap();
        Place::find(config, path).unwrap()
    }

    #[test]
    fn paths_know_no_case_and_no_way_up() {
        let config = Config::default();
        file(&config, r"c:\uSER\Ftp\A.txt").write(0, b"abc").unwrap();
        assert_eq!(Place::find(&config, r"C:\USER\FTP\a.TXT").unwrap().size(), Ok(3));
        let names = |path| {
            let entries = Place::find(&config, path).unwrap().list().unwrap();
            entries.into_iter().map(|entry| entry.name).collect::<Vec<_>>()
        };
        assert_eq!(names(r"C:\User\FTP\"), ["A.txt"]);
        assert_eq!(names("C:"), ["User"]);
        for path in [
            "",
            "C",
            r"D:\",
            r"CC:\",
            r"C:\..",
            r"C:\User\..\x",
            r"C:\.",
            r"C:\a/b",
            r"C:\a*",
            "C:\\a\u{7}",
            r"C:\none\x",
            r"C:\User\FTP\a.txt\x",
        ] {
            assert!(Place::find(&config, path).is_err(), "{path}");
        }
    }

    #[test]
    fn room_is_counted_in_clusters() {
        let config =
            Config { storage: Arc::new(crate::MemoryStorage::new(3 * 512 + 100)), ..Config::default() };
        let first = file(&config, r"C:\a");
        assert_eq!(free(&*config.storage), 2 * 512);
        first.write(0, &[1; 512]).unwrap();
        assert_eq!(free(&*config.storage), 2 * 512);
        first.write(512, &[1; 1024]).unwrap();
        assert_eq!(free(&*config.storage), 0);
        assert_eq!(first.write(1536, b"x"), Err(FileFailure));
        assert_eq!(first.write(1535, b"x"), Ok(()));
        assert_eq!(Place::find(&config, r"C:\b").unwrap().create(), Err(FileFailure));
        assert_eq!(Place::find(&config, r"C:\b").unwrap().make_directory(), Err(FileFailure));
        assert_eq!(first.overwrite(), Ok(()));
        assert_eq!(free(&*config.storage), 2 * 512);
    }

    #[test]
    fn directories_move_with_what_they_hold() {
        let config = Config::default();
        file(&config, r"C:\User\FTP\a").write(0, b"abc").unwrap();
        let place = |path| Place::find(&config, path).unwrap();
        assert_eq!(place(r"C:\User").rename(&place(r"C:\User\FTP\x")), Err(FileFailure));
        assert_eq!(place(r"C:\User").rename(&place(r"C:\Else")), Ok(()));
        assert_eq!(place(r"C:\else\ftp\a").size(), Ok(3));
        assert_eq!(place(r"C:\else\ftp").remove_directory(), Err(FileFailure));
        assert_eq!(place(r"C:\else\ftp\a").delete(), Ok(()));
        assert_eq!(place(r"C:\else\ftp").remove_directory(), Ok(()));
        assert_eq!(place(r"C:\").remove_directory(), Err(FileFailure));
    }
}
