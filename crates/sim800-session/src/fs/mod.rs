//! The module's own file system.
//!
//! No document of the module at hand has these commands; what is known of them are the logs and drivers of others.

mod error;
mod list;
mod read;
mod write;

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;

use crate::io::AsyncRead;
use sim800_command::{
    Command, Drive, FsDel, FsDrive, FsFlSize, FsMem, FsMkdir, FsRename, FsRmdir, FsStorage, Path,
};

pub use self::error::FsError;
pub use self::read::FsFile;

use crate::client::Client;
use crate::error::{Error, Failure, Malformation};

/// How often a size may be told differently before that is an error.
const SIZES: u32 = 3;

/// The module's file system.
///
/// A path is `C:\User\ftp\test.txt`: a drive, and names with backslashes between them, at most 64 octets in all, without
/// blanks and commas. Upper and lower case are the same. What [`Ftp::get_to_fs`](crate::Ftp::get_to_fs) fetches is in
/// `C:\User\ftp\`. There is little room: logs show 76 to 186 thousand octets.
///
/// A module that has fallen silent for good is an error after at most 40 s for [`read`](Self::read), whose pieces are tried
/// again, 30 s for [`write`](Self::write), and 10 s for all others; below 115,200 bit/s these two take longer, as a piece of
/// 10,240 octets does, up to two minutes.
#[derive(Clone, Debug)]
pub struct Fs {
    client: Client,
}

/// What is in a directory.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct FsEntry {
    /// The name; octets that are not UTF-8 are replaced.
    pub name: String,
    /// Whether it is a directory.
    pub is_directory: bool,
}

impl Fs {
    /// The file system of a module.
    #[must_use]
    pub fn new(client: &Client) -> Self {
        Self { client: client.of_procedure() }
    }

    /// The letter of a drive.
    ///
    /// # Errors
    ///
    /// [`FsError::Command`]; without a card, its drive is refused.
    pub async fn drive(&self, storage: FsStorage) -> Result<Drive, FsError> {
        Ok(self.ask(&FsDrive { storage }, |drive| drive).await?)
    }

    /// Free octets of the drives.
    ///
    /// # Errors
    ///
    /// [`FsError::Command`].
    pub async fn free(&self) -> Result<Vec<(Drive, u64)>, FsError> {
        Ok(self.ask(&FsMem, |free| free.drives().collect()).await?)
    }

    /// What is in a directory.
    ///
    /// An entry that is called like a line that the module sends of its own accord (`RING`) cannot be told from it and is
    /// left out, but `RDY` is told from a restart; only behind an `OK`, others are told that the module restarted. One that is called
    /// `OK` is found, for the line has to be silent before a listing is over, which takes half a second; with one that is called
    /// like another result code, a directory cannot be listed.
    ///
    /// # Errors
    ///
    /// [`FsError::NotFound`] and others.
    pub async fn list(&self, directory: &str) -> Result<Vec<FsEntry>, FsError> {
        list::list(self.client().await?, directory).await
    }

    /// The size of a file in octets.
    ///
    /// # Errors
    ///
    /// [`FsError::NotFound`] and others.
    pub async fn size(&self, file: &str) -> Result<u64, FsError> {
        let command = FsFlSize { file: Path::new(file)? };
        self.ask(&command, |size| size).await.map_err(|error| not_found(file, error))
    }

    /// Opens a file for reading. Its length is asked for now: it must not change meanwhile, for the module sends it without
    /// one.
    ///
    /// # Errors
    ///
    /// [`FsError::NotFound`] and others.
    pub async fn read(&self, file: &str) -> Result<FsFile, FsError> {
        let length = self.certain_size(file).await?;
        Ok(read::read(&self.client, file, length))
    }

    /// Writes all that `source` has into a file, and returns how many octets that were. A file that is there is replaced.
    ///
    /// When it fails, or is dropped before its end, what was written so far stays.
    ///
    /// # Errors
    ///
    /// [`FsError::Full`] and others.
    pub async fn write(&self, file: &str, source: impl AsyncRead + Unpin) -> Result<u64, FsError> {
        write::write(self, Path::new(file)?, source).await
    }

    /// Removes a file.
    ///
    /// # Errors
    ///
    /// [`FsError::NotFound`] and others.
    pub async fn remove(&self, file: &str) -> Result<(), FsError> {
        match self.client().await?.insist(&FsDel { file: Path::new(file)? }).await {
            Err(error) if error.is_rejected() && !self.is_file(file).await? => Err(not_found(file, error)),
            result => Ok(result.map(drop)?),
        }
    }

    /// Makes a directory.
    ///
    /// # Errors
    ///
    /// [`FsError::Exists`], [`FsError::NotFound`] when the directory it is to be in is not there, and others.
    pub async fn make_directory(&self, directory: &str) -> Result<(), FsError> {
        let path = without_backslash(directory);
        match self.client().await?.insist(&FsMkdir { directory: Path::new(path)? }).await {
            Err(error) if error.is_rejected() => Err(self.why_not_made(path, error).await?),
            result => Ok(result.map(drop)?),
        }
    }

