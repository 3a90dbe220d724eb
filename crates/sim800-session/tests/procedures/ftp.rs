//! FTP.

use std::time::Duration;

use futures::{FutureExt, StreamExt, TryStreamExt};
use sim800_emulator::{Config as ModuleConfig, FtpFailure, Grant};
use sim800_session::{Direction, Ftp, FtpError, FtpOptions, FtpStep, Notice};
use sim800_simulation::Mishap;

use crate::lab::{Lab, hostile, server};

#[test]
fn files_of_all_sizes_are_downloaded_whole() {
    let (mut lab, bearer) = Lab::ready();
    let ftp = Ftp::new(&bearer, server());
    for length in [0, 1, 1459, 1460, 1461, 2920, 100_000] {
        let file = hostile(length);
        lab.network().put_file("/pub/file.bin", file.clone());
        let received = lab.ftp_get(&ftp, "/pub/file.bin").expect("file");
        assert!(received == file, "{length} octets, {} came", received.len());
    }
}

#[test]
fn files_of_all_sizes_are_uploaded_whole() {
    let mut config = ModuleConfig::default();
    config.ftp_put_maxima = vec![1360, 100, 1, 1000];
    config.ftp_put_grant = Grant::AtMost(700);
    for config in [ModuleConfig::default(), config] {
        let (mut lab, bearer) = Lab::ready_with(config);
        let ftp = Ftp::new(&bearer, server());
        for length in [0, 1, 699, 1359, 1360, 1361, 20_000] {
            let file = hostile(length);
            assert_eq!(lab.ftp_put(&ftp, "/pub/up.bin", &file), Ok(length as u64));
            assert!(lab.network().file("/pub/up.bin").as_deref() == Some(&file[..]), "{length} octets");
        }
    }
}

#[test]
fn the_settings_of_ftp_are_all_set() {
    let (mut lab, bearer) = Lab::ready();
    let mut options = FtpOptions::default();
    options.ascii = true;
    options.passive = false;
    let ftp = Ftp::new(&bearer, server().with_port(2121)).with_options(options);
    lab.network().put_file("/a/b.txt", "text");
    lab.ftp_get(&ftp, "/a/b.txt").expect("file");
    let seen = lab.network().ftp_requests().pop().expect("a request");
    assert_eq!((seen.server.as_str(), seen.port, seen.user.as_str()), ("ftp.example.com", 2121, "user"));
    assert_eq!((seen.path.as_str(), seen.name.as_str()), ("/a/", "b.txt"));
    assert!(seen.ascii && !seen.passive && seen.rest == 0 && seen.password == "sesame");
}

