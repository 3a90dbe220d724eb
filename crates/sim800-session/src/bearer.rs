//! The bearer: the GPRS context that HTTP and FTP run over.

use crate::boxed::boxed;
use crate::sync::Arc;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use core::future::Future;
use core::time::Duration;

use futures::future::BoxFuture;
use sim800_command::{
    BearerKind, BearerParameter, BearerProfile, BearerState, BearerStatus, Cid, InvalidValue, SapbrClose,
    SapbrOpen, SapbrQuery, SapbrSet, SapbrShow, Secret, Text, time_limit,
};
use thiserror::Error;

use crate::client::Client;
use crate::concatenation::Together;
use crate::config::Effort;
use crate::error::{Error, Failure};
use crate::keeper;
use crate::kind::ErrorKind;
use crate::loss::{Loss, Transient};
use crate::password::Password;
use crate::settings::{self, Setting, Unsendable};
use crate::start_up::StartUpError;

/// How often a bearer that is being opened or closed is asked about.
const PAUSE: Duration = Duration::from_secs(1);

/// How long closing waits for what transfers left open in the module.
const PUT_BACK: Duration = Duration::from_secs(30);

/// What a bearer is opened with. What is `None` stays as it is set in the module, by an earlier program or one that saved it there.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Profile {
    /// The bearer profile of the module, 1 to 3; 1 unless set.
    pub cid: u8,
    /// Access point name, at most 64 octets. Where it is empty, many networks put their own in its place.
    pub apn: Option<String>,
    /// User name at the access point, at most 32 octets; empty for none.
    pub user: Option<String>,
    /// Password at the access point, at most 32 octets; empty for none.
    pub password: Option<Password>,
}

impl Profile {
    /// Profile 1 for an access point.
    #[must_use]
    pub fn new(apn: impl Into<String>) -> Self {
        Self { apn: Some(apn.into()), ..Self::as_set() }
    }

    /// Profile 1 as it is set in the module.
    #[must_use]
    pub fn as_set() -> Self {
        Self { cid: 1, apn: None, user: None, password: None }
    }

    /// With user and password; both empty where the access point asks for none but some are set in the module.
    #[must_use]
    pub fn with_credentials(mut self, user: impl Into<String>, password: impl Into<Password>) -> Self {
        self.user = Some(user.into());
        self.password = Some(password.into());
        self
    }

    fn settings(&self, cid: Cid) -> Result<Vec<Setting>, Unsendable> {
        let set = |parameter| SapbrSet { cid, parameter };
        let kind = Ok(set(BearerParameter::ContentType(BearerKind::Gprs)));
        let mut settings = vec![Setting::new("kind", kind)?];
        if let Some(apn) = &self.apn {
            let apn = Text::new(apn).map(BearerParameter::Apn).map(set);
            settings.push(Setting::new("access point name", apn)?);
        }
        if let Some(user) = &self.user {
            settings.push(Setting::new("user name", Text::new(user).map(BearerParameter::User).map(set))?);
        }
        if let Some(password) = &self.password {
            let password = Secret::new(password.reveal()).map(BearerParameter::Password).map(set);
            settings.push(Setting::new("password", password)?);
        }
        Ok(settings)
    }

    /// Whether a bearer that was opened with what is `set` is one that this asks for. The password made no difference if it was
    /// let in without, and not every firmware shows it.
    fn is_met_by(&self, set: &BearerProfile<'_>) -> bool {
        let is_met = |wanted: &Option<String>, set: Option<&str>| match (wanted, set) {
            (Some(wanted), Some(set)) => wanted.eq_ignore_ascii_case(set),
            _ => true,
        };
        is_met(&self.apn, set.apn) && is_met(&self.user, set.user)
    }
}

