//! Whatever goes wrong, a transfer ends exact or with an error, in time, and the next one works.

use std::time::Duration;

use bytes::Bytes;
use futures::future::BoxFuture;
use futures::{AsyncReadExt, TryStreamExt};
use sim800_emulator::{Config as ModuleConfig, Damage, Fault};
use sim800_session::{Bearer, Client, Config, Fs, FsStorage, Ftp, Http, Profile, Runtime, Server};
use sim800_simulation::{Resource, World, polled};

const URL: &str = "http://example.com/file";
const LENGTH: usize = 20_000;

/// A file that the module has.
const STORED: &str = r"C:\User\b.bin";

/// What is done to a module. Each tells whether it succeeded, and fails the test when it succeeded wrongly.
type Procedure = fn(Bearer) -> BoxFuture<'static, bool>;

const PROCEDURES: [(&str, Procedure); 14] = [
    ("start-up", |bearer| {
        Box::pin(async move {
            let client = bearer.client().clone();
            client.start_up().await.is_ok() && Bearer::open(&client, &profile()).await.is_ok()
        })
    }),
    ("http get", |bearer| Box::pin(http_get(bearer, ""))),
    ("http get in ranges", |bearer| Box::pin(http_get(bearer, "bytes=0-999999"))),
    ("http head", |bearer| {
        Box::pin(async move {
            let request = http::Request::head(URL).body(Bytes::new()).expect("a request");
            Http::new(&bearer).send(request).await.is_ok()
        })
    }),
    ("http post", |bearer| {
        Box::pin(async move {
            let request = http::Request::post("http://example.com/in").body(content()).expect("a request");
            Http::new(&bearer).send(request).await.is_ok()
        })
    }),
    ("ftp get", |bearer| {
        Box::pin(async move {
            let Ok(download) = Ftp::new(&bearer, server()).get("/file").await else { return false };
            let file =
                download.try_fold(Vec::new(), |all, piece| async move { Ok([all, piece.to_vec()].concat()) });
            let file = file.await;
            assert!(file.as_ref().is_ok_and(|file| *file == content()) || file.is_err(), "damaged");
            file.is_ok()
        })
    }),
    ("ftp put", |bearer| {
        Box::pin(
            async move { Ftp::new(&bearer, server()).put("/up", &content()[..]).await == Ok(LENGTH as u64) },
        )
    }),
    ("ftp extended get", |bearer| {
        Box::pin(async move {
            let Ok(file) = Ftp::new(&bearer, server()).get_extended("/file", |_| {}).await else {
                return false;
            };
            let file = file.into_download();
            let file =
                file.try_fold(Vec::new(), |all, piece| async move { Ok([all, piece.to_vec()].concat()) });
            let file = file.await;
            assert!(file.as_ref().is_ok_and(|file| *file == content()) || file.is_err(), "damaged");
            file.is_ok()
        })
    }),
    ("ftp extended put", |bearer| {
        Box::pin(async move {
            Ftp::new(&bearer, server()).put_extended("/up", &content()[..]).await == Ok(LENGTH as u64)
        })
    }),
    ("ftp get to the file system", |bearer| {
        Box::pin(async move {
            let ftp = Ftp::new(&bearer, server());
            ftp.get_to_fs("/file", FsStorage::Internal, "a.bin", |_| {}).await.is_ok()
        })
    }),
    ("ftp put from the file system", |bearer| {
        Box::pin(async move {
            let ftp = Ftp::new(&bearer, server());
            ftp.put_from_fs(STORED, "/up", |_| {}).await == Ok(LENGTH as u64)
        })
    }),
    ("ftp put by way of the memory", |bearer| {
        Box::pin(async move { Ftp::new(&bearer, server()).put_file(STORED, "/up").await.is_ok() })
    }),
    ("ftp listing and size", |bearer| {
        Box::pin(async move {
            let ftp = Ftp::new(&bearer, server());
            let Ok(listing) = ftp.list("/").await else { return false };
            let Ok(lines) = listing.try_collect::<Vec<_>>().await else { return false };
            let size = ftp.size("/file").await;
            assert!(size.is_err() || size == Ok(LENGTH as u64));
            String::from_utf8_lossy(&lines.concat()).contains("file") && size.is_ok()
        })
    }),
    ("file system", |bearer| {
        Box::pin(async move {
            let fs = Fs::new(bearer.client());
            if fs.write(r"C:\User\a.bin", &content()[..]).await.is_err() {
                return false;
            }
            let Ok(mut file) = fs.read(r"C:\User\a.bin").await else { return false };
            let mut octets = Vec::new();
            let read = file.read_to_end(&mut octets).await;
            assert!(read.is_err() || octets == content(), "damaged");
            read.is_ok()
        })
    }),
];

