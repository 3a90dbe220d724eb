//! A door on a TCP port, as terminal servers offer one for a serial port.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream, ToSocketAddrs};
use std::task::{Context, Poll, ready};

use smol::Async;

use super::Door;

/// A TCP port whose client is on the module's line.
///
/// One client at a time: the next one's octets wait until the one before has gone.
#[derive(Debug)]
pub struct TcpDoor {
    listener: Async<TcpListener>,
    client: Option<Async<TcpStream>>,
    /// A client has come, and nobody was told.
    opened: bool,
}

impl TcpDoor {
    /// Listens on `address`; port 0 lets the system choose.
    ///
    /// # Errors
    ///
    /// The address does not resolve or is taken.
    pub fn bind(address: impl ToSocketAddrs) -> io::Result<Self> {
        Ok(Self { listener: Async::new(TcpListener::bind(address)?)?, client: None, opened: false })
    }

    /// Where it listens.
    ///
    /// # Errors
    ///
    /// The system cannot tell.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.get_ref().local_addr()
    }

    /// The client, or the next one.
    fn poll_client(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<&Async<TcpStream>>> {
        while self.client.is_none() {
            match self.listener.get_ref().accept() {
                Ok((stream, _)) => {
                    // The octets of a serial line do not wait for company.
                    stream.set_nodelay(true)?;
                    self.client = Some(Async::new(stream)?);
                    self.opened = true;
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    ready!(self.listener.poll_readable(cx))?
                }
                Err(error) if is_passing(&error) => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
        match &self.client {
            Some(client) => Poll::Ready(Ok(client)),
            None => Poll::Pending,
        }
    }
}

/// Whether an error of `accept` is about one client, not about the listener.
fn is_passing(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionReset | Interrupted)
}

impl Door for TcpDoor {
    fn poll_receive(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        loop {
            let client = ready!(self.poll_client(cx))?;
            match client.get_ref().read(buffer) {
                Ok(taken) if taken > 0 => return Poll::Ready(Ok(taken)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => ready!(client.poll_readable(cx))?,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                _ => {
                    // What was said to this client is not for the next one: it has its turn after that has gone nowhere.
                    self.client = None;
                    cx.waker().wake_by_ref();
                    return Poll::Pending;
                }
            }
        }
    }

    fn poll_send(&mut self, cx: &mut Context<'_>, octets: &[u8]) -> Poll<io::Result<usize>> {
        while let Some(client) = &self.client {
            match client.get_ref().write(octets) {
                Ok(taken) => return Poll::Ready(Ok(taken)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => ready!(client.poll_writable(cx))?,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => self.client = None,
            }
        }
        Poll::Ready(Ok(octets.len()))
    }

    fn take_opened(&mut self) -> bool {
        std::mem::take(&mut self.opened)
    }
}
