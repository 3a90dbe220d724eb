//! The bearer: the GPRS context that HTTP and FTP run over.

use std::sync::Arc;
use std::time::Duration;

use sim800_command::{
    BearerKind, BearerParameter, BearerState, BearerStatus, Cid, InvalidValue, SapbrClose, SapbrOpen,
    SapbrQuery, SapbrSet, Secret, Text, time_limit,
};
use thiserror::Error;

use crate::client::Client;
use crate::config::Effort;
use crate::error::{Error, Failure};
use crate::kind::ErrorKind;
use crate::loss::{Loss, Transient};
use crate::password::Password;
use crate::settings::{self, Setting, Unsendable};
use crate::start_up::StartUpError;

/// How often a bearer that is being opened or closed is asked about.
const PAUSE: Duration = Duration::from_secs(1);

/// How long closing waits for what transfers left open in the module.
const PUT_BACK: Duration = Duration::from_secs(30);

/// What a bearer is opened with.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Profile {
    /// The bearer profile of the module, 1 to 3; 1 unless set.
    pub cid: u8,
    /// Access point name, at most 64 octets.
    pub apn: String,
    /// User name at the access point, at most 32 octets; mostly none.
    pub user: String,
    /// Password at the access point, at most 32 octets; mostly none.
    pub password: Password,
}

impl Profile {
    /// Profile 1 for an access point that asks for neither user nor password.
    #[must_use]
    pub fn new(apn: impl Into<String>) -> Self {
        Self { cid: 1, apn: apn.into(), user: String::new(), password: Password::default() }
    }

    /// With user and password.
    #[must_use]
    pub fn with_credentials(mut self, user: impl Into<String>, password: impl Into<Password>) -> Self {
        self.user = user.into();
        self.password = password.into();
        self
    }

    fn settings(&self, cid: Cid) -> Result<[Setting; 4], Unsendable> {
        let set = |parameter| SapbrSet { cid, parameter };
        let password = Secret::new(self.password.reveal());
        Ok([
            Setting::new("kind", Ok(set(BearerParameter::ContentType(BearerKind::Gprs))))?,
            Setting::new("access point name", Text::new(&self.apn).map(BearerParameter::Apn).map(set))?,
            Setting::new("user name", Text::new(&self.user).map(BearerParameter::User).map(set))?,
            Setting::new("password", password.map(BearerParameter::Password).map(set))?,
        ])
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
    /// Opens the bearer, unless it is open already: then that one is used, whatever it was opened with.
    ///
    /// The module has to be registered and attached, as after [`Client::start_up`]. It may take 85 s (manual 9.2.1).
    ///
    /// # Errors
    ///
    /// [`BearerError`]; nothing was sent when it is [`BearerError::Invalid`].
    pub async fn open(client: &Client, profile: &Profile) -> Result<Self, BearerError> {
        let cid = Cid::new(u32::from(profile.cid))
            .map_err(|reason| BearerError::Invalid { what: "profile number", reason })?;
        let settings = profile.settings(cid)?;
        let bearer = Self { client: client.clone(), cid, profile: Arc::new(profile.clone()) };
        let client = &client.of_procedure();
        if bearer.settled().await? == BearerState::Connected {
            return Ok(bearer);
        }
        settings::set(client, &settings, &mut Vec::new()).await.map_err(|unset| unset.error)?;
        match client.execute(&SapbrOpen { cid }).await {
            Ok(_) => Ok(bearer),
            // Refused as well when another client was faster.
            Err(error) if error.is_rejected() => match bearer.query().await?.state {
                BearerState::Connected => Ok(bearer),
                _ => Err(BearerError::Refused(error)),
            },
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
    pub async fn close(self) -> Result<(), BearerError> {
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
    pub(crate) async fn restore(&self, anew: bool) -> Result<(), RestoreError> {
        let _gate = self.client.bearers().gate().await;
        self.client.start_up().await?;
        if anew && !self.client.bearers().are_used(self.cid()) {
            // Refused where it is closed already.
            drop(self.client.execute(&SapbrClose { cid: self.cid }).await);
        }
        Self::open(&self.client, &self.profile).await?;
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
