//! Octets that a module may still ask for behind a result that was not its own: until then, whatever is said to it is taken for them.

use sim800_command::{CipAck, CipSend, Connection, SocketLength};

use super::*;

fn offer(connection: u32, size: u32) -> CipSend {
    let connection = Connection::new(connection).expect("a connection");
    CipSend { connection, size: SocketLength::new(size).expect("a size") }
}

fn ack() -> CipAck {
    CipAck { connection: Connection::new(0).expect("a connection") }
}

/// Offers ten octets, of which another's refusal says that they are not wanted.
fn refused() -> World {
    let mut world = World::new();
    world.put(&offer(0, 10), &b"0123456789"[..]);
    world.sent();
    world.input(b"\r\nERROR\r\n");
    assert_eq!(world.outputs(), [failed(Rejected(FinalResultCode::Error))]);
    world
}

/// Whether the module gets ten octets before a command that waits.
fn is_fed(world: &mut World) -> bool {
    (0..10).any(|_| {
        world.wait();
        world.sent().contains(r"\r\r\r\r\r\r\r\r\r\rAT\r")
    })
}

#[test]
fn a_second_result_of_nobodys_does_not_make_it_forgotten() {
    for result in [&b"\r\nERROR\r\n"[..], OK, b"\r\n+CME ERROR: 3\r\n"] {
        let mut world = refused();
        world.enqueue(&At);
        assert_eq!(world.sent(), "AT\\r");
        world.input(result);
        world.enqueue(&Csq);
        assert_eq!(world.sent(), "AT+CSQ\\r");
        world.wait(); // It is taken for octets, and nothing answers.
        world.enqueue(&At);
        assert!(is_fed(&mut world), "behind {}", result.escape_ascii());
    }
}

#[test]
fn a_prompt_that_comes_to_nobody_is_its_own() {
    let mut world = refused();
    world.input(b"\r\n> ");
    assert_eq!(world.outputs(), [Output::Desynchronized]);
    world.enqueue(&Csq);
    assert_eq!(world.sent(), "", "it would be taken for octets");
    assert!(is_fed(&mut world));
}

#[test]
fn a_prompt_that_comes_to_a_command_without_octets_is_no_fault_of_that() {
    let mut world = refused();
    world.enqueue(&Csq);
    world.sent();
    world.input(b"\r\n> ");
    world.wait();
    let malformed = failed(Malformed(Malformation::Information));
    assert_eq!(world.outputs(), [malformed, Output::Desynchronized]);
    world.enqueue(&Csq);
    assert!(is_fed(&mut world));
}

/// The prompt of one connection would be answered with what goes to another.
#[test]
fn what_another_offers_waits_until_it_is_out_of_the_question() {
    let mut world = refused();
    world.put(&offer(1, 5), &b"other"[..]);
    assert_eq!(world.sent(), "", "the line has to be synchronized first");
    world.input(b"\r\n> ");
    assert!(!world.sent().contains("other"));
    world.input(b"\r\nSEND OK\r\n");
    world.synchronize();
    assert_eq!(world.sent(), "AT+CIPSEND=1,5\\r");
}

#[test]
fn what_only_a_later_command_has_the_module_say_settles_it() {
    let mut world = refused();
    world.enqueue(&ack());
    world.sent();
    world.input(b"\r\n+CIPACK: 10,10,0\r\n\r\nOK\r\n");
    world.put(&offer(1, 5), &b"other"[..]);
    assert_eq!(world.sent(), "AT+CIPSEND=1,5\\r");
}

/// What is synchronized and asks for octets had not heard the probe: the result was another's.
#[test]
fn a_prompt_behind_the_result_of_a_probe_is_no_end_of_it() {
    let mut world = World::new();
    world.put(&offer(0, 10), &b"0123456789"[..]);
    world.sent();
    world.wait(); // It is busy with something else.
    world.enqueue(&Csq);
    while !world.sent().ends_with(r"AT\r") {
        world.wait();
    }
    world.input(b"\r\nOK\r\n\r\n> ");
    assert!(is_fed(&mut world), "and the command waits");
}

/// A module that is fed on a slow line gives its result before the probe has crossed it.
#[test]
fn a_result_that_comes_while_a_module_is_fed_is_not_that_of_the_probe() {
    let mut world = World::new();
    world.engine = Engine::new(Duration::ZERO, Config::new(9_600, Limits::default()));
    world.put(&offer(0, 600), vec![b'x'; 600]);
    world.sent();
    world.wait();
    world.enqueue(&Csq);
    while !world.sent().ends_with(r"\rAT\r") {
        world.wait();
    }
    world.input(b"\r\nSEND OK\r\n\r\nOK\r\n");
    world.now += Duration::from_millis(500);
    world.engine.handle_timeout(world.now);
    assert_eq!(world.sent(), "", "600 octets take longer than that");
    world.input(OK); // the probe's
    world.synchronize();
    assert_eq!(world.sent(), "AT+CSQ\\r");
}

#[test]
fn a_prompt_on_a_line_that_was_unknown_before_is_of_the_command_that_brings_it() {
    let mut world = World::new();
    world.engine = Engine::new(Duration::ZERO, Config::default()).on_unknown_line(world.now);
    world.submit(Request::raw("AT+CMGW=\"1\"", Duration::from_secs(60)).expect("a command"));
    world.synchronize();
    assert!(world.sent().starts_with("AT+CMGW"));
    world.input(b"\r\n> ");
    world.wait();
    assert_eq!(world.outputs().first(), Some(&failed(Failure::Misuse(Misuse::Body))));
}
