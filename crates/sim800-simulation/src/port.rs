//! A serial port in memory.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::BytesMut;
use sim800_emulator::Uart;
use sim800_session::Direction;
use sim800_session::io::{self, AsyncRead, AsyncWrite};

use crate::wire::Wire;

/// As much as Linux holds for a serial port in each direction. When it is full, RTS and CTS stop the line.
const CAPACITY: usize = 4096;

/// The DTE's end of the line in a [`World`](super::World).
///
/// Reads fail at the end of the line, that is after another port was connected or the world is gone.
#[derive(Debug)]
pub struct Port {
    buffers: Arc<Mutex<Buffers>>,
}

/// The world's end of a port.
#[derive(Debug)]
pub(super) struct Socket {
    buffers: Arc<Mutex<Buffers>>,
}

#[derive(Debug, Default)]
struct Buffers {
    to_dce: BytesMut,
    to_dte: BytesMut,
    reader: Option<Waker>,
    writer: Option<Waker>,
    /// The most octets that each read gets, one after the other and round again; no limit if there are none.
    cuts: VecDeque<usize>,
    disconnected: bool,
}

impl Socket {
    /// A line that ends nowhere.
    pub(super) fn unconnected() -> Self {
        Self::connected(&[]).0
    }

    /// A line and the port at its other end.
    pub(super) fn connected(cuts: &[usize]) -> (Self, Port) {
        let buffers = Buffers { cuts: cuts.iter().copied().collect(), ..Buffers::default() };
        let buffers = Arc::new(Mutex::new(buffers));
        (Self { buffers: Arc::clone(&buffers) }, Port { buffers })
    }

    /// Moves octets between port and module; true if any moved.
    pub(super) fn exchange(&self, uart: &mut Uart, wire: &mut Wire, now: Duration) -> bool {
        let mut buffers = lock(&self.buffers);
        let mut moved = false;

        let arrived = uart.output(now);
        // Without anybody at the other end, octets are gone.
        let room =
            if buffers.disconnected { usize::MAX } else { CAPACITY.saturating_sub(buffers.to_dte.len()) };
        let taken = arrived.len().min(room).min(wire.limit(Direction::Received));
        if taken > 0 {
            let octets = wire.cross(now, Direction::Received, &arrived[..taken]);
            if !buffers.disconnected {
                buffers.to_dte.extend_from_slice(&octets);
            }
            uart.consume(taken);
            wake(&mut buffers.reader);
            moved = true;
        } else if !arrived.is_empty() {
            uart.handle_output_pause();
        }

        let capacity = uart.capacity();
        let taken = capacity.min(buffers.to_dce.len()).min(wire.limit(Direction::Sent));
        if taken > 0 {
            let octets = buffers.to_dce.split_to(taken);
            uart.handle_input(now, &wire.cross(now, Direction::Sent, &octets));
            wake(&mut buffers.writer);
            moved = true;
        } else if capacity > 0 {
            uart.handle_input_pause();
        }
        moved
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        lock(&self.buffers).disconnect();
    }
}

impl Drop for Port {
    fn drop(&mut self) {
        lock(&self.buffers).disconnect();
    }
}

impl Buffers {
    fn disconnect(&mut self) {
        self.disconnected = true;
        wake(&mut self.reader);
        wake(&mut self.writer);
    }
}

impl AsyncRead for Port {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        let mut buffers = lock(&self.buffers);
        if buffers.to_dte.is_empty() {
            if buffers.disconnected {
                return Poll::Ready(Ok(0));
            }
            buffers.reader = Some(cx.waker().clone());
            return Poll::Pending;
        }
        let cut = buffers.cuts.front().map_or(usize::MAX, |cut| (*cut).max(1));
        if !buffers.cuts.is_empty() {
            buffers.cuts.rotate_left(1);
        }
        let taken = buffer.len().min(cut).min(buffers.to_dte.len());
        buffer[..taken].copy_from_slice(&buffers.to_dte.split_to(taken));
        Poll::Ready(Ok(taken))
    }
}

impl AsyncWrite for Port {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, octets: &[u8]) -> Poll<io::Result<usize>> {
        let mut buffers = lock(&self.buffers);
        if buffers.disconnected {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        let taken = octets.len().min(CAPACITY - buffers.to_dce.len());
        if taken == 0 && !octets.is_empty() {
            buffers.writer = Some(cx.waker().clone());
            return Poll::Pending;
        }
        buffers.to_dce.extend_from_slice(&octets[..taken]);
        Poll::Ready(Ok(taken))
    }

    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

fn lock(buffers: &Mutex<Buffers>) -> MutexGuard<'_, Buffers> {
    buffers.lock().unwrap_or_else(PoisonError::into_inner)
}

fn wake(waker: &mut Option<Waker>) {
    if let Some(waker) = waker.take() {
        waker.wake();
    }
}
