//! The table as a whole, and canonical command lines made from what it says about itself.

use std::collections::HashSet;

use proptest::prelude::*;
use proptest::sample::select;
use sim800_command::{DataPhase, Domain, Form, Id, ParameterSpec, Prepared, SPECS, Spec};

#[test]
fn every_row_is_documented_and_stands_for_its_command() {
    for spec in SPECS {
        assert_eq!(Some(spec.name), spec.id.map(Id::name), "{spec}");
        assert!(!spec.doc.trim().is_empty(), "{spec}");
        assert!(!spec.section.is_empty(), "{spec}");
        for parameter in spec.parameters {
            let is_literal = parameter.domain == Domain::Literal;
            assert_eq!(parameter.doc.trim().is_empty(), is_literal, "{spec}: {}", parameter.name);
            if let Domain::Group(members) = parameter.domain {
                let alone = |member: &ParameterSpec| !member.doc.trim().is_empty() && !member.optional;
                assert!(members.iter().all(alone), "{spec}: {}", parameter.name);
            }
        }
        let optional = spec.parameters.iter().skip_while(|parameter| !parameter.optional);
        assert!(
            optional.into_iter().all(|parameter| parameter.optional),
            "{spec}: only the last may be left out"
        );
        if spec.form == Form::Basic {
            assert_eq!(spec.parameters.len(), 1, "{spec}: basic syntax has no comma");
        }
    }
}

#[test]
fn no_row_comes_twice_and_no_command_is_without() {
    let syntax: HashSet<_> = SPECS.iter().map(ToString::to_string).collect();
    assert_eq!(syntax.len(), SPECS.len());
    let names: HashSet<_> = Id::ALL.iter().map(|id| id.name()).collect();
    assert_eq!(names.len(), Id::ALL.len());
    for id in Id::ALL {
        assert!(SPECS.iter().any(|spec| spec.id == Some(*id)), "{id:?}");
        assert_eq!(Id::from_name(&id.name().to_ascii_lowercase()), Some(*id));
    }
}

/// Values of a parameter as they are written, commas between them included.
fn values(domain: Domain, name: &'static str) -> BoxedStrategy<String> {
    match domain {
        Domain::Literal => Just(name.to_owned()).boxed(),
        Domain::Number { min, max } => {
            prop_oneof![Just(min), Just(max), min..=max].prop_map(|number| number.to_string()).boxed()
        }
        // Long lines have a test of their own.
        Domain::Text { max, .. } => {
            proptest::string::string_regex(&format!("\"[ !#-~]{{0,{}}}\"", max.min(255)))
                .expect("a regular expression")
                .boxed()
        }
        Domain::Path { max } => {
            let names = format!(r"[!#-)+\-.0-9=@-{{}}~]{{0,{}}}", max - r"C:\".len());
            let names = proptest::string::string_regex(&names).expect("a regular expression");
            ("[A-Za-z]", names).prop_map(|(drive, names)| format!(r"{drive}:\{names}")).boxed()
        }
        Domain::Group(members) => {
            let values: Vec<_> = members.iter().map(|member| values(member.domain, member.name)).collect();
            values.prop_map(|values| values.join(",")).boxed()
        }
        Domain::Headers => prop::collection::vec("[A-Za-z0-9-]{1,9}: [!#-\\[\\]-~]{1,9}", 0..5)
            .prop_map(|lines| format!("\"{}\"", lines.join("\\r\\n")))
            .boxed(),
        Domain::Choice(words) => select(words).prop_map(|word| word.word.to_owned()).boxed(),
        Domain::Tagged(tags) => select(tags)
            .prop_flat_map(|tag| {
                values(tag.domain, "").prop_map(move |value| format!("\"{}\",{value}", tag.tag))
            })
            .boxed(),
        other => panic!("no values for {other:?}"),
    }
}

fn command_line(spec: &Spec, parameters: &[ParameterSpec]) -> BoxedStrategy<String> {
    let punctuation = match spec.form {
        Form::Write => "=",
        Form::Read => "?",
        Form::Test => "=?",
        _ => "",
    };
    let start = format!("AT{}{punctuation}", spec.name);
    let values: Vec<_> =
        parameters.iter().map(|parameter| values(parameter.domain, parameter.name)).collect();
    values.prop_map(move |values| format!("{start}{}\r", values.join(","))).boxed()
}

/// A canonical line of any row, with all optional parameters or without.
fn any_line() -> impl Strategy<Value = (&'static Spec, String)> {
    (select(SPECS), any::<bool>()).prop_flat_map(|(spec, short)| {
        let required = spec.parameters.iter().take_while(|parameter| !(short && parameter.optional)).count();
        command_line(spec, &spec.parameters[..required]).prop_map(move |line| (spec, line))
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2_000) })]

    /// `encode(decode(line)) == line` for every canonical line. Every value of a command has such a line, so that
    /// `decode(encode(command)) == command` follows.
    #[test]
    fn canonical_lines_survive((spec, line) in any_line()) {
        let prepared = Prepared::parse(line.as_bytes());
        prop_assert!(prepared.is_some(), "{line}");
        let prepared = prepared.unwrap();
        prop_assert_eq!(prepared.spec.to_string(), spec.to_string());
        prop_assert_eq!(prepared.line.as_bytes(), line.as_bytes());
    }

    /// Whatever is accepted is said in a canonical way, which is accepted again and stays the same.
    #[test]
    fn canonical_form_is_a_fixed_point((_, line) in any_line(), cut in any::<prop::sample::Index>(), octet: u8) {
        let mut line = line.into_bytes();
        let at = cut.index(line.len());
        line[at] = octet;
        if let Some(first) = Prepared::parse(&line) {
            let second = Prepared::parse(first.line.as_bytes()).expect("canonical");
            prop_assert_eq!(first.line.as_bytes(), second.line.as_bytes());
            prop_assert!(!first.line.as_bytes()[..first.line.as_bytes().len() - 1].contains(&b'\r'));
        }
    }

    /// Blanks and case do not matter to the module, nor here.
    #[test]
    fn tolerant_of_case((_, line) in any_line()) {
        let prefix_end = line.find(['=', '?', '\r']).unwrap_or(line.len());
        let lower = line[..prefix_end].to_ascii_lowercase() + &line[prefix_end..];
        let prepared = Prepared::parse(lower.as_bytes()).expect("accepted");
        prop_assert_eq!(prepared.line.as_bytes(), line.as_bytes());
    }

    /// No octets make it panic.
    #[test]
    fn total(line in prop::collection::vec(any::<u8>(), 0..700)) {
        let _ = Prepared::parse(&line);
    }
}

