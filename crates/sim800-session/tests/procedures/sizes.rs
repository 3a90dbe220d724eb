//! Servers that say that a transfer is complete, and have moved a part of it.

use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use futures::future::{BoxFuture, Either, select};
use futures::io::Cursor;
use futures::{FutureExt, TryStreamExt, pin_mut};
use sim800_emulator::{Fault, FtpAction, Place};
use sim800_session::{
    Config, Download, Fs, FsStorage, Ftp, FtpError, FtpOperation, FtpOptions, PutOption, Runtime,
};
use sim800_simulation::{Network, World};

use crate::lab::{Lab, hostile, paced, server};

const LENGTH: usize = 20_000;
const HALF: usize = LENGTH / 2;

fn file() -> Bytes {
    hostile(LENGTH).into()
}

async fn whole(download: Download) -> Result<Vec<u8>, FtpError> {
    Ok(download.try_collect::<Vec<_>>().await?.concat())
}

/// Runs `procedure`; whenever it has got any further, something is done to the network.
fn beside<T>(lab: &mut Lab, procedure: impl Future<Output = T>, mut watch: impl FnMut(&Network)) -> T {
    let network = lab.network();
    let watch = std::future::poll_fn(move |_| {
        watch(&network);
        Poll::<()>::Pending
    });
    lab.world.run(async move {
        pin_mut!(procedure, watch);
        match select(procedure, watch).await {
            Either::Left((output, _)) => output,
            Either::Right(_) => unreachable!("it only looks on"),
        }
    })
}

/// Runs a download from a server that tells the size of the whole file and then has but half of it, so many times.
fn cut<T>(lab: &mut Lab, times: usize, procedure: impl Future<Output = T>) -> T {
    lab.network().put_file("/file", file());
    beside(lab, procedure, |network| {
        let requests = network.ftp_requests();
        let gets = requests.iter().filter(|request| request.action == FtpAction::Get).count();
        let is_told = requests.last().is_some_and(|request| request.action == FtpAction::Size);
        let there = if is_told && gets < times { file().slice(..HALF) } else { file() };
        network.put_file("/file", there);
    })
}

/// Runs an upload to a server that stores but half of what comes, so many times; `before` was there.
fn halved<T>(lab: &mut Lab, times: usize, before: usize, procedure: impl Future<Output = T>) -> T {
    let mut seen = 0;
    beside(lab, procedure, |network| {
        let puts = |request: &sim800_emulator::FtpRequest| matches!(request.action, FtpAction::Put(_));
        let puts = network.ftp_requests().into_iter().filter(puts).count();
        let Some(stored) = network.file("/up") else { return };
        if puts > seen && puts <= times && stored.len() > before {
            seen = puts;
            network.put_file("/up", stored.slice(..before + (stored.len() - before) / 2));
        }
    })
}

type Fetch = fn(Ftp) -> BoxFuture<'static, Result<Vec<u8>, FtpError>>;

/// The downloads, and what each of them is called.
const DOWNLOADS: [(FtpOperation, Fetch); 3] = [
    (FtpOperation::Get, |ftp| async move { whole(ftp.get("/file").await?).await }.boxed()),
    (FtpOperation::GetExtended, |ftp| {
        async move { whole(ftp.get_extended("/file", |_| {}).await?.into_download()).await }.boxed()
    }),
    (FtpOperation::GetToFs, |ftp| {
        let to_fs = async move { ftp.get_to_fs("/file", FsStorage::Internal, "new", |_| {}).await };
        async move { Ok(file().slice(..to_fs.await? as usize).to_vec()) }.boxed()
    }),
];

#[test]
fn a_download_that_ends_short_of_the_size_that_was_told_is_gone_on_with() {
    for (operation, fetch) in DOWNLOADS {
        let (mut lab, bearer) = Lab::ready();
        let ftp = Ftp::new(&bearer, server());
        let fetched = cut(&mut lab, 1, fetch(ftp));
        assert!(fetched.is_ok_and(|fetched| fetched == file()), "{operation:?}");
        if operation == FtpOperation::GetToFs {
            let fs = Fs::new(&lab.client);
            assert_eq!(lab.world.run(fs.size(r"C:\User\FTP\new")), Ok(LENGTH as u64));
        }
    }
}

#[test]
fn a_download_that_always_ends_short_of_the_size_that_was_told_is_an_error() {
    for (operation, fetch) in DOWNLOADS {
        let (mut lab, bearer) = Lab::ready();
        let ftp = Ftp::new(&bearer, server());
        let error = cut(&mut lab, usize::MAX, fetch(ftp)).map(|all| all.len()).expect_err("half of it");
        let (expected, found) = (LENGTH as u64, HALF as u64);
        assert_eq!(error, FtpError::Incomplete { operation, expected, found });
    }
}