/// It is no escape, though V.250 section 5.4.2.2 has one: it goes out as it stands, and so it arrives.
#[test]
fn a_backslash_in_a_name_stands_for_itself() {
    const PATH: &str = r"/in\41/a\22\0Db";
    let (mut lab, bearer) = Lab::ready();
    let ftp = Ftp::new(&bearer, server());
    let (tell, told) = std::sync::mpsc::channel();
    lab.world.tap(move |crossing| {
        if crossing.direction == Direction::Sent {
            tell.send(crossing.arrived.to_vec()).expect("someone listens");
        }
    });
    assert_eq!(lab.ftp_put(&ftp, PATH, b"content"), Ok(7));
    assert_eq!(lab.network().file(PATH).as_deref(), Some(&b"content"[..]));
    assert_eq!(lab.ftp_get(&ftp, PATH).as_deref(), Ok(&b"content"[..]));
    let seen = lab.network().ftp_requests().pop().expect("a request");
    assert_eq!((seen.path.as_str(), seen.name.as_str()), (r"/in\41/", r"a\22\0Db"));
    drop(lab);
    let sent = String::from_utf8(told.iter().flatten().collect()).expect("command lines");
    for name in ["PUT", "GET"] {
        assert!(sent.contains(&format!(r#"+FTP{name}PATH="/in\41/";+FTP{name}NAME="a\22\0Db""#)), "{sent}");
    }
}

#[test]
fn the_size_of_a_file_is_asked_for() {
    let (mut lab, bearer) = Lab::ready();
    lab.network().put_file("/file", hostile(4_711));
    let ftp = Ftp::new(&bearer, server());
    assert_eq!(lab.world.run(ftp.size("/file")), Ok(4_711));
    let missing = lab.world.run(ftp.size("/missing")).expect_err("no such file");
    assert_eq!(missing.code(), Some(77), "{missing}");
}

#[test]
fn a_wrong_password_is_72() {
    let (mut lab, bearer) = Lab::ready();
    lab.network().require_login("user", "other");
    let ftp = Ftp::new(&bearer, server());
    let error = lab.ftp_get(&ftp, "/file").expect_err("refused");
    assert_eq!((error.code(), error.kind().as_str()), (Some(72), "ftp"));
    assert!(!error.to_string().contains("sesame"));
    let error = lab.ftp_put(&ftp, "/file", b"x").expect_err("refused");
    assert_eq!(error.code(), Some(72));
}

#[test]
fn a_download_that_breaks_says_why_and_the_next_one_works() {
    let (mut lab, bearer) = Lab::ready_once();
    let file = hostile(50_000);
    lab.network().put_file("/file", file.clone());
    lab.network().cause(Mishap::Ftp { after: 20_000, failure: FtpFailure::NETWORK });
    let ftp = Ftp::new(&bearer, server());
    let error = lab.ftp_get(&ftp, "/file").expect_err("broken");
    assert!(
        matches!(error, FtpError::Failed { step: FtpStep::Transfer, code, .. } if code.0 == 61),
        "{error:?}"
    );
    assert!(lab.ftp_get(&ftp, "/file").expect("file") == file);
}

#[test]
fn a_download_that_is_dropped_is_quit() {
    let (mut lab, bearer) = Lab::ready();
    let file = hostile(50_000);
    lab.network().put_file("/file", file.clone());
    let ftp = Ftp::new(&bearer, server());
    let other = ftp.clone();
    lab.world.run(async move {
        let mut download = other.get("/file").await.expect("open");
        download.next().await.expect("a piece").expect("octets");
    });
    assert!(lab.ftp_get(&ftp, "/file").expect("file") == file);
}

#[test]
fn a_session_that_was_left_over_does_not_hide_what_is_wrong_with_ours() {
    let (mut lab, bearer) = Lab::ready();
    let file = hostile(50_000);
    lab.network().put_file("/file", file.clone());
    let ftp = Ftp::new(&bearer, server());
    // Another program opened one and died.
    let leave = |lab: &mut Lab| {
        let (client, clock) = (lab.client.clone(), lab.world.clock());
        lab.world.run(async move {
            client.execute(&sim800_command::FtpGetOpen).await.expect("left over");
            let later = sim800_session::Runtime::now(&clock) + Duration::from_secs(1);
            sim800_session::Runtime::sleep_until(&clock, later).await;
        });
    };
    assert!(lab.ftp_get(&ftp, "/file").expect("settings") == file);
    leave(&mut lab);
    assert!(lab.ftp_get(&ftp, "/file").expect("file") == file);
    leave(&mut lab);
    assert_eq!(lab.ftp_put(&ftp, "/other", b"hello"), Ok(5));
}

#[test]
fn a_source_that_sleeps_too_long_finds_64() {
    let (mut lab, bearer) = Lab::ready_once();
    let ftp = Ftp::new(&bearer, server());
    let result = lab.world.run(async move {
        let never = futures::stream::pending::<std::io::Result<Vec<u8>>>().into_async_read();
        ftp.put("/file", never).await
    });
    assert_eq!(result.expect_err("64").code(), Some(64));
}

/// Names of a listing are octets of a payload, whatever they read.
#[test]
fn a_listing_tells_names_that_read_like_lines_of_the_module() {
    let (mut lab, bearer) = Lab::ready();
    let ftp = Ftp::new(&bearer, server());
    for name in ["OK", "ERROR", "RDY", "+FTPLIST: 1,0", "+FTPGET: 1,0", "+FTPLIST: 2,5", "+SAPBR 1: DEACT"] {
        lab.network().put_file(&format!("/{name}"), "x");
    }
    let mut notices = lab.client.subscribe(|_| true);
    let ftp = ftp.clone();
    let listing = lab.world.run(async move {
        let download = ftp.list("/").await?;
        download.try_fold(Vec::new(), |all, piece| async move { Ok([all, piece.to_vec()].concat()) }).await
    });
    let listing = String::from_utf8(listing.expect("a listing")).expect("text");
    let mut names: Vec<_> = listing.lines().filter_map(|line| line.split(" 2020 ").nth(1)).collect();
    names.sort_unstable();
    assert_eq!(
        names,
        ["+FTPGET: 1,0", "+FTPLIST: 1,0", "+FTPLIST: 2,5", "+SAPBR 1: DEACT", "ERROR", "OK", "RDY"]
    );
    let told = std::iter::from_fn(|| notices.next().now_or_never().flatten());
    let own = told.filter(|notice| !matches!(notice, Notice::Unsolicited(_))).collect::<Vec<_>>();
    assert_eq!(own, []);
}
