//! What the server stores, and the part of it that `Range` asks for.

use std::collections::BTreeMap;
use std::ops::Range;

use bytes::Bytes;
use http::header::{self, HeaderMap};

/// The stored resources, by path.
#[derive(Default, Debug)]
pub(super) struct Resources {
    by_path: BTreeMap<String, Resource>,
    stored: usize,
    versions: u64,
}

/// A body, what it is, and which version of its path's content.
#[derive(Clone, Debug)]
pub(super) struct Resource {
    pub(super) body: Bytes,
    pub(super) content_type: String,
    /// A strong validator: no two bodies that were stored have the same.
    pub(super) etag: String,
}

impl Resources {
    /// What a resource costs beside its body.
    const OVERHEAD: usize = 256;

    pub(super) fn find(&self, path: &str) -> Option<&Resource> {
        self.by_path.get(path)
    }

    /// Stores a body; true if there was none.
    pub(super) fn put(&mut self, path: &str, content_type: &str, body: Bytes) -> bool {
        let was_there = self.remove(path);
        self.stored += Self::cost(path, &body);
        self.versions += 1;
        let etag = format!("\"{}\"", self.versions);
        let resource = Resource { body, content_type: content_type.to_owned(), etag };
        self.by_path.insert(path.to_owned(), resource);
        !was_there
    }

    /// Whether a body has room under a limit, once it has replaced what is there.
    pub(super) fn has_room(&self, path: &str, body: &Bytes, limit: usize) -> bool {
        let replaced = self.find(path).map_or(0, |old| Self::cost(path, &old.body));
        self.stored - replaced + Self::cost(path, body) <= limit
    }

    /// Removes a resource; true if there was one.
    pub(super) fn remove(&mut self, path: &str) -> bool {
        let Some(old) = self.by_path.remove(path) else { return false };
        self.stored -= Self::cost(path, &old.body);
        true
    }

    fn cost(path: &str, body: &Bytes) -> usize {
        path.len() + body.len() + Self::OVERHEAD
    }
}

/// Which part of a resource a request asks for.
#[derive(PartialEq, Eq, Debug)]
pub(super) enum Part {
    Whole,
    Range(Range<usize>),
    Unsatisfiable,
}

impl Part {
    /// Reads `Range` and `If-Range`. What is not exactly one range of octets is ignored, as RFC 9110, 14.2 lets
    /// a server do.
    pub(super) fn asked(headers: &HeaderMap, resource: &Resource) -> Self {
        let text = |name| headers.get(name).and_then(|value: &header::HeaderValue| value.to_str().ok());
        if text(header::IF_RANGE).is_some_and(|etag| etag != resource.etag) {
            return Self::Whole;
        }
        text(header::RANGE).and_then(|range| Self::parse(range, resource.body.len())).unwrap_or(Self::Whole)
    }

    fn parse(range: &str, length: usize) -> Option<Self> {
        let (first, last) = range.trim().strip_prefix("bytes=")?.split_once('-')?;
        let range = match (first, last) {
            ("", suffix) => length.saturating_sub(suffix.parse().ok()?)..length,
            (first, "") => first.parse().ok()?..length,
            (first, last) => {
                let (first, last): (usize, usize) = (first.parse().ok()?, last.parse().ok()?);
                if last < first {
                    return None;
                }
                first..last.saturating_add(1).min(length)
            }
        };
        Some(if range.start < range.end { Self::Range(range) } else { Self::Unsatisfiable })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_clipped_to_the_resource() {
        for (range, part) in [
            ("bytes=0-", Some(Part::Range(0..10))),
            ("bytes=2-5", Some(Part::Range(2..6))),
            ("bytes=2-99", Some(Part::Range(2..10))),
            ("bytes=-3", Some(Part::Range(7..10))),
            ("bytes=-99", Some(Part::Range(0..10))),
            ("bytes=0-18446744073709551615", Some(Part::Range(0..10))),
            ("bytes=10-", Some(Part::Unsatisfiable)),
            ("bytes=10-12", Some(Part::Unsatisfiable)),
            ("bytes=-0", Some(Part::Unsatisfiable)),
            ("bytes=5-2", None),
            ("bytes=0-1,4-5", None),
            ("lines=0-1", None),
            ("bytes=x-", None),
        ] {
            assert_eq!(Part::parse(range, 10), part, "{range}");
        }
    }

    #[test]
    fn room_is_counted_with_what_is_replaced() {
        let mut resources = Resources::default();
        let limit = 100 + 2 + Resources::OVERHEAD;
        let full = Bytes::from(vec![0; 100]);
        assert!(resources.has_room("/a", &full, limit));
        assert!(resources.put("/a", "", full.clone()));
        assert!(resources.has_room("/a", &full, limit));
        assert!(!resources.has_room("/b", &full, limit));
        assert!(resources.remove("/a"));
        assert!(resources.has_room("/b", &full, limit));
    }
}
