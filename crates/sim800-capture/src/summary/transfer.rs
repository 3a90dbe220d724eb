//! What was moved over HTTP, FTP and in the module's file system.

use std::time::Duration;

use sim800_command::HttpMethod;
use sim800_parser::Value;

use crate::event::{Direction, Event, Kind};
use crate::printable::printable;
use crate::subject::Subject;

/// An object that was moved, or tried to.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Transfer {
    /// What is moved: `HTTP GET http://…`, `FTP download /a/b.bin`; printable, and without a login.
    pub what: String,
    /// When the command was sent that began it.
    pub began: Option<Duration>,
    /// When its last octet crossed, or its result.
    pub ended: Option<Duration>,
    /// Octets of payload to the module.
    pub sent: u64,
    /// Octets of payload from it.
    pub received: u64,
    /// Octets on the line meanwhile, of both directions.
    pub line: u64,
    /// How often something was tried again meanwhile.
    pub retries: u64,
    /// How it ended, as the module says it; `None` where it does not.
    pub outcome: Option<String>,
    /// Whether that is a failure.
    pub is_failure: bool,
}

impl Transfer {
    /// Octets of payload in both directions.
    #[must_use]
    pub fn octets(&self) -> u64 {
        self.sent + self.received
    }

    /// How long it took, where the capture has times.
    #[must_use]
    pub fn duration(&self) -> Option<Duration> {
        Some(self.ended?.saturating_sub(self.began?))
    }
}

/// Finds transfers in a capture.
#[derive(Debug, Default)]
pub(crate) struct Transfers {
    open: Option<Open>,
    url: String,
    /// Of downloads and uploads by FTP: path and name.
    get: [String; 2],
    put: [String; 2],
    /// A body that was loaded, for the request that sends it.
    loaded: Option<(Option<Duration>, u64)>,
}

#[derive(Debug)]
struct Open {
    /// The name of the commands whose payload is of it.
    name: String,
    transfer: Transfer,
}

impl Transfers {
    /// The transfer that is over now that `event` has come.
    pub(crate) fn take(&mut self, event: &Event) -> Option<Transfer> {
        if let Some(Open { transfer, .. }) = &mut self.open {
            transfer.line += event.octets * u64::from(event.direction.is_some());
            transfer.retries += u64::from(event.kind == Kind::Retry);
        }
        match event.kind {
            Kind::Command => self.command(event),
            // Where only the module was heard, its echo has to do.
            Kind::Echo if event.meaning.as_deref() != Some(crate::meaning::ECHO) => self.command(event),
            Kind::Payload => {
                self.payload(event);
                None
            }
            Kind::Unsolicited => self.result(event),
            _ => None,
        }
    }

    /// The capture ends.
    pub(crate) fn finish(&mut self) -> Option<Transfer> {
        self.open.take().map(|open| open.transfer)
    }

