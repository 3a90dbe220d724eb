//! What a job does.

use std::collections::BTreeMap;
use std::path::{Component, Path};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim800_command::CREDENTIALS;
use url::Url;

use crate::{Invalid, name};

/// The headers of a request, or of a response.
pub type Headers = BTreeMap<String, String>;

/// The longest text that a job holds, in octets; longer ones are objects or files.
const TEXT: usize = 65_536;
/// Of all headers, in octets: they have to fit a command line of the module.
const HEADERS: usize = 512;
/// Of a URL, in octets: more than fit any command line of the module.
const URL: usize = 2_048;
/// Of the path of a file, in octets.
const PATH: usize = 1_024;

/// What a job does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "do", rename_all = "kebab-case", deny_unknown_fields)]
#[expect(clippy::exhaustive_enums, reason = "its JSON has a version")]
pub enum Action {
    /// HTTP GET. Any status is an answer.
    Get {
        /// An address with `http:` or `https:`.
        url: String,
        /// Further headers.
        #[serde(default, skip_serializing_if = "Headers::is_empty")]
        headers: Headers,
        /// Where the body goes.
        #[serde(default)]
        target: Target,
    },
    /// HTTP HEAD.
    Head {
        /// An address with `http:` or `https:`.
        url: String,
        /// Further headers.
        #[serde(default, skip_serializing_if = "Headers::is_empty")]
        headers: Headers,
    },
    /// HTTP POST, which is never sent twice.
    Post {
        /// An address with `http:` or `https:`.
        url: String,
        /// Further headers, such as `Content-Type`.
        #[serde(default, skip_serializing_if = "Headers::is_empty")]
        headers: Headers,
        /// What is sent.
        source: Source,
        /// Where the body of the answer goes.
        #[serde(default)]
        target: Target,
    },
    /// HTTP DELETE, which is never sent twice.
    Delete {
        /// An address with `http:` or `https:`.
        url: String,
        /// Further headers.
        #[serde(default, skip_serializing_if = "Headers::is_empty")]
        headers: Headers,
    },
    /// A file from an FTP server.
    FtpGet {
        /// An address with `ftp:`.
        url: String,
        /// Where the file goes.
        #[serde(default)]
        target: Target,
    },
    /// A file to an FTP server.
    FtpPut {
        /// An address with `ftp:`.
        url: String,
        /// What is sent.
        source: Source,
        /// What becomes of a file that is there.
        #[serde(default)]
        put: Put,
    },
    /// The listing of a directory, as the server has it.
    FtpList {
        /// An address with `ftp:`.
        url: String,
        /// Where the text goes.
        #[serde(default)]
        target: Target,
    },
    /// The size of a file.
    FtpSize {
        /// An address with `ftp:`.
        url: String,
    },
    /// Deletes a file, once.
    FtpDelete {
        /// An address with `ftp:`.
        url: String,
    },
    /// Makes a directory, once.
    FtpMakeDirectory {
        /// An address with `ftp:`.
        url: String,
    },
    /// Removes a directory, once.
    FtpRemoveDirectory {
        /// An address with `ftp:`.
        url: String,
    },
    /// Gives a file another name, once.
    FtpRename {
        /// An address with `ftp:`.
        url: String,
        /// The new path on that server.
        to: String,
    },
}

/// Where octets come from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[expect(clippy::exhaustive_enums, reason = "its JSON has a version")]
pub enum Source {
    /// The job itself, up to 65,536 octets.
    Text(String),
    /// An object of the bucket `sim800-sources`.
    Object(String),
    /// A file below the worker's directory.
    File(String),
}

/// Where octets go.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[expect(clippy::exhaustive_enums, reason = "its JSON has a version")]
pub enum Target {
    /// An object of the bucket `sim800-results`, which the state of the job names.
    #[default]
    Object,
    /// A file below the worker's directory. It is there before the job is done.
    File(String),
    /// Nowhere: only their number and their digest are kept.
    Nowhere,
}

/// What an upload does with a file that is there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[expect(clippy::exhaustive_enums, reason = "its JSON has a version")]
pub enum Put {
    /// It replaces it, and may be repeated.
    #[default]
    Replace,
    /// It goes behind its end, once.
    Append,
    /// It lets the server make up another name, once.
    Unique,
}

impl Action {
    /// Whether doing it twice is as good as doing it once. What is not is marked before it is sent, and never sent again.
    #[must_use]
    pub const fn is_repeatable(&self) -> bool {
        match self {
            Self::Get { .. }
            | Self::Head { .. }
            | Self::FtpGet { .. }
            | Self::FtpList { .. }
            | Self::FtpSize { .. }
            | Self::FtpPut { put: Put::Replace, .. } => true,
            Self::Post { .. }
            | Self::Delete { .. }
            | Self::FtpPut { .. }
            | Self::FtpDelete { .. }
            | Self::FtpMakeDirectory { .. }
            | Self::FtpRemoveDirectory { .. }
            | Self::FtpRename { .. } => false,
        }
    }

