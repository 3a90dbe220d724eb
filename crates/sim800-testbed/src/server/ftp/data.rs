//! The data connection: how it is opened, and what crosses it.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Mutex;

use smol::io::{AsyncReadExt, AsyncWriteExt};
use smol::net::{TcpListener, TcpStream};

use super::super::{lock, reset};
use super::ascii::Decoder;
use super::tree::{Path, Refusal};
use super::{Fault, State};

/// Octets read from the network at once.
const PIECE: usize = 16 << 10;

/// What the client has arranged for the next transfer.
#[derive(Debug)]
pub(super) enum Arrangement {
    /// `PASV`, `EPSV`: the client comes here.
    Passive(TcpListener),
    /// `PORT`, `EPRT`: the client waits there.
    Active(SocketAddr),
}

impl Arrangement {
    async fn open(self) -> Result<TcpStream, Failure> {
        let opened = match self {
            Self::Passive(listener) => listener.accept().await.map(|(stream, _)| stream),
            Self::Active(address) => TcpStream::connect(address).await,
        };
        opened.map_err(|_| Failure::Open)
    }
}

/// Reads the parameter of `PORT`: `h1,h2,h3,h4,p1,p2`.
pub(super) fn parse_port(parameter: &str) -> Option<SocketAddr> {
    let octets: Vec<u8> =
        parameter.split(',').map(|octet| octet.trim().parse().ok()).collect::<Option<_>>()?;
    let &[a, b, c, d, high, low] = octets.as_slice() else { return None };
    Some(SocketAddr::from(([a, b, c, d], u16::from_be_bytes([high, low]))))
}

/// Reads the parameter of `EPRT`: `|1|132.235.1.2|6275|`, with any delimiter.
pub(super) fn parse_extended_port(parameter: &str) -> Option<SocketAddr> {
    let delimiter = parameter.chars().next()?;
    let fields: Vec<&str> = parameter.split(delimiter).collect();
    let &["", "1" | "2", address, port, ""] = fields.as_slice() else { return None };
    Some(SocketAddr::new(address.parse::<IpAddr>().ok()?, port.parse().ok()?))
}

/// Why a transfer failed.
#[derive(Debug)]
pub(super) enum Failure {
    /// No data connection came about.
    Open,
    /// It broke.
    Broken,
    /// The tree did not take what came.
    Refused(Refusal),
}

impl From<io::Error> for Failure {
    fn from(_: io::Error) -> Self {
        Self::Broken
    }
}

/// What is to go wrong with a transfer.
#[derive(Debug)]
pub(super) struct Trouble {
    after: usize,
    reset: bool,
}

impl Trouble {
    /// Takes what waits for the next transfer.
    pub(super) fn next(state: &mut State) -> Option<Self> {
        state.strike(|fault| match *fault {
            Fault::DataReset { after } => Some(Self { after, reset: true }),
            Fault::DataStall { after } => Some(Self { after, reset: false }),
            _ => None,
        })
    }

    async fn strike(self, stream: TcpStream) -> Failure {
        if self.reset {
            reset(stream);
            Failure::Broken
        } else {
            smol::future::pending().await
        }
    }
}

/// Sends octets and ends the data connection.
pub(super) async fn send(
    arrangement: Arrangement,
    octets: &[u8],
    trouble: Option<Trouble>,
) -> Result<(), Failure> {
    let trouble = trouble.filter(|trouble| trouble.after <= octets.len());
    let mut stream = arrangement.open().await?;
    let until = trouble.as_ref().map_or(octets.len(), |trouble| trouble.after);
    stream.write_all(&octets[..until]).await?;
    if let Some(trouble) = trouble {
        return Err(trouble.strike(stream).await);
    }
    Ok(stream.close().await?)
}

/// Receives octets to the end of the data connection and writes them to a file, from `at` on, as they come.
pub(super) async fn receive(
    arrangement: Arrangement,
    state: &Mutex<State>,
    path: &Path,
    mut at: usize,
    mut ascii: Option<Decoder>,
    mut trouble: Option<Trouble>,
) -> Result<(), Failure> {
    let mut write = |octets: &[u8]| {
        let written = lock(state).tree.write(path, at, octets);
        at += octets.len();
        written.map_err(Failure::Refused)
    };
    let mut stream = arrangement.open().await?;
    let mut piece = vec![0; PIECE];
    loop {
        if let Some(trouble) = trouble.take_if(|trouble| trouble.after == 0) {
            return Err(trouble.strike(stream).await);
        }
        let room = trouble.as_ref().map_or(PIECE, |trouble| trouble.after.min(PIECE));
        let count = stream.read(&mut piece[..room]).await?;
        if let Some(trouble) = &mut trouble {
            trouble.after -= count;
        }
        if count == 0 {
            return ascii.map_or(Ok(()), |decoder| write(decoder.finish()));
        }
        match &mut ascii {
            Some(decoder) => write(&decoder.decode(&piece[..count]))?,
            None => write(&piece[..count])?,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn port_parameters() {
        assert_eq!(parse_port("127,0,0,1,4,1"), Some(SocketAddr::from(([127, 0, 0, 1], 1025))));
        for bad in ["", "127,0,0,1,4", "127,0,0,1,4,256", "127,0,0,1,4,1,1", "a,b,c,d,e,f"] {
            assert_eq!(parse_port(bad), None, "{bad}");
        }
        let expected = Some(SocketAddr::from(([127, 0, 0, 1], 1025)));
        assert_eq!(parse_extended_port("|1|127.0.0.1|1025|"), expected);
        assert_eq!(parse_extended_port("!1!127.0.0.1!1025!"), expected);
        assert_eq!(parse_extended_port("|2|::1|1025|"), Some("[::1]:1025".parse().unwrap()));
        for bad in ["", "|1|127.0.0.1|1025", "|3|127.0.0.1|1025|", "|1|localhost|1025|", "|1|127.0.0.1|x|"] {
            assert_eq!(parse_extended_port(bad), None, "{bad}");
        }
    }
}
