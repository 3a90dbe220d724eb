//! One module's work: transfers one after the other, most of them disturbed.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::future::{Either, select};
use futures::{Stream, TryStreamExt};
use http::{Method, Request};
use sim800_emulator::{Damage, Fault, Place};
use sim800_session::{Bearer, Body, Client, Ftp, FtpError, Http, HttpError, HttpOptions, Profile};
use smol::channel::Sender;

use crate::dice::Dice;
use crate::servers::Servers;
use crate::shift::Shift;
use crate::tally::{Outcome, Tally};

/// No transfer may take so long, whatever was done to it.
const LIMIT: Duration = Duration::from_secs(300);
/// As short as the module has it.
const HTTP_TIMEOUT: Duration = Duration::from_secs(30);

/// A module and what is done with it.
#[derive(Debug)]
pub(crate) struct Modem {
    pub(crate) number: usize,
    pub(crate) client: Client,
    pub(crate) faults: Sender<Fault>,
    pub(crate) servers: Arc<Servers>,
    pub(crate) tally: Arc<Tally>,
    pub(crate) shift: Arc<Shift>,
    pub(crate) dice: Dice,
    /// The longest time between two transfers.
    pub(crate) pause: Duration,
}

/// What a transfer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Job {
    GetSmall,
    GetLarge,
    Post,
    FtpGet,
    FtpPut,
    FtpSize,
    FtpList,
}

impl Job {
    const ALL: [Self; 7] = [
        Self::GetSmall,
        Self::GetLarge,
        Self::Post,
        Self::FtpGet,
        Self::FtpPut,
        Self::FtpSize,
        Self::FtpList,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::GetSmall => "HTTP GET, small",
            Self::GetLarge => "HTTP GET, large",
            Self::Post => "HTTP POST",
            Self::FtpGet => "FTP get",
            Self::FtpPut => "FTP put",
            Self::FtpSize => "FTP size",
            Self::FtpList => "FTP list",
        }
    }
}

impl Modem {
    /// Brings the module up, and works until it is told that it is over; after a failure it is brought up again, as every
    /// application would. What state the module is in at the end of one transfer, the next one begins with.
    pub(crate) async fn work(mut self) {
        let shift = Arc::clone(&self.shift);
        let mut exact = 0_u64;
        let mut ready = None;
        // First all of them: what a session and its module keep for each is there before memory is judged.
        let mut first = Job::ALL.iter().copied();
        while let Some(_work) = shift.work().await {
            let Some(bearer) = ready.take() else {
                self.tally.note(self.number, "start-up");
                match self.bring_up().await {
                    Ok(bearer) => ready = Some(bearer),
                    Err(failed) => self.tally.record(self.number, "start-up", failed),
                }
                continue;
            };
            let pause = self.dice.below(self.pause.as_millis() as u64 + 1);
            self.pause(Duration::from_millis(pause)).await;
            let job = first.next().unwrap_or_else(|| self.dice.one_of(&Job::ALL));
            self.tally.note(self.number, job.name());
            let outcome = self.disturbed(&bearer, job).await;
            if let Outcome::Exact(_) = outcome {
                exact += 1;
                ready = Some(bearer);
            }
            self.tally.record(self.number, job.name(), outcome);
        }
        if exact == 0 {
            self.tally.blame(format!("module {}: not one transfer was exact", self.number));
        }
    }

    async fn bring_up(&self) -> Result<Bearer, Outcome> {
        self.client.start_up().await.map_err(|error| Outcome::Failed(error.kind().as_str(), error.code()))?;
        let opened = Bearer::open(&self.client, &Profile::new("internet")).await;
        opened.map_err(|error| Outcome::Failed(error.kind().as_str(), error.code()))
    }

