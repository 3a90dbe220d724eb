//! What asks the program to end.

use std::fs;
use std::future::{Future, poll_fn};
use std::io;
use std::pin::pin;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;
use std::thread;
use std::time::Duration;

use async_signal::{Signal, Signals};
use futures::future::{Either, select};
use futures::stream::StreamExt;
use smol::Timer;
use smol::channel::{Receiver, Sender, unbounded};

use crate::failure::Failure;

/// How long the program may take to end once it was asked to: somewhat longer than it takes to end what was begun in the module.
/// After that it waits for somebody who reads no pipe.
const PATIENCE: Duration = Duration::from_secs(4);

/// The same when it is asked again.
const LITTLE_PATIENCE: Duration = Duration::from_secs(1);

const ALL: [Signal; 3] = [Signal::Int, Signal::Term, Signal::Hup];

/// Has a limit on the length of files (`ulimit -f`) be what a full disk is, an error of whoever writes, and not the end of the program.
pub(crate) fn outlive_limits() {
    static LIMITS: OnceLock<io::Result<Signals>> = OnceLock::new();
    // Where it cannot be had, the signal is what it was.
    LIMITS.get_or_init(|| Signals::new([Signal::Xfsz]));
}

/// Runs `future` to its end or to a signal that asks the program to end. Where there is another of these within `future`, the signal is
/// for that one, which may have something to put back.
pub(crate) async fn interruptible<F: Future>(future: F) -> Result<F::Output, Failure> {
    let signals = watched().map_err(|error| Failure::new("system", format!("no signals: {error}")))?;
    until_asked(future, signals, &NESTED).await
}

/// How many are within one another.
static NESTED: AtomicUsize = AtomicUsize::new(0);

async fn until_asked<F: Future>(
    future: F,
    signals: &Receiver<u8>,
    nested: &AtomicUsize,
) -> Result<F::Output, Failure> {
    let depth = Depth::enter(nested);
    let mut asked = pin!(signals.recv());
    // It comes whenever it likes, also once the inner one was polled and before this one is. The inner one is woken by it then.
    let asked = poll_fn(|cx| if depth.is_innermost() { asked.as_mut().poll(cx) } else { Poll::Pending });
    // What is moved into a future is in there twice, and the stack of a program has to bear all of them.
    match select(Box::pin(future), asked).await {
        Either::Left((output, _)) => Ok(output),
        Either::Right((Ok(signal), _)) => Err(Failure::interrupted(signal)),
        // Nobody can ask.
        Either::Right((Err(_), future)) => Ok(future.await),
    }
}

struct Depth<'a> {
    nested: &'a AtomicUsize,
    own: usize,
}

impl<'a> Depth<'a> {
    fn enter(nested: &'a AtomicUsize) -> Self {
        Self { nested, own: nested.fetch_add(1, Ordering::Relaxed) + 1 }
    }

    fn is_innermost(&self) -> bool {
        self.nested.load(Ordering::Relaxed) == self.own
    }
}

impl Drop for Depth<'_> {
    fn drop(&mut self) {
        self.nested.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Says that what a signal asked for is done, and that the program goes on all the same, as the shell does with its next command.
pub(crate) fn forgive() {
    if let Some(watched) = WATCHED.get() {
        while watched.signals.try_recv().is_ok() {}
        let _ = watched.forgiven.try_send(());
    }
}

static WATCHED: OnceLock<Watched> = OnceLock::new();

struct Watched {
    /// By their numbers.
    signals: Receiver<u8>,
    forgiven: Sender<()>,
}

/// The signals that come, from the first call on for good: a program that no longer looks for them would otherwise be deaf to them.
fn watched() -> io::Result<&'static Receiver<u8>> {
    if let Some(watched) = WATCHED.get() {
        return Ok(&watched.signals);
    }
    let ignored = ignored();
    let asked: Vec<Signal> = ALL.into_iter().filter(|signal| !is_in(ignored, *signal)).collect();
    let (sender, receiver) = unbounded();
    let (forgiven, forgiveness) = unbounded();
    if !asked.is_empty() {
        let signals = Signals::new(asked)?;
        thread::Builder::new()
            .name("signals".into())
            .spawn(move || smol::block_on(watch(signals, sender, forgiveness)))?;
    }
    Ok(&WATCHED.get_or_init(|| Watched { signals: receiver, forgiven }).signals)
}

/// Passes signals on, and ends the program when it does not do so itself.
async fn watch(mut signals: Signals, sender: Sender<u8>, forgiven: Receiver<()>) {
    while let Some(Ok(first)) = signals.next().await {
        let mut timer = Timer::after(PATIENCE);
        let mut last = first;
        loop {
            let _ = sender.try_send(number(last));
            let next = async { Some(signals.next().await?.ok()) };
            let calm = async { forgiven.recv().await.is_ok() };
            match select(pin!(next), select(pin!(calm), &mut timer)).await {
                Either::Left((Some(Some(signal)), _)) => {
                    last = signal;
                    timer = Timer::after(LITTLE_PATIENCE);
                }
                Either::Right((Either::Left((true, _)), _)) => break,
                _ => std::process::exit(128 + i32::from(number(first))),
            }
        }
    }
}

const fn number(signal: Signal) -> u8 {
    match signal {
        Signal::Hup => 1,
        Signal::Term => 15,
        _ => 2,
    }
}

/// The signals that were ignored when the program began, as a set of bits. They stay so: `nohup` and shells ask for that.
fn ignored() -> u64 {
    // Where the system tells it.
    fs::read_to_string("/proc/self/status").ok().and_then(|status| parse(&status)).unwrap_or_default()
}

fn parse(status: &str) -> Option<u64> {
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"))?;
    u64::from_str_radix(ignored.trim(), 16).ok()
}

const fn is_in(set: u64, signal: Signal) -> bool {
    set >> (number(signal) - 1) & 1 == 1
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use super::*;

    /// Whoever is asked first puts back what it began.
    #[test]
    fn the_innermost_is_asked_whenever_the_signal_comes() {
        let nested = AtomicUsize::new(0);
        let (sender, signals) = unbounded();
        let mut inner = Box::pin(until_asked(pending::<()>(), &signals, &nested));
        let mut is_sent = false;
        let with_signal = poll_fn(|cx| {
            let polled = inner.as_mut().poll(cx);
            if !std::mem::replace(&mut is_sent, true) {
                // Just when the inner one has looked.
                sender.try_send(2).unwrap();
            }
            polled
        });
        let inner =
            smol::block_on(until_asked(with_signal, &signals, &nested)).expect("the outer one is not asked");
        assert!(inner.is_err_and(|failure| failure.is_by_key()));
    }

    #[test]
    fn what_was_ignored_is_known() {
        let set = parse("Name:\tsim800\nSigBlk:\t0000000000000000\nSigIgn:\t0000000000001001\n").unwrap();
        assert!(is_in(set, Signal::Hup) && !is_in(set, Signal::Int) && !is_in(set, Signal::Term));
        let set = parse("SigIgn:\t0000000000004002\n").unwrap();
        assert!(!is_in(set, Signal::Hup) && is_in(set, Signal::Int) && is_in(set, Signal::Term));
        assert_eq!(parse("SigIgn:\t\n"), None);
    }
}
