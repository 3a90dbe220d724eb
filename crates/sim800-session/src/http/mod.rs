//! HTTP by the module's own stack, in the types of the `http` crate.

mod action;
mod body;
mod error;
mod headers;
mod look;
mod plan;
mod ranges;
mod service;

use crate::sync::Arc;
use alloc::boxed::Box;
use alloc::string::String;
use core::future::Future;
use core::mem;
use core::time::Duration;

use crate::message::header::{CONTENT_LENGTH, CONTENT_RANGE};
use crate::message::{HeaderMap, Method, Request, Response, StatusCode};
use bytes::Bytes;
use futures::future::BoxFuture;
use sim800_command::{HttpContext, HttpProgress, HttpScont, HttpScontRead, HttpStatus};

pub use self::body::Body;
pub use self::error::HttpError;
pub use self::headers::ContentRange;

use self::action::Observer;
use self::body::{Held, Origin};
use self::headers::{Promise, confirms};
use self::plan::Plan;
use self::ranges::{First, Ranges, What};
use self::service::Service;
use crate::bearer::Bearer;
use crate::boxed::boxed;
use crate::config::Effort;
use crate::deadline::Deadline;
use crate::retry::Attempts;
use crate::sent::Sent;

/// How requests are carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HttpOptions {
    /// How long the module waits for the server: 30 to 1000 s, rounded into that range, and 120 s unless set.
    pub timeout: Duration,
    /// Whether the module follows redirections by itself; it does unless set.
    pub redirect: bool,
    /// Address and port of a proxy, which takes no credentials; none unless set.
    pub proxy: Option<(String, u16)>,
    /// Whether to ask for the headers of responses, where the firmware tells them; it does unless set otherwise.
    pub headers: bool,
    /// With HTTPS, whether a certificate of the server that is not valid will do; it does not unless set. What a firmware
    /// checks is not documented.
    pub accept_invalid_certificate: bool,
    /// Whether octets before the range that is asked for stay in the module where a server without ranges sends them all the same:
    /// they need not cross the line. [`Offset`] is where the range begins then, and [`Skipped`] tells how many those are. They are
    /// handed out unless set.
    pub skip: bool,
    /// What a request may take; what [`Config`](crate::Config) has for all unless set.
    pub effort: Effort,
}

impl Default for HttpOptions {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(120),
            redirect: true,
            proxy: None,
            headers: true,
            accept_invalid_certificate: false,
            skip: false,
            effort: Effort::default(),
        }
    }
}

/// Where in its object the body of a response to a GET begins, counted in octets from 0: an extension of the response.
///
/// A server without ranges sends the whole object, whatever was asked for, and some send more than that. So whoever asks for
/// a range looks here, and cuts what he wants out of what came; without this extension nobody knows what came.
///
/// ```
/// use sim800_session::{Body, Offset};
///
/// /// How many octets come before the one at `first`.
/// fn excess(response: &http::Response<Body>, first: u64) -> Option<u64> {
///     let Offset(offset) = response.extensions().get()?;
///     first.checked_sub(*offset)
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_structs, reason = "a number with a name")]
pub struct Offset(pub u64);

/// How many octets of a response stayed in the module, as [`HttpOptions::skip`] has it: an extension of the response.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_structs, reason = "a number with a name")]
pub struct Skipped(pub u32);

/// An HTTP client over a bearer.
#[derive(Clone, Debug)]
pub struct Http {
    bearer: Bearer,
    options: HttpOptions,
}

impl Http {
    /// A client with the default options.
    #[must_use]
    pub fn new(bearer: &Bearer) -> Self {
        Self { bearer: bearer.of_procedure(), options: HttpOptions::default() }
    }

    /// The same with other options.
    #[must_use]
    pub fn with_options(mut self, options: HttpOptions) -> Self {
        self.bearer = self.bearer.tuned(&options.effort);
        self.options = options;
        self
    }

