//! Every transcript through the engine, against a script that knows nothing but its octets.

use std::time::Duration;

use sim800_parser::{FinalResultCode, Line};
use sim800_session::engine::{Engine, Output};
use sim800_session::{Config, Failure, Malformation, Request};
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
    let mut engine = Engine::new(NOW, &Config::default());
    let (mut commands, mut headless) = (0, false);
    for (place, step) in transcript.steps.iter().enumerate() {
        match step {
            Step::Command(line) => {
                let text = std::str::from_utf8(line).unwrap();
                headless = text.starts_with("AT+FSREAD=");
                let mut request = Request::raw(text, Duration::from_secs(5)).unwrap();
                if let Some(payload) = payload_of(&transcript.steps[place + 1..]) {
                    request = request.with_body(payload.to_vec().into());
                } else if text.starts_with("AT+FTPPUT=2,1") {
                    // It is refused before it is asked for.
                    request = request.with_body(vec![0; 1000].into());
                }
                engine.submit(NOW, request);
                let sent = sent(&mut engine);
                assert!(sent.eq_ignore_ascii_case(line), "{transcript}: {} for {text}", sent.escape_ascii());
            }
            Step::Payload(octets) => assert_eq!(&sent(&mut engine), octets, "{transcript}"),
            Step::Pause(_) => {}
            Step::Response(Response { octets, events, .. }) => {
                // Nothing is sent before the response is complete, wherever the reads cut it.
                for octet in octets {
                    engine.handle_input(NOW, std::slice::from_ref(octet));
                }
                let mut seen = outputs(&mut engine);
                // A line beside payload without a header may be the rest of it: then the result counts for nothing.
                let beside = events.iter().any(|event| event.starts_with("unsolicited"));
                if headless && beside {
                    assert!(seen.pop().is_some_and(|last| last.contains("Damaged")), "{transcript}");
                    seen.push("final OK".to_owned());
                }
                if seen.iter().any(|event| event == "excess") {
                    assert!(events.iter().any(|event| event.starts_with("excess")), "{transcript}");
                    return commands;
                }
                commands += seen.iter().filter(|event| event.starts_with("final")).count();
                let expected: Vec<_> = events.iter().filter_map(|event| as_output(event)).collect();
                assert_eq!(seen, expected, "{transcript}");
                if headless && seen.last().is_some_and(|last| last.starts_with("final") && last != "final OK")
                {
                    // It may have been content, so the line is synchronized first; that is for the tests of the engine.
                    engine = Engine::new(NOW, &Config::default());
                }
            }
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

/// The engine's outputs in the words of the transcripts.
fn outputs(engine: &mut Engine) -> Vec<String> {
    let mut seen = Vec::new();
    let mut payload = 0;
    while let Some(output) = engine.poll_output() {
        if let Output::Payload(_, octets) = output {
            payload += octets.len();
            continue;
        }
        if payload > 0 {
            seen.push(format!("payload {}", std::mem::take(&mut payload)));
        }
        seen.push(match output {
            Output::Information(_, text) => format!("information {}", written(&text)),
            Output::Granted(..) => "prompt".to_owned(),
            Output::Complete(_, Ok(())) => "final OK".to_owned(),
            Output::Complete(_, Err(Failure::Rejected(code))) => format!("final {code}"),
            Output::Complete(_, Err(Failure::Malformed(Malformation::Excess { .. }))) => "excess".to_owned(),
            Output::Unsolicited(text) => format!("unsolicited {}", written(&text)),
            other => format!("{other:?}"),
        });
    }
    seen
}

/// What the engine makes of an event; echo and the text of short messages go no further.
fn as_output(event: &str) -> Option<String> {
    match event.split_once(' ') {
        Some(("echo" | "continuation", _)) => None,
        Some(("prompt", _)) => Some("prompt".to_owned()),
        // The module's spelling of an error varies, what it means does not.
        Some(("final", text)) => {
            FinalResultCode::from_line(Line::new(text.as_bytes())).map(|code| format!("final {code}"))
        }
        _ => Some(event.to_owned()),
    }
}
