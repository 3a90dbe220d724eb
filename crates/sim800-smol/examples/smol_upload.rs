//! Uploads a file by FTP. When it breaks off, it goes on behind what the server has.
//!
//! `cargo run -p sim800-smol --example smol_upload -- PORT FILE HOST[:PORT] USER PASSWORD PATH`

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;

use sim800_session::{Bearer, Client, Config, Ftp, Profile, Server};
use smol::fs::File;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [port, file, server, user, password, path] = &arguments[..] else {
        return Err("give what is listed above".into());
    };
    let (host, control) = server.split_once(':').unwrap_or((server, "21"));
    let server = Server::new(host).with_port(control.parse()?).with_credentials(user, password.as_str());
    smol::block_on(async {
        let (client, driver) = sim800_smol::open(&port.parse()?, Config::default()).await?;
        let driver = smol::spawn(driver);
        let result = upload(&client, file, server, path).await;
        client.close().await;
        driver.await?;
        result
    })
}

async fn upload(client: &Client, file: &str, server: Server, path: &str) -> Result<(), Box<dyn Error>> {
    client.start_up().await?;
    let bearer = Bearer::open(client, &Profile::new("internet")).await?;
    let ftp = Ftp::new(&bearer, server);
    let octets = ftp.put_seekable(path, File::open(file).await?).await?;
    println!("the server has all of its {octets} octets");
    Ok(())
}
