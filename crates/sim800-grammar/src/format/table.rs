//! The table itself as JSON: nothing is left out.

use serde_json::{Value, json};
use sim800_command::{Domain, Form, ParameterSpec, SPECS, Spec};

use crate::Risk;

pub(super) fn table() -> Value {
    json!({ "commands": SPECS.iter().map(|spec| form(spec)).collect::<Vec<_>>() })
}

fn form(spec: &Spec) -> Value {
    let kind = match spec.form {
        Form::Basic => "basic",
        Form::Execution => "execution",
        Form::Write => "write",
        Form::Read => "read",
        Form::Test => "test",
        _ => "",
    };
    json!({
        "syntax": spec.to_string(),
        "name": spec.name,
        "form": kind,
        "parameters": spec.parameters.iter().map(parameter).collect::<Vec<_>>(),
        "response": spec.response,
        "data": spec.data,
        "unsolicited": spec.unsolicited,
        "section": spec.section,
        "description": words(spec.doc),
        "risk": Risk::of(spec).to_string(),
    })
}

fn parameter(parameter: &ParameterSpec) -> Value {
    json!({
        "name": parameter.name,
        "optional": parameter.optional,
        "description": words(parameter.doc),
        "values": domain(parameter.domain),
    })
}

fn domain(domain: Domain) -> Value {
    match domain {
        Domain::Literal => json!({ "kind": "literal" }),
        Domain::Number { min, max } => json!({ "kind": "number", "min": min, "max": max }),
        Domain::Text { max, secret } => json!({ "kind": "text", "longest": max, "secret": secret }),
        Domain::Path { max } => json!({ "kind": "path", "longest": max }),
        Domain::Headers => json!({ "kind": "headers", "longest": sim800_command::LINE_LIMIT }),
        Domain::Choice(choices) => {
            let choice = |choice: &sim800_command::Word| json!({ "word": choice.word, "description": words(choice.doc) });
            json!({ "kind": "choice", "choices": choices.iter().map(choice).collect::<Vec<_>>() })
        }
        Domain::Tagged(tags) => {
            let tag = |tag: &sim800_command::Tag| json!({ "tag": tag.tag, "description": words(tag.doc), "values": self::domain(tag.domain) });
            json!({ "kind": "tagged", "tags": tags.iter().map(tag).collect::<Vec<_>>() })
        }
        Domain::Group(members) => {
            json!({ "kind": "group", "members": members.iter().map(parameter).collect::<Vec<_>>() })
        }
        _ => json!({ "kind": "unknown" }),
    }
}

fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
