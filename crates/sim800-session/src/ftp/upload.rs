//! An upload, in the rounds that the module allows.

use alloc::boxed::Box;
use alloc::vec;
use core::time::Duration;

use bytes::{Buf, BytesMut};
use futures::future::{Either, select};
use futures::pin_mut;

use crate::io::{self, AsyncReadExt, AsyncSeekExt, SeekFrom};
use sim800_command::{FTP_WRITE_LIMIT, FtpPutClose, FtpPutOpen, FtpPutWrite, Number};

use super::digest::Digest;
use super::event::Event;
use super::session::{CHECK, Session, turn_to_server};
use super::source::Source;
use super::{FtpError, FtpStep};
use crate::boxed::boxed;
use crate::engine::{Name, Response};
use crate::error::{Error, Failure, Malformation};

/// How many rounds in a row may move nothing.
const EMPTY_ROUNDS: u32 = 16;

/// How many octets are offered to a module of which it is not known how many it takes: it refuses more than that.
const UNASKED: usize = 256;

/// How many octets of what a server is known to have are compared once more, before more is appended to them.
const COMPARED: u64 = 1024;

/// An upload, over one session or several.
pub(super) struct Upload<S> {
    source: S,
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
    /// Octets that the server was found to have, and no others, when it was asked last.
    known: u64,
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

/// Octets of a server's file, as they are compared with those of an upload.
#[derive(Debug)]
pub(super) struct Comparison {
    /// The octet that comes next.
    position: u64,
    /// Where the file ends.
    end: u64,
    /// Of octets that can only be compared by it.
    digest: Digest,
}

impl Comparison {
    /// The octet that comes next.
    pub(super) fn position(&self) -> u64 {
        self.position
    }

    /// Whether all came that there is.
    pub(super) fn is_complete(&self) -> bool {
        self.position == self.end
    }
}

impl<S: Source> Upload<S> {
    /// Of what `source` has.
    pub(super) fn new(source: S) -> Self {
        Self {
            source,
            taken: 0,
            waiting: BytesMut::new(),
            ended: false,
            begun: false,
            confirmed: 0,
            known: 0,
            appends: false,
        }
    }

    /// Of the same, to a server that has the first `offset` octets of it.
    pub(super) async fn append(source: S, offset: u64) -> Result<Self, FtpError> {
        let mut upload = Self { taken: offset, confirmed: offset, appends: true, ..Self::new(source) };
        match upload.skip(offset).await {
            Ok(()) => Ok(upload),
            Err(error) => Err(FtpError::Source { octets: offset, kind: error.kind() }),
        }
    }

