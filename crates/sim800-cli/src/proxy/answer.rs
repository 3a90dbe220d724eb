//! Answers to programs: their bodies, and what is said of failures.

use std::any::Any;
use std::error::Error;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderValue, PROXY_AUTHENTICATE, RETRY_AFTER};
use http::{HeaderMap, Response, StatusCode};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Empty, Full};
use hyper::body::{Body, Frame, SizeHint};

use super::account::Account;
use crate::failure::Failure;

/// How long a program had better wait, in seconds.
const LATER: HeaderValue = HeaderValue::from_static("10");

/// The kind of failure of what is in use.
pub(super) const BUSY: &str = "busy";

/// What is dropped with the body of an answer, and not before.
pub(super) type Held = Option<Box<dyn Any>>;

/// The body of an answer, on account.
pub(super) struct Answer {
    body: UnsyncBoxBody<Bytes, Failure>,
    /// How many octets are left, where the headers say how many there are.
    left: Option<u64>,
    _held: Held,
    /// Where it is what the request is about.
    account: Option<Rc<Account>>,
}

/// An answer, `has_body` or not, for the program of an account. It has what is `held` as long as there may be more of it.
pub(super) fn answer<B>(
    response: Response<B>,
    has_body: bool,
    held: Held,
    account: &Rc<Account>,
) -> Response<Answer>
where
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Failure>,
{
    account.status.set(Some(response.status()));
    let told = response.body().size_hint().exact().or_else(|| content_length(response.headers()));
    let left = if has_body { told } else { Some(0) };
    let answer = response.map(|body| Answer {
        body: if has_body { body.map_err(Into::into).boxed_unsync() } else { empty() },
        left,
        _held: held,
        account: Some(Rc::clone(account)),
    });
    answer.body().look_for_end();
    answer
}

/// That there is a tunnel now, which has its own account.
pub(super) fn established() -> Response<Answer> {
    Response::new(Answer { body: empty(), left: None, _held: None, account: None })
}

/// What a program is told of a failure.
pub(super) fn refusal(failure: Failure, account: &Rc<Account>) -> Response<Answer> {
    let status = status(&failure);
    refusal_with(failure, status, account)
}

/// The same with a status of its own.
pub(super) fn refusal_with(failure: Failure, status: StatusCode, account: &Rc<Account>) -> Response<Answer> {
    let text = format!("sim800: {failure}\n");
    account.fail(failure);
    let mut response =
        Response::new(Full::new(Bytes::from(text)).map_err(|never| -> Failure { match never {} }));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    if status == StatusCode::SERVICE_UNAVAILABLE {
        headers.insert(RETRY_AFTER, LATER);
    }
    if status == StatusCode::PROXY_AUTHENTICATION_REQUIRED {
        headers.insert(PROXY_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"sim800\""));
    }
    answer(response, true, None, account)
}

/// The kind of failure of a program that does not log in.
pub(super) const UNKNOWN: &str = "proxy-login";

fn status(failure: &Failure) -> StatusCode {
    match failure.kind() {
        UNKNOWN => StatusCode::PROXY_AUTHENTICATION_REQUIRED,
        "usage" | "invalid" => StatusCode::BAD_REQUEST,
        "not-found" => StatusCode::NOT_FOUND,
        "unsupported" => StatusCode::NOT_IMPLEMENTED,
        BUSY => StatusCode::SERVICE_UNAVAILABLE,
        "timed-out" | "no-progress" => StatusCode::GATEWAY_TIMEOUT,
        _ => StatusCode::BAD_GATEWAY,
    }
}

/// No body at all.
pub(super) fn empty() -> UnsyncBoxBody<Bytes, Failure> {
    Empty::new().map_err(|never| match never {}).boxed_unsync()
}

fn content_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

impl Answer {
    /// Notes that it is complete: nothing is asked for behind the end.
    fn look_for_end(&self) {
        if self.left == Some(0) || self.body.is_end_stream() {
            self.complete();
        }
    }

    fn complete(&self) {
        self.account.iter().for_each(|account| account.complete());
    }
}

impl Body for Answer {
    type Data = Bytes;
    type Error = Box<dyn Error + Send + Sync>;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let this = &mut *self;
        Poll::Ready(match ready!(Pin::new(&mut this.body).poll_frame(context)) {
            Some(Ok(frame)) => {
                let octets = frame.data_ref().map_or(0, Bytes::len);
                this.account.iter().for_each(|account| account.count_down(octets));
                this.left = this.left.map(|left| left.saturating_sub(octets as u64));
                if frame.is_trailers() {
                    // Nothing is behind them.
                    this.left = Some(0);
                }
                if this.left == Some(0) {
                    // It learns that it is over, for nobody asks it again.
                    let _ = Pin::new(&mut this.body).poll_frame(context);
                }
                this.look_for_end();
                Some(Ok(frame))
            }
            Some(Err(failure)) => {
                let text = failure.to_string();
                if let Some(account) = &this.account {
                    account.program.is_cut_off.set(true);
                    account.fail(failure);
                }
                Some(Err(text.into()))
            }
            None => {
                this.complete();
                None
            }
        })
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