/// Why there is no bearer.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum BearerError {
    /// A value of the profile cannot be sent.
    #[error("the bearer's {what} cannot be used")]
    Invalid {
        /// Which value.
        what: &'static str,
        /// What is wrong with it.
        #[source]
        reason: InvalidValue,
    },
    /// The network did not open it.
    #[error("the bearer could not be opened; check the access point name, user and password")]
    Refused(#[source] Error),
    /// It was lost: the network or the module closed it.
    #[error("bearer {cid} was lost; open it again")]
    Lost {
        /// The bearer profile.
        cid: u8,
    },
    /// It cannot be closed, because a transfer uses it.
    #[error("bearer {cid} is in use; close it when the transfer has ended")]
    InUse {
        /// The bearer profile.
        cid: u8,
    },
    /// A command failed.
    #[error(transparent)]
    Command(Error),
}

impl BearerError {
    /// What kind of error it is.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Invalid { .. } => ErrorKind::Invalid,
            Self::Refused(_) => ErrorKind::BearerRefused,
            Self::Lost { .. } => ErrorKind::BearerLost,
            Self::InUse { .. } => ErrorKind::Busy,
            Self::Command(error) => error.kind(),
        }
    }

    /// The module's own number, where it gave one.
    #[must_use]
    pub fn code(&self) -> Option<u32> {
        match self {
            Self::Refused(error) | Self::Command(error) => error.code(),
            _ => None,
        }
    }
}

impl From<Error> for BearerError {
    fn from(error: Error) -> Self {
        Self::Command(error)
    }
}

impl From<Unsendable> for BearerError {
    fn from(Unsendable { what, reason }: Unsendable) -> Self {
        Self::Invalid { what, reason }
    }
}

impl Transient for BearerError {
    fn loss(&self, under_way: bool) -> Option<Loss> {
        match self {
            Self::Lost { .. } => Some(Loss::Session),
            Self::Command(error) => error.failure().loss(under_way),
            Self::Invalid { .. } | Self::Refused(_) | Self::InUse { .. } => None,
        }
    }
}

