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

/// The executor had other things to do for a minute: the module was not asked in that time, or its answer was not read.
#[test]
fn time_in_which_nobody_polls_is_no_time_in_which_the_module_did_not_answer() {
    for is_answered in [false, true] {
        let mut world = World::new();
        world.engine = Engine::new(world.now, Config::default()).on_unknown_line(world.now);
        world.enqueue(&Csq);
        while is_answered && world.sent().is_empty() {
            world.wait();
        }
        world.now += Duration::from_secs(60);
        if is_answered {
            world.input(OK);
        }
        world.engine.handle_timeout(world.now);
        world.drive();
        assert_eq!(world.outputs(), []);
        world.synchronize();
        assert_eq!(world.sent(), "AT+CSQ\\r");
    }
}
