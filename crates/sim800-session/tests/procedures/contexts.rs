//! A context that goes amid all that sockets do: none is told an end that was not, and none waits for ever.

use std::time::Duration;

use futures::future::join3;
use futures::{AsyncReadExt, AsyncWriteExt};
use sim800_emulator::{Config as ModuleConfig, Damage, Fault};
use sim800_session::{Direction, Profile, Runtime as _, SocketError, Sockets};
use sim800_simulation::{Connection, Incident, Service, When};

use crate::lab::{Lab, hostile};

const HOST: &str = "tcp.example.com";
/// More than may be under way to a server.
const LENGTH: usize = 14_000;
/// How often, over all that crosses the line each way, the context goes.
const PLACES: u64 = 20;

/// What goes wrong once so many octets have crossed the line.
#[derive(Clone, Copy, Debug)]
struct Wrong {
    direction: Direction,
    octets: u64,
    /// So many of those that cross then are lost.
    lost: u64,
    /// How much later the context goes.
    later: Duration,
}

/// What came of three sockets at work at once, and what their servers saw.
struct Course {
    /// From a server that sends back what it gets, and from one that sends and closes.
    read: [Vec<u8>; 2],
    results: [Result<(), SocketError>; 3],
    connections: Vec<Connection>,
    crossed: [u64; 2],
    time: Duration,
}

/// Lets one socket send and read, one read, and one send more than may be under way.
fn course(content: &[u8], wrong: Option<Wrong>) -> Course {
    let mut lab = Lab::new(ModuleConfig::default());
    lab.network().set_latency(Duration::from_millis(300));
    let services = [Service::Echo, Service::Source(content.to_vec().into()), Service::Sink];
    for (port, service) in (7..).zip(services) {
        lab.network().listen(HOST, port, service);
    }
    let client = lab.client.clone();
    let (sockets, mut echo, mut source, mut sink) = lab.world.run(async move {
        client.start_up().await.expect("start-up");
        let sockets = Sockets::open(&client, &Profile::new("internet")).await.expect("a context");
        let [echo, source, sink] = [7, 8, 9].map(|port| sockets.connect(HOST, port));
        let (echo, source, sink) = (echo.await, source.await, sink.await);
        (sockets, echo.expect("one"), source.expect("another"), sink.expect("a third"))
    });
    let [received, sent] =
        [Direction::Received, Direction::Sent].map(|direction| lab.world.crossed(direction));
    let began = lab.world.clock().now();
    if let Some(Wrong { direction, octets, lost, later }) = wrong {
        let first = octets + if direction == Direction::Received { received } else { sent };
        let when = if later.is_zero() { When::Crossed(direction, first) } else { When::At(began + later) };
        lab.world.plan(when, Incident::Fault(Fault::ContextLost));
        for octet in first..first + lost {
            let lost = Incident::Damage(direction, Damage::Drop);
            lab.world.plan(When::Crossed(direction, octet), lost);
        }
    }
    let (mut back, mut read) = (Vec::new(), Vec::new());
    let results = lab.world.run(async {
        let echoing = async {
            for piece in content.chunks(2_000) {
                echo.write_all(piece).await?;
                echo.flush().await?;
                let end = back.len() + piece.len();
                while back.len() < end {
                    let mut octets = [0; 700];
                    let length = echo.read(&mut octets).await?;
                    assert!(length > 0, "the server has not closed it");
                    back.extend_from_slice(&octets[..length]);
                }
            }
            echo.close().await
        };
        let reading = async { source.read_to_end(&mut read).await.map(drop) };
        let sending = async {
            sink.write_all(content).await?;
            sink.close().await
        };
        join3(echoing, reading, sending).await
    });
    let inner = |result: std::io::Result<()>| {
        let inner = |error: std::io::Error| error.get_ref().and_then(|error| error.downcast_ref().cloned());
        result.map_err(|error| inner(error).expect("an error of sockets"))
    };
    let course = Course {
        read: [back, read],
        results: [inner(results.0), inner(results.1), inner(results.2)],
        connections: lab.network().connections(),
        crossed: [
            lab.world.crossed(Direction::Received) - received,
            lab.world.crossed(Direction::Sent) - sent,
        ],
        time: lab.world.clock().now() - began,
    };
    drop((echo, source, sink));
    lab.world.cancel_plans();
    lab.world.run(async move {
        let mut socket = sockets.connect(HOST, 7).await.expect("another connection");
        socket.write_all(b"hello").await.expect("written");
        let mut back = [0; 5];
        socket.read_exact(&mut back).await.expect("read");
        assert_eq!(&back, b"hello");
    });
    course
}

/// Holds against what the servers have what came of three sockets where so many octets were lost, and the context went. How often it was
/// the context that was told, and how often octets that nobody wrote.
fn sweep(lost: u64, later: Duration) -> (usize, usize) {
    let content = hostile(LENGTH);
    let sound = course(&content, None);
    assert_eq!(sound.read, [&content[..], &content]);
    assert_eq!(sound.results, [Ok(()), Ok(()), Ok(())]);
    let mut told = (0, 0);
    for (direction, crossed) in [Direction::Received, Direction::Sent].into_iter().zip(sound.crossed) {
        for place in 0..PLACES {
            let wrong = Wrong { direction, octets: crossed * place / PLACES, lost, later };
            let course = course(&content, Some(wrong));
            let place = format!("{wrong:?}: {:?}", course.results);
            for (read, result) in course.read.iter().zip(&course.results) {
                assert!(content.starts_with(read), "{place}");
                assert!(result.is_err() || read.len() == LENGTH, "{} octets are no end; {place}", read.len());
            }
            for connection in &course.connections {
                let result = &course.results[usize::from(connection.port - 7)];
                let received = &connection.received[..];
                let is_told = matches!(result, Err(SocketError::Spoilt(_)));
                assert!(content.starts_with(received) || is_told, "octets that nobody wrote; {place}");
                let is_whole = connection.port == 8 || (received == content && connection.is_closed);
                assert!(result.is_err() || is_whole, "{} octets arrived; {place}", received.len());
            }
            // As long as a piece may take to be accepted.
            assert!(course.time < sound.time + Duration::from_secs(25), "{:?}; {place}", course.time);
            for result in &course.results {
                told.0 += usize::from(matches!(result, Err(SocketError::ContextLost)));
                told.1 += usize::from(matches!(result, Err(SocketError::Spoilt(_))));
            }
        }
    }
    told
}

#[test]
fn a_context_that_goes_is_told_whatever_its_sockets_do() {
    let (told, spoilt) = sweep(0, Duration::ZERO);
    assert!(told > 80 && spoilt == 0, "{told}, {spoilt}");
    // The line that tells it may be lost.
    let (told, _) = sweep(17, Duration::ZERO);
    assert!(told > 40, "{told}");
}

/// Whoever wrote is told that the server may have octets which nobody wrote, and not of the context alone.
#[test]
fn a_context_that_goes_while_the_module_waits_for_octets_is_not_all_that_is_told() {
    // Before the module is fed, and just behind that.
    for later in [10_000, 21_500, 22_000].map(Duration::from_millis) {
        let (told, spoilt) = sweep(3, later);
        assert!(told > 5 && spoilt > 10, "{later:?}: {told}, {spoilt}");
    }
}
