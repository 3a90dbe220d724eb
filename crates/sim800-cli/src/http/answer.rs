//! What a server answered, as it is told: status, headers and, where it belongs there, the body.

use std::path::Path;

use bytes::Bytes;
use data_encoding::BASE64;
use futures::stream::{Stream, TryStreamExt};
use http::header::{CONTENT_TYPE, LOCATION};
use http::response::Parts;
use http::uri::Scheme;
use http::{HeaderMap, StatusCode, Uri};
use indicatif::ProgressBar;
use serde_json::{Map, Value, json};
use sim800_command::HttpStatus;

use crate::args::HttpAnswer;
use crate::failure::Failure;
use crate::output::Output;
use crate::sink::Sink;
use crate::way::WayError;

/// The most of an answer that nobody asked to have in a file.
const SHOWN: usize = 2 * 1024;
pub(super) const KEPT: usize = 64 * 1024;

/// Files that servers make HTML of.
const PAGES: [&str; 12] =
    ["htm", "html", "xhtml", "shtml", "php", "asp", "aspx", "jsp", "cgi", "pl", "do", "md"];

const IN_A_FILE: &str = "--output-error FILE keeps its explanation";

type Fields = Vec<(&'static str, Value)>;

/// Status and headers as the program shows them: as an HTTP message has them, for the module does not tell the version.
pub(super) fn head_text(head: &Parts) -> Vec<u8> {
    let mut text = format!("{}\n", head.status).into_bytes();
    for (name, value) in &head.headers {
        text.extend_from_slice(name.as_str().as_bytes());
        text.extend_from_slice(b": ");
        text.extend_from_slice(value.as_bytes());
        text.push(b'\n');
    }
    text
}

/// Status and headers for programs. Each header has a list of values, for it may come several times.
pub(super) fn head_fields(head: &Parts) -> Fields {
    let mut object = Map::new();
    for name in head.headers.keys() {
        let values = head.headers.get_all(name).iter();
        let values: Vec<_> = values.map(|value| String::from_utf8_lossy(value.as_bytes())).collect();
        object.insert(name.as_str().to_owned(), json!(values));
    }
    vec![("status", json!(head.status.as_u16())), ("headers", object.into())]
}

/// The beginning of a body, or all of it.
#[derive(Debug, Default)]
pub(super) struct Excerpt {
    pub(super) octets: Vec<u8>,
    pub(super) is_cut: bool,
}

impl Excerpt {
    /// Takes up to `limit` octets.
    pub(super) async fn of<E>(
        mut body: impl Stream<Item = Result<Bytes, E>> + Unpin,
        limit: usize,
        bar: &ProgressBar,
    ) -> Result<Self, E> {
        let mut excerpt = Self::default();
        while let Some(octets) = body.try_next().await? {
            bar.inc(octets.len() as u64);
            excerpt.octets.extend_from_slice(&octets);
            if excerpt.octets.len() > limit {
                excerpt.octets.truncate(limit);
                excerpt.is_cut = true;
                break;
            }
        }
        Ok(excerpt)
    }

    /// For programs: text as it is, else in base64.
    pub(super) fn fields(self) -> Fields {
        let mut fields = match String::from_utf8(self.octets) {
            Ok(text) => vec![("body", json!(text))],
            Err(error) => vec![("body_base64", json!(BASE64.encode(error.as_bytes())))],
        };
        if self.is_cut {
            fields.push(("body_truncated", json!(true)));
        }
        fields
    }
}

/// Why an answer is not what was asked for, if it is not. `redirect`: a redirection was to be followed.
pub(super) fn refusal(head: &Parts, url: &Uri, redirect: bool) -> Option<Failure> {
    let status = head.status;
    let is_answer = match status {
        StatusCode::NOT_MODIFIED => false,
        status if status.is_redirection() => !redirect,
        status => !status.is_client_error() && !status.is_server_error(),
    };
    if is_answer {
        return None;
    }
    let location = head.headers.get(LOCATION).map(|location| String::from_utf8_lossy(location.as_bytes()));
    let why = match location {
        Some(location) if status.is_redirection() => elsewhere(&location, url),
        None if status.is_redirection() && status != StatusCode::NOT_MODIFIED => {
            "; sim800 did not follow the redirection".to_owned()
        }
        _ => String::new(),
    };
    Some(Failure::status(status, &why).with_fields(head_fields(head)))
}

/// Where a redirection leads that was not followed.
fn elsewhere(location: &str, url: &Uri) -> String {
    let target = location.parse::<Uri>().ok();
    let host = target.as_ref().and_then(Uri::host);
    let why = match host {
        // A relative one stays there.
        None => "sim800 did not follow that any further; it may lead in a circle",
        Some(_) if is_secure(url) && !target.as_ref().is_some_and(is_secure) => {
            "sim800 did not follow that to where nothing is secret; ask for that URL itself"
        }
        Some(host) if url.host() != Some(host) => {
            "sim800 did not follow that to another host; without credit, many operators redirect to a page of their own"
        }
        Some(_) if target.as_ref().and_then(Uri::scheme_str) != url.scheme_str() => {
            "sim800 did not follow that; ask for that URL itself"
        }
        Some(_) => "sim800 did not follow that any further; it may lead in a circle",
    };
    format!(" and redirects to {}: {why}", without_login(location))
}

fn is_secure(url: &Uri) -> bool {
    url.scheme() == Some(&Scheme::HTTPS)
}

/// A URL without user and password.
fn without_login(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let address = authority.rsplit_once('@').map_or(authority, |(_, address)| address);
    format!("{scheme}://{address}{path}")
}

/// What to think of an answer that is a page where something else was expected.
pub(super) fn hint(uri: &Uri, headers: &HeaderMap, wants_json: bool) -> Option<String> {
    let content_type = headers.get(CONTENT_TYPE)?.to_str().ok()?;
    if !is_page(content_type) {
        return None;
    }
    let extension = Path::new(uri.path()).extension()?.to_str().unwrap_or_default().to_ascii_lowercase();
    let is_other = !PAGES.contains(&extension.as_str()) && mime_guess::from_ext(&extension).first().is_some();
    let expected = match (wants_json, is_other) {
        (true, _) => "JSON".to_owned(),
        (false, true) => format!("a .{extension} file"),
        (false, false) => return None,
    };
    Some(format!(
        "the answer is an HTML page instead of {expected}; without credit, many operators answer with a page of their own"
    ))
}

fn is_page(content_type: &str) -> bool {
    let content_type = content_type.to_ascii_lowercase();
    ["text/html", "application/xhtml"].iter().any(|kind| content_type.starts_with(kind))
}

/// Tells of an answer that is an error what it says: in a file, in the one object, or on stderr as far as it is short and plain.
pub(super) async fn tell_error(
    failure: Failure,
    head: &Parts,
    body: impl Stream<Item = Result<Bytes, WayError>> + Unpin,
    how: &HttpAnswer,
    output: Output,
) -> Failure {
    let content_type =
        head.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let failure = match how.include && !output.json {
        true => failure.with_text(format!("{}\n", String::from_utf8_lossy(&head_text(head)))),
        false => failure,
    };
    let bar = output.progress("the server's explanation", None);
    if let Some(path) = &how.output_error {
        let kept = async { Sink::open(Some(path)).await?.take(body, &bar).await };
        return match kept.await {
            Ok(_) if !Sink::is_file(Some(path)) => failure,
            Ok(_) => failure.and(&format!("{} has its explanation", path.display())),
            Err(error) => failure.and(&error.to_string()),
        };
    }
    if output.json {
        return match Excerpt::of(body, KEPT, &bar).await {
            Ok(excerpt) => failure.with_fields(excerpt.fields()),
            // What it answered is known all the same.
            Err(_) => failure,
        };
    }
    if output.quiet {
        return failure;
    }
    if is_page(content_type) {
        return failure.and(IN_A_FILE);
    }
    let excerpt = Excerpt::of(body, SHOWN, &bar).await.unwrap_or_default();
    bar.finish_and_clear();
    match std::str::from_utf8(&excerpt.octets) {
        Ok(text) if !text.contains('\0') && !excerpt.is_cut => {
            // Many say no more than the status.
            if text.trim() != head.status.to_string() {
                output.remark(text.trim_end());
            }
            failure
        }
        _ => failure.and(IN_A_FILE),
    }
}

/// Says of a failure what helps, where that is an option of this program.
pub(super) fn advised(failure: Failure, is_insecure: bool) -> Failure {
    let of_module = failure.kind() == "http" && failure.code() == Some(HttpStatus::SSL_SETUP.0.into());
    match failure.kind() {
        "certificate" if !is_insecure => {
            failure.with_advice("--insecure accepts any certificate, so that nothing proves who the server is")
        }
        "no-ssl" => failure.with_advice("without --tls module, TLS goes over sockets, which this firmware has"),
        _ if of_module && !is_insecure => failure.with_advice(
            "without --tls module, sim800 speaks TLS 1.2 or 1.3; --insecure accepts any certificate, so that nothing proves who the server is",
        ),
        _ => failure,
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn a_page_instead_of_something_else_is_noticed() {
        let hint = |url: &str, content_type, json| {
            let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(content_type))]);
            hint(&url.parse().unwrap(), &headers, json).is_some()
        };
        for url in ["http://a/f.bin", "http://a/d/f.JPG?x=1", "http://a/f.json", "http://a/f.zip"] {
            assert!(hint(url, "text/html; charset=utf-8", false), "{url}");
            assert!(!hint(url, "text/plain", false), "{url}");
        }
        for url in ["http://a/", "http://a/f.html", "http://a/f.php", "http://a/f", "http://a/v1.2"] {
            assert!(!hint(url, "text/html", false), "{url}");
        }
    }

    #[test]
    fn where_a_redirection_leads_is_said_without_a_login() {
        let url: Uri = "http://a/x".parse().unwrap();
        let said = elsewhere("http://me:sesame@portal/login", &url);
        assert!(
            said.contains("http://portal/login") && said.contains("credit") && !said.contains("sesame"),
            "{said}"
        );
        assert!(elsewhere("/x", &url).contains("circle"));
        assert!(elsewhere("http://a/x", &url).contains("circle"));
        assert!(elsewhere("https://a/x", &url).contains("that URL itself"));
    }

    #[test]
    fn a_body_is_told_as_text_or_in_base64() {
        let fields = |octets: &[u8], is_cut| Excerpt { octets: octets.to_vec(), is_cut }.fields();
        assert_eq!(fields("ü".as_bytes(), false), [("body", json!("ü"))]);
        assert_eq!(
            fields(b"\xff\x00", true),
            [("body_base64", json!("/wA=")), ("body_truncated", json!(true))]
        );
    }
}
