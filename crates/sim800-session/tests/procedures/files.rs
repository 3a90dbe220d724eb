//! The module's file system.

use std::sync::mpsc;

use futures::{AsyncReadExt, FutureExt, StreamExt};
use sim800_emulator::Config as ModuleConfig;
use sim800_session::{Config, Direction, Fs, FsError, FsStorage, Ftp};
use sim800_simulation::World;

use crate::lab::{Lab, hostile, server};

fn ready() -> (Lab, Fs) {
    let (lab, _bearer) = Lab::ready();
    let fs = Fs::new(&lab.client);
    (lab, fs)
}

#[test]
fn files_of_all_sizes_are_written_and_read_back() {
    let (mut lab, fs) = ready();
    for length in [0, 1, 10_239, 10_240, 10_241, 50_000] {
        let octets = hostile(length);
        let fs = fs.clone();
        lab.world.run(async move {
            assert_eq!(fs.write(r"C:\User\a.bin", &octets[..]).await, Ok(length as u64));
            assert_eq!(fs.size(r"C:\User\a.bin").await, Ok(length as u64));
            let mut file = fs.read(r"C:\User\a.bin").await.expect("a file");
            let mut back = Vec::new();
            file.read_to_end(&mut back).await.expect("octets");
            assert!(back == octets, "{length}");
        });
    }
}

/// The values at `place` of what was sent with `name`, such as `+FSREAD=`.
fn values(sent: &str, name: &str, place: usize) -> Vec<u32> {
    let lines = sent.split('\r').filter_map(|line| line.strip_prefix("AT")?.strip_prefix(name));
    let values = lines.filter_map(|values| values.split(',').nth(place)?.parse().ok());
    values.collect()
}

#[test]
fn no_more_is_moved_at_once_than_a_window_that_is_set() {
    for (window, length) in [(1, 50), (20, 300), (1_000, 3_000)] {
        let mut config = Config::default();
        config.window = Some(window);
        let mut lab = Lab::with(World::new(ModuleConfig::default()), config);
        let ftp = Ftp::new(&lab.bearer(), server());
        let fs = Fs::new(&lab.client);
        let (tell, told) = mpsc::channel();
        lab.world.tap(move |crossing| {
            if crossing.direction == Direction::Sent {
                tell.send(crossing.arrived.to_vec()).expect("someone listens");
            }
        });
        let octets = vec![b'x'; length];
        let written = octets.clone();
        let back = lab.world.run(async move {
            fs.write(r"C:\a", &written[..]).await.expect("written");
            ftp.put_extended("/a", &written[..]).await.expect("uploaded");
            let mut back = Vec::new();
            fs.read(r"C:\a").await.expect("a file").read_to_end(&mut back).await.expect("octets");
            back
        });
        assert_eq!(back, octets);
        assert_eq!(lab.network().file("/a"), Some(octets.into()));
        drop(lab);
        let sent = String::from_utf8(told.iter().flatten().collect()).expect("lines and `x`");
        for (name, place, again) in [("+FSWRITE=", 2, 0), ("+FTPEXTPUT=2,", 1, 0), ("+FSREAD=", 2, 16)] {
            let sizes = values(&sent, name, place);
            let most = sizes.iter().max().expect("pieces");
            assert!((window..=window + again).contains(most), "{name}: {sizes:?} in windows of {window}");
        }
    }
}

#[test]
fn a_shorter_file_leaves_nothing_of_a_longer_one() {
    let (mut lab, fs) = ready();
    lab.world.run(async move {
        fs.write(r"C:\a", &hostile(20_000)[..]).await.expect("written");
        fs.write(r"C:\a", &b"short"[..]).await.expect("written");
        assert_eq!(fs.size(r"C:\a").await, Ok(5));
    });
}

