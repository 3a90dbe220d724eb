//! A serial port as a file that does not block.

use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::FlockOperation;
use rustix::io::Errno;
use rustix::termios::{ControlModes, OptionalActions};
use serial2::{KeepSettings, SerialPort};
use sim800_session::FlowControl;

pub(crate) fn open(path: &Path, rate: u32, flow_control: FlowControl) -> io::Result<File> {
    let mut port = SerialPort::open(path, KeepSettings).map_err(|error| match error.raw_os_error() {
        Some(code) if code == Errno::NOTTY.raw_os_error() => {
            io::Error::new(io::ErrorKind::InvalidInput, "it is no serial port")
        }
        _ => error,
    })?;
    // Before anything is changed that another program may rely on.
    rustix::fs::flock(&port, FlockOperation::NonBlockingLockExclusive)?;

    let mut settings = port.get_configuration()?;
    settings.set_raw();
    settings.set_baud_rate(rate)?;
    settings.set_flow_control(match flow_control {
        FlowControl::Hardware => serial2::FlowControl::RtsCts,
        _ => serial2::FlowControl::None,
    });
    port.set_configuration(&settings)?;

    // serial2 leaves these as another program has set them. Without CLOCAL the line hangs up with the module's DCD.
    let mut modes = rustix::termios::tcgetattr(&port)?;
    modes.control_modes |= ControlModes::CLOCAL | ControlModes::CREAD;
    rustix::termios::tcsetattr(&port, OptionalActions::Now, &modes)?;
    Ok(OwnedFd::from(port).into())
}
