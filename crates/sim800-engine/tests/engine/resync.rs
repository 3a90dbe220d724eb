//! Finding the line again.

use super::*;

#[test]
fn a_late_result_answers_nobody() {
    let mut world = World::new();
    world.enqueue(&Csq);
    world.enqueue(&Cgmm);
    assert_eq!(world.sent(), "AT+CSQ\\r");
    world.wait();
    let outputs = world.outputs();
    assert!(matches!(outputs[0], Output::Complete(Err(TimedOut { .. }))), "{outputs:?}");
    assert_eq!(outputs[1..], [Output::Desynchronized]);
    assert_eq!(world.sent(), "", "the line has to be quiet first");

    world.now += Duration::from_millis(200);
    world.input(b"\r\n+CSQ: 15,0\r\n\r\nOK\r\n");
    assert_eq!(world.outputs(), [unsolicited("+CSQ: 15,0"), unsolicited("OK")]);
    world.synchronize();
    assert_eq!(world.sent(), "AT+CGMM\\r");
    world.input(OK);
    assert_eq!(world.outputs(), [done(&[])]);
}

#[test]
fn a_late_result_is_not_taken_for_that_of_the_probe() {
    let mut world = World::new();
    world.enqueue(&Csq);
    world.enqueue(&Cgmm);
    world.sent();
    world.wait();
    world.wait();
    assert_eq!(world.sent(), "AT\\r");
    world.input(OK); // late
    world.now += Duration::from_millis(50);
    world.input(OK); // the probe's
    world.synchronize();
    assert_eq!(world.sent(), "AT+CGMM\\r");
    world.input(b"\r\nSIMCOM_SIM800L\r\n\r\nOK\r\n");
    assert!(world.outputs().contains(&done(&["SIMCOM_SIM800L"])));
}

/// Lines of the module's own gathered in front of its answer, which would be taken for that to another probe.
#[test]
fn a_probe_is_waited_for_while_lines_come() {
    let mut world = World::new();
    world.enqueue(&Csq);
    world.sent();
    world.wait();
    world.enqueue(&Cgmm);
    while world.sent() != "AT\\r" {
        world.wait();
    }
    for _ in 0..25 {
        world.now += Duration::from_millis(100);
        world.engine.handle_timeout(world.now);
        world.input(b"\r\n+UGNSINF: 1,1\r\n");
        assert_eq!(world.sent(), "");
    }
    world.input(OK);
    while !world.engine.is_synchronized() {
        world.wait();
    }
    assert_eq!(world.sent(), "AT+CGMM\\r");
}

#[test]
fn no_probe_is_sent_among_late_answers() {
    let mut world = World::new();
    world.enqueue(&Csq);
    world.sent();
    world.wait();
    world.enqueue(&Cgmm);
    // The line is busy with something else for long, and then brings the answers to what was sent meanwhile.
    let busy = world.now + Duration::from_secs(8);
    let mut answers = VecDeque::new();
    let (mut late, mut probes) = (0, 0);
    loop {
        world.now += Duration::from_millis(10);
        world.engine.handle_timeout(world.now);
        match &*world.sent() {
            "" => {}
            "AT+CGMM\\r" => break,
            _ => {
                answers.push_back(b"AT\r\r\nOK\r\n");
                probes += usize::from(world.now >= busy);
            }
        }
        if world.now < busy {
            late = answers.len();
            world.input(b"x");
        } else if let Some(answer) = answers.pop_front() {
            world.input(answer);
        }
    }
    assert!(late > 1, "{late} answers were late");
    assert_eq!(probes, 1, "behind them one is enough");
}

#[test]
fn numeric_and_suppressed_results_are_undone() {
    let mut world = World::new();
    world.enqueue(&At);
    world.sent();
    world.wait();
    world.enqueue(&Csq);
    let mut probes = Vec::new();
    while probes.len() < 4 {
        world.wait();
        probes.extend(Some(world.sent()).filter(|sent| !sent.is_empty()));
    }
    assert_eq!(probes, ["AT\\r", "AT\\r", "ATQ0\\r", "ATV1\\r"]);
    world.input(OK);
    world.synchronize();
    assert_eq!(world.sent(), "AT+CSQ\\r");
    world.input(OK);
    assert!(world.outputs().contains(&done(&[])));
}

