//! Captures of what went wrong: what is told of it.

use sim800_capture::{Capture, Direction, Event, Kind};

fn decode(pieces: &[(Direction, &[u8])]) -> Vec<Event> {
    let mut events = Vec::new();
    let mut capture = Capture::new();
    for (direction, octets) in pieces {
        capture.handle_octets(None, *direction, octets, &mut |event| events.push(event));
    }
    capture.handle_end(&mut |event| events.push(event));
    events
}

/// `event name text meaning`, as far as they are there; of payload, how many octets.
fn told(pieces: &[(Direction, &[u8])]) -> Vec<String> {
    let line = |event: &Event| {
        let text = match &event.payload {
            Some(payload) => format!("{} of {:?}", payload.received, payload.announced),
            None => event.text().escape_ascii().to_string(),
        };
        let meaning = event.meaning.as_deref().map_or_else(String::new, |meaning| format!(": {meaning}"));
        format!("{} {text}{meaning}", event.kind.name())
    };
    decode(pieces).iter().map(line).collect()
}

const TX: Direction = Direction::Sent;
const RX: Direction = Direction::Received;

#[test]
fn a_restart_ends_the_command() {
    let seen = told(&[
        (TX, b"AT+CSQ\r"),
        (RX, b"\r\nRDY\r\n\r\n+CFUN: 1\r\n"),
        (RX, b"\r\n+CSQ: 1,0\r\n\r\nOK\r\n"),
    ]);
    assert_eq!(
        seen,
        [
            "command AT+CSQ: Asks for the signal quality",
            "unsolicited RDY: the module has started",
            "unsolicited +CFUN: 1: full functionality",
            "unsolicited +CSQ: 1,0",
            "final OK: no command is in flight",
        ]
    );
}

#[test]
fn a_restart_within_payload_is_noticed() {
    let seen = told(&[
        (TX, b"AT+HTTPREAD\r"),
        (RX, b"\r\n+HTTPREAD: 500\r\nabc"),
        (RX, b"\r\nRDY\r\n\r\n+CFUN: 1\r\n\r\n+CPIN: READY\r\n"),
        (TX, b"AT\r"),
        (RX, b"AT\r\r\nOK\r\n"),
    ]);
    assert_eq!(
        seen[2..],
        [
            "payload 3 of Some(500): 497 octets are missing; the module started anew",
            "unsolicited RDY: the module has started",
            "unsolicited +CFUN: 1: full functionality",
            "unsolicited +CPIN: READY: the SIM card is ready",
            "command AT: Checks that the module answers",
            "echo AT: the module repeats the command",
            "final OK",
        ]
    );
}

#[test]
fn a_file_may_have_less_than_was_asked_for() {
    let seen = told(&[(TX, b"AT+FSREAD=C:\\a,0,100,0\r"), (RX, b"\r\nabc\r\nOK\r\n"), (TX, b"AT\r")]);
    assert_eq!(
        seen[1..],
        [
            "blank ",
            "payload 3 of Some(100): 97 octets are missing; the file has no more, or they were lost",
            "final OK",
            "command AT: Checks that the module answers",
        ]
    );
    // Without the blank line, as some firmware has it.
    let seen = told(&[(TX, b"AT+FSREAD=C:\\a,0,3,0\r"), (RX, b"\r\nabcOK\r\n"), (TX, b"AT\r")]);
    assert_eq!(seen[2..4], ["payload 3 of Some(3)", "final OK"]);
    // Nothing but the result code.
    let seen = told(&[(TX, b"AT+FSREAD=C:\\a,1,100,9\r"), (RX, b"\r\nOK\r\n"), (TX, b"AT\r")]);
    assert_eq!(
        seen[2..4],
        [
            "payload 0 of Some(100): 100 octets are missing; the file has no more, or they were lost",
            "final OK"
        ]
    );
}

