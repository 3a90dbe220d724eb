//! `sim800 shell`: commands from a terminal, on one module.

use std::io::{self, IsTerminal};
use std::path::PathBuf;

use rustix::termios::{OptionalActions, Termios, tcgetattr, tcsetattr};
use rustyline::completion::Completer;
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::history::FileHistory;
use rustyline::validate::Validator;
use rustyline::{CompletionType, Config, Context, Editor, Helper};
use sim800_command::Mask;

use crate::args::{Options, Run};
use crate::connect::with_module;
use crate::failure::Failure;
use crate::held::Held;
use crate::history;
use crate::output::{Output, Report};
use crate::script::{self, Carried, Execute, Interpreter};
use crate::signals::forgive;
use crate::words::completions;

/// How many lines are remembered.
const REMEMBERED: usize = 1000;

pub(crate) fn run(options: &Options, output: Output, execute: Execute<'_>) -> Result<Report, Failure> {
    // Nobody edits what comes through a pipe.
    if !io::stdin().is_terminal() {
        let arguments = Run { script: PathBuf::from("-"), keep_going: false };
        return script::run(&arguments, options, output, execute);
    }
    let terminal = tcgetattr(io::stdin()).ok();
    // Each command may take its time.
    let all = Options { max_time: None, ..options.clone() };
    let result = with_module(&all, output, async |client| {
        let mut interpreter = Interpreter::new(Held::new(client), options, execute);
        interpreter.reads_stdin = true;
        let mut editor = Lines::new()?;
        loop {
            let prompt =
                interpreter.session.shown().map_or_else(|| "sim800> ".to_owned(), |at| format!("{at}> "));
            // By a thread of its own, so that a signal ends it, too.
            let (line, back) = smol::unblock(move || {
                let line = editor.read(&prompt);
                (line, editor)
            })
            .await;
            editor = back;
            let line = match line {
                Ok(line) => line,
                Err(ReadlineError::Interrupted) => continue,
                Err(ReadlineError::Eof) => break,
                Err(error) => return Err(Failure::new("system", format!("cannot read a line: {error}"))),
            };
            editor.remember(&line);
            match interpreter.carry_out(&line) {
                Ok(Carried::End) => break,
                Ok(Carried::Nothing | Carried::Out(None)) => {}
                Ok(Carried::Out(Some(report))) => drop(output.finish(Ok(report))),
                Err(failure) => {
                    // Whoever ends a command goes on with the next.
                    if failure.is_interruption() {
                        forgive();
                    }
                    output.finish(Err(failure));
                }
            }
        }
        Ok(Report::default())
    });
    if let Some(terminal) = terminal {
        restore(&terminal);
    }
    result
}

/// As it was: a signal leaves it as the editor has it.
fn restore(terminal: &Termios) {
    let _ = tcsetattr(io::stdin(), OptionalActions::Now, terminal);
}

/// A line editor with a history.
struct Lines {
    editor: Editor<Words, FileHistory>,
    file: Option<PathBuf>,
}

impl Lines {
    fn new() -> Result<Self, Failure> {
        let failed = |error: ReadlineError| Failure::new("system", format!("cannot edit lines: {error}"));
        let config = Config::builder().completion_type(CompletionType::List).auto_add_history(false);
        let config = config.max_history_size(REMEMBERED).map_err(failed)?.build();
        let mut editor = Editor::with_config(config).map_err(failed)?;
        editor.set_helper(Some(Words));
        // Without one, lines are remembered as long as the shell runs.
        let file = history::file("history");
        if let Some(file) = &file {
            let _ = editor.load_history(file);
        }
        Ok(Self { editor, file })
    }

    fn read(&mut self, prompt: &str) -> Result<String, ReadlineError> {
        self.editor.readline(prompt)
    }

    fn remember(&mut self, line: &str) {
        let Some(line) = worth_remembering(line) else { return };
        if let (Ok(true), Some(file)) = (self.editor.add_history_entry(line), &self.file) {
            let _ = self.editor.append_history(file);
        }
    }
}

