//! Several commands on one line, and one result code behind the responses of all of them (V.250 sections 5.3.3 and 5.4.5, manual
//! 1.4.4).

use alloc::string::ToString;
use core::fmt::Write;
use core::mem;
use core::time::Duration;

use bytes::Bytes;
use sim800_command::{COMMANDS_LIMIT, Id, LINE_LIMIT, time_limit};
use sim800_parser::{Claim, DataPhase, Expect, Line};

use crate::failure::{Failure, Misuse};
use crate::flight::{Flight, ends_like_a_line};
use crate::request::{Further, Inner, Name, Parts, Request};
use crate::response::Response;

impl Request {
    /// Puts several commands on one line, which gets one result code: [`Response::concatenated`] has what each of them brought.
    ///
    /// The module carries them out one after the other, up to the first that it refuses. Their time limits add up; those that the
    /// manual does not state count once, for they allow for a module that is busy, which it is once. Of a command that is not the
    /// last, one line of information text is taken, and the payload that it announces.
    ///
    /// # Errors
    ///
    /// [`Misuse::TooLong`] and [`Misuse::TooMany`] beyond what the module takes, [`Misuse::NotACommand`] when there is none, and
    /// [`Misuse::OnItsOwn`] for a command that sends octets, gets some without a header, makes a connection, or ends otherwise than by
    /// a result code.
    pub fn concatenated(requests: impl IntoIterator<Item = Self>) -> Result<Self, Failure> {
        let mut requests = requests.into_iter();
        let Self(mut first) = requests.next().ok_or(Failure::Misuse(Misuse::NotACommand))?;
        let mut line = first.line.strip_suffix(b"\r").unwrap_or(&first.line).to_vec();
        let mut name = first.name.to_string();
        let (mut stated, mut unstated) = limits(&first);
        let mut last = name.clone();
        for Self(request) in requests {
            if !first.goes_with_others() || !request.goes_with_others() {
                return Err(Failure::Misuse(Misuse::OnItsOwn));
            }
            // Nothing stands behind a command of basic syntax.
            if last.strip_prefix("AT").is_some_and(|command| command.starts_with('+')) {
                line.push(b';');
            }
            let behind_prefix = request.line.get(2..).unwrap_or_default();
            let begin = line.len();
            line.extend_from_slice(behind_prefix.strip_suffix(b"\r").unwrap_or(behind_prefix));
            if let Some(secret) = &request.secret {
                // What stands between two secrets is masked with them.
                let start = first.secret.as_ref().map_or(begin + secret.start - 2, |secret| secret.start);
                first.secret = Some(start..begin + secret.end - 2);
            }
            let (more, busy) = limits(&request);
            stated = stated.saturating_add(more);
            unstated = unstated.max(busy);
            let next = request.name.to_string();
            if next != last {
                // Writing to a string does not fail.
                let _ = write!(name, ";{}", next.strip_prefix("AT").unwrap_or(&next));
                last = next;
            }
            first.further.push_back(Further { id: request.id, expect: request.expect });
            first.further.extend(request.further);
            first.anew |= request.anew;
            first.compared |= request.compared;
        }
        if line.len() > 2 + LINE_LIMIT {
            return Err(Failure::Misuse(Misuse::TooLong));
        }
        if 1 + first.further.len() > COMMANDS_LIMIT {
            return Err(Failure::Misuse(Misuse::TooMany));
        }
        if !first.further.is_empty() {
            line.push(b'\r');
            first.line = line;
            first.name = Name(Inner::Text(name.into()));
            first.time_limit = stated.saturating_add(unstated);
        }
        Ok(Self(first))
    }
}

impl Parts {
    fn goes_with_others(&self) -> bool {
        let data = matches!(self.expect.data, DataPhase::None | DataPhase::Announced { .. });
        data && self.body.is_none() && self.expect.ending.is_none() && !self.expect.connection
    }

    /// What the commands of the line may get that are not through.
    pub(crate) fn expects(&self) -> impl Iterator<Item = &Expect> {
        [&self.expect].into_iter().chain(self.further.iter().map(|further| &further.expect))
    }

    /// What the commands of the line are that are not through.
    pub(crate) fn ids(&self) -> impl Iterator<Item = Id> {
        self.id.into_iter().chain(self.further.iter().filter_map(|further| further.id))
    }
}

/// The time limit of a command: one that the manual states, or one that it does not.
fn limits(request: &Parts) -> (Duration, Duration) {
    match request.time_limit {
        unstated if unstated <= time_limit::UNSTATED => (Duration::ZERO, unstated),
        stated => (stated, Duration::ZERO),
    }
}

impl Flight {
    /// Goes on to the next command of the line if this one has nothing to say, and so on. What it may get, if there is one.
    pub(crate) fn pass_silent(&mut self) {
        while is_silent(&self.request.expect) && !self.request.further.is_empty() {
            self.pass();
        }
    }

    /// The command has said all that it has to say.
    fn pass(&mut self) {
        let Some(Further { id, expect }) = self.request.further.pop_front() else { return };
        let response = self.take_own_response();
        if !response.payload.is_empty() {
            self.through.payload = Some(ends_like_a_line(&response.payload));
        }
        self.through.responses.push(response);
        (self.request.expect, self.request.id) = (expect, id);
        self.begin_response();
    }

    /// What may come next, if this command of the line said what it has to say, and others follow.
    pub(crate) fn next(&mut self) -> Option<Expect> {
        if self.request.further.is_empty() {
            return None;
        }
        self.pass();
        self.pass_silent();
        Some(self.behind_echo())
    }

    /// What may come next, if `line` is what a later command of the line has to say: those before it said nothing.
    pub(crate) fn skip_to(&mut self, line: Line<'_>) -> Option<Expect> {
        let place = self.request.further.iter().position(|further| says(&further.expect, line))?;
        for _ in 0..=place {
            self.pass();
        }
        Some(self.behind_echo())
    }

    fn behind_echo(&self) -> Expect {
        let mut expect = self.request.expect;
        expect.echo = false;
        expect
    }

    /// What the command of the line brought that is not through.
    fn take_own_response(&mut self) -> Response {
        let text = &mut self.request.text;
        // To split off nothing takes memory.
        let information = if text.is_empty() { Bytes::new() } else { text.split().freeze() };
        Response { information, ..mem::take(&mut self.response) }
    }

    /// What all commands of the line brought, as one response; that of a single command as it is.
    pub(crate) fn take_response(&mut self) -> Response {
        let response = self.take_own_response();
        let mut responses = mem::take(&mut self.through.responses);
        if responses.is_empty() && self.request.further.is_empty() {
            return response;
        }
        responses.push(response);
        responses.extend(self.request.further.drain(..).map(|_| Response::default()));
        Response { concatenated: responses, ..Response::default() }
    }
}

fn is_silent(expect: &Expect) -> bool {
    matches!(expect.information, Claim::None) && expect.data == DataPhase::None
}

/// Whether `line` is one that a command with this response prints, as far as its name tells.
fn says(expect: &Expect, line: Line<'_>) -> bool {
    let is_text = match &expect.information {
        Claim::Named { name, accepts } => {
            line.name().is_some_and(|found| found.as_bytes() == name.as_bytes()) && accepts(line.values())
        }
        _ => false,
    };
    let is_header = match &expect.data {
        DataPhase::Announced { header, .. } => header.count_in(line).is_some(),
        _ => false,
    };
    is_text || is_header
}
