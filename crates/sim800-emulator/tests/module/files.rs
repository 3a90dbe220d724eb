//! The file system, as drivers in the field use it.

use std::sync::Arc;

use sim800_emulator::{DataExpiry, Fault, MemoryStorage};

use crate::bench::{Bench, SECOND, instant};

/// What `AT+FSREAD` is answered with.
#[track_caller]
fn read(bench: &mut Bench, line: &str, octets: &[u8]) {
    bench.exchange(line, [b"\r\n", octets, b"\r\nOK\r\n"].concat());
}

#[track_caller]
fn write(bench: &mut Bench, line: &str, octets: &[u8]) {
    bench.exchange(line, "\r\n>");
    bench.dte(octets);
    bench.dce("\r\nOK\r\n");
}

#[test]
fn a_file_from_its_making_to_its_end() {
    let mut bench = Bench::new(instant());
    bench.ok(r"AT+FSCREATE=C:\User\a.txt");
    bench.error(r"AT+FSCREATE=c:\user\A.TXT");
    bench.information(r"AT+FSFLSIZE=C:\User\a.txt", "+FSFLSIZE: 0");
    write(&mut bench, r"AT+FSWRITE=C:\User\a.txt,0,10,10", b"0123456789");
    write(&mut bench, r"AT+FSWRITE=C:\User\a.txt,1,4,10", b"\r\nOK");
    // From the start, over what is there.
    write(&mut bench, r"AT+FSWRITE=C:\User\a.txt,0,3,10", b"abc");
    bench.information(r"AT+FSFLSIZE=C:\User\a.txt", "+FSFLSIZE: 14");
    read(&mut bench, r"AT+FSREAD=C:\User\a.txt,0,10240,7", b"abc3456789\r\nOK");
    read(&mut bench, r"AT+FSREAD=C:\User\a.txt,1,4,8", b"89\r\n");
    bench.error(r"AT+FSREAD=C:\User\a.txt,1,4,14");
    bench.ok(r"AT+FSRENAME=C:\User\a.txt,C:\b.txt");
    bench.error(r"AT+FSFLSIZE=C:\User\a.txt");
    bench.ok(r"AT+FSDEL=C:\B.TXT");
    bench.error(r"AT+FSDEL=C:\B.TXT");
    bench.error(r"AT+FSREAD=C:\b.txt,0,100,0");
    bench.error(r"AT+FSWRITE=C:\b.txt,1,100,1");
}

