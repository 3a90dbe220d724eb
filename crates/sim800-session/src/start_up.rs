//! Making a module ready: from whatever state it is in to one that is registered and attached to GPRS.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::future::Future;
use core::time::Duration;

use sim800_command::{
    At, BroadcastRouting, Cfun, CgattRead, CgattWrite, Cmee, Cnmi, CpinRead, CregRead, Echo, ErrorReport,
    FlowControl as LineFlowControl, Functionality, Ifc, IndicationMode, MessageRouting, PinState, Read,
    RegistrationStatus,
};
use thiserror::Error;

use crate::boxed::boxed;
use crate::client::Client;
use crate::concatenation::Together;
use crate::config::{Config, FlowControl};
use crate::engine::{Request, Restart};
use crate::error::{Error, Failure, Malformation, Misuse};
use crate::kind::ErrorKind;
use crate::notices::{Notice, Notices};
use crate::settings::{self, Refusal, Setting, Unsendable};

/// How often the module is asked whether it has got further.
pub(crate) const PAUSE: Duration = Duration::from_secs(1);

/// How many restarts on the way are put up with.
const RESTARTS: usize = 3;

/// Where short messages, broadcasts and reports go: into memory, or nowhere.
const MESSAGES_OFF_THE_LINE: Cnmi = Cnmi {
    mode: IndicationMode::HoldInData,
    messages: MessageRouting::Stored,
    broadcasts: BroadcastRouting::Silent,
    reports: false,
    discard: false,
};

/// How often a module is told so.
const ROUTINGS: usize = 3;

/// The number of `+CME ERROR` by which a module refuses what it can do once the card was read (manual 19.1).
const SIM_BUSY: u32 = 14;

/// What became of the texts of short messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Routed {
    /// They stay off the line.
    Off,
    /// The module refuses that, or does otherwise.
    Refused,
    /// It refuses that for now.
    Busy,
}

/// Why a module could not be made ready.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum StartUpError {
    /// Nothing answers `AT`.
    #[error(
        "no module answers AT within {within:?}; check its power, the wiring and the rate (one that waits for the rest of \
         an interrupted upload answers within two minutes)"
    )]
    NoAnswer {
        /// How long was tried.
        within: Duration,
    },
    /// The SIM card wants its PIN, and there is none in [`Config::pin`].
    #[error("the SIM card wants its PIN")]
    SimPinRequired,
    /// The SIM card refused [`Config::pin`]. This session does not enter it again.
    #[error("the SIM card refused the PIN; {}", after_refusal(*left))]
    SimPinWrong {
        /// How many tries are left, where the firmware tells it.
        left: Option<u8>,
    },
    /// [`Config::pin`] was not entered, because a wrong one might lock the SIM card.
    #[error("the PIN was not entered: {}", before_try(*left))]
    SimPinNotTried {
        /// How many tries are left, where the firmware tells it.
        left: Option<u8>,
    },
    /// [`Config::pin`] is none.
    #[error("a PIN has 4 to 8 digits")]
    SimPinInvalid,
    /// The SIM card wants its PUK.
    #[error("the SIM card wants its PUK, after too many wrong PINs")]
    SimPukRequired,
    /// There is no SIM card.
    #[error("no SIM card is inserted")]
    SimNotInserted,
    /// The SIM card does not work, or is locked to another device.
    #[error("the SIM card cannot be used: {state}")]
    SimFailure {
        /// What the module says of it.
        state: String,
    },
    /// The network refuses the SIM card.
    #[error("the network denies registration; is the SIM card active, and allowed to roam here?")]
    Denied,
    /// No network was found in time.
    #[error("not registered with a network within {within:?}; check the antenna and the coverage")]
    NotRegistered {
        /// How long was waited.
        within: Duration,
    },
    /// The network does not attach the module to GPRS.
    #[error("not attached to GPRS; does the SIM card's plan include data?")]
    NotAttached(#[source] Error),
    /// The module restarts over and over.
    #[error("{0}: it does so over and over")]
    Restarting(Restart),
    /// A command failed.
    #[error(transparent)]
    Command(Error),
}

