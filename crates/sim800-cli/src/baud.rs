//! Which rate a module has.

use std::io;
use std::time::{Duration, Instant};

use sim800_session::{Client, Config, Driver, Endpoint, OpenError};
use sim800_smol::Port;
use smol::Timer;

use crate::failure::Failure;
use crate::output::Output;
use crate::signals::interruptible;
use crate::stage::Stage;

/// Those of the module (manual 2.2.41), the likely ones first. One that finds out the rate by itself has any.
const RATES: [u32; 10] = [115_200, 9_600, 57_600, 38_400, 19_200, 230_400, 460_800, 4_800, 2_400, 1_200];

/// How long each is tried: for a first `AT` that what was sent before at another rate has spoiled, and a second one.
const EACH: Duration = Duration::from_millis(1_800);

/// How long the session before may take to let go of the port, and how often it is looked whether it has.
const LET_GO: Duration = Duration::from_secs(2);
const PAUSE: Duration = Duration::from_millis(20);

/// The first of the usual rates at which a module answers at `endpoint`.
pub(crate) fn find(endpoint: &Endpoint, config: &Config, output: Output) -> Result<Option<u32>, Failure> {
    let searched = async {
        for rate in RATES {
            let _stage = Stage::begin(output, &format!("looking for the module at {rate} bit/s"), EACH);
            let mut config = config.clone();
            (config.rate, config.answer_within) = (rate, EACH);
            let (client, driver) = open(endpoint, &config).await?;
            let driver = smol::spawn(driver);
            if client.find().await.is_err() {
                // There is nobody to put anything back with, so nothing is waited for but that the port is let go.
                drop(client);
                drop(driver.cancel().await);
                continue;
            }
            client.close().await;
            // How the line ended says nothing of the rate.
            let _ended = driver.await;
            return Ok(Some(rate));
        }
        Ok(None)
    };
    smol::block_on(interruptible(searched))?
}

/// Opens the port, once whoever had it in this program has let go of it.
async fn open(endpoint: &Endpoint, config: &Config) -> Result<(Client, Driver<Port>), OpenError> {
    let began = Instant::now();
    loop {
        match sim800_smol::open(endpoint, config.clone()).await {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock && began.elapsed() < LET_GO => {
                Timer::after(PAUSE).await;
            }
            opened => return opened,
        }
    }
}
