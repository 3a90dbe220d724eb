//! Sockets beside one another, on the emulated module and with servers in memory, in virtual time.

use std::num::NonZeroU32;
use std::time::Duration;

use bytes::Bytes;
use futures::future::join_all;
use futures::{AsyncReadExt, AsyncWriteExt};
use sim800_emulator::{Config as Module, Damage, Fault, Line, Place};
use sim800_session::{Client, Config, Direction, Profile, Runtime, Sockets};
use sim800_simulation::{Incident, Service, When, World};

use crate::script::Script;

/// For all that is asked for, when nothing goes wrong: the module gives a server up that takes nothing after 645 s.
const USUAL: Duration = Duration::from_secs(1_500);
/// For all that follows one thing that goes wrong.
const EACH: Duration = Duration::from_secs(900);

const HOST: &str = "tcp.example.com";
/// The first of the ports that the sockets go to.
const PORT: u16 = 1_000;

/// Lines that anybody may cause, and that end nothing.
const LINES: [&str; 3] = ["RING", "+CREG: 1", "Call Ready"];

/// Whatever is read and written at once, and whatever goes wrong with it: all of it ends; what is read is the beginning of what the
/// server sent, and all of it where the stream says that it has ended; what a server has is the beginning of what was written, and all
/// of it where the socket was closed well; and a socket works afterwards.
///
/// Octets on their way to the module stay right, and those on their way to the program are lost, or doubled, but not both: what goes
/// beyond that may pass unseen, for the line has no checksum.
pub fn sockets(data: &[u8]) {
    let mut script = Script::new(data);
    let tasks: Vec<Task> =
        (0..=script.draw::<u8>() % 3).map(|number| Task::draw(number, &mut script)).collect();
    let rate = script.choose(&[0, 0, 9_600, 115_200]);
    let mut world =
        World::on_line(Module::default(), NonZeroU32::new(rate).map_or(Line::unpaced(), Line::paced));
    let mut config = Config::default();
    config.rate = NonZeroU32::new(rate).map_or(config.rate, NonZeroU32::get);
    let cut = script.draw::<u8>();
    if cut % 4 == 1 {
        world.cut_reads(&[usize::from(cut / 4) + 1, 1000]);
    }
    let network = world.network();
    network.set_latency(Duration::from_millis(script.choose(&[0, 0, 100, 3_000])));
    tasks.iter().for_each(|task| network.listen(HOST, task.port, task.service()));
    network.listen(HOST, PORT - 1, Service::Source(Bytes::from_static(AFTERWARDS)));
    let client = world.open(config);
    world.limit_time(USUAL);
    let sockets = world.run(open(&client)).expect("ready before anything goes wrong");

    let damage = script.choose(&[Damage::Drop, Damage::Duplicate]);
    let count = script.draw::<u8>() % 5;
    let now = world.clock().now();
    for _ in 0..count {
        let place = script.draw::<u8>();
        let span = u64::from(script.draw::<u16>());
        let when = match place % 3 {
            0 => When::At(now + Duration::from_millis(span)),
            _ => When::Crossed(Direction::Received, world.crossed(Direction::Received) + span),
        };
        world.plan(when, incident(&mut script, damage));
    }
    world.limit_time(USUAL + EACH * u32::from(count));
    let ended = world.run(join_all(tasks.iter().map(|task| task.perform(&sockets))));
    let connections = network.connections();
    for (task, end) in tasks.iter().zip(ended) {
        let there = connections.iter().filter(|connection| connection.port == task.port);
        task.judge(end, there.map(|connection| &connection.received));
    }
    world.cancel_plans();
    world.fault(Fault::Over);
    world.limit_time(USUAL);
    let read = world.run(async {
        if let Ok(octets) = fetch(&sockets).await {
            return Ok(octets);
        }
        // The module may have restarted in between.
        fetch(&open(&client).await?).await
    });
    assert_eq!(read.as_deref(), Ok(AFTERWARDS), "no socket afterwards");
}

const AFTERWARDS: &[u8] = b"afterwards\r\nOK\r\n";

fn incident(script: &mut Script<'_>, damage: Damage) -> Incident {
    match script.draw::<u8>() % 8 {
        0..=3 => Incident::Damage(Direction::Received, damage),
        4 => {
            let place = script.choose(&[Place::Now, Place::BeforeResponse, Place::BeforeResult]);
            Incident::Fault(Fault::Inject { place, text: script.choose(&LINES).to_owned() })
        }
        5 => Incident::Fault(Fault::Restart { announced: script.draw() }),
        6 => Incident::Fault(Fault::Hesitate { by: Duration::from_millis(script.draw::<u16>().into()) }),
        _ => Incident::Fault(Fault::Echo(true)),
    }
}

