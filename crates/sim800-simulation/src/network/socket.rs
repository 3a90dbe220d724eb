//! TCP and UDP servers in memory.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use sim800_emulator::{NetworkEvent, OperationId, SocketFailure, SocketRequest, Transport};

use super::{Mishap, State};

/// The most octets that come at once: about a TCP segment.
const PIECE: usize = 1460;

/// What a server does with whoever connects.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_enums, reason = "plain data, made by the tests that use it")]
pub enum Service {
    /// It sends back what it gets.
    Echo,
    /// It takes what it gets.
    Sink,
    /// It sends this and closes the connection.
    Source(Bytes),
    /// It sends this, takes what it gets, and waits for the client to close the connection.
    Both(Bytes),
    /// It answers what it gets.
    Spoken(Arc<dyn Language>),
}

/// What a server speaks.
pub trait Language: fmt::Debug + Send + Sync {
    /// The server's side of a new connection.
    fn begin(&self) -> Box<dyn Speaker>;
}

/// The server's side of a connection.
pub trait Speaker: fmt::Debug + Send {
    /// Takes octets of the client; what it sends then, and whether it closes the connection behind that.
    fn hear(&mut self, octets: &[u8]) -> (Vec<u8>, bool);
}

/// A connection to a server, and what has come of it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Connection {
    /// The server's name.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// What the client sent, as far as it came.
    pub received: Bytes,
    /// When each piece of that was on its way, and how long it is.
    pub pieces: Vec<(Duration, usize)>,
    /// How many octets were handed to the module.
    pub sent: u64,
    /// Whether the client has closed it behind all that it sent.
    pub is_closed: bool,
    /// Whether it broke.
    pub is_broken: bool,
}

#[derive(Debug)]
pub(super) struct Listener {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) service: Service,
}

/// A connection that is under way.
#[derive(Debug)]
pub(super) struct Peer {
    id: OperationId,
    host: String,
    port: u16,
    is_echo: bool,
    speaker: Option<Box<dyn Speaker>>,
    closes: bool,
    received: BytesMut,
    pieces: Vec<(Duration, usize)>,
    /// What is to be sent still.
    rest: BytesMut,
    sent: u64,
    credit: usize,
    /// When it is open.
    ready: Duration,
    /// After how many octets, both ways, it breaks.
    breaks: Option<u64>,
    is_over: bool,
    is_closed: bool,
}

impl State {
    /// The address of a host that somebody listens on.
    fn address(&self, host: &str) -> Option<Ipv4Addr> {
        let place = self.listeners.iter().position(|listener| listener.host.eq_ignore_ascii_case(host))?;
        Some(Ipv4Addr::new(203, 0, 113, u8::try_from(place + 1).ok()?))
    }

    pub(super) fn resolve(&mut self, now: Duration, id: OperationId, host: &str) {
        let addresses = match host.parse() {
            Ok(address) => vec![address],
            Err(_) => self.address(host).into_iter().map(Into::into).collect(),
        };
        if self.mishap(|_| false) == Some(Mishap::Silence) {
            return;
        }
        self.tell(now + self.latency, id, NetworkEvent::Addresses(addresses));
    }

    pub(super) fn connect(&mut self, now: Duration, id: OperationId, request: &SocketRequest) {
        let mishap = self.mishap(|mishap| matches!(mishap, Mishap::SocketBreak { .. }));
        let ready = now + self.latency;
        if mishap == Some(Mishap::Silence) {
            return;
        }
        let listener = self.listeners.iter().find(|listener| {
            let is_host = self.address(&listener.host).map(|address| address.to_string())
                == Some(request.host.clone())
                || listener.host == request.host;
            is_host && listener.port == request.port
        });
        let Some(listener) = listener.filter(|_| request.transport != Transport::Tls) else {
            return self.tell(ready, id, NetworkEvent::SocketFailed(SocketFailure::Connect));
        };
        let (rest, closes) = match &listener.service {
            Service::Echo | Service::Sink | Service::Spoken(_) => (Bytes::new(), false),
            Service::Source(octets) => (octets.clone(), true),
            Service::Both(octets) => (octets.clone(), false),
        };
        let address = self.address(&listener.host).unwrap_or(Ipv4Addr::UNSPECIFIED);
        let remote = SocketAddr::from((address, listener.port));
        self.peers.push(Peer {
            id,
            host: listener.host.clone(),
            port: listener.port,
            is_echo: matches!(listener.service, Service::Echo),
            speaker: match &listener.service {
                Service::Spoken(language) => Some(language.begin()),
                _ => None,
            },
            closes,
            received: BytesMut::new(),
            pieces: Vec::new(),
            rest: BytesMut::from(&rest[..]),
            sent: 0,
            credit: 0,
            ready,
            breaks: match mishap {
                Some(Mishap::SocketBreak { after }) => Some(after),
                _ => None,
            },
            is_over: false,
            is_closed: false,
        });
        self.tell(ready, id, NetworkEvent::SocketOpen { remote });
    }

