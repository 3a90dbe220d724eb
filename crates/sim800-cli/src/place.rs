//! Where a file is made: its name, and those of what stands beside it until it is complete.
//!
//! `<file>.part` is what has come, `<file>.part.json` its [`Companion`]. Whoever works with them has the companion locked. They are
//! this program's if the companion says so, and nobody's if there is nothing in them; everything else is left alone. So whenever
//! the program is killed, what it leaves is there for the next one.

use std::fs::{self, File, Metadata};
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Seek, SeekFrom};
use std::iter;
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rustix::fs::{Access, FlockOperation, OFlags, access, flock};
use rustix::io::Errno;
use sha2::{Digest, Sha256};

use crate::checksum::hexadecimal;
use crate::companion::{Companion, Origin};

/// How many names are tried for what has come.
const TRIED: u32 = 100;

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
    /// Of a file that may be made at `path`, or replaced there.
    pub(crate) fn new(path: &Path) -> io::Result<Self> {
        // The file that a link leads to is replaced, not the link.
        let is_link = path.is_symlink();
        let path = match fs::canonicalize(path) {
            Ok(path) => path,
            Err(_) if !is_link => path.to_owned(),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Err(io::Error::new(error.kind(), "it is a link that leads nowhere"));
            }
            Err(error) => return Err(error),
        };
        if path.is_dir() {
            return Err(ErrorKind::IsADirectory.into());
        }
        if path.exists() {
            access(&path, Access::WRITE_OK)?;
        }
        Ok(Self::beside(path, ".part"))
    }

    /// The same with one other name for what has come after the other, as they are tried where the first is taken.
    pub(crate) fn tried(&self) -> impl Iterator<Item = Self> {
        let others = (1..TRIED).map(|n| Self::beside(self.path.clone(), &format!(".{n}.part")));
        iter::once(self.clone()).chain(others)
    }

    fn beside(path: PathBuf, suffix: &str) -> Self {
        let part = with_suffix(&path, suffix);
        let companion = with_suffix(&part, ".json");
        Self { path, part, companion }
    }

    /// Who may do what with the file that is there; `None` if there is none.
    pub(crate) fn mode(&self) -> Option<u32> {
        Some(self.path.metadata().ok()?.mode() & 0o777)
    }

    /// Who may do what with what is made, and that its owner may go on with it.
    fn new_mode(&self) -> u32 {
        self.mode().unwrap_or(0o666) | 0o600
    }
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut path = path.to_owned().into_os_string();
    path.push(suffix);
    path.into()
}

/// Names that nobody else uses as long as this is there.
#[derive(Debug)]
pub(crate) struct Place {
    names: Names,
    /// Locked.
    companion: File,
    part: Option<File>,
    /// What the companion said; `None` if there was none.
    found: Option<Companion>,
    /// They are ours now, so that they stay.
    is_taken: bool,
}

/// After how many octets it is made sure that they are on the disk: as many have to be fetched again after a power cut, or when the
/// program was killed.
pub(crate) const CERTAIN_EVERY: u64 = 64 * 1024;

/// After how long at the latest, for so many take a minute on a slow line.
const CERTAIN_WITHIN: Duration = Duration::from_secs(5);

/// Whether it is time to make sure of `octets` that came within `time`.
pub(crate) fn is_to_be_certain(octets: u64, time: Duration) -> bool {
    octets >= CERTAIN_EVERY || octets > 0 && time >= CERTAIN_WITHIN
}

/// A part that is there already.
#[derive(Clone, Debug)]
pub(crate) struct Remnant {
    pub(crate) origin: Origin,
    pub(crate) octets: u64,
    /// The last of them, which have to come again before anything new does.
    pub(crate) end: Vec<u8>,
    /// The sum of all.
    pub(crate) hash: Sha256,
    /// When the file was completed, if it is no part any more.
    pub(crate) complete_since: Option<SystemTime>,
}

/// How many octets of a part are fetched again at least to be compared, as the session does when it goes on within one run.
const COMPARED: u64 = 1024;

