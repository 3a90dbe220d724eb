//! A request in the words of the module: the parameters to set, checked before anything is sent.

use std::time::Duration;

use ::http::header::{
    CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, EXPECT, HOST, HeaderMap, HeaderName, RANGE, TE,
    TRANSFER_ENCODING, UPGRADE, USER_AGENT,
};
use ::http::uri::Scheme;
use ::http::{Method, Request, Uri};
use bytes::Bytes;
use sim800_command::{
    Cid, HTTP_LIMIT, HttpAction, HttpData, HttpMethod, HttpPara, HttpParameter, InvalidValue, Number, Text,
    UserData,
};

use super::{HttpError, HttpOptions};
use crate::engine::{self, transfer_time, transferable};
use crate::error::{Failure, Misuse};

/// What the module calls itself unless told otherwise (manual 11.2.3, as servers see it).
const USER_AGENT_DEFAULT: &str = "SIMCOM_MODULE";

/// What `AT+HTTPDATA` allows a body to take at most (manual 11.2.4).
const INPUT_TIME_LIMIT: Duration = Duration::from_millis(120_000);

/// Everything that carrying out one request takes.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) method: Method,
    pub(super) parameters: Vec<Parameter>,
    pub(super) data: Option<(HttpData, Bytes)>,
    pub(super) action: HttpAction,
    /// How long the module may take for the request.
    pub(super) timeout: Duration,
}

/// One `AT+HTTPPARA`.
#[derive(Debug)]
pub(super) struct Parameter {
    pub(super) what: &'static str,
    pub(super) request: engine::Request,
    /// It only takes back what an earlier program may have saved; firmware that lacks the tag has nothing saved.
    pub(super) clears: bool,
}

impl Plan {
    pub(super) fn new(
        request: Request<Bytes>,
        options: &HttpOptions,
        cid: Cid,
        rate: u32,
    ) -> Result<Self, HttpError> {
        let (head, body) = request.into_parts();
        let method = match head.method {
            Method::GET => HttpMethod::Get,
            Method::POST => HttpMethod::Post,
            Method::HEAD => HttpMethod::Head,
            Method::DELETE => HttpMethod::Delete,
            _ => return Err(unsupported("the method", "is not one of GET, POST, HEAD and DELETE")),
        };
        if !body.is_empty() && method != HttpMethod::Post {
            return Err(unsupported("a body", "can only be sent with POST"));
        }
        let timeout = Number::saturating(u32::try_from(options.timeout.as_secs()).unwrap_or(u32::MAX));

        let mut parameters = Parameters(Vec::new());
        parameters.set("bearer profile", HttpParameter::Cid(cid))?;
        parameters.url(&head.uri)?;
        parameters.headers(&head.headers, &head.uri, body.len())?;
        parameters.set("redirection", HttpParameter::Redirect(options.redirect))?;
        parameters.set("timeout", HttpParameter::Timeout(timeout))?;
        let (address, port) = options.proxy.as_ref().map_or(("", 0), |(host, port)| (host, *port));
        let address = Text::new(address).map_err(invalid("proxy address"))?;
        let port = Number::saturating(u32::from(port));
        let clears = options.proxy.is_none();
        parameters.push("proxy address", HttpParameter::ProxyAddress(address), clears)?;
        parameters.push("proxy port", HttpParameter::ProxyPort(port), clears)?;

        Ok(Self {
            method: head.method,
            parameters: parameters.0,
            data: (!body.is_empty()).then(|| input(body, rate)).transpose()?,
            action: HttpAction { method },
            timeout: Duration::from_secs(u64::from(timeout.get())),
        })
    }
}

