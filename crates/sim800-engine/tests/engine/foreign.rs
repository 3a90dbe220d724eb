//! Lines that nobody knows.

use sim800_command::{CipRxGetRead, Connection, FtpListRead, SocketLength};

use super::*;

/// Where a header is awaited, a line that nobody knows is the module's own if the header comes as well.
#[test]
fn a_line_that_nobody_knows_is_no_damage_unless_it_was_the_header() {
    let payload = "\r\n+HTTPREAD: 2\r\nab\r\nOK\r\n";
    for (response, is_whole) in [
        (format!("\r\n+UGNSINF: 1,1\r\n{payload}"), true),
        (format!("\r\n+UGNSINF: 1,1\r\n\r\n^X: \r\n{payload}"), true),
        // Not framed, or of octets that no line has.
        (format!("+UGNSINF: 1,1\r\n{payload}"), false),
        (format!("\r\n+UGNSINF: \x7f\r\n{payload}"), false),
        // Without a name, or with that of a command.
        (format!("\r\nsome text\r\n{payload}"), false),
        (format!("\r\n+CSQ: 1,1\r\n{payload}"), false),
        // It was the header, and the payload reads like lines of the module's.
        ("\r\n+HTTPRAD: 22\r\n\r\n+UGNSINF: 1,1\r\n\r\nOK\r\n".to_owned(), false),
        ("\r\n+UGNSINF: 1,1\r\n\r\nOK\r\n".to_owned(), false),
        ("\r\n+HTTPRAD: 7\r\nERROR\r\n\r\nOK\r\n".to_owned(), false),
        // What a count that lost a digit did not count.
        ("\r\n+HTTPREAD: 2\r\nab\r\n+UGNSINF: 1,1\r\n\r\nOK\r\n".to_owned(), false),
        ("\r\n+HTTPREAD: 0\r\n\r\n+UGNSINF: 1,1\r\n\r\nOK\r\n".to_owned(), false),
    ] {
        let mut world = World::new();
        world.enqueue(&HttpReadRange { start: Number::MIN, size: Number::MAX });
        world.input(response.as_bytes());
        let outputs = world.outputs();
        assert_eq!(succeeded(&outputs), is_whole, "{response:?}");
        assert_eq!(outputs.contains(&failed(Malformed(Malformation::Damaged))), !is_whole, "{response:?}");
    }
}

/// Where whoever asks compares what comes, a line behind the payload may well be the module's own.
#[test]
fn behind_a_payload_that_is_compared_a_line_that_nobody_knows_is_no_damage() {
    for (line, is_whole) in
        [("+UGNSINF: 1,1", true), ("some text", false), ("+CSQ: 1,1", false), ("+UGNSINF: \x7f", false)]
    {
        let mut world = World::new();
        let read = HttpReadRange { start: Number::MIN, size: Number::MAX };
        world.submit(Request::new(&read).expect("a short line").compared());
        world.input(format!("\r\n+HTTPREAD: 2\r\nab\r\n{line}\r\n\r\nOK\r\n").as_bytes());
        assert_eq!(succeeded(&world.outputs()), is_whole, "{line:?}");
    }
}

/// What the line doubled of a payload, its count leaves. Octets of a socket are read once.
#[test]
fn a_line_of_the_modules_own_behind_a_payload_begins_as_others_do() {
    let read_socket = CipRxGetRead { connection: Connection::MIN, length: SocketLength::saturating(5) };
    for (payload, line, is_whole) in [
        ("abc\r\n", "RING\r\n", false),
        ("abc\r\n", "\r\nRING\r\n", true),
        ("abcde", "RING\r\n", false),
        ("abc\r\n", "\r\nRING\r\n+CREG: 1\r\n", true),
    ] {
        for (blank, own) in [("\r\n", ""), ("", "\r\n"), ("", "")] {
            let mut world = World::new();
            world.input(format!("{own}+CREG: 1\r\n").as_bytes());
            world.outputs();
            world.enqueue(&read_socket);
            world.input(format!("{blank}+CIPRXGET: 2,0,5,0\r\n{payload}{line}\r\nOK\r\n").as_bytes());
            let is_taken = match (blank, own) {
                ("", "") => !is_whole,
                ("", _) => true,
                _ => is_whole,
            };
            assert_eq!(succeeded(&world.outputs()), is_taken, "{blank:?}{own:?}{payload:?}{line:?}");
        }
    }
}