/// Some value of a parameter.
fn plain(parameter: &ParameterSpec) -> String {
    match parameter.domain {
        Domain::Literal => parameter.name.to_owned(),
        Domain::Number { min, .. } => min.to_string(),
        Domain::Choice(words) => words[0].word.to_owned(),
        Domain::Tagged(_) => "\"CID\",1".to_owned(),
        Domain::Path { .. } => r"C:\".to_owned(),
        Domain::Group(members) => members.iter().map(plain).collect::<Vec<_>>().join(","),
        _ => "\"\"".to_owned(),
    }
}

#[test]
fn numbers_out_of_range_and_missing_or_surplus_values_are_refused() {
    for spec in SPECS.iter().filter(|spec| spec.form == Form::Write) {
        let values: Vec<_> = spec.parameters.iter().map(plain).collect();
        let is_this = |values: &[String]| {
            let line = format!("AT{}={}", spec.name, values.join(","));
            Prepared::parse(line.as_bytes())
                .is_some_and(|prepared| prepared.spec.to_string() == spec.to_string())
        };
        let required = spec.parameters.iter().filter(|parameter| !parameter.optional).count();
        assert!(!is_this(&values[..required - 1]), "{spec}");
        assert!(!is_this(&[&values[..], &["1".to_owned()]].concat()), "{spec}");
        for (index, parameter) in spec.parameters.iter().enumerate() {
            if let Domain::Number { min, max } = parameter.domain {
                let mut wrong = values.clone();
                for number in [i64::from(min) - 1, i64::from(max) + 1] {
                    wrong[index] = number.to_string();
                    assert!(!is_this(&wrong), "{spec}: {number}");
                }
            }
        }
    }
}

/// A header is of the command that it answers, and its notation says so.
#[test]
fn headers_begin_with_the_name_of_their_command() {
    for line in
        ["HTTPREAD", "HTTPREAD=0,5", "HTTPHEAD", "FTPGET=2,5", "FTPLIST=2,5", "FTPPUT=2,5", "FTPEXTGET=3,0,5"]
    {
        let prepared = Prepared::parse(format!("AT+{line}").as_bytes()).expect("the table has it");
        let (DataPhase::Announced { header, .. } | DataPhase::Granted { header, .. }) = prepared.expect.data
        else {
            panic!("{line} has no header");
        };
        let name = prepared.spec.name;
        assert_eq!(header.prefix.as_bytes(), format!("{name}:").as_bytes());
        assert!(prepared.spec.data.starts_with(&format!("{name}: ")), "{}", prepared.spec.data);
    }
}

/// Every form says what it answers, and the documentation shows it.
#[test]
fn every_response_has_a_shape() {
    let commands = sim800_command::render::CommandsTable.to_string();
    for spec in SPECS {
        assert!(!spec.response.is_empty(), "{spec}");
        assert!(commands.contains(spec.response) || spec.response == "no information text", "{spec}");
        assert!(commands.contains(spec.data), "{spec}");
    }
}
