//! A door that looks like a serial port: a pseudo-terminal.
//!
//! The kernel tells whether anybody has the terminal open: without a client its master side hangs up and reads fail with `EIO`.
//! Since that state lasts, waiting for its end needs another signal, which inotify gives on each open. Counting opens and closes
//! would not do, for the kernel merges equal events.

use std::fs::File;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::task::{Context, Poll, ready};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::inotify::{self, CreateFlags, WatchFlags};
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{OptionalActions, QueueSelector, tcflush, tcgetattr, tcsetattr};
use smol::Async;

use super::Door;

/// A pseudo-terminal in raw mode whose client is on the module's line.
///
/// It has no modem control lines, and rate and flow control set by the client have no effect, but can be seen
/// ([`AsFd`]). Octets that a client left unread are gone when the next one comes.
#[derive(Debug)]
pub struct PtyDoor {
    master: Async<File>,
    /// Readable when somebody has opened the terminal.
    opens: Async<OwnedFd>,
    device: PathBuf,
    link: Option<PathBuf>,
    /// Whether a client was given something that it may have left unread.
    unread: bool,
    /// A client has come, and nobody was told.
    opened: bool,
}

impl PtyDoor {
    /// Opens a pseudo-terminal and, where `link` is given, lets that path point to it until the door is dropped.
    ///
    /// # Errors
    ///
    /// There is something at `link` that is not a symbolic link left behind by a terminal that is gone; or the system refuses.
    pub fn open(link: Option<&Path>) -> io::Result<Self> {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)?;
        grantpt(&master)?;
        unlockpt(&master)?;
        let device = PathBuf::from(std::ffi::OsStr::from_bytes(ptsname(&master, Vec::new())?.as_bytes()));

        // Before any client is there: a terminal that echoes would feed the module its own words.
        let mut settings = tcgetattr(&master)?;
        settings.make_raw();
        tcsetattr(&master, OptionalActions::Now, &settings)?;

        let opens = inotify::init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC)?;
        inotify::add_watch(&opens, &device, WatchFlags::OPEN)?;
        // A terminal that was never open does not count as hung up.
        drop(open_terminal(&device)?);

        if let Some(link) = link {
            point(link, &device)?;
        }
        Ok(Self {
            master: Async::new(File::from(master))?,
            opens: Async::new(opens)?,
            device,
            link: link.map(Path::to_owned),
            unread: false,
            opened: false,
        })
    }

    /// What to open: the link where there is one, else the device.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.link.as_deref().unwrap_or(&self.device)
    }

    /// The device itself, such as `/dev/pts/3`.
    #[must_use]
    pub fn device(&self) -> &Path {
        &self.device
    }

    fn has_client(&self) -> io::Result<bool> {
        let mut master = [PollFd::new(self.master.get_ref(), PollFlags::empty())];
        poll(&mut master, Some(&Timespec { tv_sec: 0, tv_nsec: 0 }))?;
        Ok(!master[0].revents().contains(PollFlags::HUP))
    }

    /// Drops what the last client left unread. Only an open terminal can be flushed; that the opening is told of by inotify is no
    /// news, so it is forgotten: whoever else has opened it meanwhile is found by reading again.
    fn flush(&self) -> io::Result<()> {
        tcflush(open_terminal(&self.device)?, QueueSelector::IFlush)?;
        self.forget_opens().map(drop)
    }

    /// Waits until somebody may have opened the terminal.
    fn poll_opened(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.opens.poll_readable(cx))?;
        self.opened |= self.forget_opens()?;
        Poll::Ready(Ok(()))
    }

    /// Forgets who has opened the terminal; tells whether anybody has.
    fn forget_opens(&self) -> io::Result<bool> {
        let mut space = [MaybeUninit::uninit(); 512];
        let mut events = inotify::Reader::new(self.opens.get_ref(), &mut space);
        let mut any = false;
        loop {
            match events.next() {
                Ok(_) => any = true,
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => return Ok(any),
                Err(error) => return Err(error.into()),
            }
        }
    }
}

/// The master, on which the settings are those that the client has made.
impl AsFd for PtyDoor {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.master.as_fd()
    }
}

impl Door for PtyDoor {
    fn poll_receive(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        loop {
            match rustix::io::read(self.master.get_ref(), &mut *buffer) {
                Ok(0) | Err(Errno::IO) if self.unread => {
                    // What was said to this client is not for the next one: it has its turn after that has gone nowhere.
                    self.flush()?;
                    self.unread = false;
                    cx.waker().wake_by_ref();
                    return Poll::Pending;
                }
                Ok(0) | Err(Errno::IO) => ready!(self.poll_opened(cx))?,
                Ok(taken) => return Poll::Ready(Ok(taken)),
                Err(Errno::AGAIN) => {
                    // A client may have gone and the next one come before anybody looked.
                    self.opened |= self.forget_opens()?;
                    ready!(self.master.poll_readable(cx))?;
                }
                Err(Errno::INTR) => {}
                Err(error) => return Poll::Ready(Err(error.into())),
            }
        }
    }

    fn poll_send(&mut self, cx: &mut Context<'_>, octets: &[u8]) -> Poll<io::Result<usize>> {
        loop {
            if !self.has_client()? {
                return Poll::Ready(Ok(octets.len()));
            }
            match rustix::io::write(self.master.get_ref(), octets) {
                Ok(taken) => {
                    self.unread = true;
                    return Poll::Ready(Ok(taken));
                }
                Err(Errno::AGAIN) => ready!(self.master.poll_writable(cx))?,
                Err(Errno::INTR) => {}
                Err(error) => return Poll::Ready(Err(error.into())),
            }
        }
    }

    fn take_opened(&mut self) -> bool {
        std::mem::take(&mut self.opened)
    }
}

impl Drop for PtyDoor {
    fn drop(&mut self) {
        if let Some(link) = &self.link {
            // Somebody may have put something else there meanwhile.
            if std::fs::read_link(link).is_ok_and(|target| target == self.device) {
                let _ = std::fs::remove_file(link);
            }
        }
    }
}

fn open_terminal(device: &Path) -> io::Result<OwnedFd> {
    Ok(rustix::fs::open(device, OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC, Mode::empty())?)
}

/// Lets `link` point to `device`. Replaces a link that is stale for certain: one that leads nowhere, or to the very device that was
/// made just now.
fn point(link: &Path, device: &Path) -> io::Result<()> {
    if let Ok(target) = std::fs::read_link(link)
        && (target == device || !link.exists())
    {
        std::fs::remove_file(link)?;
    }
    std::os::unix::fs::symlink(device, link).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => io::Error::new(
            error.kind(),
            format!("{} exists; remove it unless something uses it", link.display()),
        ),
        kind => io::Error::new(kind, format!("cannot create the link {}: {error}", link.display())),
    })
}
