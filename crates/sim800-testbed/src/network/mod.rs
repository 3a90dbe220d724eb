//! The emulator's effects on a real network.

mod ftp;
mod http;
mod socket;
#[cfg(test)]
mod tests;
mod tls;

use std::collections::HashMap;
use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::SystemTime;

use bytes::Bytes;
use futures::stream::Stream;
use sim800_emulator::{Effect, NetworkEvent, OperationId};
use smol::channel::{Receiver, Sender};
use smol::net::TcpStream;

/// Events that may wait for the module before the operations pause.
const EVENTS: usize = 16;

/// All operations of one module.
///
/// There is no time limit here: the emulator watches the clock and cancels what takes too long. Cancelling, and dropping this,
/// closes the sockets at once.
pub(crate) struct Network {
    operations: HashMap<OperationId, Operation>,
    events: Pin<Box<Receiver<(OperationId, NetworkEvent)>>>,
    report: Sender<(OperationId, NetworkEvent)>,
}

struct Operation {
    future: Pin<Box<dyn Future<Output = ()> + Send>>,
    /// To a running FTP session or socket. Not bounded by itself: the emulator grants credit and sends data in its own small windows.
    orders: Option<Sender<Order>>,
}

/// What the module wants of a running FTP session or socket.
#[derive(Debug)]
enum Order {
    /// Octets to be sent.
    Send(Bytes),
    /// No more of them will follow.
    Finish,
    /// So many more octets are welcome.
    Credit(usize),
}

/// Where an operation tells its events.
#[derive(Clone)]
struct Events {
    id: OperationId,
    report: Sender<(OperationId, NetworkEvent)>,
}

impl Events {
    /// Tells the module; waits while it is busy.
    async fn tell(&self, event: NetworkEvent) {
        // The receiver lives as long as the operations do.
        let _ = self.report.send((self.id, event)).await;
    }

    /// Tells the module something that is worth nothing later.
    fn mention(&self, event: NetworkEvent) {
        let _ = self.report.try_send((self.id, event));
    }
}

impl Network {
    pub(crate) fn new() -> Self {
        let (report, events) = smol::channel::bounded(EVENTS);
        Self { operations: HashMap::new(), events: Box::pin(events), report }
    }

    /// Starts, feeds or ends an operation.
    pub(crate) fn execute(&mut self, effect: Effect) {
        match effect {
            Effect::Http { id, request } => {
                let events = self.events_of(id);
                let future = Box::pin(async move {
                    let event = match http::perform(&request, &events).await {
                        Ok(response) => response.into(),
                        Err(failure) => NetworkEvent::HttpFailed(failure),
                    };
                    events.tell(event).await;
                });
                self.operations.insert(id, Operation { future, orders: None });
            }
            Effect::Ftp { id, request } => {
                let events = self.events_of(id);
                let (orders, received) = smol::channel::unbounded();
                let future = Box::pin(ftp::perform(request, received, events));
                self.operations.insert(id, Operation { future, orders: Some(orders) });
            }
            Effect::Socket { id, request } => {
                let events = self.events_of(id);
                let (orders, received) = smol::channel::unbounded();
                let future = Box::pin(socket::perform(request, received, events));
                self.operations.insert(id, Operation { future, orders: Some(orders) });
            }
            Effect::Resolve { id, host } => {
                let events = self.events_of(id);
                let future = Box::pin(async move {
                    let addresses = resolve(&host, 0).await.unwrap_or_default();
                    // The module knows no others than those of IPv4.
                    let known = addresses.iter().map(SocketAddr::ip).filter(IpAddr::is_ipv4).collect();
                    events.tell(NetworkEvent::Addresses(known)).await;
                });
                self.operations.insert(id, Operation { future, orders: None });
            }
            Effect::Time { id, host } => {
                let events = self.events_of(id);
                let future = Box::pin(async move {
                    // A server that can be found has the time of this machine.
                    let is_there = resolve(&host, 0).await.is_ok();
                    events.tell(NetworkEvent::Time(is_there.then(time).flatten())).await;
                });
                self.operations.insert(id, Operation { future, orders: None });
            }
            Effect::Send { id, octets } => self.order(id, Order::Send(octets)),
            Effect::Finish { id } => self.order(id, Order::Finish),
            Effect::Credit { id, octets } => self.order(id, Order::Credit(octets)),
            Effect::Cancel { id } => {
                self.operations.remove(&id);
            }
        }
    }

    /// The next event of any operation.
    pub(crate) fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<(OperationId, NetworkEvent)> {
        self.operations.retain(|_, operation| operation.future.as_mut().poll(cx).is_pending());
        match self.events.as_mut().poll_next(cx) {
            Poll::Ready(Some(event)) => Poll::Ready(event),
            _ => Poll::Pending,
        }
    }

    fn events_of(&self, id: OperationId) -> Events {
        Events { id, report: self.report.clone() }
    }

    /// Orders to a session that is over are void.
    fn order(&self, id: OperationId, order: Order) {
        if let Some(orders) = self.operations.get(&id).and_then(|operation| operation.orders.as_ref()) {
            let _ = orders.try_send(order);
        }
    }
}

/// The addresses of a host. Literal addresses are answered here, names by the system's resolver on a thread of `smol`'s pool.
async fn resolve(host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    let addresses = smol::net::resolve((host, port)).await?;
    if addresses.is_empty() {
        return Err(io::ErrorKind::NotFound.into());
    }
    Ok(addresses)
}

/// Seconds since the beginning of 2000.
fn time() -> Option<u64> {
    const FROM_1970_TO_2000: u64 = 946_684_800;
    let since_1970 = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).ok()?;
    since_1970.as_secs().checked_sub(FROM_1970_TO_2000)
}

/// A connection to the first address that takes it.
async fn connect(addresses: &[SocketAddr]) -> io::Result<TcpStream> {
    let mut last = io::ErrorKind::NotFound.into();
    for address in addresses {
        match TcpStream::connect(*address).await {
            Ok(stream) => {
                stream.set_nodelay(true)?;
                return Ok(stream);
            }
            Err(error) => last = error,
        }
    }
    Err(last)
}