#[test]
fn an_empty_download_of_a_file_that_is_not_is_none() {
    let (mut lab, bearer) = Lab::ready_once();
    let ftp = Ftp::new(&bearer, server());
    lab.network().put_file("/file", file());
    let fetched = beside(&mut lab, async move { whole(ftp.get("/file").await?).await }, |network| {
        if !network.ftp_requests().is_empty() {
            network.put_file("/file", "");
        }
    });
    let (operation, expected) = (FtpOperation::Get, LENGTH as u64);
    assert_eq!(fetched, Err(FtpError::Incomplete { operation, expected, found: 0 }));
}

#[test]
fn a_file_that_grows_while_it_is_fetched_is_fetched_as_far_as_it_has_grown() {
    for (operation, fetch) in DOWNLOADS {
        let (mut lab, bearer) = Lab::ready();
        let ftp = Ftp::new(&bearer, server());
        lab.network().put_file("/file", file().slice(..HALF));
        let fetched = beside(&mut lab, fetch(ftp), |network| {
            if !network.ftp_requests().is_empty() {
                network.put_file("/file", file());
            }
        });
        assert!(fetched.is_ok_and(|fetched| fetched == file()), "{operation:?}");
    }
}

#[test]
fn a_download_of_more_than_the_size_that_is_told_twice_is_an_error() {
    for (operation, fetch) in DOWNLOADS {
        let (mut lab, bearer) = Lab::ready_once();
        let ftp = Ftp::new(&bearer, server());
        lab.network().put_file("/file", file().slice(..HALF));
        let fetched = beside(&mut lab, fetch(ftp), |network| {
            let requests = network.ftp_requests();
            let is_told = requests.last().is_some_and(|request| request.action == FtpAction::Size);
            network.put_file("/file", if is_told { file() } else { file().slice(..HALF) });
        });
        let (expected, found) = (HALF as u64, LENGTH as u64);
        let error = fetched.map(|all| all.len()).expect_err("more than there is");
        assert_eq!(error, FtpError::Incomplete { operation, expected, found });
    }
}

#[test]
fn no_size_is_asked_for_in_type_ascii() {
    let (mut lab, bearer) = Lab::ready();
    lab.network().put_file("/file", file());
    let mut ascii = FtpOptions::default();
    ascii.ascii = true;
    let ftp = Ftp::new(&bearer, server()).with_options(ascii);
    assert!(lab.ftp_get(&ftp, "/file").is_ok_and(|fetched| fetched == file()));
    assert_eq!(lab.ftp_put(&ftp, "/up", &file()), Ok(LENGTH as u64));
    assert!(lab.network().ftp_requests().iter().all(|request| request.action != FtpAction::Size));
}

type Send = fn(Ftp, put: PutOption) -> BoxFuture<'static, Result<(), FtpError>>;

/// The uploads, and what each of them is called.
const UPLOADS: [(FtpOperation, Send); 6] = [
    (FtpOperation::Put, |ftp, _| async move { ftp.put("/up", &file()[..]).await.map(drop) }.boxed()),
    (FtpOperation::Put, |ftp, _| {
        async move { ftp.put_seekable("/up", Cursor::new(file())).await.map(drop) }.boxed()
    }),
    (FtpOperation::Put, |ftp, put| {
        if put == PutOption::Append {
            return async move { ftp.put("/up", &file()[..]).await.map(drop) }.boxed();
        }
        async move { ftp.resume_put("/up", Cursor::new(file()), 1_000).await.map(drop) }.boxed()
    }),
    (FtpOperation::PutExtended, |ftp, _| {
        async move { ftp.put_extended("/up", &file()[..]).await.map(drop) }.boxed()
    }),
    (FtpOperation::PutFromFs, |ftp, _| {
        async move { ftp.put_from_fs(r"C:\User\FTP\file", "/up", |_| {}).await.map(drop) }.boxed()
    }),
    (FtpOperation::PutFile, |ftp, _| async move { ftp.put_file(r"C:\User\FTP\file", "/up").await }.boxed()),
];

/// A module that has the file, too, and a server that has the beginning of it.
fn ready(put: PutOption) -> (Lab, Ftp) {
    let (mut lab, bearer) = Lab::ready();
    lab.network().put_file("/up", file().slice(..1_000));
    let fs = Fs::new(&lab.client);
    lab.world.run(async move { fs.write(r"C:\User\FTP\file", &file()[..]).await }).expect("written");
    let mut options = FtpOptions::default();
    options.put = put;
    (lab, Ftp::new(&bearer, server()).with_options(options))
}

