//! The settings in force: what the command line says, else the environment, else the configuration file.

use std::env;
use std::error::Error;
use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

use clap::builder::Resettable;
use clap::error::{ContextKind, ContextValue};
use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Args, CommandFactory, FromArgMatches};
use sim800_session::Config;

use crate::args::{CommandLine, Options};
use crate::config_file::{ConfigFile, Entry};
use crate::failure::Failure;
use crate::help;
use crate::private;

/// The options that are settings. Others are for one call, and stand in no file.
const NAMES: [&str; 17] = [
    "port",
    "baud",
    "flow",
    "dtr",
    "apn",
    "apn-user",
    "apn-password",
    "apn-password-file",
    "pin",
    "pin-file",
    "force-pin",
    "ftp-password",
    "ftp-password-file",
    "close",
    "answer-within",
    "retries",
    "runtime",
];

/// The port, which decides which others of a file count.
const PORT: &str = "port";

/// What is secret, and where it may stand instead. Whichever of both comes from nearer counts.
const SECRETS: [(&str, &str); 3] =
    [("apn-password", "apn-password-file"), ("pin", "pin-file"), ("ftp-password", "ftp-password-file")];

/// How the names of settings end that name a file.
const FILE: &str = "-file";

/// What stands in place of a secret.
const MASKED: &str = "***";

/// A command line with all settings in it, and where they come from.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) line: CommandLine,
    pub(crate) in_force: InForce,
}

/// Why there are none.
#[derive(Debug)]
pub(crate) enum Unusable {
    /// The command line, or the environment.
    Usage(clap::Error),
    /// The configuration file, or another one that has a secret.
    File(Box<(Failure, Options)>),
}

/// Where settings come from.
#[derive(Debug)]
pub(crate) struct InForce {
    /// The configuration file, if there is one.
    pub(crate) file: Option<PathBuf>,
    pub(crate) settings: Vec<Setting>,
}

/// One setting.
#[derive(Debug)]
pub(crate) struct Setting {
    pub(crate) name: &'static str,
    /// Masked if it is secret; `None` when it is not set.
    pub(crate) value: Option<String>,
    pub(crate) origin: Origin,
}

/// Where a setting comes from, the nearest last.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Origin {
    Default,
    /// The line of the configuration file.
    File {
        line: usize,
    },
    /// The same, in the table of the port.
    FileOfPort {
        line: usize,
    },
    /// The variable.
    Environment(String),
    CommandLine,
}

impl Origin {
    /// How near it is; lines of a file are equally near.
    fn rank(&self) -> u8 {
        match self {
            Self::Default => 0,
            Self::File { .. } => 1,
            Self::FileOfPort { .. } => 2,
            Self::Environment(_) => 3,
            Self::CommandLine => 4,
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File { line } => write!(f, "configuration file, line {line}"),
            Self::FileOfPort { line } => write!(f, "configuration file, line {line}, for this port"),
            Self::Environment(name) => write!(f, "environment, {name}"),
            Self::CommandLine => f.write_str("command line"),
        }
    }
}

impl Settings {
    /// Reads `arguments`, the first of which is the name of the program, then the environment and the file.
    pub(crate) fn read(mut arguments: Vec<OsString>) -> Result<Self, Unusable> {
        let definition = without_empty_variables(CommandLine::command());
        let given = definition
            .clone()
            .try_get_matches_from(&arguments)
            .map_err(|error| Unusable::Usage(help::of_its_own(error, definition.clone(), &arguments)))?;
        let (file, chosen) = match has_settings(&given) {
            true => match from_file(&definition, &given) {
                Ok(found) => found,
                Err(failure) => {
                    let options = Options::from_arg_matches(&given).map_err(Unusable::Usage)?;
                    return Err(Unusable::File(Box::new((failure, options))));
                }
            },
            false => (None, Vec::new()),
        };
        let behind_name = arguments.len().min(1);
        arguments
            .splice(behind_name..behind_name, chosen.iter().filter_map(|chosen| chosen.argument.clone()));
        let matches = definition.clone().try_get_matches_from(&arguments).map_err(Unusable::Usage)?;
        let mut line = CommandLine::from_arg_matches(&matches).map_err(Unusable::Usage)?;
        let settings = NAMES.iter().map(|name| setting(name, &definition, &matches, &chosen)).collect();
        let mut in_force = InForce { file, settings };
        line.options.apn_origin = in_force.origin("apn").to_string();
        match in_force.take_secrets(&mut line.options) {
            Ok(()) => Ok(Self { line, in_force }),
            Err(failure) => Err(Unusable::File(Box::new((failure, line.options)))),
        }
    }
}

