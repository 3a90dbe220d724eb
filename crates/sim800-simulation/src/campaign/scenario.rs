//! What is tried: a task, a module, a line, and what goes wrong, all drawn from one number.

use std::num::NonZeroU32;
use std::time::Duration;

use bytes::Bytes;
use fastrand::Rng;
use sim800_emulator::{
    Config as ModuleConfig, DataExpiry, Grant, Line, LineEnds, MemoryStorage, Spacing, Start, Storage,
};
use sim800_session::{Config, Direction};

use super::fault::{Planned, What};
use crate::When;

/// Where the content is by HTTP.
pub(super) const CONTENT_URL: &str = "http://example.com/file";
/// Where the content is by FTP.
pub(super) const CONTENT_PATH: &str = "/file";

/// What is being done while things go wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Task {
    /// Start-up and opening the bearer.
    StartUp,
    /// GET.
    HttpGet,
    /// POST.
    HttpPost,
    /// HEAD.
    HttpHead,
    /// A download.
    FtpGet,
    /// An upload.
    FtpPut,
    /// An upload of what can be read again.
    FtpPutSeekable,
    /// An upload of what can be read again, of which the server has a part.
    FtpPutResumed,
    /// A listing.
    FtpList,
    /// The size of a file.
    FtpSize,
    /// A download by way of the module's memory.
    FtpGetExtended,
    /// An upload by way of the module's memory.
    FtpPutExtended,
    /// A download into the module's file system.
    FtpGetToFs,
    /// An upload of a file of the module, by way of its memory.
    FtpPutFile,
    /// An upload of a file of the module.
    FtpPutFromFs,
    /// Reading a file of the module.
    FsRead,
    /// Writing a file of the module.
    FsWrite,
    /// Commands on a bare engine.
    Engine,
}

impl Task {
    /// All of them; those that move content more than once.
    const DRAWN: [Self; 26] = [
        Self::StartUp,
        Self::HttpGet,
        Self::HttpGet,
        Self::HttpGet,
        Self::HttpGet,
        Self::HttpPost,
        Self::HttpPost,
        Self::HttpPost,
        Self::HttpHead,
        Self::FtpGet,
        Self::FtpGet,
        Self::FtpGet,
        Self::FtpGet,
        Self::FtpPut,
        Self::FtpPut,
        Self::FtpPutSeekable,
        Self::FtpPutResumed,
        Self::FtpList,
        Self::FtpSize,
        Self::FtpGetExtended,
        Self::FtpPutExtended,
        Self::FtpGetToFs,
        Self::FtpPutFile,
        Self::FtpPutFromFs,
        Self::FsRead,
        Self::FsWrite,
    ];

    pub(super) fn is_http(self) -> bool {
        matches!(self, Self::HttpGet | Self::HttpPost | Self::HttpHead)
    }

    pub(super) fn is_ftp(self) -> bool {
        !self.is_http() && !matches!(self, Self::StartUp | Self::FsRead | Self::FsWrite | Self::Engine)
    }

    /// Whether content goes to the module.
    fn is_upload(self) -> bool {
        matches!(self, Self::HttpPost | Self::FtpPut | Self::FtpPutExtended | Self::FsWrite)
            || self.is_long_upload()
    }

    /// Whether the upload may be much longer than what is kept of one that cannot be read again.
    pub(super) fn is_long_upload(self) -> bool {
        matches!(self, Self::FtpPutSeekable | Self::FtpPutResumed)
    }

    /// Whether no content crosses the line.
    fn is_short(self) -> bool {
        matches!(
            self,
            Self::StartUp
                | Self::HttpHead
                | Self::FtpList
                | Self::FtpSize
                | Self::FtpGetToFs
                | Self::FtpPutFile
                | Self::FtpPutFromFs
                | Self::Engine
        )
    }

    /// The longest content that the module has a place for.
    fn longest(self) -> usize {
        match self {
            Self::HttpGet => 700_000,
            Self::HttpPost => 319_488,
            Self::FtpGetExtended | Self::FtpPutExtended | Self::FtpPutSeekable | Self::FtpPutResumed => {
                300_000
            }
            Self::FtpGetToFs | Self::FtpPutFile | Self::FtpPutFromFs | Self::FsRead | Self::FsWrite => 60_000,
            _ => 200_000,
        }
    }
}

/// What the content is like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Content {
    /// The letters of the alphabet, again and again.
    Letters,
    /// What looks like protocol.
    Traps,
    /// Octets of any value.
    Random,
    /// Empty lines.
    LineEnds,
}

