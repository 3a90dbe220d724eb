//! HTTP, FTP and the file system.

use std::fs;
use std::io::Read;
use std::net::TcpListener;
use std::sync::Arc;

use sim800_emulator::Config;
use sim800_testbed::DirectoryStorage;
use sim800_testbed::server::Limits;
use sim800_testbed::server::ftp::FtpServer;
use sim800_testbed::server::http::HttpServer;
use sim800_testbed::server::tls::{ClientCertificate, TlsFront};

use crate::dte::Dte;

fn octets(count: usize) -> Vec<u8> {
    (0..=u8::MAX).cycle().take(count).collect()
}

#[test]
fn http_get_and_post() {
    let server = HttpServer::start(Limits::default()).unwrap();
    server.put("/a", "image/gif", octets(10_000));
    let mut dte = Dte::start();
    dte.open_bearer();
    dte.command("AT+HTTPINIT");
    dte.command("AT+HTTPPARA=\"CID\",1");
    dte.command(&format!("AT+HTTPPARA=\"URL\",\"{}\"", server.url("/a")));
    dte.command("AT+HTTPACTION=0");
    dte.hear("+HTTPACTION: 0,200,10000\r\n");
    dte.say(b"AT+HTTPREAD\r");
    assert_eq!(dte.payload("+HTTPREAD: "), octets(10_000));

    dte.command(&format!("AT+HTTPPARA=\"URL\",\"{}\"", server.url("/b")));
    dte.say(b"AT+HTTPDATA=1000,10000\r");
    dte.hear("DOWNLOAD\r\n");
    dte.say(&octets(1_000));
    dte.hear("OK\r\n");
    dte.command("AT+HTTPACTION=1");
    dte.hear("+HTTPACTION: 1,20");
    assert_eq!(server.body("/b").as_deref(), Some(&octets(1_000)[..]));
}

#[test]
fn ftp_get_and_put() {
    let server = FtpServer::start(&[("sim", "secret")], Limits::default()).unwrap();
    server.put_file("/a", &octets(100_000)).unwrap();
    let mut dte = Dte::start();
    dte.open_bearer();
    for (name, value) in [
        ("CID", "1".to_owned()),
        ("SERV", "\"127.0.0.1\"".to_owned()),
        ("PORT", server.address().port().to_string()),
        ("UN", "\"sim\"".to_owned()),
        ("PW", "\"secret\"".to_owned()),
        ("MODE", "1".to_owned()),
        ("GETPATH", "\"/\"".to_owned()),
        ("GETNAME", "\"a\"".to_owned()),
        ("PUTPATH", "\"/\"".to_owned()),
        ("PUTNAME", "\"b\"".to_owned()),
    ] {
        dte.command(&format!("AT+FTP{name}={value}"));
    }

    dte.command("AT+FTPGET=1");
    let mut received = Vec::new();
    while received.len() < 100_000 {
        dte.hear("+FTPGET: 1,1\r\n");
        loop {
            dte.say(b"AT+FTPGET=2,1460\r");
            let payload = dte.payload("+FTPGET: 2,");
            if payload.is_empty() || received.len() + payload.len() == 100_000 {
                received.extend(payload);
                break;
            }
            received.extend(payload);
        }
    }
    dte.hear("+FTPGET: 1,0\r\n");
    assert_eq!(received, octets(100_000));

    dte.command("AT+FTPPUT=1");
    for piece in octets(10_000).chunks(1_000) {
        dte.hear("+FTPPUT: 1,1,1360\r\n");
        dte.say(b"AT+FTPPUT=2,1000\r");
        dte.hear("+FTPPUT: 2,1000\r\n");
        dte.say(piece);
        dte.hear("OK\r\n");
    }
    dte.hear("+FTPPUT: 1,1,1360\r\n");
    dte.command("AT+FTPPUT=2,0");
    dte.hear("+FTPPUT: 1,0\r\n");
    assert_eq!(server.file("/b"), Some(octets(10_000)));
}

