//! What tells one state of an object from another.

use ::http::header::{ETAG, HeaderMap, HeaderValue, LAST_MODIFIED};

/// The header that tells the state of an object, where there is one.
pub(super) fn validator(headers: &HeaderMap) -> Option<&HeaderValue> {
    headers.get(ETAG).or_else(|| headers.get(LAST_MODIFIED))
}
