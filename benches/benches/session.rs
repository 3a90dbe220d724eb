//! What does a whole transfer cost, driver and emulated module together, on a line that takes no time?

mod clock;

use std::sync::Arc;

use bytes::Bytes;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use futures::AsyncReadExt;
use sim800_emulator::Config as ModuleConfig;
use sim800_session::{Bearer, Config, Ftp, Http, Profile, Server, connect};
use sim800_simulation::{Resource, World};

use clock::CpuTime;

const URL: &str = "http://example.com/file";

fn session(criterion: &mut Criterion<CpuTime>) {
    for length in [1000, 14_384, 174_125] {
        let file: Vec<u8> = (0..length).map(|n: u32| n.to_le_bytes()[0]).collect();
        let (mut world, bearer) = world(&file);
        let mut group = criterion.benchmark_group(format!("session/{length} octets"));
        group.throughput(Throughput::Bytes(length.into()));

        let http = Http::new(&bearer);
        let mut get = || {
            world.run(async {
                let request = http::Request::get(URL).body(Bytes::new()).expect("a request");
                let mut body = Vec::new();
                let mut response = http.send(request).await.expect("a response");
                response.body_mut().read_to_end(&mut body).await.expect("complete");
                body
            })
        };
        assert_eq!(get(), file);
        group.bench_function("HTTP GET", |bencher| bencher.iter(&mut get));

        let ftp = Ftp::new(&bearer, Server::new("ftp.example.com"));
        let mut get = || {
            world.run(async {
                let mut octets = Vec::new();
                let mut download = ftp.get("/file").await.expect("open");
                download.read_to_end(&mut octets).await.expect("complete");
                octets
            })
        };
        assert_eq!(get(), file);
        group.bench_function("FTP get", |bencher| bencher.iter(&mut get));

        let mut put = || world.run(async { ftp.put("/up", &file[..]).await.expect("complete") });
        assert_eq!(put(), u64::from(length));
        group.bench_function("FTP put", |bencher| bencher.iter(&mut put));
        assert_eq!(world.network().file("/up").as_deref(), Some(&file[..]));
        group.finish();
    }
}

/// A module with its bearer open, and the file on both kinds of server.
fn world(file: &[u8]) -> (World, Bearer) {
    let mut world = World::new(ModuleConfig::default());
    world.network().put_file("/file", file.to_vec());
    world.network().put_resource(URL, Resource::new(file.to_vec()));
    let port = world.connect();
    let (client, driver) = connect(port, Arc::new(world.clock()), Config::default());
    world.spawn(async move {
        let _ended = driver.await;
    });
    let bearer = world.run(async {
        client.start_up().await.expect("start-up");
        Bearer::open(&client, &Profile::new("internet")).await.expect("bearer")
    });
    (world, bearer)
}

criterion_group! {
    name = benches;
    config = clock::criterion();
    targets = session
}
criterion_main!(benches);
