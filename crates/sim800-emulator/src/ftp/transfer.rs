//! Transfers that the module does by itself, between the server and its memory or its file system.

use std::time::Duration;

use bytes::{Bytes, BytesMut};

use super::kind::Kind;
use super::session::Life;
use crate::agenda::Timer;
use crate::board::Board;
use crate::effect::{Effect, FtpAction, FtpRequest, OperationId, PutOption};
use crate::file_system::Place;
use crate::network::{FtpFailure, NetworkEvent};

/// The octets that the module's memory holds. The manual's "300k" leaves open which thousand is meant (12.2.20, 12.2.26).
pub(super) const MEMORY: usize = 300_000;

/// The octets that an upload hands to the network at a time.
const PIECE: usize = 4096;

/// What is done when the connection breaks.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Reconnection {
    /// How often it is made again.
    pub(super) times: u8,
    /// How long to wait before.
    pub(super) delay: Duration,
}

/// A transfer that is alive.
pub(super) struct Transfer {
    /// None while it waits to connect again, and when the server is done with it.
    operation: Option<OperationId>,
    kind: Kind,
    cid: u8,
    request: FtpRequest,
    /// Whether the server ever let it begin. What is refused from the start is not tried again.
    begun: bool,
    reconnection: Reconnection,
    course: Course,
}

enum Course {
    Download(Download),
    Upload(Upload),
}

/// Where a download goes.
pub(super) enum Target {
    Memory(BytesMut),
    File(Place),
}

struct Download {
    target: Target,
    received: u64,
    written: u64,
    /// What is not written yet.
    pending: BytesMut,
    /// What the network may still deliver.
    credit: usize,
    /// Whether the server has sent everything.
    complete: bool,
}

/// Where an upload comes from.
pub(super) enum Source {
    Memory(Bytes),
    File(Place),
}

struct Upload {
    source: Source,
    sent: u64,
    /// What the network has not taken yet.
    piece: usize,
    /// Whether the network was told that nothing follows.
    finished: bool,
}

impl Transfer {
    pub(super) fn download(
        kind: Kind,
        cid: u8,
        request: FtpRequest,
        target: Target,
        reconnection: Reconnection,
        board: &mut Board,
    ) -> Self {
        let download = Download {
            target,
            received: 0,
            written: 0,
            pending: BytesMut::new(),
            credit: 0,
            complete: false,
        };
        Self::begin(kind, cid, request, reconnection, Course::Download(download), board)
    }

    pub(super) fn upload(
        kind: Kind,
        cid: u8,
        request: FtpRequest,
        source: Source,
        reconnection: Reconnection,
        board: &mut Board,
    ) -> Self {
        let upload = Upload { source, sent: 0, piece: 0, finished: false };
        Self::begin(kind, cid, request, reconnection, Course::Upload(upload), board)
    }

    fn begin(
        kind: Kind,
        cid: u8,
        request: FtpRequest,
        reconnection: Reconnection,
        course: Course,
        board: &mut Board,
    ) -> Self {
        let mut transfer = Self { operation: None, kind, cid, request, begun: false, reconnection, course };
        transfer.connect(board);
        transfer
    }

    pub(super) fn operation(&self) -> Option<OperationId> {
        self.operation
    }

    pub(super) fn kind(&self) -> Kind {
        self.kind
    }

    pub(super) fn cid(&self) -> u8 {
        self.cid
    }

    /// What the read forms tell: octets that went over the network, and those of them that are where they belong.
    pub(super) fn progress(&self) -> (u64, u64) {
        match &self.course {
            Course::Download(download) => (download.received, download.written),
            Course::Upload(upload) => (upload.sent, upload.sent),
        }
    }

    /// What a download into memory has brought.
    pub(super) fn into_memory(self) -> Option<Bytes> {
        match self.course {
            Course::Download(Download { target: Target::Memory(octets), complete: true, .. }) => {
                Some(octets.freeze())
            }
            _ => None,
        }
    }

