//! Echoes that lines of the module's own have cut: an octet of the command line makes the module print as many.

use sim800_command::{CipSend, Connection, FsLs, FtpPw, Secret, SocketLength};

use super::*;

const RESULT: &str = "+HTTPACTION: 1,200,0";

fn contains(outputs: &[Output], text: &[u8]) -> bool {
    outputs.iter().any(
        |output| matches!(output, Output::Unsolicited(line) if line.windows(text.len()).any(|part| part == text)),
    )
}

#[test]
fn a_line_that_cuts_an_echo_is_told_and_nothing_is_damaged() {
    const LINE: &str = "AT+FTPGET=2,10";
    for at in 1..=LINE.len() {
        let (first, rest) = LINE.split_at(at);
        let mut world = World::new();
        world.enqueue(&read(10));
        world.input(format!("{first}\r\n{RESULT}\r\n{rest}\r\r\n+FTPGET: 2,3\r\nabc\r\nOK\r\n").as_bytes());
        assert_eq!(world.outputs(), [unsolicited(RESULT), brought(&["+FTPGET: 2,3"], "abc")], "{first}");
        // Nothing was learnt of a firmware without empty lines.
        world.enqueue(&read(10));
        world.input(b"\r\n+FTPGET: 2,3\r\na\r\nRING\r\n\r\nOK\r\n");
        assert!(!succeeded(&world.outputs()), "{first}");
    }
}

#[test]
fn several_lines_may_cut_it() {
    let mut world = World::new();
    world.enqueue(&read(10));
    world.input(
        format!("AT+\r\n{RESULT}\r\n\r\nRING\r\nFTPGET=\r\n+FTPPUT: 1,0\r\n2,10\r\r\n{RESULT}\r\n")
            .as_bytes(),
    );
    let lines = [RESULT, "RING", "+FTPPUT: 1,0", RESULT].map(unsolicited);
    assert_eq!(world.outputs(), lines);
    world.input(b"\r\n+FTPGET: 2,3\r\nabc\r\nOK\r\n");
    assert_eq!(world.outputs(), [brought(&["+FTPGET: 2,3"], "abc")]);
}

#[test]
fn a_module_may_restart_amid_it() {
    for (sign, restart) in [("RDY", Restart::Ready), ("NORMAL POWER DOWN", Restart::PowerDown)] {
        for command in [Request::new(&read(10)), Request::new(&file()), Request::new(&Csq)] {
            let request = command.expect("a short line");
            let (piece, _) = request.line().split_at(5);
            let mut world = World::new();
            world.submit(request.clone());
            world.input(&[piece, format!("\r\n{sign}\r\n").as_bytes()].concat());
            assert!(world.outputs().contains(&Output::Restarted(restart)), "{:?}", request.name());
        }
    }
}

/// Where the header was damaged, the payload comes as lines.
#[test]
fn a_payload_that_reads_like_an_echo_tells_nothing() {
    for header in
        ["\r\n+FTPGGET: 2,37\r\n", "\r\n+FTPGET 2,37\r\n", "\r\n+FTPGET: 2,\r\n", "\r\n+FTPGET: 2,0\r\n"]
    {
        for piece in ["AT", "AT+FTPGET=2,50"] {
            let mut world = World::new();
            world.enqueue(&read(50));
            world.input(format!("{header}{piece}\r\n{RESULT}\r\n\r\nOK\r\n").as_bytes());
            let outputs = world.outputs();
            assert!(
                !succeeded(&outputs) && !outputs.contains(&unsolicited(RESULT)),
                "{header:?}: {outputs:?}"
            );
        }
    }
}

fn file() -> FsRead<'static> {
    FsRead {
        file: Path::new(r"C:\a").expect("a path"),
        mode: FsReadMode::Position,
        size: Number::saturating(5),
        position: Number::saturating(0),
    }
}

/// Nothing tells a payload without a header from the line end behind the last piece.
#[test]
fn behind_a_cut_echo_a_payload_without_a_header_is_not_believed() {
    let mut world = World::new();
    world.enqueue(&file());
    world.input(format!("AT+FSREAD=C:\\a,1,\r\n{RESULT}\r\n5,0\r\r\nRING\r\r\nOK\r\n").as_bytes());
    let outputs = world.outputs();
    let damaged = failed(Malformed(Malformation::Damaged));
    assert_eq!(outputs[..3], [unsolicited(RESULT), stray("RING"), damaged], "{outputs:?}");
}

#[test]
fn no_piece_is_told_of() {
    let mut world = World::new();
    world.enqueue(&FtpPw { password: Secret::new("sesame").expect("a password") });
    world.input(b"AT+FTPPW=\"ses\r\nRING\r\name\"\r\r\nOK\r\n");
    let outputs = world.outputs();
    assert!(succeeded(&outputs) && !contains(&outputs, b"ses") && !contains(&outputs, b"ame"), "{outputs:?}");
}

#[test]
fn a_cut_echo_is_no_text() {
    for echo in
        ["A\r\nRING\r\nT+CGMM\r\r\n", "AT+CG\r\nRING\r\nM\r\nRING\r\nM\r\r\n", "AT+CGMM\r\nRING\r\n\r\r\n"]
    {
        let mut world = World::new();
        world.enqueue(&Cgmm);
        world.input(format!("{echo}SIMCOM_SIM800L\r\n\r\nOK\r\n").as_bytes());
        assert!(world.outputs().contains(&done(&["SIMCOM_SIM800L"])), "{echo:?}");
    }
}

#[test]
fn text_that_reads_like_its_beginning_is_text() {
    let mut world = World::new();
    world.enqueue(&FsLs { directory: Path::new(r"C:\").expect("a path") });
    world.input(b"\r\nA\r\nT\r\nT+FSLS\r\n\r\nOK\r\n");
    assert_eq!(world.outputs(), [done(&["A", "T", "T+FSLS"])]);
}

/// Lines that nobody knows come before the echo, and cut it.
#[test]
fn a_prompt_behind_a_cut_echo_is_one() {
    let mut world = World::new();
    let octets = "a".repeat(1_460);
    world.enqueue(&read(5));
    world.input(b"\r\n+FTPGET: 2,5\r\nhello\r\nOK\r\n");
    world.outputs();
    world.sent();
    world
        .put(&CipSend { connection: Connection::MIN, size: SocketLength::saturating(1_460) }, octets.clone());
    world.sent();
    let pieces = [
        "\r\n+QIND: SMS DONE\r\n",
        "\r\n+UGNSINF: 1,1,",
        "1.4,0.9,,11,7,,,38,,\r\n",
        "\r\n^HCSQ: \"GSM\",42\r\n",
        "AT+CIPSEND=0,146",
        "\r\n+QIND: SMS DON",
        "E\r\n",
        "0\r\r\n> ",
    ];
    for piece in pieces {
        world.input(piece.as_bytes());
    }
    assert_eq!(world.sent(), octets, "{:?}", world.outputs());
}
