//! Downloads a file, shows how far it has come, and breaks off when Enter is pressed.
//!
//! `cargo run -p sim800-smol --example smol_download -- PORT URL FILE`

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;

use bytes::Bytes;
use http::Request;
use sim800_session::{Bearer, Client, Config, Http, Profile};
use smol::Unblock;
use smol::fs::File;
use smol::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use smol::stream::StreamExt;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [port, url, file] = &arguments[..] else { return Err("give a port, a URL and a file".into()) };
    smol::block_on(async {
        let (client, driver) = sim800_smol::open(&port.parse()?, Config::default()).await?;
        let driver = smol::spawn(driver);
        // Whichever is dropped half way leaves nothing: the driver puts back what it had begun.
        let result = smol::future::or(download(&client, url, file), cancelled()).await;
        client.close().await;
        driver.await?;
        result
    })
}

async fn download(client: &Client, url: &str, file: &str) -> Result<(), Box<dyn Error>> {
    client.start_up().await?;
    let bearer = Bearer::open(client, &Profile::new("internet")).await?;
    let response = Http::new(&bearer).send(Request::get(url).body(Bytes::new())?).await?;
    println!("{}", response.status());
    let mut body = response.into_body();
    let total = body.total().map_or_else(|| "an unknown number of".to_owned(), |total| total.to_string());
    let mut file = File::create(file).await?;
    let mut received = 0;
    while let Some(octets) = body.try_next().await? {
        file.write_all(&octets).await?;
        received += octets.len();
        println!("{received} of {total} octets");
    }
    Ok(file.sync_all().await?)
}

async fn cancelled() -> Result<(), Box<dyn Error>> {
    let mut line = String::new();
    if BufReader::new(Unblock::new(std::io::stdin())).read_line(&mut line).await? == 0 {
        // There is nobody to press it.
        smol::future::pending::<()>().await;
    }
    Err("broken off".into())
}