    /// Connects to the server, for the first time or again.
    pub(super) fn connect(&mut self, board: &mut Board) {
        let id = board.operation();
        self.operation = Some(id);
        match &mut self.course {
            Course::Download(download) => {
                self.request.rest = download.received;
                download.credit = 0;
            }
            // What the server has of a broken upload nobody knows: it begins anew.
            Course::Upload(upload) => (upload.sent, upload.piece, upload.finished) = (0, 0, false),
        }
        board.effect(Effect::Ftp { id, request: self.request.clone() });
        board.after(board.config.timings.ftp_server, Timer::FtpServer);
    }

    /// News from the network.
    pub(super) fn handle_network(&mut self, event: NetworkEvent, board: &mut Board) -> Life {
        let Some(id) = self.operation else { return Life::Alive };
        let outcome = match (&mut self.course, event) {
            (_, NetworkEvent::FtpFailed(failure)) => {
                self.operation = None;
                return self.lose(failure, board);
            }
            (_, NetworkEvent::FtpReady) => self.handle_ready(id, board),
            (Course::Download(download), NetworkEvent::FtpData(octets)) if self.begun => {
                download.receive(id, &octets, board)
            }
            (Course::Upload(upload), NetworkEvent::FtpSent(octets)) if self.begun => {
                upload.advance(id, octets, board)
            }
            (_, NetworkEvent::FtpDone { .. }) => return self.handle_done(board),
            _ => Ok(()),
        };
        match outcome {
            Ok(()) => {
                self.watch_server(board);
                Life::Alive
            }
            Err(failure) => self.fail(failure, board),
        }
    }

    fn handle_ready(&mut self, id: OperationId, board: &mut Board) -> Result<(), FtpFailure> {
        self.begun = true;
        match &mut self.course {
            Course::Download(download) => {
                download.grant(id, board);
                Ok(())
            }
            Course::Upload(upload) if upload.piece == 0 && !upload.finished => upload.send(id, board),
            Course::Upload(_) => Ok(()),
        }
    }

    fn handle_done(&mut self, board: &mut Board) -> Life {
        self.operation = None;
        board.agenda.cancel(Timer::FtpServer);
        match &mut self.course {
            Course::Upload(upload) if upload.finished => self.end(board),
            // The server ends an upload of its own accord.
            Course::Upload(_) => self.lose(FtpFailure::UPLOAD, board),
            Course::Download(download) => {
                if download.received == 0 && download.prepare().is_err() {
                    return self.fail(FtpFailure::FILE_SYSTEM, board);
                }
                download.complete = true;
                if download.pending.is_empty() { self.end(board) } else { Life::Alive }
            }
        }
    }

    /// What was downloaded is to be in the file by now.
    pub(super) fn handle_store(&mut self, board: &mut Board) -> Life {
        let Course::Download(download) = &mut self.course else { return Life::Alive };
        if download.store().is_err() {
            return self.fail(FtpFailure::FILE_SYSTEM, board);
        }
        if download.complete {
            return self.end(board);
        }
        if let Some(id) = self.operation {
            let was_its_turn = download.credit > 0;
            download.grant(id, board);
            if !was_its_turn {
                self.watch_server(board);
            }
        }
        Life::Alive
    }

    /// The connection is gone, or nobody answers on it.
    pub(super) fn lose(&mut self, failure: FtpFailure, board: &mut Board) -> Life {
        let may_pass = [
            FtpFailure::NETWORK,
            FtpFailure::CONNECT,
            FtpFailure::TIMEOUT,
            FtpFailure::SERVER,
            FtpFailure::UPLOAD,
            FtpFailure::DOWNLOAD,
        ];
        // To append once more would double what is there already.
        let repeatable = matches!(self.request.action, FtpAction::Get | FtpAction::Put(PutOption::Stor));
        if !self.begun || !repeatable || self.reconnection.times == 0 || !may_pass.contains(&failure) {
            return self.fail(failure, board);
        }
        self.cancel(board);
        self.reconnection.times -= 1;
        board.after(self.reconnection.delay, Timer::FtpReconnect);
        Life::Alive
    }

    /// Ends it badly.
    pub(super) fn fail(&mut self, failure: FtpFailure, board: &mut Board) -> Life {
        self.cancel(board);
        board.output.unsolicited(&self.kind.failed(failure));
        Life::Over
    }

