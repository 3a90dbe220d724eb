//! What can be asked for, and how it is given up.

use sim800_command::{BodyEnd, DataPhase, Encoder, Expect, Form, LINE_LIMIT, Line, Spec, time_limit};

use sim800_command::{CipSend, Connection, FtpPw, Secret, SocketLength};

use super::*;

#[test]
fn text_is_taken_as_a_command_line_or_refused_for_what_is_wrong_with_it() {
    let raw = |text: &str| Request::raw(text, Duration::from_secs(1)).map(drop);
    let longest = format!("AT{}", "X".repeat(LINE_LIMIT));
    assert_eq!(raw(&longest), Ok(()));
    assert_eq!(raw(&(longest + "X")), Err(Failure::Misuse(Misuse::TooLong)));
    assert_eq!(raw(" at+unheard \r\n"), Ok(()));
    for text in ["", "A", "+CSQ", "at+csq\rat+cpowd=1", "AT\x1b"] {
        assert_eq!(raw(text), Err(Failure::Misuse(Misuse::NotACommand)), "{text:?}");
    }
}

#[test]
fn a_line_may_be_sent_as_it_stands() {
    let mut world = World::new();
    world.submit(Request::raw("at+httppara=cid, 1", Duration::from_secs(1)).expect("a command"));
    assert_eq!(world.sent(), r#"AT+HTTPPARA=\"CID\",1\r"#);
    world.input(b"\r\nOK\r\n");
    world.submit(Request::verbatim("at+httppara=cid, 1", Duration::from_secs(1)).expect("a command"));
    assert_eq!(world.sent(), "at+httppara=cid, 1\\r");
    let secret = Request::verbatim("AT+FTPPW=sesame", Duration::from_secs(1)).expect("a command");
    assert!(secret.is_secret() && !format!("{secret:?}").contains("sesame"), "{secret:?}");
}

/// `AT+CMGS`, whose text ends with Ctrl-Z.
struct Message;

impl Command for Message {
    const SPEC: &'static Spec = &Spec::new("+CMGS", Form::Write);
    type Response<'a> = ();

    fn encode(&self, line: &mut Encoder<'_>) {
        line.number(23);
    }

    fn expect(&self) -> Expect {
        Expect::result().with_data(DataPhase::Prompted)
    }

    fn body_end(&self) -> BodyEnd {
        BodyEnd::CtrlZ
    }

    fn time_limit(&self) -> Duration {
        time_limit::UNSTATED
    }

    fn response<'a>(&self, _lines: &[Line<'a>]) -> Result<(), sim800_command::Malformed> {
        Ok(())
    }
}

/// No octets are sent in place of a text that the module may still wait for: one would end it, and send what it has.
#[test]
fn a_prompt_is_left_as_its_command_says() {
    let mut world = World::new();
    world.put(&Message, "hello");
    assert_eq!(world.sent(), "AT+CMGS=23\\r");
    world.wait();
    assert!(matches!(world.outputs()[..], [Output::Complete(Err(TimedOut { .. })), ..]));
    world.enqueue(&Csq);
    world.wait();
    assert_eq!(world.sent(), "\\x1bAT\\r");
}

/// What ends the text is none of its octets, and is sent behind the last of them.
#[test]
fn a_text_whose_result_comes_before_it_was_sent_is_cut_short() {
    let mut world = World::new();
    world.put(&Message, "hello");
    assert_eq!(world.sent(), "AT+CMGS=23\\r");
    world.input(b"\r\n> \r\nOK\r\n");
    let cut = Malformed(Malformation::BodyCutShort { sent: 0, granted: 5 });
    assert_eq!(world.outputs().first(), Some(&failed(cut)));
}

#[test]
fn an_engine_at_work_is_shown_without_octets() {
    let mut world = World::new();
    world.put(&data(4), "secret");
    let shown = format!("{:?}", world.engine);
    assert!(shown.contains("Flight") && shown.contains("+HTTPDATA"), "{shown}");
    assert!(!shown.contains("secret"), "{shown}");
}

#[test]
fn a_command_that_ends_without_ok_ends_when_it_is_given_as_text() {
    let raw = |text| Request::raw(text, Duration::from_secs(60)).expect("a command line");
    let mut world = World::new();
    world.submit(raw("AT+CIPSHUT"));
    world.input(b"\r\nSHUT OK\r\n");
    assert_eq!(world.outputs(), [done(&["SHUT OK"])]);
    world.submit(raw("at+cipshut=?"));
    world.input(OK);
    assert_eq!(world.outputs(), [done(&[])]);
    world.submit(raw("AT+CIFSR"));
    world.input(b"\r\nCall Ready\r\n\r\n10.89.193.1\r\n");
    assert_eq!(world.outputs(), [unsolicited("Call Ready"), done(&["10.89.193.1"])]);
}

/// A module whose time for the octets ran out takes them for command lines; one that says what became of them has taken them.
#[test]
fn a_module_that_tells_of_octets_in_its_own_words_has_taken_them() {
    for (end, is_synchronized) in [("0, SEND FAIL", true), ("ERROR", false)] {
        let mut world = World::new();
        world.put(&CipSend { connection: Connection::MIN, size: SocketLength::saturating(4) }, "abcd");
        world.input(b"\r\n> ");
        assert!(world.sent().ends_with("abcd"));
        world.input(format!("\r\n{end}\r\n").as_bytes());
        let rejected = Output::Complete(Err(Rejected(FinalResultCode::Error)));
        assert_eq!(world.outputs().first(), Some(&rejected));
        assert_eq!(world.engine.is_synchronized(), is_synchronized, "{end}");
    }
}

