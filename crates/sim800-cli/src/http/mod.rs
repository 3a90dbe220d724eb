//! `sim800 http`.

use std::io::Read;
use std::path::Path;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures::stream::{self, BoxStream, StreamExt};
use http::header::{CONTENT_TYPE, ETAG, HeaderName, HeaderValue, LAST_MODIFIED, RANGE, USER_AGENT};
use http::{Method, Request, Response, StatusCode};
use indicatif::ProgressBar;
use serde_json::json;
use sim800_command::HTTP_LIMIT;
use sim800_session::{Body, Client, Http, HttpError, HttpOptions, HttpProgress, Offset};

use crate::args::{Http as Command, HttpData, HttpRequest, Options};
use crate::companion::Origin;
use crate::connect::{open_bearer, with_module};
use crate::failure::Failure;
use crate::output::{Output, Report};
use crate::place::Remnant;
use crate::range::{Range, refuse_a_part};
use crate::resume::{Resumable, take_off};
use crate::sink::Sink;
use crate::source::open_source;
use crate::url::HttpUrl;

const NEEDS_A_FILE: &str = "with --json the body needs a file; give one with -o FILE";

pub(crate) fn run(command: &Command, options: &Options, output: Output) -> Result<Report, Failure> {
    match command {
        Command::Get(get) => {
            if options.json && Sink::is_stdout(get.output.as_deref()) {
                return Err(Failure::usage(NEEDS_A_FILE));
            }
            let mut plan = Plan::new(Method::GET, Bytes::new(), &get.request)?;
            if let Some(range) = &get.range {
                plan.set_range(Range::parse(range)?)?;
            }
            match &get.output {
                Some(path) if get.resume => plan.resume(path, options, output),
                path => plan.transfer(path.as_deref(), options, output),
            }
        }
        Command::Post(post) => {
            // Without a name nobody asked for the body.
            if options.json && post.output.is_some() && Sink::is_stdout(post.output.as_deref()) {
                return Err(Failure::usage(NEEDS_A_FILE));
            }
            let mut plan = Plan::new(Method::POST, read_data(&post.data)?, &post.request)?;
            plan.set_content_type(post.content_type.as_deref())?;
            plan.transfer(post.output.as_deref(), options, output)
        }
        Command::Delete(delete) => {
            let plan = Plan::new(Method::DELETE, Bytes::new(), &delete.request)?;
            let redirect = plan.options.redirect;
            plan.status(options, output, |status| {
                refusal(status, redirect).map_or_else(|| Ok(answered(status)), Err)
            })
        }
        Command::Head(head) => {
            let plan = Plan::new(Method::HEAD, Bytes::new(), &head.request)?;
            plan.status(options, output, |status| Ok(answered(status)))
        }
    }
}

/// The status is all that is told.
fn answered(status: StatusCode) -> Report {
    let fields = vec![("status", json!(status.as_u16()))];
    Report { fields, text: format!("{status}\n").into(), remark: String::new() }
}

/// Why an answer is not what was asked for, if it is not. `redirect`: a redirection was to be followed.
fn refusal(status: StatusCode, redirect: bool) -> Option<Failure> {
    let is_answer = match status {
        StatusCode::NOT_MODIFIED => false,
        status if status.is_redirection() => !redirect,
        status => !status.is_client_error() && !status.is_server_error(),
    };
    (!is_answer).then(|| Failure::status(status).with_field("status", status.as_u16()))
}

/// A request as the command line has it.
#[derive(Debug)]
struct Plan {
    request: Request<Bytes>,
    options: HttpOptions,
    /// What is asked for, for people.
    name: String,
    /// What is asked for, without a password.
    url: String,
    /// The part of it that is asked for.
    range: Option<Range>,
}

impl Plan {
    fn new(method: Method, body: Bytes, arguments: &HttpRequest) -> Result<Self, Failure> {
        let url = HttpUrl::parse(&arguments.url)?;
        let (name, identity) = (url.name().to_owned(), url.identity());
        let mut request = Request::new(body);
        *request.method_mut() = method;
        *request.uri_mut() = url.into_uri();
        for header in &arguments.headers {
            let (name, value) = parse_header(header)?;
            request.headers_mut().append(name, value);
        }
        if let Some(agent) = &arguments.user_agent {
            let value = HeaderValue::from_str(agent)
                .map_err(|_| Failure::usage("the user agent holds a character that no header may"))?;
            request.headers_mut().insert(USER_AGENT, value);
        }
        let mut options = HttpOptions::default();
        options.redirect = !arguments.no_redirect;
        options.accept_invalid_certificate = arguments.insecure;
        if let Some(seconds) = arguments.timeout {
            options.timeout = Duration::from_secs(seconds);
        }
        options.proxy = arguments.proxy.as_deref().map(parse_proxy).transpose()?;
        Ok(Self { request, options, name, url: identity, range: None })
    }

    fn set_range(&mut self, range: Range) -> Result<(), Failure> {
        self.request.headers_mut().insert(RANGE, header(range)?);
        self.range = Some(range);
        Ok(())
    }

