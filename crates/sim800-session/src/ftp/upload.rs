//! An upload, in the rounds that the module allows.

use bytes::{Buf, BytesMut};
use futures::future::{Either, select};
use futures::{AsyncRead, AsyncReadExt, pin_mut};
use sim800_command::{FTP_WRITE_LIMIT, FtpPutClose, FtpPutWrite, Number};

use super::session::{Event, PATIENCE, Session};
use super::{FtpError, FtpStep};

/// How many rounds in a row may move nothing.
const EMPTY_ROUNDS: u32 = 16;

/// Sends all that `source` has over a session whose `first` event came, and returns how many octets that were.
pub(super) async fn upload(
    mut session: Session,
    first: Event,
    mut source: impl AsyncRead + Unpin,
) -> Result<u64, FtpError> {
    session.begin(FtpStep::Transfer);
    let mut upload = Upload { octets: 0, waiting: BytesMut::new(), ended: false };
    let mut event = first;
    let mut empty = 0;
    loop {
        let Event::Writable(at_most) = event else {
            return Err(FtpError::EndedEarly { octets: upload.octets });
        };
        let at_most = at_most.min(FTP_WRITE_LIMIT) as usize;
        upload.fill(&mut session, &mut source, at_most).await?;
        if upload.waiting.is_empty() && upload.ended {
            break;
        }
        let granted = if at_most == 0 { 0 } else { upload.write(&mut session, at_most).await? };
        empty = if granted == 0 { empty + 1 } else { 0 };
        if empty > EMPTY_ROUNDS {
            return Err(FtpError::NoProgress { operation: session.operation() });
        }
        event = session.event(PATIENCE).await?;
    }
    session.begin(FtpStep::Close);
    close(session, upload.octets).await
}

/// Ends the upload. Only the module's last line says that the server has it all, and some firmware never sends it
/// (field logs).
async fn close(mut session: Session, octets: u64) -> Result<u64, FtpError> {
    session.forget_announcements();
    let event = match session.client().execute(&FtpPutClose).await {
        Ok(_) => loop {
            match session.event(PATIENCE).await {
                Ok(Event::Ended(..)) => break Ok(()),
                // Announced before the end was asked for.
                Ok(_) => {}
                Err(error) => break Err(error),
            }
        },
        Err(error) if error.is_rejected() => session.refused(error).await.map(drop),
        Err(error) => Err(session.command(error)),
    };
    match event {
        Ok(()) => Ok(octets),
        Err(FtpError::Silent { .. }) => Err(FtpError::Unconfirmed { octets }),
        Err(error) => Err(error),
    }
}

struct Upload {
    /// Octets that the module took.
    octets: u64,
    /// Octets that were read from the source and not taken yet.
    waiting: BytesMut,
    /// The source has ended.
    ended: bool,
}

impl Upload {
    /// Reads from the source up to what the module takes in this round. A session that ends meanwhile is noticed.
    async fn fill(
        &mut self,
        session: &mut Session,
        source: &mut (impl AsyncRead + Unpin),
        at_most: usize,
    ) -> Result<(), FtpError> {
        while self.waiting.len() < at_most && !self.ended {
            let from = self.waiting.len();
            self.waiting.resize(at_most, 0);
            let read = {
                let room = self.waiting.get_mut(from..).unwrap_or_default();
                let end = session.end();
                pin_mut!(end);
                match select(source.read(room), end).await {
                    Either::Left((read, _)) => read,
                    Either::Right((error, _)) => return Err(error),
                }
            };
            let read = read.map_err(|error| FtpError::Source { octets: self.octets, kind: error.kind() })?;
            self.ended = read == 0;
            self.waiting.truncate(from + read);
        }
        Ok(())
    }

    /// Offers what there is, and returns how much of it the module took; the rest is for the next round.
    async fn write(&mut self, session: &mut Session, at_most: usize) -> Result<usize, FtpError> {
        let offered = self.waiting.len().min(at_most);
        let length = Number::saturating(u32::try_from(offered).unwrap_or(u32::MAX));
        let body = bytes::Bytes::copy_from_slice(self.waiting.get(..offered).unwrap_or_default());
        session.forget_announcements();
        match session.client().transmit(&FtpPutWrite { length }, body).await {
            Ok(reply) => {
                let granted = reply.granted.map_or(0, |granted| granted as usize).min(offered);
                self.waiting.advance(granted);
                self.octets += granted as u64;
                Ok(granted)
            }
            Err(error) if error.is_rejected() => match session.refused(error).await? {
                Event::Ended(..) => Err(FtpError::EndedEarly { octets: self.octets }),
                _ => Err(FtpError::NoProgress { operation: session.operation() }),
            },
            Err(error) => Err(session.command(error)),
        }
    }
}
