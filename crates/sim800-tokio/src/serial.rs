//! A serial port as tokio drives it.

use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures::io::{AsyncRead, AsyncWrite};
use rustix::fs::{FlockOperation, Mode, OFlags};
use rustix::io::Errno;
use rustix::termios::{ControlModes, OptionalActions, tcgetattr, tcsetattr};
use serial2_tokio::Settings;
use sim800_session::FlowControl;
use tokio_util::compat::{Compat, TokioAsyncReadCompatExt};

/// An open serial port.
pub(crate) struct SerialPort {
    port: Compat<serial2_tokio::SerialPort>,
    /// A second descriptor, for serial2-tokio keeps its own to itself.
    _lock: OwnedFd,
}

impl SerialPort {
    /// Opens and locks the port at `path`. To be called within a tokio runtime.
    pub(crate) fn open(path: &Path, rate: u32, flow_control: FlowControl) -> io::Result<Self> {
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let lock = rustix::fs::open(path, flags, Mode::empty())?;
        tcgetattr(&lock).map_err(|errno| match errno {
            Errno::NOTTY => io::Error::new(io::ErrorKind::InvalidInput, "it is no serial port"),
            errno => errno.into(),
        })?;
        // Before anything is changed that another program may rely on.
        rustix::fs::flock(&lock, FlockOperation::NonBlockingLockExclusive)?;

        let port = serial2_tokio::SerialPort::open(path, |mut settings: Settings| {
            settings.set_raw();
            settings.set_baud_rate(rate)?;
            settings.set_flow_control(match flow_control {
                FlowControl::Hardware => serial2_tokio::FlowControl::RtsCts,
                _ => serial2_tokio::FlowControl::None,
            });
            Ok(settings)
        })?;

        // serial2 leaves these as another program has set them. Without CLOCAL the line hangs up with the module's DCD.
        let mut modes = tcgetattr(&lock)?;
        modes.control_modes |= ControlModes::CLOCAL | ControlModes::CREAD;
        tcsetattr(&lock, OptionalActions::Now, &modes)?;
        Ok(Self { port: port.compat(), _lock: lock })
    }
}

impl AsyncRead for SerialPort {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.port).poll_read(cx, buffer)
    }
}

impl AsyncWrite for SerialPort {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, octets: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.port).poll_write(cx, octets)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.port).poll_flush(cx)
    }

    /// Not the port's own, which shuts down a socket and therefore fails.
    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_flush(cx)
    }
}