    /// Removes a directory with nothing in it.
    ///
    /// # Errors
    ///
    /// [`FsError::NotEmpty`], [`FsError::NotFound`] and others.
    pub async fn remove_directory(&self, directory: &str) -> Result<(), FsError> {
        let path = without_backslash(directory);
        match self.client().await?.insist(&FsRmdir { directory: Path::new(path)? }).await {
            Err(refusal) if refusal.is_rejected() => match self.list(path).await {
                Ok(entries) if entries.iter().any(|entry| entry.name != "." && entry.name != "..") => {
                    Err(FsError::NotEmpty { path: path.to_owned(), refusal })
                }
                Ok(_) => Err(refusal.into()),
                Err(FsError::NotFound { .. }) => Err(not_found(path, refusal)),
                Err(error) => Err(error),
            },
            result => Ok(result.map(drop)?),
        }
    }

    /// Renames a file or a directory.
    ///
    /// # Errors
    ///
    /// [`FsError::NotFound`], [`FsError::Exists`] and others.
    pub async fn rename(&self, old: &str, new: &str) -> Result<(), FsError> {
        match self.client().await?.insist(&FsRename { old: Path::new(old)?, new: Path::new(new)? }).await {
            Err(error) if error.is_rejected() => {
                if !self.is_file(old).await? && !self.is_directory(old).await? {
                    return Err(not_found(old, error));
                }
                Err(self.why_not_made(new, error).await?)
            }
            result => Ok(result.map(drop)?),
        }
    }

    /// Asks for what is there, and once more when the module refused it.
    async fn ask<C: Command, T>(&self, command: &C, read: impl Fn(C::Response<'_>) -> T) -> Result<T, Error> {
        let client = self.client().await?;
        match client.query(command, &read).await {
            Err(error) if client.doubts(&error) => client.query(command, read).await,
            result => result,
        }
    }

    /// The client, when no short message can say anything in the module's name.
    async fn client(&self) -> Result<&Client, Error> {
        self.client.keep_messages_off_the_line().await?;
        Ok(&self.client)
    }

    /// Why the module refused to make something at `path`.
    async fn why_not_made(&self, path: &str, refusal: Error) -> Result<FsError, FsError> {
        if self.is_file(path).await? || self.is_directory(path).await? {
            return Ok(FsError::Exists { path: path.to_owned(), refusal });
        }
        if let Some((parent, _)) = path.rsplit_once('\\') {
            if !self.is_directory(parent).await? {
                return Ok(not_found(parent, refusal));
            }
        }
        match self.room(path).await? {
            Some(0) => Ok(FsError::Full { path: path.to_owned(), octets: 0, free: 0 }),
            _ => Ok(refusal.into()),
        }
    }

    /// The size that was told twice: one that lost a digit would not be noticed.
    pub(crate) async fn certain_size(&self, file: &str) -> Result<u64, FsError> {
        let mut size = self.size(file).await?;
        for _ in 0..SIZES {
            let again = self.size(file).await?;
            if again == size {
                return Ok(size);
            }
            size = again;
        }
        let error = Failure::Malformed(Malformation::Information);
        Err(Error::of(&FsFlSize { file: Path::new(file)? }, error).into())
    }

    async fn is_file(&self, path: &str) -> Result<bool, FsError> {
        match self.size(path).await {
            Ok(_) => Ok(true),
            Err(FsError::NotFound { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    async fn is_directory(&self, path: &str) -> Result<bool, FsError> {
        match self.list(path).await {
            Ok(_) => Ok(true),
            Err(FsError::NotFound { .. }) => Ok(false),
            // With the backslash it is too long to be there.
            Err(FsError::Invalid(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Free octets of the drive of `path`, where the module tells.
    async fn room(&self, path: &str) -> Result<Option<u64>, FsError> {
        match self.free().await {
            Ok(drives) => {
                let letter = path.chars().next().map(|letter| letter.to_ascii_uppercase());
                Ok(drives.iter().find(|(drive, _)| Some(drive.letter()) == letter).map(|(_, free)| *free))
            }
            Err(FsError::Command(error)) if error.is_rejected() => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// A refusal of what needs `path` to be there.
fn not_found(path: &str, refusal: Error) -> FsError {
    if refusal.is_rejected() { FsError::NotFound { path: path.to_owned(), refusal } } else { refusal.into() }
}

/// A directory as the commands that make and remove it were seen to take it; that of a drive keeps its backslash.
fn without_backslash(directory: &str) -> &str {
    match directory.strip_suffix('\\') {
        Some(path) if !path.ends_with(':') => path,
        _ => directory,
    }
}
