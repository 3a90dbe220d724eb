//! A file that appears when it is complete.

use std::fs::File;
use std::io::{self, ErrorKind, Write};
use std::path::Path;
use std::time::Instant;

use sha2::{Digest, Sha256};

use crate::companion::Origin;
use crate::place::{Names, Place, Remnant, is_to_be_certain};

/// A file in the making: what is written goes to `<name>.part` beside it, or to `<name>.1.part` where that is taken, which
/// becomes the file by [`complete`](Self::complete). On drop it is removed, or stays to be gone on with.
#[derive(Debug)]
pub(crate) struct PartFile {
    place: Place,
    part: File,
    /// Of what is to be gone on with.
    origin: Option<Origin>,
    octets: u64,
    hash: Sha256,
    /// How many octets the companion tells of, and since when.
    noted: u64,
    noted_at: Instant,
    is_complete: bool,
}

impl PartFile {
    /// Begins the file at `path`; one that is there stays until it is replaced. A part that was left takes no other place; one
    /// to go on with, a file that only has its name, or one that is still written to, stays, and another name is taken.
    pub(crate) fn create(path: &Path) -> io::Result<Self> {
        let names = Names::new(path)?;
        for tried in names.tried() {
            match Place::claim(&tried) {
                Ok(place) if place.is_kept() => {}
                Ok(place) => return Self::begin(place, None),
                Err(error) if matches!(error.kind(), ErrorKind::AlreadyExists | ErrorKind::ResourceBusy) => {}
                Err(error) => return Err(error),
            }
        }
        Err(ErrorKind::AlreadyExists.into())
    }

    /// Begins the file anew. With an `origin`, what has come is kept on drop.
    pub(crate) fn begin(mut place: Place, origin: Option<&Origin>) -> io::Result<Self> {
        match place.empty_part(origin) {
            Ok(part) => Ok(Self::new(place, part, origin.cloned(), 0, Sha256::new())),
            Err(error) => {
                // Neither is of any use.
                let _ = place.clear();
                Err(error)
            }
        }
    }

    /// Goes on with what was kept.
    pub(crate) fn go_on(mut place: Place, there: &Remnant) -> io::Result<Self> {
        let part = place.kept_part(there.octets)?;
        let mut file = Self::new(place, part, Some(there.origin.clone()), there.octets, there.hash.clone());
        // What was not certain has come again.
        file.note()?;
        Ok(file)
    }

    fn new(place: Place, part: File, origin: Option<Origin>, octets: u64, hash: Sha256) -> Self {
        Self {
            place,
            part,
            origin,
            octets,
            hash,
            noted: octets,
            noted_at: Instant::now(),
            is_complete: false,
        }
    }

    /// Makes sure of what has come.
    fn note(&mut self) -> io::Result<()> {
        self.part.sync_data()?;
        self.place.note(self.origin.as_ref(), self.octets, &self.hash)?;
        (self.noted, self.noted_at) = (self.octets, Instant::now());
        Ok(())
    }

    /// Gives the file its name.
    pub(crate) fn complete(mut self) -> io::Result<()> {
        self.place.complete(&self.part)?;
        self.is_complete = true;
        Ok(())
    }
}

