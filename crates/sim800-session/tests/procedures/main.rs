//! Procedures against the emulated module, in virtual time.

mod bad_line;
mod bearer;
mod clients;
mod contexts;
mod dead;
mod doubled;
mod effort;
mod files;
mod ftp;
mod healing;
mod http;
mod interruptions;
mod known;
mod lab;
mod large;
mod lost;
mod patience;
mod refused;
mod secrets;
mod sim;
mod sizes;
mod skipped;
mod sockets;
mod start_up;
mod transfers;
mod turns;
mod unknown_lines;
mod uploads;

use std::sync::Arc;

use bytes::Bytes;
use sim800_emulator::Config as ModuleConfig;
use sim800_session::{Bearer, Body, Config, Fs, FsStorage, Ftp, Http, Profile, Socket, Sockets, connect};
use sim800_simulation::World;

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
    let http = Http::new(&bearer);
    moves(&http.send(::http::Request::new(Bytes::new())));
    let every = std::time::Duration::from_secs(1);
    moves(&http.send_with_progress(::http::Request::new(Bytes::new()), every, |_| {}));
    let ftp = Ftp::new(&bearer, server());
    moves(&ftp.get("/file"));
    moves(&ftp.put("/file", &b"x"[..]));
    moves(&ftp.put_seekable("/file", futures::io::Cursor::new(b"x")));
    moves(&ftp.resume_put("/file", futures::io::Cursor::new(b"x"), 1));
    moves(&ftp.size("/file"));
    moves(&ftp.size_if_told("/file"));
    moves(&ftp.get_extended("/file", |_| {}));
    moves(&ftp.put_extended("/file", &b"x"[..]));
    moves(&ftp.get_to_fs("/file", FsStorage::Internal, "file", |_| {}));
    moves(&ftp.put_from_fs(r"C:\file", "/file", |_| {}));
    let profile = Profile::new("internet");
    let sockets = Sockets::open(&client, &profile);
    moves(&sockets);
    fn socket<T: Send + Unpin>() {}
    socket::<Socket>();
    let fs = Fs::new(&client);
    moves(&fs.write(r"C:\file", &b"x"[..]));
    moves(&fs.list(r"C:\"));
    fn body<T: Send + Unpin>() {}
    body::<Body>();
    body::<sim800_session::Download>();
    body::<sim800_session::FsFile>();
}
