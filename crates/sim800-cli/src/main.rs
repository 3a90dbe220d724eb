//! The `sim800` program: files over HTTP and FTP with a SIM800-series module, or with an emulated one.

mod access;
mod args;
mod at;
mod audience;
mod baud;
mod bearer;
mod checksum;
mod commands;
mod companion;
mod completion;
mod config;
mod config_file;
mod connect;
mod console;
mod decode;
mod demo;
mod dialogue;
mod distinct;
mod emulate;
mod exchange;
mod exit;
mod failure;
mod first_contact;
mod fs;
mod ftp;
mod fuzz;
mod grammar;
mod held;
mod help;
mod history;
mod holder;
mod http;
mod info;
mod live;
mod login;
mod man;
mod mangle;
mod meter;
mod metered;
mod monitor;
mod nc;
mod output;
mod part_file;
mod place;
mod plain;
mod ports;
mod printer;
mod private;
mod probe;
mod proxy;
mod range;
mod recent;
mod recorder;
mod resume;
mod screen;
mod script;
mod settings;
mod shell;
mod signals;
mod sink;
mod source;
mod stage;
mod tap;
mod target;
mod terminal;
mod text;
mod trace;
mod url;
mod usage;
mod way;
mod words;

use std::process::ExitCode;

use clap::CommandFactory;
use clap_complete::CompleteEnv;

use crate::args::{Command, CommandLine, Options};
use crate::failure::Failure;
use crate::output::{Output, Report};
use crate::settings::{InForce, Settings, Unusable};

fn main() -> ExitCode {
    // Ends the program if a shell asks for completions.
    CompleteEnv::with_factory(CommandLine::command).complete();
    let Settings { line: CommandLine { options, command }, in_force } =
        match Settings::read(std::env::args_os().collect()) {
            Ok(settings) => settings,
            Err(Unusable::Usage(error)) if error.use_stderr() => return misused(&usage::with_hint(error)),
            Err(Unusable::Usage(error)) => error.exit(),
            Err(Unusable::File(unusable)) => {
                let (failure, options) = *unusable;
                return ExitCode::from(Output::new(&options).finish(Err(failure)));
            }
        };
    let output = Output::new(&options);
    signals::outlive_limits();
    match run(&command, &options, &in_force, output) {
        Ok(None) => ExitCode::SUCCESS,
        Ok(Some(report)) => ExitCode::from(output.finish(Ok(report))),
        Err(failure) => ExitCode::from(output.finish(Err(failure))),
    }
}

/// What there is to tell at the end, if it was not told on the way.
fn run(
    command: &Command,
    options: &Options,
    in_force: &InForce,
    output: Output,
) -> Result<Option<Report>, Failure> {
    distinct::check(command, options)?;
    let execute =
        |command: &Command, options: &Options, output: Output| run(command, options, in_force, output);
    let report = match command {
        Command::Http(command) => return http::run(command, options, output),
        Command::Ftp(command) => return ftp::run(command, options, output),
        Command::Fs(command) => fs::run(command, options, output),
        Command::Commands { name } => commands::run(name.as_deref()),
        Command::Bearer(command) => bearer::run(command, options, output),
        Command::Ports(arguments) => probe::run(arguments, options, output),
        Command::Config => Ok(config::run(in_force)),
        Command::Info => info::run(options, output),
        Command::At(arguments) => at::run(arguments, options, output),
        Command::Decode(arguments) => return decode::run(arguments, options, output).map(|()| None),
        Command::Emulate(arguments) => return emulate::run(arguments, options, output).map(|()| None),
        Command::Monitor(arguments) => return monitor::run(arguments, options, output),
        Command::Nc(arguments) => nc::run(arguments, options, output),
        Command::Proxy(arguments) => proxy::run(arguments, options, output),
        Command::Console => console::run(options, output),
        Command::Tap(arguments) => tap::run(arguments, options, output),
        Command::Fuzz(arguments) => fuzz::run(arguments, options, output),
        Command::Grammar { format } => Ok(grammar::run(*format)),
        Command::Demo => demo::run(options, output),
        Command::Run(arguments) => script::run(arguments, options, output, &execute),
        Command::Shell => shell::run(options, output, &execute),
        Command::Man { directory } => man::run(directory),
    };
    report.map(Some)
}

/// Programs get their one object, whatever is wrong; people get what clap shows them.
fn misused(error: &clap::Error) -> ExitCode {
    let arguments: Vec<String> =
        std::env::args_os().filter_map(|argument| argument.into_string().ok()).collect();
    if arguments.iter().any(|argument| argument == "--json") {
        let message = usage::in_one_line(error, &arguments);
        let output = Output { json: true, quiet: true, verbose: false };
        return ExitCode::from(output.finish(Err(Failure::usage(message))));
    }
    let shown = error.render().to_string();
    let text = usage::masked(&shown, &arguments);
    if text == shown {
        error.exit();
    }
    screen::write_line(text.trim_end());
    ExitCode::from(exit::USAGE)
}
