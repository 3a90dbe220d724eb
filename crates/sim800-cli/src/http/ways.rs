//! What requests go over, opened when the first of them wants it.

use sim800_https::{Https, Tls};
use sim800_session::{Bearer, Client, Http};

use super::plan::Plan;
use crate::access::{open_bearer, open_sockets};
use crate::args::Options;
use crate::failure::Failure;
use crate::way::Way;

/// The bearer of the module's HTTP stack, and sockets with TLS of this program.
#[derive(Default)]
pub(super) struct Ways {
    bearer: Option<Bearer>,
    https: Option<Https>,
}

impl Ways {
    /// Whether the module and the network were there.
    pub(super) fn is_open(&self) -> bool {
        self.bearer.is_some() || self.https.is_some()
    }

    /// What `plan` goes over.
    pub(super) async fn of(
        &mut self,
        plan: &Plan,
        client: &Client,
        options: &Options,
    ) -> Result<Way, Failure> {
        if plan.is_own {
            let https = match &self.https {
                Some(https) => https.clone(),
                None => self.https.insert(open(plan, client, options).await?).clone(),
            };
            return Ok(Way::Own(https.with_options(plan.own_options())));
        }
        let bearer = match &self.bearer {
            Some(bearer) => bearer,
            None => self.bearer.insert(open_bearer(client, options).await?),
        };
        Ok(Way::Module(Http::new(bearer).with_options(plan.options.clone())))
    }
}

/// Brings sockets up. In a script, those of an earlier command go on, with the tickets of the servers that it asked.
async fn open(plan: &Plan, client: &Client, options: &Options) -> Result<Https, Failure> {
    let is_insecure = plan.options.accept_invalid_certificate;
    let trusts = if is_insecure { Tls::trusting_anybody() } else { Tls::of_system() };
    let tls = trusts.map_err(|error| Failure::new(error.kind().as_str(), error.to_string()))?;
    let sockets = open_sockets(client, options).await?;
    if let Some(https) = options.held.as_ref().and_then(|held| held.https(is_insecure)) {
        return Ok(https);
    }
    let https = Https::new(&sockets, tls);
    if let Some(held) = &options.held {
        held.keep_https(is_insecure, &https);
    }
    Ok(https)
}
