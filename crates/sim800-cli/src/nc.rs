//! `sim800 nc`: stdin and stdout as the ends of a socket.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;
use std::pin::pin;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures::future::{Either, pending, select};
use futures::io::{AsyncReadExt, AsyncWriteExt, ReadHalf, WriteHalf};
use futures::stream::{self, Stream, StreamExt};
use indicatif::ProgressBar;
use sim800_command::SOCKET_LIMIT;
use sim800_session::{Client, Socket};
use smol::Timer;
use smol::channel::{Receiver, Sender, bounded};

use crate::access::open_sockets;
use crate::args::{Nc, Options};
use crate::connect::with_module;
use crate::failure::Failure;
use crate::output::{Output, Report};
use crate::sink::Sink;
use crate::source::open_source;

/// A piece, in octets: what the module takes and gives at once.
const PIECE: usize = SOCKET_LIMIT as usize;

/// The kind of failure of a server that does not take what is sent.
const CLOSED: &str = "closed";

pub(crate) fn run(arguments: &Nc, options: &Options, output: Output) -> Result<Report, Failure> {
    if output.json {
        return Err(Failure::usage("what the server sends goes to stdout, where --json has no place"));
    }
    let (stdin, _) = open_source(Path::new("-"))?;
    let counts = Counts::default();
    let done = with_module(options, output, async |client| {
        connect(client, stdin, arguments, options, &counts).await
    });
    done.map_err(|failure| match (counts.sent.get(), counts.received.get()) {
        (0, 0) => failure,
        (sent, received) => failure.with_advice(format!("{sent} bytes were sent, {received} were received")),
    })
}

/// How many octets went each way.
#[derive(Default)]
struct Counts {
    /// Taken from stdin, and by the module.
    taken: Cell<u64>,
    sent: Cell<u64>,
    received: Cell<u64>,
}

async fn connect(
    client: &Client,
    stdin: File,
    Nc { host, port, udp, wait }: &Nc,
    options: &Options,
    counts: &Counts,
) -> Result<Report, Failure> {
    let sockets = open_sockets(client, options).await?;
    let socket = match udp {
        true => sockets.connect_udp(host, *port).await?,
        false => sockets.connect(host, *port).await?,
    };
    let output = Output::new(options);
    if options.verbose > 0 {
        output.remark(&format!("connected to {host}, port {port}"));
    }
    let start = Instant::now();
    let (mut from_server, mut to_server) = socket.split();
    let exchanged = exchange(stdin, (&mut from_server, &mut to_server), *wait, counts).await;
    let mut socket =
        from_server.reunite(to_server).map_err(|error| Failure::new("misuse", error.to_string()))?;
    let is_closed_there = exchanged?;
    if is_closed_there {
        socket.acknowledged().await?;
    }
    // Where the server has not closed it, this waits until it has all.
    socket.close().await.map_err(|error| Failure::socket(&error))?;
    let arrived = socket.progress().acknowledged;
    drop(socket);
    if options.close {
        sockets.close().await?;
    }
    let taken = counts.taken.get();
    if !udp && arrived < taken {
        let message = format!(
            "the server closed the connection; {arrived} of {taken} bytes that were to be sent had arrived"
        );
        return Err(Failure::new(CLOSED, message));
    }
    let remark = match options.verbose {
        0 => String::new(),
        _ => {
            let (received, seconds) = (counts.received.get(), start.elapsed().as_secs_f64());
            format!("{taken} bytes sent, {received} bytes received in {seconds:.1} s")
        }
    };
    Ok(Report { remark, ..Report::default() })
}

/// Passes octets on, both ways; whether the server closed the connection.
async fn exchange(
    stdin: File,
    (from_server, to_server): (&mut ReadHalf<Socket>, &mut WriteHalf<Socket>),
    wait: Option<Duration>,
    counts: &Counts,
) -> Result<bool, Failure> {
    let (ended, end) = bounded(1);
    let is_closed_there = Cell::new(false);
    let mut received = pin!(receive(from_server, Silence { end, wait }, counts, &is_closed_there));
    let sent = pin!(send(stdin, to_server, ended, counts));
    match select(received.as_mut(), sent).await {
        Either::Left((received, _)) => received?,
        Either::Right((Ok(()), received)) => received.await?,
        // What came before can be read still, and is the reason, perhaps.
        Either::Right((Err(failure), received)) if failure.kind() == CLOSED => {
            received.await?;
            return Err(failure);
        }
        Either::Right((Err(failure), _)) => return Err(failure),
    }
    Ok(is_closed_there.get())
}

/// How long the server may say nothing.
struct Silence {
    /// Closed when stdin has ended.
    end: Receiver<()>,
    wait: Option<Duration>,
}

impl Silence {
    /// Until it has lasted too long.
    async fn lasts(&self) {
        // Nothing is ever sent.
        let _ = self.end.recv().await;
        match self.wait {
            Some(wait) => {
                Timer::after(wait).await;
            }
            None => pending().await,
        }
    }
}

async fn send(
    mut stdin: File,
    to_server: &mut WriteHalf<Socket>,
    ended: Sender<()>,
    counts: &Counts,
) -> Result<(), Failure> {
    let mut buffer = vec![0; PIECE];
    loop {
        let count;
        // By a thread, one read for each piece: no more is taken from stdin than is sent, and a datagram is one again.
        (count, stdin, buffer) = smol::unblock(move || (stdin.read(&mut buffer), stdin, buffer)).await;
        let count = count.map_err(|error| Failure::file("read", Path::new("stdin"), &error))?;
        let octets = buffer.get(..count).unwrap_or_default();
        if octets.is_empty() {
            break;
        }
        counts.taken.set(counts.taken.get() + count as u64);
        let sent = async {
            to_server.write_all(octets).await?;
            to_server.flush().await
        };
        sent.await.map_err(|error| Failure::socket(&error))?;
        counts.sent.set(counts.sent.get() + count as u64);
    }
    drop(ended);
    Ok(())
}

async fn receive(
    from_server: &mut ReadHalf<Socket>,
    silence: Silence,
    counts: &Counts,
    is_closed_there: &Cell<bool>,
) -> Result<(), Failure> {
    let sink = Sink::stdout()?;
    let pieces = pieces(from_server, silence).map(|piece| {
        let piece = piece.map_err(|error| Failure::socket(&error))?;
        counts.received.set(counts.received.get() + piece.len() as u64);
        is_closed_there.set(piece.is_empty());
        Ok::<_, Failure>(piece)
    });
    sink.take(Box::pin(pieces), &ProgressBar::hidden()).await?;
    Ok(())
}

/// What the server sends, with an empty piece at its end where it closed the connection.
fn pieces(
    from_server: &mut ReadHalf<Socket>,
    silence: Silence,
) -> impl Stream<Item = io::Result<Bytes>> + '_ {
    let state = Some((from_server, silence, vec![0; PIECE]));
    stream::try_unfold(state, async |state| {
        let Some((from_server, silence, mut buffer)) = state else { return Ok(None) };
        let read = match select(from_server.read(&mut buffer), pin!(silence.lasts())).await {
            Either::Left((read, _)) => read?,
            Either::Right(_) => return Ok(None),
        };
        let piece = Bytes::copy_from_slice(buffer.get(..read).unwrap_or_default());
        let rest = (read > 0).then_some((from_server, silence, buffer));
        Ok(Some((piece, rest)))
    })
}
