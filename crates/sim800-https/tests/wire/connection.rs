//! One connection: requests one after the other, and answers that are not what they should be.

use bytes::Bytes;
use futures::future::join;
use futures::{AsyncReadExt, AsyncWriteExt, StreamExt, TryStreamExt};
use http::{Method, Request, Response};
use http_body_util::Full;
use sim800_https::{Connection, Counted, HttpsError, Incoming, Shelf, Watched};
use sim800_session::{ErrorKind, Sent};

use crate::duplex::{End, read_head, serve, watched, world};

fn request(method: Method, body: &'static str) -> Request<Full<Bytes>> {
    Request::builder()
        .method(method)
        .uri("/a?b")
        .header("Host", "h")
        .body(Full::from(body))
        .expect("a request")
}

async fn whole(response: Response<Incoming>) -> Result<Vec<u8>, HttpsError> {
    response.into_body().try_fold(Vec::new(), async |all, octets| Ok([all, octets.to_vec()].concat())).await
}

/// The answer to a GET over a new connection.
async fn begin(here: Watched<Counted<End>>, shelf: &Shelf) -> Result<Response<Incoming>, HttpsError> {
    Connection::open(here).await?.send(request(Method::GET, ""), shelf).await
}

/// What a GET brings that `answer` is the whole answer to, before the server closes the connection.
fn get(answer: &[u8]) -> Result<(u16, Vec<u8>), HttpsError> {
    let mut world = world();
    let (here, there) = watched(&world);
    let client = async {
        let response = begin(here, &Shelf::default()).await?;
        let status = response.status().as_u16();
        Ok((status, whole(response).await?))
    };
    let answers = [answer];
    let server = async { drop(serve(there, &answers).await) };
    world.run(join(client, server)).0
}

#[test]
fn requests_follow_each_other_on_one_connection() {
    let mut world = world();
    let (here, there) = watched(&world);
    let answers: [&[u8]; 4] = [
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nde\r\n0\r\nX-T: 1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n",
        b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n",
    ];
    let shelf = Shelf::default();
    let client = async {
        let mut connection = Connection::open(here).await.expect("a connection");
        let mut bodies = Vec::new();
        for (method, body) in [(Method::GET, ""), (Method::POST, "sent"), (Method::HEAD, "")] {
            let response = connection.send(request(method, body), &shelf).await.expect("an answer");
            bodies.push(whole(response).await.expect("a body"));
            connection = shelf.take().expect("the connection, for another request");
        }
        let response = connection.send(request(Method::DELETE, ""), &shelf).await.expect("an answer");
        bodies.push(whole(response).await.expect("a body"));
        // The server does not take another.
        let is_open = match shelf.take() {
            Some(mut connection) => connection.is_open().await,
            None => false,
        };
        assert!(!is_open);
        bodies
    };
    let server = async {
        let (mut stream, mut heads) = (there, Vec::new());
        for answer in answers {
            let (head, rest) = serve(stream, &[answer]).await;
            stream = rest;
            if head[0].starts_with("POST") {
                let mut body = [0; 4];
                stream.read_exact(&mut body).await.expect("a body");
                assert_eq!(&body, b"sent");
            }
            heads.extend(head);
        }
        heads
    };
    let (bodies, heads) = world.run(join(client, server));
    assert_eq!(bodies, [&b"abc"[..], b"de", b"", b""]);
    assert_eq!(heads[0], "GET /a?b HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_eq!(heads[1], "POST /a?b HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\n");
    assert!(heads[3].starts_with("DELETE /a?b HTTP/1.1\r\n"));
}

#[test]
fn an_answer_that_is_not_complete_is_an_error() {
    for answer in [
        &b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nabc"[..],
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nabc",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Le",
        b"",
    ] {
        let error = get(answer).expect_err("an error");
        let shown = answer.escape_ascii();
        assert_eq!((error.kind(), error.sent()), (ErrorKind::Closed, Sent::Unknown), "{shown}: {error:?}");
    }
}

#[test]
fn what_contradicts_itself_is_an_error() {
    let long = [b"HTTP/1.1 200 OK\r\nX: ", &[b'x'; 70_000][..], b"\r\n\r\n"].concat();
    let many = [&b"HTTP/1.1 200 OK\r\n"[..], &b"X: y\r\n".repeat(101), b"\r\n"].concat();
    for answer in [
        &b"220 ready\r\n"[..],
        b"\x15\x03\x03\x00\x02\x02\x46\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
        b"HTTP/1.1 200 OK\r\nContent-Length: -3\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nno header\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\n\r\nabc",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nabc",
        &long,
        &many,
    ] {
        let shown = answer.get(..60).unwrap_or(answer).escape_ascii();
        let error = get(answer).expect_err("an error");
        assert_eq!(error.kind(), ErrorKind::Http, "{shown}: {error:?}");
    }
    // Only of a body, what is not of a length.
    let chunk = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\nabc";
    assert!(get(chunk).is_err());
}

#[test]
fn of_a_length_that_does_not_count_nothing_is_left() {
    for (answer, length, body) in [
        (
            &b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: Chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"[..],
            None,
            "abc",
        ),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 3, 3\r\n\r\nabc", Some("3"), "abc"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc", Some("3"), "abc"),
    ] {
        let mut world = world();
        let (here, there) = watched(&world);
        let answers = [answer];
        let client = async {
            let connection = Connection::open(here).await.expect("a connection");
            let sent = connection.send(request(Method::GET, ""), &Shelf::default()).await;
            let response = sent.expect("an answer");
            let lengths = response.headers().get_all("content-length").iter();
            let lengths: Vec<_> = lengths.map(|length| length.to_str().expect("text").to_owned()).collect();
            (lengths, whole(response).await.expect("a body"))
        };
        let server = async { drop(serve(there, &answers).await) };
        let (lengths, came) = world.run(join(client, server)).0;
        assert_eq!(lengths, Vec::from_iter(length));
        assert_eq!(came, body.as_bytes());
    }
}

