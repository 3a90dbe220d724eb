//! Sockets: TCP and UDP by the module's own stack, beside its HTTP and FTP services.

mod context;
mod error;
mod link;
mod receiver;
mod sender;
mod socket;

use alloc::borrow::ToOwned;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;
use core::net::Ipv4Addr;
use core::time::Duration;

use futures::StreamExt;
use sim800_command::{
    CdnsGip, CipStart, ConnectionEvent, ConnectionState, InvalidValue, LookedUp, SocketHost, SocketPort,
    Transport, Unsolicited,
};

pub use self::error::SocketError;
use self::link::{CHECK, Heard, Link};
pub use self::socket::{Socket, SocketProgress};
use crate::bearer::Profile;
use crate::client::Client;
use crate::error::{Disconnected, Error, Failure, Malformation};
use crate::notices::{Notice, Notices};

/// How long a server may take to take a connection: the module's limit of 75 s (manual 8.2.2), which logs show used up.
const CONNECTING: Duration = Duration::from_secs(90);

/// How long a name may take to be looked up.
const LOOKING_UP: Duration = Duration::from_secs(75);

/// TCP and UDP over the module's own sockets, of which it has six.
///
/// ```no_run
/// use futures::{AsyncReadExt, AsyncWriteExt};
/// use sim800_session::{Client, Profile, Sockets};
///
/// async fn ask(client: &Client) -> Result<String, Box<dyn std::error::Error>> {
///     let sockets = Sockets::open(client, &Profile::new("internet")).await?;
///     let mut socket = sockets.connect("time.example.com", 13).await?;
///     let mut said = String::new();
///     socket.read_to_string(&mut said).await?;
///     Ok(said)
/// }
/// ```
///
/// They go through a context of their own, which [`open`](Self::open) brings up beside the bearer of HTTP and FTP; on a network they
/// may be the same. Clones share it, as do all that are opened on the same module. Dropped, it stays up;
/// [`close`](Self::close) closes it.
///
/// Several sockets take turns at the line, a piece of 1460 octets at a time.
#[derive(Clone, Debug)]
pub struct Sockets {
    client: Client,
    profile: Profile,
}

impl Sockets {
    /// Brings up the context of `profile`, unless this session has done so already. One that another program left is closed, and its
    /// sockets with it.
    ///
    /// The module has to be registered and attached, as after [`Client::start_up`]. The number of the profile means nothing here, and
    /// where there is no access point name, the module takes the one that it has set. It may take 85 s, and 65 s more where one is
    /// closed before (manual 8.2.7, 8.2.10).
    ///
    /// # Errors
    ///
    /// [`SocketError::NotAdmitted`] and others; nothing was sent when it is [`SocketError::Invalid`] or [`SocketError::InUse`].
    pub async fn open(client: &Client, profile: &Profile) -> Result<Self, SocketError> {
        let sockets = Self { client: client.of_procedure(), profile: profile.clone() };
        context::ensure(&sockets.client, profile).await?;
        Ok(sockets)
    }

    /// The address that the network gave to the context, which is brought up where it was lost.
    ///
    /// # Errors
    ///
    /// Those of [`open`](Self::open).
    pub async fn address(&self) -> Result<Ipv4Addr, SocketError> {
        Ok(context::ensure(&self.client, &self.profile).await?.address)
    }

    /// Connects to a TCP server, by its name or its IPv4 address. A context that was lost is brought up again.
    ///
    /// A name is looked up by the module, and where it has several addresses the next is tried when one does not take the
    /// connection. It takes up to 75 s until the module gives an address up.
    ///
    /// # Errors
    ///
    /// [`SocketError::Refused`], [`SocketError::NotFound`], [`SocketError::AllInUse`] and others.
    pub async fn connect(&self, host: &str, port: u16) -> Result<Socket, SocketError> {
        self.start(Transport::Tcp, host, port).await
    }

    /// Prepares to exchange datagrams with a UDP server.
    ///
    /// Each write of up to 1460 octets is a datagram, and nobody tells whether it arrives. The module tells nothing of where one
    /// datagram ends that it has received: those that wait when it is read are read as one.
    ///
    /// # Errors
    ///
    /// Those of [`connect`](Self::connect).
    pub async fn connect_udp(&self, host: &str, port: u16) -> Result<Socket, SocketError> {
        self.start(Transport::Udp, host, port).await
    }

    /// Has the module look up the addresses of a host, of which it tells two at most.
    ///
    /// # Errors
    ///
    /// [`SocketError::NotFound`] and others.
    pub async fn resolve(&self, host: &str) -> Result<Vec<Ipv4Addr>, SocketError> {
        let host = checked(host)?;
        if let Ok(address) = host.as_str().parse() {
            return Ok(vec![address]);
        }
        let mut is_again = false;
        loop {
            let up = context::ensure(&self.client, &self.profile).await?;
            match self.look_up(host).await {
                Err(SocketError::Command(error)) if error.is_rejected() && !is_again => {
                    self.revive(up.epoch).await?;
                }
                Err(SocketError::ContextLost) if !is_again => {}
                result => return result,
            }
            is_again = true;
        }
    }

    /// Closes the context.
    ///
    /// # Errors
    ///
    /// [`SocketError::InUse`] when there is a socket still, and [`SocketError::Command`].
    pub async fn close(self) -> Result<(), SocketError> {
        context::close(&self.client).await
    }

