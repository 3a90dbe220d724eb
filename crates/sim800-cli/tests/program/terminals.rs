//! What others say, on a terminal: it is shown, and nothing of it is obeyed.

use std::collections::HashSet;
use std::fs::File;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::process::Command;
use std::thread;

use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

use sim800_emulator::Config;
use sim800_testbed::Line;
use sim800_testbed::server::ftp::Fault;

use crate::bench::{Bench, octets, program};

/// What a terminal would obey: colours, a title, a bell, and a C1 control in either form.
const HOSTILE: &[u8] = b"a\x1b[31mb\x1b]0;c\x07d\x9b31me\xc2\x9b2Jf";
const SHOWN: &str = r"a\x1b[31mb\x1b]0;c\x07d\x9b31me\xc2\x9b2Jf";

/// Runs the program with a terminal for both of its streams; what it puts there.
pub(crate) fn on_a_terminal(mut command: Command) -> String {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
    grantpt(&master).unwrap();
    unlockpt(&master).unwrap();
    let device = ptsname(&master, Vec::new()).unwrap();
    let terminal: OwnedFd =
        rustix::fs::open(&device, OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC, Mode::empty()).unwrap();
    command.stdout(terminal.try_clone().unwrap()).stderr(terminal);
    let mut child = command.spawn().unwrap();
    // Nobody but the program has it open any more.
    drop(command);
    let mut octets = Vec::new();
    // Its end is an error.
    let _ = File::from(master).read_to_end(&mut octets);
    child.wait().unwrap();
    String::from_utf8(octets).unwrap()
}

/// What somebody who looks at the terminal sees in the end.
fn seen(command: Command) -> String {
    let mut terminal = vt100::Parser::new(60.try_into().unwrap(), 100.try_into().unwrap(), 0);
    terminal.process(on_a_terminal(command).as_bytes());
    terminal.screen().contents()
}

fn assert_shown(text: &str, times: usize) {
    assert_eq!(text.matches(SHOWN).count(), times, "{text:?}");
    // Progress is drawn by colours and movements of our own.
    for obeyed in ["\x1b[31m", "\x1b]", "\x07", "\u{9b}"] {
        assert!(!text.contains(obeyed), "{text:?}");
    }
}

/// A module that says `HOSTILE` wherever it says something, to one program after another.
fn hostile_module() -> String {
    let door = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = format!("tcp://{}", door.local_addr().unwrap());
    thread::spawn(move || {
        for client in door.incoming() {
            answer(client.unwrap());
        }
    });
    port
}

fn answer(mut client: TcpStream) {
    let mut octets = [0; 4096];
    while let Ok(count @ 1..) = client.read(&mut octets) {
        for line in octets[..count].split(|octet| *octet == b'\r').filter(|line| line.starts_with(b"AT")) {
            let response: &[u8] = match line {
                b"AT+CFUN?" => b"\r\n+CFUN: 1\r\n",
                b"AT+CPIN?" => b"\r\n+CPIN: READY\r\n",
                b"AT+CREG?" => b"\r\n+CREG: 0,1\r\n",
                b"AT+CGATT?" => b"\r\n+CGATT: 1\r\n",
                b"AT+CSQ" => b"\r\n+CSQ: 21,0\r\n",
                b"AT+COPS?" => b"\r\n+COPS: 0,0,\"a\x1b[31mb\x1b]0;c\x07d\"\r\n",
                b"AT+GSN" => b"\r\n012345678901234\r\n",
                b"AT+CGMM" | b"AT+CGMR" => b"\r\nSIM800\r\n",
                b"AT+X" => b"\r\n@\r\n",
                b"AT+FSDRIVE=0" => b"\r\n+FSDRIVE: C\r\n",
                line if line.starts_with(b"AT+FSLS=") => b"\r\n@\r\n",
                _ => b"",
            };
            let response: Vec<u8> = response
                .iter()
                .flat_map(|octet| if *octet == b'@' { HOSTILE } else { std::slice::from_ref(octet) })
                .copied()
                .chain(*b"\r\nOK\r\n")
                .collect();
            if client.write_all(&response).is_err() {
                return;
            }
        }
    }
}

#[test]
fn what_the_module_says_is_shown() {
    let port = hostile_module();
    for arguments in [&["at", "AT+X"][..], &["info"], &["fs", "ls"]] {
        let text = on_a_terminal(program(&[&["-q", "-p", &port], arguments].concat()));
        // What has to be text is not shown octet by octet.
        assert!(text.contains(r"a\x1b[31mb\x1b]0;c\x07d"), "{arguments:?}: {text:?}");
        assert!(
            text.bytes().all(|octet| matches!(octet, b' '..=b'~' | b'\r' | b'\n')),
            "{arguments:?}: {text:?}"
        );
        if arguments[0] == "at" {
            assert_shown(&text, 1);
        }
        let output = program(&[&["--json", "-p", &port], arguments].concat()).output().unwrap();
        assert!(output.stdout.is_ascii() && !output.stdout.contains(&0x7F), "{arguments:?}");
    }
    // A program gets what was said.
    let output = program(&["-p", &port, "-q", "at", "AT+X"]).output().unwrap();
    assert!(
        output.stdout.starts_with(&[HOSTILE, b"\n"].concat()),
        "{:?}",
        output.stdout.escape_ascii().to_string()
    );
}

