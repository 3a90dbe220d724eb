//! What command lines mean: what the table says of them, with their values named.

use sim800_command::{Domain, Form, Id, ParameterSpec, SPECS, Spec, Tag, Word};
use sim800_parser::{Value, Values};

use super::Meaning;
use crate::command_line::CommandLine;

/// As many values have words of their own behind a sentence; more are named by their numbers.
const FEW: usize = 2;

/// `Opens a bearer: cid 1`, `Sets the URL`, `Asks for the level of functionality`.
pub(crate) fn command(line: CommandLine<'_>) -> Meaning {
    let spec = line.known().map(|known| known.spec).or_else(|| line.alike());
    spec.map_or_else(Meaning::default, |spec| Meaning::of(told(spec, Values::new(line.parameters()))))
}

fn told(spec: &Spec, values: Values<'_>) -> String {
    let values: Vec<Value<'_>> = values.collect();
    if let Some(text) = tagged(spec, &values).or_else(|| in_other_words(spec, &values)) {
        return text;
    }
    let sentence = sentence(spec);
    let named = named(spec.parameters, &values, sentence.starts_with("Switches "));
    if named.is_empty() { sentence } else { format!("{sentence}: {}", named.join(", ")) }
}

/// What the table says, in the beginning of its first sentence.
fn sentence(spec: &Spec) -> String {
    let doc = clause(spec.doc);
    if spec.form != Form::Read || doc != "Shows what is set" {
        return doc;
    }
    // It says what there is to set where it is set.
    let mut rows = SPECS.iter().filter(|row| row.id == spec.id);
    match rows.find(|row| matches!(row.form, Form::Write | Form::Basic)) {
        Some(row) => question(&clause(row.doc)),
        None => doc,
    }
}

/// `Sets the level` as a question.
fn question(sentence: &str) -> String {
    let (verb, rest) = sentence.split_once(' ').unwrap_or((sentence, ""));
    let rest = rest.split(',').next().unwrap_or(rest);
    if verb == "Switches" {
        format!("Asks whether {rest} is on")
    } else if is_question(rest) {
        format!("Asks {rest}")
    } else {
        format!("Asks for {rest}")
    }
}

fn is_question(text: &str) -> bool {
    let word = text.split(' ').next().unwrap_or(text);
    ["how", "what", "where", "whether", "which", "who"].iter().any(|other| word.eq_ignore_ascii_case(other))
}

