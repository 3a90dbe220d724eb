//! What the engine promises, case by case.

use sim800_command::{
    At, Cgmm, Cpowd, Csq, FsRead, FsReadMode, FtpGetRead, FtpPutWrite, HttpData, HttpReadRange, Number, Path,
    PowerDown as Way,
};

mod properties;
mod resync;

use super::*;
use crate::error::Failure::{Desynchronized, Malformed, Rejected, Starved, TimedOut};

const OK: &[u8] = b"\r\nOK\r\n";

/// An engine, the time, and what it said so far.
struct World {
    engine: Engine,
    now: Duration,
    wire: Vec<u8>,
}

impl World {
    fn new() -> Self {
        let engine = Engine::new(Duration::ZERO, &Config::default());
        Self { engine, now: Duration::from_secs(100), wire: Vec::new() }
    }

    fn enqueue<C: Command>(&mut self, command: &C) -> CommandId {
        self.engine.enqueue(self.now, command, None)
    }

    fn put(&mut self, body: &'static [u8]) -> CommandId {
        let length = Number::saturating(body.len() as u32);
        self.engine.enqueue(self.now, &FtpPutWrite { length }, Some(Bytes::from_static(body)))
    }

    /// The module says something, after it got all that was sent.
    fn input(&mut self, octets: &[u8]) {
        self.transmit();
        self.engine.handle_input(self.now, octets);
    }

    fn transmit(&mut self) {
        while let Some(transmit) = self.engine.poll_transmit() {
            self.wire.extend(transmit.octets);
        }
    }

    /// What was sent since it was asked for last.
    fn sent(&mut self) -> String {
        self.transmit();
        std::mem::take(&mut self.wire).escape_ascii().to_string()
    }

    fn outputs(&mut self) -> Vec<Output> {
        std::iter::from_fn(|| self.engine.poll_output()).collect()
    }

    /// Lets time pass up to the next deadline.
    fn wait(&mut self) {
        if let Some(deadline) = self.engine.poll_timeout() {
            self.now = self.now.max(deadline);
            self.engine.handle_timeout(self.now);
        }
    }

    /// Answers probes as a module does that has nothing else to say.
    fn synchronize(&mut self) {
        while matches!(self.engine.line, State::Lost(_)) {
            self.wait();
            self.transmit();
            if self.wire.ends_with(b"AT\r")
                || self.wire.ends_with(b"ATQ0\r")
                || self.wire.ends_with(b"ATV1\r")
            {
                self.wire.clear();
                self.input(OK);
            }
        }
    }
}

fn read(length: u32) -> FtpGetRead {
    FtpGetRead { length: Number::saturating(length) }
}

fn line(text: &'static str) -> Bytes {
    Bytes::from_static(text.as_bytes())
}

#[test]
fn one_command_after_the_other() {
    let mut world = World::new();
    let csq = world.enqueue(&Csq);
    let at = world.enqueue(&At);
    assert_eq!(world.sent(), "AT+CSQ\\r");
    world.input(b"\r\n+CSQ: 15,0\r\n\r\nRING\r\n\r\nOK\r\n");
    assert_eq!(world.sent(), "AT\\r");
    assert_eq!(
        world.outputs(),
        [
            Output::Information(csq, line("+CSQ: 15,0")),
            Output::Unsolicited(line("RING")),
            Output::Complete(csq, Ok(())),
        ]
    );
    world.input(b"\r\nERROR\r\n");
    assert_eq!(world.outputs(), [Output::Complete(at, Err(Rejected(FinalResultCode::Error)))]);
    assert_eq!(world.engine.poll_timeout(), None);
}

#[test]
fn a_second_result_in_the_same_read_is_nobodys() {
    let mut world = World::new();
    let csq = world.enqueue(&Csq);
    let at = world.enqueue(&At);
    world.input(b"\r\nERROR\r\n\r\nOK\r\n");
    assert_eq!(
        world.outputs(),
        [Output::Complete(csq, Err(Rejected(FinalResultCode::Error))), Output::Unsolicited(line("OK"))]
    );
    world.input(OK);
    assert_eq!(world.outputs(), [Output::Complete(at, Ok(()))]);
}

