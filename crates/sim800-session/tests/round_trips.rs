//! How many command lines an operation takes, how many octets cross for it, and how long that is with a module that takes 40 ms
//! for each line: against `round_trips.txt`, of which nothing may grow.
//!
//! `BLESS=1 cargo test -p sim800-session --test round_trips` makes what is measured now the measure.
//!
//! What is not saved, and why. A download of four lines: that the names are said once more although they may be known (they decide
//! what comes, and the line may have damaged them), the size (`+FTPGET: 1,0` says that the module has no more, not that the server
//! had none), the session, and the octets. An upload of six, beside the names, the session, the octets and their end: `AT+FTPSTATE`
//! (the line that says that all is over may be the text of a short message), and the size, which alone says what the server has.
//! The size would tell both, for no module tells it while an upload goes on; but what it does to that upload, which it may answer
//! with 66 or `ERROR`, no manual and no log says, and the question for the state is known to be harmless.
//! A name is looked up before its address is connected to, and that is shown by the module afterwards: nothing else tells what the line
//! made of either.
//! No action is joined with anything: nobody was seen to do that on such a module.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::future::Future;
use std::num::NonZeroU32;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::{AsyncReadExt, AsyncWriteExt, FutureExt, TryStreamExt};
use sim800_emulator::{Config as ModuleConfig, Line};
use sim800_session::{
    Bearer, Body, Client, Config, Direction, Ftp, Http, Profile, Runtime, Server, Sockets, connect,
};
use sim800_simulation::{Resource, Service, World};

/// What a module takes for a command line, as its DTE sees it.
const LATENCY: Duration = Duration::from_millis(40);

/// The rates at which all is measured.
const RATES: [u32; 2] = [9_600, 115_200];

const URL: &str = "http://example.com/telemetry";

/// What crossed the line, and how long it took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Cost {
    lines: usize,
    commands: usize,
    sent: usize,
    received: usize,
    millis: [u128; 2],
}

/// What has crossed the line so far.
#[derive(Debug, Default)]
struct Tally {
    sent: Vec<u8>,
    received: usize,
}

impl Tally {
    /// Payload here has no carriage return.
    fn cost(&self) -> Cost {
        let lines: Vec<_> = self.sent.split_inclusive(|octet| *octet == b'\r').collect();
        let lines: Vec<_> = lines.into_iter().filter(|line| line.ends_with(b"\r")).collect();
        Cost {
            lines: lines.len(),
            commands: lines.iter().map(|line| commands(line)).sum(),
            sent: self.sent.len(),
            received: self.received,
            millis: [0; 2],
        }
    }
}

/// The commands of a line: a semicolon stands between extended ones, nothing behind a basic one.
fn commands(line: &[u8]) -> usize {
    let mut quoted = false;
    let more = line.iter().filter(|octet| {
        quoted ^= **octet == b'"';
        !quoted && **octet == b';'
    });
    1 + more.count() + usize::from(line.starts_with(b"ATE0+"))
}

/// A module with a session, or several one after the other.
struct Bench {
    world: World,
    tally: Rc<RefCell<Tally>>,
    rate: u32,
}

impl Bench {
    fn new(rate: u32) -> Self {
        let mut module = ModuleConfig::default();
        module.timings.line = LATENCY;
        // Counted is what the driver takes, not how long a module hesitates before its results.
        module.timings.unsolicited = Duration::ZERO;
        let mut world = World::on_line(module, Line::paced(NonZeroU32::new(rate).expect("a rate")));
        let tally = Rc::new(RefCell::new(Tally::default()));
        let other = Rc::clone(&tally);
        world.tap(move |crossing| {
            let mut tally = other.borrow_mut();
            match crossing.direction {
                Direction::Sent => tally.sent.extend_from_slice(crossing.left),
                Direction::Received => tally.received += crossing.left.len(),
            }
        });
        world.network().put_resource(URL, Resource::new("x".repeat(100)));
        world.network().put_resource("http://example.com/other", Resource::new("y".repeat(100)));
        world.network().put_file("/one", vec![b'x'; 1_000]);
        world.network().put_file("/two", vec![b'x'; 1_000]);
        Self { world, tally, rate }
    }

