//! What a module is and how it stands.

use sim800_command::{
    Cgmm, Cgmr, CopsRead, Cpowd, CregRead, Csq, Gsn, PowerDown, RegistrationStatus, SignalQuality,
};

use crate::client::Client;
use crate::error::Error;

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
            model: self.query(&Cgmm, |model| model.as_str().to_owned()).await?,
            revision: self.query(&Cgmr, |revision| revision.as_str().to_owned()).await?,
            serial_number: self.query(&Gsn, |number| number.as_str().to_owned()).await?,
            operator: self.query(&CopsRead, |operator| operator.name.map(str::to_owned)).await?,
            signal: self.query(&Csq, |signal| signal).await?,
            registration: self.query(&CregRead, |registration| registration.status).await?,
        })
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
