//! The module's files in a directory of this machine.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Component, Path};

use bytes::Bytes;
use rustix::fs::{
    AtFlags, CWD, Dir, FileType, Mode, OFlags, Stat, mkdirat, openat, renameat, statat, unlinkat,
};
use rustix::io::Errno;
use sim800_emulator::{Entry, EntryKind, Storage, StorageFailure};

/// A drive of the module that is a directory here: what is put into it from outside, the module has, and the other way round.
///
/// Only files and directories are part of it. No step of a path follows a link, whoever puts one there and when, so nothing outside
/// the directory is reached; names that are not UTF-8 are not seen.
#[derive(Debug)]
pub struct DirectoryStorage {
    root: OwnedFd,
    capacity: u64,
}

/// What is opened: no link, no terminal to be controlled by, and no pipe to wait for.
const OPEN: OFlags = OFlags::NOFOLLOW.union(OFlags::NOCTTY).union(OFlags::NONBLOCK).union(OFlags::CLOEXEC);

/// What one's own programs give their files, less what the user's mask takes away.
const FILE: Mode = Mode::from_raw_mode(0o666);
const DIRECTORY: Mode = Mode::from_raw_mode(0o777);

impl DirectoryStorage {
    /// A drive with room for so many octets, in a directory that is there. What it holds already takes from the room.
    ///
    /// # Errors
    ///
    /// There is no such directory, or it cannot be read.
    pub fn open(root: impl AsRef<Path>, capacity: u64) -> io::Result<Self> {
        // The directory itself may well be named by a link.
        let flags = OFlags::DIRECTORY | OFlags::CLOEXEC;
        Ok(Self { root: openat(CWD, root.as_ref(), flags, Mode::empty())?, capacity })
    }

    /// Opens a directory, step by step, for a link may stand at any of them.
    fn directory(&self, steps: &[String]) -> Result<OwnedFd, StorageFailure> {
        let mut directory = self.root.try_clone().or_fail()?;
        for step in steps {
            directory =
                openat(&directory, plain(step)?, OPEN | OFlags::DIRECTORY, Mode::empty()).or_fail()?;
        }
        Ok(directory)
    }

    /// The directory that something is in, and its name there.
    fn place<'a>(&self, steps: &'a [String]) -> Result<(OwnedFd, &'a str), StorageFailure> {
        let (name, directory) = steps.split_last().ok_or(StorageFailure)?;
        Ok((self.directory(directory)?, plain(name)?))
    }

    /// A file that is there, or with [`OFlags::CREATE`] is made.
    fn file(&self, steps: &[String], flags: OFlags) -> Result<File, StorageFailure> {
        let (directory, name) = self.place(steps)?;
        let file = File::from(openat(&directory, name, OPEN | flags, FILE).or_fail()?);
        if file.metadata().or_fail()?.is_file() { Ok(file) } else { Err(StorageFailure) }
    }
}

/// A name that leads no further than its directory, whoever asks.
fn plain(name: &str) -> Result<&str, StorageFailure> {
    let mut components = Path::new(name).components();
    match (components.next(), components.next()) {
        (Some(Component::Normal(only)), None) if only == OsStr::new(name) => Ok(name),
        _ => Err(StorageFailure),
    }
}

/// What is at a name, if that can be part of a drive.
fn kind(directory: impl AsFd, name: &str) -> Option<EntryKind> {
    let found: Stat = statat(directory, name, AtFlags::SYMLINK_NOFOLLOW).ok()?;
    match FileType::from_raw_mode(found.st_mode) {
        FileType::Directory => Some(EntryKind::Directory),
        FileType::RegularFile => Some(EntryKind::File { size: u64::try_from(found.st_size).ok()? }),
        _ => None,
    }
}

impl Storage for DirectoryStorage {
    fn capacity(&self) -> u64 {
        self.capacity
    }

    fn list(&self, directory: &[String]) -> Option<Vec<Entry>> {
        let directory = self.directory(directory).ok()?;
        let mut entries: Vec<Entry> = Dir::read_from(&directory)
            .ok()?
            .filter_map(|entry| {
                let name = entry.ok()?.file_name().to_str().ok()?.to_owned();
                let kind = kind(&directory, plain(&name).ok()?)?;
                Some(Entry { name, kind })
            })
            .collect();
        entries.sort_by(|one, other| one.name.cmp(&other.name));
        Some(entries)
    }

    fn read(&self, file: &[String], position: u64, most: usize) -> Result<Bytes, StorageFailure> {
        let mut file = self.file(file, OFlags::RDONLY)?;
        file.seek(SeekFrom::Start(position)).or_fail()?;
        let mut octets = Vec::new();
        file.take(most as u64).read_to_end(&mut octets).or_fail()?;
        Ok(octets.into())
    }

    fn write(&self, file: &[String], position: u64, octets: &[u8]) -> Result<(), StorageFailure> {
        let mut file = self.file(file, OFlags::WRONLY)?;
        file.seek(SeekFrom::Start(position)).or_fail()?;
        file.write_all(octets).or_fail()
    }

    fn create(&self, file: &[String]) -> Result<(), StorageFailure> {
        self.file(file, OFlags::WRONLY | OFlags::CREATE)?.set_len(0).or_fail()
    }

    fn make_directory(&self, directory: &[String]) -> Result<(), StorageFailure> {
        let (directory, name) = self.place(directory)?;
        mkdirat(directory, name, DIRECTORY).or_fail()
    }