impl Content {
    /// So many octets of it.
    pub(super) fn octets(self, length: usize, seed: u64) -> Bytes {
        const TRAPS: &[u8] =
            b"\r\nOK\r\n\r\nERROR\r\n\r\n+FTPGET: 1,0\r\n\r\n+HTTPREAD: 5\r\n\r\n+FTPPUT: 1,1,1360\r\n>\
            \r\nRDY\r\n\r\nNORMAL POWER DOWN\r\n\r\n+SAPBR 1: DEACT\r\nAT\r+CME ERROR: 3\r\nDOWNLOAD\r\n";
        match self {
            Self::Letters => (b'a'..=b'z').cycle().take(length).collect(),
            Self::Traps => TRAPS.iter().copied().cycle().skip(seed as usize % 19).take(length).collect(),
            Self::Random => {
                let mut rng = Rng::with_seed(seed);
                (0..length).map(|_| rng.u8(..)).collect()
            }
            Self::LineEnds => b"\r\n".iter().copied().cycle().skip(seed as usize % 2).take(length).collect(),
        }
    }
}

/// In what the module differs from the usual one.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Variant {
    /// Its echo is off at first.
    EchoOff,
    /// No blanks behind the colons of HTTP and FTP lines.
    NoBlanks,
    /// Some line ends are left out.
    LineEnds(LineEnds),
    /// `AT+FTPPUT=2` grants no more than this.
    Grant(u16),
    /// The maxima of `AT+FTPPUT=2`.
    Maxima(Vec<u16>),
    /// `AT+HTTPDATA` is answered `OK` although its time ran out.
    DataExpiry,
    /// `AT+CMEE`.
    Errors(u8),
    /// So many octets of a download are held in the module.
    Window(usize),
    /// The module waits for the confirmation of an upload for hours, and no line tells.
    Patient,
    /// How it comes up.
    Start(Start),
}

impl Variant {
    fn draw(rng: &mut Rng, task: Task) -> Self {
        match rng.u8(..11) {
            0 => Self::EchoOff,
            1 => Self::NoBlanks,
            2 => Self::LineEnds(LineEnds::MissingBeforeResult),
            3 => Self::LineEnds(LineEnds::Missing),
            4 => Self::Grant(rng.u16(1..1_360)),
            5 => Self::Maxima((0..rng.usize(1..5)).map(|_| rng.u16(1..=1_460)).collect()),
            6 => Self::DataExpiry,
            7 => Self::Errors(rng.u8(..3)),
            8 => Self::Window(rng.usize(1_460..40_000)),
            9 if task == Task::StartUp => {
                Self::Start(if rng.bool() { Start::FixedRate } else { Start::Autobaud })
            }
            _ => Self::Patient,
        }
    }

    /// What it is called in the list of what was tried.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::EchoOff => "echo off at first",
            Self::NoBlanks => "missing blanks",
            Self::LineEnds(LineEnds::MissingBeforeResult) => "missing CR LF before OK",
            Self::LineEnds(_) => "missing blank lines",
            Self::Grant(_) => "granted counts shorter than asked for",
            Self::Maxima(_) => "changing maxima",
            Self::DataExpiry => "HTTPDATA answered OK although its time ran out",
            Self::Errors(0) => "AT+CMEE=0",
            Self::Errors(1) => "AT+CMEE=1",
            Self::Errors(_) => "AT+CMEE=2",
            Self::Window(_) => "another window of downloads",
            Self::Patient => "a module that waits for the server",
            Self::Start(_) => "start of the module",
        }
    }

    fn apply(&self, config: &mut ModuleConfig) {
        match self {
            Self::EchoOff => config.echo = false,
            Self::NoBlanks => config.spacing = Spacing::Sim900,
            Self::LineEnds(line_ends) => config.line_ends = *line_ends,
            Self::Grant(most) => config.ftp_put_grant = Grant::AtMost(*most),
            Self::Maxima(maxima) => config.ftp_put_maxima.clone_from(maxima),
            Self::DataExpiry => config.http_data_expiry = DataExpiry::Ok,
            Self::Errors(_) => {}
            Self::Window(octets) => config.ftp_window = *octets,
            Self::Patient => config.timings.ftp_server = Duration::from_secs(36_000),
            Self::Start(start) => config.start = *start,
        }
    }
}

/// What an earlier program left in the module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LeftOver {
    /// An open bearer.
    Bearer,
    /// A bearer and an HTTP service.
    Http,
    /// A bearer and an FTP session that waits for octets to be read.
    Ftp,
}