    /// The type of the data: as given by option or header, else octets of any kind.
    fn set_content_type(&mut self, given: Option<&str>) -> Result<(), Failure> {
        let headers = self.request.headers_mut();
        match given {
            Some(_) if headers.contains_key(CONTENT_TYPE) => {
                return Err(Failure::usage("the content type is given twice; once is enough"));
            }
            None if headers.contains_key(CONTENT_TYPE) => return Ok(()),
            _ => {}
        }
        let content_type = HeaderValue::from_str(given.unwrap_or("application/octet-stream"))
            .map_err(|_| Failure::usage("the content type holds a character that no header may"))?;
        headers.insert(CONTENT_TYPE, content_type);
        Ok(())
    }

    /// The module's HTTP service, over a bearer.
    async fn client(&self, client: &Client, options: &Options) -> Result<Http, Failure> {
        let bearer = open_bearer(client, options).await?;
        Ok(Http::new(&bearer).with_options(self.options.clone()))
    }

    /// Sends the request and takes no more than the status of the answer.
    fn status(
        self,
        options: &Options,
        output: Output,
        judge: impl FnOnce(StatusCode) -> Result<Report, Failure>,
    ) -> Result<Report, Failure> {
        let is_sent_once = !self.request.method().is_safe();
        let answered = with_module(options, output, async |client| {
            judge(self.client(client, options).await?.send(self.request).await?.status())
        });
        answered.map_err(|failure| if is_sent_once { failure.of_what_is_sent_once() } else { failure })
    }

    /// Sends the request and takes the body of the answer.
    fn transfer(self, file: Option<&Path>, options: &Options, output: Output) -> Result<Report, Failure> {
        let is_download = self.request.method().is_safe();
        let received = with_module(options, output, async |client| {
            // Before anything is sent that would have been in vain.
            let sink = match file {
                None if output.json => Sink::Nowhere,
                path => Sink::open(path).await?,
            };
            let http = self.client(client, options).await?;
            let sent = self.request.body().len();
            // As an option, or as a header of the user's own.
            let asks_for_a_part = self.request.headers().contains_key(RANGE);
            let start = Instant::now();
            let waiting = output.progress(&format!("waiting for {}", self.name), None);
            let response = send(&http, self.request, &waiting).await;
            waiting.finish_and_clear();
            let response = response?;
            if !asks_for_a_part {
                refuse_a_part(&response)?;
            }
            let status = response.status();
            let refusal = refusal(status, self.options.redirect);
            let sink = match sink {
                // The file is for what was asked for, not for the server's excuse.
                Sink::File(..) if refusal.is_some() => Sink::Nowhere,
                sink => sink,
            };

            let cut = match self.range {
                Some(range) if status.is_success() => Some((range, range.cut_out_of(&response)?)),
                _ => None,
            };
            let is_cut = cut.is_some_and(|(_, cut)| cut.is_more_than_asked);
            if is_cut {
                output.remark("sim800: the server sent more than the range, which is cut out of that");
            }
            let body = response.into_body();
            let bar = output.progress(&self.name, body.total());
            let received = match cut {
                Some((range, cut)) => sink.take(range.cut(body, cut.before).boxed(), &bar).await,
                None => sink.take(body, &bar).await,
            };
            bar.finish_and_clear();
            if let Some(refusal) = refusal {
                return Err(refusal);
            }
            let mut report = received_report(status, received?.octets, start);
            if sent > 0 {
                report.fields.push(("sent", json!(sent)));
            }
            if self.range.is_some() {
                report.fields.push(("cut", json!(is_cut)));
            }
            Ok(report)
        });
        received.map_err(|failure| match is_download {
            true => failure.of_download_to(file),
            false => failure.of_what_is_sent_once(),
        })
    }

    /// Fetches what is missing of a file, and keeps what has come if it breaks off again.
    fn resume(self, file: &Path, options: &Options, output: Output) -> Result<Report, Failure> {
        let resumable = Resumable::new(file)?;
        let fetched = with_module(options, output, async |client| {
            let http = self.client(client, options).await?;
            let start = Instant::now();
            let waiting = output.progress(&format!("waiting for {}", self.name), None);
            let remnant = resumable.remnant(&self.url);
            let answer = ask_for_the_rest(&http, &self.request, &self.url, remnant.as_ref(), &waiting).await;
            waiting.finish_and_clear();
            let Rest { status, origin, from, body } = answer?;
            if let Some(refusal) = refusal(status, self.options.redirect) {
                return Err(refusal);
            }
            let sink = match remnant.filter(|_| from > 0) {
                Some(there) => resumable.go_on(&there)?,
                None => resumable.begin(&origin)?,
            };
            let bar = output.progress(&self.name, origin.size);
            bar.set_position(from);
            let received = sink.take(body, &bar).await;
            bar.finish_and_clear();
            let mut report = received_report(status, received?.octets, start);
            report.fields.push(("resumed_from", json!(from)));
            Ok(report)
        });
        fetched.map_err(|failure| resumable.advise(&self.url, failure))
    }
}

