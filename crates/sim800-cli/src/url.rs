//! What users give as a URL, checked before anything is sent.
//!
//! No message shows the URL itself, for it may hold a password.

use std::borrow::Cow;

use http::HeaderValue;
use percent_encoding::percent_decode_str;
use sim800_session::{Password, Server};

use crate::failure::Failure;
use crate::login::basic;

/// A URL for the module's HTTP service, as it is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HttpUrl {
    uri: http::Uri,
    /// What logs in the user that stands in it.
    login: Option<HeaderValue>,
}

impl HttpUrl {
    pub(crate) fn parse(text: &str) -> Result<Self, Failure> {
        let rest = after_scheme(text, &["http", "https"])?;
        let (scheme, _) = text.split_at(text.len() - rest.len());
        let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        let (login, address) = match authority.rsplit_once('@') {
            Some((login, address)) => {
                let login: Vec<u8> = percent_decode_str(login).collect();
                (Some(login), address)
            }
            None => (None, authority),
        };
        let text = &format!("{scheme}{}{path}", ascii_address(address)?);
        let rest = after_scheme(text, &["http", "https"])?;
        check(text, "the URL")?;
        if rest.is_empty() || rest.starts_with(['/', '?', ':']) {
            return Err(Failure::usage("the URL has no host; write http://HOST/PATH"));
        }
        let uri: http::Uri =
            text.parse().map_err(|error| Failure::usage(format!("the URL makes no sense: {error}")))?;
        let address = uri.authority().map_or("", |authority| authority.as_str());
        if address.starts_with('[') {
            return Err(Failure::usage(NO_IPV6));
        }
        if address.contains(':') && uri.port_u16().is_none_or(|port| port == 0) {
            return Err(Failure::usage(BAD_PORT));
        }
        Ok(Self { uri, login: login.map(|login| basic(&login)) })
    }

    /// Whether it is one with TLS.
    pub(crate) fn is_secure(&self) -> bool {
        self.uri.scheme() == Some(&http::uri::Scheme::HTTPS)
    }

    /// The URL without user and password.
    pub(crate) fn into_uri(self) -> http::Uri {
        self.uri
    }

    /// What logs in the user that stands in it.
    pub(crate) fn login(&self) -> Option<&HeaderValue> {
        self.login.as_ref()
    }

    /// The URL without user and password.
    pub(crate) fn identity(&self) -> String {
        self.uri.to_string()
    }

    /// The last part of the path, as the name of a file.
    pub(crate) fn file_name(&self) -> Result<String, Failure> {
        let name = self.uri.path().rsplit('/').next().unwrap_or_default();
        match name {
            // A file of the last name would be stdout.
            "" | "." | ".." | "-" => Err(Failure::usage(format!(
                "{} has no file name at its end; name a file with -o",
                self.identity()
            ))),
            name => Ok(name.to_owned()),
        }
    }

    /// The last part of the path, for people.
    pub(crate) fn name(&self) -> &str {
        self.uri
            .path()
            .rsplit('/')
            .find(|part| !part.is_empty())
            .or_else(|| self.uri.host())
            .unwrap_or_default()
    }
}

const NO_IPV6: &str = "the module knows no IPv6; write a host name or an IPv4 address";

const BAD_PORT: &str = "the URL's port is no number from 1 to 65535";

const NO_PASSWORD: &str = "the URL has no password; give it with --ftp-password-file or SIM800_FTP_PASSWORD";

/// Where a file is on an FTP server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FtpUrl {
    pub(crate) server: Server,
    /// From the root on, with its first slash.
    pub(crate) path: String,
    /// How `;type=` behind the path wants it transferred (RFC 1738 section 3.2.2).
    pub(crate) kind: Option<FtpType>,
}

/// What `;type=` behind a path may say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FtpType {
    /// `a`: as text.
    Ascii,
    /// `i`: as it is.
    Image,
    /// `d`: a directory, to be listed.
    Directory,
}

