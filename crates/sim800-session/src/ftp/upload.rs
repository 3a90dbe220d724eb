//! An upload, in the rounds that the module allows.

use bytes::{Buf, Bytes, BytesMut};
use futures::future::{Either, select};
use futures::{AsyncRead, AsyncReadExt, pin_mut};
use sim800_command::{FTP_WRITE_LIMIT, FtpPutClose, FtpPutWrite, Number};

use super::session::{Event, PATIENCE, Session};
use super::{FtpError, FtpStep};

/// How many rounds in a row may move nothing.
const EMPTY_ROUNDS: u32 = 16;

/// How many octets that the module took are kept, because it may not have passed them on. What is on its way in the module
/// and in the network is less.
const KEPT: usize = 65_536;

/// How many octets of a file are compared before more is appended to it.
const COMPARED: usize = 1024;

/// An upload, over one session or several.
pub(super) struct Upload<S> {
    source: S,
    /// Octets that the module took, in rounds that ended well.
    taken: u64,
    /// The last of them.
    kept: BytesMut,
    /// Octets that were read from the source and not taken yet.
    waiting: BytesMut,
    /// The source has ended.
    ended: bool,
    /// The server was made to open the file.
    begun: bool,
    /// Octets that the server was known to have, when it was asked.
    confirmed: u64,
}

/// What is left to be done of an upload that broke off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rest {
    /// Nothing: the server has it all.
    Nothing,
    /// What comes after the octets that the server has.
    Append,
    /// All of it, from the start.
    All,
    /// What comes next is not kept any more.
    Lost,
}

impl<S: AsyncRead + Unpin> Upload<S> {
    pub(super) fn new(source: S) -> Self {
        let (kept, waiting) = (BytesMut::new(), BytesMut::new());
        Self { source, taken: 0, kept, waiting, ended: false, begun: false, confirmed: 0 }
    }

    /// Octets that the module took.
    pub(super) fn taken(&self) -> u64 {
        self.taken
    }

    /// Whether anything may have changed on the server.
    pub(super) fn has_begun(&self) -> bool {
        self.begun
    }

    /// Octets that the server was known to have, when it was asked.
    pub(super) fn confirmed(&self) -> u64 {
        self.confirmed
    }

    /// The last octets of the file that a server has `stored` so many octets of, as far as they are kept; `None` when it
    /// cannot be this file. Where nothing more is to be sent, all that are kept, for nothing else tells it from an old file
    /// of the same size.
    pub(super) fn kept_before(&self, stored: u64) -> Option<&[u8]> {
        let first = self.taken - self.kept.len() as u64;
        let end = usize::try_from(stored.checked_sub(first)?).ok()?;
        let most = if self.is_all_taken() && stored == self.taken { KEPT } else { COMPARED };
        self.kept.get(end.saturating_sub(most)..end)
    }

    fn is_all_taken(&self) -> bool {
        self.ended && self.waiting.is_empty()
    }

    /// Goes back to where a server that has `stored` octets is to be sent more, if it tells.
    pub(super) fn rewind(&mut self, stored: Option<u64>) -> Rest {
        let first = self.taken - self.kept.len() as u64;
        let (to, rest) = match stored {
            // An octet more than was taken is of a round that did not end well, and may be any.
            Some(stored) if (first..=self.taken).contains(&stored) => {
                self.confirmed = self.confirmed.max(stored);
                if self.is_all_taken() && stored == self.taken {
                    return Rest::Nothing;
                }
                (stored, if stored == 0 { Rest::All } else { Rest::Append })
            }
            _ if first == 0 => (0, Rest::All),
            _ => return Rest::Lost,
        };
        let again =
            self.kept.split_off(usize::try_from(to - first).unwrap_or(usize::MAX).min(self.kept.len()));
        self.waiting = [again, std::mem::take(&mut self.waiting)].concat().as_slice().into();
        self.taken = to;
        rest
    }

    /// Sends what is left over a session whose `first` event came, and returns how many octets the server has then.
    pub(super) async fn run(&mut self, mut session: Session, first: Event) -> Result<u64, FtpError> {
        self.begun = true;
        session.begin(FtpStep::Transfer);
        let mut event = first;
        let mut empty = 0;
        loop {
            let Event::Writable(at_most) = event else {
                return Err(FtpError::EndedEarly { octets: self.taken });
            };
            let at_most = at_most.min(FTP_WRITE_LIMIT) as usize;
            self.fill(&mut session, at_most).await?;
            if self.waiting.is_empty() && self.ended {
                break;
            }
            let granted = if at_most == 0 { 0 } else { self.write(&mut session, at_most).await? };
            empty = if granted == 0 { empty + 1 } else { 0 };
            if empty > EMPTY_ROUNDS {
                return Err(FtpError::NoProgress { operation: session.operation() });
            }
            event = session.event(PATIENCE).await?;
        }
        session.begin(FtpStep::Close);
        close(session, self.taken).await
    }

