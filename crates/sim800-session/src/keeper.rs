//! The module's HTTP service between two requests: kept started for a while, and ended when nobody is going to use it.

use crate::sync::Arc;
use core::task::Context;
use core::time::Duration;

use sim800_command::HttpTerm;

use crate::client::Client;
use crate::known::Http;
use crate::runtime::Runtime;
use crate::timer::Timer;

/// What the turn is called in which it is ended.
const NAME: &str = "the end of the HTTP service";

/// For how long ending it may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// An alarm for when it has been kept long enough.
#[derive(Default)]
pub(crate) struct Keeper(Timer);

impl Keeper {
    /// Whether the service is to be ended now: it was kept long enough, or the session `ends`.
    pub(crate) fn is_due(
        &mut self,
        runtime: &Arc<dyn Runtime>,
        http: Http,
        ends: bool,
        context: &mut Context<'_>,
    ) -> bool {
        let until = match http {
            Http::Started { kept_until: Some(_), .. } | Http::Doubtful if ends => return true,
            Http::Started { kept_until: Some(until), .. } => until,
            _ => {
                self.0 = Timer::default();
                return false;
            }
        };
        runtime.now() >= until || self.0.poll_until(runtime, until, context).is_ready()
    }
}

/// Ends the service if it may be started and nobody uses it.
pub(crate) async fn end(client: &Client) {
    if client.known().take_http() {
        end_taken(client).await;
    }
}

/// Ends the service that nobody is known to use.
pub(crate) async fn end_taken(client: &Client) {
    let Ok(_turn) = client.turn_http(NAME.into(), PATIENCE).await else { return };
    // Another may have started it anew since.
    if client.known().http() == Http::Ended {
        drop(client.execute(&HttpTerm).await);
    }
}