#[test]
fn payload_comes_in_pieces_and_then_its_result() {
    let mut world = World::new();
    let id = world.enqueue(&read(1460));
    assert_eq!(world.sent(), "AT+FTPGET=2,1460\\r");
    world.input(b"\r\n+FTPGET: 2,8\r\n\r\nOK\r\n++\r\nOK\r\n");
    assert_eq!(
        world.outputs(),
        [
            Output::Information(id, line("+FTPGET: 2,8")),
            Output::Payload(id, line("\r\nOK\r\n++")),
            Output::Complete(id, Ok(())),
        ]
    );
}

#[test]
fn a_bare_ok_means_no_payload() {
    let mut world = World::new();
    let id = world.enqueue(&HttpReadRange { start: Number::MIN, size: Number::MAX });
    world.input(OK);
    assert_eq!(world.outputs(), [Output::Complete(id, Ok(()))]);
}

#[test]
fn a_payload_among_damaged_octets_is_not_trusted() {
    let damaged = [
        // One octet lost, so that the count took the CR behind the payload; two lost; a digit of the header lost; a header
        // that is none; an octet doubled.
        "\r\n+FTPGET: 2,5\r\nabcd\r\nOK\r\n",
        "\r\n+FTPGET: 2,5\r\nabc\r\nOK\r\n",
        "\r\n+FTPGET: 2,1\r\nabcdefghijkl\r\nOK\r\n",
        "\r\n+FTPGET: 2,1\r\na\r\nbcdefghijk\r\nOK\r\n",
        "\r\nFTPGET: 2,5\r\nabcde\r\nOK\r\n",
        "\r\n+FTPGET: 2,5\r\nabbcde\r\nOK\r\n",
    ];
    for octets in damaged {
        let mut world = World::new();
        let id = world.enqueue(&read(10));
        world.input(octets.as_bytes());
        let failure = Malformed(Malformation::Damaged);
        assert_eq!(world.outputs().last(), Some(&Output::Complete(id, Err(failure))), "{octets:?}");
    }
    let fine = [
        "\r\n+FTPGET: 2,5\r\nabcdeOK\r\n",
        "\r\n+FTPGET: 2,5\r\nabc\r\n\r\nOK\r\n",
        "\r\n+FTPGET: 2,5\r\nabcde\r\nRING\r\n\r\nOK\r\n",
        "\r\n+FTPGET: 2,0\r\n\r\n\r\nOK\r\n",
    ];
    for octets in fine {
        let mut world = World::new();
        let id = world.enqueue(&read(10));
        world.input(octets.as_bytes());
        assert_eq!(world.outputs().last(), Some(&Output::Complete(id, Ok(()))), "{octets:?}");
    }
}

#[test]
fn octets_go_out_after_the_prompt_and_as_many_as_it_grants() {
    let mut world = World::new();
    let id = world.put(b"0123456789");
    assert_eq!(world.sent(), "AT+FTPPUT=2,10\\r");
    world.input(b"\r\n+FTPPUT: 2,7\r\n");
    assert_eq!(world.sent(), "0123456");
    world.input(OK);
    assert_eq!(world.outputs(), [Output::Granted(id, 7), Output::Complete(id, Ok(()))]);
    assert_eq!(world.sent(), "");
}

#[test]
fn a_prompt_for_more_than_was_offered_gets_nothing() {
    let mut world = World::new();
    let id = world.put(b"0123456789");
    world.input(b"\r\n+FTPPUT: 2,11\r\n");
    assert_eq!(
        world.outputs(),
        [
            Output::Complete(id, Err(Malformed(Malformation::Excess { announced: 11 }))),
            Output::Desynchronized
        ]
    );
    assert_eq!(world.sent(), "AT+FTPPUT=2,10\\r");
}

