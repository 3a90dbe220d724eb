//! FTP beside plain transfers: resumed, by way of the module's memory and file system, and what is done to files.

use std::time::Duration;

use bytes::Bytes;
use futures::{AsyncReadExt, StreamExt, TryStreamExt};
use sim800_emulator::{Config as ModuleConfig, Fault, FtpFailure};
use sim800_session::{
    Bearer, Download, Fs, FsStorage, Ftp, FtpError, FtpOptions, FtpSecurity, PutOption, Runtime,
};
use sim800_simulation::{Incident, Mishap, When};

use crate::lab::{Lab, hostile, server};

fn ready() -> (Lab, Ftp) {
    let (lab, bearer) = Lab::ready();
    let ftp = Ftp::new(&bearer, server());
    (lab, ftp)
}

/// The same, and nothing is tried again.
fn ready_once() -> (Lab, Ftp) {
    let (lab, bearer) = Lab::ready_once();
    let ftp = Ftp::new(&bearer, server());
    (lab, ftp)
}

async fn whole(download: Download) -> Result<Vec<u8>, FtpError> {
    let pieces: Vec<Bytes> = download.try_collect().await?;
    Ok(pieces.concat())
}

/// The offset of the last session.
fn rest(lab: &Lab) -> u64 {
    lab.network().ftp_requests().pop().expect("a session").rest
}

#[test]
fn a_resumed_download_comes_from_there_on_and_the_next_from_the_start() {
    let (mut lab, ftp) = ready_once();
    let file = hostile(10_000);
    lab.network().put_file("/file", file.clone());
    for offset in [0, 1, 5_000, 9_999, 10_000] {
        let resumed = ftp.clone();
        let part = lab.world.run(async move { whole(resumed.get_from("/file", offset).await?).await });
        assert_eq!(part.expect("a part"), file[offset as usize..]);
        assert_eq!(rest(&lab), offset);
    }
    assert_eq!(lab.ftp_get(&ftp, "/file").expect("a file"), file);
    // After a failure, and dropped, too.
    lab.network().cause(Mishap::Ftp { after: 1_000, failure: FtpFailure::NETWORK });
    let resumed = ftp.clone();
    let broken = lab.world.run(async move { whole(resumed.get_from("/file", 20).await?).await });
    assert!(broken.is_err());
    let resumed = ftp.clone();
    lab.world.run(async move { drop(resumed.get_from("/file", 20).await.expect("open").next().await) });
    let client = lab.client.clone();
    let offset = lab.world.run(async move {
        let set = sim800_command::Read::<sim800_command::FtpRest>::new();
        // It waits behind what a dropped download leaves to be done.
        ftp.size("/file").await.expect("a size");
        client.query(&set, |offset| format!("{offset:?}")).await
    });
    assert!(offset.as_ref().is_ok_and(|offset| offset.contains('0')), "{offset:?}");
}

#[test]
fn directories_are_listed_made_and_removed() {
    let (mut lab, ftp) = ready();
    lab.network().put_file("/pub/a.txt", "a");
    let network = lab.network();
    lab.world.run(async move {
        let list = whole(ftp.list("/pub").await.expect("open")).await.expect("a listing");
        assert!(String::from_utf8_lossy(&list).contains("a.txt"));
        ftp.make_directory("/new").await.expect("made");
        assert!(network.has_directory("/new"));
        ftp.remove_directory("/new").await.expect("removed");
        assert!(!network.has_directory("/new"));
        assert!(ftp.remove_directory("/new").await.is_err());
        ftp.rename("/pub/a.txt", "/pub/b.txt").await.expect("renamed");
        assert_eq!(network.file("/pub/b.txt"), Some(Bytes::from_static(b"a")));
        ftp.delete("/pub/b.txt").await.expect("deleted");
        assert_eq!(network.file("/pub/b.txt"), None);
        let error = ftp.delete("/pub/b.txt").await.expect_err("gone");
        assert_eq!(error.kind().as_str(), "ftp");
    });
}

