//! What moves octets between a UART and a session.

use embassy_futures::select::{Either, select};
use embassy_futures::yield_now;
use embassy_sync::blocking_mutex::raw::CriticalSectionRawMutex;
use embassy_sync::pipe::Pipe;
use embedded_io_async::{Error as _, ErrorKind, Read, Write};
use thiserror::Error;

/// Octets that were read from the UART and that the session has not looked at.
const INCOMING: usize = 256;

/// Octets that the session wrote and that the UART has not taken.
const OUTGOING: usize = 128;

/// Octets of one call of the UART.
const PIECE: usize = 64;

/// How many errors may follow one another before the UART counts as broken. One is an octet that the line damaged, or octets that
/// nobody took in time: the session finds out what is missing.
const ERRORS: usize = 64;

/// Why a line ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Ended {
    /// The other side has closed it.
    #[error("the line was closed from the other side")]
    Closed,
    /// Nothing can be read from it any more.
    #[error("the line brings nothing but errors: {0:?}")]
    Receiving(ErrorKind),
    /// It takes nothing.
    #[error("the line takes nothing: {0:?}")]
    Sending(ErrorKind),
}

/// What is on its way between a UART and a session.
pub(crate) struct Lines {
    pub(crate) incoming: Pipe<CriticalSectionRawMutex, INCOMING>,
    pub(crate) outgoing: Pipe<CriticalSectionRawMutex, OUTGOING>,
}

impl Lines {
    pub(crate) const fn new() -> Self {
        Self { incoming: Pipe::new(), outgoing: Pipe::new() }
    }
}

/// Moves what comes from `rx`.
pub(crate) async fn receive(mut rx: impl Read, lines: &Lines) -> Ended {
    let mut piece = [0; PIECE];
    let mut errors = 0;
    loop {
        let read = rx.read(&mut piece).await;
        if let Some(ended) = deliver(read, &piece, &mut errors, lines).await {
            return ended;
        }
    }
}

/// Moves what goes to `tx`.
pub(crate) async fn send(mut tx: impl Write, lines: &Lines) -> Ended {
    let mut piece = [0; PIECE];
    loop {
        let len = lines.outgoing.read(&mut piece).await;
        if let Err(error) = write(&mut tx, piece.get(..len).unwrap_or_default()).await {
            return Ended::Sending(error);
        }
    }
}

/// Both with a UART of one piece: it is written to as soon as there is something to write.
pub(crate) async fn both(mut port: impl Read + Write, lines: &Lines) -> Ended {
    let (mut piece, mut outgoing) = ([0; PIECE], [0; PIECE]);
    let mut errors = 0;
    loop {
        let next = select(port.read(&mut piece), lines.outgoing.read(&mut outgoing)).await;
        let ended = match next {
            Either::First(read) => deliver(read, &piece, &mut errors, lines).await,
            Either::Second(len) => {
                write(&mut port, outgoing.get(..len).unwrap_or_default()).await.err().map(Ended::Sending)
            }
        };
        if let Some(ended) = ended {
            return ended;
        }
    }
}

/// Hands what was `read` into `piece` to the session; why the line has ended, if it has.
async fn deliver<E: embedded_io_async::Error>(
    read: Result<usize, E>,
    piece: &[u8],
    errors: &mut usize,
    lines: &Lines,
) -> Option<Ended> {
    match read {
        Ok(0) => return Some(Ended::Closed),
        Ok(len) => {
            *errors = 0;
            lines.incoming.write_all(piece.get(..len).unwrap_or_default()).await;
        }
        Err(error) => {
            *errors += 1;
            if *errors >= ERRORS {
                return Some(Ended::Receiving(error.kind()));
            }
            // An error that is there at once leaves the others their time.
            yield_now().await;
        }
    }
    None
}

async fn write(tx: &mut impl Write, octets: &[u8]) -> Result<(), ErrorKind> {
    tx.write_all(octets).await.map_err(|error| error.kind())?;
    tx.flush().await.map_err(|error| error.kind())
}
