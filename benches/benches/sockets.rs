//! How much of the line do sockets get, beside what PPP could at best?
//!
//! In virtual time on a paced line, against a module that answers at once and a network that takes no time.
//!
//! A round of n octets takes, besides these n, C octets of command, H of header and T of result, which cross one after the other:
//! the share is n / (n + C + H + T). A read is `AT+CIPRXGET=2,0,1460` and CR (C = 21), `+CIPRXGET: 2,0,1460,<left>` between line ends
//! (H = 24 + d, with d digits of what is left, four while the module's window is full) and `OK` between line ends (T = 6). A send is
//! `AT+CIPSEND=0,1460` and CR (C = 18), a line end, `>` and a blank (H = 4), and `DATA ACCEPT:0,1460` between line ends (T = 22); once in
//! a window of eight it is asked what has arrived, by `AT+CIPACK=0` and CR (12) with an answer of three numbers (18 + d, and 6).
//!
//! PPP is reckoned on paper: a packet of 1460 octets of TCP has 20 octets of TCP and 20 of IP before it, and a frame 8 octets of flag,
//! address, control, protocol and checksum (RFC 1661, RFC 1662); two values of 256 are escaped by one octet more, with the default of
//! 32 control characters beside them 34 of 256. What TCP acknowledges goes the other way, which is another wire.
#![expect(clippy::print_stdout, reason = "its result is a table")]

use std::num::NonZeroU32;
use std::time::Duration;

use futures::future::join_all;
use futures::{AsyncReadExt, AsyncWriteExt};
use sim800_emulator::Config as ModuleConfig;
use sim800_emulator::Line;
use sim800_session::{Config, Profile, Runtime, Socket, Sockets};
use sim800_simulation::{Clock, Service, World};

const RATES: [u32; 3] = [9_600, 115_200, 460_800];
/// Of the closed form.
const GOAL: f64 = 0.99;
const LENGTH: usize = 292_000;
const HOST: &str = "tcp.example.com";

/// Of several that read at once, the first is through after so much of the time that all take.
const FAIR: f64 = 0.98;

const READ: f64 = 1460.0 / (1460 + 21 + 28 + 6) as f64;
const SEND: f64 = (8 * 1460) as f64 / (8 * (1460 + 18 + 4 + 22) + 12 + 30 + 6) as f64;

fn main() {
    let frame = |escaped: f64| 1460.0 / ((1460.0 + 40.0) * (1.0 + escaped / 256.0) + 8.0);
    println!(
        "PPP on paper: {:.4} of the line with all characters let through, {:.4} by default",
        frame(2.0),
        frame(34.0)
    );
    println!("sockets as a share of the line: measured, allowed, and the one of the other");
    let mut failed = false;
    for rate in RATES {
        for (name, octets, took, allowed) in [
            ("one reads", LENGTH, on_line(rate, reading(1)), READ),
            ("six read", 6 * LENGTH, on_line(rate, reading(6)), READ),
            ("one sends", LENGTH, on_line(rate, sending), SEND),
        ] {
            let measured = octets as f64 * 10.0 / f64::from(rate) / took.as_secs_f64();
            println!(
                "{rate:>7} baud  {name:<9} {measured:.4}  {allowed:.4}  {:.2} %",
                measured / allowed * 100.0
            );
            failed |= measured < GOAL * allowed;
        }
    }
    assert!(!failed, "less than {} % of what is allowed", GOAL * 100.0);
}

/// What `procedure` takes with sockets on a line of `rate`.
fn on_line(rate: u32, procedure: impl AsyncFnOnce(Sockets, Clock) -> Duration) -> Duration {
    let mut module = ModuleConfig::default();
    module.timings.unsolicited = Duration::ZERO;
    let mut world = World::on_line(module, Line::paced(NonZeroU32::new(rate).expect("a rate")));
    world.network().listen(HOST, 7, Service::Sink);
    world.network().listen(HOST, 9, Service::Source(vec![b'x'; LENGTH].into()));
    let mut config = Config::default();
    config.rate = rate;
    let client = world.open(config);
    let clock = world.clock();
    world.run(async move {
        client.start_up().await.expect("start-up");
        let sockets = Sockets::open(&client, &Profile::new("internet")).await.expect("a context");
        procedure(sockets, clock).await
    })
}

/// So many sockets read at once.
fn reading(count: usize) -> impl AsyncFnOnce(Sockets, Clock) -> Duration {
    async move |sockets, clock| {
        let mut all: Vec<Socket> = Vec::new();
        for _ in 0..count {
            all.push(sockets.connect(HOST, 9).await.expect("connected"));
        }
        let began = clock.now();
        let each = all.iter_mut().map(async |socket| {
            let mut octets = Vec::with_capacity(LENGTH);
            assert_eq!(socket.read_to_end(&mut octets).await.expect("octets"), LENGTH);
            clock.now() - began
        });
        let ended = join_all(each).await;
        let took = clock.now() - began;
        assert!(ended.iter().all(|ended| ended.as_secs_f64() >= FAIR * took.as_secs_f64()), "{ended:?}");
        took
    }
}

async fn sending(sockets: Sockets, clock: Clock) -> Duration {
    let mut socket = sockets.connect(HOST, 7).await.expect("connected");
    let began = clock.now();
    socket.write_all(&vec![b'x'; LENGTH]).await.expect("taken");
    socket.flush().await.expect("taken");
    clock.now() - began
}
