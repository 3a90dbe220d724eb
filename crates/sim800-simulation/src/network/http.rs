//! HTTP servers in memory.

use std::time::Duration;

use bytes::Bytes;
use sim800_emulator::{HttpFailure, HttpMethod, HttpRequest, NetworkEvent, OperationId, Url};

use super::{Mishap, State};

/// How many redirections are followed.
const REDIRECTIONS: usize = 10;

/// What a server says to a GET.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "plain data, made by the tests that use it")]
pub struct Resource {
    /// The status, such as 200.
    pub status: u16,
    /// Header lines.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Bytes,
}

impl Resource {
    /// Something that is found.
    pub fn new(body: impl Into<Bytes>) -> Self {
        Self { status: 200, headers: Vec::new(), body: body.into() }
    }

    /// A redirection.
    #[must_use]
    pub fn redirect(status: u16, location: &str) -> Self {
        Self { status, headers: vec![("Location".to_owned(), location.to_owned())], body: Bytes::new() }
    }

    fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Bytes::new() }
    }

    fn location(&self) -> Option<&str> {
        let location = self.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("location"));
        location.filter(|_| (300..400).contains(&self.status)).map(|(_, value)| value.as_str())
    }

    /// The octets from `first` to `last`, as 206 or 416; all of them if this is not found in the first place.
    fn range(mut self, first: u64, last: Option<u64>) -> Self {
        if self.status != 200 {
            return self;
        }
        let total = self.body.len();
        let start = usize::try_from(first).unwrap_or(usize::MAX);
        if start >= total {
            return Self::empty(416);
        }
        let end = last
            .and_then(|last| usize::try_from(last).ok())
            .map_or(total, |last| total.min(last.saturating_add(1)));
        if end <= start {
            return self;
        }
        self.body = self.body.slice(start..end);
        self.status = 206;
        self.headers.push(("Content-Range".to_owned(), format!("bytes {start}-{}/{total}", end - 1)));
        self
    }

    fn head(&self) -> Bytes {
        let mut head = format!("HTTP/1.1 {}\r\nContent-Length: {}\r\n", self.status, self.body.len());
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str("\r\n");
        head.into()
    }
}

/// One spelling for all that an address may be written in.
pub(super) fn key(url: &str) -> String {
    match Url::parse(url) {
        Some(url) => url.absolute(),
        None => panic!("{url} is no URL"),
    }
}

impl State {
    pub(super) fn http(&mut self, now: Duration, id: OperationId, request: HttpRequest) {
        let mishap = self.mishap(|mishap| matches!(mishap, Mishap::Http(_)));
        let outcome = match mishap {
            Some(Mishap::Silence) => None,
            Some(Mishap::Http(failure)) => Some(Err(failure)),
            _ => Some(self.answer(&request)),
        };
        let uploaded = request.body.len() as u64;
        self.http_requests.push(request);
        if uploaded > 0 {
            self.tell(now + self.latency / 4, id, NetworkEvent::HttpSent { sent: uploaded / 2 });
            self.tell(now + self.latency / 2, id, NetworkEvent::HttpSent { sent: uploaded });
        }
        let event = match outcome {
            None => return,
            Some(Ok(Resource { status, headers, body })) => {
                let head = Resource { status, headers, body: body.clone() }.head();
                let (received, total) = (body.len() as u64 / 2, Some(body.len() as u64));
                if received > 0 {
                    let time = now + self.latency * 3 / 4;
                    self.tell(time, id, NetworkEvent::HttpProgress { received, total });
                }
                NetworkEvent::HttpDone { status, head, body }
            }
            Some(Err(failure)) => NetworkEvent::HttpFailed(failure),
        };
        self.tell(now + self.latency, id, event);
    }

    fn answer(&mut self, request: &HttpRequest) -> Result<Resource, HttpFailure> {
        let mut url = Url::parse(&request.url).ok_or(HttpFailure::Dns)?;
        let mut redirections = if request.redirect { REDIRECTIONS } else { 0 };
        loop {
            let answer = self.serve(&url, request)?;
            match answer.location() {
                Some(location) if redirections > 0 => {
                    redirections -= 1;
                    url = url.join(location).ok_or(HttpFailure::Network)?;
                }
                _ if answer.body.len() > request.limit => return Err(HttpFailure::TooLarge),
                _ => return Ok(answer),
            }
        }
    }

    fn serve(&mut self, url: &Url, request: &HttpRequest) -> Result<Resource, HttpFailure> {
        let key = url.absolute();
        let server = key.strip_suffix(&url.target).unwrap_or(&key);
        let is_there = |other: &String| other.strip_prefix(server).is_some_and(|rest| rest.starts_with('/'));
        if !self.resources.keys().any(is_there) {
            return Err(HttpFailure::Dns);
        }
        let found = self.resources.get(&key).cloned();
        let redirects = found.as_ref().is_some_and(|resource| resource.location().is_some());
        Ok(match request.method {
            HttpMethod::Post if !redirects => {
                self.resources.insert(key, Resource::new(request.body.clone()));
                Resource::empty(if found.is_some() { 200 } else { 201 })
            }
            HttpMethod::Delete if !redirects => {
                Resource::empty(if self.resources.remove(&key).is_some() { 204 } else { 404 })
            }
            method => {
                let mut answer = found.unwrap_or_else(|| Resource::empty(404));
                if let Some((first, last)) = request.range {
                    answer = answer.range(first, last);
                }
                if method == HttpMethod::Head {
                    answer.body = Bytes::new();
                }
                answer
            }
        })
    }
}
