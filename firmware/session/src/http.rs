//! What is fetched and posted over HTTP.

use alloc::format;
use alloc::vec::Vec;

use bytes::Bytes;
use semihosting::println;
use sim800_firmware::Crc32;
use sim800_session::io::AsyncReadExt;
use sim800_session::message::{Request, StatusCode};
use sim800_session::{Bearer, Client, Http, Profile};

use crate::failure::Failure;
use crate::meter::Meter;
use crate::pattern::Pattern;

/// Octets of what is posted.
const REPORT: u64 = 2_000;

/// Makes the module ready, and opens the bearer.
pub async fn begin(client: &Client, meter: &mut Meter) -> Result<Bearer, Failure> {
    client.start_up().await?;
    meter.end("start-up");
    let bearer = Bearer::open(client, &Profile::new("internet")).await?;
    meter.end("bearer");
    Ok(bearer)
}

/// Fetches an image, which ends in its CRC-32, and posts a report.
pub async fn transfer(bearer: &Bearer, image: &str, store: &str, meter: &mut Meter) -> Result<(), Failure> {
    let http = Http::new(bearer);
    let octets = get(&http, image).await?;
    meter.end("GET");
    println!("{octets} octets fetched, and their CRC-32 is right");
    post(&http, store).await?;
    meter.end("POST");
    Ok(())
}

async fn get(http: &Http, url: &str) -> Result<u64, Failure> {
    let response = http.send(Request::get(url).body(Bytes::new())?).await?;
    expect_success(response.status())?;
    let mut body = response.into_body();
    let (mut crc, mut octets) = (Crc32::new(), 0);
    let mut piece = [0; 256];
    loop {
        let read = body.read(&mut piece).await?;
        if read == 0 {
            break;
        }
        crc.update(&piece[..read]);
        octets += read as u64;
    }
    if !crc.is_intact() {
        return Err(Failure::new(format!("{octets} octets fetched, and their CRC-32 is wrong")));
    }
    Ok(octets)
}

/// Posts a report.
pub async fn post(http: &Http, url: &str) -> Result<(), Failure> {
    let report: Vec<u8> = (0..REPORT).map(Pattern::octet).collect();
    let response = http.send(Request::post(url).body(report.into())?).await?;
    expect_success(response.status())
}

fn expect_success(status: StatusCode) -> Result<(), Failure> {
    match status.is_success() {
        true => Ok(()),
        false => Err(Failure::new(format!("the server said {}", status.as_u16()))),
    }
}