/// A command that a module never answers fails, and as soon as the limit says.
fn fail_in_time(world: &mut World) {
    world.enqueue(&Csq);
    let since = world.now;
    while !world.engine.is_idle() {
        world.wait();
        world.sent();
    }
    assert_eq!(world.outputs(), [failed(Desynchronized)]);
    assert!(world.now - since <= Config::default().limits.resync, "{:?}", world.now - since);
}

#[test]
fn a_module_that_never_answers_fails_what_waits_and_is_tried_again_later() {
    let mut world = World::new();
    world.enqueue(&At);
    world.sent();
    world.wait();
    world.outputs();
    fail_in_time(&mut world);
    assert_eq!(world.engine.poll_timeout(), None, "nothing is sent while nobody wants anything");

    world.enqueue(&Csq);
    world.synchronize();
    assert_eq!(world.sent(), "AT+CSQ\\r");
    world.input(OK);
    assert_eq!(world.outputs(), [done(&[])]);
}

#[test]
fn a_dead_module_is_noticed_as_soon_after_an_hour_of_rest() {
    let mut world = World::new();
    world.enqueue(&At);
    world.sent();
    world.wait();
    world.outputs();
    world.now += Duration::from_secs(3600);
    fail_in_time(&mut world);
}

#[test]
fn a_probe_that_was_given_up_is_not_followed_by_another_at_once() {
    let mut world = World::new();
    world.enqueue(&At);
    world.sent();
    world.wait();
    world.enqueue(&Csq);
    let mut last = world.now;
    while !world.engine.is_idle() {
        world.wait();
        if !world.sent().is_empty() {
            last = world.now;
        }
    }
    let given_up = world.now;
    assert!(given_up - last < Config::default().limits.probe, "it was in flight");
    world.enqueue(&Csq);
    assert_eq!(world.sent(), "");
    world.wait();
    assert_eq!((world.sent().as_str(), world.now - given_up), ("ATQ0\\r", Config::default().limits.quiet));
}

#[test]
fn a_module_that_still_counts_payload_is_fed() {
    let mut world = World::new();
    world.put(&write(10), &b"0123456789"[..]);
    world.sent();
    world.input(b"\r\n+FTPPUT: 2,10\r\n");
    assert_eq!(world.sent(), "0123456789");
    world.wait(); // The line lost some of them, and the module waits.
    world.enqueue(&Csq);
    world.wait();
    assert_eq!(world.sent(), "AT\\r", "taken for payload");
    world.wait();
    world.wait();
    assert_eq!(world.sent(), "\\x1b\\r\\r\\r\\r\\r\\r\\r\\r\\r\\rAT\\r");
    world.input(b"\r\nOK\r\n\r\nOK\r\n"); // the payload's and the probe's
    world.synchronize();
    assert_eq!(world.sent(), "AT+CSQ\\r");
    world.input(OK);
    assert!(world.outputs().contains(&done(&[])));
}

/// Octets as a module sends them at power-up may be noise, and then the module waits for its payload.
#[test]
fn a_module_that_still_counts_payload_is_fed_after_what_looked_like_a_restart() {
    let mut world = World::new();
    world.put(&write(10), &b"0123456789"[..]);
    world.sent();
    world.input(b"\0IIII\xFF\xFF\xFF\xFF\r\n");
    assert!(world.outputs().iter().any(|output| matches!(output, Output::Restarted(_))));
    world.input(b"\r\n+FTPPUT: 2,10\r\n");
    assert_eq!(world.sent(), "", "a module that did restart would take them for command lines");
    world.enqueue(&Csq);
    let fed = (0..6).any(|_| {
        world.wait();
        world.sent().contains(r"\r\r\r\r\r\r\r\r\r\rAT\r")
    });
    assert!(fed, "ten octets, so that it takes command lines again");
}

#[test]
fn what_was_granted_is_still_sent_after_a_clogged_line_moves_again() {
    let mut world = World::new();
    world.put(&data(1000), vec![b'x'; 1000]);
    world.sent();
    world.input(b"\r\nDOWNLOAD\r\n");
    world.wait();
    assert!(world.outputs().contains(&Output::Desynchronized));
    assert_eq!(world.sent().len(), 1000);
}