#[test]
fn firmware_without_renaming_and_ssl_is_named() {
    let mut config = ModuleConfig::default();
    config.ftp_rename = false;
    config.ssl = false;
    let (mut lab, bearer) = Lab::ready_with(config);
    let mut options = FtpOptions::default();
    options.security = FtpSecurity::Explicit;
    let ftp = Ftp::new(&bearer, server());
    let secured = ftp.clone().with_options(options);
    lab.world.run(async move {
        assert_eq!(ftp.rename("/a", "/b").await.expect_err("refused").kind().as_str(), "unsupported");
        assert_eq!(secured.size("/a").await.expect_err("refused").kind().as_str(), "no-ssl");
    });
}

#[test]
fn extended_uploads_of_all_sizes_come_whole() {
    let (mut lab, ftp) = ready();
    for length in [0, 1, 16_384, 16_385, 300_000] {
        let file = hostile(length);
        let (ftp, octets) = (ftp.clone(), file.clone());
        let sent = lab.world.run(async move { ftp.put_extended("/up", &octets[..]).await });
        assert_eq!(sent, Ok(length as u64));
        assert!(lab.network().file("/up").is_some_and(|up| up == file), "{length}");
    }
    let file = hostile(300_001);
    let extended = ftp.clone();
    let sent = lab.world.run(async move { extended.put_extended("/other", &file[..]).await });
    assert_eq!(sent, Err(FtpError::TooLarge { limit: 300_000 }));
    assert_eq!(lab.network().file("/other"), None);
    assert_eq!(lab.ftp_put(&ftp, "/plain", b"hello"), Ok(5), "the normal mode is back");
}

#[test]
fn extended_downloads_are_read_whole_in_parts_and_saved() {
    let (mut lab, ftp) = ready();
    lab.network().set_latency(Duration::from_secs(5));
    for length in [1, 16_384, 16_385, 100_000] {
        let file = hostile(length);
        lab.network().put_file("/file", file.clone());
        let ftp = ftp.clone();
        let received = lab.world.run(async move {
            let mut memory = ftp.get_extended("/file", |_| {}).await?;
            let end = u32::try_from(length).expect("short");
            assert_eq!(memory.read(end - 1, 10).await?, file[length - 1..]);
            assert_eq!(memory.read(0, 20_000).await?, file[..length.min(20_000)]);
            assert_eq!(memory.read(end, 1).await?, "");
            assert_eq!(memory.save("copy.txt").await?, length as u64);
            assert!(whole(memory.into_download()).await? == file);
            Ok::<_, FtpError>(())
        });
        assert_eq!(received, Ok(()), "{length}");
    }
    assert_eq!(lab.ftp_get(&ftp, "/file").expect("a file").len(), 100_000, "the normal mode is back");
}

#[test]
fn an_extended_download_says_why_it_fails_and_may_be_dropped() {
    let (mut lab, ftp) = ready();
    let extended = ftp.clone();
    let error = lab.world.run(async move { extended.get_extended("/none", |_| {}).await.map(drop) });
    assert_eq!(error.expect_err("no such file").kind().as_str(), "ftp");
    lab.network().put_file("/file", hostile(50_000));
    lab.network().cause(Mishap::Silence);
    let extended = ftp.clone();
    let clock = lab.world.clock();
    lab.world.run(async move {
        let get = Box::pin(extended.get_extended("/file", |_| {}));
        let pause = clock.sleep_until(clock.now() + Duration::from_secs(7));
        drop(futures::future::select(get, pause).await);
    });
    assert_eq!(lab.ftp_get(&ftp, "/file").expect("a file").len(), 50_000);
}