    /// Does a job while something goes wrong with the module.
    async fn disturbed(&mut self, bearer: &Bearer, job: Job) -> Outcome {
        let mut dice = self.dice.fork();
        let plan = self.plan(job);
        let modem: &Self = self;
        let work = pin!(modem.carry_out(bearer, job, &mut dice));
        let disturbance = pin!(modem.disturb(plan));
        let outcome = match select(work, disturbance).await {
            Either::Left((outcome, _)) => outcome,
            Either::Right(((), work)) => {
                let expired = pin!(modem.pause(LIMIT));
                match select(work, expired).await {
                    Either::Left((outcome, _)) => outcome,
                    Either::Right(_) => Outcome::Hung,
                }
            }
        };
        // Nothing of it is left for the next one; a module that fell silent comes back.
        let last = if plan.is_some_and(|plan| plan.1 == Trouble::Silence) {
            Fault::Restart { announced: true }
        } else {
            Fault::Over
        };
        self.cause(last).await;
        outcome
    }

    /// What goes wrong, and when: with two of three jobs something does.
    fn plan(&mut self, job: Job) -> Option<(Duration, Trouble)> {
        let trouble = match self.dice.below(12) {
            0..4 => return None,
            // A number that lost a digit is another number: nothing else tells the size of a file.
            4..7 if job == Job::FtpSize => Trouble::Line,
            4..7 => Trouble::LostOctet { after: self.dice.below(3000) },
            7 => Trouble::Restart { announced: true },
            8 => Trouble::Restart { announced: false },
            9 => Trouble::BearerLost,
            10 => Trouble::Silence,
            _ => Trouble::Line,
        };
        Some((Duration::from_millis(self.dice.below(5000)), trouble))
    }

    async fn disturb(&self, plan: Option<(Duration, Trouble)>) {
        let Some((delay, trouble)) = plan else { return };
        self.pause(delay).await;
        self.tally.record_fault(trouble.name());
        match trouble {
            Trouble::LostOctet { after } => self.cause(Fault::Damage { after, damage: Damage::Drop }).await,
            Trouble::Restart { announced } => self.cause(Fault::Restart { announced }).await,
            Trouble::BearerLost => self.cause(Fault::BearerLost { cid: 1 }).await,
            Trouble::Silence => {
                self.cause(Fault::Silence).await;
                self.pause(Duration::from_secs(4)).await;
                self.cause(Fault::Restart { announced: true }).await;
            }
            Trouble::Line => {
                self.cause(Fault::Inject { place: Place::BeforeResult, text: "RING".into() }).await;
            }
        }
    }

    async fn cause(&self, fault: Fault) {
        // A module that is gone has no faults any more.
        let _ = self.faults.send(fault).await;
    }

    async fn pause(&self, time: Duration) {
        let runtime = self.client.runtime();
        runtime.sleep_until(runtime.now() + time).await;
    }

    async fn carry_out(&self, bearer: &Bearer, job: Job, dice: &mut Dice) -> Outcome {
        let servers = &self.servers;
        let ftp = Ftp::new(bearer, servers.account());
        match job {
            Job::GetSmall => self.get(bearer, Servers::small(dice)).await.unwrap_or_else(http_failure),
            Job::GetLarge => self.get(bearer, Servers::large(dice)).await.unwrap_or_else(http_failure),
            Job::Post => {
                let body = servers.upload(dice, 8000);
                self.post(bearer, body).await.unwrap_or_else(http_failure)
            }
            Job::FtpGet => {
                let n = if dice.below(2) == 0 { Servers::small(dice) } else { Servers::large(dice) };
                let fetched = async {
                    let download = ftp.get(&Servers::path(n)).await?;
                    compare(download, servers.file(n)).await
                };
                fetched.await.unwrap_or_else(ftp_failure)
            }
            Job::FtpPut => {
                let octets = servers.upload(dice, Servers::UPLOAD);
                let put = ftp.put(&Servers::upload_path(self.number), &octets[..]).await;
                let stored = servers.take_upload(self.number);
                match (put, stored) {
                    (Err(error), _) => ftp_failure(error),
                    (Ok(_), Some(stored)) if stored == octets => Outcome::Exact(octets.len() as u64),
                    (Ok(count), stored) => {
                        let stored = stored.map(|stored| stored.len());
                        let length = octets.len();
                        Outcome::Wrong(format!(
                            "sent {length}, said to be {count}, stored {stored:?} other octets"
                        ))
                    }
                }
            }
            Job::FtpSize => {
                let n = Servers::large(dice);
                match ftp.size(&Servers::path(n)).await {
                    Err(error) => ftp_failure(error),
                    Ok(size) if size == servers.file(n).len() as u64 => Outcome::Exact(0),
                    Ok(size) => Outcome::Wrong(format!("{size} instead of {}", servers.file(n).len())),
                }
            }
            Job::FtpList => {
                let listed = async {
                    let mut pieces = ftp.list("/names/").await?;
                    let mut text = Vec::new();
                    while let Some(piece) = pieces.try_next().await? {
                        text.extend_from_slice(&piece);
                    }
                    Ok(text)
                };
                match listed.await {
                    Err(error) => ftp_failure(error),
                    Ok(text) => {
                        let text = String::from_utf8_lossy(&text);
                        let names = text.lines().filter_map(|line| line.split(' ').next_back());
                        if names.eq(Servers::names()) {
                            Outcome::Exact(text.len() as u64)
                        } else {
                            Outcome::Wrong(format!("{} octets: {text:.200}", text.len()))
                        }
                    }
                }
            }
        }
    }

