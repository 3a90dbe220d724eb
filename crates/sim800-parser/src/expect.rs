//! What the command in flight lets its response look like.
//!
//! The same octets mean different things after different commands: `+FTPGET: 1,1` is unsolicited, `+FTPGET: 2,50` is
//! followed by fifty raw octets, and `>` is a prompt or the end of an HTML tag. So whoever sends a command tells the
//! framer what its response may hold, and what is not expected cannot open a data phase nor end the command.

use crate::{FinalResultCode, Header, Line, Name, Values};

/// The response that the command in flight may get.
///
/// Some commands end without `OK` (AT Command Manual, chapter 8), which [`ending`](Self::ending) is for: `AT+CIPSHUT` with the line
/// `SHUT OK`, `AT+CIFSR` with an address, `AT+CIPSEND` with `SEND OK` or `SEND FAIL`.
///
/// ```
/// use sim800_parser::{Event, Expect, FinalResultCode, Framer, Line};
///
/// fn sent(line: Line<'_>) -> Option<FinalResultCode> {
///     match line.text() {
///         b"SEND OK" => Some(FinalResultCode::Ok),
///         b"SEND FAIL" => Some(FinalResultCode::Error),
///         _ => None,
///     }
/// }
///
/// let mut framer: Framer = Framer::new();
/// framer.begin(Expect::result().with_endings(sent));
/// let mut input: &[u8] = b"\r\nSEND FAIL\r\n";
/// assert!(matches!(framer.next(&mut input), Some(Event::Final { code: FinalResultCode::Error, .. })));
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Expect {
    /// The DCE may repeat the command line first (`ATE1`).
    pub echo: bool,
    /// The lines that are information text of this command.
    pub information: Claim,
    /// The counted octets that go with it.
    pub data: DataPhase,
    /// `NO CARRIER`, `NO DIALTONE`, `BUSY`, `NO ANSWER` and `CONNECT` end this command. They do for a command that
    /// makes a connection (V.250 section 6.3); during any other they tell of a call and are unsolicited.
    pub connection: bool,
    /// The line that ends the response in place of `OK`: `SHUT OK` for `AT+CIPSHUT`, `+HTTPREAD: 0` of a SIM7600, which sends
    /// the payload behind the `OK`, or `SEND OK`. `OK` is information text then, payload may come in several frames, and errors
    /// end the command as ever. The line is an [`Event::Final`](crate::Event::Final).
    pub ending: Option<Ending>,
}

/// Which line ends a response in place of `OK`.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Ending {
    /// One that begins so, and ends it well.
    Line(Name),
    /// One of which this tells how it ends the response.
    OneOf(fn(Line<'_>) -> Option<FinalResultCode>),
}

impl Ending {
    /// How `line` ends the response, if it does.
    #[inline]
    #[must_use]
    pub fn code(&self, line: Line<'_>) -> Option<FinalResultCode> {
        match self {
            Self::Line(name) => line.text().starts_with(name.as_bytes()).then_some(FinalResultCode::Ok),
            Self::OneOf(code) => code(line),
        }
    }
}

impl Expect {
    /// Nothing but a final result code, and possibly an echo before it.
    #[must_use]
    pub const fn result() -> Self {
        Self { echo: true, information: Claim::None, data: DataPhase::None, connection: false, ending: None }
    }

    /// With information text.
    #[must_use]
    pub const fn with_information(mut self, information: Claim) -> Self {
        self.information = information;
        self
    }

    /// With a data phase.
    #[must_use]
    pub const fn with_data(mut self, data: DataPhase) -> Self {
        self.data = data;
        self
    }

    /// For a command that makes a connection.
    #[must_use]
    pub const fn with_connection(mut self) -> Self {
        self.connection = true;
        self
    }

    /// For a command whose response ends with a line of its own.
    #[must_use]
    pub const fn with_ending(mut self, line: Name) -> Self {
        self.ending = Some(Ending::Line(line));
        self
    }

    /// For a command whose response ends with one of several lines, or one that varies.
    #[must_use]
    pub const fn with_endings(mut self, code: fn(Line<'_>) -> Option<FinalResultCode>) -> Self {
        self.ending = Some(Ending::OneOf(code));
        self
    }
}

/// Which lines are information text of the command in flight; every other line is unsolicited.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Claim {
    /// None.
    None,
    /// Lines of this name whose values are accepted. The same name often stands for an unsolicited line too, told
    /// apart by the count of the values or by one of them: `+CREG: 1` against `+CREG: 0,1`.
    Named {
        /// What stands before the colon, such as `+CREG`.
        name: Name,
        /// Whether these are the values of a response.
        accepts: fn(Values<'_>) -> bool,
    },
    /// Free text, as after `AT+GSN`: every line that the [`Dialect`](crate::Dialect) does not know as unsolicited. The
    /// dialect sees what stands behind a CR alone, since an echo that a fault has changed ends so.
    Text,
}

impl Claim {
    /// Lines of this name whose values are accepted.
    #[must_use]
    pub const fn named(name: &'static str, accepts: fn(Values<'_>) -> bool) -> Self {
        Self::Named { name: Name::from_static(name), accepts }
    }
}

/// The counted octets of a response or of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DataPhase {
    /// None.
    None,
    /// From the DCE, as many as the header line says: `+HTTPREAD: <n>`, `+FTPGET: 2,<n>`.
    Announced {
        /// The header.
        header: Header,
        /// What the command asked for. A header that announces more opens no data phase.
        at_most: u32,
    },
    /// From the DCE, without a header, after one line end: `AT+FSREAD`. The caller knows the count.
    ///
    /// `ERROR` and `+CME ERROR` are looked for in place of the first octets. A file that begins with just these and a
    /// line end cannot be told from them; no other text is taken for a result code.
    Counted {
        /// How many octets come.
        count: u32,
    },
    /// From the DCE, at once: the octet behind the echo, or the first where there is none.
    ///
    /// An error in their place is not looked for. Payload that reads like a command line up to its carriage return is taken for
    /// the echo as long as that may come: say that it may not ([`Expect::echo`]) where it is switched off.
    AtOnce {
        /// How many octets come.
        count: u32,
    },
    /// To the DCE, after a line that invites them: `DOWNLOAD` for `AT+HTTPDATA`.
    Invited {
        /// The inviting line.
        line: Name,
    },
    /// To the DCE, after `>` at the start of a line: `AT+FSWRITE`.
    Prompted,
    /// To the DCE, as many as a line grants: `+FTPPUT: 2,<n>`, `+FTPEXTPUT: <position>,<n>`.
    Granted {
        /// The granting line.
        header: Header,
        /// What the command offered. A line that asks for more grants nothing.
        at_most: u32,
    },
}