#[test]
fn files_go_from_the_server_to_the_module_and_back() {
    let mut config = ModuleConfig::default();
    config.timings.fs_write = Duration::from_secs(1);
    let (mut lab, bearer) = Lab::ready_with(config);
    let ftp = Ftp::new(&bearer, server());
    let file = hostile(100_000);
    lab.network().put_file("/file", file.clone());
    lab.network().set_latency(Duration::from_secs(6));
    let network = lab.network();
    lab.world.run(async move {
        let mut seen = Vec::new();
        let fetched = ftp.get_to_fs("/file", FsStorage::Internal, "a.txt", |progress| seen.push(progress));
        assert_eq!(fetched.await, Ok(100_000));
        assert!(!seen.is_empty());
        let sent = ftp.put_from_fs(r"C:\User\FTP\a.txt", "/back", |_| {}).await;
        assert_eq!(sent, Ok(100_000));
        assert!(network.file("/back").is_some_and(|back| back == file));
        ftp.put_file(r"C:\User\FTP\a.txt", "/again").await.expect("sent");
        assert!(network.file("/again").is_some_and(|again| again == file));
        let error = ftp.put_from_fs(r"C:\User\FTP\none.txt", "/back", |_| {}).await.expect_err("none");
        assert_eq!(error.code(), Some(85), "{error}");
        let error = ftp.put_file(r"C:\User\FTP\none.txt", "/back").await.expect_err("none");
        assert_eq!(error.kind().as_str(), "not-loaded");
        assert_eq!(ftp.put("/plain", &b"hello"[..]).await, Ok(5), "the normal mode is back");
    });
}

/// The module would go on by its count of octets, with whatever the server has by then.
#[test]
fn a_file_that_is_replaced_while_the_module_fetches_it_is_fetched_anew() {
    for mishap in
        [Mishap::Ftp { after: 7_000, failure: FtpFailure::NETWORK }, Mishap::FtpStall { after: 7_000 }]
    {
        let (mut lab, ftp) = ready();
        let network = lab.network();
        network.put_file("/file", vec![b'a'; 20_000]);
        network.cause(mishap);
        let now = lab.world.clock().now();
        let change = Incident::Network(Box::new(|network| network.put_file("/file", vec![b'b'; 20_000])));
        lab.world.plan(When::At(now + Duration::from_secs(4)), change);
        let fs = Fs::new(&lab.client);
        let fetched = lab.world.run(async move {
            assert_eq!(ftp.get_to_fs("/file", FsStorage::Internal, "a.txt", |_| {}).await, Ok(20_000));
            let mut octets = Vec::new();
            fs.read(r"C:\User\FTP\a.txt")
                .await
                .expect("a file")
                .read_to_end(&mut octets)
                .await
                .map(|_| octets)
        });
        let fetched = fetched.expect("a file");
        assert!(fetched == [b'a'; 20_000] || fetched == [b'b'; 20_000]);
    }
}

/// Before the first octet the module says that no download runs, however long the server takes (field log).
#[test]
fn a_server_that_takes_its_time_is_waited_for() {
    let mut config = ModuleConfig::default();
    config.timings.ftp_open = Duration::from_secs(60);
    let (mut lab, bearer) = Lab::ready_with(config);
    let ftp = Ftp::new(&bearer, server());
    lab.network().put_file("/file", hostile(1000));
    let fetched =
        lab.world.run(async move { ftp.get_to_fs("/file", FsStorage::Internal, "a.txt", |_| {}).await });
    assert_eq!(fetched, Ok(1000));
}

#[test]
fn a_file_that_the_module_has_no_room_for_is_85() {
    let (mut lab, ftp) = ready();
    lab.network().put_file("/file", hostile(250_000));
    let error = lab.world.run(async move {
        ftp.get_to_fs("/file", FsStorage::Internal, "a.txt", |_| {}).await.expect_err("full")
    });
    assert_eq!(error.code(), Some(85), "{error}");
}

