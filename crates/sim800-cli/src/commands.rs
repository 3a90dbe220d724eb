//! `sim800 commands`.

use serde_json::{Value, json};
use sim800_command::render::Documentation;
use sim800_command::{Form, Id, SPECS, Spec};

use crate::failure::Failure;
use crate::output::Report;

/// Shows all commands of the table with a line for each form, or what there is to say about one of them.
pub(crate) fn run(name: Option<&str>) -> Result<Report, Failure> {
    let Some(name) = name else { return Ok(report(overview(), SPECS)) };
    let id = known(name)?;
    let specs: Vec<_> = SPECS.iter().copied().filter(|spec| spec.id == Some(id)).collect();
    Ok(report(Documentation(id).to_string(), &specs))
}

/// The command called `name`.
pub(crate) fn known(name: &str) -> Result<Id, Failure> {
    find(name).ok_or_else(|| {
        Failure::usage(format!(
            "{name:?} is not among the commands known here; `sim800 commands` lists them, and `sim800 at` sends any"
        ))
    })
}

/// `FTPGET`, `+FTPGET` and `AT+FTPGET` are the same.
fn find(name: &str) -> Option<Id> {
    let bare = match name.get(..2) {
        Some(start) if start.eq_ignore_ascii_case("at") => &name[2..],
        _ => name,
    };
    Id::from_name(bare).or_else(|| Id::from_name(&format!("+{bare}")))
}

fn overview() -> String {
    let shown = SPECS.iter().filter(|spec| spec.form != Form::Test);
    let rows: Vec<_> = shown.map(|spec| (spec.to_string(), first_line(spec))).collect();
    let width = rows.iter().map(|(syntax, _)| syntax.len()).max().unwrap_or_default();
    rows.iter().map(|(syntax, doc)| format!("{syntax:width$}  {doc}\n")).collect()
}

/// What a form does, in its first sentence.
fn first_line(spec: &Spec) -> String {
    first_sentence(spec.doc)
}

/// The first sentence of a documentation, without the full stop.
pub(crate) fn first_sentence(doc: &str) -> String {
    let doc = paragraph(doc);
    doc.split_once(". ").map_or_else(|| doc.trim_end_matches('.'), |(first, _)| first).to_owned()
}

/// The lines of a documentation as one.
fn paragraph(doc: &str) -> String {
    doc.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn report(text: String, specs: &[&Spec]) -> Report {
    let commands: Vec<Value> = specs
        .iter()
        .map(|spec| {
            let told = |text: &'static str| Some(text).filter(|text| !text.is_empty());
            let values: serde_json::Map<String, Value> =
                spec.values.iter().map(|(name, meaning)| ((*name).to_owned(), json!(meaning))).collect();
            json!({
                "syntax": spec.to_string(),
                "section": spec.section,
                "description": paragraph(spec.doc),
                "response": spec.response,
                "values": values,
                "example": told(spec.example).map(|line| if line.starts_with(':') { format!("{}{line}", spec.name) } else { line.to_owned() }),
                "data": told(spec.data),
                "unsolicited": told(spec.unsolicited),
            })
        })
        .collect();
    Report { fields: vec![("commands", json!(commands))], text: text.into(), remark: String::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_may_be_written_in_any_way() {
        for name in ["FTPGET", "+FTPGET", "AT+FTPGET", "at+ftpget", "ftpget"] {
            assert_eq!(find(name), Some(Id::FtpGet), "{name}");
        }
        assert_eq!(find("AT"), Some(Id::At));
        assert_eq!(find("ATE"), Some(Id::Echo));
        for name in ["+CMGS", "é", "FTP"] {
            assert_eq!(find(name), None, "{name}");
        }
    }
}