    fn peer(&mut self, id: OperationId) -> Option<&mut Peer> {
        self.peers.iter_mut().find(|peer| peer.id == id && !peer.is_over)
    }

    /// Whether it is a socket that may get octets.
    pub(super) fn grant_socket(&mut self, now: Duration, id: OperationId, octets: usize) -> bool {
        let Some(peer) = self.peer(id) else { return false };
        peer.credit += octets;
        self.pour(now, id);
        true
    }

    /// Octets for a server; whether it is one.
    pub(super) fn take(&mut self, now: Duration, id: OperationId, octets: &Bytes) -> bool {
        let latency = self.latency;
        let Some(peer) = self.peer(id) else { return false };
        let passed = peer.pass(octets.len());
        let taken = octets.get(..passed).unwrap_or_default();
        peer.received.extend_from_slice(taken);
        peer.pieces.push((now, taken.len()));
        if peer.is_echo {
            peer.rest.extend_from_slice(taken);
        }
        if let Some(speaker) = &mut peer.speaker {
            let (says, closes) = speaker.hear(taken);
            peer.rest.extend_from_slice(&says);
            peer.closes |= closes;
        }
        self.tell(now + latency, id, NetworkEvent::SocketSent(passed));
        self.pour(now, id);
        true
    }

    /// The client sends nothing more; whether it was one of a socket.
    pub(super) fn finish_socket(&mut self, now: Duration, id: OperationId) -> bool {
        let latency = self.latency;
        let Some(peer) = self.peer(id) else { return false };
        peer.is_over = true;
        peer.is_closed = true;
        self.tell(now + latency, id, NetworkEvent::SocketClosed);
        true
    }

    pub(super) fn cancel_socket(&mut self, id: OperationId) {
        if let Some(peer) = self.peer(id) {
            peer.is_over = true;
        }
    }

    /// Sends what may be sent.
    fn pour(&mut self, now: Duration, id: OperationId) {
        let latency = self.latency;
        let mut events = Vec::new();
        let Some(peer) = self.peer(id) else { return };
        let time = peer.ready.max(now + latency);
        while peer.credit > 0 && !peer.rest.is_empty() && !peer.is_broken() {
            let length = peer.rest.len().min(peer.credit).min(PIECE);
            let passed = peer.pass(length);
            let piece = peer.rest.split_to(length).freeze();
            peer.credit -= length;
            peer.sent += passed as u64;
            events.push(NetworkEvent::SocketData(piece.slice(..passed)));
        }
        if peer.is_broken() || (peer.closes && peer.rest.is_empty()) {
            peer.is_over = true;
            events.push(NetworkEvent::SocketClosed);
        }
        events.into_iter().for_each(|event| self.tell(time, id, event));
    }

    pub(super) fn connections(&self) -> Vec<Connection> {
        let connection = |peer: &Peer| Connection {
            host: peer.host.clone(),
            port: peer.port,
            received: peer.received.clone().freeze(),
            pieces: peer.pieces.clone(),
            sent: peer.sent,
            is_closed: peer.is_closed,
            is_broken: peer.is_broken(),
        };
        self.peers.iter().map(connection).collect()
    }
}

impl Peer {
    /// How many of so many octets pass before it breaks.
    fn pass(&mut self, octets: usize) -> usize {
        let Some(left) = &mut self.breaks else { return octets };
        let passed = octets.min(usize::try_from(*left).unwrap_or(usize::MAX));
        *left -= passed as u64;
        passed
    }

    fn is_broken(&self) -> bool {
        self.breaks == Some(0)
    }
}
