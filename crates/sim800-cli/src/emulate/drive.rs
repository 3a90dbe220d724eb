//! The module's files as they are seen from outside, by its own storage.

use std::sync::Arc;

use bytes::Bytes;
use serde_json::{Value, json};
use sim800_emulator::{Config, Entry, EntryKind, Storage};

/// A place on a drive.
struct Place {
    drive: Arc<dyn Storage>,
    steps: Vec<String>,
    /// As it was named.
    path: String,
}

impl Place {
    /// `C:/User/a.txt` or `C:\User\a.txt`. Names that are there are taken without regard to case, as the module does.
    fn find(config: &Config, path: &str) -> Result<Self, String> {
        let wrong = || format!("{path}: a path begins with its drive, as C:/User/a.txt does");
        let (letter, rest) = path.split_once(':').ok_or_else(wrong)?;
        let drive = match letter {
            "C" | "c" => Some(config.storage.clone()),
            "D" | "d" => config.card.clone(),
            _ => return Err(wrong()),
        };
        let drive = drive.ok_or_else(|| format!("{path}: there is no drive {letter}"))?;
        let mut steps: Vec<String> = Vec::new();
        for step in rest.split(['/', '\\']).filter(|step| !step.is_empty()) {
            if matches!(step, "." | "..") || step.chars().any(char::is_control) {
                return Err(format!("{path}: `{}` is no name", step.escape_debug()));
            }
            let there = drive.list(&steps).unwrap_or_default();
            let there = there.into_iter().find(|entry| entry.name.eq_ignore_ascii_case(step));
            steps.push(there.map_or_else(|| step.to_owned(), |entry| entry.name));
        }
        Ok(Self { drive, steps, path: path.to_owned() })
    }

    /// What is there, if anything.
    fn kind(&self) -> Option<EntryKind> {
        let Some((name, directory)) = self.steps.split_last() else { return Some(EntryKind::Directory) };
        let entries = self.drive.list(directory)?;
        entries.into_iter().find(|entry| entry.name == *name).map(|entry| entry.kind)
    }

    fn failed(&self) -> String {
        format!("{}: the storage failed", self.path)
    }
}

pub(crate) fn list(config: &Config, path: &str) -> Result<Value, String> {
    let place = Place::find(config, path)?;
    let entries = place.drive.list(&place.steps).ok_or_else(|| format!("there is no directory {path}"))?;
    let entries = entries.into_iter().map(|entry| match entry.kind {
        EntryKind::Directory => json!({ "name": entry.name, "directory": true }),
        EntryKind::File { size } => json!({ "name": entry.name, "directory": false, "size": size }),
    });
    Ok(entries.collect())
}

pub(crate) fn read(config: &Config, path: &str) -> Result<Bytes, String> {
    let place = Place::find(config, path)?;
    match place.kind() {
        Some(EntryKind::File { size }) => {
            let size = usize::try_from(size).map_err(|_| place.failed())?;
            place.drive.read(&place.steps, 0, size).map_err(|_| place.failed())
        }
        _ => Err(format!("there is no file {path}")),
    }
}

pub(crate) fn write(config: &Config, path: &str, octets: &[u8]) -> Result<(), String> {
    let place = Place::find(config, path)?;
    let old = match place.kind() {
        Some(EntryKind::Directory) => return Err(format!("{path} is a directory")),
        Some(EntryKind::File { size }) => size,
        None => 0,
    };
    let used = used(&*place.drive, &mut Vec::new()).saturating_sub(old);
    if used.saturating_add(octets.len() as u64) > place.drive.capacity() {
        return Err(format!("{path}: there is no room for {} bytes", octets.len()));
    }
    for count in 1..place.steps.len() {
        let directory = place.steps.get(..count).unwrap_or_default();
        if place.drive.list(directory).is_none() {
            place.drive.make_directory(directory).map_err(|_| place.failed())?;
        }
    }
    place.drive.create(&place.steps).map_err(|_| place.failed())?;
    place.drive.write(&place.steps, 0, octets).map_err(|_| place.failed())
}

pub(crate) fn remove(config: &Config, path: &str) -> Result<(), String> {
    let place = Place::find(config, path)?;
    match place.kind() {
        Some(_) if place.steps.is_empty() => Err(format!("{path} is the drive itself")),
        Some(EntryKind::Directory)
            if place.drive.list(&place.steps).is_some_and(|entries| !entries.is_empty()) =>
        {
            Err(format!("{path}: there is something in it"))
        }
        Some(_) => place.drive.remove(&place.steps).map_err(|_| place.failed()),
        None => Err(format!("there is no {path}")),
    }
}

/// The octets of all files below a directory.
fn used(drive: &dyn Storage, directory: &mut Vec<String>) -> u64 {
    let mut octets = 0;
    for Entry { name, kind } in drive.list(directory).unwrap_or_default() {
        octets += match kind {
            EntryKind::File { size } => size,
            EntryKind::Directory => {
                directory.push(name);
                let below = used(drive, directory);
                directory.pop();
                below
            }
        };
    }
    octets
}
