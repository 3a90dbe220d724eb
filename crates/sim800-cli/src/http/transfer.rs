//! One request, from its destination to what is told of it.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::{Instant, SystemTime};

use bytes::Bytes;
use futures::stream::{BoxStream, StreamExt};
use http::header::{ACCEPT, RANGE};
use http::response::Parts;
use http::{HeaderMap, StatusCode};
use indicatif::ProgressBar;
use serde_json::json;
use sim800_session::Client;

use super::answer::{Excerpt, KEPT, advised, head_fields, head_text, hint, refusal, tell_error};
use super::plan::Plan;
use super::rest::{Rest, ask_for_the_rest, last_modified};
use super::watch::Watch;
use crate::args::HttpAnswer;
use crate::failure::Failure;
use crate::meter::Meter;
use crate::output::{Output, Report, resumed};
use crate::range::refuse_a_part;
use crate::resume::Resumable;
use crate::sink::{Sink, named};
use crate::way::{Way, WayError};

/// How many octets of a body that was asked for become part of one object.
const OBJECT: usize = 1 << 20;

/// A request, and what is to become of the answer.
pub(super) struct Transfer<'a> {
    pub(super) plan: Plan,
    /// Where the body goes; `None` for stdout, or into the object of `--json`.
    pub(super) file: Option<PathBuf>,
    pub(super) resume: bool,
    pub(super) if_newer: bool,
    pub(super) how: &'a HttpAnswer,
    pub(super) output: Output,
}

/// What can be said of the failure of a transfer, wherever it comes from.
#[derive(Clone)]
pub(super) struct Advice {
    url: String,
    file: Option<PathBuf>,
    resume: bool,
    is_download: bool,
    is_insecure: bool,
}

impl Advice {
    /// Says what helps, and what became of what has come. The transfer has ended.
    pub(super) fn give(self, failure: Failure) -> Failure {
        let failure = advised(failure, self.is_insecure);
        let failure = match &self.file {
            _ if !self.is_download => failure.of_what_is_sent_once(),
            Some(path) if self.resume => match Resumable::new(path) {
                Ok(resumable) => resumable.advise(&self.url, failure),
                // It may be why it failed.
                Err(_) => failure,
            },
            file => failure.of_resumable_download_to(file.as_deref()),
        };
        failure.about(self.url)
    }
}

/// Where a body goes, opened before anything is sent that would have been in vain.
pub(super) enum Destination {
    Sink(Sink),
    Resumable(Resumable),
    /// The object that `--json` prints.
    Object,
}

/// An answer, its body not read yet.
struct Answer {
    head: Parts,
    body: BoxStream<'static, Result<Bytes, WayError>>,
    /// The position of its first octet in what is there of the file then.
    from: u64,
    /// How many octets there are from where the body begins, where that is known.
    total: Option<u64>,
    /// What to tell programs of it.
    fields: Vec<(&'static str, serde_json::Value)>,
}

impl Transfer<'_> {
    /// What is fetched, as people know it.
    pub(super) fn url(&self) -> &str {
        &self.plan.url
    }

    pub(super) async fn open(&mut self) -> Result<Destination, Failure> {
        let file = self.file.as_deref();
        if self.output.json && Sink::is_stdout(file) {
            return Ok(Destination::Object);
        }
        match file {
            Some(path) if self.resume => Ok(Destination::Resumable(Resumable::new(path)?)),
            file => {
                if let Some(time) = file.filter(|_| self.if_newer).and_then(modified) {
                    self.plan.set_if_newer(time);
                }
                Ok(Destination::Sink(Sink::open(file).await?))
            }
        }
    }

    /// Sends the request and takes the answer.
    pub(super) async fn carry_out(
        self,
        client: &Client,
        way: &Way,
        destination: Destination,
    ) -> Result<Report, Failure> {
        match destination {
            Destination::Resumable(resumable) => Box::pin(self.go_on(client, way, &resumable)).await,
            destination => Box::pin(self.receive(client, way, destination)).await,
        }
    }

    /// What can be said of its failure.
    pub(super) fn advice(&self) -> Advice {
        Advice {
            url: self.plan.url.clone(),
            file: self.file.clone(),
            resume: self.resume,
            is_download: self.plan.request.method().is_safe(),
            is_insecure: self.plan.options.accept_invalid_certificate,
        }
    }

