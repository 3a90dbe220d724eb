//! FTP transfers that the module makes by itself: by way of its memory, and to and from its file system.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use sim800_emulator::{
    Config, Effect, Fault, FtpAction, FtpFailure, MemoryStorage, NetworkEvent, OperationId, PutOption,
    Storage,
};

use crate::bench::{Bench, SECOND, instant};

const END: NetworkEvent = NetworkEvent::FtpDone { size: None };
const BROKEN: NetworkEvent = NetworkEvent::FtpFailed(FtpFailure::NETWORK);

fn data(octets: &[u8]) -> NetworkEvent {
    NetworkEvent::FtpData(Bytes::copy_from_slice(octets))
}

fn path(text: &str) -> Vec<String> {
    text.split('\\').map(str::to_owned).collect()
}

/// A module with one file, and its storage.
fn with_file(name: &str, octets: &[u8]) -> (Bench, Arc<dyn Storage>) {
    let config = instant();
    let storage = Arc::clone(&config.storage);
    storage.create(&path(name)).unwrap();
    storage.write(&path(name), 0, octets).unwrap();
    (Bench::ftp_with(config), storage)
}

/// The credit that the module grants.
#[track_caller]
fn credit(bench: &mut Bench) -> usize {
    match bench.emulator.poll_effect() {
        Some(Effect::Credit { octets, .. }) => octets,
        other => panic!("no credit: {other:?}"),
    }
}

/// The network takes all that the module sends, until it says that this was all.
#[track_caller]
fn take_upload(bench: &mut Bench, id: OperationId) -> Vec<u8> {
    let mut taken = Vec::new();
    loop {
        match bench.emulator.poll_effect() {
            Some(Effect::Send { octets, .. }) => {
                taken.extend_from_slice(&octets);
                bench.network(id, NetworkEvent::FtpSent(octets.len()));
            }
            Some(Effect::Finish { .. }) => return taken,
            other => panic!("unexpected: {other:?}"),
        }
    }
}

#[test]
fn extended_put_is_loaded_in_parts_and_sent_whole() {
    let mut bench = Bench::ftp();
    bench.error("AT+FTPEXTPUT=2,0,3,1000");
    bench.ok("AT+FTPEXTPUT=1");
    for (position, part) in [(0, "abcdef"), (6, "ghi"), (2, "XY")] {
        let length = part.len();
        bench.exchange(
            &format!("AT+FTPEXTPUT=2,{position},{length},1000"),
            format!("\r\n+FTPEXTPUT: {position},{length}\r\n"),
        );
        bench.dte(part);
        bench.dce("\r\nOK\r\n");
    }
    bench.ok("AT+FTPPUT=1");
    let (id, request) = bench.ftp_request();
    assert_eq!((request.action, request.name.as_str()), (FtpAction::Put(PutOption::Stor), "1K.txt"));
    bench.error("AT+FTPPUT=2,10");
    bench.error("AT+FTPEXTPUT=2,0,3,1000");
    bench.information("AT+FTPSTATE", "+FTPSTATE: 1");
    bench.network(id, NetworkEvent::FtpReady);
    assert_eq!(take_upload(&mut bench, id), b"abXYefghi");
    bench.dce("");
    bench.network(id, END);
    bench.dce("\r\n+FTPPUT: 1,0\r\n");
    bench.ok("AT+FTPEXTPUT=0");
    bench.error("AT+FTPEXTPUT=2,0,3,1000");
    bench.ok("AT+FTPPUT=1");
    let (id, _) = bench.ftp_request();
    bench.network(id, NetworkEvent::FtpReady);
    bench.dce("\r\n+FTPPUT: 1,1,1360\r\n");
}

