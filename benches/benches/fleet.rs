//! How many modules does one core serve, each at the full rate of its line?
//!
//! One thread plays the modules: to every port it writes a burst of octets whenever a UART's FIFO would hand one over.
//! The other runs the sessions; its CPU time is what counts. This one takes real time, because what it costs is the
//! system's calls.
#![expect(clippy::print_stdout, reason = "its result is a table")]

#[expect(dead_code, reason = "only its clock is used")]
mod clock;

use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use futures::future::{join_all, select};
use futures::pin_mut;
use sim800_command::{FtpGetRead, Number};
use sim800_session::{Client, Config};
use tokio_util::compat::TokioAsyncReadCompatExt;

use clock::CpuTime;

const MODULES: usize = 64;
/// 115,200 baud.
const OCTETS_PER_SECOND: f64 = 11_520.0;
const PAYLOAD: usize = 1460;

fn main() {
    // As criterion's benches: without `--bench`, or with `--test`, it is only tried.
    let asked = |word: &str| std::env::args().any(|argument| argument == word);
    let smoke = asked("--test") || !asked("--bench");
    let (modules, time) =
        if smoke { (2, Duration::from_millis(300)) } else { (MODULES, Duration::from_secs(3)) };
    println!("{modules} modules at 115200 baud for {} s", time.as_secs_f32());
    for burst in [16, 64] {
        for (name, run) in [("smol", on_smol as fn(_, _) -> _), ("tokio", on_tokio)] {
            let fleet = Fleet::launch(modules, burst);
            let (octets, cpu) = run(fleet.ports, time);
            fleet.over.store(true, Ordering::Relaxed);
            fleet.thread.join().expect("the modules' thread");
            assert!(octets > 0, "no octet came");
            let seconds_of_line = octets as f64 / OCTETS_PER_SECOND;
            println!(
                "{name:<5} bursts of {burst}: {:>4.0} modules per core, {:.1} us per burst",
                seconds_of_line / cpu.as_secs_f64(),
                cpu.as_secs_f64() * 1e6 * burst as f64 / octets as f64,
            );
        }
    }
}

/// Reads blocks until the time is over; how many octets there were in them.
async fn download(client: Client, until: Instant) -> usize {
    let command = FtpGetRead { length: Number::new(PAYLOAD as u32).expect("a length") };
    let mut octets = 0;
    while Instant::now() < until {
        let reply = client.execute(&command).await.expect("a block");
        assert_eq!(reply.payload.len(), PAYLOAD);
        octets += PAYLOAD + 42;
    }
    octets
}

fn on_smol(ports: Vec<UnixStream>, time: Duration) -> (usize, Duration) {
    let began = CpuTime::now();
    let until = Instant::now() + time;
    let sessions = ports.into_iter().map(|port| async move {
        let port = smol::Async::new(port).expect("a port");
        let (client, driver) = sim800_smol::connect(port, Config::default());
        run(client, driver, until).await
    });
    let executor = smol::LocalExecutor::new();
    let tasks: Vec<_> = sessions.map(|session| executor.spawn(session)).collect();
    let octets = smol::block_on(executor.run(join_all(tasks)));
    (octets.iter().sum(), CpuTime::now() - began)
}

fn on_tokio(ports: Vec<UnixStream>, time: Duration) -> (usize, Duration) {
    let began = CpuTime::now();
    let until = Instant::now() + time;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let tasks = tokio::task::LocalSet::new();
    let octets = tasks.block_on(&runtime, async {
        let sessions = ports.into_iter().map(|port| {
            tokio::task::spawn_local(async move {
                let port = tokio::net::UnixStream::from_std(port).expect("a port").compat();
                let (client, driver) =
                    sim800_session::connect(port, sim800_tokio::runtime(), Config::default());
                run(client, driver, until).await
            })
        });
        join_all(sessions).await
    });
    let octets = octets.into_iter().map(|octets| octets.expect("a session"));
    (octets.sum(), CpuTime::now() - began)
}

/// Drives a session until its download is over.
async fn run<D: Future>(client: Client, driver: D, until: Instant) -> usize {
    let download = download(client, until);
    pin_mut!(driver, download);
    match select(download, driver).await {
        futures::future::Either::Left((octets, _)) => octets,
        futures::future::Either::Right(_) => panic!("the driver ended first"),
    }
}

/// Modules that know one command.
struct Fleet {
    ports: Vec<UnixStream>,
    thread: thread::JoinHandle<()>,
    over: Arc<AtomicBool>,
}

impl Fleet {
    fn launch(modules: usize, burst: usize) -> Self {
        let pairs = (0..modules).map(|_| UnixStream::pair().expect("a pair of sockets"));
        let (ports, lines): (Vec<_>, Vec<_>) = pairs.unzip();
        for socket in ports.iter().chain(&lines) {
            socket.set_nonblocking(true).expect("a socket that does not block");
        }
        let over = Arc::new(AtomicBool::new(false));
        let thread = thread::spawn({
            let over = Arc::clone(&over);
            move || play(lines, burst, &over)
        });
        Self { ports, thread, over }
    }
}

fn play(mut lines: Vec<UnixStream>, burst: usize, over: &AtomicBool) {
    let block =
        [format!("\r\n+FTPGET: 2,{PAYLOAD}\r\n").as_bytes(), &[b'x'; PAYLOAD], b"\r\nOK\r\n"].concat();
    let mut places: Vec<Option<usize>> = vec![None; lines.len()];
    let interval = Duration::from_secs_f64(burst as f64 / OCTETS_PER_SECOND);
    let mut next = Instant::now();
    while !over.load(Ordering::Relaxed) {
        for (line, place) in lines.iter_mut().zip(&mut places) {
            let Some(sent) = *place else {
                let mut command = [0; 64];
                match line.read(&mut command) {
                    Ok(read) if command[..read].ends_with(b"\r") => *place = Some(0),
                    Ok(_) => {}
                    Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock, "a line failed"),
                }
                continue;
            };
            let end = block.len().min(sent + burst);
            // A session that is over has closed its end.
            if line.write_all(&block[sent..end]).is_ok() {
                *place = (end < block.len()).then_some(end);
            }
        }
        next += interval;
        thread::sleep(next.saturating_duration_since(Instant::now()));
    }
}