/// A read of ten octets of which some do not come, or come twice: what is told of its payload, and of what stands behind that.
fn read_of_ten(octets: &[u8], behind: &[(Direction, &[u8])]) -> Vec<String> {
    let start = [(TX, &b"AT+HTTPREAD=0,10\r"[..]), (RX, b"\r\n+HTTPREAD: 10\r\n"), (RX, octets)];
    told(&[&start[..], behind].concat()).split_off(2)
}

#[test]
fn a_count_holds_only_if_a_result_code_follows() {
    const WHOLE: &str = "payload 10 of Some(10)";
    const OK: &str = "final OK";
    let lost = |octets: usize| format!("payload {} of Some(10): {octets} octets are missing", 10 - octets);
    let next: &[(Direction, &[u8])] = &[(TX, b"AT\r"), (RX, b"\r\nOK\r\n")];
    let command = ["command AT: Checks that the module answers", OK];
    let expect = |octets: &[u8], expected: &[&str]| {
        assert_eq!(read_of_ten(octets, next), [expected, &command].concat(), "{}", octets.escape_ascii());
        // The same where another line follows instead of a command, unless the count takes the whole result code with it.
        if octets.len() != 10 {
            let seen = read_of_ten(octets, &[(RX, b"\r\nCall Ready\r\n")]);
            let ready = ["unsolicited Call Ready: calls can be made"];
            assert_eq!(seen, [expected, &ready].concat(), "{}", octets.escape_ascii());
        }
    };
    expect(b"0123456789\r\nOK\r\n", &[WHOLE, OK]);
    expect(b"01\r\nOK\r\n89\r\nOK\r\n", &[WHOLE, OK]);
    expect(b"01\r\nOK\r\n8\r\nOK\r\n", &[&lost(1), OK]);
    expect(
        b"01\r\nOK\r\n89\r\n+CREG: 1\r\n\r\nOK\r\n",
        &[WHOLE, "unsolicited +CREG: 1: network: registered", OK],
    );
    for kept in 1..10 {
        let octets = [&b"0123456789"[..kept], b"\r\nOK\r\n"].concat();
        // As much as would be left of the response is indistinguishable from one whose payload ends in a line end.
        if kept != 8 {
            expect(&octets, &[&lost(10 - kept), OK]);
        }
    }
    expect(b"0123\r\n+CME ERROR: 3\r\n", &[&lost(6), "final +CME ERROR: 3: 3 (operation not allowed)"]);
    let added = "payload 10 of Some(10): no result code follows, so octets were lost or added";
    expect(b"01234567899\r\nOK\r\n", &[added, "unsolicited 9", OK]);
}

#[test]
fn a_capture_that_is_cut_contradicts_nothing() {
    for behind in [&b""[..], b"\r", b"\r\nO", b"\r\nOK\r"] {
        let seen = read_of_ten(&[b"0123456789", behind].concat(), &[]);
        assert_eq!(seen[0], "payload 10 of Some(10)", "{}", behind.escape_ascii());
    }
    assert_eq!(read_of_ten(b"01234", &[]), ["payload 5 of Some(10): 5 octets are missing"]);
    assert_eq!(read_of_ten(b"0123\r\nOK", &[]), ["payload 8 of Some(10): 2 octets are missing"]);
}

/// A body may hold what looks like a response; only one that a dialogue goes on behind ends it early.
#[test]
fn what_looks_like_a_response_within_a_body_does_not_end_it() {
    const BODY: &[u8] = b"0\r\nOK\r\n\r\n+FTPGET: 1,0\r\n>789";
    let read = |octets: &[u8], behind: &[(Direction, &[u8])]| {
        let start = [(TX, &b"AT+HTTPREAD=0,27\r"[..]), (RX, b"\r\n+HTTPREAD: 27\r\n"), (RX, octets)];
        told(&[&start[..], behind].concat()).swap_remove(2)
    };
    assert_eq!(read(&[BODY, b"\r\nOK\r\n"].concat(), &[]), "payload 27 of Some(27)");
    assert_eq!(read(BODY, &[]), "payload 27 of Some(27)");
    assert_eq!(read(&BODY[..9], &[]), "payload 9 of Some(27): 18 octets are missing");
    let next: &[(Direction, &[u8])] = &[(TX, b"AT\r"), (RX, b"\r\nOK\r\n")];
    let lost = [&BODY[1..], b"\r\nOK\r\n"].concat();
    assert_eq!(read(&lost, next), "payload 26 of Some(27): 1 octets are missing");
    assert_eq!(read(&lost, &[]), "payload 26 of Some(27): 1 octets are missing");
    assert_eq!(read(&BODY[..26], next), "payload 26 of Some(27): 1 octets are missing");
}

