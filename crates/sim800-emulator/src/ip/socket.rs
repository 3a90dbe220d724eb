//! One connection, and what has come over it and was not handed on yet.

use std::collections::VecDeque;
use std::net::SocketAddr;

use bytes::{Bytes, BytesMut};

use crate::board::Board;
use crate::effect::{Effect, OperationId, SocketRequest, Transport};

/// Octets from the network that a socket holds until the DTE takes them: the module's window.
const WINDOW: usize = 8 * 1024;

/// The states that `AT+CIPSTATUS` tells of a client (manual 8.2.12).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Phase {
    #[default]
    Initial,
    Connecting,
    Connected,
    RemoteClosing,
    Closing,
    Closed,
}

impl Phase {
    const fn name(self) -> &'static str {
        match self {
            Self::Initial => "INITIAL",
            Self::Connecting => "CONNECTING",
            Self::Connected => "CONNECTED",
            Self::RemoteClosing => "REMOTE CLOSING",
            Self::Closing => "CLOSING",
            Self::Closed => "CLOSED",
        }
    }
}

#[derive(Default)]
pub(super) struct Socket {
    pub(super) phase: Phase,
    /// The operation, as long as it has not ended.
    id: Option<OperationId>,
    request: Option<SocketRequest>,
    remote: Option<SocketAddr>,
    buffer: VecDeque<Bytes>,
    held: usize,
    /// What the network may still deliver.
    credit: usize,
    /// Whether the DTE knows that there is something to read.
    is_announced: bool,
    /// Whether it is still to be told so.
    has_news: bool,
    given: u64,
    acknowledged: u64,
}

impl Socket {
    /// Sets out for a server.
    pub(super) fn begin(request: SocketRequest, board: &mut Board) -> Self {
        let id = board.operation();
        board.effect(Effect::Socket { id, request: request.clone() });
        Self { phase: Phase::Connecting, id: Some(id), request: Some(request), ..Self::default() }
    }

    pub(super) fn is(&self, id: OperationId) -> bool {
        self.id == Some(id)
    }

    /// Whether it is or may become connected.
    pub(super) fn is_alive(&self) -> bool {
        self.id.is_some()
    }

    pub(super) fn open(&mut self, remote: SocketAddr, board: &mut Board) {
        self.phase = Phase::Connected;
        self.remote = Some(remote);
        self.grant(board);
    }

    /// The operation has ended; what came over it can still be read.
    pub(super) fn end(&mut self, phase: Phase) {
        self.phase = phase;
        self.id = None;
    }

    /// Ends the operation without a word.
    pub(super) fn cancel(&mut self, board: &mut Board) {
        if let Some(id) = self.id.take() {
            board.effect(Effect::Cancel { id });
        }
    }

    /// Nothing more is sent, and what still comes is not read.
    pub(super) fn finish(&mut self, board: &mut Board) {
        self.phase = Phase::Closing;
        self.forget();
        if let Some(id) = self.id {
            board.effect(Effect::Finish { id });
        }
    }

    /// Drops what has come and was not read.
    pub(super) fn forget(&mut self) {
        self.buffer.clear();
        self.held = 0;
        self.has_news = false;
    }

    pub(super) fn receive(&mut self, octets: Bytes) {
        self.credit = self.credit.saturating_sub(octets.len());
        self.held += octets.len();
        if !octets.is_empty() {
            self.has_news |= !self.is_announced;
            self.buffer.push_back(octets);
        }
    }

    /// How far it is, as far as the DTE may know: that the other side has closed comes behind what it sent.
    pub(super) fn phase_told(&self) -> Phase {
        if self.phase == Phase::RemoteClosing && self.has_news { Phase::Connected } else { self.phase }
    }

    /// Whether the DTE is to be told that there is something to read, which it is told once.
    pub(super) fn announces(&mut self) -> bool {
        let announces = std::mem::take(&mut self.has_news);
        self.is_announced |= announces;
        announces
    }

    /// Octets to be read.
    pub(super) fn held(&self) -> usize {
        self.held
    }

    /// The next octets, at most so many; none if there are none.
    pub(super) fn take(&mut self, most: usize) -> Option<Bytes> {
        self.is_announced = false;
        self.has_news = false;
        let first = self.buffer.front_mut()?;
        if first.len() >= most || self.held == first.len() {
            let taken = first.split_to(first.len().min(most));
            if first.is_empty() {
                self.buffer.pop_front();
            }
            self.held -= taken.len();
            return Some(taken);
        }
        let mut taken = BytesMut::with_capacity(most.min(self.held));
        while let Some(piece) = self.buffer.front_mut() {
            taken.extend_from_slice(&piece.split_to(piece.len().min(most - taken.len())));
            if piece.is_empty() {
                self.buffer.pop_front();
            }
            if taken.len() == most {
                break;
            }
        }
        self.held -= taken.len();
        Some(taken.freeze())
    }

    /// Lets the network fill the window again, half a window at a time.
    pub(super) fn grant(&mut self, board: &mut Board) {
        let free = WINDOW.saturating_sub(self.held + self.credit);
        if let (Phase::Connected, Some(id), true) = (self.phase, self.id, free >= WINDOW / 2) {
            self.credit += free;
            board.effect(Effect::Credit { id, octets: free });
        }
    }

    pub(super) fn send(&mut self, octets: Bytes, board: &mut Board) {
        if let (Phase::Connected, Some(id), false) = (self.phase, self.id, octets.is_empty()) {
            self.given += octets.len() as u64;
            board.effect(Effect::Send { id, octets });
        }
    }

    /// So many octets have left; returns how many have not.
    pub(super) fn sent(&mut self, octets: usize) -> usize {
        self.acknowledged = self.given.min(self.acknowledged.saturating_add(octets as u64));
        self.under_way()
    }

    pub(super) fn under_way(&self) -> usize {
        usize::try_from(self.given - self.acknowledged).unwrap_or(usize::MAX)
    }

    /// `+CIPACK: <given>,<acknowledged>,<not yet>`
    pub(super) fn acknowledgement(&self) -> String {
        format!("+CIPACK: {},{},{}", self.given, self.acknowledged, self.given - self.acknowledged)
    }

    /// `<address>:<port>`
    pub(super) fn remote(&self) -> String {
        self.remote.map_or_else(String::new, |remote| remote.to_string())
    }

    pub(super) fn transport_name(&self) -> &'static str {
        self.request.as_ref().map_or("", |request| Transport::name(request.transport))
    }

    /// `<bearer>,"TCP","<address>","<port>","CONNECTED"`
    pub(super) fn status(&self) -> String {
        let phase = self.phase_told().name();
        let Some(request) = self.request.as_ref().filter(|_| self.phase != Phase::Initial) else {
            return format!(",\"\",\"\",\"\",\"{phase}\"");
        };
        let address = self.remote.map_or_else(|| request.host.clone(), |remote| remote.ip().to_string());
        format!("0,\"{}\",\"{address}\",\"{}\",\"{phase}\"", self.transport_name(), request.port)
    }
}
