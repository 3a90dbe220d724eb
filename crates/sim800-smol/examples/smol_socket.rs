//! Sends what comes from the standard input to a TCP server, and prints what the server says until it closes the connection.
//!
//! `printf 'GET / HTTP/1.0\r\nHost: example.com\r\n\r\n' | cargo run -p sim800-smol --example smol_socket -- PORT example.com 80`

use std::error::Error;

use sim800_session::{Client, Config, Profile, Sockets};
use smol::Unblock;
use smol::io::AsyncWriteExt;

fn main() -> Result<(), Box<dyn Error>> {
    smol::block_on(async {
        let arguments: Vec<String> = std::env::args().skip(1).collect();
        let [port, host, number] = &arguments[..] else {
            return Err("give a port, a host and its TCP port".into());
        };
        let (client, driver) = sim800_smol::open(&port.parse()?, Config::default()).await?;
        let driver = smol::spawn(driver);
        let result = talk(&client, host, number.parse()?).await;
        client.close().await;
        driver.await?;
        result
    })
}

async fn talk(client: &Client, host: &str, port: u16) -> Result<(), Box<dyn Error>> {
    client.start_up().await?;
    let sockets = Sockets::open(client, &Profile::new("internet")).await?;
    let (reader, mut writer) = smol::io::split(sockets.connect(host, port).await?);
    let sending = async {
        smol::io::copy(Unblock::new(std::io::stdin()), &mut writer).await?;
        // Not closed: that would be both directions.
        writer.flush().await
    };
    let receiving = async {
        let mut output = Unblock::new(std::io::stdout());
        smol::io::copy(reader, &mut output).await?;
        output.flush().await
    };
    smol::future::try_zip(sending, receiving).await?;
    Ok(())
}
