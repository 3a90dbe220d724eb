//! What is left of a download that broke off, and whether the rest of it goes behind that.
//!
//! Beside the part of `file`, `file.part`, stands `file.part.json`: what it is a part of.

use std::fs::{self, File};
use std::io::{ErrorKind, Read, Seek, SeekFrom};
use std::path::Path;

use bytes::Bytes;
use futures::stream::{Stream, TryStreamExt};
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::part_file::{Names, PartFile};
use crate::sink::Sink;

/// What a part is a part of, as far as it is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Origin {
    /// Without a password.
    pub(crate) url: String,
    /// Octets of the whole.
    pub(crate) size: Option<u64>,
    /// What the server changes together with the object: its entity tag or its date.
    pub(crate) validator: Option<String>,
}

/// A part that is there already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Remnant {
    pub(crate) origin: Origin,
    pub(crate) octets: u64,
    /// The last of them, to be compared.
    pub(crate) end: Vec<u8>,
}

/// How many octets of a part are fetched again to be compared, as the session does when it goes on within one run.
const COMPARED: u64 = 1024;

/// The kind of failure that somebody else writes to the part.
const IN_USE: &str = "part-in-use";

/// A file that outlives a download that breaks off.
#[derive(Debug)]
pub(crate) struct Resumable {
    names: Names,
}

impl Resumable {
    pub(crate) fn new(path: &Path) -> Result<Self, Failure> {
        if !Sink::is_file(Some(path)) {
            let message = format!("{} is no file, so nothing can be resumed there", path.display());
            return Err(Failure::usage(message));
        }
        let names = Names::new(path).map_err(|error| Failure::file("write", path, &error))?;
        Ok(Self { names })
    }

    /// What is there of `url`; what does not say what it is a part of does not count.
    pub(crate) fn remnant(&self, url: &str) -> Option<Remnant> {
        let origin = Origin::parse(&fs::read_to_string(&self.names.companion).ok()?)?;
        let mut part = File::open(&self.names.part).ok()?;
        let octets = part.metadata().ok()?.len();
        let mut end = vec![0; octets.min(COMPARED) as usize];
        part.seek(SeekFrom::Start(octets - end.len() as u64)).ok()?;
        part.read_exact(&mut end).ok()?;
        (origin.url == url && octets > 0).then_some(Remnant { origin, octets, end })
    }

    /// Begins the file anew.
    pub(crate) fn begin(&self, origin: &Origin) -> Result<Sink, Failure> {
        self.sink(PartFile::begin(self.names.clone(), &origin.to_text()))
    }

    /// Adds to the `octets` that are there.
    pub(crate) fn go_on(&self, octets: u64) -> Result<Sink, Failure> {
        self.sink(PartFile::go_on(self.names.clone(), octets))
    }

    fn sink(&self, file: std::io::Result<PartFile>) -> Result<Sink, Failure> {
        let path = &self.names.path;
        let file = file.map_err(|error| match error.kind() {
            ErrorKind::ResourceBusy => {
                Failure::new(IN_USE, format!("cannot write {}: {error}", path.display()))
            }
            _ => Failure::file("write", path, &error),
        })?;
        Ok(Sink::File(file, path.display().to_string()))
    }

    /// Says of a failure to fetch `url` what can be done about it.
    pub(crate) fn advise(&self, url: &str, failure: Failure) -> Failure {
        // Nothing goes on with a part of something else.
        if failure.kind() == IN_USE || self.remnant(url).is_none() {
            return failure.of_download_to(Some(&self.names.path));
        }
        if failure.kind() == "changed" {
            // Nothing goes on with it; what comes next time is another object from the start.
            return match PartFile::discard(&self.names) {
                Ok(()) => failure.with_advice("what had come is removed"),
                Err(_) => failure,
            };
        }
        let part = self.names.part.display();
        failure.with_advice(format!("{part} is kept, and --resume goes on with it"))
    }
}