/// A line that may be the answer waits for what comes behind it, at most to the end.
#[test]
fn a_query_that_is_cut_loses_no_line() {
    let query = b"AT+FTPEXTGET?\r\r\n+FTPEXTGET: 1,0\r\n";
    let end = "unsolicited +FTPEXTGET: 1,0: the extended download is done";
    assert_eq!(told(&[(RX, query)]).last().unwrap(), end);
    assert_eq!(told(&[(RX, query), (TX, b"AT\r")])[1], end);
    let behind = [&b"AT+HTTPREAD\r\r\n+HTTPREAD: 90\r\nabc\r\nOK\r\n"[..], query].concat();
    assert_eq!(told(&[(RX, &behind)]).last().unwrap(), end);
}

#[test]
fn a_result_code_of_another_kind_ends_its_command() {
    let seen = told(&[
        (TX, b"AT+CIPSHUT\r"),
        (RX, b"\r\nSHUT OK\r\n"),
        (RX, b"\r\nOK\r\n"),
        (RX, b"\r\nSHUT OK\r\n"),
    ]);
    let shut = [
        "command AT+CIPSHUT: Closes the context and every connection on it",
        "final SHUT OK",
        "final OK: no command is in flight",
        "unsolicited SHUT OK: news of a TCP connection",
    ];
    assert_eq!(seen, shut);
    let echoed = told(&[(RX, b"at+cipshut\r\r\nSHUT OK\r\n")]);
    assert_eq!(echoed, ["echo at+cipshut: Closes the context and every connection on it", "final SHUT OK"]);
}

/// `AT+CIPSEND=4` has four octets where there is a single connection; where there are several, connection 4 has those up to Ctrl-Z.
#[test]
fn a_number_is_of_octets_or_of_a_connection() {
    let send = |before: &'static [u8], number: &str, octets: &'static [u8], result: &'static [u8]| {
        let command = format!("AT+CIPSEND={number}\r");
        let seen = told(&[
            (TX, before),
            (RX, b"\r\nOK\r\n"),
            (TX, command.as_bytes()),
            (RX, b"\r\n> "),
            (TX, octets),
            (RX, result),
            (TX, b"AT\r"),
        ]);
        let is_told =
            |line: &String| line.starts_with("payload") || line.starts_with("final") && line.contains("SEND");
        seen.into_iter().filter(is_told).collect::<Vec<_>>()
    };
    let single = ["payload 4 of Some(4)", "final SEND OK"];
    for before in [b"AT+CIPMUX=0\r", &b"AT\r"[..]] {
        assert_eq!(send(before, "4", b"AT\r\x1a", b"\r\nSEND OK\r\n"), single);
    }
    let several = ["payload 8 of None", "final 4, SEND OK"];
    for (before, number) in [(&b"AT+CIPMUX=1\r"[..], "4"), (b"AT+CIPMUX=1;E0\r", "4"), (b"AT\r", "0")] {
        assert_eq!(send(before, number, b"AT\rOK\r\n\x1a", b"\r\n4, SEND OK\r\n"), several);
    }
    let counted = send(b"AT+CIPMUX=1\r", "4,4", b"AT\r\x1a", b"\r\n4, SEND OK\r\n");
    assert_eq!(counted, ["payload 4 of Some(4)", "final 4, SEND OK"]);
    let long = send(b"AT+CIPMUX=1\r", "6", b"AT\r\x1aOK", b"\r\nSEND OK\r\n");
    assert_eq!(long, ["payload 6 of Some(6)", "final SEND OK"]);
}

