//! Sockets against servers in memory: what each end saw is what the other sent.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::{AsyncReadExt, AsyncWriteExt};
use sim800_emulator::Config as ModuleConfig;
use sim800_emulator::{Damage, Fault, Registration};
use sim800_session::command::CipStatusOf;
use sim800_session::{Direction, ErrorKind, Profile, Socket, SocketError, Sockets};
use sim800_simulation::{Incident, Language, Mishap, Service, Speaker, When};

use crate::lab::{Lab, hostile};

const HOST: &str = "tcp.example.com";

impl Lab {
    /// Brought up, with the context of the sockets.
    fn sockets(service: Service) -> (Self, Sockets) {
        let mut lab = Self::new(ModuleConfig::default());
        lab.network().set_latency(Duration::from_millis(300));
        lab.network().listen(HOST, 7, service);
        let client = lab.client.clone();
        let sockets = lab.world.run(async move {
            client.start_up().await.expect("start-up");
            Sockets::open(&client, &Profile::new("internet")).await.expect("a context")
        });
        (lab, sockets)
    }

    fn connect(&mut self, sockets: &Sockets) -> Socket {
        let sockets = sockets.clone();
        self.world.run(async move { sockets.connect(HOST, 7).await.expect("a connection") })
    }

    /// A new connection to a server that sends back what it gets does its work.
    fn expect_echo(&mut self, sockets: &Sockets) {
        let mut socket = self.connect(sockets);
        self.world.run(async move {
            socket.write_all(b"hello").await.expect("written");
            let mut back = [0; 5];
            socket.read_exact(&mut back).await.expect("read");
            assert_eq!(&back, b"hello");
        });
    }

    /// What the server of the last connection got.
    fn received(&self) -> Bytes {
        self.network().connections().last().expect("a connection").received.clone()
    }
}

fn inner(error: &io::Error) -> &SocketError {
    error.get_ref().and_then(|error| error.downcast_ref()).expect("an error of sockets")
}

#[test]
fn what_is_sent_comes_back() {
    let (mut lab, sockets) = Lab::sockets(Service::Echo);
    let mut socket = lab.connect(&sockets);
    let octets = hostile(5_000);
    let sent = octets.clone();
    lab.world.run(async move {
        let mut back = vec![0; sent.len()];
        socket.write_all(&sent).await.expect("written");
        socket.read_exact(&mut back).await.expect("read");
        assert_eq!(back, sent);
        socket.flush().await.expect("taken");
        let progress = socket.acknowledged().await.expect("an answer");
        assert_eq!((progress.sent, progress.acknowledged), (5_000, 5_000));
        socket.close().await.expect("closed");
        // Nobody can tell that from the server's end otherwise.
        let error = socket.read(&mut back).await.expect_err("closed from here");
        assert_eq!(*inner(&error), SocketError::ClosedHere);
        assert_eq!(socket.write(b"x").await.expect_err("closed").kind(), io::ErrorKind::NotConnected);
        socket.close().await.expect("closed already");
    });
    assert_eq!(lab.received(), octets);
    assert!(lab.network().connections()[0].is_closed);
}

#[test]
fn a_server_that_closes_ends_the_stream_once_all_is_read() {
    let octets = hostile(20_000);
    let (mut lab, sockets) = Lab::sockets(Service::Source(octets.clone().into()));
    let mut socket = lab.connect(&sockets);
    // It has closed long before anybody reads.
    lab.world.run_for(Duration::from_secs(60));
    let read = lab.world.run(async move {
        let mut read = Vec::new();
        socket.read_to_end(&mut read).await.expect("all of it");
        assert_eq!(socket.read(&mut [0]).await.expect("the end for ever"), 0);
        let error = socket.write(b"x").await;
        let error = match error {
            Ok(_) => socket.flush().await.expect_err("nobody is there"),
            Err(error) => error,
        };
        assert!(matches!(inner(&error), SocketError::Closed { sent: 0, acknowledged: 0 }), "{error:?}");
        assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
        read
    });
    assert_eq!(read, octets);
}