impl Remnant {
    /// What has to come again before anything new does. A tag tells objects apart for certain (RFC 9110 section 8.8.1), a date
    /// and a size do not. Of a complete part its end is asked for, since nothing cannot be.
    pub(crate) fn awaited(&self) -> &[u8] {
        let Origin { size, validator, .. } = &self.origin;
        let has_tag = validator.as_ref().is_some_and(|validator| validator.starts_with('"'));
        if has_tag && *size != Some(self.octets) { &[] } else { &self.end }
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

impl Origin {
    fn to_text(&self) -> String {
        let Self { url, size, validator } = self;
        format!("{}\n", json!({ "url": url, "size": size, "validator": validator }))
    }

    /// Whether what came `later` is of the same object, as far as can be told.
    pub(crate) fn goes_with(&self, later: &Self) -> bool {
        let differ = |one: Option<u64>, other: Option<u64>| one.is_some() && other.is_some() && one != other;
        self.url == later.url
            && !differ(self.size, later.size)
            && (self.validator.is_none() || self.validator == later.validator)
    }

    fn parse(text: &str) -> Option<Self> {
        let object: Value = serde_json::from_str(text).ok()?;
        let url = object["url"].as_str()?.to_owned();
        let validator = object["validator"].as_str().map(str::to_owned);
        Some(Self { url, size: object["size"].as_u64(), validator })
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::io::Write;

    use futures::stream;
    use smol::block_on;

    use super::*;

    fn origin() -> Origin {
        Origin { url: "http://a/\"b".to_owned(), size: Some(10), validator: Some("\"1\"".to_owned()) }
    }

    fn remnant() -> Remnant {
        Remnant { origin: origin(), octets: 5, end: b"octet".to_vec() }
    }

    #[test]
    fn what_is_there_has_to_come_again_unless_a_tag_tells() {
        let by = |validator: Option<&str>| {
            let origin = Origin { validator: validator.map(str::to_owned), ..origin() };
            Remnant { origin, ..remnant() }.awaited().to_vec()
        };
        assert_eq!(by(Some("\"1\"")), b"");
        assert_eq!(by(Some("Sun, 22 Nov 2026 19:36:29 GMT")), b"octet");
        assert_eq!(by(None), b"octet");
        let origin = Origin { size: Some(5), ..origin() };
        assert_eq!(Remnant { origin, ..remnant() }.awaited(), b"octet", "there is nothing else to ask for");
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
    fn what_is_written_beside_a_part_can_be_read() {
        assert_eq!(Origin::parse(&origin().to_text()), Some(origin()));
        let bare = Origin { url: "ftp://a/b".to_owned(), size: None, validator: None };
        assert_eq!(Origin::parse(&bare.to_text()), Some(bare));
        for text in ["", "{}", "[]", "{\"url\":1}"] {
            assert_eq!(Origin::parse(text), None, "{text}");
        }
    }

    #[test]
    fn an_object_that_has_changed_does_not_go_with_what_is_there() {
        let there = origin();
        assert!(there.goes_with(&there));
        assert!(there.goes_with(&Origin { size: None, ..there.clone() }));
        assert!(!there.goes_with(&Origin { size: Some(11), ..there.clone() }));
        assert!(!there.goes_with(&Origin { validator: Some("\"2\"".to_owned()), ..there.clone() }));
        assert!(!there.goes_with(&Origin { validator: None, ..there.clone() }), "who knows");
        let bare = Origin { validator: None, ..there.clone() };
        assert!(bare.goes_with(&there), "there was nothing to remember");
    }

    #[test]
    fn a_part_of_what_has_changed_is_not_kept() {
        let folder = tempfile::tempdir().unwrap();
        let resumable = Resumable::new(&folder.path().join("a")).unwrap();
        let begin = || {
            let mut file = PartFile::begin(resumable.names.clone(), &origin().to_text()).unwrap();
            file.write_all(b"octet").unwrap();
        };
        begin();
        let advice = resumable.advise(&origin().url, Failure::new("starved", "lost")).to_string();
        assert!(advice.contains("is kept") && resumable.names.part.exists(), "{advice}");
        let advice = resumable.advise(&origin().url, Failure::new("changed", "changed")).to_string();
        assert!(advice.contains("removed") && fs::read_dir(folder.path()).unwrap().count() == 0, "{advice}");
        fs::write(&resumable.names.part, "of what?").unwrap();
        assert_eq!(resumable.advise(&origin().url, Failure::new("starved", "lost")).to_string(), "lost");
        begin();
        assert_eq!(resumable.advise("http://a/another", Failure::new("starved", "lost")).to_string(), "lost");
    }

    #[test]
    fn a_part_that_another_download_writes_is_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let resumable = Resumable::new(&folder.path().join("a")).unwrap();
        let mut other = PartFile::begin(resumable.names.clone(), &origin().to_text()).unwrap();
        other.write_all(b"octet").unwrap();
        other.flush().unwrap();
        for refused in [resumable.begin(&origin()), resumable.go_on(5)] {
            let said = resumable.advise(&origin().url, refused.err().unwrap()).to_string();
            assert!(said.contains("another download") && !said.contains("--resume"), "{said}");
        }
        let said = resumable.advise(&origin().url, Failure::new("changed", "changed")).to_string();
        assert!(said == "changed" && resumable.names.part.exists(), "{said}");
        drop(other);
        assert_eq!(resumable.remnant(&origin().url), Some(remnant()));
    }

    #[test]
    fn a_part_counts_only_for_what_it_is_a_part_of() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        let resumable = Resumable::new(&path).unwrap();
        assert_eq!(resumable.remnant("http://a/\"b"), None);
        let mut file = PartFile::begin(resumable.names.clone(), &origin().to_text()).unwrap();
        file.write_all(b"octet").unwrap();
        drop(file);
        assert_eq!(resumable.remnant("http://a/\"b"), Some(remnant()));
        assert_eq!(resumable.remnant("http://a/c"), None);
        fs::write(&resumable.names.companion, "damaged").unwrap();
        assert_eq!(resumable.remnant("http://a/\"b"), None);
    }
}
