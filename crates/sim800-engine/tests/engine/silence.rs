//! How long a module may say nothing.

use super::*;
use sim800_command::HttpHead;

/// A world on a line of 9,600 bit/s, and how much it carries in a second.
fn slow() -> (World, usize) {
    let mut world = World::new();
    world.engine = Engine::new(Duration::ZERO, Config::new(9_600, Limits::default()));
    (world, 960)
}

/// As much as a module holds.
fn read_all() -> HttpReadRange {
    HttpReadRange { start: Number::saturating(0), size: Number::saturating(319_488) }
}

#[test]
fn a_module_that_says_nothing_is_given_up_however_much_it_may_send() {
    for ask in [|world: &mut World| world.enqueue(&read_all()), |world: &mut World| world.enqueue(&HttpHead)]
    {
        let (mut world, _) = slow();
        ask(&mut world);
        let began = world.now;
        world.wait();
        let outputs = world.outputs();
        assert!(matches!(outputs[..], [Output::Complete(Err(TimedOut { .. })), _]), "{outputs:?}");
        assert!(world.now - began < Duration::from_secs(6), "{:?}", world.now - began);
    }
}

#[test]
fn a_payload_whose_header_is_damaged_is_over_before_anything_else_is_sent() {
    let (mut world, second) = slow();
    world.enqueue(&read_all());
    world.sent();
    world.input(b"\r\n+HTT~READ: 40000\r\n");
    // Half a minute of it, in lines.
    for _ in 0..40 {
        world.now += Duration::from_secs(1);
        world.engine.handle_timeout(world.now);
        world.input(&[&vec![b'x'; second - 2][..], b"\r\n"].concat());
    }
    assert_eq!(world.sent(), "", "in the middle of it");
    world.input(OK);
    assert!(world.outputs().contains(&failed(Malformed(Malformation::Damaged))));
}

#[test]
fn lines_of_the_modules_own_are_no_payload() {
    let (mut world, _) = slow();
    world.enqueue(&read_all());
    let began = world.now;
    while world.outputs.iter().all(|output| !matches!(output, Output::Complete(_))) {
        world.now += Duration::from_secs(1);
        world.engine.handle_timeout(world.now);
        world.input(b"\r\nRING\r\n");
    }
    assert!(world.now - began < Duration::from_secs(8), "{:?}", world.now - began);
}

#[test]
fn a_module_that_invited_octets_and_died_is_not_waited_for_twice() {
    let (mut world, _) = slow();
    let time = Number::saturating(60_000);
    world.put(&HttpData { size: Number::saturating(10), time }, Bytes::from_static(b"0123456789"));
    world.input(b"\r\nDOWNLOAD\r\n");
    world.enqueue(&HttpHead);
    let began = world.now;
    while !world.outputs.contains(&failed(Desynchronized)) {
        world.wait();
        world.sent();
    }
    assert!(world.now - began < Duration::from_secs(80), "{:?}", world.now - began);
}

#[test]
fn a_response_behind_a_backlog_of_lines_is_waited_for() {
    let (mut world, second) = slow();
    world.enqueue(&Csq);
    world.sent();
    let lines = b"\r\n+UGNSINF: 1,1\r\n".repeat(second / 10 / 17);
    for tenths in 0..200 {
        world.now += Duration::from_millis(100);
        world.engine.handle_timeout(world.now);
        world.input(&lines);
        assert!(!world.outputs.iter().any(|output| matches!(output, Output::Complete(_))), "after {tenths}");
    }
    world.input(b"\r\n+CSQ: 15,0\r\n\r\nOK\r\n");
    assert!(world.outputs().contains(&done(&["+CSQ: 15,0"])));
    // One that never ends holds up nothing.
    world.enqueue(&Csq);
    let began = world.now;
    while !world.outputs.iter().any(|output| matches!(output, Output::Complete(_))) {
        world.now += Duration::from_millis(100);
        world.engine.handle_timeout(world.now);
        world.input(&lines);
    }
    assert!(world.now - began < Duration::from_secs(35), "{:?}", world.now - began);
}

/// The module restarts in the middle of a payload, and what it says then fills the count.
#[test]
fn lines_of_the_modules_own_do_not_fill_a_count() {
    let starved = |lines: &[&[u8]]| {
        let (mut world, _) = slow();
        world.enqueue(&read_all());
        world.sent();
        world.input(b"\r\n+HTTPREAD: 319488\r\nthe beginning of it");
        for line in lines.iter().cycle().take(40) {
            world.now += Duration::from_secs(1);
            world.engine.handle_timeout(world.now);
            world.input(line);
        }
        world.outputs().iter().any(|output| matches!(output, Output::Complete(Err(Starved { .. }))))
    };
    assert!(starved(&[
        b"\0IIII\xff\xff\xff\xff\r\nRDY\r\n",
        b"\r\nCall Ready\r\n",
        b"\r\n+UGNSINF: 1,1\r\n",
        b"\r\nRING\r\n"
    ]));
    // Payload may read so, and pause where it likes.
    assert!(!starved(&[b"\r\nRING\r\n", b"\r\nCall Ready\r\n", b"\r\nRING", b"\r\n"]));
    assert!(!starved(&[b"RING\r\n"]));
}