#[test]
fn letters_are_shown_where_the_terminal_takes_them() {
    let bench = Bench::new();
    bench.http.put("/a", "text/plain", "Größe \u{202e}\n");
    let url = bench.http.url("/a");
    let shown = |locale: &str| {
        let mut command = bench.command(&["-q", "http", "get", &url]);
        command.env("LC_ALL", locale);
        on_a_terminal(command)
    };
    assert_eq!(shown("C.UTF-8"), "Größe \\xe2\\x80\\xae\r\n");
    assert_eq!(shown("C"), "Gr\\xc3\\xb6\\xc3\\x9fe \\xe2\\x80\\xae\r\n");
}

#[test]
fn what_a_server_says_is_shown() {
    let bench = Bench::new();
    let line = [HOSTILE, b"\tg\r\n", HOSTILE, b"\n"].concat();
    bench.http.put("/a", "text/plain", line.clone());
    bench.ftp.put_file("/a", &line).unwrap();
    let (http, ftp) = (bench.http.url("/a"), bench.ftp_url("/a"));
    for get in [["http", "get", &http], ["ftp", "get", &ftp]] {
        for output in [&[][..], &["-o", "-"], &["-o", "/dev/stdout"]] {
            let text = on_a_terminal(bench.command(&[&["-q"], &get[..], output].concat()));
            assert_shown(&text, 2);
            assert_eq!(text.lines().count(), 2, "lines are lines: {text:?}");
            assert!(text.contains("f\tg\r\n"), "{text:?}");
        }
        let output = bench.run(&[&["-q"], &get[..]].concat());
        assert!(output.stdout == line, "a program gets what was sent");
    }
    let name = String::from_utf8_lossy(HOSTILE).into_owned();
    bench.ftp.put_file(&format!("/{name}"), b"").unwrap();
    let listing = bench.ftp_url("/");
    let text = on_a_terminal(bench.command(&["-q", "ftp", "ls", &listing]));
    assert!(!text.contains('\x1b') && text.contains(r"a\x1b[31mb"), "{text:?}");
    let json = bench.run(&["--json", "ftp", "ls", &listing]).stdout;
    assert!(json.is_ascii() && !String::from_utf8(json).unwrap().contains('\u{7f}'));
}

/// Windows enough for a bar to be drawn between them.
const PACED: u32 = 1_000_000;

#[test]
fn a_terminal_shows_a_body_and_nothing_over_it() {
    let bench = Bench::with_line(Config::default(), Line::paced(PACED.try_into().unwrap()));
    let lines: Vec<_> = (0..8_000).map(|n| format!("line {n}")).collect();
    let (short, long) = ("twenty-four octets here!", lines.join("\n") + "\n");
    for (path, body) in [("/short", short), ("/long", &long)] {
        bench.http.put(path, "text/plain", body.to_owned());
        bench.ftp.put_file(path, body.as_bytes()).unwrap();
    }
    for (short, long) in [
        (bench.http.url("/short"), bench.http.url("/long")),
        (bench.ftp_url("/short"), bench.ftp_url("/long")),
    ] {
        let kind = short.split(':').next().unwrap().to_owned();
        let get = |url: &str| seen(bench.command(&[&kind, "get", url]));
        let shown = get(&short);
        let (body, remark) = shown.split_once('\n').unwrap();
        assert_eq!(body, "twenty-four octets here!", "{shown}");
        assert!(remark.contains("24 bytes in ") && remark.lines().count() == 1, "{shown}");
        let shown = get(&long);
        let end: Vec<_> = shown.lines().collect();
        let (remark, body) = end.split_last().unwrap();
        assert!(remark.contains("bytes in ") && body.len() == 58, "{shown}");
        assert_eq!(body, &lines[8_000 - 58..]);
    }
}

/// What is waited for behind a body has a line of its own, too.
#[test]
fn a_bearer_is_closed_below_the_body() {
    let bench = Bench::new();
    bench.http.put("/a", "text/plain", "twenty-four octets here!");
    let shown = seen(bench.command(&["--close", "http", "get", &bench.http.url("/a")]));
    let (body, remark) = shown.split_once('\n').unwrap();
    assert_eq!(body, "twenty-four octets here!", "{shown}");
    assert!(remark.contains("24 bytes in ") && remark.lines().count() == 1, "{shown}");
}

