//! Requests to servers whose connections break, in memory.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use async_trait::async_trait;
use bytes::Bytes;
use futures::{AsyncRead, AsyncReadExt, AsyncWrite};
use http::{Method, Request};
use sim800_emulator::Config;
use sim800_session::{ErrorKind, Offset, Runtime, Sent, SocketError};
use sim800_simulation::{Clock, World};

use crate::network::{Network, Stream};
use crate::{Https, HttpsError, Tls};

/// How a connection ends behind its last answer.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Ending {
    Kept,
    Closed,
    Broken,
}

/// One connection: what is answered to each request, and how it ends.
type Script = (Vec<Vec<u8>>, Ending);

/// A network whose connections are as they were written down, one after the other.
#[derive(Debug)]
struct Scripts {
    connections: Mutex<VecDeque<Option<Script>>>,
    /// All heads that came.
    heads: Arc<Mutex<Vec<String>>>,
    /// What was tried again.
    tries: Arc<Mutex<Vec<Option<u64>>>>,
    clock: Clock,
}

/// A connection to a server that answers at once, a few octets at a time.
struct Scripted {
    answers: VecDeque<Vec<u8>>,
    ending: Ending,
    request: Vec<u8>,
    outbox: VecDeque<u8>,
    heads: Arc<Mutex<Vec<String>>>,
    reader: Option<Waker>,
}

#[async_trait]
impl Network for Scripts {
    async fn connect(&self, host: &str, port: u16) -> Result<Box<dyn Stream>, SocketError> {
        let script = self.connections.lock().expect("a lock").pop_front().expect("no more connections");
        let (answers, ending) = script.ok_or_else(|| SocketError::Refused { host: host.to_owned(), port })?;
        Ok(Box::new(Scripted {
            answers: answers.into(),
            ending,
            request: Vec::new(),
            outbox: VecDeque::new(),
            heads: Arc::clone(&self.heads),
            reader: None,
        }))
    }

    fn runtime(&self) -> Arc<dyn Runtime> {
        Arc::new(self.clock.clone())
    }

    async fn wait(&self, _: String, attempt: u32, position: Option<u64>) -> bool {
        self.tries.lock().expect("a lock").push(position);
        attempt <= 3
    }
}

impl AsyncRead for Scripted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let length = buffer.len().min(self.outbox.len()).min(100);
        if length > 0 {
            buffer.iter_mut().zip(self.outbox.drain(..length)).for_each(|(to, from)| *to = from);
            return Poll::Ready(Ok(length));
        }
        match self.ending {
            Ending::Closed if self.answers.is_empty() => Poll::Ready(Ok(0)),
            Ending::Broken if self.answers.is_empty() => Poll::Ready(Err(SocketError::ContextLost.into())),
            _ => {
                self.reader = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }
}