impl StartUpError {
    /// What kind of error it is.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::NoAnswer { .. } => ErrorKind::NoAnswer,
            Self::SimPinRequired | Self::SimPinNotTried { .. } => ErrorKind::SimPin,
            Self::SimPinWrong { .. } => ErrorKind::SimPinWrong,
            Self::SimPinInvalid => ErrorKind::Invalid,
            Self::SimPukRequired => ErrorKind::SimPuk,
            Self::SimNotInserted => ErrorKind::SimNotInserted,
            Self::SimFailure { .. } => ErrorKind::SimFailure,
            Self::Denied => ErrorKind::Denied,
            Self::NotRegistered { .. } => ErrorKind::NotRegistered,
            Self::NotAttached(_) => ErrorKind::NotAttached,
            Self::Restarting(_) => ErrorKind::Restarted,
            Self::Command(error) => error.kind(),
        }
    }

    /// The module's own number, where it gave one.
    #[must_use]
    pub fn code(&self) -> Option<u32> {
        match self {
            Self::NotAttached(error) | Self::Command(error) => error.code(),
            _ => None,
        }
    }
}

impl From<Error> for StartUpError {
    fn from(error: Error) -> Self {
        match error.failure() {
            Failure::Restarted(sign) => Self::Restarting(*sign),
            _ => Self::Command(error),
        }
    }
}

impl Client {
    /// Makes the module ready: finds it through noise and boot lines, sets what the session relies on, and waits for
    /// SIM card, network and GPRS.
    ///
    /// Nothing is assumed of what an earlier program left: result codes are switched on and made verbose, the echo is
    /// switched off, errors are made numeric, flow control is set as configured, and the text of short messages is
    /// kept off the line. It may be repeated at any time; after a restart of the module it has to be.
    ///
    /// # Errors
    ///
    /// [`StartUpError`] says how far it came.
    pub fn start_up(&self) -> impl Future<Output = Result<(), StartUpError>> + Send {
        boxed(|| self.make_ready())
    }

    async fn make_ready(&self) -> Result<(), StartUpError> {
        let client = self.of_procedure();
        let mut restarts = 0;
        loop {
            match boxed(|| client.bring_up(restarts == 0)).await {
                Err(StartUpError::Restarting(_)) if restarts < RESTARTS => restarts += 1,
                // What came from before the start was taken for an answer, or an answer was lost.
                Err(StartUpError::Command(error)) if restarts < RESTARTS && error.is_of_the_line() => {
                    restarts += 1
                }
                result => return result,
            }
        }
    }

    /// With `at_once`, what is asked first shows whether the line was found.
    async fn bring_up(&self, at_once: bool) -> Result<(), StartUpError> {
        let mut notices = self.subscribe(|_| false);
        let at_once = at_once && self.concatenates();
        if !at_once || !self.known().is_answering() {
            self.find_with(|at| if at_once { at.as_proof() } else { at }).await?;
        }
        // A restart so far was that of a module that was being found.
        while notices.pop().is_some() {}

        let since = self.known().now();
        let found = match boxed(|| self.look()).await {
            // The line is sound, and this module answers several commands at once in no shape that is known.
            Err(StartUpError::Command(error)) if !at_once && is_unreadable(&error) => Found::default(),
            found => found?,
        };
        // They have no values of the caller's.
        let settings = line_settings(self.config(), &found)
            .map_err(|_| Error::of(&At, Failure::Misuse(Misuse::TooLong)))?;
        settings::set(self, &settings, &mut Vec::new()).await.map_err(|unset| unset.error)?;
        if found.is_ready {
            self.known().sends_messages(since, false);
        } else {
            boxed(|| self.await_readiness()).await?;
        }
        restart(&mut notices).map_or(Ok(()), |sign| Err(StartUpError::Restarting(sign)))
    }

