//! `sim800 proxy`: an HTTP proxy whose network is that of the module.

mod account;
mod answer;
mod client;
mod ftp;
mod gate;
mod login;
mod relay;
mod stack;
mod tunnel;
mod upload;
mod wanted;

use std::cell::Cell;
use std::convert::Infallible;
use std::net::TcpListener;
use std::pin::pin;
use std::rc::Rc;
use std::time::{Duration, Instant};

use futures::future::{Either, FutureExt, LocalBoxFuture, pending, select};
use futures::stream::{FuturesUnordered, StreamExt};
use serde_json::json;
use sim800_session::{Bearer, Client, Notice, Socket, SocketError, Sockets};
use smol::lock::OnceCell;
use smol::{Async, Timer};

use self::gate::{Gate, Place};
use self::login::Login;
use self::relay::Kept;
use crate::access::open_sockets;
use crate::args::{Options, Proxy as Arguments, Via};
use crate::connect::{open_bearer, with_module};
use crate::failure::Failure;
use crate::output::{Output, Report};
use crate::signals::{forgive, interruptible};

/// How many programs are served at once; others wait in the listener's queue.
const CLIENTS: usize = 64;

/// The sockets of the module.
const SOCKETS: usize = 6;

/// How long it is waited before another connection is taken when one could not be.
const PAUSE: Duration = Duration::from_millis(100);

/// How long a socket that was given up may take to be closed.
const CLOSING: Duration = Duration::from_secs(30);

pub(crate) fn run(arguments: &Arguments, options: &Options, output: Output) -> Result<Report, Failure> {
    let login = Login::read(arguments.user_file.as_deref())?;
    let address = arguments.listen;
    if !address.ip().is_loopback() && login.is_none() && !arguments.open_to_all {
        return Err(Failure::usage(format!(
            "whoever reaches {address} could use the module's network; ask for a login with --user-file, or say --open-to-all"
        )));
    }
    let failed = |error| {
        Failure::port(&format!("cannot listen on {address}"), &error)
            .and("--listen chooses another address or port")
    };
    let listener = Async::<TcpListener>::bind(address).map_err(failed)?;
    let totals = Rc::new(Totals::default());
    let done = with_module(options, output, async |client| {
        let proxy = Rc::new(Proxy {
            client: client.clone(),
            sockets: open_sockets(client, options).await?,
            sockets_gate: Gate::new("all six sockets of the module are in use", SOCKETS),
            http_gate: Gate::new("the module's one HTTP service is in use", 1),
            ftp_gate: Gate::new("the module's one FTP session is in use", 1),
            kept: Kept::default(),
            bearer: OnceCell::new(),
            via: arguments.via,
            options: options.clone(),
            login,
            output,
            totals: Rc::clone(&totals),
        });
        let address = listener.get_ref().local_addr().map_err(failed)?;
        let remark = format!("programs find an HTTP proxy at http://{address}; Ctrl-C ends it");
        output.announce(&[("listen", json!(address.to_string()))], &remark);
        let served = select(Box::pin(serve(&listener, &proxy)), Box::pin(gone(client)));
        match interruptible(served).await {
            Ok(Either::Left((never, _))) => match never {},
            Ok(Either::Right((failure, _))) => Err(failure),
            // The way it is meant to end.
            Err(_) if options.close => proxy.close().await.map(|()| totals.report()),
            Err(_) => Ok(totals.report()),
        }
    });
    if options.held.is_some() {
        forgive();
    }
    match done {
        // It was asked again, and could not close all.
        Err(failure) if failure.is_interruption() => Ok(totals.report()),
        done => done,
    }
}

/// What all requests share.
struct Proxy {
    client: Client,
    sockets: Sockets,
    sockets_gate: Gate,
    kept: Kept,
    http_gate: Gate,
    ftp_gate: Gate,
    /// What HTTP and FTP of the module go over, opened when it is wanted first.
    bearer: OnceCell<Bearer>,
    via: Via,
    options: Options,
    login: Option<Login>,
    output: Output,
    totals: Rc<Totals>,
}

