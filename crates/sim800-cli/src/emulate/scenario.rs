//! Scenarios: a file with knobs, faults, files and what happens when.

use std::path::Path;
use std::time::Duration;

use serde_json::{Map, Value, json};
use toml::de::{DeTable, DeValue};

use super::request::Request;
use crate::args::{FaultText, Knobs};
use crate::failure::Failure;
use crate::text;

/// What a scenario holds beside knobs.
const FAULTS: &str = "faults";
const FILES: &str = "files";
const STEPS: &str = "steps";

/// When a step is, in seconds since the start.
const AT: &str = "at";

/// What a scenario says.
#[derive(Debug, Default)]
pub(crate) struct Scenario {
    pub(crate) knobs: Knobs,
    pub(crate) faults: Vec<FaultText>,
    /// Paths in the module, and what is there.
    pub(crate) files: Vec<(String, String)>,
    /// In the order of their times.
    pub(crate) steps: Vec<(Duration, Request)>,
}

impl Scenario {
    pub(crate) fn read(path: &Path) -> Result<Self, Failure> {
        let failed = |error| Failure::file("read the scenario in", path, &error);
        let text = text::read(path).map_err(failed)?;
        Self::parse(&text)
            .map_err(|(line, what)| Failure::usage(format!("{}, line {line}: {what}", path.display())))
    }

    /// What is wrong comes with its line, counted from 1.
    fn parse(text: &str) -> Result<Self, (usize, String)> {
        let line = |place: usize| 1 + text.bytes().take(place).filter(|octet| *octet == b'\n').count();
        let table = DeTable::parse(text)
            .map_err(|error| (line(error.span().map_or(0, |span| span.start)), error.message().to_owned()))?;
        let mut scenario = Self::default();
        for (key, value) in table.get_ref() {
            let name: &str = key.get_ref();
            let value = json(value.get_ref());
            scenario.take(name, value).map_err(|what| (line(key.span().start), what))?;
        }
        scenario.steps.sort_by_key(|(at, _)| *at);
        Ok(scenario)
    }

    fn take(&mut self, name: &str, value: Value) -> Result<(), String> {
        match (name, value) {
            (FAULTS, Value::Array(faults)) => {
                for fault in faults {
                    let fault = fault.as_str().ok_or("a fault is a text")?;
                    self.faults.push(fault.parse()?);
                }
            }
            (FILES, Value::Object(files)) => {
                for (path, text) in files {
                    let text = text.as_str().ok_or_else(|| format!("{path}: what is in a file is a text"))?;
                    self.files.push((path, text.to_owned()));
                }
            }
            (STEPS, Value::Array(steps)) => {
                for step in steps {
                    self.steps.push(timed(step)?);
                }
            }
            (FAULTS, _) => return Err("faults are a list of texts".to_owned()),
            (FILES, _) => return Err("[files] is followed by paths and texts".to_owned()),
            (STEPS, _) => return Err("each step stands below [[steps]]".to_owned()),
            (name, value) => {
                let knob = Knobs::from_object(Map::from_iter([(name.to_owned(), value)]))?;
                self.knobs = std::mem::take(&mut self.knobs).or(knob);
            }
        }
        Ok(())
    }
}

/// A step: a request and its time.
fn timed(step: Value) -> Result<(Duration, Request), String> {
    let Value::Object(mut step) = step else { return Err("a step is a table".to_owned()) };
    let at = step.remove(AT).and_then(|at| at.as_f64()).and_then(|at| Duration::try_from_secs_f64(at).ok());
    let at = at.ok_or("a step has its time, in seconds since the start: at = 5")?;
    Ok((at, Request::from_value(Value::Object(step))?))
}

/// A value as the control channel would have it.
fn json(value: &DeValue<'_>) -> Value {
    match value {
        DeValue::String(text) => json!(text),
        DeValue::Integer(number) => {
            number.to_string().parse::<i64>().map_or(Value::Null, |number| json!(number))
        }
        DeValue::Float(number) => {
            number.to_string().parse::<f64>().map_or(Value::Null, |number| json!(number))
        }
        DeValue::Boolean(is_on) => json!(is_on),
        DeValue::Datetime(time) => json!(time.to_string()),
        DeValue::Array(values) => values.iter().map(|value| json(value.get_ref())).collect(),
        DeValue::Table(table) => {
            let entries = table.iter().map(|(key, value)| (key.get_ref().to_string(), json(value.get_ref())));
            Value::Object(entries.collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use sim800_emulator::{Config, Fault, Sim};

    use super::*;

    #[test]
    fn a_scenario_holds_all_of_it() {
        let scenario = Scenario::parse(
            r#"
            sim = "pin"
            pin = 1234
            latency = 0.5
            attach = false
            faults = ["silence in 60", "drop 2 after 100"]

            [files]
            "C:/User/a.txt" = "hello"

            [[steps]]
            at = 5
            set = { signal = 3 }

            [[steps]]
            at = 1.5
            inject = "RING"
            "#,
        )
        .unwrap();
        let mut config = Config::default();
        scenario.knobs.apply(&mut config).unwrap();
        assert_eq!((config.sim, config.attach), (Sim::PinRequired { pin: "1234".into() }, false));
        assert!(matches!(scenario.faults[0].0[..], [Fault::Later { .. }]));
        assert_eq!(scenario.faults[1].0.len(), 2);
        assert_eq!(scenario.files, [("C:/User/a.txt".to_owned(), "hello".to_owned())]);
        assert!(matches!(scenario.steps[..], [(first, Request::Inject(_)), (_, Request::Set(_))]
            if first == Duration::from_millis(1500)));
    }

    #[test]
    fn what_is_wrong_names_its_line() {
        for (text, at, why) in [
            ("sim = \"pin", 1, ""),
            ("echo = true\nsignal = \"loud\"\n", 2, "signal: a signal is RSSI"),
            ("\n\ncolour = 1\n", 3, "unknown field `colour`"),
            ("faults = \"silence\"\n", 1, "a list of texts"),
            ("faults = [\"explode\"]\n", 1, "there is no `explode`"),
            ("[files]\na = 1\n", 1, "what is in a file is a text"),
            ("[[steps]]\ninject = \"RING\"\n", 1, "a step has its time"),
            ("[[steps]]\nat = 1\nset = {}\npower = \"on\"\n", 1, "a request has one key, not 2"),
            ("[[steps]]\nat = -1\nset = {}\n", 1, "a step has its time"),
        ] {
            let (line, what) = Scenario::parse(text).unwrap_err();
            assert!(line == at && what.contains(why), "{text:?}: line {line}: {what}");
        }
    }
}
