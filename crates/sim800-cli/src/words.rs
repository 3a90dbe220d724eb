//! The words of scripts and of the shell: those of the program's command line, and those of FTP clients, for which there is a
//! current directory on a server. Both are taken apart by the same definitions.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::parser::ValueSource;
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::json;

use crate::args::{Command, FTP_DIRECTORY_URL, Ftp, Options};
use crate::failure::Failure;
use crate::output::Report;
use crate::settings::without_empty_variables;
use crate::url::FtpUrl;
use crate::usage::{in_one_line, with_hint};

/// A line of a script, or of the shell.
#[derive(Debug, Parser)]
#[command(name = "sim800", no_binary_name = true, bin_name = "", disable_version_flag = true)]
struct Line {
    #[command(flatten)]
    options: Options,
    #[command(subcommand)]
    word: Word,
}

#[derive(Debug, Subcommand)]
enum Word {
    /// Make the directory at URL the current one; the server is asked with the next command
    Open {
        #[arg(help = FTP_DIRECTORY_URL)]
        url: String,
    },
    /// Make another directory of the server the current one
    Cd {
        /// From the current one on, or with a slash at its front from the root
        directory: String,
    },
    /// Show the current directory of the server
    Pwd,
    /// Make another directory here the current one
    Lcd {
        /// Files that are fetched go there
        directory: PathBuf,
    },
    /// Show a file of the server
    Cat {
        /// Its name, or a URL
        url: String,
    },
    /// End
    #[command(visible_aliases = ["quit", "bye"])]
    Exit,
    #[command(flatten)]
    Ftp(Ftp),
    #[command(flatten)]
    Program(Command),
}

/// What a line comes to.
pub(crate) enum Step {
    /// A command of the program.
    Run(Box<Command>, Box<Options>),
    /// It is done, and this is to be told.
    Done(Report),
    End,
}

/// What of a URL is more than a name.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

/// The options that a line may have: the others are those of the connection, which all lines share.
const OF_A_LINE: [&str; 3] = ["json", "quiet", "max_time"];

/// Where on a server the words are at.
#[derive(Default)]
pub(crate) struct Session {
    current: Option<Current>,
}

struct Current {
    /// What stands between `ftp://` and the path, password included.
    authority: String,
    /// Names from the root on.
    directory: Vec<String>,
}

impl Session {
    /// What a line comes to, whose words are these. `options`: those of the connection.
    pub(crate) fn read(&mut self, words: &[String], options: &Options) -> Result<Step, Failure> {
        let parsed = definition().try_get_matches_from(words).and_then(|matches| {
            let line = Line::from_arg_matches(&matches)?;
            Ok((matches, line))
        });
        let (matches, mut line) = match parsed {
            Ok(parsed) => parsed,
            Err(error) if error.use_stderr() => {
                return Err(Failure::usage(in_one_line(&with_hint(error), words)));
            }
            // There is no name of a program before the command.
            Err(help) => return Ok(done(help.render().to_string().replacen("Usage:  ", "Usage: ", 1))),
        };
        let given = of_the_connection(&Line::command())
            .find(|id| matches.value_source(id.as_str()) == Some(ValueSource::CommandLine));
        if let Some(option) = given {
            let option = option.as_str().replace('_', "-");
            return Err(Failure::usage(format!(
                "--{option} holds for all lines; give it behind `sim800` itself"
            )));
        }
        line.options = Options {
            json: line.options.json || options.json,
            quiet: line.options.quiet || options.quiet,
            max_time: line.options.max_time.or(options.max_time),
            ..options.clone()
        };
        let command = match line.word {
            Word::Open { url } => {
                self.current = Some(Current::open(&url, options)?);
                return Ok(done(String::new()));
            }
            Word::Cd { directory } => {
                let moved = self.current()?.moved(&directory, options)?;
                self.current = Some(moved);
                return Ok(done(String::new()));
            }
            Word::Pwd => {
                let shown = self.current()?.shown();
                let fields = vec![("url", json!(shown))];
                return Ok(Step::Done(Report {
                    fields,
                    text: format!("{shown}\n").into(),
                    remark: String::new(),
                }));
            }
            Word::Lcd { directory } => {
                std::env::set_current_dir(&directory)
                    .map_err(|error| Failure::file("enter", &directory, &error))?;
                return Ok(done(String::new()));
            }
            Word::Exit => return Ok(Step::End),
            Word::Cat { url } => {
                let words = ["get".to_owned(), url, "-o".to_owned(), "-".to_owned()];
                return self.read(&words, options);
            }
            Word::Ftp(mut ftp) => {
                ftp.resolve(|name| self.resolve(name))?;
                if let Ftp::Get(get) = &mut ftp {
                    get.save_by_name();
                }
                Command::Ftp(ftp)
            }
            Word::Program(
                Command::Run(_)
                | Command::Shell
                | Command::Demo
                | Command::Emulate(_)
                | Command::Proxy(_)
                | Command::Man { .. },
            ) => return Err(Failure::usage("that is no command of scripts and of the shell")),
            Word::Program(command) => command,
        };
        Ok(Step::Run(Box::new(command), Box::new(line.options)))
    }

