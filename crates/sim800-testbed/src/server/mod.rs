//! Small HTTP and FTP servers, and an entrance to them by TLS, for the demo and the tests: real sockets on loopback, a
//! record of what they saw, and faults on demand.
//!
//! A server starts on a free port of 127.0.0.1, serves any number of connections (at most
//! [`Limits::connections`] at once) and is gone when its handle is dropped: one thread per server runs every
//! connection as a task, and dropping the handle ends that thread with all its tasks and sockets. Tasks rather
//! than a thread per connection, because a data transfer must be given up the moment `ABOR` arrives, a stalled
//! connection must cost nothing, and nothing may be left behind; with blocking threads each of these needs a
//! register of sockets to shut down from outside. (What stays is async-io's reactor, one thread for all of a
//! process.)
//!
//! HTTP is hyper's, which the emulator's client uses too: framing, `Expect`, chunked bodies and keep-alive are
//! its, and only answers that are wrong on purpose are written by hand. (tiny_http was judged as well: it keeps
//! the socket to itself, so a reset is out of reach, and its worker threads outlive it.)
//! FTP is our own: libunftp ignores `TYPE A`, truncates on `REST` with `STOR`, answers `ABOR` out of order,
//! and cannot be told to fail.

pub mod ftp;
pub mod http;
pub mod tls;

use std::collections::VecDeque;
use std::convert::Infallible;
use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::os::fd::AsFd;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use smol::LocalExecutor;
use smol::channel::{self, Sender};
use smol::lock::Semaphore;
use smol::net::{TcpListener, TcpStream};

/// How much a server takes on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Connections served at once; later ones wait in the listener's queue. An FTP session counts as one.
    pub connections: usize,
    /// Octets of storage that clients can fill, and the longest body of a request.
    pub stored: usize,
    /// Octets of record kept; the oldest entries go first.
    pub recorded: usize,
}

impl Default for Limits {
    /// 64 connections, 64 MiB of storage, 16 MiB of record.
    fn default() -> Self {
        Self { connections: 64, stored: 64 << 20, recorded: 16 << 20 }
    }
}

/// A listener on loopback and the thread that serves it, both ended on drop.
struct Host {
    address: SocketAddr,
    /// Never sent on: the thread ends when this is dropped.
    stop: Option<Sender<Infallible>>,
    thread: Option<JoinHandle<()>>,
}

impl Host {
    /// Serves each connection by the future that `serve` makes of it.
    fn start<F>(
        name: &str,
        connections: usize,
        serve: impl Fn(TcpStream) -> F + Send + 'static,
    ) -> io::Result<Self>
    where
        F: Future<Output = ()> + 'static,
    {
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let listener = TcpListener::try_from(listener)?;
        let (stop, stopped) = channel::bounded(1);
        let thread = thread::Builder::new().name(name.to_owned()).spawn(move || {
            let executor = LocalExecutor::new();
            let accept = accept(&executor, &listener, connections, serve);
            let stopped = async {
                let _: Result<Infallible, _> = stopped.recv().await;
            };
            smol::block_on(executor.run(smol::future::or(stopped, accept)));
        })?;
        Ok(Self { address, stop: Some(stop), thread: Some(thread) })
    }
}

async fn accept<F>(
    executor: &LocalExecutor<'_>,
    listener: &TcpListener,
    connections: usize,
    serve: impl Fn(TcpStream) -> F,
) where
    F: Future<Output = ()> + 'static,
{
    let places = Arc::new(Semaphore::new(connections));
    loop {
        let place = places.acquire_arc().await;
        match listener.accept().await {
            Ok((stream, _)) => {
                let served = serve(stream);
                let task = async move {
                    served.await;
                    drop(place);
                };
                executor.spawn(task).detach();
            }
            // Out of descriptors, or the client left the queue: neither is a reason to stop, nor to spin.
            Err(_) => drop(smol::Timer::after(Duration::from_millis(10)).await),
        }
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.stop = None;
        if let Some(thread) = self.thread.take() {
            // A panic in there was printed when it happened.
            let _ = thread.join();
        }
    }
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Host").field("address", &self.address).finish_non_exhaustive()
    }
}

/// The newest entries of a record, within a weight in octets.
#[derive(Debug)]
struct Record<T> {
    entries: VecDeque<(usize, T)>,
    weight: usize,
    limit: usize,
}

impl<T: Clone> Record<T> {
    /// What an entry costs beside the octets it holds.
    const OVERHEAD: usize = 256;

    fn new(limit: usize) -> Self {
        Self { entries: VecDeque::new(), weight: 0, limit }
    }

    fn push(&mut self, octets: usize, entry: T) {
        let weight = octets + Self::OVERHEAD;
        self.weight += weight;
        self.entries.push_back((weight, entry));
        while self.weight > self.limit && self.entries.len() > 1 {
            if let Some((weight, _)) = self.entries.pop_front() {
                self.weight -= weight;
            }
        }
    }

    fn to_vec(&self) -> Vec<T> {
        self.entries.iter().map(|(_, entry)| entry.clone()).collect()
    }
}

/// A server's state between its handle and its tasks. What a panic left there is still worth a look.
fn lock<T>(state: &Mutex<T>) -> MutexGuard<'_, T> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Closes a connection by a reset (RST) instead of an orderly end.
fn reset(stream: TcpStream) {
    // Without the option the connection ends in order, which is wrong but no reason to fail.
    let _ = rustix::net::sockopt::set_socket_linger(stream.as_fd(), Some(Duration::ZERO));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_forgets_the_oldest_first() {
        let mut record = Record::new(3 * (Record::<u32>::OVERHEAD + 10));
        for entry in 0..5 {
            record.push(10, entry);
        }
        assert_eq!(record.to_vec(), [2, 3, 4]);
        record.push(1 << 20, 5);
        assert_eq!(record.to_vec(), [5], "the newest is kept whatever it weighs");
    }
}