/// What is said of the commands whose values change the sense of their sentence.
fn in_other_words(spec: &Spec, values: &[Value<'_>]) -> Option<String> {
    let text = match (spec.id?, spec.form, values) {
        (Id::Cgatt, Form::Write, [Value::Number(0)]) => "Detaches from GPRS",
        (Id::Cgatt, Form::Write, [Value::Number(1)]) => "Attaches to GPRS",
        (Id::Verbose, _, [Value::Number(0)]) => "Chooses the format of result codes: digits",
        (Id::Verbose, _, [Value::Number(1)]) => "Chooses the format of result codes: words",
        _ => return None,
    };
    Some(text.to_owned())
}

/// `Sets the URL`: what a tag stands for, and its value where that is no text.
fn tagged(spec: &Spec, values: &[Value<'_>]) -> Option<String> {
    let place = |parameter: &ParameterSpec| match parameter.domain {
        Domain::Tagged(tags) => Some(tags),
        _ => None,
    };
    let (at, tags) =
        spec.parameters.iter().enumerate().find_map(|(at, parameter)| Some((at, place(parameter)?)))?;
    let tag = text(values.get(at)?)?;
    let Tag { doc, domain, .. } = tags.iter().find(|known| known.tag.as_bytes().eq_ignore_ascii_case(tag))?;
    let what = clause(doc);
    let article = if is_question(&what) || what.starts_with("The ") { "" } else { "the " };
    let what = lower(&what);
    let value = values.get(at + 1).and_then(|value| named_value(*domain, doc, value, false));
    Some(match value {
        Some(value) => format!("Sets {article}{what}: {value}"),
        None => format!("Sets {article}{what}"),
    })
}

/// The values that the line does not explain: numbers and choices.
fn named(parameters: &[ParameterSpec], values: &[Value<'_>], is_switch: bool) -> Vec<String> {
    let mut flat = Vec::new();
    for parameter in parameters {
        match parameter.domain {
            Domain::Group(members) => flat.extend(members),
            _ => flat.push(parameter),
        }
    }
    let given: Vec<_> =
        flat.iter().zip(values).filter(|(parameter, _)| is_explained(parameter.domain)).collect();
    let is_alone = given.len() == 1;
    let named = given.iter().filter_map(|(ParameterSpec { name, domain, doc, .. }, value)| {
        let name = name.replace('_', " ");
        if given.len() > FEW && !matches!(domain, Domain::Number { .. }) {
            return Some(format!("{name} {}", number(value)?));
        }
        let said = named_value(*domain, doc, value, is_switch)?;
        let is_clear = is_alone && matches!(domain, Domain::Choice(_));
        Some(if is_clear { said } else { format!("{name} {said}") })
    });
    named.collect()
}

fn is_explained(domain: Domain) -> bool {
    matches!(domain, Domain::Number { .. } | Domain::Choice(_))
}

fn named_value(domain: Domain, doc: &str, value: &Value<'_>, is_switch: bool) -> Option<String> {
    match domain {
        Domain::Choice(words) => {
            let Word { doc, .. } = words.iter().find(|word| is_word(word, value))?;
            let said = lower(&clause(doc));
            Some(match said.as_str() {
                "no" if is_switch => "off".to_owned(),
                "yes" if is_switch => "on".to_owned(),
                _ => said,
            })
        }
        Domain::Number { .. } => {
            let unit = if doc.contains("milliseconds") {
                " ms"
            } else if doc.contains("seconds") {
                " s"
            } else {
                ""
            };
            Some(format!("{}{unit}", number(value)?))
        }
        _ => None,
    }
}

fn is_word(word: &Word, value: &Value<'_>) -> bool {
    match value {
        Value::Number(number) => word.word.parse() == Ok(*number),
        value => {
            text(value).is_some_and(|text| word.word.trim_matches('"').as_bytes().eq_ignore_ascii_case(text))
        }
    }
}

fn number(value: &Value<'_>) -> Option<u64> {
    match value {
        Value::Number(number) => Some(*number),
        _ => None,
    }
}

fn text<'a>(value: &Value<'a>) -> Option<&'a [u8]> {
    match value {
        Value::Quoted(text) | Value::Bare(text) => Some(text),
        _ => None,
    }
}

/// The beginning of the first sentence of `doc`, without what it explains further.
fn clause(doc: &str) -> String {
    let doc = doc.split_whitespace().collect::<Vec<_>>().join(" ");
    let ends =
        [". ", "; ", ": ", ", `", ", with", ", in seconds", ", in milliseconds", ", after `", ", so that"];
    let end = ends.iter().filter_map(|end| doc.find(end)).min().unwrap_or(doc.len());
    doc.get(..end).unwrap_or_default().trim_end_matches('.').replace('`', "")
}

/// Without the capital letter of a sentence; `GET` keeps its.
fn lower(text: &str) -> String {
    let mut letters = text.chars();
    match (letters.next(), letters.next()) {
        (Some(first), second) if second.is_none_or(|second| !second.is_uppercase()) => {
            first.to_lowercase().chain(text.chars().skip(1)).collect()
        }
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_named() {
        for (line, said) in [
            ("AT", "Checks that the module answers"),
            ("ATE0", "Switches the echo of command lines: off"),
            ("ATV1", "Chooses the format of result codes: words"),
            ("AT+CFUN?", "Asks for the level of functionality"),
            ("AT+CFUN=1", "Sets the level of functionality: everything"),
            ("AT+CFUN=1,1", "Sets the level of functionality: level everything, reset yes"),
            ("AT+CMEE=1", "Chooses the format of errors: +CME ERROR"),
            ("AT+IPR=115200", "Sets the rate of the serial line: 115,200 bit/s"),
            ("AT+CNMI?", "Asks where new short messages go"),
            ("AT+FTPSSL?", "Asks how FTP sessions are secured"),
            ("AT+HTTPSSL?", "Asks whether SSL of the HTTP service is on"),
            ("AT+HTTPGETHEAD?", "Asks whether AT+HTTPREAD includes the header of the response"),
            ("AT+CGATT=1", "Attaches to GPRS"),
            ("AT+SAPBR=1,1", "Opens a bearer: cid 1"),
            ("AT+SAPBR=3,1,\"APN\",\"internet\"", "Sets the access point name"),
            ("AT+SAPBR=3,1,\"PWD\",\"sesame\"", "Sets the password at the access point"),
            ("AT+HTTPPARA=\"URL\",\"http://a/\"", "Sets the URL"),
            ("at+httppara=\"url\",\"http://a/\"", "Sets the URL"),
            ("AT+HTTPPARA=\"REDIR\",1", "Sets whether the module follows a redirection: yes"),
            ("AT+HTTPPARA=\"TIMEOUT\",120", "Sets how long the module waits for the server: 120 s"),
            ("AT+HTTPPARA=\"CID\",1", "Sets the bearer profile: 1"),
            ("AT+HTTPDATA=100,5000", "Loads the body of a POST: size 100, time 5000 ms"),
            ("AT+HTTPACTION=1", "Sends the request: POST"),
            ("AT+FTPGET=2,1460", "Reads from the download: length 1460"),
            ("AT+FTPPW=\"sesame\"", "Sets the password"),
            ("AT+CPIN=1234", "Enters the PIN that the SIM card waits for"),
        ] {
            let meaning = command(CommandLine::new(line.as_bytes()).unwrap());
            assert_eq!(meaning.text.as_deref(), Some(said), "{line}");
        }
        assert_eq!(command(CommandLine::new(b"AT+CMGS=1").unwrap()).text, None);
    }

    /// Whatever stands in the table reads as a sentence.
    #[test]
    fn each_row_has_a_sentence() {
        for spec in SPECS {
            let sentence = sentence(spec);
            assert!(sentence.len() > 8 && !sentence.contains('`'), "{spec}: {sentence}");
            assert_ne!(sentence, "Shows what is set", "{spec}");
        }
    }
}
