//! A bar that moves with what crosses the line, and not only when a window of a body is complete: at a low rate, that takes
//! seconds.

use std::future::Future;
use std::time::Duration;

use futures::future::{Either, select};
use indicatif::ProgressBar;
use sim800_session::{Client, Traffic};
use smol::Timer;

/// How often it is looked at.
const TICK: Duration = Duration::from_millis(200);

/// The largest window: of more, not all can be of this body.
const AHEAD: u64 = 65_536;

/// A bar, and the line whose traffic it shows.
pub(crate) struct Meter<'a> {
    shown: ProgressBar,
    counted: ProgressBar,
    client: &'a Client,
    /// Where the bar stood at first.
    start: u64,
}

impl<'a> Meter<'a> {
    /// Of a transfer that begins where `shown` stands.
    pub(crate) fn new(shown: ProgressBar, client: &'a Client) -> Self {
        let start = shown.position();
        Self { shown, counted: ProgressBar::hidden(), client, start }
    }

    /// Counts what has come for certain; nothing is drawn.
    pub(crate) fn counted(&self) -> &ProgressBar {
        &self.counted
    }

    /// Does `work`, which counts what has come, and lets the bar run ahead by what is on its way from the module.
    pub(crate) async fn receive<F: Future>(&self, work: F) -> F::Output {
        let mut counted = 0;
        let mut mark = self.client.traffic();
        self.follow(work, |traffic| {
            if self.counted.position() != counted {
                (counted, mark) = (self.counted.position(), traffic);
            }
            counted + (traffic.received - mark.received).min(AHEAD)
        })
        .await
    }

    /// Does `work`, and lets the bar show what has gone to the module as long as that `is_going_on`.
    pub(crate) async fn send<F: Future>(&self, is_going_on: impl Fn() -> bool, work: F) -> F::Output {
        let mark = self.client.traffic();
        self.follow(work, |traffic| if is_going_on() { traffic.sent - mark.sent } else { 0 }).await
    }

    async fn follow<F: Future>(&self, work: F, mut position: impl FnMut(Traffic) -> u64) -> F::Output {
        // It is moved around here, and may be large.
        let mut work = Box::pin(work);
        if self.shown.is_hidden() {
            return work.await;
        }
        loop {
            work = match select(work, Timer::after(TICK)).await {
                Either::Left((output, _)) => return output,
                Either::Right((_, work)) => work,
            };
            let position = self.start + position(self.client.traffic());
            let position = self.shown.length().map_or(position, |total| position.min(total));
            // What is read again is no step back.
            if position > self.shown.position() {
                self.shown.set_position(position);
            }
        }
    }
}
