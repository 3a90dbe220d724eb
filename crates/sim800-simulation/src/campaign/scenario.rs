//! What is tried: a task, a module, a line, and what goes wrong, all drawn from one number.

use std::num::NonZeroU32;
use std::ops::Range;
use std::time::Duration;

use bytes::Bytes;
use fastrand::Rng;
use sim800_emulator::{Config as ModuleConfig, Line, MemoryStorage, Messages, Storage};
use sim800_session::{Config, Direction};

use super::content::{Content, below_by_magnitude};
use super::fault::{Planned, What};
use super::kind::Task;
use super::servers;
use super::variant::{LeftOver, Variant};
use crate::{Manner, When};

/// How the program stops before the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Leave {
    /// It drops the future after so many polls.
    Polls(usize),
    /// It drops the future after so long, which may be while a command is in flight.
    After(Duration),
    /// It reads so many octets and drops the reader.
    Octets(usize),
}

impl Leave {
    /// What it is called in the list of what was tried.
    #[must_use]
    pub fn kind(self) -> &'static str {
        match self {
            Self::Polls(_) | Self::After(_) => "future dropped",
            Self::Octets(_) => "reader abandoned",
        }
    }
}

/// What the session is configured with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Settings {
    /// `Config::window`
    pub window: Option<u32>,
    /// `Config::http_range`
    pub http_range: u32,
}

impl Default for Settings {
    fn default() -> Self {
        let Config { window, http_range, .. } = Config::default();
        Self { window, http_range }
    }
}

/// One run of the simulation.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Scenario {
    /// What it was drawn from.
    pub seed: u64,
    /// What is being done.
    pub task: Task,
    /// What is done meanwhile, over the same bearer.
    pub beside: Vec<Task>,
    /// What the content is like.
    pub content: Content,
    /// Its octets.
    pub length: usize,
    /// First and last octet of what is asked for of it, where a part is.
    pub range: (u64, Option<u64>),
    /// Whether an old file of the same size is where an upload goes.
    pub old_file: bool,
    /// The line's rate; `None` takes no time.
    pub rate: Option<NonZeroU32>,
    /// The sizes of reads; all that there is if empty.
    pub cuts: Vec<usize>,
    /// How long the network takes.
    pub latency: Duration,
    /// In what the servers differ.
    pub manners: Vec<Manner>,
    /// What the session is configured with.
    pub settings: Settings,
    /// In what the module differs.
    pub variants: Vec<Variant>,
    /// What an earlier program left.
    pub left_over: Option<LeftOver>,
    /// Whether the program stops before the end.
    pub leave: Option<Leave>,
    /// What goes wrong.
    pub faults: Vec<Planned>,
}

/// Of so many scenarios one is of sockets.
const SOCKETS: u64 = 16;

