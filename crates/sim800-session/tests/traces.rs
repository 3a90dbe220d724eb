//! What crosses the line: no secret in the clear, and no octet too many.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures::{AsyncReadExt, AsyncWriteExt, TryStreamExt};
use sim800_emulator::{Config as ModuleConfig, FtpFailure};
use sim800_session::{Bearer, Config, Direction, Ftp, Http, Profile, Retry, Server, Sockets, Trace, connect};
use sim800_simulation::{Mishap, Resource, Service, World};

/// Octets both ways, as a trace shows them.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<[Vec<u8>; 2]>>);

impl Log {
    fn text(&self, direction: Direction) -> String {
        let log = self.0.lock().expect("not poisoned");
        let octets = match direction {
            Direction::Sent => &log[0],
            Direction::Received => &log[1],
        };
        String::from_utf8_lossy(octets).into_owned()
    }

    fn count(&self, command: &str) -> usize {
        self.text(Direction::Sent).matches(command).count()
    }
}

/// A world with a traced session, and what runs in it.
fn traced<F: Future>(procedure: impl FnOnce(Bearer) -> F) -> Log {
    let mut world = World::new(ModuleConfig::default());
    let content: Bytes = (0..=255).cycle().take(100_000).collect();
    world.network().put_file("/file", content.clone());
    world.network().put_resource("http://example.com/file", Resource::new(content));
    let log = Log::default();
    let trace = log.clone();
    let port = world.connect();
    let (client, driver) = connect(port, Arc::new(world.clock()), Config::default());
    let driver = driver.with_trace(move |_now, direction, octets: &[u8]| {
        let mut log = trace.0.lock().expect("not poisoned");
        log[usize::from(direction == Direction::Received)].extend_from_slice(octets);
    });
    world.spawn(async move {
        let _ended = driver.await;
    });
    world.run(async move {
        // Without start-up: the module repeats what it is sent.
        let profile = Profile::new("internet").with_credentials("user", "hushhush");
        let bearer = Bearer::open(&client, &profile).await.expect("bearer");
        procedure(bearer).await;
    });
    log
}

#[test]
fn no_secret_is_in_the_clear() {
    let log = traced(|bearer| async move {
        let server = Server::new("ftp.example.com").with_credentials("user", "sesame");
        let shown = format!("{bearer:?} {server:?}");
        assert!(!shown.contains("sesame") && !shown.contains("hushhush"), "{shown}");
        Ftp::new(&bearer, server).size("/file").await.expect("size");
        let request = http::Request::get("http://example.com/file")
            .header("Authorization", "Basic b3BlbnNlc2FtZQ==")
            .header("Cookie", "session=hushhush");
        let request = request.body(Bytes::new()).expect("a request");
        drop(Http::new(&bearer).send(request).await.expect("a response"));
        for name in ["Cookie", "Proxy-Authorization", "X-Api-Key", "x-auth-token"] {
            let request = http::Request::get("http://example.com/file").header(name, "hushhush");
            let request = request.body(Bytes::new()).expect("a request");
            drop(Http::new(&bearer).send(request).await.expect("a response"));
        }
    });
    for direction in [Direction::Sent, Direction::Received] {
        let text = log.text(direction);
        for secret in ["sesame", "hushhush", "b3BlbnNlc2FtZQ"] {
            assert!(!text.contains(secret), "{secret} in what was {direction:?}");
        }
        assert!(text.contains("+FTPPW="), "{direction:?}: the command is there");
        assert!(text.contains("+FTPUN=\"user\""), "{direction:?}: what is no secret is there");
    }
}

