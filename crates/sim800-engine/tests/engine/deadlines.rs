//! From which moment time limits count.

use super::*;

/// As much as the module holds takes 42 s at 115,200 bit/s, pauses included; that it says nothing is known long before.
#[test]
fn a_module_that_sends_no_header_is_not_waited_for_as_if_it_sent_the_payload() {
    let mut world = World::new();
    world.enqueue(&HttpReadRange { start: Number::MIN, size: Number::saturating(319_488) });
    world.transmit();
    let began = world.now;
    world.wait();
    assert!(matches!(world.outputs()[..], [Output::Complete(Err(TimedOut { .. })), ..]));
    assert!(world.now - began < Duration::from_secs(11), "{:?}", world.now - began);
}