#[test]
fn files_and_directories_are_kept_in_order() {
    let (mut lab, fs) = ready();
    lab.world.run(async move {
        let kind = |result: Result<(), FsError>| result.expect_err("refused").kind().as_str();
        let drive = fs.drive(FsStorage::Internal).await.expect("a drive");
        assert_eq!(drive.to_string(), "C:");
        fs.make_directory(r"C:\Log").await.expect("made");
        assert_eq!(kind(fs.make_directory(r"C:\Log").await), "exists");
        assert_eq!(kind(fs.make_directory(r"C:\None\Log").await), "not-found");
        fs.write(r"C:\Log\a.txt", &b"hello"[..]).await.expect("written");
        assert_eq!(kind(fs.remove_directory(r"C:\Log").await), "not-empty");
        fs.rename(r"C:\Log\a.txt", r"C:\Log\b.txt").await.expect("renamed");
        assert_eq!(kind(fs.rename(r"C:\Log\a.txt", r"C:\Log\c.txt").await), "not-found");
        let entries = fs.list(r"C:\Log").await.expect("entries");
        assert_eq!(entries.iter().map(|entry| entry.name.as_str()).collect::<Vec<_>>(), ["b.txt"]);
        let root = fs.list(r"C:\").await.expect("entries");
        assert!(root.iter().any(|entry| entry.name == "Log" && entry.is_directory), "{root:?}");
        fs.remove(r"C:\Log\b.txt").await.expect("removed");
        assert_eq!(kind(fs.remove(r"C:\Log\b.txt").await), "not-found");
        fs.remove_directory(r"C:\Log").await.expect("removed");
        assert_eq!(kind(fs.remove_directory(r"C:\Log").await), "not-found");
        assert_eq!(fs.list(r"C:\Log").await.expect_err("gone").kind().as_str(), "not-found");
        assert_eq!(fs.read(r"C:\Log\b.txt").await.map(drop).expect_err("gone").kind().as_str(), "not-found");
        assert_eq!(fs.write(r"C:\Log\b.txt", &b""[..]).await.expect_err("gone").kind().as_str(), "not-found");
    });
}

#[test]
fn entries_that_are_called_like_results_neither_end_a_listing_nor_answer_what_follows() {
    for names in [
        &["OK"][..],
        &["A", "OK", "Z"],
        &["OK", "Z"],
        &["A", "B", "OK"],
        &["RDY"],
        &["RDY", "Z"],
        &["A", "RDY"],
        &["A", "OK", "RDY"],
        &["OK", "RDY", "Z"],
    ] {
        let (mut lab, fs) = ready();
        lab.world.run(async move {
            fs.make_directory(r"C:\Log").await.expect("made");
            for name in names {
                fs.write(&format!(r"C:\Log\{name}"), name.as_bytes()).await.expect("written");
            }
            let entries = fs.list(r"C:\Log").await.expect("entries");
            assert_eq!(entries.iter().map(|entry| entry.name.as_str()).collect::<Vec<_>>(), names);
            // Nothing is left that would answer this.
            let size = names[0].len() as u64;
            assert_eq!(fs.size(&format!(r"C:\Log\{}", names[0])).await, Ok(size), "{names:?}");
        });
    }
    // More than are kept for somebody who does not read them, and one that cannot be told from a refusal.
    let many: Vec<_> = std::iter::once("OK".to_owned()).chain((0..60).map(|n| format!("f{n:02}"))).collect();
    for names in [many, vec!["A".to_owned(), "ERROR".to_owned(), "Z".to_owned()]] {
        let (mut lab, fs) = ready();
        lab.world.run(async move {
            for name in &names {
                fs.write(&format!(r"C:\{name}"), &b"x"[..]).await.expect("written");
            }
            assert_eq!(fs.list(r"C:\").await.expect_err("not certain").kind().as_str(), "malformed");
            assert_eq!(fs.size(&format!(r"C:\{}", names[0])).await, Ok(1));
        });
    }
}

#[test]
fn a_full_file_system_says_so() {
    let (mut lab, fs) = ready();
    lab.world.run(async move {
        let free = fs.free().await.expect("free").first().expect("a drive").1;
        let error = fs.write(r"C:\a", &hostile(250_000)[..]).await.expect_err("full");
        assert_eq!(error.kind().as_str(), "full", "{error}");
        let FsError::Full { octets, .. } = error else { return };
        assert_eq!(fs.size(r"C:\a").await, Ok(octets), "what was written stays");
        fs.remove(r"C:\a").await.expect("removed");
        assert_eq!(fs.free().await.expect("free").first().expect("a drive").1, free);
    });
}

#[test]
fn a_file_that_is_dropped_half_read_disturbs_nothing() {
    let (mut lab, fs) = ready();
    lab.world.run(async move {
        fs.write(r"C:\a", &hostile(50_000)[..]).await.expect("written");
        let mut file = fs.read(r"C:\a").await.expect("a file");
        assert!(file.next().await.is_some_and(|piece| piece.is_ok()));
        drop(file);
        assert_eq!(fs.size(r"C:\a").await, Ok(50_000));
    });
}

/// A piece comes without a header: that it begins like an error must not make it one.
#[test]
fn a_piece_that_reads_like_an_error_is_content() {
    let (mut lab, _bearer) = Lab::ready_once();
    let fs = Fs::new(&lab.client);
    let mut notices = lab.client.subscribe(|_| true);
    for error in ["ERROR\r\n", "+CME ERROR: 3\r\n", "+CMS ERROR: 38\r\n"] {
        let text = "+SAPBR 1: DEACT\r\n".repeat(800).into_bytes();
        let places = [0, 1, 10_239, 10_240, 10_241];
        let padded = places.map(|place| [&text[..place], error.as_bytes(), &text].concat());
        for octets in [error.as_bytes().to_vec(), error.repeat(2_000).into_bytes()].into_iter().chain(padded)
        {
            let fs = fs.clone();
            lab.world.run(async move {
                fs.write(r"C:\a", &octets[..]).await.expect("written");
                let mut file = fs.read(r"C:\a").await.expect("a file");
                let mut back = Vec::new();
                file.read_to_end(&mut back).await.expect("octets");
                assert!(back == octets, "{} octets of {error}", octets.len());
            });
            assert_eq!(notices.next().now_or_never(), None, "content is no line of the module");
        }
    }
}

#[test]
fn a_file_that_goes_while_it_is_read_is_an_error() {
    let (mut lab, fs) = ready();
    lab.world.run(async move {
        fs.write(r"C:\a", &hostile(50_000)[..]).await.expect("written");
        let mut file = fs.read(r"C:\a").await.expect("a file");
        assert!(file.next().await.is_some_and(|piece| piece.is_ok()));
        fs.remove(r"C:\a").await.expect("removed");
        // One piece was asked for already.
        assert!(file.next().await.is_some_and(|piece| piece.is_ok()));
        let error = file.next().await.expect("something").expect_err("nothing to read");
        assert_eq!(error.kind().as_str(), "rejected", "{error}");
        assert_eq!(fs.size(r"C:\a").await.expect_err("gone").kind().as_str(), "not-found");
    });
}

#[test]
fn an_entry_that_is_called_like_a_restart_is_none() {
    let (mut lab, fs) = ready();
    let mut notices = lab.client.subscribe(|_| false);
    lab.world.run(async move {
        fs.make_directory(r"C:\Log").await.expect("made");
        fs.write(r"C:\Log\A.txt", &b"hello"[..]).await.expect("written");
        fs.write(r"C:\Log\RDY", &b"hello"[..]).await.expect("written");
        let entries = fs.list(r"C:\Log").await.expect("entries");
        let mut names: Vec<_> = entries.into_iter().map(|entry| entry.name.to_lowercase()).collect();
        names.sort();
        assert_eq!(names, ["a.txt", "rdy"]);
    });
    assert!(notices.next().now_or_never().is_none());
}