#[test]
fn a_header_that_announces_more_than_asked_opens_nothing() {
    let mut world = World::new();
    let id = world.enqueue(&read(10));
    world.input(b"\r\n+FTPGET: 2,99999999999999999999\r\nOK\r\n");
    let announced = u64::MAX;
    assert_eq!(
        world.outputs(),
        [Output::Complete(id, Err(Malformed(Malformation::Excess { announced }))), Output::Desynchronized]
    );
}

#[test]
fn ok_without_a_prompt_is_no_success() {
    let mut world = World::new();
    let data = HttpData { size: Number::saturating(4), time: Number::MIN };
    let id = world.engine.enqueue(world.now, &data, Some(line("body")));
    world.input(OK);
    assert_eq!(world.outputs(), [Output::Complete(id, Err(Malformed(Malformation::PromptMissing)))]);
    assert_eq!(world.sent(), "AT+HTTPDATA=4,1000\\r");
}

#[test]
fn a_body_that_the_module_cuts_short_is_no_success_and_its_rest_is_not_sent() {
    let mut world = World::new();
    let data = HttpData { size: Number::saturating(2000), time: Number::MIN };
    let id = world.engine.enqueue(world.now, &data, Some(vec![b'x'; 2000].into()));
    assert_eq!(world.sent(), "AT+HTTPDATA=2000,1000\\r");
    world.input(b"\r\nDOWNLOAD\r\n");
    let first = world.engine.poll_transmit().map(|transmit| transmit.octets.len());
    assert_eq!(first, Some(PIECE));
    world.engine.handle_input(world.now, OK);
    let failure = Malformed(Malformation::BodyCutShort { sent: PIECE as u32, granted: 2000 });
    assert_eq!(
        world.outputs(),
        [Output::Granted(id, 2000), Output::Complete(id, Err(failure)), Output::Desynchronized]
    );
    assert_eq!(world.sent(), "");
}

#[test]
fn payload_and_command_go_together() {
    let mut world = World::new();
    let at = world.engine.enqueue(world.now, &At, Some(line("body")));
    let data = HttpData { size: Number::saturating(4), time: Number::MIN };
    let data = world.enqueue(&data);
    let failure = || Err(Failure::Misuse(Misuse::Body));
    assert_eq!(world.outputs(), [Output::Complete(at, failure()), Output::Complete(data, failure())]);
}

#[test]
fn a_result_that_began_before_its_command_is_not_its() {
    for cut in 3..OK.len() {
        let mut world = World::new();
        let csq = world.enqueue(&Csq);
        world.input(OK);
        // One too many, and a read ends within it.
        world.input(&OK[..cut]);
        let model = world.enqueue(&Cgmm);
        world.input(&OK[cut..]);
        assert_eq!(world.outputs(), [Output::Complete(csq, Ok(())), Output::Unsolicited(line("OK"))]);
        world.input(b"\r\nSIMCOM_SIM800L\r\n\r\nOK\r\n");
        assert_eq!(
            world.outputs(),
            [Output::Information(model, line("SIMCOM_SIM800L")), Output::Complete(model, Ok(()))]
        );
    }
}

#[test]
fn a_payload_that_stands_still_is_starved_and_its_rest_is_nobodys() {
    let mut world = World::new();
    let id = world.enqueue(&read(1460));
    world.input(b"\r\n+FTPGET: 2,100\r\n0123456789");
    let began = world.now;
    world.wait();
    assert!(world.now - began < Duration::from_secs(5));
    let outputs = world.outputs();
    assert!(outputs.contains(&Output::Complete(id, Err(Starved { missing: 90 }))), "{outputs:?}");
    world.input(b"\r\n+FTPGET: 1,0\r\n\r\nOK\r\n");
    assert_eq!(world.outputs(), []);
}

