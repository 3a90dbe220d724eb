//! The `sim800` program: files over HTTP and FTP with a SIM800-series module, or with an emulated one.

mod args;
mod at;
mod commands;
mod connect;
mod decode;
mod demo;
mod emulate;
mod exchange;
mod failure;
mod fs;
mod ftp;
mod http;
mod info;
mod metered;
mod output;
mod part_file;
mod resume;
mod sink;
mod source;
mod trace;
mod url;

use std::process::ExitCode;

use clap::Parser;

use crate::args::{Command, CommandLine};
use crate::failure::Failure;
use crate::output::Output;

fn main() -> ExitCode {
    let CommandLine { options, command } = match CommandLine::try_parse() {
        Ok(line) => line,
        // Programs get their one object, whatever is wrong; people get what clap shows them.
        Err(error) if error.use_stderr() && std::env::args_os().any(|argument| argument == "--json") => {
            let text = error.render().to_string();
            let message = text.lines().next().unwrap_or_default().trim_start_matches("error: ");
            let output = Output { json: true, quiet: true };
            return ExitCode::from(output.finish(Err(Failure::usage(message))));
        }
        Err(error) => error.exit(),
    };
    let output = Output { json: options.json, quiet: options.quiet || options.json };
    let result = match &command {
        Command::Http(command) => http::run(command, &options, output),
        Command::Ftp(command) => ftp::run(command, &options, output),
        Command::Fs(command) => fs::run(command, &options, output),
        Command::Commands { name } => commands::run(name.as_deref()),
        Command::Info => info::run(&options, output),
        Command::At { line } => at::run(line, &options, output),
        Command::Decode(arguments) => match decode::run(arguments, output) {
            // It has told everything on the way.
            Ok(()) => return ExitCode::SUCCESS,
            Err(failure) => Err(failure),
        },
        Command::Emulate(arguments) => emulate::run(arguments, &options, output),
        Command::Demo => demo::run(&options, output),
    };
    ExitCode::from(output.finish(result))
}
