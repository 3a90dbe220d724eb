//! A capture as one page for a browser, which needs nothing else: no network, no other file.
//!
//! What crossed the line may be hostile. It is in the page as JSON in which no character means anything to HTML, the page puts
//! it nowhere but in text, and its policy lets no script run but its own.

use std::fmt::Write as _;

use data_encoding::BASE64;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::json::{characters, push_ascii};
use crate::event::{Direction, Event, Kind};
use crate::printable::hexadecimal;
use crate::summary::{Summary, Waits};

const PAGE: &str = include_str!("report/page.html");
const STYLE: &str = include_str!("report/style.css");
const SCRIPT: &str = concat!(
    include_str!("report/data.js"),
    include_str!("report/timeline.js"),
    include_str!("report/list.js"),
    include_str!("report/detail.js"),
    include_str!("report/sequence.js"),
    include_str!("report/page.js"),
);

/// How many octets of one payload are in the page, and of all together; the first few are always there.
const SHOWN: usize = 4096;
const SHOWN_IN_ALL: usize = 24 * 1024 * 1024;
const SHOWN_ALWAYS: usize = 64;

/// Renders a capture as a page of HTML, piece by piece, so that only its reader holds all of it.
#[derive(Debug)]
pub struct Report {
    waits: Waits,
    /// How many octets of payload may still be shown.
    room: usize,
    is_first: bool,
}

impl Report {
    /// A page with this title, and its beginning.
    #[must_use]
    pub fn new(title: &str) -> (Self, String) {
        let (start, _) = page();
        let mut name = String::new();
        push_escaped(&mut name, title);
        let start = start
            .replace("{style-hash}", &hash(STYLE))
            .replace("{script-hash}", &hash(SCRIPT))
            .replace("{style}", STYLE)
            .replace("{title}", &name);
        (Self { waits: Waits::default(), room: SHOWN_IN_ALL, is_first: true }, start + "[")
    }

    /// What the page has of an event.
    #[must_use]
    pub fn event(&mut self, event: &Event) -> String {
        let mut text = String::new();
        if event.kind == Kind::Blank {
            return text;
        }
        let payload = event.payload.as_ref().map(|payload| {
            let room = self.room.clamp(SHOWN_ALWAYS, SHOWN);
            let shown = payload.octets.get(..room).unwrap_or(&payload.octets);
            self.room = self.room.saturating_sub(shown.len());
            json!([
                payload.announced,
                payload.received,
                hexadecimal(&payload.sha256),
                payload.name,
                BASE64.encode(shown),
                payload.since.map(|since| since.as_secs_f64()),
            ])
        });
        let direction = match event.direction {
            Some(Direction::Sent) => json!(0),
            Some(Direction::Received) => json!(1),
            None => Value::Null,
        };
        let row = json!([
            event.time.map(|time| time.as_micros() as f64 / 1e6),
            direction,
            event.kind.name(),
            event.subject.name(),
            u8::from(event.is_error),
            event.octets,
            characters(&event.line),
            event.meaning,
            payload,
        ]);
        self.push(&mut text, &row);
        if let Some(wait) = self.waits.take(event) {
            let times = [wait.began, wait.ended].map(|time| time.as_micros() as f64 / 1e6);
            self.push(&mut text, &json!(["wait", times[0], times[1], wait.command, wait.meaning]));
        }
        text
    }

    /// The end of the page.
    #[must_use]
    pub fn finish(self, summary: &Summary) -> String {
        let (_, end) = page();
        let mut json = String::new();
        push_inert(&mut json, &summary.json());
        let goodput =
            json!({ "width": summary.goodput.width.as_secs_f64(), "octets": summary.goodput.octets });
        let mut bins = String::new();
        push_inert(&mut bins, &goodput.to_string());
        let end = end.replace("{script}", SCRIPT).replace("{summary}", &json).replace("{goodput}", &bins);
        format!("]{end}")
    }

    fn push(&mut self, text: &mut String, row: &Value) {
        text.push_str(if std::mem::take(&mut self.is_first) { "\n" } else { ",\n" });
        push_inert(text, &row.to_string());
    }
}

/// What stands before the events, and behind them.
fn page() -> (&'static str, &'static str) {
    PAGE.split_once("{events}").unwrap_or((PAGE, ""))
}

/// JSON that means nothing to HTML: no tag, no comment and no entity begins in it.
fn push_inert(text: &mut String, json: &str) {
    let mut ascii = String::with_capacity(json.len());
    push_ascii(&mut ascii, json);
    for c in ascii.chars() {
        match c {
            '<' | '>' | '&' => {
                // Writing to a string does not fail.
                let _ = write!(text, "\\u{:04x}", u32::from(c));
            }
            c => text.push(c),
        }
    }
}

fn push_escaped(text: &mut String, plain: &str) {
    for c in plain.chars() {
        match c {
            '<' => text.push_str("&lt;"),
            '>' => text.push_str("&gt;"),
            '&' => text.push_str("&amp;"),
            '"' => text.push_str("&quot;"),
            // The page is made of pieces in braces.
            '{' => text.push_str("&#123;"),
            c if c.is_control() => text.push('\u{fffd}'),
            c => text.push(c),
        }
    }
}

/// As a policy names it.
fn hash(text: &str) -> String {
    format!("sha256-{}", BASE64.encode(&Sha256::digest(text.as_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::Capture;

    /// All of a page whose capture has this line.
    fn page_of(line: &[u8]) -> String {
        let (mut report, mut page) = Report::new("<b>{script}</b>");
        let mut summary = Summary::new();
        let mut capture = Capture::new();
        let mut sink = |event: Event| {
            summary.take(&event);
            page.push_str(&report.event(&event));
        };
        capture.handle_octets(None, Direction::Received, line, &mut sink);
        capture.handle_end(&mut sink);
        page + &report.finish(&summary)
    }

    #[test]
    fn a_capture_is_no_markup() {
        let quiet = page_of(b"\r\nRDY\r\n");
        let hostile = page_of(b"\r\n</script><script>alert(1)</script><!--<script>&lt;\xe2\x80\xa8\r\n");
        for mark in ["<", ">", "&"] {
            assert_eq!(hostile.matches(mark).count(), quiet.matches(mark).count(), "{mark}");
        }
        assert!(quiet.contains("<title>&lt;b&gt;&#123;script}&lt;/b&gt;"), "{}", &quiet[..600]);
        assert!(!quiet.contains("{script}") && !quiet.contains("{style"));
    }

    #[test]
    fn the_page_names_nothing_outside() {
        for word in ["http://", "https://", "@import", "url(", "innerHTML", "eval(", "document.write"] {
            let found = [PAGE, STYLE, SCRIPT].iter().filter(|text| text.contains(word)).count();
            // The name of SVG is no address.
            let allowed = usize::from(word == "http://");
            assert!(found <= allowed, "{word}");
        }
    }
}
