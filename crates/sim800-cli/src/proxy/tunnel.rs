//! `CONNECT`: octets both ways, over a socket.

use std::cell::Cell;
use std::io;
use std::net::Shutdown;
use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;

use futures::future::{Either, select};
use futures::io::{AsyncReadExt, AsyncWriteExt, ReadHalf, WriteHalf};
use hyper::upgrade::OnUpgrade;
use rustix::net::sockopt::set_socket_linger;
use sim800_session::Socket;
use smol::Timer;
use smol::net::TcpStream;
use smol_hyper::rt::FuturesIo;

use super::account::Account;
use super::gate::Place;
use crate::failure::Failure;

/// How much is taken from a program at once, in octets.
const READ: usize = 8192;

/// How long a server may say nothing once the program has closed its direction. The module cannot pass that on, and a program that has
/// gone looks the same.
const SILENCE: Duration = Duration::from_secs(10);

/// How long it may take until the server has what was sent, and the program what has come.
const LAST: Duration = Duration::from_secs(30);

/// A connection that is made, for the program that asked for it.
pub(super) struct Tunnel {
    pub(super) upgrade: OnUpgrade,
    pub(super) socket: Socket,
    pub(super) place: Place,
    pub(super) account: Rc<Account>,
}

/// How a tunnel ends in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// The server closed it.
    There,
    /// The program closed its direction, and the server said nothing more for long.
    Here,
}

/// How it breaks: by what happened in the module or beyond, or because the program has gone.
type Break = Option<Failure>;

impl Tunnel {
    /// Passes octets on until one side has closed it, or it breaks: then the program sees that.
    pub(super) async fn run(self) {
        let Self { upgrade, socket, place, account } = self;
        let Ok(upgraded) = upgrade.await else { return };
        let Ok(parts) = upgraded.downcast::<FuturesIo<TcpStream>>() else { return };
        let program = parts.io.into_inner();
        let (mut from_server, mut to_server) = socket.split();
        let up = up(&parts.read_buf, program.clone(), &mut to_server, &account);
        let watch = Watch::default();
        let down = down(&mut from_server, program.clone(), &account, &watch);
        let end = match exchange(up, down, &watch).await {
            Ok(end) => Some(end),
            Err(broken) => {
                broken.into_iter().for_each(|failure| account.fail(failure));
                None
            }
        };
        if let (Some(_), Ok(mut socket)) = (end, from_server.reunite(to_server)) {
            account.complete();
            // Else it is closed as soon as it is dropped, without waiting for the server.
            let _ = select(socket.close(), Timer::after(LAST)).await;
        }
        drop((place, account));
        if end == Some(End::There) {
            let _ = set_socket_linger(&program, None);
            let _ = program.shutdown(Shutdown::Write);
            // To close it with octets unread would reset it, and the program could lose what it has not read.
            let _ = select(pin!(drain(program)), Timer::after(LAST)).await;
        }
    }
}

/// What is seen of the direction to the program.
#[derive(Default)]
struct Watch {
    /// How often something was asked of the server.
    reads: Cell<u64>,
    is_reading: Cell<bool>,
}

impl Watch {
    /// Until the server has said nothing for long. It says nothing while nobody asks.
    async fn silence(&self) {
        loop {
            let before = self.reads.get();
            Timer::after(SILENCE).await;
            if self.is_reading.get() && self.reads.get() == before {
                return;
            }
        }
    }
}

async fn exchange(
    up: impl Future<Output = Result<(), Break>>,
    down: impl Future<Output = Result<End, Break>>,
    watch: &Watch,
) -> Result<End, Break> {
    let mut down = pin!(down);
    match select(down.as_mut(), pin!(up)).await {
        Either::Left((ended, _)) => ended,
        Either::Right((Ok(()), _)) => match select(down.as_mut(), pin!(watch.silence())).await {
            Either::Left((ended, _)) => ended,
            Either::Right(_) => Ok(End::Here),
        },
        // What has come can be read still.
        Either::Right((Err(Some(failure)), _)) if failure.kind() == "closed" => down.await,
        Either::Right((Err(broken), _)) => Err(broken),
    }
}

/// Passes on what the program sends, of which the `first` octets have come already, until it closes its direction.
async fn up(
    first: &[u8],
    mut program: TcpStream,
    to_server: &mut WriteHalf<Socket>,
    account: &Account,
) -> Result<(), Break> {
    let broken = |error| Some(Failure::socket(&error));
    to_server.write_all(first).await.map_err(broken)?;
    account.count_up(first.len());
    let mut buffer = vec![0; READ];
    loop {
        let count = program.read(&mut buffer).await.map_err(|_| None)?;
        let octets = buffer.get(..count).unwrap_or_default();
        if octets.is_empty() {
            return to_server.flush().await.map_err(broken);
        }
        to_server.write_all(octets).await.map_err(broken)?;
        account.count_up(count);
    }
}

/// Passes on what the server sends, as fast as the program takes it, until the server closes the connection.
async fn down(
    from_server: &mut ReadHalf<Socket>,
    mut program: TcpStream,
    account: &Account,
    watch: &Watch,
) -> Result<End, Break> {
    let mut buffer = vec![0; READ];
    loop {
        watch.is_reading.set(true);
        let count = from_server.read(&mut buffer).await.map_err(|error| Some(Failure::socket(&error)))?;
        watch.reads.set(watch.reads.get() + 1);
        watch.is_reading.set(false);
        let octets = buffer.get(..count).unwrap_or_default();
        if octets.is_empty() {
            return Ok(End::There);
        }
        program.write_all(octets).await.map_err(|_: io::Error| None)?;
        account.count_down(count);
    }
}

/// Reads until the program closes its direction, and throws it away.
async fn drain(mut program: TcpStream) {
    let mut buffer = vec![0; READ];
    while program.read(&mut buffer).await.is_ok_and(|count| count > 0) {}
}
