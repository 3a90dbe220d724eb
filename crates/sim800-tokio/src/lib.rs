//! SIM800-series modules on tokio: serial ports and TCP.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use sim800_session::Config;
//!
//! let (client, driver) = sim800_tokio::open(&"/dev/ttyUSB0".parse()?, Config::default()).await?;
//! let driver = tokio::spawn(driver);
//! client.start_up().await?;
//! // …
//! client.close().await; // what was begun is put back
//! driver.await??;
//! # Ok(())
//! # }
//! ```
//!
//! Any other port of tokio's traits goes with [`connect`], one of `futures` traits with [`sim800_session::connect`] and
//! [`runtime`]. What the session reads and writes is of `futures` traits, too: [`compat`] makes tokio's of them, and the other
//! way round, of a [`Socket`](sim800_session::Socket) both directions at once.
//!
//! ```no_run
//! # async fn example(mut download: sim800_session::Download, ftp: sim800_session::Ftp) -> Result<(), Box<dyn std::error::Error>> {
//! use sim800_tokio::compat::{FuturesAsyncReadCompatExt, TokioAsyncReadCompatExt};
//!
//! let mut file = tokio::io::sink();
//! tokio::io::copy(&mut download.compat(), &mut file).await?;
//! ftp.put("/backup", tokio::io::empty().compat()).await?;
//! # Ok(())
//! # }
//! ```

mod serial;

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use sim800_serial::RemotePort;
use sim800_session::{Client, Config, Driver, Endpoint, OpenError, Runtime};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::Instant;
use tokio_util::compat::TokioAsyncReadCompatExt;

use self::serial::SerialPort;
pub use sim800_session::Port;
pub use tokio_util::compat;

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

/// Opens and locks a serial port, or a pseudo-terminal, as [`sim800_serial::open`] does. To be called within a tokio runtime.
///
/// # Errors
///
/// [`OpenError`] with the port, and what went wrong.
pub fn open_serial(path: &Path, config: Config) -> Result<(Client, Driver<Port>), OpenError> {
    let port = sim800_serial::open(path, &config)
        .and_then(SerialPort::new)
        .map_err(|error| OpenError::new(Endpoint::Serial(path.to_owned()), error))?;
    Ok(sim800_session::connect(Port::new(port), runtime(), config))
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
    Ok(connect(stream, config))
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
    let opening =
        async { RemotePort::open(dial(host, port, &config).await?.compat(), &config, &*runtime()).await };
    let remote = opening
        .await
        .map_err(|error| OpenError::new(Endpoint::Rfc2217 { host: host.to_owned(), port }, error))?;
    Ok(sim800_session::connect(Port::new(remote), runtime(), config))
}

async fn dial(host: &str, port: u16, config: &Config) -> io::Result<TcpStream> {
    let connecting = async {
        let stream = TcpStream::connect((host, port)).await?;
        // A command line is one small packet, and its answer is waited for.
        stream.set_nodelay(true)?;
        Ok(stream)
    };
    let connected = tokio::time::timeout(config.answer_within, connecting).await;
    connected.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}

/// A session over `port`, with tokio's time.
pub fn connect<P>(port: P, config: Config) -> (Client, Driver<Port>)
where
    P: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    sim800_session::connect(Port::new(port.compat()), runtime(), config)
}

/// The time of the tokio runtime within which it is asked.
#[must_use]
pub fn runtime() -> Arc<dyn Runtime> {
    Arc::new(Tokio { epoch: Instant::now() })
}

#[derive(Debug)]
struct Tokio {
    epoch: Instant,
}

#[async_trait]
impl Runtime for Tokio {
    fn now(&self) -> Duration {
        self.epoch.elapsed()
    }

    async fn sleep_until(&self, deadline: Duration) {
        match self.epoch.checked_add(deadline) {
            Some(deadline) => tokio::time::sleep_until(deadline).await,
            None => std::future::pending().await,
        }
    }
}
