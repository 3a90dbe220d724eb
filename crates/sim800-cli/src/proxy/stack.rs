//! `http://` by the module's own HTTP stack.

use std::rc::Rc;

use bytes::Bytes;
use futures::stream::{self, Stream, StreamExt};
use http::header::{CONTENT_LENGTH, EXPECT, HOST};
use http::request::Parts;
use http::{Method, Request, Response};
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::Frame;
use sim800_command::HTTP_LIMIT;
use sim800_session::{Http, HttpError, HttpOptions};

use super::Proxy;
use super::account::Account;
use super::answer::{Answer, answer};
use super::upload::{Upload, gather};
use super::wanted::{check, has_body, strip_hops};
use crate::failure::Failure;

/// What becomes of a request.
pub(super) enum Sent {
    Answered(Response<Answer>),
    /// It is beyond what the module can do, and nobody has got it.
    Unable(Parts, Upload),
}

/// Has the module send a request, if it can.
pub(super) async fn send(
    proxy: &Proxy,
    head: Parts,
    body: Upload,
    account: &Rc<Account>,
) -> Result<Sent, Failure> {
    if ![Method::GET, Method::HEAD, Method::POST, Method::DELETE].contains(&head.method) {
        return Ok(Sent::Unable(head, body));
    }
    let gathered = gather(body, HTTP_LIMIT as usize).await;
    let body = match gathered.map_err(|error| Failure::new("source", error.to_string()))? {
        Ok(body) => body,
        Err(body) => return Ok(Sent::Unable(head, body)),
    };
    let place = proxy.http_gate.enter().await?;
    account.via.set("http");
    let http = Http::new(proxy.bearer().await?).with_options(options());
    match http.send(request(&head, body.clone())).await {
        Ok(response) => {
            let (mut told, body) = response.into_parts();
            check(told.status, &mut told.headers)?;
            strip_hops(&mut told.headers);
            let has_body = has_body(&head.method, told.status);
            let body = StreamBody::new(certain(body).map(|octets| octets.map(Frame::data)));
            let response = Response::from_parts(told, body);
            Ok(Sent::Answered(answer(response, has_body, Some(Box::new(place)), account)))
        }
        Err(error) if is_unable(&error, &head.method) => {
            Ok(Sent::Unable(head, Full::new(body).map_err(|never| match never {}).boxed_unsync()))
        }
        Err(error) => Err(error.into()),
    }
}

fn options() -> HttpOptions {
    let mut options = HttpOptions::default();
    // Whoever asks the proxy follows it himself.
    options.redirect = false;
    options
}

/// The same without what the module has parameters of its own for, or does by itself.
fn request(head: &Parts, body: Bytes) -> Request<Bytes> {
    let mut request = Request::new(body);
    *request.method_mut() = head.method.clone();
    *request.uri_mut() = head.uri.clone();
    *request.headers_mut() = head.headers.clone();
    for name in [CONTENT_LENGTH, EXPECT, HOST] {
        request.headers_mut().remove(name);
    }
    request
}

/// Whether the module was not able to send it, or to hold the answer.
fn is_unable(error: &HttpError, method: &Method) -> bool {
    match error {
        HttpError::Unsupported { .. }
        | HttpError::Invalid { .. }
        | HttpError::BodyTooLarge { .. }
        | HttpError::Parameter { .. } => true,
        HttpError::RangesIgnored { .. } => method.is_safe(),
        _ => false,
    }
}

/// The same, but each piece comes only when it is known that no error follows: that the line has damaged a piece may show in the next
/// one, and a program has all that it waits for as soon as it has as many octets as the headers say.
pub(super) fn certain<E: Into<Failure> + Send + 'static>(
    body: impl Stream<Item = Result<Bytes, E>> + Send + 'static,
) -> impl Stream<Item = Result<Bytes, Failure>> + Send {
    stream::unfold(Box::pin(body.peekable()), async |mut body| {
        let mut next = body.next().await?;
        if next.is_ok() && body.as_mut().peek().await.is_some_and(Result::is_err) {
            next = body.next().await?;
        }
        Some((next.map_err(Into::into), body))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_handed_on_right_before_an_error() {
        let piece = |text: &'static str| Ok(Bytes::from(text));
        let broken = || Err(Failure::new("malformed", "broken"));
        let taken = |pieces: Vec<Result<Bytes, Failure>>| {
            smol::block_on(certain(stream::iter(pieces)).map(|piece| piece.ok()).collect::<Vec<_>>())
        };
        let text = |text: &'static str| Some(Bytes::from(text));
        assert_eq!(taken(vec![piece("a"), piece("b")]), [text("a"), text("b")]);
        assert_eq!(taken(vec![piece("a"), piece("b"), broken()]), [text("a"), None]);
        assert_eq!(taken(vec![broken()]), [None]);
        assert_eq!(taken(Vec::new()), []);
    }
}