/// A line without its secrets; `None` when it may hold some that nobody can take out.
fn worth_remembering(line: &str) -> Option<String> {
    let words = shell_words::split(line).ok()?;
    let is_delicate = |word: &String| {
        let word = word.to_ascii_lowercase();
        // Credentials may stand right behind their option, and without a scheme, as those of a proxy do.
        let is_option = ["-h", "-u"].iter().any(|option| word.starts_with(option) && word.contains(':'));
        let bare = word.split('/').next().and_then(|host| host.rsplit_once('@'));
        let has_credentials = bare.is_some_and(|(credentials, _)| credentials.contains(':'));
        is_option
            || has_credentials
            || [
                "-h",
                "-u",
                "--header",
                "--user",
                "--data",
                "password",
                "pin",
                "authorization",
                "cookie",
                "token",
            ]
            .iter()
            .any(|delicate| {
                word == *delicate
                    || word.starts_with(&format!("{delicate}="))
                    || (delicate.len() > 4 && word.contains(delicate))
            })
    };
    if words.is_empty() || words.iter().any(is_delicate) {
        return None;
    }
    let mut line = line.trim().to_owned();
    for word in &words {
        let url = word.split_once("://").and_then(|(_, rest)| rest.split('/').next()?.rsplit_once('@'));
        if let Some((credentials, _)) = url {
            let (user, password) = credentials.split_once(':').unwrap_or((credentials, ""));
            line = line.replace(&format!("{user}:{password}@"), &format!("{user}@"));
            // It was quoted.
            if !password.is_empty() && line.contains(password) {
                return None;
            }
        }
        let mut octets = format!("{word}\r").into_bytes();
        Mask::new().mask(&mut octets);
        if octets.strip_suffix(b"\r") != Some(word.as_bytes()) {
            return None;
        }
    }
    Some(line)
}

/// Completes the words of the command line.
struct Words;

impl Completer for Words {
    type Candidate = String;

    fn complete(
        &self,
        line: &str,
        position: usize,
        _: &Context<'_>,
    ) -> Result<(usize, Vec<String>), ReadlineError> {
        let line = line.get(..position).unwrap_or(line);
        let start = line.rfind(char::is_whitespace).map_or(0, |blank| blank + 1);
        let (before, last) = line.split_at(start);
        let mut words = shell_words::split(before).unwrap_or_default();
        words.push(last.to_owned());
        Ok((start, completions(words.into_iter().map(Into::into).collect())))
    }
}

impl Hinter for Words {
    type Hint = String;
}

impl Highlighter for Words {}
impl Validator for Words {}
impl Helper for Words {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_remembered_holds_no_secret() {
        for (line, remembered) in [
            ("open ftp://me:sesame@a/b", Some("open ftp://me@a/b")),
            ("open 'ftp://me:se same@a/b'", Some("open 'ftp://me@a/b'")),
            ("open ftp://me:\"se same\"@a/b", None),
            ("  get x -o y ", Some("get x -o y")),
            ("http get http://a/ -H 'Authorization: Basic abc'", None),
            ("http get http://a/ --header=X:y", None),
            ("at AT+CSQ", Some("at AT+CSQ")),
            ("at 'AT+CPIN=\"1234\"'", None),
            ("at at+ftppw=sesame", None),
            ("http get http://a/ --proxy me:sesame@b:80", None),
            ("http get http://a/ --proxy=me:sesame@b:80", None),
            ("http get me:sesame@a/", None),
            ("http get http://a/ -HX-Api-Key:sesame", None),
            ("http get http://a/ -u me:sesame", None),
            ("http get http://a/ -ume:sesame", None),
            ("put a@b.txt", Some("put a@b.txt")),
            ("put pinboard.txt", Some("put pinboard.txt")),
            ("", None),
        ] {
            assert_eq!(worth_remembering(line).as_deref(), remembered, "{line}");
        }
    }
}
