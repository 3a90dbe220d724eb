//! A program that uses the proxy: its connection, one request after the other.

use std::cell::{Cell, RefCell};
use std::convert::Infallible;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use http::request::Parts;
use http::{Request, Response, StatusCode};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::upgrade::{self, OnUpgrade};
use rustix::net::sockopt::set_socket_linger;
use smol::net::TcpStream;
use smol_hyper::rt::{FuturesIo, SmolTimer};

use super::Proxy;
use super::account::{Account, Program};
use super::answer::{Answer, UNKNOWN, established, refusal};
use super::ftp;
use super::relay;
use super::stack::{self, Sent};
use super::tunnel::Tunnel;
use super::upload::{Counted, Upload};
use super::wanted::{Wanted, shown, strip_hops};
use crate::args::Via;
use crate::failure::Failure;

/// How long the headers of a request may take, also those of the next one on a connection that is kept.
const IDLE: Duration = Duration::from_secs(60);

/// How many octets of headers are taken, and how much is read ahead.
const HEAD: usize = 64 * 1024;

/// Where a tunnel waits until the program was told of it.
type Slot = Rc<RefCell<Option<Tunnel>>>;

/// Serves a connection until one side closes it.
pub(super) async fn serve(stream: TcpStream, peer: SocketAddr, proxy: Rc<Proxy>) {
    let slot = Slot::default();
    let program = Rc::new(Program { peer, is_cut_off: Cell::new(false) });
    let service = service_fn(|request| {
        let (proxy, program, slot) = (Rc::clone(&proxy), Rc::clone(&program), Rc::clone(&slot));
        async move { Ok::<_, Infallible>(carry_out(request, &program, &proxy, &slot).await) }
    });
    // Whatever ends an answer or a tunnel before its end, an interruption too, resets the connection.
    let _ = set_socket_linger(&stream, Some(Duration::ZERO));
    let connection = http1::Builder::new()
        .timer(SmolTimer::new())
        .header_read_timeout(IDLE)
        .max_buf_size(HEAD)
        // The date of an answer is the server's.
        .auto_date_header(false)
        .serve_connection(FuturesIo::new(stream.clone()), service)
        .with_upgrades();
    // What goes wrong on the way to the program is in the account of its request.
    let _ = connection.await;
    let tunnel = slot.take();
    if let Some(tunnel) = tunnel {
        drop(stream);
        tunnel.run().await;
    } else if !program.is_cut_off.get() {
        let _ = set_socket_linger(&stream, None);
    }
}

async fn carry_out(
    mut request: Request<Incoming>,
    program: &Rc<Program>,
    proxy: &Rc<Proxy>,
    slot: &Slot,
) -> Response<Answer> {
    let on = (proxy.output, &proxy.client, &proxy.totals);
    let account = Account::begin(on, program, request.method().as_str(), shown(request.uri()));
    if proxy.login.as_ref().is_some_and(|login| !login.is_given(request.headers())) {
        return refusal(Failure::new(UNKNOWN, "this proxy asks for a login"), &account);
    }
    let upgrade = upgrade::on(&mut request);
    let (head, body) = request.into_parts();
    let body = Counted::new(body, Arc::clone(&account.up)).boxed_unsync();
    let done = match Wanted::of(&head) {
        Ok(Wanted::Tunnel { host, port }) => connect(proxy, (&host, port), upgrade, &account, slot).await,
        Ok(Wanted::Http { host, port }) => forward(proxy, (&host, port), head, body, &account).await,
        Ok(Wanted::Ftp) => ftp::carry_out(proxy, head, body, &account).await,
        Err(failure) => Err(failure),
    };
    done.unwrap_or_else(|failure| refusal(failure, &account))
}

async fn connect(
    proxy: &Proxy,
    (host, port): (&str, u16),
    upgrade: OnUpgrade,
    account: &Rc<Account>,
    slot: &Slot,
) -> Result<Response<Answer>, Failure> {
    account.via.set("sockets");
    let (socket, place) = proxy.connect(host, port).await?;
    let tunnel = Tunnel { upgrade, socket, place, account: Rc::clone(account) };
    *slot.borrow_mut() = Some(tunnel);
    account.status.set(Some(StatusCode::OK));
    Ok(established())
}

async fn forward(
    proxy: &Rc<Proxy>,
    (host, port): (&str, u16),
    mut head: Parts,
    mut body: Upload,
    account: &Rc<Account>,
) -> Result<Response<Answer>, Failure> {
    strip_hops(&mut head.headers);
    if proxy.via == Via::Http {
        (head, body) = match stack::send(proxy, head, body, account).await? {
            Sent::Answered(response) => return Ok(response),
            Sent::Unable(head, body) => (head, body),
        };
    }
    relay::send(proxy, (host, port), head, body, account).await
}