    async fn skip(&mut self, offset: u64) -> io::Result<()> {
        let end = self.source.seek(SeekFrom::End(0)).await?;
        if end < offset {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.ended = end == offset;
        self.source.seek(SeekFrom::Start(offset)).await?;
        Ok(())
    }

    /// Octets of the file that the module took, and that the server had before.
    pub(super) fn taken(&self) -> u64 {
        self.taken
    }

    /// Whether anything may have changed on the server.
    pub(super) fn has_begun(&self) -> bool {
        self.begun
    }

    /// Whether the module took all that there is.
    pub(super) fn is_sent(&self) -> bool {
        self.ended && self.waiting.is_empty()
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

    /// Begins to compare a file of `stored` octets with the beginning of this one; `None` when it is none, or when that is not
    /// to be had any more. All is compared that the server is not known to have: an old file that it kept, or put back, may
    /// be of any size, and differ anywhere.
    pub(super) fn compare(&self, stored: u64) -> Option<Comparison> {
        if stored > self.read() || stored < self.source.first() {
            return None;
        }
        let again = self.known.min(stored).saturating_sub(COMPARED).max(self.source.first());
        Some(Comparison { position: again.min(self.known), end: stored, digest: Digest::new() })
    }

    /// Whether `octets`, which the server has next, are those of this file.
    pub(super) async fn is_like(&mut self, comparison: &mut Comparison, octets: &[u8]) -> bool {
        if octets.len() as u64 > comparison.end - comparison.position {
            return false;
        }
        let first = self.source.first();
        let gone = first.saturating_sub(comparison.position);
        let gone = usize::try_from(gone).unwrap_or(usize::MAX).min(octets.len());
        let (gone, kept) = octets.split_at_checked(gone).unwrap_or((octets, &[]));
        if !gone.is_empty() {
            comparison.digest.push(gone);
            comparison.position += gone.len() as u64;
            if comparison.position == first && comparison.digest != self.source.gone() {
                return false;
            }
        }
        if kept.is_empty() {
            return true;
        }
        let mut own = vec![0; kept.len()];
        let is_there = self.source.seek(SeekFrom::Start(comparison.position)).await.is_ok()
            && self.source.read_exact(&mut own).await.is_ok();
        comparison.position += kept.len() as u64;
        is_there && own == kept
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
        if self.source.seek(SeekFrom::Start(to)).await.is_err() {
            return Rest::Lost;
        }
        self.waiting.clear();
        (self.taken, self.ended, self.known) = (to, false, to);
        self.source.know(to);
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

    /// Sends what is left over a session, and returns how many octets the server has then. The line that announces room may have
    /// been lost, the `first` one as well as another: where none comes, octets are offered without it.
    pub(super) async fn run(
        &mut self,
        mut session: Box<Session>,
        first: Option<Event>,
    ) -> Result<u64, FtpError> {
        // What was lost before the first octet is no loss of theirs.
        session.take_loss();
        let mut waited = if first.is_some() { Duration::ZERO } else { CHECK };
        let mut event = first;
        let (mut at_most, mut empty) = (UNASKED, 0);
        loop {
            if event.is_some() {
                self.begin();
                session.begin(FtpStep::Transfer);
            }
            match event {
                Some(Event::Writable(now)) => {
                    (at_most, waited) = (now.min(FTP_WRITE_LIMIT) as usize, Duration::ZERO);
                }
                Some(_) => return Err(FtpError::EndedEarly { octets: self.taken }),
                None => {}
            }
            self.fill(&mut session, at_most).await?;
            let is_sent = self.is_sent();
            // It may still be sending what it has. Before it took or asked for any, there is nothing to end.
            if is_sent && (event.is_some() || self.begun && waited > CHECK) {
                session.forget_announcements();
                match turn_to_server(session.client(), &FtpPutClose).await {
                    Err(error) if error.is_rejected() && event.is_none() => {}
                    closed => {
                        let taken = self.taken;
                        return boxed(|| close(session, closed, taken)).await;
                    }
                }
            }
            if !is_sent && at_most > 0 {
                match self.write(&mut session, at_most).await? {
                    Ok(granted) => {
                        session.begin(FtpStep::Transfer);
                        empty = if granted == 0 { empty + 1 } else { 0 };
                        waited = Duration::ZERO;
                    }
                    // Perhaps that was not its word, and it asks for them only now.
                    Err(_) if event.is_none() => {
                        session.client().known().doubt();
                        drop(session.client().synchronize().await);
                    }
                    Err(refusal) => match session.refused(refusal).await? {
                        Event::Ended(..) => return Err(FtpError::EndedEarly { octets: self.taken }),
                        _ => return Err(FtpError::NoProgress { operation: session.operation() }),
                    },
                }
            } else if !is_sent {
                empty += 1;
            }
            if empty > EMPTY_ROUNDS {
                return Err(FtpError::NoProgress { operation: session.operation() });
            }
            event = session.event_or_silence(&mut waited, session.patience()).await?;
            check(&mut session)?;
        }
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
                    Either::Right((ended, _)) => {
                        Err(ended.map_or_else(|error| error, |_| FtpError::EndedEarly { octets: self.taken }))
                    }
                }
            };
            // Room that nothing was read into is no part of the source, whatever comes next.
            self.waiting.truncate(from + read.as_ref().copied().unwrap_or(0));
            self.ended = read? == 0;
        }
        Ok(())
    }

