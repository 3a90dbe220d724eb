//! Uploads a file by FTP, while the module restarts half way. In virtual time, without any hardware: everything but `main` works
//! on any executor.
//!
//! `cargo run -p sim800-session --example upload`

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use futures::future::join;
use futures::io::Cursor;
use sim800_emulator::{Config as ModuleConfig, Fault, Line};
use sim800_session::{Bearer, Client, Config, Ftp, Profile, Server, connect};
use sim800_simulation::World;

async fn upload(client: Client, file: Vec<u8>) -> Result<(), Box<dyn Error>> {
    client.start_up().await?;
    let bearer = Bearer::open(&client, &Profile::new("internet")).await?;
    let server = Server::new("ftp.example.com").with_credentials("user", "password");
    // What broke off is gone on with, behind what the server has.
    let octets = Ftp::new(&bearer, server).put_seekable("/file", Cursor::new(file)).await?;
    println!("the server has all of its {octets} octets");
    client.close().await;
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut world = World::on_line(ModuleConfig::default(), Line::paced(115_200.try_into()?));
    world.fault_at(Duration::from_secs(20), Fault::Restart { announced: true });
    let (client, driver) = connect(world.connect(), Arc::new(world.clock()), Config::default());
    let driver = driver.with_trace(Retries);
    let (done, ended) = world.run(join(upload(client, vec![b'x'; 300_000]), driver));
    ended?;
    assert_eq!(world.network().file("/file").map(|file| file.len()), Some(300_000));
    done
}

/// Shows what is tried again.
struct Retries;

impl sim800_session::Trace for Retries {
    fn octets(&mut self, _: Duration, _: sim800_session::Direction, _: &[u8]) {}

    fn retry(&mut self, now: Duration, retry: &sim800_session::Retry) {
        println!("{now:.1?}: {retry}");
    }
}
