//! The name that a server has chosen for an upload with `--unique`. The server tells it, but the module keeps that to itself; so the
//! directory is listed before and afterwards.

use std::collections::HashSet;

use sim800_session::Ftp;

use super::listing::{Entry, Kind, fetch_short};

/// What was in the directory before.
pub(crate) struct Before {
    directory: String,
    names: Option<HashSet<String>>,
}

impl Before {
    /// Looks at the directory that a file is about to be stored in as `path`.
    pub(crate) async fn look(ftp: &Ftp, path: &str) -> Self {
        let directory = path.rsplit_once('/').map_or("", |(directory, _)| directory);
        let directory = if directory.is_empty() { "/" } else { directory }.to_owned();
        let entries = entries(ftp, &directory).await;
        let names = entries.map(|entries| entries.into_iter().map(|entry| entry.name).collect());
        Self { directory, names }
    }

    /// The name of the only file of so many `octets` that has come since; `None` when that is none or several, or not to be seen.
    pub(crate) async fn chosen(self, ftp: &Ftp, octets: u64) -> Option<String> {
        let before = self.names?;
        let is_new = |entry: &Entry| {
            !before.contains(&entry.name)
                && entry.kind == Kind::File
                && entry.size.is_none_or(|size| size == octets)
        };
        let entries = entries(ftp, &self.directory).await?;
        let mut new = entries.into_iter().filter(is_new);
        let only = new.next()?;
        new.next().is_none().then_some(only.name)
    }
}

/// What is in a directory; `None` where that is too much to be fetched for a name, or in no known form.
async fn entries(ftp: &Ftp, directory: &str) -> Option<Vec<Entry>> {
    let lines = fetch_short(ftp, directory).await?;
    Some(lines.iter().filter_map(|line| Entry::parse(line)).collect())
}