    /// Looks how the module stands, all at once. Where it does not say all of that, one thing is done after the other.
    async fn look(&self) -> Result<Found, StartUpError> {
        if !self.concatenates() {
            return Ok(Found::default());
        }
        let (echo, cmee, ifc) = (Echo { on: false }, Read::<Cmee>::new(), Read::<Ifc>::new());
        let (cfun, cnmi) = (Read::<Cfun>::new(), Read::<Cnmi>::new());
        let settings = Together::default().and(&echo)?.and(&cmee)?.and(&ifc)?;
        let all = settings.and(&cfun)?.and(&CpinRead)?.and(&cnmi)?.and(&CregRead)?.and(&CgattRead)?;
        let mut replies = match self.together(all).await {
            Ok(replies) => replies,
            // The card is not there yet, or the firmware lacks one of them.
            Err(error) if error.is_rejected() => return Ok(Found::default()),
            Err(error) => return Err(error.into()),
        };
        replies.read(&echo, |()| ())?;
        let errors_are_numeric = replies.read(&cmee, |cmee| cmee.mode == ErrorReport::Numeric)?;
        let flow_control = Some(replies.read(&ifc, |ifc| ifc)?);
        let mut is_ready = replies.read(&cfun, |cfun| cfun.level == Functionality::Full)?;
        is_ready &= replies.read(&CpinRead, |state| state == PinState::Ready)?;
        let messages_are_off = replies.read(&cnmi, is_off)?;
        is_ready &= messages_are_off;
        is_ready &= replies.read(&CregRead, |registration| registration.status.is_registered())?;
        is_ready &= replies.read(&CgattRead, |attached| attached)?;
        Ok(Found { echo_is_off: true, errors_are_numeric, flow_control, messages_are_off, is_ready })
    }

    /// Waits for SIM card, network and GPRS.
    async fn await_readiness(&self) -> Result<(), StartUpError> {
        let full = self.query(&Read::<Cfun>::new(), |cfun| cfun.level == Functionality::Full).await;
        if matches!(full, Ok(false)) {
            self.execute(&Cfun { level: Functionality::Full, reset: None }).await?;
        }
        let deadline = self.runtime().now().saturating_add(self.config().register_within);
        self.await_sim(deadline).await?;
        self.route_messages().await?;
        self.await_registration(deadline).await?;
        self.attach().await
    }

    /// Repeats `AT` until the module answers, and changes nothing in it. Under autobauding it learns the rate from that
    /// (manual 2.2.41).
    ///
    /// # Errors
    ///
    /// [`StartUpError::NoAnswer`] after [`Config::answer_within`](crate::Config::answer_within), or
    /// [`StartUpError::Command`] when the line is gone.
    pub async fn find(&self) -> Result<(), StartUpError> {
        self.find_with(|at| at).await
    }

    async fn find_with(&self, kind: impl Fn(Request) -> Request) -> Result<(), StartUpError> {
        let client = self.of_procedure();
        let within = self.config().answer_within;
        let mut deadline = None;
        loop {
            let Ok(at) = Request::new(&At) else { return Err(StartUpError::NoAnswer { within }) };
            let at = kind(at).anew().with_time_limit(self.config().limits.probe);
            let (at, turn) = client.submit_with_turn(at);
            if deadline.is_none() {
                // What is in front of the first one has time limits of its own, and says nothing of the module.
                turn.await;
            }
            let now = self.runtime().now();
            let left = deadline.get_or_insert_with(|| now.saturating_add(within)).saturating_sub(now);
            if left.is_zero() {
                return Err(StartUpError::NoAnswer { within });
            }
            match self.within(left, at).await {
                Some(Ok(_)) => return Ok(()),
                Some(Err(error)) if matches!(error.failure(), Failure::Disconnected(_)) => {
                    return Err(error.into());
                }
                // Noise before it makes `AT` another command; silence and restarts are waited out.
                Some(Err(_)) | None => {}
            }
        }
    }

    /// Has the texts of short messages kept off the line, before anything is done while which they may come: the module has
    /// restarted since that was looked at, and its profile may send them.
    pub(crate) async fn keep_messages_off_the_line(&self) -> Result<(), Error> {
        let since = self.known().now();
        if self.known().may_send_messages() && self.route().await? == Routed::Off {
            self.known().sends_messages(since, false);
        }
        Ok(())
    }

    /// The same at start-up. Firmware that does not know how to has none, or is not to be helped; one that is busy is told later.
    async fn route_messages(&self) -> Result<(), Error> {
        let since = self.known().now();
        let may_send = self.route().await? == Routed::Busy;
        self.known().sends_messages(since, may_send);
        Ok(())
    }

