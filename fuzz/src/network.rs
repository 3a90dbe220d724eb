//! A network that obliges.

use std::collections::{HashMap, VecDeque};

use bytes::Bytes;
use sim800_emulator::{Effect, FtpAction, HttpMethod, NetworkEvent, OperationId};

/// What a server says before a body.
const HEAD: &[u8] = b"HTTP/1.1 200 OK\r\nServer: a\r\nContent-Type: text/plain\r\n\r\n";

/// What all clocks show: some time in 2025.
const TIME: u64 = 800_000_000;

/// Has one file, takes all that it is given, and never fails.
#[derive(Default)]
pub(crate) struct Network {
    pub(crate) content: Bytes,
    pub(crate) stored: Vec<u8>,
    download: Option<(OperationId, Bytes)>,
    /// What the servers of sockets have left to say.
    sockets: HashMap<OperationId, Bytes>,
    pub(crate) events: VecDeque<(OperationId, NetworkEvent)>,
}

impl Network {
    pub(crate) fn serving(content: Bytes) -> Self {
        Self { content, ..Self::default() }
    }

    pub(crate) fn take(&mut self, effect: Effect) {
        match effect {
            Effect::Http { id, request } => {
                self.stored = request.body.to_vec();
                let body =
                    if request.method == HttpMethod::Get { self.content.clone() } else { Bytes::new() };
                self.tell(id, NetworkEvent::HttpDone { status: 200, head: Bytes::from_static(HEAD), body });
            }
            Effect::Ftp { id, request } => {
                self.stored.clear();
                match request.action {
                    FtpAction::Get | FtpAction::List => {
                        self.download = Some((id, self.content.clone()));
                        self.tell(id, NetworkEvent::FtpReady);
                    }
                    FtpAction::Put(_) => self.tell(id, NetworkEvent::FtpReady),
                    FtpAction::Size => {
                        let size = Some(self.content.len() as u64);
                        self.tell(id, NetworkEvent::FtpDone { size });
                    }
                    _ => self.tell(id, NetworkEvent::FtpDone { size: None }),
                }
            }
            Effect::Socket { id, request } => {
                self.sockets.insert(id, self.content.clone());
                let remote = ([127, 0, 0, 1], request.port).into();
                self.tell(id, NetworkEvent::SocketOpen { remote });
            }
            Effect::Credit { id, octets } => match self.sockets.get_mut(&id) {
                None => self.deliver(id, octets),
                Some(rest) if rest.is_empty() => {}
                Some(rest) => {
                    let said = rest.split_to(octets.min(rest.len()));
                    self.tell(id, NetworkEvent::SocketData(said));
                }
            },
            Effect::Send { id, octets } => {
                let len = octets.len();
                self.stored.extend_from_slice(&octets);
                let is_socket = self.sockets.contains_key(&id);
                self.tell(
                    id,
                    if is_socket { NetworkEvent::SocketSent(len) } else { NetworkEvent::FtpSent(len) },
                );
            }
            Effect::Finish { id } if self.sockets.remove(&id).is_some() => {
                self.tell(id, NetworkEvent::SocketClosed)
            }
            Effect::Finish { id } => self.tell(id, NetworkEvent::FtpDone { size: None }),
            Effect::Resolve { id, .. } => {
                self.tell(id, NetworkEvent::Addresses(vec![[127, 0, 0, 1].into()]));
            }
            Effect::Time { id, .. } => self.tell(id, NetworkEvent::Time(Some(TIME))),
            Effect::Cancel { id } => {
                self.sockets.remove(&id);
                self.download.take_if(|(download, _)| *download == id);
            }
        }
    }

    fn deliver(&mut self, id: OperationId, credit: usize) {
        let Some((_, mut rest)) = self.download.take_if(|(download, _)| *download == id) else { return };
        let octets = rest.split_to(credit.min(rest.len()));
        self.tell(id, NetworkEvent::FtpData(octets));
        if rest.is_empty() {
            self.tell(id, NetworkEvent::FtpDone { size: None });
        } else {
            self.download = Some((id, rest));
        }
    }

    fn tell(&mut self, id: OperationId, event: NetworkEvent) {
        self.events.push_back((id, event));
    }
}
