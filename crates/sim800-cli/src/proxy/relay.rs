//! `http://` by HTTP/1.1 over a socket of the module.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Duration;

use http::header::{AUTHORIZATION, EXPECT, HOST, TRANSFER_ENCODING};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Request, Response, Version};
use http_body_util::{BodyExt, Empty};
use hyper::body::Body as _;
use sim800_https::{Connection, Incoming, Shelf, Watched, origin_form};

use super::Proxy;
use super::account::{Account, Program};
use super::answer::{Answer, answer};
use super::gate::Place;
use super::upload::Upload;
use super::wanted::{has_body, strip_hops};
use crate::failure::Failure;

/// How long a server may say nothing while something is waited for: as long as the module's own stack has it.
const PATIENCE: Duration = Duration::from_secs(120);

/// Connections that servers keep, the one that was used last at the end.
#[derive(Default)]
pub(super) struct Kept(RefCell<VecDeque<Line>>);

/// A connection that a server keeps.
struct Line {
    server: String,
    connection: Connection,
    place: Place,
    /// Who has logged in on it.
    owner: Option<Rc<Program>>,
}

impl Kept {
    /// Takes one to a server that a program may use.
    fn take(&self, server: &str, program: &Rc<Program>) -> Option<Line> {
        let mut kept = self.0.borrow_mut();
        let leads_there = |line: &Line| line.server == server;
        let is_own = |line: &Line| line.owner.as_ref().is_some_and(|owner| Rc::ptr_eq(owner, program));
        let found = kept.iter().rposition(|line| leads_there(line) && is_own(line));
        let found =
            found.or_else(|| kept.iter().rposition(|line| leads_there(line) && line.owner.is_none()))?;
        kept.remove(found)
    }

    /// Gives the oldest one up.
    pub(super) fn let_go(&self) {
        let oldest = self.0.borrow_mut().pop_front();
        drop(oldest);
    }
}

/// Sends a request to a server.
pub(super) async fn send(
    proxy: &Rc<Proxy>,
    (host, port): (&str, u16),
    head: Parts,
    body: Upload,
    account: &Rc<Account>,
) -> Result<Response<Answer>, Failure> {
    account.via.set("sockets");
    let server = format!("{host}:{port}");
    let is_harmless = head.method.is_safe() && body.is_end_stream();
    let logged_in = logs_in(&head.headers).then(|| Rc::clone(&account.program));
    let kept = if is_harmless { proxy.kept.take(&server, &account.program) } else { None };
    if let Some(Line { mut connection, place, owner, .. }) = kept
        && connection.is_open().await
    {
        let shelf = Shelf::default();
        let request = request(&head, Empty::new().map_err(|never| match never {}).boxed_unsync())?;
        // One that fails was closed by the server in the meantime, perhaps.
        if let Ok(response) = connection.send(request, &shelf).await {
            let leaving = Leaving::new(proxy, server, shelf, place, owner.or(logged_in));
            return Ok(answered(response, &head, leaving, account));
        }
    }
    let (socket, place) = proxy.connect(host, port).await?;
    let connection = Connection::open(Watched::new(socket, proxy.client.runtime(), PATIENCE)).await?;
    let shelf = Shelf::default();
    let response = connection.send(request(&head, body)?, &shelf).await?;
    let leaving = Leaving::new(proxy, server, shelf, place, logged_in);
    Ok(answered(response, &head, leaving, account))
}

/// Whether a request logs in with a scheme that counts for the connection rather than for the request (RFC 4559 section 6).
fn logs_in(headers: &HeaderMap) -> bool {
    headers.get_all(AUTHORIZATION).iter().any(|value| {
        let scheme = value.as_bytes().split(|octet| *octet == b' ').next().unwrap_or_default();
        [&b"negotiate"[..], b"ntlm"].iter().any(|known| scheme.eq_ignore_ascii_case(known))
    })
}

/// The same as servers have it: for a path, with their name in a header (RFC 9112 section 3.2.2). `100 Continue` was said here.
fn request(head: &Parts, body: Upload) -> Result<Request<Upload>, Failure> {
    let wrong = |what: &str| Failure::usage(format!("the request has no {what} that can be sent on"));
    let target = origin_form(&head.uri).ok_or_else(|| wrong("path"))?;
    let authority = head.uri.authority().map_or("", |authority| authority.as_str());
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let host = HeaderValue::from_str(host).map_err(|_| wrong("host"))?;
    let is_measured = body.size_hint().exact().is_some();
    let mut request = Request::new(body);
    *request.method_mut() = head.method.clone();
    *request.uri_mut() = target;
    *request.headers_mut() = head.headers.clone();
    request.headers_mut().remove(EXPECT);
    request.headers_mut().insert(HOST, host);
    if !is_measured {
        // Also with a method that seldom has a body, where it would be left out.
        request.headers_mut().insert(TRANSFER_ENCODING, HeaderValue::from_static("chunked"));
    }
    Ok(request)
}

fn answered(
    response: Response<Incoming>,
    head: &Parts,
    leaving: Leaving,
    account: &Rc<Account>,
) -> Response<Answer> {
    let (mut told, body) = response.into_parts();
    strip_hops(&mut told.headers);
    let has_body = has_body(&head.method, told.status);
    // An end that the server does not tell is none that the program is told of: there, too, the connection ends.
    told.version = if has_body && !body.is_delimited() { Version::HTTP_10 } else { Version::HTTP_11 };
    answer(Response::from_parts(told, body), has_body, Some(Box::new(leaving)), account)
}

/// A connection whose answer is being read. Afterwards it is kept, where it may be, unless somebody waits for its place.
struct Leaving {
    proxy: Rc<Proxy>,
    server: String,
    shelf: Shelf,
    place: Option<Place>,
    owner: Option<Rc<Program>>,
}

impl Leaving {
    fn new(
        proxy: &Rc<Proxy>,
        server: String,
        shelf: Shelf,
        place: Place,
        owner: Option<Rc<Program>>,
    ) -> Self {
        Self { proxy: Rc::clone(proxy), server, shelf, place: Some(place), owner }
    }
}

impl Drop for Leaving {
    fn drop(&mut self) {
        if let (Some(connection), Some(place)) = (self.shelf.take(), self.place.take())
            && !self.proxy.sockets_gate.is_wanted()
        {
            let (server, owner) = (std::mem::take(&mut self.server), self.owner.take());
            self.proxy.kept.0.borrow_mut().push_back(Line { server, connection, place, owner });
        }
    }
}
