//! An upload, in the rounds that the module allows.

use std::io::SeekFrom;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures::future::{Either, select};
use futures::{AsyncRead, AsyncReadExt, AsyncSeek, AsyncSeekExt, pin_mut};
use sim800_command::{FTP_WRITE_LIMIT, FtpPutClose, FtpPutWrite, Number};

use super::session::{Event, PATIENCE, Session};
use super::window::KEPT;
use super::{FtpError, FtpStep};

/// How many rounds in a row may move nothing.
const EMPTY_ROUNDS: u32 = 16;

/// How long the end of an upload may take in all, whatever is announced meanwhile: the module sends what it took, and waits
/// for the server no longer than at any other time.
const CLOSING: Duration = PATIENCE.saturating_mul(2);

/// How many octets of a file are compared, at its beginning and at its end, before more is appended to it.
const COMPARED: u64 = 1024;

/// An upload, over one session or several.
pub(super) struct Upload<S> {
    source: S,
    /// Where in the source the file begins.
    start: u64,
    /// The first octets of the file, as far as they were read.
    head: Vec<u8>,
    /// Octets of the file that the module took, in rounds that ended well, or that the server had before.
    taken: u64,
    /// Octets that were read from the source and not taken yet.
    waiting: BytesMut,
    /// The source has ended.
    ended: bool,
    /// The server was made to open the file; where it makes up the name, it is enough that it may have been.
    begun: bool,
    /// Octets that the server was known to have, when it was asked.
    confirmed: u64,
    /// The file has a beginning that this upload did not send, so it is never sent from the start.
    appends: bool,
}

/// What a server has of an upload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// So many octets, and the last of them are the upload's.
    Beginning(u64),
    /// So many octets of something else, or of what cannot be compared any more.
    Other(u64),
    /// So many octets, which cannot be read.
    Unreadable(u64),
    /// It does not tell.
    Untold,
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
    /// What comes next is not to be had any more.
    Lost,
}

impl<S: AsyncRead + AsyncSeek + Unpin> Upload<S> {
    /// Of what `source` has from its octet `start` on.
    pub(super) fn new(source: S, start: u64) -> Self {
        Self {
            source,
            start,
            head: Vec::new(),
            taken: 0,
            waiting: BytesMut::new(),
            ended: false,
            begun: false,
            confirmed: 0,
            appends: false,
        }
    }

    /// Of the same, to a server that has the first `offset` octets of it.
    pub(super) async fn append(source: S, start: u64, offset: u64) -> Result<Self, FtpError> {
        let mut upload = Self { taken: offset, confirmed: offset, appends: true, ..Self::new(source, start) };
        match upload.skip(offset).await {
            Ok(()) => Ok(upload),
            Err(error) => Err(FtpError::Source { octets: offset, kind: error.kind() }),
        }
    }

    async fn skip(&mut self, offset: u64) -> std::io::Result<()> {
        self.seek(0).await?;
        self.head = vec![0; offset.min(COMPARED) as usize];
        self.source.read_exact(&mut self.head).await?;
        let end = self.source.seek(SeekFrom::End(0)).await?;
        self.ended = end == self.start.saturating_add(offset);
        self.seek(offset).await?;
        Ok(())
    }

    /// The first octets of a file of `stored` octets that is a beginning of this one.
    pub(super) fn head(&self, stored: u64) -> &[u8] {
        let len = usize::try_from(stored).unwrap_or(usize::MAX).min(self.head.len());
        self.head.get(..len).unwrap_or_default()
    }

    /// Octets of the file that the module took, and that the server had before.
    pub(super) fn taken(&self) -> u64 {
        self.taken
    }

    /// Whether anything may have changed on the server.
    pub(super) fn has_begun(&self) -> bool {
        self.begun
    }

    /// All of it is sent, from the start.
    pub(super) fn replace(&mut self) {
        (self.appends, self.ended) = (false, false);
    }

    /// Something may have changed on the server.
    pub(super) fn begin(&mut self) {
        self.begun = true;
    }

    /// Octets that the server was known to have, when it was asked.
    pub(super) fn confirmed(&self) -> u64 {
        self.confirmed
    }

    /// Whether the file has a beginning that this upload did not send.
    pub(super) fn appends(&self) -> bool {
        self.appends
    }

