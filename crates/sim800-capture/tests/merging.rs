//! Two files, each with a direction of one line, are read as one.

use sim800_capture::{Capture, Event, Format, Half, Kind, Merge, Reader};

fn merge(first: &[u8], second: &[u8], format: Option<Format>, cut: usize) -> Vec<Event> {
    let reader = || format.map_or_else(Reader::new, Reader::with_format);
    let mut merge = Merge::new(reader(), reader());
    let (mut capture, mut events) = (Capture::new(), Vec::new());
    let mut rest = [first.chunks(cut), second.chunks(cut)];
    while let Some(half) = merge.wants() {
        let file = if half == Half::First { &mut rest[0] } else { &mut rest[1] };
        match file.next() {
            Some(piece) => {
                merge.handle_input(half, piece, &mut capture, &mut |event| events.push(event)).unwrap()
            }
            None => merge.handle_end(half, &mut capture, &mut |event| events.push(event)).unwrap(),
        }
    }
    capture.handle_end(&mut |event| events.push(event));
    events.retain(|event| event.kind != Kind::Blank);
    events
}

fn told(events: &[Event]) -> Vec<String> {
    let arrow =
        |event: &Event| if event.direction == Some(sim800_capture::Direction::Sent) { '>' } else { '<' };
    events
        .iter()
        .map(|event| format!("{} {} {}", arrow(event), event.kind.name(), event.text().escape_ascii()))
        .collect()
}

const SENT: &[u8] = b"AT\rAT+HTTPDATA=7,1000\rAT\rOK!\rAT+HTTPACTION=1\rAT+HTTPREAD\rAT+HTTPTERM\r";
const RECEIVED: &[u8] = b"\r\nOK\r\n\r\nDOWNLOAD\r\n\r\nOK\r\n\r\nOK\r\n\r\n+HTTPACTION: 1,200,5\r\n\
    \r\n+HTTPREAD: 5\r\nAT\rOK\r\nOK\r\n\r\nOK\r\n\r\nCall Ready\r\n";

#[test]
fn sense_tells_the_order_where_there_are_no_times() {
    let expected = [
        "> command AT",
        "< final OK",
        "> command AT+HTTPDATA=7,1000",
        "< prompt DOWNLOAD",
        "> payload ",
        "< final OK",
        "> command AT+HTTPACTION=1",
        "< final OK",
        "< unsolicited +HTTPACTION: 1,200,5",
        "> command AT+HTTPREAD",
        "< information +HTTPREAD: 5",
        "< payload ",
        "< final OK",
        "> command AT+HTTPTERM",
        "< final OK",
        "< unsolicited Call Ready",
    ];
    for cut in [1, 5, 1000] {
        assert_eq!(told(&merge(SENT, RECEIVED, Some(Format::Raw), cut)), expected, "in pieces of {cut}");
        assert_eq!(
            told(&merge(RECEIVED, SENT, None, cut)),
            expected,
            "in pieces of {cut}, the other way round"
        );
    }
}

#[test]
fn times_tell_the_order_where_there_are_some() {
    let sent = b"[13:00:01.000] AT\n[13:00:03.000] AT+CSQ\n";
    let received = b"[13:00:02.000] OK\n[13:00:04.500] +CSQ: 1,0\n[13:00:04.500] OK\n";
    for cut in [1, 1000] {
        let events = merge(received, sent, None, cut);
        let expected =
            ["> command AT", "< final OK", "> command AT+CSQ", "< information +CSQ: 1,0", "< final OK"];
        assert_eq!(told(&events), expected);
        let times: Vec<_> = events.iter().map(|event| event.time.unwrap().as_millis()).collect();
        assert_eq!(times, [0, 1000, 2000, 3500, 3500]);
    }
}

#[test]
fn nothing_is_lost_where_there_is_no_sense() {
    let noise: Vec<u8> = (0..=255).cycle().take(5000).collect();
    let endless = vec![b'x'; 200_000];
    for (first, second) in [
        (SENT, &noise[..]),
        (SENT, &endless[..]),
        (&endless[..], RECEIVED),
        (&noise[..], RECEIVED),
        (b"", RECEIVED),
        (SENT, b""),
    ] {
        let events = merge(first, second, Some(Format::Raw), 100);
        let octets: u64 = events.iter().map(|event| event.octets).sum();
        let blank = first.len() + second.len() - usize::try_from(octets).unwrap();
        assert!(blank < 60, "{blank} octets of blank lines");
    }
}
