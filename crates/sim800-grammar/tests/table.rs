//! The table reads what is made of it.

use std::collections::BTreeSet;

use sim800_command::{LINE_LIMIT, Prepared, SPECS};
use sim800_grammar::{Format, Grammar, Kind, Risk, Symbol, attempts};

/// A line of the grammar, with a choice at each place.
fn generate(grammar: &Grammar, random: &mut fastrand::Rng) -> String {
    let mut line = String::new();
    let mut open = vec![Symbol::Rule(grammar.rules()[0].name.clone())];
    while let Some(symbol) = open.pop() {
        match symbol {
            Symbol::Text(text) => line.push_str(&text),
            Symbol::Rule(name) => {
                let rule = grammar.rules().iter().find(|rule| rule.name == name);
                let alternatives = &rule.unwrap_or_else(|| panic!("no rule {name}")).alternatives;
                // The shortest is first where one is longer than another without an end.
                let most = if line.len() > 12 { 1 } else { alternatives.len() };
                let is_endless = |row: &Vec<Symbol>| row.contains(&Symbol::Rule(name.clone()));
                let row = if alternatives.iter().any(is_endless) {
                    random.usize(..most)
                } else {
                    random.usize(..alternatives.len())
                };
                open.extend(alternatives[row].iter().rev().cloned());
            }
        }
    }
    line
}

#[test]
fn the_table_reads_every_line_of_the_grammar() {
    let grammar = Grammar::of_table();
    let mut random = fastrand::Rng::with_seed(7);
    let mut forms = BTreeSet::new();
    for _ in 0..20_000 {
        let line = generate(&grammar, &mut random);
        let prepared = Prepared::parse(line.as_bytes()).unwrap_or_else(|| panic!("{line:?}"));
        forms.insert(prepared.spec.to_string());
    }
    let missing: Vec<_> =
        SPECS.iter().map(ToString::to_string).filter(|form| !forms.contains(form)).collect();
    assert!(missing.is_empty(), "never generated: {missing:?}");
}

#[test]
fn every_rule_is_used_and_none_is_empty() {
    let grammar = Grammar::of_table();
    let used: BTreeSet<&str> = grammar
        .rules()
        .iter()
        .flat_map(|rule| rule.alternatives.iter().flatten())
        .filter_map(|symbol| match symbol {
            Symbol::Rule(name) => Some(name.as_str()),
            Symbol::Text(_) => None,
        })
        .collect();
    let names: BTreeSet<&str> = grammar.rules().iter().map(|rule| rule.name.as_str()).collect();
    assert_eq!(names.len(), grammar.rules().len(), "a name is there twice");
    let start = grammar.rules()[0].name.as_str();
    assert_eq!(names.iter().copied().filter(|name| *name != start).collect::<BTreeSet<_>>(), used);
    assert!(grammar.rules().iter().all(|rule| rule.alternatives.iter().all(|row| !row.is_empty())));
}

#[test]
fn what_is_called_valid_is_read_and_what_is_beyond_is_not() {
    for spec in SPECS {
        for attempt in attempts(spec) {
            let line = &attempt.line;
            assert!(
                line.len() <= 2 + LINE_LIMIT && line.bytes().all(|octet| (b' '..=b'~').contains(&octet)),
                "{line:?}"
            );
            let read = Prepared::parse(line.as_bytes());
            match attempt.kind {
                Kind::Valid => assert!(read.is_some(), "{spec}: {line}"),
                Kind::OutOfRange => assert!(
                    read.is_none_or(|read| read.spec.to_string() != spec.to_string()),
                    "{spec}: {line}"
                ),
                _ => {}
            }
        }
    }
}

#[test]
fn there_is_something_of_every_kind_to_try() {
    for kind in [Kind::Valid, Kind::Boundary, Kind::OutOfRange, Kind::Confused, Kind::TooLong] {
        let free = SPECS.iter().filter(|spec| Risk::of(spec) == Risk::None);
        assert!(free.flat_map(|spec| attempts(spec)).any(|attempt| attempt.kind == kind), "{kind}");
    }
}

#[test]
fn formats_are_known_by_their_names() {
    for (name, format) in Format::ALL {
        assert_eq!(name.parse(), Ok(format));
        assert!(format.to_string().contains("FTPGET"), "{name}");
    }
    assert_eq!(
        "yacc".parse::<Format>().unwrap_err().to_string(),
        "it is one of afl, atfuzzer, dict, gramatron, json"
    );
}

/// A text may be as long as the line has room for, where the manual has no limit of its own.
#[test]
fn the_longest_line_of_all_is_tried() {
    let lines = SPECS.iter().flat_map(|spec| attempts(spec)).map(|attempt| attempt.line);
    let longest: Vec<_> = lines.filter(|line| line.len() == 2 + LINE_LIMIT).collect();
    assert!(longest.iter().any(|line| line.starts_with("AT+HTTPPARA=\"UA\",\"aaa")), "{longest:?}");
}
