//! Finding out again whose lines arrive.
//!
//! After a command that got no result, the module may still answer it, send the rest of a payload, or take what is
//! sent to it for payload. So the next command waits until the line has been quiet for a while, then until an `AT`
//! gets its `OK` and nothing more comes after that `OK`. Between two tries, a module that may still count payload is
//! fed carriage returns: as payload they fill its count, as command lines they are empty.

use alloc::vec;
use core::fmt;
use core::time::Duration;

use bytes::Bytes;
use sim800_command::{At, CommandLine, Quiet, Verbose};
use sim800_parser::FinalResultCode;

use crate::config::{Config, Limits};

/// The most octets that a module is fed at once to end a data phase: more than any `AT+FTPPUT` round takes. Longer phases
/// have an input time of their own, set by the command (`AT+HTTPDATA`).
const FILL_AT_MOST: usize = 4096;

/// How long feeding them may take: a module that counts nothing is not kept from answering for longer. One that counts
/// takes the rest at a later try.
const FILL_TIME: Duration = Duration::from_secs(1);

/// Into which part of the usual silence behind an `OK` a line is trusted that nobody seems to use.
const HURRY: u32 = 3;

/// How many times as long a probe is waited for where lines come all the time: they may have gathered in front of its answer while a
/// payload was on its way. Another one in that time would get the answer to it.
const BACKLOG: u32 = 3;

/// How long a line of which nothing is known is listened to before the first try: as long as a module that is in the middle of a
/// payload leaves between two pieces, and as an operating system takes to hand one over. In octets and in time.
const LISTENED: (usize, Duration) = (32, Duration::from_millis(20));

/// Ends a prompt for text without sending it (manual 4.2.5, `AT+CMGS`).
const ESCAPE: u8 = 0x1B;

/// The state of a line that is not synchronized.
pub(crate) struct Resync {
    stage: Stage,
    /// When the last octet came, or what was sent to the module last.
    quiet_since: Duration,
    /// What that was before lines came that may be the module's of its own accord.
    before_chatter: Option<Duration>,
    /// When octets came last, and before that.
    heard: [Duration; 2],
    /// Since when a command waits, and until when it does.
    wanted: Option<(Duration, Duration)>,
    tries: u32,
    /// What comes may be the rest of a payload, so lines of it are nobody's.
    late_payload: bool,
    /// The line was not synchronized yet since it was opened.
    is_first: bool,
    /// How many octets the module may still take for payload.
    owed: usize,
    /// The module may wait at a prompt that can be cancelled.
    at_prompt: bool,
    /// Octets that the module was promised and that were not handed out yet.
    promised: Bytes,
    /// Until when the abandoned command may keep the module busy with payload.
    busy_until: Duration,
    /// A line that was silent ever since it was opened is in all likelihood in nobody's use: how much silence is enough before the first try.
    trusted: Option<Duration>,
    /// Nothing came since the probe that could be an answer to another command.
    is_clean: bool,
}

#[derive(Clone, Copy, Debug)]
enum Stage {
    /// Waiting for silence since then.
    Quiet { since: Duration },
    /// An `AT` is in flight, behind so many octets that the module was fed. It is waited for while other lines come, up to the latest.
    Probing { deadline: Duration, latest: Duration, fed: u32 },
    /// Its `OK` came; anything that follows means that the `OK` was not its.
    Settling { until: Duration, fed: u32 },
}

/// What else is known of the line.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Situation {
    /// Octets wait to be sent, so the line does not move.
    pub(crate) clogged: bool,
    /// A `>` is the last that came: the module takes what is sent for text.
    pub(crate) prompted: bool,
    /// The command that waits tells by its response whether the line is synchronized.
    pub(crate) proven: bool,
}

/// What is to be done about the line.
#[derive(Debug)]
pub(crate) enum Step {
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
    pub(crate) fn new(now: Duration) -> Self {
        Self {
            stage: Stage::Quiet { since: now },
            quiet_since: now,
            before_chatter: None,
            heard: [now; 2],
            wanted: None,
            tries: 0,
            late_payload: false,
            is_first: false,
            owed: 0,
            promised: Bytes::new(),
            at_prompt: false,
            busy_until: now,
            trusted: None,
            is_clean: true,
        }
    }

    /// Begins at `now` on a line that somebody else may have left in the middle of anything.
    pub(crate) fn on_unknown_line(now: Duration, config: &Config) -> Self {
        let (octets, time) = LISTENED;
        let trusted = Some(config.transfer_time(octets) + time);
        Self { late_payload: true, is_first: true, owed: FILL_AT_MOST, trusted, ..Self::new(now) }
    }

