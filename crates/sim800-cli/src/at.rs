//! `sim800 at`.

use std::io::Read;
use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use futures::future::{Either, select};
use futures::stream::StreamExt;
use serde_json::{Value, json};
use sim800_command::{At, Domain, Form, HTTP_LIMIT, Prepared, Values};
use sim800_parser::{DataPhase, Ending};
use sim800_session::{
    Client, Error as CommandError, Failure as CommandFailure, Malformation, Misuse, Notice, Request, Response,
};
use smol::Timer;

use crate::access::find;
use crate::args::{At as Arguments, Options};
use crate::connect::with_module;
use crate::failure::Failure;
use crate::output::{Output, Report};
use crate::source::open_source;
use crate::text;

/// How long a command may take that the command table does not know: more than the slowest in the manual, which selects
/// an operator (3.2.22).
pub(crate) const TIME_LIMIT: Duration = Duration::from_secs(180);

/// How long an unsolicited result is waited for: the module gives a server up earlier.
pub(crate) const WAIT: Duration = Duration::from_secs(130);

pub(crate) fn run(arguments: &Arguments, options: &Options, output: Output) -> Result<Report, Failure> {
    let mut steps = Vec::new();
    for line in lines(&arguments.lines)? {
        steps.push(Step::new(&line)?);
    }
    if steps.is_empty() {
        return Err(Failure::usage("there is no command; write one such as AT+CSQ"));
    }
    give_data(&mut steps, arguments)?;
    let wait = arguments.wait.unwrap_or(WAIT);
    with_module(options, output, async |client| {
        if let Some(held) = &options.held {
            // It may change anything.
            held.forget();
        }
        find(client, options).await?;
        let is_one = steps.len() == 1;
        let mut told = Vec::new();
        for step in steps {
            let command = step.request.name().to_string();
            match step.carry_out(client, wait).await {
                Ok(Answer { fields, text }) if is_one => {
                    return Ok(Report { fields, text, remark: String::new() });
                }
                Ok(Answer { fields, text }) => {
                    let object: serde_json::Map<String, Value> = [("command", json!(command))]
                        .into_iter()
                        .chain(fields)
                        .map(|(name, value)| (name.to_owned(), value))
                        .collect();
                    told.push(object);
                    if !output.json {
                        // As it comes: the next command may take its time.
                        output.finish(Ok(Report { text, ..Report::default() }));
                    }
                }
                Err(failure) if is_one => return Err(failure),
                Err(failure) => return Err(failure.with_field("responses", json!(told))),
            }
        }
        Ok(Report { fields: vec![("responses", json!(told))], ..Report::default() })
    })
}

/// The command lines; those of stdin where `-` stands.
fn lines(given: &[String]) -> Result<Vec<String>, Failure> {
    let mut lines = Vec::new();
    for line in given {
        if line != "-" {
            lines.push(line.clone());
            continue;
        }
        let text =
            text::read(Path::new(line)).map_err(|error| Failure::file("read", Path::new("stdin"), &error))?;
        let commands = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        lines.extend(commands.map(str::to_owned));
    }
    Ok(lines)
}

/// A command, and what the table knows of it.
struct Step {
    request: Request,
    /// How many octets it announces, where the module asks for some.
    takes: Option<u64>,
    /// How many octets it has the module send without a count of its own.
    counted: Option<u32>,
    /// What ends its response in place of `OK`.
    ending: Option<Ending>,
    /// The name of the unsolicited line that follows it.
    awaited: Option<&'static str>,
}

impl Step {
    fn new(line: &str) -> Result<Self, Failure> {
        let request =
            Request::raw(line, TIME_LIMIT).map_err(|failure| Failure::usage(failure.to_string()))?;
        let Some(prepared) = Prepared::parse(line.trim().as_bytes()) else {
            return Ok(Self { request, takes: None, counted: None, ending: None, awaited: None });
        };
        let takes = match prepared.expect.data {
            DataPhase::Invited { .. } | DataPhase::Prompted | DataPhase::Granted { .. } => {
                announced(&prepared)
            }
            _ => None,
        };
        let counted = match prepared.expect.data {
            DataPhase::Counted { count } => Some(count),
            _ => None,
        };
        let awaited = awaited(&prepared);
        Ok(Self { request, takes, counted, ending: prepared.expect.ending, awaited })
    }

    async fn carry_out(self, client: &Client, wait: Duration) -> Result<Answer, Failure> {
        let Self { request, counted, ending, awaited, .. } = self;
        let name = request.name().to_string();
        let awaited = awaited.filter(|_| !wait.is_zero());
        // From before it is sent, for nothing may be missed.
        let mut notices =
            client.subscribe(move |line| awaited.is_some_and(|name| line.to_string().starts_with(name)));
        let response = match client.request(request).await {
            Ok(response) => response,
            Err(error) => return Err(explained(client, error, counted).await),
        };
        let mut answer = Answer::new(&response, ending);
        let Some(awaited) = awaited else { return Ok(answer) };
        let line = async {
            while let Some(notice) = notices.next().await {
                match notice {
                    Notice::Unsolicited(line) => return Ok(line.line().text().to_vec()),
                    Notice::Restarted(sign) => return Err(Failure::new("restarted", sign.to_string())),
                    _ => {}
                }
            }
            Err(Failure::new("disconnected", "the port is gone"))
        };
        match select(std::pin::pin!(line), Timer::after(wait)).await {
            Either::Left((line, _)) => {
                answer.add_unsolicited(&line?);
                Ok(answer)
            }
            Either::Right(_) => {
                let message = format!(
                    "{name} was taken, but no {} came within {} s; --wait waits longer",
                    awaited.trim_end_matches(':'),
                    wait.as_secs()
                );
                let mut failure = Failure::new("timed-out", message);
                failure.text = String::from_utf8_lossy(&answer.text).into_owned();
                failure.fields = answer.fields;
                Err(failure)
            }
        }
    }
}