/// Takes connections of programs and serves them.
async fn serve(listener: &Async<TcpListener>, proxy: &Rc<Proxy>) -> Infallible {
    let mut clients: FuturesUnordered<LocalBoxFuture<'_, ()>> = FuturesUnordered::new();
    loop {
        let has_room = clients.len() < CLIENTS;
        let next = async { if has_room { listener.accept().await } else { pending().await } };
        let served = async {
            if clients.next().await.is_none() {
                pending().await
            }
        };
        match select(pin!(next), pin!(served)).await {
            Either::Left((Ok((stream, peer)), _)) => {
                clients.push(client::serve(stream.into(), peer, Rc::clone(proxy)).boxed_local());
            }
            // There is no descriptor for it, say, or the program has gone.
            Either::Left((Err(_), served)) => {
                let _ = select(served, Timer::after(PAUSE)).await;
            }
            Either::Right(_) => {}
        }
    }
}

/// Until there is no module any more; why.
async fn gone(client: &Client) -> Failure {
    let mut notices = client.subscribe(|_| false);
    while let Some(notice) = notices.next().await {
        if let Notice::Disconnected(reason) = notice {
            return Failure::new("disconnected", reason.to_string());
        }
    }
    Failure::new("disconnected", "the line to the module has ended")
}

impl Proxy {
    async fn bearer(&self) -> Result<&Bearer, Failure> {
        self.bearer.get_or_try_init(|| open_bearer(&self.client, &self.options)).await
    }

    /// Closes what sockets went through. The bearer is closed by whoever closes it for all commands.
    async fn close(&self) -> Result<(), Failure> {
        self.kept.clear();
        let start = Instant::now();
        loop {
            match self.sockets.clone().close().await {
                // Those that programs left are being closed.
                Err(SocketError::InUse) if start.elapsed() < CLOSING => {
                    Timer::after(PAUSE).await;
                }
                closed => return Ok(closed?),
            }
        }
    }

    /// The place of a connection to a server.
    async fn place(&self) -> Result<Place, Failure> {
        if !self.sockets_gate.has_room() {
            self.kept.let_go();
        }
        self.sockets_gate.enter().await
    }

    /// A connection to a server, and the place that it takes.
    async fn connect(&self, host: &str, port: u16) -> Result<(Socket, Place), Failure> {
        let place = self.place().await?;
        Ok((connect(&self.sockets, host, port).await?, place))
    }
}

/// A connection to a server, whose place is there.
async fn connect(sockets: &Sockets, host: &str, port: u16) -> Result<Socket, SocketError> {
    let start = Instant::now();
    loop {
        match sockets.connect(host, port).await {
            // One that was given up is being closed.
            Err(SocketError::AllInUse) if start.elapsed() < CLOSING => {
                Timer::after(PAUSE).await;
            }
            connected => return connected,
        }
    }
}

/// What all requests came to.
#[derive(Default)]
struct Totals {
    requests: Cell<u64>,
    failed: Cell<u64>,
    up: Cell<u64>,
    down: Cell<u64>,
}

impl Totals {
    fn add(&self, ok: bool, up: u64, down: u64) {
        self.requests.set(self.requests.get() + 1);
        self.failed.set(self.failed.get() + u64::from(!ok));
        self.up.set(self.up.get() + up);
        self.down.set(self.down.get() + down);
    }

    fn report(&self) -> Report {
        let Self { requests, failed, up, down } = self;
        let (requests, failed, up, down) = (requests.get(), failed.get(), up.get(), down.get());
        Report {
            fields: vec![
                ("requests", json!(requests)),
                ("failed", json!(failed)),
                ("up", json!(up)),
                ("down", json!(down)),
            ],
            remark: match failed {
                0 => format!("{requests} requests; {up} bytes up, {down} down"),
                _ => format!(
                    "{requests} requests, {failed} of them failed or broke off; {up} bytes up, {down} down"
                ),
            },
            ..Report::default()
        }
    }
}
