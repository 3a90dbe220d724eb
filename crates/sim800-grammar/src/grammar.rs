//! [`Grammar`]: the table's command lines as a context-free grammar.

use std::collections::BTreeSet;

use sim800_command::{Domain, Form, SPECS, Spec};

use crate::number::{Digit, digits};
use crate::shape::{Slot, Value, head, shapes};

/// What a rule begins with by which all of the grammar is reached.
const START: &str = "A";

/// One thing that stands in a rule.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(clippy::exhaustive_enums, reason = "what a context-free grammar is made of")]
pub enum Symbol {
    /// Text, as it stands on the line.
    Text(String),
    /// What the rule of this name generates.
    Rule(String),
}

/// A name, and what may stand in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rule {
    /// Capital letters, digits and `_`.
    pub name: String,
    /// Each of them; none is empty.
    pub alternatives: Vec<Vec<Symbol>>,
}

/// A context-free grammar of command lines, each with its carriage return.
///
/// Numbers are exact. How long a text may be is not said: the lines of a grammar that counts octets would fill volumes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grammar {
    rules: Vec<Rule>,
}

impl Grammar {
    /// That of the table.
    #[must_use]
    pub fn of_table() -> Self {
        Self::of(SPECS)
    }

    /// That of some forms.
    #[must_use]
    pub fn of(specs: &[&Spec]) -> Self {
        let mut used = Used::default();
        let mut forms: Vec<Rule> = Vec::new();
        for spec in specs {
            let name = unused_name(&rule_name(spec), &forms);
            let alternatives = shapes(spec).iter().map(|shape| line(spec, shape, &mut used)).collect();
            forms.push(Rule { name, alternatives });
        }
        let lines = forms.iter().map(|rule| vec![Symbol::Rule(rule.name.clone()), text("\r")]).collect();
        let mut rules = vec![Rule { name: START.to_owned(), alternatives: lines }];
        rules.append(&mut forms);
        rules.extend(used.rules());
        Self { rules }
    }

    /// The first is where generation begins; those behind it are in no particular order.
    #[must_use]
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }
}

fn text(text: impl Into<String>) -> Symbol {
    Symbol::Text(text.into())
}

/// `HTTPREAD`, `SAPBR_3`, `CFUN_READ`.
fn rule_name(spec: &Spec) -> String {
    let name = match spec.name {
        "" => "AT",
        name => name.trim_start_matches('+'),
    };
    let literals = spec.parameters.iter().filter(|parameter| parameter.domain == Domain::Literal);
    let form = match spec.form {
        Form::Write => "SET",
        Form::Read => "READ",
        Form::Test => "TEST",
        _ => "",
    };
    let words = [name].into_iter().chain(literals.map(|parameter| parameter.name)).chain([form]);
    let words: Vec<_> = words.filter(|word| !word.is_empty()).collect();
    words.join("_").replace(|letter: char| !letter.is_ascii_alphanumeric(), "_").to_uppercase()
}

/// Two forms may differ in what stands behind the same words.
fn unused_name(name: &str, rules: &[Rule]) -> String {
    let is_used = |name: &str| rules.iter().any(|rule| rule.name == name);
    let others = (2_u32..).map(|number| format!("{name}_{number}"));
    std::iter::once(name.to_owned()).chain(others).find(|name| !is_used(name)).unwrap_or_default()
}

fn line(spec: &Spec, shape: &[Slot], used: &mut Used) -> Vec<Symbol> {
    let mut symbols = vec![text(head(spec))];
    for (place, slot) in shape.iter().enumerate() {
        if place > 0 {
            symbols.push(text(","));
        }
        symbols.push(match *slot {
            Slot::Fixed(word) => text(word),
            Slot::Tag(tag) => text(format!("\"{tag}\"")),
            Slot::Value { value, .. } => used.symbol(value),
        });
    }
    joined(symbols)
}

/// Texts that stand beside one another are one.
fn joined(symbols: Vec<Symbol>) -> Vec<Symbol> {
    let mut joined: Vec<Symbol> = Vec::new();
    for symbol in symbols {
        match (joined.last_mut(), symbol) {
            (Some(Symbol::Text(last)), Symbol::Text(text)) => last.push_str(&text),
            (_, symbol) => joined.push(symbol),
        }
    }
    joined
}

