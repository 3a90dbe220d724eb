//! The module's file system as source and target.

use sim800_command::{
    FTP_EXTENDED_LIMIT, FsStorage, FtpFilePutEnd, FtpFilePutLoad, FtpGetToFs, FtpGetToFsProgress,
    FtpGetToFsStatus, FtpPutFrmFs, FtpPutFrmFsProgress, FtpPutFrmFsStatus, Text,
};

use super::extended::send_loaded;
use super::progress::{self, FtpProgress, Status};
use super::settings::Target;
use super::{Ftp, FtpError, FtpOperation};
use crate::retry::Attempts;

impl Ftp {
    /// Downloads a file into the module's file system, over a file that is there, and returns its size in octets. It becomes
    /// `name`, of 64 octets at most, in `C:\User\ftp\` of the internal drive, or in `ftp\` of the card (manual 12.2.24).
    /// `progress` is told how far it has come, every few seconds.
    ///
    /// When the connection breaks, the module goes on where it broke, up to three times.
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
        let name =
            Text::new(name).map_err(|reason| FtpError::Invalid { what: "name in the module", reason })?;
        let open = FtpGetToFs { storage, name, reconnection: None };
        let mut attempts = Attempts::new(&self.bearer);
        loop {
            let fetched = self.fetch_to_fs(path, &open, &mut progress).await;
            if let Some(octets) = attempts.settle(fetched).await? {
                return Ok(octets);
            }
        }
    }

    async fn fetch_to_fs(
        &self,
        path: &str,
        open: &FtpGetToFs<'_>,
        progress: &mut impl FnMut(FtpProgress),
    ) -> Result<u64, FtpError> {
        let operation = FtpOperation::GetToFs;
        let mut session = self.prepare(operation, Target::Source(path, 0)).await?;
        let status = |status| match status {
            FtpGetToFsProgress::Running { received, written } => {
                Status::Running(FtpProgress { moved: received, written: Some(written) })
            }
            _ => Status::Idle,
        };
        let moved = progress::run(&mut session, open, &FtpGetToFsStatus, status, progress).await?;
        moved.ok_or(FtpError::NoProgress { operation })
    }

    /// Uploads a file of the module's file system, as `C:\User\ftp\test.txt`, and returns its size in octets. `progress` is told
    /// how far it has come, every few seconds.
    ///
    /// When the connection breaks, the module goes on where it broke, up to three times (manual 12.2.25).
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
        let file =
            Text::new(file).map_err(|reason| FtpError::Invalid { what: "file of the module", reason })?;
        let open = FtpPutFrmFs { file, reconnection: None };
        let mut attempts = Attempts::new(&self.bearer);
        loop {
            let sent = self.send_from_fs(&open, path, &mut progress).await;
            if !self.may_be_repeated() {
                return sent;
            }
            if let Some(octets) = attempts.settle(sent).await? {
                return Ok(octets);
            }
        }
    }

    async fn send_from_fs(
        &self,
        open: &FtpPutFrmFs<'_>,
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
        moved.ok_or(FtpError::NoProgress { operation })
    }

    /// Uploads a file of the module's file system by way of its memory, 300,000 octets at most. The module does not tell how
    /// far it has come.
    ///
    /// # Errors
    ///
    /// [`FtpError::NotLoaded`] when there is no such file, and others; before anything is sent when a value cannot stand
    /// in a command.
    pub async fn put_file(&self, file: &str, path: &str) -> Result<(), FtpError> {
        let text =
            Text::new(file).map_err(|reason| FtpError::Invalid { what: "file of the module", reason })?;
        let mut attempts = Attempts::new(&self.bearer);
        loop {
            let sent = self.send_file(&FtpFilePutLoad { file: text }, file, path).await;
            if !self.may_be_repeated() {
                return sent;
            }
            if let Some(()) = attempts.settle(sent).await? {
                return Ok(());
            }
        }
    }

    async fn send_file(&self, load: &FtpFilePutLoad<'_>, file: &str, path: &str) -> Result<(), FtpError> {
        let mut session = self.prepare(FtpOperation::PutFile, Target::Destination(path)).await?;
        session.afterwards(&FtpFilePutEnd)?;
        match session.execute(load).await {
            Err(FtpError::Command { source, .. }) if source.is_rejected() => {
                return Err(FtpError::NotLoaded { file: file.to_owned(), source });
            }
            result => result?,
        };
        send_loaded(&mut session, FTP_EXTENDED_LIMIT).await
    }
}
