//! `http://` by HTTP/1.1 over sockets of the module, one after the other where one breaks.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::TryStreamExt;
use http::header::{AUTHORIZATION, ETAG, EXPECT, HOST, TRANSFER_ENCODING};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Request, Response, Uri, Version};
use http_body_util::{Full, StreamBody};
use hyper::body::{Body, Frame};
use sim800_https::{Again, Connection, HttpsError, Incoming, Shelf, Watched, go_on, origin_form, persist};
use sim800_session::Sockets;

use super::account::{Account, Program};
use super::answer::{Answer, answer};
use super::gate::Place;
use super::upload::Upload;
use super::wanted::{has_body, strip_hops};
use super::{Proxy, connect};
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

    /// Gives all of them up.
    pub(super) fn clear(&self) {
        let all = std::mem::take(&mut *self.0.borrow_mut());
        drop(all);
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
    let shelf = Shelf::default();
    let logged_in = logs_in(&head.headers).then(|| Rc::clone(&account.program));
    // What is there but once is sent once, over a connection that is new.
    if !head.method.is_safe() || !body.is_end_stream() {
        let (socket, place) = proxy.connect(host, port).await?;
        let connection = Connection::open(Watched::new(socket, proxy.client.runtime(), PATIENCE)).await?;
        let response = connection.send(for_server(request(&head, body)?), &shelf).await?;
        let leaving = Leaving::new(proxy, server, shelf, place, logged_in);
        return Ok(answered(response, &head, leaving, account));
    }
    let request = request(&head, Full::default())?.map(|_: Full<Bytes>| Bytes::new());
    let (kept, place, owner) = match proxy.kept.take(&server, &account.program) {
        Some(Line { connection, place, owner, .. }) => (Some(connection), place, owner),
        None => (None, proxy.place().await?, None),
    };
    // A login that counts for a connection is none for the next.
    let is_free = logged_in.is_none() && owner.is_none();
    let asker = Arc::new(Asker {
        sockets: proxy.sockets.clone(),
        server: (host.to_owned(), port),
        kept: Mutex::new(kept),
        shelf: shelf.clone(),
    });
    let response = persist(&*asker, &request).await?;
    let leaving = Leaving::new(proxy, server, shelf, place, owner.or(logged_in));
    if !is_free || !may_go_on(&head.method, &response) {
        return Ok(answered(response, &head, leaving, account));
    }
    let (mut told, body) = go_on(asker, &request, response)?.into_parts();
    strip_hops(&mut told.headers);
    let body = StreamBody::new(body.map_ok(Frame::data));
    Ok(answer(Response::from_parts(told, body), true, Some(Box::new(leaving)), account))
}

/// Whether a request logs in with a scheme that counts for the connection rather than for the request (RFC 4559 section 6).
fn logs_in(headers: &HeaderMap) -> bool {
    headers.get_all(AUTHORIZATION).iter().any(|value| {
        let scheme = value.as_bytes().split(|octet| *octet == b' ').next().unwrap_or_default();
        [&b"negotiate"[..], b"ntlm"].iter().any(|known| scheme.eq_ignore_ascii_case(known))
    })
}

/// Whether an answer is gone on with when its connection breaks: one of which the server tells how long it is, and what to know it by, to
/// the octet. Anything else that breaks, the program is told of.
fn may_go_on(method: &Method, response: &Response<Incoming>) -> bool {
    let is_strong = |tag: &HeaderValue| !tag.as_bytes().starts_with(b"W/");
    *method == Method::GET
        && response.body().length().is_some_and(|length| length > 0)
        && response.headers().get(ETAG).is_some_and(is_strong)
}

/// What sends a request over one connection after the other, of which the first may have been kept.
struct Asker {
    sockets: Sockets,
    server: (String, u16),
    kept: Mutex<Option<Connection>>,
    shelf: Shelf,
}

#[async_trait]
impl Again for Asker {
    async fn ask(&self, request: Request<Bytes>) -> Result<Response<Incoming>, HttpsError> {
        let message = || for_server(request.clone().map(Full::new));
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(mut connection) = kept
            && connection.is_open().await
        {
            // One that fails was closed by the server in the meantime, perhaps.
            if let Ok(response) = connection.send(message(), &self.shelf).await {
                return Ok(response);
            }
        }
        let (host, port) = &self.server;
        let socket = connect(&self.sockets, host, *port).await?;
        let runtime = self.sockets.client().runtime();
        Connection::open(Watched::new(socket, runtime, PATIENCE)).await?.send(message(), &self.shelf).await
    }

    async fn wait(&self, cause: String, attempt: u32, position: Option<u64>) -> bool {
        self.sockets.client().retry(cause, attempt, position).await
    }
}

/// The same for whoever's connection leads to the server: for a path (RFC 9112 section 3.2.1).
fn for_server<B>(mut request: Request<B>) -> Request<B> {
    // What was not too long for a part of a target is not for a whole one.
    *request.uri_mut() = origin_form(request.uri()).unwrap_or_default();
    request
}

/// The same without a login in its target, and with the server's name in a header. `100 Continue` was said here.
fn request<B: Body>(head: &Parts, body: B) -> Result<Request<B>, Failure> {
    let wrong = |what: &str| Failure::usage(format!("the request has no {what} that can be sent on"));
    let authority = head.uri.authority().map_or("", |authority| authority.as_str());
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let target = origin_form(&head.uri).ok_or_else(|| wrong("path"))?;
    let target: Uri = format!("http://{host}{target}").parse().map_err(|_| wrong("path"))?;
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
