//! What uses each command and each example of the application note: `testdata/coverage.md`, held against the project.

mod program;
mod sources;
mod table;

use std::fs;

use anyhow::{Context as _, Result, bail};
use sim800_command::{Id, SPECS};
use sim800_testdata::transcripts;

use self::program::Program;
use self::sources::Sources;
use self::table::Row;
use crate::root;

const TABLE: &str = "testdata/coverage.md";
/// Chapter 3 of the application note: 3.1 to 3.25.
const EXAMPLES: usize = 25;

/// An error when the table is not true.
pub(crate) fn check() -> Result<()> {
    let text = fs::read_to_string(root().join(TABLE)).with_context(|| format!("cannot read {TABLE}"))?;
    let sources = Sources::read()?;
    let program = Program::build()?;
    let commands: Vec<String> = Id::ALL.iter().map(|id| format!("AT{}", id.name())).collect();
    let examples: Vec<String> = (1..=EXAMPLES).map(|number| format!("3.{number}")).collect();
    let mut findings: Vec<String> =
        sources.others().map(|id| format!("the emulator has {id:?} twice")).collect();
    for (section, names) in [("Commands", &commands), ("Examples", &examples)] {
        let rows = table::rows(&text, section);
        let mut left = names.iter();
        if let Some(row) = rows.iter().find(|row| !left.any(|name| *name == row.name)) {
            findings
                .push(format!("{section}: {} is there twice, or not at its place in the order", row.name));
        }
        for row in &rows {
            let wrong = check_row(row, &sources, &program)?;
            findings.extend(wrong.into_iter().map(|finding| format!("{}: {finding}", row.name)));
        }
    }
    let rows = table::rows(&text, "Commands");
    for (id, name) in Id::ALL.iter().zip(&commands) {
        if !sources.carries_out(*id) {
            findings.push(format!("the emulator does nothing for {name}"));
        }
        let mut types = SPECS.iter().filter(|spec| spec.id == Some(*id)).map(|spec| spec.type_name);
        match (types.any(|name| sources.uses(name)), rows.iter().any(|row| row.name == *name)) {
            (true, false) => findings.push(format!("{name}: the session uses it, and no row says where")),
            (false, true) => findings.push(format!("{name}: a row, and nothing in the session uses it")),
            _ => {}
        }
    }
    let transcripts = transcripts();
    let rows = table::rows(&text, "Examples");
    for (example, number) in examples.iter().map(|number| (format!("note {number}"), number)) {
        if !rows.iter().any(|row| row.name == *number) {
            findings.push(format!("{number}: no row says what shows it"));
        }
        if !transcripts.iter().any(|transcript| transcript.source == example) {
            findings.push(format!("there is no transcript of {example}"));
        }
    }
    if !findings.is_empty() {
        bail!("{TABLE} is not true:\n{}", findings.join("\n"));
    }
    println!(
        "{} commands and {} examples are used as {TABLE} says",
        table::rows(&text, "Commands").len(),
        examples.len()
    );
    Ok(())
}

fn check_row(row: &Row, sources: &Sources, program: &Program) -> Result<Vec<String>> {
    let mut findings = Vec::new();
    if row.procedures.is_empty() || row.programs.is_empty() {
        findings.push("an empty cell".to_owned());
    }
    let missing = row.procedures.iter().filter(|name| !sources.has_procedure(name));
    findings.extend(missing.map(|name| format!("sim800-session has no `{name}`")));
    for name in &row.programs {
        if !program.has_command(name)? {
            findings.push(format!("the program has no `{name}`"));
        }
    }
    Ok(findings)
}