/// The module's time for them may have run out, and then it takes them for command lines, as slowly as the line brings them.
#[test]
fn a_refusal_behind_octets_for_the_module_may_have_come_before_them() {
    let mut world = World::new();
    world.put(&data(4), &b"AT\rx"[..]);
    world.enqueue(&Csq);
    world.sent();
    world.input(b"\r\nDOWNLOAD\r\n");
    assert_eq!(world.sent(), "AT\\rx");
    world.input(b"\r\nERROR\r\n");
    assert_eq!(world.outputs(), [failed(Rejected(FinalResultCode::Error))]);
    world.input(OK); // To the command line that was to be payload.
    assert_eq!(world.sent(), "", "it answers no other");
    world.synchronize();
    assert_eq!(world.sent(), "AT+CSQ\\r");
}

/// Nothing was sent that could be taken for anything.
#[test]
fn a_refusal_in_place_of_a_prompt_leaves_the_line_in_step() {
    let mut world = World::new();
    world.put(&data(4), &b"AT\rx"[..]);
    world.enqueue(&Csq);
    world.sent();
    world.input(b"\r\nERROR\r\n");
    assert_eq!(world.sent(), "AT+CSQ\\r");
}

/// A command that the table does not have may prompt for text, and a module that waits for text takes every line for it.
#[test]
fn a_module_that_waits_for_text_is_brought_back() {
    let mut world = World::new();
    world.submit(Request::raw("AT+CMGS=\"+491700000\"", Duration::from_secs(60)).expect("a command"));
    world.sent();
    let began = world.now;
    world.input(b"\r\n> ");
    world.wait();
    assert_eq!(world.outputs()[0], failed(Failure::Misuse(Misuse::Body)));
    assert!(world.now - began < Duration::from_secs(1), "its time limit is not waited for");
    world.enqueue(&Csq);
    world.wait();
    assert_eq!(world.sent(), "\\x1bAT\\r");
    world.input(b"\r\nOK\r\n\r\nOK\r\n"); // that of the prompt that was left, and the probe's
    world.synchronize();
    assert_eq!(world.sent(), "AT+CSQ\\r");
    world.input(OK);
    assert!(succeeded(&world.outputs()));
}

#[test]
fn a_line_of_text_that_begins_like_a_prompt_is_none() {
    let mut world = World::new();
    world.submit(Request::raw("AT+NEWS", Duration::from_secs(60)).expect("a command"));
    world.input(b"\r\n> ");
    world.now += Duration::from_millis(200);
    world.input(b"text\r\n\r\nOK\r\n");
    assert_eq!(world.outputs(), [done(&["> text"])]);
}

/// What comes before the line is found may be a payload's, or news; somebody may want to know.
#[test]
fn lines_of_an_unknown_time_are_told_as_such() {
    let mut world = World::new();
    world.engine = Engine::new(world.now, Config::default()).on_unknown_line(world.now);
    world.input(b"\r\nRING\r\n");
    assert_eq!(world.outputs(), [stray("RING")]);
    world.enqueue(&Csq);
    world.synchronize();
    world.input(b"\r\nRING\r\n");
    assert_eq!(world.outputs(), [unsolicited("RING")]);
}

/// A result that was nobody's may come in place of the prompt; the prompt that follows is the command's, and the module counts.
#[test]
fn a_module_that_asks_behind_a_result_that_was_not_its_own_is_fed() {
    for (asks, another) in
        [("+FTPPUT: 2,10", false), ("+FTPPUT: 2,10", true), ("DOWNLOAD", false), ("DOWNLOAD", true)]
    {
        let mut world = World::new();
        match asks {
            "DOWNLOAD" => world.put(&data(10), &b"0123456789"[..]),
            _ => world.put(&write(10), &b"0123456789"[..]),
        }
        world.sent();
        world.input(b"\r\nERROR\r\n");
        if another {
            world.enqueue(&At);
            world.sent();
        }
        world.input(format!("\r\n{asks}\r\n").as_bytes());
        assert!(world.outputs().contains(&Output::Desynchronized));
        world.enqueue(&Csq);
        let fed = (0..6).any(|_| {
            world.wait();
            world.sent().contains(r"\r\r\r\r\r\r\r\r\r\rAT\r")
        });
        assert!(fed, "ten octets, so that it takes command lines again");
    }
}

