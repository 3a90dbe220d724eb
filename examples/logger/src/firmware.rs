//! The next firmware.

use alloc::boxed::Box;
use core::error::Error;

use embedded_storage::nor_flash::NorFlash;
use sim800_session::command::FtpCode;
use sim800_session::io::AsyncReadExt as _;
use sim800_session::{Bearer, Ftp, FtpError, Server};

use crate::slot::Slot;

/// Where it is.
pub struct Source {
    /// The FTP server.
    pub host: &'static str,
    /// Whom the server knows.
    pub user: &'static str,
    /// And by what.
    pub password: &'static str,
    /// The path of the firmware that comes after this one, which has the name of this one in it. Where there is no such file, there is
    /// none. Its last four octets are the CRC-32 of those before, the lowest one first.
    pub path: &'static str,
}

impl Source {
    /// Fetches it into `slot`, from where that was broken off; how many octets it has, or `None` when there is none.
    ///
    /// # Errors
    ///
    /// Where the download fails, or the flash, or the checksum. What is in the slot is kept for the next time but in the last case.
    pub(crate) async fn fetch<F: NorFlash>(
        &self,
        bearer: &Bearer,
        slot: &mut Slot<F>,
    ) -> Result<Option<u32>, Box<dyn Error>> {
        let server = Server::new(self.host).with_credentials(self.user, self.password);
        let ftp = Ftp::new(bearer, server);
        let size = match ftp.size(self.path).await {
            Ok(size) => u32::try_from(size).ok().filter(|size| *size <= slot.room()),
            // The server does not want to: there is none.
            Err(FtpError::Failed { code: FtpCode::OPERATE, .. }) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let Some(size) = size else { return Err("the firmware is larger than its place".into()) };
        // Before there is a session, for that takes the flash some time.
        let mut place = slot.begin(self.path)?;
        if place < size {
            let mut download = ftp.get_from(self.path, place.into()).await?;
            let mut piece = [0; 256];
            loop {
                match download.read(&mut piece).await? {
                    0 => break,
                    read => slot.append(&piece[..read])?,
                }
            }
            place = slot.end()?;
        }
        if place != size || !slot.is_intact(size)? {
            slot.spoil()?;
            return Err("the firmware's checksum is wrong".into());
        }
        Ok(Some(size))
    }
}
