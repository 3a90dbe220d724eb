//! What is waited for before there is anything to transfer, on a terminal.

use std::time::Duration;

use indicatif::ProgressBar;

use crate::output::Output;
use crate::screen;

/// Something that is waited for; it is shown until this is dropped.
pub(crate) struct Stage(Option<ProgressBar>);

impl Stage {
    /// `what` takes no longer than `limit`.
    pub(crate) fn begin(output: Output, what: &str, limit: Duration) -> Self {
        Self(output.is_watched().then(|| screen::wait(what, limit)))
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}
