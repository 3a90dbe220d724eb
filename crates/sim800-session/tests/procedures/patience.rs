//! A server that falls silent: how long it takes until that is an error.

use std::time::Duration;

use futures::future::BoxFuture;
use futures::{AsyncReadExt, FutureExt};
use sim800_session::{Bearer, Fs, FsStorage, Ftp, FtpOptions, PutOption, Runtime};
use sim800_simulation::{Manner, Mishap};

use crate::lab::{Lab, hostile, server};

type Outcome = BoxFuture<'static, Result<(), String>>;
type Procedure = fn(Bearer) -> Outcome;

fn ftp(bearer: &Bearer) -> Ftp {
    Ftp::new(bearer, server())
}

fn append(bearer: &Bearer) -> Ftp {
    let mut options = FtpOptions::default();
    options.put = PutOption::Append;
    ftp(bearer).with_options(options)
}

macro_rules! procedures {
    ($($name:literal $bearer:ident $body:expr;)+) => {
        &[$(($name, |$bearer| {
            async move { $body.await.map(drop).map_err(|error| error.to_string()) }.boxed()
        })),+]
    };
}

const DOWNLOADS: &[(&str, Procedure)] = procedures! {
    "get" bearer async {
        ftp(&bearer).get("/file").await.map_err(|error| error.to_string())?
            .read_to_end(&mut Vec::new()).await.map_err(|error| error.to_string())
    };
    "list" bearer async {
        ftp(&bearer).list("/").await.map_err(|error| error.to_string())?
            .read_to_end(&mut Vec::new()).await.map_err(|error| error.to_string())
    };
    "get_extended" bearer async { ftp(&bearer).get_extended("/file", |_| {}).await };
    "get_to_fs" bearer async { ftp(&bearer).get_to_fs("/file", FsStorage::Internal, "new", |_| {}).await };
};

const UPLOADS: &[(&str, Procedure)] = procedures! {
    "put" bearer async { ftp(&bearer).put("/up", &hostile(20_000)[..]).await };
    "put_seekable" bearer async {
        ftp(&bearer).put_seekable("/up", futures::io::Cursor::new(hostile(20_000))).await
    };
    "put, appended" bearer async { append(&bearer).put("/up", &hostile(20_000)[..]).await };
    "resume_put" bearer async {
        ftp(&bearer).resume_put("/half", futures::io::Cursor::new(hostile(20_000)), 10_000).await
    };
    "put_extended" bearer async { ftp(&bearer).put_extended("/up", &hostile(20_000)[..]).await };
    "put_from_fs" bearer async { ftp(&bearer).put_from_fs(r"C:\User\FTP\file", "/up", |_| {}).await };
    "put_file" bearer async { ftp(&bearer).put_file(r"C:\User\FTP\file", "/up").await };
};

const OTHERS: &[(&str, Procedure)] = procedures! {
    "size" bearer async { ftp(&bearer).size("/file").await };
    "delete" bearer async { ftp(&bearer).delete("/file").await };
    "make_directory" bearer async { ftp(&bearer).make_directory("/new").await };
    "remove_directory" bearer async { ftp(&bearer).remove_directory("/empty").await };
    "rename" bearer async { ftp(&bearer).rename("/file", "/renamed").await };
};

/// How long `procedure` takes with a server that does `mishap` every time.
fn took(procedure: Procedure, mishap: Mishap, manners: &[Manner]) -> (Result<(), String>, Duration) {
    let (mut lab, bearer) = Lab::ready();
    let network = lab.network();
    network.put_file("/file", hostile(20_000));
    network.put_file("/half", hostile(10_000));
    network.put_file("/up", hostile(30_000));
    let ours = bearer.clone();
    lab.world.run(async move {
        let fs = Fs::new(ours.client());
        fs.write(r"C:\User\FTP\file", &hostile(20_000)[..]).await.expect("written");
    });
    for manner in manners {
        network.adopt(*manner);
    }
    for _ in 0..10 {
        network.cause(mishap);
    }
    let clock = lab.world.clock();
    let began = clock.now();
    let result = lab.world.run(procedure(bearer));
    (result, clock.now() - began)
}

/// Until it is an error: two minutes in which nothing moves, all tries included.
const LIMIT: Duration = Duration::from_secs(120);

#[test]
fn a_server_that_says_nothing_is_an_error_within_two_minutes() {
    for (name, procedure) in DOWNLOADS.iter().chain(UPLOADS).chain(OTHERS) {
        let (result, took) = took(*procedure, Mishap::Silence, &[]);
        assert!(result.is_err() && took <= LIMIT, "{name}: {result:?} after {took:?}");
    }
}

/// It has done what it was asked for, and never says so; some keep what they were sent aside until then.
#[test]
fn a_server_that_never_confirms_is_an_error_within_two_minutes_or_has_all_of_it() {
    for manner in [None, Some(Manner::UploadsAside), Some(Manner::SizesRefused), Some(Manner::UploadsRenamed)]
    {
        for (name, procedure) in UPLOADS {
            let (result, took) = took(*procedure, Mishap::Unconfirmed { by: None }, manner.as_slice());
            assert!(took <= LIMIT, "{name}, {manner:?}: {result:?} after {took:?}");
        }
    }
}

/// What a try moved is what another one is for: only one that moves nothing is the last.
#[test]
fn a_transfer_that_stands_still_again_and_again_goes_on_as_long_as_each_try_moves_something() {
    // One into the file system is gone on with by the module itself.
    for (name, procedure) in DOWNLOADS.iter().chain(UPLOADS).filter(|(name, _)| *name != "get_to_fs") {
        let (result, took) = took(*procedure, Mishap::FtpStall { after: 5_000 }, &[]);
        let moves = matches!(*name, "get" | "list");
        assert_eq!(result.is_ok(), moves, "{name}: {result:?}");
        assert!(moves || took <= LIMIT, "{name}: {result:?} after {took:?}");
    }
}