#[test]
fn a_request_is_called_by_its_command_and_shows_no_value() {
    let password = FtpPw { password: Secret::new("sesame").expect("a secret") };
    let request = Request::new(&password).expect("a short line");
    assert!(request.is_secret() && !Request::new(&Csq).expect("a short line").is_secret());
    assert_eq!(format!("{:?} {}", request.name(), request.name()), "Name(AT+FTPPW) AT+FTPPW");
    let test = Request::new(&sim800_command::Test::<Csq>::new()).expect("a short line");
    assert_eq!(test.name().to_string(), "AT+CSQ=?");
    // What tells one use of a command from another is no value.
    let (get, put) =
        (Request::new(&read(5)).expect("a short line"), Request::new(&write(5)).expect("a short line"));
    assert_eq!(
        (get.name().to_string(), put.name().to_string()),
        ("AT+FTPGET=2".into(), "AT+FTPPUT=2".into())
    );
}

#[test]
fn a_prompt_for_more_than_was_offered_gets_nothing() {
    let mut world = World::new();
    world.put(&write(10), &b"0123456789"[..]);
    world.input(b"\r\n+FTPPUT: 2,11\r\n");
    assert_eq!(
        world.outputs(),
        [failed(Malformed(Malformation::Excess { announced: 11 })), Output::Desynchronized]
    );
    assert_eq!(world.sent(), "AT+FTPPUT=2,10\\r");
    // It waits for eleven, whatever was offered.
    world.enqueue(&At);
    let heard = (0..8).fold(String::new(), |heard, _| {
        world.wait();
        heard + &world.sent()
    });
    assert!(heard.contains(&"\\r".repeat(11)) && !heard.contains(&"\\r".repeat(12)), "{heard}");
}

#[test]
fn a_request_tells_its_line_and_how_much_it_offers() {
    let request = Request::new(&data(4)).expect("a short line").with_body(line("body"));
    assert_eq!((request.line(), request.offered()), (&b"AT+HTTPDATA=4,1000\r"[..], 4));
    assert_eq!(request.id(), Some(sim800_command::Id::HttpData));
    let request = Request::new(&Csq).expect("a short line");
    assert_eq!((request.line(), request.offered()), (&b"AT+CSQ\r"[..], 0));
}

/// How everything is shown that a request is made of, but for its place.
fn shown(request: &Request) -> String {
    let line = request.line().escape_ascii();
    format!("{line} {request:?} {:?} {} {}", request.id(), request.is_secret(), request.offered())
}

#[test]
fn nothing_is_left_of_a_request_in_whose_place_another_is_made() {
    let password = FtpPw { password: Secret::new("sesame").expect("a secret") };
    let secret = Request::new(&password).expect("a short line").anew().as_proof().compared();
    let offering = Request::new(&data(4)).expect("a short line").with_body(line("body"));
    let patient = Request::raw("AT+UNHEARD=1,2", Duration::from_secs(99)).expect("a command");
    let several = [Request::new(&Csq).expect("a short line"), Request::new(&At).expect("a short line")];
    let several = Request::concatenated(several).expect("two commands");
    for place in [secret, offering, patient, several] {
        for new in [Request::new(&Csq).expect("a short line"), place.clone()] {
            let mut other = place.clone();
            other.clone_from(&new);
            assert_eq!(shown(&other), shown(&new));
        }
        let other = Request::encode_at(Some(place), &Csq).expect("a short line");
        assert_eq!(shown(&other), shown(&Request::new(&Csq).expect("a short line")));
        let mut world = World::new();
        world.engine.begin(world.now, other).expect("idle");
        world.transmit();
        world.input(b"\r\n+CSQ: 1,0\r\n\r\nOK\r\n");
        assert_eq!(world.outputs(), [done(&["+CSQ: 1,0"])]);
    }
}

#[test]
fn a_request_that_is_through_is_given_back_once_without_its_body() {
    let mut world = World::new();
    assert!(world.engine.take_spent().is_none());
    world.put(&write(4), &b"body"[..]);
    world.transmit();
    assert!(world.engine.take_spent().is_none(), "it is under way");
    world.input(b"\r\nERROR\r\n");
    let spent = world.engine.take_spent().expect("it is through");
    assert_eq!((spent.line(), spent.offered()), (&b"AT+FTPPUT=2,4\r"[..], 0));
    assert!(world.engine.take_spent().is_none());
}

#[test]
fn what_is_sent_is_shown_without_octets() {
    let mut world = World::new();
    let password = FtpPw { password: Secret::new("sesame").expect("a secret") };
    let lost = Engine::new(world.now, Config::default()).on_unknown_line(world.now);
    assert!(format!("{lost:?}").contains("promised: 0"), "{lost:?}");
    world.enqueue(&password);
    let transmit = world.engine.poll_transmit().expect("the line");
    assert!(transmit.secret.is_some());
    assert_eq!(format!("{transmit:?}"), "Transmit { octets: 18, .. }");
}

#[test]
fn a_body_that_moves_is_given_time_and_one_that_stands_still_is_not() {
    let mut world = World::new();
    world.put(&data(2_000), vec![b'x'; 2_000]);
    world.transmit();
    world.engine.handle_input(world.now, b"\r\nDOWNLOAD\r\n");
    for _ in 0..3 {
        assert_eq!(world.engine.poll_transmit().map(|transmit| transmit.octets.len()), Some(512));
        world.wait();
        assert_eq!(world.outputs(), []);
    }
    world.wait();
    assert!(matches!(world.outputs()[..], [Output::Complete(Err(TimedOut { .. })), ..]));
}
