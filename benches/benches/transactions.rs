//! How many small transfers a second does a module carry out, one after the other, and at how many octets each: by the session, and
//! by the commands that the application note has for it, each on a line of its own, as most programs send them.
//!
//! Time is the simulation's: a line of 115,200 or 9,600 bit/s, 40 ms for each command line, and a network that takes none. So the
//! figures are the same on every machine.
#![expect(clippy::print_stdout, reason = "a table for people")]

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::{AsyncReadExt, StreamExt};
use sim800_emulator::{Config as ModuleConfig, Line};
use sim800_session::command::Unsolicited;
use sim800_session::{
    Bearer, Client, Config, Direction, Ftp, Http, Notice, Profile, Request, Runtime, Server, connect,
};
use sim800_simulation::{Resource, World};

const URL: &str = "http://example.com/file";
const ROUNDS: u32 = 20;

fn main() {
    println!("{:>8} {:<22} {:>18} {:>18}", "bit/s", "", "the session", "one to a line");
    for rate in [9_600, 115_200] {
        let row = |what: &str, session: (f64, u64), note: (f64, u64)| {
            let [session, note] = [session, note].map(|(rate, octets)| format!("{rate:.2}/s of {octets}"));
            println!("{rate:>8} {what:<22} {session:>18} {note:>18}");
        };
        row("GET of 100 octets", session(rate, get), note(rate, begin_http, note_get));
        row("POST of 100 octets", session(rate, post), note(rate, begin_http, note_post));
        row("FTP get of 1000 octets", session(rate, ftp_get), note(rate, begin_ftp, note_ftp_get));
    }
}

/// Of the session: the first time it sets what stays set.
fn session(rate: u32, transfer: impl AsyncFn(&Bearer)) -> (f64, u64) {
    measure(rate, &transfer, &transfer)
}

/// Of single commands, behind those that are sent once.
fn note(rate: u32, begin: impl AsyncFn(&Client), transfer: impl AsyncFn(&Client)) -> (f64, u64) {
    measure(rate, &async |bearer: &Bearer| begin(bearer.client()).await, &async |bearer: &Bearer| {
        transfer(bearer.client()).await
    })
}

/// How many a second, and the octets of each in both directions, after `begin`.
fn measure(rate: u32, begin: &impl AsyncFn(&Bearer), transfer: &impl AsyncFn(&Bearer)) -> (f64, u64) {
    let mut module = ModuleConfig::default();
    module.timings.line = Duration::from_millis(40);
    let mut world = World::on_line(module, Line::paced(NonZeroU32::new(rate).expect("a rate")));
    world.network().put_resource(URL, Resource::new("x".repeat(100)));
    world.network().put_file("/file", vec![b'x'; 1_000]);
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
    let crossed = |world: &World| world.crossed(Direction::Sent) + world.crossed(Direction::Received);
    let (clock, before) = (world.clock(), crossed(&world));
    let began = clock.now();
    world.run(Box::pin(async {
        for _ in 0..ROUNDS {
            transfer(&bearer).await;
        }
    }));
    let took = clock.now() - began;
    (f64::from(ROUNDS) / took.as_secs_f64(), (crossed(&world) - before) / u64::from(ROUNDS))
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