    /// Offers what there is, and returns how much of it the module took, or that it refused; the rest is for the next round.
    async fn write(
        &mut self,
        session: &mut Session,
        at_most: usize,
    ) -> Result<Result<usize, Error>, FtpError> {
        let offered = self.waiting.len().min(at_most);
        let length = Number::saturating(u32::try_from(offered).unwrap_or(u32::MAX));
        let mut body = self.waiting.split_to(offered).freeze();
        session.forget_announcements();
        self.begin();
        let write = session.client().encode(&FtpPutWrite { length });
        let write = write.map(|request| request.with_body(body.clone()));
        let result = session.client().submit_new(write, Name::of::<FtpPutWrite>()).await;
        let granted = result.as_ref().ok().and_then(|reply| reply.granted).unwrap_or(0);
        let granted = (granted as usize).min(offered);
        body.advance(granted);
        self.taken += granted as u64;
        if !body.is_empty() {
            self.waiting = [&body[..], &self.waiting].concat().as_slice().into();
        }
        match result {
            Ok(_) => Ok(Ok(granted)),
            Err(error) if error.is_rejected() => Ok(Err(error)),
            Err(error) => Err(session.command(error)),
        }
    }
}

/// A round has ended well unless the line was lost behind it: a result that was nobody's leaves the module waiting for octets,
/// and it takes those of the next command.
fn check(session: &mut Session) -> Result<(), FtpError> {
    if session.take_loss() {
        return Err(session.command(Error::of(&FtpPutOpen, Failure::Malformed(Malformation::Damaged))));
    }
    Ok(())
}

/// Ends the upload. Only the module's last line says that the server has it all, and some firmware never sends it
/// (field logs).
async fn close(
    mut session: Box<Session>,
    closed: Result<Response, Error>,
    octets: u64,
) -> Result<u64, FtpError> {
    session.begin(FtpStep::Close);
    let ended = match closed {
        Ok(_) => {
            // Whatever is announced meanwhile: the module sends what it took, and waits for the server no longer than at any
            // other time.
            let limit = session.standstill();
            let client = session.client().clone();
            let ended = client.within(limit, boxed(|| end(&mut session))).await;
            ended.unwrap_or_else(|| Err(session.silent(limit)))
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

/// Waits for the last line, and for the module to agree with it. What is announced before was so before the end was asked
/// for.
async fn end(session: &mut Session) -> Result<(), FtpError> {
    loop {
        if matches!(session.event(session.patience()).await?, Event::Ended(..)) && !session.goes_on().await? {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;
    use futures::executor::block_on;
    use futures::io::Cursor;
    use proptest::prelude::*;

    use super::super::source::{KEPT, Seekable, Window};
    use super::*;

    fn content(octets: u64) -> Vec<u8> {
        (0..octets).map(|n| (n % 251) as u8).collect()
    }

    /// An upload that sent `taken` octets, in rounds, and has read `waiting` more.
    fn broken<S: Source>(mut upload: Upload<S>, taken: u64, waiting: u64) -> Upload<S> {
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
    fn rest<S: Source>(mut upload: Upload<S>) -> Vec<u8> {
        let mut rest = upload.waiting.to_vec();
        block_on(upload.source.read_to_end(&mut rest)).expect("in memory");
        rest
    }

    /// Whether a file is found to be a beginning of an upload; it comes in pieces.
    fn is_found<S: Source>(upload: &mut Upload<S>, file: &[u8], piece: usize) -> Option<bool> {
        let mut comparison = upload.compare(file.len() as u64)?;
        let mut pieces = file[comparison.position() as usize..].chunks(piece);
        let same = pieces.all(|piece| block_on(upload.is_like(&mut comparison, piece)));
        assert!(!same || comparison.is_complete());
        Some(same)
    }

    proptest! {
        /// What the server has and what is sent then are the file, or nothing is sent; and what it has is compared in all its
        /// octets, twice.
        #[test]
        fn an_upload_goes_back_to_where_the_server_is(
            taken in prop_oneof![0_u64..3_000, 60_000_u64..140_000],
            waiting in 0_u64..1_400,
            missing in prop_oneof![0_u64..10, 0_u64..140_000],
            excess in 0_u64..1_500,
            more in prop_oneof![0_u64..3_000, 60_000_u64..140_000],
            piece in 1_usize..3_000,
            places in [any::<proptest::sample::Index>(), any::<proptest::sample::Index>()],
            ended: bool,
            is_window: bool,
        ) {
            let file = content(taken + waiting + more);
            let stored = taken.saturating_sub(missing) + if missing == 0 { excess } else { 0 };
            if is_window {
                check(Upload::new(Window::new(&file[..])), true, &file, (taken, waiting, stored, more), piece, &places, ended)?;
            } else {
                let mut source = Cursor::new([b"skipped", &file[..]].concat());
                source.set_position(7);
                check(Upload::new(Seekable::new(source, 7)), false, &file, (taken, waiting, stored, more), piece, &places, ended)?;
            }
        }
    }

    fn check<S: Source>(
        upload: Upload<S>,
        is_window: bool,
        file: &[u8],
        (taken, waiting, stored, more): (u64, u64, u64, u64),
        piece: usize,
        places: &[proptest::sample::Index; 2],
        ended: bool,
    ) -> Result<(), TestCaseError> {
        let mut upload = broken(upload, taken, waiting);
        upload.ended = ended && more == 0;
        let read = taken + waiting;
        let damaged = |stored: u64, known: u64, place: proptest::sample::Index| {
            let mut other = file[..stored as usize].to_vec();
            let place = known as usize + place.index((stored - known) as usize);
            other[place] ^= 1;
            other
        };
        let is_kept = |to: u64| !is_window || read.saturating_sub(to) <= KEPT as u64;
        if stored > 0 && stored <= read {
            prop_assert_ne!(is_found(&mut upload, &damaged(stored, 0, places[0]), piece), Some(true));
            let expected = is_kept(stored).then_some(true);
            prop_assert_eq!(is_found(&mut upload, &file[..stored as usize], piece), expected);
        }
        // All that the server has is of the file.
        let found = if stored <= read { Found::Beginning(stored) } else { Found::Other(stored) };
        match block_on(upload.rewind(found)) {
            Rest::Nothing => prop_assert!(upload.ended && stored == read),
            Rest::Append => {
                prop_assert!(stored > 0 && is_kept(stored));
                // It breaks off once more.
                let mut upload = broken(upload, read, more);
                let all = file.len() as u64;
                if all > stored {
                    prop_assert_ne!(
                        is_found(&mut upload, &damaged(all, stored, places[1]), piece),
                        Some(true)
                    );
                }
                prop_assert_eq!(is_found(&mut upload, file, piece), Some(true));
                let rewound = block_on(upload.rewind(Found::Beginning(all)));
                prop_assert_eq!(rewound, Rest::Append);
                prop_assert_eq!(rest(upload).len(), 0);
            }
            Rest::All => {
                prop_assert!(is_kept(0) && (stored == 0 || stored > read));
                prop_assert!(rest(upload) == file);
            }
            Rest::Lost => prop_assert!(!is_kept(stored) || stored > read && !is_kept(0)),
        }
        Ok(())
    }

    #[test]
    fn what_is_appended_is_never_sent_from_the_start() {
        let append = || {
            let source = Seekable::new(Cursor::new(content(5_000)), 0);
            block_on(Upload::append(source, 2_000)).expect("in memory")
        };
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
