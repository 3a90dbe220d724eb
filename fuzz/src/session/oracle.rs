//! What is true of a result, by what the other side really had.

use bytes::Bytes;
use sim800_emulator::{HttpMethod, Storage};
use sim800_simulation::Network;

use super::task::{Done, Failed, Kind, Stop, Task};

/// What the octets on the line leave open.
#[derive(Clone, Copy, Debug)]
pub(super) struct Doubt {
    /// Nothing has happened that can keep anything from succeeding.
    pub(super) harmless: bool,
    /// Nothing on the line tells what was said in the module's name from what it said: no content is compared.
    pub(super) forged: bool,
    /// A number may have been told without one of its digits.
    pub(super) damaged: bool,
    /// Files on the server became others.
    pub(super) changed: bool,
}

impl Task {
    /// Checks what came of it, beside all the others.
    pub(super) fn judge(
        &self,
        result: Option<Result<Done, Failed>>,
        doubt: &Doubt,
        network: &Network,
        storage: &dyn Storage,
        all: &[Self],
    ) {
        let posts = network.http_requests();
        let posts: Vec<_> = posts
            .iter()
            .filter(|request| request.method == HttpMethod::Post && request.url.ends_with(&self.place()))
            .collect();
        if self.kind == Kind::HttpPost && !doubt.forged {
            assert!(posts.len() <= 1, "{} POSTs for one", posts.len());
        }
        match result {
            None => {}
            Some(Err(Failed(kind, text))) => {
                // Others keep what it wants, or take it away.
                let kept = all.iter().any(|task| matches!(task.stop, Stop::Keep(_)));
                let closed = all.iter().any(|task| task.kind == Kind::CloseBearer);
                // Nothing can begin behind the end of an empty file.
                let is_empty = self.kind == Kind::HttpRange && kind == "status";
                // A line that comes just when a file of the module does is counted for its octets: one that another task waits for is lost,
                // and what is sent by POST is not sent again.
                let is_lost = all.len() > 1 && all.iter().any(|task| task.kind == Kind::FsRead);
                assert!(
                    !doubt.harmless || closed || kept && kind == "busy" || is_empty || is_lost,
                    "{self:?} failed although nothing harmful happened: {kind}, {text}"
                );
            }
            Some(Ok(_)) if doubt.forged => {}
            Some(Ok(done)) => self.compare(done, doubt, network, storage),
        }
    }

    fn place(&self) -> String {
        self.post_url().trim_start_matches("http://").to_owned()
    }

    fn compare(&self, done: Done, doubt: &Doubt, network: &Network, storage: &dyn Storage) {
        let content = self.content();
        match done {
            Done::Read { octets, .. } if self.kind == Kind::FtpList => {
                let listing = String::from_utf8_lossy(&octets);
                // Uploads come and go meanwhile; this one is there all the time.
                let is_there =
                    listing.lines().any(|line| line.split_whitespace().last() == Some(&self.path()[1..]));
                let is_part = !matches!(self.stop, Stop::Never | Stop::After(_));
                assert!(is_there || is_part, "{self:?} misses it in {listing:?}");
            }
            Done::Read { from, octets, is_whole } => {
                let is_of = |content: &Bytes| {
                    let from = from.min(content.len());
                    let rest = content.slice(from..);
                    let range = self.kind == Kind::HttpRange;
                    rest.starts_with(&octets) && (!is_whole || range || octets.len() == rest.len())
                };
                assert!(
                    is_of(&content) || doubt.changed && is_of(&self.changed()),
                    "{self:?}: {} octets instead of {} from {from} on, or other ones",
                    octets.len(),
                    content.len()
                );
            }
            Done::Size(size) => {
                let sizes = [content.len() as u64, self.changed().len() as u64];
                assert!(
                    doubt.damaged || sizes.contains(&size),
                    "{self:?}: a size of {size}, not of {sizes:?}"
                );
            }
            Done::Stored(told) => {
                let told = told.filter(|_| !doubt.damaged);
                assert!(
                    told.is_none_or(|told| told == content.len() as u64),
                    "{self:?}: {told:?} octets stored"
                );
                let stored = match self.kind {
                    Kind::HttpPost => network.resource(&self.post_url()).map(|resource| resource.body),
                    Kind::FsWrite => self.written(storage),
                    _ => network.file(&self.upload_path()),
                };
                let stored = stored.expect("said to be stored, and not there");
                assert!(
                    stored == content,
                    "{self:?}: {} octets stored of {}, or other ones",
                    stored.len(),
                    content.len()
                );
            }
            Done::Nothing => {}
        }
    }
}