#[test]
fn an_upload_of_which_the_server_stored_half_is_stored_again() {
    for (number, (operation, send)) in UPLOADS.into_iter().enumerate() {
        let (mut lab, ftp) = ready(PutOption::Replace);
        let before = if number == 2 { 1_000 } else { 0 };
        assert_eq!(
            halved(&mut lab, 1, before, send(ftp, PutOption::Replace)),
            Ok(()),
            "{operation:?}, {number}"
        );
        assert!(lab.network().file("/up").is_some_and(|up| up == file()), "{operation:?}, {number}");
    }
}

#[test]
fn an_upload_of_which_the_server_always_stores_a_part_is_an_error() {
    for (number, (operation, send)) in UPLOADS.into_iter().enumerate() {
        let (mut lab, ftp) = ready(PutOption::Replace);
        let mut seen = 0;
        // However often it is begun and gone on with.
        let error = beside(&mut lab, send(ftp, PutOption::Replace), |network| {
            let requests = network.ftp_requests().len();
            if let Some(stored) = network.file("/up").filter(|stored| stored.len() > HALF && requests > seen)
            {
                seen = requests;
                network.put_file("/up", stored.slice(..HALF));
            }
        });
        let (expected, found) = (LENGTH as u64, HALF as u64);
        assert_eq!(error, Err(FtpError::Incomplete { operation, expected, found }), "{number}");
    }
}

#[test]
fn what_was_appended_by_half_is_an_error_and_not_appended_again() {
    for (operation, send) in UPLOADS {
        let (mut lab, ftp) = ready(PutOption::Append);
        let error = halved(&mut lab, 1, 1_000, send(ftp, PutOption::Append)).expect_err("half of it");
        let (expected, found) = (1_000 + LENGTH as u64, 1_000 + HALF as u64);
        assert_eq!(error, FtpError::Incomplete { operation, expected, found });
        assert_eq!(lab.network().file("/up").map(|up| up.len()), Some(1_000 + HALF));
    }
    // Others may append as well.
    let (mut lab, ftp) = ready(PutOption::Append);
    let put = async move { ftp.put("/up", &file()[..]).await };
    let sent = beside(&mut lab, put, |network| {
        if let Some(stored) = network.file("/up").filter(|stored| stored.len() == 1_000 + LENGTH) {
            network.put_file("/up", [&stored[..], b"another's"].concat());
        }
    });
    assert_eq!(sent, Ok(LENGTH as u64));
}

#[test]
fn a_size_that_is_told_late_is_waited_for() {
    let (mut lab, ftp) = ready(PutOption::Replace);
    let mut sizes = 0;
    let put = async move { ftp.put("/up", &file()[..]).await };
    let sent = beside(&mut lab, put, |network| {
        let Some(stored) = network.file("/up") else { return };
        let asked = network.ftp_requests().iter().filter(|request| request.action == FtpAction::Size).count();
        if stored.len() == LENGTH && asked == 0 {
            network.put_file("/up", "old");
        } else if asked > sizes {
            sizes = asked;
            network.put_file("/up", file());
        }
    });
    assert_eq!((sent, sizes), (Ok(LENGTH as u64), 2));
}

/// As the text of a short message may be, on firmware that prints it.
#[test]
fn a_line_that_says_in_the_modules_name_that_it_is_over_ends_nothing() {
    for (line, is_upload) in [("+FTPGET: 1,0", false), ("+FTPPUT: 1,0", true)] {
        for seconds in 1..6 {
            let mut lab = Lab::with(World::on_line(Default::default(), paced(115_200)), Config::default());
            let bearer = lab.bearer();
            let ftp = Ftp::new(&bearer, server());
            let large: Bytes = hostile(60_000).into();
            lab.network().put_file("/file", large.clone());
            let forged = Fault::Inject { place: Place::Now, text: line.to_owned() };
            let clock = lab.world.clock();
            lab.world.fault_at(clock.now() + Duration::from_secs(seconds), forged);
            if is_upload {
                assert_eq!(lab.ftp_put(&ftp, "/up", &large), Ok(60_000), "{seconds}");
                assert!(lab.network().file("/up").is_some_and(|up| up == large), "{seconds}");
            } else {
                assert!(lab.ftp_get(&ftp, "/file").is_ok_and(|file| file == large), "{seconds}");
            }
        }
    }
}