impl Place {
    /// Takes the names, which may be free or hold what this program has left.
    ///
    /// # Errors
    ///
    /// [`AlreadyExists`](ErrorKind::AlreadyExists) for what is somebody else's, [`ResourceBusy`](ErrorKind::ResourceBusy) for what
    /// another download is writing to.
    pub(crate) fn claim(names: &Names) -> io::Result<Self> {
        let is_foreign =
            |path: &Path| path.symlink_metadata().is_ok_and(|found| !found.is_file() || found.len() > 0);
        if is_foreign(&names.part) && names.companion.symlink_metadata().is_err() {
            return Err(foreign(&names.part));
        }
        let mut companion = open(&names.companion, true, names.new_mode())?;
        if flock(&companion, FlockOperation::NonBlockingLockExclusive) == Err(Errno::WOULDBLOCK)
            || !is_at(&companion, &names.companion)
        {
            return Err(busy());
        }
        let mut text = String::new();
        (&mut companion)
            .take(Companion::LONGEST)
            .read_to_string(&mut text)
            .map_err(|_| foreign(&names.companion))?;
        let found = Companion::parse(&text);
        if found.is_none() && !text.is_empty() {
            return Err(foreign(&names.companion));
        }
        // From here on, what is nobody's is removed if nothing comes of it.
        let is_taken = found.is_some();
        let mut place = Self { names: names.clone(), companion, part: None, found, is_taken };
        place.part = match open(&names.part, false, 0) {
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            part => Some(part?),
        };
        if place.found.is_none() && place.part.is_some() && is_foreign(&names.part) {
            return Err(foreign(&names.part));
        }
        Ok(place)
    }

    /// Whether something can be gone on with here.
    pub(crate) fn is_kept(&self) -> bool {
        self.origin().is_some() && self.part.is_some()
    }

    fn origin(&self) -> Option<&Origin> {
        self.found.as_ref()?.origin.as_ref()
    }

    /// What is there of `url`, as far as nothing of it is damaged.
    pub(crate) fn remnant(&mut self, url: &str) -> Option<Remnant> {
        let found = self.found.as_ref()?;
        let origin = found.origin.clone().filter(|origin| origin.url == url)?;
        let part = self.part.as_mut()?;
        let octets = part.metadata().ok()?.len().min(found.octets.saturating_add(2 * CERTAIN_EVERY));
        let uncertain = octets.checked_sub(found.octets)?;
        let mut hash = sum(part, found.octets).ok()?;
        if hexadecimal(&hash.clone().finalize()) != found.sha256 {
            return None;
        }
        let mut end = vec![0; usize::try_from(uncertain.max(COMPARED.min(octets))).ok()?];
        part.seek(SeekFrom::Start(octets - end.len() as u64)).ok()?;
        part.read_exact(&mut end).ok()?;
        hash.update(end.get(end.len() - usize::try_from(uncertain).ok()?..)?);
        (octets > 0).then_some(Remnant { origin, octets, end, hash, complete_since: None })
    }

    /// The file itself, if there is one, as what may be all of `url`. Its sum is of no use to anybody.
    pub(crate) fn whole(&self, url: &str) -> Option<Remnant> {
        let mut file = File::open(&self.names.path).ok()?;
        let metadata = file.metadata().ok()?;
        let octets = metadata.len();
        if !metadata.is_file() || octets == 0 {
            return None;
        }
        let mut end = vec![0; usize::try_from(COMPARED.min(octets)).ok()?];
        file.seek(SeekFrom::Start(octets - end.len() as u64)).ok()?;
        file.read_exact(&mut end).ok()?;
        let origin = Origin { url: url.to_owned(), size: Some(octets), validator: None };
        Some(Remnant { origin, octets, end, hash: Sha256::new(), complete_since: metadata.modified().ok() })
    }

    /// An empty part of `origin`, or one that nothing will go on with.
    pub(crate) fn empty_part(&mut self, origin: Option<&Origin>) -> io::Result<File> {
        let part = match self.part.take() {
            Some(part) => {
                part.set_len(0)?;
                part
            }
            None => create(&self.names.part, self.names.new_mode())?,
        };
        // Until now, what has come is none of what the companion says, and that is seen by its length.
        self.note(origin, 0, &Sha256::new())?;
        self.is_taken = true;
        // It is written from its beginning on.
        let mut file = part;
        file.rewind()?;
        Ok(file)
    }

    /// The part with the octets that were found in it, to add more.
    pub(crate) fn kept_part(&mut self, octets: u64) -> io::Result<File> {
        let mut part = self.part.take().ok_or(ErrorKind::NotFound)?;
        part.set_len(octets)?;
        part.seek(SeekFrom::End(0))?;
        Ok(part)
    }