    /// Looks whether the texts of short messages, which may read like anything, stay off the line, and has them kept off it otherwise.
    async fn route(&self) -> Result<Routed, Error> {
        let refusal = |error: &Error| match error.code() {
            Some(SIM_BUSY) => Routed::Busy,
            _ => Routed::Refused,
        };
        let mut routed = Routed::Refused;
        for _ in 0..ROUTINGS {
            match self.query(&Read::<Cnmi>::new(), is_off).await {
                Ok(true) => return Ok(Routed::Off),
                Ok(false) => {}
                // An answer in no shape that is known says nothing.
                Err(error) if is_unreadable(&error) => {}
                Err(error) if error.is_rejected() => return Ok(refusal(&error)),
                Err(error) => return Err(error),
            }
            match self.execute(&MESSAGES_OFF_THE_LINE).await {
                Ok(_) => {}
                Err(error) if error.is_rejected() => routed = refusal(&error),
                Err(error) => return Err(error),
            }
        }
        Ok(routed)
    }

    async fn await_registration(&self, deadline: Duration) -> Result<(), StartUpError> {
        loop {
            match self.query(&CregRead, |registration| registration.status).await? {
                status if status.is_registered() => return Ok(()),
                RegistrationStatus::Denied => return Err(StartUpError::Denied),
                _ if self.runtime().now() >= deadline => {
                    let within = self.config().register_within;
                    return Err(StartUpError::NotRegistered { within });
                }
                _ => self.pause(PAUSE).await,
            }
        }
    }

    async fn attach(&self) -> Result<(), StartUpError> {
        if self.query(&CgattRead, |attached| attached).await? {
            return Ok(());
        }
        match self.execute(&CgattWrite { attached: true }).await {
            Err(error) if error.is_rejected() => Err(StartUpError::NotAttached(error)),
            result => Ok(result.map(drop)?),
        }
    }
}

fn is_unreadable(error: &Error) -> bool {
    *error.failure() == Failure::Malformed(Malformation::Information)
}

fn after_refusal(left: Option<u8>) -> String {
    match left {
        None => "the third wrong one in a row locks the card".to_owned(),
        Some(0) => "the card is locked now, and only its PUK unlocks it".to_owned(),
        Some(1) => "one try is left before the card locks".to_owned(),
        Some(left) => format!("{left} tries are left before the card locks"),
    }
}

fn before_try(left: Option<u8>) -> &'static str {
    match left {
        None => "the module does not tell how many tries are left, and a wrong PIN might lock the SIM card",
        Some(_) => "one try is left, and a wrong PIN would lock the SIM card",
    }
}

/// Whether texts of messages stay off the line.
fn is_off(cnmi: Cnmi) -> bool {
    let is_stored = matches!(cnmi.messages, MessageRouting::Silent | MessageRouting::Stored);
    is_stored && cnmi.broadcasts == BroadcastRouting::Silent && !cnmi.reports
}

/// How a module stands that was looked at. By default it has nothing as it should be.
#[derive(Default)]
struct Found {
    echo_is_off: bool,
    errors_are_numeric: bool,
    flow_control: Option<Ifc>,
    messages_are_off: bool,
    /// The SIM card, the network and GPRS are there as well.
    is_ready: bool,
}

/// How module and driver speak, as far as they do not yet.
fn line_settings(config: &Config, found: &Found) -> Result<Vec<Setting>, Unsendable> {
    let (flow_control, is_needed) = match config.flow_control {
        FlowControl::None => (LineFlowControl::None, false),
        FlowControl::Hardware => (LineFlowControl::Hardware, true),
    };
    let ifc = Ifc { dce_by_dte: flow_control, dte_by_dce: flow_control };
    let mut settings = Vec::new();
    if !found.echo_is_off {
        settings.push(Setting::new("echo", Ok(Echo { on: false }))?);
    }
    if !found.errors_are_numeric {
        settings.push(Setting::new("errors", Ok(Cmee { mode: ErrorReport::Numeric }))?);
    }
    if found.flow_control != Some(ifc) {
        settings.push(Setting::new("flow control", Ok(ifc))?.harmless_if(!is_needed));
    }
    if !found.messages_are_off {
        // Some firmware takes it only once the SIM card is there, and is asked again then.
        settings.push(Setting::new("message routing", Ok(MESSAGES_OFF_THE_LINE))?.or(Refusal::Harmless));
    }
    Ok(settings)
}

/// The restart that happened meanwhile.
fn restart(notices: &mut Notices) -> Option<Restart> {
    core::iter::from_fn(|| notices.pop()).find_map(|notice| match notice {
        Notice::Restarted(sign) => Some(sign),
        _ => None,
    })
}
