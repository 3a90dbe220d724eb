//! [`attempts`]: the lines to try on a module, from what it has to take to what it has to refuse.

use core::fmt;

use sim800_command::{LINE_LIMIT, Spec};

use crate::shape::{Slot, Value, head, shapes};

/// What is tried with a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Kind {
    /// All values are what the manual has.
    Valid,
    /// One of them is at its limit.
    Boundary,
    /// A number is beyond its range, or a word is none of the choices.
    OutOfRange,
    /// A number stands in the place of a text, or the other way round; or one value is missing, or one too many.
    Confused,
    /// A value is longer than the manual has it.
    TooLong,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Valid => "valid",
            Self::Boundary => "boundary",
            Self::OutOfRange => "out of range",
            Self::Confused => "confused",
            Self::TooLong => "too long",
        })
    }
}

/// A line to try.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Attempt {
    /// The line without its carriage return: printable ASCII, no longer than a command line may be.
    pub line: String,
    /// What is tried with it.
    pub kind: Kind,
}

/// The lines to try of a form: each value in turn is what it may be, nearly is, and may not be, while the others are what the manual
/// has. They are the same each time, and no two are equal.
#[must_use]
pub fn attempts(spec: &Spec) -> Vec<Attempt> {
    let mut attempts = Attempts { head: head(spec), all: Vec::new() };
    for shape in shapes(spec) {
        let plain: Vec<String> = shape.iter().map(plain).collect();
        attempts.add(Kind::Valid, &plain);
        for (place, slot) in shape.iter().enumerate() {
            let Slot::Value { value, .. } = slot else { continue };
            // What the others leave of the line.
            let others: usize = plain.iter().map(|text| text.len() + 1).sum::<usize>() - 1;
            let room = (LINE_LIMIT + plain.get(place).map_or(0, String::len))
                .saturating_sub(attempts.head.len() - 2 + others);
            for (kind, text) in variants(*value, room) {
                let mut values = plain.clone();
                if let Some(value) = values.get_mut(place) {
                    *value = text;
                }
                attempts.add(kind, &values);
            }
        }
        if let Some((_, all_but_one)) = plain.split_last() {
            attempts.add(Kind::Confused, all_but_one);
            attempts.add(Kind::Confused, &[&plain[..], &["1".to_owned()]].concat());
            attempts.add(Kind::Confused, &[&plain[..], &[String::new()]].concat());
        }
    }
    attempts.all
}

struct Attempts {
    head: String,
    all: Vec<Attempt>,
}

impl Attempts {
    /// One that is there already is what it was called first: a form without its last value may be another form.
    fn add(&mut self, kind: Kind, values: &[String]) {
        let line = format!("{}{}", self.head, values.join(","));
        let fits = line.len() <= "AT".len() + LINE_LIMIT;
        if fits && self.all.iter().all(|attempt| attempt.line != line) {
            self.all.push(Attempt { line, kind });
        }
    }
}

/// What the manual has at a place.
fn plain(slot: &Slot) -> String {
    match *slot {
        Slot::Fixed(word) => word.to_owned(),
        Slot::Tag(tag) => format!("\"{tag}\""),
        Slot::Value { value, .. } => match value {
            Value::Number { min, .. } => min.to_string(),
            Value::Text { .. } => "\"a\"".to_owned(),
            Value::Path { .. } => r"C:\a".to_owned(),
            Value::Headers => "\"A: b\"".to_owned(),
            Value::Choice(words) => words.first().map_or("", |word| word.word).to_owned(),
        },
    }
}

/// What may be tried in place of a value, in `room` octets at most.
fn variants(value: Value, room: usize) -> Vec<(Kind, String)> {
    let text = |length: usize| format!("\"{}\"", "a".repeat(length));
    let in_room = |length: usize| length.min(room.saturating_sub(2));
    let mut variants = Vec::new();
    match value {
        Value::Number { min, max } => {
            variants.extend([min, max, min.midpoint(max)].map(|number| (Kind::Boundary, number.to_string())));
            let beyond = [min.checked_sub(1), max.checked_add(1)].into_iter().flatten();
            variants.extend(beyond.map(|number| (Kind::OutOfRange, number.to_string())));
            let odd =
                ["-1", "255", "256", "32768", "65536", "2147483648", "4294967296", "18446744073709551616"];
            let is_in = |number: &str| number.parse().is_ok_and(|number: u32| (min..=max).contains(&number));
            variants.extend(
                odd.iter()
                    .filter(|number| !is_in(number))
                    .map(|number| (Kind::OutOfRange, (*number).to_owned())),
            );
            variants.extend(["", "a", "\"1\"", "0x1", "1.5"].map(|word| (Kind::Confused, word.to_owned())));
            variants.push((Kind::TooLong, "9".repeat(room)));
            variants.push((Kind::TooLong, format!("{}{min}", "0".repeat(room.saturating_sub(10)))));
        }
        Value::Text { max } => {
            variants.push((Kind::Boundary, text(0)));
            variants.push((Kind::Boundary, text(in_room(max))));
            variants.push((Kind::Boundary, r#""%s%n\r\n;,=?""#.to_owned()));
            variants.extend(["", "1", "a", "\"a", "\"a\"b\""].map(|word| (Kind::Confused, word.to_owned())));
            if max + 3 <= room {
                variants.push((Kind::TooLong, text(max + 1)));
                variants.push((Kind::TooLong, text(in_room(usize::MAX))));
            }
        }
        Value::Path { max } => {
            let path = |length: usize| format!(r"C:\{}", "a".repeat(length.saturating_sub(3)));
            variants.push((Kind::Boundary, path(max)));
            variants.push((Kind::Boundary, r"C:\".to_owned()));
            variants.extend(
                ["", "a", r"\a", r"Z:\a", r"C:\..\a", r"C:\a\\b", "\"C:\\a\"", "1"]
                    .map(|word| (Kind::Confused, word.to_owned())),
            );
            variants.push((Kind::TooLong, path(max + 1)));
            variants.push((Kind::TooLong, path(room)));
        }
        Value::Headers => {
            variants.push((Kind::Boundary, text(0)));
            variants.push((Kind::Boundary, text(in_room(usize::MAX))));
            variants.extend(["", "1", "a", "\"a"].map(|word| (Kind::Confused, word.to_owned())));
        }
        Value::Choice(words) => {
            variants.extend(words.iter().map(|word| (Kind::Boundary, word.word.to_owned())));
            let odd = ["-1", "255", "256", "65536", "4294967296"].into_iter();
            let is_word = |text: &str| words.iter().any(|word| word.word == text);
            variants.extend(
                odd.filter(|text| !is_word(text)).map(|number| (Kind::OutOfRange, number.to_owned())),
            );
            variants.extend(["", "a", "\"a\"", "1.5"].map(|word| (Kind::Confused, word.to_owned())));
            variants.push((Kind::TooLong, "9".repeat(room)));
        }
    }
    variants
}
