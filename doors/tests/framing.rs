//! Each command from its line to its typed response, through a framer that knows the module's own lines.

use sim800_command::{Command, CommandLine, Line, Prepared};
use sim800_doors::{Adc, Measurement, Navigating, Receive, SendMessage};
use sim800_parser::{Event, FinalResultCode, Framer};

/// What the module said to a command.
#[derive(Debug, Default, PartialEq)]
struct Said {
    information: Vec<Vec<u8>>,
    payload: Vec<u8>,
    unsolicited: Vec<Vec<u8>>,
    pushed: Vec<u8>,
    prompted: bool,
    ok: bool,
}

/// The same at every cut.
fn hear(command: &impl Command, octets: &[u8]) -> Said {
    let whole = hear_in(command, &[octets]);
    for cut in 0..octets.len() {
        let (early, late) = octets.split_at(cut);
        assert_eq!(hear_in(command, &[early, late]), whole, "cut at {cut}");
    }
    whole
}

fn hear_in(command: &impl Command, reads: &[&[u8]]) -> Said {
    let mut framer = Framer::<256, _>::with_dialect(Navigating);
    framer.begin(command.expect());
    let mut said = Said::default();
    // Payload is of the line before it.
    let mut is_pushed = false;
    for read in reads {
        framer.feed(read, |event| match event {
            Event::Information(span) => {
                is_pushed = false;
                said.information.push(span.line().text().to_vec());
            }
            Event::Unsolicited(span) => {
                is_pushed = true;
                said.unsolicited.push(span.line().text().to_vec());
            }
            Event::Payload { octets, .. } if is_pushed => said.pushed.extend_from_slice(octets),
            Event::Payload { octets, .. } => said.payload.extend_from_slice(octets),
            Event::Prompt { .. } => said.prompted = true,
            Event::Final { code, .. } => said.ok = code == FinalResultCode::Ok,
            _ => {}
        });
    }
    said
}

fn response<C: Command>(command: &C, said: &Said, read: impl FnOnce(C::Response<'_>)) {
    let lines: Vec<_> = said.information.iter().map(|line| Line::new(line)).collect();
    read(command.response(&lines).expect("it is of its shape"));
}

#[test]
fn information_text() {
    assert_eq!(CommandLine::new(&Adc).unwrap().as_bytes(), b"AT+CADC?\r");
    let said = hear(&Adc, b"AT+CADC?\r\r\n+CADC: 1,603\r\n\r\n+UGNSINF: 1,1\r\n\r\nOK\r\n");
    assert!(said.ok);
    assert_eq!(said.unsolicited, [b"+UGNSINF: 1,1".to_vec()]);
    response(&Adc, &said, |measured| assert_eq!(measured, Measurement { is_good: true, voltage: 603 }));
    let error = Adc.response(&[]).unwrap_err();
    assert_eq!(error.to_string(), "malformed response to AT+CADC?: expected <status>,<value>");
}

#[test]
fn a_prompt_and_a_body() {
    let message = SendMessage::to("+491").unwrap();
    let prepared = Prepared::new(&message).unwrap();
    assert_eq!(prepared.line.as_bytes(), b"AT+CMGS=\"+491\"\r");
    assert_eq!((prepared.body_end.octets(), prepared.body_end.cancel()), (&b"\x1a"[..], Some(&b"\x1b"[..])));
    assert!(b"hello".iter().all(|octet| prepared.body_end.allows(*octet)));
    assert!(b"\x1a\x1b".iter().all(|octet| !prepared.body_end.allows(*octet)));
    assert!(SendMessage::to("1\"\r").is_err());

    let said = hear(&message, b"AT+CMGS=\"+491\"\r\r\n> \r\n+CMGS: 7\r\n\r\nOK\r\n");
    assert!(said.prompted && said.ok);
    response(&message, &said, |reference| assert_eq!(reference, 7));
}

#[test]
fn counted_payload() {
    let receive = Receive { connection: 1, at_most: 5 };
    assert_eq!(CommandLine::new(&receive).unwrap().as_bytes(), b"AT+CIPRXGET=2,1,5\r");
    let said = hear(&receive, b"\r\n+CIPRXGET: 2,1,5,120\r\n\nOK\r\n\r\nOK\r\n");
    assert!(said.ok);
    assert_eq!(said.payload, b"\nOK\r\n");
    response(&receive, &said, |left| assert_eq!(left, 120));
}

#[test]
fn payload_that_nobody_asked_for() {
    let said = hear(&Adc, b"\r\n+IPD,6:\r\nOK\r\n\r\n+CADC: 1,603\r\n\r\nOK\r\n");
    assert!(said.ok && said.payload.is_empty());
    assert_eq!((said.unsolicited, said.pushed), (vec![b"+IPD,6:".to_vec()], b"\r\nOK\r\n".to_vec()));
}
