//! What no capture may break; the fuzzer includes this, too.

use sha2::{Digest, Sha256};
use sim800_capture::{Direction, Event, Kind};

/// Holds the events of one direction against its octets: they are these, one after another, and no more.
pub(crate) fn assert_lossless(events: &[Event], direction: Direction, octets: &[u8]) {
    let mut rest = octets;
    for event in events.iter().filter(|event| event.direction == Some(direction)) {
        let len = usize::try_from(event.octets).unwrap();
        assert!(len <= rest.len(), "{event:?} of {} octets", rest.len());
        let (span, after) = rest.split_at(len);
        rest = after;
        match (event.kind, &event.payload) {
            (Kind::Payload, Some(payload)) => {
                assert_eq!(payload.received, event.octets);
                assert_eq!(payload.octets, span);
                assert_eq!(payload.sha256[..], Sha256::digest(span)[..]);
                // Only what was announced can be missing altogether.
                assert!(len > 0 || payload.announced.is_some_and(|announced| announced > 0), "{event:?}");
                assert!(payload.announced.is_none_or(|announced| announced >= payload.received));
            }
            (Kind::Overlong, None) => assert!(event.line.is_empty() && len > 1000, "{event:?}"),
            (_, None) => assert!(len > 0 && event.line == span, "{event:?} of {}", span.escape_ascii()),
            other => panic!("{other:?}"),
        }
    }
    assert!(rest.is_empty(), "lost: {}", rest.escape_ascii());
}