#[test]
fn what_nobody_asked_for_answers_nobody() {
    let pin = "unsolicited +CPIN: READY: the SIM card is ready";
    for (command, answer) in [
        ("AT+CFUN=1", ""),
        ("AT+CFUN?", "+CFUN: 1"),
        ("AT+CREG?", "+CREG: 0,1"),
        ("AT+CPIN=\"1234\"", ""),
        ("AT+CCLK?", "+CCLK: 1"),
    ] {
        let (line, answer) = (format!("{command}\r"), format!("\r\n{answer}\r\n"));
        let response = [b"\r\n+CPIN: READY\r\n", answer.as_bytes(), b"\r\nOK\r\n"].concat();
        let seen = told(&[(TX, line.as_bytes()), (RX, &response)]);
        assert_eq!(seen[1], pin, "{command}");
    }
    let asked = told(&[(TX, b"AT+CPIN?\r"), (RX, b"\r\n+CPIN: SIM PIN\r\n\r\nOK\r\n")]);
    assert_eq!(asked[1], "information +CPIN: SIM PIN: the SIM card asks for its PIN");
}

#[test]
fn answers_have_a_meaning() {
    for (command, answer, meaning) in [
        ("AT+HTTPSTATUS?", "+HTTPSTATUS: GET,0,0,0", "GET, idle: 0 octets done, 0 left"),
        ("AT+HTTPSTATUS?", "+HTTPSTATUS: 1,2,100,241", "POST, sending: 100 octets done, 241 left"),
        ("AT+SAPBR=2,1", "+SAPBR: 1,2", "the bearer is being closed"),
        ("AT+SAPBR=2,1", "+SAPBR: 1,1,\"10.0.0.1\"", "the bearer is open"),
        ("AT+FTPSTATE", "+FTPSTATE: 0", "no FTP session runs"),
        ("AT+FTPSTATE", "+FTPSTATE: 1", "an FTP session runs"),
        ("AT+FSFLSIZE=C:\\a", "+FSFLSIZE: 22876", "the file has 22876 octets"),
        ("AT+CPIN?", "+CPIN: SIM PUK", "the SIM card asks for its PUK"),
        ("AT+SPIC", "+SPIC: 3,3,10,10", "3 tries are left for the PIN"),
        ("AT+SPIC", "+SPIC: 1,3,10,10", "one try is left for the PIN"),
        ("AT+SPIC", "+SPIC: 0,3,10,10", "no try is left for the PIN"),
        ("AT+CFUN?", "+CFUN: 0", "minimum functionality"),
        ("AT+CFUN?", "+CFUN: 4", "the radio is off"),
        ("AT+CBC", "+CBC: 0,82,4010", "82 % at 4.010 V, not charging"),
        ("AT+CBC", "+CBC: 1,9,3600", "9 % at 3.600 V, charging"),
        ("AT+CBC", "+CBC: 2,100,4200", "100 % at 4.200 V, charged"),
        (
            "AT+CIPGSMLOC=1,1",
            "+CIPGSMLOC: 0,-0.5,40.730160,2015/1/15,19:24:55",
            "longitude -0.500000, latitude 40.730160, 2015-01-15 19:24:55 UTC",
        ),
        ("AT+CIPGSMLOC=2,1", "+CIPGSMLOC: 0,2015/10/15,09:04:05", "2015-10-15 09:04:05 UTC"),
        ("AT+CIPGSMLOC=1,1", "+CIPGSMLOC: 601", "nothing was found out: 601 (network error)"),
        ("AT+CIPACK=1", "+CIPACK: 22,20,2", "20 octets have arrived, 2 are under way"),
        ("AT+CIPSTATUS=3", "+CIPSTATUS: 3,,\"\",\"\",\"\",\"INITIAL\"", "the connection is not used yet"),
        (
            "AT+CIPSTATUS=3",
            "+CIPSTATUS: 3,0,\"TCP\",\"10.0.0.1\",\"80\",\"CONNECTED\"",
            "the connection is open, to 10.0.0.1, port 80",
        ),
        ("AT+CIPRXGET=2,0,99", "+CIPRXGET: 2,0,0,0", "nothing to read"),
        ("AT+CIPRXGET=4,0", "+CIPRXGET: 4,0,7", "7 octets to read"),
        ("AT+CIPRXGET=2,99", "+CIPRXGET: 2,0,0", "nothing to read"),
        ("AT+CIPRXGET=4", "+CIPRXGET: 4,7", "7 octets to read"),
        ("AT+CIPACK", "+CIPACK: 22,20,2", "20 octets have arrived, 2 are under way"),
        ("AT+CGATT?", "+CGATT: 0", "not attached to GPRS"),
        ("AT+CGATT?", "+CGATT: 1", "attached to GPRS"),
        ("AT+FTPEXTGET?", "+FTPEXTGET: 0", "no extended download runs"),
        ("AT+FTPEXTGET?", "+FTPEXTGET: 1,0", "running, 0 octets so far"),
        ("AT+FTPEXTGET?", "+FTPEXTGET: 1,72", "running, 72 octets so far"),
        ("AT+FTPGETTOFS?", "+FTPGETTOFS: 0", "no download runs"),
        ("AT+FTPGETTOFS?", "+FTPGETTOFS: 1,20,10", "running, 20 octets so far, 10 of them in the file"),
        ("AT+FTPPUTFRMFS?", "+FTPPUTFRMFS: 0", "no upload runs"),
        ("AT+FTPPUTFRMFS?", "+FTPPUTFRMFS: 0,0", "no upload runs"),
        ("AT+FTPPUTFRMFS?", "+FTPPUTFRMFS: 1,7", "running, 7 octets so far"),
    ] {
        let (line, response) = (format!("{command}\r"), format!("\r\n{answer}\r\n\r\nOK\r\n"));
        let seen = told(&[(TX, line.as_bytes()), (RX, response.as_bytes())]);
        assert_eq!(seen[1].replace("\\\"", "\""), format!("information {answer}: {meaning}"));
    }
}

