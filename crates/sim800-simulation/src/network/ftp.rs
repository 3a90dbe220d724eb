//! An FTP server in memory.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::{Buf, Bytes, BytesMut};
use sim800_emulator::{FtpAction, FtpFailure, FtpRequest, NetworkEvent, OperationId, PutOption};

use super::{Manner, Mishap, State};

/// The most octets of a download that come at once: about a TCP segment.
const PIECE: usize = 1460;

/// A transfer that is under way.
#[derive(Debug)]
pub(super) struct Session {
    /// When the data connection is open.
    ready: Duration,
    /// Where it breaks, or stands still for good.
    end: Option<(u64, Option<FtpFailure>)>,
    /// How much later the server confirms an upload, if it does.
    confirmation: Option<Duration>,
    transfer: Transfer,
}

#[derive(Debug)]
enum Transfer {
    Download {
        rest: Bytes,
        credit: usize,
    },
    /// Of which `before` octets were there, and `lost` at most of the others are not stored.
    Upload {
        path: String,
        octets: BytesMut,
        before: usize,
        lost: usize,
    },
}

impl Session {
    fn is_upload(&self) -> bool {
        matches!(self.transfer, Transfer::Upload { .. })
    }
}

impl State {
    pub(super) fn ftp(&mut self, now: Duration, id: OperationId, request: FtpRequest) {
        let action = request.action.clone();
        let mishap = self.mishap(|mishap| match mishap {
            Mishap::Ftp { after, .. } => *after == 0 || is_transfer(&action),
            Mishap::FtpStall { .. } => is_transfer(&action),
            Mishap::Unconfirmed { .. } | Mishap::SetBack { .. } => matches!(action, FtpAction::Put(_)),
            _ => false,
        });
        let ready = now + self.latency;
        let end = match mishap {
            Some(Mishap::Ftp { after, failure }) => Some((after, Some(failure))),
            Some(Mishap::FtpStall { after }) => Some((after, None)),
            Some(Mishap::SetBack { after, .. }) => Some((after, Some(FtpFailure::NETWORK))),
            _ => None,
        };
        let confirmation = match mishap {
            Some(Mishap::Unconfirmed { by }) => by,
            _ => Some(Duration::ZERO),
        };
        let mut outcome = self.open(&request, end.and_then(|(_, failure)| failure));
        if let (
            Some(Mishap::SetBack { lost: loss, .. }),
            Ok(Opened::Transfer(Transfer::Upload { lost, .. })),
        ) = (mishap, &mut outcome)
        {
            *lost = loss;
        }
        self.ftp_requests.push(request);
        if mishap == Some(Mishap::Silence) {
            return;
        }
        match outcome {
            Ok(Opened::Transfer(transfer)) => {
                self.sessions.insert(id, Session { ready, end, confirmation, transfer });
                self.tell(ready, id, NetworkEvent::FtpReady);
                self.deliver(now, id);
            }
            Ok(Opened::Done { size }) => {
                let late = if size.is_some() { self.lateness() } else { Duration::ZERO };
                self.tell(ready + late, id, NetworkEvent::FtpDone { size });
            }
            Err(failure) => self.tell(ready, id, NetworkEvent::FtpFailed(failure)),
        }
    }

    /// More of a download is welcome.
    pub(super) fn grant(&mut self, now: Duration, id: OperationId, octets: usize) {
        if let Some(Session { transfer: Transfer::Download { credit, .. }, .. }) = self.sessions.get_mut(&id)
        {
            *credit = credit.saturating_add(octets);
            self.deliver(now, id);
        }
    }

