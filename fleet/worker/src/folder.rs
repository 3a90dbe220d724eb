//! The directory of a worker: files of jobs, and below `.parts` what was received in part.

use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use tokio::fs;

/// Where what was received in part is; no file of a job begins with a dot.
const PARTS: &str = ".parts";

/// The directory.
#[derive(Clone, Debug)]
pub(crate) struct Folder {
    root: PathBuf,
}

impl Folder {
    /// Makes what is missing of it.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let shown = || format!("cannot use the directory {}", path.display());
        std::fs::create_dir_all(path.join(PARTS)).with_context(shown)?;
        Ok(Self { root: path.canonicalize().with_context(shown)? })
    }

    /// Where parts are kept.
    pub(crate) fn parts(&self) -> PathBuf {
        self.root.join(PARTS)
    }

    /// A file to be read.
    pub(crate) async fn source(&self, file: &str) -> Result<PathBuf> {
        let path = fs::canonicalize(self.root.join(file)).await.context("there is no such file")?;
        ensure!(path.starts_with(&self.root), "a link leads out of the worker's directory");
        // A pipe would be waited for without end.
        ensure!(fs::metadata(&path).await?.is_file(), "it is no regular file");
        Ok(path)
    }

    /// A file to be written; its directory is made.
    async fn target(&self, file: &str) -> Result<PathBuf> {
        let path = self.root.join(file);
        let parent = path.parent().context("a file is in a directory")?;
        self.check(parent).await?;
        fs::create_dir_all(parent).await.context("cannot make the directory of the file")?;
        let parent = fs::canonicalize(parent).await.context("cannot find the directory of the file")?;
        ensure!(parent.starts_with(&self.root), "a link leads out of the worker's directory");
        let name = path.file_name().context("a file has a name")?;
        Ok(parent.join(name))
    }

    /// Makes sure that what is there of a directory is below this one, before anything is made in it.
    async fn check(&self, directory: &Path) -> Result<()> {
        for known in directory.ancestors() {
            match fs::canonicalize(known).await {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                found => {
                    let found = found.context("cannot find the directory of the file")?;
                    ensure!(found.starts_with(&self.root), "a link leads out of the worker's directory");
                    break;
                }
            }
        }
        Ok(())
    }

    /// Gives what was received its name, on the disk and whole, or not at all.
    pub(crate) async fn place(&self, part: &Path, file: &str) -> Result<()> {
        let target = self.target(file).await?;
        fs::rename(part, &target).await.context("cannot give the file its name")?;
        let parent = target.parent().map(Path::to_owned).unwrap_or_default();
        fs::File::open(parent).await?.sync_all().await.context("cannot keep the file")?;
        Ok(())
    }
}

/// Deletes a file, which need not be there.
pub(crate) async fn delete(path: &Path) -> io::Result<()> {
    match fs::remove_file(path).await {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn no_link_leads_out() {
        let (inside, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        std::fs::write(outside.path().join("secret"), "x").unwrap();
        std::os::unix::fs::symlink(outside.path(), inside.path().join("out")).unwrap();
        let folder = Folder::open(inside.path()).unwrap();
        assert!(folder.source("out/secret").await.is_err());
        assert!(folder.source("out").await.is_err());
        assert!(folder.source(".parts").await.is_err(), "a directory is none");
        let part = folder.parts().join("a.part");
        std::fs::write(&part, "y").unwrap();
        assert!(folder.place(&part, "out/file").await.is_err());
        assert!(folder.place(&part, "out/new/file").await.is_err());
        let left: Vec<_> = std::fs::read_dir(outside.path()).unwrap().collect();
        assert_eq!(left.len(), 1, "nothing is made there, no directory either: {left:?}");
        folder.place(&part, "new/file").await.unwrap();
        assert_eq!(std::fs::read(folder.source("new/file").await.unwrap()).unwrap(), b"y");
    }
}
