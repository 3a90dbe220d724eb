//! What `AT+HTTPSCONT?` and `AT+FTPSCONT?` read back.

use crate::bearer::Cid;
use crate::ftp::{
    FtpDataConnection, FtpHost, FtpName, FtpOffset, FtpPassword, FtpPath, FtpPortNumber, FtpRepresentation,
    FtpTimeout, FtpUser, PutOption,
};
use crate::http::{HttpBreak, HttpProxyPort, HttpText};
use crate::information::text;
use crate::{Claim, Information, Line, Parameter, Secret, Text, UserData, Values};

/// The parameters of the HTTP session; `None` for those that the module does not print, or prints in a way in which
/// they could not be set.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub struct HttpContext<'a> {
    /// Whether these are the saved parameters, rather than those of the running session.
    pub saved: bool,
    /// The bearer profile.
    pub cid: Option<Cid>,
    /// The URL.
    pub url: Option<HttpText<'a>>,
    /// The user agent.
    pub user_agent: Option<HttpText<'a>>,
    /// Address of the proxy.
    pub proxy_address: Option<HttpText<'a>>,
    /// Port of the proxy.
    pub proxy_port: Option<HttpProxyPort>,
    /// Whether the module follows a redirection.
    pub redirect: Option<bool>,
    /// The first octet of the object to fetch.
    pub break_start: Option<HttpBreak>,
    /// The last octet to fetch.
    pub break_end: Option<HttpBreak>,
    /// Header lines. Its `Debug` masks credentials.
    pub user_data: Option<UserData<'a>>,
}

impl<'a> Information<'a> for HttpContext<'a> {
    const SHAPE: &'static str = "<mode>, then lines of <tag>: <value>";

    /// Each line has a name of its own.
    fn claim(_name: &'static str) -> Claim {
        Claim::Text
    }

    fn decode(lines: &[Line<'a>]) -> Option<Self> {
        let mut context = Self { saved: saved(lines, "+HTTPSCONT")?, ..Self::default() };
        for (tag, text) in entries(lines) {
            match tag {
                "CID" => context.cid = value(text),
                "URL" => context.url = Text::new(text).ok(),
                "UA" => context.user_agent = Text::new(text).ok(),
                "PROIP" => context.proxy_address = Text::new(text).ok(),
                "PROPORT" => context.proxy_port = value(text),
                "REDIR" => context.redirect = value(text),
                "BREAK" => context.break_start = value(text),
                "BREAKEND" => context.break_end = value(text),
                "USERDATA" => context.user_data = UserData::joined(text),
                _ => {}
            }
        }
        Some(context)
    }
}

/// The settings of FTP sessions; `None` for those that the module does not print, or prints in a way in which they
/// could not be set.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub struct FtpContext<'a> {
    /// Whether these are the saved settings, rather than those of the present.
    pub saved: bool,
    /// The server.
    pub server: Option<FtpHost<'a>>,
    /// Its control port.
    pub port: Option<FtpPortNumber>,
    /// The user name.
    pub user: Option<FtpUser<'a>>,
    /// The password. Its `Debug` masks it.
    pub password: Option<FtpPassword<'a>>,
    /// The bearer profile.
    pub cid: Option<Cid>,
    /// Who opens the data connection.
    pub mode: Option<FtpDataConnection>,
    /// The type of the data.
    pub kind: Option<FtpRepresentation>,
    /// How an upload treats a file that is there already.
    pub option: Option<PutOption>,
    /// Where the next download begins.
    pub offset: Option<FtpOffset>,
    /// The file to download.
    pub get_name: Option<FtpName<'a>>,
    /// Its directory.
    pub get_path: Option<FtpPath<'a>>,
    /// The file to upload to.
    pub put_name: Option<FtpName<'a>>,
    /// Its directory.
    pub put_path: Option<FtpPath<'a>>,
    /// `+FTPTIMEOUT`, which the manual prints here and explains nowhere.
    pub timeout: Option<FtpTimeout>,
}

impl<'a> Information<'a> for FtpContext<'a> {
    const SHAPE: &'static str = "<mode>, then lines of +<command>: <value>";

    /// Each line has the name of another command.
    fn claim(_name: &'static str) -> Claim {
        Claim::Text
    }

    fn decode(lines: &[Line<'a>]) -> Option<Self> {
        let mut context = Self { saved: saved(lines, "+FTPSCONT")?, ..Self::default() };
        for (tag, text) in entries(lines) {
            match tag {
                "+FTPSERV" => context.server = Text::new(text).ok(),
                "+FTPPORT" => context.port = value(text),
                "+FTPUN" => context.user = Text::new(text).ok(),
                "+FTPPW" => context.password = Secret::new(text).ok(),
                "+FTPCID" => context.cid = value(text),
                "+FTPMODE" => context.mode = value(text),
                "+FTPTYPE" => context.kind = value(text),
                "+FTPPUTOPT" => context.option = value(text),
                "+FTPREST" => context.offset = value(text),
                "+FTPGETNAME" => context.get_name = Text::new(text).ok(),
                "+FTPGETPATH" => context.get_path = Text::new(text).ok(),
                "+FTPPUTNAME" => context.put_name = Text::new(text).ok(),
                "+FTPPUTPATH" => context.put_path = Text::new(text).ok(),
                "+FTPTIMEOUT" => context.timeout = value(text),
                _ => {}
            }
        }
        Some(context)
    }
}

/// The mode at the head: 0 for values that are saved, 1 for values that are not.
fn saved(lines: &[Line<'_>], name: &str) -> Option<bool> {
    let head = lines.iter().find(|line| line.name() == Some(name))?;
    head.values().next()?.number().map(|mode| mode == 0)
}

/// What stands before the first colon of each line, and the rest without blanks and quotes around it: a string may hold
/// commas and colons, and nothing else stands behind it.
fn entries<'a>(lines: &[Line<'a>]) -> impl Iterator<Item = (&'a str, &'a str)> {
    let pairs = lines.iter().filter_map(|line| text(*line)?.split_once(':'));
    pairs.map(|(tag, value)| {
        let value = value.trim();
        let inner = value.strip_prefix('"').and_then(|value| value.strip_suffix('"'));
        (tag.trim(), inner.unwrap_or(value))
    })
}

/// A number or a word.
fn value<'a, T: Parameter<'a>>(text: &'a str) -> Option<T> {
    T::decode(&mut Values::new(text.as_bytes()))
}
