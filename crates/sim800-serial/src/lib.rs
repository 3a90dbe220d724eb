//! Serial ports as sessions with SIM800-series modules want them: the recipe that sim800-smol and sim800-tokio share, and
//! for adapters to other runtimes; those of this machine, and those behind a server that speaks RFC 2217.

mod remote;

use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::{FlockOperation, Mode, OFlags};
use rustix::io::Errno;
use rustix::termios::{ControlModes, OptionalActions};
use serial2::SerialPort;
use sim800_session::{Config, Dtr, FlowControl};

pub use self::remote::RemotePort;

/// Opens the serial port, or the pseudo-terminal, at `path`, at the rate, with the flow control and the DTR of `config`: a file that
/// does not block, for an executor to watch.
///
/// It is locked (`flock`) against other programs that do so, before anything is changed that one of them may rely on; [`Exclusive`]
/// keeps out the others. Octets pass as they are. Other modem control lines than DTR are neither needed nor heeded, for a module
/// moves them while data flows.
///
/// # Errors
///
/// [`WouldBlock`](io::ErrorKind::WouldBlock) or [`ResourceBusy`](io::ErrorKind::ResourceBusy) when it is in use,
/// [`InvalidInput`](io::ErrorKind::InvalidInput) when it is no serial port, and what the system says otherwise.
pub fn open(path: &Path, config: &Config) -> io::Result<File> {
    // serial2 would set anew what is set before there is a lock.
    let flags = OFlags::RDWR | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let file = rustix::fs::open(path, flags, Mode::empty())?;
    rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive)?;

    let mut port = SerialPort::from(file);
    let mut settings = port.get_configuration().map_err(|error| match error.raw_os_error() {
        Some(code) if code == Errno::NOTTY.raw_os_error() => {
            io::Error::new(io::ErrorKind::InvalidInput, "it is not a serial port")
        }
        _ => error,
    })?;
    settings.set_raw();
    Pace::of(config).put(&mut settings)?;
    port.set_configuration(&settings)?;

    // serial2 leaves these as another program has set them. Without CLOCAL the line hangs up with the module's DCD.
    let mut modes = rustix::termios::tcgetattr(&port)?;
    modes.control_modes |= ControlModes::CLOCAL | ControlModes::CREAD;
    if config.dtr == Dtr::Keep {
        modes.control_modes -= ControlModes::HUPCL;
    }
    rustix::termios::tcsetattr(&port, OptionalActions::Now, &modes)?;
    // A pseudo-terminal has none, nor has many a port with two wires.
    match config.dtr {
        Dtr::Keep => {}
        dtr => drop(port.set_dtr(dtr != Dtr::Off)),
    }
    Ok(OwnedFd::from(port).into())
}

/// What two ends of a line have to agree on, and a pseudo-terminal passes on: the program at one end sets it, and who has the other end
/// can see that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// The rate, in bit/s.
    pub rate: u32,
    /// Whether RTS and CTS stop who sends.
    pub flow_control: FlowControl,
}

impl Pace {
    /// What `config` asks for.
    #[must_use]
    pub fn of(config: &Config) -> Self {
        Self { rate: config.rate, flow_control: config.flow_control }
    }

    /// What `port` is set to; of the master of a pseudo-terminal, what the program at its other end has set.
    ///
    /// # Errors
    ///
    /// It is no terminal.
    pub fn read(port: &File) -> io::Result<Self> {
        let settings = rustix::termios::tcgetattr(port)?;
        let flow_control = match settings.control_modes.contains(ControlModes::CRTSCTS) {
            true => FlowControl::Hardware,
            false => FlowControl::None,
        };
        Ok(Self { rate: settings.output_speed(), flow_control })
    }

    /// Sets `port` so. What it was given before is sent at the pace of before: this blocks until then.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](io::ErrorKind::InvalidInput) when the port does not have the rate, and what the system says otherwise.
    pub fn set(self, port: &File) -> io::Result<()> {
        // What serial2 sets, it sets at once.
        rustix::termios::tcdrain(port)?;
        let mut port = SerialPort::from(OwnedFd::from(port.try_clone()?));
        let mut settings = port.get_configuration()?;
        self.put(&mut settings)?;
        port.set_configuration(&settings)
    }

    fn put(self, settings: &mut serial2::Settings) -> io::Result<()> {
        settings.set_flow_control(match self.flow_control {
            FlowControl::Hardware => serial2::FlowControl::RtsCts,
            _ => serial2::FlowControl::None,
        });
        settings.set_baud_rate(self.rate)
    }
}

/// Keeps a port from programs that open it later without a lock (`TIOCEXCL`), those of root apart, until this is dropped. Where the
/// program is killed before that, the system lets others in when the last one closes the port; one that had it open before, such as a
/// console on it, keeps them out until then.
#[derive(Debug)]
pub struct Exclusive(SerialPort);

impl Exclusive {
    /// Claims `port`; `None` where it has no modem control lines. It may be a pseudo-terminal, which the program at its other end may
    /// keep open for good: if this program were killed, nobody could open it again.
    #[must_use]
    pub fn claim(port: &File) -> Option<Self> {
        let port = SerialPort::from(OwnedFd::from(port.try_clone().ok()?));
        port.read_cts().ok()?;
        rustix::termios::ioctl_tiocexcl(&port).ok()?;
        Some(Self(port))
    }
}

impl Drop for Exclusive {
    fn drop(&mut self) {
        // Who else has it open would otherwise keep all others out.
        let _ = rustix::termios::ioctl_tiocnxcl(&self.0);
    }
}
