//! What requests go over, opened when the first of them wants it.

use sim800_https::{Https, Tls};
use sim800_session::{Bearer, Client, Http, SocketError, Sockets};

use super::plan::Plan;
use crate::access::{open_bearer, open_sockets};
use crate::args::Options;
use crate::failure::Failure;
use crate::way::Way;

/// The bearer of the module's HTTP stack, and sockets with TLS of this program.
#[derive(Default)]
pub(super) struct Ways {
    bearer: Option<Bearer>,
    own: Option<(Sockets, Https)>,
}

impl Ways {
    /// Whether the module and the network were there.
    pub(super) fn is_open(&self) -> bool {
        self.bearer.is_some() || self.own.is_some()
    }

    /// What `plan` goes over.
    pub(super) async fn of(
        &mut self,
        plan: &Plan,
        client: &Client,
        options: &Options,
    ) -> Result<Way, Failure> {
        if plan.is_own {
            let (_, https) = match &self.own {
                Some(own) => own,
                None => self.own.insert(open(plan, client, options).await?),
            };
            return Ok(Way::Own(https.clone().with_options(plan.own_options())));
        }
        let bearer = match &self.bearer {
            Some(bearer) => bearer,
            None => self.bearer.insert(open_bearer(client, options).await?),
        };
        Ok(Way::Module(Http::new(bearer).with_options(plan.options.clone())))
    }

    /// Closes what sockets went through, where that is wanted. Of a transfer that failed, a socket may be left.
    pub(super) async fn close(self, options: &Options) -> Result<(), Failure> {
        let Some((sockets, https)) = self.own.filter(|_| options.close) else { return Ok(()) };
        https.close().await;
        match sockets.close().await {
            Err(SocketError::InUse) => Ok(()),
            closed => Ok(closed?),
        }
    }
}

/// Brings sockets up. In a script, those of an earlier command go on, with the tickets of the servers that it asked.
async fn open(plan: &Plan, client: &Client, options: &Options) -> Result<(Sockets, Https), Failure> {
    let is_insecure = plan.options.accept_invalid_certificate;
    let trusts = if is_insecure { Tls::trusting_anybody() } else { Tls::of_system() };
    let tls = trusts?;
    let sockets = open_sockets(client, options).await?;
    if let Some(https) = options.held.as_ref().and_then(|held| held.https(is_insecure)) {
        return Ok((sockets, https));
    }
    let https = Https::new(&sockets, tls);
    if let Some(held) = &options.held {
        held.keep_https(is_insecure, &https);
    }
    Ok((sockets, https))
}
