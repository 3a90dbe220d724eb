//! What is sent: read again from its start as often as the driver wants it.

use std::io::Cursor;
use std::path::PathBuf;

use futures::io::{AsyncRead, AsyncSeek};
use sim800_fleet_job::Source;
use sim800_tokio::compat::TokioAsyncReadCompatExt;
use tokio::fs::File;
use tokio::io::AsyncReadExt;

use super::Attempt;
use crate::failing::Failing;
use crate::folder::delete;

/// As much as a POST may have, and one more to see that there is more.
const BODY: u64 = 319_488 + 1;

/// What can be read from its start again.
pub(super) trait Seekable: AsyncRead + AsyncSeek + Send + Unpin {}

impl<T: AsyncRead + AsyncSeek + Send + Unpin> Seekable for T {}

impl Attempt<'_> {
    /// What is sent, as it is read.
    pub(super) async fn open(&self, source: &Source) -> Result<Box<dyn Seekable>, Failing> {
        Ok(match source {
            Source::Text(text) => Box::new(futures::io::Cursor::new(text.clone().into_bytes())),
            Source::File(file) => {
                let path = self.folder.source(file).await;
                let path = path.map_err(|error| Failing::own("source", error.as_ref()))?;
                let file = File::open(path).await.map_err(|error| Failing::own("source", &error))?;
                Box::new(file.compat())
            }
            Source::Object(name) => {
                let file = self.fetch(name).await?;
                Box::new(file.compat())
            }
        })
    }

    /// What is sent, as a whole: no more than the module takes, and an octet, which it will refuse.
    pub(super) async fn read(&self, source: &Source) -> Result<Vec<u8>, Failing> {
        let mut octets = Vec::new();
        let read = match source {
            Source::Text(text) => Cursor::new(text.as_bytes()).take(BODY).read_to_end(&mut octets).await,
            Source::File(file) => {
                let path = self.folder.source(file).await;
                let path = path.map_err(|error| Failing::own("source", error.as_ref()))?;
                let file = File::open(path).await.map_err(|error| Failing::own("source", &error))?;
                file.take(BODY).read_to_end(&mut octets).await
            }
            Source::Object(name) => {
                let object = self.store.source(name).await;
                let (object, _) = object.map_err(|error| Failing::passing("source", &error))?;
                object.take(BODY).read_to_end(&mut octets).await
            }
        };
        read.map_err(|error| Failing::passing("source", &error))?;
        Ok(octets)
    }

    /// A copy of an object, which goes with whoever reads it.
    async fn fetch(&self, name: &str) -> Result<File, Failing> {
        let passing = |error: std::io::Error| Failing::passing("source", &error);
        let (mut object, _) =
            self.store.source(name).await.map_err(|error| Failing::passing("source", &error))?;
        let path: PathBuf = self.folder.parts().join(format!("{}.source", self.object));
        let mut options = tokio::fs::OpenOptions::new();
        let opened = options.read(true).write(true).create_new(true).open(&path).await;
        let mut file = opened.map_err(passing)?;
        delete(&path).await.map_err(passing)?;
        tokio::io::copy(&mut object, &mut file).await.map_err(passing)?;
        tokio::io::AsyncWriteExt::flush(&mut file).await.map_err(passing)?;
        tokio::io::AsyncSeekExt::rewind(&mut file).await.map_err(passing)?;
        Ok(file)
    }
}
