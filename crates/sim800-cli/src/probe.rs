//! `sim800 ports`.

use std::fmt::{self, Write as _};
use std::time::Duration;

use serde_json::json;
use sim800_command::Cgmm;
use sim800_session::{Client, Endpoint};

use crate::args::{Options, Ports};
use crate::connect::{NO_ANSWER, Port, config, run as run_session};
use crate::failure::Failure;
use crate::first_contact::{Heard, Instead};
use crate::output::{Output, Report};
use crate::ports::{self, Found};
use crate::stage::Stage;
use crate::trace::Traces;

/// How long a module may take to answer, unless another time is given: one that is on does so at once.
const ANSWER_WITHIN: Duration = Duration::from_secs(2);

pub(crate) fn run(arguments: &Ports, options: &Options, output: Output) -> Result<Report, Failure> {
    let listed = match arguments.ports.as_slice() {
        [] => ports::found(),
        named => named.iter().map(|port| Found::new(port.into())).collect(),
    };
    let mut text = String::new();
    let mut objects = Vec::new();
    for found in listed {
        let port = found.path.display().to_string();
        let answers = if arguments.probe { Some(probe(&port, options, output)?) } else { None };
        let columns = [Some(port.clone()), found.name.clone(), answers.as_ref().map(Answer::to_string)];
        let columns: Vec<_> = columns.into_iter().flatten().collect();
        // Writing to a string does not fail.
        let _ = writeln!(text, "{}", columns.join("  "));
        if let Some(stable) = &found.stable {
            let _ = writeln!(text, "    also {}", stable.display());
        }
        let mut object = json!({ "port": port, "name": found.name, "stable": found.stable });
        if let Some(answers) = answers {
            object["model"] = json!(answers.model());
            object["answer"] = json!(answers.to_string());
        }
        objects.push(object);
    }
    let remark = match (objects.is_empty(), arguments.probe) {
        (true, _) => "the system lists no serial ports".to_owned(),
        (false, true) => String::new(),
        (false, false) => "add --probe to send AT to each and see what answers".to_owned(),
    };
    Ok(Report { fields: vec![("ports", json!(objects))], text: text.into(), remark })
}

/// What answers at a port.
enum Answer {
    /// A module of this model.
    Module(String),
    /// Something else, or nothing, in a few words.
    Other(String),
}

impl Answer {
    fn model(&self) -> Option<&str> {
        match self {
            Self::Module(model) => Some(model),
            Self::Other(_) => None,
        }
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Module(model) => write!(f, "a module, {model}"),
            Self::Other(what) => f.write_str(what),
        }
    }
}

fn probe(port: &str, options: &Options, output: Output) -> Result<Answer, Failure> {
    let endpoint = port.parse::<Endpoint>().map_err(|wrong| Failure::usage(format!("{port}: {wrong}")))?;
    let mut config = config(options);
    config.answer_within = options.answer_within.unwrap_or(ANSWER_WITHIN);
    let _stage = Stage::begin(output, &format!("sending AT to {port}"), config.answer_within);
    let heard = Heard::default();
    let traces = Traces { file: None, dialogue: None, heard: heard.clone(), recent: None };
    let answer = run_session(options.runtime, Port::Endpoint(endpoint), config, Some(traces), model);
    let other = match answer {
        Ok(Some(model)) => return Ok(Answer::Module(model)),
        // A signal ends all of it.
        Err(failure) if failure.is_interruption() => return Err(failure),
        Err(failure) if failure.kind() != NO_ANSWER => return Ok(Answer::Other(failure.to_string())),
        Ok(None) | Err(_) => match heard.instead() {
            Some(Instead::Nothing) => "no answer",
            Some(Instead::Echo) => "TX and RX are joined: what is sent comes back",
            Some(Instead::Prompt) => "a module that waits for data",
            Some(Instead::Unreadable(_)) => "a device at another rate; try --baud auto with it",
            Some(Instead::Text(_)) => "a device, but not a module",
            None => "a device that answers AT",
        },
    };
    Ok(Answer::Other(other.to_owned()))
}

/// The model of the module, if what answers is one.
async fn model(client: &Client) -> Result<Option<String>, Failure> {
    client.find().await?;
    Ok(client.query(&Cgmm, |model| model.as_str().to_owned()).await.ok())
}
