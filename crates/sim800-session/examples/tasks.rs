//! Several tasks on one client: each has its commands in between those of the others. In virtual time, without any hardware:
//! everything but `main` works on any executor.
//!
//! `cargo run -p sim800-session --example tasks`

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::TryStreamExt;
use futures::future::{join, select, try_join_all};
use http::Request;
use sim800_emulator::{Config as ModuleConfig, Line};
use sim800_session::command::Csq;
use sim800_session::{Bearer, Client, Config, Http, HttpError, Profile, connect};
use sim800_simulation::{Resource, World};

const URL: &str = "http://example.com/file";

/// The module has one HTTP service: those who fetch take turns.
async fn fetch(bearer: &Bearer, n: usize) -> Result<(), HttpError> {
    let mut request = Request::new(Bytes::new());
    *request.uri_mut() = http::Uri::from_static(URL);
    let mut body = Http::new(bearer).send(request).await?.into_body();
    let mut octets = 0;
    while let Some(piece) = body.try_next().await? {
        octets += piece.len();
    }
    println!("task {n} has {octets} octets");
    Ok(())
}

async fn watch_signal(client: &Client) -> Result<(), sim800_session::Error> {
    loop {
        println!("{:?}", client.query(&Csq, |quality| quality).await?);
        let runtime = client.runtime();
        runtime.sleep_until(runtime.now() + Duration::from_secs(1)).await;
    }
}

async fn session(client: Client) -> Result<(), Box<dyn Error>> {
    client.start_up().await?;
    let bearer = Bearer::open(&client, &Profile::new("internet")).await?;
    let fetching = try_join_all((1..=3).map(|n| fetch(&bearer, n)));
    // Until the others are done.
    drop(select(fetching, Box::pin(watch_signal(&client))).await);
    client.close().await;
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut world = World::on_line(ModuleConfig::default(), Line::paced(115_200.try_into()?));
    world.network().put_resource(URL, Resource::new(vec![b'x'; 20_000]));
    let (client, driver) = connect(world.connect(), Arc::new(world.clock()), Config::default());
    let (done, ended) = world.run(join(session(client), driver));
    ended?;
    done
}
