//! What the engine promises for anything a module may do.

use proptest::prelude::*;
use sim800_engine::Transmit;

use super::*;

/// One thing that may happen.
#[derive(Clone, Debug)]
enum Happening {
    Begin(u8),
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
        3 => (0..7u8).prop_map(Happening::Begin),
        6 => lines.prop_map(Happening::Input),
        1 => prop::collection::vec(any::<u8>(), 0..60).prop_map(Happening::Input),
        2 => (0..3_000u64).prop_map(Happening::Pass),
        2 => Just(Happening::Deadline),
        3 => Just(Happening::Transmit),
    ]
}

fn request(kind: u8) -> Request {
    fn of<C: Command>(command: &C) -> Request {
        Request::new(command).expect("a short line")
    }
    let body = |length: usize| Bytes::from(vec![b'B'; length]);
    match kind {
        0 => of(&Csq),
        1 => of(&read(100)),
        2 => of(&write(700)).with_body(body(700)),
        3 => of(&data(2000)).with_body(body(2000)),
        4 => of(&Cpowd { way: Way::Normal }),
        5 => Request::concatenated([of(&Csq), of(&read(100)), of(&At), of(&read(50))]).expect("a line"),
        _ => of(&Cgmm),
    }
}

/// Watches what the engine sends and says.
#[derive(Default)]
struct Witness {
    /// A command was taken that is not complete.
    open: bool,
    /// Its line was sent.
    in_flight: bool,
    /// How many octets it came with, and how many of them were sent.
    offered: usize,
    sent: usize,
}

impl Witness {
    /// Has the engine take a command if it says that it does.
    fn begin(&mut self, engine: &mut Engine, now: Duration, request: Request) {
        let offered = request.offered();
        let taken = engine.begin(now, request).is_ok();
        assert_eq!(taken, !self.open, "one command at a time");
        if taken {
            *self = Self { open: true, offered, ..Self::default() };
        }
    }

    fn outputs(&mut self, engine: &mut Engine) {
        while let Some(output) = engine.poll_output() {
            if let Output::Complete(result) = output {
                assert!(self.open, "a command completes once");
                if let Ok(response) = result {
                    assert!(self.in_flight || response == Response::default());
                    assert_eq!(response.granted.map_or(0, |granted| granted as usize), self.sent);
                }
                *self = Self::default();
            }
        }
        assert_eq!(engine.is_idle(), !self.open);
    }

    fn transmit(&mut self, transmit: &Transmit) {
        let octets = &transmit.octets;
        if octets.starts_with(b"AT") {
            assert!(!self.in_flight, "sent {octets:?} while a command was in flight");
            self.in_flight = !matches!(&octets[..], b"AT\r" | b"ATQ0\r" | b"ATV1\r");
        } else if octets.iter().all(|octet| matches!(octet, b'\r' | 0x1B)) {
            assert!(!self.in_flight, "filled while a command was in flight");
        } else {
            assert!(octets.iter().all(|octet| *octet == b'B'));
            // What is promised is still sent when its command was given up.
            if self.in_flight {
                self.sent += octets.len();
                assert!(self.sent <= self.offered, "sent more than was offered");
            }
        }
    }
}

proptest! {
    #[test]
    fn whatever_happens_commands_complete_once_and_never_overlap(
        happenings in prop::collection::vec(happening(), 1..80)
    ) {
        let mut engine = Engine::new(Duration::ZERO, Config::default());
        let mut now = Duration::from_secs(100);
        let mut witness = Witness::default();
        for happening in happenings {
            match happening {
                Happening::Begin(kind) => witness.begin(&mut engine, now, request(kind)),
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
        prop_assert!(!witness.open);
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
            world.outputs()
        };
        let mut cuts: Vec<_> = cuts.into_iter().map(|cut| cut.min(stream.len())).collect();
        cuts.sort_unstable();
        prop_assert_eq!(run(&cuts), run(&[]));
    }
}
