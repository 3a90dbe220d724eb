//! Frames the exchanges of `testdata/transcripts` in a carry of 256 octets, and looks at every event; then counts the
//! instructions that it takes.
#![no_std]
#![no_main]

mod check;
mod cost;
mod data;

use cortex_m_rt::entry;
use semihosting::{eprintln, println, process};
use sim800_firmware::Machine;

#[entry]
fn main() -> ! {
    let Some(mut machine) = Machine::take() else { process::abort() };
    // Before anything is printed, which takes more of the stack than framing.
    let checked = check::all();
    let stack = Machine::stack_used();
    let checked = match checked {
        Ok(checked) => checked,
        Err(finding) => {
            eprintln!("{finding}");
            process::exit(1);
        }
    };
    println!(
        "{} transcripts in reads of 1, 16 and 64 octets: {} events, {} octets of payload",
        data::TRANSCRIPTS.len(),
        checked.events,
        checked.payload
    );
    println!("stack: {stack} octets");
    if !machine.clock.is_exact() {
        eprintln!("instructions cannot be counted: start QEMU with -icount shift=6");
        process::exit(1);
    }
    cost::print(&mut machine.clock);
    process::exit(0)
}