/// What is not done again: what a server may have taken, and what the module may have half of.
const NOT_REPEATED: [&str; 2] = ["http post", "file system"];

async fn http_get(bearer: Bearer, range: &str) -> bool {
    let mut request = http::Request::get(URL);
    if !range.is_empty() {
        request = request.header("Range", range);
    }
    let request = request.body(Bytes::new()).expect("a request");
    let Ok(response) = Http::new(&bearer).send(request).await else { return false };
    let body = response.into_body();
    let body =
        body.try_fold(Vec::new(), |all, piece| async move { Ok([all, piece.to_vec()].concat()) }).await;
    assert!(body.as_ref().is_ok_and(|body| *body == content()) || body.is_err(), "damaged");
    body.is_ok()
}

fn content() -> Bytes {
    (0..=255).cycle().take(LENGTH).collect()
}

fn profile() -> Profile {
    Profile::new("internet")
}

fn server() -> Server {
    Server::new("ftp.example.com")
}

/// A module with a session that is ready, and what it reaches.
fn ready() -> (World, Client, Bearer) {
    ready_with(Config::default())
}

fn ready_with(mut config: Config) -> (World, Client, Bearer) {
    let mut world = World::new(ModuleConfig::default());
    config.http_range = 7_000;
    let client = world.open(config);
    world.network().put_resource(URL, Resource::new(content()));
    world.network().put_resource("http://example.com/in", Resource::new(""));
    world.network().put_file("/file", content());
    let other = client.clone();
    let bearer = world.run(async move {
        other.start_up().await.expect("start-up");
        Fs::new(&other).write(STORED, &content()[..]).await.expect("stored");
        Bearer::open(&other, &profile()).await.expect("bearer")
    });
    (world, client, bearer)
}

/// Fails unless a GET works now, at the latest after the bearer was opened anew.
fn follow_up(world: &mut World, client: &Client, bearer: Bearer, after: &str) {
    let client = client.clone();
    let works = world.run(async move {
        if http_get(bearer, "").await {
            return true;
        }
        client.start_up().await.expect("start-up");
        http_get(Bearer::open(&client, &profile()).await.expect("bearer"), "").await
    });
    assert!(works, "no GET after {after}");
}

#[test]
fn a_future_may_be_dropped_at_any_await_point() {
    for (name, procedure) in PROCEDURES {
        for polls in 1.. {
            let (mut world, client, bearer) = ready();
            let ended = world.run(polled(procedure(bearer.clone()), polls));
            assert_ne!(ended, Some(false), "{name} after {polls} polls");
            follow_up(&mut world, &client, bearer, &format!("{polls} polls of {name}"));
            if ended.is_some() {
                break;
            }
        }
    }
}

#[test]
fn a_lost_or_doubled_octet_costs_time_and_no_content() {
    let limit = Duration::from_secs(400);
    for (name, procedure) in PROCEDURES {
        for damage in [Damage::Drop, Damage::Duplicate] {
            // Each octet of the settings, one to a line and on one line, and others.
            let each = (0..40).map(|after| (after, false)).chain((0..6).map(|after| (after, true)));
            for (after, concatenation) in each.chain((40..30_000).step_by(977).map(|after| (after, true))) {
                let mut config = Config::default();
                config.concatenation = concatenation;
                let (mut world, client, bearer) = ready_with(config);
                world.fault(Fault::Damage { after, damage });
                let began = world.clock().now();
                let ok = world.run(procedure(bearer.clone()));
                assert!(
                    ok || NOT_REPEATED.contains(&name),
                    "{name} failed after {damage:?} of octet {after}"
                );
                let took = world.clock().now() - began;
                assert!(took < limit, "{name} took {took:?} after {damage:?} of octet {after}");
                follow_up(&mut world, &client, bearer, &format!("{damage:?} of octet {after} in {name}"));
            }
        }
    }
}

#[test]
fn a_restart_or_the_loss_of_the_bearer_at_any_time_is_got_over() {
    let faults = [
        Fault::Restart { announced: true },
        Fault::Restart { announced: false },
        Fault::BearerLost { cid: 1 },
    ];
    for (name, procedure) in PROCEDURES {
        for fault in &faults {
            for milliseconds in (0..200).step_by(20).chain((200..8_000).step_by(797)) {
                let (mut world, client, bearer) = ready();
                world.network().set_latency(Duration::from_millis(700));
                let time = world.clock().now() + Duration::from_millis(milliseconds);
                world.fault_at(time, fault.clone());
                let ok = world.run(procedure(bearer.clone()));
                assert!(
                    ok || NOT_REPEATED.contains(&name),
                    "{name} failed after {fault:?} at {milliseconds} ms"
                );
                follow_up(&mut world, &client, bearer, &format!("{fault:?} in {name} at {milliseconds} ms"));
            }
        }
    }
}
