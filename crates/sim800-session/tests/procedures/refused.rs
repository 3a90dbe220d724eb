//! Octets that are lost on their way to the module: it refuses what it gets, in the words in which it refuses for good.

use std::time::Duration;

use bytes::Bytes;
use futures::future::BoxFuture;
use futures::{FutureExt, TryStreamExt};
use sim800_emulator::{Config as ModuleConfig, Damage};
use sim800_session::{Bearer, Client, Direction, Fs, FsError, Ftp, Http, HttpError, Profile, Runtime};
use sim800_simulation::{Incident, Resource, When};

use crate::lab::{Lab, server, whole};

const URL: &str = "http://example.com/file";
const STORED: &str = r"C:\User\a.txt";
const CONTENT: &[u8] = b"some octets";

/// What is done, and why it failed, if it did.
type Procedure = fn(Bearer) -> BoxFuture<'static, Result<(), String>>;

const PROCEDURES: [(&str, Procedure); 9] = [
    ("start-up and bearer", |bearer| {
        async move {
            let client = bearer.client().clone();
            client.start_up().await.map_err(|error| format!("{error:?}"))?;
            Bearer::open(&client, &Profile::new("internet"))
                .await
                .map(drop)
                .map_err(|error| format!("{error:?}"))
        }
        .boxed()
    }),
    ("GET", |bearer| carried_out(bearer, http::Request::get(URL), b"").boxed()),
    ("POST", |bearer| carried_out(bearer, http::Request::post("http://example.com/in"), CONTENT).boxed()),
    ("DELETE", |bearer| carried_out(bearer, http::Request::delete("http://example.com/in"), b"").boxed()),
    ("download", |bearer| {
        async move {
            let file =
                async { Ftp::new(&bearer, server()).get("/file").await?.try_collect::<Vec<_>>().await };
            let file = file.await.map_err(|error| format!("{error:?}"))?;
            (file.concat() == CONTENT).then_some(()).ok_or_else(|| "another file".to_owned())
        }
        .boxed()
    }),
    ("upload", |bearer| {
        async move {
            let stored = Ftp::new(&bearer, server()).put("/up", CONTENT).await;
            stored.map(drop).map_err(|error| format!("{error:?}"))
        }
        .boxed()
    }),
    ("making a directory", |bearer| {
        async move {
            let made = Ftp::new(&bearer, server()).make_directory("/new").await;
            made.map(drop).map_err(|error| format!("{error:?}"))
        }
        .boxed()
    }),
    ("writing", |bearer| {
        async move {
            let fs = Fs::new(bearer.client());
            fs.write(STORED, CONTENT).await.map(drop).map_err(|error| format!("{error:?}"))
        }
        .boxed()
    }),
    ("reading", |bearer| {
        async move {
            let file = async {
                Fs::new(bearer.client()).read(r"C:\User\b.txt").await?.try_collect::<Vec<_>>().await
            };
            let file: Vec<Bytes> = file.await.map_err(|error| format!("{error:?}"))?;
            (file.concat() == CONTENT).then_some(()).ok_or_else(|| "another file".to_owned())
        }
        .boxed()
    }),
];

async fn carried_out(
    bearer: Bearer,
    request: http::request::Builder,
    body: &'static [u8],
) -> Result<(), String> {
    let request = request.body(Bytes::from_static(body)).expect("a request");
    let response = Http::new(&bearer).send(request).await.map_err(|error| format!("{error:?}"))?;
    whole(response.into_body()).await.map(drop).map_err(|error| format!("{error:?}"))
}

fn ready() -> (Lab, Bearer) {
    let (mut lab, bearer) = Lab::ready();
    lab.network().put_resource(URL, Resource::new(CONTENT));
    lab.network().put_resource("http://example.com/in", Resource::new(""));
    lab.network().put_file("/file", CONTENT);
    write(&mut lab, bearer.client().clone());
    (lab, bearer)
}

fn write(lab: &mut Lab, client: Client) {
    let written = lab.world.run(async move { Fs::new(&client).write(r"C:\User\b.txt", CONTENT).await });
    written.expect("written");
}

/// How `procedure` fails when one octet is lost, whichever.
fn failures(what: &str, procedure: Procedure) -> Vec<String> {
    let (mut lab, bearer) = ready();
    let before = lab.world.crossed(Direction::Sent);
    lab.world.run(procedure(bearer)).expect("carried out");
    let octets = lab.world.crossed(Direction::Sent) - before;
    let mut failures = Vec::new();
    for octet in 0..octets {
        let (mut lab, bearer) = ready();
        let lost = When::Crossed(Direction::Sent, lab.world.crossed(Direction::Sent) + octet);
        lab.world.plan(lost, Incident::Damage(Direction::Sent, Damage::Drop));
        let result = lab.world.run(procedure(bearer));
        let told = lab.network().http_requests().into_iter().filter(|request| request.url.ends_with("/in"));
        let told: Vec<_> = told.map(|request| request.body).collect();
        // Nothing is done twice, and a body comes as it was sent.
        assert!(told.len() <= 1, "{what}, octet {octet}: {told:?}");
        assert!(
            told.iter().all(|body| body.is_empty() || body == CONTENT),
            "{what}, octet {octet}: {told:?}"
        );
        if let Err(error) = result {
            failures.push(format!("{what}, octet {octet} of {octets}: {error}"));
        }
    }
    failures
}

/// What remains: names and a length that became others, and silence, behind which it may have been done.
const REMAIN: [&str; 5] =
    ["HttpStatus(603)", "FtpCode(64)", "FtpCode(79)", "Incomplete", "failure: TimedOut"];

#[test]
fn a_command_that_lost_an_octet_and_was_refused_is_given_again() {
    for (what, procedure) in PROCEDURES {
        let failures = failures(what, procedure);
        let unexpected: Vec<_> = failures
            .iter()
            .filter(|failure| !REMAIN.iter().any(|remains| failure.contains(remains)))
            .collect();
        assert!(unexpected.is_empty(), "{unexpected:#?}");
    }
}

#[test]
fn what_is_refused_for_good_is_an_error_after_one_more_try() {
    let mut config = ModuleConfig::default();
    config.ssl = false;
    let (mut lab, bearer) = Lab::ready_with(config);
    let clock = lab.world.clock();
    let began = clock.now();
    let error = lab.get(&bearer, "https://example.com/file").expect_err("no HTTPS");
    assert!(matches!(error, HttpError::NoSsl(_)), "{error:?}");
    let fs = Fs::new(bearer.client());
    let error = lab.world.run(async move { fs.size(r"C:\User\none.txt").await }).expect_err("no file");
    assert!(matches!(error, FsError::NotFound { .. }), "{error:?}");
    assert!(clock.now() - began < Duration::from_secs(2), "{:?}", clock.now() - began);
}