impl FtpUrl {
    /// Takes the URL of a file apart. `password` stands in where the URL names a user without one; without a user anyone
    /// may log in.
    pub(crate) fn parse(text: &str, password: Option<&Password>) -> Result<Self, Failure> {
        let url = Self::take_apart(text, password)?;
        if url.path.is_empty() || url.path.ends_with('/') || url.kind == Some(FtpType::Directory) {
            return Err(Failure::usage("the URL names a directory; add the name of the file"));
        }
        Ok(url)
    }

    /// The same for a directory, which is the server's root unless named.
    pub(crate) fn parse_directory(text: &str, password: Option<&Password>) -> Result<Self, Failure> {
        let mut url = Self::take_apart(text, password)?;
        // Servers make no directory with a slash at its end.
        url.path.truncate(url.path.trim_end_matches('/').len());
        if url.path.is_empty() {
            url.path.push('/');
        }
        Ok(url)
    }

    /// The URL without the password; what a path leads to may depend on the user.
    pub(crate) fn identity(&self) -> String {
        let Server { host, port, user, .. } = &self.server;
        format!("ftp://{user}@{host}:{port}{}", self.path)
    }

    /// The URL of a file in this directory.
    pub(crate) fn child(&self, name: &str) -> Result<Self, Failure> {
        check_quotable(name, "the name of the file")?;
        Ok(Self { path: format!("{}/{name}", self.path.trim_end_matches('/')), ..self.clone() })
    }

    /// The path of a file beside this one; from the root on when `name` begins with a slash, or is a URL of the same server.
    pub(crate) fn beside(&self, name: &str) -> Result<String, Failure> {
        if name.contains("://") {
            return self.on_the_same_server(name);
        }
        check_quotable(name, "the new name")?;
        if name.is_empty() || name.ends_with('/') {
            return Err(Failure::usage("the new name is that of a directory; add the name of the file"));
        }
        let directory = self.path.rfind('/').map_or("", |slash| &self.path[..=slash]);
        Ok(if name.starts_with('/') { name.to_owned() } else { format!("{directory}{name}") })
    }

    /// The path of a file that `url` names. Nothing else of it is sent anywhere, so it needs neither user nor password.
    fn on_the_same_server(&self, url: &str) -> Result<String, Failure> {
        let other = Self::parse(url, Some(&"".into()))?;
        let anybody = Server::new("");
        let is_same_user = other.server.user == self.server.user || other.server.user == anybody.user;
        let is_same_server = other.server.host.eq_ignore_ascii_case(&self.server.host)
            && other.server.port == self.server.port;
        if !is_same_server || !is_same_user {
            let message = "a server renames only its own files; give the new name as a path, or as a URL of the same server and user";
            return Err(Failure::usage(message));
        }
        Ok(other.path)
    }

    fn take_apart(text: &str, password: Option<&Password>) -> Result<Self, Failure> {
        let rest = after_scheme(text, &["ftp"])?;
        let (authority, path) = match rest.find('/') {
            Some(slash) => rest.split_at(slash),
            None => (rest, ""),
        };
        let (path, kind) = split_type(path)?;
        let (credentials, address) = match authority.rsplit_once('@') {
            Some((credentials, address)) => (Some(credentials), address),
            None => (None, authority),
        };
        if address.starts_with('[') {
            return Err(Failure::usage(NO_IPV6));
        }
        let (host, port) = match address.rsplit_once(':') {
            Some((host, port)) => {
                let port = port.parse().ok().filter(|port| *port != 0);
                (host, port.ok_or_else(|| Failure::usage(BAD_PORT))?)
            }
            None => (address, 21),
        };
        if host.is_empty() {
            return Err(Failure::usage("the URL has no host; write ftp://USER@HOST/PATH"));
        }
        let host = &ascii_host(host)?;
        check(host, "the URL's host")?;
        let mut server = Server::new(&**host).with_port(port);
        if let Some(credentials) = credentials {
            let (user, password) = match credentials.split_once(':') {
                Some((user, password)) => (user, decode(password, "password")?),
                None => {
                    let password = password.ok_or_else(|| Failure::usage(NO_PASSWORD))?;
                    (credentials, password.reveal().to_owned())
                }
            };
            check_quotable(&password, "the password")?;
            server = server.with_credentials(decode(user, "user name")?, password);
        }
        Ok(Self { server, path: decode(path, "path")?, kind })
    }