    /// Sends a request and waits for the status; the body of the response is read from the module as it is wanted.
    ///
    /// GET, POST, HEAD and DELETE are possible, over `http:` and, where the firmware has SSL, over `https:`. Of the headers,
    /// `Range` (one range; a single octet is asked for with the next one), `User-Agent` and `Content-Type` have parameters of their own in the
    /// module, `Host` and `Content-Length` are its own business, and the others go along as they are, all within one command
    /// line. The response has headers where the firmware tells them (`AT+HTTPHEAD`, manual 11.2.9); that to a POST or a DELETE
    /// has none, either, when the line damages them twice.
    ///
    /// The body of a request is there as a whole before the module is asked to take it, for the module does not wait for more of it;
    /// it is 319,488 octets at most. One that is elsewhere, such as in a file that is mapped, is made by [`Bytes::from_owner`].
    ///
    /// Status, headers and body are those that the server sent, also where it does not keep to a range that was asked for;
    /// [`Offset`] tells where in the object the body begins. Where a module says 200 of a part (application note 3.7), and no header says
    /// more, the whole is fetched into it as well, to tell one from the other. Where headers promise a length, another one is an error. Behind a part
    /// that is shorter than it was asked for, of an object whose length nobody tells, what follows is fetched as well.
    ///
    /// An object that is larger than the module holds (319,488 octets) is fetched in ranges of
    /// [`Config::http_range`](crate::Config::http_range) octets, if the server honours them; what has come is handed out before
    /// the next range is fetched; its headers are those of the first range, with the length of all of them. That the object changes
    /// meanwhile is noticed where headers tell it; without a strong entity tag, each range begins with the last
    /// kilooctet of the one before, which is compared, and a server that sends none of that again cannot be gone on with.
    ///
    /// What the line, the bearer or the module breaks off is tried again as [`Config::retries`](crate::Config::retries) has
    /// it: windows of the body are read once more from the module, and of GET and HEAD the whole request is carried out
    /// again, where the object is still the same. That a server cannot be reached (601, 603) is final, unless the bearer is closed or
    /// something had come of it: to try again would keep whoever has the wrong port waiting, and behind a silent server for minutes.
    /// Once the module was told to send a POST or a DELETE, it is not told so
    /// again; [`HttpError::sent`] tells whether it was.
    ///
    /// What was set for one request is not set again for the next, but for what decides over octets, the URL and the range: after a
    /// success the service stays started for [`Config::http_kept_for`](crate::Config::http_kept_for). A short body comes with the
    /// headers, on one line with the question whether the request is over. Where a GET of the whole brings a part, everything is set
    /// anew and it is sent once more; a server that sends one all the same is believed.
    ///
    /// The module has one HTTP service: while the body of another response is being read, this waits, and while it is kept
    /// unread for a minute, this fails with [`HttpError::InUse`]. A body without octets keeps nothing.
    ///
    /// Nothing waits for ever: a request is given up when the module says nothing of it, or does not get further, for
    /// [`HttpOptions::timeout`] and 30 s. A module that fell silent for good is noticed within 120 s at any rate, tries included; within
    /// 170 s while it takes a body for which a slow line needs more than 50 s.
    ///
    /// # Errors
    ///
    /// [`HttpError`]; before anything is sent when the request cannot be put into the module's commands.
    pub fn send(
        &self,
        request: Request<Bytes>,
    ) -> impl Future<Output = Result<Response<Body>, HttpError>> + Send {
        self.bounded(request, None)
    }

    /// The same, and tells `progress` how far the request is, about every so often and before there is a response. It is
    /// told nothing when the firmware knows nothing (`AT+HTTPSTATUS?`, application note 3.8).
    ///
    /// # Errors
    ///
    /// As those of [`send`](Self::send).
    pub async fn send_with_progress(
        &self,
        request: Request<Bytes>,
        every: Duration,
        mut progress: impl FnMut(HttpProgress) + Send,
    ) -> Result<Response<Body>, HttpError> {
        self.bounded(request, Some(Observer { every, tell: &mut progress })).await
    }

    /// Saves the parameters that `request`, without a body, would set, so that they outlive a restart (manual 11.2.7). Nothing
    /// here needs them: in a service that is started, all are set.
    ///
    /// # Errors
    ///
    /// [`HttpError`]; before anything is sent when the request cannot be put into the module's commands.
    pub async fn save(&self, request: Request<Bytes>) -> Result<(), HttpError> {
        if !request.body().is_empty() {
            return Err(plan::unsupported("a body", "is not among what the module saves"));
        }
        let plan = self.plan(request)?;
        self.prepare(&plan, true).await?.execute(&HttpScont).await.map(drop)
    }

