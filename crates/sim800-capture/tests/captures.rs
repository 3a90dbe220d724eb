//! Captures whose facts are known from where they come from.

use sim800_capture::{Capture, Direction, Event, Kind};

fn decode(name: &str) -> Vec<Event> {
    let path = format!("{}/../../testdata/captures/{name}.raw", env!("CARGO_MANIFEST_DIR"));
    let octets = std::fs::read(path).unwrap();
    let mut events = Vec::new();
    let mut capture = Capture::new();
    capture.handle_octets(None, Direction::Received, &octets, &mut |event| events.push(event));
    capture.handle_end(&mut |event| events.push(event));
    assert_eq!(events.iter().map(|event| event.octets).sum::<u64>(), octets.len() as u64);
    events.retain(|event| event.kind != Kind::Blank);
    events
}

/// `event text`; of payload, how many octets of how many.
fn told(events: &[Event]) -> Vec<String> {
    let told = |event: &Event| match &event.payload {
        Some(payload) => format!("payload {} of {}", payload.received, payload.announced.unwrap()),
        None => format!("{} {}", event.kind.name(), event.text().escape_ascii()),
    };
    events.iter().map(told).collect()
}

fn meaning(event: &Event) -> &str {
    event.meaning.as_deref().unwrap_or_default()
}

#[test]
fn a_damaged_body_ends_where_the_dialogue_goes_on() {
    let events = decode("damaged-body-47-of-which-26-came");
    assert_eq!(
        told(&events)[6..],
        [
            "echo AT+HTTPREAD",
            "information +HTTPREAD: 47",
            "payload 26 of 47",
            "final OK",
            "echo AT+HTTPTERM",
            "final OK",
            "echo AT+SAPBR=0,1",
            "final OK",
        ]
    );
    assert!(events[8].is_error);
}

#[test]
fn a_file_ends_before_what_was_asked_for() {
    let events = decode("fsread-past-the-end");
    assert_eq!(
        told(&events)[3..],
        ["echo AT+FSREAD=D:\\\\FTP\\\\firmware.hex,1,20,22858", "payload 18 of 20", "final OK"]
    );
}

#[test]
fn the_answer_to_a_query_is_not_the_end_of_a_download() {
    let events = decode("extget-query-answered-0");
    assert_eq!(
        told(&events)[4..],
        [
            "echo at+ftpextget?",
            "information +FTPEXTGET: 1,0",
            "final OK",
            "unsolicited +FTPEXTGET: 1,0",
            "echo AT+FTPEXTGET=3,0,1024",
            "information +FTPEXTGET: 3,41",
            "payload 41 of 41",
            "final OK",
            "echo AT+FTPEXTGET=0",
            "final OK",
        ]
    );
    assert_eq!(meaning(&events[5]), "running, 0 octets so far");
    assert_eq!(meaning(&events[7]), "the extended download is done");

    let events = decode("gettofs-query-answered-0");
    let expected = [
        "information +FTPGETTOFS: 0",
        "final OK",
        "echo AT+FTPQUIT",
        "final OK",
        "unsolicited +FTPGETTOFS: 86",
        "echo AT+FTPSHUT",
        "final ERROR",
        "echo AT+FSFLSIZE=C:\\\\User\\\\ftp\\\\tmp.bin",
        "final ERROR",
    ];
    assert_eq!(told(&events)[5..], expected);
    assert_eq!(meaning(&events[9]), "the download ended: it was quit");
}

#[test]
fn a_request_that_is_polled_says_how_far_it_is() {
    let events = decode("httpstatus-polled");
    let meanings = [1, 4, 7].map(|place: usize| meaning(&events[place]));
    assert_eq!(
        meanings,
        [
            "POST, receiving: 0 octets done, 241 left",
            "POST, sending: 0 octets done, 241 left",
            "POST: 200 OK, 3 octets to read"
        ]
    );
}

#[test]
fn the_state_of_the_card_comes_unasked() {
    let expected = [
        "unsolicited +CPIN: NOT READY",
        "final OK",
        "unsolicited +CPIN: READY",
        "final OK",
        "unsolicited SMS Ready",
    ];
    assert_eq!(told(&decode("cfun-with-cpin-before-ok")), expected);
}