impl Scenario {
    /// Draws a scenario.
    #[must_use]
    pub fn draw(seed: u64) -> Self {
        let rng = &mut Rng::with_seed(seed);
        let task =
            if rng.u8(..20) == 0 { Task::Engine } else { rng.choice(Task::DRAWN).unwrap_or(Task::HttpGet) };
        // By its number, so that what the others are does not depend on it.
        let task = if seed % SOCKETS == SOCKETS - 1 { Task::Sockets } else { task };
        let content = rng.choice([
            Content::Letters,
            Content::Traps,
            Content::Traps,
            Content::Random,
            Content::LineEnds,
        ]);
        let mut length = length(rng, task);
        let manners = servers::draw(rng, task, &mut length);
        let octets = if task.is_short() { 0 } else { length };
        let rates = [9_600, 57_600, 115_200, 460_800].map(NonZeroU32::new);
        // A long content on a slow line says nothing that a short one does not, nor do the thousands of octets that an engine
        // ends a data phase with.
        let seldom = if task == Task::Engine { 16 } else { 4 };
        let mut rate =
            if octets < 20_000 && rng.u8(..seldom) == 0 { rng.choice(rates).flatten() } else { None };
        let cuts = match rng.u8(..4) {
            0 if octets < 20_000 => (0..rng.usize(1..4)).map(|_| rng.usize(1..40)).collect(),
            1 => (0..rng.usize(1..4)).map(|_| rng.usize(40..2_000)).collect(),
            _ => Vec::new(),
        };
        let latency = match rng.u8(..3) {
            0 => Duration::ZERO,
            1 => Duration::from_millis(rng.u64(1..1_000)),
            _ => Duration::from_millis(rng.u64(1_000..20_000)),
        };
        let mut settings = Settings::default();
        if rng.bool() {
            settings.window = Some(rng.u32(64.max(octets as u32 / 64)..40_000));
            settings.http_range = rng.u32(40_000..=319_488);
        }
        let mut variants = match rng.u8(..4) {
            0 => (0..rng.usize(1..4)).map(|_| Variant::draw(rng, task, length)).collect(),
            _ => Vec::new(),
        };
        let left_over = match rng.u8(..10) {
            0 if task != Task::StartUp => rng.choice([LeftOver::Bearer, LeftOver::Http, LeftOver::Ftp]),
            _ => None,
        };
        let leave = match rng.u8(..12) {
            0 => Some(Leave::Polls(below_by_magnitude(rng, 600) as usize)),
            1 => Some(Leave::Octets(below_by_magnitude(rng, length as u64 + 2) as usize)),
            2 => Some(Leave::After(Duration::from_micros(below_by_magnitude(rng, 60_000_000)))),
            _ => None,
        };
        let count = match rng.u8(..10) {
            0 => 0,
            1..=5 => 1,
            6..=7 => 2,
            8 => 3,
            _ => rng.usize(4..8),
        };
        let mut faults = Vec::new();
        for _ in 0..count {
            let mut what = What::draw(rng, task);
            // A total that is less than the module holds, which it could not, is a lie; that of a longer file may be true.
            if let What::Change { longer } = &mut what {
                let understates = |manner: &Manner| matches!(manner, Manner::TotalsUnderstated { .. });
                *longer = if manners.iter().any(understates) { 0 } else { *longer };
            }
            let when = match what {
                // Nobody's octets bring it; most of the time passes while a server is waited for.
                What::Message(_) => When::At(time(rng, latency)),
                _ => when(rng, task, octets, latency),
            };
            faults.push(Planned { when, what });
        }
        // Lines that come over and over meet something only where that takes time.
        if octets < 20_000 && faults.iter().any(|planned| matches!(planned.what, What::Unknown { .. })) {
            rate = rate.or_else(|| rng.choice(rates).flatten());
        }
        // What a message says shows only where it is on the line.
        if faults.iter().any(|planned| matches!(planned.what, What::Message(_))) && rng.bool() {
            variants.push(Variant::Messages(Messages::Text));
        }
        let range = if task == Task::HttpRange { range(rng, length as u64) } else { (0, None) };
        // What an old file is taken for shows only where a new one is not there at once.
        let is_aside =
            manners.iter().any(|manner| matches!(manner, Manner::UploadsAside | Manner::UploadsRenamed));
        let old_file = task.is_ftp_upload()
            && task != Task::FtpPutResumed
            && rng.u8(..if is_aside { 2 } else { 8 }) == 0;
        let may_have_company = !matches!(task, Task::StartUp | Task::Engine) && length < 20_000;
        let company = if may_have_company && rng.u8(..8) == 0 { rng.usize(1..3) } else { 0 };
        let beside = (0..company).filter_map(|_| rng.choice(Task::BESIDE)).collect();
        Self {
            seed,
            task,
            beside,
            content: content.unwrap_or(Content::Traps),
            length,
            range,
            old_file,
            rate,
            cuts,
            latency,
            manners,
            settings,
            variants,
            left_over,
            leave,
            faults,
        }
    }

    /// How much of the content an upload that is resumed finds on the server.
    pub(super) fn resumed_from(&self) -> usize {
        self.length / 3
    }

    /// The content.
    pub(super) fn octets(&self) -> Bytes {
        self.content.octets(self.length, self.seed)
    }

    /// All tasks, the first of which is the one that things go wrong with.
    pub(super) fn tasks(&self) -> impl Iterator<Item = Task> {
        std::iter::once(self.task).chain(self.beside.iter().copied())
    }

    /// The part of `length` octets that is asked for.
    pub(super) fn part(&self, length: usize) -> Range<usize> {
        let clamp = |octet: u64| usize::try_from(octet).unwrap_or(usize::MAX).min(length);
        let (first, last) = self.range;
        let end = last.map_or(length, |last| clamp(last.saturating_add(1)));
        clamp(first).min(end)..end
    }