#[test]
fn credentials_are_masked_over_sockets_wherever_pieces_cut_them() {
    const REQUEST: &str =
        "GET / HTTP/1.1\r\nAuthorization: Basic b3BlbnNlc2FtZQ==\r\nX-Plain: legible\r\n\r\n";
    let mut world = World::new(ModuleConfig::default());
    world.network().listen("example.com", 7, Service::Echo);
    let log = Log::default();
    let trace = log.clone();
    let (client, driver) = connect(world.connect(), Arc::new(world.clock()), Config::default());
    let driver = driver.with_trace(move |_now, direction, octets: &[u8]| {
        trace.0.lock().expect("not poisoned")[usize::from(direction == Direction::Received)]
            .extend_from_slice(octets);
    });
    world.spawn(async move {
        let _ended = driver.await;
    });
    world.run(async move {
        client.start_up().await.expect("start-up");
        let sockets = Sockets::open(&client, &Profile::new("internet")).await.expect("a context");
        let mut pair = Vec::new();
        for _ in 0..2 {
            pair.push(sockets.connect("example.com", 7).await.expect("a connection"));
        }
        // Both send and get theirs in pieces, by turns.
        for piece in REQUEST.as_bytes().chunks(11) {
            for socket in &mut pair {
                socket.write_all(piece).await.expect("written");
                socket.flush().await.expect("sent");
            }
            for socket in &mut pair {
                let mut came = vec![0; piece.len()];
                socket.read_exact(&mut came).await.expect("read");
                assert_eq!(came, piece);
            }
        }
    });
    for direction in [Direction::Sent, Direction::Received] {
        let text = log.text(direction);
        for piece in ["Basic", "b3Bl", "bnNl", "c2Ft", "ZQ=="] {
            assert!(!text.contains(piece), "{piece} in what was {direction:?}: {text}");
        }
        assert!(text.contains("ization:***") && text.contains("X-Plain: le"), "{direction:?}: {text}");
    }
}

#[test]
fn a_download_wastes_no_round_trip() {
    let log = traced(|bearer| async move {
        let download = Ftp::new(&bearer, Server::new("ftp.example.com")).get("/file").await.expect("open");
        download.try_for_each(|_| async { Ok(()) }).await.expect("complete");
    });
    assert_eq!(log.count("AT+FTPGET=2,"), 100_000_usize.div_ceil(1460));
}

#[test]
fn an_upload_wastes_no_round_trip() {
    let log = traced(|bearer| async move {
        let source = vec![b'x'; 100_000];
        Ftp::new(&bearer, Server::new("ftp.example.com")).put("/up", &source[..]).await.expect("complete");
    });
    assert_eq!(log.count("AT+FTPPUT=2,1360"), 100_000 / 1360);
    assert_eq!(log.count("AT+FTPPUT=2,"), 100_000_usize.div_ceil(1360) + 1, "the last one ends it");
}

#[test]
fn a_body_wastes_no_round_trip() {
    let log = traced(|bearer| async move {
        let request = http::Request::get("http://example.com/file").body(Bytes::new()).expect("a request");
        let response = Http::new(&bearer).send(request).await.expect("a response");
        response.into_body().try_for_each(|_| async { Ok(()) }).await.expect("complete");
    });
    assert_eq!(
        log.count("AT+HTTPREAD="),
        100_000_usize.div_ceil(16_384) + 1,
        "the last one reads the end again"
    );
}

#[test]
fn what_is_tried_again_is_in_the_trace() {
    struct Retries(Arc<Mutex<Vec<String>>>);

    impl Trace for Retries {
        fn octets(&mut self, _now: Duration, _direction: Direction, _octets: &[u8]) {}

        fn retry(&mut self, _now: Duration, retry: &Retry) {
            self.0.lock().expect("not poisoned").push(retry.to_string());
        }
    }

    let mut world = World::new(ModuleConfig::default());
    world.network().put_file("/file", vec![7; 50_000]);
    world.network().cause(Mishap::Ftp { after: 20_000, failure: FtpFailure::NETWORK });
    let told = Arc::new(Mutex::new(Vec::new()));
    let (client, driver) = connect(world.connect(), Arc::new(world.clock()), Config::default());
    let driver = driver.with_trace(Retries(Arc::clone(&told)));
    world.spawn(async move {
        let _ended = driver.await;
    });
    world.run(async move {
        client.start_up().await.expect("start-up");
        let bearer = Bearer::open(&client, &Profile::new("internet")).await.expect("bearer");
        let download = Ftp::new(&bearer, Server::new("ftp.example.com")).get("/file").await.expect("open");
        let pieces: Vec<Bytes> = download.try_collect().await.expect("a file");
        assert_eq!(pieces.concat().len(), 50_000);
    });
    let told = told.lock().expect("not poisoned");
    assert!(
        told.len() == 1
            && told[0].contains("61")
            && told[0].contains("bytes moved; trying again in 1s (1 of 3 tries in a row)"),
        "{told:?}"
    );
}