#[test]
fn what_was_gathered_of_a_starved_payload_is_never_read() {
    for content in ["\r\nRDY\r\n", "abc\r\n\r\nOK\r\n", "\r\nERROR\r\n", "\r\n+SAPBR 1: DEACT\r\n"] {
        let mut world = World::new();
        let payload = world.enqueue(&read(1460));
        let csq = world.enqueue(&Csq);
        let header = format!("\r\n+FTPGET: 2,100\r\n{content}");
        world.input(header.as_bytes());
        world.wait();
        let starved = Starved { missing: 100 - content.len() as u32 };
        assert_eq!(
            world.outputs(),
            [
                Output::Information(payload, line("+FTPGET: 2,100")),
                Output::Complete(payload, Err(starved)),
                Output::Desynchronized
            ],
            "{content:?}"
        );
        while world.engine.poll_timeout().is_some() && world.sent().is_empty() {
            world.wait();
        }
        world.input(b"\0");
        assert!(matches!(world.engine.line, State::Lost(_)), "noise is no answer, with {content:?}");
        world.synchronize();
        assert_eq!(world.sent(), "AT+CSQ\\r");
        world.input(b"\r\n+CSQ: 15,0\r\n\r\nOK\r\n");
        assert_eq!(
            world.outputs(),
            [Output::Information(csq, line("+CSQ: 15,0")), Output::Complete(csq, Ok(()))],
            "{content:?}"
        );
    }
}

#[test]
fn a_slow_line_does_not_time_out_while_octets_flow() {
    let mut world = World::new();
    let id = world.enqueue(&read(1460));
    world.sent();
    world.input(b"\r\n+FTPGET: 2,1460\r\n");
    for _ in 0..1460 {
        world.now += Duration::from_secs(1);
        world.engine.handle_timeout(world.now);
        world.input(b"x");
    }
    world.input(OK);
    assert_eq!(world.outputs().last(), Some(&Output::Complete(id, Ok(()))));
}

#[test]
fn a_restart_fails_what_is_in_flight_and_what_waits() {
    let mut world = World::new();
    let read = world.enqueue(&read(10));
    let at = world.enqueue(&At);
    world.input(b"\r\nRDY\r\n\r\n+CFUN: 1\r\n\r\n+CPIN: READY\r\n");
    let failure = || Err(Failure::Restarted(Restart::Ready));
    assert_eq!(
        world.outputs(),
        [
            Output::Complete(read, failure()),
            Output::Complete(at, failure()),
            Output::Restarted(Restart::Ready),
            Output::Unsolicited(line("+CFUN: 1")),
            Output::Unsolicited(line("+CPIN: READY")),
        ]
    );
}

#[test]
fn lines_that_a_command_causes_are_no_restart() {
    let mut world = World::new();
    world.now = Duration::from_secs(1_000);
    let pin = Request::raw("at+cpin=1234", Duration::from_secs(5)).expect("a command");
    let id = world.engine.submit(world.now, pin);
    world.input(b"\r\nOK\r\n");
    world.now += Duration::from_secs(1);
    world.input(b"\r\n+CPIN: READY\r\n");
    assert_eq!(world.outputs(), [Output::Complete(id, Ok(())), Output::Unsolicited(line("+CPIN: READY"))]);
}

#[test]
fn powering_down_is_the_result_of_its_command() {
    let mut world = World::new();
    let id = world.enqueue(&Cpowd { way: Way::Normal });
    world.input(b"\r\nNORMAL POWER DOWN\r\n");
    assert_eq!(world.outputs(), [Output::Complete(id, Ok(())), Output::Restarted(Restart::PowerDown)]);
}

#[test]
fn information_without_end_is_not_kept() {
    let mut world = World::new();
    let id = world.enqueue(&Cgmm);
    for _ in 0..1000 {
        world.input(b"\r\nSome line that nobody knows and that goes on\r\n");
    }
    world.input(OK);
    let outputs = world.outputs();
    assert!(outputs.len() < 500);
    assert_eq!(outputs.last(), Some(&Output::Complete(id, Err(Malformed(Malformation::TooMuchInformation)))));
}

#[test]
fn the_end_of_the_line_completes_everything() {
    let mut world = World::new();
    let csq = world.enqueue(&Csq);
    let at = world.enqueue(&At);
    world.engine.handle_eof(world.now);
    let late = world.enqueue(&At);
    let failure = || Err(Failure::Disconnected(Disconnected::Ended));
    let complete = [csq, at, late].map(|id| Output::Complete(id, failure()));
    assert_eq!(world.outputs(), complete);
    assert_eq!(world.sent(), "");
}

