//! One FTP session that the DTE takes part in, from `AT+FTP…` to the line that ends it.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::{Bytes, BytesMut};

use super::kind::Kind;
use crate::agenda::Timer;
use crate::board::{Board, Outcome, Sink, Step};
use crate::config::Grant;
use crate::effect::{Effect, OperationId};
use crate::network::{FtpFailure, NetworkEvent};
use crate::refusal::{Cme, Refusal};

/// The most octets that one `AT+FTPGET=2` reads (manual 12.2.14).
pub(super) const LONGEST_READ: usize = 1460;

/// What `+FTPPUT: 1,1,<max>` allows where the configuration does not say (application note 3.10).
const USUAL_MAXIMUM: u16 = 1360;

/// The phase of a session.
enum Phase {
    /// On its way to the server; the one-shot commands stay here to the end.
    Opening,
    /// Octets come from the server.
    Download(Download),
    /// The DTE may send, at most `max` octets at a time.
    Writable { max: u16 },
    /// The DTE sends.
    Granted,
    /// The network takes what the DTE has sent.
    Sending { left: usize },
    /// The server's confirmation is due.
    Closing,
}

/// The receive side of a download.
#[derive(Default)]
struct Download {
    /// Octets that the DTE has not read.
    buffer: VecDeque<Bytes>,
    held: usize,
    /// What the network may still deliver.
    credit: usize,
    /// Whether `1,1` was ever said; reading is an error before.
    begun: bool,
    /// Whether the DTE knows of the octets in the buffer.
    announced: bool,
    /// Whether the server has sent everything.
    complete: bool,
}

impl Download {
    fn take(&mut self, most: usize) -> Bytes {
        let mut taken = BytesMut::with_capacity(most.min(self.held));
        while let Some(piece) = self.buffer.front_mut() {
            let part = piece.split_to(piece.len().min(most - taken.len()));
            taken.extend_from_slice(&part);
            if piece.is_empty() {
                self.buffer.pop_front();
            }
            if taken.len() == most {
                break;
            }
        }
        self.held -= taken.len();
        taken.freeze()
    }

    /// Lets the network fill the window again, half a window at a time.
    fn grant(&mut self, id: OperationId, board: &mut Board) {
        let window = board.config.ftp_window.max(LONGEST_READ);
        let free = window.saturating_sub(self.held + self.credit);
        if !self.complete && free >= window / 2 {
            self.credit += free;
            board.effect(Effect::Credit { id, octets: free });
        }
    }
}

/// The session that is alive.
pub(crate) struct Session {
    id: OperationId,
    kind: Kind,
    cid: u8,
    phase: Phase,
    /// How often `1,1,<max>` was said.
    rounds: usize,
}

/// Whether the session lives on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub(crate) enum Life {
    Alive,
    Over,
}

impl Session {
    pub(crate) fn begin(id: OperationId, kind: Kind, cid: u8, board: &mut Board) -> Self {
        board.after(board.config.timings.ftp_server, Timer::FtpServer);
        Self { id, kind, cid, phase: Phase::Opening, rounds: 0 }
    }

