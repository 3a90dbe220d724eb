//! One run, and what is checked.

use std::cell::RefCell;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures::future::{Either, select};
use futures::{AsyncWriteExt, FutureExt, StreamExt};
use sim800_emulator::{Fault, HttpMethod, Registration, Storage};
use sim800_session::{Bearer, Client, Direction, Notice, Runtime, connect};

use super::engine;
use super::fault::What;
use super::observer::Observer;
use super::scenario::{CONTENT_PATH, CONTENT_URL, Content, Leave, LeftOver, Scenario, Task, Variant};
use super::task::{self, Done, Failed, POST_URL, UPLOAD_PATH, WRITTEN_NAME};
use crate::{Crossing, Resource, Stall, When, World, polled};

/// For a task in which nothing goes wrong, whatever its line and network.
const TASK_TIME: Duration = Duration::from_secs(600);
/// For all that follows one fault: the time limits of the module and of the session, one after the other, as often as is tried.
const FAULT_TIME: Duration = Duration::from_secs(900);
/// For a GET when nothing goes wrong any more.
const FOLLOW_UP_TIME: Duration = Duration::from_secs(600);

/// A promise that was not kept.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Violation {
    /// Which, and how.
    pub what: String,
}

/// How a task ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Ending {
    /// Well, and nothing harmful had happened.
    Succeeded,
    /// Well, although something harmful had happened.
    Healed,
    /// The program left it.
    Left,
    /// With an error of this kind.
    Failed(&'static str),
}

/// A run in which all promises were kept.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Run {
    /// How the task ended.
    pub ending: Ending,
    /// What was tried, by the names of [`KINDS`](super::KINDS).
    pub tried: Vec<&'static str>,
    /// Virtual time that the task took.
    pub task_time: Duration,
    /// Virtual time that passed in all.
    pub time: Duration,
}

/// Does the task of a scenario and checks the promises; `tap` is shown all that crosses the line.
///
/// # Errors
///
/// [`Violation`] when one was not kept.
pub fn run(scenario: &Scenario, tap: impl FnMut(&Crossing) + 'static) -> Result<Run, Violation> {
    let attempt = catch_unwind(AssertUnwindSafe(|| Trial::new(scenario, tap)?.run()));
    attempt.unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("without a word");
        Err(violation(format!("panicked: {text}")))
    })
}

pub(super) fn violation(what: impl Into<String>) -> Violation {
    Violation { what: what.into() }
}

impl From<Stall> for Violation {
    fn from(stall: Stall) -> Self {
        violation(stall.to_string())
    }
}

/// What the line has damaged so far, which decides on what can be told from what was sent.
#[derive(Debug, Default)]
struct Damages {
    /// Octets whose place says what they mean, changed, or octets that the module got twice: nothing on the line tells.
    deceptive: bool,
    /// Other octets that arrived changed.
    substituted: usize,
    lost: bool,
    doubled: bool,
    /// A digit was among them.
    digits: bool,
}

impl Damages {
    fn observe(&mut self, crossing: &Crossing, in_payload: bool) {
        let (left, arrived) = (&crossing.left[..], &crossing.arrived[..]);
        if left == arrived {
            return;
        }
        let digits = left.iter().chain(arrived).any(u8::is_ascii_digit);
        if crossing.direction == Direction::Sent {
            // A command line that says something else, or payload that is as long as it should be.
            self.deceptive |= !in_payload || arrived.len() >= left.len();
            return;
        }
        self.digits |= digits;
        match arrived.len().cmp(&left.len()) {
            std::cmp::Ordering::Less => self.lost = true,
            std::cmp::Ordering::Greater => self.doubled = true,
            std::cmp::Ordering::Equal if digits => self.deceptive = true,
            std::cmp::Ordering::Equal => self.substituted += 1,
        }
        // What is lost in one place and doubled in another adds up.
        self.deceptive |= self.lost && self.doubled;
    }
}

struct Trial<'a> {
    scenario: &'a Scenario,
    world: World,
    storage: Arc<dyn Storage>,
    content: Bytes,
    damages: Rc<RefCell<Damages>>,
    /// What the DTE does.
    observer: Arc<Mutex<Observer>>,
    /// The numbers of the planned incidents of each fault.
    planned: Vec<Vec<usize>>,
}