#[test]
fn directories_are_listed_made_and_removed() {
    let mut bench = Bench::new(instant());
    bench.exchange(r"AT+FSLS=C:\", "\r\nUser\\\r\n\r\nOK\r\n");
    bench.ok(r"AT+FSLS=C:\User\FTP\");
    bench.ok(r"AT+FSMKDIR=C:\User\Log");
    bench.error(r"AT+FSMKDIR=C:\User\Log");
    bench.error(r"AT+FSMKDIR=C:\None\Log");
    bench.ok(r"AT+FSCREATE=C:\User\Log\x y.txt");
    bench.exchange(r"AT+FSLS=C:\user\", "\r\nFTP\\\r\nLog\\\r\n\r\nOK\r\n");
    bench.exchange(r"AT+FSLS=C:\user\log", "\r\nx y.txt\r\n\r\nOK\r\n");
    bench.error(r"AT+FSRMDIR=C:\User\Log");
    bench.error(r"AT+FSDEL=C:\User\Log");
    bench.ok(r"AT+FSDEL=C:\User\Log\x y.txt");
    bench.ok(r"AT+FSRMDIR=C:\User\Log");
    bench.error(r"AT+FSRMDIR=C:\User\Log");
    bench.error(r"AT+FSRMDIR=C:\");
    bench.error(r"AT+FSLS=C:\User\Log");
    bench.error(r"AT+FSLS=C:\..\");
}

#[test]
fn drives_and_their_room() {
    let mut bench = Bench::new(instant());
    bench.information("AT+FSDRIVE=0", "+FSDRIVE: C");
    bench.error("AT+FSDRIVE=1");
    bench.error(r"AT+FSLS=D:\");
    bench.information("AT+FSMEM", "+FSMEM: C:189440bytes");

    let mut config = instant();
    config.storage = Arc::new(MemoryStorage::new(2048));
    config.card = Some(Arc::new(MemoryStorage::new(1 << 30)));
    let mut bench = Bench::new(config);
    bench.information("AT+FSDRIVE=1", "+FSDRIVE: D");
    bench.information("AT+FSMEM", "+FSMEM: C:2048bytes,D:1073741824bytes");
    bench.ok(r"AT+FSCREATE=C:\a");
    write(&mut bench, r"AT+FSWRITE=C:\a,1,2048,1", &[7; 2048]);
    bench.information("AT+FSMEM", "+FSMEM: C:0bytes,D:1073741824bytes");
    bench.error(r"AT+FSWRITE=C:\a,1,1,1");
    bench.error(r"AT+FSCREATE=C:\b");
    bench.ok(r"AT+FSCREATE=D:\a");
    bench.error(r"AT+FSRENAME=C:\a,D:\b");
}

#[test]
fn limits_and_forms() {
    let mut bench = Bench::new(instant());
    bench.ok(r"AT+FSCREATE=C:\a");
    for line in [
        r"AT+FSREAD=C:\a,0,0,0",
        r"AT+FSREAD=C:\a,0,10241,0",
        r"AT+FSREAD=C:\a,2,1,0",
        r"AT+FSREAD=C:\a,0,1",
        r"AT+FSWRITE=C:\a,0,0,1",
        r"AT+FSWRITE=C:\a,0,10241,1",
        r"AT+FSWRITE=C:\a,0,1,0",
        r"AT+FSWRITE=C:\a,2,1,1",
        "AT+FSDRIVE=2",
        "AT+FSLS",
        "AT+FSLS?",
        "AT+FSMEM?",
    ] {
        bench.error(line);
    }
    bench.error(&format!(r"AT+FSCREATE=C:\{}", "n".repeat(62)));
    bench.ok(&format!(r"AT+FSCREATE=C:\{}", "n".repeat(61)));
    for name in ["FSDRIVE", "FSLS", "FSREAD", "FSWRITE", "FSMEM", "FSFLSIZE", "FSRENAME"] {
        bench.ok(&format!("AT+{name}=?"));
    }
    bench.ok("AT+CMEE=1");
    bench.exchange(r"AT+FSDEL=C:\none", "\r\n+CME ERROR: 3\r\n");
}

#[test]
fn octets_that_do_not_come() {
    let mut bench = Bench::new(instant());
    bench.ok(r"AT+FSCREATE=C:\a");
    bench.exchange(r"AT+FSWRITE=C:\a,1,10,3", "\r\n>");
    bench.dte("abc");
    bench.wait(2 * SECOND, "");
    bench.wait(SECOND, "\r\nTimeOut\r\n\r\nERROR\r\n");
    bench.information(r"AT+FSFLSIZE=C:\a", "+FSFLSIZE: 0");

    let mut config = instant();
    config.fs_write_expiry = DataExpiry::Ok;
    let mut bench = Bench::new(config);
    bench.ok(r"AT+FSCREATE=C:\a");
    bench.exchange(r"AT+FSWRITE=C:\a,1,10,3", "\r\n>");
    bench.dte("abc");
    bench.wait(3 * SECOND, "\r\nTimeOut\r\n\r\nOK\r\n");
    bench.information(r"AT+FSFLSIZE=C:\a", "+FSFLSIZE: 3");
}

#[test]
fn files_survive_a_restart_and_are_seen_from_outside() {
    let config = instant();
    let storage = Arc::clone(&config.storage);
    let mut bench = Bench::new(config);
    bench.ok(r"AT+FSCREATE=C:\a");
    write(&mut bench, r"AT+FSWRITE=C:\a,0,3,1", b"abc");
    assert_eq!(storage.read(&["a".to_owned()], 1, 10).unwrap(), "bc");
    bench.fault(Fault::Restart { announced: false });
    bench.wait(SECOND, "");
    bench.dte("ATE0\r");
    bench.said();
    read(&mut bench, r"AT+FSREAD=C:\a,0,3,0", b"abc");
}
