//! What is held against what servers and module really had and really got.

use std::num::NonZeroU32;
use std::ops::Range;
use std::time::Duration;

use bytes::Bytes;
use sim800_emulator::{Config as ModuleConfig, Fault, FtpAction, FtpRequest, LineEnds, Place};
use sim800_session::command::SOCKET_LIMIT;

use super::content::Content;
use super::fault::{What, changed};
use super::given::{
    Strange, has_line_of_socket, is_as_doubled, is_as_left, is_as_told, is_made_up, lacks_unanswered,
};
use super::kind::Task;
use super::run::{Ending, OPERATIONS, Trial};
use super::scenario::{Scenario, Settings};
use super::task::{self, Done, Failed, Told, WRITTEN_NAME};
use super::variant::{LeftOver, Variant};
use super::violation::{Violation, violation};
use crate::Manner;

impl Trial<'_> {
    /// Checks what came of the tasks.
    pub(super) fn judge(
        &self,
        results: Vec<Option<Result<Done, Failed>>>,
        time: Duration,
    ) -> Result<Ending, Violation> {
        self.check_servers()?;
        self.check_others()?;
        let mut ending = Ending::Succeeded;
        for (slot, (task, result)) in self.scenario.tasks().zip(results).enumerate() {
            let one = self.judge_one(task, slot, result)?;
            if slot == 0 {
                ending = one;
            }
        }
        if !self.scenario.tasks().all(|task| self.is_harmless(task)) {
            return Ok(ending);
        }
        if let Some(cause) = self.observer().retries().get(self.retries_at_most()) {
            return Err(violation(format!("tried again although nothing harmful happened: {cause}")));
        }
        if time > self.fair_time() {
            return Err(violation(format!("took {time:?}, and {:?} would do", self.fair_time())));
        }
        Ok(ending)
    }

    /// How often something may be tried again although nothing did any harm: where nothing tells from damage what did none. That is a
    /// line of somebody else where no header says which octets are payload, where there is nothing to read, where it has no line
    /// end of its own or cuts an echo, the rest of which is one, and now and then just behind a payload, where it may be a part of it;
    /// and nothing where something was told of. What is in the module's memory is compared with its end, once it is read: where fewer octets
    /// come than are compared, their count may have lost a digit, and what it left of them reads like their result. What is read of a
    /// download is gone from the module, so nothing can be compared, and the line just behind it may be its end: it comes twice. A module
    /// that hesitates between payload and result says any line there.
    fn retries_at_most(&self) -> usize {
        let scenario = self.scenario;
        let is_bare = self.content.is_empty()
            || scenario.tasks().any(|task| matches!(task, Task::HttpPost | Task::FsRead))
            || scenario.variants.contains(&Variant::LineEnds(LineEnds::Missing))
            || self.happened().any(|what| matches!(what, What::Module(Fault::Echo(true))));
        let is_compared = scenario.tasks().any(|task| task == Task::FtpGetExtended);
        let is_gone = scenario.tasks().any(|task| matches!(task, Task::FtpGet | Task::FtpList));
        let hesitates = self.happened().any(|what| matches!(what, What::Module(Fault::Hesitate { .. })));
        let is_behind = |what: &What| match what {
            What::Line(place, _) => hesitates || *place == Place::BeforeResult,
            What::Message(_) => hesitates,
            _ => false,
        };
        let behind = self.happened().filter(|what| is_behind(what)).count();
        let most = self.happened().map(|what| match what {
            What::Module(Fault::ShortRead { at_most: 0 }) => usize::MAX,
            What::Module(Fault::ShortRead { at_most }) if is_compared && *at_most < COMPARED => 1,
            What::Unknown { .. } | What::Line(..) | What::Message(_) if is_bare => usize::MAX,
            What::Unknown { .. } => 1,
            // Those of the other tasks.
            What::Module(Fault::Hesitate { .. }) if is_gone && scenario.tasks().count() > 1 => usize::MAX,
            what if is_gone && is_behind(what) => behind,
            _ => 0,
        });
        most.max().unwrap_or(0)
    }

    /// Whether a line of another FTP session or request may be counted for the octets of `AT+FSREAD`, of which no header says where
    /// they begin: it is lost, and so are they.
    fn has_lines_among_octets(&self) -> bool {
        let is_other = |task| !matches!(task, Task::FsRead | Task::FsWrite | Task::StartUp);
        self.scenario.tasks().any(|task| task == Task::FsRead)
            && (self.scenario.tasks().any(is_other) || self.scenario.left_over == Some(LeftOver::Ftp))
    }

    /// Whether octets that nobody sent may be counted for those of `task`: such as come from nowhere, and before a file of the module,
    /// of which no header says where it begins, whatever line comes.
    fn adds_octets(&self, task: Task) -> bool {
        let may_be_among =
            task == Task::FsRead && (self.has_lines_among_octets() || self.happened().any(What::is_line));
        may_be_among || self.happened().any(What::adds_octets)
    }

    /// What holds whatever the tasks say.
    fn check_servers(&self) -> Result<(), Violation> {
        let network = self.world.network();
        self.check_once()?;
        if self.scenario.task == Task::FtpPutResumed && !self.damages.borrow().deceptive {
            // Whatever became of the rest.
            let there = self.content.slice(..self.scenario.resumed_from());
            if !network.file(&task::upload_path(0)).is_some_and(|file| file.starts_with(&there)) {
                return Err(violation("what the server had of a file that was resumed is gone"));
            }
        }
        if self.scenario.task == Task::Sockets && !self.damages.borrow().deceptive {
            self.check_given()?;
        }
        Ok(())
    }

    /// What a server has of a connection is what was written, as far as it came. Only behind all of that may be something else, where just
    /// then the line was damaged or the module said what it had no reason to say; and nothing comes behind it.
    fn check_given(&self) -> Result<(), Violation> {
        let connections = self.world.network().connections();
        let Some((last, others)) = connections.split_last() else { return Ok(()) };
        let damages = self.damages.borrow();
        let pretended = self.happened_at().filter_map(|(at, what)| {
            // Behind all that the module had to say before.
            let octets = what.pretended()? + WAITING;
            Some((at, at + self.crossing(octets)))
        });
        let mut disturbances = pretended.chain(damages.times.iter().map(|at| (*at, *at)));
        let is_excused = |strange: Strange<'_>| {
            let during = |(from, to)| from <= *strange.span.end() && to >= *strange.span.start();
            strange.is_as_spoken(damages.lost_to_module) && disturbances.any(during)
        };
        let is_written = self.content.starts_with(&last.received)
            || Strange::last_of(last, &self.content).is_some_and(is_excused);
        if !is_written || others.iter().any(|other| !other.received.is_empty()) {
            return Err(violation("a server got what was not sent"));
        }
        Ok(())
    }

    /// What nothing harmful happened to was not disturbed by what is done beside it, either: an upload that is made once is asked
    /// for once. But a file of the module comes without a header: a line of the upload that comes just then is counted for its
    /// octets, and is gone when they turn out to be others and are read again; and where a line cuts an echo, the rest of that may be what
    /// is left of a header, and a line of the upload be octets. An upload whose end may be lost in that way goes on or is made anew.
    fn check_others(&self) -> Result<(), Violation> {
        let has_echo = self.happened().any(|what| matches!(what, What::Module(Fault::Echo(true))));
        let cuts_echo = has_echo && self.happened().any(What::is_line);
        if cuts_echo || self.scenario.tasks().any(|task| task == Task::FsRead) {
            return Ok(());
        }
        let requests = self.world.network().ftp_requests();
        for (slot, task) in self.scenario.tasks().enumerate().skip(1) {
            let path = task::upload_path(slot);
            let is_put = |request: &&FtpRequest| {
                matches!(request.action, FtpAction::Put(_)) && path.ends_with(&request.name)
            };
            let puts = requests.iter().filter(is_put).count();
            if puts > 1 && self.is_harmless(task) {
                return Err(violation(format!(
                    "{puts} uploads for one, though nothing harmful happened to it"
                )));
            }
        }
        Ok(())
    }

    fn judge_one(
        &self,
        task: Task,
        slot: usize,
        result: Option<Result<Done, Failed>>,
    ) -> Result<Ending, Violation> {
        let harmless = self.is_harmless(task);
        let done = match result {
            None => return Ok(Ending::Left),
            Some(Err(failed)) if harmless => {
                return Err(violation(format!(
                    "{task:?} failed although nothing harmful happened: {}",
                    failed.text
                )));
            }
            Some(Err(failed)) => {
                if failed.is_unsent {
                    self.check_unsent(task, slot)?;
                }
                if task == Task::Sockets {
                    self.check_broken(&failed.read)?;
                }
                return Ok(Ending::Failed(failed.kind));
            }
            Some(Ok(done)) => done,
        };
        let left = matches!(done, Done::Abandoned(_) | Done::Response { is_complete: false, .. });
        // Octets that come from nowhere make up for those that were lost.
        let is_filled_up = self.adds_octets(task) || has_line_of_socket(done.octets());
        let made_up = self.damages.borrow().lost && is_filled_up;
        let is_excused = made_up || self.is_unasked(task) || self.is_forged(task);
        let is_untold = || left && self.is_untold(&done);
        if !self.damages.borrow().deceptive && !is_excused && !is_untold() {
            self.compare(task, slot, done)?;
        }
        Ok(match (left, harmless) {
            (true, _) => Ending::Left,
            (false, true) => Ending::Succeeded,
            (false, false) => Ending::Healed,
        })
    }

    /// Whether somebody who left before the end has octets of which some came twice in the last piece: he is not told what the next octets
    /// would have shown, which begin with the end of those before them.
    fn is_untold(&self, done: &Done) -> bool {
        let from = match done {
            Done::Abandoned(_) => None,
            Done::Response { told, .. } => told.offset,
            _ => return false,
        };
        let from = from.map_or(0, |from| usize::try_from(from).unwrap_or(usize::MAX));
        let Settings { window, .. } = self.scenario.settings;
        let piece = window.map_or(LONGEST_PIECE, |window| window as usize);
        let doubled = self.damages.borrow().doubled;
        let is_of = |content: Bytes| {
            content.get(from..).is_some_and(|sent| is_as_doubled(done.octets(), sent, doubled, piece))
        };
        doubled > 0 && self.contents().any(is_of)
    }

    /// What was read of a connection that broke is what the server sent, as far as it came.
    fn check_broken(&self, read: &[u8]) -> Result<(), Violation> {
        let damages = self.damages.borrow();
        if damages.deceptive || damages.lost && self.adds_octets(Task::Sockets) {
            return Ok(());
        }
        if is_as_doubled(read, &self.content, damages.doubled, SOCKET_LIMIT as usize) {
            return Ok(());
        }
        self.is_exact(read, |whole| 0..read.len().min(whole))
    }

    /// What either end has of a connection that was closed is all that the other sent. One that breaks ends like one that the server
    /// closes: the module tells no difference.
    fn check_exchanged(&self, read: &[u8]) -> Result<(), Violation> {
        let connections = self.world.network().connections();
        let Some(last) = connections.last() else { return Err(violation("exchanged, and never connected")) };
        let is_broken = last.is_broken;
        if last.port == task::CLOSING_PORT {
            return self.is_exact(read, |whole| if is_broken { 0..read.len().min(whole) } else { 0..whole });
        }
        self.is_read(read)?;
        // Of nothing, all has arrived before it breaks.
        let is_whole = last.received == self.content && (last.is_closed || is_broken);
        if !is_whole {
            return Err(violation(format!(
                "{} octets arrived of {}",
                last.received.len(),
                self.content.len()
            )));
        }
        Ok(())
    }

    /// What was read of a connection that was closed is what the server sent.
    fn is_read(&self, read: &[u8]) -> Result<(), Violation> {
        let is_bare = self.scenario.variants.contains(&Variant::LineEnds(LineEnds::Missing));
        let blank: &[u8] = if is_bare { b"" } else { b"\r\n" };
        if is_as_left(read, &self.content, self.damages.borrow().doubled, blank) {
            return Ok(());
        }
        self.is_exact(read, |whole| 0..whole)
    }

    /// Whether the only word against a server that lies was refused out of the blue, as by a firmware that cannot ask for sizes, or was
    /// of what the file has been before: nothing on the line tells that refusal from the module's own, and an end where the file had
    /// its end is no sign of anything.
    fn is_unasked(&self, task: Task) -> bool {
        let lies = |manner: &Manner| matches!(manner, Manner::UploadsHalved | Manner::DownloadsCut { .. });
        let is_without_word = |what: &What| match what {
            What::Answer(line) => line.contains("ERROR"),
            What::Change { .. } => true,
            _ => false,
        };
        task.is_ftp() && self.scenario.manners.iter().any(lies) && self.happened().any(is_without_word)
    }

    /// Whether a server said of a part of a file that it was all of it, and the line made just that of the size, which is the only word
    /// against it. A second one would take a session of its own with each download, for a server that lies and a line that agrees with it.
    fn is_told_short(&self, task: Task, came: &[u8]) -> bool {
        let lies = self.scenario.manners.iter().any(|manner| matches!(manner, Manner::DownloadsCut { .. }));
        let may_be = lies && task.is_ftp_download() && self.damages.borrow().digits;
        let is_part = |content: Bytes| content.starts_with(came) && is_as_told(came.len(), content.len());
        may_be && self.contents().any(is_part)
    }

    /// Whether a module may have asked for fewer octets than the line made of that, where no server tells how many it has. What it did not
    /// ask for it takes for command lines, and says nothing to those that are none.
    fn is_misled(&self, task: Task, stored: &[u8]) -> bool {
        let refuses = |manner: &Manner| matches!(manner, Manner::SizesRefused);
        let may_be = task.is_ftp_upload() && self.damages.borrow().digits;
        may_be
            && self.scenario.manners.iter().any(refuses)
            && self.contents().any(|content| lacks_unanswered(stored, &content))
    }

    /// Whether a result that nobody sent may stand for that of octets of which the line took some. The module counts on, takes what is
    /// said next for them, and gives its own result then; it has as many as it was told, and so has the server.
    fn is_taken_over(&self, stored: &[u8]) -> bool {
        let is_result = |what: &What| matches!(what, What::Answer(line) if line.contains("OK"));
        let lost = self.damages.borrow().lost_to_module;
        lost > 0 && self.happened().any(is_result) && is_made_up(stored, &self.content, lost)
    }

    /// Whether a result that nobody sent may stand for that of a POST, which the line took. It is letter for letter like the module's
    /// own, the module says in either case that it is at nothing, and a request that may have been sent is not sent again.
    fn is_forged(&self, task: Task) -> bool {
        let is_result =
            |what: &What| matches!(what, What::Answer(line) if line.starts_with("+HTTPACTION: 1,"));
        task == Task::HttpPost && self.damages.borrow().any && self.happened().any(is_result)
    }

    /// Whether nothing has happened that can keep a task from succeeding.
    fn is_harmless(&self, task: Task) -> bool {
        let scenario = self.scenario;
        if self.has_lines_among_octets() {
            return false;
        }
        let traps = task == Task::FsRead && scenario.content == Content::Traps;
        // Octets without a header that read like a refusal are taken for one.
        if traps && self.content.chunks(10_240).any(|block| block.starts_with(b"ERROR")) {
            return false;
        }
        let Scenario { length, latency, .. } = *scenario;
        if !scenario.manners.iter().all(|manner| manner.is_harmless(task, length, latency)) {
            return false;
        }
        // A line that comes just when a file of the module does is counted for its octets. The result of a request is one, and what is
        // sent by POST is not sent again.
        if task == Task::HttpPost && scenario.tasks().any(|other| other == Task::FsRead) {
            return false;
        }
        // There is nothing from there on.
        if task == Task::HttpRange && scenario.range.0 >= scenario.length as u64 {
            return false;
        }
        // Before the driver has said where they are to go, messages are on the line like anything else.
        let on_line = task == Task::StartUp
            && scenario.variants.iter().any(|variant| matches!(variant, Variant::Messages(_)));
        let bare = scenario.variants.contains(&Variant::LineEnds(LineEnds::Missing));
        let glued = bare || scenario.variants.contains(&Variant::LineEnds(LineEnds::MissingBeforeResult));
        let pauses = self.happened().filter(|what| matches!(what, What::Pause(_))).count();
        // Just behind octets that end like a line it may be a part of them, and those of a socket are read once.
        let is_like_rest = task == Task::Sockets && scenario.content != Content::Letters;
        let has_lines = self.happened().any(What::is_line);
        self.happened().all(|what| match what {
            // It is counted for octets without a header, and the rest of them reads like anything.
            What::Line(..) => !traps,
            // Without a line end of its own it reads like the rest of a payload, and over and over it does so at every try.
            What::Unknown { every, .. } => {
                !traps && !bare && !is_like_rest && !self.leaves_no_room(task, *every)
            }
            What::Message(_) => !traps && !on_line,
            // A line that comes while a command line is echoed is glued to it, or the result to what is left of the echo behind it.
            // It is repeated then, but for octets of a socket, which are read once.
            What::Module(Fault::Echo(_)) => !glued && (task != Task::Sockets || !has_lines),
            // Several add up.
            What::Pause(_) if pauses > 1 => false,
            what => what.is_harmless(task),
        })
    }

    /// Whether no command for a file of the module fits between lines that come that often, so that one is counted for the file at every
    /// try: such a line has up to a hundred octets, the command and what comes before the file half as many.
    fn leaves_no_room(&self, task: Task, every: Duration) -> bool {
        let crossing = |rate: NonZeroU32| Duration::from_secs(10) * 200 / rate.get();
        task == Task::FsRead && self.scenario.rate.is_some_and(|rate| every < crossing(rate))
    }

    /// How long so many octets take to cross the line.
    fn crossing(&self, octets: usize) -> Duration {
        let octets = u32::try_from(octets).unwrap_or(u32::MAX);
        self.scenario.rate.map_or(Duration::ZERO, |rate| Duration::from_secs(10) * octets / rate.get())
    }

    /// In what time the tasks are done, one after the other, if nothing harmful happens.
    fn fair_time(&self) -> Duration {
        let headers = self.scenario.manners.iter().map(Manner::octets_of_headers).sum::<usize>();
        let crossing = self.crossing(self.scenario.length + headers);
        let patience = self.patience();
        let granting = (ModuleConfig::default().timings.unsolicited + self.crossing(GRANT)) * self.grants();
        let one = FAIR_TIME
            + patience
            + self.server_time() * self.windows()
            + self.server_time() * OPERATIONS
            + crossing * SHARE
            + granting
            + self.pauses();
        one * u32::try_from(self.scenario.tasks().count()).unwrap_or(u32::MAX)
    }

    /// How long a program waits on purpose.
    pub(super) fn patience(&self) -> Duration {
        let waits = self.scenario.tasks().any(|task| task == Task::HttpAlive);
        if waits { task::PATIENCE } else { Duration::ZERO }
    }

    /// How often a module that takes few octets at once says that it takes more, which it does some time after it took the last.
    fn grants(&self) -> u32 {
        let least = self.scenario.variants.iter().filter_map(|variant| match variant {
            Variant::Grant(most) => Some(*most),
            Variant::Maxima(maxima) => maxima.iter().copied().min(),
            _ => None,
        });
        let grants = least.min().map_or(0, |least| self.content.len().div_ceil(usize::from(least.max(1))));
        u32::try_from(grants).unwrap_or(u32::MAX)
    }

    fn compare(&self, task: Task, slot: usize, done: Done) -> Result<(), Violation> {
        let network = self.world.network();
        let length = self.content.len() as u64;
        match (task, done) {
            (Task::FtpList, Done::Read(listing)) => {
                let text = String::from_utf8_lossy(&listing);
                // What is uploaded meanwhile is listed, too; and the line may have replaced a letter.
                let is_alone = self.scenario.tasks().count() == 1;
                let is_other = self.damages.borrow().substituted > 0;
                let is_file = |line: &str| is_other || line.split_whitespace().last() == Some("file");
                if !is_alone && text.lines().any(is_file) {
                    return Ok(());
                }
                let line =
                    |length: usize| format!("-rw-r--r--   1 ftp      ftp{length:>14} Jan  1  2020 file\r\n");
                let lines: Vec<String> = self.contents().map(|content| line(content.len())).collect();
                self.is_one_of(&listing, lines.iter().map(String::as_bytes))
            }
            (Task::FtpList, _) => Ok(()),
            (_, Done::Response { told, octets, is_complete }) => {
                self.check_response(task, &told, &octets, is_complete)
            }
            (_, Done::Several(several)) => {
                several.into_iter().try_for_each(|done| self.compare(task, slot, done))
            }
            (task, Done::Read(octets)) if self.is_told_short(task, &octets) => Ok(()),
            (_, Done::Read(octets)) => self.is_exact(&octets, |whole| 0..whole),
            (_, Done::Abandoned(octets)) => self.is_exact(&octets, |whole| 0..octets.len().min(whole)),
            (_, Done::Size(size)) => {
                let damages = self.damages.borrow();
                if self.contents().any(|content| content.len() as u64 == size)
                    || damages.digits
                    || damages.substituted > 0
                {
                    return Ok(());
                }
                Err(violation(format!("a size of {size}, which is {length}")))
            }
            (task, Done::Stored(told)) => {
                // A count that the line has damaged is told as it came.
                let damaged = self.damages.borrow().digits;
                if told.is_some_and(|told| told != length) && task != Task::FtpGetToFs && !damaged {
                    return Err(violation(format!("{told:?} octets stored of {length}")));
                }
                let stored = match task {
                    Task::HttpPost => network.resource(&task::post_url(slot)).map(|resource| resource.body),
                    Task::FtpGetToFs | Task::FsWrite => {
                        let path = ["User", "FTP", WRITTEN_NAME].map(str::to_owned);
                        self.storage.read(&path, 0, usize::MAX).ok()
                    }
                    _ => network.file(&task::upload_path(slot)),
                };
                let Some(stored) = stored else { return Err(violation("stored, and not there")) };
                let is_short = self.is_told_short(task, &stored);
                if is_short || self.is_taken_over(&stored) || self.is_misled(task, &stored) {
                    return Ok(());
                }
                self.is_exact(&stored, |whole| 0..whole)
            }
            (_, Done::Exchanged(read)) => self.check_exchanged(&read),
            (_, Done::Made) => self.check_made(slot),
            (_, Done::Nothing) => Ok(()),
        }
    }

    /// A body is what its headers say it is, of what the server has: a part where they tell one, and all of it otherwise. It is what stands
    /// where it is said to begin.
    fn check_response(
        &self,
        task: Task,
        told: &Told,
        octets: &[u8],
        is_complete: bool,
    ) -> Result<(), Violation> {
        let range = match &told.range {
            // The line has replaced a letter of it.
            Some(_) if self.damages.borrow().substituted > 0 => return Ok(()),
            Some(range) => Some(self.part(range)?),
            None => None,
        };
        let part = |whole: usize| match &range {
            Some(range) => range.clone(),
            // It says how much it is, and not what: a single octet can only be asked for with the next one.
            None if told.status == 206 && task == Task::HttpRange => {
                let part = self.scenario.part(whole);
                let is_two = |length: &String| length.split(',').all(|length| length.trim() == "2");
                let is_told_of_two = part.len() == 1 && told.length.as_ref().is_some_and(is_two);
                part.start..part.end + usize::from(is_told_of_two)
            }
            None => 0..whole,
        };
        if let (Some(length), true, 0) = (&told.length, is_complete, self.damages.borrow().substituted) {
            let is_like = |length: &str| length.trim().parse() == Ok(octets.len());
            if !length.split(',').all(is_like) {
                return Err(violation(format!("Content-Length {length} and {} octets", octets.len())));
            }
        }
        let as_told =
            |violation: Violation| Violation { what: format!("{} (as told by {told:?})", violation.what) };
        let expected = |whole: usize| {
            let part = part(whole);
            if is_complete { part } else { part.start..part.end.min(part.start + octets.len()) }
        };
        self.is_exact(octets, expected).map_err(as_told)?;
        let Some(offset) = told.offset else { return Ok(()) };
        let from = usize::try_from(offset).unwrap_or(usize::MAX);
        self.is_exact(octets, |_| from..from.saturating_add(octets.len())).map_err(as_told)
    }

    /// The part that a `Content-Range` tells.
    fn part(&self, range: &str) -> Result<Range<usize>, Violation> {
        let parse = || {
            let (part, total) = range.strip_prefix("bytes ")?.split_once('/')?;
            let (first, last) = part.split_once('-')?;
            Some((first.parse().ok()?, last.parse::<usize>().ok()?, total.parse::<usize>().ok()))
        };
        let Some((first, last, total)) = parse() else {
            return Err(violation(format!("a Content-Range of {range}")));
        };
        let lies =
            self.scenario.manners.iter().any(|manner| matches!(manner, Manner::TotalsUnderstated { .. }));
        let is_of_one = |total: usize| self.contents().any(|content| content.len() == total);
        if total.is_some_and(|total| !is_of_one(total)) && !lies {
            return Err(violation(format!("a Content-Range of {range} of {} octets", self.content.len())));
        }
        Ok(first..last.saturating_add(1))
    }

    /// What the servers had, one after the other.
    fn contents(&self) -> impl Iterator<Item = Bytes> {
        let changes = self.happened().filter_map(|what| match what {
            What::Change { longer } => Some(changed(self.content.len(), *longer)),
            _ => None,
        });
        std::iter::once(self.content.clone()).chain(changes)
    }

    /// Whether octets are that part of something that a server had which `part` tells by its length.
    fn is_exact(&self, octets: &[u8], part: impl Fn(usize) -> Range<usize>) -> Result<(), Violation> {
        let contents: Vec<Bytes> = self.contents().collect();
        let parts = contents.iter().map(|content| content.get(part(content.len())).unwrap_or_default());
        self.is_one_of(octets, parts)
    }

    /// Whether octets are some of those that they may be, apart from those that the line replaced.
    fn is_one_of<'b>(
        &self,
        octets: &[u8],
        mut others: impl Iterator<Item = &'b [u8]> + Clone,
    ) -> Result<(), Violation> {
        let substituted = self.damages.borrow().substituted;
        let is_like = |other: &[u8]| {
            let differences = octets.iter().zip(other).filter(|(one, other)| one != other).count();
            octets.len() == other.len() && differences <= substituted
        };
        if others.clone().any(is_like) {
            return Ok(());
        }
        let expected = others.next().unwrap_or_default();
        let place = octets.iter().zip(expected).take_while(|(one, other)| one == other).count();
        Err(violation(format!(
            "{} octets instead of {}, or others from octet {place} on",
            octets.len(),
            expected.len()
        )))
    }
}

/// The most octets that are asked for at once unless that is set.
const LONGEST_PIECE: usize = 16_384;
/// How many octets of what is in the module's memory are compared at its end.
const COMPARED: usize = 16;
/// How many octets of the module's may wait for the line.
const WAITING: usize = 4_096;
/// How many octets are said for one grant of a module, besides what it takes.
const GRANT: usize = 80;
/// For a task on a line and a network that take no time.
const FAIR_TIME: Duration = Duration::from_secs(30);
/// The line may have so much more to do than to move the content: lines of eighty octets, ten times a second, leave a fifth of
/// 9600 bits per second.
const SHARE: u32 = 6;