#[test]
fn the_queue_is_bounded() {
    let mut world = World::new();
    for _ in 0..=Config::default().limits.queue {
        world.enqueue(&At);
    }
    assert_eq!(world.outputs(), []);
    let over = world.enqueue(&At);
    assert_eq!(world.outputs(), [Output::Complete(over, Err(Failure::Misuse(Misuse::QueueFull)))]);
}

#[test]
fn a_line_beside_a_payload_without_a_header_may_be_the_rest_of_it() {
    let read = FsRead {
        file: Path::new(r"C:\a").expect("a path"),
        mode: FsReadMode::Position,
        size: Number::saturating(16),
        position: Number::saturating(0),
    };
    let mut world = World::new();
    let id = world.enqueue(&read);
    // The first line is counted for the payload, of which the last line is left.
    world.input(b"\r\n+CREG: 1\r\n\r\nabcdef\r\n+CREG: 1\r\n\r\nOK\r\n");
    assert!(world.outputs().contains(&Output::Complete(id, Err(Malformed(Malformation::Damaged)))));
}

#[test]
fn text_behind_a_payload_is_the_rest_of_it() {
    for (rest, lost) in [
        (&b"\x80\x81\r\nOK\r\n"[..], true),
        (&b"\r\n+FTPGET: 1,0\r\n"[..], false),
        (&b"\r\n+VENDOR: 5\r\n"[..], false),
        (&b"\r\nRING\r\n"[..], false),
    ] {
        let mut world = World::new();
        let id = world.enqueue(&read(10));
        world.input(b"\r\n+FTPGET: 2,1\r\nx\r\nOK\r\n");
        world.input(rest);
        let outputs = world.outputs();
        assert!(outputs.contains(&Output::Complete(id, Ok(()))));
        assert_eq!(outputs.contains(&Output::Desynchronized), lost, "{}", rest.escape_ascii());
    }
}

#[test]
fn firmware_without_empty_lines_before_results_is_known_by_its_texts() {
    let payload: &[u8] = b"\r\n+FTPGET: 2,3\r\nx\r\nOK\r\n";
    let damaged = Err(Malformed(Malformation::Damaged));
    for (text, expected) in
        [(&b"\r\n+CSQ: 5,0\r\nOK\r\n"[..], Ok(())), (&b"\r\n+CSQ: 5,0\r\n\r\nOK\r\n"[..], damaged.clone())]
    {
        let mut world = World::new();
        world.enqueue(&Csq);
        world.input(text);
        let id = world.enqueue(&read(10));
        world.input(payload);
        assert!(world.outputs().contains(&Output::Complete(id, expected)), "{}", text.escape_ascii());
    }
    // An octet that came twice leaves the last one of the payload before the result, even if that reads like nothing.
    for payload in [
        &b"\r\n+FTPGET: 2,3\r\nxx\r\nOK\r\n"[..],
        b"\r\n+FTPGET: 2,3\r\nxxy\nOK\r\n",
        b"\r\n+FTPGET: 2,3\r\nxxy OK\r\n",
    ] {
        let mut world = World::new();
        world.enqueue(&Csq);
        world.input(b"\r\n+CSQ: 5,0\r\nOK\r\n");
        let id = world.enqueue(&read(10));
        world.input(payload);
        assert!(!world.outputs().contains(&Output::Complete(id, Ok(()))), "{}", payload.escape_ascii());
    }
}