async fn open(client: &Client) -> Result<Sockets, String> {
    client.start_up().await.map_err(|error| error.to_string())?;
    Sockets::open(client, &Profile::new("internet")).await.map_err(|error| error.to_string())
}

async fn fetch(sockets: &Sockets) -> Result<Vec<u8>, String> {
    let mut socket = sockets.connect(HOST, PORT - 1).await.map_err(|error| error.to_string())?;
    let mut octets = Vec::new();
    socket.read_to_end(&mut octets).await.map_err(|error| error.to_string())?;
    Ok(octets)
}

/// A socket, and what is done with it.
struct Task {
    port: u16,
    /// What the server sends; it closes the connection then, unless something is written.
    sends: Bytes,
    /// What is written, in such pieces, and whether the socket is closed behind it.
    writes: Bytes,
    piece: usize,
}

/// What came of it.
#[derive(Default)]
struct End {
    read: Vec<u8>,
    /// The stream has ended as a stream does.
    has_ended: bool,
    /// What was written was taken, and the socket was closed behind it.
    is_closed: bool,
}

impl Task {
    fn draw(number: u8, script: &mut Script<'_>) -> Self {
        let content = |seed: u8, length: u16| -> Bytes {
            let pattern = (0..=u8::MAX).map(|octet| octet.wrapping_mul(3).wrapping_add(seed));
            let pattern = pattern.chain(*b"\r\nOK\r\n+CIPRXGET: 1,0\r\n0, CLOSED\r\n> ");
            pattern.cycle().take(usize::from(length % 8_192)).collect()
        };
        let (kind, length) = (script.draw::<u8>(), script.draw::<u16>());
        let piece = usize::from(script.draw::<u16>() % 3_000) + 1;
        let (sends, writes) = match kind % 3 {
            0 => (content(number, length), Bytes::new()),
            1 => (Bytes::new(), content(number, length)),
            _ => (content(number, length), content(number ^ 0x40, length)),
        };
        Self { port: PORT + u16::from(number), sends, writes, piece }
    }

    fn service(&self) -> Service {
        match (self.sends.is_empty(), self.writes.is_empty()) {
            (_, true) => Service::Source(self.sends.clone()),
            (true, false) => Service::Sink,
            (false, false) => Service::Both(self.sends.clone()),
        }
    }

    async fn perform(&self, sockets: &Sockets) -> End {
        let mut end = End::default();
        let Ok(socket) = sockets.connect(HOST, self.port).await else { return end };
        let (mut reader, mut writer) = socket.split();
        let write = async {
            for piece in self.writes.chunks(self.piece) {
                writer.write_all(piece).await?;
            }
            writer.flush().await
        };
        let read = async {
            let mut buffer = vec![0; self.piece];
            while self.writes.is_empty() || end.read.len() < self.sends.len() {
                match reader.read(&mut buffer).await {
                    Ok(0) => {
                        end.has_ended = true;
                        return;
                    }
                    Ok(count) => end.read.extend_from_slice(&buffer[..count]),
                    Err(_) => return,
                }
            }
        };
        let (written, ()) = futures::join!(write, read);
        if let (Ok(()), Ok(mut socket)) = (written, reader.reunite(writer)) {
            end.is_closed = !self.writes.is_empty() && socket.close().await.is_ok();
        }
        end
    }

    fn judge<'a>(&self, end: End, there: impl Iterator<Item = &'a Bytes>) {
        assert!(self.sends.starts_with(&end.read), "what was read is not what was sent");
        // A server that waits for the client does not close it.
        if end.has_ended && self.writes.is_empty() {
            assert!(end.read == self.sends, "an end after {} of {}", end.read.len(), self.sends.len());
        }
        let there: Vec<_> = there.collect();
        for received in &there {
            assert!(self.writes.starts_with(received), "the server has something that nobody wrote");
        }
        if end.is_closed {
            assert!(there.iter().any(|received| **received == self.writes), "closed, but not all is there");
        }
    }
}

/// Inputs to begin with: every kind by itself and beside another, in peace and with one thing that goes wrong.
pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let one = |kind: u8| [kind, 0x70, 0x17, 0x00, 0x04];
    let mut seeds = Vec::new();
    for kind in 0..3 {
        seeds.push([&[0][..], &one(kind), &[0; 4]].concat());
        seeds.push([&[1][..], &one(kind), &one((kind + 1) % 3), &[0; 4]].concat());
    }
    for what in 0..24 {
        let wrong = [0, 0, 0, what % 2, 1, 1, 0x40 * (what % 4), what, what / 3, 0, 0];
        seeds.push([&[0][..], &one(what % 3), &wrong].concat());
    }
    seeds
}