impl<'a> Trial<'a> {
    fn new(scenario: &'a Scenario, mut tap: impl FnMut(&Crossing) + 'static) -> Result<Self, Violation> {
        let (module, storage) = scenario.module();
        let mut world = World::on_line(module, scenario.line());
        let damages = Rc::new(RefCell::new(Damages::default()));
        let shared = Rc::clone(&damages);
        let mut line = Observer::default();
        world.tap(move |crossing| {
            tap(crossing);
            shared.borrow_mut().observe(crossing, line.in_payload());
            let octets =
                if crossing.direction == Direction::Sent { &crossing.left } else { &crossing.arrived };
            line.observe(crossing.at, crossing.direction, octets);
        });
        let content = scenario.octets();
        let network = world.network();
        network.set_latency(scenario.latency);
        network.put_resource(CONTENT_URL, Resource::new(content.clone()));
        network.put_resource(POST_URL, Resource::new(""));
        network.put_file(CONTENT_PATH, content.clone());
        if scenario.task == Task::FtpPutResumed {
            network.put_file(UPLOAD_PATH, content.slice(..scenario.resumed_from()));
        }
        let mut trial = Self {
            scenario,
            world,
            storage,
            content,
            damages,
            observer: Arc::default(),
            planned: Vec::new(),
        };
        if scenario.left_over.is_some()
            || scenario.variants.iter().any(|variant| matches!(variant, Variant::Errors(_)))
        {
            trial.leave_over()?;
        }
        trial.world.cut_reads(&scenario.cuts);
        Ok(trial)
    }

    /// Does what an earlier program did.
    fn leave_over(&mut self) -> Result<(), Violation> {
        const BEARER: [&str; 2] = ["AT+SAPBR=3,1,\"APN\",\"internet\"", "AT+SAPBR=1,1"];
        const HTTP: [&str; 3] =
            ["AT+HTTPINIT", "AT+HTTPPARA=\"CID\",1", "AT+HTTPPARA=\"URL\",\"example.com/file\""];
        const FTP: [&str; 7] = [
            "AT+FTPCID=1",
            "AT+FTPSERV=\"ftp.example.com\"",
            "AT+FTPUN=\"user\"",
            "AT+FTPPW=\"sesame\"",
            "AT+FTPGETNAME=\"file\"",
            "AT+FTPGETPATH=\"/\"",
            "AT+FTPGET=1",
        ];
        let errors = self.scenario.variants.iter().filter_map(|variant| match variant {
            Variant::Errors(mode) => Some(format!("AT+CMEE={mode}")),
            _ => None,
        });
        let left_over: Vec<&str> = match self.scenario.left_over {
            None => Vec::new(),
            Some(LeftOver::Bearer) => BEARER.to_vec(),
            Some(LeftOver::Http) => [&BEARER[..], &HTTP].concat(),
            Some(LeftOver::Ftp) => [&BEARER[..], &FTP].concat(),
        };
        let lines: Vec<String> = errors.chain(left_over.into_iter().map(str::to_owned)).collect();
        let mut port = self.world.connect();
        let clock = self.world.clock();
        self.world.try_run(async move {
            for line in lines {
                // Nobody minds what comes of it.
                drop(port.write_all(format!("{line}\r").as_bytes()).await);
                clock.sleep_until(clock.now() + Duration::from_secs(3)).await;
            }
        })?;
        Ok(())
    }

