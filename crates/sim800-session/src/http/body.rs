//! The body of a response, read from the module as it is wanted.

use alloc::boxed::Box;

use crate::sync::Arc;

use crate::message::HeaderMap;
use crate::message::header::HeaderValue;
use bytes::Bytes;
use sim800_command::{HttpReadRange, HttpStatus, Number};

use super::HttpError;
use super::headers::{Promise, validator};
use super::plan::Plan;
use super::ranges::{Next, Ranges};
use super::service::Service;
use crate::bearer::Bearer;
use crate::boxed::boxed;
use crate::client::Pending;
use crate::error::{Error, Failure, Malformation};
use crate::loss::{Loss, Transient};
use crate::overlap::Overlap;
use crate::reader::Reader;
use crate::retry::Attempts;
use crate::stride::Stride;
use crate::tail::Tail;

/// The body of a response.
///
/// The module holds the whole object, or a range of it at a time. That is read in windows of
/// [`Config::window`](crate::Config::window) octets, one ahead of what the caller takes, so memory does not grow
/// with the body. Each begins with the last octets of the one before, and the last ones are read again by themselves; a window
/// that the line damaged is read again, in smaller ones. With its last octets, or when it is dropped, the module's HTTP service is left to the next
/// request.
///
/// Of an object that is fetched in ranges, only headers tell the total.
pub type Body = Reader<HttpError>;

/// What the module has of a response.
pub(super) struct Held {
    /// How many octets it announced.
    pub(super) length: u32,
    /// How many of them nobody reads, at the front.
    pub(super) skipped: u32,
    /// How many octets the headers promise, where that is another number.
    pub(super) promised: Option<u64>,
    /// Whether the response may have a body.
    pub(super) has_body: bool,
}

impl Held {
    /// The same, of which nobody reads the first `skipped` octets.
    pub(super) fn behind(self, skipped: u32) -> Self {
        Self { skipped, ..self }
    }
}

/// A body that the module has, or the beginning of it; with `ranges`, more can be fetched, and with `origin`, all of it
/// again.
pub(super) async fn body(
    mut service: Box<Service>,
    bearer: &Bearer,
    held: Held,
    origin: Option<Origin>,
    ranges: Option<Ranges>,
) -> Body {
    let Held { length, skipped, promised, has_body } = held;
    let left = length.saturating_sub(skipped);
    let total = ranges.as_ref().map_or_else(|| Some(u64::from(left)), Ranges::total);
    if !has_body {
        // The service is ended at once.
        return Body::empty(total);
    }
    service.is_handed_out();
    // What was lost before has been found again.
    service.take_loss();
    let whole = service.take_body().map(|mut body| body.split_off(body.len().min(skipped as usize)));
    let is_empty = length == 0 && ranges.is_none();
    let transfer = Box::new(Transfer {
        service,
        length,
        promised,
        window: Stride::new(bearer.client().config().octets_at_once()),
        position: skipped,
        overlap: Overlap::default(),
        whole,
        ahead: None,
        ranges,
        bearer: bearer.clone(),
        origin,
        attempts: Attempts::new(bearer),
        handed_out: 0,
        tail: Tail::default(),
    });
    if !is_empty {
        return Body::unfolded(Some(transfer), Transfer::next, total);
    }
    // Nobody has to read that there is nothing, for the service to be free.
    boxed(|| Body::begun(Some(transfer), Transfer::next, total)).await
}

/// What a response came from, to be fetched from there again.
#[derive(Debug)]
pub(super) struct Origin {
    plan: Arc<Plan>,
    status: HttpStatus,
    validator: Option<HeaderValue>,
    /// What the headers say that whoever reads the body was given.
    promise: Promise,
}

impl Origin {
    pub(super) fn new(plan: &Arc<Plan>, status: HttpStatus, headers: Option<&HeaderMap>) -> Self {
        let promise = headers.map(|headers| Promise::of(status, headers)).unwrap_or_default();
        Self { plan: Arc::clone(plan), status, validator: headers.and_then(validator).cloned(), promise }
    }

    /// Whether a response with this status and these headers is of the same object in the same state, as far as they tell.
    fn goes_with(&self, status: HttpStatus, headers: Option<&HeaderMap>) -> bool {
        let validator = headers.and_then(validator);
        let same = self.validator.as_ref().zip(validator).is_none_or(|(known, new)| known == new);
        status == self.status && same
    }
}

/// Of one window in so many octets, one comes again with what follows it, at most.
const AGAIN: u32 = 64;

