//! Several commands on one line.

use sim800_command::{CgattWrite, CpinRead};
use sim800_command::{
    Cgmr, Cmee, CregRead, Echo, ErrorReport, FtpPw, FtpServ, FtpUn, HttpHead, HttpStatusRead, Secret, Text,
    time_limit,
};

use super::*;

fn of<C: Command>(command: &C) -> Request {
    Request::new(command).expect("a short line")
}

fn on_one_line(requests: impl IntoIterator<Item = Request>) -> Request {
    Request::concatenated(requests).expect("a line")
}

/// What a GET ends with.
fn look(size: u32) -> Request {
    let read = HttpReadRange { start: Number::MIN, size: Number::saturating(size) };
    on_one_line([of(&HttpStatusRead), of(&HttpHead), of(&read)])
}

fn response(information: &[&'static str], payload: &'static str) -> Response {
    let Output::Complete(Ok(response)) = brought(information, payload) else { unreachable!() };
    response
}

fn each(responses: impl IntoIterator<Item = Response>) -> Output {
    let mut response = Response::default();
    response.concatenated = responses.into_iter().collect();
    Output::Complete(Ok(response))
}

#[test]
fn a_line_of_several_is_written_as_the_standards_have_it() {
    let mut world = World::new();
    world.submit(on_one_line([
        of(&Echo { on: false }),
        of(&Cmee { mode: ErrorReport::Numeric }),
        of(&CregRead),
        of(&Echo { on: false }),
        of(&Csq),
    ]));
    assert_eq!(world.sent(), "ATE0+CMEE=1;+CREG?;E0+CSQ\\r");
    let name = on_one_line([of(&CpinRead), of(&CregRead), of(&CregRead)]).name().to_string();
    assert_eq!(name, "AT+CPIN?;+CREG?");
    // One is one.
    let mut world = World::new();
    world.submit(on_one_line([of(&Csq)]));
    world.input(b"\r\n+CSQ: 15,0\r\n\r\nOK\r\n");
    assert_eq!(world.outputs(), [done(&["+CSQ: 15,0"])]);
}

#[test]
fn each_command_gets_its_own_response_however_reads_are_cut() {
    let octets = b"AT\r\r\n+HTTPSTATUS: GET,0,0,0\r\n\r\n+HTTPHEAD: 8\r\nOK\r\n\r\nOK\r\n+HTTPREAD: 7\r\n\r\n+CSQ:\r\nOK\r\n";
    let expected = each([
        response(&["+HTTPSTATUS: GET,0,0,0"], ""),
        response(&["+HTTPHEAD: 8"], "OK\r\n\r\nOK"),
        response(&["+HTTPREAD: 7"], "\r\n+CSQ:"),
    ]);
    for size in 1..octets.len() {
        let mut world = World::new();
        world.submit(look(100));
        assert_eq!(world.sent(), "AT+HTTPSTATUS?;+HTTPHEAD;+HTTPREAD=0,100\\r");
        octets.chunks(size).for_each(|piece| world.input(piece));
        assert_eq!(world.outputs(), std::slice::from_ref(&expected), "reads of {size}");
    }
}

#[test]
fn what_comes_before_the_line_is_sent_is_no_response_to_a_later_command() {
    let mut engine: Engine = Engine::new(Duration::ZERO, Config::default());
    let now = Duration::from_secs(100);
    engine.begin(now, on_one_line([of(&Csq), of(&CregRead), of(&Cgmr)])).unwrap();
    engine.handle_input(now, b"\r\n+CREG: 0,1\r\n\r\nOK\r\n");
    while let Some(output) = engine.poll_output() {
        assert!(!matches!(output, Output::Complete(_)), "{output:?}");
    }
    assert!(engine.poll_transmit().is_some() && !engine.is_idle());
}

#[test]
fn a_line_of_the_modules_own_accord_is_in_nobodys_way() {
    let mut world = World::new();
    world.submit(on_one_line([of(&Cmee { mode: ErrorReport::Numeric }), of(&CregRead), of(&Csq)]));
    world
        .input(b"\r\nRING\r\n\r\n+CREG: 1\r\n\r\n+CREG: 0,1\r\n\r\n+CREG: 5\r\n\r\n+CSQ: 15,0\r\n\r\nOK\r\n");
    assert_eq!(
        world.outputs(),
        [
            unsolicited("RING"),
            unsolicited("+CREG: 1"),
            unsolicited("+CREG: 5"),
            each([Response::default(), response(&["+CREG: 0,1"], ""), response(&["+CSQ: 15,0"], "")]),
        ]
    );
}

#[test]
fn two_alike_get_a_line_each_and_text_goes_to_the_one_that_has_some() {
    let mut world = World::new();
    world.submit(on_one_line([of(&Csq), of(&Csq)]));
    world.input(b"\r\n+CSQ: 15,0\r\n\r\n+CSQ: 16,0\r\n\r\nOK\r\n");
    assert_eq!(world.outputs(), [each([response(&["+CSQ: 15,0"], ""), response(&["+CSQ: 16,0"], "")])]);
    world.submit(on_one_line([of(&Cmee { mode: ErrorReport::Numeric }), of(&Cgmm)]));
    world.input(b"\r\nSIMCOM_SIM800L\r\n\r\nOK\r\n");
    assert_eq!(world.outputs(), [each([Response::default(), response(&["SIMCOM_SIM800L"], "")])]);
}

#[test]
fn the_limit_of_information_holds_for_each_of_them() {
    let lines = b"\r\n+CSQ: 15,0\r\n\r\n+CREG: 0,1\r\n\r\nOK\r\n";
    for (limit, is_enough) in [(50, true), (30, false)] {
        let mut config = Config::default();
        config.limits.information = limit;
        let mut world = World { engine: Engine::new(Duration::ZERO, config), ..World::new() };
        world.submit(on_one_line([of(&Csq), of(&CregRead)]));
        world.input(lines);
        assert_eq!(succeeded(&world.outputs()), is_enough, "{limit}");
    }
}

#[test]
fn a_command_that_says_nothing_leaves_the_next_its_own() {
    for size in [1, 3, 100] {
        let mut world = World::new();
        world.submit(look(100));
        let octets = b"\r\n+HTTPSTATUS: GET,0,0,0\r\n\r\n+HTTPREAD: 4\r\nOK\r\n\r\nOK\r\n\r\nRING\r\n";
        world.transmit();
        octets.chunks(size).for_each(|piece| world.input(piece));
        assert_eq!(
            world.outputs(),
            [
                each([
                    response(&["+HTTPSTATUS: GET,0,0,0"], ""),
                    Response::default(),
                    response(&["+HTTPREAD: 4"], "OK\r\n"),
                ]),
                unsolicited("RING"),
            ]
        );
    }
    let mut world = World::new();
    world.submit(on_one_line([of(&CregRead), of(&Csq)]));
    world.input(b"\r\nOK\r\n");
    assert_eq!(world.outputs(), [each([Response::default(), Response::default()])]);
}

#[test]
fn the_first_that_is_refused_is_the_result() {
    let mut world = World::new();
    world.submit(look(100));
    world.input(b"\r\n+HTTPSTATUS: GET,0,0,0\r\n\r\nERROR\r\n");
    assert_eq!(world.outputs(), [failed(Rejected(FinalResultCode::Error))]);
}

#[test]
fn a_payload_that_the_line_damaged_spoils_all_of_them() {
    for octets in [
        // An octet lost, and one doubled, in front of another line and of the result code.
        &b"\r\n+HTTPSTATUS: GET,0,0,0\r\n\r\n+HTTPHEAD: 4\r\nhed\r\n+HTTPREAD: 4\r\nbody\r\nOK\r\n"[..],
        b"\r\n+HTTPSTATUS: GET,0,0,0\r\n\r\n+HTTPHEAD: 4\r\nheadd\r\n+HTTPREAD: 4\r\nbody\r\nOK\r\n",
        b"\r\n+HTTPSTATUS: GET,0,0,0\r\n\r\n+HTTPHEAD: 4\r\nhead\r\n+HTTPREAD: 4\r\nbdy\r\nOK\r\n",
        b"\r\n+HTTPSTATUS: GET,0,0,0\r\n\r\n+HTTPHEAD: 4\r\nhead\r\n+HTTPREAD: 4\r\nbodyy\r\nOK\r\n",
        // A line end lost or doubled.
        b"\r\n+HTTPSTATUS: GET,0,0,0\r\n\r\n+HTTPHEAD: 4\r\nhe\r\n+HTTPREAD: 4\r\nbody\r\nOK\r\n",
        b"\r\n+HTTPSTATUS: GET,0,0,0\r\n\r\n+HTTPHEAD: 4\r\nhead\r\n\r\n+HTTPREAD: 4\r\nbody\r\nOK\r\n",
        // A header that is none.
        b"\r\n+HTTPSTATUS: GET,0,0,0\r\n\r\n+HTTPHAD: 4\r\nhead\r\n+HTTPREAD: 4\r\nbody\r\nOK\r\n",
    ] {
        let mut world = World::new();
        world.submit(look(100));
        world.input(octets);
        let outputs = world.outputs();
        let is_damaged = outputs.contains(&failed(Malformed(Malformation::Damaged)));
        assert!(is_damaged, "{}: {outputs:?}", octets.escape_ascii());
    }
}

#[test]
fn a_line_behind_a_payload_may_have_an_empty_one_before_it_where_results_have_none() {
    let mut world = World::new();
    world.submit(look(100));
    world.input(b"\r\n+HTTPSTATUS: GET,0,0,0\r\nERROR\r\n");
    world.outputs();
    for _ in 0..2 {
        world.submit(look(100));
        world.input(b"\r\n+HTTPSTATUS: GET,0,0,0\r\n\r\n+HTTPHEAD: 4\r\nhead\r\n+HTTPREAD: 4\r\nbodyOK\r\n");
        let outputs = world.outputs();
        assert!(succeeded(&outputs), "{outputs:?}");
    }
}

/// Of a payload that lost two octets, the count takes the empty line before the next header.
#[test]
fn a_line_behind_a_payload_has_an_empty_one_before_it_as_others_have() {
    let status = "\r\n+HTTPSTATUS: GET,0,0,0\r\n";
    let header = "+HTTPHEAD: 7\r\n\r\nd\r\r\r\n+HTTPREAD: 4\r\nbodyOK\r\n";
    for (line, is_whole) in [
        // Where results have none but all else has one, and where nothing has.
        (format!("{status}\r\n{header}"), false),
        (format!("{}{header}", status.trim_start()), true),
    ] {
        let mut world = World::new();
        world.submit(look(100));
        world.input(format!("{status}ERROR\r\n").as_bytes());
        world.outputs();
        for _ in 0..2 {
            world.submit(look(100));
            world.input(line.as_bytes());
            let outputs = world.outputs();
            assert_eq!(succeeded(&outputs), is_whole, "{}: {outputs:?}", line.escape_debug());
        }
    }
}

#[test]
fn all_secrets_of_a_line_are_masked() {
    let text = |text: &'static str| Text::new(text).expect("a text");
    let request = on_one_line([
        of(&FtpServ { server: text("sim.com") }),
        of(&FtpPw { password: Secret::new("sesame").expect("a secret") }),
        of(&FtpUn { user: text("bob") }),
        of(&FtpPw { password: Secret::new("shibboleth").expect("a secret") }),
    ]);
    let mut world = World::new();
    world.submit(request);
    let transmit = world.engine.poll_transmit().expect("a line");
    let secret = &transmit.octets[transmit.secret.expect("a secret")];
    assert_eq!(secret, b"sesame\";+FTPUN=\"bob\";+FTPPW=\"shibboleth");
}

#[test]
fn time_limits_add_up_and_what_is_not_stated_counts_once() {
    let limit = |request: Request| {
        let mut world = World::new();
        world.submit(request);
        let began = world.now;
        world.transmit();
        world.wait();
        (world.now - began).as_secs()
    };
    let attach = CgattWrite { attached: true };
    assert_eq!(limit(on_one_line([of(&Csq), of(&CregRead), of(&CpinRead)])), time_limit::UNSTATED.as_secs());
    let sum = 2 * time_limit::ATTACH + time_limit::UNSTATED;
    assert_eq!(limit(on_one_line([of(&attach), of(&Csq), of(&CregRead), of(&attach)])), sum.as_secs());
}

#[test]
fn what_does_not_fit_a_line_is_refused() {
    let misuse = |requests: Vec<Request>| match Request::concatenated(requests) {
        Err(Failure::Misuse(misuse)) => Some(misuse),
        _ => None,
    };
    let most = |count: usize| (0..count).map(|_| of(&Csq)).collect::<Vec<_>>();
    assert_eq!(misuse(vec![]), Some(Misuse::NotACommand));
    assert_eq!((misuse(most(39)), misuse(most(40))), (None, Some(Misuse::TooMany)));
    let name = "n".repeat(49);
    let long = |count: usize, more: Request| {
        let user = FtpUn { user: Text::new(&name).expect("a text") };
        (0..count).map(|_| of(&user)).chain([more]).collect::<Vec<_>>()
    };
    // 9 times 59 octets, and what there is room for behind them.
    let user = |length: usize| of(&FtpUn { user: Text::new(&name[..length]).expect("a text") });
    assert_eq!((misuse(long(9, user(16))), misuse(long(9, user(17)))), (None, Some(Misuse::TooLong)));
    for other in
        [of(&data(10)).with_body(vec![0; 10].into()), of(&data(10)), of(&Cgmr).with_body(Bytes::new())]
    {
        assert_eq!(misuse(vec![of(&Csq), other.clone()]), Some(Misuse::OnItsOwn));
        assert_eq!(misuse(vec![other, of(&Csq)]), Some(Misuse::OnItsOwn));
    }
}

#[test]
fn what_finds_a_line_answers_who_wants_no_more_than_that() {
    let mut world = World::new();
    world.submit(of(&At).anew());
    world.submit(of(&Csq));
    world.wait();
    assert_eq!(world.sent(), "AT\\r");
    world.input(OK);
    assert_eq!(world.outputs(), [], "more may follow");
    world.wait();
    assert_eq!(world.outputs(), [done(&[])]);
    assert_eq!(world.sent(), "AT+CSQ\\r");
}

#[test]
fn a_proof_waits_for_nothing_unless_something_else_came() {
    let begin = || {
        let mut world = World::new();
        world.engine = Engine::new(world.now, Config::default()).on_unknown_line(world.now);
        world.submit(of(&At).anew().as_proof());
        let began = world.now;
        world.wait();
        assert_eq!(world.sent(), "AT\\r");
        assert!(world.now - began < Duration::from_millis(30), "{:?}", world.now - began);
        world
    };
    let mut world = begin();
    world.input(b"AT\r\r\nOK\r\n");
    assert_eq!(world.outputs(), [done(&[])]);
    for other in [&b"7 of a file\r\n\r\nOK\r\n"[..], b"\r\n+HTTPREAD: 10\r\n\r\nOK\r\n"] {
        let mut world = begin();
        world.input(other);
        assert!(!succeeded(&world.outputs()), "{}", other.escape_ascii());
    }
}

#[test]
fn one_that_wants_a_synchronized_line_lets_all_wait_for_it() {
    for requests in [[of(&Csq).anew(), of(&CregRead)], [of(&Csq), of(&CregRead).anew()]] {
        let mut world = World::new();
        world.submit(on_one_line(requests));
        assert_eq!(world.sent(), "");
        world.synchronize();
        assert_eq!(world.sent(), "AT+CSQ;+CREG?\\r");
    }
    let mut world = World::new();
    world.submit(on_one_line([of(&Csq), of(&CregRead)]));
    assert_eq!(world.sent(), "AT+CSQ;+CREG?\\r");
}

#[test]
fn a_command_that_says_nothing_is_passed_over_for_what_the_next_one_says() {
    let mut world = World::new();
    world.submit(on_one_line([of(&CpinRead), of(&CregRead)]));
    world.input(b"\r\n+CREG: 0,1\r\n\r\nOK\r\n");
    assert_eq!(world.outputs(), [each([Response::default(), response(&["+CREG: 0,1"], "")])]);
}

/// Where the module has no empty lines, one behind a payload is the rest of it: the line doubled octets.
#[test]
fn an_empty_line_behind_a_payload_is_damage_where_the_module_has_none() {
    let read = |size| HttpReadRange { start: Number::MIN, size: Number::saturating(size) };
    for (doubled, is_damaged) in [("", false), ("\r\n", true)] {
        let mut world = World::new();
        world.submit(of(&Csq));
        world.input(b"+CSQ: 5,0\r\nOK\r\n");
        world.outputs();
        world.submit(on_one_line([of(&HttpStatusRead), of(&read(5)), of(&read(3))]));
        let bodies = format!("+HTTPREAD: 4\r\n\r\n\r\n{doubled}+HTTPREAD: 2\r\n\r\nOK\r\n");
        world.input(format!("+HTTPSTATUS: GET,0,0,0\r\n{bodies}").as_bytes());
        let damaged = [failed(Malformed(Malformation::Damaged))];
        assert_eq!(world.outputs() == damaged, is_damaged, "{doubled:?}");
    }
}
