//! `sim800 run`: the commands in a file, one after another, on one module.

use std::io;
use std::path::Path;

use futures::io::BufReader;
use serde_json::json;
use smol::Unblock;

use crate::args::{Command, Options, Run};
use crate::connect::{NO_ANSWER, with_module};
use crate::exit;
use crate::failure::Failure;
use crate::held::Held;
use crate::output::{Output, Report};
use crate::source::open_source;
use crate::text::{self, LONGEST_LINE};
use crate::words::{Session, Step};

/// How the program carries out a command.
pub(crate) type Execute<'a> = &'a dyn Fn(&Command, &Options, Output) -> Result<Option<Report>, Failure>;

pub(crate) fn run(
    arguments: &Run,
    options: &Options,
    output: Output,
    execute: Execute<'_>,
) -> Result<Report, Failure> {
    let (file, _) = open_source(&arguments.script)?;
    let name = match arguments.script.to_str() {
        Some("-") => "stdin".to_owned(),
        _ => arguments.script.display().to_string(),
    };
    // Each command may take its time.
    let all = Options { max_time: None, ..options.clone() };
    with_module(&all, output, async |client| {
        let mut file = BufReader::new(Unblock::new(file));
        let mut interpreter = Interpreter::new(Held::new(client), options, execute);
        interpreter.reads_stdin = arguments.script == Path::new("-");
        let (mut number, mut done, mut failed, mut of_all) = (0, 0, 0, 0);
        loop {
            let unreadable = |error| Failure::file("read", &arguments.script, &error);
            let octets = text::next_line(&mut file).await.map_err(unreadable)?;
            if octets.is_empty() {
                break;
            }
            number += 1;
            let line = io::read_to_string(octets.as_slice()).map_err(unreadable)?;
            let at = |failure: Failure| failure.of(&format!("{name}:{number}")).with_field("line", number);
            let told = match interpreter.carry_out(&line) {
                Ok(Carried::End) => break,
                Ok(Carried::Nothing) => continue,
                Ok(Carried::Out(None)) => 0,
                Ok(Carried::Out(Some(mut report))) => {
                    report.fields.insert(0, ("line", json!(number)));
                    output.finish(Ok(report))
                }
                // What came instead of an answer is told where it is known.
                Err(failure) if failure.is_interruption() || failure.kind() == NO_ANSWER => {
                    return Err(at(failure));
                }
                Err(failure) => output.finish(Err(at(failure))),
            };
            match told {
                0 => done += 1,
                exit => (failed, of_all) = (failed + 1, exit::of_both(of_all, exit)),
            }
            if failed > 0 && !arguments.keep_going {
                break;
            }
        }
        if failed > 0 && !arguments.keep_going && !output.json {
            return Err(Failure::told(of_all));
        }
        if failed > 0 {
            let message = format!("{failed} of {} commands failed", done + failed);
            return Err(Failure::new("script", message)
                .with_exit(of_all)
                .with_field("done", done)
                .with_field("failed", failed));
        }
        Ok(Report { fields: vec![("done", json!(done)), ("failed", json!(0))], ..Report::default() })
    })
}

/// Carries out lines on a module that is connected.
pub(crate) struct Interpreter<'a> {
    held: Held,
    options: &'a Options,
    execute: Execute<'a>,
    pub(crate) session: Session,
    /// The lines come from there.
    pub(crate) reads_stdin: bool,
}

/// What became of a line.
pub(crate) enum Carried {
    /// It is empty, or a comment.
    Nothing,
    /// What there is to tell, if it was not told on the way.
    Out(Option<Report>),
    End,
}

impl<'a> Interpreter<'a> {
    pub(crate) fn new(held: Held, options: &'a Options, execute: Execute<'a>) -> Self {
        Self { held, options, execute, session: Session::default(), reads_stdin: false }
    }

    /// Carries out a line.
    pub(crate) fn carry_out(&mut self, line: &str) -> Result<Carried, Failure> {
        if line.len() > LONGEST_LINE || line.contains('\0') {
            return Err(Failure::usage("that is no line of text"));
        }
        let words = shell_words::split(line)
            .map_err(|_| Failure::usage("a quotation mark is not closed; ' or \" is missing"))?;
        if words.is_empty() {
            return Ok(Carried::Nothing);
        }
        let (command, mut options) = match self.session.read(&words, self.options)? {
            Step::Run(command, options) => (command, options),
            Step::Done(report) => return Ok(Carried::Out(Some(report))),
            Step::End => return Ok(Carried::End),
        };
        if self.reads_stdin && command.inputs().contains(&Path::new("-")) {
            return Err(Failure::usage("stdin has the commands, so it cannot have a file as well"));
        }
        options.held = Some(self.held.clone());
        let output = Output::new(&options);
        (self.execute)(&command, &options, output).map(Carried::Out)
    }
}