/// A body on its way.
struct Transfer {
    service: Box<Service>,
    length: u32,
    promised: Option<u64>,
    window: Stride,
    position: u32,
    /// What was read before `position`, as far as it comes again.
    overlap: Overlap,
    /// All of it, where it was read with the first look at it.
    whole: Option<Bytes>,
    /// The next window, asked for already.
    ahead: Option<Pending>,
    /// What is to be fetched after what the module holds.
    ranges: Option<Ranges>,
    bearer: Bearer,
    origin: Option<Origin>,
    attempts: Attempts<HttpError>,
    handed_out: u64,
    tail: Tail,
}

impl Transfer {
    /// The next octets. With the last ones the service is let go, also when the caller keeps the body.
    async fn next(transfer: Option<Box<Self>>) -> Result<Option<(Bytes, Option<Box<Self>>)>, HttpError> {
        let Some(mut transfer) = transfer else { return Ok(None) };
        transfer.service.is_used();
        loop {
            let octets = match transfer.read().await {
                Ok(Some(octets)) => octets,
                Ok(None) if transfer.tail.is_found() => return Ok(None),
                Ok(None) => return Err(transfer.changed()),
                Err(error) => {
                    transfer = boxed(|| transfer.recover(error)).await?;
                    continue;
                }
            };
            let Some(new) = transfer.tail.strip(octets) else { return Err(transfer.changed()) };
            // What comes a second time is no progress.
            if !new.is_empty() {
                transfer.attempts.succeeded();
            }
            let goes_on = transfer.position < transfer.length || transfer.ranges.is_some();
            if new.is_empty() && goes_on {
                continue;
            }
            transfer.tail.push(&new);
            transfer.handed_out += new.len() as u64;
            transfer.service.is_handed_out();
            return Ok(Some((new, goes_on.then_some(transfer))));
        }
    }

    /// The next octets of what the module holds, or fetches.
    async fn read(&mut self) -> Result<Option<Bytes>, HttpError> {
        if let Some(promised) = self.promised.take() {
            return Err(HttpError::Length { promised, came: u64::from(self.length) });
        }
        if self.position >= self.length && self.length > 0 {
            let Some(ranges) = &mut self.ranges else { return Ok(None) };
            let Some(Next { length, again }) = boxed(|| ranges.next(&mut self.service)).await? else {
                return Ok(None);
            };
            (self.length, self.position, self.overlap) = (length, 0, Overlap::default());
            self.whole = self.service.take_body();
            self.tail.rewind(u64::from(again));
        }
        if let Some(octets) = self.whole.take() {
            self.position = self.length;
            return Ok(Some(octets));
        }
        let begin = (self.position, self.overlap);
        let Some(octets) = self.window().await? else { return Ok(None) };
        self.advance(&octets);
        self.window.came();
        if self.position < self.length {
            // In the same poll that saw the last one end, so that the line does not wait for the caller.
            self.ahead = Some(self.ask()?);
            return Ok(Some(octets));
        }
        let confirmed = self.confirm().await;
        if confirmed.is_err() {
            (self.position, self.overlap) = begin;
        }
        confirmed.map(|()| Some(octets))
    }

    /// The octets of the next window that were not read before; `None` where there is nothing to read.
    async fn window(&mut self) -> Result<Option<Bytes>, HttpError> {
        let length = u64::from(self.length);
        loop {
            let window = match self.ahead.take() {
                Some(pending) => pending,
                None => self.ask()?,
            };
            let octets = match window.await {
                // What firmware says where there is nothing to read: this, or a bare `OK` (field logs).
                Err(error) if error.is_rejected() && self.length == 0 => return Ok(None),
                result => self.service.check(result)?.payload,
            };
            let (again, new) = self.tell_apart(octets)?;
            if self.position.saturating_add(u32::try_from(new.len()).unwrap_or(u32::MAX)) > self.length {
                return Err(HttpError::TooLong { length });
            }
            if !new.is_empty() {
                return Ok(Some(new));
            }
            if self.length == 0 {
                return Ok(None);
            }
            if again == 0 {
                let incomplete = HttpError::NoProgress { position: u64::from(self.position), length };
                return Err(self.service.interruption().unwrap_or(incomplete));
            }
            // The module sends less at once than comes again.
            self.overlap.clear();
        }
    }

    /// Reads the last octets again: behind them, nothing that was left of a payload can follow.
    async fn confirm(&mut self) -> Result<(), HttpError> {
        let octets = match self.ask()?.await {
            // It was there a moment ago.
            Err(error) if error.is_rejected() => return Err(self.damaged()),
            result => self.service.check(result)?.payload,
        };
        match self.tell_apart(octets)? {
            (0, _) => Err(self.damaged()),
            (_, more) if !more.is_empty() => Err(HttpError::TooLong { length: u64::from(self.length) }),
            _ => Ok(()),
        }
    }

