//! How much of what the protocol allows does a transfer get from the line?
//!
//! In virtual time on a paced line, against a module that answers at once: whatever is missing, the driver has wasted.
#![expect(clippy::print_stdout, reason = "its result is a table")]

use std::num::NonZeroU32;
use std::time::Duration;

use bytes::Bytes;
use futures::TryStreamExt;
use sim800_command::{HttpData, HttpInit, Number};
use sim800_emulator::Config as ModuleConfig;
use sim800_emulator::Line;
use sim800_session::{Bearer, Config, Ftp, FtpOptions, Http, Profile, Runtime, Server};
use sim800_simulation::{Clock, Resource, World};

const RATES: [u32; 3] = [9_600, 115_200, 460_800];
/// Of the closed form.
const GOAL: f64 = 0.995;

/// One round of a transfer: octets of payload, and all octets that cross the line for them, one after the other.
struct Round {
    payload: usize,
    overhead: usize,
}

impl Round {
    fn new(payload: usize, exchange: &[&str]) -> Self {
        Self { payload, overhead: exchange.iter().map(|octets| octets.len()).sum() }
    }

    fn ceiling(&self) -> f64 {
        self.payload as f64 / (self.payload + self.overhead) as f64
    }
}

fn main() {
    println!("goodput as a share of the line's rate: measured, allowed, and the one of the other");
    let mut failed = false;
    for rate in RATES {
        let all = [ftp_get(rate), ftp_put(rate), ftp_ext_get(rate), http_read(rate), http_data(rate)];
        for (name, measured, round) in all {
            let (allowed, share) = (round.ceiling(), measured / round.ceiling());
            println!("{rate:>7} baud  {name:<9} {measured:.4}  {allowed:.4}  {:.2} %", share * 100.0);
            failed |= share < GOAL;
        }
    }
    assert!(!failed, "less than {} % of what is allowed", GOAL * 100.0);
}

type Measured = (&'static str, f64, Round);

/// Runs `procedure` on a bearer; it says how long its transfer of `length` octets took.
fn share<F: Future<Output = Duration>>(
    rate: u32,
    length: usize,
    procedure: impl FnOnce(Bearer, Clock) -> F,
) -> f64 {
    let line = Line::paced(NonZeroU32::new(rate).expect("a rate"));
    let mut module = ModuleConfig::default();
    module.timings.unsolicited = Duration::ZERO;
    let mut world = World::on_line(module, line);
    world.network().put_file("/file", vec![b'x'; length]);
    world.network().put_resource("http://example.com/file", Resource::new(vec![b'x'; length]));
    let mut config = Config::default();
    config.rate = rate;
    let client = world.open(config);
    let clock = world.clock();
    let took = world.run(async move {
        client.start_up().await.expect("start-up");
        let bearer = Bearer::open(&client, &Profile::new("internet")).await.expect("bearer");
        procedure(bearer, clock).await
    });
    length as f64 * 10.0 / f64::from(rate) / took.as_secs_f64()
}

fn ftp_get(rate: u32) -> Measured {
    let length = 200 * 1460;
    let measured = share(rate, length, |bearer, clock| async move {
        let download = Ftp::new(&bearer, Server::new("ftp.example.com")).get("/file").await.expect("open");
        let began = clock.now();
        let received = octets(download.map_ok(|piece| piece.len())).await;
        assert_eq!(received, length);
        clock.now() - began
    });
    let round = Round::new(1460, &["AT+FTPGET=2,1460\r", "\r\n+FTPGET: 2,1460\r\n", "\r\nOK\r\n"]);
    ("FTPGET", measured, round)
}

fn ftp_put(rate: u32) -> Measured {
    let length = 200 * 1360;
    let measured = share(rate, length, |bearer, clock| async move {
        let source = vec![b'x'; length];
        let began = clock.now();
        let sent = Ftp::new(&bearer, Server::new("ftp.example.com")).put("/up", &source[..]).await;
        assert_eq!(sent.expect("complete"), length as u64);
        clock.now() - began
    });
    let exchange =
        ["AT+FTPPUT=2,1360\r", "\r\n+FTPPUT: 2,1360\r\n", "\r\nOK\r\n", "\r\n+FTPPUT: 1,1,1360\r\n"];
    ("FTPPUT", measured, Round::new(1360, &exchange))
}

fn ftp_ext_get(rate: u32) -> Measured {
    let length = 174_125;
    let measured = share(rate, length, |bearer, clock| async move {
        // By one command, as far as that goes.
        let mut options = FtpOptions::default();
        options.effort.window = Some(300_000);
        let ftp = Ftp::new(&bearer, Server::new("ftp.example.com")).with_options(options);
        let mut file = ftp.get_extended("/file", |_| {}).await.expect("open");
        let began = clock.now();
        let octets = file.read(0, length as u32).await.expect("complete");
        assert_eq!(octets.len(), length);
        clock.now() - began
    });
    let exchange = ["AT+FTPEXTGET=3,0,174125\r", "\r\n+FTPEXTGET: 3,174125\r\n", "\r\nOK\r\n"];
    ("FTPEXTGET", measured, Round::new(length, &exchange))
}

fn http_read(rate: u32) -> Measured {
    let length = 300_000;
    let measured = share(rate, length, |bearer, clock| async move {
        let request = http::Request::get("http://example.com/file").body(Bytes::new()).expect("a request");
        let response = Http::new(&bearer).send(request).await.expect("a response");
        let began = clock.now();
        let received = octets(response.into_body().map_ok(|piece| piece.len())).await;
        assert_eq!(received, length);
        clock.now() - began
    });
    let exchange = ["AT+HTTPREAD=163840,16384\r", "\r\n+HTTPREAD: 16384\r\n", "\r\nOK\r\n"];
    // As the session chooses it by the rate.
    let window = (rate / 10).clamp(4_096, 65_536).next_power_of_two();
    ("HTTPREAD", measured, Round::new(window as usize, &exchange))
}

fn http_data(rate: u32) -> Measured {
    let length = 100_000;
    let measured = share(rate, length, |bearer, clock| async move {
        let client = bearer.client();
        client.execute(&HttpInit).await.expect("HTTPINIT");
        let command = HttpData {
            size: Number::new(length as u32).expect("a size"),
            time: Number::new(120_000).expect("a time"),
        };
        let began = clock.now();
        client.transmit(&command, Bytes::from(vec![b'x'; length])).await.expect("HTTPDATA");
        clock.now() - began
    });
    let exchange = ["AT+HTTPDATA=100000,120000\r", "\r\nDOWNLOAD\r\n", "\r\nOK\r\n"];
    ("HTTPDATA", measured, Round::new(length, &exchange))
}

async fn octets<E: std::fmt::Debug>(stream: impl futures::Stream<Item = Result<usize, E>>) -> usize {
    let sum = stream.try_fold(0, |sum, octets| async move { Ok(sum + octets) });
    sum.await.expect("complete")
}
