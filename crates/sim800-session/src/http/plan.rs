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
    Cid, Command, HTTP_LIMIT, HttpAction, HttpData, HttpGetHead, HttpMethod, HttpPara, HttpParameter,
    HttpSsl, InvalidValue, LINE_LIMIT, Number, SslOpt, SslOption, Text, UserData,
};

use super::{HttpError, HttpOptions};
use crate::config::Config;
use crate::engine;
use crate::error::{Failure, Misuse};
use crate::refusal::Refusal;

/// What the module calls itself unless told otherwise (manual 11.2.3, as servers see it).
const USER_AGENT_DEFAULT: &str = "SIMCOM_MODULE";

/// What a command line has room for beside all that stands around a URL.
const URL_LIMIT: usize = LINE_LIMIT - r#"+HTTPPARA="URL","""#.len();

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
    /// First octet and last that are wanted of the object; 0 and none for all of it.
    pub(super) range: (u32, Option<u32>),
    /// Whether to ask for the headers of the response.
    pub(super) headers: bool,
}

/// One setting, mostly an `AT+HTTPPARA`.
#[derive(Debug)]
pub(super) struct Parameter {
    pub(super) what: &'static str,
    pub(super) request: engine::Request,
    pub(super) refusal: Refusal,
}

impl Plan {
    pub(super) fn new(
        request: Request<Bytes>,
        options: &HttpOptions,
        cid: Cid,
        config: &Config,
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
        let range = parameters.headers(&head.headers, &head.uri, body.len())?;
        parameters.set("redirection", HttpParameter::Redirect(options.redirect))?;
        parameters.set("timeout", HttpParameter::Timeout(timeout))?;
        if options.proxy.as_ref().is_some_and(|(host, _)| host.contains('@')) {
            return Err(unsupported("the proxy", "holds credentials, for which the module has no command"));
        }
        let (address, port) = options.proxy.as_ref().map_or(("", 0), |(host, port)| (host, *port));
        let address = Text::new(address).map_err(invalid("proxy address"))?;
        let port = Number::saturating(u32::from(port));
        let refusal = clears(options.proxy.is_none());
        parameters.push("proxy address", HttpParameter::ProxyAddress(address), refusal)?;
        parameters.push("proxy port", HttpParameter::ProxyPort(port), refusal)?;
        parameters.secure(head.uri.scheme() == Some(&Scheme::HTTPS), options.accept_invalid_certificate)?;
        // Else a body would begin with the header.
        parameters.add("header", &HttpGetHead { on: false }, Refusal::Harmless)?;

        Ok(Self {
            method: head.method,
            parameters: parameters.0,
            data: (!body.is_empty()).then(|| input(body, config)).transpose()?,
            action: HttpAction { method },
            timeout: Duration::from_secs(u64::from(timeout.get())),
            range: (range.0, (range.1 > 0).then_some(range.1)),
            headers: options.headers,
        })
    }
}

/// The command that loads `body`.
fn input(body: Bytes, config: &Config) -> Result<(HttpData, Bytes), HttpError> {
    let length = body.len() as u64;
    let limit = u64::from(HTTP_LIMIT).min(config.transferable(INPUT_TIME_LIMIT));
    let too_large = HttpError::BodyTooLarge { length, limit };
    if length > limit {
        return Err(too_large);
    }
    let Ok(size) = u32::try_from(length).map(Number::saturating) else { return Err(too_large) };
    // "It is recommended to set the latency time long enough" (application note 3.3).
    // The module waits so long for a program that was ended in the middle, too.
    let time = config.transfer_time(body.len()) + Duration::from_secs(5);
    let time = Number::saturating(u32::try_from(time.as_millis()).unwrap_or(u32::MAX));
    Ok((HttpData { size, time }, body))
}

struct Parameters(Vec<Parameter>);

impl Parameters {
    fn set(&mut self, what: &'static str, parameter: HttpParameter<'_>) -> Result<(), HttpError> {
        self.push(what, parameter, Refusal::Fatal)
    }

    fn push(
        &mut self,
        what: &'static str,
        parameter: HttpParameter<'_>,
        refusal: Refusal,
    ) -> Result<(), HttpError> {
        self.add(what, &HttpPara { parameter }, refusal)
    }

