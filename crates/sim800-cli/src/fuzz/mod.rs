//! `sim800 fuzz`: walks the command table against a module, and tells what it does not survive.

mod finding;
mod lines;
mod module;
mod replay;
mod shrink;

use std::collections::VecDeque;

use serde_json::{Value, json};

use self::finding::{Finding, Findings};
use self::lines::{Try, lines};
use self::module::{Happened, Module};
use self::replay::Replay;
use crate::access::find;
use crate::args::{Fuzz, Options};
use crate::connect::with_module;
use crate::failure::Failure;
use crate::output::{Output, Report};
use crate::recent::Recent;
use crate::target::Target;

/// How many lines before the last one may have a part in what happened.
const HISTORY: usize = 32;

pub(crate) fn run(arguments: &Fuzz, options: &Options, output: Output) -> Result<Report, Failure> {
    let is_emulated = matches!(Target::of(options)?, Target::Emulator);
    let replayed = arguments.replay.as_deref().map(Replay::read).transpose()?;
    let tries = lines(&arguments.commands, is_emulated)?;
    let recent = Recent::default();
    let options = Options { recent: Some(recent.clone()), ..options.clone() };
    with_module(&options, output, async |client| {
        find(client, &options).await?;
        let mut module = Module::new(client, arguments.pause, arguments.reset.as_deref());
        match replayed {
            Some(replay) => replay.run(&mut module).await,
            None => Walk::new(arguments, output, recent).take(&mut module, &tries).await,
        }
    })
}

/// A way through the table.
struct Walk<'a> {
    output: Output,
    recent: Recent,
    findings: Findings<'a>,
    /// The last lines that were sent.
    history: VecDeque<String>,
}

impl<'a> Walk<'a> {
    fn new(arguments: &'a Fuzz, output: Output, recent: Recent) -> Self {
        Self { output, recent, findings: Findings::new(&arguments.output), history: VecDeque::new() }
    }

    async fn take(mut self, module: &mut Module<'_>, tries: &[Try]) -> Result<Report, Failure> {
        let bar = self.output.progress("trying lines", None);
        let mut sent = 0_u64;
        for tried in tries {
            bar.set_message(tried.line.chars().take(40).collect::<String>());
            let happened = module.send(&tried.line).await.map_err(|failure| self.told(failure, sent))?;
            sent += 1;
            let culprit = match &happened {
                // Of what was not sent any more, the line before it is the cause.
                Some(Happened::Deaf) => self.history.back().cloned(),
                _ => None,
            };
            if self.history.len() == HISTORY {
                self.history.pop_front();
            }
            self.history.push_back(tried.line.clone());
            let Some(happened) = happened else { continue };
            let result = self.found(module, tried, culprit, happened).await;
            result.map_err(|failure| self.told(failure, sent))?;
        }
        self.end(sent)
    }

    /// Keeps what was found, and finds out what it takes to find it again.
    async fn found(
        &mut self,
        module: &mut Module<'_>,
        tried: &Try,
        culprit: Option<String>,
        happened: Happened,
    ) -> Result<(), Failure> {
        let trace = self.recent.trace();
        let history: Vec<String> = match culprit {
            Some(_) => self.history.iter().rev().skip(1).rev().cloned().collect(),
            None => self.history.iter().cloned().collect(),
        };
        let line = culprit.unwrap_or_else(|| tried.line.clone());
        if !self.findings.is_new(&line, &happened) {
            return module.recover().await;
        }
        self.output.remark(&format!("{happened} behind {} ({})", short(&line), tried.kind));
        let mut finding = Finding::new(line, happened, tried.kind, history);
        // Written first: the module may be gone for good.
        let number = self.findings.add(&finding, &trace)?;
        module.recover().await?;
        if let Some(lines) = shrink::shrunk(module, &finding).await? {
            self.output.remark(&format!(
                "  again behind {}",
                lines.iter().map(|line| short(line)).collect::<Vec<_>>().join(", ")
            ));
            finding.reproduce(lines);
        }
        self.findings.replace(number, finding)
    }

    /// What was found is told whatever ended the walk.
    fn told(&self, failure: Failure, sent: u64) -> Failure {
        failure.with_fields(self.fields(sent)).with_text(self.findings.text())
    }

    fn fields(&self, sent: u64) -> Vec<(&'static str, Value)> {
        vec![("sent", json!(sent)), ("findings", self.findings.json())]
    }

    fn end(&self, sent: u64) -> Result<Report, Failure> {
        let text = self.findings.text();
        if text.is_empty() {
            let remark = format!("the module survived all {sent} lines");
            return Ok(Report { fields: self.fields(sent), text: Vec::new(), remark });
        }
        let message = format!("{} of {sent} lines had a finding", self.findings.count());
        Err(self.told(Failure::new("findings", message), sent))
    }
}

/// A line as people are shown it.
fn short(line: &str) -> String {
    const LONGEST: usize = 60;
    match line.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}… ({} characters)", &line[..end], line.len()),
        None => line.to_owned(),
    }
}
