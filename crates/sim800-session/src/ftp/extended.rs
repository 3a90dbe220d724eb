//! Whole files by way of the module's memory: the line and the network each at their own pace.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::time::Duration;

use bytes::{Bytes, BytesMut};
use futures::{StreamExt, stream};

use crate::io::AsyncRead;
use sim800_command::{
    FTP_EXTENDED_LIMIT, FsStorage, FtpExtGetEnd, FtpExtGetOpen, FtpExtGetProgress, FtpExtGetRead,
    FtpExtGetSave, FtpExtGetStatus, FtpExtPutBegin, FtpExtPutEnd, FtpExtPutLoad, FtpPutOpen, Number, Text,
};

use super::event::Event;
use super::progress::{FtpProgress, Status};
use super::session::Session;
use super::settings::Target;
use super::size::{enough, exactly, size_of_fetched};
use super::source::Window;
use super::upload::Upload;
use super::{Download, Ftp, FtpError, FtpOperation, FtpStep, progress};
use crate::bearer::Bearer;
use crate::deadline::Deadline;
use crate::engine::Name;
use crate::error::{Error, Failure, Malformation};
use crate::loss::{Loss, Transient};
use crate::overlap::Overlap;
use crate::reader::gather;
use crate::retry::Attempts;
use crate::settings::Setting;
use crate::stride::Stride;

/// The most octets that are loaded into the module at once, and how long that may take on the line. There is nothing to gain
/// from more, and what the line loses, or a module that dies, is noticed when they are due.
const LOAD: u32 = 16_384;
const LOAD_TIME: Duration = Duration::from_secs(4);

/// How many loads in a row may move nothing.
const EMPTY_LOADS: u32 = 16;

impl Ftp {
    /// Downloads a file into the module's memory, of 300,000 octets at most; from there it can be read, any part of it
    /// and again. `progress` is told how far it has come, every few seconds.
    ///
    /// The server is not kept waiting by a slow reader, as it is by one of [`get`](Self::get). It is asked for the size of the
    /// file before, by a session of its own; one that ends short of it is fetched again.
    ///
    /// # Errors
    ///
    /// [`FtpError`]; before anything is sent when a value cannot stand in a command.
    pub async fn get_extended(
        &self,
        path: &str,
        mut progress: impl FnMut(FtpProgress),
    ) -> Result<Extended, FtpError> {
        let deadline = self.deadline(FtpOperation::GetExtended);
        let mut attempts = Attempts::new(&self.bearer);
        let fetched = deadline.run(|| async {
            loop {
                let fetched = self.after(&attempts).fetch_extended(path, &mut progress).await;
                if let Some(fetched) = attempts.settle(fetched).await? {
                    return Ok(fetched);
                }
            }
        });
        let (session, size) = fetched.await?;
        session.is_handed_out();
        let window = Stride::new(self.bearer.client().config().octets_at_once());
        Ok(Extended { session, size, window, attempts, deadline, position: 0, overlap: Overlap::default() })
    }

    async fn fetch_extended(
        &self,
        path: &str,
        progress: &mut impl FnMut(FtpProgress),
    ) -> Result<(Box<Session>, Option<u64>), FtpError> {
        let mut session = self.prepare(FtpOperation::GetExtended, Target::Source(path)).await?;
        let size = if self.options.ascii { None } else { session.size_if_told().await? };
        session.afterwards(&FtpExtGetEnd)?;
        let status = |status| match status {
            FtpExtGetProgress::Idle => Status::Idle,
            FtpExtGetProgress::Running { received } => {
                Status::Running(FtpProgress { moved: received, written: None })
            }
            _ => Status::Unclear,
        };
        progress::run(&mut session, &FtpExtGetOpen, &FtpExtGetStatus, status, progress).await?;
        session.begin(FtpStep::Transfer);
        let size = match size {
            Some(told) => Some(check(&mut session, told).await?),
            None => None,
        };
        Ok((session, size))
    }

