//! What the engine promises for anything a module may do.

use proptest::prelude::*;
use sim800_command::{Cgmm, Cpowd, Csq, FtpPutWrite, HttpData, Number, PowerDown as Way};

use super::*;

/// One thing that may happen.
#[derive(Clone, Debug)]
enum Happening {
    Enqueue(u8),
    Input(Vec<u8>),
    Pass(u64),
    Deadline,
    Transmit,
}

fn happening() -> impl Strategy<Value = Happening> {
    let lines = prop::sample::select(vec![
        "\r\nOK\r\n",
        "OK",
        "\r\n",
        "\r\nERROR\r\n",
        "\r\n+CME ERROR: 3\r\n",
        "\r\n+FTPGET: 2,40\r\n",
        "\r\n+FTPGET: 2,0\r\n",
        "\r\n+FTPGET: 2,4000000000\r\n",
        "\r\n+FTPGET: 1,1\r\n",
        "\r\nDOWNLOAD\r\n",
        "\r\n+FTPPUT: 2,600\r\n",
        "\r\n+FTPPUT: 2,9\r\n",
        "\r\n+FTPPUT: 2,5000\r\n",
        "\r\nRDY\r\n",
        "\r\n+CPIN: READY\r\n",
        "\r\nNORMAL POWER DOWN\r\n",
        "\r\n+CMT: \"1\",,\"\"\r\n",
        "AT\r",
        ">",
        "0\r",
    ])
    .prop_map(|text| text.as_bytes().to_vec());
    prop_oneof![
        3 => (0..6u8).prop_map(Happening::Enqueue),
        6 => lines.prop_map(Happening::Input),
        1 => prop::collection::vec(any::<u8>(), 0..60).prop_map(Happening::Input),
        2 => (0..3_000u64).prop_map(Happening::Pass),
        2 => Just(Happening::Deadline),
        3 => Just(Happening::Transmit),
    ]
}

/// Watches what the engine sends and says.
#[derive(Default)]
struct Witness {
    open: Vec<CommandId>,
    completed: Vec<CommandId>,
    /// A command line was sent whose command is not complete.
    in_flight: bool,
    /// Octets that prompts asked for and that were not sent.
    granted: usize,
}

impl Witness {
    fn outputs(&mut self, engine: &mut Engine) {
        while let Some(output) = engine.poll_output() {
            match output {
                Output::Information(id, _) | Output::Payload(id, _) => assert!(self.open.contains(&id)),
                Output::Granted(id, granted) => {
                    assert!(self.open.contains(&id) && self.in_flight);
                    self.granted = granted as usize;
                }
                Output::Complete(id, _) => {
                    assert!(self.open.contains(&id) && !self.completed.contains(&id), "completed twice");
                    self.open.retain(|open| *open != id);
                    self.completed.push(id);
                    self.in_flight = false;
                }
                Output::Unsolicited(_) | Output::Desynchronized | Output::Restarted(_) => {}
            }
        }
    }

    fn transmit(&mut self, transmit: &Transmit) {
        let octets = &transmit.octets;
        if octets.starts_with(b"AT") {
            assert!(!self.in_flight, "sent {octets:?} while a command was in flight");
            self.in_flight = !matches!(&octets[..], b"AT\r" | b"ATQ0\r" | b"ATV1\r");
        } else if octets.iter().all(|octet| *octet == b'\r') {
            assert!(!self.in_flight, "filled while a command was in flight");
        } else {
            assert!(octets.iter().all(|octet| *octet == b'B'));
            assert!(octets.len() <= self.granted, "sent more than was granted");
            self.granted -= octets.len();
        }
    }
}

proptest! {
    #[test]
    fn whatever_happens_commands_complete_once_and_never_overlap(
        happenings in prop::collection::vec(happening(), 1..80)
    ) {
        let mut engine = Engine::new(Duration::ZERO, &Config::default());
        let mut now = Duration::from_secs(100);
        let mut witness = Witness::default();
        for happening in happenings {
            match happening {
                Happening::Enqueue(kind) => {
                    let body = |length: usize| Some(Bytes::from(vec![b'B'; length]));
                    let id = match kind {
                        0 => engine.enqueue(now, &Csq, None),
                        1 => engine.enqueue(now, &read(100), None),
                        2 => engine.enqueue(now, &FtpPutWrite { length: Number::saturating(700) }, body(700)),
                        3 => engine.enqueue(
                            now,
                            &HttpData { size: Number::saturating(2000), time: Number::MIN },
                            body(2000),
                        ),
                        4 => engine.enqueue(now, &Cpowd { way: Way::Normal }, None),
                        _ => engine.enqueue(now, &Cgmm, None),
                    };
                    witness.open.push(id);
                }
                Happening::Input(octets) => engine.handle_input(now, &octets),
                Happening::Pass(milliseconds) => {
                    now += Duration::from_millis(milliseconds);
                    engine.handle_timeout(now);
                }
                Happening::Deadline => {
                    if let Some(deadline) = engine.poll_timeout() {
                        now = now.max(deadline);
                        engine.handle_timeout(now);
                    }
                }
                Happening::Transmit => {
                    witness.outputs(&mut engine);
                    if let Some(transmit) = engine.poll_transmit() {
                        witness.transmit(&transmit);
                    }
                }
            }
            witness.outputs(&mut engine);
        }
        // A module that falls silent holds nobody up for ever.
        let mut steps = 0;
        while !engine.is_idle() {
            while let Some(transmit) = engine.poll_transmit() {
                witness.transmit(&transmit);
            }
            let deadline = engine.poll_timeout().expect("someone waits, so there is a deadline");
            now = now.max(deadline);
            engine.handle_timeout(now);
            witness.outputs(&mut engine);
            steps += 1;
            prop_assert!(steps < 500, "no end in sight");
        }
        prop_assert!(witness.open.is_empty());
    }

    #[test]
    fn the_cuts_of_reads_change_nothing(cuts in prop::collection::vec(0..70usize, 0..8)) {
        let stream = b"\r\n+FTPGET: 2,10\r\n\r\nOK\r\n\r\n++\r\nOK\r\n\r\n+FTPGET: 1,0\r\n\r\nRING\r\n";
        let run = |cuts: &[usize]| {
            let mut world = World::new();
            world.enqueue(&read(100));
            let mut from = 0;
            for to in cuts.iter().copied().chain([stream.len()]) {
                world.input(&stream[from..to]);
                from = to;
            }
            let mut payload = Vec::new();
            let mut others = world.outputs();
            others.retain(|output| match output {
                Output::Payload(_, octets) => { payload.extend_from_slice(octets); false }
                _ => true,
            });
            (others, payload)
        };
        let mut cuts: Vec<_> = cuts.into_iter().map(|cut| cut.min(stream.len())).collect();
        cuts.sort_unstable();
        prop_assert_eq!(run(&cuts), run(&[]));
    }
}