/// What comes then may be the answer of an earlier command, or read like a restart.
#[test]
fn a_module_that_asks_behind_a_response_that_was_not_its_own_is_fed() {
    let foreign: [&[&[u8]]; 4] = [
        &[b"\r\n+CSQ: 15,0\r\n\r\nERROR\r\n"],
        &[b"\r\nOK\r\n"],
        &[b"\r\nERROR\r\n", b"\0IIII\xFF\xFF\xFF\xFF\r\n"],
        &[b"\0IIII\xFF\xFF\xFF\xFF\r\n", b"\r\nRDY\r\n"],
    ];
    for foreign in foreign {
        let mut world = World::new();
        world.put(&write(10), &b"0123456789"[..]);
        world.sent();
        for input in foreign {
            world.input(input);
        }
        world.enqueue(&At);
        world.enqueue(&Csq);
        let fed = (0..20).any(|_| {
            world.wait();
            world.sent().contains(r"\r\r\r\r\r\r\r\r\r\rAT\r")
        });
        assert!(fed, "ten octets behind {}", foreign.concat().escape_ascii());
    }
}

/// Octets that the module takes for command lines, because it had counted fewer, may read `A/`.
#[test]
fn a_module_that_asks_again_behind_a_body_that_it_cut_short_is_fed() {
    let mut world = World::new();
    world.put(&data(600), vec![b'x'; 600]);
    world.sent();
    world.engine.handle_input(world.now, b"\r\nDOWNLOAD\r\n");
    assert_eq!(world.engine.poll_transmit().map(|transmit| transmit.octets.len()), Some(512));
    world.engine.handle_input(world.now, b"\r\nOK\r\n\r\nDOWNLOAD\r\n");
    world.drive();
    world.enqueue(&Csq);
    let fed = (0..6).any(|_| {
        world.wait();
        world.sent().contains(&r"\r".repeat(600))
    });
    assert!(fed, "as many as may have been asked for");
}

/// Every command that waits for a dead module fails after a while, and not each after the time limit of the first.
#[test]
fn a_module_that_may_wait_for_payload_is_waited_for_but_once() {
    let mut world = World::new();
    world.put(&data(100), &[b'x'; 100][..]);
    world.sent();
    world.input(b"\r\nDOWNLOAD\r\n");
    let began = world.now;
    world.wait();
    assert!(matches!(world.outputs()[0], Output::Complete(Err(TimedOut { .. }))));
    let abandoned = world.now;
    let limit = abandoned - began;
    for n in 0..3 {
        let wanted = world.now;
        world.enqueue(&Csq);
        while world.engine.poll_timeout().is_some() && !world.outputs().contains(&failed(Desynchronized)) {
            world.wait();
            world.sent();
        }
        let took = world.now - wanted;
        let most = Config::default().limits.resync + if n == 0 { limit } else { Duration::ZERO };
        assert!(took <= most + Duration::from_secs(1), "{n}: {took:?} of {most:?}");
    }
}

/// At 9,600 bit/s four thousand octets take longer than most have patience.
#[test]
fn a_module_is_fed_for_a_second_at_most() {
    let mut world = World::new();
    let config = Config::new(9600, Limits::default());
    world.engine = Engine::new(world.now, config.clone()).on_unknown_line(world.now);
    world.enqueue(&Csq);
    let mut longest = 0;
    while !world.engine.is_idle() {
        world.wait();
        longest = longest.max(world.sent().matches("\\r").count());
    }
    assert!(longest > 100 && config.transfer_time(longest - 1) <= Duration::from_secs(1), "{longest} octets");
}

/// A line that somebody talks on is as quiet as it gets.
#[test]
fn lines_of_the_modules_own_accord_keep_nobody_waiting() {
    let mut world = World::new();
    world.enqueue(&At);
    world.sent();
    world.wait();
    let began = world.now;
    world.enqueue(&Csq);
    while world.sent().is_empty() {
        for half in [&b"\r\n+UGNS"[..], b"INF: 1,1\r\n"] {
            world.now += Duration::from_millis(50);
            world.input(half);
            world.engine.handle_timeout(world.now);
        }
    }
    assert!(world.now - began <= 2 * Config::default().limits.quiet, "{:?}", world.now - began);
}