#[test]
fn an_upload_that_the_module_gives_up_is_short() {
    let seen = told(&[
        (TX, b"AT+HTTPDATA=10,1000\r"),
        (RX, b"\r\nDOWNLOAD\r\n"),
        (TX, b"abc"),
        (RX, b"\r\nERROR\r\n"),
        (TX, b"AT\r"),
    ]);
    assert_eq!(
        seen[1..],
        [
            "prompt DOWNLOAD: the module takes 10 octets",
            "payload 3 of Some(10): 7 octets are missing",
            "final ERROR: refused, without a reason",
            "command AT: Checks that the module answers",
        ]
    );
}

#[test]
fn foreign_commands_have_their_lines() {
    let seen = told(&[
        (TX, b"AT+CCLK?\r\n"),
        (RX, b"\r\n+CCLK: \"24/01/01,00:00:00+04\"\r\n\r\n+CREG: 3\r\n\r\nOK\r\n"),
        (TX, b"AT+CLCC\r\n"),
        (RX, b"\r\n+CLCC: 1,0,4,0,0\r\n\r\nOK\r\n"),
        (TX, b"AT+HTTPREAD=0,999999\r"),
        (RX, b"\r\n+HTTPREAD: 3\r\n\r\n\n\r\nOK\r\n"),
    ]);
    assert_eq!(
        seen,
        [
            "command AT+CCLK?",
            "information +CCLK: \\\"24/01/01,00:00:00+04\\\"",
            "unsolicited +CREG: 3: network: registration denied",
            "final OK",
            "command AT+CLCC",
            "information +CLCC: 1,0,4,0,0",
            "final OK",
            "command AT+HTTPREAD=0,999999: Reads a part of the body that was received: start 0, size 999999",
            "information +HTTPREAD: 3: 3 octets follow",
            "payload 3 of Some(3)",
            "final OK",
        ]
    );
}

