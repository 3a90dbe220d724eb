//! What all parts of the module share: the clock, the way out, the agenda, the way to the network.

use std::time::Duration;

use sim800_command::Form;

use crate::agenda::{Agenda, Timer};
use crate::config::Config;
use crate::effect::{Effect, OperationId};
use crate::network::{FtpFailure, HttpFailure};
use crate::outbox::Outbox;
use crate::refusal::Refusal;
use crate::response::{Format, Output};
use crate::syntax::Command;

/// While so many effects wait to be polled, no command is begun.
const MOST_EFFECTS: usize = 256;

/// How a command goes on, if it is not refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// It is done.
    Done,
    /// It ends later; nothing else is executed until then.
    Wait(Duration, Slow),
    /// So many octets of payload come first, within this time.
    Input(usize, Duration, Sink),
    /// Text comes first, up to Ctrl-Z or ESC; so many octets of it are taken at most.
    Text(usize, Sink),
    /// What it has said is its result; `OK` comes only if other commands stand behind it.
    Answered,
    /// It ends without a result code, and so does its line.
    Silent,
}

/// Every command's outcome.
pub(crate) type Outcome = Result<Step, Refusal>;

/// What a command that takes time does at its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Slow {
    /// Begins the command line.
    Line,
    /// Opens the bearer.
    BearerOpen(u8),
    /// Closes the bearer.
    BearerClose(u8),
    /// Attaches to GPRS or detaches.
    Attach(bool),
    /// Changes the level of functionality.
    Functionality(u8),
    /// Resets the module.
    Restart,
    /// Unlocks the SIM.
    Unlock,
    /// Looks for a network again, or leaves it.
    Register(bool),
    /// Lists the networks.
    ListOperators,
    /// Opens the context of the sockets.
    ContextOpen,
    /// Closes it.
    ContextClose,
    /// Sends what a socket was given.
    SocketSend,
    /// Closes a socket.
    SocketClose(u8),
    /// Waits for the answers to `AT+CIPPING`.
    Ping,
    /// Activates or deactivates a context of `AT+CGDCONT`.
    Activate(u8, bool),
    /// Rings until somebody answers.
    Dial,
    /// Sends a short message.
    MessageSend(u8),
    /// Waits for the server that knows where the cell of the bearer's is.
    Locate(Location, u8),
    /// Says the result code that was held back.
    Result(Result<(), Refusal>),
}

/// What a server is asked for that knows where cells are; the rough place comes with how far it may be wrong, in metres.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Location {
    PlaceAndTime,
    Time,
    RoughPlace,
    RoughPlaceAndTime,
}

/// Where payload goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sink {
    /// `AT+HTTPDATA`
    HttpData,
    /// `AT+FTPPUT=2`
    FtpPut,
    /// `AT+FTPEXTPUT=2`
    FtpExtPut,
    /// `AT+FSWRITE`
    FsWrite,
    /// `AT+CIPSEND`
    Socket,
    /// `AT+CMGS` and `AT+CMGW`
    Message,
}

pub(crate) struct Board {
    pub(crate) config: Config,
    pub(crate) now: Duration,
    pub(crate) output: Output,
    pub(crate) agenda: Agenda,
    /// So soon behind a result code sockets hold back what came for the DTE.
    pub(crate) is_quiet: bool,
    pub(crate) outbox: Outbox,
    operations: u64,
    /// How much later the next final result code comes.
    pub(crate) hesitation: Option<Duration>,
    /// How many octets the next read gets at most.
    short_read: Option<usize>,
    /// What becomes of the next request, and of the next FTP session, instead of reaching the network.
    pub(crate) http_failure: Option<HttpFailure>,
    pub(crate) ftp_failure: Option<FtpFailure>,
}

impl Board {
    pub(crate) fn new(config: Config, format: Format) -> Self {
        let output = Output::new(format, &config);
        Self {
            config,
            now: Duration::ZERO,
            output,
            agenda: Agenda::default(),
            is_quiet: false,
            outbox: Outbox::default(),
            operations: 0,
            hesitation: None,
            short_read: None,
            http_failure: None,
            ftp_failure: None,
        }
    }

    /// The command that waits need not wait any more.
    pub(crate) fn hurry(&mut self) {
        self.agenda.set(Timer::Command, self.now);
    }

    /// Sets a timer.
    pub(crate) fn after(&mut self, delay: Duration, timer: Timer) {
        self.agenda.set(timer, self.now.saturating_add(delay));
    }

    /// How many of the octets asked for a read gets.
    pub(crate) fn readable(&mut self, asked: usize) -> usize {
        self.short_read.take().map_or(asked, |most| asked.min(most))
    }

    /// Lets the next read be a short one.
    pub(crate) fn shorten(&mut self, at_most: usize) {
        self.short_read = Some(at_most);
    }

    /// Drops all faults that are still to come.
    pub(crate) fn heal(&mut self) {
        self.hesitation = None;
        self.short_read = None;
        self.http_failure = None;
        self.ftp_failure = None;
        self.output.heal();
    }

    /// A command that tells one thing in one form.
    pub(crate) fn tell(command: &Command, form: Form, text: &str, board: &mut Self) -> Outcome {
        if command.form == form {
            board.output.information(text);
        } else if command.form != Form::Test {
            return Err(Refusal::Unknown);
        }
        Ok(Step::Done)
    }

    /// A name for a new operation.
    pub(crate) fn operation(&mut self) -> OperationId {
        self.operations += 1;
        OperationId(self.operations)
    }

    pub(crate) fn effect(&mut self, effect: Effect) {
        self.outbox.push(self.now, effect, &self.config.timings);
    }

    /// Whether so much waits outside that no command is begun.
    pub(crate) fn is_congested(&self) -> bool {
        self.output.is_congested() || self.outbox.len() >= MOST_EFFECTS
    }
}
