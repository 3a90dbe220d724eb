//! A session keeps nothing of what it has done, and neither does the emulated module: after a thousand more rounds of transfers,
//! whatever went wrong in them, no more of the heap is in use.

use std::alloc::System;
use std::sync::Arc;
use std::time::Duration;

use ::http::Request;
use bytes::Bytes;
use futures::{FutureExt, TryStreamExt};
use sim800_emulator::{Config as ModuleConfig, Damage, Fault, FtpFailure, HttpFailure, Place};
use sim800_session::{
    Bearer, Client, Config, Download, Fs, FsStorage, Ftp, FtpError, Http, HttpError, Profile, Server, connect,
};
use sim800_simulation::{Mishap, Resource, World, polled};
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// What is in use of the heap.
#[derive(Debug)]
struct Heap {
    allocations: usize,
    octets: usize,
}

impl Heap {
    fn now() -> Self {
        let stats = ALLOCATOR.stats();
        Self {
            allocations: stats.allocations - stats.deallocations,
            octets: stats.bytes_allocated - stats.bytes_deallocated,
        }
    }
}

/// More than a window of a download has.
const FILE: usize = 3_000;
const URL: &str = "http://example.com/file";
/// More than the module holds: it comes in ranges.
const LARGE: usize = 320_000;
const LARGE_URL: &str = "http://example.com/large";
/// Enough for buffers to find their sizes.
const WARM_UP: usize = 300;
const ROUNDS: usize = 1_000;
/// What can be done.
const JOBS: usize = 9;

fn ftp(bearer: &Bearer) -> Ftp {
    Ftp::new(bearer, Server::new("ftp.example.com").with_credentials("user", "sesame"))
}

async fn http(bearer: &Bearer, request: ::http::request::Builder, body: Bytes) -> Result<(), HttpError> {
    let response = Http::new(bearer).send(request.body(body).expect("a request")).await?;
    response.into_body().try_for_each(|_| async { Ok(()) }).await
}

async fn all(download: Download) -> Result<(), FtpError> {
    download.try_for_each(|_| async { Ok(()) }).await
}

/// Does a job; whether it went well.
async fn work(bearer: &Bearer, job: usize) -> bool {
    let octets = [b'x'; FILE];
    match job {
        0 => http(bearer, Request::get(URL), Bytes::new()).await.is_ok(),
        1 => http(bearer, Request::post(URL), Bytes::copy_from_slice(&octets)).await.is_ok(),
        2 => async { all(ftp(bearer).get("/file").await?).await }.await.is_ok(),
        3 => async { all(ftp(bearer).list("/").await?).await }.await.is_ok(),
        4 => ftp(bearer).put("/upload", &octets[..]).await.is_ok(),
        5 => ftp(bearer).size("/file").await.is_ok(),
        6 => http(bearer, Request::get(LARGE_URL), Bytes::new()).await.is_ok(),
        7 => ftp(bearer).get_to_fs("/file", FsStorage::Internal, "file", |_| ()).await.is_ok(),
        _ => Fs::new(bearer.client()).write("C:\\User\\file", &octets[..]).await.is_ok(),
    }
}

/// Something goes wrong, or it does not.
fn disturb(world: &mut World, round: usize) {
    let network = world.network();
    match round % 11 {
        0 => world.fault(Fault::Restart { announced: true }),
        1 => world.fault(Fault::Restart { announced: false }),
        2 => world.fault(Fault::BearerLost { cid: 1 }),
        3 => world.fault(Fault::Damage { after: (round % 700) as u64, damage: Damage::Drop }),
        4 => world.fault(Fault::Inject { place: Place::BeforeResult, text: "RING".into() }),
        5 => network.cause(Mishap::Ftp { after: 100, failure: FtpFailure::NETWORK }),
        6 => network.cause(Mishap::Http(HttpFailure::Network)),
        7 => network.cause(Mishap::Silence),
        _ => {}
    }
}

/// A session and its module.
struct Lab {
    world: World,
    client: Client,
}

impl Lab {
    fn new() -> Self {
        let mut world = World::new(ModuleConfig::default());
        world.network().put_resource(URL, Resource::new(vec![b'x'; FILE]));
        world.network().put_resource(LARGE_URL, Resource::new(vec![b'x'; LARGE]));
        world.network().put_file("/file", vec![b'x'; FILE]);
        let port = world.connect();
        let (client, driver) = connect(port, Arc::new(world.clock()), Config::default());
        world.spawn(driver.map(drop));
        Self { world, client }
    }

    /// Does a job with a module that is in order at first; whether it went well.
    fn round(&mut self, job: usize, trouble: impl FnOnce(&mut World), polls: usize) -> bool {
        let client = self.client.clone();
        let bearer = self.world.run(async {
            client.start_up().await.expect("start-up");
            Bearer::open(&client, &Profile::new("internet")).await.expect("a bearer")
        });
        trouble(&mut self.world);
        let done = self.world.run(polled(work(&bearer, job), polls));
        self.world.fault(Fault::Over);
        let network = self.world.network();
        network.cancel_mishaps();
        // What is left to be done for a caller who is gone, and all that the module has to say.
        self.world.run_for(Duration::from_secs(300));
        network.forget_requests();
        done == Some(true)
    }

    /// What is in use of the heap when every job has been done once more, and nothing went wrong.
    fn settle(&mut self) -> Heap {
        for job in 0..JOBS {
            assert!(self.round(job, |_| (), usize::MAX), "job {job}");
        }
        Heap::now()
    }

    /// Rounds in which callers leave and things go wrong; how many went well.
    fn work(&mut self, rounds: std::ops::Range<usize>) -> usize {
        let round = |number: &usize| {
            let polls = if number % 4 == 0 { number % 50 } else { usize::MAX };
            self.round(number % JOBS, |world| disturb(world, *number), polls)
        };
        rounds.filter(round).count()
    }
}

#[test]
fn a_session_keeps_nothing_of_what_it_has_done() {
    let mut lab = Lab::new();
    lab.work(0..WARM_UP);
    let before = lab.settle();
    let good = lab.work(WARM_UP..WARM_UP + ROUNDS);
    let after = lab.settle();
    // Where in its buffer the last result stood decides whether that is shared; the rarest job was done a hundred times.
    let is_same = after.allocations < before.allocations + 10 && after.octets < before.octets + 500;
    assert!(is_same, "{before:?}, after {ROUNDS} more rounds {after:?}");
    assert!((ROUNDS / 3..ROUNDS).contains(&good), "{good} of {ROUNDS} jobs went well");
}