    /// The last octets that a file of `stored` octets has if it is a beginning of this one; `None` when it is not, or when
    /// they are not to be had any more. What the module was sent in a round that did not end well may have become anything,
    /// so all of that is compared. Where nothing more is to be sent it is as much as can be gone back, for nothing else
    /// tells the file from an old one of the same size.
    pub(super) async fn before(&mut self, stored: u64) -> Option<Vec<u8>> {
        if stored > self.read() {
            return None;
        }
        let from = match self.is_all(stored) {
            true => stored.saturating_sub(KEPT as u64),
            false => stored.min(self.taken).saturating_sub(COMPARED),
        };
        self.seek(from).await.ok()?;
        let mut octets = vec![0; usize::try_from(stored - from).ok()?];
        self.source.read_exact(&mut octets).await.ok()?;
        Some(octets)
    }

    /// Goes back to where a server is to be sent more that has `found`.
    pub(super) async fn rewind(&mut self, found: Found) -> Rest {
        let (to, rest) = match found {
            Found::Beginning(stored) => {
                self.confirmed = self.confirmed.max(stored);
                if self.is_all(stored) {
                    self.taken = stored;
                    return Rest::Nothing;
                }
                (stored, if stored > 0 || self.appends { Rest::Append } else { Rest::All })
            }
            _ if self.appends => return Rest::Lost,
            _ => (0, Rest::All),
        };
        if self.seek(to).await.is_err() {
            return Rest::Lost;
        }
        self.waiting.clear();
        (self.taken, self.ended) = (to, false);
        rest
    }

    /// Octets of the file that were read from the source, or skipped there.
    fn read(&self) -> u64 {
        self.taken + self.waiting.len() as u64
    }

    /// Whether a file of `stored` octets is all that there is.
    fn is_all(&self, stored: u64) -> bool {
        self.ended && stored == self.read()
    }

    /// The octet of the file that is read next.
    async fn seek(&mut self, to: u64) -> std::io::Result<u64> {
        self.source.seek(SeekFrom::Start(self.start.saturating_add(to))).await
    }

