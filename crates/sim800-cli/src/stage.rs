//! What is waited for before there is anything to transfer, on a terminal.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::output::Output;

/// Something that is waited for; it is shown until this is dropped.
pub(crate) struct Stage(ProgressBar);

impl Stage {
    /// `what` takes no longer than `limit`.
    pub(crate) fn begin(output: Output, what: &str, limit: Duration) -> Self {
        let target =
            if output.is_watched() { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(None, target);
        let template =
            format!("{{spinner:.cyan}} {{msg}}  {{elapsed}} of {} s at most", limit.as_secs_f64().round());
        // The template is fixed, so the default is never taken.
        let style =
            ProgressStyle::with_template(&template).unwrap_or_else(|_| ProgressStyle::default_spinner());
        bar.set_style(style);
        bar.set_message(what.to_owned());
        if !bar.is_hidden() {
            bar.enable_steady_tick(Duration::from_millis(100));
        }
        Self(bar)
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
