//! How many small transfers a second does a module carry out, one after the other, and at how many octets each: by the session,
//! by the commands that the application note has for it, each on a line of its own, and by what two drivers for Python send.
//!
//! usim800 1.0.0 (github.com/anteeres/usim800) wakes the module before each command by a carriage return and 150 ms, and waits
//! 300 ms behind the body of a POST; RPi_SIM808 (github.com/nfroehberg/RPi_SIM808) names the file and its directory anew for each
//! upload. What they send is written here as it crosses the line, without the time that they take for themselves. Neither
//! compares what came with what was announced beyond its length, and neither asks the server what it has.
//!
//! Time is the simulation's: a line of 115,200 or 9,600 bit/s, 40 ms for each command line, and a network that takes none. So the
//! figures are the same on every machine.
#![expect(clippy::print_stdout, reason = "a table for people")]

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::{AsyncReadExt, AsyncWriteExt, StreamExt};
use sim800_emulator::{Config as ModuleConfig, Line};
use sim800_session::command::Unsolicited;
use sim800_session::{
    Bearer, Client, Config, Direction, Ftp, Http, Notice, Profile, Request, Runtime, Server, connect,
};
use sim800_simulation::{Resource, World};

const URL: &str = "http://example.com/file";
const ROUNDS: u32 = 20;

fn main() {
    println!("{:>8} {:<22} {:>18} {:>18} {:>18}", "bit/s", "", "the session", "one to a line", "others");
    for rate in [9_600, 115_200] {
        let row = |what: &str, session: Rate, note: Option<Rate>, others: Option<(&str, Rate)>| {
            let told = |(rate, octets): Rate| format!("{rate:.2}/s of {octets}");
            let (session, note) = (told(session), note.map(told).unwrap_or_default());
            let others = others.map(|(who, rate)| format!("{} {who}", told(rate))).unwrap_or_default();
            println!("{rate:>8} {what:<22} {session:>18} {note:>18} {others:>18}");
        };
        let usim800 = |transfer: &[Said]| Some(("usim800", replay(rate, USIM800, transfer)));
        row(
            "GET of 100 octets",
            session(rate, get),
            Some(note(rate, begin_http, note_get)),
            usim800(USIM800_GET),
        );
        row(
            "POST of 100 octets",
            session(rate, post),
            Some(note(rate, begin_http, note_post)),
            usim800(USIM800_POST),
        );
        row(
            "FTP get of 1000 octets",
            session(rate, ftp_get),
            Some(note(rate, begin_ftp, note_ftp_get)),
            None,
        );
        let put = Some(("RPi_SIM808", replay(rate, RPI_SIM808, RPI_SIM808_PUT)));
        row("FTP put of 1000 octets", session(rate, ftp_put), None, put);
    }
}

/// How many a second, and the octets of each in both directions.
type Rate = (f64, u64);

/// Of the session: the first time it sets what stays set.
fn session(rate: u32, transfer: impl AsyncFn(&Bearer)) -> Rate {
    measure(rate, &transfer, &transfer)
}

/// Of single commands, behind those that are sent once.
fn note(rate: u32, begin: impl AsyncFn(&Client), transfer: impl AsyncFn(&Client)) -> Rate {
    measure(rate, &async |bearer: &Bearer| begin(bearer.client()).await, &async |bearer: &Bearer| {
        transfer(bearer.client()).await
    })
}

fn world(rate: u32) -> World {
    let mut module = ModuleConfig::default();
    module.timings.line = Duration::from_millis(40);
    let world = World::on_line(module, Line::paced(NonZeroU32::new(rate).expect("a rate")));
    world.network().put_resource(URL, Resource::new("x".repeat(100)));
    world.network().put_file("/file", vec![b'x'; 1_000]);
    world
}

/// After `begin`.
fn measure(rate: u32, begin: &impl AsyncFn(&Bearer), transfer: &impl AsyncFn(&Bearer)) -> Rate {
    let mut world = world(rate);
    let mut config = Config::default();
    config.rate = rate;
    let (client, driver) = connect(world.connect(), Arc::new(world.clock()), config);
    world.spawn(async move {
        let _ended = driver.await;
    });
    let bearer = world.run(Box::pin(async {
        client.start_up().await.expect("start-up");
        let bearer = Bearer::open(&client, &Profile::new("internet")).await.expect("bearer");
        begin(&bearer).await;
        bearer
    }));
    time(&mut world, async || transfer(&bearer).await)
}

fn time(world: &mut World, mut transfer: impl AsyncFnMut()) -> Rate {
    let crossed = |world: &World| world.crossed(Direction::Sent) + world.crossed(Direction::Received);
    let (clock, before) = (world.clock(), crossed(world));
    let began = clock.now();
    world.run(Box::pin(async {
        for _ in 0..ROUNDS {
            transfer().await;
        }
    }));
    let took = clock.now() - began;
    (f64::from(ROUNDS) / took.as_secs_f64(), (crossed(world) - before) / u64::from(ROUNDS))
}