/// A server that refuses an upload: it answers what comes first, closes, and reads no more.
#[derive(Debug)]
struct Refusing;

impl Language for Refusing {
    fn begin(&self) -> Box<dyn Speaker> {
        Box::new(Self)
    }
}

impl Speaker for Refusing {
    fn hear(&mut self, _: &[u8]) -> (Vec<u8>, bool) {
        (b"too large".to_vec(), true)
    }
}

#[test]
fn a_server_that_closes_while_something_is_sent_to_it_has_its_last_word() {
    for latency in 0..=100 {
        let (mut lab, sockets) = Lab::sockets(Service::Spoken(Arc::new(Refusing)));
        lab.network().set_latency(Duration::from_millis(latency));
        let socket = lab.connect(&sockets);
        let (error, read) = lab.world.run(async move {
            let (mut reader, mut writer) = socket.split();
            let error = writer.write_all(&hostile(20_000)).await.expect_err("nobody takes it");
            let mut read = Vec::new();
            reader.read_to_end(&mut read).await.expect("the end");
            (error, read)
        });
        assert!(matches!(inner(&error), SocketError::Closed { .. }), "{latency} ms: {error}");
        assert_eq!(read, b"too large", "{latency} ms");
    }
}

#[test]
fn a_reader_who_is_slow_makes_the_server_wait() {
    let octets = hostile(200_000);
    let (mut lab, sockets) = Lab::sockets(Service::Source(octets.clone().into()));
    let mut socket = lab.connect(&sockets);
    lab.world.run_for(Duration::from_secs(600));
    let sent = lab.network().connections()[0].sent;
    assert!(sent < 20_000, "the module holds {sent}");
    let read = lab.world.run(async move {
        let mut read = Vec::new();
        socket.read_to_end(&mut read).await.map(|_| read)
    });
    assert_eq!(read.expect("all of it"), octets);
}

#[test]
fn six_at_once_take_turns_and_a_seventh_is_told() {
    let (mut lab, sockets) = Lab::sockets(Service::Echo);
    let octets = hostile(4_000);
    let all: Vec<_> = (0..6).map(|_| lab.connect(&sockets)).collect();
    let seventh = sockets.clone();
    let error = lab.world.run(async move { seventh.connect(HOST, 7).await.expect_err("all are taken") });
    assert_eq!((&error, error.kind()), (&SocketError::AllInUse, ErrorKind::Busy));
    let sent = octets.clone();
    let work = all.into_iter().map(|socket| {
        let sent = sent.clone();
        async move {
            let (mut reader, mut writer) = socket.split();
            let mut back = vec![0; sent.len()];
            let writing = async {
                writer.write_all(&sent).await?;
                writer.flush().await
            };
            futures::try_join!(writing, reader.read_exact(&mut back)).expect("both ways");
            assert_eq!(back, sent);
        }
    });
    lab.world.run(futures::future::join_all(work.collect::<Vec<_>>()));
    // They are closed by the driver, and their numbers are free.
    lab.world.run_for(Duration::from_secs(5));
    assert!(lab.network().connections().iter().all(|connection| connection.is_closed));
    for _ in 0..8 {
        drop(lab.connect(&sockets));
        lab.world.run_for(Duration::from_secs(5));
    }
}

#[test]
fn who_is_not_there_is_told_by_name() {
    let (mut lab, sockets) = Lab::sockets(Service::Sink);
    lab.world.run(async move {
        let error = sockets.connect("nowhere.example.com", 7).await.expect_err("no such name");
        assert_eq!(error, SocketError::NotFound { host: "nowhere.example.com".into(), code: 8 });
        let error = sockets.connect(HOST, 8).await.expect_err("nobody listens");
        assert_eq!(error, SocketError::Refused { host: HOST.into(), port: 8 });
        assert_eq!(error.kind(), ErrorKind::Unreachable);
        let error = sockets.connect("a\"b", 7).await.expect_err("a quote");
        assert_eq!(error.kind(), ErrorKind::Invalid);
        assert_eq!(sockets.connect(HOST, 0).await.expect_err("no port").kind(), ErrorKind::Invalid);
        let found = sockets.resolve(HOST).await.expect("an address");
        let mut socket = sockets.connect(&found[0].to_string(), 7).await.expect("by its address");
        socket.write_all(b"hello").await.expect("written");
        socket.close().await.expect("closed");
    });
    assert_eq!(lab.received(), &b"hello"[..]);
}