/// The values that the forms have come across, for a rule each.
#[derive(Default)]
struct Used {
    numbers: BTreeSet<(u32, u32)>,
    choices: Vec<(String, Vec<Vec<Symbol>>)>,
    has_text: bool,
    has_path: bool,
    has_headers: bool,
}

impl Used {
    fn symbol(&mut self, value: Value) -> Symbol {
        let name = match value {
            Value::Number { min, max } => {
                self.numbers.insert((min, max));
                number_name(min, max)
            }
            Value::Text { .. } => {
                self.has_text = true;
                "TEXT".to_owned()
            }
            Value::Path { .. } => {
                self.has_path = true;
                "PATH".to_owned()
            }
            Value::Headers => {
                self.has_headers = true;
                "HEADERS".to_owned()
            }
            Value::Choice(words) => {
                let words: Vec<_> = words.iter().map(|word| vec![text(word.word)]).collect();
                match self.choices.iter().find(|(_, known)| *known == words) {
                    Some((name, _)) => name.clone(),
                    None => {
                        let name = format!("CHOICE_{}", self.choices.len() + 1);
                        self.choices.push((name.clone(), words));
                        name
                    }
                }
            }
        };
        Symbol::Rule(name)
    }

    fn rules(self) -> Vec<Rule> {
        let mut digit_ranges = BTreeSet::new();
        let mut rules: Vec<Rule> =
            self.choices.into_iter().map(|(name, alternatives)| Rule { name, alternatives }).collect();
        for (min, max) in self.numbers {
            let rows = digits(min, max);
            digit_ranges.extend(rows.iter().flatten().copied().filter(|(low, high)| low != high));
            let alternatives = rows.iter().map(|row| joined(row.iter().map(digit).collect())).collect();
            rules.push(Rule { name: number_name(min, max), alternatives });
        }
        for (low, high) in digit_ranges {
            let alternatives = (low..=high).map(|digit| vec![text(digit.to_string())]).collect();
            rules.push(Rule { name: digit_name((low, high)), alternatives });
        }
        if self.has_text {
            let quoted = vec![text("\""), Symbol::Rule("CHARACTERS".to_owned()), text("\"")];
            rules.push(Rule { name: "TEXT".to_owned(), alternatives: vec![vec![text("\"\"")], quoted] });
            // The line has no way to write a quotation mark within quotation marks.
            rules.extend(row_of("CHARACTERS", "CHARACTER", |octet| octet != b'"'));
        }
        let name = || Symbol::Rule("NAME".to_owned());
        if self.has_path {
            let path = vec![text("C:\\"), name()];
            rules.push(Rule { name: "PATH".to_owned(), alternatives: vec![path] });
        }
        if self.has_headers {
            let (lines, line) = (Symbol::Rule("HEADER_LINES".to_owned()), Symbol::Rule("HEADER".to_owned()));
            let quoted = vec![text("\""), lines.clone(), text("\"")];
            rules.push(Rule { name: "HEADERS".to_owned(), alternatives: vec![quoted] });
            let more = vec![line.clone(), text(r"\r\n"), lines];
            rules.push(Rule { name: "HEADER_LINES".to_owned(), alternatives: vec![vec![line], more] });
            rules.push(Rule {
                name: "HEADER".to_owned(),
                alternatives: vec![vec![name(), text(": "), name()]],
            });
        }
        if self.has_path || self.has_headers {
            rules.extend(row_of("NAME", "NAME_CHARACTER", |octet| octet.is_ascii_alphanumeric()));
        }
        rules
    }
}

/// One or more of the printable characters that `allows`.
fn row_of(row: &str, one: &str, allows: fn(u8) -> bool) -> [Rule; 2] {
    let (more, character) = (Symbol::Rule(row.to_owned()), Symbol::Rule(one.to_owned()));
    let characters = (b' '..=b'~').filter(|octet| allows(*octet));
    [
        Rule { name: row.to_owned(), alternatives: vec![vec![character.clone()], vec![character, more]] },
        Rule {
            name: one.to_owned(),
            alternatives: characters.map(|octet| vec![text(char::from(octet))]).collect(),
        },
    ]
}

fn number_name(min: u32, max: u32) -> String {
    format!("NUMBER_{min}_{max}")
}

fn digit_name((low, high): Digit) -> String {
    format!("DIGIT_{low}_{high}")
}

fn digit(digit: &Digit) -> Symbol {
    let (low, high) = *digit;
    if low == high { text(low.to_string()) } else { Symbol::Rule(digit_name(*digit)) }
}