    /// The abandoned command had asked the module for payload.
    pub(crate) fn after_payload_from_module(mut self) -> Self {
        self.late_payload = true;
        self
    }

    /// The abandoned command had offered `owed` octets, of which `promised` were granted and not handed out. It may
    /// keep the module waiting for `patience`.
    pub(crate) fn after_payload_to_module(
        mut self,
        owed: usize,
        promised: Bytes,
        patience: Duration,
    ) -> Self {
        self.owed = owed;
        self.promised = promised;
        self.busy_until = self.busy_until.saturating_add(patience);
        self
    }

    /// The module may still take so many `octets` for payload, as far as is known otherwise.
    pub(crate) fn owing(mut self, octets: usize) -> Self {
        self.owed = self.owed.max(octets);
        self
    }

    /// How many octets the module may still take for payload.
    pub(crate) fn owed(&self) -> usize {
        self.owed
    }

    /// How many it may take still where the line is synchronized: one that waited for what it was fed answered behind that.
    pub(crate) fn unfed(&self) -> usize {
        match self.stage {
            Stage::Settling { fed, .. } => self.owed.saturating_sub(fed as usize),
            _ => self.owed,
        }
    }

    /// The abandoned command had a prompt for text, which ends where it is cancelled; what was promised is not sent.
    pub(crate) fn at_prompt(mut self) -> Self {
        self.at_prompt = true;
        self
    }

    /// Whether the line was not synchronized yet since it was opened.
    pub(crate) fn is_first(&self) -> bool {
        self.is_first
    }

    /// Whether lines that come now may be octets of a payload.
    pub(crate) fn is_late_payload(&self) -> bool {
        self.late_payload
    }

    /// Whether the octets that came last may be a payload's that was asked for: it would have starved in a longer pause
    /// before them.
    pub(crate) fn is_among_payload(&self, limits: &Limits) -> bool {
        let [last, before] = self.heard;
        self.late_payload && !self.is_first && last.saturating_sub(before) < limits.stall
    }

    /// The next piece of what the module was promised.
    pub(crate) fn poll_promised(&mut self, piece: usize) -> Option<Bytes> {
        if self.promised.is_empty() {
            return None;
        }
        Some(self.promised.split_to(piece.min(self.promised.len())))
    }

    /// A command waits for the line from `now` on.
    pub(crate) fn want(&mut self, now: Duration, limits: &Limits) {
        let until = now.max(self.busy_until).saturating_add(limits.resync);
        self.wanted.get_or_insert((now, until));
    }

    /// Octets came from the module.
    pub(crate) fn handle_octets(&mut self, now: Duration, limits: &Limits) {
        self.before_chatter.get_or_insert(self.quiet_since);
        self.quiet_since = now;
        self.heard = [now, self.heard[0]];
        match &mut self.stage {
            Stage::Quiet { .. } => self.trusted = None,
            // What comes may be in front of its answer.
            Stage::Probing { deadline, latest, .. } => {
                *deadline = now.saturating_add(limits.quiet).min(*latest).max(*deadline);
            }
            Stage::Settling { .. } => {}
        }
    }

    /// What the octets were that came: nothing but lines that the module sends of its own accord, so that the line is as
    /// quiet as it gets, or the beginning of one behind them.
    pub(crate) fn handle_events(&mut self, is_chatter: bool, is_whole: bool) {
        if is_chatter && !is_whole {
            return;
        }
        if let Some(before) = self.before_chatter.take().filter(|_| is_chatter) {
            self.quiet_since = before;
        }
    }

    /// A line came that no command claims, and that does not read like one of the module's own accord.
    pub(crate) fn handle_stray_line(&mut self, now: Duration) {
        self.is_clean = false;
        if let Stage::Settling { .. } = self.stage {
            self.stage = Stage::Quiet { since: now };
            self.trusted = None;
        }
    }

    /// The result of a probe came.
    pub(crate) fn handle_result(&mut self, now: Duration, code: FinalResultCode, limits: &Limits) {
        self.stage = match (code, self.stage) {
            // One that comes while the module is still fed is its result for that.
            (FinalResultCode::Ok, Stage::Probing { deadline, fed: fed @ 1.., .. }) => {
                let crossed = now.max(deadline.saturating_sub(limits.probe));
                Stage::Settling { until: crossed.saturating_add(self.quiet(limits)), fed }
            }
            (FinalResultCode::Ok, _) => {
                Stage::Settling { until: now.saturating_add(self.quiet(limits)), fed: 0 }
            }
            _ => Stage::Quiet { since: now },
        };
    }