    /// The module it belongs to.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.client
    }

    async fn start(&self, transport: Transport, host: &str, port: u16) -> Result<Socket, SocketError> {
        let name = checked(host)?;
        let number = SocketPort::new(u32::from(port)).map_err(invalid("port"))?;
        let mut last = SocketError::Refused { host: host.to_owned(), port };
        for address in self.resolve(name.as_str()).await? {
            match self.start_to(transport, address, number).await {
                Err(SocketError::Refused { .. }) => {}
                Err(error @ SocketError::TimedOut { .. }) => last = error,
                result => return result,
            }
        }
        Err(last)
    }

    async fn start_to(
        &self,
        transport: Transport,
        address: Ipv4Addr,
        port: SocketPort,
    ) -> Result<Socket, SocketError> {
        let mut is_again = false;
        loop {
            let up = context::ensure(&self.client, &self.profile).await?;
            let place = self.client.contexts().take(up.epoch).ok_or(SocketError::AllInUse)?;
            let link = Link::new(&self.client, place);
            if place.is_doubtful {
                link::shut(&link.client, place).await?;
            }
            match establish(link, transport, address, port).await {
                Err(SocketError::Command(error)) if error.is_rejected() && !is_again => {
                    self.revive(up.epoch).await?;
                }
                Err(SocketError::ContextLost) if !is_again => {}
                result => return result,
            }
            is_again = true;
        }
    }

    /// Sees to it that there is a context, where the module refused what takes one.
    async fn revive(&self, epoch: u64) -> Result<(), SocketError> {
        if !context::is_alive(&self.client).await? {
            self.client.contexts().lose_epoch(epoch);
        }
        Ok(())
    }

    async fn look_up(&self, host: SocketHost<'_>) -> Result<Vec<Ipv4Addr>, SocketError> {
        let mut notices = self.client.subscribe(|line| match line {
            Unsolicited::Tcp(line) => LookedUp::read(*line).is_some(),
            Unsolicited::PdpDeactivated => true,
            _ => false,
        });
        let deadline = self.client.runtime().now().saturating_add(LOOKING_UP);
        let mut is_asked = false;
        loop {
            match self.client.ask(&CdnsGip { host }).await {
                // It is at it still.
                Err(error) if error.is_rejected() && is_asked => {}
                result => {
                    result?;
                }
            }
            is_asked = true;
            if let Some(found) = self.client.within(CHECK, found(&mut notices, host.as_str())).await {
                return found;
            }
            if self.client.runtime().now() >= deadline {
                return Err(SocketError::TimedOut { what: "look-up of the name", limit: LOOKING_UP });
            }
        }
    }
}

/// The addresses of a host, once the module tells them.
async fn found(notices: &mut Notices, name: &str) -> Result<Vec<Ipv4Addr>, SocketError> {
    while let Some(notice) = notices.next().await {
        match notice {
            Notice::Unsolicited(line) => match (line.unsolicited(), LookedUp::read(line.line())) {
                (Unsolicited::PdpDeactivated, _) => return Err(SocketError::ContextLost),
                // Another name is what the line made of it.
                (_, Some(LookedUp::Found { host, addresses })) if host.eq_ignore_ascii_case(name) => {
                    return Ok(addresses.into_iter().flatten().collect());
                }
                (_, Some(LookedUp::Failed(code))) => {
                    return Err(SocketError::NotFound { host: name.to_owned(), code });
                }
                _ => {}
            },
            Notice::Restarted(sign) => return Err(SocketError::Module(Failure::Restarted(sign))),
            Notice::Disconnected(reason) => {
                return Err(SocketError::Module(Failure::Disconnected(reason)));
            }
            _ => {}
        }
    }
    Err(SocketError::Module(Failure::Disconnected(Disconnected::DriverDropped)))
}

/// Connects, and sees that it is connected to where it should be: the line may have damaged the command.
async fn establish(
    link: Link,
    transport: Transport,
    address: Ipv4Addr,
    port: SocketPort,
) -> Result<Socket, SocketError> {
    let refused = || SocketError::Refused { host: address.to_string(), port: port.get() as u16 };
    let mut notices = link.subscribe();
    let text = address.to_string();
    let host = SocketHost::new(&text).map_err(invalid("address"))?;
    let command = CipStart { connection: link.connection(), transport, host, port };
    match link.client.execute(&command).await {
        // Only its result was lost, perhaps.
        Err(error) if error.is_of_the_line() => {}
        result => {
            result?;
        }
    }
    let deadline = link.client.runtime().now().saturating_add(CONNECTING);
    let (mut was_connected, mut may_hold) = (false, false);
    loop {
        match link.hear(&mut notices, CHECK).await? {
            Heard::Event(ConnectionEvent::Failed) => return Err(refused()),
            // A server may close it at once, and what it sent before can be read.
            Heard::Event(ConnectionEvent::Connected | ConnectionEvent::Closed) => was_connected = true,
            Heard::Event(ConnectionEvent::Readable) | Heard::Doubt => may_hold = true,
            _ => continue,
        }
        let status = link.status().await?;
        match status.state {
            ConnectionState::Connecting if link.client.runtime().now() < deadline => {}
            ConnectionState::Connecting => {
                return Err(SocketError::TimedOut { what: "connection", limit: CONNECTING });
            }
            ConnectionState::Initial => return Err(refused()),
            ConnectionState::Closed if !was_connected => return Err(refused()),
            _ if status.peer == Some((address, port.get() as u16)) => {
                return Ok(Socket::new(link, notices, may_hold, transport == Transport::Tcp));
            }
            _ => {
                let damaged = Failure::Malformed(Malformation::Damaged);
                return Err(SocketError::Damaged(Error::of(&command, damaged)));
            }
        }
    }
}

fn checked(host: &str) -> Result<SocketHost<'_>, SocketError> {
    if host.is_empty() {
        return Err(SocketError::NotFound { host: String::new(), code: error::NO_SUCH_NAME });
    }
    SocketHost::new(host).map_err(invalid("host"))
}

fn invalid(what: &'static str) -> impl Fn(InvalidValue) -> SocketError {
    move |reason| SocketError::Invalid { what, reason }
}
