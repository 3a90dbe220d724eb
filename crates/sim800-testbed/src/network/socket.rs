//! TCP, UDP and TLS as the module speaks them: octets both ways at once, until one of both sides ends it.

use std::io;
use std::time::Duration;

use bytes::Bytes;
use sim800_emulator::{NetworkEvent, SocketFailure, SocketRequest, Transport};
use smol::channel::{Receiver, Sender};
use smol::future::FutureExt;
use smol::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use smol::net::{SocketAddr, UdpSocket};

use super::{Events, Order, connect, resolve, tls};

/// The most octets that are told in one event; also the longest datagram that arrives whole.
const PIECE: usize = 1460;
/// How long the server has to close its side, too. Nobody waits for it, but closing with octets unread looks like a fault to it.
const GOOD_BYE: Duration = Duration::from_secs(1);

/// Connects, and carries octets until the end.
pub(super) async fn perform(request: SocketRequest, orders: Receiver<Order>, events: Events) {
    let last = match session(&request, &orders, &events).await {
        Ok(()) => NetworkEvent::SocketClosed,
        Err(failure) => NetworkEvent::SocketFailed(failure),
    };
    events.tell(last).await;
}

async fn session(
    request: &SocketRequest,
    orders: &Receiver<Order>,
    events: &Events,
) -> Result<(), SocketFailure> {
    let addresses = resolve(&request.host, request.port).await.map_err(|_| SocketFailure::Dns)?;
    if request.transport == Transport::Udp {
        let (socket, remote) = bind(&addresses).await.map_err(|_| SocketFailure::Connect)?;
        events.tell(NetworkEvent::SocketOpen { remote }).await;
        // An error of a datagram's is that datagram's.
        datagrams(&socket, orders, events).await;
        return Ok(());
    }
    let stream = connect(&addresses).await.map_err(|_| SocketFailure::Connect)?;
    let remote = stream.peer_addr().map_err(|_| SocketFailure::Connect)?;
    if request.transport == Transport::Tls {
        let stream = tls::connect(stream, &request.host, request.check_certificate).await;
        let stream = stream.map_err(|_| SocketFailure::Tls)?;
        events.tell(NetworkEvent::SocketOpen { remote }).await;
        let (reader, writer) = smol::io::split(stream);
        streams(reader, writer, orders, events).await;
    } else {
        events.tell(NetworkEvent::SocketOpen { remote }).await;
        streams(stream.clone(), stream, orders, events).await;
    }
    Ok(())
}

/// Both directions of a stream. The server's end, and any error, ends both; the module's end is told to the server.
async fn streams(
    mut reader: impl AsyncRead + Unpin,
    mut writer: impl AsyncWrite + Unpin,
    orders: &Receiver<Order>,
    events: &Events,
) {
    let (grant, granted) = smol::channel::unbounded();
    let sending = async {
        while let Some(octets) = next(orders, &grant).await {
            writer.write_all(&octets).await?;
            writer.flush().await?;
            events.tell(NetworkEvent::SocketSent(octets.len())).await;
        }
        writer.close().await
    };
    let receiving = async {
        let mut credit = 0;
        let mut buffer = [0; PIECE];
        loop {
            while credit == 0 {
                credit = granted.recv().await.map_err(|_| io::ErrorKind::BrokenPipe)?;
            }
            let received = reader.read(&mut buffer[..PIECE.min(credit)]).await?;
            if received == 0 {
                return Ok(());
            }
            credit -= received;
            events.tell(NetworkEvent::SocketData(Bytes::copy_from_slice(&buffer[..received]))).await;
        }
    };
    let is_finished: io::Result<bool> =
        async { sending.await.map(|()| true) }.or(async { receiving.await.map(|()| false) }).await;
    if is_finished.is_ok_and(|finished| finished) {
        let rest = async { smol::io::copy(reader, smol::io::sink()).await.map(drop) };
        let late = async {
            smol::Timer::after(GOOD_BYE).await;
            Ok(())
        };
        let _: io::Result<()> = rest.or(late).await;
    }
}

/// Datagrams both ways, until the module ends it.
async fn datagrams(socket: &UdpSocket, orders: &Receiver<Order>, events: &Events) {
    let (grant, granted) = smol::channel::unbounded();
    let sending = async {
        while let Some(octets) = next(orders, &grant).await {
            let _ = socket.send(&octets).await;
            events.tell(NetworkEvent::SocketSent(octets.len())).await;
        }
    };
    let receiving = async {
        let mut credit: usize = 0;
        let mut buffer = [0; PIECE];
        loop {
            while credit < PIECE {
                match granted.recv().await {
                    Ok(more) => credit += more,
                    Err(_) => return,
                }
            }
            // A server that is not there is told of by the system; the module does not hear of it.
            if let Ok(received) = socket.recv(&mut buffer).await {
                credit -= received;
                events.tell(NetworkEvent::SocketData(Bytes::copy_from_slice(&buffer[..received]))).await;
            }
        }
    };
    sending.or(receiving).await;
}

/// The next octets to be sent, none at the end; credit goes to those who read.
async fn next(orders: &Receiver<Order>, grant: &Sender<usize>) -> Option<Bytes> {
    loop {
        match orders.recv().await {
            Ok(Order::Send(octets)) => return Some(octets),
            Ok(Order::Credit(octets)) => {
                let _ = grant.try_send(octets);
            }
            Ok(Order::Finish) | Err(_) => return None,
        }
    }
}

/// A socket that talks to the first address of a kind that this machine has.
async fn bind(addresses: &[SocketAddr]) -> io::Result<(UdpSocket, SocketAddr)> {
    let mut last = io::ErrorKind::NotFound.into();
    for &remote in addresses {
        let local: SocketAddr = if remote.is_ipv4() { ([0; 4], 0).into() } else { ([0; 16], 0).into() };
        let connected = async {
            let socket = UdpSocket::bind(local).await?;
            socket.connect(remote).await?;
            Ok(socket)
        };
        match connected.await {
            Ok(socket) => return Ok((socket, remote)),
            Err(error) => last = error,
        }
    }
    Err(last)
}
