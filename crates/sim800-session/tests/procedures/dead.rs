//! A module that falls silent for good: how long it takes until that is an error.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use bytes::Bytes;
use futures::future::BoxFuture;
use futures::{AsyncReadExt, FutureExt, TryFutureExt, TryStreamExt};
use sim800_emulator::{Config as ModuleConfig, Fault};
use sim800_session::{Bearer, Config, Direction, Fs, FsStorage, Ftp, Http, HttpError, Runtime};
use sim800_simulation::{Incident, Resource, When, World};

use crate::lab::{Lab, hostile, paced, server};

type Outcome = BoxFuture<'static, Result<(), String>>;

/// A procedure over a bearer.
type Procedure = fn(Bearer) -> Outcome;

fn ftp(bearer: &Bearer) -> Ftp {
    Ftp::new(bearer, server())
}

macro_rules! procedures {
    ($($name:literal $seconds:literal $bearer:ident $body:expr;)+) => {
        &[$(($name, $seconds, |$bearer| {
            async move { $body.await.map(drop).map_err(|error| error.to_string()) }.boxed()
        })),+]
    };
}

/// What comes of a request, its body read.
async fn request(bearer: Bearer, method: &str, body: Bytes, range: Option<&str>) -> Result<(), HttpError> {
    let mut request = ::http::Request::builder().method(method).uri("http://example.com/file");
    if let Some(range) = range {
        request = request.header("Range", range);
    }
    let response = Http::new(&bearer).send(request.body(body).expect("a request")).await?;
    response.into_body().try_for_each(|_| std::future::ready(Ok(()))).await
}

/// Each with the seconds that its documentation states.
const PROCEDURES: &[(&str, u64, Procedure)] = procedures! {
    "http get" 120 bearer request(bearer, "GET", Bytes::new(), None);
    "http range" 120 bearer request(bearer, "GET", Bytes::new(), Some("bytes=1000-400000"));
    "http head" 120 bearer request(bearer, "HEAD", Bytes::new(), None);
    "http post" 120 bearer request(bearer, "POST", hostile(20_000).into(), None);
    "http delete" 120 bearer request(bearer, "DELETE", Bytes::new(), None);
    "http save" 10 bearer async {
        let request = ::http::Request::get("http://example.com/file").body(Bytes::new()).expect("a request");
        Http::new(&bearer).save(request).await
    };
    "http saved" 10 bearer async { Http::new(&bearer).saved(|_| ()).await };
    "start-up" 30 bearer async { bearer.client().start_up().await };
    "bearer" 10 bearer async { bearer.query().await };
    "get" 100 bearer async {
        ftp(&bearer).get("/file").await.map_err(|error| error.to_string())?
            .read_to_end(&mut Vec::new()).await.map_err(|error| error.to_string())
    };
    "list" 100 bearer async {
        ftp(&bearer).list("/many").await.map_err(|error| error.to_string())?
            .read_to_end(&mut Vec::new()).await.map_err(|error| error.to_string())
    };
    "put" 100 bearer async { ftp(&bearer).put("/up", &hostile(20_000)[..]).await };
    "put_seekable" 100 bearer async {
        ftp(&bearer).put_seekable("/up", futures::io::Cursor::new(hostile(20_000))).await
    };
    "resume_put" 100 bearer async {
        ftp(&bearer).resume_put("/half", futures::io::Cursor::new(hostile(20_000)), 10_000).await
    };
    "size" 80 bearer async { ftp(&bearer).size("/file").await };
    "size_if_told" 80 bearer async { ftp(&bearer).size_if_told("/file").await };
    "delete" 40 bearer async { ftp(&bearer).delete("/file").await };
    "make_directory" 40 bearer async { ftp(&bearer).make_directory("/new").await };
    "remove_directory" 40 bearer async { ftp(&bearer).remove_directory("/empty").await };
    "rename" 40 bearer async { ftp(&bearer).rename("/file", "/renamed").await };
    "save" 10 bearer async { ftp(&bearer).save().await };
    "saved" 10 bearer async { ftp(&bearer).saved(|_| ()).await };
    "get_extended" 100 bearer async {
        ftp(&bearer).get_extended("/file", |_| {}).await.map_err(|error| error.to_string())?
            .into_download().read_to_end(&mut Vec::new()).await.map_err(|error| error.to_string())
    };
    "put_extended" 120 bearer async { ftp(&bearer).put_extended("/up", &hostile(20_000)[..]).await };
    "get_to_fs" 100 bearer async { ftp(&bearer).get_to_fs("/file", FsStorage::Internal, "new", |_| {}).await };
    "put_from_fs" 100 bearer async { ftp(&bearer).put_from_fs(r"C:\User\FTP\file", "/up", |_| {}).await };
    "put_file" 120 bearer async { ftp(&bearer).put_file(r"C:\User\FTP\file", "/up").await };
    "fs drive" 10 bearer async { Fs::new(bearer.client()).drive(FsStorage::Internal).await };
    "fs free" 10 bearer async { Fs::new(bearer.client()).free().await };
    "fs list" 10 bearer async { Fs::new(bearer.client()).list(r"C:\User").await };
    "fs size" 10 bearer async { Fs::new(bearer.client()).size(r"C:\User\FTP\file").await };
    "fs read" 40 bearer async {
        Fs::new(bearer.client()).read(r"C:\User\FTP\file").await.map_err(|error| error.to_string())?
            .read_to_end(&mut Vec::new()).await.map_err(|error| error.to_string())
    };
    "fs write" 30 bearer async { Fs::new(bearer.client()).write(r"C:\User\new", &hostile(20_000)[..]).await };
    "fs remove" 10 bearer async { Fs::new(bearer.client()).remove(r"C:\User\FTP\file").await };
    "fs make_directory" 10 bearer async { Fs::new(bearer.client()).make_directory(r"C:\New").await };
    "fs remove_directory" 10 bearer async { Fs::new(bearer.client()).remove_directory(r"C:\Empty").await };
    "fs rename" 10 bearer async { Fs::new(bearer.client()).rename(r"C:\User\FTP\file", r"C:\file").await };
};

