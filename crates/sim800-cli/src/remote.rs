//! Serial ports behind `rfc2217://host:port`: a server such as ser2net passes their octets on, and sets their rate when asked to.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures::future::{Either, select};
use futures::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use rfc2217::{Client, FlowControl, NotReady, PortSettings};
use sim800_serial::Pace;
use sim800_session::{Config, Dtr};
use smol::Timer;
use smol::net::TcpStream;

use crate::failure::Failure;

/// How long the server may take to set the port, as other programs have it.
const SET_WITHIN: Duration = Duration::from_secs(3);

/// How much is read at once, in octets.
const READ: usize = 4096;

/// Where such a server is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    /// A name or an address, without brackets.
    pub(crate) host: String,
    pub(crate) port: u16,
}

/// A connection to such a port. It is one of `futures` traits, whatever the executor.
pub(crate) struct RemotePort {
    stream: TcpStream,
    client: Client,
    /// What the server has not got yet.
    outgoing: Vec<u8>,
    /// What the port sent, and how much of it was taken.
    incoming: Vec<u8>,
    taken: usize,
}

impl RemotePort {
    /// Connects, and has the port set as `config` says.
    pub(crate) async fn open(address: &Address, name: &str, config: &Config) -> Result<Self, Failure> {
        let failed = |why: &str| Failure::new("port", format!("cannot open {name}: {why}"));
        let connecting = TcpStream::connect((address.host.as_str(), address.port));
        let stream = within(config.answer_within, connecting)
            .await
            .map_err(|error| Failure::port(&format!("cannot open {name}"), &error))?;
        // A command line is one small packet, and its answer is waited for.
        let _ = stream.set_nodelay(true);
        let mut client = Client::new(settings(Pace::of(config)));
        match config.dtr {
            Dtr::Keep => {}
            dtr => client.set_dtr(dtr != Dtr::Off),
        }
        let mut port = Self { stream, client, outgoing: Vec::new(), incoming: Vec::new(), taken: 0 };
        match within(SET_WITHIN, port.settle()).await {
            Ok(()) => {}
            Err(error) if error.kind() != io::ErrorKind::TimedOut => return Err(failed(&error.to_string())),
            Err(_) if matches!(port.client.readiness(), Err(NotReady::Negotiating)) => {
                return Err(failed(
                    "nobody speaks RFC 2217 there; a port that passes bytes only is tcp://HOST:PORT",
                ));
            }
            // Some servers leave out some answers.
            Err(_) => {}
        }
        match (port.client.readiness(), port.client.reported_settings().baud_rate) {
            (Err(NotReady::Refused), _) => {
                Err(failed("the server there does not set serial ports (RFC 2217)"))
            }
            (_, Some(rate)) if rate != config.rate => {
                Err(failed(&format!("its rate stays at {rate} bit/s; use --baud {rate}, or set it there")))
            }
            _ => Ok(port),
        }
    }

    /// Asks the server to set the port so, once what was written is sent.
    pub(crate) fn set_pace(&mut self, pace: Pace) {
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

impl AsyncRead for RemotePort {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let port = self.get_mut();
        loop {
            // Answers to what the server asks.
            if let Poll::Ready(Err(error)) = port.poll_send(context) {
                return Poll::Ready(Err(error));
            }
            let left = port.incoming.get(port.taken..).unwrap_or_default();
            if !left.is_empty() {
                let count = left.len().min(buffer.len());
                let (head, _) = left.split_at(count);
                for (place, octet) in buffer.iter_mut().zip(head) {
                    *place = *octet;
                }
                port.taken += count;
                return Poll::Ready(Ok(count));
            }
            let mut octets = [0; READ];
            match ready!(Pin::new(&mut port.stream).poll_read(context, &mut octets))? {
                0 => return Poll::Ready(Ok(0)),
                count => port.take(octets.get(..count).unwrap_or_default()),
            }
        }
    }
}

impl AsyncWrite for RemotePort {
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

fn settings(pace: Pace) -> PortSettings {
    let flow_control = match pace.flow_control {
        sim800_session::FlowControl::Hardware => FlowControl::RtsCts,
        _ => FlowControl::None,
    };
    PortSettings { baud_rate: pace.rate, flow_control, ..PortSettings::default() }
}

/// `future`, for no longer than `limit`.
pub(crate) async fn within<T>(limit: Duration, future: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    match select(std::pin::pin!(future), Timer::after(limit)).await {
        Either::Left((result, _)) => result,
        Either::Right(_) => Err(io::Error::new(io::ErrorKind::TimedOut, "nothing answered in time")),
    }
}
