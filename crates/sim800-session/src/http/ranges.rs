//! An object that is larger than the module holds, fetched in ranges; and what of an object came when a range was asked for.
//!
//! Parts go together where a strong validator says so (RFC 9110 section 15.3.7.3). Without one, each range begins with what came
//! last of the one before, which is compared.

use crate::sync::Arc;
use alloc::format;

use crate::message::header::{CONTENT_LENGTH, CONTENT_RANGE};
use crate::message::{HeaderMap, HeaderValue, Method};
use sim800_command::{HTTP_LIMIT, HttpStatus};

use super::HttpError;
use super::headers::{ContentRange, Promise, is_strong, validator};
use super::plan::{Plan, unsupported};
use super::service::Service;
use crate::tail;

/// The smallest range: one of a single octet cannot be asked for, so that a range may have to be shorter by one.
const RANGE_MIN: u32 = 3;

/// Whether more is asked for than the module holds, so that it need not be tried.
pub(super) fn is_too_large(plan: &Plan) -> bool {
    let (first, last) = plan.range;
    plan.method == Method::GET && last.is_some_and(|last| last.saturating_sub(first) >= HTTP_LIMIT)
}

/// What came of an object in answer to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// Where in the object it begins, counted from 0; `None` where there is no object, and where nobody tells.
    pub(super) offset: Option<u64>,
    /// Whether it is a part of it, whatever status the module tells (application note 3.7).
    pub(super) is_part: bool,
    /// Whether all of the object was asked for to find that out, and what came of it.
    whole: Whole,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Whole {
    Unasked,
    /// It is as long as it has to be for what came.
    Told,
    /// The module does not hold it.
    TooLarge,
}

impl Place {
    fn at(offset: Option<u64>, status: HttpStatus) -> Self {
        Self { offset, is_part: status.0 == 206, whole: Whole::Unasked }
    }
}

/// What of the object came in answer to `plan`, `length` octets of it.
pub(super) async fn place(
    service: &mut Service,
    plan: &Plan,
    (status, length): (HttpStatus, u32),
    headers: Option<&HeaderMap>,
) -> Result<Place, HttpError> {
    let (first, last) = plan.range;
    if plan.method != Method::GET || !(200..300).contains(&status.0) {
        return Ok(Place::at(None, status));
    }
    if let Some(headers) = headers {
        let offset = match ContentRange::of(headers) {
            Some(range) => range.first(),
            // It says that it is a part, but not which.
            None if status.0 == 206 => None,
            None => Some(0),
        };
        return Ok(Place::at(offset, status));
    }
    if status.0 == 206 || !plan.wants_part() {
        return Ok(Place::at(Some(u64::from(first)), status));
    }
    let is_longer = last.is_some_and(|last| length > (last - first).saturating_add(1));
    if is_longer {
        return Ok(Place::at(Some(0), status));
    }
    let whole = is_whole(service, plan, length).await?;
    if whole == Some(length) {
        return Ok(Place::at(Some(0), status));
    }
    if let Some(whole) = whole {
        let wanted = last.map_or(u64::MAX, |last| u64::from(last) + 1);
        let promised = wanted.min(u64::from(whole)).saturating_sub(u64::from(first));
        if promised != u64::from(length) {
            return Err(HttpError::Length { promised, came: u64::from(length) });
        }
    }
    // The module holds another answer now.
    service.set_range(first, last).await?;
    match service.act(plan, None).await? {
        again if again == (status, length) => Ok(Place {
            offset: Some(u64::from(first)),
            is_part: true,
            whole: whole.map_or(Whole::TooLarge, |_| Whole::Told),
        }),
        _ => Err(HttpError::Changed { position: u64::from(first) }),
    }
}