    /// Reads the parameters that a service begins with, and whether they are saved ones. `Debug` masks credentials.
    ///
    /// # Errors
    ///
    /// [`HttpError::Command`] and others.
    pub async fn saved<T>(&self, read: impl FnOnce(HttpContext<'_>) -> T) -> Result<T, HttpError> {
        let client = self.bearer.client();
        let (cid, name) = (self.bearer.cid(), "a look at the saved parameters".into());
        let mut service =
            Service::start_as(client, cid, &Method::GET, name, self.options.timeout, |_| false).await?;
        client.query(&HttpScontRead, read).await.map_err(|error| service.failed(error))
    }

    fn plan(&self, request: Request<Bytes>) -> Result<Plan, HttpError> {
        Plan::new(request, &self.options, self.bearer.profile(), self.bearer.client().config())
    }

    async fn prepare(&self, plan: &Plan, anew: bool) -> Result<Box<Service>, HttpError> {
        let mut service = Service::start(self.bearer.client(), self.bearer.cid(), plan, anew).await?;
        match service.prepare(plan).await {
            Ok(()) => Ok(service),
            Err(error) if service.has_forgotten(&error) => {
                drop(service);
                self.prepare_anew(plan).await
            }
            Err(error) => Err(error),
        }
    }

    async fn prepare_anew(&self, plan: &Plan) -> Result<Box<Service>, HttpError> {
        let mut service = Service::start(self.bearer.client(), self.bearer.cid(), plan, true).await?;
        service.prepare(plan).await?;
        Ok(service)
    }

    fn bounded<'f>(
        &'f self,
        request: Request<Bytes>,
        observer: Option<Observer<'f>>,
    ) -> BoxFuture<'f, Result<Response<Body>, HttpError>> {
        boxed(|| self.carry_out_in_time(request, observer))
    }

    /// Carries out a request for as long as it may take.
    async fn carry_out_in_time(
        &self,
        request: Request<Bytes>,
        observer: Option<Observer<'_>>,
    ) -> Result<Response<Body>, HttpError> {
        let method = request.method().clone();
        let deadline = Deadline::begin(self.bearer.client(), |limit| HttpError::Deadline { method, limit });
        let response = deadline.run(|| self.carry_out(request, observer)).await?;
        Ok(response.map(|body| deadline.read(body)))
    }

    async fn carry_out(
        &self,
        request: Request<Bytes>,
        mut observer: Option<Observer<'_>>,
    ) -> Result<Response<Body>, HttpError> {
        let plan = Arc::new(self.plan(request)?);
        let mut attempts = Attempts::new(&self.bearer);
        let (mut anew, mut is_doubted) = (false, false);
        loop {
            let error = match boxed(|| self.prepare(&plan, anew)).await {
                Ok(service) => {
                    let was_kept = service.was_kept;
                    let observer = observer.as_mut().map(Observer::reborrow);
                    match boxed(|| self.act(service, &plan, observer)).await {
                        // What was known of the service was wrong, and the server got nothing.
                        Err(error) if was_kept && error.is_refused_unsent() => {
                            self.bearer.client().known().doubt();
                            anew = true;
                            continue;
                        }
                        // Of the whole, a part: the line has damaged what was set, in this request or in one before.
                        Ok(part) if is_unasked(&plan, &part) && !mem::replace(&mut is_doubted, true) => {
                            self.bearer.client().known().doubt();
                            anew = true;
                            continue;
                        }
                        Err(error) if plan.method.is_safe() || error.sent() == Sent::No => error,
                        result => return result,
                    }
                }
                Err(error) => error,
            };
            attempts.again(error, None).await?;
        }
    }

    async fn act(
        &self,
        mut service: Box<Service>,
        plan: &Arc<Plan>,
        observer: Option<Observer<'_>>,
    ) -> Result<Response<Body>, HttpError> {
        let mut answer = None;
        let is_too_large = ranges::is_too_large(plan);
        if !is_too_large {
            answer = match boxed(|| service.act(plan, observer)).await {
                Err(HttpError::Action { method: Method::GET, status: HttpStatus::NO_MEMORY }) => None,
                result => Some(result?),
            };
        }
        let Some((status, length)) = answer else {
            return boxed(|| self.begin_ranges(service, plan, !is_too_large)).await;
        };
        let (status, mut headers) = boxed(|| service.headers(plan, status, plan.wants_part())).await?;
        let place = boxed(|| ranges::place(&mut service, plan, (status, length), headers.as_ref())).await?;
        let origin = plan.method.is_safe().then(|| Origin::new(plan, status, headers.as_ref()));
        let held = held(plan, status, length, headers.as_ref());
        let size = self.bearer.client().config().http_range;
        let ranges = match held.promised {
            None => Ranges::behind(plan, size, (status, length), place, &mut headers)?,
            Some(_) => None,
        };
        let status = match status_code(&plan.method, status)? {
            // The module told 200 of it.
            StatusCode::OK if place.is_part => StatusCode::PARTIAL_CONTENT,
            status => status,
        };
        let begin = Begin::of(plan, place.offset, &held);
        let mut body = body::body(service, &self.bearer, held.behind(begin.skipped), origin, ranges).await;
        let tells = |headers: &HeaderMap| {
            [CONTENT_RANGE, CONTENT_LENGTH].iter().any(|name| headers.contains_key(name))
        };
        if plan.is_single && status == StatusCode::PARTIAL_CONTENT && !headers.as_ref().is_some_and(tells) {
            // Nobody tells of the one behind it.
            body = body.truncated(1);
        }
        Ok(response(status, headers, begin, body))
    }

    /// Fetches an object in ranges, which the module `is_unable` to hold, as it said, or which need not be tried.
    async fn begin_ranges(
        &self,
        mut service: Box<Service>,
        plan: &Arc<Plan>,
        is_unable: bool,
    ) -> Result<Response<Body>, HttpError> {
        let mut ranges = Ranges::new(Arc::clone(plan), self.bearer.client().config().http_range, is_unable);
        let First { status, length, headers, what } = ranges.begin(&mut service).await?;
        let origin = Some(Origin::new(plan, status, headers.as_ref()));
        let (held, offset, ranges) = match what {
            What::Range => {
                let held = Held { length, skipped: 0, promised: None, has_body: true };
                (held, Some(u64::from(plan.range.0)), Some(ranges))
            }
            What::Whole => (held(plan, status, length, headers.as_ref()), Some(0), None),
            What::Other => (held(plan, status, length, headers.as_ref()), None, None),
        };
        let status = match status_code(&plan.method, status)? {
            // All of it was asked for, and comes.
            StatusCode::PARTIAL_CONTENT if !plan.wants_part() => StatusCode::OK,
            // The module told 200 of it.
            StatusCode::OK if plan.wants_part() && what == What::Range => StatusCode::PARTIAL_CONTENT,
            status => status,
        };
        let begin = Begin::of(plan, offset, &held);
        let body = body::body(service, &self.bearer, held.behind(begin.skipped), origin, ranges).await;
        Ok(response(status, headers, begin, body))
    }
}