/// The count took the octet in front of it, or more, each time; then nothing was damaged.
#[test]
fn damage_says_nothing_of_where_the_firmware_has_empty_lines() {
    let mut world = World::new();
    for (rest, is_whole) in
        [("abc\r\n\r\na\r\nOK\r\n", false), ("ab\r\n\r\nOK\r\n", false), ("abc\r\n\r\nOK\r\n", true)]
    {
        world.enqueue(&read(5));
        world.synchronize();
        world.input(format!("\r\n+FTPGET: 2,5\r\n{rest}").as_bytes());
        assert_eq!(succeeded(&world.outputs()), is_whole, "{rest:?}");
    }
}

/// The header lost its name, and the payload reads like the end of the download.
#[test]
fn a_payload_behind_what_may_have_been_its_header_tells_nothing_of_the_module() {
    for (blank, is_told) in [("", false), ("\r\n", true)] {
        let mut world = World::new();
        world.enqueue(&read(50));
        world.input(format!("\r\n+FFTPGET: 2,14\r\n{blank}+FTPGET: 1,0\r\n\r\nOK\r\n").as_bytes());
        let outputs = world.outputs();
        assert!(!succeeded(&outputs));
        assert_eq!(outputs.contains(&unsolicited("+FTPGET: 1,0")), is_told, "{blank:?}");
    }
}

/// Whether a read of a socket succeeds that the module answers so.
fn reads_socket(answer: &[u8]) -> bool {
    let mut world = World::new();
    world.enqueue(&CipRxGetRead { connection: Connection::MIN, length: SocketLength::saturating(50) });
    world.input(answer);
    succeeded(&world.outputs())
}

/// Beside what the line lost or doubled of the octets, it replaced one of the line end behind them.
#[test]
fn what_is_left_of_a_line_end_is_the_rest_of_a_payload() {
    for rest in ["ab\r\x0bOK\r\n", "aabb\r\n\r\x0bOK\r\n", "abb\r\n\r\x0bRING\r\n\r\nOK\r\n"] {
        assert!(!reads_socket(format!("\r\n+CIPRXGET: 2,0,4,0\r\n{rest}").as_bytes()), "{rest:?}");
    }
}

/// The header lost its name or its digits, and the payload reads like another.
#[test]
fn a_payload_has_one_header() {
    for (count, payload) in [("0", ""), ("1", "a")] {
        let header = format!("+CIPRXGET: 2,0,{count},0\r\n");
        assert!(!reads_socket(format!("\r\n{header}{payload}{header}\r\nOK\r\n").as_bytes()), "{count}");
    }
    for header in ["+CCIPRXGET: 2,0,21,0", "+CIPRXGET: 1,0"] {
        let answer = format!("\r\n{header}\r\n+CIPRXGET: 2,0,1,0\r\na\r\nOK\r\n");
        assert!(!reads_socket(answer.as_bytes()), "{header}");
    }
}

/// The line doubled an octet of a payload, the last one is left in front of the head of a message, and the text of that must not end
/// the command, whether the firmware has empty lines or not.
#[test]
fn an_octet_in_front_of_a_line_behind_a_payload_is_the_rest_of_it() {
    for (blank, left) in
        ["\r\n", ""].into_iter().flat_map(|blank| [b"\xaf", b"\0", b"\n", b" "].map(|left| (blank, left)))
    {
        let payload = format!("{blank}+CIPRXGET: 2,0,5,0\r\nabbcd");
        let message = format!("{blank}+CMT: \"+4917\",\"\",\"26/01/02,03:04:05+04\"\r\nOK\r\n{blank}OK\r\n");
        let answer = [payload.as_bytes(), left, message.as_bytes()].concat();
        assert!(!reads_socket(&answer), "{blank:?} {left:?}");
    }
}

