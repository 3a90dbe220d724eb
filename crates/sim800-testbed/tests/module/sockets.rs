//! The module's sockets on real ones: TCP, TLS and UDP on loopback.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream, UdpSocket};
use std::thread;

use sim800_testbed::server::Limits;
use sim800_testbed::server::http::HttpServer;
use sim800_testbed::server::tls::{ClientCertificate, TlsFront};

use crate::dte::Dte;

fn octets(count: usize) -> Vec<u8> {
    (0..=u8::MAX).cycle().take(count).collect()
}

impl Dte {
    fn connect(&mut self, transport: &str, port: u16) {
        self.command(&format!("AT+CIPSTART=\"{transport}\",\"127.0.0.1\",{port}"));
        self.hear("CONNECT OK\r\n");
    }

    fn send(&mut self, octets: &[u8]) {
        for piece in octets.chunks(1460) {
            self.say(format!("AT+CIPSEND={}\r", piece.len()).as_bytes());
            self.hear("> ");
            self.say(piece);
            self.hear("SEND OK\r\n");
        }
    }
}

fn listen() -> (TcpListener, u16) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, port)
}

/// Repeats what the first client says, until that has no more to say.
fn repeat(listener: TcpListener) -> thread::JoinHandle<usize> {
    thread::spawn(move || {
        let (mut client, _) = listener.accept().unwrap();
        let mut total = 0;
        let mut buffer = [0; 4096];
        loop {
            match client.read(&mut buffer).unwrap() {
                0 => return total,
                count => {
                    total += count;
                    client.write_all(&buffer[..count]).unwrap();
                }
            }
        }
    })
}

#[test]
fn octets_go_there_and_come_back() {
    let (listener, port) = listen();
    let server = repeat(listener);
    let mut dte = Dte::start();
    dte.command("AT+CIPRXGET=1");
    dte.connect("TCP", port);
    let all = octets(5_000);
    dte.send(&all);
    let mut received = Vec::new();
    while received.len() < all.len() {
        dte.say(b"AT+CIPRXGET=2,1460\r");
        dte.hear("+CIPRXGET: 2,");
        let count = String::from_utf8(dte.hear(",")).unwrap().parse().unwrap();
        dte.hear("\r\n");
        received.extend(dte.take(count));
        dte.hear("OK\r\n");
    }
    assert!(received == all);
    dte.say(b"AT+CIPCLOSE\r");
    dte.hear("CLOSE OK\r\n");
    assert_eq!(server.join().unwrap(), 5_000);
}

#[test]
fn the_server_ends_it() {
    let (listener, port) = listen();
    let server = thread::spawn(move || listener.accept().unwrap().0.write_all(b"that is all").unwrap());
    let mut dte = Dte::start();
    dte.connect("TCP", port);
    dte.hear("that is all");
    dte.hear("\r\nCLOSED\r\n");
    server.join().unwrap();
    dte.say(b"AT+CIPSTATUS\r");
    dte.hear("OK\r\n\r\nSTATE: TCP CLOSED\r\n");
}

#[test]
fn nobody_is_there() {
    let (listener, port) = listen();
    drop(listener);
    let mut dte = Dte::start();
    dte.command(&format!("AT+CIPSTART=\"TCP\",\"127.0.0.1\",{port}"));
    dte.hear("STATE: TCP CLOSED\r\n\r\nCONNECT FAIL\r\n");
}

#[test]
fn a_server_that_sends_without_end_is_held_up() {
    let (listener, port) = listen();
    let server = thread::spawn(move || {
        let (mut client, _) = listener.accept().unwrap();
        client.set_nonblocking(true).unwrap();
        let mut total = 0;
        loop {
            match client.write(&[b'x'; 65_536]) {
                Ok(count) => total += count,
                Err(_) if total > 0 && is_stuck(&client) => return total,
                Err(_) => thread::yield_now(),
            }
            assert!(total < 64 << 20, "the module takes everything");
        }
    });
    let mut dte = Dte::start();
    dte.command("AT+CIPRXGET=1");
    dte.connect("TCP", port);
    dte.hear("+CIPRXGET: 1\r\n");
    server.join().unwrap();
    dte.say(b"AT+CIPRXGET=4\r");
    dte.hear("+CIPRXGET: 4,8192\r\n");
}

/// Whether the other side has taken nothing for a while.
fn is_stuck(client: &TcpStream) -> bool {
    client.set_nonblocking(false).unwrap();
    client.set_write_timeout(Some(std::time::Duration::from_millis(300))).unwrap();
    let stuck = (&*client).write(b"x").is_err();
    client.set_nonblocking(true).unwrap();
    stuck
}

#[test]
fn datagrams() {
    let server = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = server.local_addr().unwrap().port();
    let mut dte = Dte::start();
    dte.connect("UDP", port);
    dte.send(b"ping");
    let mut buffer = [0; 100];
    let (count, sender) = server.recv_from(&mut buffer).unwrap();
    assert_eq!(&buffer[..count], b"ping");
    server.send_to(b"pong", sender).unwrap();
    dte.hear("pong");
    dte.say(b"AT+CIPCLOSE\r");
    dte.hear("CLOSE OK\r\n");
}

#[test]
fn a_channel_of_tls() {
    let server = HttpServer::start(Limits::default()).unwrap();
    server.put("/a", "text/plain", b"hello".to_vec());
    let front = TlsFront::start(server.address(), ClientCertificate::Unneeded).unwrap();
    let mut dte = Dte::start();
    dte.command("AT+CIPSSL=1");
    dte.connect("TCP", front.address().port());
    dte.send(b"GET /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    dte.hear("200 OK\r\n");
    dte.hear("\r\n\r\nhello");
    dte.hear("CLOSED\r\n");
    // A server that speaks no TLS.
    let (listener, port) = listen();
    let plain = thread::spawn(move || listener.accept().unwrap().0.write_all(b"220 hello\r\n").unwrap());
    dte.command(&format!("AT+CIPSTART=\"TCP\",\"127.0.0.1\",{port}"));
    dte.hear("CLOSE OK\r\n");
    plain.join().unwrap();
}

#[test]
fn data_mode_carries_more_than_any_buffer_holds() {
    let (listener, port) = listen();
    let server = repeat(listener);
    let mut dte = Dte::start();
    dte.command("AT+CIPMODE=1");
    dte.command(&format!("AT+CIPSTART=\"TCP\",\"127.0.0.1\",{port}"));
    dte.hear("CONNECT\r\n");
    let all = octets(300_000);
    let mut back = Vec::new();
    for piece in all.chunks(4_000) {
        dte.say(piece);
        back.extend(dte.take(piece.len()));
    }
    assert!(back == all);
    drop(dte);
    assert_eq!(server.join().unwrap(), 300_000);
}

#[test]
fn names_are_looked_up() {
    let mut dte = Dte::start();
    dte.command("AT+CSTT;+CIICR");
    dte.say(b"AT+CIFSR\r");
    dte.hear("10.89.193.1\r\n");
    dte.command("AT+CDNSGIP=\"localhost\"");
    dte.hear("+CDNSGIP: 1,\"localhost\",\"127.0.0.1\"");
    dte.command("AT+CDNSGIP=\"no such name\"");
    dte.hear("+CDNSGIP: 0,8\r\n");
    dte.say(b"AT+CIPPING=\"127.0.0.1\",1\r");
    dte.hear("+CIPPING: 1,\"127.0.0.1\",1,64\r\n");
    dte.hear("OK\r\n");
}
