//! A door that looks like a serial port: a pseudo-terminal.
//!
//! The kernel tells whether anybody has the terminal open: without a client its master side hangs up and reads fail with `EIO`.
//! Since that state lasts, waiting for its end needs another signal, which inotify gives on each open. Counting opens and closes
//! would not do, for the kernel merges equal events.

use std::fs::File;
use std::io;
use std::mem::MaybeUninit;
use std::num::NonZeroU32;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::{SocketAddr, UnixListener};
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
/// It has no modem control lines, and flow control set by the client has no effect; its rate is one where the
/// [line](crate::Line::serial) has one. Its settings can be seen ([`AsFd`]). Octets
/// that a client left unread are gone when the next one comes.
#[derive(Debug)]
pub struct PtyDoor {
    master: Async<File>,
    /// Readable when somebody has opened the terminal.
    opens: Async<OwnedFd>,
    device: PathBuf,
    link: Option<PathBuf>,
    /// Whether a client was given something that it may have left unread.
    unread: bool,
    /// Nobody else can have this while the door is there.
    claim: Option<UnixListener>,
    /// A client has come, and nobody was told.
    opened: bool,
}

impl PtyDoor {
    /// Opens a pseudo-terminal and, where `link` is given, lets that path point to it until the door is dropped.
    ///
    /// # Errors
    ///
    /// There is something at `link` that is not a symbolic link left behind by a terminal that is gone; another door is there; or
    /// the system refuses.
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

        let mut door = Self {
            master: Async::new(File::from(master))?,
            opens: Async::new(opens)?,
            device,
            link: None,
            unread: false,
            claim: None,
            opened: false,
        };
        if let Some(link) = link {
            door.point(link)?;
        }
        Ok(door)
    }

    /// Lets the path `link` point to the terminal until the door is dropped, as [`open`](Self::open) does: for who sets the terminal
    /// before anybody finds it there.
    ///
    /// # Errors
    ///
    /// There is something at `link` that is not a symbolic link left behind by a terminal that is gone; another door is there.
    pub fn point(&mut self, link: &Path) -> io::Result<()> {
        self.claim = claim(link)?;
        point(link, &self.device)?;
        self.link = Some(link.to_owned());
        Ok(())
    }

    /// Gives the terminal a rate, which a client that sets none has.
    ///
    /// # Errors
    ///
    /// The system refuses.
    pub fn set_rate(&self, rate: NonZeroU32) -> io::Result<()> {
        let mut settings = tcgetattr(self.master.get_ref())?;
        settings.set_speed(rate.get())?;
        Ok(tcsetattr(self.master.get_ref(), OptionalActions::Now, &settings)?)
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

    fn rate(&self) -> Option<NonZeroU32> {
        // The settings of a terminal are the same at both of its ends.
        let settings = tcgetattr(self.master.get_ref()).ok()?;
        NonZeroU32::new(settings.input_speed()).or_else(|| NonZeroU32::new(settings.output_speed()))
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

/// Claims the name of a link until what is returned is dropped, or the process is gone, however it ends: a socket without a file is
/// known by its name. Where the name has no place in the system, nobody claims it.
fn claim(link: &Path) -> io::Result<Option<UnixListener>> {
    let folder =
        link.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    let (Ok(folder), Some(name)) = (folder.canonicalize(), link.file_name()) else { return Ok(None) };
    let name = [b"sim800 emulate ", folder.join(name).as_os_str().as_bytes()].concat();
    let Ok(address) = SocketAddr::from_abstract_name(name) else { return Ok(None) };
    match UnixListener::bind_addr(&address) {
        Ok(listener) => Ok(Some(listener)),
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
            let message = format!("another emulated module is at {}; choose another name", link.display());
            Err(io::Error::new(error.kind(), message))
        }
        // It is a safeguard, and no more.
        Err(_) => Ok(None),
    }
}

/// Lets `link` point to `device`. Replaces a link that is stale for certain: one that leads nowhere, or to the very device that was
/// made just now, or to a terminal that was made after it and so is somebody else's.
fn point(link: &Path, device: &Path) -> io::Result<()> {
    if let Ok(target) = std::fs::read_link(link)
        && (target == device || !link.exists() || is_older(link, &target))
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

/// Whether a link was made before the terminal that it leads to.
fn is_older(link: &Path, target: &Path) -> bool {
    let changed = |found: std::fs::Metadata| (found.ctime(), found.ctime_nsec());
    target.starts_with("/dev/pts")
        && std::fs::symlink_metadata(link).is_ok_and(|link| {
            std::fs::metadata(target).is_ok_and(|terminal| changed(link) < changed(terminal))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_replaced_when_nobody_is_behind_it() {
        let folder = tempfile::tempdir().unwrap();
        let link = folder.path().join("module");
        // As a process that was killed leaves it, and the system has given the terminal to somebody else.
        std::os::unix::fs::symlink("/dev/pts/100000", &link).unwrap();
        drop(PtyDoor::open(Some(&link)).unwrap());
        assert!(!link.is_symlink());
        let theirs = PtyDoor::open(None).unwrap();
        std::os::unix::fs::symlink(theirs.device(), &link).unwrap();
        let error = PtyDoor::open(Some(&link)).unwrap_err().to_string();
        assert!(error.contains("exists; remove it"), "made after the terminal, so it is meant: {error}");
        std::fs::remove_file(&link).unwrap();
        std::os::unix::fs::symlink("/dev/pts/0", &link).unwrap();
        let ours = is_older(&link, Path::new("/dev/pts/0"));
        std::fs::remove_file(&link).unwrap();
        assert!(!ours, "no terminal, or an older one");
        let here = PtyDoor::open(Some(&link)).unwrap();
        let error = PtyDoor::open(Some(&link)).unwrap_err().to_string();
        assert!(error.contains("another emulated module is at"), "{error}");
        drop(here);
    }

    #[test]
    fn a_terminal_has_the_rate_that_its_client_sets() {
        let door = PtyDoor::open(None).unwrap();
        door.set_rate(NonZeroU32::new(9600).unwrap()).unwrap();
        let client = open_terminal(door.device()).unwrap();
        assert_eq!(door.rate().map(NonZeroU32::get), Some(9600));
        let mut settings = tcgetattr(&client).unwrap();
        settings.set_speed(57_600).unwrap();
        tcsetattr(&client, OptionalActions::Now, &settings).unwrap();
        assert_eq!(door.rate().map(NonZeroU32::get), Some(57_600));
    }
}
