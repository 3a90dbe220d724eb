//! A session of HTTP alone, in the smallest windows: start-up, bearer, a GET and a POST.
#![no_std]
#![no_main]

use cortex_m_rt::entry;
use sim800_firmware_session::{Failure, Meter, arguments, end, http, run};
use sim800_session::Client;

#[entry]
fn main() -> ! {
    run(512, work)
}

#[embassy_executor::task]
async fn work(client: Client) {
    end(take(client).await)
}

async fn take(client: Client) -> Result<(), Failure> {
    let [image, store] = arguments("http IMAGE-URL STORE-URL");
    let mut meter = Meter::new(&client);
    let bearer = http::begin(&client, &mut meter).await?;
    http::transfer(&bearer, image, store, &mut meter).await?;
    bearer.close().await?;
    client.close().await;
    meter.end("close");
    meter.sum_up();
    Ok(())
}
