//! A file that appears when it is complete.

use std::fs::{self, File, Metadata};
use std::io::{self, BufWriter, Write};
use std::iter;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

/// A file and what stands beside it as long as it is not complete.
#[derive(Clone, Debug)]
pub(crate) struct Names {
    pub(crate) path: PathBuf,
    /// What has come.
    pub(crate) part: PathBuf,
    /// What that is a part of.
    pub(crate) companion: PathBuf,
}

impl Names {
    pub(crate) fn new(path: &Path) -> io::Result<Self> {
        // The file that a link leads to is replaced, not the link.
        let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        if path.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        let part = with_suffix(&path, ".part");
        let companion = with_suffix(&part, ".json");
        Ok(Self { path, part, companion })
    }

    /// The same with the `n`th other name for what has come.
    fn other(&self, n: u32) -> Self {
        let part = with_suffix(&self.path, &format!(".{n}.part"));
        let companion = with_suffix(&part, ".json");
        Self { path: self.path.clone(), part, companion }
    }
}

/// How many names are tried for what has come.
const NAMES: u32 = 100;

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut path = path.to_owned().into_os_string();
    path.push(suffix);
    path.into()
}

/// What stands beside a part that nothing goes on with. It tells that the part is this program's.
const OWN: &str = "{\"url\":null}\n";

/// A file in the making: what is written goes to `<name>.part` beside it, or to `<name>.1.part` where that is taken, which
/// becomes the file by [`complete`](Self::complete). On drop it is removed, or stays to be gone on with. It is locked until
/// then, so what a program left that was killed can be told from what another one is writing.
#[derive(Debug)]
pub(crate) struct PartFile {
    file: BufWriter<File>,
    names: Names,
    is_kept: bool,
    is_complete: bool,
}

impl PartFile {
    /// Begins the file at `path`; one that is there stays until it is replaced. A part that was left takes no other place; one
    /// to go on with, a file that only has its name, or one that is still written to, stays, and another name is taken.
    pub(crate) fn create(path: &Path) -> io::Result<Self> {
        let names = Names::new(path)?;
        for tried in iter::once(names.clone()).chain((1..NAMES).map(|n| names.other(n))) {
            if let Some(file) = claim(&tried)? {
                let part = Self::new(file, tried, false);
                fs::write(&part.names.companion, OWN)?;
                return Ok(part);
            }
        }
        Err(io::ErrorKind::AlreadyExists.into())
    }

    /// The same, and what has come is kept on drop, with `companion` beside it.
    pub(crate) fn begin(names: Names, companion: &str) -> io::Result<Self> {
        let file = File::options().write(true).create(true).truncate(false).open(&names.part)?;
        own(&file, &names.part)?;
        // In this order no companion ever stands beside a part of something else.
        remove(&names.companion)?;
        file.set_len(0)?;
        fs::write(&names.companion, companion)?;
        Ok(Self::new(file, names, true))
    }

    /// Goes on with the `octets` that were kept.
    pub(crate) fn go_on(names: Names, octets: u64) -> io::Result<Self> {
        let file = File::options().append(true).open(&names.part)?;
        own(&file, &names.part)?;
        // Another download may have come and gone since they were counted.
        if file.metadata()?.len() != octets {
            return Err(busy());
        }
        Ok(Self::new(file, names, true))
    }

    /// Removes what was kept, unless somebody writes to it.
    pub(crate) fn discard(names: &Names) -> io::Result<()> {
        let file = File::options().write(true).open(&names.part)?;
        own(&file, &names.part)?;
        clear(names)
    }

    fn new(file: File, names: Names, is_kept: bool) -> Self {
        Self { file: BufWriter::new(file), names, is_kept, is_complete: false }
    }

    /// Gives the file its name.
    pub(crate) fn complete(mut self) -> io::Result<()> {
        self.file.flush()?;
        // A power cut does not leave the name of what is complete on what is not.
        self.file.get_ref().sync_all()?;
        // Once the part is gone, what stands there is another download's.
        let companion = fs::read(&self.names.companion).ok();
        remove(&self.names.companion)?;
        if let Err(error) = fs::rename(&self.names.part, &self.names.path) {
            if let Some(text) = companion.filter(|_| self.is_kept) {
                fs::write(&self.names.companion, text)?;
            }
            return Err(error);
        }
        self.is_complete = true;
        Ok(())
    }
}

