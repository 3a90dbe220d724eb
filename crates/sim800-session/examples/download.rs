//! Downloads a file and shows how far it has come; then another one, and breaks that off half way. In virtual time, without
//! any hardware: everything but `main` works on any executor.
//!
//! `cargo run -p sim800-session --example download`

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;
use std::sync::Arc;

use bytes::Bytes;
use futures::TryStreamExt;
use futures::future::{join, select};
use http::Request;
use sim800_emulator::{Config as ModuleConfig, Line};
use sim800_session::{Bearer, Client, Config, Http, Profile, connect};
use sim800_simulation::{Resource, World};

const URL: &str = "http://example.com/file";

async fn download(bearer: &Bearer) -> Result<Vec<u8>, Box<dyn Error>> {
    let request = Request::get(URL).body(Bytes::new())?;
    let mut body = Http::new(bearer).send(request).await?.into_body();
    let total = body.total().unwrap_or_default();
    let mut received = Vec::new();
    while let Some(octets) = body.try_next().await? {
        received.extend_from_slice(&octets);
        println!("{} of {total} octets", received.len());
    }
    Ok(received)
}

async fn session(client: Client) -> Result<(), Box<dyn Error>> {
    client.start_up().await?;
    let bearer = Bearer::open(&client, &Profile::new("internet")).await?;
    assert_eq!(download(&bearer).await?.len(), 100_000);

    let soon = client.runtime().now() + std::time::Duration::from_secs(4);
    // Dropped half way, it leaves nothing: the driver puts back what it had begun.
    drop(select(Box::pin(download(&bearer)), client.runtime().sleep_until(soon)).await);
    println!("broken off");
    client.close().await;
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut world = World::on_line(ModuleConfig::default(), Line::paced(115_200.try_into()?));
    world.network().put_resource(URL, Resource::new(vec![b'x'; 100_000]));
    let (client, driver) = connect(world.connect(), Arc::new(world.clock()), Config::default());
    let (done, ended) = world.run(join(session(client), driver));
    ended?;
    done
}
