//! A request as the command line has it.

use std::path::Path;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::header::{AUTHORIZATION, HeaderName, HeaderValue, IF_MODIFIED_SINCE, RANGE, USER_AGENT};
use http::{Method, Request, Uri};
use sim800_https::HttpsOptions;
use sim800_session::HttpOptions;

use crate::args::{HttpRequest, Tls};
use crate::failure::Failure;
use crate::login::basic;
use crate::private;
use crate::range::Range;
use crate::text;
use crate::url::HttpUrl;

/// Where a user and a password may come from that are not to be seen on the command line.
const USER: &str = "SIM800_HTTP_USER";

/// A request, and how it is carried out.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) request: Request<Bytes>,
    pub(super) options: HttpOptions,
    /// Whether it goes over sockets, with TLS and HTTP of this program.
    pub(super) is_own: bool,
    /// What is asked for, for people.
    pub(super) name: String,
    /// What is asked for, without a password.
    pub(super) url: String,
    /// The part of it that is asked for.
    pub(super) range: Option<Range>,
}

impl Plan {
    pub(super) fn new(
        method: Method,
        url: &str,
        body: Bytes,
        arguments: &HttpRequest,
    ) -> Result<Self, Failure> {
        let url = HttpUrl::parse(url)?;
        let (name, identity, login) = (url.name().to_owned(), url.identity(), url.login().cloned());
        let mut request = Request::new(body);
        let is_own = is_own(&method, url.is_secure(), arguments)?;
        *request.method_mut() = method;
        *request.uri_mut() = url.into_uri();
        let headers = request.headers_mut();
        for header in &arguments.headers {
            for (name, value) in parse_headers(header)? {
                headers.append(name, value);
            }
        }
        if let Some(agent) = &arguments.user_agent {
            let value = HeaderValue::from_str(agent)
                .map_err(|_| Failure::usage("the user agent holds a character that no header may have"))?;
            headers.insert(USER_AGENT, value);
        }
        let login = user(arguments)?.map(|user| basic(user.as_bytes())).or(login);
        if let Some(login) = login.filter(|_| !headers.contains_key(AUTHORIZATION)) {
            headers.insert(AUTHORIZATION, login);
        }
        Ok(Self { request, options: options(arguments)?, is_own, name, url: identity, range: None })
    }

    pub(super) fn set_range(&mut self, range: Range) -> Result<(), Failure> {
        self.request.headers_mut().insert(RANGE, range_header(range)?);
        self.options.skip = true;
        self.range = Some(range);
        Ok(())
    }

    /// Asks for what is newer than `time`.
    pub(super) fn set_if_newer(&mut self, time: SystemTime) {
        if let Ok(time) = HeaderValue::try_from(httpdate::fmt_http_date(time)) {
            self.request.headers_mut().insert(IF_MODIFIED_SINCE, time);
        }
    }

    pub(super) fn uri(&self) -> &Uri {
        self.request.uri()
    }

    /// How it is carried out over sockets.
    pub(super) fn own_options(&self) -> HttpsOptions {
        let mut options = HttpsOptions::default();
        options.timeout = self.options.timeout;
        options.redirect = self.options.redirect;
        options
    }
}

/// Whether a request goes over sockets. What the module's HTTP stack has no command for goes there in any case.
pub(super) fn is_own(method: &Method, is_secure: bool, arguments: &HttpRequest) -> Result<bool, Failure> {
    let is_of_module = matches!(*method, Method::GET | Method::POST | Method::HEAD | Method::DELETE);
    let is_own = match arguments.tls {
        Tls::Own => is_secure || !is_of_module,
        Tls::Module if is_of_module || !is_secure => !is_of_module,
        Tls::Module => {
            return Err(Failure::usage(format!(
                "the module's HTTP stack has no {method}; leave --tls module out"
            )));
        }
    };
    if is_own && arguments.proxy.is_some() {
        let what = if is_of_module { "with https://, say --tls module" } else { "it has no such method" };
        return Err(Failure::usage(format!("--proxy is for the module's HTTP stack; {what}")));
    }
    Ok(is_own)
}