    /// Loads all that `source` has into the module's memory, 300,000 octets at most, and uploads it then. Returns how many
    /// octets that were once the server has confirmed them.
    ///
    /// The server is not kept waiting by a slow `source`, as it is by one of [`put`](Self::put). Sizes are compared as there.
    ///
    /// # Errors
    ///
    /// [`FtpError`]; before anything is sent when a value cannot stand in a command, and before the server is asked to store
    /// anything when `source` is too long.
    pub async fn put_extended(&self, path: &str, source: impl AsyncRead + Unpin) -> Result<u64, FtpError> {
        self.deadline(FtpOperation::PutExtended)
            .run(|| async {
                let config = self.bearer.client().config();
                let load = config.piece(LOAD);
                let load = u32::try_from(config.transferable(LOAD_TIME)).unwrap_or(load).clamp(1, load);
                let mut pieces = Pieces { source, load, read: Vec::new() };
                let (operation, mut attempts) = (FtpOperation::PutExtended, Attempts::new(&self.bearer));
                let before = self.before(path).await?;
                loop {
                    let sent = self.after(&attempts).send_extended(path, &mut pieces).await.map(Some);
                    if let Some(sent) = self.settle(operation, path, before, sent, &mut attempts).await? {
                        return Ok(sent.unwrap_or(0));
                    }
                }
            })
            .await
    }

    async fn send_extended(
        &self,
        path: &str,
        pieces: &mut Pieces<impl AsyncRead + Unpin>,
    ) -> Result<u64, FtpError> {
        let operation = FtpOperation::PutExtended;
        let mut session = self.prepare(operation, Target::Destination(path)).await?;
        session.afterwards(&FtpExtPutEnd)?;
        match session.insist(&FtpExtPutBegin).await {
            Err(FtpError::Command { source, .. }) if source.is_rejected() => {
                return Err(FtpError::NotSupported { operation, source });
            }
            result => result?,
        };
        let octets = load(&mut session, pieces, &self.bearer).await?;
        if octets == 0 {
            // Nothing can be loaded of an empty file.
            session.set(&[Setting::new("extended upload", Ok(FtpExtPutEnd))?]).await?;
            let first = session.open(&FtpPutOpen).await?;
            return Upload::new(Window::new(&mut pieces.source)).run(session, Some(first)).await;
        }
        send_loaded(&mut session, octets).await?;
        Ok(u64::from(octets))
    }
}

/// How many octets are in the module's memory, if these are as many as the server `told`.
async fn check(session: &mut Session, told: u64) -> Result<u64, FtpError> {
    // More than that is refused by the module.
    let size = u32::try_from(told).unwrap_or(FTP_EXTENDED_LIMIT).min(FTP_EXTENDED_LIMIT);
    let is_there = size == 0 || has(session, size - 1).await?;
    // Where it ends.
    let (mut found, mut missing) = match is_there {
        true if has(session, size).await? => (size + 1, FTP_EXTENDED_LIMIT),
        true => (size, size),
        false => (0, size - 1),
    };
    while found < missing {
        let middle = found + (missing - found) / 2;
        if has(session, middle).await? { found = middle + 1 } else { missing = middle }
    }
    let found = u64::from(found);
    enough(session, Some(told), found).await.map(|()| found)
}

/// Whether the octet at `position` is in the module's memory.
async fn has(session: &mut Session, position: u32) -> Result<bool, FtpError> {
    if position >= FTP_EXTENDED_LIMIT {
        return Ok(false);
    }
    let read = FtpExtGetRead { position: Number::saturating(position), length: Number::MIN };
    let mut there = session.client().ask(&read).await;
    if there.as_ref().is_ok_and(|reply| reply.information.is_empty()) {
        // Without a count it may be the result of nobody, and its own would answer what is asked next.
        drop(session.client().synchronize().await);
        there = session.client().ask(&read).await;
    }
    match there {
        Ok(reply) => Ok(!reply.payload.is_empty()),
        Err(error) if error.is_rejected() => Ok(false),
        Err(error) => Err(session.command(error)),
    }
}