/// What was read of it lies where lines will be.
#[test]
fn a_payload_that_is_given_up_is_no_line() {
    let mut world = World::new();
    world.enqueue(&read(1460));
    world.input(b"\r\n+FTPGET: 2,100\r\n\r\nRING\r\n\r\nRDY\r\n");
    world.wait();
    assert!(world.outputs().contains(&failed(Starved { missing: 100 - 15 })));
    world.enqueue(&At);
    world.synchronize();
    world.input(b"\r\nRING\r\n");
    let told = world.outputs();
    assert_eq!(told.iter().filter(|output| **output == unsolicited("RING")).count(), 1, "{told:?}");
}

#[test]
fn a_payload_that_is_all_there_misses_nothing_but_its_result() {
    let mut world = World::new();
    world.enqueue(&read(1460));
    world.input(b"\r\n+FTPGET: 2,5\r\nhello");
    world.wait();
    assert!(matches!(world.outputs()[..], [Output::Complete(Err(TimedOut { .. })), ..]));
}

#[test]
fn a_damaged_payload_leaves_the_line_in_doubt() {
    let mut world = World::new();
    world.enqueue(&read(10));
    world.input(b"\r\n+FTPGET: 2,5\r\nabcd\r\nOK\r\n");
    assert_eq!(world.outputs(), [failed(Malformed(Malformation::Damaged))]);
    assert!(!world.engine.is_synchronized());
}

/// Its count takes the line of another with it.
#[test]
fn a_payload_that_lost_octets_may_have_swallowed_lines_of_others() {
    let mut world = World::new();
    world.enqueue(&read(10));
    world.input(b"\r\n+FTPGET: 2,10\r\nabcd\r\n+HTTPACTION: 1,200,0\r\n\r\nOK\r\n");
    let damaged = [failed(Malformed(Malformation::Damaged)), Output::Desynchronized];
    assert!(world.outputs().ends_with(&damaged));
}

/// Payload without a header that is refused may be one that has begun with what reads like a refusal.
#[test]
fn a_refusal_in_place_of_payload_leaves_the_line_in_doubt() {
    let mut world = World::new();
    world.enqueue(&FsRead {
        file: Path::new("C:\\a").expect("a path"),
        mode: FsReadMode::Start,
        size: Number::saturating(100),
        position: Number::MIN,
    });
    world.input(b"\r\nERROR\r\n");
    assert_eq!(world.outputs(), [failed(Rejected(FinalResultCode::Error))]);
    assert!(!world.engine.is_synchronized());
}

#[test]
fn as_many_octets_are_filled_up_as_were_granted() {
    let mut world = World::new();
    world.put(&data(1_029), vec![b'x'; 1_029]);
    world.transmit();
    world.engine.handle_input(world.now, b"\r\nDOWNLOAD\r\n");
    assert_eq!(world.engine.poll_transmit().map(|transmit| transmit.octets.len()), Some(512));
    world.engine.handle_input(world.now, OK);
    world.drive();
    world.enqueue(&At);
    let heard = (0..8).fold(String::new(), |heard, _| {
        world.wait();
        heard + &world.sent()
    });
    assert!(heard.contains(&"\\r".repeat(1_029)) && !heard.contains(&"\\r".repeat(1_030)), "{heard}");
}

#[test]
fn an_unknown_line_behind_a_result_is_no_sign_of_anything() {
    let mut world = World::new();
    world.enqueue(&Csq);
    world.input(b"\r\n+CSQ: 15,0\r\n\r\nOK\r\n");
    world.input(b"\r\n+UGNSINF: 1\r\n");
    assert!(world.engine.is_synchronized());
    assert_eq!(world.outputs(), [done(&["+CSQ: 15,0"]), unsolicited("+UGNSINF: 1")]);
}

#[test]
fn an_unknown_line_before_a_restart_makes_it_none_of_a_payload() {
    let mut world = World::new();
    world.now = Duration::from_secs(1_000);
    world.enqueue(&Csq);
    world.input(b"\r\n+UGNSINF: 1\r\n\r\nRDY\r\n");
    assert!(world.outputs().contains(&Output::Restarted(Restart::Ready)));
}
