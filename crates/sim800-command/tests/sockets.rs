//! Which lines of sockets are whose, and what they say.

use std::net::Ipv4Addr;

use sim800_command::{
    BodyEnd, CipAck, CipRxGetLeft, CipRxGetLeftSingle, CipRxGetRead, CipRxGetReadSingle, Claim, Command as _,
    Connection, ConnectionEvent, Line, LookedUp, SocketLength, Values, Vocabulary,
};
use sim800_parser::Dialect as _;

fn line(text: &str) -> Line<'_> {
    Line::new(text.as_bytes())
}

#[test]
fn connections_tell_what_happens_to_them() {
    for (words, event) in [
        ("CONNECT OK", ConnectionEvent::Connected),
        ("CONNECT FAIL", ConnectionEvent::Failed),
        ("ALREADY CONNECT", ConnectionEvent::AlreadyConnected),
        ("CLOSED", ConnectionEvent::Closed),
    ] {
        assert_eq!(ConnectionEvent::read_single(line(words)), Some(event), "{words}");
        assert_eq!(ConnectionEvent::read(line(&format!("3, {words}"))), Some((3, event)), "{words}");
    }
    for (text, many, single) in [
        ("+CIPRXGET: 1,4", Some(4), false),
        ("+CIPRXGET: 1", None, true),
        ("+CIPRXGET: 1,4,4", None, false),
        ("+CIPRXGET: 2,4", None, false),
        ("+CIPRXGET: 2", None, false),
        ("+CREG: 1", None, false),
        ("+CREG: 1,4", None, false),
        ("6, CLOSED", None, false),
        ("3, CONNECT", None, false),
    ] {
        let told = ConnectionEvent::read(line(text));
        assert_eq!(told, many.map(|number| (number, ConnectionEvent::Readable)), "{text}");
        let told = ConnectionEvent::read_single(line(text));
        assert_eq!(told, single.then_some(ConnectionEvent::Readable), "{text}");
    }
}

#[test]
fn a_host_has_an_address_or_two_or_none() {
    let (first, second) = (Ipv4Addr::new(10, 0, 0, 1), Ipv4Addr::new(10, 0, 0, 2));
    for (text, told) in [
        (
            r#"+CDNSGIP: 1,"a.example","10.0.0.1""#,
            Some(LookedUp::Found { host: "a.example", addresses: [Some(first), None] }),
        ),
        (
            r#"+CDNSGIP: 1,"a.example","10.0.0.1","10.0.0.2""#,
            Some(LookedUp::Found { host: "a.example", addresses: [Some(first), Some(second)] }),
        ),
        ("+CDNSGIP: 0,8", Some(LookedUp::Failed(8))),
        ("+CDNSGIP: 2,8", None),
        (r#"+CDNSGIP: 1,"a.example","nowhere""#, None),
        (r#"+CDNSGIP: 1,"a.example","10.0.0.1","nowhere""#, None),
        (r#"+CDNSGIP: 1,"a.example","10.0.0.1","10.0.0.2",3"#, None),
        ("+CIPRXGET: 0,8", None),
    ] {
        assert_eq!(LookedUp::read(line(text)), told, "{text}");
    }
}

#[test]
fn text_ends_with_ctrl_z_and_is_given_up_with_esc() {
    assert_eq!((BodyEnd::Counted.octets(), BodyEnd::Counted.cancel()), (&b""[..], None));
    assert_eq!((BodyEnd::CtrlZ.octets(), BodyEnd::CtrlZ.cancel()), (&b"\x1a"[..], Some(&b"\x1b"[..])));
    for octet in 0..=u8::MAX {
        assert!(BodyEnd::Counted.allows(octet));
        assert_eq!(BodyEnd::CtrlZ.allows(octet), octet != 0x1a && octet != 0x1b, "{octet:#x}");
    }
}

#[test]
fn a_vocabulary_knows_lines_that_end_and_lines_that_go_on() {
    for (text, is_known, is_whole, goes_on) in [
        ("+HTTPACTION: 0,200,94", true, true, false),
        ("+CREG: 1,\"00C3\",\"1A2B\"", true, false, false),
        ("+SAPBR 1: DEACT", true, true, false),
        ("+PDP: DEACT", true, true, false),
        ("+CMT: \"+49\",\"\",\"24/07/24\"", true, false, true),
        ("+CBM: 88", true, false, true),
        ("+CMTI: \"SM\",3", true, false, false),
        ("+CMS ERROR: 500", false, false, false),
        ("SIM800", false, false, false),
        ("+NEWS: 1", false, false, false),
    ] {
        let line = line(text);
        assert_eq!(Vocabulary.is_unsolicited(line), is_known, "{text}");
        assert_eq!(Vocabulary.is_whole(line), is_whole, "{text}");
        assert_eq!(Vocabulary.takes_continuation(line), goes_on, "{text}");
    }
}

#[test]
fn a_question_takes_the_line_that_answers_it() {
    let number = Connection::MIN;
    let length = SocketLength::MAX;
    for (expect, values) in [
        (CipRxGetRead { connection: number, length }.expect(), "2,0,5,120"),
        (CipRxGetReadSingle { length }.expect(), "2,5,120"),
        (CipRxGetLeft { connection: number }.expect(), "4,0,120"),
        (CipRxGetLeftSingle.expect(), "4,120"),
        (CipAck { connection: number }.expect(), "22,20,2"),
    ] {
        let Claim::Named { accepts, .. } = expect.information else { panic!("{values} claims no name") };
        for other in
            ["2,0,5,120", "2,5,120", "4,0,120", "4,120", "22,20,2", "1", "1,0", "2", "4", "2,5,120,1,1"]
        {
            // The counts of an acknowledgement may be any.
            let is_taken = if values == "22,20,2" {
                Values::new(other.as_bytes()).count() == 3
            } else {
                other == values
            };
            assert_eq!(accepts(Values::new(other.as_bytes())), is_taken, "{other} for {values}");
        }
    }
}
