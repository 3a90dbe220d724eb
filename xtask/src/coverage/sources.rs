//! What the sources hold: procedures of the session, arms of the emulator.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use sim800_command::Id;

use crate::root;
use crate::tidy::find_word;

/// What arms do that are there only because the compiler asks for them.
const NOTHING: [&str; 2] = ["Err(Refusal::Unknown)", "Ok(Step::Done)"];

pub(super) struct Sources {
    /// The files of `sim800-session`, and of the engine under it.
    session: Vec<String>,
    /// The emulator's `match` over every command.
    dispatch: String,
}

impl Sources {
    pub(super) fn read() -> Result<Self> {
        Ok(Self {
            session: [
                files(&root().join("crates/sim800-session/src"))?,
                files(&root().join("crates/sim800-engine/src"))?,
            ]
            .concat(),
            dispatch: files(&root().join("crates/sim800-emulator/src/dispatch.rs"))?.concat(),
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

    /// Whether the dispatch has an arm that does something; for a bare `AT` that is nothing but `OK`.
    pub(super) fn carries_out(&self, id: Id) -> bool {
        let name = format!("Id::{id:?}");
        let arm = find_word(&self.dispatch, &name).find_map(|at| {
            let (pattern, body) = self.dispatch[at..].split_once("=>")?;
            let is_pattern = pattern.split('|').all(|name| {
                let name = name.trim();
                name.starts_with("Id::") && name[4..].chars().all(char::is_alphanumeric)
            });
            is_pattern.then(|| body.trim_start())
        });
        arm.is_some_and(|body| id == Id::At || !NOTHING.iter().any(|nothing| body.starts_with(nothing)))
    }

    /// What the emulator has among the commands outside of the table although it is in the table.
    pub(super) fn others(&self) -> impl Iterator<Item = Id> {
        let others = self.dispatch.split_once("fn execute_other").map_or("", |(_, others)| others);
        others.split('"').skip(1).step_by(2).filter(|name| !name.is_empty()).filter_map(Id::from_name)
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
                 Id::FsLs\n | Id::FsMem => Err(Refusal::Unknown),\n Id::At | Id::FtpUn => Ok(Step::Done),\n}\n \
                 identity(Id::Cgmr)\nfn execute_other() { match name { \"+CGSN\" | \"+csq\" => a(\"\") } }"
                .to_owned(),
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
    fn an_arm_that_refuses_or_just_says_ok_is_none() {
        for (id, found) in [
            (Id::FtpGet, true),
            (Id::FtpGetName, true),
            (Id::FtpPut, true),
            (Id::At, true),
            (Id::FtpUn, false),
            (Id::FsLs, false),
            (Id::FsMem, false),
            (Id::Cgmr, false),
            (Id::Gsn, false),
        ] {
            assert_eq!(sources().carries_out(id), found, "{id:?}");
        }
    }

    #[test]
    fn a_command_of_the_table_is_no_other() {
        assert_eq!(sources().others().collect::<Vec<_>>(), [Id::Csq]);
    }
}
