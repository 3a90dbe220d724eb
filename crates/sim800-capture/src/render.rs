//! What events look like to those who read them.

mod hex;
mod http;
mod json;
pub(crate) mod pcapng;
mod report;
mod summary;
mod text;

pub use json::json;
pub use pcapng::Pcapng;
pub use report::Report;
pub use text::{PayloadAs, Text};
