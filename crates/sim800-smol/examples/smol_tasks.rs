//! Several tasks on one client: each has its commands in between those of the others.
//!
//! `cargo run -p sim800-smol --example smol_tasks -- PORT URL`

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use sim800_session::command::Csq;
use sim800_session::{Bearer, Client, Config, Http, Profile};
use smol::Timer;
use smol::stream::StreamExt;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [port, url] = &arguments[..] else { return Err("give a port and a URL".into()) };
    smol::block_on(async {
        let (client, driver) = sim800_smol::open(&port.parse()?, Config::default()).await?;
        let driver = smol::spawn(driver);
        client.start_up().await?;
        let bearer = Bearer::open(&client, &Profile::new("internet")).await?;

        let signal = smol::spawn(watch_signal(client.clone()));
        let mut fetching = Vec::new();
        for n in 1..=3 {
            // The module has one HTTP service: they take turns.
            let (http, request) = (Http::new(&bearer), Request::get(url).body(Bytes::new())?);
            fetching.push(smol::spawn(async move {
                let mut body = http.send(request).await?.into_body();
                let mut octets = 0;
                while let Some(piece) = body.try_next().await? {
                    octets += piece.len();
                }
                println!("task {n} has {octets} octets");
                Ok::<_, sim800_session::HttpError>(())
            }));
        }
        for task in fetching {
            task.await?;
        }
        signal.cancel().await;
        client.close().await;
        Ok(driver.await?)
    })
}

async fn watch_signal(client: Client) -> Result<(), sim800_session::Error> {
    loop {
        let quality = client.query(&Csq, |quality| quality).await?;
        println!("{quality:?}");
        Timer::after(Duration::from_secs(1)).await;
    }
}
