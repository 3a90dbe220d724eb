//! What an adapter has to carry: every kind of exchange, over every kind of port.
//!
//! Each adapter's tests open a port to [`module`] with it, spawn the driver, and let [`check`] use the client.

use std::error::Error;
use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener};
use std::thread;

use bytes::Bytes;
use futures::{AsyncReadExt, AsyncWriteExt, TryStreamExt};
use http::{Method, Request, StatusCode};
use sim800_emulator::{Config, Timings};
use sim800_session::{Bearer, Client, Ftp, FtpOptions, Http, Profile, Server, Sockets};

use crate::server::Limits;
use crate::server::ftp::FtpServer;
use crate::server::http::HttpServer;
use crate::{Door, Line, Module, Running};

/// More than a window of HTTP, and many blocks of FTP.
const LENGTH: usize = 50_000;

/// A module without delays behind `door`.
///
/// # Errors
///
/// The system has no thread to spare.
pub fn module(door: impl Door) -> io::Result<Running> {
    let mut config = Config::default();
    config.timings = Timings::instant();
    Module::new(config, Line::unpaced()).start(door)
}

/// Does everything that a client can do, with servers of its own, and drops the client: the driver ends then.
///
/// # Errors
///
/// The first thing that failed.
///
/// # Panics
///
/// Something arrived otherwise than it was sent.
pub async fn check(client: Client) -> Result<(), Box<dyn Error>> {
    client.start_up().await?;
    assert!(client.info().await?.registration.is_registered());
    let bearer = Bearer::open(&client, &Profile::new("internet")).await?;
    assert!(bearer.query().await?.address.is_some());
    check_http(&bearer).await?;
    check_ftp(&bearer).await?;
    bearer.close().await?;
    check_sockets(&client).await
}

async fn check_http(bearer: &Bearer) -> Result<(), Box<dyn Error>> {
    let server = HttpServer::start(Limits::default())?;
    let octets = octets();
    server.put("/a", "application/octet-stream", octets.clone());
    let http = Http::new(bearer);
    let request = |method, path, body| Request::builder().method(method).uri(server.url(path)).body(body);

    let response = http.send(request(Method::GET, "/a", Bytes::new())?).await?;
    assert_eq!((response.status(), response.body().total()), (StatusCode::OK, Some(LENGTH as u64)));
    let pieces: Vec<Bytes> = response.into_body().try_collect().await?;
    assert_eq!(pieces.concat(), octets);

    // Whoever loses interest half way leaves nothing that the next one trips over.
    let mut beginning = [0; 100];
    let response = http.send(request(Method::GET, "/a", Bytes::new())?).await?;
    response.into_body().read_exact(&mut beginning).await?;
    assert_eq!(beginning, octets[..100]);

    // A response keeps the module's HTTP service until it is dropped.
    let status = http.send(request(Method::POST, "/b", octets.clone())?).await?.status();
    assert!(status.is_success());
    assert_eq!(server.body("/b"), Some(octets));

    let status = http.send(request(Method::HEAD, "/missing", Bytes::new())?).await?.status();
    assert_eq!(status, StatusCode::NOT_FOUND);
    Ok(())
}

async fn check_ftp(bearer: &Bearer) -> Result<(), Box<dyn Error>> {
    let server = FtpServer::start(&[("user", "password")], Limits::default())?;
    let octets = octets();
    let account = Server::new(server.address().ip().to_string())
        .with_port(server.address().port())
        .with_credentials("user", "password");
    for passive in [true, false] {
        let mut options = FtpOptions::default();
        options.passive = passive;
        let ftp = Ftp::new(bearer, account.clone()).with_options(options);
        assert_eq!(ftp.put("/a", &octets[..]).await?, LENGTH as u64);
        assert_eq!(server.file("/a").as_deref(), Some(&octets[..]));
        assert_eq!(ftp.size("/a").await?, LENGTH as u64);

        drop(ftp.get("/a").await?);
        let mut arrived = Vec::new();
        ftp.get("/a").await?.read_to_end(&mut arrived).await?;
        assert_eq!(arrived, octets);
    }
    Ok(())
}

/// Both directions at once, with a server that sends back what comes, and the end of the stream.
async fn check_sockets(client: &Client) -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let address = listener.local_addr()?;
    let server = thread::spawn(move || {
        let (mut connection, _) = listener.accept()?;
        let mut octets = vec![0; LENGTH];
        connection.read_exact(&mut octets)?;
        connection.write_all(&octets)
    });
    let octets = octets();
    let sockets = Sockets::open(client, &Profile::new("internet")).await?;
    let socket = sockets.connect(&address.ip().to_string(), address.port()).await?;
    let (mut reader, mut writer) = socket.split();
    let mut arrived = Vec::new();
    let sent = async {
        writer.write_all(&octets).await?;
        writer.flush().await
    };
    let (sent, read) = futures::join!(sent, reader.read_to_end(&mut arrived));
    sent?;
    read?;
    assert_eq!(arrived, octets);
    drop((reader, writer));
    server.join().map_err(|_| "the server panicked")??;
    Ok(())
}

/// Every value, and what looks like results and prompts, at ever other places of the blocks.
fn octets() -> Bytes {
    let pattern = (0..=u8::MAX).chain(*b"\r\nOK\r\n\r\nERROR\r\n\r\n+FTPGET: 1,0\r\n> \r\nDOWNLOAD\r\n");
    pattern.cycle().take(LENGTH).collect()
}
