//! `http://` by HTTP/1.1 over sockets of the module, one after the other where one breaks.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::TryStreamExt;
use http::header::{ETAG, EXPECT, HOST};
use http::request::Parts;
use http::{HeaderValue, Method, Request, Response, Uri, Version};
use http_body_util::{Full, StreamBody};
use hyper::body::{Body as _, Frame};
use sim800_https::{Again, Connection, HttpsError, Incoming, Shelf, Watched, go_on, persist};
use sim800_session::Sockets;

use super::account::Account;
use super::answer::{Answer, answer};
use super::gate::Place;
use super::upload::Upload;
use super::wanted::{has_body, strip_hops};
use super::{Proxy, connect};
use crate::failure::Failure;

/// How long a server may say nothing while something is waited for: as long as the module's own stack has it.
const PATIENCE: Duration = Duration::from_secs(120);

/// Connections that servers keep, with their places, the one that was used last at the end.
#[derive(Default)]
pub(super) struct Kept(RefCell<VecDeque<(String, Connection, Place)>>);

impl Kept {
    /// Takes one to a server.
    fn take(&self, server: &str) -> Option<(Connection, Place)> {
        let mut kept = self.0.borrow_mut();
        let found = kept.iter().rposition(|(kept, _, _)| kept == server)?;
        kept.remove(found).map(|(_, connection, place)| (connection, place))
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
    // What is there but once is sent once, over a connection that is new.
    if !head.method.is_safe() || !body.is_end_stream() {
        let (socket, place) = proxy.connect(host, port).await?;
        let connection = Connection::open(Watched::new(socket, proxy.client.runtime(), PATIENCE)).await?;
        let response = connection.send(for_server(request(&head, body)?), &shelf).await?;
        return Ok(answered(response, &head, Leaving::new(proxy, server, shelf, place), account));
    }
    let request = request(&head, Bytes::new())?;
    let (kept, place) = match proxy.kept.take(&server) {
        Some((connection, place)) => (Some(connection), place),
        None => (None, proxy.place().await?),
    };
    let asker = Arc::new(Asker {
        sockets: proxy.sockets.clone(),
        server: (host.to_owned(), port),
        kept: Mutex::new(kept),
        shelf: shelf.clone(),
    });
    let response = persist(&*asker, &request).await?;
    let leaving = Leaving::new(proxy, server, shelf, place);
    if !may_go_on(&head.method, &response) {
        return Ok(answered(response, &head, leaving, account));
    }
    let (mut told, body) = go_on(asker, &request, response)?.into_parts();
    strip_hops(&mut told.headers);
    let body = StreamBody::new(body.map_ok(Frame::data));
    Ok(answer(Response::from_parts(told, body), true, Some(Box::new(leaving)), account))
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
    let target = request.uri().path_and_query().map_or("/", |target| target.as_str());
    // What was taken from a URI is one.
    *request.uri_mut() = target.parse().unwrap_or_default();
    request
}

/// The same without a login in its target, and with the server's name in a header. `100 Continue` was said here.
fn request<B>(head: &Parts, body: B) -> Result<Request<B>, Failure> {
    let wrong = |what: &str| Failure::usage(format!("the request has no {what} that can be sent on"));
    let authority = head.uri.authority().map_or("", |authority| authority.as_str());
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let target = head.uri.path_and_query().map_or("/", |target| target.as_str());
    let target: Uri = format!("http://{host}{target}").parse().map_err(|_| wrong("path"))?;
    let host = HeaderValue::from_str(host).map_err(|_| wrong("host"))?;
    let mut request = Request::new(body);
    *request.method_mut() = head.method.clone();
    *request.uri_mut() = target;
    *request.headers_mut() = head.headers.clone();
    request.headers_mut().remove(EXPECT);
    request.headers_mut().insert(HOST, host);
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
}

impl Leaving {
    fn new(proxy: &Rc<Proxy>, server: String, shelf: Shelf, place: Place) -> Self {
        Self { proxy: Rc::clone(proxy), server, shelf, place: Some(place) }
    }
}

impl Drop for Leaving {
    fn drop(&mut self) {
        if let (Some(connection), Some(place)) = (self.shelf.take(), self.place.take())
            && !self.proxy.sockets_gate.is_wanted()
        {
            let server = std::mem::take(&mut self.server);
            self.proxy.kept.0.borrow_mut().push_back((server, connection, place));
        }
    }
}
