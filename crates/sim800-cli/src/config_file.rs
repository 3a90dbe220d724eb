//! The configuration file: settings for every port, and for single ones.

use std::borrow::Cow;
use std::env;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::exit;
use crate::failure::Failure;
use crate::private::is_open_to_others;
use crate::text;

/// The table with a table for each port.
const PORTS: &str = "ports";

type Key<'i> = Spanned<Cow<'i, str>>;

/// What a file says.
#[derive(Debug)]
pub(crate) struct ConfigFile {
    pub(crate) path: PathBuf,
    pub(crate) entries: Vec<Entry>,
}

/// A key with its value.
pub(crate) struct Entry {
    /// The port that it is for; all if there is none.
    pub(crate) port: Option<String>,
    pub(crate) key: String,
    pub(crate) value: String,
    /// Counted from 1.
    pub(crate) line: usize,
}

/// Without the value, which may be secret.
impl std::fmt::Debug for Entry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Entry").field("key", &self.key).field("line", &self.line).finish_non_exhaustive()
    }
}

impl ConfigFile {
    /// Reads the file at `path`, or where one usually is; there, none need be.
    pub(crate) fn read(
        path: Option<&Path>,
        is_secret: impl Fn(&str) -> bool,
    ) -> Result<Option<Self>, Failure> {
        let Some(usual) = path.map(Path::to_owned).or_else(usual_path) else { return Ok(None) };
        let file = match File::open(&usual) {
            Err(error) if error.kind() == io::ErrorKind::NotFound && path.is_none() => return Ok(None),
            file => file.map_err(|error| unreadable(&usual, &error))?,
        };
        let path = usual;
        let text = text::read_from(&file).map_err(|error| unreadable(&path, &error))?;
        let entries = entries(&text).map_err(|(place, what)| wrong(&path, line(&text, place), &what))?;
        let metadata = file.metadata().map_err(|error| unreadable(&path, &error))?;
        if is_open_to_others(&metadata)
            && let Some(secret) = entries.iter().find(|entry| is_secret(&entry.key))
        {
            let what = format!("{} is secret, but others may read the file; run chmod 600 on it", secret.key);
            return Err(wrong(&path, secret.line, &what));
        }
        Ok(Some(Self { path, entries }))
    }

    /// What is wrong with an entry.
    pub(crate) fn wrong(&self, entry: &Entry, what: &str) -> Failure {
        wrong(&self.path, entry.line, what)
    }
}

/// Where the file usually is (XDG Base Directory Specification).
fn usual_path() -> Option<PathBuf> {
    let folder = |name: &str| env::var_os(name).map(PathBuf::from).filter(|folder| folder.is_absolute());
    let folder = folder("XDG_CONFIG_HOME").or_else(|| folder("HOME").map(|home| home.join(".config")))?;
    Some(folder.join("sim800").join("config.toml"))
}

fn unreadable(path: &Path, error: &io::Error) -> Failure {
    Failure::file("read the configuration in", path, error).with_exit(exit::USAGE)
}

fn wrong(path: &Path, line: usize, what: &str) -> Failure {
    Failure::usage(format!("{}, line {line}: {what}", path.display()))
}

/// The number of the line with the octet at `place`, counted from 1.
fn line(text: &str, place: usize) -> usize {
    1 + text.bytes().take(place).filter(|octet| *octet == b'\n').count()
}

/// What a table has, as it stands in the file, so that what is wrong first is told first.
fn in_order<'t, 'i>(table: &'t DeTable<'i>) -> Vec<(&'t Key<'i>, &'t Spanned<DeValue<'i>>)> {
    let mut entries: Vec<_> = table.iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    entries
}

/// All entries, or what is wrong and where. Values are not repeated: they may be secret.
fn entries(text: &str) -> Result<Vec<Entry>, (usize, String)> {
    let table = DeTable::parse(text)
        .map_err(|error| (error.span().map_or(0, |span| span.start), error.message().to_owned()))?;
    let mut entries = Vec::new();
    for (key, value) in in_order(table.get_ref()) {
        match value.get_ref() {
            DeValue::Table(ports) if key.get_ref() == PORTS => {
                for (port, settings) in in_order(ports) {
                    let DeValue::Table(settings) = settings.get_ref() else {
                        return Err((
                            port.span().start,
                            format!("[{PORTS}.\"PORT\"] is followed by settings"),
                        ));
                    };
                    for (key, value) in in_order(settings) {
                        entries.push(entry(text, Some(port.get_ref()), key, value)?);
                    }
                }
            }
            _ => entries.push(entry(text, None, key, value)?),
        }
    }
    Ok(entries)
}

fn entry(
    text: &str,
    port: Option<&str>,
    key: &Key<'_>,
    value: &Spanned<DeValue<'_>>,
) -> Result<Entry, (usize, String)> {
    let place = key.span().start;
    let value = match value.get_ref() {
        DeValue::String(text) => text.to_string(),
        DeValue::Integer(number) => number.to_string(),
        DeValue::Float(number) => number.to_string(),
        DeValue::Boolean(is_on) => is_on.to_string(),
        DeValue::Table(_) => {
            return Err((
                place,
                format!(
                    "there is no table {}; settings of a port stand in [{PORTS}.\"PORT\"]",
                    key.get_ref()
                ),
            ));
        }
        _ => return Err((place, format!("{} has one value", key.get_ref()))),
    };
    Ok(Entry {
        port: port.map(str::to_owned),
        key: key.get_ref().to_string(),
        value,
        line: line(text, place),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_for_all_ports_or_for_one() {
        let text =
            "port = \"/dev/ttyUSB0\"\nbaud = 9600\nclose = true\n\n[ports.\"/dev/ttyUSB0\"]\napn = \"a\"\n";
        let entries = entries(text).unwrap();
        let told: Vec<_> = entries
            .iter()
            .map(|entry| (entry.port.as_deref(), entry.key.as_str(), entry.value.as_str(), entry.line))
            .collect();
        assert_eq!(
            told,
            [
                (None, "port", "/dev/ttyUSB0", 1),
                (None, "baud", "9600", 2),
                (None, "close", "true", 3),
                (Some("/dev/ttyUSB0"), "apn", "a", 6),
            ]
        );
    }

    #[test]
    fn what_is_wrong_names_its_line_and_no_value() {
        for (text, line_of_it) in [
            ("apn = \"a\"\npin = \"1234", 2),
            ("apn = \"a\"\n\npin = [1234]\n", 3),
            ("[pots.a]\npin = 1234\n", 1),
            ("[ports]\na = 1234\n", 2),
            ("pin = 1234\npin = 1234\n", 2),
        ] {
            let (place, what) = entries(text).unwrap_err();
            assert_eq!(line(text, place), line_of_it, "{text:?}: {what}");
            assert!(!what.contains("1234"), "{what}");
        }
    }
}