    async fn receive(self, client: &Client, way: &Way, destination: Destination) -> Result<Report, Failure> {
        let Self { plan, file, if_newer, how, output, .. } = self;
        let request = &plan.request;
        let (uri, sent) = (plan.uri().clone(), request.body().len());
        // As an option, or as a header of the user's own.
        let asks_for_a_part = request.headers().contains_key(RANGE);
        let is_safe = request.method().is_safe();
        let wants_json = wants_json(request.headers());
        let start = Instant::now();
        let watch = Watch { client, name: plan.name.clone(), output };
        let response = watch.send(way, request.clone()).await?;
        if !asks_for_a_part {
            refuse_a_part(&response)?;
        }
        let is_answer = response.status().is_success();
        let mut cut = None;
        if let Some(range) = plan.range.filter(|_| is_answer) {
            cut = Some((range, range.cut_out_of(&response)?));
        }
        let (head, body) = response.into_parts();
        let total = body.total();
        let mut answer = match cut {
            Some((range, cut)) => {
                Answer { head, body: range.cut(body, cut.before).boxed(), from: 0, total, fields: Vec::new() }
            }
            None => Answer { head, body: body.boxed(), from: 0, total, fields: Vec::new() },
        };
        if head_is_not_modified(&answer.head) && if_newer {
            return Ok(up_to_date(&answer.head, &plan.url, file.as_deref(), start));
        }
        if let Some(refusal) = refusal(&answer.head, &uri, plan.options.redirect) {
            return Err(tell_error(refusal, &answer.head, answer.body, how, output).await);
        }
        if let Some((_, cut)) = cut {
            if cut.is_more_than_asked {
                output.remark("sim800: the server ignores ranges; the range is cut out of what it sent");
            }
            answer.fields.push(("cut", json!(cut.is_more_than_asked)));
        }
        if sent > 0 {
            answer.fields.push(("sent", json!(sent)));
        }
        if let Some(hint) = hint(&uri, &answer.head.headers, wants_json) {
            output.remark(&format!("sim800: {hint}"));
            answer.fields.push(("hint", json!(hint)));
        }
        let modified = if_newer.then(|| last_modified(&answer.head.headers)).flatten();
        let told =
            Told { name: &plan.name, url: &plan.url, file: file.as_deref(), how, output, sent, is_safe };
        let report = told.take(answer, destination, client, start).await?;
        if let (Some(path), Some(modified)) = (&file, modified) {
            // What cannot be set is of no consequence but for the next time.
            let _ = File::options().append(true).open(path).and_then(|file| file.set_modified(modified));
        }
        Ok(report)
    }

    /// Fetches what is missing of a file, and keeps what has come if it breaks off again.
    async fn go_on(self, client: &Client, way: &Way, resumable: &Resumable) -> Result<Report, Failure> {
        let Self { plan, file, how, output, .. } = self;
        let start = Instant::now();
        let watch = Watch { client, name: plan.name.clone(), output };
        let remnant = resumable.remnant(&plan.url).or_else(|| resumable.whole(&plan.url));
        let rest = ask_for_the_rest(way, &plan.request, &plan.url, remnant.as_ref(), &watch).await?;
        let Rest { head, origin, from, compared, mut body } = rest;
        if let Some(refusal) = refusal(&head, plan.uri(), plan.options.redirect) {
            return Err(tell_error(refusal, &head, body, how, output).await);
        }
        let mut fields = vec![("resumed_from", json!(from)), ("compared", json!(compared))];
        if from == 0 && remnant.as_ref().is_some_and(|there| there.complete_since.is_none()) {
            output.remark("sim800: the file on the server has changed; starting again");
        }
        let there = remnant.filter(|_| from > 0);
        let sink = match there {
            Some(there) if there.complete_since.is_some() => {
                // What was compared was its end.
                while body.next().await.transpose()?.is_some() {}
                fields.splice(0..0, [("url", json!(plan.url))]);
                fields.extend(head_fields(&head));
                fields.extend(named(file.as_deref()));
                return Ok(nothing_to_do(fields, file.as_deref(), start));
            }
            Some(there) => resumable.go_on(&there)?,
            None => resumable.begin(&origin)?,
        };
        let answer =
            Answer { head, body, from, total: origin.size.map(|size| size.saturating_sub(from)), fields };
        let told = Told {
            name: &plan.name,
            url: &plan.url,
            file: file.as_deref(),
            how,
            output,
            sent: 0,
            is_safe: true,
        };
        told.take(answer, Destination::Sink(sink), client, start).await
    }
}

