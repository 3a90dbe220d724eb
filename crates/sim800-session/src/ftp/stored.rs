//! The module's file system as source and target.

use alloc::borrow::ToOwned;
use sim800_command::{
    FTP_EXTENDED_LIMIT, FsStorage, FtpFilePutEnd, FtpFilePutLoad, FtpGetToFs, FtpGetToFsProgress,
    FtpGetToFsStatus, FtpPutFrmFs, FtpPutFrmFsProgress, FtpPutFrmFsStatus, FtpReconnection, Number, Text,
};

use super::extended::send_loaded;
use super::progress::{self, FtpProgress, Status};
use super::settings::Target;
use super::size::{enough, exactly, size_in_module, size_of_fetched};
use super::{Ftp, FtpError, FtpOperation};
use crate::retry::Attempts;

/// The module is told not to connect again by itself: it would go on by its count of octets with whatever is there by then, and compare
/// nothing. A file that was replaced meanwhile would be made of both, one that was appended to would have a beginning twice.
const ONCE: Option<FtpReconnection> = Some(FtpReconnection { times: Number::MIN, delay: Number::MIN });

impl Ftp {
    /// Downloads a file into the module's file system, over a file that is there, and returns its size in octets. It becomes
    /// `name`, of 64 octets at most, in `C:\User\ftp\` of the internal drive, or in `ftp\` of the card (manual 12.2.24).
    /// `progress` is told how far it has come, every few seconds.
    ///
    /// When the connection breaks, the file is fetched anew, for the module cannot tell whether it is still the same. The server is
    /// asked for the size of the file before, by a session of its own, and the module for that of its file afterwards, where its
    /// firmware tells; one that is shorter is fetched again.
    ///
    /// # Errors
    ///
    /// [`FtpError`], with 85 when the file system is full; before anything is sent when a value cannot stand in a
    /// command.
    pub async fn get_to_fs(
        &self,
        path: &str,
        storage: FsStorage,
        name: &str,
        mut progress: impl FnMut(FtpProgress),
    ) -> Result<u64, FtpError> {
        self.deadline(FtpOperation::GetToFs)
            .run(|| async {
                let name = Text::new(name)
                    .map_err(|reason| FtpError::Invalid { what: "name in the module", reason })?;
                let open = FtpGetToFs { storage, name, reconnection: ONCE };
                let mut attempts = Attempts::new(&self.bearer);
                loop {
                    let fetched = self.after(&attempts).fetch_to_fs(path, &open, &mut progress).await;
                    if let Some(octets) = attempts.settle(fetched).await? {
                        return Ok(octets);
                    }
                }
            })
            .await
    }

    async fn fetch_to_fs(
        &self,
        path: &str,
        open: &FtpGetToFs<'_>,
        progress: &mut impl FnMut(FtpProgress),
    ) -> Result<u64, FtpError> {
        let operation = FtpOperation::GetToFs;
        let mut session = self.prepare(operation, Target::Source(path)).await?;
        let size = if self.options.ascii { None } else { session.size_if_told().await? };
        let status = |status| match status {
            FtpGetToFsProgress::Running { received, written } => {
                Status::Running(FtpProgress { moved: received, written: Some(written) })
            }
            _ => Status::Idle,
        };
        let moved = progress::run(&mut session, open, &FtpGetToFsStatus, status, progress).await?;
        let moved = moved.ok_or(FtpError::NoProgress { operation })?;
        let there =
            size_of_fetched(self.bearer.client(), open.storage, open.name.as_str(), operation).await?;
        let found = there.map_or_else(|| exactly(size, moved, operation), Ok)?;
        enough(&mut session, size, found).await.map(|()| found)
    }

