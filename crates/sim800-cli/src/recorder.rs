//! Who is told what crosses a line that has no session on it: the file of `--trace`, and whoever is shown the line as it goes on.
//!
//! Each has a thread of its own, for the line waits for nobody who reads.

use std::io;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use sim800_session::{Direction, Masked, Trace};

use crate::failure::Failure;

/// As many octets wait for who is slow to take them: more than a minute of the fastest line.
const ROOM: usize = 8 << 20;

/// What a message takes beside its octets.
const MESSAGE: usize = 64;

/// As many messages are told before they are passed on, where more wait.
const AT_ONCE: usize = 64;

/// How long who is told may take at the end.
const AT_THE_END: Duration = Duration::from_secs(2);

/// Who is told, beside what a trace is.
pub(crate) trait Witness: Trace + 'static {
    /// There is something to say beside the line at `now`.
    fn remark(&mut self, now: Duration, text: &str);

    /// Passes on what was told; whether there is anybody left to tell.
    fn pause(&mut self) -> Result<ControlFlow<()>, Failure>;

    /// The line has ended: tells what is left.
    fn end(&mut self) -> Result<(), Failure>;
}

enum Message {
    Octets(Duration, Direction, Vec<u8>),
    Remark(Duration, String),
}

/// Tells all of them, with secrets masked or not.
pub(crate) struct Recorder {
    listeners: Listeners,
    masked: Option<Masked>,
}

impl Recorder {
    /// Who is told is added; secrets are masked unless they are to be shown.
    pub(crate) fn new(show_secrets: bool) -> Self {
        let listeners = Listeners::default();
        let masked = (!show_secrets).then(|| Masked::new(Box::new(listeners.clone())));
        Self { listeners, masked }
    }

    /// Tells `witness`, too.
    pub(crate) fn add(&mut self, witness: impl Witness) -> Result<(), Failure> {
        let listener = Listener::start(witness)
            .map_err(|error| Failure::new("system", format!("cannot start a thread: {error}")))?;
        self.listeners.lock().push(listener);
        Ok(())
    }

    /// Octets crossed at `now`. `shown`: the same with secrets masked as far as they were recognized before the line damaged them.
    pub(crate) fn octets(&mut self, now: Duration, direction: Direction, octets: &[u8], shown: &[u8]) {
        let Some(masked) = &mut self.masked else { return self.listeners.octets(now, direction, octets) };
        match direction {
            Direction::Received => masked.received(now, shown),
            Direction::Sent => {
                let pairs: Vec<_> = octets.iter().zip(shown).collect();
                for run in pairs.chunk_by(|(a, b), (c, d)| (a == b) == (c == d)) {
                    let octets: Vec<u8> = run.iter().map(|(octet, _)| **octet).collect();
                    let is_secret = run.iter().any(|(octet, shown)| octet != shown);
                    masked.sent(now, &octets, is_secret.then_some(0..octets.len()), false);
                }
            }
        }
    }

    /// There is something to say beside the line at `now`.
    pub(crate) fn remark(&mut self, now: Duration, text: &str) {
        self.listeners.lock().iter_mut().for_each(|listener| listener.remark(now, text));
    }

    /// Whether somebody who was told has gone.
    pub(crate) fn has_lost_one(&self) -> bool {
        self.listeners.lock().iter().any(|listener| listener.is_gone)
    }

    /// The line has ended.
    pub(crate) fn finish(self) -> Result<(), Failure> {
        // What is held back is shown.
        drop(self.masked);
        let listeners = std::mem::take(&mut *self.listeners.lock());
        listeners.into_iter().map(Listener::finish).fold(Ok(()), Result::and)
    }
}

#[derive(Clone, Default)]
struct Listeners(Arc<Mutex<Vec<Listener>>>);

impl Listeners {
    fn lock(&self) -> MutexGuard<'_, Vec<Listener>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Trace for Listeners {
    fn octets(&mut self, now: Duration, direction: Direction, octets: &[u8]) {
        self.lock().iter_mut().for_each(|listener| listener.octets(now, direction, octets));
    }
}

/// A witness with its thread.
struct Listener {
    messages: Sender<Message>,
    /// How much waits in there.
    waiting: Arc<AtomicUsize>,
    /// Octets that found no room since there was some last.
    missed: usize,
    is_gone: bool,
    ended: Receiver<Result<(), Failure>>,
}

impl Listener {
    fn start(mut witness: impl Witness) -> io::Result<Self> {
        let (messages, told) = channel();
        let (end, ended) = sync_channel(1);
        let waiting = Arc::new(AtomicUsize::new(0));
        let taken = waiting.clone();
        thread::Builder::new().name("recorder".into()).spawn(move || {
            let _ = end.send(listen(&mut witness, &told, &taken));
        })?;
        Ok(Self { messages, waiting, missed: 0, is_gone: false, ended })
    }

    fn octets(&mut self, now: Duration, direction: Direction, octets: &[u8]) {
        if self.waiting.load(Ordering::Relaxed) > ROOM {
            self.missed += octets.len();
            return;
        }
        let missed = std::mem::take(&mut self.missed);
        if missed > 0 {
            let text = format!("{missed} bytes crossed here that were not taken down in time");
            self.send(text.len(), Message::Remark(now, text));
        }
        self.send(octets.len(), Message::Octets(now, direction, octets.to_vec()));
    }

    fn remark(&mut self, now: Duration, text: &str) {
        if self.waiting.load(Ordering::Relaxed) <= ROOM {
            self.send(text.len(), Message::Remark(now, text.to_owned()));
        }
    }

    fn send(&mut self, size: usize, message: Message) {
        self.waiting.fetch_add(size + MESSAGE, Ordering::Relaxed);
        self.is_gone |= self.messages.send(message).is_err();
    }

    fn finish(self) -> Result<(), Failure> {
        drop(self.messages);
        self.ended.recv_timeout(AT_THE_END).unwrap_or_else(|_| {
            Err(Failure::new("file", "not all that crossed the line was taken down, for nobody reads it"))
        })
    }
}

/// Tells what comes until there is nobody who sends more, or nobody to tell.
fn listen(
    witness: &mut impl Witness,
    messages: &Receiver<Message>,
    waiting: &AtomicUsize,
) -> Result<(), Failure> {
    let mut count = 0_usize;
    loop {
        let message = match messages.try_recv() {
            Ok(message) if !count.is_multiple_of(AT_ONCE) => Some(message),
            Ok(message) => {
                if witness.pause()?.is_break() {
                    return Ok(());
                }
                Some(message)
            }
            Err(TryRecvError::Disconnected) => None,
            Err(TryRecvError::Empty) => {
                if witness.pause()?.is_break() {
                    return Ok(());
                }
                messages.recv().ok()
            }
        };
        let size = match message {
            Some(Message::Octets(now, direction, octets)) => {
                witness.octets(now, direction, &octets);
                octets.len()
            }
            Some(Message::Remark(now, text)) => {
                witness.remark(now, &text);
                text.len()
            }
            None => return witness.end(),
        };
        count += 1;
        waiting.fetch_sub(size + MESSAGE, Ordering::Relaxed);
    }
}