#[test]
fn a_line_is_found_among_lines_that_nobody_knows() {
    let mut world = World::new();
    world.enqueue(&Csq);
    world.sent();
    world.wait();
    world.outputs();
    world.enqueue(&Cgmm);
    let began = world.now;
    for tenths in 1.. {
        world.now = began + Duration::from_millis(100) * tenths;
        world.engine.handle_timeout(world.now);
        match &*world.sent() {
            "" => {}
            "AT+CGMM\\r" => break,
            _ => world.input(OK),
        }
        world.input(b"\r\n+UGNSINF: 1,1\r\n");
        assert!(tenths < 40, "not within four seconds");
    }
    world.input(b"\r\nSIMCOM_SIM800L\r\n\r\nOK\r\n");
    assert!(succeeded(&world.outputs()));
}

#[test]
fn text_of_which_a_line_was_not_kept_is_none() {
    let mut world = World::new();
    world.enqueue(&Cgmm);
    world.input(format!("\r\n{}\r\n", "x".repeat(5_000)).as_bytes());
    world.input(b"\r\nOK\r\n");
    let failure = failed(Malformed(Malformation::TooMuchInformation));
    assert_eq!(world.outputs().last(), Some(&failure));
}

#[test]
fn an_error_in_a_payload_whose_header_was_damaged_is_no_refusal() {
    let mut world = World::new();
    world.enqueue(&read(20));
    world.input(b"FTPGET: 2,12\r\nK\r\n\r\nERROR\r\nOK\r\n+FTPGET: 1,0\r\n");
    let damaged = failed(Malformed(Malformation::Damaged));
    assert!(world.outputs().contains(&damaged));
}

/// The line doubled two octets of a payload, and as many were left of it: they read like the empty line that other firmware sends. Where
/// it comes again, it is sent.
#[test]
fn an_empty_line_that_is_not_usual_is_the_rest_of_a_payload_but_once() {
    for (text, payload) in [
        (&b"\r\n+CSQ: 5,0\r\nOK\r\n"[..], &b"\r\n+FTPGET: 2,3\r\nabb\r\nOK\r\n"[..]),
        (b"\r\n+CSQ: 5,0\r\n\r\nOK\r\n", b"\r\n+FTPGET: 2,3\r\na\r\nOK\r\n"),
    ] {
        let mut world = World::new();
        world.enqueue(&Csq);
        world.input(text);
        let mut told = Vec::new();
        for _ in 0..3 {
            world.outputs();
            world.enqueue(&read(10));
            world.synchronize();
            world.input(payload);
            told.push(succeeded(&world.outputs()));
        }
        assert_eq!(told, [false, true, true], "{}", text.escape_ascii());
    }
}

/// What the line doubled of a payload is left of it behind its count.
#[test]
fn an_echo_behind_a_payload_is_the_rest_of_it() {
    let mut world = World::new();
    world.enqueue(&read(5));
    world.sent();
    world.input(b"\r\n+FTPGET: 2,5\r\nabbccAT\r\r\nOK\r\n");
    assert_eq!(world.outputs(), [failed(Malformed(Malformation::Damaged))]);
}

/// A module that refuses has neither header nor payload for the command, so the refusal is a part of the payload.
#[test]
fn a_refusal_behind_a_header_or_a_payload_is_none() {
    let read_socket = CipRxGetRead { connection: Connection::MIN, length: SocketLength::saturating(5) };
    for input in
        [&b"\r\n+CIPRXGET: 2,0,,0\r\n\r\nERROR\r\n"[..], b"\r\n+CIPRXGET: 2,0,5,0\r\nabbcc\r\nERROR\r\n"]
    {
        let mut world = World::new();
        world.enqueue(&read_socket);
        world.sent();
        world.input(input);
        let outputs = world.outputs();
        let damaged = failed(Malformed(Malformation::Damaged));
        assert!(outputs.contains(&damaged), "{}: {outputs:?}", input.escape_ascii());
    }
}

