//! Every task that the simulation has programs do, one after the other.
#![no_std]
#![no_main]

extern crate alloc;

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::future::poll_fn;
use core::pin::{Pin, pin};

use bytes::Bytes;
use cortex_m_rt::entry;
use embassy_time::Timer;
use futures::future::{Either, select};
use semihosting::println;
use sim800_firmware_session::{Failure, Meter, Pattern, arguments, end, http, run};
use sim800_session::io::{self, AsyncRead, AsyncReadExt, AsyncWrite, ErrorKind};
use sim800_session::message::{Request, header};
use sim800_session::{Client, Fs, FsStorage, Ftp, Http, Profile, Server, Sockets};

/// Octets of what is at the URL.
const OBJECT: u64 = 20_000;
/// Octets of files that are uploaded from memory, and from elsewhere.
const SMALL: u64 = 3_000;
const FILE: u64 = 30_000;
/// Files of the module.
const WRITTEN: &str = r"C:\User\FTP\WRITTEN";
const FETCHED: &str = r"C:\User\FTP\FETCHED";

#[entry]
fn main() -> ! {
    run(1024, work)
}

#[embassy_executor::task]
async fn work(client: Client) {
    end(take(client).await)
}

async fn take(client: Client) -> Result<(), Failure> {
    let [object, store, host, port, user, password, folder, socket] =
        arguments("tasks URL STORE-URL FTP-HOST FTP-PORT USER PASSWORD FOLDER SOCKET-PORT");
    let mut meter = Meter::new(&client);
    let bearer = http::begin(&client, &mut meter).await?;
    requests(&Http::new(&bearer), object, store, &mut meter).await?;
    let server = Server::new(host).with_port(port.parse()?).with_credentials(user, password);
    let ftp = Ftp::new(&bearer, server);
    files(&ftp, folder, &mut meter).await?;
    module_files(&Fs::new(&client), &ftp, folder, &mut meter).await?;
    drop(ftp);
    exchange(&client, host, socket.parse()?).await?;
    meter.end("socket");
    bearer.close().await?;
    client.close().await;
    meter.end("close");
    println!("all of it was done");
    meter.sum_up();
    Ok(())
}

/// A part of an object, one that is left half way, one behind that, one that has to wait for another, the head of one, and a report.
async fn requests(http: &Http, url: &str, store: &str, meter: &mut Meter) -> Result<(), Failure> {
    let part = Request::get(url).header(header::RANGE, "bytes=1000-1999").body(Bytes::new())?;
    compare(http.send(part).await?.into_body(), 1000, 2000).await?;
    meter.end("GET of a part");
    let mut left = http.send(Request::get(url).body(Bytes::new())?).await?.into_body();
    left.read_exact(&mut [0; 100]).await?;
    drop(left);
    compare(http.send(Request::get(url).body(Bytes::new())?).await?.into_body(), 0, OBJECT).await?;
    meter.end("GET behind one that was left");
    let alive = http.send(Request::get(url).body(Bytes::new())?).await?.into_body();
    let beside = Request::get(url).body(Bytes::new())?;
    if let Either::Left(_) = select(pin!(http.send(beside)), pin!(Timer::after_secs(1))).await {
        return Err(Failure::new("the module has one response, and here are two".into()));
    }
    compare(alive, 0, OBJECT).await?;
    meter.end("GET while another is alive");
    let head = http.send(Request::head(url).body(Bytes::new())?).await?;
    if !head.status().is_success() {
        return Err(Failure::new(format!("the server said {} to HEAD", head.status().as_u16())));
    }
    meter.end("HEAD");
    http::post(http, store).await?;
    meter.end("POST");
    Ok(())
}

