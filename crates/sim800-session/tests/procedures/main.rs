//! Procedures against the emulated module, in virtual time.

mod ftp;
mod http;
mod interruptions;
mod lab;
mod start_up;

use std::sync::Arc;

use bytes::Bytes;
use sim800_emulator::Config as ModuleConfig;
use sim800_session::{Bearer, Body, Config, Ftp, Http, Profile, connect};
use sim800_testbed::simulation::World;

use crate::lab::server;

#[test]
fn everything_may_move_between_threads() {
    fn moves<T: Send>(_: &T) {}

    let mut world = World::new(ModuleConfig::default());
    let port = world.connect();
    let (client, driver) = connect(port, Arc::new(world.clock()), Config::default());
    moves(&client.start_up());
    moves(&client.info());
    moves(&driver);
    let bearer = world.run(futures::future::select(
        Box::pin(async { Bearer::open(&client, &Profile::new("internet")).await.expect("bearer") }),
        driver,
    ));
    let futures::future::Either::Left((bearer, _driver)) = bearer else { panic!("the driver ended") };
    moves(&Bearer::open(&client, &Profile::new("internet")));
    moves(&Http::new(&bearer).send(::http::Request::new(Bytes::new())));
    let ftp = Ftp::new(&bearer, server());
    moves(&ftp.get("/file"));
    moves(&ftp.put("/file", &b"x"[..]));
    moves(&ftp.size("/file"));
    fn body<T: Send + Unpin>() {}
    body::<Body>();
    body::<sim800_session::Download>();
}