impl Write for PartFile {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        let written = self.part.write(octets)?;
        self.octets += written as u64;
        self.hash.update(octets.get(..written).unwrap_or(octets));
        if self.origin.is_some() && is_to_be_certain(self.octets - self.noted, self.noted_at.elapsed()) {
            self.note()?;
        }
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for PartFile {
    fn drop(&mut self) {
        if self.is_complete {
            return;
        }
        // Nobody is left to be told of any failure.
        if self.origin.is_some() && self.octets > 0 && self.place.has(&self.part) {
            let _ = self.note();
        } else {
            let _ = self.place.give_up(&self.part);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::path::PathBuf;
    use std::time::Duration;

    use tempfile::TempDir;

    use super::*;
    use crate::place::CERTAIN_EVERY;

    /// A folder, and the names of a file there.
    fn folder() -> (TempDir, Names) {
        let folder = tempfile::tempdir().unwrap();
        let names = Names::new(&folder.path().join("a.bin")).unwrap();
        (folder, names)
    }

    fn listed(folder: &TempDir) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    /// Another name of a file in which nothing is yet.
    fn linked(path: &Path) {
        let empty = path.with_file_name("empty");
        fs::write(&empty, "").unwrap();
        fs::hard_link(empty, path).unwrap();
    }

    fn origin() -> Origin {
        Origin { url: "http://a/b".to_owned(), size: Some(10), validator: None }
    }

    fn begin(names: &Names) -> PartFile {
        PartFile::begin(Place::claim(names).unwrap(), Some(&origin())).unwrap()
    }

    fn remnant(names: &Names) -> Option<Remnant> {
        Place::claim(names).unwrap().remnant(&origin().url)
    }

    /// What a program leaves that is killed: everything as it is, and nothing locked.
    fn kill(file: PartFile) {
        let names = file.place.names();
        let left = [&names.part, &names.companion].map(|path| (path.clone(), fs::read(path).unwrap()));
        drop(file);
        for (path, content) in left {
            fs::write(path, content).unwrap();
        }
    }

    #[test]
    fn it_appears_when_it_is_complete() {
        let (folder, names) = folder();
        let mut file = PartFile::create(&names.path).unwrap();
        file.write_all(b"octets").unwrap();
        assert_eq!(listed(&folder), ["a.bin.part", "a.bin.part.json"]);
        file.complete().unwrap();
        assert_eq!(listed(&folder), ["a.bin"]);
        assert_eq!(fs::read(names.path).unwrap(), b"octets");
    }

    #[test]
    fn what_was_there_stays_when_it_is_given_up() {
        let (folder, names) = folder();
        fs::write(&names.path, "old").unwrap();
        let mut file = PartFile::create(&names.path).unwrap();
        file.write_all(b"new").unwrap();
        drop(file);
        assert_eq!(listed(&folder), ["a.bin"]);
        assert_eq!(fs::read(names.path).unwrap(), b"old");
    }

    #[test]
    fn what_takes_the_place_of_a_part_is_somebody_elses() {
        for is_kept in [false, true] {
            let (folder, names) = folder();
            let mut file = if is_kept { begin(&names) } else { PartFile::create(&names.path).unwrap() };
            file.write_all(b"octets").unwrap();
            fs::remove_file(&names.part).unwrap();
            fs::write(&names.part, "precious").unwrap();
            let refused = file.complete().unwrap_err();
            assert_eq!(refused.kind(), ErrorKind::NotFound);
            assert_eq!(listed(&folder), ["a.bin.part"]);
            assert_eq!(fs::read(&names.part).unwrap(), b"precious");
        }
    }

    #[test]
    fn what_is_somebody_elses_is_left_alone() {
        let (folder, names) = folder();
        let elsewhere = folder.path().join("elsewhere");
        let claim = || Place::claim(&names).unwrap_err();
        let foreign: [fn(&Path, &Path); 8] = [
            |part, _| fs::write(part, "precious").unwrap(),
            |_, companion| fs::write(companion, "{\"precious\":1}").unwrap(),
            |_, companion| fs::write(companion, b"\xff\xfe").unwrap(),
            |_, companion| symlink("elsewhere", companion).unwrap(),
            |part, _| symlink("elsewhere", part).unwrap(),
            |part, _| fs::create_dir(part).unwrap(),
            |part, _| linked(part),
            |_, companion| linked(companion),
        ];
        for (n, put) in foreign.into_iter().enumerate() {
            put(&names.part, &names.companion);
            let before = listed(&folder);
            assert_eq!(claim().kind(), ErrorKind::AlreadyExists, "{n}");
            let mut file = PartFile::create(&names.path).unwrap();
            file.write_all(b"octets").unwrap();
            assert_eq!(file.place.names().part, folder.path().join("a.bin.1.part"), "{n}");
            drop(file);
            assert_eq!((listed(&folder), elsewhere.exists()), (before, false), "{n}");
            assert!(fs::read(folder.path().join("empty")).unwrap_or_default().is_empty(), "{n}");
            for path in [&names.part, &names.companion] {
                let _ = fs::remove_file(path).or_else(|_| fs::remove_dir(path));
            }
        }
        // A part that became a link behind our back.
        kill(begin(&names));
        fs::remove_file(&names.part).unwrap();
        symlink("elsewhere", &names.part).unwrap();
        assert_eq!(claim().kind(), ErrorKind::AlreadyExists);
        assert!(!elsewhere.exists());
    }

    #[test]
    fn other_names_are_tried() {
        let (folder, names) = folder();
        fs::write(&names.part, "precious").unwrap();
        fs::write(folder.path().join("a.bin.1.part.json"), "[\"precious\"]").unwrap();
        let (first, second) =
            (PartFile::create(&names.path).unwrap(), PartFile::create(&names.path).unwrap());
        assert_eq!(first.place.names().part, folder.path().join("a.bin.2.part"));
        assert_eq!(second.place.names().part, folder.path().join("a.bin.3.part"));
        first.complete().unwrap();
        drop(second);
        assert_eq!(listed(&folder), ["a.bin", "a.bin.1.part.json", "a.bin.part"]);
        assert_eq!(fs::read(&names.part).unwrap(), b"precious");
    }

    #[test]
    fn what_was_left_is_replaced_unless_it_is_still_written_to() {
        let (folder, names) = folder();
        let mut left = PartFile::create(&names.path).unwrap();
        left.write_all(b"a longer one that was left").unwrap();
        kill(left);
        let mut first = PartFile::create(&names.path).unwrap();
        assert_eq!(first.place.names().part, names.part);
        first.write_all(b"first").unwrap();
        let mut second = PartFile::create(&names.path).unwrap();
        assert_eq!(second.place.names().part, folder.path().join("a.bin.1.part"));
        second.write_all(b"second").unwrap();
        assert_eq!(Place::claim(&names).unwrap_err().kind(), ErrorKind::ResourceBusy);
        first.complete().unwrap();
        assert_eq!(fs::read(&names.path).unwrap(), b"first");
        second.complete().unwrap();
        assert_eq!(fs::read(&names.path).unwrap(), b"second");
        assert_eq!(listed(&folder), ["a.bin"]);
    }

    /// Between any two steps of the program.
    #[test]
    fn whatever_a_kill_leaves_is_claimed_by_the_next() {
        let (folder, names) = folder();
        let mut written = PartFile::create(&names.path).unwrap();
        written.write_all(b"octets").unwrap();
        let own = fs::read(&names.companion).unwrap();
        kill(written);
        let kept = {
            let mut file = begin(&names);
            file.write_all(b"octets").unwrap();
            drop(file);
            fs::read(&names.companion).unwrap()
        };
        let empty: &[u8] = b"";
        let left = [
            (None, Some(empty)),
            (Some(empty), None),
            (Some(empty), Some(empty)),
            (Some(empty), Some(&own)),
            (None, Some(&own)),
            (Some(b"octets"), Some(&own)),
            (None, Some(&kept)),
            (Some(empty), Some(&kept)),
            (Some(b"oct"), Some(&kept)),
        ];
        for (part, companion) in left {
            for resumes in [false, true] {
                for (path, content) in [(&names.part, part), (&names.companion, companion)] {
                    let _ = fs::remove_file(path);
                    if let Some(content) = content {
                        fs::write(path, content).unwrap();
                    }
                }
                assert!(!resumes || remnant(&names).is_none(), "{part:?}");
                // One to go on with, although it is damaged, is for those who want to.
                let is_taken = !resumes && part == Some(b"oct")
                    || !resumes && part == Some(empty) && companion == Some(&kept);
                let mut file = if resumes { begin(&names) } else { PartFile::create(&names.path).unwrap() };
                file.write_all(b"whole").unwrap();
                assert_eq!(file.place.names().part == names.part, !is_taken, "{part:?}");
                file.complete().unwrap();
                assert_eq!(fs::read(&names.path).unwrap(), b"whole");
                assert_eq!(listed(&folder).len(), if is_taken { 3 } else { 1 }, "{part:?}");
            }
        }
    }

    #[test]
    fn nothing_is_left_of_what_never_began() {
        let (folder, names) = folder();
        drop(Place::claim(&names).unwrap());
        drop(begin(&names));
        drop(PartFile::create(&names.path).unwrap());
        assert_eq!(listed(&folder), [""; 0]);
        fs::write(&names.part, "").unwrap();
        drop(Place::claim(&names).unwrap());
        assert_eq!(listed(&folder), [""; 0], "nobody would claim it");
    }

    #[test]
    fn what_is_to_be_gone_on_with_is_kept() {
        let (folder, names) = folder();
        let mut file = begin(&names);
        file.write_all(b"oct").unwrap();
        drop(file);
        assert_eq!(listed(&folder), ["a.bin.part", "a.bin.part.json"]);
        let mut place = Place::claim(&names).unwrap();
        let there = place.remnant(&origin().url).unwrap();
        assert_eq!((there.octets, &there.end[..]), (3, &b"oct"[..]));
        assert!(place.remnant("http://a/c").is_none(), "it is of something else");
        let mut file = PartFile::go_on(place, &there).unwrap();
        file.write_all(b"ets").unwrap();
        drop(file);
        assert_eq!(remnant(&names).unwrap().octets, 6);
        let mut file = PartFile::create(&names.path).unwrap();
        assert_ne!(file.place.names().part, names.part, "one that is not kept takes nothing");
        file.write_all(b"other").unwrap();
        file.complete().unwrap();
        let mut place = Place::claim(&names).unwrap();
        let there = place.remnant(&origin().url).unwrap();
        PartFile::go_on(place, &there).unwrap().complete().unwrap();
        assert_eq!(listed(&folder), ["a.bin"]);
        assert_eq!(fs::read(&names.path).unwrap(), b"octets");
    }

    #[test]
    fn on_a_slow_line_it_is_made_certain_every_few_seconds() {
        let is_due = |octets, seconds| is_to_be_certain(octets, Duration::from_secs(seconds));
        // A window of 4,096 octets takes as long at 9,600 bit/s.
        assert!(is_due(4_096, 5) && is_due(CERTAIN_EVERY, 0));
        assert!(!is_due(4_096, 4) && !is_due(CERTAIN_EVERY - 1, 1) && !is_due(0, 60));
    }

    /// Of octets that are not certain, all have to come again.
    #[test]
    fn what_is_damaged_is_not_gone_on_with() {
        let (_folder, names) = folder();
        let certain = usize::try_from(CERTAIN_EVERY).unwrap();
        let octets: Vec<u8> = (0..certain + 5000).map(|n| (n % 251) as u8).collect();
        let leave = |change: fn(&mut Vec<u8>)| {
            let mut file = begin(&names);
            for piece in octets.chunks(1000) {
                file.write_all(piece).unwrap();
            }
            kill(file);
            let mut there = fs::read(&names.part).unwrap();
            change(&mut there);
            fs::write(&names.part, there).unwrap();
            remnant(&names)
        };
        let noted = certain.div_ceil(1000) * 1000;
        let there = leave(|_| {}).unwrap();
        assert_eq!((there.octets, there.end == octets[noted..]), (octets.len() as u64, true));
        assert_eq!(there.hash.finalize(), Sha256::digest(&octets));
        assert!(leave(|there| there[100] ^= 1).is_none(), "a hole");
        assert!(leave(|there| there.truncate(60_000)).is_none());
        // As long as it was, and empty: that is seen when it comes again.
        let end = leave(|there| there[69_000..].fill(0)).unwrap().end;
        assert!(end != octets[noted..] && end.len() == octets.len() - noted);
        // In order, all is certain, and the last of it is compared all the same.
        let mut file = begin(&names);
        file.write_all(&octets).unwrap();
        drop(file);
        assert_eq!(remnant(&names).unwrap().end, octets[octets.len() - 1024..]);
    }

    #[test]
    fn a_companion_that_says_too_much_is_not_believed() {
        let (_folder, names) = folder();
        for octets in [7, u64::MAX] {
            let mut file = begin(&names);
            file.write_all(b"octets").unwrap();
            file.place.note(Some(&origin()), octets, &Sha256::new()).unwrap();
            kill(file);
            assert!(remnant(&names).is_none(), "{octets}");
        }
    }

    #[test]
    fn what_cannot_get_its_name_is_kept_as_a_part() {
        let (folder, names) = folder();
        for is_kept in [false, true] {
            let mut file = if is_kept { begin(&names) } else { PartFile::create(&names.path).unwrap() };
            file.write_all(b"octets").unwrap();
            fs::create_dir(&names.path).unwrap();
            assert_eq!(file.complete().unwrap_err().kind(), ErrorKind::IsADirectory);
            let kept = ["a.bin", "a.bin.part", "a.bin.part.json"];
            assert_eq!(listed(&folder), kept[..if is_kept { 3 } else { 1 }]);
            fs::remove_dir(&names.path).unwrap();
        }
        assert_eq!(remnant(&names).unwrap().octets, 6);
        let mut file = begin(&names);
        file.write_all(b"octets").unwrap();
        fs::remove_file(&names.part).unwrap();
        fs::write(&names.part, "another's").unwrap();
        assert!(file.complete().is_err() && !names.path.exists(), "that is not what has come");
    }

    #[test]
    fn a_link_stays_a_link() {
        let (folder, names) = folder();
        let link = folder.path().join("link");
        fs::write(&names.path, "old").unwrap();
        symlink("a.bin", &link).unwrap();
        let mut file = PartFile::create(&link).unwrap();
        file.write_all(b"new").unwrap();
        file.complete().unwrap();
        assert_eq!(fs::read(&names.path).unwrap(), b"new");
        assert_eq!(fs::read_link(&link).unwrap(), PathBuf::from("a.bin"));
        fs::remove_file(&names.path).unwrap();
        let error = PartFile::create(&link).unwrap_err();
        assert!(error.to_string().contains("leads nowhere"), "{error}");
        assert_eq!(listed(&folder), ["link"]);
    }

    #[test]
    fn a_file_keeps_its_mode() {
        let (_folder, names) = folder();
        for mode in [0o600, 0o640, 0o755] {
            fs::write(&names.path, "old").unwrap();
            fs::set_permissions(&names.path, fs::Permissions::from_mode(mode)).unwrap();
            let mut file = PartFile::create(&names.path).unwrap();
            file.write_all(b"new").unwrap();
            let part = names.part.metadata().unwrap().permissions().mode() & 0o777;
            assert_eq!(part & !mode, 0, "what has come is not for others either: {part:o}");
            file.complete().unwrap();
            assert_eq!(names.path.metadata().unwrap().permissions().mode() & 0o777, mode);
            fs::remove_file(&names.path).unwrap();
        }
    }

    #[test]
    fn a_folder_is_refused() {
        let (folder, _) = folder();
        assert_eq!(PartFile::create(folder.path()).unwrap_err().kind(), ErrorKind::IsADirectory);
    }
}
