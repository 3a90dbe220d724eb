//! HTTPS over sockets of the emulated module, on a line that loses, doubles and changes octets: what each side has is what the other sent, as far as it goes,
//! and all of it where both say that all is well.

use std::error::Error;
use std::io::{Read, Write};
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use bytes::Bytes;
use futures::AsyncReadExt;
use http::Request;
use sim800_emulator::{Config as ModuleConfig, Damage, Fault};
use sim800_https::Https;
use sim800_https::rustls::version::{TLS12, TLS13};
use sim800_https::rustls::{ServerConfig, ServerConnection};
use sim800_session::{Config, Profile, Sockets};
use sim800_simulation::{Language, Service, Speaker, World};

use crate::tls::{HOST, Server};

/// Few enough for transfers to come to their end, and enough to break their connections.
const ONE_IN: NonZeroU32 = NonZeroU32::new(30_000).unwrap();

/// What the site has to tell of each connection: everything that came over it.
type Heard = Arc<Mutex<Vec<Vec<u8>>>>;

/// A server with one file, which it gives in parts as well, and which takes whatever is posted to it.
#[derive(Debug)]
struct Site {
    config: Arc<ServerConfig>,
    file: Bytes,
    heard: Heard,
}

#[derive(Debug)]
struct Visitor {
    tls: ServerConnection,
    file: Bytes,
    heard: Heard,
    /// Its place there.
    place: usize,
    /// What is not answered yet.
    unanswered: Vec<u8>,
}

fn locked<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().expect("nobody has panicked")
}

impl Language for Site {
    fn begin(&self) -> Box<dyn Speaker> {
        let mut heard = locked(&self.heard);
        heard.push(Vec::new());
        let mut tls = ServerConnection::new(Arc::clone(&self.config)).expect("a server");
        tls.set_buffer_limit(None);
        Box::new(Visitor {
            tls,
            file: self.file.clone(),
            heard: Arc::clone(&self.heard),
            place: heard.len() - 1,
            unanswered: Vec::new(),
        })
    }
}

impl Speaker for Visitor {
    fn hear(&mut self, mut octets: &[u8]) -> (Vec<u8>, bool) {
        let mut is_over = false;
        while !octets.is_empty() && !is_over {
            is_over = self.tls.read_tls(&mut octets).is_err() || self.tls.process_new_packets().is_err();
            let mut came = Vec::new();
            // What is not there yet is no error of this.
            let _ = self.tls.reader().read_to_end(&mut came);
            locked(&self.heard)[self.place].extend_from_slice(&came);
            self.unanswered.extend_from_slice(&came);
        }
        while let Some(answer) = self.answer() {
            self.tls.writer().write_all(&answer).expect("no limit");
        }
        let mut says = Vec::new();
        while self.tls.wants_write() {
            self.tls.write_tls(&mut says).expect("a vector takes all");
        }
        (says, is_over)
    }
}

