//! What keeps the module's one FTP session, and what does not.

use std::time::Duration;

use bytes::Bytes;
use futures::future::{Either, join, select};
use futures::{AsyncReadExt, TryStreamExt, stream};
use sim800_session::{Download, ErrorKind, Fs, Ftp, FtpError, Sent};

use crate::lab::{Lab, hostile, server};

/// With a file of 20,000 octets on the server, and an empty one.
fn ready() -> (Lab, Ftp) {
    let (lab, bearer) = Lab::ready();
    lab.network().put_file("/pub/file", hostile(20_000));
    lab.network().put_file("/empty", Bytes::new());
    (lab, Ftp::new(&bearer, server()))
}

async fn whole(download: Download) -> Result<Vec<u8>, FtpError> {
    let all = download.try_fold(Vec::new(), |mut all, piece| async move {
        all.extend_from_slice(&piece);
        Ok(all)
    });
    all.await
}

/// That `error` names what is in the way, and nothing else.
fn is_in_use(error: &FtpError, by: &str) -> bool {
    let said = error.to_string();
    assert!(!said.contains("sesame") && !said.contains("ftp.example.com"), "{said}");
    matches!(error, FtpError::InUse { .. })
        && (error.kind(), error.sent()) == (ErrorKind::Busy, Sent::No)
        && said.contains(by)
}

#[test]
fn a_download_that_nobody_reads_is_named_by_the_next() {
    let (mut lab, ftp) = ready();
    let before = lab.client.runtime().now();
    let client = lab.client.clone();
    let (errors, took, kept) = lab.world.run(async move {
        let first = ftp.get("/pub/file").await.expect("opened");
        let errors = [
            ftp.get("/pub/file").await.map(drop).expect_err("in use"),
            ftp.size("/pub/file").await.map(drop).expect_err("in use"),
            ftp.put("/up", &b"x"[..]).await.map(drop).expect_err("in use"),
            ftp.list("/").await.map(drop).expect_err("in use"),
            ftp.delete("/pub/file").await.expect_err("in use"),
            ftp.saved(|_| ()).await.expect_err("in use"),
        ];
        let took = client.runtime().now() - before;
        (errors, took, whole(first).await.expect("the file"))
    });
    assert!(errors.iter().all(|error| is_in_use(error, "the download (/pub/file) holds")), "{errors:?}");
    assert!(took < Duration::from_secs(100), "{took:?}");
    // It is there all the same.
    assert!(kept == hostile(20_000));
    assert!(lab.network().file("/up").is_none());
}

#[test]
fn of_two_at_once_the_one_that_is_read_waits_for_the_other() {
    let (mut lab, ftp) = ready();
    let get = || {
        let ftp = ftp.clone();
        async move { whole(ftp.get("/pub/file").await?).await }
    };
    let (first, second) = lab.world.run(join(get(), get()));
    assert_eq!((first.expect("the file").len(), second.expect("the file").len()), (20_000, 20_000));
}

#[test]
fn a_download_that_is_read_and_kept_is_in_nobodys_way() {
    let (mut lab, ftp) = ready();
    let client = lab.client.clone();
    let took = lab.world.run(async move {
        let before = client.runtime().now();
        let mut first = ftp.get("/pub/file").await.expect("opened");
        let mut octets = vec![0; 20_000];
        // Not one octet further, as who knows the size does.
        first.read_exact(&mut octets).await.expect("the file");
        assert!(octets == hostile(20_000));
        let mut tail = ftp.get_from("/pub/file", 19_000).await.expect("opened");
        tail.read_exact(&mut octets[..1_000]).await.expect("the end of the file");
        let mut listing = ftp.list("/").await.expect("opened");
        listing.read_to_end(&mut octets).await.expect("the listing");
        assert_eq!(whole(ftp.get("/pub/file").await.expect("opened")).await.expect("the file").len(), 20_000);
        drop((first, tail, listing));
        client.runtime().now() - before
    });
    assert!(took < Duration::from_secs(5), "{took:?}");
}

#[test]
fn a_download_without_octets_keeps_nothing_from_the_next() {
    let (mut lab, ftp) = ready();
    let client = lab.client.clone();
    let took = lab.world.run(async move {
        let before = client.runtime().now();
        let empty = ftp.get("/empty").await.expect("opened");
        let behind = ftp.get_from("/pub/file", 20_000).await.expect("opened");
        let listing = ftp.list("/nothing").await.expect("opened");
        assert_eq!(ftp.size("/pub/file").await, Ok(20_000));
        for download in [empty, behind, listing] {
            assert_eq!(whole(download).await, Ok(Vec::new()));
        }
        client.runtime().now() - before
    });
    assert!(took < Duration::from_secs(5), "{took:?}");
}