/// A source and what was read of it, kept to be loaded again: at most what the module's memory holds.
struct Pieces<S> {
    source: S,
    /// Octets of a piece, at most.
    load: u32,
    read: Vec<Bytes>,
}

impl<S: AsyncRead + Unpin> Pieces<S> {
    /// The `n`th piece, which begins at `position`; empty at the end.
    async fn piece(&mut self, n: usize, position: u32) -> Result<Bytes, FtpError> {
        if let Some(piece) = self.read.get(n) {
            return Ok(piece.clone());
        }
        // At the limit one octet, to see whether there is more.
        let room = (FTP_EXTENDED_LIMIT - position).clamp(1, self.load);
        let piece = gather(&mut self.source, room as usize)
            .await
            .map_err(|error| FtpError::Source { octets: u64::from(position), kind: error.kind() })?;
        if !piece.is_empty() {
            if position >= FTP_EXTENDED_LIMIT {
                return Err(FtpError::TooLarge { limit: u64::from(FTP_EXTENDED_LIMIT) });
            }
            self.read.push(piece.clone());
        }
        Ok(piece)
    }
}

/// Sends what is in the module's memory, `at_most` so many octets, which the module does without a word. A GPRS link that is
/// worse than a thousand octets per second is worse than none.
pub(super) async fn send_loaded(session: &mut Session, at_most: u32) -> Result<(), FtpError> {
    let limit = session.patience() + Duration::from_millis(u64::from(at_most));
    match session.open_within(&FtpPutOpen, limit).await? {
        Event::Ended(..) => Ok(()),
        // It asks for octets, as in the normal mode.
        _ => Err(FtpError::NoProgress { operation: session.operation() }),
    }
}

/// Loads all of a source, and returns how many octets that were.
async fn load(
    session: &mut Session,
    pieces: &mut Pieces<impl AsyncRead + Unpin>,
    bearer: &Bearer,
) -> Result<u32, FtpError> {
    let mut course = (Attempts::new(bearer), Stride::new(pieces.load));
    let mut position = 0;
    for n in 0.. {
        let piece = pieces.piece(n, position).await?;
        if piece.is_empty() {
            break;
        }
        position = load_piece(session, piece, position, &mut course).await?;
    }
    Ok(position)
}

/// Loads a piece and returns where the next one goes. What the line damaged is loaded again, to the same place, in smaller ones.
async fn load_piece(
    session: &mut Session,
    mut piece: Bytes,
    mut position: u32,
    (attempts, stride): &mut (Attempts<FtpError>, Stride),
) -> Result<u32, FtpError> {
    let mut empty = 0;
    while !piece.is_empty() {
        session.is_used();
        let part = piece.slice(..piece.len().min(stride.octets() as usize));
        let length = u32::try_from(part.len()).unwrap_or(u32::MAX);
        let time = session.client().config().transfer_time(part.len()) + Duration::from_secs(5);
        let command = FtpExtPutLoad {
            position: Number::saturating(position),
            length: Number::saturating(length),
            time: Number::saturating(u32::try_from(time.as_millis()).unwrap_or(u32::MAX)),
        };
        let reply = match session.client().transmit(&command, part).await {
            Ok(reply) => reply,
            Err(error) => {
                let error = session.command(error);
                if error.loss(true) != Some(Loss::Response) {
                    return Err(error);
                }
                stride.lost();
                attempts.again(error, Some(u64::from(position))).await?;
                continue;
            }
        };
        attempts.succeeded();
        stride.came();
        let granted = reply.granted.unwrap_or(0).min(length);
        empty = if granted == 0 { empty + 1 } else { 0 };
        if empty > EMPTY_LOADS {
            return Err(FtpError::NoProgress { operation: session.operation() });
        }
        position += granted;
        piece = piece.slice(granted as usize..);
    }
    Ok(position)
}

