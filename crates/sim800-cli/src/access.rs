//! The bearer that transfers go over.

use sim800_command::Cid;
use sim800_session::{Bearer, BearerError, Client, Profile};

use crate::args::Options;
use crate::failure::Failure;

/// The one that the program uses.
pub(crate) const CID: Cid = Cid::MIN;

/// Makes the module ready and opens its bearer.
pub(crate) async fn open_bearer(client: &Client, options: &Options) -> Result<Bearer, Failure> {
    if let Some(held) = &options.held {
        if let Some(bearer) = held.bearer().await {
            return Ok(bearer);
        }
        held.forget();
    }
    start_up(client, options).await?;
    let bearer = Bearer::open(client, &profile(options)).await.map_err(|error| match error {
        BearerError::Refused(_) if options.apn.is_none() => {
            let message = "the network did not open the bearer; give its access point name with --apn";
            Failure::new(error.kind().as_str(), message)
        }
        error => error.into(),
    })?;
    if let Some(held) = &options.held {
        held.keep(&bearer);
    }
    Ok(bearer)
}

/// Makes the module ready, unless an earlier command of a script has.
pub(crate) async fn start_up(client: &Client, options: &Options) -> Result<(), Failure> {
    match &options.held {
        Some(held) if held.is_ready() => {}
        Some(held) => {
            client.start_up().await?;
            held.set_ready();
        }
        None => client.start_up().await?,
    }
    Ok(())
}

/// Closes the bearer, if it is open.
pub(crate) async fn close_bearer(client: &Client) -> Result<(), Failure> {
    match Bearer::find(client, CID.get() as u8).await? {
        Some(bearer) => Ok(bearer.close().await?),
        None => Ok(()),
    }
}

/// What is not given stays as it is set in the module.
fn profile(options: &Options) -> Profile {
    let mut profile = Profile::as_set();
    profile.apn = options.apn.clone();
    profile
}
