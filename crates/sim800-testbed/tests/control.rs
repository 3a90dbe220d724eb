//! What a module is told while it runs, and what it saw.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use futures::executor::block_on;
use futures::io::{AsyncReadExt, AsyncWriteExt};
use sim800_emulator::{Config, Fault, HttpFailure, Timings, When};
use sim800_testbed::server::Limits;
use sim800_testbed::server::http::HttpServer;
use sim800_testbed::{Line, Link, Module, Running, Sight, TcpDoor};

fn instant() -> Config {
    let mut config = Config::default();
    config.echo = false;
    config.timings = Timings::instant();
    config
}

fn start(config: Config) -> (Running, Link) {
    Module::new(config, Line::unpaced()).start_linked().unwrap()
}

/// Says a line, and hears until the end of a line with `end`.
fn exchange(link: &mut Link, line: &str, end: &str) -> String {
    block_on(async {
        link.write_all(format!("{line}\r").as_bytes()).await.unwrap();
        let mut heard = String::new();
        while !(heard.contains(end) && heard.ends_with("\r\n")) {
            let mut octets = [0; 4096];
            let count = link.read(&mut octets).await.unwrap();
            // What is sent for synchronisation is no text.
            heard.push_str(&String::from_utf8_lossy(&octets[..count]));
        }
        heard
    })
}

#[test]
fn what_is_set_holds_for_the_next_command() {
    let (module, mut link) = start(instant());
    for rssi in 0..20 {
        module.configure(move |config| config.signal = (rssi, 0));
        assert_eq!(exchange(&mut link, "AT+CSQ", "OK\r\n"), format!("\r\n+CSQ: {rssi},0\r\n\r\nOK\r\n"));
    }
    assert_eq!(module.config().unwrap().signal, (19, 0));
    assert!(module.is_on());
}

#[test]
fn the_journal_has_lines_requests_and_what_was_refused() {
    let server = HttpServer::start(Limits::default()).unwrap();
    let (module, mut link) = start(instant());
    for line in ["AT+SAPBR=1,1", "AT+HTTPINIT", "AT+HTTPPARA=\"CID\",1"] {
        exchange(&mut link, line, "OK\r\n");
    }
    exchange(&mut link, &format!("AT+HTTPPARA=\"URL\",\"{}\"", server.url("/a")), "OK\r\n");
    exchange(&mut link, "AT+NOSUCH", "ERROR\r\n");
    let before = module.journal().next();
    exchange(&mut link, "AT+HTTPACTION=0", ",404,");
    let seen = module.journal().wait_since(before, Duration::from_secs(10));
    assert!(matches!(&seen[0].what, Sight::Line(line) if line == "+HTTPACTION=0"), "{seen:?}");
    assert!(matches!(&seen[1].what, Sight::Http(request) if request.url == server.url("/a")), "{seen:?}");
    let unknown = module.journal().since(0);
    assert!(unknown.iter().any(|entry| entry.what == Sight::Unknown("+NOSUCH".to_owned())));
    module.fault(Fault::Http(HttpFailure::Busy));
    exchange(&mut link, "AT+HTTPACTION=0", ",604,");
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn the_power_key_and_the_next_client_start_what_is_off() {
    let (module, mut link) = start(instant());
    exchange(&mut link, "AT+CPOWD=1", "NORMAL POWER DOWN\r\n");
    assert!(!module.is_on());
    module.press_power_key();
    exchange(&mut link, "", "SMS Ready\r\n");
    assert!(module.is_on());
    module.press_power_key();
    assert!(module.is_on(), "it takes more than that");

    let door = TcpDoor::bind("127.0.0.1:0").unwrap();
    let address = door.address().unwrap();
    let module = Module::new(instant(), Line::unpaced()).start(door).unwrap();
    let heard = |line: &[u8], end: &[u8]| {
        let mut client = TcpStream::connect(address).unwrap();
        client.write_all(line).unwrap();
        let (mut heard, mut octet) = (Vec::new(), [0]);
        while !heard.ends_with(end) {
            client.read_exact(&mut octet).unwrap();
            heard.extend(octet);
        }
    };
    heard(b"AT\r", b"OK\r\n");
    heard(b"AT+CPOWD=1\r", b"NORMAL POWER DOWN\r\n");
    heard(b"", b"SMS Ready\r\n");
    assert!(module.is_on());
    assert_eq!(power(&module), [false, true]);
}

/// Each time that the module went off or on.
fn power(module: &Running) -> Vec<bool> {
    let entries = module.journal().since(0);
    entries
        .iter()
        .filter_map(|entry| if let Sight::Power(is_on) = entry.what { Some(is_on) } else { None })
        .collect()
}

/// As fast as it may be: the end and the start are two entries, however little time lies between them.
#[test]
fn each_restart_is_in_the_journal() {
    const RESTARTS: usize = 20;
    let (module, mut link) = start(instant());
    for restart in 0..RESTARTS {
        let fault = Box::new(Fault::Restart { announced: true });
        let when = match restart % 3 {
            0 => When::Octets(1),
            1 => When::Octets(5),
            _ => When::Time(Duration::ZERO),
        };
        module.control().fault(Fault::Later { when, fault });
        exchange(&mut link, "AT", "SMS Ready\r\n");
    }
    // The entries of a turn are written at its end, behind what it says; the next one is another.
    exchange(&mut link, "AT", "OK\r\n");
    assert_eq!(power(&module), [false, true].repeat(RESTARTS));
}

#[test]
fn a_control_outlives_its_module() {
    let (module, _link) = start(instant());
    let control = module.control().clone();
    assert!(control.is_on());
    module.stop().unwrap();
    control.press_power_key();
    control.configure(|_| panic!("nobody is there"));
    assert!(!control.is_on() && control.config().is_none());
}