/// Why a bearer could not be brought back.
#[derive(Debug, Error)]
pub(crate) enum RestoreError {
    #[error(transparent)]
    StartUp(#[from] StartUpError),
    #[error(transparent)]
    Bearer(#[from] BearerError),
}

/// A bearer that was open when it was asked for last.
///
/// Clones share it. Dropping it leaves it open, for opening one takes seconds; [`close`](Self::close) closes it.
#[derive(Clone, Debug)]
pub struct Bearer {
    client: Client,
    cid: Cid,
    profile: Arc<Profile>,
}

impl Bearer {
    /// Opens the bearer. One that is open already is used; where it was opened with another access point name or user than
    /// `profile` asks for, it is closed before and opened anew. One that was opened so by this session is not asked about while
    /// nothing was said against it; [`query`](Self::query) does.
    ///
    /// The module has to be registered and attached, as after [`Client::start_up`]. It may take 85 s (manual 9.2.1), and 65 s more
    /// where one is closed before.
    ///
    /// # Errors
    ///
    /// [`BearerError`]; nothing was sent when it is [`BearerError::Invalid`]. [`BearerError::InUse`] when a transfer goes on over one
    /// that would have to be closed.
    pub fn open<'f>(
        client: &'f Client,
        profile: &'f Profile,
    ) -> impl Future<Output = Result<Self, BearerError>> + Send {
        boxed(|| Self::opened(client, profile))
    }

    async fn opened(client: &Client, profile: &Profile) -> Result<Self, BearerError> {
        let bearer = Self::new(client, profile)?;
        let settings = profile.settings(bearer.cid)?;
        let wanted: Vec<_> = settings.iter().map(|setting| setting.line().into()).collect();
        if client.known().is_open(bearer.cid(), &wanted) {
            return Ok(bearer);
        }
        let since = client.known().now();
        let (state, is_as_wanted) = match bearer.look().await? {
            Some((state, is_as_wanted)) => (state, Some(is_as_wanted)),
            None => (bearer.settled().await?, None),
        };
        if state == BearerState::Connected {
            let is_as_wanted = match is_as_wanted {
                Some(is_as_wanted) => is_as_wanted,
                None => bearer.is_as_wanted().await?,
            };
            if is_as_wanted {
                client.known().was_opened(since, bearer.cid(), wanted);
                return Ok(bearer);
            }
            let _gate = client.bearers().gate().await;
            if client.bearers().are_used(bearer.cid()) {
                return Err(BearerError::InUse { cid: bearer.cid() });
            }
            bearer.shut().await?;
        }
        bearer.establish(&settings).await?;
        client.known().was_opened(since, bearer.cid(), wanted);
        Ok(bearer)
    }

    /// How it stands and whether it was opened with what the profile asks for, in one go; `None` where that does not tell.
    async fn look(&self) -> Result<Option<(BearerState, bool)>, BearerError> {
        let client = self.client.of_procedure();
        let asks = self.profile.apn.is_some() || self.profile.user.is_some();
        if !asks || !client.concatenates() {
            return Ok(None);
        }
        let (query, show) = (SapbrQuery { cid: self.cid }, SapbrShow { cid: self.cid });
        let (state, shown) = match client.together(Together::default().and(&query)?.and(&show)?).await {
            Ok(mut replies) => (
                replies.read(&query, |status| status.state),
                replies.read(&show, |set| self.profile.is_met_by(&set)),
            ),
            Err(error) if error.is_rejected() => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let (Ok(state), Ok(is_met)) = (state, shown) else {
            // Perhaps the result was that of another command, and the text is still to come.
            drop(client.synchronize().await);
            return Ok(None);
        };
        let is_settled = matches!(state, BearerState::Connected | BearerState::Closed);
        Ok(is_settled.then_some((state, is_met)))
    }

    /// The bearer with number `cid` of the module, 1 to 3, if it is open.
    ///
    /// # Errors
    ///
    /// [`BearerError`]; nothing was sent when it is [`BearerError::Invalid`].
    pub async fn find(client: &Client, cid: u8) -> Result<Option<Self>, BearerError> {
        let bearer = Self::new(client, &Profile { cid, ..Profile::as_set() })?;
        Ok((bearer.settled().await? == BearerState::Connected).then_some(bearer))
    }

    fn new(client: &Client, profile: &Profile) -> Result<Self, BearerError> {
        let cid = Cid::new(u32::from(profile.cid))
            .map_err(|reason| BearerError::Invalid { what: "profile number", reason })?;
        Ok(Self { client: client.clone(), cid, profile: Arc::new(profile.clone()) })
    }

    /// Opens it, although it may be open already.
    async fn establish(&self, settings: &[Setting]) -> Result<(), BearerError> {
        let client = self.client.of_procedure();
        settings::set(&client, settings, &mut Vec::new()).await.map_err(|unset| unset.error)?;
        match client.execute(&SapbrOpen { cid: self.cid }).await {
            Ok(_) => Ok(()),
            // Refused as well when another client was faster.
            Err(error) if error.is_rejected() => match self.query().await?.state {
                BearerState::Connected => Ok(()),
                _ => Err(BearerError::Refused(error)),
            },
            Err(error) => Err(error.into()),
        }
    }

    /// Whether it was opened with what the profile asks for, as far as the firmware tells.
    async fn is_as_wanted(&self) -> Result<bool, BearerError> {
        if self.profile.apn.is_none() && self.profile.user.is_none() {
            return Ok(true);
        }
        let client = self.client.of_procedure();
        match client.query(&SapbrShow { cid: self.cid }, |set| self.profile.is_met_by(&set)).await {
            Ok(is_met) => Ok(is_met),
            Err(error) if matches!(error.failure(), Failure::Rejected(_) | Failure::Malformed(_)) => Ok(true),
            Err(error) => Err(error.into()),
        }
    }

    /// How it stands, and its address.
    ///
    /// # Errors
    ///
    /// [`BearerError::Command`].
    pub async fn query(&self) -> Result<BearerStatus, BearerError> {
        Ok(self.client.of_procedure().query(&SapbrQuery { cid: self.cid }, |status| status).await?)
    }

    /// Closes it; that it is closed already is no error. It may take 65 s (manual 9.2.1), and up to 30 s more until what
    /// transfers left open in the module is put back.
    ///
    /// # Errors
    ///
    /// [`BearerError::InUse`] when a transfer goes on over it, and [`BearerError::Command`].
    pub fn close(self) -> impl Future<Output = Result<(), BearerError>> + Send {
        boxed(|| self.closed())
    }

    async fn closed(self) -> Result<(), BearerError> {
        let deadline = self.client.runtime().now().saturating_add(PUT_BACK);
        let _gate = loop {
            let gate = self.client.bearers().gate().await;
            if !self.client.bearers().are_used(self.cid()) {
                break gate;
            }
            drop(gate);
            if self.client.runtime().now() >= deadline {
                return Err(BearerError::InUse { cid: self.cid() });
            }
            self.client.pause(PAUSE).await;
        };
        self.shut().await
    }

    async fn shut(&self) -> Result<(), BearerError> {
        // Over it, another request could go.
        keeper::end(&self.client.of_procedure()).await;
        self.client.known().doubt();
        match self.client.of_procedure().execute(&SapbrClose { cid: self.cid }).await {
            Err(error) if error.is_rejected() => match self.query().await?.state {
                BearerState::Closed => Ok(()),
                _ => Err(error.into()),
            },
            result => Ok(result.map(drop)?),
        }
    }

    /// The bearer profile, 1 to 3.
    #[must_use]
    pub fn cid(&self) -> u8 {
        // 1 to 3 fits.
        self.cid.get() as u8
    }

    /// The module it belongs to.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The same for requests that may take `effort`.
    pub(crate) fn tuned(&self, effort: &Effort) -> Self {
        Self { client: self.client.tuned(effort), ..self.clone() }
    }

    /// The same for what is done over it.
    pub(crate) fn of_procedure(&self) -> Self {
        Self { client: self.client.of_procedure(), ..self.clone() }
    }

    pub(crate) fn profile(&self) -> Cid {
        self.cid
    }

    /// Whether the module says that it is closed.
    pub(crate) async fn is_closed(&self) -> bool {
        self.query().await.is_ok_and(|status| status.state == BearerState::Closed)
    }

    /// Brings back what it takes to use the bearer, whatever became of it and of the module.
    /// With `anew`, it is closed first, unless others use it: one that is dead may still be called open.
    pub(crate) fn restore(&self, anew: bool) -> BoxFuture<'_, Result<(), RestoreError>> {
        boxed(move || self.restored(anew))
    }

    async fn restored(&self, anew: bool) -> Result<(), RestoreError> {
        let _gate = self.client.bearers().gate().await;
        self.client.known().doubt();
        self.client.start_up().await?;
        if anew && !self.client.bearers().are_used(self.cid()) {
            // Refused where it is closed already.
            drop(self.client.execute(&SapbrClose { cid: self.cid }).await);
        }
        if self.settled().await? != BearerState::Connected {
            let settings = self.profile.settings(self.cid).map_err(BearerError::from)?;
            self.establish(&settings).await?;
        }
        Ok(())
    }

    /// The state once nobody is opening or closing it any more.
    async fn settled(&self) -> Result<BearerState, BearerError> {
        let deadline = self.client.runtime().now().saturating_add(time_limit::BEARER_OPEN);
        loop {
            let state = match self.query().await {
                Ok(status) => status.state,
                // Firmware that does not tell of a bearer that was never opened.
                Err(BearerError::Command(error)) if matches!(error.failure(), Failure::Rejected(_)) => {
                    return Ok(BearerState::Closed);
                }
                Err(error) => return Err(error),
            };
            let moving = matches!(state, BearerState::Connecting | BearerState::Closing);
            if !moving || self.client.runtime().now() >= deadline {
                return Ok(state);
            }
            self.client.pause(PAUSE).await;
        }
    }
}