    /// The file's name, for people.
    pub(crate) fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or_default()
    }
}

/// A host as the module can look it up: with letters beyond ASCII, in its ASCII form (IDNA).
fn ascii_host(host: &str) -> Result<Cow<'_, str>, Failure> {
    if host.is_ascii() {
        return Ok(host.into());
    }
    idna::domain_to_ascii(host)
        .map(Cow::Owned)
        .map_err(|_| Failure::usage("the URL's host is no name that the network knows (IDNA)"))
}

/// The same with a port behind it.
fn ascii_address(address: &str) -> Result<String, Failure> {
    match address.rsplit_once(':') {
        Some((host, port)) => Ok(format!("{}:{port}", ascii_host(host)?)),
        None => Ok(ascii_host(address)?.into_owned()),
    }
}

/// What stands before `;type=`, and what that says. Any other `;` is a part of a name, as for other programs.
fn split_type(path: &str) -> Result<(&str, Option<FtpType>), Failure> {
    const MARK: &str = ";type=";
    let Some(mark) = path.to_ascii_lowercase().rfind(MARK) else { return Ok((path, None)) };
    let (path, parameter) = path.split_at(mark);
    let kind = match parameter.trim_start_matches(|c| c != '=') {
        "=a" | "=A" => FtpType::Ascii,
        "=i" | "=I" => FtpType::Image,
        "=d" | "=D" => FtpType::Directory,
        _ => {
            let message =
                "behind `;type=` in the URL only a, i or d may stand; a `;` in a name is written %3B";
            return Err(Failure::usage(message));
        }
    };
    Ok((path, Some(kind)))
}

/// What follows `://`, if one of `schemes` precedes it.
fn after_scheme<'a>(text: &'a str, schemes: &[&str]) -> Result<&'a str, Failure> {
    let expected = || schemes.iter().map(|scheme| format!("{scheme}://")).collect::<Vec<_>>().join(" or ");
    match text.split_once("://") {
        Some((scheme, rest)) if schemes.iter().any(|known| scheme.eq_ignore_ascii_case(known)) => Ok(rest),
        Some((scheme, _))
            if scheme.bytes().all(|octet| octet.is_ascii_alphanumeric()) && !scheme.is_empty() =>
        {
            Err(Failure::usage(format!("{scheme}:// does not go with this command; use {}", expected())))
        }
        _ => Err(Failure::usage(format!("the URL has no scheme; begin it with {}", expected()))),
    }
}

fn decode(text: &str, what: &str) -> Result<String, Failure> {
    let decoded = percent_decode_str(text)
        .decode_utf8()
        .map_err(|_| Failure::usage(format!("the URL's {what} is not UTF-8 once decoded")))?;
    check_quotable(&decoded, &format!("the URL's {what}"))?;
    Ok(decoded.into_owned())
}

/// Refuses what no value of an AT command can hold: there is no way to escape it.
fn check_quotable(text: &str, what: &str) -> Result<(), Failure> {
    match unsendable(text) {
        Some(why) => Err(Failure::usage(format!("{what} holds {why}; choose another"))),
        None => Ok(()),
    }
}

/// What of `text` keeps it from being sent to the module, if anything.
pub(crate) fn unsendable(text: &str) -> Option<&'static str> {
    let problem = if text.contains('"') {
        "a quotation mark, which cannot be sent to the module"
    } else if text.contains(['\r', '\n']) {
        "a line break, which cannot be sent to the module"
    } else if text.contains(|c: char| c.is_ascii_control()) {
        "a control character, which cannot be sent to the module"
    } else if !text.is_ascii() {
        "a character beyond ASCII, and the module takes none"
    } else {
        return None;
    };
    Some(problem)
}