    /// Reads from the source up to what the module takes in this round. A session that ends meanwhile is noticed.
    async fn fill(&mut self, session: &mut Session, at_most: usize) -> Result<(), FtpError> {
        while self.waiting.len() < at_most && !self.ended {
            let from = self.waiting.len();
            self.waiting.resize(at_most, 0);
            let read = {
                let room = self.waiting.get_mut(from..).unwrap_or_default();
                let end = session.end();
                pin_mut!(end);
                match select(self.source.read(room), end).await {
                    Either::Left((read, _)) => {
                        read.map_err(|error| FtpError::Source { octets: self.taken, kind: error.kind() })
                    }
                    Either::Right((error, _)) => Err(error),
                }
            };
            // Room that nothing was read into is no part of the source, whatever comes next.
            self.waiting.truncate(from + read.as_ref().copied().unwrap_or(0));
            self.ended = read? == 0;
        }
        Ok(())
    }

    /// Offers what there is, and returns how much of it the module took; the rest is for the next round.
    async fn write(&mut self, session: &mut Session, at_most: usize) -> Result<usize, FtpError> {
        let offered = self.waiting.len().min(at_most);
        let length = Number::saturating(u32::try_from(offered).unwrap_or(u32::MAX));
        let body = Bytes::copy_from_slice(self.waiting.get(..offered).unwrap_or_default());
        session.forget_announcements();
        match session.client().transmit(&FtpPutWrite { length }, body).await {
            Ok(reply) => {
                let granted = reply.granted.map_or(0, |granted| granted as usize).min(offered);
                self.keep(granted);
                self.taken += granted as u64;
                Ok(granted)
            }
            Err(error) if error.is_rejected() => match session.refused(error).await? {
                Event::Ended(..) => Err(FtpError::EndedEarly { octets: self.taken }),
                _ => Err(FtpError::NoProgress { operation: session.operation() }),
            },
            Err(error) => Err(session.command(error)),
        }
    }

    /// Keeps the first octets of those that wait, for they were taken.
    fn keep(&mut self, octets: usize) {
        let taken = self.waiting.split_to(octets);
        let excess = (self.kept.len() + taken.len()).saturating_sub(KEPT);
        self.kept.advance(excess.min(self.kept.len()));
        self.kept.extend_from_slice(&taken);
    }
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn content(octets: u64) -> Vec<u8> {
        (0..octets).map(|n| (n % 251) as u8).collect()
    }

    proptest! {
        /// What the server has and what is sent then are the file, or nothing is sent.
        #[test]
        fn an_upload_goes_back_to_where_the_server_is(
            taken in prop_oneof![0_u64..3_000, 60_000_u64..140_000],
            waiting in 0_u64..1_400,
            missing in prop_oneof![0_u64..10, 0_u64..140_000],
            excess in 0_u64..3,
            ended: bool,
        ) {
            let file = content(taken + waiting);
            let mut upload = Upload::new(&b""[..]);
            upload.ended = ended;
            for round in file[..taken as usize].chunks(1360) {
                upload.waiting.extend_from_slice(round);
                upload.keep(round.len());
                upload.taken += round.len() as u64;
            }
            upload.waiting.extend_from_slice(&file[taken as usize..]);
            let stored = taken.saturating_sub(missing) + if missing == 0 { excess } else { 0 };
            let is_kept = taken - stored.min(taken) <= KEPT as u64 && stored <= taken;
            match upload.rewind(Some(stored)) {
                Rest::Nothing => prop_assert!(ended && waiting == 0 && stored == taken),
                Rest::Append => {
                    prop_assert!(is_kept);
                    prop_assert_eq!(&upload.waiting[..], &file[stored as usize..]);
                    prop_assert_eq!(upload.taken, stored);
                }
                Rest::All => {
                    prop_assert!(taken <= KEPT as u64 && (stored == 0 || !is_kept));
                    prop_assert_eq!(&upload.waiting[..], &file[..]);
                    prop_assert_eq!(upload.taken, 0);
                }
                Rest::Lost => prop_assert!(!is_kept && taken > KEPT as u64),
            }
        }
    }
}