    fn connect(&mut self) -> (Client, impl Future<Output = ()> + use<>) {
        let mut config = Config::default();
        config.rate = self.rate;
        let port = self.world.connect();
        let (client, driver) = connect(port, Arc::new(self.world.clock()), config);
        (client, async move {
            let _ended = driver.await;
        })
    }

    fn client(&mut self) -> Client {
        let (client, driver) = self.connect();
        self.world.spawn(driver);
        client
    }

    /// A session with an open bearer.
    fn bearer(&mut self) -> Bearer {
        let client = self.client();
        self.world.run(bearer(client))
    }

    /// What `operation` costs, which tells when it is over as far as its caller is concerned.
    fn measure<T>(&mut self, operation: impl Future<Output = T>) -> (T, Cost, Duration) {
        let clock = self.world.clock();
        let began = clock.now();
        *self.tally.borrow_mut() = Tally::default();
        let output = self.world.run(Box::pin(operation));
        // What it leaves to be put back counts, too; the caller does not wait for it.
        let took = clock.now() - began;
        self.world.run_for(Duration::from_secs(2));
        let cost = self.tally.borrow().cost();
        (output, cost, took)
    }
}

async fn bearer(client: Client) -> Bearer {
    client.start_up().await.expect("start-up");
    Bearer::open(&client, &Profile::new("internet")).await.expect("bearer")
}

async fn get(http: Http, url: &str) -> usize {
    let request = http::Request::get(url).body(Bytes::new()).expect("a request");
    whole(http.send(request).await.expect("a response").into_body()).await
}

async fn post(http: Http, octet: &str) -> usize {
    let body = Bytes::from(octet.repeat(100));
    let request = http::Request::post(URL).header("Content-Type", "application/octet-stream").body(body);
    let response = http.send(request.expect("a request")).await.expect("a response");
    whole(response.into_body()).await
}

async fn whole(body: Body) -> usize {
    body.try_fold(0, |sum, piece| async move { Ok(sum + piece.len()) }).await.expect("complete")
}

/// All that is measured, by what it is called.
fn all(rate: u32) -> Vec<(&'static str, Cost, Duration)> {
    let mut costs = Vec::new();
    let mut note = |name, (cost, took): (Cost, Duration)| costs.push((name, cost, took));

    note("from cold to the first HTTPACTION", cold(rate));

    let mut bench = Bench::new(rate);
    let bearer = bench.bearer();
    let http = Http::new(&bearer);
    assert_eq!(bench.measure(get(http.clone(), URL)).0, 100);
    let (length, cost, took) = bench.measure(get(http.clone(), "http://example.com/other"));
    assert_eq!(length, 100);
    note("a further GET of 100 octets, of another URL", (cost, took));
    let (_, cost, took) = bench.measure(get(http, "http://example.com/other"));
    note("a further GET of 100 octets, of the same", (cost, took));

    let mut bench = Bench::new(rate);
    let bearer = bench.bearer();
    let http = Http::new(&bearer);
    bench.measure(post(http.clone(), "x"));
    let (_, cost, took) = bench.measure(post(http, "y"));
    note("a further POST of 100 octets", (cost, took));

    let mut bench = Bench::new(rate);
    let bearer = bench.bearer();
    let server = Server::new("ftp.example.com").with_credentials("user", "sesame");
    let ftp = Ftp::new(&bearer, server);
    let other = ftp.clone();
    bench.measure(async move { other.size("/one").await.expect("a size") });
    let other = ftp.clone();
    let (_, cost, took) = bench.measure(async move { other.size("/two").await.expect("a size") });
    note("a further FTP size", (cost, took));
    let other = ftp.clone();
    let (_, cost, took) = bench.measure(async move {
        let download = other.get("/one").await.expect("opened");
        download.try_for_each(|_| async { Ok(()) }).await.expect("complete");
    });
    note("a further FTP get of 1000 octets", (cost, took));
    let (_, cost, took) =
        bench.measure(async move { ftp.put("/three", &[b'x'; 1_000][..]).await.expect("complete") });
    note("a further FTP put of 1000 octets", (cost, took));

    let mut bench = Bench::new(rate);
    bench.world.network().listen("tcp.example.com", 7, Service::Echo);
    let client = bench.bearer().client().clone();
    let (sockets, cost, took) = bench
        .measure(async move { Sockets::open(&client, &Profile::new("internet")).await.expect("a context") });
    note("the context of the sockets", (cost, took));
    let (mut socket, cost, took) =
        bench.measure(async move { sockets.connect("tcp.example.com", 7).await.expect("connected") });
    note("a socket to a server by its name", (cost, took));
    let (_socket, cost, took) = bench.measure(async move {
        let mut back = [0; 100];
        socket.write_all(&[b'x'; 100]).await.expect("sent");
        socket.read_exact(&mut back).await.expect("read");
        socket
    });
    note("100 octets over a socket and back", (cost, took));

    note("a program that posts 100 octets", program(rate));
    costs
}

