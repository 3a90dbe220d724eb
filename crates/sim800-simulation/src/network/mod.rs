//! The network in memory: a few servers that never were.

mod ftp;
mod http;
mod manner;
mod socket;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use sim800_emulator::{Effect, FtpFailure, FtpRequest, HttpFailure, HttpRequest, NetworkEvent, OperationId};

pub use http::Resource;
pub use manner::{HeadShape, Manner};
pub use socket::{Connection, Language, Service, Speaker};

/// Everything that the module of a [`World`](super::World) can reach. Clones are the same network.
///
/// HTTP: every host that has a [`Resource`] exists, all others do not (603). GET honours ranges, POST stores its body, DELETE removes;
/// redirections are followed on request. FTP: there is one server under all names; directories that a path names need not be made
/// before. Each operation takes the [latency](Self::set_latency) until its answer comes, with half of a body sent or received on the
/// way; data then flows as fast as the module grants credit. TCP and UDP: there are the servers that [listen](Self::listen).
#[derive(Clone, Debug, Default)]
pub struct Network {
    state: Arc<Mutex<State>>,
}

/// Something that goes wrong with one operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Mishap {
    /// The next HTTP request fails.
    Http(HttpFailure),
    /// The next FTP transfer breaks once so many octets have passed, unless it is over before; with none, the next session of
    /// any kind fails.
    Ftp {
        /// Octets that still pass.
        after: u64,
        /// Why it breaks.
        failure: FtpFailure,
    },
    /// The next FTP transfer stands still once so many octets have passed, unless it is over before; the server says nothing more.
    FtpStall {
        /// Octets that still pass.
        after: u64,
    },
    /// The next FTP upload breaks once so many octets have passed, unless it is over before, and the last of what the server
    /// got is lost: it was not stored yet.
    SetBack {
        /// Octets that still pass.
        after: u64,
        /// Octets that are lost, of those that passed.
        lost: usize,
    },
    /// The server has the next upload and says so late, or never.
    Unconfirmed {
        /// How much later.
        by: Option<Duration>,
    },
    /// The next TCP connection breaks once so many octets have passed, both ways together.
    SocketBreak {
        /// Octets that still pass.
        after: u64,
    },
    /// The next operation, HTTP, FTP, connection or look-up, is never answered.
    Silence,
}

#[derive(Debug, Default)]
struct State {
    latency: Duration,
    resources: BTreeMap<String, Resource>,
    http_requests: Vec<HttpRequest>,
    files: BTreeMap<String, Bytes>,
    /// Those that were made; others are there as long as there are files in them.
    directories: BTreeSet<String>,
    login: Option<(String, String)>,
    ftp_requests: Vec<FtpRequest>,
    sessions: BTreeMap<OperationId, ftp::Session>,
    listeners: Vec<socket::Listener>,
    peers: Vec<socket::Peer>,
    mishaps: VecDeque<Mishap>,
    manners: Vec<Manner>,
    /// Uploads that are kept aside until they are confirmed.
    aside: Vec<(Duration, String, Bytes)>,
    /// What the module will hear, by time; the number keeps events of one time in order.
    events: BTreeMap<(Duration, u64), (OperationId, NetworkEvent)>,
    count: u64,
}

impl Network {
    /// How long every operation takes until its answer comes; none at first.
    pub fn set_latency(&self, latency: Duration) {
        self.state().latency = latency;
    }

    /// Puts a resource on a server. `url` as requests spell it, or without `http://`.
    ///
    /// # Panics
    ///
    /// If `url` is none.
    pub fn put_resource(&self, url: &str, resource: Resource) {
        self.state().resources.insert(http::key(url), resource);
    }

    /// What is on a server, or was stored there by POST.
    #[must_use]
    pub fn resource(&self, url: &str) -> Option<Resource> {
        self.state().resources.get(&http::key(url)).cloned()
    }

    /// All requests so far; a redirected one is told once.
    #[must_use]
    pub fn http_requests(&self) -> Vec<HttpRequest> {
        self.state().http_requests.clone()
    }

    /// Puts a file on the FTP server. `path` begins with a slash.
    pub fn put_file(&self, path: &str, octets: impl Into<Bytes>) {
        self.state().files.insert(path.to_owned(), octets.into());
    }

