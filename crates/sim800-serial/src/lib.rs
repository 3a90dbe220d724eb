//! Serial ports as sessions with SIM800-series modules want them: the recipe that sim800-smol and sim800-tokio share, and
//! for adapters to other runtimes.

use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::FlockOperation;
use rustix::io::Errno;
use rustix::termios::{ControlModes, OptionalActions};
use serial2::{KeepSettings, SerialPort};
use sim800_session::{Config, FlowControl};

/// Opens the serial port, or the pseudo-terminal, at `path`, at the rate and with the flow control of `config`: a file that
/// does not block, for an executor to watch.
///
/// It is locked (`flock`) against other programs that do so, before anything is changed that one of them may rely on. Octets
/// pass as they are. DTR is on, without which a module may sleep (`AT+CSCLK=1`); other modem control lines are neither needed
/// nor heeded, for a module moves them while data flows.
///
/// # Errors
///
/// [`WouldBlock`](io::ErrorKind::WouldBlock) when it is in use, [`InvalidInput`](io::ErrorKind::InvalidInput) when it is no serial
/// port, and what the system says otherwise.
pub fn open(path: &Path, config: &Config) -> io::Result<File> {
    let mut port = SerialPort::open(path, KeepSettings).map_err(|error| match error.raw_os_error() {
        Some(code) if code == Errno::NOTTY.raw_os_error() => {
            io::Error::new(io::ErrorKind::InvalidInput, "it is not a serial port")
        }
        _ => error,
    })?;
    rustix::fs::flock(&port, FlockOperation::NonBlockingLockExclusive)?;

    let mut settings = port.get_configuration()?;
    settings.set_raw();
    settings.set_baud_rate(config.rate)?;
    settings.set_flow_control(match config.flow_control {
        FlowControl::Hardware => serial2::FlowControl::RtsCts,
        _ => serial2::FlowControl::None,
    });
    port.set_configuration(&settings)?;

    // serial2 leaves these as another program has set them. Without CLOCAL the line hangs up with the module's DCD.
    let mut modes = rustix::termios::tcgetattr(&port)?;
    modes.control_modes |= ControlModes::CLOCAL | ControlModes::CREAD;
    rustix::termios::tcsetattr(&port, OptionalActions::Now, &modes)?;
    // A pseudo-terminal has none, nor has many a port with two wires.
    let _ = port.set_dtr(true);
    Ok(OwnedFd::from(port).into())
}
