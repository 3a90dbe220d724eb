//! The module's line as it is: keys go to the module, and its octets to the terminal.

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;

use futures::future::{Either, select};
use futures::io::AsyncReadExt;
use rustix::fs::{Mode, OFlags};
use rustix::termios::{OptionalActions, tcgetattr, tcsetattr, ttyname};
use smol::Async;

use super::wire::Wire;
use crate::terminal::Lines;

/// The key that ends it, Ctrl-]; as that of telnet does.
const END: u8 = 0x1d;

/// How many keys are read at once.
const KEYS: usize = 256;

/// Passes keys and octets until the key that ends it, or the line breaks.
pub(super) async fn run(wire: &mut Wire) -> io::Result<()> {
    // Opened anew, so that nobody else's stdin stops blocking.
    let name = ttyname(io::stdin(), Vec::new())?;
    let flags = OFlags::RDWR | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let terminal =
        File::from(rustix::fs::open(std::ffi::OsStr::from_bytes(name.as_bytes()), flags, Mode::empty())?);
    let before = tcgetattr(&terminal)?;
    let mut settings = before.clone();
    settings.make_raw();
    tcsetattr(&terminal, OptionalActions::Now, &settings)?;
    let result = pass(wire, Async::new(terminal.try_clone()?)?).await;
    tcsetattr(&terminal, OptionalActions::Drain, &before)?;
    result
}

async fn pass(wire: &mut Wire, mut keys: Async<File>) -> io::Result<()> {
    let mut shown = Lines::default();
    let mut buffer = [0; KEYS];
    loop {
        let came = {
            let (typed, heard) = (std::pin::pin!(keys.read(&mut buffer)), std::pin::pin!(wire.receive()));
            match select(typed, heard).await {
                Either::Left((count, _)) => Either::Left(count?),
                Either::Right((heard, _)) => Either::Right(shown.show(heard?.0)),
            }
        };
        match came {
            Either::Left(0) => return Ok(()),
            Either::Left(count) => {
                let typed = buffer.get(..count).unwrap_or_default();
                let end = typed.iter().position(|key| *key == END);
                wire.send(typed.get(..end.unwrap_or(count)).unwrap_or_default()).await?;
                if end.is_some() {
                    return Ok(());
                }
            }
            Either::Right(text) => {
                let mut stdout = io::stdout().lock();
                stdout.write_all(text.replace('\n', "\r\n").as_bytes())?;
                stdout.flush()?;
            }
        }
    }
}
