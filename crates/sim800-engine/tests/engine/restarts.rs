//! A line that reads `RDY` within the text of a response: a file of that name, or a restart.

use std::time::Duration;

use sim800_command::{At, Cgmm, FsLs, Path};
use sim800_engine::{Failure, Output, Request, Restart};

use super::{OK, World, done, failed, succeeded, unsolicited};

fn listing() -> World {
    let mut world = World::new();
    // Long after the start.
    world.now = Duration::from_secs(1_000);
    world.enqueue(&FsLs { directory: Path::new("C:\\").expect("a path") });
    world
}

fn restarted(sign: Restart) -> [Output; 2] {
    [failed(Failure::Restarted(sign)), Output::Restarted(sign)]
}

#[test]
fn an_entry_of_a_listing_is_no_restart() {
    for ends in ["RDY\r\n", "RDY\r\nz.txt\r\n", "RDY\r\n\r\nRDY\r\n"] {
        let mut world = listing();
        world.input(format!("\r\na.txt\r\n{ends}").as_bytes());
        assert_eq!(world.outputs(), [], "not before it is certain");
        world.input(OK);
        let lines: Vec<&str> = std::iter::once("a.txt").chain(ends.split_whitespace()).collect();
        assert_eq!(world.outputs(), [done(&lines)]);
        // What is a restart stays one.
        world.now += Duration::from_secs(1);
        world.input(b"\r\nRDY\r\n");
        assert_eq!(world.outputs(), [Output::Restarted(Restart::Ready)]);
    }
}

#[test]
fn a_start_amid_a_listing_is_told_by_what_follows_it() {
    for (line, sign) in [("+CFUN: 1", Restart::Functionality), ("+CPIN: READY", Restart::Pin)] {
        let mut world = listing();
        world.input(format!("\r\na.txt\r\nb.t\r\nRDY\r\n\r\n{line}\r\n").as_bytes());
        assert_eq!(world.outputs(), restarted(sign));
    }
}

#[test]
fn a_start_amid_a_listing_is_told_at_the_latest_when_the_listing_does_not_end() {
    let mut world = listing();
    world.input(b"\r\na.txt\r\n\r\nRDY\r\n");
    assert_eq!(world.outputs(), []);
    world.wait();
    assert_eq!(world.outputs(), restarted(Restart::Ready));
}

#[test]
fn a_refusal_behind_it_is_no_end_of_a_listing() {
    let mut world = listing();
    world.input(b"\r\na.txt\r\n\r\nRDY\r\n\r\nERROR\r\n");
    assert_eq!(world.outputs(), restarted(Restart::Ready));
}

#[test]
fn before_any_text_it_is_a_restart() {
    // The module was switched on when the command came, and answers it.
    for octets in [&b"\r\nRDY\r\n"[..], b"\r\nRDY\r\n\r\nSIM800\r\n\r\nOK\r\n"] {
        let mut world = World::new();
        world.now = Duration::from_secs(1_000);
        world.enqueue(&Cgmm);
        world.input(octets);
        assert_eq!(world.outputs()[..2], restarted(Restart::Ready));
    }
}

/// A listing has nothing but entries: which of both it was is told by a second one.
#[test]
fn in_front_of_a_listing_it_may_be_an_entry() {
    let mut world = listing();
    world.input(b"\r\nRDY\r\n");
    assert_eq!(world.outputs(), [], "not before it is certain");
    world.wait();
    assert_eq!(world.outputs(), restarted(Restart::Ready));
    let mut world = listing();
    world.input(b"\r\nRDY\r\na.txt\r\n\r\nOK\r\n");
    assert_eq!(world.outputs(), [done(&["RDY", "a.txt"])]);
}

#[test]
fn a_start_with_power_up_octets_amid_a_listing_is_one_too() {
    let mut world = listing();
    world.input(b"\r\na.txt\r\n\0IIII\xFF\xFF\xFF\xFF\r\nRDY\r\n");
    // Nothing that follows has to be waited for.
    assert_eq!(world.outputs(), [&restarted(Restart::SyncOctets)[..], &[unsolicited("RDY")]].concat());
}

#[test]
fn a_text_that_is_no_listing_is_none_the_worse() {
    let mut world = World::new();
    world.enqueue(&Cgmm);
    world.input(b"\r\nSIM800\r\n\r\nOK\r\n");
    assert!(succeeded(&world.outputs()));
    world.input(b"\r\n+CREG: 1\r\n");
    assert_eq!(world.outputs(), [unsolicited("+CREG: 1")]);
}

