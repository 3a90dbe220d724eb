//! What a POST sends: plain data, a form, a multipart form or JSON.

use std::borrow::Cow;
use std::fmt::Write;
use std::io::Read;
use std::path::Path;

use bytes::Bytes;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sha2::{Digest, Sha256};

use crate::args::HttpData;
use crate::checksum::hexadecimal;
use crate::failure::Failure;
use crate::source::open_source;

/// What stands in a form as it is (RFC 3986 section 2.3).
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Octets of any kind.
const OCTETS: &str = "application/octet-stream";

/// What is sent, and its content type unless told otherwise.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Data {
    pub(super) octets: Bytes,
    pub(super) content_type: String,
}

impl Data {
    /// Reads what is sent, `limit` octets at most.
    pub(super) fn read(arguments: &HttpData, limit: u64) -> Result<Self, Failure> {
        let data = |octets: Vec<u8>, content_type: &str| Self {
            octets: octets.into(),
            content_type: content_type.to_owned(),
        };
        if let Some(path) = &arguments.data_file {
            return Ok(data(read(path, 0, limit)?, OCTETS));
        }
        if let Some(json) = &arguments.json_body {
            let text = text_or_file(json, limit)?;
            serde_json::from_slice::<serde::de::IgnoredAny>(&text)
                .map_err(|error| Failure::usage(format!("the body is not JSON: {error}")))?;
            return Ok(data(text, "application/json"));
        }
        if !arguments.data_urlencode.is_empty() {
            let fields: Result<Vec<_>, _> =
                arguments.data_urlencode.iter().map(|field| encode(field, limit)).collect();
            return Ok(data(fields?.join("&").into_bytes(), "application/x-www-form-urlencoded"));
        }
        if !arguments.form.is_empty() {
            let parts: Result<Vec<_>, _> = arguments.form.iter().map(|part| Part::parse(part)).collect();
            return multipart(&parts?, limit);
        }
        let text = arguments.data.as_deref().unwrap_or_default();
        Ok(data(text_or_file(text, limit)?, OCTETS))
    }
}

/// A text, or what is in the file behind an `@`.
fn text_or_file(text: &str, limit: u64) -> Result<Vec<u8>, Failure> {
    match text.strip_prefix('@') {
        Some(path) => read(Path::new(path), 0, limit),
        None => Ok(text.as_bytes().to_vec()),
    }
}

/// A field of a form: `NAME=VALUE`, `=VALUE`, `NAME@FILE` or `@FILE`, as curl has them.
fn encode(field: &str, limit: u64) -> Result<String, Failure> {
    let Some(place) = field.find(['=', '@']) else {
        return Ok(utf8_percent_encode(field, ENCODED).to_string());
    };
    let (name, value) = field.split_at(place);
    let value = match value.strip_prefix('@') {
        Some(path) => {
            let octets = read(Path::new(path), 0, limit)?;
            percent_encoding::percent_encode(&octets, ENCODED).to_string()
        }
        None => utf8_percent_encode(value.get(1..).unwrap_or_default(), ENCODED).to_string(),
    };
    Ok(if name.is_empty() { value } else { format!("{name}={value}") })
}

/// A part of a multipart form (RFC 7578).
#[derive(Debug)]
struct Part<'a> {
    name: &'a str,
    content: Content<'a>,
}

