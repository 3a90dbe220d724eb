//! A session, and what a program does with it.

use core::time::Duration;

use embassy_executor::{SpawnError, SpawnToken};
use semihosting::experimental::env::{self, Args};
use semihosting::{eprintln, println, process};
use sim800_embassy::Driver;
use sim800_firmware::Machine;
use sim800_session::{Client, Config};
use static_cell::StaticCell;

use crate::failure::Failure;
use crate::machine;
use crate::uart::{Rx, Tx};

/// Bits per second, as many as the module does: what is measured depends on octets, and who measures waits for them.
const RATE: u32 = 460_800;

/// Octets of all arguments.
const ARGUMENTS: usize = 512;

/// Runs a session on the UART that asks for `window` octets at once, and beside it what `work` makes of its client.
pub fn run<S>(window: u32, work: impl FnOnce(Client) -> Result<SpawnToken<S>, SpawnError>) -> ! {
    machine::execute(|spawner| {
        let mut config = Config::default();
        config.rate = RATE;
        let Some((rx, tx)) = machine::begin(config.rate) else { process::abort() };
        config.window = Some(window);
        // A window and what stands around it. Nothing that is asked for here has more information text.
        (config.limits.buffer, config.limits.information) = (window as usize + 256, 2048);
        // A line that loses octets breaks off an upload at each.
        (config.retries.at_most, config.retries.pause) = (20, Duration::from_millis(100));
        let (client, driver) = sim800_embassy::connect(config);
        let (Ok(line), Ok(work)) = (line(driver, rx, tx), work(client)) else { process::abort() };
        spawner.spawn(line);
        spawner.spawn(work);
    })
}

#[embassy_executor::task]
async fn line(driver: Driver, rx: Rx, tx: Tx) {
    if let Err(ended) = driver.run_split(rx, tx).await {
        eprintln!("{ended}");
        process::exit(1);
    }
}

/// What the program was given; ends it with `usage` when that is not so many words.
pub fn arguments<const N: usize>(usage: &str) -> [&'static str; N] {
    static GIVEN: StaticCell<Args<ARGUMENTS>> = StaticCell::new();
    let mut words = [""; N];
    let mut count = 0;
    if let Ok(given) = env::args() {
        // The first one is the program's name.
        for word in (&*GIVEN.init(given)).skip(1).filter_map(Result::ok) {
            words.get_mut(count).into_iter().for_each(|place| *place = word);
            count += 1;
        }
    }
    if count != N {
        eprintln!("usage: {usage}");
        process::exit(2);
    }
    words
}

/// Ends the program.
pub fn end(result: Result<(), Failure>) -> ! {
    match result {
        Ok(()) => {
            println!("stack: {} octets", Machine::stack_used());
            process::exit(0)
        }
        Err(failure) => {
            eprintln!("{failure}");
            process::exit(1)
        }
    }
}