    /// A name in the current directory as a URL; what is one stays so.
    fn resolve(&self, name: &str) -> Result<String, Failure> {
        if name.contains("://") { Ok(name.to_owned()) } else { Ok(self.current()?.url(name)) }
    }

    fn current(&self) -> Result<&Current, Failure> {
        self.current.as_ref().ok_or_else(|| {
            Failure::usage("no server is open; write `open ftp://USER@HOST/` before, or a whole URL")
        })
    }

    /// Where it is at, for a prompt.
    pub(crate) fn shown(&self) -> Option<String> {
        self.current.as_ref().map(Current::shown)
    }
}

impl Current {
    /// Whoever is to log in there must be known, so that it is told here and not later.
    fn open(url: &str, options: &Options) -> Result<Self, Failure> {
        let parsed = FtpUrl::parse_directory(url, options.ftp_password.as_ref())?;
        let rest = url.split_once("://").map_or("", |(_, rest)| rest);
        let authority = rest.split_once('/').map_or(rest, |(authority, _)| authority);
        Ok(Self { authority: authority.to_owned(), directory: names(&[], &parsed.path) })
    }

    fn moved(&self, directory: &str, options: &Options) -> Result<Self, Failure> {
        if directory.contains("://") {
            return Self::open(directory, options);
        }
        Ok(Self { authority: self.authority.clone(), directory: names(&self.directory, directory) })
    }

    fn url(&self, name: &str) -> String {
        let path = names(&self.directory, name).join("/");
        // That it names a directory stays to be seen.
        let slash = if name.ends_with('/') && !path.is_empty() { "/" } else { "" };
        let path = utf8_percent_encode(&path, ENCODED);
        format!("ftp://{}/{path}{slash}", self.authority)
    }

    /// Without the password.
    fn shown(&self) -> String {
        let (user, address) = match self.authority.rsplit_once('@') {
            Some((credentials, address)) => {
                (credentials.split(':').next().map(|user| format!("{user}@")), address)
            }
            None => (None, self.authority.as_str()),
        };
        format!("ftp://{}{address}/{}", user.unwrap_or_default(), self.directory.join("/"))
    }
}

/// The names from the root to `path`, which goes on from `directory` unless it begins at the root.
fn names(directory: &[String], path: &str) -> Vec<String> {
    let mut names = if path.starts_with('/') { Vec::new() } else { directory.to_vec() };
    for name in path.split('/') {
        match name {
            "" | "." => {}
            ".." => drop(names.pop()),
            name => names.push(name.to_owned()),
        }
    }
    names
}

fn done(text: String) -> Step {
    Step::Done(Report { text: text.into(), ..Report::default() })
}

/// The definitions of the program, where `ls` needs no name, and options of the connection are none of a line.
fn definition() -> clap::Command {
    let line = without_empty_variables(Line::command())
        .mut_subcommand("ls", |ls| ls.mut_arg("url", |url| url.required(false).default_value(".")));
    let hidden: Vec<_> = of_the_connection(&line).collect();
    hidden.into_iter().fold(line, |line, option| line.mut_arg(option, |option| option.hide(true)))
}

/// The options that a line may not have.
fn of_the_connection(line: &clap::Command) -> impl Iterator<Item = clap::Id> + use<> {
    let ids: Vec<_> = line.get_arguments().map(|option| option.get_id().clone()).collect();
    ids.into_iter().filter(|id| !OF_A_LINE.contains(&id.as_str()) && id.as_str() != "help")
}