#[derive(Debug)]
enum Content<'a> {
    Value(&'a str),
    File { path: &'a Path, content_type: Cow<'a, str>, name: Cow<'a, str> },
}

impl<'a> Part<'a> {
    /// `NAME=VALUE` or `NAME=@FILE[;type=T][;filename=NAME]`
    fn parse(text: &'a str) -> Result<Self, Failure> {
        let written = "a part of a form is written NAME=VALUE or NAME=@FILE[;type=T][;filename=NAME]";
        let (name, value) = text
            .split_once('=')
            .filter(|(name, _)| !name.is_empty())
            .ok_or_else(|| Failure::usage(written))?;
        let Some(file) = value.strip_prefix('@') else {
            return Ok(Self { name, content: Content::Value(value) });
        };
        let mut options = file.split(';');
        let path = Path::new(options.next().unwrap_or_default());
        let mut content_type = None;
        let mut file_name = path.file_name().map(|name| name.to_string_lossy());
        for option in options {
            match option.trim().split_once('=') {
                Some(("type", value)) => content_type = Some(value),
                Some(("filename", value)) => file_name = Some(value.into()),
                _ => return Err(Failure::usage(written)),
            }
        }
        let content_type = content_type.map_or_else(
            || mime_guess::from_path(path).first_or_octet_stream().to_string().into(),
            Cow::Borrowed,
        );
        if content_type.contains(|c: char| c.is_ascii_control()) {
            return Err(Failure::usage(written));
        }
        let name_in_form = file_name.unwrap_or_default();
        Ok(Self { name, content: Content::File { path, content_type, name: name_in_form } })
    }

    fn head(&self) -> String {
        let mut head = format!("Content-Disposition: form-data; name=\"{}\"", quoted(self.name));
        if let Content::File { content_type, name, .. } = &self.content {
            // Text that is written to a string is written.
            let _ = write!(head, "; filename=\"{}\"\r\nContent-Type: {content_type}", quoted(name));
        }
        head + "\r\n\r\n"
    }
}

/// A name as browsers have it in a header (HTML, multipart form data).
fn quoted(name: &str) -> String {
    name.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A")
}

fn multipart(parts: &[Part<'_>], limit: u64) -> Result<Data, Failure> {
    // All lengths are known before anything is read, and none is read that would be of no use.
    let mut contents = Vec::new();
    let mut total = 0;
    for part in parts {
        let content = match &part.content {
            Content::Value(value) => value.as_bytes().to_vec(),
            Content::File { path, .. } => read(path, total, limit)?,
        };
        total += content.len() as u64;
        contents.push((part.head(), content));
    }
    // It depends on all that it must not occur in, so that no content can have been made to hold it.
    let mut digest = Sha256::new();
    let mut length = 0;
    for (head, content) in &contents {
        digest.update(head);
        digest.update(content);
        length += head.len() + content.len();
    }
    let digest = hexadecimal(&digest.finalize());
    let boundary = format!("sim800-{}", digest.get(..40).unwrap_or(&digest));
    let mut octets = Vec::with_capacity(length + (contents.len() + 1) * (boundary.len() + 8));
    for (head, content) in &contents {
        octets.extend_from_slice(format!("--{boundary}\r\n{head}").as_bytes());
        octets.extend_from_slice(content);
        octets.extend_from_slice(b"\r\n");
    }
    octets.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    Ok(Data { octets: octets.into(), content_type: format!("multipart/form-data; boundary={boundary}") })
}

/// What is in a file that is sent beside `others`; one that is too long is not read.
fn read(path: &Path, others: u64, limit: u64) -> Result<Vec<u8>, Failure> {
    let (file, length) = open_source(path)?;
    let is_too_long = |length: u64| length.saturating_add(others) > limit;
    let mut octets = Vec::new();
    if !length.is_some_and(is_too_long) {
        file.take(limit + 1).read_to_end(&mut octets).map_err(|error| Failure::file("read", path, &error))?;
    }
    if length.is_some_and(is_too_long) || is_too_long(octets.len() as u64) {
        let name = path.display();
        let rest = if others > 0 { " with what is sent before it" } else { "" };
        let message = format!("{name} is longer{rest} than the {limit} bytes that can be sent");
        return Err(Failure::new("too-large", message));
    }
    Ok(octets)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn fields_are_encoded_as_curl_does() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        fs::write(&path, "a bÿ").unwrap();
        let file = path.display();
        assert_eq!(encode("name=a b&c=d", 1000).unwrap(), "name=a%20b%26c%3Dd");
        assert_eq!(encode("=a=b", 1000).unwrap(), "a%3Db");
        assert_eq!(encode("a b", 1000).unwrap(), "a%20b");
        assert_eq!(encode("x~y-z._=ü", 1000).unwrap(), "x~y-z._=%C3%BC");
        assert_eq!(encode(&format!("n@{file}"), 1000).unwrap(), "n=a%20b%C3%BF");
        assert_eq!(encode(&format!("@{file}"), 1000).unwrap(), "a%20b%C3%BF");
        assert!(encode("n@/does/not/exist", 1000).is_err());
    }

    #[test]
    fn a_form_is_what_browsers_send() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.jpg");
        fs::write(&path, b"\xff\xd8\r\n--").unwrap();
        let file = format!("image=@{};filename=a\"b.jpg", path.display());
        let parts = [Part::parse("name=a=b;c").unwrap(), Part::parse(&file).unwrap()];
        let data = multipart(&parts, 1000).unwrap();
        let (kind, boundary) = data.content_type.split_once("; boundary=").unwrap();
        assert_eq!(kind, "multipart/form-data");
        assert!(boundary.len() <= 70, "RFC 2046 section 5.1.1");
        let expected = [
            format!("--{boundary}\r\nContent-Disposition: form-data; name=\"name\"\r\n\r\na=b;c\r\n")
                .as_bytes(),
            format!(
                "--{boundary}\r\nContent-Disposition: form-data; name=\"image\"; filename=\"a%22b.jpg\"\r\n\
                 Content-Type: image/jpeg\r\n\r\n"
            )
            .as_bytes(),
            b"\xff\xd8\r\n--\r\n",
            format!("--{boundary}--\r\n").as_bytes(),
        ]
        .concat();
        assert_eq!(data.octets, expected);
        for part in ["", "=x", "name", "f=@a;size=1", "f=@a;type=a\r\nX: y"] {
            assert!(Part::parse(part).is_err(), "{part:?}");
        }
    }

    #[test]
    fn files_that_are_too_long_together_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        fs::write(&path, vec![0; 200_000]).unwrap();
        assert_eq!(read(&path, 0, 319_488).unwrap().len(), 200_000);
        let refused = read(&path, 200_000, 319_488).unwrap_err();
        assert_eq!(refused.kind(), "too-large");
        assert!(refused.to_string().contains("longer with what is sent before it"), "{refused}");
    }
}