/// The command that loads `body`.
fn input(body: Bytes, rate: u32) -> Result<(HttpData, Bytes), HttpError> {
    let length = body.len() as u64;
    let limit = u64::from(HTTP_LIMIT).min(transferable(INPUT_TIME_LIMIT, rate));
    let too_large = HttpError::BodyTooLarge { length, limit };
    if length > limit {
        return Err(too_large);
    }
    let Ok(size) = u32::try_from(length).map(Number::saturating) else { return Err(too_large) };
    // "It is recommended to set the latency time long enough" (application note 3.3).
    let time = 2 * transfer_time(body.len(), rate) + Duration::from_secs(5);
    let time = Number::saturating(u32::try_from(time.as_millis()).unwrap_or(u32::MAX));
    Ok((HttpData { size, time }, body))
}

struct Parameters(Vec<Parameter>);

impl Parameters {
    fn set(&mut self, what: &'static str, parameter: HttpParameter<'_>) -> Result<(), HttpError> {
        self.push(what, parameter, false)
    }

    fn push(
        &mut self,
        what: &'static str,
        parameter: HttpParameter<'_>,
        clears: bool,
    ) -> Result<(), HttpError> {
        let request = engine::Request::new(&HttpPara { parameter }).map_err(|failure| match failure {
            Failure::Misuse(Misuse::TooLong) => {
                unsupported("a value", "is longer than a command line of 556 octets holds")
            }
            _ => unsupported("a value", "cannot be sent"),
        })?;
        self.0.push(Parameter { what, request, clears });
        Ok(())
    }

    fn url(&mut self, uri: &Uri) -> Result<(), HttpError> {
        let Some(authority) = uri.authority() else {
            return Err(unsupported("the URL", "has no host; give it as http://host/path"));
        };
        if uri.scheme() != Some(&Scheme::HTTP) {
            return Err(unsupported("the URL", "is not of scheme http, the only one supported"));
        }
        if authority.as_str().contains('@') {
            let reason = "holds credentials; send them as an Authorization header, which is kept out of logs";
            return Err(unsupported("the URL", reason));
        }
        let url = uri.to_string();
        self.set("URL", HttpParameter::Url(Text::new(&url).map_err(invalid("URL"))?))
    }

    fn headers(&mut self, headers: &HeaderMap, uri: &Uri, body: usize) -> Result<(), HttpError> {
        let mut user_agent = USER_AGENT_DEFAULT;
        let mut content_type = "";
        let mut range = (0, 0);
        let mut others = Vec::new();
        for (name, value) in headers {
            let value = value
                .to_str()
                .map_err(|_| unsupported("a header", "has octets that are not printable ASCII"))?;
            match name {
                &USER_AGENT => user_agent = value,
                &CONTENT_TYPE => content_type = value,
                &RANGE => range = break_points(value)?,
                &HOST if uri.authority().is_some_and(|host| host.as_str() == value) => {}
                &CONTENT_LENGTH if value.parse() == Ok(body) => {}
                name if is_of_module(name) => {
                    return Err(unsupported("a header", &format!("is set by the module itself: {name}")));
                }
                name => others.push((name.as_str(), value)),
            }
        }
        let user_agent = Text::new(user_agent).map_err(invalid("user agent"))?;
        self.set("user agent", HttpParameter::UserAgent(user_agent))?;
        let (from, to) = range;
        let clears = range == (0, 0);
        self.push("range", HttpParameter::Break(Number::saturating(from)), clears)?;
        self.push("range", HttpParameter::BreakEnd(Number::saturating(to)), clears)?;
        let clears = content_type.is_empty();
        let content_type = Text::new(content_type).map_err(invalid("content type"))?;
        self.push("content type", HttpParameter::ContentType(content_type), clears)?;
        let user_data = UserData::new(&others).map_err(invalid("headers"))?;
        self.push("headers", HttpParameter::UserData(user_data), others.is_empty())
    }
}

/// Headers that describe the exchange rather than the object, which is the module's business.
fn is_of_module(name: &HeaderName) -> bool {
    [&HOST, &CONTENT_LENGTH, &CONNECTION, &EXPECT, &TE, &TRANSFER_ENCODING, &UPGRADE].contains(&name)
}