impl AsyncWrite for Scripted {
    fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, octets: &[u8]) -> Poll<io::Result<usize>> {
        self.request.extend_from_slice(octets);
        if let Some(end) = self.request.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = String::from_utf8(self.request.drain(..end + 4).collect()).expect("text");
            self.request.clear();
            self.heads.lock().expect("a lock").push(head);
            let answer = self.answers.pop_front().unwrap_or_default();
            self.outbox.extend(answer);
            self.reader.take().into_iter().for_each(Waker::wake);
        }
        Poll::Ready(Ok(octets.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

struct Lab {
    world: World,
    https: Https,
    heads: Arc<Mutex<Vec<String>>>,
    tries: Arc<Mutex<Vec<Option<u64>>>>,
}

impl Lab {
    /// A client in a network of these connections; `None` is refused.
    fn new(connections: impl IntoIterator<Item = Option<Script>>) -> Self {
        let world = World::new(Config::default());
        let (heads, tries) = (Arc::default(), Arc::default());
        let network = Scripts {
            connections: Mutex::new(connections.into_iter().collect()),
            heads: Arc::clone(&heads),
            tries: Arc::clone(&tries),
            clock: world.clock(),
        };
        let https = Https::over(Box::new(network), Tls::trusting_anybody().expect("no authority"));
        Self { world, https, heads, tries }
    }

    fn send(&mut self, method: Method, url: &str) -> Result<(u16, Option<u64>, Vec<u8>), HttpsError> {
        let request = Request::builder().method(method).uri(url).body(Bytes::new()).expect("a request");
        self.request(request)
    }

    fn request(&mut self, request: Request<Bytes>) -> Result<(u16, Option<u64>, Vec<u8>), HttpsError> {
        let https = self.https.clone();
        self.world.run(async move {
            let response = https.send(request).await?;
            let offset = response.extensions().get().map(|Offset(offset)| *offset);
            let (status, mut body) = (response.status().as_u16(), Vec::new());
            let read = response.into_body().read_to_end(&mut body).await;
            match read {
                Ok(_) => Ok((status, offset, body)),
                Err(error) => Err(*error.into_inner().expect("an error").downcast().expect("one of ours")),
            }
        })
    }

    fn get(&mut self) -> Result<Vec<u8>, HttpsError> {
        self.send(Method::GET, "http://h/a").map(|(_, _, body)| body)
    }

    fn heads(&self) -> Vec<String> {
        self.heads.lock().expect("a lock").clone()
    }
}

fn octets(length: usize) -> Vec<u8> {
    (0..length).map(|n| (n / 3 % 251) as u8).collect()
}

/// An answer, of whose body so many octets come.
fn answer(head: &str, body: &[u8], come: usize) -> Vec<u8> {
    let head = format!("HTTP/1.1 {head}\r\nContent-Length: {}\r\n\r\n", body.len());
    [head.as_bytes(), &body[..come]].concat()
}

fn broken(answer: Vec<u8>) -> Option<Script> {
    Some((vec![answer], Ending::Broken))
}

fn closed(answer: Vec<u8>) -> Option<Script> {
    Some((vec![answer], Ending::Closed))
}

#[test]
fn one_connection_serves_several_requests() {
    let answers =
        vec![answer("200 OK", b"a", 1), answer("404 Not Found", b"b", 1), answer("200 OK", b"c", 1)];
    let mut lab = Lab::new([Some((answers, Ending::Kept)), closed(answer("200 OK", b"d", 1))]);
    for expected in [b"a", b"b", b"c"] {
        assert_eq!(lab.get().expect("an answer"), expected);
    }
    // Another server has a connection of its own.
    let other = lab.send(Method::GET, "http://h:8080/a").expect("an answer");
    assert_eq!(other, (200, Some(0), b"d".to_vec()));
    assert_eq!(lab.heads().len(), 4);
}

#[test]
fn a_kept_connection_that_has_ended_is_not_used() {
    for method in [Method::GET, Method::POST] {
        let mut lab = Lab::new([closed(answer("200 OK", b"a", 1)), closed(answer("200 OK", b"b", 1))]);
        assert_eq!(lab.get().expect("an answer"), b"a");
        assert_eq!(lab.send(method, "http://h/a").expect("an answer").2, b"b");
        assert_eq!((lab.heads().len(), lab.tries.lock().expect("a lock").len()), (2, 0));
    }
}

#[test]
fn a_get_goes_on_where_it_was() {
    let body = octets(5_000);
    for (tag, if_range) in
        [("ETag: \"1\"", true), ("ETag: W/\"1\"", false), ("Last-Modified: x", false), ("X: y", false)]
    {
        let part = |from: usize, come| {
            let head = format!("206 Partial Content\r\n{tag}\r\nContent-Range: bytes {from}-4999/5000");
            answer(&head, &body[from..], come)
        };
        let mut lab = Lab::new([
            broken(answer(&format!("200 OK\r\n{tag}"), &body, 3_000)),
            // Nothing new, then something, then all.
            closed(part(1_976, 10)),
            closed(part(1_976, 2_024)),
            broken(part(2_976, 2_024)),
        ]);
        assert_eq!(lab.get().expect("all of it"), body);
        let heads = lab.heads();
        assert!(!heads[0].contains("Range"));
        assert!(heads[1].contains("Range: bytes=1976-\r\n"), "{}", heads[1]);
        assert!(heads[3].contains("Range: bytes=2976-\r\n"), "{}", heads[3]);
        assert_eq!(heads[1].contains("If-Range: \"1\"\r\n"), if_range, "{}", heads[1]);
        let tries = lab.tries.lock().expect("a lock").clone();
        assert_eq!(tries, [Some(3_000), Some(3_000), Some(4_000)]);
    }
}

#[test]
fn a_part_goes_on_within_its_bounds() {
    let body = octets(5_000);
    let part = |from: usize, come| {
        let head = format!("206 Partial Content\r\nETag: \"1\"\r\nContent-Range: bytes {from}-2999/5000");
        answer(&head, &body[from..3_000], come)
    };
    let mut lab = Lab::new([broken(part(100, 2_000)), closed(part(1_076, 1_924))]);
    let request =
        Request::get("http://h/a").header("Range", "bytes=100-2999").body(Bytes::new()).expect("one");
    assert_eq!(lab.request(request).expect("a part"), (206, Some(100), body[100..3_000].to_vec()));
    assert!(lab.heads()[1].contains("Range: bytes=1076-2999\r\n"), "{}", lab.heads()[1]);
}

#[test]
fn a_server_without_ranges_sends_all_once_more() {
    let body = octets(5_000);
    let whole = |come| answer("200 OK\r\nETag: \"1\"", &body, come);
    let mut lab = Lab::new([broken(whole(3_000)), broken(whole(1_000)), closed(whole(5_000))]);
    assert_eq!(lab.get().expect("all of it"), body);
}

#[test]
fn another_object_is_no_rest() {
    let body = octets(5_000);
    let mut other = body.clone();
    other[2_500] ^= 1;
    let part = |tag: &str, total: usize, octets: &[u8]| {
        let range = format!("Content-Range: bytes 1976-{}/{total}", total - 1);
        answer(&format!("206 Partial Content\r\n{tag}\r\n{range}"), &octets[1_976..total], total - 1_976)
    };
    let one = "ETag: \"1\"";
    for (second, expected) in [
        (part("ETag: \"2\"", 5_000, &body), ErrorKind::Changed),
        (part("X: y", 5_000, &body), ErrorKind::Changed),
        (part(one, 4_999, &body), ErrorKind::Changed),
        (part(one, 5_000, &other), ErrorKind::Changed),
        (answer("200 OK\r\nETag: \"2\"", &body, 5_000), ErrorKind::Changed),
        (answer("200 OK\r\nETag: \"1\"", &other, 5_000), ErrorKind::Changed),
        (answer("416 Range Not Satisfiable\r\nContent-Range: bytes */10", b"", 0), ErrorKind::Changed),
        (answer("403 Forbidden", b"no", 2), ErrorKind::Range),
        (
            answer("206 Partial Content\r\nETag: \"1\"\r\nContent-Range: bytes 0-4999/5000", &body, 5_000),
            ErrorKind::Range,
        ),
        (answer("206 Partial Content\r\nETag: \"1\"", &body[1_976..], 3_024), ErrorKind::Range),
    ] {
        let mut lab = Lab::new([broken(answer("200 OK\r\nETag: \"1\"", &body, 3_000)), closed(second)]);
        let error = lab.get().expect_err("another object");
        assert_eq!(error.kind(), expected, "{error:?}");
    }
}

#[test]
fn what_nobody_can_know_again_is_not_gone_on_with() {
    let chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n".to_vec();
    for (method, answer) in [
        (Method::GET, chunked),
        (Method::POST, answer("200 OK\r\nETag: \"1\"", b"hello", 3)),
        (Method::GET, answer("404 Not Found\r\nETag: \"1\"", b"hello", 3)),
    ] {
        let mut lab = Lab::new([broken(answer)]);
        let error = lab.send(method, "http://h/a").expect_err("broken");
        assert_eq!(error.kind(), ErrorKind::BearerLost, "{error:?}");
    }
}

#[test]
fn the_end_of_what_came_in_chunks_is_told_by_its_rest() {
    let body = octets(2_000);
    let mut chunked = b"HTTP/1.1 200 OK\r\nETag: \"1\"\r\nTransfer-Encoding: chunked\r\n\r\n7d0\r\n".to_vec();
    chunked.extend_from_slice(&body);
    let part = |total: &str| {
        let head = format!("206 Partial Content\r\nETag: \"1\"\r\nContent-Range: bytes 976-1999/{total}");
        answer(&head, &body[976..], 1_024)
    };
    let mut lab = Lab::new([broken(chunked.clone()), closed(part("2000"))]);
    assert_eq!(lab.get().expect("all of it"), body);
    for (total, expected) in [("*", ErrorKind::Range), ("2001", ErrorKind::Incomplete)] {
        let mut lab = Lab::new([broken(chunked.clone()), closed(part(total))]);
        assert_eq!(lab.get().expect_err("no end").kind(), expected);
    }
}

#[test]
fn what_may_be_done_but_once_is_sent_once() {
    for method in [Method::POST, Method::PUT, Method::DELETE, Method::PATCH] {
        let mut lab = Lab::new([broken(b"HTTP/1.1 20".to_vec())]);
        let error = lab.send(method.clone(), "http://h/a").expect_err("broken");
        assert_eq!(error.sent(), Sent::Unknown, "{error:?}");
        assert_eq!(lab.heads().len(), 1);
        let mut lab = Lab::new([None]);
        let error = lab.send(method, "http://h/a").expect_err("no server");
        assert_eq!((error.sent(), error.kind()), (Sent::No, ErrorKind::Unreachable));
    }
    // And a GET as often as it takes.
    let mut lab = Lab::new([broken(b"HTTP/1.1 20".to_vec()), None, closed(answer("200 OK", b"a", 1))]);
    assert_eq!(lab.get().expect("an answer"), b"a");
}

#[test]
fn tries_without_progress_come_to_an_end() {
    let mut lab = Lab::new((0..4).map(|_| broken(b"HTTP/1.1 20".to_vec())));
    let error = lab.get().expect_err("never an answer");
    assert_eq!((error.kind(), lab.heads().len()), (ErrorKind::BearerLost, 4));
}

#[test]
fn redirections_are_followed_on_the_same_connection() {
    let elsewhere = answer("302 Found\r\nLocation: /b", b"there", 5);
    let answers = vec![elsewhere.clone(), answer("200 OK", b"here", 4)];
    let mut lab = Lab::new([Some((answers, Ending::Kept))]);
    assert_eq!(lab.get().expect("an answer"), b"here");
    assert!(lab.heads()[1].starts_with("GET /b HTTP/1.1\r\n"), "{:?}", lab.heads());
    // Not for ever.
    let mut lab = Lab::new([Some((vec![elsewhere; 20], Ending::Kept))]);
    assert_eq!(lab.send(Method::GET, "http://h/a").expect("an answer").0, 302);
    assert_eq!(lab.heads().len(), 11);
}

#[test]
fn an_end_that_nobody_tells_is_none_without_tls() {
    let mut lab = Lab::new([closed(b"HTTP/1.1 200 OK\r\nETag: \"1\"\r\n\r\nhello".to_vec())]);
    assert_eq!(lab.get().expect_err("no end").kind(), ErrorKind::Unconfirmed);
}
