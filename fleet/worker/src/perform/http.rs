//! Requests.

use bytes::Bytes;
use data_encoding::BASE64;
use http::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_RANGE, ETAG, RANGE};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use sim800_fleet_job::{Action, Headers, Outcome};
use sim800_session::{Body, Http, HttpOptions, Offset};

use super::{Attempt, target};
use crate::claim::Marker;
use crate::failing::Failing;
use crate::part::{Origin, Part};
use crate::secrets::Login;

/// Octets of headers that are kept of a response.
const KEPT: usize = 16 << 10;

impl Attempt<'_> {
    pub(super) async fn http(&self, login: Option<&Login>, marker: &mut Marker) -> Result<Outcome, Failing> {
        let mut options = HttpOptions::default();
        options.effort = self.effort();
        let http = Http::new(self.bearer).with_options(options);
        match &self.job.action {
            Action::Get { url, headers, .. } => self.get(&http, login, url, headers).await,
            Action::Post { url, headers, source, .. } => {
                let body = self.read(source).await?;
                let octets = body.len();
                let request = request(Method::POST, url, headers, login, body.into())?;
                self.mark(marker).await?;
                let response = http.send(request).await?;
                self.meter.sent(octets);
                let mut outcome = self.body(response).await.map_err(Failing::after_sending)?;
                outcome.sent = Some(octets as u64);
                Ok(outcome)
            }
            Action::Delete { url, headers } => {
                let request = request(Method::DELETE, url, headers, login, Bytes::new())?;
                self.mark(marker).await?;
                let response = http.send(request).await?;
                self.body(response).await.map_err(Failing::after_sending)
            }
            action => {
                let empty = Headers::new();
                let headers = if let Action::Head { headers, .. } = action { headers } else { &empty };
                let request = request(Method::HEAD, action.url(), headers, login, Bytes::new())?;
                Ok(told(&http.send(request).await?))
            }
        }
    }

    /// The whole of a response that cannot be gone on with.
    async fn body(&self, response: Response<Body>) -> Result<Outcome, Failing> {
        let mut outcome = told(&response);
        let (mut part, _) = Part::open(self.folder, &self.job.id).await.map_err(target)?;
        part.clear().await.map_err(target)?;
        self.receive(&mut part, response.into_body()).await?;
        self.deliver(&mut part, &mut outcome).await?;
        Ok(outcome)
    }

    /// Fetches an object, from where an earlier attempt broke off if it is certainly the same: its strong entity tag says so.
    async fn get(
        &self,
        http: &Http,
        login: Option<&Login>,
        url: &str,
        headers: &Headers,
    ) -> Result<Outcome, Failing> {
        let (mut part, origin) = Part::open(self.folder, &self.job.id).await.map_err(target)?;
        if let Some(origin) = origin.filter(|origin| part.length() > 0 && origin.url == url)
            && let Some(mut outcome) = self.rest(http, login, url, headers, &mut part, &origin).await?
        {
            self.deliver(&mut part, &mut outcome).await?;
            return Ok(outcome);
        }
        part.clear().await.map_err(target)?;
        let response = http.send(request(Method::GET, url, headers, login, Bytes::new())?).await?;
        let mut outcome = told(&response);
        let tag = strong_tag(response.headers());
        if response.status() == StatusCode::OK && tag.is_some() {
            let length = response.headers().get(CONTENT_LENGTH).and_then(number);
            part.note(&Origin::new(url, tag, length).await).await.map_err(target)?;
        }
        self.receive(&mut part, response.into_body()).await?;
        self.deliver(&mut part, &mut outcome).await?;
        Ok(outcome)
    }

    /// The rest of what is there in part; nothing if it does not fit.
    async fn rest(
        &self,
        http: &Http,
        login: Option<&Login>,
        url: &str,
        headers: &Headers,
        part: &mut Part,
        origin: &Origin,
    ) -> Result<Option<Outcome>, Failing> {
        let (Some(tag), Some(length)) = (&origin.tag, origin.length) else { return Ok(None) };
        if part.length() == length {
            // All of it is there; what else the server would say is not worth a request that fetches nothing.
            return Ok(Some(Outcome { status: Some(StatusCode::OK.as_u16()), ..Outcome::default() }));
        }
        let mut request = request(Method::GET, url, headers, login, Bytes::new())?;
        let range = HeaderValue::try_from(format!("bytes={}-", part.length()));
        request.headers_mut().extend(range.ok().map(|range| (RANGE, range)));
        let response = http.send(request).await?;
        let begins = response.extensions().get::<Offset>().map(|offset| offset.0);
        let fits = response.status() == StatusCode::PARTIAL_CONTENT
            && begins == Some(part.length())
            && strong_tag(response.headers()).as_ref() == Some(tag)
            && response.headers().get(CONTENT_RANGE).and_then(complete) == Some(length);
        if !fits {
            return Ok(None);
        }
        let mut outcome = told(&response);
        outcome.status = Some(StatusCode::OK.as_u16());
        self.receive(part, response.into_body()).await?;
        Ok(Some(outcome))
    }
}

