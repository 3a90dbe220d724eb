//! Which files a mirror takes.

use std::time::SystemTime;

use chrono::{DateTime, Utc};
use glob::{MatchOptions, Pattern};

use crate::args::FtpMirror;

/// `*` stands for no slash, as in a shell.
const AS_SHELLS: MatchOptions = MatchOptions {
    case_sensitive: true,
    require_literal_separator: true,
    require_literal_leading_dot: false,
};

/// What is mirrored of what is there.
pub(super) struct Filter<'a> {
    include: &'a [Pattern],
    exclude: &'a [Pattern],
    /// Only what has changed since.
    since: Option<SystemTime>,
}

impl<'a> Filter<'a> {
    pub(super) fn new(arguments: &'a FtpMirror) -> Self {
        let FtpMirror { include, exclude, newer_than, .. } = arguments;
        Self { include, exclude, since: *newer_than }
    }

    /// Whether a file is taken, of which this is the path below the top.
    pub(super) fn takes_file(&self, path: &str) -> bool {
        let is_included =
            self.include.is_empty() || self.include.iter().any(|pattern| matches(pattern, path));
        is_included && self.takes_directory(path)
    }

    /// The same of a directory, which may have files that are.
    pub(super) fn takes_directory(&self, path: &str) -> bool {
        !self.exclude.iter().any(|pattern| matches(pattern, path))
    }

    /// Whether what was changed at `time` is new enough.
    pub(super) fn takes_time(&self, time: Option<SystemTime>) -> bool {
        self.since.zip(time).is_none_or(|(since, time)| time > since)
    }

    /// The same of what a listing tells, `2026-11-05T13:46:00` or only the beginning of that, which is taken for UTC.
    pub(super) fn takes_told_time(&self, told: Option<&str>) -> bool {
        let Some((since, told)) = self.since.zip(told) else { return true };
        let since = DateTime::<Utc>::from(since).format("%Y-%m-%dT%H:%M:%S").to_string();
        told >= since.get(..told.len()).unwrap_or(&since)
    }
}

/// A pattern with a slash in it is for paths, another one for names.
fn matches(pattern: &Pattern, path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    pattern.matches_with(if pattern.as_str().contains('/') { path } else { name }, AS_SHELLS)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    fn patterns(texts: &[&str]) -> Vec<Pattern> {
        texts.iter().map(|text| Pattern::new(text).unwrap()).collect()
    }

    #[test]
    fn patterns_are_for_names_or_for_paths() {
        let (include, exclude) = (patterns(&["*.log", "old/*.txt"]), patterns(&["tmp", "secret*"]));
        let filter = Filter { include: &include, exclude: &exclude, since: None };
        for (path, expected) in [
            ("a.log", true),
            ("deep/down/a.log", true),
            ("a.txt", false),
            ("old/a.txt", true),
            ("old/er/a.txt", false),
            ("secret.log", false),
        ] {
            assert_eq!(filter.takes_file(path), expected, "{path}");
        }
        assert!(!filter.takes_directory("a/tmp") && filter.takes_directory("a"));
    }

    #[test]
    fn what_is_older_is_not_taken() {
        // 2026-11-05T13:46:40.
        let since = UNIX_EPOCH + Duration::from_secs(1_793_886_400);
        let filter = Filter { include: &[], exclude: &[], since: Some(since) };
        for (told, expected) in [
            ("2026-11-05T13:46:40", true),
            ("2026-11-05T13:46:39", false),
            ("2026-11-05T13:46", true),
            ("2026-11-05T13:45", false),
            ("2026-11-05", true),
            ("2026-11-04", false),
        ] {
            assert_eq!(filter.takes_told_time(Some(told)), expected, "{told}");
        }
        assert!(filter.takes_told_time(None) && filter.takes_time(None));
        assert!(filter.takes_time(Some(since + Duration::from_secs(1))) && !filter.takes_time(Some(since)));
    }
}