/// Where the module sends no empty line, a head stands behind the echo, and that is known again only as it was sent.
#[test]
fn a_message_behind_a_damaged_echo_answers_nobody() {
    let head = "+CMT: \"+491711234567\",\"\",\"26/01/02,03:04:05+04\"";
    for echo in ["", "AT+CGMM\r", "T+CGMM\r", "AT+CSQ\r"] {
        let mut world = World::new();
        world.enqueue(&Cgmm);
        world.sent();
        world.input(format!("{echo}{head}\r\nOK\r\n").as_bytes());
        let outputs = world.outputs();
        assert!(!outputs.iter().any(|output| matches!(output, Output::Complete(_))), "{echo:?}: {outputs:?}");
        world.input(b"SIM800\r\nOK\r\n");
        assert_eq!(world.outputs(), [done(&["SIM800"])], "{echo:?}");
    }
}

fn read_file(size: u32) -> FsRead<'static> {
    FsRead {
        file: Path::new(r"C:\a").expect("a path"),
        mode: FsReadMode::Position,
        size: Number::saturating(size),
        position: Number::saturating(0),
    }
}

#[test]
fn a_line_beside_a_payload_without_a_header_may_be_the_rest_of_it() {
    let read = read_file(16);
    let mut world = World::new();
    world.enqueue(&read);
    // The first line is counted for the payload, of which the last line is left.
    world.input(b"\r\n+CREG: 1\r\n\r\nabcdef\r\n+CREG: 1\r\n\r\nOK\r\n");
    assert!(world.outputs().contains(&failed(Malformed(Malformation::Damaged))));
}

/// A line that came before a payload without a header is counted for it, and as many of its octets are left behind the count; they may
/// read like the end of another procedure's transfer. Where nothing came before, the line is the module's own.
#[test]
fn what_a_count_left_of_a_payload_tells_nothing_of_the_module() {
    let ended = unsolicited("+FTPGET: 1,0");
    let wire = |payload: &str, line: &str| format!("\r\n{payload}{line}\r\nOK\r\n");
    for (octets, is_told) in [
        (wire("+FTPGET: 1,1\r\n\r\nabcd", "\n+FTPGET: 1,0\r\n\r"), false),
        (wire("+FTPGET: 1,1\r\n\r\nabcd", "\r\n+FTPGET: 1,0\r\n"), false),
        (wire("+FTPGET: 1,1\r\n\r\nabcd", "a\r\n+FTPGET: 1,0\r\n\r"), false),
        (wire("\n+FTPGET: 1,1\r\n\rabcd", "\r\n+FTPGET: 1,0\r\n"), true),
        (wire("abcdefghijklmnopqrst", "\r\n+FTPGET: 1,0\r\n"), true),
    ] {
        for is_compared in [true, false] {
            let request = Request::new(&read_file(20)).expect("a short line");
            let mut world = World::new();
            world.submit(if is_compared { request.compared() } else { request });
            world.input(octets.as_bytes());
            let outputs = world.outputs();
            assert_eq!(outputs.contains(&ended), is_told, "{octets:?}: {outputs:?}");
        }
    }
}

/// Of a payload whose count lost a digit, or that lost octets, the rest comes as lines.
#[test]
fn what_a_damaged_count_left_of_a_payload_tells_nothing_of_the_module() {
    for payload in
        ["\r\n+FTPGET: 2,2\r\nabcd\r\n", "\r\n+FTPGET: ,25\r\nab\r\n", "\r\n+FTPGET: 2,5\r\nabc\r\n"]
    {
        let mut world = World::new();
        world.enqueue(&read(25));
        world.input(format!("{payload}+FTPGET: 1,0\r\n\r\n+FTPGET: 1,0\r\n\r\nOK\r\n").as_bytes());
        let outputs = world.outputs();
        assert!(outputs.contains(&failed(Malformed(Malformation::Damaged))), "{payload:?}: {outputs:?}");
        assert!(!outputs.contains(&unsolicited("+FTPGET: 1,0")), "{payload:?}: {outputs:?}");
    }
}