/// A module with a server in which there is something for every procedure.
fn ready(rate: u32) -> (Lab, Bearer) {
    let mut config = Config::default();
    config.rate = rate;
    let mut lab = Lab::with(World::on_line(ModuleConfig::default(), paced(rate)), config);
    let bearer = lab.bearer();
    let network = lab.network();
    network.set_latency(Duration::from_secs(1));
    network.put_resource("http://example.com/file", Resource::new(hostile(20_000)));
    network.put_file("/file", hostile(20_000));
    network.put_file("/half", hostile(10_000));
    for n in 0..50 {
        network.put_file(&format!("/many/file {n}"), "x");
    }
    let (ours, there) = (bearer.clone(), bearer.clone());
    lab.world.run(async move {
        let fs = Fs::new(ours.client());
        fs.write(r"C:\User\FTP\file", &hostile(20_000)[..]).await.expect("written");
        fs.make_directory(r"C:\Empty").await.expect("made");
        ftp(&there).make_directory("/empty").await.expect("made");
    });
    (lab, bearer)
}

/// The octets after which each command of a procedure is sent, except for those that stood in another one before.
fn commands(rate: u32, procedure: Procedure, known: &mut BTreeSet<String>) -> Vec<u64> {
    let (mut lab, bearer) = ready(rate);
    let began = lab.world.crossed(Direction::Sent);
    let (tell, told) = mpsc::channel();
    let (mut line, mut sent) = (Vec::new(), 0);
    lab.world.tap(move |crossing| {
        if crossing.direction == Direction::Sent {
            for octet in crossing.left {
                sent += 1;
                if *octet == b'\r' {
                    let text = String::from_utf8_lossy(&std::mem::take(&mut line)).into_owned();
                    tell.send((text, sent)).expect("someone listens");
                } else {
                    line.push(*octet);
                }
            }
        }
    });
    assert_eq!(lab.world.run(procedure(bearer)), Ok(()));
    drop(lab);
    let name = |text: &str| text.split(['"', ',', 'C']).next().unwrap_or_default().to_owned();
    let lines = told.iter().filter(|(text, _)| text.starts_with("AT"));
    let new = lines.filter(|(text, _)| known.insert(name(text)) || text.starts_with("AT+FTPSTATE"));
    new.map(|(_, sent)| began + sent).collect()
}

