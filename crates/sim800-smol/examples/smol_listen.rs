//! Tells of calls and short messages as they come in, until the line ends.
//!
//! `cargo run -p sim800-smol --example smol_listen -- PORT`

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;

use sim800_session::command::Unsolicited;
use sim800_session::{Config, Notice};
use smol::stream::StreamExt;

fn main() -> Result<(), Box<dyn Error>> {
    let port = std::env::args().nth(1).ok_or("give a port")?;
    smol::block_on(async {
        let (client, driver) = sim800_smol::open(&port.parse()?, Config::default()).await?;
        let driver = smol::spawn(driver);
        client.start_up().await?;
        let mut notices =
            client.subscribe(|line| matches!(line, Unsolicited::Ring | Unsolicited::MessageStored(_)));
        println!("listening");
        while let Some(notice) = notices.next().await {
            match notice {
                Notice::Unsolicited(line) => match line.unsolicited() {
                    Unsolicited::Ring => println!("somebody calls"),
                    stored => println!("a short message came: {stored}"),
                },
                Notice::Missed(lines) => println!("{lines} lines came too fast"),
                Notice::Restarted(sign) => {
                    println!("{sign}");
                    client.start_up().await?;
                }
                Notice::Disconnected(reason) => println!("{reason}"),
                _ => {}
            }
        }
        client.close().await;
        Ok(driver.await?)
    })
}
