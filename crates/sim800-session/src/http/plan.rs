//! A request in the words of the module: the parameters to set, checked before anything is sent.

use crate::sync::Arc;
use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::string::ToString;
use alloc::vec;
use alloc::vec::Vec;
use core::time::Duration;

use crate::message::header::{
    CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, EXPECT, HOST, HeaderMap, HeaderName, HeaderValue, RANGE, TE,
    TRANSFER_ENCODING, UPGRADE, USER_AGENT,
};
use crate::message::uri::Scheme;
use crate::message::{Method, Request, Uri};
use bytes::Bytes;
use sim800_command::{
    Cid, HTTP_LIMIT, HttpAction, HttpData, HttpGetHead, HttpMethod, HttpPara, HttpParameter, HttpSsl,
    InvalidValue, LINE_LIMIT, Number, SslOpt, SslOption, Text, UserData,
};

use super::{HttpError, HttpOptions};
use crate::config::Config;
use crate::known::Http;
use crate::settings::{Refusal, Setting, Unsendable};

/// What the module calls itself unless told otherwise (manual 11.2.3, as servers see it).
const USER_AGENT_DEFAULT: &str = "SIMCOM_MODULE";

/// What a command line has room for beside all that stands around a URL.
const URL_LIMIT: usize = LINE_LIMIT - r#"+HTTPPARA="URL","""#.len();

/// What `AT+HTTPDATA` allows a body to take at most (manual 11.2.4).
const INPUT_TIME_LIMIT: Duration = Duration::from_millis(120_000);

/// Everything that carrying out one request takes.
#[derive(Debug)]
pub(super) struct Plan {
    /// What errors call it: the method, and the URL without its query, which may hold a secret.
    pub(super) name: Arc<str>,
    pub(super) method: Method,
    pub(super) settings: Vec<Setting>,
    pub(super) data: Option<(HttpData, Bytes)>,
    pub(super) action: HttpAction,
    /// How long the module may take for the request.
    pub(super) timeout: Duration,
    /// One octet is wanted, and asked for with the next.
    pub(super) is_single: bool,
    /// First octet and last that are wanted of the object; 0 and none for all of it.
    pub(super) range: (u32, Option<u32>),
    /// Whether octets before those stay in the module.
    pub(super) skips: bool,
    /// Whether to ask for the headers of the response.
    pub(super) headers: bool,
}