/// Files of the server.
async fn files(ftp: &Ftp, folder: &str, meter: &mut Meter) -> Result<(), Failure> {
    let path = |name: &str| format!("{folder}/{name}");
    let small: Vec<u8> = (0..SMALL).map(Pattern::octet).collect();
    expect(ftp.put(&path("put.bin"), &small[..]).await?, SMALL)?;
    meter.end("FTP put");
    expect(ftp.put_seekable(&path("seekable.bin"), Pattern::new(SMALL)).await?, SMALL)?;
    meter.end("FTP put of what can be read again");
    compare(ftp.get(&path("seekable.bin")).await?, 0, SMALL).await?;
    meter.end("FTP get");
    expect(ftp.put(&path("resumed.bin"), &small[..]).await?, SMALL)?;
    expect(ftp.resume_put(&path("resumed.bin"), Pattern::new(FILE), SMALL).await?, FILE)?;
    meter.end("FTP put, resumed");
    expect(ftp.size(&path("resumed.bin")).await?, FILE)?;
    meter.end("FTP size");
    compare(ftp.get_from(&path("resumed.bin"), 12_345).await?, 12_345, FILE).await?;
    meter.end("FTP get of a part");
    let listing = text(ftp.list(folder).await?).await?;
    if !listing.contains("put.bin") || !listing.contains("resumed.bin") {
        return Err(Failure::new(format!("the listing is {listing}")));
    }
    meter.end("FTP list");
    expect(ftp.put_extended(&path("extended.bin"), &small[..]).await?, SMALL)?;
    meter.end("FTP put, extended");
    let download = ftp.get_extended(&path("resumed.bin"), |_| {}).await?.into_download();
    compare(download, 0, FILE).await?;
    meter.end("FTP get, extended");
    Ok(())
}

/// Files of the module.
async fn module_files(fs: &Fs, ftp: &Ftp, folder: &str, meter: &mut Meter) -> Result<(), Failure> {
    let path = |name: &str| format!("{folder}/{name}");
    let stored = ftp.get_to_fs(&path("resumed.bin"), FsStorage::Internal, "FETCHED", |_| {}).await?;
    expect(stored, FILE)?;
    meter.end("FTP get to a file of the module");
    expect(ftp.put_from_fs(FETCHED, &path("from.bin"), |_| {}).await?, FILE)?;
    meter.end("FTP put from a file of the module");
    ftp.put_file(FETCHED, &path("file.bin")).await?;
    meter.end("FTP put of a file of the module");
    compare(fs.read(FETCHED).await?, 0, FILE).await?;
    meter.end("reading a file of the module");
    expect(fs.write(WRITTEN, Pattern::new(SMALL)).await?, SMALL)?;
    compare(fs.read(WRITTEN).await?, 0, SMALL).await?;
    meter.end("writing one");
    Ok(())
}

/// Sends octets to a server that sends them back.
async fn exchange(client: &Client, host: &str, port: u16) -> Result<(), Failure> {
    let sockets = Sockets::open(client, &Profile::new("internet")).await?;
    let mut socket = sockets.connect(host, port).await?;
    for start in (0..SMALL).step_by(1_000) {
        let piece: Vec<u8> = (start..start + 1_000).map(Pattern::octet).collect();
        write_all(&mut socket, &piece).await?;
        let mut back = [0; 1_000];
        socket.read_exact(&mut back).await?;
        if back != piece[..] {
            return Err(Failure::new(format!("something else came back behind {start}")));
        }
    }
    poll_fn(|context| Pin::new(&mut socket).poll_close(context)).await?;
    Ok(())
}

async fn write_all(to: &mut (impl AsyncWrite + Unpin), mut octets: &[u8]) -> io::Result<()> {
    while !octets.is_empty() {
        match poll_fn(|context| Pin::new(&mut *to).poll_write(context, octets)).await? {
            0 => return Err(ErrorKind::WriteZero.into()),
            written => octets = &octets[written..],
        }
    }
    Ok(())
}

fn expect(told: u64, expected: u64) -> Result<(), Failure> {
    if told == expected {
        return Ok(());
    }
    Err(Failure::new(format!("{told} octets instead of {expected}")))
}

/// All of a text.
async fn text(mut reader: impl AsyncRead + Unpin) -> Result<String, Failure> {
    let mut octets = Vec::new();
    let mut piece = [0; 256];
    loop {
        match reader.read(&mut piece).await? {
            0 => return Ok(String::from_utf8_lossy(&octets).into_owned()),
            read => octets.extend(&piece[..read]),
        }
    }
}

/// Reads what is from `start` to `end`.
async fn compare(mut reader: impl AsyncRead + Unpin, start: u64, end: u64) -> Result<(), Failure> {
    let mut place = start;
    let mut piece = [0; 256];
    loop {
        let read = reader.read(&mut piece).await?;
        if read == 0 {
            return expect(place, end);
        }
        for octet in &piece[..read] {
            if *octet != Pattern::octet(place) {
                return Err(Failure::new(format!("another octet at {place}")));
            }
            place += 1;
        }
    }
}
