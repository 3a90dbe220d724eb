//! What was received of a job so far: a file that outlives the attempt, and what tells whether the rest of it still fits.

use std::io::SeekFrom;
use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tokio::fs::{self, File, OpenOptions};
use tokio::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};

use crate::folder::{Folder, delete};

/// How much of what was there is read once more to be compared, in octets.
pub(crate) const OVERLAP: u64 = 1024;
const BUFFER: usize = 65_536;

/// What the object was of which a part is there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Origin {
    /// Since when the machine has run: what was written before it lost its power need not be what is read.
    boot: String,
    pub(crate) url: String,
    /// The strong entity tag of HTTP.
    pub(crate) tag: Option<String>,
    /// The length of the whole, where it is told.
    pub(crate) length: Option<u64>,
}

impl Origin {
    pub(crate) async fn new(url: &str, tag: Option<String>, length: Option<u64>) -> Self {
        Self { boot: boot().await, url: url.to_owned(), tag, length }
    }
}

/// What tells one run of this machine from another.
async fn boot() -> String {
    fs::read_to_string("/proc/sys/kernel/random/boot_id").await.unwrap_or_default()
}

/// A part of what a job asks for.
#[derive(Debug)]
pub(crate) struct Part {
    path: PathBuf,
    note: PathBuf,
    file: File,
    length: u64,
    digest: Sha256,
}

impl Part {
    /// Opens what is there of `id`, with what it is of.
    pub(crate) async fn open(folder: &Folder, id: &str) -> std::io::Result<(Self, Option<Origin>)> {
        let path = folder.parts().join(format!("{id}.part"));
        let note = folder.parts().join(format!("{id}.json"));
        let origin: Option<Origin> =
            fs::read(&note).await.ok().and_then(|text| serde_json::from_slice(&text).ok());
        let boot = boot().await;
        let origin = origin.filter(|origin| origin.boot == boot && !boot.is_empty());
        let mut file =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path).await?;
        let mut digest = Sha256::new();
        let mut length = 0;
        let mut buffer = vec![0; BUFFER];
        loop {
            match file.read(&mut buffer).await? {
                0 => break,
                count => {
                    digest.update(buffer.get(..count).unwrap_or_default());
                    length += count as u64;
                }
            }
        }
        let mut part = Self { path, note, file, length, digest };
        if origin.is_none() && part.length > 0 {
            part.clear().await?;
        }
        Ok((part, origin))
    }

    /// How much is there, in octets.
    pub(crate) const fn length(&self) -> u64 {
        self.length
    }

    /// Starts from nothing.
    pub(crate) async fn clear(&mut self) -> std::io::Result<()> {
        delete(&self.note).await?;
        self.file.set_len(0).await?;
        self.file.rewind().await?;
        self.length = 0;
        self.digest = Sha256::new();
        Ok(())
    }

    /// Notes what it is a part of, before there is any of it.
    pub(crate) async fn note(&self, origin: &Origin) -> std::io::Result<()> {
        fs::write(&self.note, serde_json::to_vec(origin)?).await
    }

    /// What its last octets are, to be compared.
    pub(crate) async fn tail(&mut self, octets: u64) -> std::io::Result<Vec<u8>> {
        self.file.seek(SeekFrom::Start(self.length.saturating_sub(octets))).await?;
        let mut tail = Vec::new();
        (&mut self.file).take(octets).read_to_end(&mut tail).await?;
        Ok(tail)
    }

    /// Adds what came.
    pub(crate) async fn add(&mut self, octets: &[u8]) -> std::io::Result<()> {
        self.file.write_all(octets).await?;
        self.digest.update(octets);
        self.length += octets.len() as u64;
        Ok(())
    }

    /// It is whole: on the disk, with its digest, and to be read from its start.
    pub(crate) async fn finish(&mut self) -> std::io::Result<String> {
        // The last of it is being written only now, and nothing but this says whether there was room for it.
        self.file.flush().await?;
        self.file.sync_all().await?;
        self.file.rewind().await?;
        Ok(HEXLOWER.encode(&self.digest.clone().finalize()))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn file(&mut self) -> &mut File {
        &mut self.file
    }

    /// Throws it away.
    pub(crate) async fn remove(&self) {
        discard(&self.path, &self.note).await;
    }
}