impl Plan {
    /// Whether a part of an object is wanted.
    pub(super) fn wants_part(&self) -> bool {
        self.range != (0, None)
    }

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
            return Err(unsupported("a body", "can be sent with POST only"));
        }
        let timeout = Number::saturating(u32::try_from(options.timeout.as_secs()).unwrap_or(u32::MAX));

        let set = |parameter| HttpPara { parameter };
        let url = url(&head.uri)?;
        let (headers, range) = headers(&head.headers, &head.uri, body.len())?;
        let mut settings = vec![
            Setting::new("bearer profile", Ok(set(HttpParameter::Cid(cid))))?,
            Setting::new("URL", Text::new(&url).map(HttpParameter::Url).map(set))?.every_time(),
        ];
        settings.extend(headers);
        settings.push(Setting::new("redirection", Ok(set(HttpParameter::Redirect(options.redirect))))?);
        settings.push(Setting::new("timeout", Ok(set(HttpParameter::Timeout(timeout))))?);
        settings.extend(proxy(options)?);
        let is_secure = head.uri.scheme() == Some(&Scheme::HTTPS);
        settings.extend(security(is_secure, options.accept_invalid_certificate)?);
        // Else a body would begin with the header.
        settings.push(Setting::new("header", Ok(HttpGetHead { on: false }))?.or(Refusal::Harmless));

        let shown = url.split(['?', '#']).next().unwrap_or_default();
        Ok(Self {
            name: format!("{} {shown}", head.method).into(),
            method: head.method,
            settings,
            data: (!body.is_empty()).then(|| input(body, config)).transpose()?,
            action: HttpAction { method },
            timeout: Duration::from_secs(u64::from(timeout.get())),
            range: (range.0, (range.1 > 0).then_some(range.1)),
            is_single: head.headers.get(RANGE).is_some_and(is_single),
            skips: options.skip,
            headers: options.headers,
        })
    }

    /// Whether a service that was kept serves it as well as one that is started anew.
    pub(super) fn is_served_by(&self, http: Http) -> bool {
        let Http::Started { has_got, is_loaded, .. } = http else { return false };
        // `AT+HTTPHEAD` is for the last GET, in the manual's words (11.2.9): that of an earlier one must not be told for this.
        let has_others_headers = has_got && self.headers && self.method != Method::GET;
        let has_others_body = is_loaded && self.data.is_none() && self.method == Method::POST;
        !has_others_headers && !has_others_body
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

/// The URL, which does not switch SSL on or off by itself (field logs).
fn url(uri: &Uri) -> Result<String, HttpError> {
    let Some(authority) = uri.authority() else {
        return Err(unsupported("the URL", "has no host; give it as http://host/path"));
    };
    if uri.scheme() != Some(&Scheme::HTTP) && uri.scheme() != Some(&Scheme::HTTPS) {
        return Err(unsupported("the URL", "begins neither with http:// nor with https://"));
    }
    if authority.as_str().contains('@') {
        let reason = "holds credentials; send them as an Authorization header, which is kept out of logs";
        return Err(unsupported("the URL", reason));
    }
    let url = uri.to_string();
    if url.len() > URL_LIMIT {
        let reason = InvalidValue::TooLong { length: url.len(), limit: URL_LIMIT };
        return Err(HttpError::Invalid { what: "URL", reason });
    }
    Ok(url)
}

/// The address and the port of the proxy.
fn proxy(options: &HttpOptions) -> Result<[Setting; 2], HttpError> {
    let (address, port) = options.proxy.as_ref().map_or(("", 0), |(host, port)| (host, *port));
    if address.contains('@') {
        return Err(unsupported("the proxy", "holds credentials, for which the module has no command"));
    }
    let set = |parameter| HttpPara { parameter };
    let address = Text::new(address).map(HttpParameter::ProxyAddress).map(set);
    let port = HttpParameter::ProxyPort(Number::saturating(u32::from(port)));
    let is_none = options.proxy.is_none();
    Ok([
        Setting::new("proxy address", address)?.harmless_if(is_none),
        Setting::new("proxy port", Ok(set(port)))?.harmless_if(is_none),
    ])
}

fn security(on: bool, accept_invalid_certificate: bool) -> Result<Vec<Setting>, Unsendable> {
    let ssl = Setting::new("SSL", Ok(HttpSsl { on }))?;
    // That what was to be encrypted is not would show nowhere.
    let ssl = if on { ssl.every_time() } else { ssl };
    if !on {
        return Ok(vec![ssl.or(Refusal::Harmless)]);
    }
    let certificate = SslOpt { option: SslOption::IgnoreInvalidCertificate, on: accept_invalid_certificate };
    let certificate = Setting::new("SSL option", Ok(certificate))?.or(Refusal::NoSsl);
    Ok(vec![ssl.or(Refusal::NoSsl), certificate.harmless_if(!accept_invalid_certificate)])
}

/// What goes along as headers, and the break points of the range that is among them.
fn headers(headers: &HeaderMap, uri: &Uri, body: usize) -> Result<([Setting; 5], (u32, u32)), HttpError> {
    let mut user_agent = USER_AGENT_DEFAULT;
    let mut content_type = "";
    let mut range = (0, 0);
    let mut others = Vec::new();
    for (name, value) in headers {
        let value = value
            .to_str()
            .map_err(|_| unsupported("a header", "has characters other than printable ASCII"))?;
        match name {
            name if *name == USER_AGENT => user_agent = value,
            name if *name == CONTENT_TYPE => content_type = value,
            name if *name == RANGE => range = break_points(value)?,
            name if *name == HOST && uri.authority().is_some_and(|host| host.as_str() == value) => {}
            name if *name == CONTENT_LENGTH && value.parse() == Ok(body) => {}
            name if is_of_module(name) => {
                return Err(unsupported("a header", &format!("is set by the module itself: {name}")));
            }
            name => others.push((name.as_str(), value)),
        }
    }
    let set = |parameter| HttpPara { parameter };
    let user_agent = Text::new(user_agent).map(HttpParameter::UserAgent).map(set);
    let first = HttpParameter::Break(Number::saturating(range.0));
    let last = HttpParameter::BreakEnd(Number::saturating(range.1));
    let has_type = !content_type.is_empty();
    let content_type = Text::new(content_type).map(HttpParameter::ContentType).map(set);
    let user_data = UserData::new(&others).map(HttpParameter::UserData).map(set);
    let settings = [
        Setting::new("user agent", user_agent)?,
        Setting::new("range", Ok(set(first)))?.harmless_if(range == (0, 0)).every_time(),
        Setting::new("range", Ok(set(last)))?.harmless_if(range == (0, 0)).every_time(),
        Setting::new("content type", content_type)?.harmless_if(!has_type),
        Setting::new("headers", user_data)?.harmless_if(others.is_empty()),
    ];
    Ok((settings, range))
}

/// Headers that describe the exchange rather than the object, which is the module's business.
fn is_of_module(name: &HeaderName) -> bool {
    [&HOST, &CONTENT_LENGTH, &CONNECTION, &EXPECT, &TE, &TRANSFER_ENCODING, &UPGRADE].contains(&name)
}

/// `BREAK` and `BREAKEND` for a range. A `BREAKEND` below `BREAK` means up to the end, both 0 everything
/// (manual 11.2.3); so neither the first octet alone nor a range of one octet can be asked for: of two, one is asked for
/// with the next.
fn break_points(range: &str) -> Result<(u32, u32), HttpError> {
    let refuse = || {
        unsupported(
            "the range",
            "is not of the form bytes=FROM-TO or bytes=FROM-, or beyond what the module can count",
        )
    };
    let (from, to) =
        range.strip_prefix("bytes=").and_then(|range| range.split_once('-')).ok_or_else(refuse)?;
    let from = from.trim().parse().map_err(|_| refuse())?;
    match to.trim() {
        "" => Ok((from, 0)),
        to => match to.parse() {
            Ok(to) if to > from => Ok((from, to)),
            Ok(to) if to == from => Ok((from, to.checked_add(1).ok_or_else(refuse)?)),
            _ => Err(refuse()),
        },
    }
}

/// Whether it is a range of one octet.
fn is_single(range: &HeaderValue) -> bool {
    let range = range.to_str().ok().and_then(|range| range.strip_prefix("bytes=")?.split_once('-'));
    range.is_some_and(|(from, to)| from.trim() == to.trim())
}

pub(super) fn unsupported(what: &'static str, reason: &str) -> HttpError {
    HttpError::Unsupported { what, reason: reason.to_owned() }
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
            get("http://sim.com/", &[("Range", "bytes=2-1")]),
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
        assert_eq!(break_points("bytes=0-0"), Ok((0, 1)));
        assert_eq!(break_points("bytes=5-5"), Ok((5, 6)));
        assert!(break_points("bytes=4294967295-4294967295").is_err());
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
        let what = |plan: Plan| plan.settings.iter().map(Setting::what).collect::<Vec<_>>();
        let plain = what(get("http://sim.com/", &[]).expect("a plan"));
        let dressed =
            [("Range", "bytes=5-9"), ("Content-Type", "text/plain"), ("Accept", "*/*"), ("User-Agent", "x")];
        assert_eq!(what(get("http://sim.com/", &dressed).expect("a plan")), plain);
        assert_eq!(plain.len(), 13);
    }
}
