//! What the sources hold: procedures of the session, arms of the emulator.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};

use crate::root;
use crate::tidy::find_word;

/// The answer of an arm that is there only because the compiler asks for it.
const REFUSAL: &str = "Err(Refusal::Unknown)";

pub(super) struct Sources {
    /// The files of `sim800-session`.
    session: Vec<String>,
    /// The emulator's `match` over every command.
    dispatch: String,
    /// The program's definition of its command line.
    pub(super) program: String,
}

impl Sources {
    pub(super) fn read() -> Result<Self> {
        Ok(Self {
            session: files(&root().join("crates/sim800-session/src"))?,
            dispatch: files(&root().join("crates/sim800-emulator/src/dispatch.rs"))?.concat(),
            program: files(&root().join("crates/sim800-cli/src"))?.concat(),
        })
    }

    /// Whether the session has `Type::function`.
    pub(super) fn has_procedure(&self, path: &str) -> bool {
        let Some((kind, function)) = path.split_once("::") else { return false };
        let is_there = |file: &&String| {
            let implements = file.lines().any(|line| {
                line.starts_with("impl") && !line.contains(" for ") && find_word(line, kind).next().is_some()
            });
            implements && find_word(file, &format!("fn {function}")).next().is_some()
        };
        self.session.iter().find(is_there).is_some()
    }

    /// Whether the session names this type of `sim800-command`.
    pub(super) fn uses(&self, name: &str) -> bool {
        self.session.iter().any(|file| find_word(file, name).next().is_some())
    }

    /// Whether the dispatch has an arm for `Id::…` that does something.
    pub(super) fn carries_out(&self, id: &str) -> bool {
        let arm = find_word(&self.dispatch, id).find_map(|at| {
            let (pattern, body) = self.dispatch[at..].split_once("=>")?;
            let is_pattern = pattern.split('|').all(|name| {
                let name = name.trim();
                name.starts_with("Id::") && name[4..].chars().all(char::is_alphanumeric)
            });
            is_pattern.then(|| body.trim_start())
        });
        arm.is_some_and(|body| !body.starts_with(REFUSAL))
    }
}

/// The texts of the file, or of all files in the folder.
fn files(path: &Path) -> Result<Vec<String>> {
    if path.is_file() {
        return Ok(vec![fs::read_to_string(path)?]);
    }
    let mut texts = Vec::new();
    for entry in fs::read_dir(path).with_context(|| format!("cannot list {}", path.display()))? {
        texts.extend(files(&entry?.path())?);
    }
    Ok(texts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sources() -> Sources {
        Sources {
            session: vec![
                "impl Http {\n    pub async fn send(&self) {}\n}\nimpl Drop for Body {".to_owned(),
                "impl<'a> Ftp<'a> {\n    fn get<T>(&self) {}\n}".to_owned(),
            ],
            dispatch: "match id {\n Id::FtpGet => ftp.get(),\n Id::FtpGetName | Id::FtpPut => { a() }\n \
                 Id::FsLs\n | Id::FsMem => Err(Refusal::Unknown),\n}\n identity(Id::Cgmr)"
                .to_owned(),
            program: String::new(),
        }
    }

    #[test]
    fn procedures_are_functions_of_their_type() {
        for (path, found) in [
            ("Http::send", true),
            ("Ftp::get", true),
            ("Http::get", false),
            ("Ftp::ge", false),
            ("Body::send", false),
            ("send", false),
        ] {
            assert_eq!(sources().has_procedure(path), found, "{path}");
        }
    }

    #[test]
    fn an_arm_that_refuses_is_none() {
        for (id, found) in [
            ("Id::FtpGet", true),
            ("Id::FtpGetName", true),
            ("Id::FtpPut", true),
            ("Id::FsLs", false),
            ("Id::FsMem", false),
            ("Id::Cgmr", false),
            ("Id::Nothing", false),
        ] {
            assert_eq!(sources().carries_out(id), found, "{id}");
        }
    }
}
