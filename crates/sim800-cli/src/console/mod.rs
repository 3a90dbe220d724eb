//! `sim800 console`: somebody at a terminal, or a script, works with the module itself.

mod editor;
mod input;
mod knowledge;
mod raw;
mod screen;
mod source;
mod wire;

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, IsTerminal, Read, Write};
use std::path::Path;
use std::time::Duration;

use futures::future::{Either, select};
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use serde_json::json;
use sim800_capture::{Event, Kind};
use sim800_command::{At, BodyEnd, Cmee, Command as _, ErrorReport, HTTP_LIMIT, Read as ReadForm};
use smol::Timer;

use self::editor::{Lines, has_lost_a_secret};
use self::input::{Ending, Input, Wanted};
use self::screen::Screen;
use self::source::Source;
use self::wire::{Asks, Heard, Wire, error_report};
use crate::args::Options;
use crate::at::WAIT;
use crate::commands;
use crate::failure::Failure;
use crate::output::{Output, Report};
use crate::plain::PlainPort;
use crate::recorder::Recorder;
use crate::signals::{forgive, interruptible};
use crate::trace::TraceFile;

/// How long the module may take to answer the console itself, and how often it is asked.
const ANSWER: Duration = Duration::from_millis(700);
const TRIES: usize = 3;

const HELP: &str = "\
Tab completes a command, or shows which there are; what may follow is shown behind the line.
Ctrl-C gives up a line, or waits no longer for a result. Ctrl-D ends the console.
Where the module asks for data: text, or < FILE; Ctrl-Z ends it, ESC gives it up.
:help COMMAND  shows what is known of a command
:raw           passes keys to the module and its bytes to the terminal, until Ctrl-]
:exit          ends the console";

pub(crate) fn run(options: &Options, output: Output) -> Result<Report, Failure> {
    let port = PlainPort::open(options, output)?;
    let mut recorder = Recorder::new(false);
    if let Some(path) = options.trace.as_deref() {
        recorder.add(TraceFile::create(path)?)?;
    }
    let wire = Wire::new(port, recorder, output.json);
    let is_terminal = io::stdin().is_terminal() && io::stdout().is_terminal() && !output.json;
    let quiet = if is_terminal { Some(QuietTerminal::new()) } else { None };
    let (source, screen) = if is_terminal {
        let mut lines = Lines::new()?;
        let screen = Screen::terminal(lines.printer()?)?;
        (Source::Terminal(Box::new(lines)), screen)
    } else {
        (Source::Script, Screen::stdout(output.json))
    };
    let mut console = Console {
        wire,
        heard: VecDeque::new(),
        screen,
        lines: 0,
        failed: 0,
        keeps_errors: false,
        is_terminal,
    };
    let result = smol::block_on(console.run(source, output));
    if is_terminal && result.is_err() {
        // Not on the line of the prompt.
        let _ = io::stderr().write_all(b"\n");
    }
    drop(quiet);
    let Console { wire, lines, failed, .. } = console;
    let name = wire.name().to_owned();
    let recorded = wire.into_recorder().finish();
    result.and(recorded)?;
    if failed > 0 && !is_terminal {
        let message = format!("{failed} of {lines} lines failed");
        return Err(Failure::new("script", message).with_field("port", json!(name)));
    }
    Ok(Report { fields: vec![("port", json!(name)), ("lines", json!(lines))], ..Report::default() })
}

/// A terminal that shows no keys while no line is typed; as it was when this is dropped.
struct QuietTerminal(Option<Termios>);

impl QuietTerminal {
    fn new() -> Self {
        let before = tcgetattr(io::stdin()).ok();
        if let Some(mut settings) = before.clone() {
            // What is typed ahead is for the editor, Ctrl-D as well.
            settings.local_modes -= LocalModes::ECHO | LocalModes::ICANON;
            let _ = tcsetattr(io::stdin(), OptionalActions::Now, &settings);
        }
        Self(before)
    }
}