    pub(crate) fn id(&self) -> OperationId {
        self.id
    }

    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }

    pub(crate) fn cid(&self) -> u8 {
        self.cid
    }

    /// `AT+FTPGET=2,<length>` and `AT+FTPLIST=2,<length>`
    pub(crate) fn read(&mut self, length: usize, board: &mut Board) -> Result<Life, Refusal> {
        let Phase::Download(download) = &mut self.phase else { return Err(Cme::NotAllowed.into()) };
        if !download.begun {
            return Err(Cme::NotAllowed.into());
        }
        let octets = download.take(board.readable(length));
        let is_none = octets.is_empty();
        board.output.payload(&format!("{}: 2,", self.kind.name()), octets, length);
        download.announced = download.held > 0;
        if download.announced {
            board.after(repeat(board), Timer::FtpRepeat);
            board.after(board.config.timings.ftp_neglect, Timer::FtpNeglect);
        } else {
            board.agenda.cancel(Timer::FtpRepeat);
            board.agenda.cancel(Timer::FtpNeglect);
        }
        if download.complete && download.held == 0 {
            let end = format!("{}: 1,0", self.kind.name());
            board.output.unsolicited_after_result(end);
            return Ok(Life::Over);
        }
        // The server's time is running on.
        if !is_none {
            download.grant(self.id, board);
            self.watch_server(board);
        }
        Ok(Life::Alive)
    }

    /// `AT+FTPPUT=2,<length>`
    pub(crate) fn write(&mut self, length: usize, board: &mut Board) -> Outcome {
        let max = match self.phase {
            Phase::Writable { max } => max,
            // The end may be told while octets are still on their way (application note 3.14), but no more of them sent.
            Phase::Sending { .. } if length == 0 => 0,
            _ => return Err(Cme::NotAllowed.into()),
        };
        if length > usize::from(max) {
            return Err(Cme::OutOfRange.into());
        }
        board.agenda.cancel(Timer::FtpNeglect);
        if length == 0 {
            self.phase = Phase::Closing;
            board.effect(Effect::Finish { id: self.id });
            self.watch_server(board);
            return Ok(Step::Done);
        }
        let granted = match board.config.ftp_put_grant {
            Grant::Full => length,
            Grant::AtMost(most) => length.min(usize::from(most.max(1))),
        };
        self.phase = Phase::Granted;
        board.output.count("+FTPPUT: 2,", granted);
        Ok(Step::Input(granted, board.config.timings.ftp_neglect, Sink::FtpPut))
    }

    /// The octets that `AT+FTPPUT=2` was granted have come.
    pub(crate) fn input(&mut self, octets: Bytes, board: &mut Board) -> Result<(), Refusal> {
        if !matches!(self.phase, Phase::Granted) {
            return Err(Cme::NotAllowed.into());
        }
        self.phase = Phase::Sending { left: octets.len() };
        board.effect(Effect::Send { id: self.id, octets });
        self.watch_server(board);
        Ok(())
    }

    /// News from the network.
    pub(crate) fn handle_network(&mut self, event: NetworkEvent, board: &mut Board) -> Life {
        let life = match (&mut self.phase, event) {
            (_, NetworkEvent::FtpFailed(failure)) => {
                self.say_end(failure, board);
                Life::Over
            }
            (Phase::Opening, NetworkEvent::FtpReady) => {
                match self.kind {
                    Kind::Get | Kind::List => {
                        let mut download = Download::default();
                        download.grant(self.id, board);
                        self.phase = Phase::Download(download);
                    }
                    Kind::Put => self.become_writable(board),
                    _ => {}
                }
                Life::Alive
            }
            (Phase::Download(_), NetworkEvent::FtpData(octets)) => self.receive(octets, board),
            (Phase::Download(download), NetworkEvent::FtpDone { .. }) if download.held > 0 => {
                download.complete = true;
                Life::Alive
            }
            (Phase::Sending { left }, NetworkEvent::FtpSent(octets)) => {
                *left = left.saturating_sub(octets);
                if *left == 0 {
                    self.become_writable(board);
                }
                Life::Alive
            }
            (Phase::Opening | Phase::Download(_) | Phase::Closing, NetworkEvent::FtpDone { size }) => {
                let text = match size.filter(|_| self.kind == Kind::Size) {
                    Some(size) => format!("+FTPSIZE: 1,0,{size}"),
                    None => format!("{}: 1,0", self.kind.name()),
                };
                board.output.unsolicited(&text);
                Life::Over
            }
            // The server ends an upload of its own accord.
            (_, NetworkEvent::FtpDone { .. }) => {
                self.say_end(FtpFailure::UPLOAD, board);
                Life::Over
            }
            _ => Life::Alive,
        };
        if life == Life::Alive {
            self.watch_server(board);
        }
        life
    }

    fn receive(&mut self, octets: Bytes, board: &mut Board) -> Life {
        let Phase::Download(download) = &mut self.phase else { return Life::Alive };
        let Some(credit) = download.credit.checked_sub(octets.len()) else {
            // The network has broken its word; the module's memory is what it is.
            board.effect(Effect::Cancel { id: self.id });
            self.say_end(FtpFailure::DOWNLOAD, board);
            return Life::Over;
        };
        if octets.is_empty() {
            return Life::Alive;
        }
        download.credit = credit;
        download.held += octets.len();
        // Small pieces are gathered, so that the queue cannot grow with their number.
        match download.buffer.pop_back() {
            Some(last) if last.len() + octets.len() <= LONGEST_READ => {
                let mut joined = BytesMut::from(last);
                joined.extend_from_slice(&octets);
                download.buffer.push_back(joined.freeze());
            }
            last => download.buffer.extend(last.into_iter().chain([octets])),
        }
        if !download.announced {
            self.announce(board);
            board.after(board.config.timings.ftp_neglect, Timer::FtpNeglect);
        }
        Life::Alive
    }

    /// Tells the DTE that octets wait.
    pub(crate) fn announce(&mut self, board: &mut Board) {
        if let Phase::Download(download) = &mut self.phase {
            download.begun = true;
            download.announced = true;
            board.output.unsolicited(&format!("{}: 1,1", self.kind.name()));
            board.after(repeat(board), Timer::FtpRepeat);
        }
    }

    fn become_writable(&mut self, board: &mut Board) {
        let maxima = &board.config.ftp_put_maxima;
        let max = maxima.get(self.rounds).or_else(|| maxima.last()).copied().unwrap_or(USUAL_MAXIMUM);
        self.rounds += 1;
        self.phase = Phase::Writable { max };
        board.output.unsolicited(&format!("+FTPPUT: 1,1,{max}"));
        board.after(board.config.timings.ftp_neglect, Timer::FtpNeglect);
    }

    /// The server's silence counts only while it is its turn.
    fn watch_server(&self, board: &mut Board) {
        let its_turn = match &self.phase {
            Phase::Opening | Phase::Sending { .. } | Phase::Closing => true,
            Phase::Download(download) => !download.complete && download.credit > 0,
            Phase::Writable { .. } | Phase::Granted => false,
        };
        let limit: Duration = board.config.timings.ftp_server;
        if its_turn {
            board.after(limit, Timer::FtpServer);
        } else {
            board.agenda.cancel(Timer::FtpServer);
        }
    }

    fn say_end(&self, failure: FtpFailure, board: &mut Board) {
        board.output.unsolicited(&self.kind.failed(failure));
    }
}

/// Never zero: time has to pass between two lines.
fn repeat(board: &Board) -> Duration {
    board.config.timings.ftp_repeat.max(Duration::from_millis(1))
}