#[test]
fn a_remark_amid_a_body_has_a_line_of_its_own() {
    let bench = Bench::new();
    let lines: Vec<_> = (0..3_000).map(|n| format!("line {n}\n")).collect();
    let body = lines.concat();
    bench.ftp.put_file("/a", body.as_bytes()).unwrap();
    bench.ftp.inject(Fault::DataReset { after: 20_000 });
    let text = on_a_terminal(bench.command(&["ftp", "get", &bench.ftp_url("/a")]));
    let remark = text.lines().find(|line| line.contains("trying again")).unwrap();
    assert!(remark.starts_with("sim800: "), "{remark}");
}

#[test]
fn binary_goes_to_a_terminal_by_request_only() {
    let bench = Bench::new();
    bench.http.put("/a", "application/octet-stream", vec![b'a', 0, 0xFF]);
    bench.ftp.put_file("/a", &[b'a', 0, 0xFF]).unwrap();
    for get in [["http", "get", &bench.http.url("/a")], ["ftp", "get", &bench.ftp_url("/a")]] {
        let shown = seen(bench.command(&[&["-q"], &get[..]].concat()));
        assert!(
            shown.contains("is binary") && shown.contains("-o FILE") && !shown.contains("\\xff"),
            "{shown}"
        );
        let shown = seen(bench.command(&[&["-q"], &get[..], &["-o", "-"]].concat()));
        assert_eq!(shown, "a\\x00\\xff");
        let mut command = bench.command(&[&["-q"], &get[..]].concat());
        assert_eq!(command.output().unwrap().stdout, [b'a', 0, 0xFF], "a pipe takes anything");
    }
    bench.expect_usable();
}

#[test]
fn no_bar_is_left() {
    let bench = Bench::new();
    bench.http.put("/a", "text/plain", octets(100_000));
    bench.ftp.put_file("/a", &octets(100_000)).unwrap();
    let (http, ftp, missing) = (bench.http.url("/a"), bench.ftp_url("/a"), bench.http.url("/missing"));
    let truncated = bench.http.url("/truncated/5/a");
    for (get, lines) in [
        (&["http", "get", &http, "-o", "a"][..], 1),
        (&["http", "get", &missing, "-o", "a"], 1),
        (&["http", "get", &truncated, "-o", "a", "--retries", "0"], 1),
        (&["http", "get", &http, "-o", "/dev/full"], 1),
        (&["http", "post", &http, "--data", "a", "-o", "a"], 1),
        (&["ftp", "get", &ftp, "-o", "a"], 1),
        (&["ftp", "put", "a", &ftp], 1),
    ] {
        let shown = seen(bench.command(get));
        let shown: Vec<_> = shown.lines().collect();
        assert!(shown.len() == lines && !shown.iter().any(|line| line.contains('╌')), "{get:?}: {shown:?}");
    }
}

/// Slow enough for a bar to be there when something is to be said.
#[test]
fn a_remark_stands_above_the_bar() {
    let bench = Bench::with_line(Config::default(), Line::paced(PACED.try_into().unwrap()));
    bench.ftp.put_file("/a", &octets(100_000)).unwrap();
    bench.ftp.inject(Fault::DataReset { after: 60_000 });
    let shown = seen(bench.command(&["ftp", "get", &bench.ftp_url("/a"), "-o", "a"]));
    let shown: Vec<_> = shown.lines().collect();
    assert_eq!(shown.len(), 2, "{shown:?}");
    assert!(shown[0].starts_with("sim800: ") && shown[1].starts_with("100000 bytes in "), "{shown:?}");
}

#[test]
fn progress_moves_with_the_line_and_not_with_windows() {
    // A window of 4,096 octets takes four seconds and more.
    let bench = Bench::with_line(Config::default(), Line::paced(9_600.try_into().unwrap()));
    bench.http.put("/a", "text/plain", octets(6_000));
    let text =
        on_a_terminal(bench.command(&["--baud", "9600", "http", "get", &bench.http.url("/a"), "-o", "a"]));
    let drawn: HashSet<_> = text.split("\x1b[").filter_map(|drawn| drawn.split_once("/5.86 KiB")).collect();
    assert!(drawn.len() > 10, "{drawn:?}");
}

#[test]
fn a_listing_without_end_is_bounded_as_one_object() {
    let bench = Bench::new();
    for n in 0..12_000 {
        bench.ftp.put_file(&format!("/many/{n:060}"), b"").unwrap();
    }
    let url = bench.ftp_url("/many");
    let object = bench.run(&["--json", "ftp", "ls", &url]).object();
    assert_eq!(object["error"]["kind"], "too-large", "{object}");
    let finished = bench.run(&["-q", "ftp", "ls", &url]);
    assert_eq!(finished.code, 0, "{}", finished.stderr);
    assert_eq!(String::from_utf8(finished.stdout).unwrap().lines().count(), 12_000);
    bench.expect_usable();
}
