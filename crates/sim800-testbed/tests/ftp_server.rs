//! The embedded FTP server: driven by a client crate where it must please clients, and through plain sockets
//! where the order of replies and octets matters.

use std::io::{BufRead, BufReader, Cursor, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use sim800_testbed::server::Limits;
use sim800_testbed::server::ftp::{Fault, FtpServer};
use suppaftp::types::{FileType, FormatControl};
use suppaftp::{FtpError, FtpStream, Mode, Status};

/// Nothing on loopback takes this long.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long silence must last to be taken for a stall.
const STALL: Duration = Duration::from_millis(100);

/// Every octet value, and what looks like the module's own lines.
fn octets() -> Vec<u8> {
    let mut octets: Vec<u8> = (0..=255).cycle().take(100_000).collect();
    octets.extend_from_slice(b"\r\nOK\r\n\r\nERROR\r\n\r\n+FTPGET: 1,0\r\n>");
    octets
}

fn server() -> FtpServer {
    FtpServer::start(&[("sim", "secret"), ("anonymous", "sim@example.test")], Limits::default()).unwrap()
}

fn client(server: &FtpServer) -> FtpStream {
    let mut client = FtpStream::connect(server.address()).unwrap();
    client.login("sim", "secret").unwrap();
    client.transfer_type(FileType::Binary).unwrap();
    client
}

fn code<T: std::fmt::Debug>(result: Result<T, FtpError>) -> u32 {
    match result {
        Err(FtpError::UnexpectedResponse(response)) => response.status.code(),
        other => panic!("no refusal: {other:?}"),
    }
}

fn fetch(client: &mut FtpStream, path: &str) -> Vec<u8> {
    client.retr_as_buffer(path).unwrap().into_inner()
}

fn upload(client: &mut FtpStream, command: &str, octets: &[u8]) -> Option<String> {
    let (response, mut stream) = client.custom_data_command(command, &[Status::AboutToSend]).unwrap();
    stream.write_all(octets).unwrap();
    stream.finish().unwrap();
    String::from_utf8(response.body).ok()
}

/// A control connection without a client's ways.
struct Control(BufReader<TcpStream>);

impl Control {
    fn connect(server: &FtpServer) -> Self {
        let stream = TcpStream::connect(server.address()).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        Self(BufReader::new(stream))
    }

    fn login(server: &FtpServer) -> Self {
        let mut control = Self::connect(server);
        control.send("USER sim\r\nPASS secret\r\nTYPE I\r\n");
        assert_eq!(control.codes(4), [220, 331, 230, 200]);
        control
    }

    fn send(&mut self, lines: &str) {
        self.0.get_mut().write_all(lines.as_bytes()).unwrap();
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.0.read_line(&mut line).unwrap();
        line
    }

    fn code(&mut self) -> u32 {
        self.line()[..3].parse().unwrap()
    }

    fn codes(&mut self, count: usize) -> Vec<u32> {
        (0..count).map(|_| self.code()).collect()
    }

    fn ask(&mut self, line: &str) -> u32 {
        self.send(&format!("{line}\r\n"));
        self.code()
    }

    fn passive(&mut self) -> TcpStream {
        self.send("EPSV\r\n");
        let line = self.line();
        let port = line.split('|').nth(3).unwrap().parse().unwrap();
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    fn is_silent(&mut self) -> bool {
        self.0.get_ref().set_read_timeout(Some(STALL)).unwrap();
        let silent = matches!(self.0.fill_buf(), Err(error) if error.kind() == ErrorKind::WouldBlock);
        self.0.get_ref().set_read_timeout(Some(PATIENCE)).unwrap();
        silent
    }
}

fn read_all(mut stream: &TcpStream) -> (Vec<u8>, Option<ErrorKind>) {
    let mut octets = Vec::new();
    let error = stream.read_to_end(&mut octets).err().map(|error| error.kind());
    (octets, error)
}

#[test]
fn files_go_up_and_down_in_every_mode() {
    let server = server();
    for mode in [Mode::Passive, Mode::ExtendedPassive, Mode::Active] {
        let mut client = client(&server);
        client.set_mode(mode);
        for length in [0, 1, 1459, 1460, 1461, octets().len()] {
            let sent = &octets()[..length];
            client.put_file("up.bin", &mut Cursor::new(sent)).unwrap();
            assert_eq!(server.file("/up.bin").unwrap(), sent);
            assert_eq!(client.size("up.bin").unwrap(), length);
            assert_eq!(fetch(&mut client, "up.bin"), sent);
        }
        client.quit().unwrap();
    }
}

#[test]
fn uploads_append_go_on_and_find_a_name() {
    let server = server();
    let mut client = client(&server);
    server.put_file("/f", b"0123456789").unwrap();
    client.append_file("f", &mut Cursor::new(b"ab")).unwrap();
    client.append_file("g", &mut Cursor::new(b"new")).unwrap();
    assert_eq!(server.file("f").unwrap(), b"0123456789ab");
    assert_eq!(server.file("g").unwrap(), b"new");

    client.resume_transfer(4).unwrap();
    client.put_file("f", &mut Cursor::new(b"XY")).unwrap();
    assert_eq!(server.file("f").unwrap(), b"0123XY6789ab");
    client.put_file("f", &mut Cursor::new(b"short")).unwrap();
    assert_eq!(server.file("f").unwrap(), b"short", "REST is for one transfer");

    assert_eq!(upload(&mut client, "STOU f", b"one").unwrap().trim_end(), "150 FILE: f.1");
    assert_eq!(upload(&mut client, "STOU f", b"two").unwrap().trim_end(), "150 FILE: f.2");
    assert_eq!(upload(&mut client, "STOU", b"three").unwrap().trim_end(), "150 FILE: unique");
    assert_eq!(server.files(), ["/f", "/f.1", "/f.2", "/g", "/unique"]);
    assert_eq!(server.file("f.2").unwrap(), b"two");
}

#[test]
fn downloads_go_on_where_they_broke_off() {
    let server = server();
    server.put_file("/f", &octets()).unwrap();
    let mut client = client(&server);
    client.resume_transfer(99_000).unwrap();
    assert_eq!(fetch(&mut client, "f"), octets()[99_000..]);
    client.resume_transfer(octets().len()).unwrap();
    assert_eq!(fetch(&mut client, "f"), b"");
    assert_eq!(fetch(&mut client, "f"), octets(), "REST is for one transfer");

    let beyond = format!("REST {}", octets().len() + 1);
    let mut control = Control::login(&server);
    for command in ["RETR f", "STOR f"] {
        control.passive();
        assert_eq!((control.ask(&beyond), control.ask(command)), (350, 554));
    }
    assert_eq!(server.file("f").unwrap(), octets());
}

#[test]
fn ascii_is_converted() {
    let server = server();
    let mut control = Control::login(&server);
    assert_eq!(control.ask("TYPE A"), 200);
    let mut data = control.passive();
    control.send("STOR t\r\n");
    data.write_all(b"one\r\ntwo\r\nlone\rcr\r").unwrap();
    drop(data);
    assert_eq!(control.codes(2), [150, 226]);
    assert_eq!(server.file("t").unwrap(), b"one\ntwo\nlone\rcr\r");

    control.send("SIZE t\r\n");
    assert_eq!(control.line().trim_end(), "213 18");
    let data = control.passive();
    assert_eq!((control.ask("REST 3"), control.ask("RETR t")), (350, 150));
    assert_eq!(read_all(&data).0, b"\r\ntwo\r\nlone\rcr\r");
    assert_eq!(control.code(), 226);
    assert_eq!((control.ask("REST 3"), control.ask("STOR t")), (350, 501));
    assert_eq!(control.ask("TYPE E"), 504);

    let mut client = client(&server);
    client.transfer_type(FileType::Ascii(FormatControl::Default)).unwrap();
    client.put_file("u", &mut Cursor::new(b"a\nb\n")).unwrap();
    assert_eq!(server.file("u").unwrap(), b"a\nb\n");
}

#[test]
fn directories_are_walked_and_changed() {
    let server = server();
    server.put_file("/pub/deep/x.bin", b"12345").unwrap();
    server.put_file("/pub/y z.txt", b"").unwrap();
    let mut client = client(&server);
    client.cwd("pub").unwrap();
    assert_eq!(client.pwd().unwrap(), "/pub");
    assert_eq!(client.nlst(None).unwrap(), ["deep", "y z.txt"]);
    assert_eq!(client.nlst(Some("/pub/deep")).unwrap(), ["x.bin"]);
    let long = client.list(Some("-a deep")).unwrap();
    let listed: suppaftp::list::File = long[0].parse().unwrap();
    assert_eq!((listed.name(), listed.size(), listed.is_file()), ("x.bin", 5, true));
    assert!(client.list(None).unwrap()[0].parse::<suppaftp::list::File>().unwrap().is_directory());
    assert_eq!(code(client.list(Some("nothing"))), 550);

    client.mkdir("say \"hi\"").unwrap();
    assert_eq!(code(client.mkdir("deep")), 550);
    client.cwd("say \"hi\"").unwrap();
    client.cdup().unwrap();
    client.rmdir("say \"hi\"").unwrap();
    assert_eq!(code(client.rmdir("deep")), 550);
    assert_eq!(code(client.rmdir("nothing")), 550);

    client.rename("deep", "/flat").unwrap();
    assert_eq!(fetch(&mut client, "/flat/x.bin"), b"12345");
    client.rm("/flat/x.bin").unwrap();
    assert_eq!(code(client.rm("/flat/x.bin")), 550);
    assert_eq!(code(client.size("/flat/x.bin")), 550);
    assert_eq!(code(client.retr_as_stream("/flat/x.bin").map(drop)), 550);
    assert_eq!(code(client.cwd("../../nothing")), 550);

    // However far up, it is the root.
    client.cwd("../../../..").unwrap();
    client.put_file("../../etc", &mut Cursor::new(b"in")).unwrap();
    assert_eq!(server.files(), ["/etc", "/pub/y z.txt"]);
}

#[test]
fn only_users_get_in() {
    let server = server();
    for (user, password) in [("sim", "wrong"), ("nobody", "secret"), ("sim", "")] {
        assert_eq!(code(FtpStream::connect(server.address()).unwrap().login(user, password)), 530);
    }
    let mut client = FtpStream::connect(server.address()).unwrap();
    assert_eq!(code(client.pwd()), 530);
    client.login("anonymous", "sim@example.test").unwrap();
    let commands = server.commands();
    assert_eq!(commands[..2], ["USER sim", "PASS ****"]);
    assert_eq!(commands.last().unwrap(), "PASS ****");
    assert!(!format!("{server:?}").contains("secret"), "{server:?}");
}

#[test]
fn a_transfer_is_aborted_in_the_middle() {
    let server = server();
    // More than socket buffers hold, so that it cannot be over.
    server.put_file("/big", &vec![b'x'; 16 << 20]).unwrap();
    let mut client = client(&server);
    let mut stream = client.retr_as_stream("big").unwrap();
    stream.read_exact(&mut [0; 1000]).unwrap();
    client.abort(stream).unwrap();
    client.noop().unwrap();
    drop(client);

    // The data connection left open, urgent octets and TELNET commands in front, commands queued behind.
    let mut control = Control::login(&server);
    let data = control.passive();
    assert_eq!(control.ask("RETR big"), 150);
    control.0.get_mut().write_all(b"NOOP\r\n\xff\xf4\xff\xf2ABOR\r\nPWD\r\n").unwrap();
    assert_eq!(control.codes(4), [426, 226, 200, 257]);
    drop(data);
    assert_eq!(control.ask("ABOR"), 226);

    // The client goes first, then aborts.
    let data = control.passive();
    assert_eq!(control.ask("RETR big"), 150);
    drop(data);
    assert_eq!(control.code(), 426);
    assert_eq!(control.ask("ABOR"), 226);

    // Nobody comes to the data connection.
    assert_eq!((control.ask("EPSV"), control.ask("RETR big")), (229, 150));
    control.send("ABOR\r\n");
    assert_eq!(control.codes(2), [426, 226]);
    assert_eq!(control.ask("QUIT"), 221);
    assert_eq!(control.line(), "");
}

#[test]
fn uploads_are_seen_as_they_come() {
    let server = server();
    let mut control = Control::login(&server);
    let mut data = control.passive();
    assert_eq!(control.ask("STOR f"), 150);
    data.write_all(b"part").unwrap();
    // It is on its way over loopback; there is nothing to wait for but the octets themselves.
    while server.file("f").is_none_or(|octets| octets.len() < 4) {
        std::thread::yield_now();
    }
    control.send("ABOR\r\n");
    assert_eq!(control.codes(2), [426, 226]);
    assert_eq!(server.file("f").unwrap(), b"part");
}

#[test]
fn data_connections_lead_to_the_client_only() {
    let server = server();
    server.put_file("/f", b"octets").unwrap();
    let mut control = Control::login(&server);
    for refused in
        ["PORT 10,0,0,1,4,1", "PORT 127,0,0,2,4,1", "PORT 127,0,0,1,0,0", "PORT x", "EPRT |1|10.0.0.1|1025|"]
    {
        assert_eq!(control.ask(refused), 501, "{refused}");
    }
    assert_eq!(control.ask("EPRT |2|::1|1025|"), 522);
    assert_eq!(control.ask("RETR f"), 425);

    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    assert_eq!(control.ask(&format!("EPRT |1|127.0.0.1|{port}|")), 200);
    assert_eq!(control.ask("RETR f"), 150);
    assert_eq!(read_all(&listener.accept().unwrap().0).0, b"octets");
    assert_eq!(control.code(), 226);

    // Nobody listens there any more.
    drop(listener);
    assert_eq!(control.ask(&format!("PORT 127,0,0,1,{},{}", port >> 8, port & 0xff)), 200);
    control.send("RETR f\r\n");
    assert_eq!(control.codes(2), [150, 425]);
}

#[test]
fn commands_fail_as_told_once_each() {
    let server = server();
    server.put_file("/f", b"octets").unwrap();
    let answer = |verb, reply: &str| Fault::Answer { verb, reply: reply.to_owned() };
    server.inject(Fault::Greeting { reply: "421 too many users".to_owned() });
    server.inject(answer("PASS", "421 going down"));
    server.inject(answer("STOR", "553 not that name"));
    server.inject(answer("SIZE", "213 7"));
    server.inject(answer("RETR", "425 no data connection"));
    server.inject(Fault::Silence { verb: "NOOP" });
    assert_eq!(server.faults_waiting(), 6);

    assert_eq!(code(FtpStream::connect(server.address()).map(drop)), 421);
    let mut client = FtpStream::connect(server.address()).unwrap();
    assert_eq!(code(client.login("sim", "secret")), 421);

    let mut control = Control::login(&server);
    control.passive();
    assert_eq!(control.ask("STOR g"), 553);
    assert_eq!(server.file("g"), None);
    control.send("SIZE f\r\nSIZE f\r\n");
    assert_eq!((control.line().trim_end(), control.line().trim_end()), ("213 7", "213 6"));
    control.passive();
    assert_eq!(control.ask("RETR f"), 425);
    control.send("NOOP\r\n");
    assert!(control.is_silent());
    assert_eq!(control.ask("NOOP"), 200);
    assert_eq!(server.faults_waiting(), 0);
}

#[test]
fn transfers_fail_as_told() {
    let server = server();
    server.put_file("/f", &octets()).unwrap();
    let mut control = Control::login(&server);

    server.inject(Fault::DataReset { after: 1000 });
    let data = control.passive();
    assert_eq!(control.ask("RETR f"), 150);
    assert_eq!(read_all(&data), (octets()[..1000].to_vec(), Some(ErrorKind::ConnectionReset)));
    assert_eq!(control.code(), 426);

    server.inject(Fault::DataReset { after: 1000 });
    let mut data = control.passive();
    assert_eq!(control.ask("STOR g"), 150);
    data.write_all(&octets()[..1000]).unwrap();
    assert_eq!(read_all(&data).1, Some(ErrorKind::ConnectionReset));
    assert_eq!(control.code(), 426);
    assert_eq!(server.file("g").unwrap(), octets()[..1000]);

    server.inject(Fault::DataStall { after: 1000 });
    let data = control.passive();
    data.set_read_timeout(Some(STALL)).unwrap();
    assert_eq!(control.ask("RETR f"), 150);
    assert_eq!(read_all(&data), (octets()[..1000].to_vec(), Some(ErrorKind::WouldBlock)));
    assert!(control.is_silent());

    // A stalled session hinders nobody, and ends with the server.
    assert_eq!(fetch(&mut client(&server), "f"), octets());
    drop(server);
    data.set_read_timeout(Some(PATIENCE)).unwrap();
    read_all(&data);
    assert_eq!(control.line(), "");
}

#[test]
fn storage_and_lines_are_bounded() {
    let server =
        FtpServer::start(&[("sim", "secret")], Limits { stored: 4096, ..Limits::default() }).unwrap();
    let mut control = Control::login(&server);
    let mut data = control.passive();
    assert_eq!(control.ask("STOR f"), 150);
    data.write_all(&[0; 5000]).unwrap();
    assert_eq!(control.code(), 552);
    server.put_file("/f", &[0; 10]).unwrap();
    assert!(server.put_file("/f", &[0; 5000]).is_err());

    // It may cut us off before all of it is sent.
    let _ = control.0.get_mut().write_all(&[b'x'; 100_000]);
    assert_eq!(control.code(), 500);
}

#[test]
fn many_clients_come_and_go() {
    let server = server();
    server.put_file("/f", &octets()).unwrap();
    let clients: Vec<_> = (0..4)
        .map(|_| {
            let address: SocketAddr = server.address();
            std::thread::spawn(move || {
                for _ in 0..10 {
                    let mut client = FtpStream::connect(address).unwrap();
                    client.login("sim", "secret").unwrap();
                    client.transfer_type(FileType::Binary).unwrap();
                    assert_eq!(fetch(&mut client, "f"), octets());
                    client.quit().unwrap();
                }
            })
        })
        .collect();
    for client in clients {
        client.join().unwrap();
    }
    let address = server.address();
    drop(server);
    assert_eq!(TcpStream::connect(address).unwrap_err().kind(), ErrorKind::ConnectionRefused);
}
