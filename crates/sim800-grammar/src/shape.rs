//! The forms of a command with tags, groups and what may be left out told apart: what is left is one value after the other.

use sim800_command::{Domain, Form, ParameterSpec, Spec, Word};

/// What stands at one place of a command line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Slot {
    /// Always this.
    Fixed(&'static str),
    /// A tag in quotation marks.
    Tag(&'static str),
    /// A value, by the name of its parameter.
    Value { name: &'static str, value: Value },
}

/// What a value may be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Value {
    /// A decimal number, both ends included.
    Number { min: u32, max: u32 },
    /// In quotation marks, so many octets at most.
    Text { max: usize },
    /// Without quotation marks, so many octets at most.
    Path { max: usize },
    /// Header lines in quotation marks.
    Headers,
    /// One of these.
    Choice(&'static [Word]),
}

/// What stands in front of the values: `AT+HTTPREAD=`.
pub(crate) fn head(spec: &Spec) -> String {
    let end = match spec.form {
        Form::Write => "=",
        Form::Read => "?",
        Form::Test => "=?",
        _ => "",
    };
    format!("AT{}{end}", spec.name)
}

/// Each way in which the values of `spec` may stand in a row.
pub(crate) fn shapes(spec: &Spec) -> Vec<Vec<Slot>> {
    let mut whole = Vec::new();
    let mut growing: Vec<Vec<Slot>> = vec![Vec::new()];
    for parameter in spec.parameters {
        if parameter.optional {
            whole.extend(growing.iter().cloned());
        }
        growing = grown(&growing, parameter);
    }
    whole.append(&mut growing);
    whole
}

fn grown(shapes: &[Vec<Slot>], parameter: &ParameterSpec) -> Vec<Vec<Slot>> {
    let with = |slots: &[Slot]| shapes.iter().map(|shape| [shape, slots].concat()).collect::<Vec<_>>();
    match parameter.domain {
        Domain::Tagged(tags) => tags
            .iter()
            .flat_map(|tag| {
                let value = value(tag.domain).map(|value| Slot::Value { name: "value", value });
                let slots: Vec<_> = [Slot::Tag(tag.tag)].into_iter().chain(value).collect();
                with(&slots)
            })
            .collect(),
        Domain::Group(members) => {
            members.iter().fold(shapes.to_vec(), |shapes, member| grown(&shapes, member))
        }
        domain => match value(domain) {
            Some(value) => with(&[Slot::Value { name: parameter.name, value }]),
            None => with(&[Slot::Fixed(parameter.name)]),
        },
    }
}

/// `None` for what is always the same.
fn value(domain: Domain) -> Option<Value> {
    match domain {
        Domain::Number { min, max } => Some(Value::Number { min, max }),
        Domain::Text { max, .. } => Some(Value::Text { max }),
        Domain::Path { max } => Some(Value::Path { max }),
        Domain::Headers => Some(Value::Headers),
        Domain::Choice(words) => Some(Value::Choice(words)),
        _ => None,
    }
}