#[test]
fn a_header_that_counts_too_much_opens_nothing() {
    let events = decode(&[(TX, b"AT+FTPGET=2,10\r"), (RX, b"\r\n+FTPGET: 2,11\r\n"), (RX, b"\r\nOK\r\n")]);
    assert_eq!(events[1].kind, Kind::Unsolicited);
    assert!(events[1].is_error);
    assert_eq!(events[2].kind, Kind::Final);
}

#[test]
fn a_masked_password_is_a_value_like_others() {
    let events = decode(&[(TX, b"AT+FTPPW=********\r"), (RX, b"AT+FTPPW=********\r\r\nOK\r\n")]);
    let kinds: Vec<_> = events.iter().map(|event| event.kind).collect();
    assert_eq!(kinds, [Kind::Command, Kind::Echo, Kind::Final]);
    assert_eq!(events[0].name(), Some("+FTPPW"));
    assert_eq!(events[0].meaning.as_deref(), Some("Sets the password"));
}

#[test]
fn payload_of_several_commands_on_a_line_is_not_read_as_lines() {
    let line = b"AT+HTTPSTATUS?;+HTTPHEAD;+HTTPREAD=0,100\r";
    let response = b"\r\n+HTTPSTATUS: GET,0,0,0\r\n\r\n+HTTPHEAD: 8\r\nETag: 1\n\r\n+HTTPREAD: 10\r\n\r\nERROR\r\n.\r\nOK\r\n";
    for size in [1, 7, response.len()] {
        let pieces = response.chunks(size).map(|piece| (RX, piece));
        let pieces: Vec<_> = [(TX, &line[..])].into_iter().chain(pieces).collect();
        let events = decode(&pieces);
        let payloads: Vec<_> = events.iter().filter_map(|event| event.payload.as_ref()).collect();
        assert_eq!(payloads.iter().map(|payload| payload.received).collect::<Vec<_>>(), [8, 10]);
        let names = payloads.iter().map(|payload| payload.name.as_deref());
        assert_eq!(names.collect::<Vec<_>>(), [Some("+HTTPHEAD"), Some("+HTTPREAD")]);
        let commands = events.iter().filter(|event| event.kind == Kind::Command).map(Event::name);
        let names = [Some("+HTTPSTATUS"), Some("+HTTPHEAD"), Some("+HTTPREAD")];
        assert_eq!(commands.collect::<Vec<_>>(), names);
        let received = events.iter().map(|event| event.octets).sum::<u64>();
        assert_eq!(received, (line.len() + response.len()) as u64);
        assert!(!events.iter().any(|event| event.is_error), "{events:?}");
    }
}

/// Lines that come unasked otherwise answer the commands of a line that ask for them, each once.
#[test]
fn commands_that_share_a_line_have_their_answers() {
    let seen = told(&[
        (TX, b"AT+CFUN?;+CPIN?;+CREG?\r"),
        (RX, b"\r\n+CFUN: 1\r\n\r\n+CPIN: READY\r\n\r\n+CREG: 0,1\r\n\r\n+CPIN: NOT READY\r\n\r\nOK\r\n"),
        (TX, b"AT+CPIN=1234;+CSQ\r"),
        (RX, b"\r\n+CPIN: READY\r\n\r\n+CSQ: 1,0\r\n\r\nOK\r\n"),
    ]);
    let of = |start: usize, end: usize| -> Vec<&str> {
        seen[start..end].iter().map(|line| line.split(": ").next().unwrap()).collect()
    };
    assert_eq!(
        of(3, 8),
        ["information +CFUN", "information +CPIN", "information +CREG", "unsolicited +CPIN", "final OK"]
    );
    assert_eq!(of(10, 13), ["unsolicited +CPIN", "information +CSQ", "final OK"]);
}