    fn remove(&self, path: &[String]) -> Result<(), StorageFailure> {
        let (directory, name) = self.place(path)?;
        let flags = match kind(&directory, name).ok_or(StorageFailure)? {
            EntryKind::Directory => AtFlags::REMOVEDIR,
            EntryKind::File { .. } => AtFlags::empty(),
        };
        unlinkat(directory, name, flags).or_fail()
    }

    fn rename(&self, old: &[String], new: &[String]) -> Result<(), StorageFailure> {
        let ((from, old), (to, new)) = (self.place(old)?, self.place(new)?);
        kind(&from, old).ok_or(StorageFailure)?;
        renameat(from, old, to, new).or_fail()
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

impl<T> OrFail<T> for Result<T, Errno> {
    fn or_fail(self) -> Result<T, StorageFailure> {
        self.map_err(|_| StorageFailure)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    fn steps(path: &str) -> Vec<String> {
        path.split('/').filter(|step| !step.is_empty()).map(str::to_owned).collect()
    }

    /// Every operation at a path, each of which has to fail.
    fn expect_nothing_at(drive: &DirectoryStorage, path: &str) {
        let at = steps(path);
        assert!(drive.read(&at, 0, 100).is_err(), "{path}");
        assert!(drive.write(&at, 0, b"!").is_err(), "{path}");
        assert!(drive.create(&at).is_err(), "{path}");
        assert!(drive.make_directory(&at).is_err(), "{path}");
        assert!(drive.remove(&at).is_err(), "{path}");
        assert!(drive.rename(&at, &steps("taken")).is_err(), "{path}");
    }

    #[test]
    fn no_step_of_a_path_follows_a_link() {
        let (inside, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (inside, outside) = (inside.path(), outside.path());
        fs::create_dir(outside.join("deep")).unwrap();
        for file in ["secret", "deep/secret"] {
            fs::write(outside.join(file), "secret").unwrap();
        }
        fs::create_dir(inside.join("sub")).unwrap();
        fs::write(inside.join("own"), "own").unwrap();
        symlink(outside, inside.join("away")).unwrap();
        symlink("..", inside.join("sub/up")).unwrap();
        symlink(outside.join("secret"), inside.join("file")).unwrap();
        symlink(outside.join("new"), inside.join("dangling")).unwrap();
        let drive = DirectoryStorage::open(inside, 1 << 20).unwrap();

        for path in ["away", "away/secret", "away/deep/secret", "sub/up/own", "file", "dangling"] {
            expect_nothing_at(&drive, path);
        }
        for directory in ["away", "away/deep", "sub/up"] {
            assert!(drive.list(&steps(directory)).is_none(), "{directory}");
            for make in [Storage::create, Storage::make_directory] {
                assert!(make(&drive, &steps(&format!("{directory}/new"))).is_err(), "{directory}");
            }
            assert!(drive.rename(&steps("own"), &steps(&format!("{directory}/new"))).is_err(), "{directory}");
        }
        let listed: Vec<_> = drive.list(&[]).unwrap().into_iter().map(|entry| entry.name).collect();
        assert_eq!(listed, ["own", "sub"]);
        assert_eq!(fs::read_to_string(outside.join("secret")).unwrap(), "secret");
        assert_eq!(fs::read_dir(outside).unwrap().count(), 2);
    }

    #[test]
    fn names_lead_nowhere_else() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("drive")).unwrap();
        fs::write(folder.path().join("secret"), "secret").unwrap();
        let drive = DirectoryStorage::open(folder.path().join("drive"), 1 << 20).unwrap();
        for name in ["..", ".", "", "../secret", "/etc", "a/b", "a\0b"] {
            assert!(drive.read(&["..".to_owned(), name.to_owned()], 0, 9).is_err(), "{name:?}");
            assert!(drive.read(&[name.to_owned()], 0, 9).is_err(), "{name:?}");
            assert!(drive.create(&[name.to_owned()]).is_err(), "{name:?}");
        }
    }

    /// To open one waits for whoever opens its other end.
    #[test]
    fn a_pipe_is_no_file() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        rustix::fs::mknodat(CWD, &pipe, FileType::Fifo, FILE, 0).unwrap();
        let drive = DirectoryStorage::open(folder.path(), 1 << 20).unwrap();
        expect_nothing_at(&drive, "pipe");
        assert!(drive.list(&[]).unwrap().is_empty());
    }

    #[test]
    fn files_and_directories_are_what_they_were() {
        let folder = tempfile::tempdir().unwrap();
        let drive = DirectoryStorage::open(folder.path(), 1 << 20).unwrap();
        drive.make_directory(&steps("a")).unwrap();
        drive.create(&steps("a/f")).unwrap();
        drive.write(&steps("a/f"), 0, b"0123456789").unwrap();
        assert_eq!(drive.read(&steps("a/f"), 2, 3).unwrap(), &b"234"[..]);
        drive.rename(&steps("a/f"), &steps("g")).unwrap();
        let listed = drive.list(&[]).unwrap();
        assert_eq!(listed[1], Entry { name: "g".to_owned(), kind: EntryKind::File { size: 10 } });
        drive.create(&steps("g")).unwrap();
        assert_eq!(fs::read(folder.path().join("g")).unwrap(), b"");
        drive.remove(&steps("g")).unwrap();
        drive.remove(&steps("a")).unwrap();
        assert!(drive.list(&[]).unwrap().is_empty());
        assert!(drive.remove(&[]).is_err() && DirectoryStorage::open(folder.path().join("none"), 1).is_err());
    }
}
