//! How much of the line's rate sockets get, in virtual time: what the commands allow, less one part in a hundred.
//!
//! A round of n octets takes, besides these n, C octets of command, H of header and T of result, which cross one after the other:
//! the share is n / (n + C + H + T). A read is `AT+CIPRXGET=2,0,1460` and CR (C = 21), `+CIPRXGET: 2,0,1460,<left>` between line ends
//! (H = 24 + d, with d digits of what is left, four while the module's window is full) and `OK` between line ends (T = 6). A send is
//! `AT+CIPSEND=0,1460` and CR (C = 18), a line end, `>` and a blank (H = 4), and `DATA ACCEPT:0,1460` between line ends (T = 22); once in
//! a window of eight it is asked what has arrived, by `AT+CIPACK=0` and CR (12) with an answer of three numbers (18 + d, and 6).
//!
//! The same over PPP: 1460 octets of TCP in a frame have 20 of TCP, 20 of IP (without compression of headers) and 8 of PPP, and of
//! every 256 values the two of HDLC and, by default, 32 control characters are escaped by one octet more: 1460 / (1460 + 48) = 0.968
//! of the line at best and about 0.86 with all of these escapes, but both directions at once and without a turn-around for each
//! piece.

use std::num::NonZeroU32;
use std::time::Duration;

use futures::{AsyncReadExt, AsyncWriteExt};
use sim800_emulator::Config as ModuleConfig;
use sim800_emulator::Line;
use sim800_session::{Config, Profile, Runtime, Socket, Sockets};
use sim800_simulation::{Clock, Service, World};

const LENGTH: usize = 292_000;
const HOST: &str = "tcp.example.com";

/// What `procedure` tells, with sockets on a line of `rate`.
fn on_line<T, F: Future<Output = T>>(rate: u32, procedure: impl FnOnce(Sockets, Clock) -> F) -> T {
    let mut module = ModuleConfig::default();
    // What the line moves is measured, not how long the module hesitates.
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

/// The share of the line that `octets` in `took` are.
fn share(rate: u32, octets: usize, took: Duration) -> f64 {
    octets as f64 * 10.0 / f64::from(rate) / took.as_secs_f64()
}

async fn drain(socket: &mut Socket) -> usize {
    let (mut total, mut buffer) = (0, vec![0; 4_096]);
    loop {
        match socket.read(&mut buffer).await.expect("octets") {
            0 => return total,
            length => total += length,
        }
    }
}

const READ: f64 = 1460.0 / (1460 + 21 + 28 + 6) as f64;
const SEND: f64 = (8 * 1460) as f64 / (8 * (1460 + 18 + 4 + 22) + 12 + 30 + 6) as f64;

#[test]
fn bulk_runs_at_the_rate_that_the_commands_allow() {
    for rate in [9_600, 115_200, 460_800] {
        let took = on_line(rate, |sockets, clock| async move {
            let mut socket = sockets.connect(HOST, 9).await.expect("connected");
            let began = clock.now();
            assert_eq!(drain(&mut socket).await, LENGTH);
            clock.now() - began
        });
        let read = share(rate, LENGTH, took);
        assert!(read >= 0.99 * READ, "read at {rate}: {read:.4} of the line, {READ:.4} is possible");
        let took = on_line(rate, |sockets, clock| async move {
            let mut socket = sockets.connect(HOST, 7).await.expect("connected");
            let began = clock.now();
            socket.write_all(&vec![b'x'; LENGTH]).await.expect("taken");
            socket.flush().await.expect("taken");
            clock.now() - began
        });
        let sent = share(rate, LENGTH, took);
        assert!(sent >= 0.99 * SEND, "sent at {rate}: {sent:.4} of the line, {SEND:.4} is possible");
    }
}

#[test]
fn sockets_share_the_line_fairly() {
    let rate = 115_200;
    let (took, ended) = on_line(rate, |sockets, clock| async move {
        let mut all = Vec::new();
        for _ in 0..4 {
            all.push(sockets.connect(HOST, 9).await.expect("connected"));
        }
        let began = clock.now();
        let each = all.iter_mut().map(|socket| {
            let clock = clock.clone();
            async move {
                assert_eq!(drain(socket).await, LENGTH);
                clock.now()
            }
        });
        let ended: Vec<Duration> = futures::future::join_all(each).await;
        (clock.now() - began, ended.into_iter().map(|ended| ended - began).collect::<Vec<_>>())
    });
    let all = share(rate, 4 * LENGTH, took);
    assert!(all >= 0.99 * READ, "{all:.4} of the line, {READ:.4} is possible");
    let first = ended.iter().min().expect("four");
    assert!(first.as_secs_f64() >= 0.98 * took.as_secs_f64(), "one had more than its share: {ended:?}");
}
