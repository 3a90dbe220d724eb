//! What may stand on a command line that is being typed, by the command table.

use sim800_command::{Domain, Form, ParameterSpec, SPECS, Spec, Tag};

use crate::commands::first_sentence;

/// A list of words is shown as far as it is no longer than this.
const WORDS: usize = 8;

/// What the table has for the place at the end of a line.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Candidate {
    /// What takes the place of what was typed.
    pub(super) text: String,
    pub(super) meaning: String,
}

/// What is shown behind the line, and how much of it the line may be completed by.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Hint {
    pub(super) text: String,
    pub(super) completes: bool,
}

/// The last command of a line.
struct Typed<'a> {
    /// Where it stands.
    start: usize,
    name: &'a str,
    /// What stands behind `=`, if that is there.
    values: Option<&'a str>,
    /// A form is chosen already by `?`.
    is_asking: bool,
}

impl<'a> Typed<'a> {
    fn of(line: &'a str) -> Option<Self> {
        let prefix = line.get(..2)?;
        if !prefix.eq_ignore_ascii_case("at") {
            return None;
        }
        let mut quoted = false;
        let mut start = 2;
        for (place, octet) in line.bytes().enumerate() {
            quoted ^= octet == b'"';
            if octet == b';' && !quoted {
                start = place + 1;
            }
        }
        let rest = line.get(start..)?;
        let (name, behind) = rest.split_at(rest.find(['=', '?']).unwrap_or(rest.len()));
        let values = behind.strip_prefix('=').filter(|values| !values.starts_with('?'));
        Some(Self { start, name, values, is_asking: values.is_none() && !behind.is_empty() })
    }

    fn rows(&self) -> impl Iterator<Item = &'static Spec> {
        let name = self.name.to_ascii_uppercase();
        SPECS.iter().copied().filter(move |spec| spec.name == name && !name.is_empty())
    }
}

/// The values before the one that is being typed, and that one.
fn places(values: &str) -> (Vec<&str>, &str) {
    let mut quoted = false;
    let mut places: Vec<&str> = values
        .split(|letter| {
            quoted ^= letter == '"';
            letter == ',' && !quoted
        })
        .collect();
    let last = places.pop().unwrap_or_default();
    (places, last)
}

