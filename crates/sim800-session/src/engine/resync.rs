//! Finding out again whose lines arrive.
//!
//! After a command that got no result, the module may still answer it, send the rest of a payload, or take what is
//! sent to it for payload. So the next command waits until the line has been quiet for a while, then until an `AT`
//! gets its `OK` and nothing more comes after that `OK`. Between two tries, a module that may still count payload is
//! fed carriage returns: as payload they fill its count, as command lines they are empty.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use sim800_command::{At, CommandLine, Quiet, Verbose};
use sim800_parser::FinalResultCode;

use crate::config::Limits;

/// The most octets that a module is fed to end a data phase: more than any `AT+FTPPUT` round takes. Longer phases
/// have an input time of their own, set by the command (`AT+HTTPDATA`).
const FILL_AT_MOST: usize = 4096;

/// The state of a line that is not synchronized.
pub(super) struct Resync {
    stage: Stage,
    /// When the last octet came, or what was sent to the module last.
    quiet_since: Duration,
    /// Since when a command waits, and until when it does.
    wanted: Option<(Duration, Duration)>,
    tries: u32,
    /// What comes may be the rest of a payload, so lines of it are nobody's.
    late_payload: bool,
    /// How many octets the module may still take for payload.
    owed: usize,
    /// Octets that the module was promised and that were not handed out yet.
    promised: Bytes,
    /// How long the abandoned command may keep the module busy with payload.
    patience: Duration,
    /// Into which part of the usual silence the line is trusted: a line that was silent ever since it was opened is in
    /// all likelihood in nobody's use.
    hurry: u32,
}

#[derive(Clone, Copy, Debug)]
enum Stage {
    /// Waiting for silence since then.
    Quiet { since: Duration },
    /// An `AT` is in flight.
    Probing { deadline: Duration },
    /// Its `OK` came; anything that follows means that the `OK` was not its.
    Settling { until: Duration },
}

/// What is to be done about the line.
#[derive(Debug)]
pub(super) enum Step {
    /// Nothing now.
    Wait,
    /// Send these octets, then this command line and expect `OK`.
    Probe { fill: Bytes, line: Bytes },
    /// The try is over; forget it.
    Abandon,
    /// The line is synchronized.
    Done,
    /// The module does not answer.
    GiveUp,
}

impl Resync {
    /// Begins at `now` with nothing known of the line.
    pub(super) fn new(now: Duration) -> Self {
        Self {
            stage: Stage::Quiet { since: now },
            quiet_since: now,
            wanted: None,
            tries: 0,
            late_payload: false,
            owed: 0,
            promised: Bytes::new(),
            patience: Duration::ZERO,
            hurry: 1,
        }
    }

    /// Begins at `now` on a line that somebody else may have left in the middle of anything.
    pub(super) fn on_unknown_line(now: Duration) -> Self {
        Self { late_payload: true, owed: FILL_AT_MOST, hurry: 3, ..Self::new(now) }
    }

    /// The abandoned command had asked the module for payload.
    pub(super) fn after_payload_from_module(mut self) -> Self {
        self.late_payload = true;
        self
    }

    /// The abandoned command had offered `owed` octets, of which `promised` were granted and not handed out. It may
    /// keep the module waiting for `patience`.
    pub(super) fn after_payload_to_module(
        mut self,
        owed: usize,
        promised: Bytes,
        patience: Duration,
    ) -> Self {
        self.owed = owed;
        self.promised = promised;
        self.patience = patience;
        self
    }

    /// Whether lines that come now may be octets of a payload.
    pub(super) fn is_late_payload(&self) -> bool {
        self.late_payload
    }

    /// The next piece of what the module was promised.
    pub(super) fn poll_promised(&mut self, piece: usize) -> Option<Bytes> {
        if self.promised.is_empty() {
            return None;
        }
        Some(self.promised.split_to(piece.min(self.promised.len())))
    }

    /// A command waits for the line from `now` on.
    pub(super) fn want(&mut self, now: Duration, limits: &Limits) {
        let until = now.saturating_add(limits.resync).saturating_add(self.patience);
        self.wanted.get_or_insert((now, until));
    }

    /// Octets came from the module.
    pub(super) fn handle_octets(&mut self, now: Duration) {
        self.quiet_since = now;
        if let Stage::Quiet { .. } = self.stage {
            self.hurry = 1;
        }
    }