/// Nothing told of the restart, and the response to the next command ended the line.
#[test]
fn a_line_that_a_restart_broke_off_is_not_believed() {
    for (pause, is_believed) in [(900, true), (1_000, false), (10_000, false)] {
        let mut world = World::new();
        world.input(b"\r\n+FTPSIZE: 1,0,2");
        let broken_off = world.now + Duration::from_secs(1);
        assert_eq!(world.engine.poll_timeout(), Some(broken_off));
        world.now += Duration::from_millis(pause);
        world.engine.handle_timeout(world.now);
        world.enqueue(&At);
        world.input(b"\r\nOK\r\n");
        let told = is_believed.then(|| unsolicited("+FTPSIZE: 1,0,2"));
        assert_eq!(world.outputs(), told.into_iter().chain([done(&[])]).collect::<Vec<_>>(), "{pause}");
        // What comes then is whole.
        world.input(b"\r\n+FTPSIZE: 1,0,299\r\n");
        assert_eq!(world.outputs(), [unsolicited("+FTPSIZE: 1,0,299")]);
        assert_eq!(world.engine.poll_timeout(), None);
    }
}

#[test]
fn a_command_that_is_sent_behind_its_beginning_makes_it_no_better() {
    let mut world = World::new();
    world.input(b"\r\n+FTPSIZE: 1,0,2");
    world.enqueue(&At);
    let broken_off = world.now + Duration::from_secs(1);
    assert_eq!(world.engine.poll_timeout(), Some(broken_off));
    world.now = broken_off;
    world.engine.handle_timeout(world.now);
    world.input(b"\r\nOK\r\n");
    assert_eq!(world.outputs(), [done(&[])]);
}

/// The command got no answer, and that to what finds the line again ended it.
#[test]
fn a_line_that_was_broken_off_while_a_command_was_in_flight_is_not_believed_either() {
    let mut world = World::new();
    world.enqueue(&Cgmm);
    world.input(b"\r\n+FTPSIZE: 1,0,414");
    while world.engine.is_synchronized() {
        world.wait();
    }
    world.enqueue(&At);
    world.synchronize();
    let told = world.outputs();
    assert!(
        !told.iter().any(|output| matches!(output, Output::Unsolicited(_) | Output::Stray(_))),
        "{told:?}"
    );
    world.input(b"\r\n+FTPSIZE: 1,0,4149\r\n");
    assert_eq!(world.outputs(), [unsolicited("+FTPSIZE: 1,0,4149")]);
}

#[test]
fn a_line_of_which_only_the_last_octet_is_missing_is_whole() {
    let mut world = World::new();
    world.input(b"\r\n+FTPSIZE: 1,0,299\r");
    assert_eq!(world.engine.poll_timeout(), None);
    world.now += Duration::from_secs(60);
    world.enqueue(&At);
    world.input(b"\r\nOK\r\n");
    assert_eq!(world.outputs(), [unsolicited("+FTPSIZE: 1,0,299"), done(&[])]);
}

/// The lines of a start are expected for a while behind the first word with a module; its octets are not.
#[test]
fn power_up_octets_among_text_are_a_restart_at_once() {
    let mut world = World::new();
    world.synchronize();
    let unknown = Request::raw("AT+NEWS=1", Duration::from_secs(30)).expect("a command");
    world.submit(unknown);
    world.outputs();
    world.input(b"\r\nbreaking\r\n\0IIII\xff\xff\xff\xff\r\nRDY\r\n\r\n+CFUN: 1\r\n");
    assert_eq!(world.outputs()[..2], restarted(Restart::SyncOctets));
}

#[test]
fn a_module_that_switches_itself_off_says_why() {
    for (line, sign) in [
        ("NORMAL POWER DOWN", Restart::PowerDown),
        ("UNDER-VOLTAGE POWER DOWN", Restart::UnderVoltage),
        ("OVER-VOLTAGE POWER DOWN", Restart::OverVoltage),
    ] {
        let mut world = World::new();
        world.enqueue(&At);
        world.input(format!("\r\n{line}\r\n").as_bytes());
        assert_eq!(world.outputs()[..2], restarted(sign), "{line}");
    }
}
