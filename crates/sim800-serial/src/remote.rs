//! Serial ports behind a server such as ser2net, which passes their octets on and sets them when it is asked to (RFC 2217).

use std::fmt;
use std::future::poll_fn;
use std::io;
use std::mem;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures::future::{Either, select};
use futures::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use rfc2217::{Client, FlowControl, NotReady, PortSettings};
use sim800_session::{Config, Dtr, Runtime};

use crate::Pace;

/// How long the server may take to set the port, as other programs have it.
const SET_WITHIN: Duration = Duration::from_secs(3);

/// How much is read at once, in octets.
const READ: usize = 4096;

/// How many octets are kept of what the port sends while it is being set: more than any port sends in that time.
const EARLY: usize = 1 << 20;

/// How many octets may wait for a server that does not take what it asked for. It gives nothing more until it does.
const UNSENT: usize = 1 << 16;

/// A serial port behind a server that speaks RFC 2217, over a connection to it.
pub struct RemotePort<S> {
    stream: S,
    client: Client,
    /// What the server has not got yet.
    outgoing: Vec<u8>,
    /// What the port sent, and how much of it was taken.
    incoming: Vec<u8>,
    taken: usize,
}

impl<S> fmt::Debug for RemotePort<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RemotePort").finish_non_exhaustive()
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> RemotePort<S> {
    /// Has the server at the other end of `stream` set its port to rate, flow control and DTR of `config`, within 3 s.
    ///
    /// # Errors
    ///
    /// What is there does not speak RFC 2217, does not set serial ports, or keeps another rate; or the connection ended.
    pub async fn open(stream: S, config: &Config, runtime: &dyn Runtime) -> io::Result<Self> {
        let mut client = Client::new(settings(Pace::of(config)));
        match config.dtr {
            Dtr::Keep => {}
            dtr => client.set_dtr(dtr != Dtr::Off),
        }
        let mut port = Self { stream, client, outgoing: Vec::new(), incoming: Vec::new(), taken: 0 };
        let expired = runtime.sleep_until(runtime.now().saturating_add(SET_WITHIN));
        match select(pin!(port.settle()), expired).await {
            Either::Left((settled, _)) => settled?,
            // Some servers leave out some answers.
            Either::Right(_) => {}
        }
        let wrong = match (port.client.readiness(), port.client.reported_settings().baud_rate) {
            (Err(NotReady::Negotiating), _) => {
                "nobody speaks RFC 2217 there; a port that passes bytes only is tcp://HOST:PORT".to_owned()
            }
            (Err(NotReady::Refused), _) => "the server there does not set serial ports (RFC 2217)".to_owned(),
            (_, Some(rate)) if rate != config.rate => {
                format!("its rate stays at {rate} bit/s; use that one, or set it there")
            }
            _ => return Ok(port),
        };
        Err(io::Error::other(wrong))
    }

    /// Asks the server to set the port so, once what was written is sent.
    pub fn set_pace(&mut self, pace: Pace) {
        self.client.set_port_settings(settings(pace));
    }

    /// Waits until there is nothing to wait for.
    async fn settle(&mut self) -> io::Result<()> {
        let mut octets = [0; READ];
        loop {
            let outgoing = self.client.take_output();
            self.stream.write_all(&outgoing).await?;
            match self.client.readiness() {
                Ok(()) | Err(NotReady::Refused | NotReady::Mismatched(_)) => return Ok(()),
                Err(_) => {}
            }
            match self.stream.read(&mut octets).await? {
                0 => return Err(io::Error::other("the server hung up; does another program use the port?")),
                count => self.take(octets.get(..count).unwrap_or_default()),
            }
            if self.incoming.len() > EARLY {
                return Err(io::Error::other(
                    "the server there sends without end, and does not set its port",
                ));
            }
            yielded().await;
        }
    }

    /// The server sent `octets`.
    fn take(&mut self, octets: &[u8]) {
        let Self { client, incoming, taken, .. } = self;
        if *taken == incoming.len() {
            incoming.clear();
            *taken = 0;
        }
        incoming.extend(client.receive(octets));
        // What became of lines and settings, the client keeps where it counts.
        while client.poll_event().is_some() {}
    }

    /// Sends what is to be sent.
    fn poll_send(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.outgoing.extend(self.client.take_output());
        while !self.outgoing.is_empty() {
            let sent = ready!(Pin::new(&mut self.stream).poll_write(context, &self.outgoing))?;
            if sent == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.outgoing.drain(..sent);
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for RemotePort<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let port = self.get_mut();
        // Answers to what the server asks.
        let sent = port.poll_send(context);
        if port.outgoing.len() > UNSENT || matches!(sent, Poll::Ready(Err(_))) {
            ready!(sent)?;
        }
        if port.taken == port.incoming.len() {
            let mut octets = [0; READ];
            match ready!(Pin::new(&mut port.stream).poll_read(context, &mut octets))? {
                0 => return Poll::Ready(Ok(0)),
                count => port.take(octets.get(..count).unwrap_or_default()),
            }
        }
        let left = port.incoming.get(port.taken..).unwrap_or_default();
        if left.is_empty() {
            // A server that never stops asking keeps nobody from looking at the clock.
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let count = left.len().min(buffer.len());
        let (head, _) = left.split_at(count);
        for (place, octet) in buffer.iter_mut().zip(head) {
            *place = *octet;
        }
        port.taken += count;
        Poll::Ready(Ok(count))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for RemotePort<S> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, octets: &[u8]) -> Poll<io::Result<usize>> {
        let port = self.get_mut();
        // One write at a time, so that no more is kept here.
        ready!(port.poll_send(context))?;
        port.client.write_data(octets);
        match port.poll_send(context) {
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            _ => Poll::Ready(Ok(octets.len())),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let port = self.get_mut();
        ready!(port.poll_send(context))?;
        Pin::new(&mut port.stream).poll_flush(context)
    }

    fn poll_close(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let port = self.get_mut();
        ready!(port.poll_send(context))?;
        Pin::new(&mut port.stream).poll_close(context)
    }
}

/// Lets others be looked at, a clock above all, where a stream may be ready for ever.
async fn yielded() {
    let mut is_second = false;
    poll_fn(|context| {
        if mem::replace(&mut is_second, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

fn settings(pace: Pace) -> PortSettings {
    let flow_control = match pace.flow_control {
        sim800_session::FlowControl::Hardware => FlowControl::RtsCts,
        _ => FlowControl::None,
    };
    PortSettings { baud_rate: pace.rate, flow_control, ..PortSettings::default() }
}