#[test]
fn a_download_that_is_dropped_makes_room_for_the_next() {
    let (mut lab, ftp) = ready();
    let client = lab.client.clone();
    let (took, next) = lab.world.run(async move {
        let before = client.runtime().now();
        let mut first = ftp.get("/pub/file").await.expect("opened");
        first.read_exact(&mut [0; 10]).await.expect("octets");
        let dropped = async move { drop(first) };
        let (next, ()) = join(async { whole(ftp.get("/pub/file").await?).await }, dropped).await;
        (client.runtime().now() - before, next)
    });
    assert!(next.expect("the file") == hostile(20_000));
    assert!(took < Duration::from_secs(10), "{took:?}");
}

#[test]
fn a_slow_reader_is_waited_for_and_not_robbed() {
    let (mut lab, ftp) = ready();
    let client = lab.client.clone();
    let slow = {
        let (ftp, client) = (ftp.clone(), client.clone());
        async move {
            let mut download = ftp.get("/pub/file").await?;
            let mut octets = Vec::new();
            while let Some(piece) = download.try_next().await? {
                octets.extend_from_slice(&piece);
                // Within the minute, ten times.
                client.runtime().sleep_until(client.runtime().now() + Duration::from_secs(50)).await;
            }
            Ok::<_, FtpError>(octets)
        }
    };
    let next = async move { whole(ftp.get("/pub/file").await?).await };
    let (slow, next) = lab.world.run(join(slow, next));
    assert!(slow.expect("the file") == hostile(20_000));
    assert!(next.expect("the file") == hostile(20_000));
    assert!(lab.client.runtime().now() > Duration::from_secs(500));
}

#[test]
fn a_file_in_the_modules_memory_keeps_the_session_for_as_long_as_it_is_read() {
    let (mut lab, ftp) = ready();
    let client = lab.client.clone();
    lab.world.run(async move {
        let mut extended = ftp.get_extended("/pub/file", |_| {}).await.expect("fetched");
        let error = ftp.size("/pub/file").await.expect_err("in use");
        assert!(is_in_use(&error, "the download into the module's memory (/pub/file) holds"), "{error}");
        // It is read while another one waits.
        let read = async {
            for _ in 0..4 {
                assert_eq!(extended.read(0, 10).await, Ok(hostile(10).into()));
                client.runtime().sleep_until(client.runtime().now() + Duration::from_secs(40)).await;
            }
            let mut download = extended.into_download();
            let mut octets = vec![0; 20_000];
            download.read_exact(&mut octets).await.expect("the file");
            assert!(octets == hostile(20_000));
            download
        };
        let (download, size) = join(read, ftp.size("/pub/file")).await;
        assert_eq!(size, Ok(20_000));
        assert_eq!(whole(download).await, Ok(Vec::new()));
    });
}

#[test]
fn a_file_of_the_module_that_nobody_reads_keeps_nothing() {
    let (mut lab, ftp) = ready();
    let client = lab.client.clone();
    let took = lab.world.run(async move {
        let fs = Fs::new(&client);
        fs.write(r"C:\a", &hostile(30_000)[..]).await.expect("written");
        let before = client.runtime().now();
        let mut first = fs.read(r"C:\a").await.expect("opened");
        first.read_exact(&mut [0; 10]).await.expect("octets");
        fs.write(r"C:\b", &b"hello"[..]).await.expect("written");
        assert_eq!(ftp.size("/pub/file").await, Ok(20_000));
        let mut rest = Vec::new();
        first.read_to_end(&mut rest).await.expect("the file");
        assert!(rest == hostile(30_000)[10..]);
        client.runtime().now() - before
    });
    assert!(took < Duration::from_secs(10), "{took:?}");
}

#[test]
fn an_upload_whose_source_brings_nothing_is_not_waited_for_without_end() {
    let (mut lab, ftp) = ready();
    let client = lab.client.clone();
    let (error, took) = lab.world.run(async move {
        let source = stream::once(async { Ok::<_, std::io::Error>(Bytes::from_static(b"x")) });
        let source = futures::StreamExt::chain(source, stream::pending()).into_async_read();
        // Of a usual one, the module makes an end by itself.
        let upload = Box::pin(ftp.put_extended("/up", Box::pin(source)));
        let before = client.runtime().now();
        let begun = client.runtime().sleep_until(before + Duration::from_secs(10));
        let Either::Left(((), upload)) = select(begun, upload).await else { panic!("the upload ended") };
        let Either::Left((error, upload)) = select(Box::pin(ftp.size("/pub/file")), upload).await else {
            panic!("the upload ended")
        };
        drop(upload);
        (error.expect_err("in use"), client.runtime().now() - before)
    });
    assert!(is_in_use(&error, "the upload from the module's memory (/up) holds"), "{error}");
    assert!(took < Duration::from_secs(360), "{took:?}");
}