/// A file in the module's memory, from [`Ftp::get_extended`]. No other FTP operation begins before it is dropped: one waits for
/// as long as this is being read, and fails with [`FtpError::InUse`] when it is not for a minute.
///
/// What is read of it in several windows begins, in each, with the last octets of the one before, and the last ones of all are read
/// again by themselves: behind them, nothing that the line made of a payload can follow.
#[derive(Debug)]
pub struct Extended {
    session: Box<Session>,
    /// Octets that are there, where that was found out.
    size: Option<u64>,
    window: Stride,
    attempts: Attempts<FtpError>,
    deadline: Deadline<FtpError>,
    /// Where `overlap` ends.
    position: u32,
    /// What was read last, as far as it comes again.
    overlap: Overlap,
}

/// What one command read that was not read before.
struct Piece {
    octets: Bytes,
    /// They are the last ones that are wanted, or there are: that was looked at.
    is_last: bool,
}

impl Extended {
    /// Reads `length` octets from `position` on, counted from 0; fewer where the file ends, none behind its end.
    ///
    /// # Errors
    ///
    /// [`FtpError`].
    pub async fn read(&mut self, position: u32, length: u32) -> Result<Bytes, FtpError> {
        let deadline = self.deadline.clone();
        deadline
            .run(|| async {
                let mut octets = BytesMut::new();
                let mut left = length;
                while left > 0 {
                    let Some(position) =
                        u32::try_from(octets.len()).ok().and_then(|read| position.checked_add(read))
                    else {
                        break;
                    };
                    let Piece { octets: piece, is_last } = self.piece(position, left).await?;
                    left = left.saturating_sub(u32::try_from(piece.len()).unwrap_or(u32::MAX));
                    if is_last && octets.is_empty() {
                        return Ok(piece);
                    }
                    octets.extend_from_slice(&piece);
                    if is_last {
                        break;
                    }
                }
                Ok(octets.freeze())
            })
            .await
    }

    /// Saves the file as `name` in `C:\User\FTP\` of the module's file system, and returns its size in octets.
    ///
    /// # Errors
    ///
    /// [`FtpError`], with [`Incomplete`](FtpError::Incomplete) when it is shorter than the server told; before anything is
    /// sent when the name, of 64 octets at most, cannot stand in a command.
    pub async fn save(&mut self, name: &str) -> Result<u64, FtpError> {
        let deadline = self.deadline.clone();
        deadline
            .run(|| async {
                let text =
                    Text::new(name).map_err(|reason| FtpError::Invalid { what: "file name", reason })?;
                self.session.is_used();
                let operation = self.session.operation();
                let save = FtpExtGetSave { name: text };
                let told = self.session.client().query(&save, |saved| saved.size).await;
                let told = told.map_err(|error| self.session.command(error))?;
                let client = self.session.client();
                let found = size_of_fetched(client, FsStorage::Internal, name, operation).await?;
                self.session.is_handed_out();
                exactly(self.size, found.unwrap_or(told), operation)
            })
            .await
    }

    /// All of the file, from its start, in windows of [`Config::window`](crate::Config::window) octets.
    pub fn into_download(self) -> Download {
        let (size, deadline) = (self.size, self.deadline.clone());
        let pieces = stream::try_unfold(Some((self, 0_u32)), |rest| async move {
            let Some((mut file, position)) = rest else { return Ok(None) };
            let Piece { octets, is_last } = file.piece(position, u32::MAX).await?;
            let position = position.saturating_add(u32::try_from(octets.len()).unwrap_or(u32::MAX));
            if is_last {
                file.ends_at(position)?;
            }
            // With the last ones, the session is let go.
            let rest = (!is_last).then_some((file, position));
            Ok((!octets.is_empty()).then_some((octets, rest)))
        });
        deadline.read(Download::new(pieces.boxed(), size))
    }

    /// Nothing is read behind `position`: that is the end of the file, if it is as long as was found.
    fn ends_at(&self, position: u32) -> Result<(), FtpError> {
        exactly(self.size, u64::from(position), self.session.operation()).map(drop)
    }

