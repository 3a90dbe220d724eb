//! Why the program does not succeed.

use std::error::Error;
use std::fmt;
use std::io;
use std::path::Path;

use http::StatusCode;
use serde_json::Value;
use sim800_https::{HttpsError, TlsError};
use sim800_session::{
    BearerError, Chain, Endpoint, Error as CommandError, FsError, FtpError, HttpError, OpenError, Sent,
    SocketError, StartUpError,
};

use crate::exit;
use crate::holder;
use crate::way::WayError;

const INTERRUPTED: &str = "interrupted";

/// Why a command failed, in one line that says what and what helps.
#[derive(Debug)]
pub(crate) struct Failure {
    kind: &'static str,
    /// The module's own number.
    code: Option<u32>,
    message: String,
    /// What becomes of what has come, where there is something to say about that.
    advice: Option<Box<str>>,
    /// The exit status, where kind and code do not tell it.
    exit: Option<u8>,
    /// Whether the server may have got what is never sent twice.
    sent: Option<Sent>,
    is_sent_once: bool,
    pub(crate) is_told: bool,
    /// What is known all the same, for programs and on stdout.
    pub(crate) fields: Vec<(&'static str, Value)>,
    pub(crate) text: String,
}

impl Failure {
    /// Something that has no number.
    pub(crate) fn new(kind: &'static str, message: impl Into<String>) -> Self {
        let message = message.into();
        Self {
            kind,
            code: None,
            message,
            advice: None,
            exit: None,
            sent: None,
            is_sent_once: false,
            is_told: false,
            fields: Vec::new(),
            text: String::new(),
        }
    }

    /// What was asked for makes no sense.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new("usage", message)
    }

    /// The server answered, but not with what was asked for.
    /// `why`: what is to be said of that, with what parts it from the status.
    pub(crate) fn status(status: StatusCode, why: &str) -> Self {
        let message = format!("the server answered {status}{why}");
        Self { code: Some(status.as_u16().into()), ..Self::new("http-status", message) }
    }

    /// It took longer than the user wants it to.
    pub(crate) fn out_of_time(message: String) -> Self {
        Self { sent: Some(Sent::Unknown), ..Self::new("timed-out", message) }
    }

    /// Somebody ended the program by a signal.
    pub(crate) fn interrupted(signal: u8) -> Self {
        let sent = Some(Sent::Unknown);
        Self { exit: Some(128 + signal), sent, ..Self::new(INTERRUPTED, "interrupted") }
    }

    /// Everything was told on the way, and only the exit status is left to tell.
    pub(crate) fn told(exit: u8) -> Self {
        Self { exit: Some(exit), is_told: true, ..Self::new("told", "") }
    }

    /// Says it in other words, for more is known of it.
    pub(crate) fn with_message(self, message: impl Into<String>) -> Self {
        Self { message: message.into(), ..self }
    }

    /// With another exit status.
    pub(crate) fn with_exit(self, exit: u8) -> Self {
        Self { exit: Some(exit), ..self }
    }

    /// That somebody interrupted the program is no failure of anything else.
    pub(crate) fn is_interruption(&self) -> bool {
        self.kind == INTERRUPTED
    }

    /// Whether somebody pressed Ctrl-C.
    pub(crate) fn is_by_key(&self) -> bool {
        self.is_interruption() && self.exit == Some(128 + 2)
    }

    /// Says what it is about, before anything else.
    pub(crate) fn of(self, what: &str) -> Self {
        match self.message.as_str() {
            "" => self,
            message => Self { message: format!("{what}: {message}"), ..self },
        }
    }

    /// Says what else is wrong.
    pub(crate) fn and(self, more: &str) -> Self {
        Self { message: format!("{}; {more}", self.message), ..self }
    }

    /// Says of an interruption what becomes of what was moved.
    pub(crate) fn if_interrupted(self, advice: &str) -> Self {
        if self.kind == INTERRUPTED { self.with_advice(advice) } else { self }
    }

    /// A file cannot be read or written.
    pub(crate) fn file(what: &str, path: &Path, error: &io::Error) -> Self {
        Self::new("file", format!("cannot {what} {}: {}", path.display(), reason(error)))
    }

    /// A port cannot be offered, or broke.
    pub(crate) fn port(what: &str, error: &io::Error) -> Self {
        Self::new("port", format!("{what}: {}", reason(error)))
    }

    /// What a socket of the module ended with.
    pub(crate) fn socket(error: &io::Error) -> Self {
        match error.get_ref().and_then(|error| error.downcast_ref::<SocketError>()) {
            Some(error) => error.clone().into(),
            None => Self::new("closed", error.to_string()),
        }
    }

    /// Whoever read the output does so no more; there is nobody to tell.
    pub(crate) fn unheard() -> Self {
        Self::new("file", "")
    }

