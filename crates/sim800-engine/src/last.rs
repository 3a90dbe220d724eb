//! What is remembered of commands behind their result, which may not have been their own.

use sim800_parser::{FinalResultCode, Line, Name};

#[derive(Debug, Default)]
pub(crate) struct Last {
    /// That of the last command.
    pub(crate) name: Option<&'static str>,
    /// It brought payload or might have: what ended it may have been a part of that, or nobody's, and text may be the rest of it.
    pub(crate) may_go_on: bool,
    /// The module refused it or has its octets, if that was its own result: another one shows that it was not. Octets that came when the
    /// module did not wait for them any more are command lines to it, and it has a result for each.
    pub(crate) has_one_result: bool,
    /// How many octets a command offered that the module did not ask for. It may do so still, and takes whatever comes for them, until
    /// it says what only a later command has it say: a result is like any other.
    pub(crate) offered: usize,
    /// The line by which it would.
    pub(crate) invitation: Option<Name>,
}

impl Last {
    /// Whether a line that makes no sense otherwise belongs to such a command.
    pub(crate) fn is_answered_by(&self, line: Line<'_>) -> bool {
        let invites = |invitation: Name| line.text() == invitation.as_bytes();
        let is_invited = self.offered > 0 && self.invitation.is_some_and(invites);
        let is_result = |code: FinalResultCode| !code.is_of_connection();
        let has_two_results = self.has_one_result && FinalResultCode::from_line(line).is_some_and(is_result);
        is_invited
            || has_two_results
            || if line.name().is_some() { line.name() == self.name } else { self.may_go_on }
    }
}
