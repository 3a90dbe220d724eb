//! One module at work: it is brought up, takes one job after the other, and is rested when it fails.

use std::sync::Arc;
use std::time::Duration;

use sim800_fleet_job::{ModuleState, Place};
use sim800_fleet_store::{Bell, Delivery, Queue, Store};
use tokio::sync::watch;

use crate::board::Board;
use crate::claim::{Claim, End};
use crate::config::Module;
use crate::failing::{Failing, Hope, words};
use crate::folder::Folder;
use crate::line::Line;
use crate::log::log;
use crate::looks::Looks;
use crate::metrics::Metrics;
use crate::part;
use crate::perform::Attempt;
use crate::secrets::Secrets;

/// How long an idle module waits for the bell before it looks by itself, unless another one of this worker has.
const LOOK: Duration = Duration::from_secs(10);
/// How many times it does before it looks everywhere, and is asked how it stands.
const LOOKS: u32 = 6;
/// Before the server is asked again that did not answer.
const PAUSE: Duration = Duration::from_secs(1);
/// How long the server may take to hear what became of jobs when the worker has to end.
const LAST_WORDS: Duration = Duration::from_secs(10);
/// The longest that a failing module is left alone; the first time it is a second.
const REST_MAX: Duration = Duration::from_secs(300);

/// What the modules of a worker share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) worker: String,
    pub(crate) store: Store,
    pub(crate) folder: Folder,
    pub(crate) secrets: Secrets,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) looks: Looks,
}

/// How far the end is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    Work,
    /// No job is begun any more.
    Drain,
    /// No job goes on any more.
    Stop,
}

/// What an idle module wakes of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Waking {
    Rung,
    Time,
    /// The line is gone.
    Gone,
}

/// Waits for a phase.
pub(crate) async fn reached(phase: &watch::Receiver<Phase>, awaited: Phase) {
    // Without a sender the worker is ending as well.
    let _ = phase.clone().wait_for(|phase| *phase >= awaited).await;
}

/// One module.
#[derive(Debug)]
pub(crate) struct Post {
    module: Module,
    shared: Arc<Shared>,
    phase: watch::Receiver<Phase>,
    board: Board,
    /// Failures since the last job that succeeded.
    failures: u32,
}

impl Post {
    pub(crate) fn new(module: Module, shared: Arc<Shared>, phase: watch::Receiver<Phase>) -> Self {
        let meter = shared.metrics.meter(&module.name);
        let groups = module.groups.iter().cloned().collect();
        let board = Board::new(&shared.store, meter, &shared.worker, &module.name, groups);
        Self { module, shared, phase, board, failures: 0 }
    }

    /// Works until the worker is to end.
    pub(crate) async fn work(mut self) {
        while !self.is_over() {
            self.board.show(ModuleState::Starting);
            let cause = tokio::select! {
                () = reached(&self.phase, Phase::Drain) => break,
                opened = Line::open(&self.module, &self.shared.secrets, &self.board.meter.retries) => match opened {
                    Ok((line, info)) => {
                        self.board.stands(&info);
                        log(format_args!("{}: ready", self.module.name));
                        self.serve(line, info.operator.as_deref()).await
                    }
                    Err(error) => Some(words(error.as_ref())),
                },
            };
            let Some(cause) = cause else { break };
            self.rest(cause).await;
        }
        self.board.leave().await;
    }

    fn is_over(&self) -> bool {
        *self.phase.borrow() != Phase::Work
    }

    async fn rest(&mut self, cause: String) {
        let pause = rest(self.failures);
        self.failures = self.failures.saturating_add(1);
        self.board.meter.rested();
        log(format_args!("{}: rests for {} s: {cause}", self.module.name, pause.as_secs()));
        self.board.show(ModuleState::Resting { cause, seconds: pause.as_secs() });
        tokio::select! {
            () = reached(&self.phase, Phase::Drain) => {}
            () = tokio::time::sleep(pause) => {}
        }
    }

