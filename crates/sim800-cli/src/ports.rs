//! The serial ports of this machine.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use serial2::SerialPort;

/// A serial port that is there.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) path: PathBuf,
    /// What its USB device calls itself, where the system tells it.
    pub(crate) name: Option<String>,
    /// A path that leads to it wherever it is plugged in, where the system has one.
    pub(crate) stable: Option<PathBuf>,
}

/// The serial ports of this machine, in order. That a port is there does not say that something is connected to it.
pub(crate) fn found() -> Vec<Found> {
    // A system that cannot list them has none to offer.
    let mut paths = SerialPort::available_ports().unwrap_or_default();
    paths.sort();
    paths.into_iter().map(Found::new).collect()
}

impl Found {
    /// What is known of the port at `path`.
    pub(crate) fn new(path: PathBuf) -> Self {
        Self { name: usb_name(&path), stable: stable_path(&path), path }
    }
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.path.display().fmt(f)?;
        match &self.name {
            Some(name) => write!(f, " ({name})"),
            None => Ok(()),
        }
    }
}

/// Who made the USB device behind `port`, and what it is called: Linux shows its descriptors in the folder of the device, one or two
/// levels above that of the port.
fn usb_name(port: &Path) -> Option<String> {
    let device = Path::new("/sys/class/tty").join(port.file_name()?).join("device").canonicalize().ok()?;
    let product = device.ancestors().take(4).find(|folder| folder.join("idVendor").exists())?;
    let text = |name: &str| fs::read_to_string(product.join(name)).ok();
    let words = [text("manufacturer"), text("product")];
    let name = words.into_iter().flatten().map(|word| word.trim().to_owned()).collect::<Vec<_>>().join(" ");
    (!name.is_empty()).then_some(name)
}

/// udev's name for the USB device behind `port`.
fn stable_path(port: &Path) -> Option<PathBuf> {
    let port = port.canonicalize().ok()?;
    let links = fs::read_dir("/dev/serial/by-id").ok()?;
    let mut paths = links.filter_map(|link| Some(link.ok()?.path()));
    paths.find(|path| path.canonicalize().is_ok_and(|leads_to| leads_to == port))
}
