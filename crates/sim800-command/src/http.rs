//! The HTTP service (manual chapter 11).

use core::time::Duration;

use crate::bearer::Cid;
use crate::context::{entries, saved, value};
use crate::parameter::is_word;
use crate::{Claim, DataPhase, Header, Information, LINE_LIMIT, Line, Number, Text, UserData, time_limit};

/// The octets that the module holds, of a body to send as of one received (manual 11.2.4, 11.2.6).
pub const HTTP_LIMIT: u32 = 319_488;

/// Octets of a body to send.
pub type HttpDataSize = Number<0, HTTP_LIMIT>;
/// How long the module waits for them, in milliseconds.
pub type HttpDataTime = Number<1_000, 120_000>;
/// A place in a body that was received.
pub type HttpPosition = Number<0, HTTP_LIMIT>;
/// Octets of a body that are read at once.
pub type HttpReadSize = Number<1, HTTP_LIMIT>;
/// A string of the HTTP service.
pub type HttpText<'a> = Text<'a, LINE_LIMIT>;
/// The port of a proxy, 0 for none.
pub type HttpProxyPort = Number<0, 65_535>;
/// A place in the object on the server.
pub type HttpBreak = Number<0, { u32::MAX }>;
/// How long the module waits for the server, in seconds.
pub type HttpTimeout = Number<30, 1_000>;

commands! {
    HttpInit "11.2.1" {
        /// Starts the HTTP service. Every other HTTP command needs it; refused when it is started already.
        Execution HttpInit;
        test HttpInit;
    }

    HttpTerm "11.2.2" {
        /// Ends the HTTP service and forgets its parameters and data. Refused when it is not started.
        Execution HttpTerm;
        test HttpTerm;
    }

    HttpPara "11.2.3" {
        /// Sets a parameter of the HTTP session.
        Write HttpPara<'a> {
            /// What to set.
            parameter: HttpParameter<'a>,
        };
        test HttpPara<'a>;
    }

    HttpData "11.2.4" {
        /// Loads the body of a POST: the module invites with `DOWNLOAD`, and answers when it has all octets or its
        /// time is over. With `size` 0 it forgets the body, without inviting.
        Write HttpData {
            /// How many octets follow.
            size: HttpDataSize,
            /// How long the module waits for them, in milliseconds.
            time: HttpDataTime,
        },
        within |command| time_limit::UNSTATED + Duration::from_millis(u64::from(command.time.get())),
        data "DOWNLOAD" |command| match command.size.get() {
            0 => DataPhase::None,
            _ => DataPhase::Invited { line: "DOWNLOAD".into() },
        };
        test HttpData;
    }

    HttpAction "11.2.5" {
        /// Sends the request. The result comes later, unsolicited: `+HTTPACTION: <method>,<status>,<length>`.
        Write HttpAction {
            /// What to do.
            method: HttpMethod,
        },
        then "+HTTPACTION: <method>,<status>,<length>";
        test HttpAction;
    }

    HttpRead "11.2.6" {
        /// Reads all of the body that was received. With nothing to read the module says just `OK`.
        Execution HttpRead,
        data "+HTTPREAD: <n> and <n> octets" |_| DataPhase::Announced { header: Header::new("+HTTPREAD:"), at_most: HTTP_LIMIT };
        /// Reads a part of the body that was received; past its end, what there is.
        Write HttpReadRange {
            /// Where the part begins.
            start: HttpPosition,
            /// How many octets it has at most.
            size: HttpReadSize,
        },
        data "+HTTPREAD: <n> and <n> octets" |command| DataPhase::Announced {
            header: Header::new("+HTTPREAD:"),
            at_most: command.size.get(),
        };
        test HttpReadRange;
    }

    HttpScont "11.2.7" {
        /// Saves the parameters of the HTTP session, so that they outlive a restart.
        Execution HttpScont;
        /// Reads the parameters of the HTTP session, and whether they are the saved ones.
        Read HttpScontRead -> HttpContext<'r>;
        test HttpScont;
    }

    HttpStatus "11.2.8" {
        /// Asks how far the request has come.
        Read HttpStatusRead -> HttpProgress;
        test HttpStatusRead;
    }

    HttpHead "11.2.9" {
        /// Reads the header of the last response. Since V1.09 of the manual, not in every model.
        Execution HttpHead,
        data "+HTTPHEAD: <n> and <n> octets" |_| DataPhase::Announced { header: Header::new("+HTTPHEAD:"), at_most: HTTP_LIMIT };
        test HttpHead;
    }

    HttpGetHead "11.2.10" {
        /// Chooses whether `AT+HTTPREAD` includes the header of the response. Since V1.11 of the manual.
        Write HttpGetHead {
            /// Whether it does.
            on: bool,
        };
        read HttpGetHead;
        test HttpGetHead;
    }
}

