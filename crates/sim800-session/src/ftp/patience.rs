//! How long silence is waited out.

use core::time::Duration;

/// How long the module waits for an answer of the server before it gives up (manual 12.2.14; 60 s before V1.06).
pub(super) const SERVER_PATIENCE: Duration = Duration::from_secs(75);

/// How long the module may say nothing.
pub(super) const PATIENCE: Duration = Duration::from_secs(90);
