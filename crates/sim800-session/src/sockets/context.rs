//! The context that carries sockets: brought up, found alive, closed.

use alloc::borrow::ToOwned;
use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;
use sim800_command::{
    Cifsr, Ciicr, CipMux, CipQsend, CipRxGet, CipShut, CipStatus, Cstt, CsttAsSet, Secret, Text,
};

use super::SocketError;
use crate::bearer::Profile;
use crate::client::Client;
use crate::contexts::Up;
use crate::error::{Error, Failure};
use crate::settings::{self, Refusal, Setting, Unsendable};

/// How often a command of the context is given once more where the line damaged it.
const TRIES: u32 = 3;

/// The context of `profile`, brought up where it is not.
pub(super) async fn ensure(client: &Client, profile: &Profile) -> Result<Up, SocketError> {
    let settings = settings(profile)?;
    let contexts = client.contexts();
    let _gate = contexts.gate().await;
    match contexts.up() {
        Some(up) if up.is_by(&lines(&settings)) => return Ok(up),
        Some(_) if contexts.is_used() => return Err(SocketError::InUse),
        Some(_) => {}
        None if contexts.had_one() => client.start_up().await?,
        None => {}
    }
    contexts.lose();
    let mut tries = 0;
    loop {
        tries += 1;
        match establish(client, &settings).await {
            Err(SocketError::Command(error)) if error.is_of_the_line() && tries < TRIES => {
                if client.synchronize().await.is_err() {
                    return Err(error.into());
                }
            }
            // The line may have damaged the command, or the module started anew. One that refuses for good does so again.
            Err(SocketError::Command(error)) if error.is_rejected() && tries == 1 => {
                client.start_up().await?
            }
            result => return result,
        }
    }
}

/// Closes the context, with every socket on it, unless it is used.
pub(super) async fn close(client: &Client) -> Result<(), SocketError> {
    let contexts = client.contexts();
    let _gate = contexts.gate().await;
    if contexts.is_used() {
        return Err(SocketError::InUse);
    }
    contexts.lose();
    shut(client).await
}

/// Whether the module says that the context is up.
pub(super) async fn is_alive(client: &Client) -> Result<bool, SocketError> {
    let response = client.ask(&CipStatus).await?;
    let state = response.decode(&CipStatus).map(|told| told.state.to_owned());
    Ok(state.is_ok_and(|state| matches!(&*state, "IP STATUS" | "IP PROCESSING")))
}

async fn shut(client: &Client) -> Result<(), SocketError> {
    client.execute(&CipShut).await?;
    Ok(())
}

async fn establish(client: &Client, settings: &[Setting]) -> Result<Up, SocketError> {
    // Whatever an earlier program left is closed, for the number of connections can be chosen only then.
    shut(client).await?;
    settings::set(client, settings, &mut Vec::new()).await.map_err(|unset| unset.error)?;
    match client.execute(&Ciicr).await {
        Err(error) if error.is_rejected() => return Err(SocketError::NotAdmitted(error)),
        result => result?,
    };
    // No connection is made before the address was asked for (manual 8.2.2).
    let response = client.ask(&Cifsr).await?;
    let malformed = |malformed| Error::of(&Cifsr, Failure::from(malformed));
    let address = response.decode(&Cifsr).map_err(malformed)?.address;
    Ok(client.contexts().begin(lines(settings), address))
}

fn lines(settings: &[Setting]) -> Vec<Box<[u8]>> {
    settings.iter().map(|setting| setting.line().into()).collect()
}

fn settings(profile: &Profile) -> Result<Vec<Setting>, Unsendable> {
    // What is set as it should be is refused by some firmware (driver), and what is not shows as soon as it matters.
    let mut settings = vec![
        Setting::new("number of connections", Ok(CipMux { many: true }))?.or(Refusal::Harmless),
        Setting::new("way of reading", Ok(CipRxGet { manual: true }))?.or(Refusal::Harmless),
        Setting::new("way of sending", Ok(CipQsend { quick: true }))?.or(Refusal::Harmless),
    ];
    let Some(apn) = &profile.apn else {
        settings.push(Setting::new("access point name", Ok(CsttAsSet))?);
        return Ok(settings);
    };
    let invalid = |what| move |reason| Unsendable { what, reason };
    let apn = Text::new(apn).map_err(invalid("access point name"))?;
    let user = Text::new(profile.user.as_deref().unwrap_or_default()).map_err(invalid("user name"))?;
    let password = profile.password.as_ref().map_or("", |password| password.reveal());
    let password = Secret::new(password).map_err(invalid("password"))?;
    settings.push(Setting::new("access point name", Ok(Cstt { apn, user, password }))?);
    Ok(settings)
}