/// What is told of a body.
struct Told<'a> {
    name: &'a str,
    url: &'a str,
    file: Option<&'a Path>,
    how: &'a HttpAnswer,
    output: Output,
    /// How many octets the request had.
    sent: usize,
    /// Whether the body is what was asked for, and not what came of something that was done.
    is_safe: bool,
}

impl Told<'_> {
    /// Takes the body of `answer` to its destination.
    async fn take(
        self,
        answer: Answer,
        destination: Destination,
        client: &Client,
        start: Instant,
    ) -> Result<Report, Failure> {
        let Answer { head, body, from, total, mut fields } = answer;
        let meter = |from| {
            let bar = self.output.progress(self.name, total.map(|total| from + total));
            bar.set_position(from);
            Meter::new(bar, client)
        };
        let mut text = Vec::new();
        if self.how.include && !self.output.json {
            text = head_text(&head);
            text.push(b'\n');
        }
        let octets = match destination {
            Destination::Object => {
                let limit = if self.is_safe { OBJECT } else { KEPT };
                let too_large = || {
                    let message = format!(
                        "the body is longer than the {limit} bytes that --json shows; save it with -o FILE"
                    );
                    Failure::new("too-large", message)
                };
                if self.is_safe && total.is_some_and(|total| total > limit as u64) {
                    return Err(too_large());
                }
                let meter = meter(0);
                let excerpt = meter.receive(Excerpt::of(body, limit, meter.counted())).await?;
                if self.is_safe && excerpt.is_cut {
                    return Err(too_large());
                }
                let octets = excerpt.octets.len() as u64;
                fields.extend(excerpt.fields());
                octets
            }
            Destination::Sink(mut sink) => {
                if Sink::is_stdout(self.file) {
                    // They come before it.
                    sink.show(&std::mem::take(&mut text)).await?;
                }
                if sink.is_shown() {
                    // No bar is drawn over it.
                    sink.take(body, &ProgressBar::hidden()).await?.octets
                } else {
                    let meter = meter(from);
                    meter.receive(sink.take(body, meter.counted())).await?.octets
                }
            }
            // It has become a sink.
            Destination::Resumable(_) => 0,
        };
        let Report { fields: mut moved, remark, .. } = Report::transfer(octets, start);
        let mut all = vec![("url", json!(self.url))];
        all.extend(head_fields(&head));
        all.append(&mut moved);
        all.extend(named(self.file));
        all.append(&mut fields);
        let sent = if self.sent > 0 { format!("{} bytes sent, ", self.sent) } else { String::new() };
        Ok(Report { fields: all, text, remark: format!("{}: {sent}{remark}{}", head.status, resumed(from)) })
    }
}

fn head_is_not_modified(head: &Parts) -> bool {
    head.status == StatusCode::NOT_MODIFIED
}

fn wants_json(headers: &HeaderMap) -> bool {
    headers.get(ACCEPT).is_some_and(|accepted| accepted == "application/json")
}

/// When a file was written last.
fn modified(path: &Path) -> Option<SystemTime> {
    path.metadata().ok()?.modified().ok()
}

/// Nothing has changed since the file was fetched.
fn up_to_date(head: &Parts, url: &str, file: Option<&Path>, start: Instant) -> Report {
    let mut fields = vec![("url", json!(url))];
    fields.extend(head_fields(head));
    fields.extend(named(file));
    nothing_to_do(fields, file, start)
}

fn nothing_to_do(
    mut fields: Vec<(&'static str, serde_json::Value)>,
    file: Option<&Path>,
    start: Instant,
) -> Report {
    let Report { fields: moved, .. } = Report::transfer(0, start);
    fields.extend(moved);
    fields.push(("up_to_date", json!(true)));
    let name = file.map(|path| path.display().to_string()).unwrap_or_default();
    Report { fields, text: Vec::new(), remark: format!("{name} is up to date; sim800 fetched nothing") }
}