    /// One stable word.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Get { .. } => "get",
            Self::Head { .. } => "head",
            Self::Post { .. } => "post",
            Self::Delete { .. } => "delete",
            Self::FtpGet { .. } => "ftp-get",
            Self::FtpPut { .. } => "ftp-put",
            Self::FtpList { .. } => "ftp-list",
            Self::FtpSize { .. } => "ftp-size",
            Self::FtpDelete { .. } => "ftp-delete",
            Self::FtpMakeDirectory { .. } => "ftp-make-directory",
            Self::FtpRemoveDirectory { .. } => "ftp-remove-directory",
            Self::FtpRename { .. } => "ftp-rename",
        }
    }

    /// The address, which holds no credentials.
    #[must_use]
    pub fn url(&self) -> &str {
        match self {
            Self::Get { url, .. }
            | Self::Head { url, .. }
            | Self::Post { url, .. }
            | Self::Delete { url, .. }
            | Self::FtpGet { url, .. }
            | Self::FtpPut { url, .. }
            | Self::FtpList { url, .. }
            | Self::FtpSize { url }
            | Self::FtpDelete { url }
            | Self::FtpMakeDirectory { url }
            | Self::FtpRemoveDirectory { url }
            | Self::FtpRename { url, .. } => url,
        }
    }

    /// Where the octets go, where it has any.
    #[must_use]
    pub const fn target(&self) -> Option<&Target> {
        match self {
            Self::Get { target, .. }
            | Self::Post { target, .. }
            | Self::FtpGet { target, .. }
            | Self::FtpList { target, .. } => Some(target),
            _ => None,
        }
    }

    pub(crate) fn check(&self) -> Result<(), Invalid> {
        let is_http = match self {
            Self::Get { headers, .. }
            | Self::Head { headers, .. }
            | Self::Post { headers, .. }
            | Self::Delete { headers, .. } => {
                check_headers(headers)?;
                true
            }
            _ => false,
        };
        check_url(self.url(), is_http)?;
        if let Self::FtpRename { to, .. } = self {
            check_path(to)?;
        }
        if let Self::Post { source, .. } | Self::FtpPut { source, .. } = self {
            match source {
                Source::Text(text) if text.len() > TEXT => return Err(Invalid::TooLong(TEXT)),
                Source::Text(_) => {}
                Source::Object(object) => name::check("name of an object", object)?,
                Source::File(file) => check_file(file)?,
            }
        }
        match self.target() {
            Some(Target::File(file)) => check_file(file),
            _ => Ok(()),
        }
    }
}

fn check_url(text: &str, is_http: bool) -> Result<(), Invalid> {
    if text.len() > URL {
        return Err(Invalid::Long { what: "URL", limit: URL });
    }
    let url = Url::parse(text).map_err(|error| Invalid::Url(error.to_string()))?;
    match (url.scheme(), is_http) {
        ("http" | "https", true) | ("ftp", false) => {}
        (_, true) => return Err(Invalid::Scheme("http: or https:")),
        (_, false) => return Err(Invalid::Scheme("ftp:")),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Invalid::Login);
    }
    // What a parser leaves out silently is not what was meant.
    if text.bytes().any(|octet| octet.is_ascii_control() || octet == b' ') {
        return Err(Invalid::Path("it holds a space or a control character"));
    }
    // Nor is what a parser puts right, as `http:/h` or `http://a\@h`: who reads it otherwise asks another server.
    let authority = text.get(url.scheme().len()..).and_then(|rest| rest.strip_prefix("://"));
    let authority = authority.and_then(|rest| rest.split(['/', '?', '#']).next()).unwrap_or_default();
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|octet| octet.is_ascii_digit()) => host,
        _ => authority,
    };
    if !url.host_str().is_some_and(|read| read.eq_ignore_ascii_case(host)) {
        return Err(Invalid::Url("its server is not written as it is read".to_owned()));
    }
    Ok(())
}

fn check_path(path: &str) -> Result<(), Invalid> {
    if path.len() > PATH {
        return Err(Invalid::Long { what: "new path", limit: PATH });
    }
    if path.is_empty() || path.ends_with('/') {
        return Err(Invalid::Path("it has no file name"));
    }
    if path.chars().any(char::is_control) {
        return Err(Invalid::Path("it holds a control character"));
    }
    Ok(())
}

/// A plain path goes down, never up and never from the root. `.part` is what workers call what is not whole.
fn check_file(path: &str) -> Result<(), Invalid> {
    if path.len() > PATH {
        return Err(Invalid::Long { what: "path of the file", limit: PATH });
    }
    let is_plain = |part: Component<'_>| match part {
        Component::Normal(name) => name.to_str().is_some_and(|name| {
            !name.starts_with('.')
                && !name.ends_with(".part")
                && !name.contains(['\\', ':'])
                && !name.contains(char::is_control)
        }),
        _ => false,
    };
    let path = Path::new(path);
    let mut parts = path.components();
    if parts.clone().next().is_some() && parts.all(is_plain) { Ok(()) } else { Err(Invalid::File) }
}

/// Whether the value of a header is a credential, as far as its name tells. The one of a repetition has to be seen by everybody.
fn is_credential(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name != "idempotency-key" && CREDENTIALS.iter().any(|word| name.contains(word))
}

fn check_headers(headers: &Headers) -> Result<(), Invalid> {
    let refuse = |name: &str, reason| Err(Invalid::Header { name: name.to_owned(), reason });
    let mut octets = 0;
    for (name, value) in headers {
        octets += name.len() + value.len() + 4;
        let is_token = |octet: u8| octet.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&octet);
        if name.is_empty() || !name.bytes().all(is_token) {
            return refuse("", "its name is none");
        }
        if is_credential(name) {
            return refuse(name, "name credentials of the worker's file instead");
        }
        let module = ["host", "content-length", "range", "if-range"];
        if module.iter().any(|own| name.eq_ignore_ascii_case(own)) {
            return refuse(name, "the worker says it itself");
        }
        if value.chars().any(char::is_control) {
            return refuse(name, "its value holds a control character");
        }
    }
    if octets > HEADERS { refuse("", "all of them are too long for the module") } else { Ok(()) }
}