impl Visitor {
    /// The answer to the next request that is there as a whole.
    fn answer(&mut self) -> Option<Vec<u8>> {
        let end = self.unanswered.windows(4).position(|end| end == b"\r\n\r\n")? + 4;
        let head = String::from_utf8(self.unanswered[..end].to_vec()).expect("a head").to_lowercase();
        let number = |name: &str| -> Option<usize> {
            let value = head.split(name).nth(1)?;
            value.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
        };
        let length = number("content-length: ").unwrap_or_default();
        if self.unanswered.len() < end + length {
            return None;
        }
        self.unanswered.drain(..end + length);
        if head.starts_with("post ") {
            return Some(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\ntaken".to_vec());
        }
        let size = self.file.len();
        let (status, range, first) = match number("range: bytes=") {
            Some(first) => {
                ("206 Part", format!("Content-Range: bytes {first}-{}/{size}\r\n", size - 1), first)
            }
            None => ("200 OK", String::new(), 0),
        };
        let part = &self.file[first..];
        let head =
            format!("HTTP/1.1 {status}\r\nETag: \"v\"\r\n{range}Content-Length: {}\r\n\r\n", part.len());
        Some([head.as_bytes(), part].concat())
    }
}

/// The body behind the head of a request.
fn body(request: &[u8]) -> Option<&[u8]> {
    let end = request.windows(4).position(|end| end == b"\r\n\r\n")? + 4;
    Some(&request[end..])
}

/// A download and an upload on a line that damages one octet in [`ONE_IN`]; how many connections broke, and how many of the two came to
/// their end.
fn exchange(server: &Server, seed: u64, damage: Damage) -> (usize, usize) {
    let octets =
        |seed: u8| -> Bytes { (0..=u8::MAX).cycle().map(|octet| octet ^ seed).take(40_000).collect() };
    let (file, sent, heard) = (octets(1), octets(2), Heard::default());
    let site = Site { config: Arc::clone(&server.config), file: file.clone(), heard: Arc::clone(&heard) };
    let mut world = World::new(ModuleConfig::default());
    world.network().set_latency(Duration::from_millis(300));
    world.network().listen(HOST, 443, Service::Spoken(Arc::new(site)));
    let client = world.open(Config::default());
    let (trusted, url) = (server.trusted(), format!("https://{HOST}/a"));
    let https = world.run(async move {
        client.start_up().await.expect("start-up");
        Https::new(&Sockets::open(&client, &Profile::new("internet")).await.expect("a context"), trusted)
    });
    world.fault(Fault::Interference { damage, one_in: ONE_IN, seed });
    let mut came = Vec::new();
    let got = world.run(async {
        let request = Request::get(&url).body(Bytes::new()).expect("a request");
        https.send(request).await?.into_body().read_to_end(&mut came).await?;
        Ok::<_, Box<dyn Error>>(())
    });
    assert!(file.starts_with(&came), "seed {seed}: {} octets that are not those of the server", came.len());
    assert!(got.is_err() || came == file, "seed {seed}: {} octets, and said to be all", came.len());
    let connections = locked(&heard).len();

    let put = world.run(async {
        let request = Request::post(&url).body(sent.clone()).expect("a request");
        let mut text = String::new();
        https.send(request).await?.into_body().read_to_string(&mut text).await?;
        Ok::<_, Box<dyn Error>>(text)
    });
    let posts: Vec<Vec<u8>> = {
        let heard = locked(&heard);
        // It may go over the connection of the download, behind that.
        let post = |heard: &Vec<u8>| heard.windows(5).position(|begin| begin == b"POST ");
        heard.iter().filter_map(|heard| Some(heard[post(heard)?..].to_vec())).collect()
    };
    assert!(posts.len() <= 1, "seed {seed}: sent {} times", posts.len());
    let had = posts.first().and_then(|post| body(post)).unwrap_or_default();
    assert!(sent.starts_with(had), "seed {seed}: the server has what nobody sent");
    assert!(
        put.is_err() || had == sent,
        "seed {seed}: {} octets of {}, and said to be all",
        had.len(),
        sent.len()
    );
    (connections.saturating_sub(1), usize::from(got.is_ok()) + usize::from(put.is_ok()))
}

#[test]
fn what_comes_over_a_line_that_damages_octets_is_exact_or_an_error() {
    for version in [&TLS12, &TLS13] {
        let server = Server::new(&[version], |_| {});
        let (mut broken, mut ended) = (0, 0);
        for (seed, damage) in
            (0..9).zip([Damage::Drop, Damage::Duplicate, Damage::Flip(1)].into_iter().cycle())
        {
            let (connections, well) = exchange(&server, seed, damage);
            broken += connections;
            ended += well;
        }
        assert!(broken >= 5, "{broken} connections broke, which is too few to prove anything");
        assert!(ended >= 9, "{ended} of 18 transfers came to their end");
    }
}
