//! What a request came to, told when it is over.

use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use http::StatusCode;
use serde_json::json;
use sim800_session::{Client, Traffic};

use super::Totals;
use crate::failure::Failure;
use crate::output::{Output, seconds};

/// A program's connection.
pub(super) struct Program {
    pub(super) peer: SocketAddr,
    /// What it was being sent has broken off.
    pub(super) is_cut_off: Cell<bool>,
}

/// The account of a request, which is told when the last of those who have it let go of it.
pub(super) struct Account {
    output: Output,
    client: Client,
    totals: Rc<Totals>,
    pub(super) program: Rc<Program>,
    what: String,
    method: String,
    start: Instant,
    /// What had crossed the line before.
    before: Traffic,
    pub(super) status: Cell<Option<StatusCode>>,
    /// What carried it.
    pub(super) via: Cell<&'static str>,
    /// Octets from the program and to it. What is sent on may be taken by another thread.
    pub(super) up: Arc<AtomicU64>,
    down: Cell<u64>,
    failure: RefCell<Option<Failure>>,
    /// Whether it came to its end.
    is_complete: Cell<bool>,
}

impl Account {
    pub(super) fn begin(
        (output, client, totals): (Output, &Client, &Rc<Totals>),
        program: &Rc<Program>,
        method: &str,
        what: String,
    ) -> Rc<Self> {
        Rc::new(Self {
            output,
            client: client.clone(),
            totals: Rc::clone(totals),
            program: Rc::clone(program),
            what,
            method: method.to_owned(),
            start: Instant::now(),
            before: client.traffic(),
            status: Cell::new(None),
            via: Cell::new("none"),
            up: Arc::default(),
            down: Cell::new(0),
            failure: RefCell::new(None),
            is_complete: Cell::new(false),
        })
    }

    pub(super) fn count_up(&self, octets: usize) {
        self.up.fetch_add(octets as u64, Ordering::Relaxed);
    }

    pub(super) fn count_down(&self, octets: usize) {
        self.down.set(self.down.get() + octets as u64);
    }

    /// Notes why it failed, first of all.
    pub(super) fn fail(&self, failure: Failure) {
        self.failure.borrow_mut().get_or_insert(failure);
    }

    pub(super) fn complete(&self) {
        self.is_complete.set(true);
    }
}

impl Drop for Account {
    fn drop(&mut self) {
        let failure = self.failure.take();
        let (up, down) = (self.up.load(Ordering::Relaxed), self.down.get());
        let Traffic { sent, received, .. } = self.client.traffic();
        let line = sent + received - self.before.sent - self.before.received;
        let ok = failure.is_none() && self.is_complete.get();
        self.totals.add(ok, up, down);
        let status = self.status.get().map(|status| status.as_u16());
        let why = match &failure {
            Some(failure) => failure.to_string(),
            None if !ok => "the program gave it up".to_owned(),
            None => String::new(),
        };
        let mut fields = vec![
            ("client", json!(self.program.peer.to_string())),
            ("method", json!(self.method)),
            ("url", json!(self.what)),
            ("status", json!(status)),
            ("via", json!(self.via.get())),
            ("up", json!(up)),
            ("down", json!(down)),
            ("seconds", json!(seconds(self.start.elapsed()))),
            ("line", json!(line)),
        ];
        let mut remark = format!(
            "{} {} {} {} via {}: {up} bytes up, {down} down in {:.1} s; {line} on the line",
            self.program.peer,
            self.method,
            self.what,
            status.map_or_else(|| "-".to_owned(), |status| status.to_string()),
            self.via.get(),
            self.start.elapsed().as_secs_f64(),
        );
        if !why.is_empty() {
            let kind = failure.as_ref().map_or("given-up", Failure::kind);
            let code = failure.as_ref().and_then(Failure::code);
            fields.push(("error", json!({ "kind": kind, "code": code, "message": why })));
            remark.push_str(&format!("; {why}"));
        }
        self.output.note(ok, &fields, &remark);
    }
}
