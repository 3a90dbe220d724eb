//! How a check ended.

/// How a check ended that found nothing wrong.
pub(crate) enum Outcome {
    Passed,
    /// It could not be done here, and this is why.
    Skipped(String),
}