    fn run(mut self) -> Result<Run, Violation> {
        if self.scenario.task == Task::Engine {
            return self.run_engine();
        }
        let clock = Arc::new(self.world.clock());
        let (client, driver) = connect(self.world.connect(), clock, self.scenario.config());
        let observer = Arc::clone(&self.observer);
        let driver = driver.with_trace(move |now, direction, octets: &[u8]| {
            observer.lock().unwrap_or_else(PoisonError::into_inner).observe(now, direction, octets);
        });
        let (tell, ended) = futures::channel::oneshot::channel();
        self.world.spawn(async move {
            // Nobody listens any more only where something else has failed.
            let _gone = tell.send(driver.await);
        });
        // Nobody reads them before the end.
        let mut notices = client.subscribe(|_| true);
        let mut bearer = None;
        if self.scenario.task != Task::StartUp {
            let ready = self.await_within(TASK_TIME, task::prepare(&client))?;
            bearer = Some(ready.map_err(|failed| {
                violation(format!("not ready before anything went wrong: {}", failed.text))
            })?);
        }
        self.plan();
        let began = self.world.clock().now();
        let result = self.task(&client, bearer.clone())?;
        let task_time = self.world.clock().now() - began;
        let ending = self.judge(result)?;
        let tried = self.tried();
        self.follow_up(&client, bearer.take())?;
        drop(client);
        self.end(ended)?;
        let notices = std::iter::from_fn(|| notices.next().now_or_never().flatten());
        let kept = notices.filter(|notice| !matches!(notice, Notice::Missed(_))).count();
        if kept > self.scenario.config().notices {
            return Err(violation(format!("{kept} notices are kept for somebody who does not read them")));
        }
        if let Some(seen) = self.observer.lock().unwrap_or_else(PoisonError::into_inner).seen() {
            return Err(violation(seen));
        }
        Ok(Run { ending, tried, task_time, time: self.world.clock().now() })
    }

    fn run_engine(mut self) -> Result<Run, Violation> {
        self.plan();
        let limit = self.time_limit();
        let (port, clock) = (self.world.connect(), self.world.clock());
        let config = self.scenario.config();
        let config = sim800_session::engine::Config::new(config.rate, config.limits);
        self.await_within(limit, engine::drive(port, clock.clone(), self.scenario.seed, config))??;
        Ok(Run { ending: Ending::Succeeded, tried: self.tried(), task_time: clock.now(), time: clock.now() })
    }

    fn time_limit(&self) -> Duration {
        let faults = u32::try_from(self.scenario.faults.len()).unwrap_or(u32::MAX);
        TASK_TIME + FAULT_TIME * faults
    }

    fn await_within<F: Future>(&mut self, limit: Duration, future: F) -> Result<F::Output, Violation> {
        self.world.limit_time(limit);
        Ok(self.world.try_run(future)?)
    }

    /// Plans what goes wrong, from now on.
    fn plan(&mut self) {
        let now = self.world.clock().now();
        let changed = self.scenario.changed();
        for planned in &self.scenario.faults {
            let mut numbers = Vec::new();
            let octets = match planned.what {
                What::Damage { octets, .. } => octets,
                _ => 1,
            };
            for n in 0..u64::from(octets) {
                for (later, incident) in planned.what.incidents(&changed) {
                    let when = match planned.when {
                        When::At(time) => When::At(now + time + later),
                        // What is to follow in time does so from the beginning on.
                        When::Crossed(..) if !later.is_zero() => When::At(now + later),
                        When::Crossed(direction, octets) => {
                            When::Crossed(direction, self.world.crossed(direction) + octets + n)
                        }
                    };
                    numbers.push(self.world.plan(when, incident));
                }
            }
            self.planned.push(numbers);
        }
    }

