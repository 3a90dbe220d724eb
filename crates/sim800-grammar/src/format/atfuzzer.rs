//! ATFuzzer's grammar: for each form the row of its parts, by names, and what each of them is. What it does not list under `arg` is
//! a text as it stands; so are commas and quotation marks here, for what ATFuzzer itself puts between arguments is one separator
//! for all. It sends `AT` in front and the line end behind.

use serde_json::{Map, Value, json};
use sim800_command::{SPECS, Spec};

use crate::shape::{self, Slot, head, shapes};

pub(super) fn grammar() -> Value {
    let mut grammars = Map::new();
    for spec in SPECS {
        let shapes = shapes(spec);
        for (number, shape) in shapes.iter().enumerate() {
            let name = spec.to_string().trim_start_matches("AT").to_owned();
            let name = if shapes.len() == 1 { name } else { format!("{name} #{}", number + 1) };
            grammars.insert(name, structure(spec, shape));
        }
    }
    json!({ "AT_CMD_GRAMMARS": grammars })
}

fn structure(spec: &Spec, shape: &[Slot]) -> Value {
    let mut parts = Parts::default();
    let command = head(spec);
    let command = command.trim_start_matches("AT");
    let (name, equals) = match command.strip_suffix('=') {
        Some(name) => (name, "="),
        None => (command, ""),
    };
    parts.text("cmd".to_owned(), name);
    if !equals.is_empty() {
        parts.text("equal".to_owned(), equals);
    }
    for (place, slot) in shape.iter().enumerate() {
        if place > 0 {
            parts.text(format!("comma_{place}"), ",");
        }
        match slot {
            Slot::Fixed(word) => parts.text(format!("word_{place}"), word),
            Slot::Tag(tag) => parts.text(format!("tag_{place}"), &format!("\"{tag}\"")),
            Slot::Value { name, value } => parts.value(place, name, *value),
        }
    }
    parts.object.insert("struct".to_owned(), json!(parts.row));
    if !parts.arguments.is_empty() {
        parts.object.insert("arg".to_owned(), json!(parts.arguments));
        parts.object.insert("separator".to_owned(), json!(","));
    }
    Value::Object(parts.object)
}

#[derive(Default)]
struct Parts {
    object: Map<String, Value>,
    row: Vec<String>,
    arguments: Vec<String>,
}

impl Parts {
    fn text(&mut self, name: String, text: &str) {
        self.row.push(name.clone());
        self.object.insert(name, json!(text));
    }

    fn value(&mut self, place: usize, name: &str, value: shape::Value) {
        let quoted = matches!(value, shape::Value::Text { .. } | shape::Value::Headers);
        if quoted {
            self.text(format!("open_{place}"), "\"");
        }
        if matches!(value, shape::Value::Path { .. }) {
            self.text(format!("drive_{place}"), r"C:\");
        }
        // A value may be called what a part of the structure is.
        let name = format!("{name}_{place}");
        self.row.push(name.clone());
        self.arguments.push(name.clone());
        self.object.insert(name, kind(value));
        if quoted {
            self.text(format!("close_{place}"), "\"");
        }
    }
}

fn kind(value: shape::Value) -> Value {
    match value {
        shape::Value::Number { min, max } => json!({ "type": "ranged", "range": [min, max] }),
        shape::Value::Text { max } => json!({ "type": "string", "length": max }),
        shape::Value::Path { max } => json!({ "type": "letters", "length": max - r"C:\".len() }),
        shape::Value::Headers => json!({ "type": "string", "length": sim800_command::LINE_LIMIT }),
        shape::Value::Choice(words) => {
            json!({ "type": "fixed", "values": words.iter().map(|word| word.word).collect::<Vec<_>>() })
        }
    }
}