#[test]
fn a_connection_that_breaks_ends_with_what_came_and_nothing_is_lost_silently() {
    let (mut lab, sockets) = Lab::sockets(Service::Sink);
    lab.network().cause(Mishap::SocketBreak { after: 4_000 });
    let mut socket = lab.connect(&sockets);
    let octets = hostile(50_000);
    let sent = octets.clone();
    let error = lab.world.run(async move {
        match socket.write_all(&sent).await {
            Ok(()) => socket.close().await.expect_err("it broke"),
            Err(error) => error,
        }
    });
    let SocketError::Closed { sent, acknowledged } = *inner(&error) else { panic!("{error:?}") };
    assert!(acknowledged <= 4_000 && sent >= acknowledged, "{error}");
    assert_eq!(lab.received(), &octets[..4_000]);
}

#[test]
fn a_context_that_goes_takes_all_sockets_and_comes_back() {
    let (mut lab, sockets) = Lab::sockets(Service::Echo);
    let mut socket = lab.connect(&sockets);
    lab.world.fault(Fault::Registration(Registration::NotRegistered));
    lab.world.fault(Fault::Registration(Registration::Home));
    let error = lab.world.run(async {
        socket.write_all(b"hello").await.ok();
        socket.read(&mut [0; 9]).await.expect_err("nothing is there")
    });
    assert_eq!(*inner(&error), SocketError::ContextLost);
    assert_eq!(
        lab.world.run(socket.read(&mut [0; 9])).expect_err("for ever").kind(),
        io::ErrorKind::ConnectionReset
    );
    lab.expect_echo(&sockets);
}

/// Which is not how the client ends a connection, so it must not be told that it did.
#[test]
fn a_context_that_goes_just_before_the_connection_is_closed_is_told() {
    let (mut lab, sockets) = Lab::sockets(Service::Sink);
    let mut socket = lab.connect(&sockets);
    lab.world.run(socket.write_all(b"hello")).expect("taken");
    lab.world.run_for(Duration::from_secs(5));
    let sent = lab.world.crossed(Direction::Sent);
    let close = ["AT+CIPACK=0\r", "AT+CIPCLOSE=0,1\r"].concat();
    for octets in 0..close.len() as u64 {
        let (mut lab, sockets) = Lab::sockets(Service::Sink);
        let mut socket = lab.connect(&sockets);
        lab.world.run(socket.write_all(b"hello")).expect("taken");
        lab.world.run_for(Duration::from_secs(5));
        let lost = Incident::Fault(Fault::Registration(Registration::NotRegistered));
        lab.world.plan(When::Crossed(Direction::Sent, sent + octets), lost);
        let error = lab.world.run(socket.close()).expect_err("nobody has closed it");
        assert_eq!(*inner(&error), SocketError::ContextLost, "octet {octets}");
        assert_eq!(lab.received(), &b"hello"[..]);
        assert!(!lab.network().connections()[0].is_closed, "octet {octets}");
    }
}

