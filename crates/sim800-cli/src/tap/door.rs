//! Where the other program is.

use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::task::{Context, Poll};

use sim800_serial::Pace;
use sim800_testbed::{Door as _, PtyDoor, TcpDoor};

use crate::failure::Failure;

/// What the other program opens in place of the port.
pub(super) enum Door {
    Pty { door: PtyDoor, master: File },
    Tcp(TcpDoor),
}

impl Door {
    /// A pty that `link` leads to and that is set to `pace`, as the port is.
    pub(super) fn pty(link: &Path, pace: Pace) -> Result<Self, Failure> {
        let open = || {
            let mut door = PtyDoor::open(None)?;
            let master = File::from(door.as_fd().try_clone_to_owned()?);
            pace.set(&master)?;
            door.point(link)?;
            Ok(Self::Pty { door, master })
        };
        open().map_err(|error| Failure::port("cannot offer a pty", &error))
    }

    pub(super) fn tcp(address: &str) -> Result<Self, Failure> {
        TcpDoor::bind(address)
            .map(Self::Tcp)
            .map_err(|error| Failure::port(&format!("cannot listen on {address}"), &error))
    }

    /// What the other program is to open.
    pub(super) fn name(&self) -> io::Result<String> {
        match self {
            Self::Pty { door, .. } => Ok(door.path().display().to_string()),
            Self::Tcp(door) => Ok(format!("tcp://{}", door.address()?)),
        }
    }

    /// What the other program has set the line to, where that can be seen.
    pub(super) fn pace(&self) -> Option<Pace> {
        match self {
            Self::Pty { master, .. } => Pace::read(master).ok(),
            Self::Tcp(_) => None,
        }
    }

    /// The device where the program may have left octets unread.
    pub(super) fn device(&self) -> Option<PathBuf> {
        match self {
            Self::Pty { door, .. } => Some(door.device().to_owned()),
            Self::Tcp(_) => None,
        }
    }

    pub(super) fn poll_receive(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        match self {
            Self::Pty { door, .. } => door.poll_receive(cx, buffer),
            Self::Tcp(door) => door.poll_receive(cx, buffer),
        }
    }

    pub(super) fn poll_send(&mut self, cx: &mut Context<'_>, octets: &[u8]) -> Poll<io::Result<usize>> {
        match self {
            Self::Pty { door, .. } => door.poll_send(cx, octets),
            Self::Tcp(door) => door.poll_send(cx, octets),
        }
    }
}
