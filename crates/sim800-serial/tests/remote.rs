//! Servers of serial ports that never stop.

use std::collections::VecDeque;
use std::future::Future;
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::task::{Context, Poll};
use std::time::Duration;

use async_trait::async_trait;
use futures::future::poll_fn;
use futures::io::{AsyncRead, AsyncWrite};
use futures::task::noop_waker;
use sim800_serial::RemotePort;
use sim800_session::{Config, Runtime};

/// `IAC DO` and `IAC WILL` of the option of RFC 2217.
const AGREED: [u8; 6] = [255, 253, 44, 255, 251, 44];

/// Which a server may send before a test gives up on this side.
const WITHOUT_END: usize = 16 << 20;

/// A server that sends one thing for ever, behind what it begins with.
struct Server {
    first: VecDeque<u8>,
    for_ever: &'static [u8],
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    sent: AtomicUsize,
    takes_nothing: AtomicBool,
}

impl Server {
    fn new(first: &[u8], for_ever: &'static [u8]) -> Self {
        Self { first: first.iter().copied().collect(), for_ever, state: Arc::default() }
    }
}

impl AsyncRead for Server {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let length = buffer.len() / self.for_ever.len() * self.for_ever.len();
        for (place, octet) in buffer.iter_mut().zip(self.for_ever.iter().cycle()).take(length) {
            *place = self.first.pop_front().unwrap_or(*octet);
        }
        let before = self.state.sent.fetch_add(length, Relaxed);
        Poll::Ready(Ok(if before < WITHOUT_END { length } else { 0 }))
    }
}

impl AsyncWrite for Server {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, octets: &[u8]) -> Poll<io::Result<usize>> {
        if self.state.takes_nothing.load(Relaxed) { Poll::Pending } else { Poll::Ready(Ok(octets.len())) }
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// Time that passes, 10 ms whenever somebody looks.
#[derive(Debug, Default)]
struct Looked(AtomicU64);

#[async_trait]
impl Runtime for Looked {
    fn now(&self) -> Duration {
        Duration::from_millis(self.0.fetch_add(10, Relaxed))
    }

    async fn sleep_until(&self, deadline: Duration) {
        poll_fn(|_| if self.now() < deadline { Poll::Pending } else { Poll::Ready(()) }).await;
    }
}

/// What comes of a future that is looked at as often as it wants.
fn run<T>(future: impl Future<Output = T>) -> T {
    let (waker, mut future) = (noop_waker(), pin!(future));
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return output;
        }
    }
}

fn open(server: Server) -> io::Result<RemotePort<Server>> {
    run(RemotePort::open(server, &Config::default(), &Looked::default()))
}

#[test]
fn a_port_is_set_in_time_whatever_its_server_sends_meanwhile() {
    // Nothing that means anything, and what its module says.
    for (for_ever, why) in [(&[255, 241][..], "nobody speaks RFC 2217"), (b"RING\r\n", "without end")] {
        let error = open(Server::new(b"", for_ever)).unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
    }
}

#[test]
fn a_server_that_never_stops_asking_gets_no_more_answers_than_it_takes() {
    // Options that this side refuses, each time anew.
    let server = Server::new(&AGREED, &[255, 253, 1, 255, 254, 1, 255, 251, 3, 255, 252, 3]);
    let state = Arc::clone(&server.state);
    let mut port = open(server).unwrap();
    let (waker, mut octets) = (noop_waker(), [0; 64]);
    let mut asked_in = |looks: usize| {
        let before = state.sent.load(Relaxed);
        for _ in 0..looks {
            let read = Pin::new(&mut port).poll_read(&mut Context::from_waker(&waker), &mut octets);
            assert!(read.is_pending(), "nothing of it is the module's");
        }
        state.sent.load(Relaxed) - before
    };
    assert!(asked_in(100) > 1 << 18, "it is listened to");
    state.takes_nothing.store(true, Relaxed);
    assert!(asked_in(100) < 1 << 18);
    state.takes_nothing.store(false, Relaxed);
    assert!(asked_in(100) > 1 << 18, "and again");
}