    /// How many octets came again, and those behind them.
    fn tell_apart(&mut self, octets: Bytes) -> Result<(usize, Bytes), HttpError> {
        let is_lost = self.service.take_loss();
        self.overlap.tell_apart(octets).filter(|_| !is_lost).ok_or_else(|| self.damaged())
    }

    /// Octets were read of which some will come again.
    fn advance(&mut self, octets: &Bytes) {
        self.position = self.position.saturating_add(u32::try_from(octets.len()).unwrap_or(u32::MAX));
        self.overlap.follow(octets, (self.window.octets() / AGAIN) as usize);
    }

    fn ask(&self) -> Result<Pending, HttpError> {
        // At the end one octet more, to notice that the line damaged the announced length: past the end, the module
        // lets read what there is (manual 11.2.6).
        let again = self.overlap.length();
        let left = self.length - self.position;
        let window = self.window.octets();
        let new = if left <= window { left + 1 } else { window };
        let start = Number::saturating(self.position - again);
        let size = Number::saturating(new.saturating_add(again));
        let incomplete =
            HttpError::NoProgress { position: u64::from(self.position), length: u64::from(self.length) };
        let read = self.service.client().encode(&HttpReadRange { start, size }).map_err(|_| incomplete)?;
        Ok(self.service.client().submit(read.compared()))
    }

    fn damaged(&mut self) -> HttpError {
        let read = HttpReadRange { start: Number::MIN, size: Number::MIN };
        self.service.failed(Error::of(&read, Failure::Malformed(Malformation::Damaged)))
    }

    /// Makes ready to go on after `error`, if that is possible.
    async fn recover(mut self: Box<Self>, error: HttpError) -> Result<Box<Self>, HttpError> {
        // What was announced for its length is not to be relied on.
        let is_announced = !matches!(
            error,
            HttpError::TooLong { .. } | HttpError::NoProgress { .. } | HttpError::Length { .. }
        );
        (self.ahead, self.whole) = (None, None);
        if error.loss(true) == Some(Loss::Response) || self.service.survives(&error).await {
            self.window.lost();
            self.attempts.again(error, Some(self.handed_out)).await?;
            self.service.take_loss();
            return Ok(self);
        }
        let Some(origin) = &self.origin else { return Err(error) };
        self.position += self.tail.forgo();
        self.overlap.clear();
        // Before it is ended, no other can be started.
        drop(self.service);
        let mut error = error;
        loop {
            self.attempts.again(error, Some(self.handed_out)).await?;
            let length = is_announced.then_some(self.length);
            let is_read = self.position >= self.length && self.length > 0;
            error = match origin
                .begin_again(&self.bearer, self.ranges.as_mut(), is_read, self.handed_out)
                .await
            {
                Ok((service, None)) => {
                    self.service = service;
                    return Ok(self);
                }
                Ok((_, Some((new, _))))
                    if new < self.position || length.is_some_and(|length| length != new) =>
                {
                    HttpError::Changed { position: self.handed_out }
                }
                Ok((service, Some((length, promised)))) => {
                    (self.service, self.length, self.promised) = (service, length, promised);
                    self.position -= self.tail.rewind(u64::from(self.position));
                    return Ok(self);
                }
                Err(error) => error,
            };
        }
    }

    fn changed(&self) -> HttpError {
        HttpError::Changed { position: self.handed_out }
    }
}

impl Origin {
    /// Fetches what the module held, or only starts the service when all of that `is_read`. How many octets there are to be
    /// read again, and how many headers promise where that is another number.
    async fn begin_again(
        &self,
        bearer: &Bearer,
        ranges: Option<&mut Ranges>,
        is_read: bool,
        handed_out: u64,
    ) -> Result<(Box<Service>, Option<(u32, Option<u64>)>), HttpError> {
        let mut service = Service::start(bearer.client(), bearer.cid(), &self.plan, true).await?;
        service.prepare(&self.plan).await?;
        let length = match ranges {
            Some(_) if is_read => None,
            Some(ranges) => Some((ranges.fetch_again(&mut service).await?, None)),
            None => {
                let (status, length) = service.act(&self.plan, None).await?;
                let wants_part = self.plan.wants_part();
                let (status, headers) = service.headers(&self.plan, status, wants_part).await?;
                let promise = headers.as_ref().map_or(self.promise, |headers| Promise::of(status, headers));
                let promised = promise.broken_by(length);
                // As long as it is now, it is not what those headers are of.
                let is_another = promised.is_none() && self.promise.broken_by(length).is_some();
                if is_another || !self.goes_with(status, headers.as_ref()) {
                    return Err(HttpError::Changed { position: handed_out });
                }
                Some((length, promised))
            }
        };
        Ok((service, length))
    }
}