/// `BREAK` and `BREAKEND` for a range. A `BREAKEND` below `BREAK` means up to the end, both 0 everything
/// (manual 11.2.3); so neither the first octet alone nor a range of one octet can be asked for.
fn break_points(range: &str) -> Result<(u32, u32), HttpError> {
    let refuse =
        || unsupported("the range", "is not one of the form bytes=FROM-TO or bytes=FROM- with FROM below TO");
    let (from, to) =
        range.strip_prefix("bytes=").and_then(|range| range.split_once('-')).ok_or_else(refuse)?;
    let from = from.trim().parse().map_err(|_| refuse())?;
    match to.trim() {
        "" => Ok((from, 0)),
        to => match to.parse() {
            Ok(to) if to > from => Ok((from, to)),
            _ => Err(refuse()),
        },
    }
}

fn unsupported(what: &'static str, reason: &str) -> HttpError {
    HttpError::Unsupported { what, reason: reason.to_owned() }
}

fn invalid(what: &'static str) -> impl FnOnce(InvalidValue) -> HttpError {
    move |reason| HttpError::Invalid { what, reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(request: Request<Bytes>) -> Result<Plan, HttpError> {
        Plan::new(request, &HttpOptions::default(), Cid::MIN, 115_200)
    }

    fn get(url: &str, headers: &[(&str, &str)]) -> Result<Plan, HttpError> {
        let mut request = Request::get(url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        plan(request.body(Bytes::new()).expect("a request"))
    }

    #[test]
    fn what_cannot_be_done_is_refused_before_anything_is_sent() {
        let refused = [
            get("/path", &[]),
            get("https://sim.com/", &[]),
            get("http://user:password@sim.com/", &[]),
            get("http://sim.com/", &[("Range", "bytes=-5")]),
            get("http://sim.com/", &[("Range", "bytes=0-0")]),
            get("http://sim.com/", &[("Range", "bytes=1-2,5-6")]),
            get("http://sim.com/", &[("Host", "other.com")]),
            get("http://sim.com/", &[("Transfer-Encoding", "chunked")]),
            get("http://sim.com/", &[("X-Odd", "a\\b")]),
            get(&format!("http://sim.com/{}", "a".repeat(600)), &[]),
            plan(Request::put("http://sim.com/").body(Bytes::new()).expect("a request")),
            plan(Request::get("http://sim.com/").body(Bytes::from_static(b"x")).expect("a request")),
        ];
        for refused in refused {
            assert!(refused.is_err(), "{refused:?}");
        }
    }

    #[test]
    fn ranges_become_break_points() {
        assert_eq!(break_points("bytes=2000-"), Ok((2000, 0)));
        assert_eq!(break_points("bytes=0-99"), Ok((0, 99)));
        assert_eq!(break_points("bytes=100-199"), Ok((100, 199)));
        assert!(break_points("items=1-2").is_err());
    }

    #[test]
    fn a_body_has_to_fit_the_module_and_the_line() {
        let post = |length: usize, rate| {
            let request = Request::post("http://sim.com/").body(vec![0; length].into()).expect("a request");
            Plan::new(request, &HttpOptions::default(), Cid::MIN, rate)
        };
        let limit = HTTP_LIMIT as usize;
        assert!(post(limit, 115_200).is_ok());
        let length = limit as u64 + 1;
        let too_large = post(limit + 1, 115_200).expect_err("one too many");
        assert_eq!(too_large, HttpError::BodyTooLarge { length, limit: limit as u64 });
        assert!(matches!(post(limit, 9_600), Err(HttpError::BodyTooLarge { limit: 76_800, .. })));
    }

    #[test]
    fn every_parameter_is_set_each_time() {
        let what = |plan: Plan| plan.parameters.iter().map(|parameter| parameter.what).collect::<Vec<_>>();
        let plain = what(get("http://sim.com/", &[]).expect("a plan"));
        let dressed =
            [("Range", "bytes=5-9"), ("Content-Type", "text/plain"), ("Accept", "*/*"), ("User-Agent", "x")];
        assert_eq!(what(get("http://sim.com/", &dressed).expect("a plan")), plain);
        assert_eq!(plain.len(), 11);
    }
}