    /// Sends what is left over a session whose `first` event came, and returns how many octets the server has then.
    pub(super) async fn run(&mut self, mut session: Session, first: Event) -> Result<u64, FtpError> {
        self.begin();
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
            let at = self.read();
            self.waiting.resize(at_most, 0);
            let read = {
                let room = self.waiting.get_mut(from..).unwrap_or_default();
                let end = session.end();
                pin_mut!(end);
                match select(self.source.read(room), end).await {
                    Either::Left((read, _)) => {
                        read.map_err(|error| FtpError::Source { octets: self.taken, kind: error.kind() })
                    }
                    Either::Right((ended, _)) => {
                        Err(ended.map_or_else(|error| error, |_| FtpError::EndedEarly { octets: self.taken }))
                    }
                }
            };
            // Room that nothing was read into is no part of the source, whatever comes next.
            self.waiting.truncate(from + read.as_ref().copied().unwrap_or(0));
            extend_head(&mut self.head, at, self.waiting.get(from..).unwrap_or_default());
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
                drop(self.waiting.split_to(granted));
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
}

/// Adds what was `read` at the octet `at` of a file to the first octets of it, as far as it is of these and not there yet.
fn extend_head(head: &mut Vec<u8>, at: u64, read: &[u8]) {
    let Some(known) = (head.len() as u64).checked_sub(at) else { return };
    let new = usize::try_from(known).ok().and_then(|known| read.get(known..)).unwrap_or_default();
    let room = (COMPARED as usize).saturating_sub(head.len());
    head.extend(new.iter().take(room));
}

/// Ends the upload. Only the module's last line says that the server has it all, and some firmware never sends it
/// (field logs).
async fn close(mut session: Session, octets: u64) -> Result<u64, FtpError> {
    session.forget_announcements();
    let ended = match session.client().execute(&FtpPutClose).await {
        Ok(_) => {
            let client = session.client().clone();
            let ended = client.within(CLOSING, end(&mut session)).await;
            ended.unwrap_or_else(|| Err(session.silent(CLOSING)))
        }
        Err(error) if error.is_rejected() => match session.refused(error.clone()).await {
            Ok(Event::Ended(..)) => Ok(()),
            Ok(_) => Err(session.command(error)),
            Err(error) => Err(error),
        },
        Err(error) => Err(session.command(error)),
    };
    match ended {
        Ok(()) => Ok(octets),
        Err(FtpError::Silent { .. }) => Err(FtpError::Unconfirmed { octets }),
        Err(error) => Err(error),
    }
}

/// Waits for the last line. What is announced before was so before the end was asked for.
async fn end(session: &mut Session) -> Result<(), FtpError> {
    loop {
        if let Event::Ended(..) = session.event(PATIENCE).await? {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::executor::block_on;
    use futures::io::Cursor;
    use proptest::prelude::*;

    use super::super::window::Window;
    use super::*;

    fn content(octets: u64) -> Vec<u8> {
        (0..octets).map(|n| (n % 251) as u8).collect()
    }

    /// An upload that sent `taken` octets, in rounds, and has read `waiting` more.
    fn broken<S: AsyncRead + AsyncSeek + Unpin>(
        mut upload: Upload<S>,
        taken: u64,
        waiting: u64,
    ) -> Upload<S> {
        let read = |upload: &mut Upload<S>, octets: usize| {
            let mut round = vec![0; octets];
            block_on(upload.source.read_exact(&mut round)).expect("as long as that");
            round
        };
        while upload.taken < taken {
            let octets = (taken - upload.taken).min(1360);
            read(&mut upload, octets as usize);
            upload.taken += octets;
        }
        let rest = read(&mut upload, waiting as usize);
        upload.waiting = rest.as_slice().into();
        upload
    }

    /// What is sent from where the upload stands.
    fn rest<S: AsyncRead + AsyncSeek + Unpin>(mut upload: Upload<S>) -> Vec<u8> {
        let mut rest = upload.waiting.to_vec();
        block_on(upload.source.read_to_end(&mut rest)).expect("in memory");
        rest
    }

    proptest! {
        /// However it is read, and from where on it is read again.
        #[test]
        fn the_first_octets_are_those_of_the_file(
            reads in proptest::collection::vec((0_usize..1_500, proptest::option::of(0_usize..1_500)), 1..8),
        ) {
            let file = content(12_000);
            let (mut head, mut at, mut furthest) = (Vec::new(), 0, 0);
            for (octets, back) in reads {
                let end = at + octets;
                extend_head(&mut head, at as u64, &file[at..end]);
                furthest = furthest.max(end);
                prop_assert!(head == file[..furthest.min(COMPARED as usize)], "{} of {}", head.len(), furthest);
                at = back.map_or(end, |back| back.min(end));
            }
        }

        /// What the server has and what is sent then are the file, or nothing is sent.
        #[test]
        fn an_upload_goes_back_to_where_the_server_is(
            taken in prop_oneof![0_u64..3_000, 60_000_u64..140_000],
            waiting in 0_u64..1_400,
            missing in prop_oneof![0_u64..10, 0_u64..140_000],
            excess in 0_u64..1_500,
            ended: bool,
            is_window: bool,
        ) {
            let file = content(taken + waiting);
            let stored = taken.saturating_sub(missing) + if missing == 0 { excess } else { 0 };
            // All that the server has is of the file.
            let found = if stored <= taken + waiting { Found::Beginning(stored) } else { Found::Other(stored) };
            let (before, rest_of_it, sent) = if is_window {
                let mut upload = broken(Upload::new(Window::new(&file[..]), 0), taken, waiting);
                upload.ended = ended;
                let before = block_on(upload.before(stored));
                (before, block_on(upload.rewind(found)), rest(upload))
            } else {
                let mut source = Cursor::new([b"skipped", &file[..]].concat());
                source.set_position(7);
                let mut upload = broken(Upload::new(source, 7), taken, waiting);
                upload.ended = ended;
                let before = block_on(upload.before(stored));
                (before, block_on(upload.rewind(found)), rest(upload))
            };
            if let Some(before) = &before {
                prop_assert!(file[..stored as usize].ends_with(before));
                prop_assert!(before.len() as u64 >= stored.saturating_sub(taken) + stored.min(taken).min(COMPARED));
            }
            prop_assert!(before.is_some() || is_window || stored > taken + waiting);
            let is_kept = |to: u64| !is_window || (taken + waiting).saturating_sub(to) <= KEPT as u64;
            match rest_of_it {
                Rest::Nothing => prop_assert!(ended && stored == taken + waiting),
                Rest::Append => {
                    prop_assert!(stored > 0 && is_kept(stored));
                    prop_assert!(sent == file[stored as usize..]);
                }
                Rest::All => {
                    prop_assert!(is_kept(0) && (stored == 0 || stored > taken + waiting));
                    prop_assert!(sent == file);
                }
                Rest::Lost => prop_assert!(!is_kept(stored) || stored > taken + waiting && !is_kept(0)),
            }
        }
    }

    #[test]
    fn what_is_appended_is_never_sent_from_the_start() {
        let append = || block_on(Upload::append(Cursor::new(content(5_000)), 0, 2_000)).expect("in memory");
        for found in [Found::Other(2_000), Found::Unreadable(2_000), Found::Untold] {
            assert_eq!(block_on(append().rewind(found)), Rest::Lost);
        }
        for stored in [0, 2_000, 2_500] {
            let mut upload = broken(append(), 3_000, 500);
            assert_eq!(block_on(upload.rewind(Found::Beginning(stored))), Rest::Append);
            assert_eq!(rest(upload), content(5_000)[stored as usize..]);
        }
    }
}
