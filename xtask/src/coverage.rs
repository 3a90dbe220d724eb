//! What stands for each command and each example of the application note: `testdata/coverage.md`, held against the
//! project.

mod program;
mod sources;
mod table;

use std::collections::BTreeSet;
use std::fs;

use anyhow::{Context as _, Result, bail};
use sim800_command::{Id, Prepared, SPECS};
use sim800_testdata::{Step, Transcript, transcripts};

use self::sources::Sources;
use self::table::{Entry, Row};
use crate::root;

const TABLE: &str = "testdata/coverage.md";

/// Chapter 2 of the application note, in its order.
const COMMANDS: [&str; 36] = [
    "HTTPINIT",
    "HTTPTERM",
    "HTTPPARA",
    "HTTPDATA",
    "HTTPACTION",
    "HTTPREAD",
    "HTTPSCONT",
    "HTTPSTATUS",
    "FTPPORT",
    "FTPMODE",
    "FTPTYPE",
    "FTPPUTOPT",
    "FTPCID",
    "FTPREST",
    "FTPSERV",
    "FTPUN",
    "FTPPW",
    "FTPGETNAME",
    "FTPGETPATH",
    "FTPPUTNAME",
    "FTPPUTPATH",
    "FTPGET",
    "FTPPUT",
    "FTPSCONT",
    "FTPDELE",
    "FTPSIZE",
    "FTPSTATE",
    "FTPEXTPUT",
    "FTPMKD",
    "FTPRMD",
    "FTPLIST",
    "FTPGETTOFS",
    "FTPPUTFRMFS",
    "FTPEXTGET",
    "FTPFILEPUT",
    "FTPQUIT",
];

/// What its readers need beside them: the bearer, headers, SSL, renaming, and the module's file system.
const BESIDE: [&str; 18] = [
    "SAPBR",
    "HTTPHEAD",
    "HTTPGETHEAD",
    "HTTPSSL",
    "FTPRENAME",
    "FTPSSL",
    "SSLOPT",
    "FSDRIVE",
    "FSLS",
    "FSCREATE",
    "FSREAD",
    "FSWRITE",
    "FSDEL",
    "FSMKDIR",
    "FSRMDIR",
    "FSRENAME",
    "FSFLSIZE",
    "FSMEM",
];

/// Chapter 3 of the application note: 3.1 to 3.25.
const EXAMPLES: u32 = 25;

/// Prints the totals and what is only planned; an error when the table is not true.
pub(crate) fn check() -> Result<()> {
    let text = fs::read_to_string(root().join(TABLE)).with_context(|| format!("cannot read {TABLE}"))?;
    let project = Project { transcripts: transcripts(), sources: Sources::read()? };
    let examples: Vec<String> = (1..=EXAMPLES).map(|number| format!("3.{number}")).collect();
    let examples: Vec<&str> = examples.iter().map(String::as_str).collect();
    let mut findings = Vec::new();
    for (section, names) in [("Commands", &COMMANDS[..]), ("Examples", &examples), ("Beside them", &BESIDE)] {
        let rows = table::rows(&text, section);
        let found: Vec<&str> = rows.iter().map(|row| row.name.as_str()).collect();
        if found != names {
            findings.push(format!("{section}: the rows are to be {}", names.join(", ")));
        }
        let mut complete = 0;
        for row in &rows {
            findings.extend(project.check(row).into_iter().map(|finding| format!("{}: {finding}", row.name)));
            let planned: Vec<String> = row.planned().map(Entry::to_string).collect();
            if planned.is_empty() {
                complete += 1;
            } else {
                println!("{}: planned {}", row.name, planned.join(", "));
            }
        }
        println!("{section}: {complete}/{} complete", names.len());
    }
    if !findings.is_empty() {
        bail!("{TABLE} is not true:\n{}", findings.join("\n"));
    }
    Ok(())
}

struct Project {
    transcripts: Vec<Transcript>,
    sources: Sources,
}

