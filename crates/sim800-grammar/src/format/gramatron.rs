//! Gramatron's sources: names, and for each the rows in which texts stand in quotation marks, with blanks between. Which of the two
//! marks is chosen by what is in the text; one with both is written as several.

use serde_json::{Map, Value, json};

use crate::{Grammar, Symbol};

pub(super) fn grammar() -> Value {
    let mut rules = Map::new();
    for rule in Grammar::of_table().rules() {
        let row = |row: &Vec<Symbol>| row.iter().flat_map(symbols).collect::<Vec<_>>().join(" ");
        rules.insert(rule.name.clone(), json!(rule.alternatives.iter().map(row).collect::<Vec<_>>()));
    }
    Value::Object(rules)
}

fn symbols(symbol: &Symbol) -> Vec<String> {
    match symbol {
        Symbol::Text(text) => {
            let octets: Vec<_> = text.chars().collect();
            octets.chunk_by(|a, b| (*a == '\'') == (*b == '\'')).map(quoted).collect()
        }
        Symbol::Rule(rule) => vec![rule.clone()],
    }
}

fn quoted(text: &[char]) -> String {
    let mark = if text.contains(&'\'') { '"' } else { '\'' };
    [mark].iter().chain(text).chain([&mark]).collect()
}
