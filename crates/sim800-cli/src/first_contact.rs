//! Why nothing at a port answers `AT`, by what came instead.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sim800_session::{Direction, Endpoint};

use crate::target::Target;
use crate::terminal::printable;

/// As much of what came first is kept, in octets.
const KEPT: usize = 4096;

/// As much of it is shown.
const SHOWN: usize = 16;

/// What a module says once it understands.
const OK: &[u8] = b"OK\r\n";

/// What crossed the line until the module answered; clones share it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Heard(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    sent: Vec<u8>,
    received: Vec<u8>,
    has_answered: bool,
}

/// What came in place of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Instead {
    Nothing,
    /// What was sent.
    Echo,
    /// A prompt: the module waits for data.
    Prompt,
    /// Octets that are no text, as at another rate. The first of them.
    Unreadable(Vec<u8>),
    /// Text of something that is no module. The first line of it.
    Text(Vec<u8>),
}

impl Heard {
    /// Octets crossed the line.
    pub(crate) fn note(&self, direction: Direction, octets: &[u8]) {
        let mut state = self.state();
        if state.has_answered {
            return;
        }
        let kept = match direction {
            Direction::Sent => &mut state.sent,
            Direction::Received => &mut state.received,
        };
        let room = KEPT.saturating_sub(kept.len());
        kept.extend(octets.iter().take(room));
        state.has_answered = state.received.windows(OK.len()).any(|window| window == OK);
    }

    /// What came in place of an answer, if none did.
    pub(crate) fn instead(&self) -> Option<Instead> {
        let state = self.state();
        (!state.has_answered).then(|| instead(&state.sent, &state.received))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn instead(sent: &[u8], received: &[u8]) -> Instead {
    let legible = |octet: &u8| matches!(octet, b' '..=b'~' | b'\t');
    let is_blank = |octet: &u8| matches!(octet, b'\r' | b'\n' | b'\x1b');
    let text =
        |octets: &[u8]| -> Vec<u8> { octets.iter().copied().filter(|octet| !is_blank(octet)).collect() };
    let (sent, said) = (text(sent), text(received));
    let lines =
        || received.split(|octet| is_blank(octet)).map(<[u8]>::trim_ascii).filter(|line| !line.is_empty());
    if said.is_empty() && received.len() < SHOWN {
        return Instead::Nothing;
    }
    // Noise is found wherever the line is open; that of another rate has octets of no letter for most that were sent.
    if said.iter().filter(|octet| !legible(octet)).count() * 4 >= said.len() {
        return Instead::Unreadable(said.into_iter().take(SHOWN).collect());
    }
    if sent.windows(said.len()).any(|window| window == said) {
        return Instead::Echo;
    }
    if lines().any(|line| line.starts_with(b">")) {
        return Instead::Prompt;
    }
    Instead::Text(lines().next().unwrap_or_default().iter().copied().take(4 * SHOWN).collect())
}

impl Instead {
    /// What people are told: what happened, and what helps. `fitting` is a rate at which the module answers, once others than `rate`
    /// were tried.
    pub(crate) fn told(
        &self,
        target: &Target,
        within: Duration,
        rate: u32,
        fitting: Option<Option<u32>>,
    ) -> String {
        let is_serial = target.is_serial();
        let seconds = within.as_secs_f64();
        match self {
            Self::Nothing => {
                let check = match is_serial {
                    true => {
                        "check the module's power, that its TX goes to RX and its RX to TX, and that it is the right port \
                         (`sim800 ports` lists them)"
                    }
                    false => {
                        "check the module's power, and the wiring and the rate of the serial port at the other end"
                    }
                };
                format!(
                    "nothing answers at {target}: no byte came within {seconds} s; {check}; a module that waits for the rest \
                     of an interrupted upload answers within two minutes, so try --answer-within 130, too"
                )
            }
            Self::Echo => format!(
                "{target} sends back what it is sent, and no module answers: TX and RX are joined; connect TX to the module's \
                 RX, and RX to its TX"
            ),
            Self::Prompt => format!(
                "the module at {target} waits for data (it sent the prompt >), and what it was sent did not end that; wait two \
                 minutes, or switch it off and on"
            ),
            Self::Unreadable(octets) => {
                let came = octets.escape_ascii();
                let helps = match fitting {
                    Some(Some(rate)) => format!("it answers at {rate} bit/s: use --baud {rate}"),
                    Some(None) => {
                        "it answers at none of the usual rates either; check that ground is connected, and that both sides \
                         use the same levels"
                            .to_owned()
                    }
                    None if is_serial => "try --baud auto".to_owned(),
                    None if matches!(target, Target::Endpoint(Endpoint::Rfc2217 { .. })) => "try another --baud".to_owned(),
                    None => "set the rate of the serial port at the other end".to_owned(),
                };
                format!(
                    "{target} sends bytes that are no text at {rate} bit/s ({came}), as a module at another rate does; {helps}"
                )
            }
            Self::Text(line) => format!(
                "what is at {target} answers, but not as a module does (it sent {:?}); is it the right port?",
                printable(line)
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_tells_why_nothing_answered() {
        let sent = b"\r\r\rAT\rAT\rATE1V1\r";
        assert_eq!(instead(sent, b""), Instead::Nothing);
        assert_eq!(instead(sent, b"\r\n"), Instead::Nothing);
        assert_eq!(instead(sent, b"\r\r\rAT\rAT\rATE1"), Instead::Echo);
        assert_eq!(instead(sent, b"T\rAT\rA"), Instead::Echo);
        assert_eq!(instead(sent, b"AT\r\r\n> AT\r\r\n> "), Instead::Prompt);
        assert_eq!(instead(sent, b"\x80\xf8\x00\xfeA"), Instead::Unreadable(b"\x80\xf8\x00\xfeA".to_vec()));
        assert_eq!(instead(sent, b"AT\r\nlogin: "), Instead::Text(b"AT".to_vec()));
        assert_eq!(instead(sent, b"\r\nERROR\r\n"), Instead::Text(b"ERROR".to_vec()));
    }

    #[test]
    fn who_has_answered_needs_no_reason() {
        let heard = Heard::default();
        heard.note(Direction::Received, b"\x80\r\nO");
        assert!(heard.instead().is_some());
        heard.note(Direction::Received, b"K\r\n");
        assert_eq!(heard.instead(), None);
    }
}
