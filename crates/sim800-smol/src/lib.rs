//! SIM800-series modules on smol: serial ports and TCP.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use sim800_session::Config;
//!
//! let (client, driver) = sim800_smol::open(&"/dev/ttyUSB0".parse()?, Config::default()).await?;
//! let driver = smol::spawn(driver);
//! client.start_up().await?;
//! // …
//! client.close().await; // what was begun is put back
//! driver.await?;
//! # Ok(())
//! # }
//! ```
//!
//! Any other port of `futures` traits, and any other executor than smol's own, goes with [`connect`].

mod serial;

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use sim800_serial::RemotePort;
use sim800_session::{Client, Config, Driver, Endpoint, OpenError, Runtime};
use smol::Timer;
use smol::io::{AsyncRead, AsyncWrite};
use smol::net::TcpStream;

use self::serial::SerialPort;
pub use sim800_session::Port;

/// Opens what `endpoint` names; see [`open_serial`], [`open_tcp`] and [`open_rfc2217`].
///
/// # Errors
///
/// [`OpenError`] with the port, and what went wrong.
pub async fn open(endpoint: &Endpoint, config: Config) -> Result<(Client, Driver<Port>), OpenError> {
    match endpoint {
        Endpoint::Serial(path) => open_serial(path, config),
        Endpoint::Tcp { host, port } => open_tcp(host, *port, config).await,
        Endpoint::Rfc2217 { host, port } => open_rfc2217(host, *port, config).await,
        _ => Err(OpenError::new(endpoint.clone(), io::ErrorKind::Unsupported.into())),
    }
}

/// Opens and locks a serial port, or a pseudo-terminal, as [`sim800_serial::open`] does.
///
/// # Errors
///
/// [`OpenError`] with the port, and what went wrong.
pub fn open_serial(path: &Path, config: Config) -> Result<(Client, Driver<Port>), OpenError> {
    let port = sim800_serial::open(path, &config)
        .and_then(SerialPort::new)
        .map_err(|error| OpenError::new(Endpoint::Serial(path.to_owned()), error))?;
    Ok(connect(Port::new(port), config))
}

/// Connects to a TCP port behind which there is a serial one, within [`Config::answer_within`].
///
/// # Errors
///
/// [`OpenError`] with the port, and what went wrong.
pub async fn open_tcp(host: &str, port: u16, config: Config) -> Result<(Client, Driver<Port>), OpenError> {
    let stream = dial(host, port, &config)
        .await
        .map_err(|error| OpenError::new(Endpoint::Tcp { host: host.to_owned(), port }, error))?;
    Ok(connect(Port::new(stream), config))
}

/// Connects to a server that speaks RFC 2217, within [`Config::answer_within`], and has it set its serial port as
/// [`RemotePort::open`] does.
///
/// # Errors
///
/// [`OpenError`] with the port, and what went wrong.
pub async fn open_rfc2217(
    host: &str,
    port: u16,
    config: Config,
) -> Result<(Client, Driver<Port>), OpenError> {
    let opening = async { RemotePort::open(dial(host, port, &config).await?, &config, &*runtime()).await };
    let remote = opening
        .await
        .map_err(|error| OpenError::new(Endpoint::Rfc2217 { host: host.to_owned(), port }, error))?;
    Ok(connect(Port::new(remote), config))
}

async fn dial(host: &str, port: u16, config: &Config) -> io::Result<TcpStream> {
    let connecting = async {
        let stream = TcpStream::connect((host, port)).await?;
        // A command line is one small packet, and its answer is waited for.
        stream.set_nodelay(true)?;
        Ok(stream)
    };
    let expired = async {
        Timer::after(config.answer_within).await;
        Err(io::ErrorKind::TimedOut.into())
    };
    smol::future::or(connecting, expired).await
}

/// A session over `port`, with the time of smol's reactor.
pub fn connect<P: AsyncRead + AsyncWrite + Unpin>(port: P, config: Config) -> (Client, Driver<P>) {
    sim800_session::connect(port, runtime(), config)
}

/// The time of smol's reactor, which any executor may use.
#[must_use]
pub fn runtime() -> Arc<dyn Runtime> {
    Arc::new(Smol { epoch: Instant::now() })
}

/// The time of smol's reactor, which runs by itself.
#[derive(Debug)]
struct Smol {
    epoch: Instant,
}

#[async_trait]
impl Runtime for Smol {
    fn now(&self) -> Duration {
        self.epoch.elapsed()
    }

    async fn sleep_until(&self, deadline: Duration) {
        match self.epoch.checked_add(deadline) {
            Some(deadline) => Timer::at(deadline).await,
            None => Timer::never().await,
        };
    }
}