/// What a driver sends and waits for.
#[derive(Clone, Copy)]
enum Said {
    /// Octets, and what they are answered with.
    Line(&'static str, &'static str),
    /// The same behind what wakes the module.
    Woken(&'static str, &'static str),
    /// So many octets of content, and so many milliseconds.
    Content(usize, u64),
    /// What comes without being asked for.
    Told(&'static str),
}

const OK: &str = "OK\r\n";

const USIM800: &[Said] = &[
    Said::Woken("AT\r\n", OK),
    Said::Woken("ATE0\r\n", OK),
    Said::Woken("AT+CMEE=2\r\n", OK),
    Said::Woken("AT+HTTPTERM\r\n", "ERROR"),
    Said::Woken("AT+SAPBR=0,1\r\n", "ERROR"),
    Said::Woken("AT+CPIN?\r\n", OK),
    Said::Woken("AT+CREG?\r\n", OK),
    Said::Woken("AT+CGATT=1\r\n", OK),
    Said::Woken("AT+CGATT?\r\n", OK),
    Said::Woken("AT+CGREG?\r\n", OK),
    Said::Woken("AT+SAPBR=3,1,\"Contype\",\"GPRS\"\r\n", OK),
    Said::Woken("AT+SAPBR=3,1,\"APN\",\"internet\"\r\n", OK),
    Said::Woken("AT+SAPBR=1,1\r\n", OK),
    Said::Woken("AT+SAPBR=2,1\r\n", OK),
    Said::Woken("AT+HTTPTERM\r\n", "ERROR"),
    Said::Woken("AT+HTTPINIT\r\n", OK),
    Said::Woken("AT+HTTPPARA=\"CID\",1\r\n", OK),
];

const USIM800_GET: &[Said] = &[
    Said::Woken("AT+HTTPPARA=\"URL\",\"http://example.com/file\"\r\n", OK),
    Said::Woken("AT+HTTPACTION=0\r\n", OK),
    Said::Told("+HTTPACTION: 0,200,100\r\n"),
    Said::Woken("AT+HTTPREAD\r\n", OK),
];

const USIM800_POST: &[Said] = &[
    Said::Woken("AT+HTTPPARA=\"URL\",\"http://example.com/file\"\r\n", OK),
    Said::Woken("AT+HTTPPARA=\"CONTENT\",\"text/plain\"\r\n", OK),
    Said::Line("AT+HTTPDATA=100,10000\r\n", "DOWNLOAD\r\n"),
    Said::Content(100, 300),
    Said::Told(OK),
    Said::Woken("AT+HTTPACTION=1\r\n", OK),
    Said::Told("+HTTPACTION: 1,"),
];

const RPI_SIM808: &[Said] = &[
    Said::Line("AT+SAPBR=3,1,\"Contype\",\"GPRS\"\r\n", OK),
    Said::Line("AT+SAPBR=3,1,\"APN\",\"internet\"\r\n", OK),
    Said::Line("AT+SAPBR=2,1\r\n", OK),
    Said::Line("AT+SAPBR=1,1\r\n", OK),
    Said::Line("AT+SAPBR=2,1\r\n", OK),
    Said::Line("AT+FTPCID=1\r\n", OK),
    Said::Line("AT+FTPSERV=\"ftp.example.com\"\r\n", OK),
    Said::Line("AT+FTPPORT=21\r\n", OK),
    Said::Line("AT+FTPUN=\"anonymous\"\r\n", OK),
    Said::Line("AT+FTPPW=\"anonymous\"\r\n", OK),
];

const RPI_SIM808_PUT: &[Said] = &[
    Said::Line("AT+FTPPUTNAME=\"stored\"\r\n", OK),
    Said::Line("AT+FTPPUTPATH=\"/\"\r\n", OK),
    Said::Line("AT+FTPPUT=1\r\n", OK),
    Said::Told("+FTPPUT: 1,1,"),
    Said::Line("AT+FTPPUT=2,1000\r\n", "+FTPPUT: 2,1000\r\n"),
    Said::Content(1000, 0),
    Said::Told(OK),
    Said::Line("AT+FTPPUT=2,0\r\n", OK),
    // It does not wait for this one; the next upload would be refused before.
    Said::Told("+FTPPUT: 1,0\r\n"),
];

/// Of a driver that does nothing but send and wait.
fn replay(rate: u32, begin: &[Said], transfer: &[Said]) -> Rate {
    let mut world = world(rate);
    let (mut port, clock) = (world.connect(), world.clock());
    // The module has found its network by then.
    world.run_for(Duration::from_secs(30));
    let mut heard = Vec::new();
    let mut say = async |said: &[Said]| {
        for said in said {
            let awaited = match *said {
                Said::Line(line, awaited) | Said::Woken(line, awaited) => {
                    if let Said::Woken(..) = said {
                        port.write_all(b"\r").await.expect("sent");
                        clock.sleep_until(clock.now() + Duration::from_millis(150)).await;
                    }
                    port.write_all(line.as_bytes()).await.expect("sent");
                    awaited
                }
                Said::Content(octets, millis) => {
                    port.write_all(&vec![b'x'; octets]).await.expect("sent");
                    clock.sleep_until(clock.now() + Duration::from_millis(millis)).await;
                    continue;
                }
                Said::Told(awaited) => awaited,
            };
            loop {
                let found = heard.windows(awaited.len()).position(|octets| octets == awaited.as_bytes());
                if let Some(found) = found {
                    heard.drain(..found + awaited.len());
                    break;
                }
                let mut read = [0; 1024];
                let read_len = port.read(&mut read).await.expect("heard");
                heard.extend_from_slice(&read[..read_len]);
            }
        }
    };
    world.run(Box::pin(say(begin)));
    time(&mut world, async || say(transfer).await)
}

async fn get(bearer: &Bearer) {
    let request = http::Request::get(URL).body(Bytes::new()).expect("a request");
    let mut response = Http::new(bearer).send(request).await.expect("a response");
    let mut body = Vec::new();
    response.body_mut().read_to_end(&mut body).await.expect("complete");
    assert_eq!(body.len(), 100);
}

async fn post(bearer: &Bearer) {
    let request = http::Request::post(URL).body(Bytes::from_static(&[b'x'; 100])).expect("a request");
    let mut response = Http::new(bearer).send(request).await.expect("a response");
    response.body_mut().read_to_end(&mut Vec::new()).await.expect("complete");
}

async fn ftp_get(bearer: &Bearer) {
    let mut octets = Vec::new();
    let mut download = Ftp::new(bearer, Server::new("ftp.example.com")).get("/file").await.expect("opened");
    download.read_to_end(&mut octets).await.expect("complete");
    assert_eq!(octets.len(), 1_000);
}

async fn ftp_put(bearer: &Bearer) {
    let ftp = Ftp::new(bearer, Server::new("ftp.example.com"));
    assert_eq!(ftp.put("/stored", &[b'x'; 1_000][..]).await.expect("complete"), 1_000);
}

async fn say(client: &Client, line: &str) {
    let request = Request::raw(line, Duration::from_secs(5)).expect("a command");
    // Refused where it is done already.
    drop(client.request(request).await);
}

/// Sends `line`, and waits for what the module tells of it.
async fn act(client: &Client, line: &str, told: fn(&Unsolicited<'_>) -> bool) {
    let mut notices = client.subscribe(told);
    say(client, line).await;
    while !matches!(notices.next().await, Some(Notice::Unsolicited(_))) {}
}

async fn begin_http(client: &Client) {
    say(client, "AT+HTTPINIT").await;
    say(client, r#"AT+HTTPPARA="CID",1"#).await;
}

/// Application note 3.8: the service stays started.
async fn note_get(client: &Client) {
    say(client, &format!(r#"AT+HTTPPARA="URL","{URL}""#)).await;
    act(client, "AT+HTTPACTION=0", |line| matches!(line, Unsolicited::HttpAction { .. })).await;
    say(client, "AT+HTTPREAD").await;
}

/// Application note 3.3.
async fn note_post(client: &Client) {
    say(client, &format!(r#"AT+HTTPPARA="URL","{URL}""#)).await;
    say(client, r#"AT+HTTPPARA="CONTENT","text/plain""#).await;
    let data = Request::raw("AT+HTTPDATA=100,5000", Duration::from_secs(5)).expect("a command");
    client.request(data.with_body(Bytes::from_static(&[b'x'; 100]))).await.expect("loaded");
    act(client, "AT+HTTPACTION=1", |line| matches!(line, Unsolicited::HttpAction { .. })).await;
    say(client, "AT+HTTPREAD").await;
}

async fn begin_ftp(client: &Client) {
    for line in [
        "AT+FTPCID=1",
        r#"AT+FTPSERV="ftp.example.com""#,
        r#"AT+FTPUN="anonymous""#,
        r#"AT+FTPPW="anonymous""#,
        r#"AT+FTPGETPATH="/""#,
    ] {
        say(client, line).await;
    }
}

/// Application note 3.9.
async fn note_ftp_get(client: &Client) {
    say(client, r#"AT+FTPGETNAME="file""#).await;
    act(client, "AT+FTPGET=1", |line| matches!(line, Unsolicited::FtpGet(_))).await;
    act(client, "AT+FTPGET=2,1460", |line| matches!(line, Unsolicited::FtpGet(_))).await;
}
