//! A session from the start-up of the module to the end: HTTP, then a file that is stored by FTP and fetched again.
#![no_std]
#![no_main]

extern crate alloc;

use alloc::format;

use cortex_m_rt::entry;
use semihosting::println;
use sim800_firmware_session::{Failure, Meter, Pattern, arguments, end, http, run};
use sim800_session::io::AsyncReadExt;
use sim800_session::{Client, Download, Ftp, Server};

/// Octets of the file that is stored and fetched by FTP.
const FILE: u64 = 100_000;

#[entry]
fn main() -> ! {
    run(1024, work)
}

#[embassy_executor::task]
async fn work(client: Client) {
    end(take(client).await)
}

async fn take(client: Client) -> Result<(), Failure> {
    let [image, store, host, port, user, password, file] =
        arguments("session IMAGE-URL STORE-URL FTP-HOST FTP-PORT USER PASSWORD FILE");
    let mut meter = Meter::new(&client);
    let bearer = http::begin(&client, &mut meter).await?;
    http::transfer(&bearer, image, store, &mut meter).await?;

    let server = Server::new(host).with_port(port.parse()?).with_credentials(user, password);
    let ftp = Ftp::new(&bearer, server);
    let stored = ftp.put_seekable(file, Pattern::new(FILE)).await?;
    meter.end("FTP put");
    if stored != FILE {
        return Err(Failure::new(format!("{stored} octets stored of {FILE}")));
    }
    fetch(&ftp, file).await?;
    meter.end("FTP get");
    println!("{FILE} octets stored and fetched, and they are the same");

    drop(ftp);
    bearer.close().await?;
    client.close().await;
    meter.end("close");
    meter.sum_up();
    Ok(())
}

/// Fetches the file in two parts, as after a loss of power in between.
async fn fetch(ftp: &Ftp, file: &str) -> Result<(), Failure> {
    let half = FILE / 2;
    compare(ftp.get(file).await?, 0, half).await?;
    compare(ftp.get_from(file, half).await?, half, FILE).await
}

/// Compares what comes with what was sent, from one place to another.
async fn compare(mut download: Download, from: u64, to: u64) -> Result<(), Failure> {
    let mut piece = [0; 256];
    let mut place = from;
    while place < to {
        let read = download.read(&mut piece).await?;
        if read == 0 {
            return Err(Failure::new(format!("the file ended at {place}")));
        }
        for octet in &piece[..read] {
            if *octet != Pattern::octet(place) {
                return Err(Failure::new(format!("another octet at {place}")));
            }
            place += 1;
        }
    }
    Ok(())
}