    async fn get(&self, bearer: &Bearer, n: usize) -> Result<Outcome, HttpError> {
        let body = self.send(bearer, Method::GET, &Servers::path(n), Bytes::new()).await?;
        compare(body, self.servers.file(n)).await
    }

    async fn post(&self, bearer: &Bearer, octets: Bytes) -> Result<Outcome, HttpError> {
        let body = self.send(bearer, Method::POST, "/echo", octets.clone()).await?;
        compare(body, octets).await
    }

    async fn send(
        &self,
        bearer: &Bearer,
        method: Method,
        path: &str,
        body: Bytes,
    ) -> Result<Body, HttpError> {
        let request = Request::builder().method(method).uri(self.servers.http.url(path)).body(body);
        let mut options = HttpOptions::default();
        options.timeout = HTTP_TIMEOUT;
        let http = Http::new(bearer).with_options(options);
        let response = http.send(request.expect("a URL of the server")).await?;
        if response.status().is_success() {
            return Ok(response.into_body());
        }
        self.tally.blame(format!("module {}: {path}: status {}", self.number, response.status()));
        Ok(response.into_body())
    }
}

/// Compares what comes with what is expected, and keeps nothing of it.
async fn compare<E>(
    mut pieces: impl Stream<Item = Result<Bytes, E>> + Unpin,
    expected: Bytes,
) -> Result<Outcome, E> {
    let mut rest = &expected[..];
    let position = |rest: &[u8]| expected.len() - rest.len();
    while let Some(piece) = pieces.try_next().await? {
        match rest.strip_prefix(&piece[..]) {
            Some(after) => rest = after,
            None => {
                let at = position(rest);
                return Ok(Outcome::Wrong(format!(
                    "of {} octets, those from {at} on differ",
                    expected.len()
                )));
            }
        }
    }
    if !rest.is_empty() {
        return Ok(Outcome::Wrong(format!("{} of {} octets are all", position(rest), expected.len())));
    }
    Ok(Outcome::Exact(expected.len() as u64))
}

fn http_failure(error: HttpError) -> Outcome {
    Outcome::Failed(error.kind().as_str(), error.code())
}

fn ftp_failure(error: FtpError) -> Outcome {
    Outcome::Failed(error.kind().as_str(), error.code())
}

/// What goes wrong with a module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trouble {
    LostOctet { after: u64 },
    Restart { announced: bool },
    BearerLost,
    Silence,
    Line,
}

impl Trouble {
    const fn name(self) -> &'static str {
        match self {
            Self::LostOctet { .. } => "lost octet",
            Self::Restart { announced: true } => "restart",
            Self::Restart { announced: false } => "silent restart",
            Self::BearerLost => "bearer lost",
            Self::Silence => "silence",
            Self::Line => "unsolicited line",
        }
    }
}
