//! What is wrong with a job.

use thiserror::Error;

/// What is wrong with a job. No message shows a value: it may be one that was put there by mistake.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[expect(clippy::exhaustive_enums, reason = "its JSON has a version")]
pub enum Invalid {
    /// It is of another version.
    #[error("the job is of version {0}, and this program knows version {known}", known = crate::VERSION)]
    Version(u32),
    /// A name is not one.
    #[error("the {what} is not 1 to 64 letters, digits, '-' and '_'")]
    Name {
        /// Which one.
        what: &'static str,
    },
    /// It may be begun never, or too often.
    #[error("a job may be begun 1 to 100 times, not {0} times")]
    Attempts(u32),
    /// The address is none.
    #[error("the URL cannot be read: {0}")]
    Url(String),
    /// The address is of another kind.
    #[error("the URL has to begin with {0}")]
    Scheme(&'static str),
    /// The address holds a user or a password.
    #[error("the URL holds credentials; name those of the worker's file instead")]
    Login,
    /// The address of a file names none, or holds a control character.
    #[error("the path of the URL cannot be used: {0}")]
    Path(&'static str),
    /// A header would hold credentials, or cannot be sent.
    #[error("the header {name} cannot be part of a job: {reason}")]
    Header {
        /// Which one.
        name: String,
        /// Why.
        reason: &'static str,
    },
    /// A file is not below the worker's directory.
    #[error("the file is not a plain path below the worker's directory")]
    File,
    /// Something is longer than any that can be used.
    #[error("the {what} has more than {limit} bytes")]
    Long {
        /// What.
        what: &'static str,
        /// As much as it may have.
        limit: usize,
    },
    /// A text is too long to be kept with the job.
    #[error("a text of more than {0} bytes has to be an object or a file")]
    TooLong(usize),
}
