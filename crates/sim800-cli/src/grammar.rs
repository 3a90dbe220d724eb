//! `sim800 grammar`.

use serde_json::json;
use sim800_grammar::Format;

use crate::output::Report;

/// Writes the table down in `format`.
pub(crate) fn run(format: Format) -> Report {
    let text = format.to_string();
    Report { fields: vec![("grammar", json!(text))], text: text.into_bytes(), remark: String::new() }
}
