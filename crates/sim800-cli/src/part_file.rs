//! A file that appears when it is complete.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

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

/// A file in the making: what is written goes to `<name>.part` beside it, or to `<name>.1.part` where that is taken, which becomes the file by
/// [`complete`](Self::complete). On drop it is removed, or stays to be gone on with.
#[derive(Debug)]
pub(crate) struct PartFile {
    file: BufWriter<File>,
    names: Names,
    is_kept: bool,
    is_complete: bool,
}

impl PartFile {
    /// Begins the file at `path`; one that is there stays until it is replaced. So does a file that has the name of the
    /// part and was not kept by this program: another name is taken for the part then.
    pub(crate) fn create(path: &Path) -> io::Result<Self> {
        let names = Names::new(path)?;
        if names.companion.exists() {
            remove(&names.part)?;
            remove(&names.companion)?;
        }
        let mut others = (1..NAMES).map(|n| names.other(n));
        let mut tried = names.clone();
        loop {
            match File::options().write(true).create_new(true).open(&tried.part) {
                Ok(file) => return Ok(Self::new(file, tried, false)),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                    tried = others.next().ok_or(error)?;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// The same, and what has come is kept on drop, with `companion` beside it.
    pub(crate) fn begin(names: Names, companion: &str) -> io::Result<Self> {
        // In this order no companion ever stands beside a part of something else.
        remove(&names.companion)?;
        let file = File::create(&names.part)?;
        fs::write(&names.companion, companion)?;
        Ok(Self::new(file, names, true))
    }

    /// Goes on with what was kept.
    pub(crate) fn go_on(names: Names) -> io::Result<Self> {
        Ok(Self::new(File::options().append(true).open(&names.part)?, names, true))
    }

    fn new(file: File, names: Names, is_kept: bool) -> Self {
        Self { file: BufWriter::new(file), names, is_kept, is_complete: false }
    }

    /// Gives the file its name.
    pub(crate) fn complete(mut self) -> io::Result<()> {
        self.file.flush()?;
        fs::rename(&self.names.part, &self.names.path)?;
        self.is_complete = true;
        remove(&self.names.companion)
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
            let _ = fs::remove_file(&self.names.part);
            let _ = fs::remove_file(&self.names.companion);
        }
    }
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
        assert_eq!(listed(folder.path()), ["a.bin.part"]);
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

    #[test]
    fn a_file_of_somebody_else_is_not_taken_for_the_part() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.bin");
        fs::write(folder.path().join("a.bin.part"), "precious").unwrap();
        let (first, second) = (PartFile::create(&path).unwrap(), PartFile::create(&path).unwrap());
        assert_eq!(listed(folder.path()), ["a.bin.1.part", "a.bin.2.part", "a.bin.part"]);
        first.complete().unwrap();
        drop(second);
        assert_eq!(listed(folder.path()), ["a.bin", "a.bin.part"]);
        assert_eq!(fs::read(folder.path().join("a.bin.part")).unwrap(), b"precious");
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
        let mut file = PartFile::go_on(names.clone()).unwrap();
        file.write_all(b"ets").unwrap();
        file.complete().unwrap();
        assert_eq!(listed(folder.path()), ["a.bin"]);
        assert_eq!(fs::read(&names.path).unwrap(), b"octets");

        drop(PartFile::begin(names.clone(), "of what").unwrap());
        fs::write(&names.companion, "left").unwrap();
        drop(PartFile::create(&names.path).unwrap());
        assert_eq!(listed(folder.path()), ["a.bin"], "one that is not kept leaves nothing");
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