fn request(
    method: Method,
    url: &str,
    headers: &Headers,
    login: Option<&Login>,
    body: Bytes,
) -> Result<Request<Bytes>, Failing> {
    let mut builder = Request::builder().method(method).uri(url);
    for (name, value) in headers {
        builder = builder.header(name, value);
    }
    if let Some(login) = login {
        let pair = format!("{}:{}", login.user, login.password.reveal());
        let value = HeaderValue::try_from(format!("Basic {}", BASE64.encode(pair.as_bytes())));
        if let Ok(mut value) = value {
            value.set_sensitive(true);
            builder = builder.header(AUTHORIZATION, value);
        }
    }
    builder.body(body).map_err(|error| Failing::own("invalid", &error))
}

/// What a response says before its body.
fn told(response: &Response<Body>) -> Outcome {
    let mut kept = Headers::new();
    let mut octets = 0;
    for (name, value) in response.headers() {
        octets += name.as_str().len() + value.len();
        if octets > KEPT {
            break;
        }
        let value = String::from_utf8_lossy(value.as_bytes());
        let same = kept.entry(name.as_str().to_owned()).or_default();
        if !same.is_empty() {
            same.push_str(", ");
        }
        same.push_str(&value);
    }
    Outcome { status: Some(response.status().as_u16()), headers: kept, ..Outcome::default() }
}

fn strong_tag(headers: &HeaderMap) -> Option<String> {
    let tag = headers.get(ETAG)?.to_str().ok()?;
    tag.starts_with('"').then(|| tag.to_owned())
}

fn number(value: &HeaderValue) -> Option<u64> {
    value.to_str().ok()?.trim().parse().ok()
}

/// The length of the whole, as `Content-Range` has it.
fn complete(value: &HeaderValue) -> Option<u64> {
    value.to_str().ok()?.rsplit_once('/')?.1.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_strong_tag_tells_that_an_object_is_the_same() {
        let tag =
            |text: &'static str| strong_tag(&HeaderMap::from_iter([(ETAG, HeaderValue::from_static(text))]));
        assert_eq!(tag("\"1\""), Some("\"1\"".into()));
        assert_eq!(tag("W/\"1\""), None);
        let complete = |text: &'static str| complete(&HeaderValue::from_static(text));
        assert_eq!([complete("bytes 3-4/5"), complete("bytes 3-4/*")], [Some(5), None]);
    }

    #[test]
    fn credentials_are_not_shown() {
        let login = Login { server: None, user: "u".into(), password: "hunter2".into() };
        let made = request(Method::GET, "http://h/", &Headers::new(), Some(&login), Bytes::new()).unwrap();
        assert_eq!(made.headers()[AUTHORIZATION], "Basic dTpodW50ZXIy");
        assert!(!format!("{made:?}").contains("dTpod"));
    }
}