    /// The octets from `position` on, `length` of them at most. What the line damaged is read again; what is in the module's memory no
    /// longer cannot be.
    async fn piece(&mut self, position: u32, length: u32) -> Result<Piece, FtpError> {
        self.session.is_used();
        let piece = self.piece_again(position, length).await;
        self.session.is_handed_out();
        piece
    }

    async fn piece_again(&mut self, position: u32, length: u32) -> Result<Piece, FtpError> {
        if self.position != position {
            (self.position, self.overlap) = (position, Overlap::default());
        }
        loop {
            let before = self.overlap;
            let error = match self.piece_once(position, length).await {
                Ok(piece) => {
                    self.attempts.succeeded();
                    self.window.came();
                    return Ok(piece);
                }
                Err(error) => error,
            };
            (self.position, self.overlap) = (position, before);
            if error.loss(true) != Some(Loss::Response) {
                return Err(error);
            }
            self.window.lost();
            self.attempts.again(error, Some(u64::from(position))).await?;
        }
    }

    async fn piece_once(&mut self, position: u32, length: u32) -> Result<Piece, FtpError> {
        let room = FTP_EXTENDED_LIMIT.saturating_sub(position);
        let asked = length.min(self.window.octets()).min(room);
        let octets = self.behind_overlap(asked).await?;
        let is_short = octets.len() < asked as usize;
        if octets.is_empty() {
            // Where there is more, the count was that of another command.
            return match self.size.is_some_and(|size| u64::from(position) < size) {
                true => Err(self.malformed(Malformation::Information)),
                false => Ok(Piece { octets, is_last: true }),
            };
        }
        self.position += u32::try_from(octets.len()).unwrap_or(u32::MAX);
        self.overlap.follow(&octets, octets.len());
        let is_all = asked == length || self.size == Some(u64::from(self.position));
        if !is_short && !is_all && asked < room {
            return Ok(Piece { octets, is_last: false });
        }
        // The end comes again, and the octet behind it, if there is one.
        let is_end = self.behind_overlap(1).await?.is_empty();
        Ok(Piece { octets, is_last: is_end || asked == length })
    }

    /// At most so many octets behind those that come again, which are compared.
    async fn behind_overlap(&mut self, octets: u32) -> Result<Bytes, FtpError> {
        let again = self.overlap.length();
        let asked =
            octets.saturating_add(again).min(FTP_EXTENDED_LIMIT.saturating_sub(self.position - again));
        if asked == 0 {
            return Ok(Bytes::new());
        }
        let read = self.read_window(self.position - again, asked).await?;
        match self.overlap.tell_apart(read) {
            Some((came, new)) if came == again as usize => Ok(new),
            _ => Err(self.malformed(Malformation::Damaged)),
        }
    }

    fn malformed(&mut self, malformation: Malformation) -> FtpError {
        let failure = Failure::Malformed(malformation);
        self.session.command(Error::new(&Name::of::<FtpExtGetRead>(), failure))
    }

    async fn read_window(&mut self, position: u32, length: u32) -> Result<Bytes, FtpError> {
        let read = |position, length| FtpExtGetRead {
            position: Number::saturating(position),
            length: Number::saturating(length),
        };
        let client = self.session.client();
        let result = match client.execute(&read(position, length)).await {
            // Without a count it may be the result of nobody.
            Ok(reply) if reply.information.is_empty() => {
                let failure = Failure::Malformed(Malformation::Information);
                Err(Error::of(&read(position, length), failure))
            }
            result => result,
        };
        match result {
            Ok(reply) => Ok(reply.payload),
            // No document tells what comes behind the end of the file. There, the octet before is the last one; a refusal for
            // another reason must not pass for that. What was read before is in the file.
            Err(error)
                if matches!(error.failure(), Failure::Rejected(_) | Failure::Malformed(_))
                    && position > 0
                    && self.overlap.length() == 0 =>
            {
                match client.execute(&read(position - 1, 2)).await {
                    Ok(reply) if reply.payload.len() == 1 => Ok(Bytes::new()),
                    _ => Err(self.session.command(error)),
                }
            }
            Err(error) => Err(self.session.command(error)),
        }
    }
}