    /// Takes jobs until the worker is to end, or until the module fails: then why.
    async fn serve(&mut self, mut line: Line, operator: Option<&str>) -> Option<String> {
        let mut places = vec![Place::Module(self.module.name.clone())];
        places.extend(self.module.groups.iter().cloned().map(Place::Group));
        places.extend(operator.and_then(Place::operator));
        places.push(Place::Any);
        let shared: Vec<Place> = places.get(1..).unwrap_or_default().to_vec();
        let mut queue = Queue::new(&self.shared.store);
        let mut bell = None;
        let mut looks = 0;
        let mut wanted = places.clone();
        while !self.is_over() {
            match queue.next(&wanted).await {
                Ok(Some(delivery)) => {
                    bell = None;
                    looks = 0;
                    wanted.clone_from(&places);
                    if let Some(cause) = self.take(delivery, &line).await {
                        line.close().await;
                        return Some(cause);
                    }
                    self.board.show(ModuleState::Idle);
                }
                Ok(None) => {
                    self.board.show(ModuleState::Idle);
                    // What came before there was a bell nobody would hear.
                    let Some(bell) = &mut bell else {
                        bell = self.shared.store.listen(&places).await.ok();
                        continue;
                    };
                    let waking = self.idle(bell, &mut line).await;
                    looks += u32::from(waking == Waking::Time);
                    let everywhere = waking != Waking::Time || looks % LOOKS == 0;
                    wanted = if everywhere { places.clone() } else { self.shared.looks.due(&shared, LOOK) };
                    let cause = match waking {
                        Waking::Gone => Some("the line is gone".to_owned()),
                        Waking::Time if everywhere => self.ask(&line).await,
                        Waking::Time | Waking::Rung => None,
                    };
                    if cause.is_some() {
                        line.close().await;
                        return cause;
                    }
                }
                Err(_) => tokio::time::sleep(PAUSE).await,
            }
        }
        line.close().await;
        None
    }

    /// Asks the module how it stands; why it does not say so.
    async fn ask(&self, line: &Line) -> Option<String> {
        match line.info().await {
            Ok(info) => {
                self.board.stands(&info);
                None
            }
            Err(error) => Some(words(&error)),
        }
    }

    /// Waits until there may be something to do.
    async fn idle(&self, bell: &mut Bell, line: &mut Line) -> Waking {
        tokio::select! {
            () = line.gone() => Waking::Gone,
            () = bell.ring() => Waking::Rung,
            () = reached(&self.phase, Phase::Drain) => Waking::Time,
            () = tokio::time::sleep(LOOK) => Waking::Time,
        }
    }

    /// Has the server told something, for as long as that takes, but not for ever when the worker has to end.
    async fn unless_over<T>(&self, telling: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            told = telling => Some(told),
            () = async {
                reached(&self.phase, Phase::Stop).await;
                tokio::time::sleep(LAST_WORDS).await;
            } => None,
        }
    }

    /// Does a job; why the module is not fit for another one, if it is not.
    async fn take(&mut self, delivery: Delivery, line: &Line) -> Option<String> {
        let (store, name) = (&self.shared.store, &self.module.name);
        let claim = Claim::take(store, delivery, &self.shared.worker, name);
        // What nobody could claim comes again.
        let claim = match self.unless_over(claim).await? {
            Ok(claim) => claim?,
            Err(error) => {
                log(format_args!("{name}: {}", words(&error)));
                return None;
            }
        };
        let id = claim.job().id.clone();
        self.board.show(ModuleState::Busy { job: id.clone() });
        let mut marker = claim.marker();
        let result = {
            let attempt = Attempt {
                job: claim.job(),
                object: claim.object(),
                bearer: &line.bearer,
                store,
                folder: &self.shared.folder,
                secrets: &self.shared.secrets,
                meter: &self.board.meter,
            };
            let keeper = claim.keeper();
            tokio::select! {
                result = attempt.make(&mut marker) => Some(result),
                () = keeper.keep() => None,
                () = reached(&self.phase, Phase::Stop) => Some(Err(Failing::drained())),
            }
        };
        let mut cause = None;
        let end = match result {
            None => claim.abandon().await,
            Some(result) => {
                if let Err(failing) = &result {
                    log(format_args!("{name}: {id}: {}", failing.failure.message));
                    cause = (failing.hope == Hope::Elsewhere).then(|| failing.failure.message.clone());
                }
                self.unless_over(claim.settle(marker, result)).await.unwrap_or(End::Lost)
            }
        };
        if !matches!(end, End::Again | End::Lost) {
            part::forget(&self.shared.folder, &id).await;
        }
        if end == End::Done {
            self.failures = 0;
        }
        log(format_args!("{name}: {id}: {}", end.as_str()));
        self.board.ended(end.as_str());
        cause
    }
}

/// How long a module is left alone that has failed so many times before.
fn rest(failures: u32) -> Duration {
    let factor = 1_u32.checked_shl(failures).unwrap_or(u32::MAX);
    Duration::from_secs(1).saturating_mul(factor).min(REST_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rests_grow_up_to_a_limit() {
        assert_eq!([0, 1, 2, 9, 40].map(|n| rest(n).as_secs()), [1, 2, 4, 300, 300]);
    }
}
