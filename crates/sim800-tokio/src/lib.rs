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
//! drop(client);
//! driver.await??; // what was begun is cleaned up
//! # Ok(())
//! # }
//! ```
//!
//! Any other port of `futures` traits goes with [`connect`]; `tokio_util::compat` makes one of tokio's.

mod serial;

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::io::{AsyncRead, AsyncWrite};
use sim800_session::{Client, Config, Driver, Endpoint, OpenError, Runtime};
use tokio::net::TcpStream;
use tokio::time::Instant;
use tokio_util::compat::TokioAsyncReadCompatExt;

use self::serial::SerialPort;
pub use sim800_session::Port;

/// Opens what `endpoint` names; see [`open_serial`] and [`open_tcp`].
///
/// # Errors
///
/// [`OpenError`] with the port, and what went wrong.
pub async fn open(endpoint: &Endpoint, config: Config) -> Result<(Client, Driver<Port>), OpenError> {
    match endpoint {
        Endpoint::Serial(path) => open_serial(path, config),
        Endpoint::Tcp { host, port } => open_tcp(host, *port, config).await,
        _ => Err(OpenError::new(endpoint.clone(), io::ErrorKind::Unsupported.into())),
    }
}

/// Opens a serial port, or a pseudo-terminal, at the rate and with the flow control of `config`, and locks it against
/// other programs.
///
/// Modem control lines are neither needed nor heeded, for a module moves them while data flows.
///
/// # Errors
///
/// [`OpenError`] with the port, and what went wrong.
pub fn open_serial(path: &Path, config: Config) -> Result<(Client, Driver<Port>), OpenError> {
    let port = SerialPort::open(path, config.rate, config.flow_control)
        .map_err(|error| OpenError::new(Endpoint::Serial(path.to_owned()), error))?;
    Ok(connect(Port::new(port), config))
}

/// Connects to a TCP port behind which there is a serial one, within [`Config::answer_within`].
///
/// # Errors
///
/// [`OpenError`] with the port, and what went wrong.
pub async fn open_tcp(host: &str, port: u16, config: Config) -> Result<(Client, Driver<Port>), OpenError> {
    let connecting = async {
        let stream = TcpStream::connect((host, port)).await?;
        // A command line is one small packet, and its answer is waited for.
        stream.set_nodelay(true)?;
        Ok(stream)
    };
    let stream = tokio::time::timeout(config.answer_within, connecting)
        .await
        .unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
        .map_err(|error| OpenError::new(Endpoint::Tcp { host: host.to_owned(), port }, error))?;
    Ok(connect(Port::new(stream.compat()), config))
}

/// A session over `port`, with tokio's time.
pub fn connect<P: AsyncRead + AsyncWrite + Unpin>(port: P, config: Config) -> (Client, Driver<P>) {
    sim800_session::connect(port, Arc::new(Tokio { epoch: Instant::now() }), config)
}

/// The time of the tokio runtime within which it is asked.
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
