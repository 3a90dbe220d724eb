//! What can be asked of a module that runs, and how: by the control channel, and by the steps of a scenario.

use std::time::Duration;

use data_encoding::BASE64;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use sim800_emulator::{Config, EntryKind, Fault, Place, PowerDown, VisitFailure};
use sim800_testbed::Control;

use super::sights;
use crate::args::{FaultText, Knobs};

/// The longest text that is said in the module's name, or sent to it as a message.
const LONGEST: usize = 4096;

/// How long somebody may wait for something to be seen, in seconds.
const LONGEST_WAIT: f64 = 60.0;

/// A request: an object with one key. Its answer is an object with `ok`, and with `error` where that is false.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Request {
    /// Knobs by their names.
    Set(Map<String, Value>),
    /// A fault as `--fault` has it.
    Fault(String),
    /// An unsolicited line.
    Inject(Inject),
    /// A short message arrives.
    Message(String),
    /// The power key, or what else starts and ends a module.
    Power(Power),
    /// What the module saw, from an entry on.
    Seen(Seen),
    /// What is in a directory of the module.
    List(String),
    /// A file of the module.
    Read(String),
    /// Makes a file of the module, and its directory.
    Write(Write),
    /// Removes a file of the module, or an empty directory.
    Remove(String),
    /// How the module is.
    State(Nothing),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Nothing {}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Inject {
    Now(String),
    At(InjectAt),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct InjectAt {
    text: String,
    #[serde(default)]
    place: InjectPlace,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum InjectPlace {
    #[default]
    Now,
    BeforeResponse,
    BeforeResult,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Power {
    /// Presses the key of a module that is off.
    On,
    /// Switches it off, with its last line.
    Off,
    /// A reset, with the lines of a start.
    Restart,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Seen {
    #[serde(default)]
    since: u64,
    /// In seconds.
    #[serde(default)]
    wait: f64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Write {
    path: String,
    text: Option<String>,
    base64: Option<String>,
}

impl Request {
    /// Reads one, or says what is wrong with it.
    pub(crate) fn from_value(value: Value) -> Result<Self, String> {
        match value {
            Value::Object(object) if object.len() == 1 => {
                let name = object.keys().next().cloned().unwrap_or_default();
                Self::deserialize(Value::Object(object)).map_err(|error| {
                    let error = error.to_string();
                    if error.starts_with(&format!("unknown variant `{name}`")) {
                        error.replacen("unknown variant", "there is no request", 1)
                    } else {
                        format!("{name}: {error}")
                    }
                })
            }
            Value::Object(object) => Err(format!("a request has one key, not {}", object.len())),
            _ => Err("a request is an object with one key, such as {\"state\":{}}".to_owned()),
        }
    }

    /// Does what is asked for; what there is to tell of it, or what is wrong.
    pub(crate) fn carry_out(self, control: &Control) -> Result<Map<String, Value>, String> {
        let gone = || "the module has stopped".to_owned();
        let mut told = Map::new();
        match self {
            Self::Set(knobs) => set(Knobs::from_object(knobs)?, control)?,
            Self::Fault(text) => {
                let FaultText(faults) = text.parse()?;
                for fault in faults {
                    control.fault(fault);
                }
            }
            Self::Inject(inject) => {
                let (text, place) = match inject {
                    Inject::Now(text) => (text, InjectPlace::Now),
                    Inject::At(InjectAt { text, place }) => (text, place),
                };
                let place = match place {
                    InjectPlace::Now => Place::Now,
                    InjectPlace::BeforeResponse => Place::BeforeResponse,
                    InjectPlace::BeforeResult => Place::BeforeResult,
                };
                control.fault(Fault::Inject { place, text: bounded(text)? });
            }
            Self::Message(text) => control.fault(Fault::Message { text: bounded(text)? }),
            Self::Power(Power::On) => control.press_power_key(),
            Self::Power(Power::Off) => control.fault(Fault::PowerDown(PowerDown::Normal)),
            Self::Power(Power::Restart) => control.fault(Fault::Restart { announced: true }),
            Self::Seen(Seen { since, wait }) => {
                if !(0.0..=LONGEST_WAIT).contains(&wait) {
                    return Err(format!("seen: wait is from 0 to {LONGEST_WAIT} seconds"));
                }
                let seen = control.journal().wait_since(since, Duration::from_secs_f64(wait));
                let next = seen.last().map_or(since, |entry| entry.number + 1);
                told.insert("next".to_owned(), json!(next));
                told.insert("seen".to_owned(), seen.iter().map(sights::object).collect());
            }
            Self::List(path) => {
                let config = control.config().ok_or_else(gone)?;
                told.insert("entries".to_owned(), entries(&config, &path)?);
            }
            Self::Read(path) => {
                let config = control.config().ok_or_else(gone)?;
                let octets = config.read_file(&path).map_err(|failure| at(&path, failure))?;
                match String::from_utf8(octets.to_vec()) {
                    Ok(text) => told.insert("text".to_owned(), json!(text)),
                    Err(_) => told.insert("base64".to_owned(), json!(BASE64.encode(&octets))),
                };
            }
            Self::Write(Write { path, text, base64 }) => {
                let config = control.config().ok_or_else(gone)?;
                let octets = match (text, base64) {
                    (Some(text), None) => text.into_bytes(),
                    (None, Some(base64)) => {
                        BASE64.decode(base64.as_bytes()).map_err(|error| format!("write: base64: {error}"))?
                    }
                    _ => return Err("write: give either text or base64".to_owned()),
                };
                config.write_file(&path, &octets).map_err(|failure| at(&path, failure))?;
            }
            Self::Remove(path) => {
                let config = control.config().ok_or_else(gone)?;
                config.remove_file(&path).map_err(|failure| at(&path, failure))?;
            }
            Self::State(Nothing {}) => {
                let config = control.config().ok_or_else(gone)?;
                told.insert("on".to_owned(), json!(control.is_on()));
                told.insert("next".to_owned(), json!(control.journal().next()));
                told.insert("signal".to_owned(), json!([config.signal.0, config.signal.1]));
                told.insert("registration".to_owned(), json!(config.registration.stat()));
                told.insert("revision".to_owned(), json!(config.revision));
            }
        }
        Ok(told)
    }
}

/// Sets knobs of a module that runs, all or none of them.
fn set(knobs: Knobs, control: &Control) -> Result<(), String> {
    if let Some(name) = knobs.for_the_start() {
        return Err(format!("{name}: it is set at the start only"));
    }
    let mut tried = control.config().ok_or("the module has stopped")?;
    knobs.apply(&mut tried)?;
    control.configure(move |config| {
        // It was tried.
        let _ = knobs.apply(config);
    });
    Ok(())
}

/// What is in a directory of the module.
fn entries(config: &Config, path: &str) -> Result<Value, String> {
    let entries = config.list_files(path).map_err(|failure| at(path, failure))?;
    let entries = entries.into_iter().map(|entry| match entry.kind {
        EntryKind::Directory => json!({ "name": entry.name, "directory": true }),
        EntryKind::File { size } => json!({ "name": entry.name, "directory": false, "size": size }),
    });
    Ok(entries.collect())
}

fn at(path: &str, failure: VisitFailure) -> String {
    format!("{path}: {failure}")
}

fn bounded(text: String) -> Result<String, String> {
    if text.len() > LONGEST { Err(format!("a text has at most {LONGEST} bytes")) } else { Ok(text) }
}

#[cfg(test)]
mod tests {
    use sim800_testbed::{Line, Module};

    use super::*;

    fn asked(control: &Control, request: Value) -> Result<Map<String, Value>, String> {
        Request::from_value(request)?.carry_out(control)
    }

    #[test]
    fn what_is_asked_for_happens() {
        let (module, _link) = Module::new(Config::default(), Line::unpaced()).start_linked().unwrap();
        let ask = |request| asked(&module, request).unwrap();
        ask(json!({"set": {"signal": "3,1", "registration": "roaming"}}));
        let state = ask(json!({"state": {}}));
        assert_eq!(
            (&state["signal"], &state["registration"], &state["on"]),
            (&json!([3, 1]), &json!(5), &json!(true))
        );
        ask(json!({"write": {"path": "C:/User/new/a.bin", "base64": "AP8="}}));
        ask(json!({"write": {"path": "C:\\User\\FTP\\a.txt", "text": "hello"}}));
        assert_eq!(ask(json!({"read": "c:/user/NEW/A.BIN"}))["base64"], "AP8=");
        assert_eq!(ask(json!({"read": "C:/User/ftp/a.txt"}))["text"], "hello");
        let entries = &ask(json!({"list": "C:/User"}))["entries"];
        assert_eq!(entries, &json!([{"name": "FTP", "directory": true}, {"name": "new", "directory": true}]));
        ask(json!({"remove": "C:/User/new/a.bin"}));
        ask(json!({"power": "off"}));
        assert_eq!(ask(json!({"state": {}}))["on"], false);
        let seen = ask(json!({"seen": {"since": 0, "wait": 10}}));
        assert_eq!((&seen["next"], &seen["seen"][0]["power"]), (&json!(1), &json!("off")));
        ask(json!({"inject": {"text": "RING", "place": "before-result"}}));
        ask(json!({"inject": "RING"}));
        ask(json!({"message": "hello"}));
        ask(json!({"fault": "restart in 10"}));
        ask(json!({"power": "on"}));
    }

    #[test]
    fn what_is_wrong_is_named() {
        let (module, _link) = Module::new(Config::default(), Line::unpaced()).start_linked().unwrap();
        for (request, why) in [
            (json!("state"), "a request is an object with one key"),
            (json!({}), "a request has one key, not 0"),
            (json!({"state": {}, "power": "on"}), "a request has one key, not 2"),
            (json!({"explode": 1}), "there is no request `explode`, expected one of `set`, `fault`"),
            (json!({"set": {"sim": "x"}}), "sim: unknown variant `x`"),
            (json!({"set": {"start": "boot"}}), "start: it is set at the start only"),
            (json!({"set": {"sim": "pin"}}), "give pin as well"),
            (json!({"fault": "drop"}), "fault `drop`: a number of bytes is missing"),
            (json!({"power": "up"}), "power: unknown variant `up`, expected one of `on`, `off`, `restart`"),
            (json!({"seen": {"wait": 1e9}}), "wait is from 0 to 60 seconds"),
            (json!({"seen": {"from": 0}}), "seen: unknown field `from`"),
            (json!({"read": "a.txt"}), "a.txt: a path is written C:/User/a.txt"),
            (json!({"read": "C:/no.txt"}), "C:/no.txt: there is no such file"),
            (json!({"read": "D:/no.txt"}), "with a drive that there is"),
            (json!({"write": {"path": "C:/a"}}), "give either text or base64"),
            (json!({"write": {"path": "C:/../a", "text": ""}}), "C:/../a: a path is written"),
            (
                json!({"write": {"path": "C:/a", "text": "x".repeat(200_000)}}),
                "C:/a: there is no room for it",
            ),
            (json!({"message": "x".repeat(LONGEST + 1)}), "at most 4096 bytes"),
        ] {
            let error = asked(&module, request.clone()).unwrap_err();
            assert!(error.contains(why), "{request}: {error}");
        }
    }
}