    fn command(&mut self, event: &Event) -> Option<Transfer> {
        let name = event.name()?.to_ascii_uppercase();
        let mut values = event.values();
        let first = values.next();
        let number = first.and_then(Value::number);
        let text = |value: Option<Value<'_>>| match value {
            Some(Value::Quoted(text) | Value::Bare(text)) => printable(text),
            _ => String::new(),
        };
        match (name.as_str(), number) {
            ("+HTTPPARA", _) if text(first).eq_ignore_ascii_case("URL") => {
                self.url = without_login(&text(values.next()));
                None
            }
            ("+FTPGETPATH", _) => self.note(|transfers| &mut transfers.get[0], text(first)),
            ("+FTPGETNAME", _) => self.note(|transfers| &mut transfers.get[1], text(first)),
            ("+FTPPUTPATH", _) => self.note(|transfers| &mut transfers.put[0], text(first)),
            ("+FTPPUTNAME", _) => self.note(|transfers| &mut transfers.put[1], text(first)),
            ("+HTTPACTION", Some(method)) => {
                let method =
                    u8::try_from(method).ok().and_then(HttpMethod::from_number).map_or("?", HttpMethod::name);
                let loaded = self.loaded.take().filter(|_| method == "POST");
                let over =
                    self.begin(event, &name, format!("HTTP {method} {}", self.url).trim_end().to_owned());
                if let (Some(Open { transfer, .. }), Some((since, octets))) = (&mut self.open, loaded) {
                    transfer.began = since.or(transfer.began);
                    transfer.sent = octets;
                }
                over
            }
            ("+FTPGET" | "+FTPEXTGET", Some(1)) => {
                self.begin(event, &name, format!("FTP download {}", self.get.concat()))
            }
            ("+FTPLIST", Some(1)) => self.begin(event, &name, format!("FTP listing {}", self.get[0])),
            ("+FTPPUT", Some(1)) => self.begin(event, &name, format!("FTP upload {}", self.put.concat())),
            ("+FTPGETTOFS", Some(_)) => {
                self.begin(event, &name, format!("FTP download to the module {}", self.get.concat()))
            }
            ("+FTPPUTFRMFS", None) if first.is_some() => {
                self.begin(event, &name, format!("FTP upload from the module {}", self.put.concat()))
            }
            ("+FSREAD", _) => self.file(event, &name, format!("reading {}", text(first))),
            ("+FSWRITE", _) => self.file(event, &name, format!("writing {}", text(first))),
            ("+HTTPTERM" | "+HTTPINIT" | "+FTPQUIT", _) => self.finish(),
            _ => None,
        }
    }

    fn note(&mut self, place: impl FnOnce(&mut Self) -> &mut String, text: String) -> Option<Transfer> {
        *place(self) = text;
        None
    }

    fn begin(&mut self, event: &Event, name: &str, what: String) -> Option<Transfer> {
        let over = self.finish();
        let transfer = Transfer {
            what,
            began: event.time,
            ended: event.time,
            sent: 0,
            received: 0,
            line: event.octets,
            retries: 0,
            outcome: None,
            is_failure: false,
        };
        self.open = Some(Open { name: name.to_owned(), transfer });
        over
    }

    /// A file of the module is moved in parts.
    fn file(&mut self, event: &Event, name: &str, what: String) -> Option<Transfer> {
        let goes_on = self.open.as_ref().is_some_and(|open| open.transfer.what == what);
        if goes_on { None } else { self.begin(event, name, what) }
    }

    fn payload(&mut self, event: &Event) {
        let Some(payload) = &event.payload else { return };
        let name = payload.name.as_deref().unwrap_or_default();
        if name == "+HTTPDATA" {
            self.loaded = Some((payload.since, payload.received));
            return;
        }
        let Some(Open { name: own, transfer }) = &mut self.open else { return };
        let is_own = name == own
            || own == "+HTTPACTION" && name == "+HTTPREAD"
            || own == "+FTPPUT" && name == "+FTPEXTPUT";
        if is_own {
            transfer.ended = event.time.or(transfer.ended);
            match event.direction {
                Some(Direction::Sent) => transfer.sent += payload.received,
                _ => transfer.received += payload.received,
            }
        }
    }

    /// A line that tells how a transfer goes on.
    fn result(&mut self, event: &Event) -> Option<Transfer> {
        let is_start = event.subject == Subject::Module && event.text() == b"RDY";
        if let Some(Open { transfer, .. }) = self.open.as_mut().filter(|_| is_start) {
            transfer.outcome = Some("the module started anew".to_owned());
            transfer.is_failure = true;
            return self.finish();
        }
        let Open { name, transfer } = self.open.as_mut().filter(|open| event.name() == Some(&*open.name))?;
        transfer.ended = event.time.or(transfer.ended);
        transfer.outcome = event.meaning.clone();
        transfer.is_failure = event.is_error;
        let values: Vec<_> = event.values().take(3).collect();
        // What can be read now comes later, and more may be sent.
        let goes_on = match (name.as_str(), &values[..]) {
            ("+HTTPACTION", [_, _, Value::Number(length)]) => *length > 0,
            ("+HTTPACTION" | "+FTPEXTGET", _) => true,
            ("+FTPGETTOFS" | "+FTPPUTFRMFS", _) => false,
            (_, [_, Value::Number(code)]) => *code == 1,
            _ => true,
        };
        if goes_on { None } else { self.finish() }
    }
}

/// A URL whose login is left out.
fn without_login(url: &str) -> String {
    let start = url.find("://").map_or(0, |at| at + 3);
    let (scheme, rest) = url.split_at_checked(start).unwrap_or(("", url));
    let end = rest.find('/').unwrap_or(rest.len());
    match rest.get(..end).and_then(|authority| authority.rfind('@')) {
        Some(at) => format!("{scheme}{}", rest.get(at + 1..).unwrap_or_default()),
        None => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_whose_url_nobody_heard_has_none() {
        let mut capture = crate::Capture::new();
        let mut summary = crate::Summary::new();
        let octets = b"AT+HTTPACTION=0\r\r\nOK\r\n\r\n+HTTPACTION: 0,603,0\r\n";
        let mut sink = |event: Event| summary.take(&event);
        capture.handle_octets(None, Direction::Received, octets, &mut sink);
        capture.handle_end(&mut sink);
        summary.finish();
        let what: Vec<_> = summary.transfers.items.iter().map(|transfer| transfer.what.as_str()).collect();
        assert_eq!(what, ["HTTP GET"]);
    }

    #[test]
    fn no_login_is_told() {
        for (url, told) in [
            ("http://a/b@c", "http://a/b@c"),
            ("http://me:sesame@a:80/b", "http://a:80/b"),
            ("me:se@same@a/b", "a/b"),
            ("", ""),
        ] {
            assert_eq!(without_login(url), told);
        }
    }
}