    /// Octets of an upload.
    pub(super) fn receive(&mut self, now: Duration, id: OperationId, sent: Bytes) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        let Transfer::Upload { octets, before, lost, .. } = &mut session.transfer else { return };
        if let Some((after, failure)) = &mut session.end {
            let passed = sent.len().min(usize::try_from(*after).unwrap_or(usize::MAX));
            *after -= passed as u64;
            if passed < sent.len() {
                octets.extend_from_slice(&sent[..passed]);
                if let Some(failure) = *failure {
                    octets.truncate(octets.len().saturating_sub(*lost).max(*before));
                    self.end(id);
                    self.tell(now, id, NetworkEvent::FtpFailed(failure));
                }
                return;
            }
        }
        octets.extend_from_slice(&sent);
        self.tell(now, id, NetworkEvent::FtpSent(sent.len()));
    }

    /// A session is over. What has come of an upload stays, as on most servers.
    pub(super) fn end(&mut self, id: OperationId) {
        let Some(Session { transfer: Transfer::Upload { path, octets, .. }, .. }) = self.sessions.remove(&id)
        else {
            return;
        };
        if self.has(Manner::UploadsRenamed) {
            self.files.insert(format!("{path}.part"), octets.freeze());
        } else if !self.has(Manner::UploadsAside) {
            self.files.insert(path, octets.freeze());
        }
    }

    /// An upload is complete.
    pub(super) fn finish(&mut self, now: Duration, id: OperationId) {
        if !self.sessions.get(&id).is_some_and(Session::is_upload) {
            return;
        }
        let Some(Session {
            transfer: Transfer::Upload { path, mut octets, before, .. }, confirmation, ..
        }) = self.sessions.remove(&id)
        else {
            return;
        };
        if self.has(Manner::UploadsHalved) {
            octets.truncate(before + (octets.len() - before) / 2);
        }
        let time = confirmation.map(|late| now + self.latency + late);
        if let Some(time) = time {
            self.tell(time, id, NetworkEvent::FtpDone { size: None });
        }
        if !self.has(Manner::UploadsAside) {
            self.files.insert(path, octets.freeze());
        } else if let Some(time) = time {
            self.aside.push((time, path, octets.freeze()));
        }
    }

    /// Stores the uploads that were confirmed by now.
    pub(super) fn confirm(&mut self, now: Duration) {
        let confirmed = self.aside.extract_if(.., |(time, ..)| *time <= now);
        self.files.extend(confirmed.map(|(_, path, octets)| (path, octets)));
    }

    fn has(&self, manner: Manner) -> bool {
        self.manners.contains(&manner)
    }

    /// How much later than others sizes are told.
    fn lateness(&self) -> Duration {
        let by = self.manners.iter().find_map(|manner| match manner {
            Manner::SizesLate { by } => Some(*by),
            _ => None,
        });
        by.unwrap_or_default()
    }

    /// Sends as much of a download as there is credit for.
    fn deliver(&mut self, now: Duration, id: OperationId) {
        while let Some(session) = self.sessions.get_mut(&id) {
            let Transfer::Download { rest, credit } = &mut session.transfer else { return };
            let time = now.max(session.ready);
            let left =
                session.end.map_or(usize::MAX, |(after, _)| usize::try_from(after).unwrap_or(usize::MAX));
            let end = match session.end {
                Some((0, Some(failure))) => Some(NetworkEvent::FtpFailed(failure)),
                Some((0, None)) => return,
                _ if rest.is_empty() => Some(NetworkEvent::FtpDone { size: None }),
                _ => None,
            };
            if let Some(end) = end {
                self.sessions.remove(&id);
                return self.tell(time, id, end);
            }
            let length = rest.len().min(PIECE).min(left).min(*credit);
            if length == 0 {
                return;
            }
            let piece = rest.split_to(length);
            *credit -= length;
            if let Some((after, _)) = &mut session.end {
                *after -= length as u64;
            }
            self.tell(time, id, NetworkEvent::FtpData(piece));
        }
    }

    /// What is in a directory: names, and the sizes of those that are files.
    fn children(&self, directory: &str) -> BTreeMap<String, Option<usize>> {
        let files = self.files.iter().map(|(path, octets)| (path, Some(octets.len())));
        let directories = self.directories.iter().map(|path| (path, None));
        files
            .chain(directories)
            .filter_map(|(path, size)| {
                let below = path.strip_prefix(directory)?.strip_prefix('/')?;
                Some(match below.split_once('/') {
                    Some((name, _)) => (name.to_owned(), None),
                    None => (below.to_owned(), size),
                })
            })
            .collect()
    }

    pub(super) fn has_directory(&self, path: &str) -> bool {
        path.is_empty() || self.directories.contains(path) || !self.children(path).is_empty()
    }

    /// What `LIST` says about a directory, or about a file.
    fn list(&self, path: &str) -> Bytes {
        let lines: String = match (self.files.get(path), path.rsplit_once('/')) {
            (Some(octets), Some((_, name))) => line(name, Some(octets.len())),
            _ => self.children(path).into_iter().map(|(name, size)| line(&name, size)).collect(),
        };
        lines.into()
    }

    /// Logs in and begins.
    fn open(&mut self, request: &FtpRequest, failure: Option<FtpFailure>) -> Result<Opened, FtpFailure> {
        if let Some((user, password)) = &self.login {
            if *user != request.user {
                return Err(FtpFailure::USER);
            }
            if *password != request.password {
                return Err(FtpFailure::PASSWORD);
            }
        }
        let path = absolute(&request.path, &request.name);
        if let Some(failure) = failure.filter(|_| !is_transfer(&request.action)) {
            return Err(failure);
        }
        let mut size = None;
        match &request.action {
            FtpAction::Get => {
                let mut rest = self.files.get(&path).cloned().ok_or(FtpFailure::DOWNLOAD)?;
                let offset = usize::try_from(request.rest).unwrap_or(usize::MAX);
                if offset > rest.len() {
                    return Err(FtpFailure::REST);
                }
                rest.advance(offset);
                for manner in &self.manners {
                    if let Manner::DownloadsCut { after } = manner {
                        rest.truncate(usize::try_from(*after).unwrap_or(usize::MAX));
                    }
                }
                return Ok(Opened::Transfer(Transfer::Download { rest, credit: 0 }));
            }
            FtpAction::List => {
                let rest = self.list(&absolute(&request.path, ""));
                return Ok(Opened::Transfer(Transfer::Download { rest, credit: 0 }));
            }
            FtpAction::Put(option) => {
                let mut octets = BytesMut::new();
                let mut path = path;
                match option {
                    PutOption::Stor => {}
                    PutOption::Appe => {
                        octets.extend_from_slice(self.files.get(&path).unwrap_or(&Bytes::new()))
                    }
                    PutOption::Stou => {
                        let unique = (1..).map(|number| format!("{path}.{number}"));
                        let mut names = std::iter::once(path.clone()).chain(unique);
                        path = names.find(|name| !self.files.contains_key(name)).unwrap_or_default();
                    }
                }
                let before = octets.len();
                return Ok(Opened::Transfer(Transfer::Upload { path, octets, before, lost: 0 }));
            }
            FtpAction::Size if self.has(Manner::SizesRefused) => return Err(FtpFailure::OPERATE),
            FtpAction::Size => {
                size = Some(self.files.get(&path).ok_or(FtpFailure::OPERATE)?.len() as u64);
            }
            FtpAction::Delete => {
                self.files.remove(&path).ok_or(FtpFailure::OPERATE)?;
            }
            FtpAction::MakeDirectory => {
                let directory = absolute(&request.path, "");
                if self.files.contains_key(&directory) || self.has_directory(&directory) {
                    return Err(FtpFailure::OPERATE);
                }
                self.directories.insert(directory);
            }
            FtpAction::RemoveDirectory => {
                let directory = absolute(&request.path, "");
                if !self.children(&directory).is_empty() || !self.directories.remove(&directory) {
                    return Err(FtpFailure::OPERATE);
                }
            }
            FtpAction::Rename { to_path, to_name } => {
                let octets = self.files.remove(&path).ok_or(FtpFailure::OPERATE)?;
                self.files.insert(absolute(to_path, to_name), octets);
            }
        }
        Ok(Opened::Done { size })
    }
}

enum Opened {
    Transfer(Transfer),
    Done { size: Option<u64> },
}

/// Whether it moves a file, over a data connection.
fn is_transfer(action: &FtpAction) -> bool {
    matches!(action, FtpAction::Get | FtpAction::List | FtpAction::Put(_))
}

/// A path from the root, where every session begins; without a slash at its end.
fn absolute(path: &str, name: &str) -> String {
    let segments = path.split('/').chain(name.split('/')).filter(|segment| !segment.is_empty());
    segments.map(|segment| format!("/{segment}")).collect()
}

/// A line of a listing, in the usual form.
fn line(name: &str, size: Option<usize>) -> String {
    let mode = if size.is_some() { "-rw-r--r--   1" } else { "drwxr-xr-x   2" };
    format!("{mode} ftp      ftp      {:>8} Jan  1  2020 {name}\r\n", size.unwrap_or(4096))
}
