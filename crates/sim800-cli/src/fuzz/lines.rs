//! Which lines are tried.

use sim800_command::{Id, SPECS};
use sim800_grammar::{Kind, Risk, attempts};

use super::module::request;
use crate::commands;
use crate::failure::Failure;

/// A line to try.
pub(super) struct Try {
    pub(super) line: String,
    pub(super) kind: Kind,
}

/// Those of `commands`, or of all; on an emulated module also those that a real one would keep or pay for.
pub(super) fn lines(commands: &[String], is_emulated: bool) -> Result<Vec<Try>, Failure> {
    let wanted: Vec<Id> = commands.iter().map(|name| commands::known(name)).collect::<Result<_, _>>()?;
    let is_wanted = |id: Option<Id>| wanted.is_empty() || id.is_some_and(|id| wanted.contains(&id));
    let may_be_sent = |risk: Risk| risk == Risk::None || (risk == Risk::Lasting && is_emulated);
    let of_all = SPECS.iter().filter(|spec| is_wanted(spec.id));
    let lines: Vec<Try> = of_all
        .filter(|spec| may_be_sent(Risk::of(spec)))
        .flat_map(|spec| attempts(spec))
        .map(|attempt| Ok(request(&attempt.line)?.map(|_| Try { line: attempt.line, kind: attempt.kind })))
        .filter_map(Result::transpose)
        .collect::<Result<_, Failure>>()?;
    if lines.is_empty() {
        let message = "none of these commands is ever sent to a module: they cost money, end the conversation or last; see --help";
        return Err(Failure::usage(message));
    }
    Ok(lines)
}
