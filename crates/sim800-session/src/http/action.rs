//! Carrying out a request: told to the module, asked about, and heard of.

use crate::sync::Arc;
use core::time::Duration;

use crate::message::Method;
use sim800_command::{HTTP_LIMIT, HttpActivity, HttpProgress, HttpStatus, HttpStatusRead, Unsolicited};

use super::HttpError;
use super::plan::Plan;
use super::service::{MARGIN, Service, is_result};
use crate::engine::Request;
use crate::error::{Error, Failure, Malformation};
use crate::refusal::Refused;
use crate::sent::Sent;

/// The shortest pause between two questions how far a request is.
const PAUSE_MIN: Duration = Duration::from_millis(200);

/// How often the module is asked how far a request is that nobody observes: whether it lives, whether the request goes on,
/// and whether its result was lost on the line.
const INQUIRY: Duration = Duration::from_secs(20);

/// How long a module that was asked in vain is left alone.
const RESPITE: Duration = Duration::from_secs(1);

/// How many questions in a row may be in vain.
const QUESTIONS: u32 = 3;

/// For how long the module may say that it does nothing, of a request that it was told and of one of which that is not
/// certain, until the result is taken for lost. It may say so while it connects.
const IDLE: Duration = Duration::from_secs(20);
const IDLE_IN_DOUBT: Duration = Duration::from_secs(5);

/// Octets per second of the slowest network. Where firmware does not tell how far a request is, as much time is granted as
/// the largest response takes there.
const SLOWEST: u64 = 1_000;

/// Who wants to know how far a request is.
pub(super) struct Observer<'a> {
    pub(super) every: Duration,
    pub(super) tell: &'a mut (dyn FnMut(HttpProgress) + Send),
}

impl Observer<'_> {
    pub(super) fn reborrow(&mut self) -> Observer<'_> {
        Observer { every: self.every, tell: &mut *self.tell }
    }
}

/// What the module says of a request.
enum Report {
    Progress(HttpProgress),
    /// The firmware does not know the question.
    Refused,
    /// The line damaged the answer, or there was none.
    Unheard(Error),
}

/// What is known of a request that is under way.
struct Course {
    began: Duration,
    /// When it is given up unless it gets further until then.
    deadline: Duration,
    /// Why it is not certain that the module was told.
    doubt: Option<Error>,
    /// The furthest that it was: whether it was receiving, and how many octets were done.
    furthest: Option<(bool, u64)>,
    /// Since when the module says that it does nothing.
    idle_since: Option<Duration>,
    unheard: u32,
    /// Whether the firmware knows the question.
    asks: bool,
}

impl Service {
    /// Carries out the request: the status, and how many octets there are to read. `observer` is told how far it is
    /// meanwhile.
    pub(super) async fn act(
        &mut self,
        plan: &Plan,
        mut observer: Option<Observer<'_>>,
    ) -> Result<(HttpStatus, u32), HttpError> {
        let mut course = self.begin(plan).await?;
        let runtime = Arc::clone(self.client.runtime());
        let (status, length) = loop {
            let left = course.deadline.saturating_sub(runtime.now());
            let pause = match &observer {
                _ if course.unheard > 0 || course.doubt.is_some() => RESPITE,
                _ if !course.asks => left,
                Some(observer) => observer.every.max(PAUSE_MIN),
                None => INQUIRY,
            };
            self.is_used();
            let result = match self.result(pause.min(left)).await {
                Err(error) if self.survives(&error).await => continue,
                result => result?,
            };
            if let Some(result) = result {
                if !course.asks || self.is_over(plan, result).await? {
                    self.is_the_only(plan, result)?;
                    break result;
                }
                // It was not the module's: a message may read like it.
                continue;
            }
            let now = runtime.now();
            if now >= course.deadline {
                return Err(self.no_result(&course, now));
            }
            if course.asks {
                let report = self.report().await?;
                self.judge(report, &mut course, plan, &mut observer)?;
            }
        };
        self.running = None;
        // What the line may have damaged of the settings is not kept.
        self.is_spoiled |= !(200..300).contains(&status.0);
        if status.is_module_error() {
            return Err(HttpError::Action { method: self.method.clone(), status });
        }
        Ok((status, length))
    }

    /// Tells the module to carry it out.
    async fn begin(&mut self, plan: &Plan) -> Result<Course, HttpError> {
        let lines = self.watch.as_mut().map(|watch| {
            watch.take_loss();
            watch.until_sent(is_result)
        });
        self.looked = None;
        let patience = plan.timeout + MARGIN;
        self.running = Some(patience);
        if self.method == Method::GET {
            self.client.known().http_gets();
        }
        let before = core::mem::replace(&mut self.sent, Sent::Unknown);
        let result = match Request::new(&plan.action) {
            Ok(action) => self.client.submit_with_lines(action, lines).await,
            Err(failure) => Err(Error::of(&plan.action, failure)),
        };
        let doubt = match result {
            Ok(_) => None,
            Err(error) => match error.failure() {
                // It may have been heard all the same, and the line may answer again.
                Failure::TimedOut { .. } | Failure::Malformed(_) | Failure::Starved { .. } => Some(error),
                Failure::Rejected(_) if !plan.method.is_safe() => match self.was_refused().await {
                    Refused::Undone => {
                        self.sent = before;
                        return Err(self.failed(error));
                    }
                    Refused::UnderWay => None,
                    Refused::Unclear => return Err(self.failed(error)),
                },
                Failure::Rejected(_) | Failure::Desynchronized | Failure::Misuse(_) => {
                    self.sent = before;
                    return Err(self.failed(error));
                }
                _ => return Err(self.failed(error)),
            },
        };
        let began = self.client.runtime().now();
        let deadline = began.saturating_add(patience);
        Ok(Course { began, deadline, doubt, furthest: None, idle_since: None, unheard: 0, asks: true })
    }