/// A module that waits for octets is brought back by octets. They are nobody's, so whoever wrote must know.
#[test]
fn octets_that_nobody_wrote_are_told_wherever_a_line_to_the_program_is_damaged() {
    let content = hostile(30);
    let send = |after: Option<(u64, Damage)>| {
        let (mut lab, sockets) = Lab::sockets(Service::Sink);
        let mut socket = lab.connect(&sockets);
        let begun = lab.world.crossed(Direction::Received);
        if let Some((after, damage)) = after {
            lab.world.fault(Fault::Damage { after, damage });
        }
        let octets = content.clone();
        let result = lab.world.run(async {
            socket.write_all(&octets[..20]).await?;
            socket.write_all(&octets[20..]).await?;
            socket.close().await
        });
        let crossed = lab.world.crossed(Direction::Received) - begun;
        let sent = socket.progress().sent as usize;
        (result, lab.network().connections()[0].clone(), sent, crossed)
    };
    let (result, _, _, octets) = send(None);
    result.expect("nothing is damaged");
    let mut spoilt = 0;
    for after in 0..octets {
        for damage in [Damage::Drop, Damage::Flip(32), Damage::Duplicate] {
            let (result, connection, sent, _) = send(Some((after, damage)));
            let place = format!("{damage:?} at octet {after} of {octets}: {result:?}");
            let received = &connection.received[..];
            match result.as_ref().map_err(inner) {
                Ok(()) => assert_eq!(received, content, "{place}"),
                Err(SocketError::Spoilt(_)) => {
                    assert_eq!(received[..sent], content[..sent], "{place}");
                    spoilt += usize::from(!content.starts_with(received));
                }
                Err(_) => assert!(content.starts_with(received), "{place}"),
            }
            assert!(connection.is_closed, "{place}");
        }
    }
    assert!(spoilt > 0, "octets that nobody wrote have arrived somewhere");
}

/// Octets of a socket are read once: what the line loses of them, or of what stands around them, is an error or makes no difference.
#[test]
fn what_is_read_is_what_was_sent_wherever_the_line_loses_or_doubles_octets() {
    let content = b"\r\nOK\r\n, a piece, and\r\n";
    let read = |damage: Option<(u64, u64, Damage)>| {
        let (mut lab, sockets) = Lab::sockets(Service::Source(Bytes::from_static(content)));
        let mut socket = lab.connect(&sockets);
        lab.world.run_for(Duration::from_secs(5));
        let begun = lab.world.crossed(Direction::Received);
        if let Some((after, count, damage)) = damage {
            for octet in begun + after..begun + after + count {
                let damage = Incident::Damage(Direction::Received, damage);
                lab.world.plan(When::Crossed(Direction::Received, octet), damage);
            }
        }
        let mut octets = Vec::new();
        let result = lab.world.run(socket.read_to_end(&mut octets));
        (result, octets, lab.world.crossed(Direction::Received) - begun)
    };
    let (result, octets, crossed) = read(None);
    assert_eq!((result.expect("nothing is damaged"), &octets[..]), (content.len(), &content[..]));
    let mut failed = [0, 0];
    for (kind, damage) in [Damage::Drop, Damage::Duplicate].into_iter().enumerate() {
        for (after, count) in (0..crossed).flat_map(|after| [1, 2, 6, 8].map(|count| (after, count))) {
            let (result, octets, _) = read(Some((after, count, damage)));
            let place = format!("{damage:?} of {count} octets from {after} on of {crossed}: {result:?}");
            assert!(content.starts_with(&octets), "{place}: {}", octets.escape_ascii());
            assert!(result.is_err() || octets == content, "{place}: {}", octets.escape_ascii());
            failed[kind] += usize::from(result.is_err());
        }
    }
    assert!(failed.iter().all(|count| *count > content.len()), "{failed:?}");
}