tagged! {
    /// A parameter of the HTTP session.
    pub enum HttpParameter<'a> {
        /// The bearer profile. Needed.
        Cid(Cid) = "CID",
        /// The URL, `host:port/path` with or without the scheme. Needed.
        Url(HttpText<'a>) = "URL",
        /// The user agent; the module's default is `SIMCOM_MODULE`.
        UserAgent(HttpText<'a>) = "UA",
        /// Address of the proxy; empty for none.
        ProxyAddress(HttpText<'a>) = "PROIP",
        /// Port of the proxy.
        ProxyPort(HttpProxyPort) = "PROPORT",
        /// Whether the module follows a redirection.
        Redirect(bool) = "REDIR",
        /// The first octet of the object to fetch.
        Break(HttpBreak) = "BREAK",
        /// The last octet to fetch; less than `BREAK` means up to the end, both 0 everything.
        BreakEnd(HttpBreak) = "BREAKEND",
        /// How long the module waits for the server, in seconds; the default is 120.
        Timeout(HttpTimeout) = "TIMEOUT",
        /// The content type of a POST.
        ContentType(HttpText<'a>) = "CONTENT",
        /// Header lines.
        UserData(UserData<'a>) = "USERDATA",
    }
}

choice! {
    /// An HTTP method.
    pub enum HttpMethod {
        /// GET
        Get = "0",
        /// POST, with what `AT+HTTPDATA` loaded.
        Post = "1",
        /// HEAD
        Head = "2",
        /// DELETE; since V1.10 of the manual.
        Delete = "3",
    }
}

impl HttpMethod {
    /// The method of this number, as `+HTTPACTION` tells it.
    #[must_use]
    pub fn from_number(number: u8) -> Option<Self> {
        let found = Self::WORDS.iter().find(|(_, word)| word.parse() == Ok(number));
        found.map(|(method, _)| *method)
    }

    /// Its name in HTTP.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Head => "HEAD",
            Self::Delete => "DELETE",
        }
    }
}

/// How far a request has come.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub struct HttpProgress {
    /// The method, if the module prints one that is known.
    pub method: Option<HttpMethod>,
    /// What the module is doing.
    pub activity: HttpActivity,
    /// Octets that are done.
    pub finished: u64,
    /// Octets that are left.
    pub remaining: u64,
}

/// What the HTTP service is doing.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum HttpActivity {
    /// Nothing.
    Idle,
    /// It receives.
    Receiving,
    /// It sends.
    Sending,
    /// A number that the manual does not have.
    Other(u8),
}

impl From<u8> for HttpActivity {
    fn from(number: u8) -> Self {
        match number {
            0 => Self::Idle,
            1 => Self::Receiving,
            2 => Self::Sending,
            other => Self::Other(other),
        }
    }
}

impl<'a> Information<'a> for HttpProgress {
    const SHAPE: &'static str = "<mode>,<status>,<finish>,<remain>";
    const VALUES: &'static [(&'static str, &'static str)] = &[
        ("mode", "the method: `GET`, `POST`, `HEAD`, or its number"),
        ("status", "0: idle; 1: receiving; 2: sending"),
        ("finish", "bytes that are done"),
        ("remain", "bytes that are left"),
    ];
    const EXAMPLE: &'static str = ": GET,1,4096,1024";

    fn decode(lines: &[Line<'a>]) -> Option<Self> {
        let mut values = lines.first()?.values();
        let mode = values.next()?;
        // A word in the application note 3.8, the number of the method in V1.12 of the manual.
        let mut methods = HttpMethod::WORDS.iter().map(|(method, _)| *method);
        let method = methods.find(|method| is_word(mode, method.name()) || is_word(mode, method.word()));
        Some(Self {
            method,
            activity: values.next_number::<u8>()?.into(),
            finished: values.next_number()?,
            remaining: values.next_number()?,
        })
    }
}

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
    const VALUES: &'static [(&'static str, &'static str)] = &[
        ("mode", "0: the parameters of the session; 1: the saved ones"),
        ("tag", "a parameter of `AT+HTTPPARA`"),
        ("value", "what it is set to"),
    ];

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