    /// Drops the connection, if there is one.
    pub(super) fn cancel(&mut self, board: &mut Board) {
        board.agenda.cancel(Timer::FtpServer);
        if let Some(id) = self.operation.take() {
            board.effect(Effect::Cancel { id });
        }
    }

    /// Ends it well.
    fn end(&mut self, board: &mut Board) -> Life {
        let (octets, _) = self.progress();
        let line = match self.kind {
            Kind::GetToFiles | Kind::PutFromFiles => format!("{}: 0,{octets}", self.kind.name()),
            _ => format!("{}: 1,0", self.kind.name()),
        };
        board.output.unsolicited(&line);
        Life::Over
    }

    /// The server's silence counts only while it is its turn.
    fn watch_server(&self, board: &mut Board) {
        let waits_for_file = match &self.course {
            Course::Download(download) => self.begun && download.credit == 0,
            Course::Upload(_) => false,
        };
        if waits_for_file {
            board.agenda.cancel(Timer::FtpServer);
        } else {
            board.after(board.config.timings.ftp_server, Timer::FtpServer);
        }
    }
}

impl Download {
    /// Makes the file, over one that is there: with the first octets, for a download that was quit before has left none (field log).
    fn prepare(&self) -> Result<(), FtpFailure> {
        match &self.target {
            Target::Memory(_) => Ok(()),
            Target::File(place) => place.overwrite().map_err(|_| FtpFailure::FILE_SYSTEM),
        }
    }

    fn receive(&mut self, id: OperationId, octets: &[u8], board: &mut Board) -> Result<(), FtpFailure> {
        self.credit = self.credit.checked_sub(octets.len()).ok_or(FtpFailure::DOWNLOAD)?;
        if self.received == 0 {
            self.prepare()?;
        }
        self.received += octets.len() as u64;
        match &mut self.target {
            Target::Memory(memory) => {
                if memory.len() + octets.len() > MEMORY {
                    return Err(FtpFailure::DOWNLOAD);
                }
                memory.extend_from_slice(octets);
                self.written = self.received;
                self.grant(id, board);
            }
            Target::File(_) => {
                if self.pending.is_empty() && !octets.is_empty() {
                    board.after(board.config.timings.fs_write, Timer::PutOption);
                }
                self.pending.extend_from_slice(octets);
            }
        }
        Ok(())
    }

    fn store(&mut self) -> Result<(), FtpFailure> {
        if let Target::File(place) = &self.target {
            let octets = std::mem::take(&mut self.pending);
            place.write(self.written, &octets).map_err(|_| FtpFailure::FILE_SYSTEM)?;
            self.written += octets.len() as u64;
        }
        Ok(())
    }

    /// Lets the network fill the window again, half a window at a time.
    fn grant(&mut self, id: OperationId, board: &mut Board) {
        let window = board.config.ftp_window.max(PIECE);
        let free = window.saturating_sub(self.pending.len() + self.credit);
        if free >= window / 2 {
            self.credit += free;
            board.effect(Effect::Credit { id, octets: free });
        }
    }
}

impl Upload {
    /// The network has taken octets.
    fn advance(&mut self, id: OperationId, octets: usize, board: &mut Board) -> Result<(), FtpFailure> {
        let taken = octets.min(self.piece);
        self.piece -= taken;
        self.sent += taken as u64;
        if self.piece == 0 && taken > 0 { self.send(id, board) } else { Ok(()) }
    }

    /// Hands the next octets to the network.
    fn send(&mut self, id: OperationId, board: &mut Board) -> Result<(), FtpFailure> {
        let octets = match &self.source {
            Source::Memory(octets) => {
                let start = usize::try_from(self.sent).unwrap_or(usize::MAX).min(octets.len());
                octets.slice(start..octets.len().min(start + PIECE))
            }
            Source::File(place) => place.read(self.sent, PIECE).map_err(|_| FtpFailure::FILE_SYSTEM)?,
        };
        self.piece = octets.len();
        if octets.is_empty() {
            self.finished = true;
            board.effect(Effect::Finish { id });
        } else {
            board.effect(Effect::Send { id, octets });
        }
        Ok(())
    }
}