/// Whether a response is a part of what was asked for as a whole.
fn is_unasked(plan: &Plan, response: &Response<Body>) -> bool {
    response.status() == StatusCode::PARTIAL_CONTENT && plan.method == Method::GET && !plan.wants_part()
}

/// Where a body begins.
#[derive(Clone, Copy)]
struct Begin {
    /// In its object, where that is known.
    offset: Option<u64>,
    /// How many octets the module has before it.
    skipped: u32,
}

impl Begin {
    /// Of what is `held` from `offset` on, in answer to `plan`.
    fn of(plan: &Plan, offset: Option<u64>, held: &Held) -> Self {
        let first = u64::from(plan.range.0);
        let excess = offset.filter(|_| plan.skips).and_then(|offset| first.checked_sub(offset));
        match excess.and_then(|excess| u32::try_from(excess).ok()) {
            // Of what ends before the range, all is handed out.
            Some(skipped) if skipped < held.length => Self { offset: Some(first), skipped },
            _ => Self { offset, skipped: 0 },
        }
    }
}

/// What the module has of the whole of a response.
fn held(plan: &Plan, status: HttpStatus, length: u32, headers: Option<&HeaderMap>) -> Held {
    // Where headers say the same, nothing is looked for behind the end.
    let is_told = headers.is_some_and(|headers| confirms(headers, length));
    let is_empty = length == 0 && (is_told || matches!(status.0, 204 | 304));
    Held {
        length,
        skipped: 0,
        promised: headers.and_then(|headers| Promise::of(status, headers).broken_by(length)),
        has_body: plan.method != Method::HEAD && !is_empty,
    }
}

/// A status that HTTP can have.
fn status_code(method: &Method, status: HttpStatus) -> Result<StatusCode, HttpError> {
    StatusCode::from_u16(status.0).map_err(|_| HttpError::Action { method: method.clone(), status })
}

fn response(
    status: StatusCode,
    headers: Option<HeaderMap>,
    Begin { offset, skipped }: Begin,
    body: Body,
) -> Response<Body> {
    let mut response = Response::new(body);
    if let Some(offset) = offset {
        response.extensions_mut().insert(Offset(offset));
    }
    if skipped > 0 {
        response.extensions_mut().insert(Skipped(skipped));
    }
    *response.status_mut() = status;
    *response.headers_mut() = headers.unwrap_or_default();
    response
}
