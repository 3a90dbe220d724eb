//! An HTTP server with the resources and the failures that a client must cope with.
//!
//! | path | answer |
//! |---|---|
//! | any other | `GET` and `HEAD` of what was put there, with `Range`; `PUT` and `POST` store, `DELETE` removes |
//! | `/status/<code>` | that status |
//! | `/redirect/<n>` | 302 to `/redirect/<n-1>`; `/redirect/0` is a 200 |
//! | `/loop` | 302 to itself |
//! | `/headers` | the request's line and header fields, as text |
//! | `/echo` | the request's body, under its content type |
//! | `/chunked/<path>` | the resource `/<path>` as a chunked body |
//! | `/unframed/<path>` | … without a length, ended by the end of the connection |
//! | `/slow/<rate>/<path>` | … at so many octets per second |
//! | `/reset/<n>/<path>` | … whose connection is reset after `n` octets of the body |
//! | `/truncated/<n>/<path>` | … whose connection ends in order after `n` octets of the body |
//! | `/stall/<n>/<path>` | … of which nothing more comes after `n` octets |
//! | `/reset`, `/stall` | a reset, or nothing at all, instead of an answer |
//! | `/garbage` | octets that are not HTTP |
//!
//! The same failures strike an ordinary path once by [`HttpServer::deliver_next`].

mod answer;
mod resource;
mod route;

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use ::http::Request;
use bytes::Bytes;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use smol::channel;
use smol::net::TcpStream;
use smol_hyper::rt::FuturesIo;

use self::answer::Answer;
use self::resource::Resources;
pub use self::route::Delivery;
use super::{Host, Limits, Record, lock};

/// A running HTTP server; dropping it stops it. See the [module](self) for what it answers.
#[derive(Debug)]
pub struct HttpServer {
    host: Host,
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    address: SocketAddr,
    limits: Limits,
    resources: Resources,
    ranges: bool,
    deliver_next: Option<Delivery>,
    record: Record<Request<Bytes>>,
}

impl HttpServer {
    /// Starts a server on a free port of 127.0.0.1, with no resource put yet.
    ///
    /// # Errors
    /// No socket or no thread was to be had.
    pub fn start(limits: Limits) -> io::Result<Self> {
        let state = Arc::new(Mutex::new(State {
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            limits,
            resources: Resources::default(),
            ranges: true,
            deliver_next: None,
            record: Record::new(limits.recorded),
        }));
        let host = Host::start("http-server", limits.connections, {
            let state = Arc::clone(&state);
            move |stream| serve(Arc::clone(&state), stream)
        })?;
        lock(&state).address = host.address;
        Ok(Self { host, state })
    }

    /// Where the server listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.host.address
    }

    /// The URL of a path, which begins with a slash.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.host.address)
    }

    /// Puts a resource at a path, as a URL spells it: with its first slash, and percent-encoded where it must be.
    pub fn put(&self, path: &str, content_type: &str, body: impl Into<Bytes>) {
        lock(&self.state).resources.put(path, content_type, body.into());
    }

    /// The body stored at a path, by [`put`](Self::put) or by a client.
    #[must_use]
    pub fn body(&self, path: &str) -> Option<Bytes> {
        Some(lock(&self.state).resources.find(path)?.body.clone())
    }

    /// Whether `Range` is honoured (at first it is) or ignored, as servers may.
    pub fn set_ranges(&self, honoured: bool) {
        lock(&self.state).ranges = honoured;
    }

    /// Has the next `GET` of an ordinary path delivered that way; the one after it is whole again.
    pub fn deliver_next(&self, delivery: Delivery) {
        lock(&self.state).deliver_next = Some(delivery);
    }

    /// The requests seen so far, oldest first, each recorded once its body was complete. A request through a
    /// proxy shows the target in absolute form.
    #[must_use]
    pub fn requests(&self) -> Vec<Request<Bytes>> {
        lock(&self.state).record.to_vec()
    }
}

/// One connection, until the client leaves or a failure on demand ends it.
async fn serve(state: Arc<Mutex<State>>, stream: TcpStream) {
    let (failing, failure) = channel::bounded(1);
    let service = service_fn(|request| {
        let (state, failing) = (Arc::clone(&state), failing.clone());
        async move {
            match answer::answer(&state, request).await {
                Answer::Proper(response) => Ok::<_, Infallible>(response),
                Answer::Improper(improper) => {
                    // The connection is taken from hyper, and this future dropped, as soon as this is received.
                    let _ = failing.send(improper).await;
                    smol::future::pending().await
                }
            }
        }
    });
    let connection = http1::Builder::new().serve_connection(FuturesIo::new(stream.clone()), service);
    let ended = async {
        // A client that breaks off, or speaks no HTTP, ends its connection and nothing else.
        let _ = connection.await;
        None
    };
    let improper = smol::future::or(ended, async { failure.recv().await.ok() }).await;
    if let Some(improper) = improper {
        // It fails when the client is already gone.
        let _ = improper.send(stream).await;
    }
}