fn options(arguments: &HttpRequest) -> Result<HttpOptions, Failure> {
    let mut options = HttpOptions::default();
    options.redirect = !arguments.no_redirect;
    options.accept_invalid_certificate = arguments.insecure;
    if let Some(seconds) = arguments.timeout {
        options.timeout = Duration::from_secs(seconds);
    }
    options.proxy = arguments.proxy.as_deref().map(parse_proxy).transpose()?;
    Ok(options)
}

/// A range as a header.
pub(super) fn range_header(range: Range) -> Result<HeaderValue, Failure> {
    range.header().map_err(|error| Failure::usage(error.to_string()))
}

/// Name and password, from wherever they are given.
fn user(arguments: &HttpRequest) -> Result<Option<String>, Failure> {
    let given = match (&arguments.user, &arguments.user_file) {
        (Some(user), _) => Some(user.clone()),
        (None, Some(path)) => Some(private::read(path)?),
        (None, None) => std::env::var(USER).ok().filter(|user| !user.is_empty()),
    };
    match given {
        Some(user) if !user.contains(':') => {
            let message = format!(
                "a login is written NAME:PASSWORD; --user-file and {USER} keep it off the command line"
            );
            Err(Failure::usage(message))
        }
        given => Ok(given),
    }
}

/// `K: V`, or `@FILE` with one such in each line.
fn parse_headers(text: &str) -> Result<Vec<(HeaderName, HeaderValue)>, Failure> {
    match text.strip_prefix('@') {
        Some(path) => {
            let lines =
                text::read(Path::new(path)).map_err(|error| Failure::file("read", path.as_ref(), &error))?;
            lines.lines().filter(|line| !line.trim().is_empty()).map(parse_header).collect()
        }
        None => Ok(vec![parse_header(text)?]),
    }
}

/// `K: V`
fn parse_header(header: &str) -> Result<(HeaderName, HeaderValue), Failure> {
    let parsed = header.split_once(':').and_then(|(name, value)| {
        Some((name.trim().parse().ok()?, HeaderValue::from_str(value.trim()).ok()?))
    });
    // Without the value, which may be a secret.
    parsed.ok_or_else(|| Failure::usage("a header is written 'Name: value', on one line"))
}

/// `HOST:PORT`
fn parse_proxy(proxy: &str) -> Result<(String, u16), Failure> {
    if proxy.contains('@') {
        return Err(Failure::usage(
            "the module cannot log in to a proxy; write it as HOST:PORT, without a user",
        ));
    }
    let parsed = proxy.rsplit_once(':').filter(|(host, _)| !host.is_empty() && !host.contains('/'));
    parsed
        .and_then(|(host, port)| Some((host.to_owned(), port.parse().ok()?)))
        .ok_or_else(|| Failure::usage("a proxy is written HOST:PORT"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_and_proxies_are_checked() {
        assert_eq!(parse_header("X-Key:  v: w ").unwrap().1, "v: w");
        for header in ["X-Key", "X Key: v", "X-Key: a\r\nb"] {
            assert!(!parse_header(header).unwrap_err().to_string().contains(header), "{header:?}");
        }
        assert_eq!(parse_proxy("proxy:8080").unwrap(), ("proxy".to_owned(), 8080));
        for proxy in ["proxy", ":8080", "proxy:99999", "http://proxy:8080"] {
            assert!(parse_proxy(proxy).is_err(), "{proxy}");
        }
        for proxy in
            ["bob:sesame@proxy:8080", "bob@proxy:8080", "http://bob:sesame@proxy:8080", "bob:sesame@proxy"]
        {
            let said = parse_proxy(proxy).unwrap_err().to_string();
            assert!(said.contains("without a user") && !said.contains("sesame"), "{said}");
        }
    }
}
