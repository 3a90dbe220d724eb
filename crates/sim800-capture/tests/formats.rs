//! One exchange, as many programs write it down: whatever the format, the same is told of it.

use std::path::{Path, PathBuf};

use sim800_capture::{
    Capture, Direction, Event, Format, Kind, PayloadAs, Pcapng, Reader, Report, Summary, Text, json,
};

fn samples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/captures/formats")
}

fn decode(mut reader: Reader, file: &[u8], cut: usize) -> Vec<Event> {
    let mut events = Vec::new();
    let mut capture = Capture::new();
    for piece in file.chunks(cut) {
        reader
            .handle_input(piece, &mut |record| capture.handle_record(record, &mut |event| events.push(event)))
            .unwrap();
    }
    reader.handle_end(&mut |record| capture.handle_record(record, &mut |event| events.push(event))).unwrap();
    capture.handle_end(&mut |event| events.push(event));
    events
}

/// What the sample has to be known for, and whether it has times and both directions.
const SAMPLES: [(&str, Format, bool, bool); 15] = [
    ("socat-x.log", Format::Socat, true, true),
    ("socat-xv.log", Format::Socat, true, true),
    ("socat-v.log", Format::Socat, true, true),
    ("picocom.log", Format::Raw, false, false),
    ("tio-iso8601.log", Format::Log, true, false),
    ("tio-stripped.log", Format::Log, true, false),
    ("minicom.log", Format::Log, false, false),
    ("minicom-timestamps.log", Format::Log, true, false),
    ("strace.log", Format::Strace, true, true),
    ("sigrok-cli-rx.txt", Format::Sigrok, false, false),
    ("pulseview.txt", Format::Sigrok, false, true),
    ("saleae-two-channels.csv", Format::Saleae, true, true),
    ("saleae-one-channel.csv", Format::Saleae, true, false),
    ("serial-monitor.txt", Format::Log, true, false),
    ("library.txt", Format::Log, false, true),
];

const COMMANDS: [&str; 14] = [
    "ATE1",
    "AT",
    "AT+CSQ",
    "AT+CFUN?",
    "AT+SAPBR=3,1,\"APN\",\"internet\"",
    "AT+SAPBR=1,1",
    "AT+HTTPINIT",
    "AT+HTTPPARA=\"CID\",1",
    "AT+HTTPPARA=\"URL\",\"http://127.0.0.1:18099/hello.txt\"",
    "AT+HTTPACTION=0",
    "AT+HTTPREAD",
    "AT+HTTPTERM",
    "AT+CPIN=\"1234\"",
    "AT+SAPBR=0,1",
];

#[test]
fn every_sample_is_here() {
    let mut names: Vec<_> = std::fs::read_dir(samples())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name != "README.md")
        .collect();
    names.sort();
    let mut known: Vec<_> = SAMPLES.iter().map(|(name, ..)| *name).collect();
    known.sort_unstable();
    assert_eq!(names, known);
}

#[test]
fn every_format_tells_the_same() {
    for (name, format, has_times, is_two_way) in SAMPLES {
        let file = std::fs::read(samples().join(name)).unwrap();
        assert_eq!(Format::of(&file), Some(format), "{name}");
        let events = decode(Reader::new(), &file, file.len());
        for cut in [1, 7, 1000] {
            assert_eq!(decode(Reader::new(), &file, cut), events, "{name} in pieces of {cut}");
        }
        assert_eq!(decode(Reader::with_format(format), &file, 4096), events, "{name}, forced");

        let texts = |kind: Kind, direction: Direction| -> Vec<_> {
            let events =
                events.iter().filter(|event| (event.kind, event.direction) == (kind, Some(direction)));
            events.map(|event| String::from_utf8_lossy(event.text()).into_owned()).collect()
        };
        let commands = match is_two_way {
            true => texts(Kind::Command, Direction::Sent),
            false => texts(Kind::Echo, Direction::Received),
        };
        assert_eq!(commands, COMMANDS, "{name}");
        assert_eq!(
            texts(Kind::Information, Direction::Received),
            ["+CSQ: 21,0", "+CFUN: 1", "+HTTPREAD: 26"],
            "{name}"
        );
        assert_eq!(texts(Kind::Unsolicited, Direction::Received), ["+HTTPACTION: 0,200,26"], "{name}");
        let finals = texts(Kind::Final, Direction::Received);
        let expected: Vec<_> =
            COMMANDS.iter().map(|line| if line.contains("CPIN") { "ERROR" } else { "OK" }).collect();
        assert_eq!(finals, expected, "{name}");

        let [payload] = &events.iter().filter_map(|event| event.payload.as_ref()).collect::<Vec<_>>()[..]
        else {
            panic!("{name}: {events:?}")
        };
        assert_eq!(
            (&payload.octets[..], payload.announced),
            (&b"Hello from the server.\nOK\n"[..], Some(26)),
            "{name}"
        );
        let errors: Vec<_> = events.iter().filter(|event| event.is_error).map(Event::text).collect();
        assert_eq!(errors, [b"ERROR"], "{name}");

        let times: Vec<_> = events.iter().filter_map(|event| event.time).collect();
        assert_eq!(!times.is_empty(), has_times, "{name}");
        assert!(times.is_sorted(), "{name}: {times:?}");
        if let [first, .., last] = &times[..] {
            let seconds = last.saturating_sub(*first).as_secs_f64();
            assert!((1.9..7.0).contains(&seconds), "{name}: {seconds} s");
        }
    }
}