#[test]
fn answers_that_are_none_yet_come_to_an_end() {
    let interim = b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n";
    let last = &b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc"[..];
    let (status, body) = get(&[&interim.repeat(32), last].concat()).expect("an answer");
    assert_eq!((status, body), (200, b"abc".to_vec()));

    let mut world = world();
    let (here, mut there) = watched(&world);
    let client = async {
        let connection = Connection::open(here).await.expect("a connection");
        let sent = connection.send(request(Method::GET, ""), &Shelf::default()).await;
        sent.map(drop).expect_err("an error").kind()
    };
    let server = async {
        read_head(&mut there).await;
        // Until this side has had enough.
        while there.write_all(interim).await.is_ok() {}
    };
    let (kind, ()) = world.run(join(client, server));
    assert_eq!(kind, ErrorKind::Http);
}

#[test]
fn nothing_of_an_answer_is_taken_for_the_next() {
    let mut world = world();
    let (here, there) = watched(&world);
    let shelf = Shelf::default();
    let client = async {
        let response = begin(here, &shelf).await.expect("an answer");
        assert_eq!(whole(response).await.expect("a body"), b"a");
        // What comes unasked is no answer to what is asked next.
        let Some(mut connection) = shelf.take() else { return };
        assert!(!connection.is_open().await);
        let error = connection.send(request(Method::POST, "x"), &shelf).await.expect_err("no connection");
        assert_eq!(error.sent(), Sent::No, "{error:?}");
    };
    let answer =
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\naHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nb";
    let server = async {
        let (_, mut stream) = serve(there, &[answer]).await;
        assert_eq!(read_head(&mut stream).await, "", "nothing is asked any more");
    };
    world.run(join(client, server));
}

#[test]
fn a_body_that_ends_with_the_connection_says_so() {
    let mut world = world();
    let (here, there) = watched(&world);
    let shelf = Shelf::default();
    let client = async {
        let response = begin(here, &shelf).await.expect("an answer");
        assert!(!response.body().is_delimited());
        assert_eq!(whole(response).await.expect("a body"), b"abc");
        assert!(shelf.take().is_none());
    };
    let server = async { drop(serve(there, &[b"HTTP/1.1 200 OK\r\n\r\nabc"]).await) };
    world.run(join(client, server));
}

#[test]
fn a_server_that_falls_silent_is_given_up() {
    let start = |answer: &'static [u8]| {
        let mut world = world();
        let (here, there) = watched(&world);
        let client = async {
            let connection = Connection::open(here).await?;
            let mut response = connection.send(request(Method::POST, "x"), &Shelf::default()).await?;
            let mut came = 0;
            while let Some(octets) = response.body_mut().next().await.transpose()? {
                came += octets.len();
            }
            Ok::<_, HttpsError>(came)
        };
        let server = async { serve(there, &[answer]).await };
        // The server keeps its end.
        let (result, kept) = world.run(join(client, server));
        drop(kept);
        (result.expect_err("silence"), world.clock())
    };
    for answer in [&b""[..], b"HTTP/1.1 200", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\na"] {
        let (error, clock) = start(answer);
        assert_eq!((error.kind(), error.sent()), (ErrorKind::TimedOut, Sent::Unknown), "{error:?}");
        let seconds = sim800_session::Runtime::now(&clock).as_secs();
        assert_eq!(seconds, 60);
    }
}
