//! Fetches a file by HTTP from the module on the UART, in no more memory than the windows it comes in.
//!
//! The URL is the program's argument. The file ends in the CRC-32 of what comes before, as images of firmware do: so the
//! machine knows by itself whether it has got what was sent.
#![no_std]
#![no_main]

mod module;

use cortex_m_rt::entry;
use semihosting::experimental::env;
use semihosting::{eprintln, println, process};
use sim800_command::{
    At, BearerKind, BearerParameter, CgattRead, Cid, Command as _, Echo, HttpAction, HttpInit, HttpMethod,
    HttpPara, HttpParameter, HttpReadRange, HttpStatus, HttpTerm, LINE_LIMIT, Number, SapbrClose, SapbrOpen,
    SapbrSet, Text, Unsolicited,
};
use sim800_firmware::{Crc32, Machine};
use sim800_parser::Event;

use self::module::{Failure, Module};

const CID: Cid = Cid::MIN;
/// What one `AT+HTTPREAD` asks for.
const WINDOW: u32 = 1024;
/// How often the module is asked whether the network has taken it.
const ATTEMPTS: u32 = 1000;

#[entry]
fn main() -> ! {
    let Some(mut machine) = Machine::take() else { process::abort() };
    let arguments = env::args::<{ LINE_LIMIT + 32 }>();
    // The first one is the program's name.
    let url = arguments.as_ref().ok().and_then(|arguments| { arguments }.nth(1)).and_then(Result::ok);
    let Some(url) = url else {
        eprintln!("usage: transfer URL");
        process::exit(2);
    };
    if machine.uart.enable(115_200).is_err() {
        eprintln!("the UART does not do 115200 bit/s");
        process::exit(1);
    }
    let fetched = fetch(&mut Module::new(machine.uart), url);
    let stack = Machine::stack_used();
    match fetched {
        Ok(file) if file.crc.is_intact() => {
            println!("{} octets fetched, and their CRC-32 is right", file.length);
            println!("stack: {stack} octets");
            process::exit(0)
        }
        Ok(file) => eprintln!("{} octets fetched, and their CRC-32 is wrong", file.length),
        Err(failure) => eprintln!("not fetched: {failure}"),
    }
    process::exit(1)
}

struct File {
    length: u32,
    crc: Crc32,
}

fn fetch(module: &mut Module, url: &str) -> Result<File, Failure> {
    module.execute(&At)?;
    module.execute(&Echo { on: false })?;
    attach(module)?;
    module.execute(&SapbrSet { cid: CID, parameter: BearerParameter::ContentType(BearerKind::Gprs) })?;
    module.execute(&SapbrSet { cid: CID, parameter: BearerParameter::Apn(Text::new("internet")?) })?;
    module.execute(&SapbrOpen { cid: CID })?;
    module.execute(&HttpInit)?;
    module.execute(&HttpPara { parameter: HttpParameter::Cid(CID) })?;
    module.execute(&HttpPara { parameter: HttpParameter::Url(Text::new(url)?) })?;
    let length = act(module)?;
    let file = read(module, length)?;
    module.execute(&HttpTerm)?;
    module.execute(&SapbrClose { cid: CID })?;
    Ok(file)
}

/// Waits until the network has taken the module.
fn attach(module: &mut Module) -> Result<(), Failure> {
    for _ in 0..ATTEMPTS {
        let mut is_attached = false;
        module.execute_with(&CgattRead, |event| {
            if let Event::Information(span) = event {
                is_attached = CgattRead.response(&[span.line()]).unwrap_or(false);
            }
        })?;
        if is_attached {
            return Ok(());
        }
    }
    Err(Failure::NotAttached)
}

/// Sends the request; how many octets there are to read.
fn act(module: &mut Module) -> Result<u32, Failure> {
    let mut result = None;
    // It may come with the final result code.
    module
        .execute_with(&HttpAction { method: HttpMethod::Get }, |event| result = result.or(action(event)))?;
    loop {
        match result {
            Some((HttpStatus(200), length)) => return Ok(length),
            Some((status, _)) => return Err(Failure::Status(status)),
            None => module.receive(&mut |event| result = result.or(action(event)))?,
        };
    }
}

/// What came of the request: the status and the length of the body.
fn action(event: &Event<'_>) -> Option<(HttpStatus, u32)> {
    let Event::Unsolicited(span) = event else { return None };
    match span.line().into() {
        Unsolicited::HttpAction { status, length, .. } => Some((status, length)),
        _ => None,
    }
}

fn read(module: &mut Module, length: u32) -> Result<File, Failure> {
    let mut file = File { length: 0, crc: Crc32::new() };
    while file.length < length {
        let start = file.length;
        let window = HttpReadRange { start: Number::new(start)?, size: Number::new(WINDOW)? };
        module.execute_with(&window, |event| {
            if let Event::Payload { octets, .. } = event {
                file.crc.update(octets);
                file.length += octets.len() as u32;
            }
        })?;
        if file.length == start {
            return Err(Failure::Short { length, got: start });
        }
    }
    Ok(file)
}
