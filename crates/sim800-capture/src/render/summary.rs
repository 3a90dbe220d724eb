//! A summary for people, and for programs.

use std::fmt::Write as _;
use std::time::Duration;

use serde_json::{Value, json};

use super::json::in_order;
use crate::summary::{Incident, Kept, Summary, Transfer, Wait};

impl Summary {
    /// A few lines for people, each with its end.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        let [sent, received] = self.octets;
        let [payload_sent, payload_received] = self.payload;
        let time = self.end.map_or_else(String::new, |end| format!("{:.3} s, ", end.as_secs_f64()));
        let errors = match self.errors {
            0 => "no errors".to_owned(),
            1 => "1 error".to_owned(),
            errors => format!("{errors} errors"),
        };
        line(
            &mut text,
            format_args!(
                "{time}{} commands; {sent} bytes to the module, {payload_sent} of them payload; {received} bytes from it, \
                 {payload_received} of them payload; {errors}",
                self.commands
            ),
        );
        let title = match self.rate() {
            Some((rate, true)) => {
                format!("transfers, with their share of the line, of {rate} bit/s at least")
            }
            Some((rate, false)) => format!("transfers, with their share of the line, of {rate} bit/s"),
            None => "transfers".to_owned(),
        };
        list(&mut text, &title, &self.transfers, |transfer| self.transfer(transfer));
        list(&mut text, "waits of a second and more", &self.waits, wait);
        list(&mut text, "retries", &self.retries, incident);
        list(&mut text, "restarts of the module", &self.restarts, incident);
        text
    }

    fn transfer(&self, transfer: &Transfer) -> String {
        let took = transfer.duration().map_or_else(String::new, |took| {
            let rate = transfer.octets() as f64 / took.as_secs_f64().max(1e-6);
            let share =
                self.share(transfer).map_or_else(String::new, |share| format!(", {:.0} %", share * 100.0));
            format!(" in {:.3} s ({rate:.0} bytes/s{share})", took.as_secs_f64())
        });
        let retries = match transfer.retries {
            0 => String::new(),
            1 => ", 1 retry".to_owned(),
            retries => format!(", {retries} retries"),
        };
        let outcome = transfer.outcome.as_deref().map_or_else(String::new, |outcome| format!(": {outcome}"));
        format!(
            "{} {}: {} bytes{took}{retries}{outcome}",
            time(transfer.began),
            transfer.what,
            transfer.octets()
        )
    }

    /// How much of what the line can carry in that time is payload.
    fn share(&self, transfer: &Transfer) -> Option<f64> {
        let (rate, _) = self.rate()?;
        let seconds = transfer.duration()?.as_secs_f64();
        // A character is ten bits.
        let share = transfer.octets() as f64 * 10.0 / f64::from(rate) / seconds.max(1e-6);
        (seconds > 0.0 && share <= 1.05).then_some(share)
    }

    /// One JSON object on one line, with `"event":"summary"`, without a line end behind it.
    #[must_use]
    pub fn json(&self) -> String {
        let rate = self.rate();
        let transfers: Vec<Value> =
            self.transfers.items.iter().map(|transfer| self.transfer_object(transfer)).collect();
        let waits: Vec<Value> = self.waits.items.iter().map(wait_object).collect();
        let [sent, received] = self.octets;
        let [payload_sent, payload_received] = self.payload;
        in_order(&[
            ("event", "summary".into()),
            ("t", seconds(self.end)),
            ("commands", self.commands.into()),
            ("errors", self.errors.into()),
            ("sent", sent.into()),
            ("sent_payload", payload_sent.into()),
            ("received", received.into()),
            ("received_payload", payload_received.into()),
            ("rate", rate.map(|(rate, _)| rate).into()),
            ("rate_is_estimated", rate.map(|(_, is_estimated)| is_estimated).into()),
            ("transfers", transfers.into()),
            ("waits", waits.into()),
            ("retries", incidents(&self.retries)),
            ("restarts", incidents(&self.restarts)),
        ])
    }

    fn transfer_object(&self, transfer: &Transfer) -> Value {
        json!({
            "what": transfer.what,
            "t": seconds(transfer.began),
            "seconds": seconds(transfer.duration()),
            "sent": transfer.sent,
            "received": transfer.received,
            "line": transfer.line,
            "share": self.share(transfer),
            "retries": transfer.retries,
            "outcome": transfer.outcome,
            "error": transfer.is_failure,
        })
    }
}

fn wait_object(wait: &Wait) -> Value {
    json!({
        "t": seconds(Some(wait.began)),
        "seconds": seconds(Some(wait.duration())),
        "command": wait.command,
        "meaning": wait.meaning,
    })
}

fn incidents(incidents: &Kept<Incident>) -> Value {
    incidents
        .items
        .iter()
        .map(|incident| json!({ "t": seconds(incident.time), "text": incident.text }))
        .collect()
}

fn seconds(time: Option<Duration>) -> Value {
    time.map(|time| time.as_micros() as f64 / 1e6).into()
}

fn list<T>(text: &mut String, title: &str, kept: &Kept<T>, told: impl Fn(&T) -> String) {
    if kept.items.is_empty() {
        return;
    }
    line(text, format_args!("{title}:"));
    for item in &kept.items {
        line(text, format_args!("  {}", told(item)));
    }
    let more = kept.count - kept.items.len() as u64;
    if more > 0 {
        line(text, format_args!("  and {more} more"));
    }
}

fn wait(wait: &Wait) -> String {
    let meaning = wait.meaning.as_deref().map_or_else(String::new, |meaning| format!(": {meaning}"));
    let took = wait.duration().as_secs_f64();
    format!("{} {took:.3} s for {}{meaning}", time(Some(wait.began)), wait.command)
}

fn incident(incident: &Incident) -> String {
    format!("{} {}", time(incident.time), incident.text)
}

fn time(time: Option<Duration>) -> String {
    time.map_or_else(|| format!("{:10}", ""), |time| format!("{:>10.3}", time.as_secs_f64()))
}

fn line(text: &mut String, line: std::fmt::Arguments<'_>) {
    // Writing to a string does not fail.
    let _ = writeln!(text, "{line}");
}
