//! `sim800 nc`.

use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Child, Stdio};
use std::thread;

use rustix::process::Signal;
use sim800_emulator::Fault;

use crate::bench::{Bench, Finished, octets, signal};

/// A server on a port of its own.
struct Server(TcpListener);

impl Server {
    fn new() -> Self {
        Self(TcpListener::bind("127.0.0.1:0").unwrap())
    }

    fn port(&self) -> String {
        self.0.local_addr().unwrap().port().to_string()
    }

    /// The connection of `child`, which has to make one.
    fn accept(&self, child: &mut Child) -> TcpStream {
        self.0.set_nonblocking(true).unwrap();
        loop {
            match self.0.accept() {
                Ok((connection, _)) => {
                    connection.set_nonblocking(false).unwrap();
                    return connection;
                }
                Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
            }
            assert!(child.try_wait().unwrap().is_none(), "it does not connect");
            thread::yield_now();
        }
    }
}

/// The program, connected to `server`, with pipes at its ends.
fn connect(bench: &Bench, server: &Server, options: &[&str]) -> Child {
    let mut command = bench.command(&[&["nc", "127.0.0.1", &server.port()], options].concat());
    command.stdin(Stdio::piped()).spawn().unwrap()
}

fn finish(child: Child) -> Finished {
    Finished::new(child.wait_with_output().unwrap())
}

#[test]
fn bytes_pass_unchanged_both_ways() {
    let bench = Bench::new();
    let sent = octets(40_000);
    for runtime in ["smol", "tokio"] {
        let server = Server::new();
        let mut child = connect(&bench, &server, &["--runtime", runtime]);
        let mut stdin = child.stdin.take().unwrap();
        let connection = server.accept(&mut child);
        let (mut there, mut back) = (vec![0; sent.len()], vec![0; sent.len()]);
        thread::scope(|scope| {
            scope.spawn(|| {
                stdin.write_all(&sent).unwrap();
                // Its end closes nothing.
                drop(stdin);
            });
            scope.spawn(|| (&connection).read_exact(&mut there).unwrap());
            scope.spawn(|| (&connection).write_all(&sent).unwrap());
            child.stdout.as_mut().unwrap().read_exact(&mut back).unwrap();
        });
        assert!(there == sent && back == sent, "{runtime}");
        (&connection).write_all(b"last words").unwrap();
        drop(connection);
        let finished = finish(child);
        assert_eq!((finished.code, &finished.stdout[..]), (0, &b"last words"[..]), "{}", finished.stderr);
        assert_eq!(finished.stderr, "");
    }
}

#[test]
fn a_file_is_there_as_a_whole_when_nothing_is_waited_for() {
    let bench = Bench::new();
    let sent = octets(30_000);
    let server = Server::new();
    let mut child = connect(&bench, &server, &["--wait", "0", "-v"]);
    let mut stdin = child.stdin.take().unwrap();
    let mut connection = server.accept(&mut child);
    let mut there = Vec::new();
    thread::scope(|scope| {
        scope.spawn(|| {
            stdin.write_all(&sent).unwrap();
            drop(stdin);
        });
        connection.read_to_end(&mut there).unwrap();
    });
    let finished = finish(child);
    assert!(there == sent, "{}", there.len());
    assert_eq!(finished.code, 0, "{}", finished.stderr);
    assert!(finished.stderr.contains("30000 bytes sent, 0 bytes received in"), "{}", finished.stderr);
}

#[test]
fn a_server_that_is_not_there_is_told_of() {
    let bench = Bench::new();
    let server = Server::new();
    let port = server.port();
    drop(server);
    let refused = bench.run(&["nc", "127.0.0.1", &port]);
    assert_eq!(refused.code, 7);
    let said = format!("sim800: 127.0.0.1, port {port}, did not take the connection\n");
    assert_eq!(refused.stderr, said);
    let unknown = bench.run(&["nc", "nowhere.invalid", "80"]);
    assert_eq!(unknown.code, 7);
    assert!(unknown.stderr.contains("nowhere.invalid could not be found"), "{}", unknown.stderr);
    let json = bench.run(&["--json", "nc", "127.0.0.1", &port]);
    assert_eq!((json.code, json.error().0.as_str()), (2, "usage"));
    for mistake in [&["nc", "127.0.0.1"][..], &["nc", "127.0.0.1", "0"], &["nc", "127.0.0.1", "65536"]] {
        assert_eq!(bench.run(mistake).code, 2, "{mistake:?}");
    }
}