/// Sends a request, and lets `bar` show what the module has of the body already. To ask is worth it only for people.
async fn send(http: &Http, request: Request<Bytes>, bar: &ProgressBar) -> Result<Response<Body>, HttpError> {
    if bar.is_hidden() {
        return http.send(request).await;
    }
    let show = |progress: HttpProgress| bar.set_position(progress.finished);
    http.send_with_progress(request, Duration::from_secs(1), show).await
}

/// What a body came to.
fn received_report(status: StatusCode, octets: u64, start: Instant) -> Report {
    let Report { mut fields, text, remark } = Report::transfer(octets, start);
    fields.insert(0, ("status", json!(status.as_u16())));
    Report { fields, text, remark: format!("{status}: {remark}") }
}

/// What came when what is missing was asked for.
struct Rest {
    status: StatusCode,
    origin: Origin,
    /// The position of the first octet of `body`.
    from: u64,
    body: BoxStream<'static, Result<Bytes, HttpError>>,
}

impl Rest {
    /// Nothing is there that it goes behind.
    fn whole(url: &str, response: Response<Body>) -> Self {
        let origin = origin(url, &response, 0);
        Self { status: response.status(), origin, from: 0, body: response.into_body().boxed() }
    }
}

/// Asks for what is missing, or for all of it when that does not go with what is there.
async fn ask_for_the_rest(
    http: &Http,
    request: &Request<Bytes>,
    url: &str,
    remnant: Option<&Remnant>,
    bar: &ProgressBar,
) -> Result<Rest, Failure> {
    if let Some(there) = remnant {
        let awaited = &there.end[..];
        let asked = there.octets - awaited.len() as u64;
        let mut rest = request.clone();
        let range = Range { first: asked, last: None };
        if asked > 0 {
            rest.headers_mut().insert(RANGE, header(range)?);
        }
        let mut response = send(http, rest, bar).await?;
        let status = response.status();
        // Of what was not asked for in part, all comes.
        let told = response.extensions().get().map(|Offset(offset)| *offset);
        let first = if asked == 0 { Some(0) } else { told };
        match first {
            // There is no rest: what is there is of something else.
            _ if status == StatusCode::RANGE_NOT_SATISFIABLE => {}
            _ if !status.is_success() => return Ok(Rest::whole(url, response)),
            Some(first) if range.is_short_in(&response, first) => {}
            Some(first) if first == asked && there.origin.goes_with(&origin(url, &response, first)) => {
                let origin = origin(url, &response, first);
                if let Some(behind) = take_off(response.body_mut(), awaited).await? {
                    let body = stream::iter([Ok(behind)]).chain(response.into_body()).boxed();
                    return Ok(Rest { status, origin, from: there.octets, body });
                }
            }
            Some(0) => return Ok(Rest::whole(url, response)),
            _ => {}
        }
    }
    let response = send(http, request.clone(), bar).await?;
    if !request.headers().contains_key(RANGE) {
        refuse_a_part(&response)?;
    }
    Ok(Rest::whole(url, response))
}

/// What the body of a response is a part of, that begins at the octet `from`.
fn origin(url: &str, response: &Response<Body>, from: u64) -> Origin {
    let header = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
    // A weak tag does not tell octets apart (RFC 9110 section 8.8.1).
    let validator = header(ETAG).filter(|tag| !tag.starts_with("W/")).or_else(|| header(LAST_MODIFIED));
    Origin {
        url: url.to_owned(),
        size: response.body().total().map(|rest| from + rest),
        validator: validator.map(str::to_owned),
    }
}

/// The data to send.
fn read_data(data: &HttpData) -> Result<Bytes, Failure> {
    let Some(path) = &data.data_file else {
        return Ok(data.data.clone().unwrap_or_default().into());
    };
    let (file, _) = open_source(path)?;
    // A file that is too long need not be read to its end.
    let limit = u64::from(HTTP_LIMIT);
    let mut octets = Vec::new();
    file.take(limit + 1).read_to_end(&mut octets).map_err(|error| Failure::file("read", path, &error))?;
    if octets.len() as u64 > limit {
        let message =
            format!("{} is longer than the {limit} octets that the module can post", path.display());
        return Err(Failure::new("too-large", message));
    }
    Ok(octets.into())
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
        return Err(Failure::usage("the proxy holds credentials, for which the module has no command"));
    }
    let parsed = proxy.rsplit_once(':').filter(|(host, _)| !host.is_empty() && !host.contains('/'));
    parsed
        .and_then(|(host, port)| Some((host.to_owned(), port.parse().ok()?)))
        .ok_or_else(|| Failure::usage("a proxy is written HOST:PORT"))
}

/// A range as a header.
fn header(range: Range) -> Result<HeaderValue, Failure> {
    range.header().map_err(|error| Failure::usage(error.to_string()))
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
            assert!(said.contains("credentials") && !said.contains("sesame"), "{said}");
        }
    }
}
