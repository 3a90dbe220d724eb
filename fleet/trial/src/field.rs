//! The modules, which live on when a worker is killed, as real ones do.

use std::num::NonZeroU32;

use anyhow::Result;
use sim800_testbed::emulator::{Config, Fault, Timings};
use sim800_testbed::{Journal, Line, Module, Running, TcpDoor};

use crate::process::free_port;

/// Bits per second of its line: what is fetched takes from a moment to some seconds.
const RATE: NonZeroU32 = NonZeroU32::new(460_800).unwrap();

/// One module at a TCP port.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) name: String,
    port: u16,
    running: Option<Running>,
}

impl Place {
    pub(crate) fn new(name: String) -> Result<Self> {
        let mut place = Self { name, port: free_port()?, running: None };
        place.plug_in()?;
        Ok(place)
    }

    /// What a worker's configuration says of it.
    pub(crate) fn toml(&self, groups: &str) -> String {
        let Self { name, port, .. } = self;
        format!(
            "[[modules]]\nname = '{name}'\nport = 'tcp://127.0.0.1:{port}'\napn = 'internet'\ngroups = [{groups}]\n"
        )
    }

    pub(crate) fn plug_in(&mut self) -> Result<()> {
        let mut config = Config::default();
        config.timings = Timings::instant();
        config.ftp_rename = true;
        let door = TcpDoor::bind(("127.0.0.1", self.port))?;
        self.running = Some(Module::new(config, Line::paced(RATE)).start(door)?);
        Ok(())
    }

    /// The line is cut, and the module is gone.
    pub(crate) fn pull_out(&mut self) {
        self.running = None;
    }

    pub(crate) fn is_there(&self) -> bool {
        self.running.is_some()
    }

    /// What the module sees.
    pub(crate) fn journal(&self) -> Option<Journal> {
        self.running.as_ref().map(|running| running.journal().clone())
    }

    pub(crate) fn cause(&self, fault: Fault) {
        if let Some(running) = &self.running {
            running.fault(fault);
        }
    }
}
