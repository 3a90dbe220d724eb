//! What events look like to those who read them.

mod hex;
mod http;
mod json;
mod text;

pub use json::json;
pub use text::{PayloadAs, Text};