/// Throws away what is there of a job that nobody needs any more.
pub(crate) async fn forget(folder: &Folder, id: &str) {
    discard(&folder.parts().join(format!("{id}.part")), &folder.parts().join(format!("{id}.json"))).await;
}

async fn discard(part: &Path, note: &Path) {
    // What stays is found when parts are next looked through.
    let _ = delete(note).await;
    let _ = delete(part).await;
}

/// Copies of sources that a worker left that was killed before it could unlink them.
pub(crate) async fn sweep_sources(folder: &Folder) -> std::io::Result<()> {
    let mut entries = fs::read_dir(folder.parts()).await?;
    while let Some(entry) = entries.next_entry().await? {
        if entry.path().extension().is_some_and(|extension| extension == "source") {
            delete(&entry.path()).await?;
        }
    }
    Ok(())
}

/// The ids of which something is there.
pub(crate) async fn all(folder: &Folder) -> std::io::Result<Vec<String>> {
    let mut ids = Vec::new();
    let mut entries = fs::read_dir(folder.parts()).await?;
    while let Some(entry) = entries.next_entry().await? {
        let name = entry.file_name();
        let id = name.to_str().and_then(|name| name.rsplit_once('.')).map(|(id, _)| id.to_owned());
        ids.extend(id);
    }
    ids.sort();
    ids.dedup();
    Ok(ids)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_there_goes_on() {
        let directory = tempfile::tempdir().unwrap();
        let folder = Folder::open(directory.path()).unwrap();
        let origin = Origin::new("u", Some("\"1\"".into()), Some(5)).await;
        let (mut part, none) = Part::open(&folder, "a").await.unwrap();
        assert_eq!(none, None);
        part.note(&origin).await.unwrap();
        part.add(b"hel").await.unwrap();
        part.file.flush().await.unwrap();
        drop(part);
        let (mut part, found) = Part::open(&folder, "a").await.unwrap();
        assert_eq!((part.length(), found), (3, Some(origin)));
        assert_eq!(part.tail(2).await.unwrap(), b"el");
        part.add(b"lo").await.unwrap();
        let digest = part.finish().await.unwrap();
        assert_eq!(digest, "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824");
        assert_eq!(all(&folder).await.unwrap(), ["a"]);
        part.remove().await;
        assert!(all(&folder).await.unwrap().is_empty());
    }

    #[tokio::test]
    async fn what_was_written_before_the_machine_started_is_not_believed() {
        let directory = tempfile::tempdir().unwrap();
        let folder = Folder::open(directory.path()).unwrap();
        let (mut part, _) = Part::open(&folder, "a").await.unwrap();
        part.note(&Origin { boot: "other".into(), ..Origin::default() }).await.unwrap();
        part.add(b"hel").await.unwrap();
        part.file.flush().await.unwrap();
        drop(part);
        let (part, origin) = Part::open(&folder, "a").await.unwrap();
        assert_eq!((part.length(), origin), (0, None));
    }

    #[tokio::test]
    async fn what_the_disk_had_no_room_for_is_not_whole() {
        let directory = tempfile::tempdir().unwrap();
        let folder = Folder::open(directory.path()).unwrap();
        let (mut part, _) = Part::open(&folder, "a").await.unwrap();
        part.file = OpenOptions::new().write(true).open("/dev/full").await.unwrap();
        part.add(b"hello").await.unwrap();
        let error = part.finish().await.unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::StorageFull);
    }

    #[tokio::test]
    async fn what_nobody_knows_is_not_gone_on_with() {
        let directory = tempfile::tempdir().unwrap();
        let folder = Folder::open(directory.path()).unwrap();
        std::fs::write(folder.parts().join("a.part"), "old").unwrap();
        let (part, origin) = Part::open(&folder, "a").await.unwrap();
        assert_eq!((part.length(), origin), (0, None));
    }
}