/// A question that the line damaged is refused, and the connection is there: it is closed all the same.
#[test]
fn a_close_that_is_refused_is_tried_again() {
    let close = "AT+CIPCLOSE=0,1\r";
    let begin = |damage: Option<(u64, Damage)>| {
        let (mut lab, sockets) = Lab::sockets(Service::Sink);
        let mut socket = lab.connect(&sockets);
        lab.world.run(socket.write_all(b"hello")).expect("taken");
        lab.world.run_for(Duration::from_secs(5));
        let (tell, told) = std::sync::mpsc::channel();
        lab.world.tap(move |crossing| {
            if crossing.direction == Direction::Sent {
                tell.send(crossing.left.to_vec()).expect("someone listens");
            }
        });
        let begun = lab.world.crossed(Direction::Sent);
        if let Some((octet, damage)) = damage {
            let damage = Incident::Damage(Direction::Sent, damage);
            lab.world.plan(When::Crossed(Direction::Sent, begun + octet), damage);
        }
        let result = lab.world.run(socket.close());
        let connection = lab.network().connections()[0].clone();
        drop((socket, sockets, lab));
        let sent = told.iter().flatten().collect::<Vec<u8>>();
        (result, connection, String::from_utf8(sent).expect("command lines"))
    };
    let (result, connection, sent) = begin(None);
    assert!(result.is_ok() && connection.is_closed);
    let place = sent.find(close).expect("it is closed") as u64;
    // In its name, and of the number.
    for (octet, damage) in [(5, Damage::Drop), (8, Damage::Flip(1)), (12, Damage::Flip(1))] {
        let (result, connection, sent) = begin(Some((place + octet, damage)));
        assert!(result.is_ok() && connection.is_closed, "octet {octet}: {result:?}");
        assert_eq!(sent.matches(close).count(), 2, "octet {octet}: {sent}");
        assert!(sent.contains("AT+CIPSTATUS=0\r"), "it is looked whether there is one: {sent}");
    }
}

#[test]
fn a_module_that_restarts_takes_all_sockets_and_is_made_ready_again() {
    for announced in [true, false] {
        let (mut lab, sockets) = Lab::sockets(Service::Echo);
        let mut socket = lab.connect(&sockets);
        lab.world.fault(Fault::Restart { announced });
        lab.world.run_for(Duration::from_secs(30));
        let error = lab.world.run(async { socket.read(&mut [0; 9]).await.expect_err("gone") });
        assert_eq!(error.kind(), io::ErrorKind::ConnectionReset, "{error:?}");
        let is_restart = inner(&error).kind() == ErrorKind::Restarted;
        assert!(is_restart || !announced, "what took the context, rather than that it is gone: {error:?}");
        drop(socket);
        lab.expect_echo(&sockets);
    }
}

#[test]
fn datagrams_go_both_ways() {
    let (mut lab, sockets) = Lab::sockets(Service::Echo);
    lab.world.run(async move {
        let mut socket = sockets.connect_udp(HOST, 7).await.expect("a socket");
        for text in [&b"one"[..], b"two"] {
            assert_eq!(socket.write(text).await.expect("sent"), 3);
            let mut back = [0; 9];
            let read = socket.read(&mut back).await.expect("an answer");
            assert_eq!(&back[..read], text);
        }
        socket.close().await.expect("closed");
    });
    assert_eq!(lab.received(), &b"onetwo"[..]);
}

#[test]
fn what_is_dropped_is_closed_and_nothing_else_is_touched() {
    let (mut lab, sockets) = Lab::sockets(Service::Both(hostile(3_000).into()));
    let kept = lab.connect(&sockets);
    let dropped = lab.connect(&sockets);
    drop(dropped);
    lab.world.run_for(Duration::from_secs(20));
    let closed: Vec<_> = lab.network().connections().iter().map(|connection| connection.is_closed).collect();
    assert_eq!(closed, [false, true]);
    let error = lab.world.run(sockets.clone().close()).expect_err("one is used");
    assert_eq!(error, SocketError::InUse);
    drop(kept);
    lab.world.run_for(Duration::from_secs(20));
    let client = sockets.client().clone();
    lab.world.run(sockets.close()).expect("closed");
    let connection = sim800_session::command::Connection::MIN;
    let error = lab.world.run(async move { client.execute(&CipStatusOf { connection }).await });
    assert!(error.is_ok(), "the module answers");
}

#[test]
fn the_network_that_lets_nobody_in_is_told() {
    let mut module = ModuleConfig::default();
    module.apn = Some("other".into());
    let mut lab = Lab::new(module);
    let client = lab.client.clone();
    let error = lab.world.run(async move {
        client.start_up().await.expect("start-up");
        Sockets::open(&client, &Profile::new("internet")).await.expect_err("not admitted")
    });
    assert!(
        matches!(error, SocketError::NotAdmitted(_)) && error.kind() == ErrorKind::BearerRefused,
        "{error:?}"
    );
}
