//! A blocking driver on nothing but std: opens a serial device or a pty that is set up already, and asks a few things.
//!
//! ```text
//! sim800 emulate --pty /tmp/ttySIM800 &
//! cargo run -p sim800-parser --features std --example blocking -- /tmp/ttySIM800
//! ```

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "an example shows what it does")]

use std::error::Error;
use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::process::ExitCode;

use sim800_parser::{Claim, Event, Expect, FinalResultCode, Framer};

/// A port and what is known of its octets.
struct Modem {
    port: File,
    framer: Framer,
}

impl Modem {
    /// Sends a command line and returns its information text.
    fn execute(&mut self, line: &str, expect: Expect) -> Result<Vec<String>, Box<dyn Error>> {
        self.framer.begin(expect);
        self.port.write_all(format!("{line}\r").as_bytes())?;
        let mut information = Vec::new();
        loop {
            let mut octets = [0; 256];
            let read = self.port.read(&mut octets)?;
            if read == 0 {
                return Err("the line was closed".into());
            }
            let mut input = &octets[..read];
            // All of it: what follows the result code may be unsolicited.
            let mut result = None;
            while let Some(event) = self.framer.next(&mut input) {
                match event {
                    Event::Information(span) => information.push(span.line().to_string()),
                    Event::Final { code, .. } => result = Some(code),
                    Event::Unsolicited(span) => eprintln!("(unsolicited: {})", span.line()),
                    _ => {}
                }
            }
            match result {
                Some(FinalResultCode::Ok) => return Ok(information),
                Some(code) => return Err(format!("{line}: {code}").into()),
                None => {}
            }
        }
    }
}

fn main() -> ExitCode {
    match ask() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn ask() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("which port? give the path of a serial device or a pty")?;
    let port = OpenOptions::new().read(true).write(true).open(&path);
    let port = port.map_err(|error| format!("cannot open {path}: {error}"))?;
    let mut modem = Modem { port, framer: Framer::new() };

    let two_values = |name| Claim::named(name, |values| values.count() == 2);
    for (line, claim) in [
        ("AT", Claim::None),
        ("AT+CGMM", Claim::Text),
        ("AT+CSQ", two_values("+CSQ")),
        ("AT+CREG?", two_values("+CREG")),
    ] {
        let information = modem.execute(line, Expect::result().with_information(claim))?;
        println!("{line}: {}", information.join(", "));
    }
    Ok(())
}
