//! Each command through an engine that knows the module's own lines: what is sent, and what it brings.

use std::time::Duration;

use sim800_command::{
    Command, DataPhase, Encoder, Expect, Form, Header, Line, Malformed, Name, Spec, time_limit,
};
use sim800_doors::{Adc, Measurement, Navigating, Receive, SendMessage};
use sim800_engine::{Config, Engine, Failure, Misuse, Output, Request};

struct World {
    engine: Engine<Navigating>,
    now: Duration,
}

impl World {
    fn new() -> Self {
        Self {
            engine: Engine::with_dialect(Duration::ZERO, Config::default(), Navigating),
            now: Duration::ZERO,
        }
    }

    fn begin(&mut self, request: Request) -> String {
        self.engine.begin(self.now, request).expect("it is idle");
        self.sent()
    }

    /// What the module is sent.
    fn sent(&mut self) -> String {
        let transmits = std::iter::from_fn(|| self.engine.poll_transmit());
        transmits.map(|transmit| transmit.octets.escape_ascii().to_string()).collect()
    }

    /// What is said of what the module sends.
    fn hear(&mut self, octets: &[u8]) -> Vec<Output> {
        self.engine.handle_input(self.now, octets);
        std::iter::from_fn(|| self.engine.poll_output()).collect()
    }

    fn wait(&mut self) {
        self.now = self.engine.poll_timeout().expect("somebody waits");
        self.engine.handle_timeout(self.now);
    }
}

#[test]
fn information_text() {
    let mut world = World::new();
    assert_eq!(world.begin(Request::new(&Adc).unwrap()), "AT+CADC?\\r");
    let outputs = world.hear(b"\r\n+UGNSINF: 1,1\r\n\r\n+CADC: 1,603\r\n\r\nOK\r\n");
    let [Output::Unsolicited(position), Output::Complete(Ok(response))] = &outputs[..] else {
        panic!("{outputs:?}")
    };
    assert_eq!(&position[..], b"+UGNSINF: 1,1");
    assert_eq!(response.decode(&Adc), Ok(Measurement { is_good: true, voltage: 603 }));
}

#[test]
fn a_message_ends_with_ctrl_z() {
    let message = SendMessage::to("+491").unwrap();
    let request = || Request::new(&message).unwrap().with_body("hello".into());
    let mut world = World::new();
    assert_eq!(world.begin(request()), r#"AT+CMGS=\"+491\"\r"#);
    assert_eq!(world.hear(b"\r\n> "), []);
    assert_eq!(world.sent(), "hello\\x1a");
    let outputs = world.hear(b"\r\n+CMGS: 7\r\n\r\nOK\r\n");
    let [Output::Complete(Ok(response))] = &outputs[..] else { panic!("{outputs:?}") };
    assert_eq!((response.decode(&message), response.granted), (Ok(7), Some(5)));

    // A body that would end or cancel itself is refused unsent.
    let hostile = Request::new(&message).unwrap().with_body("a\u{1a}AT+CPOWD=1\r".into());
    let misuse = Failure::Misuse(Misuse::BodyEnd { octet: 0x1a });
    assert_eq!(world.engine.begin(world.now, hostile), Err(misuse));
    assert_eq!(world.sent(), "");
}

#[test]
fn a_message_that_is_given_up_is_cancelled() {
    let message = SendMessage::to("+491").unwrap();
    for heard in [&b""[..], b"\r\n> "] {
        let mut world = World::new();
        world.begin(Request::new(&message).unwrap().with_body("hello".into()));
        world.hear(heard);
        // The line is clogged, so that nothing of it gets out.
        world.wait();
        let outputs = world.hear(b"");
        assert!(outputs.contains(&Output::Desynchronized), "{outputs:?}");
        assert_eq!(world.begin(Request::new(&Adc).unwrap()), "");
        world.wait();
        assert_eq!(world.sent(), "\\x1bAT\\r", "and nothing of the message");
    }
}

#[test]
fn counted_payload() {
    let receive = Receive { connection: 1, at_most: 5 };
    let mut world = World::new();
    world.begin(Request::new(&receive).unwrap());
    let outputs = world.hear(b"\r\n+CIPRXGET: 2,1,5,120\r\n\nOK\r\n\r\nOK\r\n");
    let [Output::Complete(Ok(response))] = &outputs[..] else { panic!("{outputs:?}") };
    assert_eq!((&response.payload[..], response.decode(&receive)), (&b"\nOK\r\n"[..], Ok(120)));
}

#[test]
fn payload_that_nobody_asked_for() {
    let pushed = |line: &'static [u8], octets: &'static [u8]| {
        [Output::Unsolicited(line.into()), Output::Pushed(octets.into())]
    };
    let mut world = World::new();
    assert_eq!(world.hear(b"\r\n+IPD,6:\r\nOK\r\n"), pushed(b"+IPD,6:", b"\r\nOK\r\n"));
    // While a command is in flight, and in pieces: it is nothing of the command's, nor moves its time limit on.
    world.begin(Request::new(&Adc).unwrap());
    let deadline = world.engine.poll_timeout();
    world.now += Duration::from_millis(100);
    assert_eq!(world.hear(b"\r\n+IPD,6:\r\nO").len(), 1);
    assert_eq!(world.engine.poll_timeout(), deadline);
    let outputs = world.hear(b"K\r\n\r\n+CADC: 1,603\r\n\r\nOK\r\n");
    let [Output::Pushed(octets), Output::Complete(Ok(response))] = &outputs[..] else {
        panic!("{outputs:?}")
    };
    assert_eq!(&octets[..], b"\r\nOK\r\n");
    assert_eq!((response.payload.len(), response.decode(&Adc).is_ok()), (0, true));
}

/// `AT+HTTPREAD=0,<length>` of a SIM7600, whose payload follows the `OK`, in frames.
#[derive(Debug)]
struct ReadBehind(u32);

impl Command for ReadBehind {
    const SPEC: &'static Spec = &Spec::new("+HTTPREAD", Form::Write);

    type Response<'a> = ();

    fn encode(&self, line: &mut Encoder<'_>) {
        line.number(0);
        line.number(self.0);
    }

    fn expect(&self) -> Expect {
        let header = Header::new("+HTTPREAD: DATA,");
        Expect::result()
            .with_data(DataPhase::Announced { header, at_most: self.0 })
            .with_ending(Name::from_static("+HTTPREAD: 0"))
    }

    fn time_limit(&self) -> Duration {
        time_limit::UNSTATED
    }

    fn response<'a>(&self, _lines: &[Line<'a>]) -> Result<(), Malformed> {
        Ok(())
    }
}

#[test]
fn payload_behind_the_result_in_frames() {
    let frames =
        b"\r\nOK\r\n\r\n+HTTPREAD: DATA,6\r\n\r\nOK\r\n\r\n+HTTPREAD: DATA,2\r\nab\r\n+HTTPREAD: 0\r\n";
    for (asked, expected) in [(8, Some(&b"\r\nOK\r\nab"[..])), (7, None)] {
        let mut world = World::new();
        world.begin(Request::new(&ReadBehind(asked)).unwrap());
        let outputs = frames.chunks(3).flat_map(|read| world.hear(read));
        let results: Vec<_> = outputs
            .filter_map(|output| match output {
                Output::Complete(result) => Some(result.ok().map(|response| response.payload)),
                _ => None,
            })
            .collect();
        // More than was asked for is believed of no frame, nor of all together.
        assert_eq!(results, [expected.map(Into::into)]);
    }
}
