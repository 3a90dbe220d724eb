//! `sim800 demo`: everything at once, with servers and a module of its own.

use std::io::{self, Write};
use std::num::NonZeroU32;
use std::time::{Duration, Instant};

use bytes::Bytes;
use console::style;
use futures::io::Cursor;
use http::{Method, Request, StatusCode};
use serde_json::json;
use sim800_command::At;
use sim800_emulator::Config as EmulatorConfig;
use sim800_session::{Bearer, Client, Config, Direction, Ftp, Http, Profile, Server, Trace};
use sim800_testbed::server::Limits;
use sim800_testbed::server::ftp::FtpServer;
use sim800_testbed::server::http::HttpServer;
use sim800_testbed::{Line, Module};

use crate::args::Options;
use crate::checksum::sha256;
use crate::connect::{self, Port};
use crate::exchange::{Exchange, Row};
use crate::failure::Failure;
use crate::metered::Metered;
use crate::output::{Output, Report, seconds};
use crate::sink::Sink;
use crate::trace::TraceFile;

/// The fastest rate of the module in bit/s (manual 2.2.41).
const RATE: NonZeroU32 = NonZeroU32::new(460_800).unwrap();

/// Octets that are fetched and posted by HTTP, and stored and fetched by FTP.
const GET: usize = 96 * 1024;
const POST: usize = 32 * 1024;
const FTP: usize = 64 * 1024;

const USER: &str = "demo";
const PASSWORD: &str = "sesame";

/// The file that is stored and fetched by FTP.
const STORED: &str = "/stored.bin";

/// As many exchanges about the same thing are shown whole; of more, the first and the last.
const MANY: usize = 8;
const FIRST: usize = 3;
const LAST: usize = 2;

pub(crate) fn run(options: &Options, output: Output) -> Result<Report, Failure> {
    let failed = |error| Failure::new("system", format!("cannot start what the demo needs: {error}"));
    let rate = options.rate().unwrap_or(RATE);
    let mut config = EmulatorConfig::default();
    // What is shown is how full the line is, not how long a module takes between two of its own.
    config.timings.unsolicited = Duration::ZERO;
    let module = Module::new(config, Line::paced(rate));
    let (running, link) = module.start_linked().map_err(failed)?;
    let servers = Servers {
        http: HttpServer::start(Limits::default()).map_err(failed)?,
        ftp: FtpServer::start(&[(USER, PASSWORD)], Limits::default()).map_err(failed)?,
    };

    let file = options.trace.as_deref().map(TraceFile::create).transpose()?;
    let exchange = Exchange::default();
    let trace = {
        let (mut exchange, mut file) = (exchange.clone(), file.clone());
        move |now: Duration, direction: Direction, octets: &[u8]| {
            exchange.octets(now, direction, octets);
            if let Some(file) = &mut file {
                file.octets(now, direction, octets);
            }
        }
    };
    let mut config = Config::default();
    config.rate = rate.get();
    let start = Instant::now();
    let moves = connect::run(options.runtime, Port::Link(link), config, Some(trace), async |client| {
        let mut demo = Demo { client, exchange, output, steps: 0, moves: Vec::new() };
        demo.introduce(&servers, rate)?;
        demo.play(&servers).await?;
        Ok(demo.moves)
    })?;
    drop(running);
    file.map_or(Ok(()), |file| file.finish())?;
    Ok(summary(&moves, rate, start.elapsed()))
}

struct Servers {
    http: HttpServer,
    ftp: FtpServer,
}

/// Octets that were moved.
struct Move {
    what: &'static str,
    octets: usize,
    time: Duration,
}

struct Demo<'a> {
    client: &'a Client,
    exchange: Exchange,
    output: Output,
    steps: usize,
    moves: Vec<Move>,
}