    /// What an upload finds in its place: as long as the content, and different from it only in the middle.
    pub(super) fn old(&self) -> Bytes {
        let mut octets = self.octets().to_vec();
        let middle = octets.len() / 2;
        if let Some(octet) = octets.get_mut(middle) {
            *octet = !*octet;
        }
        octets.into()
    }

    pub(super) fn line(&self) -> Line {
        self.rate.map_or(Line::unpaced(), Line::paced)
    }

    /// The module, and its file system with the content in it.
    pub(super) fn module(&self) -> (ModuleConfig, std::sync::Arc<dyn Storage>) {
        let mut config = ModuleConfig::default();
        config.partial_content = true;
        let storage = MemoryStorage::new(190_464);
        let path = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        // In memory these cannot fail.
        let _ = storage.make_directory(&path(&["User"]));
        let _ = storage.make_directory(&path(&["User", "FTP"]));
        let file = path(&["User", "FTP", "FILE"]);
        if self.tasks().any(Task::reads_module_file) {
            let _ = storage.create(&file);
            let _ = storage.write(&file, 0, &self.octets());
        }
        let storage: std::sync::Arc<dyn Storage> = std::sync::Arc::new(storage);
        config.storage = std::sync::Arc::clone(&storage);
        for variant in &self.variants {
            variant.apply(&mut config);
        }
        (config, storage)
    }

    /// What the session is configured with.
    pub(super) fn config(&self) -> Config {
        let mut config = Config::default();
        config.rate = self.rate.map_or(config.rate, NonZeroU32::get);
        config.window = self.settings.window;
        config.http_range = self.settings.http_range;
        config
    }
}

/// First octet and last of a part: one octet, a few, to the end, beyond it, and more than the module holds.
fn range(rng: &mut Rng, length: u64) -> (u64, Option<u64>) {
    let first = below_by_magnitude(rng, length + 2);
    let last = match rng.u8(..8) {
        0 => None,
        1 => Some(first),
        2 => Some(first + 1),
        3 => Some(first + below_by_magnitude(rng, length + 2)),
        4 => Some(length + rng.u64(0..10)),
        _ => Some(first + rng.u64(300_000..700_000)),
    };
    (first, last)
}

fn length(rng: &mut Rng, task: Task) -> usize {
    // Blocks of reads and writes, pieces of the engine, the windows and the buffer of the module.
    const EDGES: [usize; 9] = [0, 1, 512, 1_360, 1_460, 4_096, 10_240, 16_384, 319_488];
    let longest = task.longest();
    if task.is_long_upload() && rng.u8(..16) == 0 {
        return rng.usize(70_000..=longest);
    }
    let length = match rng.u16(..400) {
        0..=99 => (rng.choice(EDGES).unwrap_or(0) + rng.usize(0..3)).saturating_sub(1),
        100 => rng.usize(0..=longest),
        _ => below_by_magnitude(rng, 20_000) as usize,
    };
    // Long ones are rare: they take a thousand times as long as the others.
    if length > 100_000 && rng.u8(..16) != 0 { length % 5_000 } else { length.min(longest) }
}

/// Some moment of the task.
fn when(rng: &mut Rng, task: Task, octets: usize, latency: Duration) -> When {
    let (to_module, to_program) = if task.is_upload() { (octets, 0) } else { (0, octets) };
    match rng.u8(..4) {
        0 => When::At(time(rng, latency)),
        1 => When::Crossed(Direction::Sent, place(rng, to_module)),
        _ => When::Crossed(Direction::Received, place(rng, to_program)),
    }
}

/// Some time of the task.
fn time(rng: &mut Rng, latency: Duration) -> Duration {
    let span = Duration::from_secs(2) + latency * 4;
    Duration::from_micros(below_by_magnitude(rng, u64::try_from(span.as_micros()).unwrap_or(u64::MAX)))
}

/// Some octet of the commands, or of the content between them.
fn place(rng: &mut Rng, content: usize) -> u64 {
    if rng.bool() { rng.u64(0..500) } else { below_by_magnitude(rng, content as u64 + 1_000) }
}
