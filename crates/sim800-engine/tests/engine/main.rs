//! What the engine promises, case by case.

mod concatenation;
mod deadlines;
mod echo;
mod foreign;
mod offers;
mod properties;
mod requests;
mod restarts;
mod resync;
mod silence;

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;
use sim800_command::{
    At, Cgmm, Command, Cpowd, Csq, FsRead, FsReadMode, FtpGetRead, FtpPutWrite, HttpData, HttpReadRange,
    Number, Path, PowerDown as Way,
};
use sim800_engine::Failure::{self, Desynchronized, Malformed, Rejected, Starved, TimedOut};
use sim800_engine::{
    Config, Disconnected, Engine, Limits, Malformation, Misuse, Output, Request, Response, Restart,
};
use sim800_parser::FinalResultCode;

const OK: &[u8] = b"\r\nOK\r\n";

/// An engine, the commands that wait for it, the time, and what it said so far.
struct World {
    engine: Engine,
    waiting: VecDeque<Request>,
    now: Duration,
    wire: Vec<u8>,
    outputs: Vec<Output>,
}

impl World {
    fn new() -> Self {
        Self {
            engine: Engine::new(Duration::ZERO, Config::default()),
            waiting: VecDeque::new(),
            now: Duration::from_secs(100),
            wire: Vec::new(),
            outputs: Vec::new(),
        }
    }

    fn enqueue<C: Command>(&mut self, command: &C) {
        self.submit(Request::new(command).expect("a short line"));
    }

    fn put<C: Command>(&mut self, command: &C, body: impl Into<Bytes>) {
        self.submit(Request::new(command).expect("a short line").with_body(body.into()));
    }

    fn submit(&mut self, request: Request) {
        self.waiting.push_back(request);
        self.drive();
    }

    /// What a driver does: takes what the engine says, and gives it the next command.
    fn drive(&mut self) {
        self.outputs.extend(std::iter::from_fn(|| self.engine.poll_output()));
        while self.engine.is_idle() {
            let Some(request) = self.waiting.pop_front() else { return };
            if let Err(failure) = self.engine.begin(self.now, request) {
                self.outputs.push(Output::Complete(Err(failure)));
            }
        }
    }

    /// The module says something, after it got all that was sent.
    fn input(&mut self, octets: &[u8]) {
        self.transmit();
        self.engine.handle_input(self.now, octets);
        self.drive();
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
        std::mem::take(&mut self.outputs)
    }

    /// Lets time pass up to the next deadline.
    fn wait(&mut self) {
        if let Some(deadline) = self.engine.poll_timeout() {
            self.now = self.now.max(deadline);
            self.engine.handle_timeout(self.now);
        }
        self.drive();
    }

    /// Answers probes as a module does that has nothing else to say.
    fn synchronize(&mut self) {
        while !self.engine.is_synchronized() {
            self.wait();
            self.transmit();
            if [&b"AT\r"[..], b"ATQ0\r", b"ATV1\r"].iter().any(|probe| self.wire.ends_with(probe)) {
                self.wire.clear();
                self.input(OK);
            }
        }
    }
}

fn read(length: u32) -> FtpGetRead {
    FtpGetRead { length: Number::saturating(length) }
}

fn write(length: u32) -> FtpPutWrite {
    FtpPutWrite { length: Number::saturating(length) }
}

fn data(size: u32) -> HttpData {
    HttpData { size: Number::saturating(size), time: Number::MIN }
}

fn line(text: &'static str) -> Bytes {
    Bytes::from_static(text.as_bytes())
}

