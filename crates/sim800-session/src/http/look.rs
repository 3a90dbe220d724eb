//! One look at a response, on one line: whether the request is over, the headers, and the body where it is short.

use crate::message::Method;
use alloc::vec;
use alloc::vec::Vec;
use bytes::Bytes;
use sim800_command::{Command, HttpActivity, HttpHead, HttpReadRange, HttpStatusRead, Number};

use super::headers;
use super::plan::Plan;
use super::service::{Looked, Service, told};
use crate::engine::{Request, Response};
use crate::watch::Watch;

/// How many octets at the end of a body are read again, at most.
const AGAIN: u32 = 16;

impl Service {
    /// Looks at what came in answer to `plan`, of which the module has `length` octets. `Some(true)` when the module says that the
    /// request is over, `Some(false)` when it says that it is not; `None` where one thing has to be asked after the other.
    pub(super) async fn look(&mut self, plan: &Plan, length: u32) -> Option<bool> {
        self.looked = None;
        let asks_for_headers = plan.headers && self.may_tell_headers();
        let is_short =
            plan.method != Method::HEAD && (1..=self.client.config().octets_at_once()).contains(&length);
        let mut requests = vec![request(&HttpStatusRead)?];
        if asks_for_headers {
            requests.push(request(&HttpHead)?);
        }
        let again = length.min(AGAIN);
        if is_short {
            // One octet more, to notice that the line damaged the announced length.
            requests.push(request(&read(0, length + 1))?);
            // Behind the end once more, nothing that was left of a payload can follow.
            requests.push(request(&read(length - again, again + 1))?);
        }
        let line = self.client.on_one_line(&requests.iter().collect::<Vec<_>>())?;
        let seen = self.client.request(line).await.ok();
        let seen =
            seen.and_then(|seen| self.judge_look(seen.concatenated, asks_for_headers, is_short, length));
        if seen.is_none() {
            // A result that was none of the module's may have ended the line in the middle: the rest of it would answer what is asked
            // next.
            drop(self.client.synchronize().await);
        }
        seen
    }

    /// What a look brought, or that it is not what it should be.
    fn judge_look(
        &mut self,
        responses: Vec<Response>,
        asks_for_headers: bool,
        is_short: bool,
        length: u32,
    ) -> Option<bool> {
        let mut responses = responses.into_iter();
        let activity = responses.next()?.decode(&HttpStatusRead).ok()?.activity;
        if self.watch.as_mut().is_some_and(Watch::take_loss) {
            // Something of all that may not have been its own.
            return None;
        }
        if activity != HttpActivity::Idle {
            return Some(false);
        }
        let header = if asks_for_headers { Some(told(responses.next()?).ok()?) } else { None };
        let body = if is_short { Some(whole(&responses.next()?, &responses.next()?, length)?) } else { None };
        if asks_for_headers {
            self.client.known().has_told_headers();
        }
        let headers = header.map(|header| headers::read(&header.payload));
        self.looked = Some(Looked { headers, body });
        Some(true)
    }

    /// The whole of the body, if it was looked at and not taken yet.
    pub(super) fn take_body(&mut self) -> Option<Bytes> {
        self.looked.as_mut()?.body.take()
    }
}

/// The body, if all of it was read and its end came again; else it is read anew.
fn whole(body: &Response, end: &Response, length: u32) -> Option<Bytes> {
    let (body, end) = (&body.payload, &end.payload);
    let is_whole = body.len() == length as usize && body.ends_with(end);
    (is_whole && end.len() == length.min(AGAIN) as usize).then(|| body.clone())
}

fn read(start: u32, size: u32) -> HttpReadRange {
    HttpReadRange { start: Number::saturating(start), size: Number::saturating(size) }
}

fn request<C: Command>(command: &C) -> Option<Request> {
    Request::new(command).ok()
}