    /// Uploads a file of the module's file system, as `C:\User\ftp\test.txt`, and returns its size in octets. `progress` is told
    /// how far it has come, every few seconds.
    ///
    /// When the connection breaks, the file is sent anew, if it [replaces](sim800_command::PutOption::Replace) one. Sizes are compared as by
    /// [`put`](Self::put).
    ///
    /// # Errors
    ///
    /// [`FtpError`], with 85 when there is no such file; before anything is sent when a value cannot stand in a command.
    pub async fn put_from_fs(
        &self,
        file: &str,
        path: &str,
        mut progress: impl FnMut(FtpProgress),
    ) -> Result<u64, FtpError> {
        self.deadline(FtpOperation::PutFromFs)
            .run(|| async {
                let text = Text::new(file)
                    .map_err(|reason| FtpError::Invalid { what: "file of the module", reason })?;
                let open = FtpPutFrmFs { file: text, reconnection: ONCE };
                let (operation, mut attempts) = (FtpOperation::PutFromFs, Attempts::new(&self.bearer));
                let before = self.before(path).await?;
                loop {
                    let sent =
                        self.after(&attempts).send_from_fs(&open, file, path, &mut progress).await.map(Some);
                    if let Some(sent) = self.settle(operation, path, before, sent, &mut attempts).await? {
                        return Ok(sent.unwrap_or(0));
                    }
                }
            })
            .await
    }

    async fn send_from_fs(
        &self,
        open: &FtpPutFrmFs<'_>,
        file: &str,
        path: &str,
        progress: &mut impl FnMut(FtpProgress),
    ) -> Result<u64, FtpError> {
        let operation = FtpOperation::PutFromFs;
        let mut session = self.prepare(operation, Target::Destination(path)).await?;
        let status = |status| match status {
            FtpPutFrmFsProgress::Running { sent } => {
                Status::Running(FtpProgress { moved: sent, written: None })
            }
            _ => Status::Idle,
        };
        let moved = progress::run(&mut session, open, &FtpPutFrmFsStatus, status, progress).await?;
        let moved = moved.ok_or(FtpError::NoProgress { operation })?;
        Ok(size_in_module(self.bearer.client(), file, operation).await?.unwrap_or(moved))
    }

    /// Uploads a file of the module's file system by way of its memory, 300,000 octets at most. The module does not tell how
    /// far it has come. Sizes are compared as by [`put`](Self::put), where the firmware tells that of its file.
    ///
    /// # Errors
    ///
    /// [`FtpError::NotLoaded`] when there is no such file, and others; before anything is sent when a value cannot stand
    /// in a command.
    pub async fn put_file(&self, file: &str, path: &str) -> Result<(), FtpError> {
        self.deadline(FtpOperation::PutFile)
            .run(|| async {
                let text = Text::new(file)
                    .map_err(|reason| FtpError::Invalid { what: "file of the module", reason })?;
                let load = FtpFilePutLoad { file: text };
                let (operation, mut attempts) = (FtpOperation::PutFile, Attempts::new(&self.bearer));
                let before = self.before(path).await?;
                loop {
                    let sent = self.after(&attempts).send_file(&load, file, path).await;
                    if self.settle(operation, path, before, sent, &mut attempts).await?.is_some() {
                        return Ok(());
                    }
                }
            })
            .await
    }

    /// Sends a file of the module, and returns how many octets it has, where that is told.
    async fn send_file(
        &self,
        load: &FtpFilePutLoad<'_>,
        file: &str,
        path: &str,
    ) -> Result<Option<u64>, FtpError> {
        let operation = FtpOperation::PutFile;
        let mut session = self.prepare(operation, Target::Destination(path)).await?;
        session.afterwards(&FtpFilePutEnd)?;
        match session.insist(load).await {
            Err(FtpError::Command { source, .. }) if source.is_rejected() => {
                return Err(FtpError::NotLoaded { file: file.to_owned(), source });
            }
            result => result?,
        };
        send_loaded(&mut session, FTP_EXTENDED_LIMIT).await?;
        size_in_module(self.bearer.client(), file, operation).await
    }
}