/// How long `procedure` takes at most to fail with a module that falls silent at some moments of it, and in front of each of
/// `commands`.
fn longest(rate: u32, procedure: Procedure, commands: Vec<u64>) -> Duration {
    let (mut lab, bearer) = ready(rate);
    let clock = lab.world.clock();
    let began = clock.now();
    assert_eq!(lab.world.run(procedure(bearer)), Ok(()));
    let usual = clock.now() - began;
    let moments = (0..8).map(|eighths| When::At(began + usual * eighths / 8));
    let mut longest = Duration::ZERO;
    for when in moments.chain(commands.into_iter().map(|sent| When::Crossed(Direction::Sent, sent))) {
        let (mut lab, bearer) = ready(rate);
        let silent = Arc::new(Mutex::new(None));
        let (clock, time) = (lab.world.clock(), Arc::clone(&silent));
        lab.world.plan(when, Incident::Fault(Fault::Silence));
        let note = Incident::Network(Box::new(move |_| *time.lock().expect("whole") = Some(clock.now())));
        lab.world.plan(when, note);
        if lab.world.run(procedure(bearer)).is_err() {
            let silent = silent.lock().expect("whole").expect("it happened");
            longest = longest.max(lab.world.clock().now() - silent);
        }
    }
    longest
}

#[test]
fn a_dead_module_is_an_error_as_soon_as_is_stated() {
    let mut known = BTreeSet::new();
    for (name, seconds, procedure) in PROCEDURES {
        let commands = commands(115_200, *procedure, &mut known);
        let longest = longest(115_200, *procedure, commands);
        assert!(longest > Duration::ZERO && longest.as_secs() <= *seconds, "{name}: {longest:?}");
    }
}

#[test]
fn at_no_rate_it_takes_longer_than_two_minutes() {
    for rate in [1_200, 9_600, 460_800] {
        let mut known = BTreeSet::new();
        // Bodies of HTTP do not fit into the module's time at the lowest of rates.
        let is_done = |name: &str| rate > 1_200 || !name.starts_with("http");
        for (name, _, procedure) in PROCEDURES.iter().filter(|(name, ..)| is_done(name)) {
            let commands = commands(rate, *procedure, &mut known);
            let longest = longest(rate, *procedure, commands);
            assert!(
                longest > Duration::ZERO && longest.as_secs() <= 120,
                "{name} at {rate} bit/s: {longest:?}"
            );
        }
    }
}

/// The module is given time for a body, and may be taking it.
#[test]
fn a_body_that_fills_a_slow_line_for_long_adds_to_that() {
    const LARGEST: usize = 319_488;
    fn post<const LENGTH: usize>(bearer: Bearer) -> Outcome {
        let post = request(bearer, "POST", hostile(LENGTH).into(), None);
        post.map_err(|error| error.to_string()).boxed()
    }
    let posts: [(u32, u64, Procedure); 4] = [
        (1_200, 170, post::<9_600>),
        (9_600, 170, post::<76_800>),
        (115_200, 120, post::<LARGEST>),
        (460_800, 120, post::<LARGEST>),
    ];
    for (rate, seconds, post) in posts {
        let longest = longest(rate, post, Vec::new());
        assert!(longest > Duration::ZERO && longest.as_secs() <= seconds, "at {rate} bit/s: {longest:?}");
    }
}
