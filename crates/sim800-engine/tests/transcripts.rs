//! Every transcript through the engine, against a script that knows nothing but its octets.

use std::time::Duration;

use sim800_engine::{Config, Engine, Failure, Malformation, Output, Request};
use sim800_parser::{FinalResultCode, Line};
use sim800_testdata::{Response, Step, Transcript, transcripts, written};

const NOW: Duration = Duration::from_secs(60);

#[test]
fn the_engine_reads_them_as_the_framer_does() {
    let mut commands = 0;
    for transcript in transcripts() {
        // A module that starts anew, or ends, takes the line with it; that is for the tests of start-up.
        if !["field-start-up", "manual-power-down"].contains(&transcript.name.as_str()) {
            commands += play(&transcript);
        }
    }
    assert!(commands > 100, "{commands} commands");
}

/// Plays one transcript and returns how many commands completed.
fn play(transcript: &Transcript) -> usize {
    let mut engine = Engine::new(NOW, Config::default());
    let (mut commands, mut headless, mut is_offered) = (0, false, false);
    // What the command in flight is to bring, and what is to come beside it.
    let (mut expected, mut beside) = (Vec::new(), Vec::new());
    for (place, step) in transcript.steps.iter().enumerate() {
        match step {
            Step::Command(line) => {
                let text = std::str::from_utf8(line).unwrap();
                headless = text.starts_with("AT+FSREAD=");
                let mut request = Request::raw(text, Duration::from_secs(5)).unwrap();
                if let Some(mut payload) = payload_of(&transcript.steps[place + 1..]) {
                    if text.trim_end() == "AT+CIPSEND" {
                        // The engine adds what ends a text.
                        payload = payload.strip_suffix(b"\x1A").unwrap();
                    }
                    request = request.with_body(payload.to_vec().into());
                } else if text.starts_with("AT+FTPPUT=2,1") {
                    // It is refused before it is asked for.
                    request = request.with_body(vec![0; 1000].into());
                }
                is_offered = request.offered() > 0;
                engine.begin(NOW, request).unwrap();
                let sent = sent(&mut engine);
                assert!(sent.eq_ignore_ascii_case(line), "{transcript}: {} for {text}", sent.escape_ascii());
            }
            Step::Payload(octets) => assert_eq!(&sent(&mut engine), octets, "{transcript}"),
            Step::Response(Response { octets, events, .. }) => {
                // Nothing is sent before the response is complete, wherever the reads cut it.
                for octet in octets {
                    engine.handle_input(NOW, std::slice::from_ref(octet));
                }
                for event in events.iter().filter_map(|event| as_output(event)) {
                    if event.starts_with("unsolicited") {
                        beside.push(event);
                    } else if let Some(text) = event.strip_prefix("ending ") {
                        // It is text of the response, which comes before all else of it.
                        let place = expected
                            .iter()
                            .take_while(|event: &&String| event.starts_with("information"))
                            .count();
                        expected.insert(place, format!("information {text}"));
                        expected.push("final OK".to_owned());
                    } else {
                        expected.push(event);
                    }
                }
                let (mut seen, others) = outputs(&mut engine);
                // A line beside payload without a header may be the rest of it: then the result counts for nothing.
                let is_doubtful = headless && !beside.is_empty();
                if is_doubtful {
                    assert_eq!(seen, ["damaged"], "{transcript}");
                    seen = expected.clone();
                }
                if seen == ["excess"] {
                    assert!(expected.iter().any(|event| event.starts_with("excess")), "{transcript}");
                    return commands;
                }
                assert_eq!(others, std::mem::take(&mut beside), "{transcript}");
                let Some(last) = seen.last() else { continue };
                commands += 1;
                // What else a command brought that was refused is not told.
                let told = if last == "final OK" { 0 } else { expected.len() - 1 };
                assert_eq!(seen, expected[told..], "{transcript}");
                if is_doubtful || ((headless || is_offered) && last != "final OK") {
                    // It may have been content, or another's, so the line is synchronized first; that is for the tests of the engine.
                    engine = Engine::new(NOW, Config::default());
                }
                expected.clear();
            }
            Step::Pause(_) => unreachable!("transcripts have none"),
        }
    }
    assert!(engine.is_idle(), "{transcript}");
    commands
}

/// The payload that the DTE sends before its next command.
fn payload_of(steps: &[Step]) -> Option<&[u8]> {
    steps.iter().take_while(|step| !matches!(step, Step::Command(_))).find_map(|step| match step {
        Step::Payload(octets) => Some(&octets[..]),
        _ => None,
    })
}

fn sent(engine: &mut Engine) -> Vec<u8> {
    std::iter::from_fn(|| engine.poll_transmit()).flat_map(|transmit| transmit.octets).collect()
}

/// What a command brought that is complete, and what came beside it, in the words of the transcripts.
fn outputs(engine: &mut Engine) -> (Vec<String>, Vec<String>) {
    let (mut seen, mut others) = (Vec::new(), Vec::new());
    while let Some(output) = engine.poll_output() {
        match output {
            Output::Complete(Ok(response)) => {
                seen.extend(response.lines().map(|line| format!("information {}", written(line.text()))));
                seen.extend(response.granted.map(|_| "prompt".to_owned()));
                let payload = response.payload.len();
                seen.extend((payload > 0).then(|| format!("payload {payload}")));
                seen.push("final OK".to_owned());
            }
            Output::Complete(Err(Failure::Rejected(code))) => seen.push(format!("final {code}")),
            Output::Complete(Err(Failure::Malformed(Malformation::Excess { .. }))) => {
                seen.push("excess".to_owned());
            }
            Output::Complete(Err(Failure::Malformed(Malformation::Damaged))) => {
                seen.push("damaged".to_owned());
            }
            Output::Unsolicited(text) => others.push(format!("unsolicited {}", written(&text))),
            Output::Desynchronized => {}
            other => others.push(format!("{other:?}")),
        }
    }
    (seen, others)
}

/// What the engine makes of an event; echo and the text of short messages go no further.
fn as_output(event: &str) -> Option<String> {
    match event.split_once(' ') {
        Some(("echo" | "continuation", _)) => None,
        Some(("prompt", _)) => Some("prompt".to_owned()),
        // The module's spelling of an error varies, what it means does not.
        Some(("final", text)) => Some(match FinalResultCode::from_line(Line::new(text.as_bytes())) {
            Some(code) => format!("final {code}"),
            None => format!("ending {text}"),
        }),
        _ => Some(event.to_owned()),
    }
}