/// What stands at a place.
#[derive(Clone, Copy)]
enum Slot {
    Of(&'static ParameterSpec),
    Tag(&'static [Tag]),
    /// The value behind one of these tags.
    Tagged(&'static [Tag]),
}

fn slots(spec: &'static Spec) -> Vec<Slot> {
    let mut slots = Vec::new();
    for parameter in spec.parameters {
        match parameter.domain {
            Domain::Group(members) => slots.extend(members.iter().map(Slot::Of)),
            Domain::Tagged(tags) => slots.extend([Slot::Tag(tags), Slot::Tagged(tags)]),
            _ => slots.push(Slot::Of(parameter)),
        }
    }
    slots
}

/// The row that is being written, and its places: the first whose fixed values are those that stand there.
fn row_of(typed: &Typed<'_>, before: &[&str]) -> Option<Vec<Slot>> {
    let fits = |slots: &Vec<Slot>| {
        let fixed = slots.iter().zip(before).all(|(slot, value)| match slot {
            Slot::Of(parameter) if parameter.domain == Domain::Literal => {
                bare(parameter.name).eq_ignore_ascii_case(bare(value))
            }
            _ => true,
        });
        fixed && slots.len() > before.len()
    };
    typed.rows().filter(|spec| spec.form == Form::Write).map(slots).find(fits)
}

fn bare(value: &str) -> &str {
    value.trim().trim_matches('"')
}

/// The domain of the value behind a tag.
fn domain_of(tags: &'static [Tag], tag: &str) -> Option<&'static Tag> {
    tags.iter().find(|known| known.tag.eq_ignore_ascii_case(bare(tag)))
}

/// What may follow what was typed.
pub(super) fn hint(line: &str) -> Option<Hint> {
    let typed = Typed::of(line)?;
    let shown = |text: String| Some(Hint { text, completes: false }).filter(|hint| !hint.text.is_empty());
    if let Some(values) = typed.values {
        return shown(values_hint(&typed, values)?);
    }
    if typed.is_asking {
        let asked = if line.ends_with("=?") { Form::Test } else { Form::Read };
        let row = typed.rows().find(|spec| spec.form == asked)?;
        return shown(format!("  {}", first_sentence(row.doc)));
    }
    let rows: Vec<_> = typed.rows().filter(|spec| spec.form != Form::Test).collect();
    if let [row, ..] = rows.as_slice() {
        let head = "AT".len() + row.name.len();
        let mut forms: Vec<_> =
            rows.iter().map(|row| row.to_string().get(head..).unwrap_or_default().to_owned()).collect();
        forms.dedup();
        let meaning = if rows.len() == 1 { first_sentence(row.doc) } else { String::new() };
        return shown(format!("{}  {meaning}", forms.join(" ")).trim_end().to_owned());
    }
    // One command is left that begins so.
    let mut names = names(typed.name);
    let name = names.pop().filter(|_| names.is_empty())?;
    Some(Hint { text: name.get(typed.name.len()..)?.to_owned(), completes: true })
}

fn values_hint(typed: &Typed<'_>, values: &str) -> Option<String> {
    let (before, typing) = places(values);
    let slots = row_of(typed, &before)?;
    let mut text = String::new();
    for (place, slot) in slots.iter().enumerate().skip(before.len()) {
        let is_current = place == before.len();
        if is_current && !typing.is_empty() {
            continue;
        }
        if !is_current {
            text.push(',');
        }
        let tag = place.checked_sub(1).and_then(|place| before.get(place));
        text.push_str(&described(*slot, tag.copied()));
    }
    let current = slots.get(before.len())?;
    let meaning = meaning_of(*current, typing, before.last().copied());
    if !typing.is_empty() && !meaning.is_empty() {
        text.push_str(&format!("  {meaning}"));
    }
    Some(text)
}

/// `<size: 0 to 319488>`
fn described(slot: Slot, tag: Option<&str>) -> String {
    match slot {
        Slot::Of(parameter) if parameter.domain == Domain::Literal => parameter.name.to_owned(),
        Slot::Of(parameter) => {
            let open = if parameter.optional { "[" } else { "" };
            let close = if parameter.optional { "]" } else { "" };
            format!("{open}<{}{}>{close}", parameter.name, allowed(parameter.domain))
        }
        Slot::Tag(_) => "<\"tag\">".to_owned(),
        Slot::Tagged(tags) => {
            let domain = tag.and_then(|tag| domain_of(tags, tag)).map(|tag| tag.domain);
            format!("<value{}>", domain.map_or_else(String::new, allowed))
        }
    }
}

fn allowed(domain: Domain) -> String {
    match domain {
        Domain::Number { min, max } => format!(": {min} to {max}"),
        Domain::Text { max, .. } => format!(": \"text\", up to {max} bytes"),
        Domain::Path { max } => format!(": a path, up to {max} bytes"),
        Domain::Headers => ": \"headers\"".to_owned(),
        Domain::Choice(words) if words.len() <= WORDS => {
            let words: Vec<_> = words.iter().map(|word| word.word).collect();
            format!(": {}", words.join("|"))
        }
        _ => String::new(),
    }
}

/// What the value means that stands there.
fn meaning_of(slot: Slot, value: &str, tag: Option<&str>) -> String {
    let of = |domain: Domain, doc: &str| match domain {
        Domain::Choice(words) => words
            .iter()
            .find(|word| bare(word.word).eq_ignore_ascii_case(bare(value)))
            .map(|word| first_sentence(word.doc))
            .unwrap_or_default(),
        _ => first_sentence(doc),
    };
    match slot {
        Slot::Of(parameter) => of(parameter.domain, parameter.doc),
        Slot::Tag(tags) => domain_of(tags, value).map(|tag| first_sentence(tag.doc)).unwrap_or_default(),
        Slot::Tagged(tags) => {
            tag.and_then(|tag| domain_of(tags, tag)).map(|tag| of(tag.domain, tag.doc)).unwrap_or_default()
        }
    }
}

/// The commands whose name begins so, in the order of the table.
fn names(start: &str) -> Vec<&'static str> {
    let start = start.to_ascii_uppercase();
    let mut names: Vec<_> = SPECS
        .iter()
        .map(|spec| spec.name)
        .filter(|name| !name.is_empty() && name.starts_with(&start))
        .collect();
    names.dedup();
    names
}

/// What the end of the line may be completed to, and where that begins.
pub(super) fn candidates(line: &str) -> (usize, Vec<Candidate>) {
    let Some(typed) = Typed::of(line).filter(|typed| !typed.is_asking) else {
        return (line.len(), Vec::new());
    };
    let Some(values) = typed.values else {
        let candidate = |name: &'static str| {
            let doc = SPECS.iter().find(|spec| spec.name == name).map_or("", |spec| spec.doc);
            Candidate { text: name.to_owned(), meaning: first_sentence(doc) }
        };
        return (typed.start, names(typed.name).into_iter().map(candidate).collect());
    };
    let (before, typing) = places(values);
    let all: Vec<Candidate> = match row_of(&typed, &before).and_then(|slots| slots.get(before.len()).copied())
    {
        Some(Slot::Of(parameter)) => words(parameter.domain, parameter.name),
        Some(Slot::Tag(tags)) => {
            let candidate =
                |tag: &Tag| Candidate { text: format!("\"{}\"", tag.tag), meaning: first_sentence(tag.doc) };
            tags.iter().map(candidate).collect()
        }
        Some(Slot::Tagged(tags)) => {
            let tag = before.last().and_then(|tag| domain_of(tags, tag));
            tag.map(|tag| words(tag.domain, tag.tag)).unwrap_or_default()
        }
        None => Vec::new(),
    };
    let start = bare(typing).to_ascii_uppercase();
    let fits = |candidate: &Candidate| bare(&candidate.text).to_ascii_uppercase().starts_with(&start);
    (line.len() - typing.len(), all.into_iter().filter(fits).collect())
}

/// What may stand at the place of a parameter, where those are words.
fn words(domain: Domain, name: &str) -> Vec<Candidate> {
    match domain {
        Domain::Literal => vec![Candidate { text: name.to_owned(), meaning: String::new() }],
        Domain::Choice(words) => words
            .iter()
            .map(|word| Candidate { text: word.word.to_owned(), meaning: first_sentence(word.doc) })
            .collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hinted(line: &str) -> String {
        hint(line).map(|hint| hint.text).unwrap_or_default()
    }

    fn completed(line: &str) -> Vec<String> {
        let (start, candidates) = candidates(line);
        candidates.into_iter().map(|candidate| format!("{}{}", &line[..start], candidate.text)).collect()
    }

    #[test]
    fn a_line_is_hinted_at_what_may_follow() {
        for (line, shown) in [
            ("AT+GS", "N"),
            ("at+gs", "N"),
            // Two begin so.
            ("AT+CS", ""),
            ("AT+CSQ", "  Asks for the signal quality"),
            ("AT+CMEE", "=<mode> ?"),
            ("AT+CMEE=", "<mode: 0|1|2>"),
            ("AT+HTTPDATA=", "<size: 0 to 319488>,<time: 1000 to 120000>"),
            ("AT+HTTPDATA=5", ",<time: 1000 to 120000>  How many octets follow"),
            ("AT+HTTPDATA=5,", "<time: 1000 to 120000>"),
            ("AT+HTTPPARA=", "<\"tag\">,<value>"),
            ("AT+HTTPPARA=\"TIMEOUT\",", "<value: 30 to 1000>"),
            ("AT+CSQ;+CMEE=", "<mode: 0|1|2>"),
            ("AT+CREG?", "  Asks for the registration for calls"),
            ("AT+NOTHING", ""),
            ("hello", ""),
            ("", ""),
        ] {
            assert_eq!(hinted(line), shown, "{line}");
        }
        assert!(hint("AT+GS").unwrap().completes && !hint("AT+CSQ").unwrap().completes);
    }

    #[test]
    fn names_and_words_are_completed() {
        assert_eq!(completed("AT+FTPGETT"), ["AT+FTPGETTOFS"]);
        assert_eq!(completed("at+ftpgett"), ["at+FTPGETTOFS"]);
        assert_eq!(completed("AT+CSQ;+CME"), ["AT+CSQ;+CMEE"]);
        assert_eq!(completed("AT+CMEE="), ["AT+CMEE=0", "AT+CMEE=1", "AT+CMEE=2"]);
        assert_eq!(completed("AT+HTTPPARA=\"TI"), ["AT+HTTPPARA=\"TIMEOUT\""]);
        assert!(completed("AT+HTTPDATA=").is_empty());
        assert!(completed("AT+CSQ?").is_empty() && completed("x").is_empty());
        assert!(completed("AT+").len() > 50);
    }

    #[test]
    fn every_row_has_places_for_its_own_syntax() {
        for spec in SPECS.iter().filter(|spec| spec.form == Form::Write) {
            let line = format!("AT{}=", spec.name);
            assert!(!hinted(&line).is_empty(), "{line}");
        }
    }
}
