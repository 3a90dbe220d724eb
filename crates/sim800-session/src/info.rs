//! What a module is and how it stands.

use alloc::borrow::ToOwned;
use alloc::string::String;
use sim800_command::{
    Cgmm, Cgmr, Command, CopsRead, Cpowd, CregRead, Csq, Gsn, PowerDown, RegistrationStatus, SignalQuality,
};

use sim800_parser::Line;

use crate::client::Client;
use crate::engine::Response;
use crate::error::{Error, Failure, Malformation};

/// How often the module is asked for a line that cannot be told from others.
const QUESTIONS: usize = 3;

/// What a module is, and how it stands with the network.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Info {
    /// Model, such as `SIMCOM_SIM800L`.
    pub model: String,
    /// Revision of the firmware, such as `1418B04SIM800L24`.
    pub revision: String,
    /// Serial number (IMEI).
    pub serial_number: String,
    /// The operator; `None` when not registered.
    pub operator: Option<String>,
    /// Signal quality; [`SignalQuality::dbm`] has it in dBm.
    pub signal: SignalQuality,
    /// Registration with the network.
    pub registration: RegistrationStatus,
}

impl Client {
    /// Asks the module what it is and how it stands.
    ///
    /// # Errors
    ///
    /// [`Error`] of the first command that failed.
    pub async fn info(&self) -> Result<Info, Error> {
        Ok(Info {
            model: self.bare_line(&Cgmm, |model| model.as_str().to_owned()).await?,
            revision: self.bare_line(&Cgmr, |revision| revision.as_str().to_owned()).await?,
            serial_number: self.bare_line(&Gsn, |number| number.as_str().to_owned()).await?,
            operator: self.query(&CopsRead, |operator| operator.name.map(str::to_owned)).await?,
            signal: self.query(&Csq, |signal| signal).await?,
            registration: self.query(&CregRead, |registration| registration.status).await?,
        })
    }

    /// What the module says in a line without a name. Any line that somebody else says at that moment looks like it: where there
    /// are several, it is the one that comes again when the module is asked again.
    async fn bare_line<C: Command>(
        &self,
        command: &C,
        read: impl Fn(C::Response<'_>) -> String,
    ) -> Result<String, Error> {
        let mut before = Response::default();
        for _ in 0..QUESTIONS {
            let response = self.execute(command).await?;
            let is_only = response.lines().count() == 1;
            let has_come = |line: &Line<'_>| before.lines().any(|other| other.text() == line.text());
            let line = response.lines().find(|line| is_only || has_come(line));
            let told = line.and_then(|line| command.response(&[line]).ok().map(&read));
            if let Some(told) = told {
                return Ok(told);
            }
            before = response;
        }
        Err(Error::of(command, Failure::Malformed(Malformation::Information)))
    }

    /// Switches the module off, in order. It answers no command afterwards.
    ///
    /// # Errors
    ///
    /// [`Error`] when it did not say that it does so.
    pub async fn power_down(&self) -> Result<(), Error> {
        self.execute(&Cpowd { way: PowerDown::Normal }).await.map(drop)
    }
}