impl Write for PartFile {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.file.write(octets)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for PartFile {
    fn drop(&mut self) {
        if self.is_complete {
            return;
        }
        // Nobody is left to be told of any failure.
        let _ = self.file.flush();
        let is_empty = self.file.get_ref().metadata().is_ok_and(|part| part.len() == 0);
        if !self.is_kept || is_empty {
            let _ = clear(&self.names);
        }
    }
}

/// An empty part, if its name is free or what is there was left by this program.
fn claim(names: &Names) -> io::Result<Option<File>> {
    if names.companion.exists() && !is_own(&names.companion) {
        return Ok(None);
    }
    match File::options().write(true).create_new(true).open(&names.part) {
        // Where there are no locks, that it is new has to do.
        Ok(file) => Ok((lock(&file) != Err(Errno::WOULDBLOCK)).then_some(file)),
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        Err(_) if !is_own(&names.companion) => Ok(None),
        Err(_) => {
            let file = File::options().write(true).open(&names.part)?;
            if lock(&file).is_err() || !is_at(&file, &names.part) {
                return Ok(None);
            }
            file.set_len(0)?;
            Ok(Some(file))
        }
    }
}

/// Makes sure that nobody else writes to `file`, and that it is still the one at `path`.
fn own(file: &File, path: &Path) -> io::Result<()> {
    if lock(file) == Err(Errno::WOULDBLOCK) || !is_at(file, path) {
        return Err(busy());
    }
    Ok(())
}

fn busy() -> io::Error {
    io::Error::new(io::ErrorKind::ResourceBusy, "another download is writing to its part")
}

/// Locks a file until it is closed.
fn lock(file: &File) -> Result<(), Errno> {
    flock(file, FlockOperation::NonBlockingLockExclusive)
}

/// Whether `file` has not got another name, or none, since it was opened.
fn is_at(file: &File, path: &Path) -> bool {
    let place = |found: &Metadata| (found.dev(), found.ino());
    matches!((file.metadata(), path.symlink_metadata()), (Ok(open), Ok(there)) if place(&open) == place(&there))
}

/// Whether a companion says that nothing goes on with its part.
fn is_own(companion: &Path) -> bool {
    fs::read(companion).is_ok_and(|text| text == OWN.as_bytes())
}

/// Removes a part that is locked, and its companion. In this order no companion ever stands beside a part of something else,
/// and none is removed that another download has put there.
fn clear(names: &Names) -> io::Result<()> {
    remove(&names.companion)?;
    fs::remove_file(&names.part)
}

/// Removes what may be there.
fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(folder: &Path) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn it_appears_when_it_is_complete() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.bin");
        let mut file = PartFile::create(&path).unwrap();
        file.write_all(b"octets").unwrap();
        assert_eq!(listed(folder.path()), ["a.bin.part", "a.bin.part.json"]);
        file.complete().unwrap();
        assert_eq!(listed(folder.path()), ["a.bin"]);
        assert_eq!(fs::read(path).unwrap(), b"octets");
    }

    #[test]
    fn what_was_there_stays_when_it_is_given_up() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.bin");
        fs::write(&path, "old").unwrap();
        let mut file = PartFile::create(&path).unwrap();
        file.write_all(b"new").unwrap();
        drop(file);
        assert_eq!(listed(folder.path()), ["a.bin"]);
        assert_eq!(fs::read(path).unwrap(), b"old");
    }

    /// What a program leaves that was killed.
    fn leave(path: &Path, octets: &[u8]) -> Names {
        let names = Names::new(path).unwrap();
        fs::write(&names.part, octets).unwrap();
        fs::write(&names.companion, OWN).unwrap();
        names
    }

    #[test]
    fn a_file_of_somebody_else_is_not_taken_for_the_part() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.bin");
        fs::write(folder.path().join("a.bin.part"), "precious").unwrap();
        fs::write(folder.path().join("a.bin.1.part.json"), "[\"precious\"]").unwrap();
        let (first, second) = (PartFile::create(&path).unwrap(), PartFile::create(&path).unwrap());
        assert_eq!(first.names.part, folder.path().join("a.bin.2.part"));
        assert_eq!(second.names.part, folder.path().join("a.bin.3.part"));
        first.complete().unwrap();
        drop(second);
        assert_eq!(listed(folder.path()), ["a.bin", "a.bin.1.part.json", "a.bin.part"]);
        assert_eq!(fs::read(folder.path().join("a.bin.part")).unwrap(), b"precious");
    }

    #[test]
    fn what_was_left_is_replaced_unless_it_is_still_written_to() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.bin");
        let names = leave(&path, b"a longer one that was left");
        let mut first = PartFile::create(&path).unwrap();
        assert_eq!(first.names.part, names.part);
        first.write_all(b"first").unwrap();
        let mut second = PartFile::create(&path).unwrap();
        assert_eq!(second.names.part, folder.path().join("a.bin.1.part"));
        second.write_all(b"second").unwrap();
        for busy in [PartFile::begin(names.clone(), "of what"), PartFile::go_on(names.clone(), 5)] {
            assert_eq!(busy.unwrap_err().kind(), io::ErrorKind::ResourceBusy);
        }
        first.complete().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"first");
        second.complete().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"second");
        assert_eq!(listed(folder.path()), ["a.bin"]);
    }

    #[test]
    fn a_part_that_is_complete_meanwhile_is_not_written_to() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.bin");
        let names = leave(&path, b"whole");
        let late = File::options().write(true).open(&names.part).unwrap();
        fs::rename(&names.part, &path).unwrap();
        assert!(!is_at(&late, &names.part) && is_at(&late, &path));
        leave(&path, b"another");
        assert_eq!(own(&late, &names.part).unwrap_err().kind(), io::ErrorKind::ResourceBusy);
    }

    #[test]
    fn what_is_to_be_gone_on_with_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let names = Names::new(&folder.path().join("a.bin")).unwrap();
        drop(PartFile::begin(names.clone(), "of what").unwrap());
        assert_eq!(listed(folder.path()), [""; 0], "there is nothing to go on with");
        let mut file = PartFile::begin(names.clone(), "of what").unwrap();
        file.write_all(b"oct").unwrap();
        drop(file);
        assert_eq!(listed(folder.path()), ["a.bin.part", "a.bin.part.json"]);
        let late = PartFile::go_on(names.clone(), 2).unwrap_err();
        assert_eq!(late.kind(), io::ErrorKind::ResourceBusy, "somebody has added to it");
        let mut file = PartFile::go_on(names.clone(), 3).unwrap();
        file.write_all(b"ets").unwrap();
        file.complete().unwrap();
        assert_eq!(listed(folder.path()), ["a.bin"]);
        assert_eq!(fs::read(&names.path).unwrap(), b"octets");

        drop(PartFile::begin(names.clone(), "of what").unwrap());
        fs::write(&names.companion, "{\"url\":\"http://a/\"}").unwrap();
        fs::write(&names.part, "to go on with").unwrap();
        drop(PartFile::create(&names.path).unwrap());
        let kept = ["a.bin", "a.bin.part", "a.bin.part.json"];
        assert_eq!(listed(folder.path()), kept, "one that is not kept leaves nothing, and takes nothing");
        assert_eq!(fs::read(&names.part).unwrap(), b"to go on with");
    }

    /// As long as the part has its name its lock keeps others away, and what they put there later is theirs.
    #[test]
    fn the_companion_goes_before_the_part_does() {
        let folder = tempfile::tempdir().unwrap();
        let names = Names::new(&folder.path().join("a.bin")).unwrap();
        for ends in [drop, |file: PartFile| assert!(file.complete().is_err())] {
            let file = PartFile::begin(names.clone(), "of what").unwrap();
            fs::remove_file(&names.companion).unwrap();
            fs::create_dir(&names.companion).unwrap();
            ends(file);
            assert_eq!(listed(folder.path()), ["a.bin.part", "a.bin.part.json"]);
            fs::remove_dir(&names.companion).unwrap();
        }
    }

    #[test]
    fn what_cannot_get_its_name_is_kept_as_a_part() {
        let folder = tempfile::tempdir().unwrap();
        let names = Names::new(&folder.path().join("a.bin")).unwrap();
        for is_kept in [false, true] {
            let file = if is_kept {
                PartFile::begin(names.clone(), "of what")
            } else {
                PartFile::create(&names.path)
            };
            let mut file = file.unwrap();
            file.write_all(b"octets").unwrap();
            fs::create_dir(&names.path).unwrap();
            assert_eq!(file.complete().unwrap_err().kind(), io::ErrorKind::IsADirectory);
            let kept = ["a.bin", "a.bin.part", "a.bin.part.json"];
            assert_eq!(listed(folder.path()), kept[..if is_kept { 3 } else { 1 }]);
            fs::remove_dir(&names.path).unwrap();
        }
        assert_eq!(fs::read(&names.companion).unwrap(), b"of what");
    }

    #[test]
    fn a_link_stays_a_link() {
        let folder = tempfile::tempdir().unwrap();
        let (path, link) = (folder.path().join("a.bin"), folder.path().join("link"));
        fs::write(&path, "old").unwrap();
        std::os::unix::fs::symlink(&path, &link).unwrap();
        let mut file = PartFile::create(&link).unwrap();
        file.write_all(b"new").unwrap();
        file.complete().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(fs::read_link(&link).unwrap(), path);
    }

    #[test]
    fn a_folder_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let error = PartFile::create(folder.path()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::IsADirectory);
    }
}