/// One CR LF comes before it. Where the line doubles an octet of that, the payload's own may pass for it, each time anew.
#[test]
fn the_line_end_before_a_payload_without_a_header_has_two_octets() {
    let read = read_file(5);
    for (before, is_whole) in [("\r\n", true), ("\r\r\n", false), ("\r\n\n", false), ("\n", false)] {
        let mut world = World::new();
        for _ in 0..3 {
            world.enqueue(&read);
            world.synchronize();
            world.input(format!("{before}\r\n\r\n\r\r\nOK\r\n").as_bytes());
            let outputs = world.outputs();
            assert_eq!(succeeded(&outputs), is_whole, "{before:?}: {outputs:?}");
        }
    }
}

/// A refusal that was nobody's, or an `OK` of the payload behind a count of nothing: then the rest of the response is on its way, and
/// whoever reads has to know.
#[test]
fn text_behind_a_command_that_may_bring_payload_is_the_rest_of_it() {
    for end in ["+CME ERROR: 3", "ERROR", "+FTPLIST: 2,0\r\n\r\nOK", "OK"] {
        for rest in
            ["+FTPLLIISSTT:: 2,3\r\nabc", "+FTPLIST 2,14\r\n+FTPLIST: 1,0\r\n", "+FTPLIT: 2,0\r\n\r\nOOK"]
        {
            for is_busy in [false, true] {
                let mut world = World::new();
                world.enqueue(&FtpListRead { length: Number::saturating(100) });
                world.input(format!("\r\n{end}\r\n").as_bytes());
                if is_busy {
                    world.enqueue(&At);
                }
                world.input(format!("\r\n{rest}\r\nOK\r\n").as_bytes());
                let outputs = world.outputs();
                assert!(outputs.contains(&Output::Desynchronized), "{end:?}{rest:?}{is_busy}: {outputs:?}");
                // The result was that of the read.
                assert!(!succeeded(&outputs[1..]), "{end:?}{rest:?}{is_busy}: {outputs:?}");
            }
        }
    }
}

#[test]
fn a_refusal_behind_what_makes_no_sense_is_not_known_to_be_the_commands() {
    // The `OK` that the line made that of may have been the result.
    for garbled in [&b"\r\nGC\r\n"[..], b"\r\x02GC\x05\x02\x05\x02#@\\\\XACTION: 1,200,0\r\n", b"\xff\r\n"] {
        let mut world = World::new();
        world.enqueue(&At);
        world.input(garbled);
        world.input(b"\r\n+CME ERROR: 3\r\n");
        let outputs = world.outputs();
        let damaged = [failed(Malformed(Malformation::Damaged)), Output::Desynchronized];
        assert!(outputs.ends_with(&damaged), "{outputs:?}");
    }
    // The module's own lines say nothing of it, nor do those that nobody knows.
    for own in [&b"\r\nRING\r\n"[..], b"\r\n+UGNSINF: 1,1\r\n"] {
        let mut world = World::new();
        world.enqueue(&At);
        world.input(own);
        world.input(b"\r\nERROR\r\n");
        assert_eq!(world.outputs().last(), Some(&failed(Rejected(FinalResultCode::Error))));
    }
}

/// A command has one result.
#[test]
fn a_result_behind_a_refusal_says_that_it_was_anothers() {
    for result in ["OK", "ERROR"] {
        let mut world = World::new();
        world.enqueue(&At);
        world.input(b"\r\nERROR\r\n");
        world.outputs();
        world.input(format!("\r\n{result}\r\n").as_bytes());
        assert_eq!(world.outputs(), [Output::Desynchronized, unsolicited(result)], "{result}");
    }
}

/// The module did not wait for the octets any more. They are command lines to it, and it answers each.
#[test]
fn a_result_behind_that_of_octets_says_that_they_were_none() {
    let mut world = World::new();
    world.put(&data(4), line("AT\rx"));
    world.input(b"\r\nDOWNLOAD\r\n");
    world.input(b"\r\nOK\r\n");
    assert_eq!(world.outputs(), [granted(4)]);
    world.input(b"\r\nERROR\r\n");
    assert_eq!(world.outputs(), [Output::Desynchronized, unsolicited("ERROR")]);
}
