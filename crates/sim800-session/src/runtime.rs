//! What a session needs of the executor it runs on.

use alloc::boxed::Box;
use core::fmt;
use core::time::Duration;

use async_trait::async_trait;

/// Time, as an executor keeps it.
///
/// With a port that implements [`AsyncRead`](crate::io::AsyncRead) and [`AsyncWrite`](crate::io::AsyncWrite), this
/// is all that an adapter has to bring. Time is counted from an epoch of the runtime's own choice; it never goes back.
#[async_trait]
pub trait Runtime: fmt::Debug + Send + Sync + 'static {
    /// The time since the epoch.
    fn now(&self) -> Duration;

    /// Waits until `deadline`, counted from the epoch; returns at once when it has passed.
    async fn sleep_until(&self, deadline: Duration);
}