impl InForce {
    fn origin(&self, name: &str) -> &Origin {
        let setting = self.settings.iter().find(|setting| setting.name == name);
        setting.map_or(&Origin::Default, |setting| &setting.origin)
    }

    /// Has each secret in the options, wherever it stands, and forgets what is overridden.
    fn take_secrets(&mut self, options: &mut Options) -> Result<(), Failure> {
        for (secret, file) in SECRETS {
            let (from_value, from_file) = (self.origin(secret).rank(), self.origin(file).rank());
            if from_value == from_file && from_value > Origin::Default.rank() {
                return Err(Failure::usage(format!("give either {secret} or {file}, not both")));
            }
            let (value, path) = match secret {
                "pin" => (&mut options.pin, &mut options.pin_file),
                "ftp-password" => (&mut options.ftp_password, &mut options.ftp_password_file),
                _ => (&mut options.apn_password, &mut options.apn_password_file),
            };
            let overridden = if from_file > from_value { secret } else { file };
            for setting in self.settings.iter_mut().filter(|setting| setting.name == overridden) {
                (setting.value, setting.origin) = (None, Origin::Default);
            }
            if let Some(path) = path.take()
                && from_file > from_value
            {
                *value = Some(private::read(&path)?.as_str().into());
            }
        }
        Ok(())
    }
}

/// `definition`, with variables that are empty taken for none.
pub(crate) fn without_empty_variables(definition: clap::Command) -> clap::Command {
    definition.mut_args(|arg| {
        let is_empty = arg.get_env().and_then(env::var_os).is_some_and(|value| value.is_empty());
        if is_empty { arg.env(Resettable::Reset) } else { arg }
    })
}

/// Whether the command has to do with a module that is there, or shows the settings.
fn has_settings(given: &ArgMatches) -> bool {
    !matches!(given.subcommand_name(), Some("commands" | "decode" | "demo" | "emulate" | "man"))
}

/// An entry of the file that counts.
#[derive(Debug)]
struct Chosen {
    name: &'static str,
    origin: Origin,
    /// What the command line would say in its place.
    argument: Option<OsString>,
}

/// The file, and what counts of it beside what is `given`.
fn from_file(
    definition: &clap::Command,
    given: &ArgMatches,
) -> Result<(Option<PathBuf>, Vec<Chosen>), Failure> {
    let path = given.get_one::<PathBuf>("config").map(PathBuf::as_path);
    let Some(file) =
        ConfigFile::read(path, |key| partner(key).is_some_and(|partner| partner.ends_with(FILE)))?
    else {
        return Ok((None, Vec::new()));
    };
    let folder = file.path.parent().unwrap_or_else(|| Path::new("."));
    let mut arguments = Vec::new();
    for entry in &file.entries {
        let argument = argument(definition, folder, entry).map_err(|what| file.wrong(entry, &what))?;
        arguments.push((entry, argument));
    }
    let of = |port: Option<&str>, name: &str| {
        arguments.iter().find(|(entry, _)| entry.port.as_deref() == port && entry.key == name)
    };
    let port = given.get_one::<String>(PORT).cloned();
    let port = port.or_else(|| of(None, PORT).map(|(entry, _)| entry.value.clone()));
    let is_given = |name: &str| {
        matches!(given.value_source(&id(name)), Some(ValueSource::CommandLine | ValueSource::EnvVariable))
    };
    let mut chosen = Vec::new();
    for name in NAMES {
        let partner = partner(name);
        if is_given(name) || partner.is_some_and(is_given) {
            continue;
        }
        let of_port = |name: &str| port.as_deref().and_then(|port| of(Some(port), name));
        if let Some((Entry { line, .. }, argument)) = of_port(name) {
            let origin = Origin::FileOfPort { line: *line };
            chosen.push(Chosen { name, origin, argument: argument.clone() });
        } else if let Some((Entry { line, .. }, argument)) = of(None, name)
            && partner.is_none_or(|partner| of_port(partner).is_none())
        {
            chosen.push(Chosen { name, origin: Origin::File { line: *line }, argument: argument.clone() });
        }
    }
    Ok((Some(file.path), chosen))
}