    async fn was_refused(&mut self) -> Refused {
        let client = self.client.clone();
        let is_at_work = || client.query(&HttpStatusRead, |progress| progress.activity != HttpActivity::Idle);
        Refused::find_out(&client, &mut self.watch, |line| is_result(&line), is_at_work).await
    }

    /// Waits up to `limit` for the result of the request.
    async fn result(&mut self, limit: Duration) -> Result<Option<(HttpStatus, u32)>, HttpError> {
        let number = method_number(&self.method);
        let Some(watch) = &mut self.watch else { return Ok(None) };
        let result = watch.next(limit, |line| result_of(number, line));
        result.await.map_err(|interruption| self.interrupted(interruption))
    }

    /// Fails if another result came as well: a request has one, and nobody knows which of them is the module's.
    fn is_the_only(&mut self, plan: &Plan, result: (HttpStatus, u32)) -> Result<(), HttpError> {
        let number = method_number(&self.method);
        let is_other = |line: Unsolicited<'_>| result_of(number, line).is_some_and(|other| other != result);
        if self.watch.as_ref().is_some_and(|watch| watch.may_have(is_other)) {
            let failure = Failure::Malformed(Malformation::Information);
            return Err(self.failed(Error::of(&plan.action, failure)));
        }
        Ok(())
    }

    /// Whether the module says, of a request whose result came, that it is over. Firmware that cannot be asked is believed; what came of a
    /// module that has started anew meanwhile may be nobody's.
    async fn is_over(&mut self, plan: &Plan, (status, length): (HttpStatus, u32)) -> Result<bool, HttpError> {
        if !status.is_module_error() {
            if let Some(is_over) = self.look(plan, length).await {
                return Ok(is_over);
            }
        }
        let mut refusal = None;
        for _ in 0..2 {
            match self.client.query(&HttpStatusRead, |progress| progress.activity).await {
                Ok(activity) => return Ok(activity == HttpActivity::Idle),
                Err(error) if error.is_of_the_line() => {}
                Err(error) if error.is_rejected() && !plan.method.is_safe() => refusal = Some(error),
                // What is read is compared.
                Err(_) => return Ok(true),
            }
        }
        match refusal {
            Some(error) if self.client.has_http_status().await => Err(self.failed(error)),
            _ => Ok(true),
        }
    }

    /// Asks how far the request is.
    async fn report(&mut self) -> Result<Report, HttpError> {
        match self.client.query(&HttpStatusRead, |progress| progress).await {
            Ok(progress) => Ok(Report::Progress(progress)),
            Err(error) if error.is_rejected() => {
                if self.client.has_http_status().await {
                    Err(self.failed(error))
                } else {
                    Ok(Report::Refused)
                }
            }
            Err(error) if *error.failure() != Failure::Desynchronized && error.is_of_the_line() => {
                Ok(Report::Unheard(error))
            }
            Err(error) => Err(self.failed(error)),
        }
    }

    /// What follows from what the module says.
    fn judge(
        &mut self,
        report: Report,
        course: &mut Course,
        plan: &Plan,
        observer: &mut Option<Observer<'_>>,
    ) -> Result<(), HttpError> {
        let now = self.client.runtime().now();
        let progress = match report {
            Report::Unheard(error) => {
                course.unheard += 1;
                return if course.unheard < QUESTIONS { Ok(()) } else { Err(self.failed(error)) };
            }
            Report::Refused => {
                course.asks = false;
                course.unheard = 0;
                let octets =
                    plan.data.as_ref().map_or(0, |(_, body)| body.len() as u64) + u64::from(HTTP_LIMIT);
                course.deadline = course.deadline.saturating_add(Duration::from_secs(octets / SLOWEST));
                return match course.doubt.take() {
                    // It does no harm to do it again.
                    Some(error) if plan.method.is_safe() => Err(self.failed(error)),
                    _ => Ok(()),
                };
            }
            Report::Progress(progress) => progress,
        };
        course.unheard = 0;
        if progress.activity == HttpActivity::Idle {
            let since = *course.idle_since.get_or_insert(now);
            let patience = if course.doubt.is_some() { IDLE_IN_DOUBT } else { IDLE };
            if now.saturating_sub(since) < patience {
                return Ok(());
            }
            return Err(match course.doubt.take() {
                Some(error) => self.failed(error),
                None => self.no_result(course, now),
            });
        }
        course.idle_since = None;
        course.doubt = None;
        // What only goes back and forth gets no further.
        let reached = Some((progress.activity == HttpActivity::Receiving, progress.finished));
        if reached > course.furthest {
            course.furthest = reached;
            course.deadline = now.saturating_add(plan.timeout + MARGIN);
        }
        if let Some(observer) = observer {
            (observer.tell)(progress);
        }
        Ok(())
    }

    fn no_result(&self, course: &Course, now: Duration) -> HttpError {
        HttpError::NoResult { method: self.method.clone(), waited: now.saturating_sub(course.began) }
    }
}

/// The result of a request that a line tells, if it is one of this method.
fn result_of(number: Option<u8>, line: Unsolicited<'_>) -> Option<(HttpStatus, u32)> {
    match line {
        // Of a status that the line made shorter, nothing else is to be relied on, either.
        Unsolicited::HttpAction { method, status, length }
            if Some(method) == number && (100..1000).contains(&status.0) =>
        {
            Some((status, length))
        }
        _ => None,
    }
}

/// The method as `+HTTPACTION` counts it.
fn method_number(method: &Method) -> Option<u8> {
    match *method {
        Method::GET => Some(0),
        Method::POST => Some(1),
        Method::HEAD => Some(2),
        Method::DELETE => Some(3),
        _ => None,
    }
}
