//! From a port to a module that is found, ready, and online, with what is waited for on a terminal.

use sim800_command::{Cid, time_limit};
use sim800_session::{Bearer, BearerError, Client, ErrorKind, Profile, SocketError, Sockets, StartUpError};

use crate::args::Options;
use crate::failure::Failure;
use crate::output::Output;
use crate::stage::Stage;

/// The bearer that the program uses.
pub(crate) const CID: Cid = Cid::MIN;

/// Finds the module.
pub(crate) async fn find(client: &Client, options: &Options) -> Result<(), Failure> {
    let _stage = Stage::begin(Output::new(options), "looking for the module", client.config().answer_within);
    Ok(client.find().await?)
}

/// Makes the module ready, unless an earlier command of a script has.
pub(crate) async fn start_up(client: &Client, options: &Options) -> Result<(), Failure> {
    match &options.held {
        Some(held) if held.is_ready() => {}
        Some(held) => {
            bring_up(client, options).await?;
            held.set_ready();
        }
        None => bring_up(client, options).await?,
    }
    Ok(())
}

async fn bring_up(client: &Client, options: &Options) -> Result<(), Failure> {
    find(client, options).await?;
    let _stage =
        Stage::begin(Output::new(options), "registering with the network", client.config().register_within);
    client.start_up().await.map_err(|error| {
        let helps = match &error {
            StartUpError::SimPinRequired => "give it with --pin-file, SIM800_PIN or the configuration file",
            StartUpError::SimPinNotTried { .. } => "if you are sure of it, say --force-pin",
            StartUpError::SimPukRequired => {
                "enter it in a phone, or with sim800 at -, which reads AT+CPIN=\"PUK\",\"NEW PIN\" from stdin; after ten wrong PUKs \
                 the card is blocked for good"
            }
            _ => return error.into(),
        };
        Failure::from(error).and(helps)
    })
}

/// Makes the module ready and opens its bearer.
pub(crate) async fn open_bearer(client: &Client, options: &Options) -> Result<Bearer, Failure> {
    let output = Output::new(options);
    if let Some(held) = &options.held {
        if let Some(bearer) = held.bearer().await {
            return Ok(bearer);
        }
        held.forget();
    }
    start_up(client, options).await?;
    let _stage = Stage::begin(output, "opening the bearer", time_limit::BEARER_OPEN);
    let bearer = Bearer::open(client, &profile(options)).await.map_err(|error| match error {
        BearerError::Refused(_) => unadmitted(error.kind(), options),
        error => error.into(),
    })?;
    if let Some(held) = &options.held {
        held.keep(&bearer);
    }
    Ok(bearer)
}

/// Makes the module ready and brings up what its sockets go through.
pub(crate) async fn open_sockets(client: &Client, options: &Options) -> Result<Sockets, Failure> {
    start_up(client, options).await?;
    let _stage = Stage::begin(Output::new(options), "connecting to the network", time_limit::CONTEXT_OPEN);
    Sockets::open(client, &profile(options)).await.map_err(|error| match error {
        SocketError::NotAdmitted(_) => unadmitted(error.kind(), options),
        error => error.into(),
    })
}

/// What helps where the network does not let the module in.
fn unadmitted(kind: ErrorKind, options: &Options) -> Failure {
    let message = match &options.apn {
        None => "the network did not open the bearer; give its access point name with --apn".to_owned(),
        Some(apn) => {
            let helps = match options.apn_user {
                None => "and give --apn-user and --apn-password-file if the access point asks for them",
                Some(_) => "and the user and the password there",
            };
            let from = &options.apn_origin;
            format!("the network did not open the bearer with the APN '{apn}' ({from}); check it, {helps}")
        }
    };
    Failure::new(kind.as_str(), message)
}

/// Closes the bearer, if it is open.
pub(crate) async fn close_bearer(client: &Client, output: Output) -> Result<(), Failure> {
    let _stage = Stage::begin(output, "closing the bearer", time_limit::BEARER_CLOSE);
    match Bearer::find(client, CID.get() as u8).await? {
        Some(bearer) => Ok(bearer.close().await?),
        None => Ok(()),
    }
}

/// What is not given stays as it is set in the module; a password without a user is for a user that is set there.
fn profile(options: &Options) -> Profile {
    let mut profile = Profile::as_set();
    profile.apn = options.apn.clone();
    profile.user = options.apn_user.clone();
    profile.password = options.apn_password.clone();
    profile
}