impl LeftOver {
    /// What it is called in the list of what was tried.
    #[must_use]
    pub fn kind(self) -> &'static str {
        match self {
            Self::Bearer => "bearer left over",
            Self::Http => "HTTP service left over",
            Self::Ftp => "FTP session left over",
        }
    }
}

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
    /// What the content is like.
    pub content: Content,
    /// Its octets.
    pub length: usize,
    /// The line's rate; `None` takes no time.
    pub rate: Option<NonZeroU32>,
    /// The sizes of reads; all that there is if empty.
    pub cuts: Vec<usize>,
    /// How long the network takes.
    pub latency: Duration,
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

impl Scenario {
    /// Draws a scenario.
    #[must_use]
    pub fn draw(seed: u64) -> Self {
        let rng = &mut Rng::with_seed(seed);
        let task =
            if rng.u8(..20) == 0 { Task::Engine } else { rng.choice(Task::DRAWN).unwrap_or(Task::HttpGet) };
        let content = rng.choice([
            Content::Letters,
            Content::Traps,
            Content::Traps,
            Content::Random,
            Content::LineEnds,
        ]);
        let length = length(rng, task);
        let octets = if task.is_short() { 0 } else { length };
        let rates = [9_600, 57_600, 115_200, 460_800].map(NonZeroU32::new);
        // A long content on a slow line says nothing that a short one does not.
        let rate = if octets < 20_000 && rng.u8(..4) == 0 { rng.choice(rates).flatten() } else { None };
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
        let variants = match rng.u8(..4) {
            0 => (0..rng.usize(1..4)).map(|_| Variant::draw(rng, task)).collect(),
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
            let what = What::draw(rng, task);
            faults.push(Planned { when: when(rng, task, octets, latency), what });
        }
        Self {
            seed,
            task,
            content: content.unwrap_or(Content::Traps),
            length,
            rate,
            cuts,
            latency,
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

    /// What the content becomes: longer, and of other octets.
    pub(super) fn changed(&self) -> Bytes {
        vec![b'#'; self.length + 777].into()
    }

    pub(super) fn line(&self) -> Line {
        self.rate.map_or(Line::unpaced(), Line::paced)
    }

    /// The module, and its file system with the content in it.
    pub(super) fn module(&self) -> (ModuleConfig, std::sync::Arc<dyn Storage>) {
        let mut config = ModuleConfig::default();
        let storage = MemoryStorage::new(190_464);
        let path = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        // In memory these cannot fail.
        let _ = storage.make_directory(&path(&["User"]));
        let _ = storage.make_directory(&path(&["User", "FTP"]));
        let file = path(&["User", "FTP", "FILE"]);
        if matches!(self.task, Task::FsRead | Task::FtpPutFile | Task::FtpPutFromFs) {
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

/// A number below `end`, each order of magnitude as likely as the others.
fn below_by_magnitude(rng: &mut Rng, end: u64) -> u64 {
    let bits = u64::BITS - end.max(1).leading_zeros();
    let most = 1_u64.checked_shl(rng.u32(0..=bits)).unwrap_or(u64::MAX);
    rng.u64(0..most.min(end.max(1)).max(1))
}

fn length(rng: &mut Rng, task: Task) -> usize {
    // Blocks of reads and writes, pieces of the engine, the windows and the buffer of the module.
    const EDGES: [usize; 9] = [0, 1, 512, 1_360, 1_460, 4_096, 10_240, 16_384, 319_488];
    let longest = task.longest();
    if task.is_long_upload() && rng.u8(..4) == 0 {
        return rng.usize(70_000..=longest);
    }
    let length = match rng.u16(..400) {
        0..=99 => (rng.choice(EDGES).unwrap_or(0) + rng.usize(0..3)).saturating_sub(1),
        100 => rng.usize(0..=longest),
        _ => below_by_magnitude(rng, 20_000) as usize,
    };
    // Long ones are rare: they take a thousand times as long as the others.
    if length > 100_000 && rng.u8(..8) != 0 { length % 5_000 } else { length.min(longest) }
}

/// Some moment of the task.
fn when(rng: &mut Rng, task: Task, octets: usize, latency: Duration) -> When {
    let (to_module, to_program) = if task.is_upload() { (octets, 0) } else { (0, octets) };
    match rng.u8(..4) {
        0 => {
            let span = Duration::from_secs(2) + latency * 4;
            let micros = below_by_magnitude(rng, u64::try_from(span.as_micros()).unwrap_or(u64::MAX));
            When::At(Duration::from_micros(micros))
        }
        1 => When::Crossed(Direction::Sent, place(rng, to_module)),
        _ => When::Crossed(Direction::Received, place(rng, to_program)),
    }
}

/// Some octet of the commands, or of the content between them.
fn place(rng: &mut Rng, content: usize) -> u64 {
    if rng.bool() { rng.u64(0..500) } else { below_by_magnitude(rng, content as u64 + 1_000) }
}
