//! How the contexts are printed that `AT+HTTPSCONT?` and `AT+FTPSCONT?` read back: lines of a tag and a value.

use crate::information::text;
use crate::{Line, Parameter, Values};

/// The mode at the head: 0 for values that are saved, 1 for values that are not.
pub(crate) fn saved(lines: &[Line<'_>], name: &str) -> Option<bool> {
    let head = lines.iter().find(|line| line.name() == Some(name))?;
    head.values().next()?.number().map(|mode| mode == 0)
}

/// What stands before the first colon of each line, and the rest without blanks and quotes around it: a string may hold
/// commas and colons, and nothing else stands behind it.
pub(crate) fn entries<'a>(lines: &[Line<'a>]) -> impl Iterator<Item = (&'a str, &'a str)> {
    let pairs = lines.iter().filter_map(|line| text(*line)?.split_once(':'));
    pairs.map(|(tag, value)| {
        let value = value.trim();
        let inner = value.strip_prefix('"').and_then(|value| value.strip_suffix('"'));
        (tag.trim(), inner.unwrap_or(value))
    })
}

/// A number or a word.
pub(crate) fn value<'a, T: Parameter<'a>>(text: &'a str) -> Option<T> {
    T::decode(&mut Values::new(text.as_bytes()))
}