    /// The faults that have happened.
    fn happened(&self) -> impl Iterator<Item = &'a What> {
        let happened = self.world.happened();
        let scenario = self.scenario;
        let indices: Vec<usize> = self
            .planned
            .iter()
            .enumerate()
            .filter(|(_, numbers)| numbers.iter().any(|number| happened.contains(number)))
            .map(|(index, _)| index)
            .collect();
        indices.into_iter().filter_map(move |index| scenario.faults.get(index)).map(|planned| &planned.what)
    }

    fn tried(&self) -> Vec<&'static str> {
        let scenario = self.scenario;
        self.happened()
            .map(What::kind)
            .chain(scenario.variants.iter().map(Variant::kind))
            .chain(scenario.left_over.map(LeftOver::kind))
            .chain(scenario.leave.map(Leave::kind))
            .collect()
    }

    /// Does the task; `None` when the program left it.
    fn task(
        &mut self,
        client: &Client,
        bearer: Option<Bearer>,
    ) -> Result<Option<Result<Done, Failed>>, Violation> {
        let (task, content, leave) = (self.scenario.task, self.content.clone(), self.scenario.leave);
        let resumed_from = self.scenario.resumed_from() as u64;
        let client = client.clone();
        let future = async move {
            match bearer {
                Some(bearer) => task::perform(task, bearer, content, resumed_from, leave).await,
                None => task::prepare(&client).await.map(|_| Done::Nothing),
            }
        };
        let polls = match leave {
            Some(Leave::Polls(polls)) => polls,
            _ => usize::MAX,
        };
        let clock = self.world.clock();
        let end = match leave {
            Some(Leave::After(time)) => clock.now() + time,
            _ => Duration::MAX,
        };
        let left = async move {
            match select(pin!(polled(future, polls)), clock.sleep_until(end)).await {
                Either::Left((result, _)) => result,
                Either::Right(_) => None,
            }
        };
        self.await_within(self.time_limit(), left)
    }

    /// Checks what came of the task.
    fn judge(&self, result: Option<Result<Done, Failed>>) -> Result<Ending, Violation> {
        let posts = self.world.network().http_requests();
        let posts = posts.iter().filter(|request| request.method == HttpMethod::Post).count();
        if posts > 1 {
            return Err(violation(format!("the server got {posts} POSTs for one")));
        }
        if self.scenario.task == Task::FtpPutResumed && !self.damages.borrow().deceptive {
            // Whatever became of the rest.
            let there = self.content.slice(..self.scenario.resumed_from());
            if !self.world.network().file(UPLOAD_PATH).is_some_and(|file| file.starts_with(&there)) {
                return Err(violation("what the server had of a file that was resumed is gone"));
            }
        }
        let harmless = self.is_harmless();
        let done = match result {
            None => return Ok(Ending::Left),
            Some(Err(failed)) if harmless => {
                return Err(violation(format!("failed although nothing harmful happened: {}", failed.text)));
            }
            Some(Err(failed)) => return Ok(Ending::Failed(failed.kind)),
            Some(Ok(done)) => done,
        };
        let left = matches!(done, Done::Abandoned(_));
        // Octets that come from nowhere make up for those that were lost.
        let made_up = self.damages.borrow().lost && self.happened().any(What::adds_octets);
        if !self.damages.borrow().deceptive && !made_up {
            self.compare(done)?;
        }
        Ok(match (left, harmless) {
            (true, _) => Ending::Left,
            (false, true) => Ending::Succeeded,
            (false, false) => Ending::Healed,
        })
    }

    /// Whether nothing has happened that can keep the task from succeeding.
    fn is_harmless(&self) -> bool {
        let bare = self.scenario.variants.iter().any(|variant| matches!(variant, Variant::LineEnds(_)));
        let traps = self.scenario.task == Task::FsRead && self.scenario.content == Content::Traps;
        // Octets without a header that read like a refusal are taken for one.
        if traps && self.content.chunks(10_240).any(|block| block.starts_with(b"ERROR")) {
            return false;
        }
        self.happened().all(|what| match what {
            // An echo that begins within a line, and then no line end.
            What::Module(Fault::Echo(_)) => !bare,
            // It is counted for octets without a header, and the rest of them reads like anything.
            What::Line(..) => !traps,
            what => what.is_harmless(self.scenario.task),
        })
    }

    fn compare(&self, done: Done) -> Result<(), Violation> {
        let network = self.world.network();
        let length = self.content.len() as u64;
        match (self.scenario.task, done) {
            (Task::FtpList, Done::Read(listing)) => {
                let text = String::from_utf8_lossy(&listing);
                if text.lines().any(|line| line.split_whitespace().last() == Some("file")) {
                    return Ok(());
                }
                let line = format!("-rw-r--r--   1 ftp      ftp{length:>14} Jan  1  2020 file\r\n");
                self.is_exact(&listing, line.as_bytes())
            }
            (Task::FtpList, _) => Ok(()),
            (_, Done::Read(octets)) => self.is_exact(&octets, &self.content),
            (_, Done::Abandoned(octets)) => {
                let begin = self.content.get(..octets.len()).unwrap_or(&self.content);
                self.is_exact(&octets, begin)
            }
            (_, Done::Size(size)) => {
                let sizes = [length, self.scenario.changed().len() as u64];
                let damages = self.damages.borrow();
                if sizes.contains(&size) || damages.digits || damages.substituted > 0 {
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
                    Task::HttpPost => network.resource(POST_URL).map(|resource| resource.body),
                    Task::FtpGetToFs | Task::FsWrite => {
                        let path = ["User", "FTP", WRITTEN_NAME].map(str::to_owned);
                        self.storage.read(&path, 0, usize::MAX).ok()
                    }
                    _ => network.file(UPLOAD_PATH),
                };
                let Some(stored) = stored else { return Err(violation("stored, and not there")) };
                self.is_exact(&stored, &self.content)
            }
            (_, Done::Nothing) => Ok(()),
        }
    }

    /// Whether octets are those they should be, apart from those that the line replaced, or those of the changed file.
    fn is_exact(&self, octets: &[u8], expected: &[u8]) -> Result<(), Violation> {
        let substituted = self.damages.borrow().substituted;
        let is_like = |other: &[u8]| {
            let differences = octets.iter().zip(other).filter(|(one, other)| one != other).count();
            octets.len() == other.len() && differences <= substituted
        };
        let changed = self.scenario.changed();
        let changed = changed.get(..octets.len()).unwrap_or(&changed);
        if is_like(expected) || is_like(changed) && self.happened().any(|what| *what == What::Change) {
            return Ok(());
        }
        let place = octets.iter().zip(expected).take_while(|(one, other)| one == other).count();
        Err(violation(format!(
            "{} octets instead of {}, or others from octet {place} on",
            octets.len(),
            expected.len()
        )))
    }

    /// Nothing goes wrong any more; then a GET works, and a download by FTP if that was the task.
    fn follow_up(&mut self, client: &Client, bearer: Option<Bearer>) -> Result<(), Violation> {
        let is_off = self.happened().any(What::switches_off);
        self.world.cancel_plans();
        self.world.fault(Fault::Over);
        self.world.fault(Fault::Registration(Registration::Home));
        if is_off {
            self.world.fault(Fault::Restart { announced: true });
        }
        let network = self.world.network();
        network.cancel_mishaps();
        network.put_resource(CONTENT_URL, Resource::new(FOLLOW_UP));
        if self.happened().any(What::fills_line) {
            self.await_silence()?;
        }
        network.put_file(CONTENT_PATH, FOLLOW_UP);
        let client = client.clone();
        let by_ftp = self.scenario.task.is_ftp();
        let result = self.await_within(FOLLOW_UP_TIME, async move {
            let (bearer, octets) = task::follow_up(&client, bearer).await?;
            let file = if by_ftp { task::fetch(&bearer).await? } else { octets.clone() };
            Ok([octets, file])
        });
        let result: Result<_, Failed> =
            result.map_err(|stall| violation(format!("the GET afterwards: {}", stall.what)))?;
        match result {
            Ok(contents) if contents == [FOLLOW_UP, FOLLOW_UP] => Ok(()),
            Ok(_) => Err(violation("the GET afterwards brought something else")),
            Err(failed) => Err(violation(format!("no GET afterwards: {}", failed.text))),
        }
    }

    /// Lets cross the line what is still on its way.
    fn await_silence(&mut self) -> Result<(), Violation> {
        loop {
            let crossed = self.world.crossed(Direction::Received);
            let clock = self.world.clock();
            let later = clock.now() + Duration::from_secs(1);
            self.await_within(FOLLOW_UP_TIME, async move { clock.sleep_until(later).await })?;
            // A line now and then is no flood.
            if self.world.crossed(Direction::Received) - crossed < 200 {
                return Ok(());
            }
        }
    }

    /// All clients are gone: the driver ends well.
    fn end(
        &mut self,
        ended: futures::channel::oneshot::Receiver<std::io::Result<()>>,
    ) -> Result<(), Violation> {
        let ended = self.await_within(FOLLOW_UP_TIME, ended);
        match ended.map_err(|stall| violation(format!("the driver does not end: {}", stall.what)))? {
            Ok(Ok(())) => Ok(()),
            Ok(Err(reason)) => Err(violation(format!("the driver ended: {reason}"))),
            Err(_) => Err(violation("the driver vanished")),
        }
    }
}

/// What the GET fetches that has to work in the end.
const FOLLOW_UP: &[u8] = b"\r\nOK\r\n and once more \r\n+HTTPREAD: 7\r\n";