    fn add(&mut self, what: &'static str, command: &impl Command, refusal: Refusal) -> Result<(), HttpError> {
        let request = engine::Request::new(command).map_err(|failure| match failure {
            Failure::Misuse(Misuse::TooLong) => {
                unsupported(what, &format!("is longer than a command line of {LINE_LIMIT} octets holds"))
            }
            _ => unsupported(what, "cannot be sent"),
        })?;
        self.0.push(Parameter { what, request, refusal });
        Ok(())
    }

    /// A URL does not switch SSL on or off by itself (field logs).
    fn secure(&mut self, on: bool, accept_invalid_certificate: bool) -> Result<(), HttpError> {
        if !on {
            return self.add("SSL", &HttpSsl { on }, Refusal::Harmless);
        }
        self.add("SSL", &HttpSsl { on }, Refusal::NoSsl)?;
        let option = SslOpt { option: SslOption::IgnoreInvalidCertificate, on: accept_invalid_certificate };
        self.add(
            "SSL option",
            &option,
            if accept_invalid_certificate { Refusal::NoSsl } else { Refusal::Harmless },
        )
    }

    fn url(&mut self, uri: &Uri) -> Result<(), HttpError> {
        let Some(authority) = uri.authority() else {
            return Err(unsupported("the URL", "has no host; give it as http://host/path"));
        };
        if uri.scheme() != Some(&Scheme::HTTP) && uri.scheme() != Some(&Scheme::HTTPS) {
            return Err(unsupported("the URL", "is neither of scheme http nor of https"));
        }
        if authority.as_str().contains('@') {
            let reason = "holds credentials; send them as an Authorization header, which is kept out of logs";
            return Err(unsupported("the URL", reason));
        }
        let url = uri.to_string();
        if url.len() > URL_LIMIT {
            return Err(invalid("URL")(InvalidValue::TooLong { length: url.len(), limit: URL_LIMIT }));
        }
        self.set("URL", HttpParameter::Url(Text::new(&url).map_err(invalid("URL"))?))
    }

    /// Sets what goes along as headers, and returns the break points of the range that is among them.
    fn headers(&mut self, headers: &HeaderMap, uri: &Uri, body: usize) -> Result<(u32, u32), HttpError> {
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
        let refusal = clears(range == (0, 0));
        self.push("range", HttpParameter::Break(Number::saturating(from)), refusal)?;
        self.push("range", HttpParameter::BreakEnd(Number::saturating(to)), refusal)?;
        let refusal = clears(content_type.is_empty());
        let content_type = Text::new(content_type).map_err(invalid("content type"))?;
        self.push("content type", HttpParameter::ContentType(content_type), refusal)?;
        let user_data = UserData::new(&others).map_err(invalid("headers"))?;
        self.push("headers", HttpParameter::UserData(user_data), clears(others.is_empty()))?;
        Ok(range)
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

/// What the refusal of a parameter means that only takes back an earlier one.
fn clears(takes_back: bool) -> Refusal {
    if takes_back { Refusal::Harmless } else { Refusal::Fatal }
}

pub(super) fn unsupported(what: &'static str, reason: &str) -> HttpError {
    HttpError::Unsupported { what, reason: reason.to_owned() }
}

fn invalid(what: &'static str) -> impl FnOnce(InvalidValue) -> HttpError {
    move |reason| HttpError::Invalid { what, reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(request: Request<Bytes>) -> Result<Plan, HttpError> {
        Plan::new(request, &HttpOptions::default(), Cid::MIN, &Config::default())
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
            get("ftp://sim.com/", &[]),
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
    fn credentials_of_a_proxy_are_refused_and_not_repeated() {
        let proxy = Some(("bob:sesame@proxy".to_owned(), 8080));
        let options = HttpOptions { proxy, ..HttpOptions::default() };
        let request = Request::get("http://sim.com/").body(Bytes::new()).expect("a request");
        let refused = Plan::new(request, &options, Cid::MIN, &Config::default()).expect_err("refused");
        assert!(matches!(refused, HttpError::Unsupported { what: "the proxy", .. }), "{refused:?}");
        assert!(!refused.to_string().contains("sesame"), "{refused}");
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
            Plan::new(request, &HttpOptions::default(), Cid::MIN, &Config { rate, ..Config::default() })
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
        assert_eq!(plain.len(), 13);
    }
}
