//! A port without a session: whatever octets anybody says.

use std::fs::File;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures::io::{AsyncRead, AsyncWrite};
use sim800_emulator::Config as EmulatorConfig;
use sim800_serial::{Exclusive, Pace, RemotePort};
use sim800_session::{Endpoint, OpenError};
use sim800_testbed::{Line, Link, Module, Running};
use smol::net::TcpStream;
use smol::{Async, Task, Timer};

use crate::args::{Baud, Options};
use crate::connect::{config, fitting_rate, no_search};
use crate::failure::Failure;
use crate::output::Output;
use crate::signals::interruptible;
use crate::target::Target;

async fn dial(host: &str, port: u16, limit: Duration) -> io::Result<TcpStream> {
    let connecting = async {
        let stream = TcpStream::connect((host, port)).await?;
        // A command line is one small packet, and its answer is waited for.
        stream.set_nodelay(true)?;
        Ok(stream)
    };
    let expired = async {
        Timer::after(limit).await;
        Err(io::Error::new(io::ErrorKind::TimedOut, "nothing answered in time"))
    };
    smol::future::or(connecting, expired).await
}

/// An open port.
pub(crate) struct PlainPort {
    octets: Octets,
    /// As the options name it.
    pub(crate) name: String,
    pace: Pace,
    /// The port is being set to another pace.
    setting: Option<Task<io::Result<()>>>,
    _exclusive: Option<Exclusive>,
    /// Switched off after everything that talks to it.
    _module: Option<Running>,
}

enum Octets {
    Serial(Async<File>),
    Tcp(TcpStream),
    Remote(Box<RemotePort<TcpStream>>),
    Link(Link),
}

impl PlainPort {
    /// Opens what the options name.
    pub(crate) fn open(options: &Options, output: Output) -> Result<Self, Failure> {
        let target = Target::of(options)?;
        let name = target.to_string();
        let mut config = config(options);
        if options.baud == Some(Baud::Auto) {
            config.rate = match &target {
                Target::Endpoint(endpoint) => fitting_rate(endpoint, &config, output)?,
                _ => return Err(no_search(&target)),
            };
        }
        let failed = |error: io::Error| match &target {
            Target::Endpoint(endpoint) => OpenError::new(endpoint.clone(), error).into(),
            Target::Emulator => Failure::port(&format!("cannot open {name}"), &error),
        };
        let (mut exclusive, mut module) = (None, None);
        let octets = match &target {
            Target::Endpoint(Endpoint::Serial(path)) => {
                let port = sim800_serial::open(path, &config).map_err(failed)?;
                exclusive = Exclusive::claim(&port);
                Octets::Serial(Async::new(port).map_err(failed)?)
            }
            Target::Endpoint(Endpoint::Tcp { host, port }) => {
                let dialled = smol::block_on(interruptible(dial(host, *port, config.answer_within)))?;
                Octets::Tcp(dialled.map_err(failed)?)
            }
            Target::Endpoint(Endpoint::Rfc2217 { host, port }) => {
                let opening = async {
                    let stream = dial(host, *port, config.answer_within).await?;
                    RemotePort::open(stream, &config, &*sim800_smol::runtime()).await
                };
                let opened = smol::block_on(interruptible(opening))?;
                Octets::Remote(Box::new(opened.map_err(failed)?))
            }
            Target::Endpoint(_) => return Err(failed(io::ErrorKind::Unsupported.into())),
            Target::Emulator => {
                let line = options.rate().map_or_else(Line::unpaced, Line::paced);
                let (running, link) = Module::new(EmulatorConfig::default(), line)
                    .start_linked()
                    .map_err(|error| Failure::new("system", format!("cannot start the emulator: {error}")))?;
                module = Some(running);
                Octets::Link(link)
            }
        };
        let pace = Pace::of(&config);
        Ok(Self { octets, name, pace, setting: None, _exclusive: exclusive, _module: module })
    }

    /// What it is set to.
    pub(crate) fn pace(&self) -> Pace {
        self.pace
    }

    /// Sets it to another pace, where it has one, once what was written is sent.
    pub(crate) fn poll_set(&mut self, cx: &mut Context<'_>, pace: Pace) -> Poll<io::Result<()>> {
        if self.setting.is_none() && self.pace != pace {
            match &mut self.octets {
                Octets::Serial(port) => {
                    let port = port.get_ref().try_clone()?;
                    self.setting = Some(smol::unblock(move || pace.set(&port)));
                }
                Octets::Remote(port) => port.set_pace(pace),
                // Who passes octets only has none.
                Octets::Tcp(_) | Octets::Link(_) => {}
            }
            self.pace = pace;
        }
        let Some(setting) = &mut self.setting else { return Poll::Ready(Ok(())) };
        let set = std::task::ready!(Pin::new(setting).poll(cx));
        self.setting = None;
        Poll::Ready(set)
    }
}

impl AsyncRead for PlainPort {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        match &mut self.octets {
            Octets::Serial(port) => Pin::new(port).poll_read(cx, buffer),
            Octets::Tcp(port) => Pin::new(port).poll_read(cx, buffer),
            Octets::Remote(port) => Pin::new(port).poll_read(cx, buffer),
            Octets::Link(port) => Pin::new(port).poll_read(cx, buffer),
        }
    }
}

impl AsyncWrite for PlainPort {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, octets: &[u8]) -> Poll<io::Result<usize>> {
        match &mut self.octets {
            Octets::Serial(port) => Pin::new(port).poll_write(cx, octets),
            Octets::Tcp(port) => Pin::new(port).poll_write(cx, octets),
            Octets::Remote(port) => Pin::new(port).poll_write(cx, octets),
            Octets::Link(port) => Pin::new(port).poll_write(cx, octets),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.octets {
            // The system sends what it has; a file would wait for that.
            Octets::Serial(_) => Poll::Ready(Ok(())),
            Octets::Tcp(port) => Pin::new(port).poll_flush(cx),
            Octets::Remote(port) => Pin::new(port).poll_flush(cx),
            Octets::Link(port) => Pin::new(port).poll_flush(cx),
        }
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_flush(cx)
    }
}
