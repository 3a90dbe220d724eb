//! AFL++'s grammar mutator: names in angle brackets, and for each the rows of texts and names that may stand in its place. It begins
//! at the name that is in no row.

use serde_json::{Map, Value, json};

use crate::{Grammar, Symbol};

pub(super) fn grammar() -> Value {
    let mut rules = Map::new();
    for rule in Grammar::of_table().rules() {
        let row = |row: &Vec<Symbol>| row.iter().map(symbol).collect::<Vec<_>>();
        rules.insert(name(&rule.name), json!(rule.alternatives.iter().map(row).collect::<Vec<_>>()));
    }
    Value::Object(rules)
}

fn name(name: &str) -> String {
    format!("<{name}>")
}

fn symbol(symbol: &Symbol) -> String {
    match symbol {
        Symbol::Text(text) => text.clone(),
        Symbol::Rule(rule) => name(rule),
    }
}
