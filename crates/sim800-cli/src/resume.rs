//! What is left of a download that broke off, and whether the rest of it goes behind that.

use std::cell::RefCell;
use std::io::{self, ErrorKind};
use std::path::Path;

use bytes::Bytes;
use futures::stream::{Stream, TryStreamExt};

use crate::companion::Origin;
use crate::failure::Failure;
use crate::part_file::PartFile;
use crate::place::{Names, Place, Remnant};
use crate::sink::Sink;

/// A file that outlives a download that breaks off.
#[derive(Debug)]
pub(crate) struct Resumable {
    names: Names,
    /// Until something is written there.
    place: RefCell<Option<Place>>,
}

impl Resumable {
    /// Keeps others off the place until it is dropped.
    pub(crate) fn new(path: &Path) -> Result<Self, Failure> {
        if !Sink::is_file(Some(path)) {
            let message =
                format!("{} is not a regular file, so --resume does not work there", path.display());
            return Err(Failure::usage(message));
        }
        let place = Names::new(path).and_then(|names| Place::claim(&names));
        let place = place.map_err(|error| failure(path, &error))?;
        Ok(Self { names: place.names().clone(), place: RefCell::new(Some(place)) })
    }

    /// What is there of `url`; what is damaged does not count.
    pub(crate) fn remnant(&self, url: &str) -> Option<Remnant> {
        self.place.borrow_mut().as_mut()?.remnant(url)
    }

    /// What is there of `url` as a whole, where no part of it is.
    pub(crate) fn whole(&self, url: &str) -> Option<Remnant> {
        self.place.borrow().as_ref()?.whole(url)
    }

    /// Begins the file anew.
    pub(crate) fn begin(&self, origin: &Origin) -> Result<Sink, Failure> {
        self.sink(|place| PartFile::begin(place, Some(origin)))
    }

    /// Adds to what is there.
    pub(crate) fn go_on(&self, there: &Remnant) -> Result<Sink, Failure> {
        self.sink(|place| PartFile::go_on(place, there))
    }

    fn sink(&self, open: impl FnOnce(Place) -> io::Result<PartFile>) -> Result<Sink, Failure> {
        let path = &self.names.path;
        // It is begun once.
        let place = self.place.take().ok_or_else(|| ErrorKind::ResourceBusy.into());
        let file = place.and_then(open).map_err(|error| failure(path, &error))?;
        Ok(Sink::File(Box::new(file), path.display().to_string()))
    }

    /// Says of a failure to fetch `url` what can be done about it.
    pub(crate) fn advise(&self, url: &str, failure: Failure) -> Failure {
        let place = self.place.take().map_or_else(|| Place::claim(&self.names), Ok);
        let Ok(mut place) = place else { return failure };
        // Nothing goes on with a part of something else.
        if place.remnant(url).is_none() {
            return failure.of_download_to(Some(&self.names.path));
        }
        if failure.kind() == "changed" {
            // Nothing goes on with it; what comes next time is another object from the start.
            return match place.clear() {
                Ok(()) => failure.with_advice("sim800 removed the old part"),
                Err(_) => failure,
            };
        }
        let part = self.names.part.display();
        failure.with_advice(format!("{part} is kept, and --resume goes on with it"))
    }
}

/// Somebody else writes to the part, or it is none.
fn failure(path: &Path, error: &io::Error) -> Failure {
    match error.kind() {
        ErrorKind::ResourceBusy => {
            Failure::new("part-in-use", format!("cannot write {}: {error}", path.display()))
        }
        _ => Failure::file("write", path, error),
    }
}

/// Takes what is `awaited` off `body`; what came behind that in one piece with it. `None` when the object is another one.
pub(crate) async fn take_off<E>(
    body: &mut (impl Stream<Item = Result<Bytes, E>> + Unpin),
    mut awaited: &[u8],
) -> Result<Option<Bytes>, E> {
    let mut behind = Bytes::new();
    while !awaited.is_empty() {
        let Some(octets) = body.try_next().await? else { return Ok(None) };
        behind = octets;
        let again = behind.split_to(behind.len().min(awaited.len()));
        let Some(left) = awaited.strip_prefix(&again[..]) else { return Ok(None) };
        awaited = left;
    }
    Ok(Some(behind))
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::fs;
    use std::io::Write;

    use futures::stream;
    use smol::block_on;

    use super::*;

    const URL: &str = "http://a/\"b";

    fn origin() -> Origin {
        Origin { url: URL.to_owned(), size: Some(10), validator: Some("\"1\"".to_owned()) }
    }

    fn write(resumable: &Resumable, octets: &[u8]) {
        let Ok(Sink::File(mut file, _)) = resumable.begin(&origin()) else { panic!("it can be written") };
        file.write_all(octets).unwrap();
    }

    #[test]
    fn what_comes_again_is_taken_off_wherever_it_is_cut() {
        let take = |body: &'static [u8], cut| {
            let pieces = body.chunks(cut).map(|piece| Ok::<_, Infallible>(Bytes::from_static(piece)));
            let mut body = stream::iter(pieces);
            block_on(async {
                let mut rest = take_off(&mut body, b"octet").await.unwrap()?.to_vec();
                while let Some(octets) = body.try_next().await.unwrap() {
                    rest.extend_from_slice(&octets);
                }
                Some(rest)
            })
        };
        for cut in 1..10 {
            assert_eq!(take(b"octets", cut).unwrap(), b"s", "{cut}");
            assert_eq!(take(b"octet", cut).unwrap(), b"", "{cut}");
            for another in [&b"octe"[..], b"", b"octaves", b"Octets"] {
                assert_eq!(take(another, cut), None, "{cut}");
            }
        }
    }

    #[test]
    fn a_part_of_what_has_changed_is_not_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        let advise = |resumable: &Resumable, url: &str, kind, what: &str| {
            resumable.advise(url, Failure::new(kind, what)).to_string()
        };
        let resumable = Resumable::new(&path).unwrap();
        write(&resumable, b"octet");
        assert_eq!(advise(&resumable, "http://a/another", "starved", "lost"), "lost");
        let advice = advise(&resumable, URL, "starved", "lost");
        assert!(advice.contains("is kept") && resumable.names.part.exists(), "{advice}");
        // Before anything was written.
        let advice = advise(&Resumable::new(&path).unwrap(), URL, "starved", "lost");
        assert!(advice.contains("is kept"), "{advice}");
        let advice = advise(&resumable, URL, "changed", "changed");
        assert!(advice.contains("removed") && fs::read_dir(folder.path()).unwrap().count() == 0, "{advice}");
    }

    #[test]
    fn a_part_that_another_download_writes_is_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        let other = Resumable::new(&path).unwrap();
        let refused = || Resumable::new(&path).unwrap_err().to_string();
        assert!(refused().contains("another download"), "{}", refused());
        let Ok(Sink::File(mut file, _)) = other.begin(&origin()) else { panic!("it can be written") };
        file.write_all(b"octet").unwrap();
        assert!(refused().contains("another download"), "{}", refused());
        assert_eq!(other.advise(URL, Failure::new("changed", "changed")).to_string(), "changed");
        drop(file);
        assert_eq!(Resumable::new(&path).unwrap().remnant(URL).unwrap().octets, 5);
    }

    #[test]
    fn a_part_of_somebody_else_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        fs::write(folder.path().join("a.part"), "precious").unwrap();
        let refused = Resumable::new(&path).unwrap_err();
        assert_eq!(refused.kind(), "file");
        assert!(refused.to_string().contains("a.part exists and is not from this program"), "{refused}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