#[test]
fn sockets_go_with_the_module() {
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = server.local_addr().unwrap();
    let mut dte = Dte::start();
    dte.open_bearer();
    dte.command("AT+HTTPINIT");
    dte.command("AT+HTTPPARA=\"CID\",1");
    dte.command(&format!("AT+HTTPPARA=\"URL\",\"http://{address}/\""));
    dte.command("AT+HTTPACTION=0");
    dte.command("AT+FTPCID=1");
    dte.command("AT+FTPMODE=1");
    dte.command("AT+FTPSERV=\"127.0.0.1\"");
    dte.command(&format!("AT+FTPPORT={}", address.port()));
    dte.command("AT+FTPUN=\"sim\"");
    dte.command("AT+FTPPW=\"secret\"");
    dte.command("AT+FTPGETPATH=\"/\"");
    dte.command("AT+FTPGETNAME=\"a\"");
    dte.command("AT+FTPGET=1");
    let connections = [server.accept().unwrap().0, server.accept().unwrap().0];
    dte.module.stop().unwrap();
    for mut connection in connections {
        // What was said before, and then the end.
        connection.read_to_end(&mut Vec::new()).unwrap();
    }
}

#[test]
fn https_after_its_own_command_only() {
    let server = HttpServer::start(Limits::default()).unwrap();
    server.put("/a", "text/plain", octets(5_000));
    let front = TlsFront::start(server.address(), ClientCertificate::Unneeded).unwrap();
    let mut dte = Dte::start();
    dte.open_bearer();
    dte.command("AT+HTTPINIT");
    dte.command("AT+HTTPPARA=\"CID\",1");
    dte.command(&format!("AT+HTTPPARA=\"URL\",\"{}\"", front.url("/a")));
    dte.command("AT+HTTPSSL=1");
    dte.command("AT+HTTPACTION=0");
    dte.hear("+HTTPACTION: 0,200,5000\r\n");
    dte.say(b"AT+HTTPREAD\r");
    assert_eq!(dte.payload("+HTTPREAD: "), octets(5_000));
    dte.say(b"AT+HTTPHEAD\r");
    assert!(dte.payload("+HTTPHEAD: ").starts_with(b"HTTP/1.1 200 OK\r\n"));

    dte.command("AT+SSLOPT=0,0");
    dte.command("AT+HTTPACTION=0");
    dte.hear("+HTTPACTION: 0,605,0\r\n");
    // Without it, the module speaks HTTP to a server that expects TLS.
    dte.command("AT+HTTPSSL=0");
    dte.command("AT+HTTPACTION=0");
    dte.hear("+HTTPACTION: 0,60");
}

#[test]
fn files_in_a_directory() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("Outside.bin"), octets(3_000)).unwrap();
    fs::create_dir(directory.path().join("sub")).unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink("/etc/hostname", directory.path().join("link")).unwrap();
    let mut config = Config::default();
    config.storage = Arc::new(DirectoryStorage::open(directory.path(), 1 << 20).unwrap());
    let mut dte = Dte::start_with(config);

    dte.say(b"AT+FSLS=C:\\\r");
    assert_eq!(dte.hear("OK\r\n"), b"\r\nOutside.bin\r\nsub\\\r\n\r\n");
    dte.say(b"AT+FSREAD=C:\\OUTSIDE.BIN,1,100,50\r");
    assert_eq!(dte.hear("\r\nOK\r\n"), [b"\r\n", &octets(3_000)[50..150]].concat());
    for line in ["FSREAD=C:\\link,0,10,0", "FSCREATE=C:\\link", "FSCREATE=C:\\..\\x", "FSCREATE=C:\\a/b"] {
        dte.say(format!("AT+{line}\r").as_bytes());
        dte.hear("\r\nERROR\r\n");
    }
    dte.command("AT+FSCREATE=C:\\Sub\\new.txt");
    dte.say(b"AT+FSWRITE=C:\\sub\\NEW.TXT,1,5,10\r");
    dte.hear(">");
    dte.say(b"hello");
    dte.hear("OK\r\n");
    assert_eq!(fs::read(directory.path().join("sub/new.txt")).unwrap(), b"hello");
    dte.command("AT+FSRENAME=C:\\sub\\new.txt,C:\\moved.txt");
    assert_eq!(fs::read(directory.path().join("moved.txt")).unwrap(), b"hello");
    dte.command("AT+FSDEL=C:\\moved.txt");
    dte.command("AT+FSRMDIR=C:\\sub");
    assert!(!directory.path().join("sub").exists());
}