/// Fetches the object without a range, because 200 and `length` octets may be the whole or a part of it: the module of
/// application note 3.7 tells 200 where servers say 206. How many octets the whole has; `None` when more than the module
/// holds. Where it has as many, the module holds it now.
async fn is_whole(service: &mut Service, plan: &Plan, length: u32) -> Result<Option<u32>, HttpError> {
    if length == 0 {
        return Ok(Some(0));
    }
    service.set_range(0, None).await?;
    match service.act(plan, None).await {
        Ok((_, whole)) => Ok(Some(whole)),
        Err(HttpError::Action { status: HttpStatus::NO_MEMORY, .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Where an object is, that comes in ranges. Positions are those of octets in the object, counted from 0.
#[derive(Debug)]
pub(super) struct Ranges {
    plan: Arc<Plan>,
    /// The octets of one range.
    size: u32,
    /// Where the range begins that was fetched last.
    first: u64,
    /// Whether it is certain that the next is of the same object without a look at it.
    is_proven: bool,
    /// What has been fetched so far ends before it.
    position: u64,
    /// The octets of the object, as far as known.
    total: Option<u64>,
    /// How many octets it has at least: more than the module holds, once the module said so.
    at_least: u64,
    /// What tells one state of the object from another.
    validator: Option<HeaderValue>,
    /// How the first range came: its status, and whether headers told where it is. The others have to come so, too.
    manner: Option<(HttpStatus, bool)>,
}

/// What the module has of a range.
struct Answer {
    status: HttpStatus,
    length: u32,
    headers: Option<HeaderMap>,
    /// Where it begins, and how many octets were asked for.
    first: u64,
    asked: u64,
}

/// A range that the module has.
pub(super) struct Next {
    /// How many octets it has.
    pub(super) length: u32,
    /// How many of them came before.
    pub(super) again: u32,
}

/// What the first range came with.
pub(super) struct First {
    pub(super) status: HttpStatus,
    pub(super) length: u32,
    pub(super) headers: Option<HeaderMap>,
    pub(super) what: What,
}

/// What the answer to the first range holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// The range, after which others follow; its headers were made those of all of them.
    Range,
    /// The whole object, from a server without ranges.
    Whole,
    /// Something that the server has to say instead.
    Other,
}

impl Ranges {
    /// Of an object that the module `is_unable` to hold, as it said, or that it need not be asked about.
    pub(super) fn new(plan: Arc<Plan>, size: u32, is_unable: bool) -> Self {
        let position = u64::from(plan.range.0);
        let size = size.clamp(RANGE_MIN, HTTP_LIMIT);
        let at_least = if is_unable { u64::from(HTTP_LIMIT) + 1 } else { 0 };
        Self {
            plan,
            size,
            first: position,
            is_proven: false,
            position,
            total: None,
            at_least,
            validator: None,
            manner: None,
        }
    }

    /// Goes on behind the answer to the request itself, if that may be less than the server has of what was asked for: a part that is
    /// shorter, of an object whose length nobody tells. Its headers become those of all of it.
    pub(super) fn behind(
        plan: &Arc<Plan>,
        size: u32,
        (status, length): (HttpStatus, u32),
        place: Place,
        headers: &mut Option<HeaderMap>,
    ) -> Result<Option<Self>, HttpError> {
        let (first, last) = plan.range;
        let first = u64::from(first);
        let asked = last.map_or(u64::MAX, |last| u64::from(last).saturating_sub(first) + 1);
        let is_told_by = |headers: &HeaderMap| {
            ContentRange::of(headers)
                .is_none_or(|range| range.total.is_some() || range.first() != Some(first))
        };
        let is_told = place.whole == Whole::Told || headers.as_ref().is_some_and(is_told_by);
        // Of a single octet, the next was asked for as well.
        let may_be_all = !plan.wants_part() || plan.is_single;
        let is_short_part =
            plan.method == Method::GET && place.is_part && (1..asked).contains(&u64::from(length));
        if !is_short_part || is_told || may_be_all {
            return Ok(None);
        }
        let mut ranges = Self::new(Arc::clone(plan), size, place.whole == Whole::TooLarge);
        let answer = Answer { status, length, headers: headers.take(), first, asked };
        ranges.take(&answer)?;
        *headers = answer.headers;
        if let Some(headers) = headers {
            ranges.rewrite(headers);
        }
        Ok(Some(ranges))
    }

    /// How many octets are wanted in all, where that is known.
    pub(super) fn total(&self) -> Option<u64> {
        Some(self.end()?.saturating_sub(u64::from(self.plan.range.0)))
    }

    /// Fetches the first range.
    pub(super) async fn begin(&mut self, service: &mut Service) -> Result<First, HttpError> {
        let mut answer = self.ask(service, self.range(0)?).await?;
        let what = self.what(&answer)?;
        let what = match what {
            Some(what) => what,
            None => match is_whole(service, &self.plan, answer.length).await? {
                Some(whole) if whole == answer.length => What::Whole,
                whole => {
                    self.total = whole.map(u64::from);
                    let length = answer.length;
                    // The module holds another answer now.
                    answer = self.ask(service, self.range(0)?).await?;
                    if answer.length != length {
                        return Err(self.changed());
                    }
                    What::Range
                }
            },
        };
        if what == What::Range {
            self.take(&answer)?;
            if let Some(headers) = &mut answer.headers {
                self.rewrite(headers);
            }
        }
        let Answer { status, length, headers, .. } = answer;
        Ok(First { status, length, headers, what })
    }

    /// What the first answer holds; `None` where only another question tells.
    fn what(&self, answer: &Answer) -> Result<Option<What>, HttpError> {
        let status = answer.status.0;
        if !matches!(status, 200 | 206) {
            return Ok(Some(What::Other));
        }
        let is_whole = match &answer.headers {
            Some(headers) if ContentRange::of(headers).is_some() => false,
            // It says that it is a part, but not which.
            Some(_) if status == 206 => return Err(self.refused(status)),
            Some(_) => true,
            None if status == 206 => false,
            None => u64::from(answer.length) > answer.asked,
        };
        match is_whole {
            // The module could not hold it.
            true if self.at_least > 0 => Err(ignored()),
            true => Ok(Some(What::Whole)),
            false if status == 200 && answer.headers.is_none() && self.at_least == 0 => Ok(None),
            false => Ok(Some(What::Range)),
        }
    }

    /// Fetches the next range; `None` when there is none.
    pub(super) async fn next(&mut self, service: &mut Service) -> Result<Option<Next>, HttpError> {
        if self.end().is_some_and(|end| self.position >= end) || self.remaining() == Some(0) {
            return Ok(None);
        }
        let mut again = self.again();
        let mut answer = self.ask(service, self.range(again)?).await?;
        let came = u64::from(answer.length);
        let is_old = matches!(answer.status.0, 200 | 206) && (1..=again).contains(&came);
        let is_shorter = is_old && came < again;
        if is_old {
            // Nothing follows, or the server sends no more at once: what is behind tells. Nobody reads it, but its headers say where it
            // is from, which those of the first range may not have said.
            if let Some(headers) = &answer.headers {
                self.compare(answer.first, headers)?;
            }
            if self.end().is_some_and(|end| self.position >= end) {
                return Ok(None);
            }
            again = 0;
            answer = self.ask(service, self.range(again)?).await?;
        }
        match answer.status.0 {
            // Nothing tells whether that is of the same object.
            200 | 206 if again == 0 && !self.is_proven && answer.length > 0 => Err(self.changed()),
            200 | 206 => {
                let length = self.take(&answer)?;
                Ok(Some(Next { length, again: u32::try_from(again).unwrap_or(0) }))
            }
            // The end was at the end of the last range, which only this tells.
            416 if self.total.is_none() && again == 0 && !is_shorter => {
                match answer.headers.as_ref().and_then(ContentRange::of) {
                    Some(range) if range.total.is_some_and(|total| total != self.position) => {
                        Err(self.changed())
                    }
                    _ if self.position < self.at_least => Err(self.refused(416)),
                    _ => Ok(None),
                }
            }
            416 => Err(self.changed()),
            status => Err(self.refused(status)),
        }
    }

    /// How many octets of the last range are to come again with the next one.
    fn again(&self) -> u64 {
        if self.is_proven {
            return 0;
        }
        // As many new ones at least, also from a server that sends no more at once than last time; but one.
        let last = self.position - self.first;
        (tail::KEPT as u64).min(u64::from(self.size) / 2).min(last / 2).max(1)
    }

    /// Fetches the last range again.
    pub(super) async fn fetch_again(&mut self, service: &mut Service) -> Result<u32, HttpError> {
        let end = self.position;
        let asked = end.saturating_sub(self.first);
        // One octet can only be asked for with the next one.
        let last = number(end.saturating_sub(1).max(self.first + 1))?;
        let answer = self.ask(service, (number(self.first)?, Some(last), asked)).await?;
        match answer.status.0 {
            200 | 206 if u64::from(answer.length) == asked => self.take(&answer),
            _ => Err(self.changed()),
        }
    }

    async fn ask(
        &self,
        service: &mut Service,
        (first, last, asked): (u32, Option<u32>, u64),
    ) -> Result<Answer, HttpError> {
        service.set_range(first, last).await?;
        let (status, length) = match service.act(&self.plan, None).await {
            // It got the whole again.
            Err(HttpError::Action { status: HttpStatus::NO_MEMORY, .. }) => return Err(ignored()),
            result => result?,
        };
        let (status, headers) = service.headers(&self.plan, status, true).await?;
        Ok(Answer { status, length, headers, first: u64::from(first), asked })
    }

    /// Takes what came for a range. That it is shorter than what was asked for may be the end, or a server that sends no
    /// more at once: the next range tells.
    fn take(&mut self, answer: &Answer) -> Result<u32, HttpError> {
        let length = u64::from(answer.length);
        if length > answer.asked {
            return Err(ignored());
        }
        let is_placed = answer.headers.as_ref().is_some_and(|headers| ContentRange::of(headers).is_some());
        if *self.manner.get_or_insert((answer.status, is_placed)) != (answer.status, is_placed) {
            return Err(self.changed());
        }
        match &answer.headers {
            Some(headers) => {
                self.compare(answer.first, headers)?;
                if let Some(promised) = Promise::of(answer.status, headers).broken_by(answer.length) {
                    return Err(HttpError::Length { promised, came: length });
                }
            }
            None if self.validator.is_some() => return Err(self.changed()),
            None => {}
        }
        if length == 0 {
            // An end is told otherwise.
            return Err(match self.total {
                Some(length) => HttpError::NoProgress { position: self.position, length },
                None => self.refused(answer.status.0),
            });
        }
        self.first = answer.first;
        self.position = answer.first + length;
        Ok(answer.length)
    }

    /// Compares what the headers tell with what they told before.
    fn compare(&mut self, first: u64, headers: &HeaderMap) -> Result<(), HttpError> {
        if let Some(range) = ContentRange::of(headers) {
            if range.first().is_some_and(|told| told != first) {
                return Err(self.refused(206));
            }
            match (self.total, range.total) {
                (Some(known), Some(total)) if known != total => return Err(self.changed()),
                (None, Some(total)) if total < self.at_least => return Err(self.changed()),
                (None, total) => self.total = total,
                _ => {}
            }
        }
        match (&self.validator, validator(headers)) {
            (Some(known), validator) if Some(known) != validator => Err(self.changed()),
            (None, Some(validator)) => {
                self.validator = Some(validator.clone());
                self.is_proven = is_strong(headers);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// First octet and last of the next range, of which so many come `again`, and how many octets that are. The last is left out
    /// where the range goes to the end of the object.
    fn range(&self, again: u64) -> Result<(u32, Option<u32>, u64), HttpError> {
        let first = self.position.saturating_sub(again);
        let mut octets = u64::from(self.size);
        if let Some(remaining) = self.remaining() {
            let remaining = remaining + again;
            octets = octets.min(remaining);
            if remaining - octets == 1 {
                octets -= 1;
            }
        }
        // Of one octet only where the object ends with it.
        let last = match octets {
            0 | 1 => None,
            octets => Some(number(first + octets - 1)?),
        };
        Ok((number(first)?, last, octets))
    }

    /// How many octets are still wanted, as far as known.
    fn remaining(&self) -> Option<u64> {
        let last = self.plan.range.1.map(|last| u64::from(last) + 1);
        let end = match (self.total, last) {
            (Some(total), Some(last)) => Some(total.min(last)),
            (total, last) => total.or(last),
        };
        Some(end?.saturating_sub(self.position))
    }

    /// Where what is wanted ends, where that is certain.
    fn end(&self) -> Option<u64> {
        let total = self.total?;
        Some(self.plan.range.1.map_or(total, |last| total.min(u64::from(last) + 1)))
    }

    /// Makes of the headers of the first range those of the whole.
    fn rewrite(&self, headers: &mut HeaderMap) {
        headers.remove(CONTENT_RANGE);
        headers.remove(CONTENT_LENGTH);
        if let Some(total) = self.total() {
            headers.insert(CONTENT_LENGTH, total.into());
        }
        if let (Some(total), Some(end), true) = (self.total, self.end(), self.plan.wants_part()) {
            let range = format!("bytes {}-{}/{total}", self.plan.range.0, end.saturating_sub(1));
            if let Ok(range) = range.try_into() {
                headers.insert(CONTENT_RANGE, range);
            }
        }
    }

    fn changed(&self) -> HttpError {
        HttpError::Changed { position: self.position }
    }

    /// The server does not go on here.
    fn refused(&self, status: u16) -> HttpError {
        HttpError::RangeRefused { status, position: self.position }
    }
}

fn number(position: u64) -> Result<u32, HttpError> {
    u32::try_from(position)
        .map_err(|_| unsupported("the object", "is longer than the 4 GiB that the module can count"))
}

fn ignored() -> HttpError {
    HttpError::RangesIgnored { limit: u64::from(HTTP_LIMIT) }
}

#[cfg(test)]
mod tests {
    use crate::message::Request;
    use alloc::vec::Vec;
    use bytes::Bytes;
    use sim800_command::Cid;

    use super::*;
    use crate::http::HttpOptions;

    fn ranges(range: &str, size: u32) -> Ranges {
        let mut request = Request::get("http://sim.com/");
        if !range.is_empty() {
            request = request.header("Range", range);
        }
        let request = request.body(Bytes::new()).expect("a request");
        let plan =
            Plan::new(request, &HttpOptions::default(), Cid::MIN, &crate::Config::default()).expect("a plan");
        Ranges::new(Arc::new(plan), size, false)
    }

    fn answer(first: u64, status: u16, length: u32, asked: u64) -> Answer {
        Answer { status: HttpStatus(status), length, headers: None, first, asked }
    }

    #[test]
    fn ranges_follow_each_other_and_none_has_one_octet() {
        let mut ranges = ranges("bytes=5-25", 10);
        let mut seen = Vec::new();
        while ranges.remaining() != Some(0) {
            let (first, last, asked) = ranges.range(0).expect("a range");
            seen.push((first, last));
            assert_eq!(ranges.take(&answer(u64::from(first), 206, asked as u32, asked)), Ok(asked as u32));
        }
        assert_eq!(seen, [(5, Some(14)), (15, Some(23)), (24, Some(25))]);
    }

    #[test]
    fn a_last_octet_is_asked_for_as_all_that_is_left() {
        let mut ranges = ranges("", 10);
        ranges.total = Some(21);
        ranges.position = 20;
        assert_eq!(ranges.range(0), Ok((20, None, 1)));
        assert_eq!(ranges.range(5), Ok((15, Some(20), 6)));
    }

    #[test]
    fn a_short_range_is_gone_on_behind() {
        let mut ranges = ranges("", 10);
        assert_eq!(ranges.take(&answer(0, 200, 10, 10)), Ok(10));
        assert_eq!(ranges.again(), 5);
        assert_eq!(ranges.take(&answer(5, 200, 9, 10)), Ok(9));
        assert_eq!((ranges.end(), ranges.remaining(), ranges.again()), (None, None, 4));
        assert_eq!(ranges.range(4), Ok((10, Some(19), 10)));
    }

    #[test]
    fn no_octets_are_no_end() {
        let mut ranges = ranges("", 10);
        let refused = HttpError::RangeRefused { status: 206, position: 0 };
        assert_eq!(ranges.take(&answer(0, 206, 0, 10)), Err(refused));
        ranges.total = Some(20);
        let nothing = HttpError::NoProgress { position: 0, length: 20 };
        assert_eq!(ranges.take(&answer(0, 206, 0, 10)), Err(nothing));
    }

    #[test]
    fn a_range_that_comes_in_another_manner_is_of_something_else() {
        let mut ranges = ranges("", 10);
        assert_eq!(ranges.take(&answer(0, 206, 10, 10)), Ok(10));
        assert_eq!(ranges.take(&answer(5, 200, 4, 10)), Err(HttpError::Changed { position: 10 }));
    }

    #[test]
    fn more_than_was_asked_for_is_the_whole() {
        assert_eq!(ranges("", 10).take(&answer(0, 200, 11, 10)), Err(ignored()));
    }

    #[test]
    fn what_is_larger_than_the_module_is_not_tried_in_one() {
        let plan = |range| ranges(range, 10).plan;
        assert!(is_too_large(&plan("bytes=100-319588")));
        assert!(!is_too_large(&plan("bytes=100-319587")));
        assert!(!is_too_large(&plan("bytes=100-")));
        assert!(!is_too_large(&plan("")));
    }
}
