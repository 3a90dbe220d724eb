//! A network that obliges.

use std::collections::VecDeque;

use bytes::Bytes;
use sim800_emulator::{Effect, FtpAction, HttpMethod, NetworkEvent, OperationId};

/// Has one file, takes all that it is given, and never fails.
#[derive(Default)]
pub(crate) struct Network {
    pub(crate) content: Bytes,
    pub(crate) stored: Vec<u8>,
    download: Option<(OperationId, Bytes)>,
    pub(crate) events: VecDeque<(OperationId, NetworkEvent)>,
}

impl Network {
    pub(crate) fn take(&mut self, effect: Effect) {
        match effect {
            Effect::Http { id, request } => {
                self.stored = request.body.to_vec();
                let body =
                    if request.method == HttpMethod::Get { self.content.clone() } else { Bytes::new() };
                self.tell(id, NetworkEvent::HttpDone { status: 200, head: Bytes::new(), body });
            }
            Effect::Ftp { id, request } => {
                self.stored.clear();
                if request.action == FtpAction::Get {
                    self.download = Some((id, self.content.clone()));
                }
                self.tell(id, NetworkEvent::FtpReady);
            }
            Effect::Credit { id, octets } => self.deliver(id, octets),
            Effect::Send { id, octets } => {
                self.stored.extend_from_slice(&octets);
                self.tell(id, NetworkEvent::FtpSent(octets.len()));
            }
            Effect::Finish { id } => self.tell(id, NetworkEvent::FtpDone { size: None }),
            // The commands of these targets open none of these.
            Effect::Socket { .. } | Effect::Resolve { .. } | Effect::Time { .. } => {}
            Effect::Cancel { .. } => self.download = None,
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