#[test]
fn ftp_by_way_of_the_module() {
    let server = FtpServer::start(&[("sim", "secret")], Limits::default()).unwrap();
    server.put_file("/a", &octets(150_000)).unwrap();
    let directory = tempfile::tempdir().unwrap();
    let mut config = Config::default();
    config.storage = Arc::new(DirectoryStorage::open(directory.path(), 1 << 20).unwrap());
    let mut dte = Dte::start_with(config);
    dte.open_bearer();
    for line in [
        "CID=1",
        "MODE=1",
        "SERV=\"127.0.0.1\"",
        &format!("PORT={}", server.address().port()),
        "UN=\"sim\"",
        "PW=\"secret\"",
        "GETPATH=\"/\"",
        "GETNAME=\"a\"",
        "PUTPATH=\"/\"",
        "PUTNAME=\"b\"",
    ] {
        dte.command(&format!("AT+FTP{line}"));
    }
    dte.command("AT+FTPGETTOFS=0,\"a.bin\"");
    dte.hear("+FTPGETTOFS: 0,150000\r\n");
    assert_eq!(fs::read(directory.path().join("User/FTP/a.bin")).unwrap(), octets(150_000));

    dte.command("AT+FTPPUTFRMFS=\"c:\\user\\ftp\\A.BIN\"");
    dte.hear("+FTPPUTFRMFS: 0,150000\r\n");
    assert_eq!(server.file("/b").as_deref(), Some(&octets(150_000)[..]));

    dte.command("AT+FTPEXTGET=1");
    dte.hear("+FTPEXTGET: 1,0\r\n");
    dte.say(b"AT+FTPEXTGET=3,100000,300000\r");
    assert_eq!(dte.payload("+FTPEXTGET: 3,"), &octets(150_000)[100_000..]);
    dte.command("AT+FTPEXTGET=2,\"again\"");
    dte.command("AT+FTPEXTGET=0");
    assert_eq!(fs::read(directory.path().join("User/FTP/again")).unwrap(), octets(150_000));

    dte.command("AT+FTPPUTNAME=\"c\"");
    dte.command("AT+FTPEXTPUT=1");
    dte.say(b"AT+FTPEXTPUT=2,0,20000,10000\r");
    dte.hear("+FTPEXTPUT: 0,20000\r\n");
    dte.say(&octets(20_000));
    dte.hear("OK\r\n");
    dte.command("AT+FTPPUT=1");
    dte.hear("+FTPPUT: 1,0\r\n");
    dte.command("AT+FTPEXTPUT=0");
    assert_eq!(server.file("/c").as_deref(), Some(&octets(20_000)[..]));

    dte.command("AT+FTPFILEPUT=1,\"C:\\User\\FTP\\again\"");
    dte.command("AT+FTPPUT=1");
    dte.hear("+FTPPUT: 1,0\r\n");
    dte.command("AT+FTPFILEPUT=0");
    assert_eq!(server.file("/c").as_deref(), Some(&octets(150_000)[..]));

    dte.command("AT+FTPGETPATH=\"/dir\"");
    dte.command("AT+FTPMKD");
    dte.hear("+FTPMKD: 1,0\r\n");
    dte.command("AT+FTPRMD");
    dte.hear("+FTPRMD: 1,0\r\n");
    dte.command("AT+FTPGETPATH=\"/\"");
    dte.command("AT+FTPPUTNAME=\"renamed\"");
    dte.command("AT+FTPRENAME");
    dte.hear("+FTPRENAME: 1,0\r\n");
    dte.command("AT+FTPGETNAME=\"renamed\"");
    dte.command("AT+FTPDELE");
    dte.hear("+FTPDELE: 1,0\r\n");
    assert_eq!(server.files(), ["/b", "/c"]);
}