#[test]
fn what_ends_a_session_from_outside_ends_transfers_of_the_module() {
    type Transfer = fn(Ftp) -> futures::future::BoxFuture<'static, Result<(), FtpError>>;
    let transfers: [Transfer; 4] = [
        |ftp| Box::pin(async move { ftp.get_extended("/file", |_| {}).await.map(drop) }),
        |ftp| {
            Box::pin(async move { ftp.get_to_fs("/file", FsStorage::Internal, "a", |_| {}).await.map(drop) })
        },
        |ftp| Box::pin(async move { ftp.put_extended("/up", &[b'x'; 20_000][..]).await.map(drop) }),
        |ftp| Box::pin(async move { ftp.list("/").await.map(drop) }),
    ];
    for transfer in transfers {
        for (fault, kind) in
            [(Fault::BearerLost { cid: 1 }, "bearer-lost"), (Fault::Restart { announced: true }, "restarted")]
        {
            let (mut lab, ftp) = ready_once();
            lab.network().put_file("/file", hostile(50_000));
            lab.network().set_latency(Duration::from_secs(30));
            let now = lab.world.clock().now();
            lab.world.fault_at(now + Duration::from_secs(10), fault);
            let error = lab.world.run(transfer(ftp)).expect_err(kind);
            assert_eq!(error.kind().as_str(), kind, "{error}");
            let bearer = lab.bearer();
            lab.network().set_latency(Duration::ZERO);
            let ftp = Ftp::new(&bearer, server());
            assert_eq!(lab.ftp_get(&ftp, "/file").expect("a file").len(), 50_000);
        }
    }
}

#[test]
fn an_upload_is_resumed_by_appending_what_is_missing() {
    let (mut lab, ftp) = ready();
    let file = hostile(10_000);
    lab.network().put_file("/up", file[..4_000].to_vec());
    let mut options = FtpOptions::default();
    options.put = PutOption::Append;
    let ftp = ftp.with_options(options);
    let octets = file.clone();
    let sent = lab.world.run(async move {
        let there = usize::try_from(ftp.size("/up").await?).expect("short");
        ftp.put("/up", &octets[there..]).await
    });
    assert_eq!(sent, Ok(6_000));
    assert!(lab.network().file("/up").is_some_and(|up| up == file));
}

#[test]
fn settings_are_saved() {
    let (mut lab, ftp) = ready();
    let shown = lab.world.run(async move {
        ftp.save().await?;
        ftp.saved(|context| (context.saved, format!("{context:?}"))).await
    });
    let (saved, shown) = shown.expect("read back");
    assert!(saved && shown.contains("ftp.example.com") && !shown.contains("sesame"), "{shown}");
}

/// A reader that pauses between two reads.
fn paused(lab: &mut Lab, bearer: &Bearer, pause: Duration) -> Result<usize, FtpError> {
    let ftp = Ftp::new(bearer, server());
    let clock = lab.world.clock();
    lab.world.run(async move {
        let mut download = ftp.get("/file").await?;
        let mut length = download.try_next().await?.map_or(0, |piece| piece.len());
        clock.sleep_until(clock.now() + pause).await;
        while let Some(piece) = download.try_next().await? {
            length += piece.len();
        }
        Ok(length)
    })
}

#[test]
fn an_idle_reader_is_waited_for_up_to_the_modules_limit() {
    let (mut lab, bearer) = Lab::ready_once();
    lab.network().put_file("/file", hostile(100_000));
    // The limit of the module is 75 s (manual 12.2.14).
    assert_eq!(paused(&mut lab, &bearer, Duration::from_secs(70)), Ok(100_000));
    let error = paused(&mut lab, &bearer, Duration::from_secs(80)).expect_err("64");
    assert_eq!(error.code(), Some(64));
    assert!(error.to_string().contains("too slow"), "{error}");
    assert_eq!(paused(&mut lab, &bearer, Duration::ZERO), Ok(100_000), "the next one works");
}
