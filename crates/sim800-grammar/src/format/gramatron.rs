//! Gramatron's sources: names, and for each the rows in which texts stand in single quotation marks, with blanks between. No text can
//! hold such a mark, so the one row that is nothing else is left out.
//!
//! Its scripts make names of capitals without looking whether they are taken, and where they need a rule for a text, or for the
//! beginning of a row, they take any that has it among others. So nothing is left to them: names are in small letters here, a text among
//! names has a rule of its own, and so has what follows the first of more than two. Generation begins at `a`.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::{Grammar, Symbol};

pub(super) fn grammar() -> Value {
    let grammar = Grammar::of_table();
    let mut parts = Parts::default();
    let mut rules = Map::new();
    for rule in grammar.rules() {
        let rows: Vec<_> = rule.alternatives.iter().filter_map(|row| parts.row(row)).collect();
        rules.insert(name(&rule.name), json!(rows));
    }
    rules.extend(parts.0.into_iter().map(|(row, name)| (name, json!([row]))));
    Value::Object(rules)
}

/// What stands in rows and has a rule of its own, with its name.
#[derive(Default)]
struct Parts(BTreeMap<String, String>);

impl Parts {
    fn name(&mut self, row: String) -> String {
        let unused = format!("part_{}", self.0.len() + 1);
        self.0.entry(row).or_insert(unused).clone()
    }

    fn row(&mut self, row: &[Symbol]) -> Option<String> {
        match row {
            [Symbol::Text(text)] if text.contains('\'') => None,
            [Symbol::Text(text)] => Some(quoted(text)),
            row => {
                let names = row.iter().map(|symbol| match symbol {
                    Symbol::Text(text) => self.name(quoted(text)),
                    Symbol::Rule(rule) => name(rule),
                });
                let names: Vec<_> = names.collect();
                Some(self.nested(&names))
            }
        }
    }

    fn nested(&mut self, names: &[String]) -> String {
        match names {
            [first, rest @ ..] if rest.len() > 1 => {
                let rest = self.nested(rest);
                format!("{first} {}", self.name(rest))
            }
            names => names.join(" "),
        }
    }
}

fn name(name: &str) -> String {
    name.to_lowercase()
}

fn quoted(text: &str) -> String {
    format!("'{text}'")
}
