//! The SIM card: whether it is there, and its PIN.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::ToString;
use core::time::Duration;

use sim800_command::{CpinRead, CpinWrite, PinState, Secret, Spic};
use sim800_parser::{CmeError, FinalResultCode};

use crate::client::Client;
use crate::error::{Error, Failure};
use crate::start_up::{PAUSE, StartUpError};

impl Client {
    /// Waits until the SIM card can be used, and enters its PIN if it wants one.
    pub(crate) async fn await_sim(&self, deadline: Duration) -> Result<(), StartUpError> {
        loop {
            let state = self.query(&CpinRead, |state| match state {
                PinState::Ready => Ok(true),
                PinState::SimPin => Err(StartUpError::SimPinRequired),
                PinState::SimPuk => Err(StartUpError::SimPukRequired),
                // What they protect is not needed.
                PinState::SimPin2 | PinState::SimPuk2 => Ok(true),
                PinState::Other("NOT INSERTED") => Err(StartUpError::SimNotInserted),
                PinState::Other("NOT READY") => Ok(false),
                other => Err(StartUpError::SimFailure { state: format!("{other:?}") }),
            });
            let last = match state.await {
                Ok(Ok(true)) => return Ok(()),
                Ok(Ok(false)) => "not ready".to_owned(),
                Ok(Err(StartUpError::SimPinRequired)) => {
                    self.enter_pin().await?;
                    "not ready".to_owned()
                }
                Ok(Err(error)) => return Err(error),
                Err(error) => match error.failure() {
                    Failure::Rejected(FinalResultCode::Cme(cme)) => match *cme {
                        CmeError::SIM_NOT_INSERTED => return Err(StartUpError::SimNotInserted),
                        CmeError::SIM_PIN_REQUIRED => {
                            self.enter_pin().await?;
                            cme.to_string()
                        }
                        CmeError::SIM_PUK_REQUIRED => return Err(StartUpError::SimPukRequired),
                        cme => cme.to_string(),
                    },
                    // Just after a start the module does not know yet.
                    Failure::Rejected(code) => code.to_string(),
                    _ => return Err(error.into()),
                },
            };
            if self.runtime().now() >= deadline {
                return Err(StartUpError::SimFailure { state: last });
            }
            self.pause(PAUSE).await;
        }
    }

    /// Enters the PIN of the configuration, once: the third wrong one in a row locks the card.
    async fn enter_pin(&self) -> Result<(), StartUpError> {
        let Some(pin) = &self.config().pin else { return Err(StartUpError::SimPinRequired) };
        // Whatever else is entered is wrong, and a wrong one may lock the card.
        if !is_pin(pin.reveal()) {
            return Err(StartUpError::SimPinInvalid);
        }
        // Whoever else found the card locked waits for what becomes of it here.
        let _turn = self.turn_pin().await;
        match self.query(&CpinRead, |state| state == PinState::SimPin).await {
            Ok(true) => {}
            Err(error) if is_refused_with(&error, CmeError::SIM_PIN_REQUIRED) => {}
            _ => return Ok(()),
        }
        let left = self.tries_left().await?;
        if self.was_pin_tried() {
            return Err(StartUpError::SimPinWrong { left });
        }
        if left.is_none_or(|left| left <= 1) && !self.config().pin_at_any_risk {
            return Err(StartUpError::SimPinNotTried { left });
        }
        let pin = Secret::new(pin.reveal()).map_err(|_| StartUpError::SimPinInvalid)?;
        self.pin_is_tried(true);
        match self.execute(&CpinWrite { pin }).await {
            Ok(_) => self.pin_is_tried(false),
            // It did not get to the card.
            Err(error) if is_refused_with(&error, CmeError::SIM_BUSY) => self.pin_is_tried(false),
            Err(error) if error.is_rejected() => {
                return Err(StartUpError::SimPinWrong { left: self.tries_left().await? });
            }
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    /// How many tries are left for the PIN, where the firmware tells it.
    async fn tries_left(&self) -> Result<Option<u8>, Error> {
        match self.query(&Spic, |tries| tries.pin).await {
            Ok(left) => Ok(Some(left)),
            Err(error) if matches!(error.failure(), Failure::Rejected(_) | Failure::Malformed(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

fn is_refused_with(error: &Error, code: CmeError) -> bool {
    matches!(error.failure(), Failure::Rejected(FinalResultCode::Cme(cme)) if *cme == code)
}

/// 3GPP 31.101 section 9.5.1: 4 to 8 decimal digits.
fn is_pin(text: &str) -> bool {
    (4..=8).contains(&text.len()) && text.bytes().all(|octet| octet.is_ascii_digit())
}