impl Drop for QuietTerminal {
    fn drop(&mut self) {
        if let Some(before) = &self.0 {
            let _ = tcsetattr(io::stdin(), OptionalActions::Now, before);
        }
    }
}

struct Console {
    wire: Wire,
    /// What came while a command was in flight, and was not looked at yet.
    heard: VecDeque<Heard>,
    screen: Screen,
    /// How many lines there were, and how many of them failed.
    lines: u64,
    failed: u64,
    /// Somebody has chosen the format of errors.
    keeps_errors: bool,
    is_terminal: bool,
}

/// How a command came to its end.
#[derive(PartialEq, Eq)]
enum Outcome {
    Done,
    Failed,
    Asks(Asks),
    /// Nobody waits any more.
    GivenUp,
}

impl Console {
    async fn run(&mut self, source: Source, output: Output) -> Result<(), Failure> {
        let format = interruptible(self.find(output)).await??;
        let result = self.work(source).await;
        if let Some(format) = format.filter(|_| !self.keeps_errors) {
            let _ = self.wire.ask(&Cmee { mode: format }, ANSWER).await;
        }
        result
    }

    /// Looks whether the module answers, and has it tell errors by their numbers; how it told them before, if that was another way.
    async fn find(&mut self, output: Output) -> Result<Option<ErrorReport>, Failure> {
        let mut answers = false;
        for _ in 0..TRIES {
            answers = self.wire.ask(&At, ANSWER).await.map_err(|error| self.broken(&error))?.is_some();
            if answers {
                break;
            }
        }
        let name = self.wire.name();
        if !answers {
            output.remark(&format!("nothing answers at {name} so far; lines are sent all the same"));
            return Ok(None);
        }
        if self.is_terminal {
            output
                .remark(&format!("the module at {name} answers; Tab completes, :help explains, Ctrl-D ends"));
        }
        let report = self.wire.ask(&ReadForm::<Cmee>::new(), ANSWER).await;
        let report = report.map_err(|error| self.broken(&error))?.and_then(|lines| error_report(&lines));
        if report != Some(ErrorReport::Off) {
            return Ok(None);
        }
        let set = self.wire.ask(&Cmee { mode: ErrorReport::Numeric }, ANSWER).await;
        Ok(set.map_err(|error| self.broken(&error))?.and(report))
    }

    fn broken(&self, error: &io::Error) -> Failure {
        Failure::port(&format!("the port {} broke", self.wire.name()), error)
    }

    /// Carries out line after line.
    async fn work(&mut self, mut source: Source) -> Result<(), Failure> {
        loop {
            let input;
            (source, input) = self.read(source, Wanted::Command).await?;
            let line = match input {
                Input::Line(line, _) => line,
                Input::GivenUp => continue,
                Input::End => return Ok(()),
            };
            match line.trim() {
                "" => {}
                ":exit" | ":quit" => return Ok(()),
                ":raw" if self.is_terminal => {
                    self.screen.say("keys go to the module; Ctrl-] comes back")?;
                    interruptible(raw::run(&mut self.wire)).await?.map_err(|error| self.broken(&error))?;
                    self.screen.say("")?;
                }
                line if line.starts_with(':') => self.explain(line)?,
                line if line.starts_with('#') && !self.is_terminal => {}
                line => source = self.carry_out(source, line).await?,
            }
        }
    }

    fn explain(&self, line: &str) -> Result<(), Failure> {
        let mut words = line.split_whitespace();
        match (words.next(), words.next()) {
            (Some(":help"), Some(name)) => match commands::run(Some(name)) {
                Ok(report) => self.screen.say(&String::from_utf8_lossy(&report.text)),
                Err(failure) => self.screen.say(&failure.to_string()),
            },
            (Some(":help"), None) => self.screen.say(HELP),
            (Some(":raw"), _) => self.screen.say(":raw needs a terminal"),
            _ => self.screen.say("there are :help, :raw and :exit"),
        }
    }