impl Demo<'_> {
    fn introduce(&self, servers: &Servers, rate: NonZeroU32) -> Result<(), Failure> {
        self.say(&format!(
            "{}\n\n  line   {rate} bit/s, to an emulated SIM800\n  HTTP   {}\n  FTP    {}\n\n\
             Commands to the module stand on the left, its responses on the right.",
            style("sim800 demo").bold(),
            servers.http.address(),
            servers.ftp.address(),
        ))
    }

    async fn play(&mut self, servers: &Servers) -> Result<(), Failure> {
        self.information().await?;
        let bearer = self.bearer().await?;
        self.http_get(&bearer, &servers.http).await?;
        self.http_post(&bearer, &servers.http).await?;
        self.http_head(&bearer, &servers.http).await?;

        let address = servers.ftp.address();
        let server =
            Server::new(address.ip().to_string()).with_port(address.port()).with_credentials(USER, PASSWORD);
        let ftp = Ftp::new(&bearer, server);
        let octets = sample(FTP, 3);
        self.ftp_put(&ftp, &servers.ftp, &octets).await?;
        self.ftp_size(&ftp).await?;
        self.ftp_get(&ftp, &octets).await
    }

    async fn information(&mut self) -> Result<(), Failure> {
        self.begin("Start-up and information")?;
        self.client.start_up().await?;
        let info = self.client.info().await?;
        let operator = info.operator.as_deref().unwrap_or("no network");
        let signal = info.signal.dbm().map_or_else(String::new, |dbm| format!(", {dbm} dBm"));
        self.show(&format!("{} {}, {operator}{signal}", info.model, info.revision))
    }

    async fn bearer(&mut self) -> Result<Bearer, Failure> {
        self.begin("Bearer")?;
        let bearer = Bearer::open(self.client, &Profile::new("internet")).await?;
        let address = bearer.query().await?.address;
        self.show(&address.map_or_else(|| "open".to_owned(), |address| format!("open, address {address}")))?;
        Ok(bearer)
    }

    async fn http_get(&mut self, bearer: &Bearer, server: &HttpServer) -> Result<(), Failure> {
        self.begin("HTTP GET")?;
        let octets = sample(GET, 1);
        server.put("/sample.bin", "application/octet-stream", octets.clone());
        let start = Instant::now();
        let request = request(Method::GET, &server.url("/sample.bin"), Bytes::new())?;
        let response = Http::new(bearer).send(request).await?;
        let status = response.status();
        let body = response.into_body();
        let bar = self.output.progress("GET", body.total());
        let taken = Sink::Nowhere.take(body, &bar).await;
        bar.finish_and_clear();
        expect_success(status)?;
        self.moved("HTTP GET", taken?.sha256(), &octets, start).await
    }

    async fn http_post(&mut self, bearer: &Bearer, server: &HttpServer) -> Result<(), Failure> {
        self.begin("HTTP POST")?;
        let octets = sample(POST, 2);
        let start = Instant::now();
        let request = request(Method::POST, &server.url("/posted.bin"), octets.clone())?;
        let bar = self.output.progress("POST", None);
        let response = Http::new(bearer).send(request).await;
        bar.finish_and_clear();
        let response = response?;
        let status = response.status();
        drop(response);
        expect_success(status)?;
        let stored = server.body("/posted.bin").unwrap_or_default();
        self.moved("HTTP POST", sha256(&stored), &octets, start).await
    }

    async fn http_head(&mut self, bearer: &Bearer, server: &HttpServer) -> Result<(), Failure> {
        self.begin("HTTP HEAD")?;
        let request = request(Method::HEAD, &server.url("/posted.bin"), Bytes::new())?;
        let response = Http::new(bearer).send(request).await?;
        let status = response.status();
        drop(response);
        expect_success(status)?;
        self.settle().await?;
        self.show(&status.to_string())
    }

    async fn ftp_put(&mut self, ftp: &Ftp, server: &FtpServer, octets: &Bytes) -> Result<(), Failure> {
        self.begin("FTP put")?;
        let start = Instant::now();
        let bar = self.output.progress("put", Some(octets.len() as u64));
        let sent = ftp.put(STORED, Metered::new(Cursor::new(octets), bar.clone())).await;
        bar.finish_and_clear();
        sent?;
        let stored = server.file(STORED).unwrap_or_default();
        self.moved("FTP put", sha256(&stored), octets, start).await
    }

    async fn ftp_size(&mut self, ftp: &Ftp) -> Result<(), Failure> {
        self.begin("FTP size")?;
        let size = ftp.size(STORED).await?;
        self.settle().await?;
        self.show(&format!("{size} bytes are there"))
    }

    async fn ftp_get(&mut self, ftp: &Ftp, octets: &Bytes) -> Result<(), Failure> {
        self.begin("FTP get")?;
        let start = Instant::now();
        let bar = self.output.progress("get", Some(octets.len() as u64));
        let taken = match ftp.get(STORED).await {
            Ok(download) => Sink::Nowhere.take(download, &bar).await,
            Err(error) => Err(error.into()),
        };
        bar.finish_and_clear();
        self.moved("FTP get", taken?.sha256(), octets, start).await
    }

    /// Compares checksums and shows what was moved how fast.
    async fn moved(
        &mut self,
        what: &'static str,
        arrived: String,
        octets: &Bytes,
        start: Instant,
    ) -> Result<(), Failure> {
        let moved = Move { what, octets: octets.len(), time: start.elapsed() };
        self.settle().await?;
        let expected = sha256(octets);
        if arrived != expected {
            let message = format!("{what}: SHA-256 is {arrived}, not {expected}");
            return Err(Failure::new("checksum", message));
        }
        self.show(&format!(
            "{} bytes in {:.2} s, {:.1} kB/s; SHA-256 {}… on both sides",
            moved.octets,
            moved.time.as_secs_f64(),
            moved.rate() / 1000.0,
            &expected[..16]
        ))?;
        self.moves.push(moved);
        Ok(())
    }

    fn begin(&mut self, title: &str) -> Result<(), Failure> {
        self.steps += 1;
        self.say(&format!("\n{}", style(format!("{}  {title}", self.steps)).bold()))
    }

    /// Shows what crossed the line since the last time, and what came of it.
    fn show(&self, result: &str) -> Result<(), Failure> {
        for line in condense(&self.exchange.take()) {
            self.say(&format!("   {}", style(line.trim_end()).dim()))?;
        }
        self.say(&format!("   {} {result}", style("✓").green()))
    }

    /// Waits until what a session left to end has ended, so that it is shown where it belongs: such chores are taken in
    /// while the first command is being taken in, and queue before the second.
    async fn settle(&self) -> Result<(), Failure> {
        for _ in 0..2 {
            self.client.execute(&At).await?;
        }
        Ok(())
    }

    fn say(&self, text: &str) -> Result<(), Failure> {
        if self.output.json {
            return Ok(());
        }
        writeln!(io::stdout(), "{text}").map_err(|error| Failure::stdout(&error))
    }
}