#[test]
fn extended_put_has_room_for_300000_octets() {
    let mut bench = Bench::ftp();
    bench.ok("AT+FTPEXTPUT=1");
    for wrong in ["2,300000,1,1000", "2,0,300001,1000", "2,0,1,999", "2,0,1,1000001", "2,0,1", "3", "1,1"] {
        bench.error(&format!("AT+FTPEXTPUT={wrong}"));
    }
    bench.exchange("AT+FTPEXTPUT=2,0,300000,60000", "\r\n+FTPEXTPUT: 0,300000\r\n");
    bench.dte(vec![b'x'; 300_000]);
    bench.dce("\r\nOK\r\n");
    bench.exchange("AT+FTPEXTPUT=2,0,5,1000", "\r\n+FTPEXTPUT: 0,5\r\n");
    bench.dte("abc");
    bench.wait(SECOND, "\r\nERROR\r\n");
    bench.ok("AT+FTPPUT=1");
    let (id, _) = bench.ftp_request();
    bench.network(id, NetworkEvent::FtpReady);
    assert_eq!(take_upload(&mut bench, id), vec![b'x'; 300_000]);
    bench.network(id, NetworkEvent::FtpFailed(FtpFailure::UPLOAD));
    bench.dce("\r\n+FTPPUT: 1,78\r\n");
}

#[test]
fn extended_get_is_read_by_position_and_saved() {
    let (mut bench, storage) = with_file("x", b"");
    bench.information("AT+FTPEXTGET?", "+FTPEXTGET: 0");
    bench.error("AT+FTPEXTGET=3,0,1");
    bench.error("AT+FTPEXTGET=2,\"a\"");
    bench.ok("AT+FTPEXTGET=1");
    let (id, request) = bench.ftp_request();
    assert_eq!((request.action, request.rest), (FtpAction::Get, 0));
    bench.network(id, NetworkEvent::FtpReady);
    credit(&mut bench);
    bench.network(id, data(b"0123456789"));
    bench.information("AT+FTPEXTGET?", "+FTPEXTGET: 1,10");
    bench.error("AT+FTPEXTGET=3,0,1");
    bench.error("AT+FTPEXTGET=0");
    bench.error("AT+FTPGET=2,10");
    bench.network(id, data(b"abc"));
    bench.dce("");
    bench.network(id, END);
    bench.dce("\r\n+FTPEXTGET: 1,0\r\n");
    bench.information("AT+FTPEXTGET?", "+FTPEXTGET: 0");
    bench.payload("AT+FTPEXTGET=3,8,100", "+FTPEXTGET: 3,5", b"89abc");
    bench.payload("AT+FTPEXTGET=3,0,2", "+FTPEXTGET: 3,2", b"01");
    bench.payload("AT+FTPEXTGET=3,13,2", "+FTPEXTGET: 3,0", b"");
    bench.information("AT+FTPEXTGET=2,\"b.txt\"", "+FTPEXTGET: 2,13");
    assert_eq!(storage.read(&path("User\\FTP\\b.txt"), 0, 100).unwrap(), "0123456789abc");
    bench.error("AT+FTPEXTGET=2,\"..\"");
    bench.ok("AT+FTPEXTGET=0");
    bench.error("AT+FTPEXTGET=3,0,2");
    bench.ok("AT+FTPEXTGET=0");
}

#[test]
fn extended_get_ends_at_300000_octets() {
    let mut bench = Bench::ftp();
    bench.ok("AT+FTPEXTGET=1");
    let (id, _) = bench.ftp_request();
    bench.network(id, NetworkEvent::FtpReady);
    let mut left = 300_000;
    let mut granted = credit(&mut bench);
    while left > 0 {
        let piece = granted.min(left);
        bench.network(id, data(&vec![1; piece]));
        left -= piece;
        granted = if left > 0 { credit(&mut bench) } else { 0 };
    }
    bench.network(id, data(b"x"));
    bench.dce("\r\n+FTPEXTGET: 1,79\r\n");
    bench.effect(Effect::Cancel { id });
    bench.error("AT+FTPEXTGET=3,0,1");
}