    /// Waits for a line, and shows meanwhile what the module says.
    async fn read(&mut self, mut source: Source, wanted: Wanted) -> Result<(Source, Input), Failure> {
        let mut reading = smol::unblock(move || {
            let input = source.read(wanted);
            (source, input)
        });
        loop {
            let is_busy = self.wire.is_busy();
            let heard = {
                let hearing = std::pin::pin!(self.wire.hear());
                match interruptible(select(&mut reading, hearing)).await? {
                    Either::Left(((source, input), _)) => return Ok((source, input?)),
                    Either::Right((heard, _)) => heard,
                }
            };
            let heard = heard.map_err(|error| self.broken(&error))?;
            self.show(&heard)?;
            if is_busy {
                self.heard.extend(heard);
            }
        }
    }

    fn show(&mut self, heard: &[Heard]) -> Result<(), Failure> {
        self.screen.events(heard.iter().filter_map(|heard| match heard {
            Heard::Event(event) => Some(event),
            Heard::Asks(_) => None,
        }))
    }

    /// Sends a command line, gives the module what it asks for, and waits for the result.
    async fn carry_out(&mut self, mut source: Source, line: &str) -> Result<Source, Failure> {
        self.lines += 1;
        let is_command = line.get(..1).is_some_and(|letter| letter.eq_ignore_ascii_case("a"));
        if !is_command {
            self.failed += 1;
            self.screen
                .say(&format!("{line:?} is no command line; those begin with AT (:raw sends anything)"))?;
            return Ok(source);
        }
        if has_lost_a_secret(line) {
            self.failed += 1;
            self.screen.say("the line has asterisks in place of a secret; type that anew")?;
            return Ok(source);
        }
        self.keeps_errors |= line.to_ascii_uppercase().contains(Cmee::SPEC.name);
        self.heard.clear();
        let sent = self.wire.command(line).await.map_err(|error| self.broken(&error))?;
        self.screen.events(&sent)?;
        let (limit, awaited) = self.wire.expected();
        let limit = (!self.is_terminal).then_some(limit);
        loop {
            match self.wait(limit, None).await? {
                Outcome::Asks(asks) => source = self.give(source, asks).await?,
                Outcome::Failed => {
                    self.failed += 1;
                    return Ok(source);
                }
                Outcome::GivenUp => {
                    self.wire.give_up();
                    return Ok(source);
                }
                Outcome::Done => break,
            }
        }
        // Somebody at a terminal sees it come.
        if let Some(awaited) = awaited.filter(|_| !self.is_terminal)
            && self.wait(Some(WAIT), Some(awaited)).await? != Outcome::Done
        {
            self.failed += 1;
        }
        Ok(source)
    }

    /// Waits for the result of the command in flight, or for a line that begins so; for no longer than `limit`.
    async fn wait(&mut self, limit: Option<Duration>, awaited: Option<&str>) -> Result<Outcome, Failure> {
        let mut timer = limit.map_or_else(Timer::never, Timer::after);
        loop {
            while let Some(heard) = self.heard.pop_front() {
                match heard {
                    Heard::Asks(asks) => return Ok(Outcome::Asks(asks)),
                    Heard::Event(event) => {
                        if let Some(outcome) = ended(&event, awaited) {
                            return Ok(outcome);
                        }
                    }
                }
            }
            if awaited.is_none() && !self.wire.is_busy() {
                // The module has started anew.
                return Ok(Outcome::Failed);
            }
            let heard = {
                let hearing = std::pin::pin!(self.wire.hear());
                match interruptible(select(hearing, &mut timer)).await {
                    Ok(Either::Left((heard, _))) => Some(heard),
                    Ok(Either::Right(_)) => None,
                    Err(interrupted) if self.is_terminal && interrupted.is_by_key() => {
                        forgive();
                        self.screen.say("the result is not waited for any more")?;
                        return Ok(Outcome::GivenUp);
                    }
                    Err(failure) => return Err(failure),
                }
            };
            let Some(heard) = heard else {
                self.screen.say("no result came in time")?;
                self.wire.give_up();
                return Ok(Outcome::Failed);
            };
            let heard = heard.map_err(|error| self.broken(&error))?;
            self.show(&heard)?;
            self.heard.extend(heard);
        }
    }