    /// Stdout cannot be written.
    pub(crate) fn stdout(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::unheard(),
            _ => Self::file("write", Path::new("stdout"), error),
        }
    }

    /// Says what becomes of what has come, instead of what was said of that.
    pub(crate) fn with_advice(self, advice: impl Into<Box<str>>) -> Self {
        Self { advice: Some(advice.into()), ..self }
    }

    pub(crate) fn with_field(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.fields.push((name, value.into()));
        self
    }

    /// Says for programs which URL it is about, before anything else.
    pub(crate) fn about(mut self, url: String) -> Self {
        self.fields.insert(0, ("url", url.into()));
        self
    }

    pub(crate) fn with_fields(mut self, fields: impl IntoIterator<Item = (&'static str, Value)>) -> Self {
        self.fields.extend(fields);
        self
    }

    /// Something that belongs to stdout although it is a failure.
    pub(crate) fn with_text(mut self, text: impl Into<String>) -> Self {
        self.text = text.into();
        self
    }

    fn of_module(kind: &'static str, code: Option<u32>, error: &(impl Error + 'static)) -> Self {
        Self { code, ..Self::new(kind, Chain(error).to_string()) }
    }

    /// Has it said whether the server may have got what is never sent twice, where that is a question.
    pub(crate) fn of_what_is_sent_once(self) -> Self {
        Self { is_sent_once: true, ..self }
    }

    /// Whether the server may have got what is never sent twice.
    pub(crate) fn sent(&self) -> Option<Sent> {
        self.sent.filter(|_| self.is_sent_once)
    }

    /// Whether it came before anything was asked of a server.
    pub(crate) fn is_unsent(&self) -> bool {
        self.sent == Some(Sent::No)
    }

    pub(crate) fn kind(&self) -> &'static str {
        self.kind
    }

    pub(crate) fn code(&self) -> Option<u32> {
        self.code
    }

    /// The exit status that tells of it.
    pub(crate) fn exit(&self) -> u8 {
        self.exit.unwrap_or_else(|| exit::status(self.kind, self.code))
    }
}

/// Empty when there is nobody to tell.
impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // One line, whatever went into it.
        for (n, line) in self.message.lines().enumerate() {
            if n > 0 {
                f.write_str(" ")?;
            }
            f.write_str(line)?;
        }
        if self.message.is_empty() {
            return Ok(());
        }
        match self.sent() {
            Some(Sent::No) => f.write_str("; the server did nothing")?,
            Some(Sent::Unknown) => {
                f.write_str("; the server may have got it: check there before you send it again")?;
            }
            None => {}
        }
        match &self.advice {
            Some(advice) => write!(f, "; {advice}"),
            None => Ok(()),
        }
    }
}

/// What an I/O error says, without the number that the system has for it.
fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    let Some((text, _)) = text.split_once(" (os error") else { return text };
    // What stands before it may be the name of a file.
    match text.rsplit_once(": ") {
        Some((what, why)) => format!("{what}: {}", why.to_lowercase()),
        None => text.to_lowercase(),
    }
}

impl From<OpenError> for Failure {
    fn from(error: OpenError) -> Self {
        let holder = match (error.kind(), error.endpoint()) {
            (io::ErrorKind::WouldBlock, Endpoint::Serial(path)) => holder::of(path),
            _ => None,
        };
        let message = match holder {
            Some(holder) => format!("cannot open {}: {holder} uses it; end that first", error.endpoint()),
            None => error.to_string(),
        };
        Self { sent: Some(Sent::No), ..Self::new("port", message) }
    }
}

impl From<CommandError> for Failure {
    fn from(error: CommandError) -> Self {
        Self::of_module(error.kind().as_str(), error.code(), &error)
    }
}

impl From<StartUpError> for Failure {
    fn from(error: StartUpError) -> Self {
        Self { sent: Some(Sent::No), ..Self::of_module(error.kind().as_str(), error.code(), &error) }
    }
}

impl From<BearerError> for Failure {
    fn from(error: BearerError) -> Self {
        Self { sent: Some(Sent::No), ..Self::of_module(error.kind().as_str(), error.code(), &error) }
    }
}

impl From<HttpError> for Failure {
    fn from(error: HttpError) -> Self {
        // A header, say, that the module cannot send.
        let exit = matches!(error, HttpError::Unsupported { .. }).then_some(exit::USAGE);
        let sent = Some(error.sent());
        Self { sent, exit, ..Self::of_module(error.kind().as_str(), error.code(), &error) }
    }
}

impl From<FtpError> for Failure {
    fn from(error: FtpError) -> Self {
        Self { sent: Some(error.sent()), ..Self::of_module(error.kind().as_str(), error.code(), &error) }
    }
}

impl From<SocketError> for Failure {
    fn from(error: SocketError) -> Self {
        Self::of_module(error.kind().as_str(), error.code(), &error)
    }
}

impl From<HttpsError> for Failure {
    fn from(error: HttpsError) -> Self {
        // A header, say, that this side sends itself.
        let exit = matches!(error, HttpsError::Unsupported { .. }).then_some(exit::USAGE);
        let sent = Some(error.sent());
        Self { sent, exit, ..Self::of_module(error.kind().as_str(), error.code(), &error) }
    }
}

impl From<TlsError> for Failure {
    fn from(error: TlsError) -> Self {
        Self { sent: Some(Sent::No), ..Self::of_module(error.kind().as_str(), None, &error) }
    }
}

impl From<WayError> for Failure {
    fn from(error: WayError) -> Self {
        match error {
            WayError::Module(error) => error.into(),
            WayError::Own(error) => error.into(),
        }
    }
}

impl From<FsError> for Failure {
    fn from(error: FsError) -> Self {
        // No server has to do with it.
        Self { sent: Some(Sent::No), ..Self::of_module(error.kind().as_str(), error.code(), &error) }
    }
}