impl Move {
    /// Octets per second.
    fn rate(&self) -> f64 {
        self.octets as f64 / self.time.as_secs_f64().max(1e-6)
    }
}

/// One line per row; of many rows about the same thing only the first and the last, and how many there are between.
fn condense(rows: &[Row]) -> Vec<String> {
    let rows: Vec<&Row> = rows.iter().filter(|row| row.command != "AT").collect();
    let mut lines = Vec::new();
    for alike in rows.chunk_by(|a, b| a.subject() == b.subject()) {
        if alike.len() <= MANY {
            lines.extend(alike.iter().map(ToString::to_string));
            continue;
        }
        let (first, rest) = alike.split_at(FIRST);
        let (between, last) = rest.split_at(rest.len() - LAST);
        let octets: u64 = between.iter().map(|row| row.received + row.sent).sum();
        let octets = if octets > 0 { format!(", {octets} bytes") } else { String::new() };
        lines.extend(first.iter().map(ToString::to_string));
        lines.push(format!("… {} more{octets}", between.len()));
        lines.extend(last.iter().map(ToString::to_string));
    }
    lines
}

fn request(method: Method, url: &str, body: Bytes) -> Result<Request<Bytes>, Failure> {
    Request::builder()
        .method(method)
        .uri(url)
        .body(body)
        .map_err(|error| Failure::new("system", error.to_string()))
}

fn expect_success(status: StatusCode) -> Result<(), Failure> {
    if status.is_success() { Ok(()) } else { Err(Failure::status(status, "")) }
}

/// `len` octets that differ with `seed`, every value among them, and what looks like a result code.
fn sample(len: usize, seed: u32) -> Bytes {
    let mut state = seed.wrapping_mul(0x9E37_79B9) | 1;
    let mut octets = Vec::with_capacity(len);
    octets.extend_from_slice(b"\r\nOK\r\n");
    while octets.len() < len {
        // Marsaglia's xorshift.
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        octets.push(state.to_le_bytes()[3]);
    }
    octets.truncate(len);
    octets.into()
}

fn summary(moves: &[Move], rate: NonZeroU32, time: Duration) -> Report {
    let mut text = format!("\n{}\n", style("Summary").bold());
    let mut transfers = Vec::new();
    for moved in moves {
        let share = moved.rate() * 1000.0 / f64::from(rate.get());
        text.push_str(&format!(
            "   {:<10} {:>7} bytes  {:>6.2} s  {:>6.1} kB/s  {share:>3.0} % of the line\n",
            moved.what,
            moved.octets,
            moved.time.as_secs_f64(),
            moved.rate() / 1000.0
        ));
        transfers.push(json!({ "what": moved.what, "octets": moved.octets, "seconds": seconds(moved.time) }));
    }
    text.push_str(&format!("   everything arrived as it was sent; {:.1} s in all\n", time.as_secs_f64()));
    let fields = vec![("transfers", json!(transfers)), ("seconds", json!(seconds(time)))];
    Report { fields, text: text.into(), remark: String::new() }
}
