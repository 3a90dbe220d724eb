//! Places on the heap that a command which is through leaves to the next one.

use crate::engine::{Failure, Request, Response};
use crate::oneshot::Place;
use crate::sync::Guarded;

/// One of each kind, for one command is in flight at a time.
#[derive(Default)]
pub(crate) struct Places {
    request: Guarded<Option<Request>>,
    reply: Guarded<Option<Place<Result<Response, Failure>>>>,
}

impl Places {
    /// That of a request.
    pub(crate) fn take_request(&self) -> Option<Request> {
        self.request.with(Option::take)
    }

    /// A request is through.
    pub(crate) fn leave_request(&self, request: Request) {
        let former = self.request.with(|place| place.replace(request));
        drop(former);
    }

    /// That of a reply.
    pub(crate) fn take_reply(&self) -> Option<Place<Result<Response, Failure>>> {
        self.reply.with(Option::take)
    }

    /// Nobody waits for a reply any more.
    pub(crate) fn leave_reply(&self, reply: Place<Result<Response, Failure>>) {
        let former = self.reply.with(|place| place.replace(reply));
        drop(former);
    }
}
