//! A data logger. Every ten minutes it POSTs its readings; once a day, and whenever a download was broken off, it looks for its next
//! firmware on an FTP server, and fetches it into a part of the flash.
//!
//! What a board has to bring is a line to the module, a number that is worth logging, and flash: see the folders beside this one.

#![no_std]

extern crate alloc;

mod firmware;
mod log;
mod slot;

use alloc::boxed::Box;
use alloc::string::ToString as _;
use core::error::Error;

use embassy_time::{Duration, Ticker};
use embedded_storage::nor_flash::NorFlash;
use sim800_session::message::Request;
use sim800_session::{Bearer, Chain, Client, Config, Http, Profile};

pub use self::firmware::Source;
use self::log::Log;
pub use self::slot::Slot;

/// How often readings are taken and sent.
const PERIOD: Duration = Duration::from_secs(600);

/// After how many reports it looks for new firmware again: a day.
const LOOK_EVERY: u32 = 144;

/// Octets of a body that are asked of the module at once.
const WINDOW: u32 = 1024;

/// Where readings go, and where firmware comes from.
pub struct Plan {
    /// The name of the access point.
    pub apn: &'static str,
    /// The URL that reports are POSTed to.
    pub report: &'static str,
    /// Where the next firmware is.
    pub firmware: Source,
}

/// The settings of a session in little memory.
#[must_use]
pub fn config() -> Config {
    let mut config = Config::default();
    config.window = Some(WINDOW);
    // A window and what stands around it.
    (config.limits.buffer, config.limits.information) = (WINDOW as usize + 256, 2048);
    config
}

/// Logs what `measure` says, until the next firmware lies in `slot`, whole and with the right checksum; then it tells how many octets
/// that has. To start it is the boot loader's business.
pub async fn run<F: NorFlash>(
    client: &Client,
    plan: &Plan,
    slot: &mut Slot<F>,
    mut measure: impl FnMut() -> i32,
) -> u32 {
    let mut log = Log::default();
    let mut ticker = Ticker::every(PERIOD);
    // Until it has looked, at once and again after each failure.
    let mut until_look: u32 = 0;
    loop {
        log.add(measure());
        match session(client, plan, &mut log, slot, until_look == 0).await {
            Ok(Some(length)) => return length,
            Ok(None) => until_look = until_look.checked_sub(1).unwrap_or(LOOK_EVERY - 1),
            // Told with the next report, for nobody sees this one.
            Err(error) => log.fail(Chain(&*error).to_string()),
        }
        ticker.next().await;
    }
}

/// One time online. What was broken off goes on the next time.
async fn session<F: NorFlash>(
    client: &Client,
    plan: &Plan,
    log: &mut Log,
    slot: &mut Slot<F>,
    looks: bool,
) -> Result<Option<u32>, Box<dyn Error>> {
    client.start_up().await?;
    let bearer = Bearer::open(client, &Profile::new(plan.apn)).await?;
    report(&bearer, plan.report, log).await?;
    let found = if looks { plan.firmware.fetch(&bearer, slot).await? } else { None };
    bearer.close().await?;
    Ok(found)
}

/// Sends what is in the log. What a server has taken is not sent again; what it may have taken is, with the same numbers.
async fn report(bearer: &Bearer, url: &str, log: &mut Log) -> Result<(), Box<dyn Error>> {
    let response = Http::new(bearer).send(Request::post(url).body(log.text().into())?).await?;
    let status = response.status();
    if !status.is_success() {
        return Err(alloc::format!("the server answers a report with {}", status.as_u16()).into());
    }
    log.clear();
    Ok(())
}
