//! What ends the program.

use alloc::string::String;
use alloc::string::ToString as _;
use core::error::Error;
use core::fmt;

use sim800_session::Chain;

/// What went wrong, in words.
pub struct Failure(String);

impl Failure {
    /// In other words than those of an error.
    pub fn new(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<E: Error + 'static> From<E> for Failure {
    fn from(error: E) -> Self {
        Self(Chain(&error).to_string())
    }
}
