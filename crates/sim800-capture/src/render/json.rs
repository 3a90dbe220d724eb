//! Events as JSON.

use serde_json::Value as Json;
use sim800_parser::Value;

use crate::event::{Direction, Event};
use crate::printable::hexadecimal;

/// One object on one line, without a line end behind it; its octets are the characters U+0000 to U+00FF, as in a trace.
#[must_use]
pub fn json(event: &Event) -> String {
    let direction = event.direction.map(|direction| match direction {
        Direction::Sent => "tx",
        Direction::Received => "rx",
    });
    let values: Vec<Json> = event.values().map(value).collect();
    let payload = event.payload.as_ref();
    let fields = [
        ("t", event.time.map(|time| time.as_micros() as f64 / 1e6).into()),
        ("dir", direction.into()),
        ("event", event.kind.name().into()),
        ("subject", event.subject.name().into()),
        ("name", event.name().into()),
        ("values", values.into()),
        ("text", characters(event.text()).into()),
        ("octets", payload.and_then(|payload| payload.announced).into()),
        ("received", event.octets.into()),
        ("sha256", payload.map(|payload| hexadecimal(&payload.sha256)).into()),
        ("error", event.is_error.into()),
        ("meaning", event.meaning.as_deref().into()),
    ];
    in_order(&fields)
}

fn value(value: Value<'_>) -> Json {
    match value {
        Value::Number(number) => number.into(),
        Value::Quoted(text) | Value::Bare(text) => characters(text).into(),
        _ => Json::Null,
    }
}

/// An object whose fields keep their order, with everything escaped that is not ASCII, for a terminal would obey U+009B.
pub(super) fn in_order(fields: &[(&str, Json)]) -> String {
    let mut text = String::from("{");
    for (n, (name, value)) in fields.iter().enumerate() {
        text.push_str(if n == 0 { "\"" } else { ",\"" });
        text.push_str(name);
        text.push_str("\":");
        push_ascii(&mut text, &value.to_string());
    }
    text.push('}');
    text
}

pub(super) fn push_ascii(text: &mut String, json: &str) {
    for c in json.chars() {
        match c {
            '\0'..='~' => text.push(c),
            _ => c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| text.push_str(&format!("\\u{unit:04x}"))),
        }
    }
}

pub(super) fn characters(octets: &[u8]) -> String {
    octets.iter().copied().map(char::from).collect()
}
