//! What an emulated module saw, for those who look on.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use sim800_emulator::{Effect, FtpRequest, HttpRequest, OperationId, SocketRequest};

/// What is kept at most, in octets; the oldest goes first.
const LIMIT: usize = 1 << 20;

/// What an entry costs beside the octets it holds.
const OVERHEAD: usize = 256;

/// What one module saw, in order. Clones are of the same journal, and memory is bounded: the oldest entries are dropped beyond 1 MiB.
#[derive(Clone, Default)]
pub struct Journal {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    pages: Mutex<Pages>,
    written: Condvar,
}

#[derive(Default)]
struct Pages {
    entries: VecDeque<Entry>,
    weight: usize,
    /// The number of the next entry.
    next: u64,
}

/// Something that the module saw.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Entry {
    /// Counted from 0 without gaps, so that whoever looks on knows what was dropped.
    pub number: u64,
    /// Since the module was made.
    pub at: Duration,
    /// What it was.
    pub what: Sight,
}

/// What a module sees.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Sight {
    /// A command line of the DTE, without prefix and line end. It may hold secrets.
    Line(String),
    /// A command that the firmware does not have, by its name.
    Unknown(String),
    /// A request to an HTTP server.
    Http(HttpRequest),
    /// A session with an FTP server.
    Ftp(FtpRequest),
    /// A connection of the module's own TCP and UDP.
    Socket(SocketRequest),
    /// A host that was looked up, or asked for the time.
    Lookup(String),
    /// Octets that went to an FTP server or through a socket.
    Sent {
        /// The session or the connection.
        id: OperationId,
        /// What was sent.
        octets: Bytes,
    },
    /// A request or a session that was given up.
    GivenUp(OperationId),
    /// The module has been switched on or off.
    Power(bool),
}

impl Sight {
    /// An effect as it is seen, if it is worth an entry.
    pub(crate) fn of(effect: &Effect) -> Option<Self> {
        match effect {
            Effect::Http { request, .. } => Some(Self::Http(request.clone())),
            Effect::Ftp { request, .. } => Some(Self::Ftp(request.clone())),
            Effect::Socket { request, .. } => Some(Self::Socket(request.clone())),
            Effect::Resolve { host, .. } | Effect::Time { host, .. } => Some(Self::Lookup(host.clone())),
            Effect::Send { id, octets } => Some(Self::Sent { id: *id, octets: octets.clone() }),
            Effect::Cancel { id } => Some(Self::GivenUp(*id)),
            Effect::Finish { .. } | Effect::Credit { .. } => None,
        }
    }

    /// The octets it holds, about.
    fn weight(&self) -> usize {
        OVERHEAD
            + match self {
                Self::Line(text) | Self::Unknown(text) | Self::Lookup(text) => text.len(),
                Self::Sent { octets, .. } => octets.len(),
                Self::Http(request) => {
                    let headers = request.headers.iter().map(|(name, value)| name.len() + value.len());
                    request.url.len() + request.body.len() + headers.sum::<usize>()
                }
                _ => 0,
            }
    }
}

impl Journal {
    pub(crate) fn write(&self, at: Duration, what: Sight) {
        let mut pages = self.pages();
        let number = pages.next;
        pages.next += 1;
        pages.weight += what.weight();
        pages.entries.push_back(Entry { number, at, what });
        while pages.weight > LIMIT && pages.entries.len() > 1 {
            if let Some(dropped) = pages.entries.pop_front() {
                pages.weight -= dropped.what.weight();
            }
        }
        drop(pages);
        self.shared.written.notify_all();
    }

    /// All entries from `number` on that are still there.
    #[must_use]
    pub fn since(&self, number: u64) -> Vec<Entry> {
        self.pages().since(number)
    }

    /// The same; where there is none yet, waits for the first one, but no longer than `patience`.
    #[must_use]
    pub fn wait_since(&self, number: u64, patience: Duration) -> Vec<Entry> {
        let end = Instant::now() + patience;
        let mut pages = self.pages();
        loop {
            let left = end.saturating_duration_since(Instant::now());
            if pages.next > number || left.is_zero() {
                return pages.since(number);
            }
            pages = match self.shared.written.wait_timeout(pages, left) {
                Ok((pages, _)) => pages,
                Err(poisoned) => poisoned.into_inner().0,
            };
        }
    }

    /// The number of the next entry.
    #[must_use]
    pub fn next(&self) -> u64 {
        self.pages().next
    }

    fn pages(&self) -> MutexGuard<'_, Pages> {
        // What a panic left there is still worth a look.
        self.shared.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pages {
    fn since(&self, number: u64) -> Vec<Entry> {
        self.entries.iter().filter(|entry| entry.number >= number).cloned().collect()
    }
}

impl fmt::Debug for Journal {
    /// Shows no entries, which are full of other people's passwords.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Journal").field("next", &self.next()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_entries_are_dropped() {
        let journal = Journal::default();
        let line = "x".repeat(1000);
        for _ in 0..10_000 {
            journal.write(Duration::ZERO, Sight::Line(line.clone()));
        }
        let entries = journal.since(0);
        assert!((500..1000).contains(&entries.len()), "{}", entries.len());
        assert_eq!(entries.last().map(|entry| entry.number), Some(9_999));
        assert_eq!(journal.since(9_998).len(), 2);
        assert!(journal.wait_since(10_000, Duration::ZERO).is_empty());
        journal.write(Duration::ZERO, Sight::Line("y".repeat(2 * LIMIT)));
        assert_eq!(journal.since(0).len(), 1, "the newest is kept whatever it weighs");
    }
}
