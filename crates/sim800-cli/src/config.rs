//! `sim800 config`.

use std::fmt::Write as _;

use serde_json::{Map, json};

use crate::output::Report;
use crate::settings::InForce;

pub(crate) fn run(in_force: &InForce) -> Report {
    let file = in_force.file.as_ref().map(|file| file.display().to_string());
    let mut text = format!("configuration file  {}\n\n", file.as_deref().unwrap_or("none"));
    let mut settings = Map::new();
    for setting in &in_force.settings {
        let value = setting.value.as_deref();
        // Writing to a string does not fail.
        let _ = match value {
            Some(value) => writeln!(text, "{:<19} {value:<24} {}", setting.name, setting.origin),
            None => writeln!(text, "{:<19} -", setting.name),
        };
        let origin = value.map(|_| setting.origin.to_string());
        settings.insert(setting.name.to_owned(), json!({ "value": value, "from": origin }));
    }
    let fields = vec![("file", json!(file)), ("settings", json!(settings))];
    Report { fields, text: text.into(), remark: String::new() }
}