/// Refuses what has to be percent-encoded.
fn check(text: &str, what: &str) -> Result<(), Failure> {
    let Some(bad) = text.chars().find(|c| matches!(c, '"' | ' ') || c.is_ascii_control() || !c.is_ascii())
    else {
        return Ok(());
    };
    let mut octets = [0; 4];
    let encoded: String = bad.encode_utf8(&mut octets).bytes().map(|octet| format!("%{octet:02X}")).collect();
    let problem = match bad {
        '"' => "a quotation mark".to_owned(),
        '\r' | '\n' => "a line break".to_owned(),
        ' ' => "a blank".to_owned(),
        bad => format!("the character {:?}", bad),
    };
    Err(Failure::usage(format!("{what} holds {problem}; write it as {encoded}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ftp(text: &str) -> FtpUrl {
        FtpUrl::parse(text, None).unwrap()
    }

    fn refusal(text: &str) -> String {
        let http = HttpUrl::parse(text).map(drop);
        http.and_then(|()| FtpUrl::parse(text, None).map(drop)).unwrap_err().to_string()
    }

    #[test]
    fn parts_of_an_ftp_url_are_decoded() {
        let url = ftp("ftp://us%40er:p%3Aw@example.org:2121/a%20dir/file.bin");
        let server = Server::new("example.org").with_port(2121).with_credentials("us@er", "p:w");
        assert_eq!(url.server, server);
        assert_eq!((url.path.as_str(), url.name()), ("/a dir/file.bin", "file.bin"));
        assert_eq!(url.identity(), "ftp://us@er@example.org:2121/a dir/file.bin");
        assert!(!format!("{url:?}").contains("p:w"));
    }

    #[test]
    fn without_a_user_it_is_anonymous_and_a_password_may_come_from_elsewhere() {
        assert_eq!(ftp("ftp://example.org/f").server, Server::new("example.org"));
        let url = FtpUrl::parse("ftp://user@example.org/f", Some(&"secret".into())).unwrap();
        assert_eq!(url.server.password, "secret".into());
        let url = FtpUrl::parse("ftp://user:own@example.org/f", Some(&"secret".into())).unwrap();
        assert_eq!(url.server.password, "own".into(), "what is in the URL comes first");
        assert!(FtpUrl::parse("ftp://user@example.org/f", None).is_err());
    }

    #[test]
    fn a_directory_is_the_root_unless_named() {
        let directory = |text| FtpUrl::parse_directory(text, None).unwrap().path;
        assert_eq!(directory("ftp://a"), "/");
        assert_eq!(directory("ftp://a/"), "/");
        assert_eq!(directory("ftp://a/one/two/"), "/one/two");
    }

    #[test]
    fn no_password_is_in_what_is_remembered() {
        assert_eq!(ftp("ftp://me:p@a/b").identity(), "ftp://me@a:21/b");
        assert_eq!(HttpUrl::parse("http://me:p@a:8080/b?c").unwrap().identity(), "http://a:8080/b?c");
        assert_eq!(HttpUrl::parse("https://a/b").unwrap().identity(), "https://a/b");
        let url = HttpUrl::parse("http://m%65:p@a/b").unwrap();
        assert_eq!(url.login(), Some(&basic(b"me:p")));
        assert!(!format!("{url:?}").contains("Basic"));
    }

    #[test]
    fn a_host_beyond_ascii_is_looked_up_by_its_ascii_name() {
        let http = |text| HttpUrl::parse(text).unwrap().identity();
        assert_eq!(http("http://bücher.example/"), "http://xn--bcher-kva.example/");
        assert_eq!(http("http://BÜCHER.example:8080/a?b"), "http://xn--bcher-kva.example:8080/a?b");
        assert_eq!(ftp("ftp://bücher.example/f").server, Server::new("xn--bcher-kva.example"));
        assert!(HttpUrl::parse("http://\u{200b}/").is_err());
    }

    #[test]
    fn a_url_names_a_file() {
        let name = |text| HttpUrl::parse(text).unwrap().file_name();
        assert_eq!(name("http://a/b/c%20d.bin?x=/y").unwrap(), "c%20d.bin");
        for url in ["http://a", "http://a/", "http://a/b/", "http://a/b/.."] {
            assert!(name(url).is_err(), "{url}");
        }
    }

    #[test]
    fn a_password_is_in_no_uri() {
        assert_eq!(HttpUrl::parse("http://me:p@a:8080/b").unwrap().into_uri(), "http://a:8080/b");
    }

    #[test]
    fn another_name_is_in_the_same_directory_unless_it_says_where() {
        let url = ftp("ftp://a/one/two");
        assert_eq!(url.beside("three").unwrap(), "/one/three");
        assert_eq!(url.beside("/three").unwrap(), "/three");
        for name in ["", "three/", "th\"ree", "three\r\nAT"] {
            assert!(url.beside(name).is_err(), "{name:?}");
        }
    }

    #[test]
    fn another_name_may_be_a_url_of_the_same_server() {
        let url = ftp("ftp://me:p@a/one/two");
        for name in ["ftp://me:p@a/b%20c", "FTP://me@A:21/b%20c", "ftp://a/b%20c"] {
            assert_eq!(url.beside(name).unwrap(), "/b c", "{name}");
        }
        for name in
            ["ftp://me:sesame@b/c", "ftp://a:2121/c", "ftp://you:sesame@a/c", "http://a/c", "ftp://a/"]
        {
            let refused = url.beside(name).unwrap_err();
            assert!(!refused.to_string().contains("sesame"), "{refused}");
            assert_eq!(refused.kind(), "usage", "{name}");
        }
    }

    #[test]
    fn a_type_stands_behind_the_path() {
        let parsed = |text| {
            let url = ftp(text);
            (url.path, url.kind)
        };
        assert_eq!(parsed("ftp://a/b;type=a"), ("/b".to_owned(), Some(FtpType::Ascii)));
        assert_eq!(parsed("ftp://a/b;TYPE=I"), ("/b".to_owned(), Some(FtpType::Image)));
        assert_eq!(parsed("ftp://a/b%3Btype=a"), ("/b;type=a".to_owned(), None));
        assert!(FtpUrl::parse("ftp://a/b;type=d", None).unwrap_err().to_string().contains("a directory"));
        assert_eq!(FtpUrl::parse_directory("ftp://a/b/;type=d", None).unwrap().path, "/b");
        assert_eq!(parsed("ftp://a/b;1"), ("/b;1".to_owned(), None));
        for text in ["ftp://a/b;type=x", "ftp://a/b;type=", "ftp://a/b;type=a/c"] {
            assert!(FtpUrl::parse(text, None).unwrap_err().to_string().contains("%3B"), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_sent_is_refused_with_what_helps() {
        assert_eq!(
            refusal("gopher://a/"),
            "gopher:// does not go with this command; use http:// or https://"
        );
        assert_eq!(refusal("example.org"), "the URL has no scheme; begin it with http:// or https://");
        assert_eq!(refusal("http://a/\"b"), "the URL holds a quotation mark; write it as %22");
        assert_eq!(refusal("http://a/\r\nAT"), "the URL holds a line break; write it as %0D");
        assert_eq!(refusal("http://a/ü"), "the URL holds the character 'ü'; write it as %C3%BC");
        assert_eq!(refusal("http:///a"), "the URL has no host; write http://HOST/PATH");
        let refusal = |text| FtpUrl::parse(text, None).unwrap_err().to_string();
        assert!(refusal("ftp://u:p@a/x%22y").starts_with("the URL's path holds a quotation mark"));
        assert!(refusal("ftp://u:p%0d@a/x").starts_with("the URL's password holds a line break"));
        assert!(refusal("ftp://u:p@a/dir/").starts_with("the URL names a directory"));
        assert!(refusal("ftp://u:p@a:0/x").starts_with("the URL's port"));
        for text in ["ftp://u:hunter2@a:x/f", "ftp://u:hunter2@/f", "http://u:hunter2@a/f", "u:hunter2@a/f"] {
            assert!(!refusal(text).contains("hunter2"));
        }
    }
}
