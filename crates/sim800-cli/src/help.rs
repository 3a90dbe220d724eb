//! Help with a command, which has the command's own options and says where the others are.

use clap::Command;
use clap::error::ErrorKind;

const ELSEWHERE: &str = "\
{before-help}{about-with-newline}
{usage-heading} {usage}

{all-args}

Options of all commands, such as -p, --apn, --json and -v, are in `sim800 --help`.{after-help}";

/// What `error` shows, if it is help, of the command line `definition` that was given these `arguments`.
pub(crate) fn of_its_own(
    error: clap::Error,
    definition: Command,
    arguments: &[std::ffi::OsString],
) -> clap::Error {
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            let mut definition = definition;
            // Every command has the global options from then on.
            definition.build();
            definition.mut_subcommands(without_global).try_get_matches_from(arguments).err().unwrap_or(error)
        }
        _ => error,
    }
}

fn without_global(command: Command) -> Command {
    let command = command.mut_args(|argument| {
        let is_global = argument.is_global_set();
        argument.hide(is_global)
    });
    command.help_template(ELSEWHERE).mut_subcommands(without_global)
}
