//! Several commands on one line: fewer round trips where each has its own answer, and one by one where the firmware wants it so.

use alloc::vec::Vec;
use sim800_command::{At, COMMANDS_LIMIT, Command, LINE_LIMIT};

use crate::client::Client;
use crate::engine::{Failure, Malformation, Misuse, Request, Response};
use crate::error::Error;

/// What one of several commands brought.
pub(crate) struct Reply<C> {
    command: C,
    response: Response,
}

impl<C: Command> Reply<C> {
    /// Reads its information text.
    pub(crate) fn read<T>(&self, read: impl FnOnce(C::Response<'_>) -> T) -> Result<T, Error> {
        let response = self.response.decode(&self.command);
        let malformed = Failure::Malformed(Malformation::Information);
        response.map(read).map_err(|_| Error::of(&self.command, malformed))
    }
}

/// Commands that go on one line where the firmware lets them: a tuple of them.
pub(crate) trait Commands {
    /// A tuple of a [`Reply`] to each.
    type Replies;

    fn requests(&self) -> Result<Vec<Request>, Error>;

    /// One response to each; `None` if there are fewer.
    fn replies(self, responses: Vec<Response>) -> Option<Self::Replies>;
}

macro_rules! commands {
    ($($command:ident)+) => {
        impl<$($command: Command),+> Commands for ($($command,)+) {
            type Replies = ($(Reply<$command>,)+);

            #[inline(never)]
            #[expect(non_snake_case, reason = "the types' names are the values' as well")]
            fn requests(&self) -> Result<Vec<Request>, Error> {
                let ($($command,)+) = self;
                // One after the other, so that they do not stand on the stack side by side.
                let mut requests = Vec::with_capacity([$(stringify!($command)),+].len());
                $(requests.push(Request::new($command).map_err(|failure| Error::of($command, failure))?);)+
                Ok(requests)
            }

            #[inline(never)]
            #[expect(non_snake_case, reason = "the types' names are the values' as well")]
            fn replies(self, responses: Vec<Response>) -> Option<Self::Replies> {
                let ($($command,)+) = self;
                let mut responses = responses.into_iter();
                Some(($(Reply { command: $command, response: responses.next()? },)+))
            }
        }
    };
}

commands!(A B);
commands!(A B C);
commands!(A B C D E F G H);

impl Client {
    /// Asks by several commands that change nothing, or do no harm when they are sent twice: on one line, and one by one when that
    /// is refused, so that the error names the command.
    pub(crate) async fn together<T: Commands>(&self, commands: T) -> Result<T::Replies, Error> {
        let requests = commands.requests()?;
        let name = requests.first().map(|request| request.name().clone());
        let responses = self.each(requests).await?;
        let replies = commands.replies(responses);
        // As many responses as commands come back.
        replies.ok_or_else(|| match name {
            Some(name) => Error::new(&name, Failure::Malformed(Malformation::Information)),
            None => Error::of(&At, Failure::Misuse(Misuse::NotACommand)),
        })
    }

    async fn each(&self, requests: Vec<Request>) -> Result<Vec<Response>, Error> {
        let is_refused = match self.on_one_line(&requests) {
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
    pub(crate) fn on_one_line(&self, requests: &[Request]) -> Option<Request> {
        if requests.len() < 2 || !self.concatenates() {
            return None;
        }
        Request::concatenated(requests.iter().cloned()).ok()
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