/// What else may say the same as the secret, or the file with one, called `name`.
fn partner(name: &str) -> Option<&'static str> {
    SECRETS.iter().find_map(|(secret, file)| match name {
        name if name == *secret => Some(*file),
        name if name == *file => Some(*secret),
        _ => None,
    })
}

/// What the command line would say in place of `entry`, if anything, or what is wrong with it.
fn argument(definition: &clap::Command, folder: &Path, entry: &Entry) -> Result<Option<OsString>, String> {
    let Entry { key, value, port, .. } = entry;
    if !NAMES.contains(&key.as_str()) {
        return Err(match meant(key) {
            Some(name) => format!("there is no setting {key}; did you mean {name}?"),
            None => format!("there is no setting {key}; there are {}", NAMES.join(", ")),
        });
    }
    if key == PORT && port.is_some() {
        return Err("the table of a port has its name already".to_owned());
    }
    let mut argument = OsString::from(format!("--{key}"));
    match find(definition, key).map(Arg::get_action) {
        Some(ArgAction::SetTrue) => match value.as_str() {
            "true" => {}
            // As it is without.
            "false" => return Ok(None),
            _ => return Err(format!("{key} is true or false")),
        },
        _ => {
            argument.push("=");
            if key.ends_with(FILE) { argument.push(folder.join(value)) } else { argument.push(value) }
        }
    }
    // As it would be told on the command line, but for the name of the option.
    match options_alone().try_get_matches_from([&argument]) {
        Ok(_) => Ok(Some(argument)),
        Err(error) => {
            let rendered = error.render().to_string();
            let first = rendered.lines().next().unwrap_or_default().trim_start_matches("error: ");
            let why = error.source().map_or_else(|| first.to_owned(), ToString::to_string);
            Err(format!("{key}: {why}"))
        }
    }
}

/// The setting whose name is nearest to `key`, if one is near.
fn meant(key: &str) -> Option<&'static str> {
    let error = options_alone().try_get_matches_from([format!("--{key}")]).err()?;
    let Some(ContextValue::String(option)) = error.get(ContextKind::SuggestedArg) else { return None };
    let option = option.trim_start_matches("--");
    NAMES.into_iter().find(|name| *name == option)
}

/// The options without a command, and without variables.
fn options_alone() -> clap::Command {
    let alone = Options::augment_args(clap::Command::new("sim800").no_binary_name(true));
    alone.mut_args(|arg| arg.env(Resettable::Reset))
}

fn setting(
    name: &'static str,
    definition: &clap::Command,
    matches: &ArgMatches,
    chosen: &[Chosen],
) -> Setting {
    let id = id(name);
    let origin = match (chosen.iter().find(|chosen| chosen.name == name), matches.value_source(&id)) {
        (Some(chosen), _) => chosen.origin.clone(),
        (None, Some(ValueSource::CommandLine)) => Origin::CommandLine,
        (None, Some(ValueSource::EnvVariable)) => {
            let name = find(definition, name).and_then(Arg::get_env).unwrap_or_default();
            Origin::Environment(name.to_string_lossy().into_owned())
        }
        (None, _) => Origin::Default,
    };
    let value = matches.get_raw(&id).and_then(|mut values| values.next_back());
    let is_secret = SECRETS.iter().any(|(secret, _)| *secret == name);
    let value =
        value.map(|value| if is_secret { MASKED.to_owned() } else { value.to_string_lossy().into_owned() });
    Setting { name, value: value.or_else(|| default(name)), origin }
}

/// What is in force without a word of the user, where the session has it.
fn default(name: &str) -> Option<String> {
    let config = Config::default();
    match name {
        "baud" => Some(config.rate.to_string()),
        "answer-within" => Some(config.answer_within.as_secs().to_string()),
        "retries" => Some(config.retries.at_most.to_string()),
        _ => None,
    }
}

fn find<'d>(definition: &'d clap::Command, name: &str) -> Option<&'d Arg> {
    definition.get_arguments().find(|arg| arg.get_long() == Some(name))
}

/// What clap calls the option.
fn id(name: &str) -> String {
    name.replace('-', "_")
}
