//! HTTP servers in memory.

use std::time::Duration;

use bytes::Bytes;
use sim800_emulator::{HttpFailure, HttpMethod, HttpRequest, NetworkEvent, OperationId, Url};

use super::{HeadShape, Manner, Mishap, State};

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
    fn range(mut self, first: u64, last: Option<u64>, manners: &[Manner]) -> Self {
        if self.status != 200 || manners.contains(&Manner::RangesIgnored) {
            return self;
        }
        let total = self.body.len() as u64;
        if first >= total {
            return Self::empty(416);
        }
        let (mut start, mut end) = (first, last.map_or(total, |last| total.min(last.saturating_add(1))));
        if end <= start {
            return self;
        }
        let (mut told, mut is_placed) = (total, true);
        for manner in manners {
            match manner {
                Manner::RangesMoved { by } => start = start.saturating_sub(*by),
                Manner::RangesShortened { to } => end = end.min(start.saturating_add(*to)),
                Manner::TotalsUnderstated { by } => told = end.max(total.saturating_sub(*by)),
                Manner::RangesUnplaced => is_placed = false,
                _ => {}
            }
        }
        // Both are within the body.
        self.body = self.body.slice(start as usize..end as usize);
        self.status = 206;
        if is_placed {
            let last = end.saturating_sub(1);
            self.headers.push(("Content-Range".to_owned(), format!("bytes {start}-{last}/{told}")));
        }
        self
    }
}

/// What comes of a request.
struct Answer {
    resource: Resource,
    /// What `Content-Length` tells.
    length: u64,
}

impl Answer {
    fn new(mut resource: Resource, method: HttpMethod, manners: &[Manner]) -> Self {
        let mut length = resource.body.len() as u64;
        for manner in manners {
            match manner {
                Manner::LengthsUnderstated { by } => length = length.saturating_sub(*by),
                Manner::BodiesCut { by } => {
                    let left = (resource.body.len() as u64).saturating_sub(*by);
                    resource.body.truncate(left as usize);
                }
                _ => {}
            }
        }
        if method == HttpMethod::Head {
            resource.body = Bytes::new();
        }
        Self { resource, length }
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
            Some(Ok(Answer { resource: Resource { status, headers, body }, length })) => {
                let shapes = self.manners.iter().find_map(|manner| match manner {
                    Manner::Head(shape) => Some(*shape),
                    _ => None,
                });
                let head = shapes.unwrap_or(HeadShape::Usual).head(status, length, &headers).into();
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

    fn answer(&mut self, request: &HttpRequest) -> Result<Answer, HttpFailure> {
        let mut url = Url::parse(&request.url).ok_or(HttpFailure::Dns)?;
        let mut redirections = if request.redirect { REDIRECTIONS } else { 0 };
        loop {
            let answer = self.serve(&url, request)?;
            match answer.resource.location() {
                Some(location) if redirections > 0 => {
                    redirections -= 1;
                    url = url.join(location).ok_or(HttpFailure::Network)?;
                }
                _ if answer.resource.body.len() > request.limit => return Err(HttpFailure::TooLarge),
                _ => return Ok(answer),
            }
        }
    }

    fn serve(&mut self, url: &Url, request: &HttpRequest) -> Result<Answer, HttpFailure> {
        let key = url.absolute();
        let server = key.strip_suffix(&url.target).unwrap_or(&key);
        let is_there = |other: &String| other.strip_prefix(server).is_some_and(|rest| rest.starts_with('/'));
        if !self.resources.keys().any(is_there) {
            return Err(HttpFailure::Dns);
        }
        let found = self.resources.get(&key).cloned();
        let redirects = found.as_ref().is_some_and(|resource| resource.location().is_some());
        let resource = match request.method {
            HttpMethod::Post if !redirects => {
                self.resources.insert(key, Resource::new(request.body.clone()));
                Resource::empty(if found.is_some() { 200 } else { 201 })
            }
            HttpMethod::Delete if !redirects => {
                Resource::empty(if self.resources.remove(&key).is_some() { 204 } else { 404 })
            }
            _ => {
                let answer = found.unwrap_or_else(|| Resource::empty(404));
                match request.range {
                    Some((first, last)) => answer.range(first, last, &self.manners),
                    None => answer,
                }
            }
        };
        Ok(Answer::new(resource, request.method, &self.manners))
    }
}
