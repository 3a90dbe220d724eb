//! Which rate a module has.

use std::time::Duration;

use sim800_session::{Config, Endpoint};

use crate::failure::Failure;
use crate::output::Output;
use crate::signals::interruptible;
use crate::stage::Stage;

/// Those of the module (manual 2.2.41), the likely ones first. One that finds out the rate by itself has any.
const RATES: [u32; 10] = [115_200, 9_600, 57_600, 38_400, 19_200, 230_400, 460_800, 4_800, 2_400, 1_200];

/// How long each is tried: for a first `AT` that what was sent before at another rate has spoiled, and a second one.
const EACH: Duration = Duration::from_millis(1_800);

/// The first of the usual rates at which a module answers at `endpoint`.
pub(crate) fn find(endpoint: &Endpoint, config: &Config, output: Output) -> Result<Option<u32>, Failure> {
    let searched = async {
        for rate in RATES {
            let _stage = Stage::begin(output, &format!("looking for the module at {rate} bit/s"), EACH);
            let mut config = config.clone();
            (config.rate, config.answer_within) = (rate, EACH);
            let (client, driver) = sim800_smol::open(endpoint, config).await?;
            let driver = smol::spawn(driver);
            let found = client.find().await.is_ok();
            client.close().await;
            // How the line ended says nothing of the rate.
            let _ended = driver.await;
            if found {
                return Ok(Some(rate));
            }
        }
        Ok(None)
    };
    smol::block_on(interruptible(searched))?
}