impl Project {
    fn check(&self, row: &Row) -> Vec<String> {
        let mut findings: Vec<String> =
            row.holes().map(|column| format!("nothing in the column `{column}`")).collect();
        let (typed, arms) = match row.name.strip_prefix("3.") {
            Some(_) => self.check_example(row, &mut findings),
            None => self.check_command(row, &mut findings),
        };
        expect("typed command", &row.typed, &typed, &mut findings);
        expect("emulator", &row.emulator, &arms, &mut findings);
        for entry in &row.emulator {
            let arm = self.sources.carries_out(&entry.name);
            judge(entry, arm, "the emulator's dispatch does not carry it out", &mut findings);
        }
        for entry in &row.procedure {
            let found = self.sources.has_procedure(&entry.name);
            judge(entry, found, "sim800-session has no such function", &mut findings);
        }
        for entry in &row.program {
            let found = program::has_command(&self.sources.program, &entry.name);
            judge(entry, found, "the program has no such command", &mut findings);
        }
        findings
    }

    /// The transcripts hold the command, the session uses it; its types are all that the table of commands has for it.
    fn check_command(&self, row: &Row, findings: &mut Vec<String>) -> (BTreeSet<String>, BTreeSet<String>) {
        let Some(id) = Id::from_name(&format!("+{}", row.name)) else {
            findings.push("sim800-command has no such command".to_owned());
            return Default::default();
        };
        for entry in &row.transcript {
            match self.transcripts.iter().find(|transcript| transcript.name == entry.name) {
                None => findings.push(format!("there is no transcript {entry}")),
                Some(transcript) if commands(transcript).any(|command| command.spec.id == id) => {}
                Some(_) => findings.push(format!("the transcript {entry} does not hold it")),
            }
        }
        let typed: BTreeSet<String> =
            SPECS.iter().filter(|spec| spec.id == id).map(|spec| spec.type_name.to_owned()).collect();
        let is_planned = row.procedure.iter().any(|entry| entry.planned);
        if !is_planned && !typed.iter().any(|name| self.sources.uses(name)) {
            findings.push("no procedure uses it".to_owned());
        }
        (typed, [arm(id)].into())
    }

    /// The transcript is of this example, and what it holds are the commands of the row.
    fn check_example(&self, row: &Row, findings: &mut Vec<String>) -> (BTreeSet<String>, BTreeSet<String>) {
        let source = format!("note {}", row.name);
        let Some(transcript) = self.transcripts.iter().find(|transcript| transcript.source == source) else {
            findings.push("there is no transcript of it".to_owned());
            return Default::default();
        };
        expect("transcript", &row.transcript, &[transcript.name.clone()].into(), findings);
        (
            commands(transcript).map(|command| command.spec.type_name.to_owned()).collect(),
            commands(transcript).map(|command| arm(command.spec.id)).collect(),
        )
    }
}

/// The command lines of a transcript as the table of commands understands them.
fn commands(transcript: &Transcript) -> impl Iterator<Item = Prepared> {
    transcript.steps.iter().filter_map(|step| match step {
        Step::Command(line) => Prepared::parse(line),
        _ => None,
    })
}

fn arm(id: Id) -> String {
    format!("Id::{id:?}")
}

/// Compares a cell with what it has to hold, in any order.
fn expect(column: &str, entries: &[Entry], expected: &BTreeSet<String>, findings: &mut Vec<String>) {
    let found: BTreeSet<String> = entries.iter().map(|entry| entry.name.clone()).collect();
    if found != *expected || found.len() != entries.len() {
        let expected: Vec<String> = expected.iter().map(|name| format!("`{name}`")).collect();
        findings.push(format!("the column `{column}` is to hold {}", expected.join(", ")));
    }
}

/// What is there is not planned any more, and what is not planned is there.
fn judge(entry: &Entry, found: bool, complaint: &str, findings: &mut Vec<String>) {
    match (found, entry.planned) {
        (true, true) => findings.push(format!("{entry} is there: it is not planned any more")),
        (false, false) => findings.push(format!("{entry}: {complaint}")),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_true() {
        let result = check();
        assert!(result.is_ok(), "{}", result.unwrap_err());
    }

    #[test]
    fn planned_and_there_exclude_each_other() {
        let findings = |planned, found| {
            let mut findings = Vec::new();
            judge(&Entry { name: "a".to_owned(), planned }, found, "no", &mut findings);
            findings
        };
        assert_eq!(findings(false, true), Vec::<String>::new());
        assert_eq!(findings(true, false), Vec::<String>::new());
        assert_eq!(findings(false, false), ["`a`: no"]);
        assert_eq!(findings(true, true), ["`a` is there: it is not planned any more"]);
    }
}