    /// A file of the FTP server. An upload is there when it is over, as much of it as has come.
    #[must_use]
    pub fn file(&self, path: &str) -> Option<Bytes> {
        self.state().files.get(path).cloned()
    }

    /// Whether the FTP server has a directory: one that was made, or that a file is in. `path` begins with a slash.
    #[must_use]
    pub fn has_directory(&self, path: &str) -> bool {
        self.state().has_directory(path.trim_end_matches('/'))
    }

    /// The only user name and password that the FTP server accepts from now on; at first it accepts all.
    pub fn require_login(&self, user: &str, password: &str) {
        self.state().login = Some((user.to_owned(), password.to_owned()));
    }

    /// All FTP sessions so far.
    #[must_use]
    pub fn ftp_requests(&self) -> Vec<FtpRequest> {
        self.state().ftp_requests.clone()
    }

    /// Lets a server listen, for TCP and UDP alike. Each host has an address of its own, by which it is reached as well.
    pub fn listen(&self, host: &str, port: u16, service: Service) {
        let mut state = self.state();
        state.listeners.retain(|listener| (&*listener.host, listener.port) != (host, port));
        state.listeners.push(socket::Listener { host: host.to_owned(), port, service });
    }

    /// All connections to these servers so far.
    #[must_use]
    pub fn connections(&self) -> Vec<Connection> {
        self.state().connections()
    }

    /// Forgets all requests and sessions so far, for runs that are so long that nobody asks for them.
    pub fn forget_requests(&self) {
        let mut state = self.state();
        state.http_requests = Vec::new();
        state.ftp_requests = Vec::new();
    }

    /// Lets something go wrong with an operation to come. Several wait in a queue for theirs.
    pub fn cause(&self, mishap: Mishap) {
        self.state().mishaps.push_back(mishap);
    }

    /// Lets go well what is still to come.
    pub fn cancel_mishaps(&self) {
        self.state().mishaps.clear();
    }

    /// Lets all servers do something in their own manner from now on.
    pub fn adopt(&self, manner: Manner) {
        self.state().manners.push(manner);
    }

    /// Lets all servers do as they are asked again.
    pub fn forget_manners(&self) {
        self.state().manners.clear();
    }

    pub(super) fn execute(&self, now: Duration, effect: Effect) {
        let mut state = self.state();
        state.confirm(now);
        match effect {
            Effect::Http { id, request } => state.http(now, id, request),
            Effect::Ftp { id, request } => state.ftp(now, id, request),
            Effect::Send { id, octets } if state.take(now, id, &octets) => {}
            Effect::Send { id, octets } => state.receive(now, id, octets),
            Effect::Finish { id } if state.finish_socket(now, id) => {}
            Effect::Finish { id } => state.finish(now, id),
            Effect::Credit { id, octets } if state.grant_socket(now, id, octets) => {}
            Effect::Credit { id, octets } => state.grant(now, id, octets),
            Effect::Socket { id, request } => state.connect(now, id, &request),
            Effect::Resolve { id, host } => state.resolve(now, id, &host),
            // Nobody asks, and who did would get no answer.
            Effect::Time { .. } => {}
            Effect::Cancel { id } => {
                state.cancel_socket(id);
                state.end(id);
                state.events.retain(|_, (other, _)| *other != id);
            }
        }
    }

    pub(super) fn poll_event(&self, now: Duration) -> Option<(OperationId, NetworkEvent)> {
        let mut state = self.state();
        state.confirm(now);
        let entry = state.events.first_entry().filter(|entry| entry.key().0 <= now)?;
        Some(entry.remove())
    }

    pub(super) fn poll_timeout(&self) -> Option<Duration> {
        self.state().events.first_key_value().map(|((time, _), _)| *time)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn tell(&mut self, time: Duration, id: OperationId, event: NetworkEvent) {
        self.events.insert((time, self.count), (id, event));
        self.count += 1;
    }

    /// What goes wrong with the operation that starts now.
    fn mishap(&mut self, concerns: impl Fn(&Mishap) -> bool) -> Option<Mishap> {
        let place = self.mishaps.iter().position(|mishap| *mishap == Mishap::Silence || concerns(mishap))?;
        self.mishaps.remove(place)
    }
}