#[test]
fn there_is_one_memory_for_all() {
    let (mut bench, _) = with_file("a", b"abc");
    bench.ok("AT+FTPEXTPUT=1");
    bench.error("AT+FTPEXTGET=1");
    bench.error(r#"AT+FTPFILEPUT=1,"C:\a""#);
    bench.ok("AT+FTPEXTPUT=0");
    bench.ok(r#"AT+FTPFILEPUT=1,"C:\a""#);
    bench.error("AT+FTPEXTPUT=1");
    bench.error("AT+FTPEXTGET=1");
    bench.ok("AT+FTPFILEPUT=0");
    bench.ok("AT+FTPEXTGET=1");
    let (id, _) = bench.ftp_request();
    bench.error("AT+FTPEXTPUT=1");
    bench.error(r#"AT+FTPFILEPUT=1,"C:\a""#);
    bench.network(id, NetworkEvent::FtpFailed(FtpFailure::DOWNLOAD));
    bench.dce("\r\n+FTPEXTGET: 1,79\r\n");
    bench.ok("AT+FTPEXTPUT=1");
}

#[test]
fn a_file_is_put_by_way_of_the_memory() {
    let (mut bench, storage) = with_file("a", &[b'a'; 5000]);
    bench.error(r#"AT+FTPFILEPUT=1,"C:\none""#);
    bench.error("AT+FTPFILEPUT=1");
    bench.ok(r#"AT+FTPFILEPUT=1,"c:\A""#);
    storage.remove(&path("a")).unwrap();
    bench.ok("AT+FTPPUT=1");
    let (id, _) = bench.ftp_request();
    bench.network(id, NetworkEvent::FtpReady);
    assert_eq!(take_upload(&mut bench, id), [b'a'; 5000]);
    bench.network(id, END);
    bench.dce("\r\n+FTPPUT: 1,0\r\n");
    bench.ok("AT+FTPFILEPUT=0");
}

fn slow_files() -> Config {
    let mut config = instant();
    config.timings.fs_write = SECOND;
    config
}

#[test]
fn a_download_into_the_file_system() {
    let config = slow_files();
    let storage = Arc::clone(&config.storage);
    storage.create(&path("User\\FTP\\A.txt")).unwrap();
    storage.write(&path("User\\FTP\\A.txt"), 0, b"what was there before").unwrap();
    let mut bench = Bench::ftp_with(config);
    bench.information("AT+FTPGETTOFS?", "+FTPGETTOFS: 0");
    bench.ok("AT+FTPGETTOFS=0,\"a.txt\"");
    let (id, _) = bench.ftp_request();
    bench.information("AT+FTPGETTOFS?", "+FTPGETTOFS: 0");
    bench.information("AT+FTPEXTGET?", "+FTPEXTGET: 0");
    bench.network(id, NetworkEvent::FtpReady);
    bench.network(id, data(b"12345"));
    bench.information("AT+FTPGETTOFS?", "+FTPGETTOFS: 1,5,0");
    bench.wait(SECOND, "");
    bench.network(id, data(b"678"));
    bench.information("AT+FTPGETTOFS?", "+FTPGETTOFS: 1,8,5");
    bench.exchange("AT+FTPGET=1", "\r\nOK\r\n\r\n+FTPGET: 1,66\r\n");
    bench.network(id, END);
    bench.dce("");
    bench.wait(SECOND, "\r\n+FTPGETTOFS: 0,8\r\n");
    assert_eq!(storage.read(&path("User\\FTP\\A.txt"), 0, 100).unwrap(), "12345678");
    bench.information("AT+FTPGETTOFS?", "+FTPGETTOFS: 0");
    bench.information("AT+FTPSTATE", "+FTPSTATE: 0");
}

#[test]
fn a_download_onto_the_card() {
    let mut config = instant();
    let card: Arc<dyn Storage> = Arc::new(MemoryStorage::new(1 << 20));
    config.card = Some(Arc::clone(&card));
    let mut bench = Bench::ftp_with(config);
    bench.ok("AT+FTPGETTOFS=1,\"a.txt\",0,0");
    let (id, _) = bench.ftp_request();
    // An empty file is one, too.
    bench.network(id, END);
    bench.dce("\r\n+FTPGETTOFS: 0,0\r\n");
    assert_eq!(card.list(&path("ftp")).unwrap().len(), 1);
}

#[test]
fn no_room_is_85() {
    let mut config = instant();
    config.storage = Arc::new(MemoryStorage::new(4 * 512));
    let mut bench = Bench::ftp_with(config);
    bench.ok("AT+FTPGETTOFS=0,\"a\"");
    let (id, _) = bench.ftp_request();
    bench.network(id, NetworkEvent::FtpReady);
    credit(&mut bench);
    bench.network(id, data(&[0; 1024]));
    bench.wait(Duration::ZERO, "");
    bench.network(id, data(&[0; 1]));
    bench.wait(Duration::ZERO, "\r\n+FTPGETTOFS: 85\r\n");
    bench.effect(Effect::Cancel { id });
    // No card, no name, no file.
    bench.exchange("AT+FTPGETTOFS=1,\"a\"", "\r\nOK\r\n\r\n+FTPGETTOFS: 85\r\n");
    bench.exchange("AT+FTPGETTOFS=0,\"a/b\"", "\r\nOK\r\n\r\n+FTPGETTOFS: 85\r\n");
    bench.exchange(r#"AT+FTPPUTFRMFS="C:\none""#, "\r\nOK\r\n\r\n+FTPPUTFRMFS: 85\r\n");
    bench.no_effect();
    for wrong in ["GETTOFS=0", "GETTOFS=2,\"a\"", "GETTOFS=0,\"a\",256", "GETTOFS=0,\"a\",1,61", "PUTFRMFS"] {
        bench.error(&format!("AT+FTP{wrong}"));
    }
}

#[test]
fn a_broken_download_goes_on_where_it_broke() {
    let config = slow_files();
    let storage = Arc::clone(&config.storage);
    let mut bench = Bench::ftp_with(config);
    bench.ok("AT+FTPGETTOFS=0,\"a\",2,10");
    let (id, _) = bench.ftp_request();
    bench.network(id, NetworkEvent::FtpReady);
    credit(&mut bench);
    bench.network(id, data(b"12345"));
    bench.network(id, BROKEN);
    bench.wait(10 * SECOND - Duration::from_millis(1), "");
    bench.no_effect();
    bench.wait(Duration::from_millis(1), "");
    let (id, request) = bench.ftp_request();
    assert_eq!(request.rest, 5);
    bench.network(id, NetworkEvent::FtpReady);
    credit(&mut bench);
    bench.network(id, data(b"678"));
    // The server falls silent.
    bench.wait(75 * SECOND, "");
    bench.effect(Effect::Cancel { id });
    bench.wait(10 * SECOND, "");
    let (id, request) = bench.ftp_request();
    assert_eq!(request.rest, 8);
    bench.network(id, NetworkEvent::FtpReady);
    credit(&mut bench);
    bench.network(id, BROKEN);
    bench.dce("\r\n+FTPGETTOFS: 61\r\n");
    assert_eq!(storage.read(&path("User\\FTP\\a"), 0, 100).unwrap(), "12345678");
}

#[test]
fn what_is_refused_is_not_tried_again() {
    let mut bench = Bench::ftp();
    for failure in [FtpFailure::PASSWORD, FtpFailure::DOWNLOAD, FtpFailure::CONNECT] {
        bench.ok("AT+FTPGETTOFS=0,\"a\"");
        let (id, _) = bench.ftp_request();
        bench.network(id, NetworkEvent::FtpFailed(failure));
        bench.dce(format!("\r\n+FTPGETTOFS: {}\r\n", failure.0));
        bench.no_effect();
    }
}

#[test]
fn an_upload_from_the_file_system() {
    let octets: Vec<u8> = (0..=u8::MAX).cycle().take(10_000).collect();
    let (mut bench, _) = with_file("User\\FTP\\test.txt", &octets);
    bench.ok(r#"AT+FTPPUTFRMFS="c:\user\ftp\test.txt""#);
    let (id, _) = bench.ftp_request();
    bench.network(id, NetworkEvent::FtpReady);
    bench.network(id, NetworkEvent::FtpSent(1000));
    bench.information("AT+FTPPUTFRMFS?", "+FTPPUTFRMFS: 1,1000");
    // It breaks, and begins anew: nobody knows what the server has.
    bench.network(id, BROKEN);
    while bench.emulator.poll_effect().is_some() {}
    bench.wait(5 * SECOND, "");
    let (id, request) = bench.ftp_request();
    assert_eq!(request.rest, 0);
    bench.network(id, NetworkEvent::FtpReady);
    assert_eq!(take_upload(&mut bench, id), octets);
    bench.network(id, END);
    bench.dce("\r\n+FTPPUTFRMFS: 0,10000\r\n");
    bench.information("AT+FTPPUTFRMFS?", "+FTPPUTFRMFS: 0");
}

#[test]
fn to_append_is_not_tried_again() {
    let (mut bench, _) = with_file("a", b"abc");
    bench.ok("AT+FTPPUTOPT=\"APPE\"");
    bench.ok(r#"AT+FTPPUTFRMFS="C:\a""#);
    let (id, _) = bench.ftp_request();
    bench.network(id, NetworkEvent::FtpReady);
    bench.network(id, BROKEN);
    bench.dce("\r\n+FTPPUTFRMFS: 61\r\n");
}

#[test]
fn each_is_quit_with_its_own_line() {
    let (mut bench, _) = with_file("a", b"abc");
    for (line, end) in [
        ("AT+FTPGETTOFS=0,\"b\"", "+FTPGETTOFS: 86"),
        (r#"AT+FTPPUTFRMFS="C:\a""#, "+FTPPUTFRMFS: 86"),
        ("AT+FTPEXTGET=1", "+FTPEXTGET: 1,86"),
    ] {
        bench.ok(line);
        let (id, _) = bench.ftp_request();
        bench.exchange(line, format!("\r\nOK\r\n\r\n{}\r\n", end.replace("86", "66")));
        bench.exchange("AT+FTPQUIT", format!("\r\nOK\r\n\r\n{end}\r\n"));
        bench.effect(Effect::Cancel { id });
        bench.information("AT+FTPSTATE", "+FTPSTATE: 0");
    }
    // While it waits to connect again there is no connection to drop.
    bench.ok("AT+FTPGETTOFS=0,\"b\"");
    let (id, _) = bench.ftp_request();
    bench.network(id, NetworkEvent::FtpReady);
    credit(&mut bench);
    bench.network(id, BROKEN);
    bench.exchange("AT+FTPQUIT", "\r\nOK\r\n\r\n+FTPGETTOFS: 86\r\n");
    bench.wait(60 * SECOND, "");
    bench.no_effect();
}

#[test]
fn a_lost_bearer_ends_them() {
    let mut bench = Bench::ftp();
    bench.ok("AT+FTPGETTOFS=0,\"b\"");
    let (id, _) = bench.ftp_request();
    bench.fault(Fault::BearerLost { cid: 1 });
    bench.dce("\r\n+SAPBR 1: DEACT\r\n\r\n+FTPGETTOFS: 61\r\n");
    bench.effect(Effect::Cancel { id });
    bench.exchange("AT+FTPEXTGET=1", "\r\nOK\r\n\r\n+FTPEXTGET: 1,61\r\n");
}
