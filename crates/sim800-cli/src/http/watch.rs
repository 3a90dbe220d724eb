//! A request as somebody watches it: what has gone to the module, and what the module tells of the rest.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use sim800_session::{Client, HttpActivity, HttpProgress};

use crate::meter::Meter;
use crate::output::Output;
use crate::screen;
use crate::way::{Body, Way, WayError, whichever};

/// How often the module is asked. To ask is worth it only for people.
const EVERY: Duration = Duration::from_secs(1);

/// Shows what becomes of requests for `name`.
pub(super) struct Watch<'a> {
    pub(super) client: &'a Client,
    pub(super) name: String,
    pub(super) output: Output,
}

impl Watch<'_> {
    /// Sends a request, and shows how far it is until there is a response.
    pub(super) async fn send(&self, way: &Way, request: Request<Bytes>) -> Result<Response<Body>, WayError> {
        let octets = request.body().len() as u64;
        let name = &self.name;
        let bar = match octets {
            0 => self.output.progress(&format!("waiting for {name}"), None),
            octets => self.output.progress(&format!("{name} to the module"), Some(octets)),
        };
        let http = match way {
            Way::Module(http) if !bar.is_hidden() => http,
            // On the way to a server by sockets, there is nobody to ask how far it is but the line.
            way => {
                let meter = Meter::new(bar, self.client);
                return meter.send(|| octets > 0, Box::pin(way.send(request))).await;
            }
        };
        // Then the module tells.
        let is_there = AtomicBool::new(octets == 0);
        let show = |HttpProgress { activity, finished, remaining, .. }: HttpProgress| {
            is_there.store(true, Ordering::Relaxed);
            let doing = match activity {
                HttpActivity::Sending => format!("{name} to the server"),
                HttpActivity::Receiving => format!("{name} to the module"),
                _ => format!("waiting for {name}"),
            };
            let total = (remaining > 0).then_some(finished + remaining);
            screen::restart(&bar, &doing, total);
            bar.set_position(finished);
        };
        let meter = Meter::new(bar.clone(), self.client);
        let sent = Box::pin(http.send_with_progress(request, EVERY, show));
        Ok(whichever(meter.send(|| !is_there.load(Ordering::Relaxed), sent).await?))
    }
}