/// What may stand in place of the last of `words`.
pub(crate) fn completions(words: Vec<OsString>) -> Vec<String> {
    let last = words.len().saturating_sub(1);
    let found = clap_complete::engine::complete(&mut definition(), words, last, Some(Path::new(".")));
    found.unwrap_or_default().iter().map(|found| found.get_value().to_string_lossy().into_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options() -> Options {
        crate::args::CommandLine::try_parse_from(["sim800", "info"]).unwrap().options
    }

    fn read(session: &mut Session, line: &str) -> Result<String, Failure> {
        let words: Vec<_> = line.split(' ').map(str::to_owned).collect();
        Ok(match session.read(&words, &options())? {
            Step::Run(command, _) => match *command {
                Command::Ftp(Ftp::Get(get)) => format!("get {} {:?}", get.url, get.output),
                Command::Ftp(Ftp::Put(put)) => {
                    format!("put {:?} {}", put.source(), put.url().unwrap_or_default())
                }
                Command::Ftp(Ftp::Ls { url, .. }) => format!("ls {url}"),
                Command::Ftp(Ftp::Rename { url, new }) => format!("rename {url} {new}"),
                other => format!("{other:?}"),
            },
            Step::Done(report) => String::from_utf8(report.text).unwrap(),
            Step::End => "end".to_owned(),
        })
    }

    #[test]
    fn the_definition_is_sound() {
        definition().debug_assert();
    }

    #[test]
    fn names_are_those_of_the_current_directory() {
        let mut session = Session::default();
        assert!(read(&mut session, "ls").unwrap_err().to_string().contains("no server is open"));
        let open = "open ftp://me:se@same@a:2121/one";
        assert_eq!(read(&mut session, open).unwrap(), "");
        for (line, expected) in [
            ("ls", "ls ftp://me:se@same@a:2121/one"),
            ("ls /", "ls ftp://me:se@same@a:2121/"),
            ("get two/3%;x", "get ftp://me:se@same@a:2121/one/two/3%25%3Bx Some(\"3%;x\")"),
            ("get two -o -", "get ftp://me:se@same@a:2121/one/two Some(\"-\")"),
            ("cat two", "get ftp://me:se@same@a:2121/one/two Some(\"-\")"),
            ("put dir/f", "put Files([\"dir/f\"]) ftp://me:se@same@a:2121/one/"),
            ("put dir/f ../", "put Files([\"dir/f\"]) ftp://me:se@same@a:2121/"),
            ("put --from-fs C:/User/f", "put Module(\"C:/User/f\") ftp://me:se@same@a:2121/one/"),
            ("put *.log f .", "put Files([\"*.log\", \"f\"]) ftp://me:se@same@a:2121/one"),
            ("put f ftp://b/g", "put Files([\"f\"]) ftp://b/g"),
            ("rename a ../b", "rename ftp://me:se@same@a:2121/one/a ftp://me:se@same@a:2121/b"),
            ("pwd", "ftp://me@a:2121/one\n"),
            ("bye", "end"),
        ] {
            assert_eq!(read(&mut session, line).unwrap(), expected, "{line}");
        }
        assert_eq!(read(&mut session, "cd ../two/./three").unwrap(), "");
        assert_eq!(session.shown().unwrap(), "ftp://me@a:2121/two/three");
        let program = read(&mut session, "http get http://a/ -o f").unwrap();
        assert!(program.starts_with("Http(Get("), "{program}");
    }

    #[test]
    fn what_is_wrong_is_said_in_one_line_and_without_secrets() {
        let mut session = Session::default();
        let refused = |session: &mut Session, line: &str| {
            let said = read(session, line).unwrap_err().to_string();
            assert!(!said.contains("sesame") && said.lines().count() == 1, "{said}");
            said
        };
        assert!(refused(&mut session, "gett a").contains("unrecognized subcommand 'gett'"));
        assert!(refused(&mut session, "open").contains("<URL>"));
        assert!(refused(&mut session, "get a ftp://u:sesame@h/f").contains("ftp:***"));
        assert!(refused(&mut session, "info --apn x").contains("--apn holds for all lines"));
        assert!(refused(&mut session, "shell").contains("no command of scripts"));
        assert!(refused(&mut session, "open ftp://me@a/").contains("SIM800_FTP_PASSWORD"));
    }

    #[test]
    fn words_are_completed() {
        let complete = |line: &str| completions(line.split(' ').map(Into::into).collect());
        assert!(complete("mi").contains(&"mirror".to_owned()), "{:?}", complete("mi"));
        assert!(complete("http g").contains(&"get".to_owned()));
        assert!(complete("mirror --rev").contains(&"--reverse".to_owned()));
    }
}