/// Why a command failed, and what helps: neither power nor line is at fault where the module answers the next one.
async fn explained(client: &Client, error: CommandError, counted: Option<u32>) -> Failure {
    let command = error.command().to_owned();
    match (error.failure(), counted) {
        (CommandFailure::Rejected(code), _) => {
            let code = code.to_string();
            Failure::from(error).with_text(format!("{code}\n")).with_field("result", code)
        }
        (CommandFailure::Misuse(Misuse::Body), _) => Failure::from(error).with_message(format!(
            "the module asks for data behind {command}, and got none; `sim800 console` sends what you type or a file"
        )),
        // A shorter answer, told from a line that loses octets by nothing.
        (CommandFailure::Starved { .. } | CommandFailure::Malformed(Malformation::Damaged), Some(count)) => {
            let message = format!(
                "{command} asked for {count} bytes, and fewer came, although the module answers: ask for no more than the file has from \
                 there on; if it has as many, the line loses bytes"
            );
            with_message_if_answered(client, error, message).await
        }
        (CommandFailure::TimedOut { limit }, _) => {
            let message = format!(
                "no result of {command} came within {limit:.1?}, although the module answers AT: it may take longer, or its response may \
                 end in a way that is not known here; `sim800 console` shows all that comes"
            );
            with_message_if_answered(client, error, message).await
        }
        _ => error.into(),
    }
}

async fn with_message_if_answered(client: &Client, error: CommandError, message: String) -> Failure {
    let failure = Failure::from(error);
    if client.execute(&At).await.is_ok() { failure.with_message(message) } else { failure }
}

/// How the unsolicited line begins that follows a command.
pub(crate) fn awaited(prepared: &Prepared) -> Option<&'static str> {
    prepared.spec.unsolicited.split_inclusive(':').next().filter(|name| name.ends_with(':'))
}

/// How many octets a command says that follow.
pub(crate) fn announced(prepared: &Prepared) -> Option<u64> {
    let place = prepared.spec.parameters.iter().position(|parameter| {
        matches!(parameter.domain, Domain::Number { .. }) && ["size", "length"].contains(&parameter.name)
    })?;
    if prepared.spec.form != Form::Write {
        return None;
    }
    let line = prepared.line.as_bytes().strip_suffix(b"\r")?;
    let values = line.get(line.iter().position(|octet| *octet == b'=')? + 1..)?;
    Values::new(values).nth(place)?.number()
}

/// Gives each command that takes octets its file.
fn give_data(steps: &mut [Step], arguments: &Arguments) -> Result<(), Failure> {
    let mut files = arguments.data.iter();
    for step in steps {
        let Some(announced) = step.takes else { continue };
        let name = step.request.name().to_string();
        let path = files.next().ok_or_else(|| {
            Failure::usage(format!(
                "the module will ask for the octets of {name}; give them with --data FILE"
            ))
        })?;
        let octets = read(path)?;
        // The module would take the rest for commands, or wait for what is missing.
        if octets.len() as u64 != announced {
            let message =
                format!("{name} announces {announced} bytes, and {} has {}", path.display(), octets.len());
            return Err(Failure::usage(message));
        }
        step.request = step.request.clone().with_body(octets);
    }
    match files.next() {
        Some(path) => {
            let message = format!("no command is known to ask for bytes such as those of {}", path.display());
            Err(Failure::usage(message))
        }
        None => Ok(()),
    }
}

fn read(path: &Path) -> Result<Bytes, Failure> {
    let (file, _) = open_source(path)?;
    let mut octets = Vec::new();
    // More than any command takes.
    let read = file.take(u64::from(HTTP_LIMIT) + 1).read_to_end(&mut octets);
    read.map_err(|error| Failure::file("read", path, &error))?;
    Ok(octets.into())
}

/// What the module answers.
struct Answer {
    fields: Vec<(&'static str, Value)>,
    text: Vec<u8>,
}

impl Answer {
    fn new(response: &Response, ending: Option<Ending>) -> Self {
        let lines: Vec<_> = response.lines().map(|line| String::from_utf8_lossy(line.text())).collect();
        let mut fields = vec![("lines", json!(lines))];
        let mut text = response.information.to_vec();
        if !response.payload.is_empty() {
            fields.push(("payload", json!(String::from_utf8_lossy(&response.payload))));
            text.extend_from_slice(&response.payload);
            text.push(b'\n');
        }
        // Among the lines it is the last, such as SHUT OK.
        let ending = ending.and_then(|ending| {
            let last = response.lines().next_back()?;
            ending.code(last).is_some().then(|| String::from_utf8_lossy(last.text()))
        });
        if ending.is_none() {
            text.extend_from_slice(b"OK\n");
        }
        fields.push(("result", json!(ending.as_deref().unwrap_or("OK"))));
        Self { fields, text }
    }

    fn add_unsolicited(&mut self, line: &[u8]) {
        self.fields.push(("unsolicited", json!(String::from_utf8_lossy(line))));
        self.text.extend_from_slice(line);
        self.text.push(b'\n');
    }
}