#[test]
fn a_result_of_nobody_does_not_shift_the_answers_for_ever() {
    let mut world = World::new();
    let first = world.enqueue(&At);
    // One too many: the next command is answered before the module has it.
    world.input(b"\r\nOK\r\n");
    let second = world.enqueue(&Csq);
    world.input(b"\r\nOK\r\n");
    let anew = world.engine.submit(world.now, Request::new(&At).expect("a request").anew());
    assert_eq!(world.sent(), "AT\\rAT+CSQ\\r");
    world.input(b"\r\n+CSQ: 5,0\r\n\r\nOK\r\n");
    assert_eq!(world.sent(), "", "not before the line is quiet");
    world.synchronize();
    let completed = |outputs: Vec<Output>| {
        let ids = outputs.into_iter().filter_map(|output| match output {
            Output::Complete(id, result) => Some((id, result)),
            _ => None,
        });
        ids.collect::<Vec<_>>()
    };
    assert_eq!(completed(world.outputs()), [(first, Ok(())), (second, Ok(())), (anew, Ok(()))]);
}

#[test]
fn a_response_behind_a_result_that_was_not_its_own_loses_the_line() {
    for is_next_in_flight in [false, true] {
        let mut world = World::new();
        let refused = world.enqueue(&read(10));
        world.input(b"\r\nERROR\r\n");
        let next = is_next_in_flight.then(|| world.enqueue(&At));
        world.input(b"\r\n+FTPGET: 2,1\r\na\r\nOK\r\n\r\n+FTPGET: 1,0\r\n");
        let outputs = world.outputs();
        assert!(outputs.contains(&Output::Complete(refused, Err(Rejected(FinalResultCode::Error)))));
        assert!(outputs.contains(&Output::Desynchronized), "{outputs:?}");
        assert!(next.is_none_or(|next| !outputs.contains(&Output::Complete(next, Ok(())))), "{outputs:?}");
    }
}

#[test]
fn an_error_in_a_payload_whose_header_was_damaged_is_no_refusal() {
    let mut world = World::new();
    let id = world.enqueue(&read(20));
    world.input(b"FTPGET: 2,12\r\nK\r\n\r\nERROR\r\nOK\r\n+FTPGET: 1,0\r\n");
    let damaged = Output::Complete(id, Err(Malformed(Malformation::Damaged)));
    assert!(world.outputs().contains(&damaged));
}

/// Where a header is awaited, a line that nobody knows is the module's own if the header comes as well.
#[test]
fn a_line_that_nobody_knows_is_no_damage_unless_it_was_the_header() {
    let damaged = || Err(Malformed(Malformation::Damaged));
    let payload = "\r\n+HTTPREAD: 2\r\nab\r\nOK\r\n";
    for (response, expected) in [
        (format!("\r\n+UGNSINF: 1,1\r\n{payload}"), Ok(())),
        (format!("\r\n+UGNSINF: 1,1\r\n\r\n^X: \r\n{payload}"), Ok(())),
        // Not framed, or of octets that no line has.
        (format!("+UGNSINF: 1,1\r\n{payload}"), damaged()),
        (format!("\r\n+UGNSINF: \x7f\r\n{payload}"), damaged()),
        // Without a name, or with that of a command.
        (format!("\r\nsome text\r\n{payload}"), damaged()),
        (format!("\r\n+CSQ: 1,1\r\n{payload}"), damaged()),
        // It was the header, and the payload reads like lines of the module's.
        ("\r\n+HTTPRAD: 22\r\n\r\n+UGNSINF: 1,1\r\n\r\nOK\r\n".to_owned(), damaged()),
        ("\r\n+UGNSINF: 1,1\r\n\r\nOK\r\n".to_owned(), damaged()),
        ("\r\n+HTTPRAD: 7\r\nERROR\r\n\r\nOK\r\n".to_owned(), damaged()),
        // What a count that lost a digit did not count.
        ("\r\n+HTTPREAD: 2\r\nab\r\n+UGNSINF: 1,1\r\n\r\nOK\r\n".to_owned(), damaged()),
        ("\r\n+HTTPREAD: 0\r\n\r\n+UGNSINF: 1,1\r\n\r\nOK\r\n".to_owned(), damaged()),
    ] {
        let mut world = World::new();
        let id = world.enqueue(&HttpReadRange { start: Number::MIN, size: Number::MAX });
        world.input(response.as_bytes());
        assert!(world.outputs().contains(&Output::Complete(id, expected)), "{response:?}");
    }
}