/// However much is read at once, the format is looked for in as much.
#[test]
fn long_files_are_the_same_in_any_pieces() {
    for (name, format, ..) in SAMPLES {
        let sample = std::fs::read(samples().join(name)).unwrap();
        let file = sample.repeat(1 + 70_000 / sample.len());
        let events = decode(Reader::new(), &file, file.len());
        assert_eq!(decode(Reader::new(), &file, 1000), events, "{name}");
        assert!(events.len() > 100, "{name}, {format:?}: {}", events.len());
    }
}

#[test]
fn nothing_else_is_recognized() {
    for text in [
        "",
        "# Shopping\n\nOk, at noon: 1+1 apples.\n",
        "2026-11-29 13:31:58 server started\n2026-11-29 13:31:59 listening on port 80\n",
        "name,age\nA,3\n",
        "{\"a\":1}\n",
        "\u{7f}ELF\0\u{1}",
        "> quoted\n< other\n",
    ] {
        assert_eq!(Format::of(text.as_bytes()), None, "{text}");
    }
}

/// Whatever a file holds is read to its end, wherever it is cut, and rendered in every form.
#[test]
fn damaged_samples_are_read_to_their_end() {
    let mut seed: u32 = 1;
    let mut random = |below: usize| {
        // Numerical Recipes' generator: the same on every machine.
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        usize::try_from(seed >> 8).unwrap() % below
    };
    for (name, format, ..) in SAMPLES {
        let file = std::fs::read(samples().join(name)).unwrap();
        for _ in 0..6 {
            let mut damaged = file.clone();
            for _ in 0..=random(8) {
                let place = random(damaged.len());
                damaged[place] = u8::try_from(random(256)).unwrap();
            }
            damaged.truncate(damaged.len() - random(100));
            let events = decode(Reader::with_format(format), &damaged, damaged.len());
            assert_eq!(decode(Reader::with_format(format), &damaged, 1 + random(50)), events, "{name}");
            render(events);
            // What comes before the format is looked at decides how it is read; nothing else may come of that.
            let mut reader = Reader::with_format(format);
            reader.handle_input(&damaged[..random(damaged.len())], &mut |_| {}).unwrap();
            reader.handle_pause(&mut |_| {});
            reader.handle_input(&damaged, &mut |_| {}).unwrap();
            reader.handle_end(&mut |_| {}).unwrap();
        }
    }
}

fn render(events: Vec<Event>) {
    let (mut text, (mut packets, _), (mut report, _)) =
        (Text::new().with_payload(PayloadAs::Hex), Pcapng::new(), Report::new("a sample"));
    let mut summary = Summary::new();
    for mut event in events {
        event.mask();
        summary.take(&event);
        let lines = text.render(&event).unwrap_or_default();
        let is_shown = |c: char| matches!(c, '\n' | ' '..='~' | '→' | '←' | '↻' | '·' | '…');
        assert!(lines.chars().all(is_shown), "{lines}");
        assert!(json(&event).is_ascii());
        assert_eq!(packets.event(&event).len() % 4, 0);
        let row = report.event(&event);
        assert!(row.is_ascii() && !row.contains(['<', '>', '&']), "{row}");
    }
    summary.finish();
    assert!(summary.json().is_ascii() && report.finish(&summary).ends_with("</html>\n"));
}