    /// When [`handle_timeout`](Self::handle_timeout) has something to do. Nothing is sent while no command waits.
    pub(crate) fn poll_timeout(&self, limits: &Limits) -> Option<Duration> {
        let (_, until) = self.wanted?;
        match self.stage {
            Stage::Quiet { since } => Some(self.quiet_until(since, limits).min(until)),
            Stage::Probing { deadline, .. } => Some(deadline.min(until)),
            // It answered in time.
            Stage::Settling { until, .. } => Some(until),
        }
    }

    /// Does what is due at `now`.
    pub(crate) fn handle_timeout(&mut self, now: Duration, situation: Situation, config: &Config) -> Step {
        let limits = &config.limits;
        self.excuse(now, limits);
        let Some((_, until)) = self.wanted else { return Step::Wait };
        match self.stage {
            // A module that asks for octets had not heard the probe.
            Stage::Settling { until, .. } if now >= until && situation.prompted => {
                self.stage = Stage::Quiet { since: now };
                self.disturb(now);
                return Step::Wait;
            }
            Stage::Settling { until, .. }
                if now >= until
                    || (situation.proven
                        && self.is_clean
                        && now.saturating_add(self.quiet(limits)) >= until) =>
            {
                return Step::Done;
            }
            Stage::Settling { .. } => return Step::Wait,
            _ if now >= until => {
                self.stage = Stage::Quiet { since: now };
                // A probe that is in flight may still be answered.
                self.disturb(now);
                self.wanted = None;
                return Step::GiveUp;
            }
            Stage::Probing { deadline, .. } if now >= deadline => {
                self.stage = Stage::Quiet { since: now };
                self.disturb(now);
                return Step::Abandon;
            }
            Stage::Quiet { since } if now >= self.quiet_until(since, limits) => {}
            _ => return Step::Wait,
        }
        if situation.clogged || !self.promised.is_empty() {
            self.stage = Stage::Quiet { since: now };
            self.disturb(now);
            return Step::Wait;
        }
        let line = probe(self.tries);
        // Not at every try: a module that counts nothing any more may echo them, and a line of thousands is none.
        let in_time = usize::try_from(config.transferable(FILL_TIME)).unwrap_or(usize::MAX);
        let counted = if self.tries % 2 == 0 { 0 } else { self.owed.min(FILL_AT_MOST).min(in_time) };
        let mut fill = vec![b'\r'; counted];
        // A module at a prompt takes a carriage return for text, too. One that counts takes this for payload as well.
        if situation.prompted || self.at_prompt || counted > 0 {
            fill.insert(0, ESCAPE);
        }
        self.tries += 1;
        self.is_clean = true;
        let time = config.transfer_time(fill.len() + line.len());
        let deadline = now.saturating_add(limits.probe).saturating_add(time);
        self.stage = Stage::Probing {
            deadline,
            latest: deadline.saturating_add(limits.probe * BACKLOG),
            // FILL_AT_MOST at most.
            fed: u32::try_from(counted).unwrap_or(u32::MAX),
        };
        Step::Probe { fill: fill.into(), line }
    }

    /// While nobody looked at the time, the module was not asked: that does not count. Before a command waited, nobody had to.
    fn excuse(&mut self, now: Duration, limits: &Limits) {
        let due = self.poll_timeout(limits);
        if let (Some(due), Some((wanted, until))) = (due, &mut self.wanted) {
            if due < *until {
                *until = until.saturating_add(now.saturating_sub(due.max(*wanted)));
            }
        }
    }

    /// Whatever was said before, silence begins at `now`.
    fn disturb(&mut self, now: Duration) {
        self.quiet_since = now;
        self.before_chatter = None;
    }

    fn quiet(&self, limits: &Limits) -> Duration {
        if self.trusted.is_some() { limits.quiet / HURRY } else { limits.quiet }
    }

    /// Silence is waited for before each try, but for no more than a quarter of the time there is: a module that never
    /// stops talking may still answer.
    fn quiet_until(&self, since: Duration, limits: &Limits) -> Duration {
        // An answer to an earlier try may be on its way.
        let listened = self.trusted.filter(|_| self.tries == 0).unwrap_or(Duration::MAX);
        let enough = listened.min(self.quiet(limits));
        let quiet = self.quiet_since.saturating_add(enough);
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