#[test]
fn an_interruption_closes_the_connection_and_tells_what_went() {
    let bench = Bench::new();
    let server = Server::new();
    let mut child = connect(&bench, &server, &[]);
    let mut connection = server.accept(&mut child);
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(b"hello").unwrap();
    connection.read_exact(&mut [0; 5]).unwrap();
    connection.write_all(b"hi").unwrap();
    child.stdout.as_mut().unwrap().read_exact(&mut [0; 2]).unwrap();
    signal(&child, Signal::INT);
    assert_eq!(connection.read(&mut [0; 1]).unwrap(), 0, "it is closed");
    let finished = finish(child);
    assert_eq!(finished.code, 130);
    assert_eq!(finished.stderr, "sim800: interrupted; 5 bytes were sent, 2 were received\n");
    drop(stdin);
}

#[test]
fn a_module_that_restarts_breaks_the_connection() {
    let bench = Bench::new();
    let server = Server::new();
    let mut child = connect(&bench, &server, &[]);
    let mut connection = server.accept(&mut child);
    let stdin = child.stdin.take();
    connection.write_all(b"hi").unwrap();
    child.stdout.as_mut().unwrap().read_exact(&mut [0; 2]).unwrap();
    bench.module.fault(Fault::Restart { announced: true });
    let finished = finish(child);
    assert_eq!(finished.code, 4, "{}", finished.stderr);
    assert!(finished.stderr.ends_with("; 0 bytes were sent, 2 were received\n"), "{}", finished.stderr);
    drop(stdin);
    bench.expect_usable();
}

/// As inetd, socat and proxy commands start a program.
#[test]
fn a_socket_may_be_both_ends() {
    let bench = Bench::new();
    let server = Server::new();
    let (mut here, there) = UnixStream::pair().unwrap();
    let mut command = bench.command(&["nc", "127.0.0.1", &server.port()]);
    command.stdin(OwnedFd::from(there.try_clone().unwrap())).stdout(OwnedFd::from(there));
    let mut child = command.spawn().unwrap();
    drop(command);
    let mut connection = server.accept(&mut child);
    here.write_all(b"there").unwrap();
    connection.read_exact(&mut [0; 5]).unwrap();
    connection.write_all(b"and back").unwrap();
    drop(connection);
    let mut came = String::new();
    here.read_to_string(&mut came).unwrap();
    assert_eq!(came, "and back");
    assert_eq!(finish(child).code, 0);
}

#[test]
fn its_lines_can_be_picked_out_of_a_trace() {
    let bench = Bench::new();
    let server = Server::new();
    let mut child = connect(&bench, &server, &["--wait", "0", "--trace", "line.jsonl"]);
    child.stdin.take().unwrap().write_all(b"hello").unwrap();
    let mut connection = server.accept(&mut child);
    connection.read_exact(&mut [0; 5]).unwrap();
    drop(connection);
    assert_eq!(finish(child).code, 0);
    let shown = bench.run(&["decode", "-q", "--only", "sockets", "line.jsonl"]).stdout;
    let shown = String::from_utf8(shown).unwrap();
    assert!(shown.contains("AT+CIPSTART=0,\"TCP\"") && shown.contains("AT+CIICR"), "{shown}");
    assert!(!shown.contains("AT+CFUN"), "{shown}");
}

#[test]
fn datagrams_go_there_and_come_back() {
    let bench = Bench::new();
    let server = UdpSocket::bind("127.0.0.1:0").unwrap();
    let port = server.local_addr().unwrap().port().to_string();
    let mut command = bench.command(&["nc", "-u", "127.0.0.1", &port]);
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut buffer = [0; 2000];
    for datagram in [octets(3), octets(1460)] {
        stdin.write_all(&datagram).unwrap();
        let (count, from) = server.recv_from(&mut buffer).unwrap();
        assert!(buffer[..count] == datagram);
        server.send_to(&datagram, from).unwrap();
        let mut back = vec![0; count];
        child.stdout.as_mut().unwrap().read_exact(&mut back).unwrap();
        assert!(back == datagram);
    }
    signal(&child, Signal::INT);
    assert_eq!(finish(child).code, 130);
}