    /// Gives the module what it asks for.
    async fn give(&mut self, mut source: Source, asks: Asks) -> Result<Source, Failure> {
        let mut left = asks.octets;
        loop {
            let input;
            (source, input) = self.read(source, Wanted::Data(left)).await?;
            // The command may have come to its end meanwhile.
            if !self.wire.is_busy() {
                return Ok(source);
            }
            let (text, ending) = match input {
                Input::Line(text, ending) => (text, ending),
                Input::GivenUp | Input::End => (String::new(), Ending::Escape),
            };
            let octets = match self.data(&text, ending, asks.end, left) {
                Ok(octets) => octets,
                Err(refused) => {
                    self.screen.say(&refused)?;
                    continue;
                }
            };
            let sent = self.wire.send(&octets).await.map_err(|error| self.broken(&error))?;
            // What the table does not know as data is taken for lines.
            if asks.octets.is_some() {
                self.screen.events(&sent)?;
            }
            left = left.map(|left| left.saturating_sub(octets.len() as u64));
            match (ending, asks.end, left) {
                (_, BodyEnd::Counted, Some(0)) => return Ok(source),
                (Ending::Escape, BodyEnd::Counted, left) => {
                    let left = left.map_or_else(String::new, |left| format!("{left} "));
                    self.screen
                        .say(&format!("the module goes on waiting for {left}bytes until its time is over"))?;
                    return Ok(source);
                }
                (Ending::Enter, _, _) if !is_file(&text) => {}
                (_, BodyEnd::Counted, _) => {}
                _ => return Ok(source),
            }
        }
    }

    /// The octets of a line of data; or why it is none.
    fn data(&self, text: &str, ending: Ending, end: BodyEnd, left: Option<u64>) -> Result<Vec<u8>, String> {
        let mut octets = match text.strip_prefix('<').filter(|_| is_file(text)) {
            Some(path) => read(Path::new(path.trim()))?,
            None => text.as_bytes().to_vec(),
        };
        if !octets.iter().all(|octet| end.allows(*octet)) {
            return Err("Ctrl-Z and ESC may not stand in this data".to_owned());
        }
        if let Some(left) = left.filter(|left| (octets.len() as u64) > *left) {
            return Err(format!("that is {} bytes, and the module takes {left}", octets.len()));
        }
        match (ending, end) {
            (Ending::Escape, _) => Ok(end.cancel().unwrap_or_default().to_vec()),
            (_, BodyEnd::CtrlZ) if ending == Ending::CtrlZ || is_file(text) => {
                octets.extend_from_slice(end.octets());
                Ok(octets)
            }
            (Ending::Enter, BodyEnd::CtrlZ) => {
                octets.push(b'\r');
                Ok(octets)
            }
            (Ending::Enter, _) if !is_file(text) => {
                let room = left.map_or(usize::MAX, |left| usize::try_from(left).unwrap_or(usize::MAX));
                octets.extend_from_slice(b"\r\n");
                octets.truncate(room);
                Ok(octets)
            }
            _ => Ok(octets),
        }
    }
}

/// Whether a line of data names a file that has it.
fn is_file(text: &str) -> bool {
    text.starts_with("< ")
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    let mut octets = Vec::new();
    // More than any command takes.
    let read =
        File::open(path).and_then(|file| file.take(u64::from(HTTP_LIMIT) + 1).read_to_end(&mut octets));
    read.map(|_| octets).map_err(|error| Failure::file("read", path, &error).to_string())
}

/// How a command came to its end with `event`, if it did.
fn ended(event: &Event, awaited: Option<&str>) -> Option<Outcome> {
    let is_end = match awaited {
        None => event.kind == Kind::Final,
        Some(awaited) => event.kind == Kind::Unsolicited && event.text().starts_with(awaited.as_bytes()),
    };
    is_end.then_some(if event.is_error { Outcome::Failed } else { Outcome::Done })
}