/// Up to the first request's leaving, from a module whose bearer is closed.
fn cold(rate: u32) -> (Cost, Duration) {
    let mut bench = Bench::new(rate);
    let client = bench.client();
    let (_, _, took) = bench.measure(async move { get(Http::new(&bearer(client).await), URL).await });
    let mut tally = bench.tally.borrow_mut();
    let action = b"AT+HTTPACTION=0\r";
    let end = tally.sent.windows(action.len()).position(|window| window == action).expect("a request");
    tally.sent.truncate(end + action.len());
    (Cost { received: 0, ..tally.cost() }, took)
}

/// All that `sim800 http post` does, with a module that an earlier run has left with an open bearer.
fn program(rate: u32) -> (Cost, Duration) {
    let mut bench = Bench::new(rate);
    bench.bearer();
    let (client, driver) = bench.connect();
    let job = async move {
        client.find().await.expect("found");
        let bearer = bearer(client.clone()).await;
        post(Http::new(&bearer), "x").await;
        drop(bearer);
        client.close().await;
    };
    let ((), cost, took) = bench.measure(futures::future::join(job, driver).map(|_| ()));
    (cost, took)
}

fn table(costs: &BTreeMap<&str, Cost>) -> String {
    let mut table = String::from("lines commands  sent received  ms at 9,600  at 115,200\n");
    for (name, Cost { lines, commands, sent, received, millis: [slow, fast] }) in costs {
        writeln!(table, "{lines:>5} {commands:>8} {sent:>5} {received:>8} {slow:>12} {fast:>11}  {name}")
            .expect("written");
    }
    table
}

#[expect(clippy::print_stdout, reason = "for who made it less")]
#[test]
fn no_operation_takes_more_round_trips_than_it_did() {
    let mut costs = BTreeMap::new();
    for (place, rate) in RATES.into_iter().enumerate() {
        for (name, cost, took) in all(rate) {
            let entry = costs.entry(name).or_insert(cost);
            entry.millis[place] = took.as_millis();
            let millis = entry.millis;
            assert_eq!(*entry, Cost { millis, ..cost }, "{name}: the rate changes what crosses the line");
        }
    }
    let now = table(&costs);
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/round_trips.txt");
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(path, &now).expect("written");
    }
    let before = std::fs::read_to_string(path).expect("a baseline");
    let figures = |row: &str| {
        let mut words = row.split_whitespace();
        let figures: Vec<u128> = words.by_ref().map_while(|word| word.parse().ok()).take(6).collect();
        (row.trim_start_matches(|letter: char| letter.is_ascii_digit() || letter == ' ').to_owned(), figures)
    };
    let limits: BTreeMap<_, _> = before.lines().skip(1).map(figures).collect();
    for row in now.lines().skip(1) {
        let (name, counted) = figures(row);
        let limit = limits.get(&name).unwrap_or_else(|| panic!("no baseline of {name}"));
        let grown = counted.iter().zip(limit).any(|(counted, limit)| counted > limit);
        assert!(!grown, "more than there was:\n{before}\nnow:\n{now}");
    }
    if now != before {
        println!("less than there was; BLESS=1 keeps it:\n{now}");
    }
}