    /// A line came that no command claims, and that does not read like one of the module's own accord.
    pub(super) fn handle_stray_line(&mut self, now: Duration) {
        if let Stage::Settling { .. } = self.stage {
            self.stage = Stage::Quiet { since: now };
            self.hurry = 1;
        }
    }

    /// The result of a probe came.
    pub(super) fn handle_result(&mut self, now: Duration, code: FinalResultCode, limits: &Limits) {
        self.stage = match code {
            FinalResultCode::Ok => Stage::Settling { until: now.saturating_add(self.quiet(limits)) },
            _ => Stage::Quiet { since: now },
        };
    }

    /// When [`handle_timeout`](Self::handle_timeout) has something to do. Nothing is sent while no command waits.
    pub(super) fn poll_timeout(&self, limits: &Limits) -> Option<Duration> {
        let (_, until) = self.wanted?;
        let stage = match self.stage {
            Stage::Quiet { since } => self.quiet_until(since, limits),
            Stage::Probing { deadline } => deadline,
            Stage::Settling { until } => until,
        };
        Some(stage.min(until))
    }

    /// Does what is due at `now`. `clogged` says that octets wait to be sent, so the line does not move.
    pub(super) fn handle_timeout(
        &mut self,
        now: Duration,
        clogged: bool,
        limits: &Limits,
        transfer: impl Fn(usize) -> Duration,
    ) -> Step {
        let Some((_, until)) = self.wanted else { return Step::Wait };
        match self.stage {
            Stage::Settling { until } if now >= until => return Step::Done,
            _ if now >= until => {
                self.stage = Stage::Quiet { since: now };
                // A probe that is in flight may still be answered.
                self.quiet_since = now;
                self.wanted = None;
                return Step::GiveUp;
            }
            Stage::Probing { deadline } if now >= deadline => {
                self.stage = Stage::Quiet { since: now };
                self.quiet_since = now;
                return Step::Abandon;
            }
            Stage::Quiet { since } if now >= self.quiet_until(since, limits) => {}
            _ => return Step::Wait,
        }
        if clogged || !self.promised.is_empty() {
            self.stage = Stage::Quiet { since: now };
            self.quiet_since = now;
            return Step::Wait;
        }
        let line = probe(self.tries);
        // Not at every try: a module that counts nothing any more may echo them, and a line of thousands is none.
        let fill = if self.tries % 2 == 0 { 0 } else { self.owed.min(FILL_AT_MOST) };
        self.tries += 1;
        let deadline = now.saturating_add(limits.probe).saturating_add(transfer(fill + line.len()));
        self.stage = Stage::Probing { deadline };
        Step::Probe { fill: vec![b'\r'; fill].into(), line }
    }

    fn quiet(&self, limits: &Limits) -> Duration {
        limits.quiet / self.hurry
    }

    /// Silence is waited for before each try, but for no more than a quarter of the time there is: a module that never
    /// stops talking may still answer.
    fn quiet_until(&self, since: Duration, limits: &Limits) -> Duration {
        let quiet = self.quiet_since.saturating_add(self.quiet(limits));
        match self.wanted {
            Some((wanted, until)) => {
                let patience = ((until - wanted) / 4).max(self.quiet(limits));
                quiet.min(since.max(wanted).saturating_add(patience))
            }
            None => quiet,
        }
    }
}

/// Without the octets.
impl fmt::Debug for Resync {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resync")
            .field("stage", &self.stage)
            .field("wanted", &self.wanted)
            .field("tries", &self.tries)
            .field("owed", &self.owed)
            .field("promised", &self.promised.len())
            .finish_non_exhaustive()
    }
}

/// `AT`, and at every third and fourth try what undoes `ATQ1` and `ATV0`: without result codes, or with numeric ones, a
/// module would never be heard to answer.
fn probe(tries: u32) -> Bytes {
    let line = match tries % 4 {
        2 => CommandLine::new(&Quiet { on: false }),
        3 => CommandLine::new(&Verbose { on: true }),
        _ => CommandLine::new(&At),
    };
    // None of them is too long.
    line.map(|line| Bytes::copy_from_slice(line.as_bytes())).unwrap_or_default()
}
