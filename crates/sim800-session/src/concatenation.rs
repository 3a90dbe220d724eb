//! Several commands on one line: fewer round trips where each has its own answer, and one by one where the firmware wants it so.

use alloc::vec::{self, Vec};
use sim800_command::{COMMANDS_LIMIT, Command, LINE_LIMIT};

use crate::client::Client;
use crate::engine::{Failure, Malformation, Request, Response};
use crate::error::Error;

/// What several commands brought, to be read in their order.
pub(crate) struct Replies(vec::IntoIter<Response>);

impl Replies {
    /// Reads the information text of the next, `command`.
    pub(crate) fn read<C: Command, T>(
        &mut self,
        command: &C,
        read: impl FnOnce(C::Response<'_>) -> T,
    ) -> Result<T, Error> {
        let response = self.0.next();
        let response = response.as_ref().and_then(|response| response.decode(command).ok());
        let malformed = Failure::Malformed(Malformation::Information);
        response.map(read).ok_or_else(|| Error::of(command, malformed))
    }
}

/// Several commands that are to be sent together, in the order in which their replies are read.
#[derive(Default)]
pub(crate) struct Together(Vec<Request>);

impl Together {
    /// With `command` behind those before it.
    pub(crate) fn and<C: Command>(mut self, command: &C) -> Result<Self, Error> {
        self.0.push(Request::new(command).map_err(|failure| Error::of(command, failure))?);
        Ok(self)
    }
}

impl Client {
    /// Asks by several commands that change nothing, or do no harm when they are sent twice: on one line, and one by one when that
    /// is refused, so that the error names the command.
    pub(crate) async fn together(&self, Together(requests): Together) -> Result<Replies, Error> {
        Ok(Replies(self.each(requests).await?.into_iter()))
    }

    async fn each(&self, requests: Vec<Request>) -> Result<Vec<Response>, Error> {
        let is_refused = match self.on_one_line(&requests.iter().collect::<Vec<_>>()) {
            Some(line) => match self.request(line).await {
                Ok(response) => return Ok(response.concatenated),
                Err(error) if error.is_rejected() => true,
                Err(error) => return Err(error),
            },
            None => false,
        };
        let mut responses = Vec::new();
        for request in requests {
            responses.push(self.request(request).await?);
        }
        if is_refused {
            self.known().takes_one_at_a_time();
        }
        Ok(responses)
    }

    /// All of `requests` as one line; `None` where each has to have its own.
    pub(crate) fn on_one_line(&self, requests: &[&Request]) -> Option<Request> {
        if requests.len() < 2 || !self.concatenates() {
            return None;
        }
        Request::concatenated(requests.iter().copied().cloned()).ok()
    }

    /// Whether the firmware is known to refuse several commands on a line, or is not to be asked.
    pub(crate) fn concatenates(&self) -> bool {
        self.config().concatenation && !self.known().is_one_at_a_time()
    }
}

/// `AT` and the carriage return.
const PREFIX_AND_END: usize = 3;

/// How many of `requests`, from the first on, fit on a line.
pub(crate) fn fitting<'r>(requests: impl IntoIterator<Item = &'r Request>) -> usize {
    let mut octets = 0;
    let fits = |request: &&Request| {
        // With the semicolon in front.
        octets += request.line().len().saturating_sub(PREFIX_AND_END) + 1;
        octets <= LINE_LIMIT + 1
    };
    requests.into_iter().take(COMMANDS_LIMIT).take_while(fits).count().max(1)
}