/// A command that ended well and brought this text.
fn done(information: &[&'static str]) -> Output {
    brought(information, "")
}

fn brought(information: &[&'static str], payload: &'static str) -> Output {
    let mut response = Response::default();
    response.information = information.iter().flat_map(|line| [line, "\n"]).collect::<String>().into();
    response.payload = line(payload);
    Output::Complete(Ok(response))
}

fn granted(octets: u32) -> Output {
    let mut response = Response::default();
    response.granted = Some(octets);
    Output::Complete(Ok(response))
}

fn failed(failure: Failure) -> Output {
    Output::Complete(Err(failure))
}

fn stray(text: &'static str) -> Output {
    Output::Stray(line(text))
}

fn succeeded(outputs: &[Output]) -> bool {
    outputs.iter().any(|output| matches!(output, Output::Complete(Ok(_))))
}

fn unsolicited(text: &'static str) -> Output {
    Output::Unsolicited(line(text))
}

#[test]
fn one_command_after_the_other() {
    let mut world = World::new();
    world.enqueue(&Csq);
    world.enqueue(&At);
    assert_eq!(world.sent(), "AT+CSQ\\r");
    world.input(b"\r\n+CSQ: 15,0\r\n\r\nRING\r\n\r\nOK\r\n");
    assert_eq!(world.sent(), "AT\\r");
    assert_eq!(world.outputs(), [unsolicited("RING"), done(&["+CSQ: 15,0"]),]);
    world.input(b"\r\nERROR\r\n");
    assert_eq!(world.outputs(), [failed(Rejected(FinalResultCode::Error))]);
    assert_eq!(world.engine.poll_timeout(), None);
}

#[test]
fn a_second_result_in_the_same_read_is_nobodys() {
    let mut world = World::new();
    world.enqueue(&Csq);
    world.enqueue(&At);
    world.input(b"\r\nERROR\r\n\r\nOK\r\n");
    // The refusal was another's, or this is.
    let refused = failed(Rejected(FinalResultCode::Error));
    assert_eq!(world.outputs(), [refused, Output::Desynchronized, unsolicited("OK")]);
}

#[test]
fn payload_comes_in_pieces_and_then_its_result() {
    let mut world = World::new();
    world.enqueue(&read(1460));
    assert_eq!(world.sent(), "AT+FTPGET=2,1460\\r");
    world.input(b"\r\n+FTPGET: 2,8\r\n\r\nOK\r\n++\r\nOK\r\n");
    assert_eq!(world.outputs(), [brought(&["+FTPGET: 2,8"], "\r\nOK\r\n++"),]);
}

#[test]
fn a_bare_ok_means_no_payload() {
    let mut world = World::new();
    world.enqueue(&HttpReadRange { start: Number::MIN, size: Number::MAX });
    world.input(OK);
    assert_eq!(world.outputs(), [done(&[])]);
}

#[test]
fn a_payload_among_damaged_octets_is_not_trusted() {
    let damaged = [
        // One octet lost, so that the count took the CR behind the payload; and that one lost, or the LF; two lost; a digit of the
        // header lost; a header that is none; an octet doubled.
        "\r\n+FTPGET: 2,5\r\nabcd\r\nOK\r\n",
        "\r\n+FTPGET: 2,5\r\nabcd\nOK\r\n",
        "\r\n+FTPGET: 2,5\r\nabcd\rOK\r\n",
        "\r\n+FTPGET: 2,5\r\nabc\r\nOK\r\n",
        "\r\n+FTPGET: 2,1\r\nabcdefghijkl\r\nOK\r\n",
        "\r\n+FTPGET: 2,1\r\na\r\nbcdefghijk\r\nOK\r\n",
        "\r\nFTPGET: 2,5\r\nabcde\r\nOK\r\n",
        "\r\n+FTPGET: 2,5\r\nabbcde\r\nOK\r\n",
        // Of 10, the 1 is lost, and what was counted reads like empty lines.
        "\r\n+FTPGET: 2,0\r\n\r\n\r\n\r\n\r\n\r\n\r\nOK\r\n",
        "\r\n+FTPGET: 2,0\r\n\n\r\n\r\n\r\n\r\n\r\r\nOK\r\n",
        "\r\n+FTPGET: 2,0\r\n\n\n\n\n\n\n\n\n\n\n\r\nOK\r\n",
        "\r\n+FTPGET: 2,0\r\n\r\r\r\r\r\r\r\r\r\r\r\nOK\r\n",
    ];
    for octets in damaged {
        let mut world = World::new();
        world.enqueue(&read(10));
        world.input(octets.as_bytes());
        let failure = failed(Malformed(Malformation::Damaged));
        // Where what is left makes no sense, lines of others may have been counted for the payload.
        assert!(world.outputs().contains(&failure), "{octets:?}");
    }
    let fine = [
        "\r\n+FTPGET: 2,5\r\nabcdeOK\r\n",
        "\r\n+FTPGET: 2,5\r\nabc\r\n\r\nOK\r\n",
        "\r\n+FTPGET: 2,5\r\nabcde\r\nRING\r\n\r\nOK\r\n",
        "\r\n+FTPGET: 2,0\r\n\r\n\r\nOK\r\n",
    ];
    for octets in fine {
        let mut world = World::new();
        world.enqueue(&read(10));
        world.input(octets.as_bytes());
        assert!(succeeded(&world.outputs()), "{octets:?}");
    }
}

#[test]
fn octets_go_out_after_the_prompt_and_as_many_as_it_grants() {
    let mut world = World::new();
    world.put(&write(10), &b"0123456789"[..]);
    assert_eq!(world.sent(), "AT+FTPPUT=2,10\\r");
    world.input(b"\r\n+FTPPUT: 2,7\r\n");
    assert_eq!(world.sent(), "0123456");
    world.input(OK);
    assert_eq!(world.outputs(), [granted(7)]);
    assert_eq!(world.sent(), "");
}

#[test]
fn a_header_that_announces_more_than_asked_opens_nothing() {
    let mut world = World::new();
    world.enqueue(&read(10));
    world.input(b"\r\n+FTPGET: 2,99999999999999999999\r\nOK\r\n");
    let announced = u64::MAX;
    assert_eq!(
        world.outputs(),
        [failed(Malformed(Malformation::Excess { announced })), Output::Desynchronized]
    );
}

#[test]
fn ok_without_a_prompt_is_no_success() {
    let mut world = World::new();
    let data = data(4);
    world.put(&data, line("body"));
    world.input(OK);
    // Perhaps it was another's, and the module asks only now.
    assert_eq!(world.outputs(), [failed(Malformed(Malformation::PromptMissing)), Output::Desynchronized]);
    assert_eq!(world.sent(), "AT+HTTPDATA=4,1000\\r");
}

#[test]
fn a_body_that_the_module_cuts_short_is_no_success_and_its_rest_is_not_sent() {
    let mut world = World::new();
    let data = data(2000);
    world.put(&data, vec![b'x'; 2000]);
    assert_eq!(world.sent(), "AT+HTTPDATA=2000,1000\\r");
    world.input(b"\r\nDOWNLOAD\r\n");
    let first = world.engine.poll_transmit().map(|transmit| transmit.octets.len());
    assert_eq!(first, Some(512));
    world.engine.handle_input(world.now, OK);
    world.drive();
    let failure = Malformed(Malformation::BodyCutShort { sent: 512, granted: 2000 });
    assert_eq!(world.outputs(), [failed(failure), Output::Desynchronized]);
    assert_eq!(world.sent(), "");
}

#[test]
fn payload_and_command_go_together() {
    let mut world = World::new();
    world.put(&At, "body");
    world.enqueue(&data(4));
    let failure = || failed(Failure::Misuse(Misuse::Body));
    assert_eq!(world.outputs(), [failure(), failure()]);
    assert_eq!(world.sent(), "");
}

#[test]
fn a_result_that_began_before_its_command_is_not_its() {
    for cut in 3..OK.len() {
        let mut world = World::new();
        world.enqueue(&Csq);
        world.input(OK);
        // One too many, and a read ends within it.
        world.input(&OK[..cut]);
        world.enqueue(&Cgmm);
        world.input(&OK[cut..]);
        assert_eq!(world.outputs(), [done(&[]), unsolicited("OK")]);
        world.input(b"\r\nSIMCOM_SIM800L\r\n\r\nOK\r\n");
        assert_eq!(world.outputs(), [done(&["SIMCOM_SIM800L"])]);
    }
}

#[test]
fn a_payload_that_stands_still_is_starved_and_its_rest_is_nobodys() {
    let mut world = World::new();
    world.enqueue(&read(1460));
    world.input(b"\r\n+FTPGET: 2,100\r\n0123456789");
    let began = world.now;
    world.wait();
    assert!(world.now - began < Duration::from_secs(5));
    let outputs = world.outputs();
    assert!(outputs.contains(&failed(Starved { missing: 90 })), "{outputs:?}");
    world.input(b"\r\n+FTPGET: 1,0\r\n\r\nOK\r\n");
    assert_eq!(world.outputs(), []);
}

#[test]
fn what_was_gathered_of_a_starved_payload_is_never_read() {
    for content in ["\r\nRDY\r\n", "abc\r\n\r\nOK\r\n", "\r\nERROR\r\n", "\r\n+SAPBR 1: DEACT\r\n"] {
        let mut world = World::new();
        world.enqueue(&read(1460));
        world.enqueue(&Csq);
        let header = format!("\r\n+FTPGET: 2,100\r\n{content}");
        world.input(header.as_bytes());
        world.wait();
        let starved = Starved { missing: 100 - content.len() as u32 };
        assert_eq!(world.outputs(), [failed(starved), Output::Desynchronized], "{content:?}");
        while world.engine.poll_timeout().is_some() && world.sent().is_empty() {
            world.wait();
        }
        world.input(b"\0");
        assert!(!world.engine.is_synchronized(), "noise is no answer, with {content:?}");
        world.synchronize();
        assert_eq!(world.sent(), "AT+CSQ\\r");
        world.input(b"\r\n+CSQ: 15,0\r\n\r\nOK\r\n");
        assert_eq!(world.outputs(), [done(&["+CSQ: 15,0"])], "{content:?}");
    }
}

#[test]
fn a_slow_line_does_not_time_out_while_octets_flow() {
    let mut world = World::new();
    world.enqueue(&read(1460));
    world.sent();
    world.input(b"\r\n+FTPGET: 2,1460\r\n");
    for _ in 0..1460 {
        world.now += Duration::from_secs(1);
        world.engine.handle_timeout(world.now);
        world.input(b"x");
    }
    world.input(OK);
    assert!(succeeded(&world.outputs()));
}

#[test]
fn a_restart_fails_what_is_in_flight_and_what_waits_for_the_line() {
    let mut world = World::new();
    world.enqueue(&read(10));
    world.enqueue(&At);
    world.input(b"\r\nRDY\r\n\r\n+CFUN: 1\r\n\r\n+CPIN: READY\r\n");
    let restarted = || failed(Failure::Restarted(Restart::Ready));
    assert_eq!(
        world.outputs(),
        [
            restarted(),
            Output::Restarted(Restart::Ready),
            unsolicited("+CFUN: 1"),
            unsolicited("+CPIN: READY"),
        ]
    );
    // The second one waits until the line is found again.
    assert!(!world.engine.is_idle() && !world.engine.is_synchronized());
    world.input(b"\r\nRDY\r\n");
    assert_eq!(world.outputs(), [restarted(), Output::Restarted(Restart::Ready)]);
}

/// Octets of a payload that the line damaged may read like a restart. That costs the payload, and no session.
#[test]
fn a_line_among_a_damaged_payload_is_no_restart() {
    let signs = ["RDY", "+CFUN: 1", "+CPIN: READY", "NORMAL POWER DOWN", "IIII\u{ff}\u{ff}\u{ff}\u{ff}"];
    for sign in signs {
        for (header, rest) in [("+FTPGET 2,50", ""), ("+FTPGET: 2,5", "abcde")] {
            let mut world = World::new();
            world.now = Duration::from_secs(1_000);
            world.enqueue(&read(1000));
            world.input(format!("\r\n{header}\r\n{rest}").as_bytes());
            world.input(format!("\r\n{sign}\r\nmore of it\r\nOK\r\n").as_bytes());
            let outputs = world.outputs();
            let restarted = |output: &Output| {
                matches!(output, Output::Restarted(_) | Output::Complete(Err(Failure::Restarted(_))))
            };
            assert!(!outputs.iter().any(restarted), "{header} {sign}: {outputs:?}");
            assert!(!succeeded(&outputs), "{header} {sign}: {outputs:?}");
        }
    }
}

#[test]
fn lines_that_a_command_causes_are_no_restart() {
    let mut world = World::new();
    world.now = Duration::from_secs(1_000);
    let pin = Request::raw("at+cpin=1234", Duration::from_secs(5)).expect("a command");
    world.submit(pin);
    world.input(b"\r\nOK\r\n");
    world.now += Duration::from_secs(1);
    world.input(b"\r\n+CPIN: READY\r\n");
    assert_eq!(world.outputs(), [done(&[]), unsolicited("+CPIN: READY")]);
}

#[test]
fn powering_down_is_the_result_of_its_command() {
    let mut world = World::new();
    world.enqueue(&Cpowd { way: Way::Normal });
    world.input(b"\r\nNORMAL POWER DOWN\r\n");
    assert_eq!(world.outputs(), [done(&[]), Output::Restarted(Restart::PowerDown)]);
}

#[test]
fn information_without_end_is_not_kept() {
    let mut world = World::new();
    world.enqueue(&Cgmm);
    for _ in 0..1000 {
        world.input(b"\r\nSome line that nobody knows and that goes on\r\n");
    }
    world.input(OK);
    let outputs = world.outputs();
    assert!(outputs.len() < 500);
    assert_eq!(outputs.last(), Some(&failed(Malformed(Malformation::TooMuchInformation))));
}

#[test]
fn the_end_of_the_line_completes_everything() {
    let mut world = World::new();
    world.enqueue(&Csq);
    world.enqueue(&At);
    world.engine.handle_disconnect(Disconnected::Ended);
    world.input(b"\r\nRING\r\n");
    let failure = || failed(Failure::Disconnected(Disconnected::Ended));
    assert_eq!(world.outputs(), [failure(), failure()]);
    assert_eq!(world.sent(), "");
}

#[test]
fn a_command_at_a_time_is_taken() {
    let request = || Request::new(&At).expect("a short line");
    let busy = Err(Failure::Misuse(Misuse::Busy));
    let mut engine = Engine::new(Duration::ZERO, Config::default());
    assert_eq!(engine.begin(Duration::ZERO, request()), Ok(()));
    assert_eq!((engine.is_idle(), engine.begin(Duration::ZERO, request())), (false, busy.clone()));
    // The same while it waits for the line.
    let mut engine = Engine::new(Duration::ZERO, Config::default()).on_unknown_line(Duration::ZERO);
    assert_eq!((engine.is_idle(), engine.begin(Duration::ZERO, request())), (true, Ok(())));
    assert_eq!((engine.is_idle(), engine.begin(Duration::ZERO, request())), (false, busy));
    assert_eq!(engine.poll_output(), None);
}

#[test]
fn lines_without_octets_are_not_kept_without_end_either() {
    let mut world = World::new();
    world.enqueue(&Cgmm);
    for _ in 0..10_000 {
        world.input(b"\xff\n");
    }
    world.input(OK);
    assert_eq!(world.outputs().last(), Some(&failed(Malformed(Malformation::TooMuchInformation))));
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
        world.enqueue(&read(10));
        world.input(b"\r\n+FTPGET: 2,1\r\nx\r\nOK\r\n");
        world.input(rest);
        let outputs = world.outputs();
        assert!(succeeded(&outputs));
        assert_eq!(outputs.contains(&Output::Desynchronized), lost, "{}", rest.escape_ascii());
    }
}

#[test]
fn firmware_without_empty_lines_before_results_is_known_by_its_texts() {
    let payload: &[u8] = b"\r\n+FTPGET: 2,3\r\nx\r\nOK\r\n";
    for (text, is_fine) in [(&b"\r\n+CSQ: 5,0\r\nOK\r\n"[..], true), (b"\r\n+CSQ: 5,0\r\n\r\nOK\r\n", false)]
    {
        let mut world = World::new();
        world.enqueue(&Csq);
        world.input(text);
        world.outputs();
        world.enqueue(&read(10));
        world.input(payload);
        let outputs = world.outputs();
        assert_eq!(succeeded(&outputs), is_fine, "{}", text.escape_ascii());
        assert!(is_fine || outputs.contains(&failed(Malformed(Malformation::Damaged))));
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
        world.outputs();
        world.enqueue(&read(10));
        world.input(payload);
        assert!(!succeeded(&world.outputs()), "{}", payload.escape_ascii());
    }
}

#[test]
fn a_result_of_nobody_does_not_shift_the_answers_for_ever() {
    let mut world = World::new();
    world.enqueue(&At);
    // One too many: the next command is answered before the module has it.
    world.input(b"\r\nOK\r\n");
    world.enqueue(&Csq);
    world.input(b"\r\nOK\r\n");
    world.submit(Request::new(&At).expect("a request").anew());
    assert_eq!(world.sent(), "AT\\rAT+CSQ\\r");
    world.input(b"\r\n+CSQ: 5,0\r\n\r\nOK\r\n");
    assert_eq!(world.sent(), "", "not before the line is quiet");
    world.synchronize();
    let succeeded = world.outputs().iter().filter(|output| **output == done(&[])).count();
    assert_eq!(succeeded, 3);
}

#[test]
fn a_response_behind_a_result_that_was_not_its_own_loses_the_line() {
    for is_next_in_flight in [false, true] {
        let mut world = World::new();
        world.enqueue(&read(10));
        world.input(b"\r\nERROR\r\n");
        if is_next_in_flight {
            world.enqueue(&At);
        }
        world.input(b"\r\n+FTPGET: 2,1\r\na\r\nOK\r\n\r\n+FTPGET: 1,0\r\n");
        let outputs = world.outputs();
        assert!(outputs.contains(&failed(Rejected(FinalResultCode::Error))));
        assert!(outputs.contains(&Output::Desynchronized), "{outputs:?}");
        assert!(!succeeded(&outputs), "{outputs:?}");
    }
}