    /// Writes down what is certain of the part.
    pub(crate) fn note(&self, origin: Option<&Origin>, octets: u64, hash: &Sha256) -> io::Result<()> {
        let sha256 = hexadecimal(&hash.clone().finalize());
        let text = Companion { origin: origin.cloned(), octets, sha256 }.to_text();
        self.companion.write_all_at(text.as_bytes(), 0)?;
        self.companion.set_len(text.len() as u64)?;
        self.companion.sync_data()
    }

    /// Gives `part` its name.
    pub(crate) fn complete(&mut self, part: &File) -> io::Result<()> {
        if let Some(mode) = self.names.mode() {
            rustix::fs::fchmod(part, mode.into())?;
        }
        // A power cut does not leave the name of what is complete on what is not.
        part.sync_all()?;
        if !self.has(part) {
            return Err(io::Error::new(
                ErrorKind::NotFound,
                "its .part file was moved or replaced meanwhile",
            ));
        }
        fs::rename(&self.names.part, &self.names.path)?;
        // A companion by itself is in nobody's way.
        let _ = remove(&self.names.companion);
        Ok(())
    }

    /// Removes what is there. In this order no part ever stands there without a companion.
    pub(crate) fn clear(&mut self) -> io::Result<()> {
        self.is_taken = true;
        remove(&self.names.part)?;
        remove(&self.names.companion)
    }

    /// Whether `part` still has the name that it was given here.
    pub(crate) fn has(&self, part: &File) -> bool {
        is_at(part, &self.names.part)
    }

    /// Removes `part`, unless somebody else's has its name by now, and what is said of it.
    pub(crate) fn give_up(&mut self, part: &File) -> io::Result<()> {
        if self.has(part) {
            return self.clear();
        }
        self.is_taken = true;
        if is_at(&self.companion, &self.names.companion) { remove(&self.names.companion) } else { Ok(()) }
    }

    pub(crate) fn names(&self) -> &Names {
        &self.names
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if self.is_taken {
            return;
        }
        // Nobody is left to be told of any failure.
        let is_empty =
            |path: &Path| path.symlink_metadata().is_ok_and(|found| found.is_file() && found.len() == 0);
        if self.part.is_some() && is_empty(&self.names.part) {
            let _ = remove(&self.names.part);
        }
        if is_at(&self.companion, &self.names.companion) {
            let _ = remove(&self.names.companion);
        }
    }
}

/// Opens a file, which must be one: nothing is written through a link, nor into what has another name as well.
fn open(path: &Path, creates: bool, mode: u32) -> io::Result<File> {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let flags = i32::try_from(flags.bits()).unwrap_or_default();
    let mut options = File::options();
    let file = options
        .read(true)
        .write(true)
        .create(creates)
        .truncate(false)
        .mode(mode)
        .custom_flags(flags)
        .open(path);
    match file {
        Ok(file) if is_alone(&file.metadata()?) => Ok(file),
        Err(error) if error.kind() == ErrorKind::NotFound => Err(error),
        // A link, a folder, a pipe without a reader.
        _ if path.symlink_metadata().is_ok_and(|found| !is_alone(&found)) => Err(foreign(path)),
        Err(error) => Err(error),
        Ok(_) => Err(foreign(path)),
    }
}

/// Whether this is a file with one name.
fn is_alone(found: &Metadata) -> bool {
    found.is_file() && found.nlink() == 1
}

/// The sum of the first `octets` of a file.
fn sum(file: &mut File, octets: u64) -> io::Result<Sha256> {
    let mut hash = Sha256::new();
    file.rewind()?;
    let mut reader = BufReader::new(file.take(octets));
    loop {
        let read = reader.fill_buf()?;
        if read.is_empty() {
            return Ok(hash);
        }
        hash.update(read);
        let len = read.len();
        reader.consume(len);
    }
}

fn create(path: &Path, mode: u32) -> io::Result<File> {
    File::options().read(true).write(true).create_new(true).mode(mode).open(path)
}

fn foreign(path: &Path) -> io::Error {
    let message = format!(
        "{} exists and is not from this program; move it away, or choose another name",
        path.display()
    );
    io::Error::new(ErrorKind::AlreadyExists, message)
}

fn busy() -> io::Error {
    io::Error::new(ErrorKind::ResourceBusy, "another download is writing to its .part file")
}

/// Whether `file` has not got another name, or none, since it was opened.
fn is_at(file: &File, path: &Path) -> bool {
    let place = |found: &Metadata| (found.dev(), found.ino());
    matches!((file.metadata(), path.symlink_metadata()), (Ok(open), Ok(there)) if place(&open) == place(&there))
}

/// Removes what may be there.
fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
