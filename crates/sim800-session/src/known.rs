//! What the session knows of the module because it has set it itself, and nothing was said against it since.
//!
//! This is the one home of such knowledge. All of it is thrown away by whatever casts doubt on it: a restart, a line that was lost, a
//! bearer that was taken away, a command of somebody else, a refusal that makes no sense. What is not known is set.

use std::collections::BTreeMap;
use std::mem;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;

/// See the module.
#[derive(Default)]
pub(crate) struct Known(Mutex<State>);

#[derive(Default)]
struct State {
    /// Counts how often all was thrown away. What was asked for before that is not learnt after it.
    doubts: u64,
    /// The firmware refuses several commands on a line. Nothing changes that.
    one_at_a_time: bool,
    /// The value of each parameter: the command line, by what of it names the parameter.
    set: BTreeMap<Box<[u8]>, Bytes>,
    /// The bearers that are open.
    open: Vec<u8>,
    http: Http,
}

/// The module's HTTP service.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Http {
    /// As far as is known nobody has started it.
    #[default]
    Ended,
    /// It was started, and may still be so.
    Doubtful,
    /// It was started, and keeps what was set.
    Started {
        /// Until when it is kept for another request; `None` while one uses it.
        kept_until: Option<Duration>,
        /// A GET was carried out: its headers may be told for those of what follows.
        has_got: bool,
        /// It holds a body to send.
        is_loaded: bool,
    },
}

/// When something was asked for: what is learnt of it counts unless all was thrown away since.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Since(u64);

impl Known {
    /// Something casts doubt on all of it.
    pub(crate) fn doubt(&self) {
        let mut state = self.state();
        let http = match state.http {
            Http::Ended => Http::Ended,
            _ => Http::Doubtful,
        };
        state.forget(http);
    }

    /// The module has started anew: nothing is left of what was set.
    pub(crate) fn restart(&self) {
        self.state().forget(Http::Ended);
    }

    /// From when on something is going to be learnt.
    pub(crate) fn now(&self) -> Since {
        Since(self.state().doubts)
    }

    /// Whether `line` would set what is set already.
    pub(crate) fn is_set(&self, line: &Bytes) -> bool {
        self.state().set.get(parameter(line)) == Some(line)
    }

    /// `line` is going to be sent: until its result, what it sets is not known, and after that only to whoever sends it.
    pub(crate) fn is_being_set(&self, line: &[u8]) {
        self.state().set.retain(|parameter, _| !line.starts_with(parameter));
    }

    /// `line` was accepted.
    pub(crate) fn was_set(&self, since: Since, line: &Bytes) {
        let mut state = self.state();
        if state.doubts == since.0 {
            state.set.insert(parameter(line).into(), line.clone());
        }
    }

    /// Whether bearer `cid` is open.
    pub(crate) fn is_open(&self, cid: u8) -> bool {
        self.state().open.contains(&cid)
    }

    /// Bearer `cid` was found or made open.
    pub(crate) fn was_opened(&self, since: Since, cid: u8) {
        let mut state = self.state();
        if state.doubts == since.0 && !state.open.contains(&cid) {
            state.open.push(cid);
        }
    }

    /// The HTTP service.
    pub(crate) fn http(&self) -> Http {
        self.state().http
    }

    /// The HTTP service is going to be started, or was: with what it was started with.
    pub(crate) fn put_http(&self, since: Since, http: Http) {
        let mut state = self.state();
        if let Http::Started { .. } = state.http {
            state.http = Http::Doubtful;
        }
        if !matches!(http, Http::Started { .. }) || state.doubts == since.0 {
            state.http = http;
        }
    }

    /// Nothing is set in the HTTP service: it begins.
    pub(crate) fn forget_http(&self) {
        self.state().set.retain(|parameter, _| !parameter.starts_with(b"AT+HTTP"));
    }

    pub(crate) fn is_one_at_a_time(&self) -> bool {
        self.state().one_at_a_time
    }

    /// The firmware refuses several commands on a line and takes them one by one.
    pub(crate) fn takes_one_at_a_time(&self) {
        self.state().one_at_a_time = true;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn forget(&mut self, http: Http) {
        let Self { doubts, one_at_a_time, .. } = mem::take(self);
        *self = Self { doubts: doubts + 1, one_at_a_time, http, ..Self::default() };
    }
}

/// What of a command line names the parameter that it sets: all but the last value. `AT+FTPPORT=21`,
/// `AT+HTTPPARA="URL","http://host/?a=b,c"`.
fn parameter(line: &[u8]) -> &[u8] {
    let mut quoted = false;
    let mut end = line.len();
    for (place, octet) in line.iter().enumerate() {
        quoted ^= *octet == b'"';
        if !quoted && matches!(octet, b'=' | b',') {
            end = place;
        }
    }
    line.get(..end).unwrap_or(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &'static str) -> Bytes {
        Bytes::from_static(text.as_bytes())
    }

    #[test]
    fn a_parameter_has_one_value() {
        for (text, name) in [
            ("AT+FTPPORT=21\r", "AT+FTPPORT"),
            ("AT+FTPPW=\"a,b=c\"\r", "AT+FTPPW"),
            ("AT+HTTPPARA=\"URL\",\"http://host/?a=b,c\"\r", "AT+HTTPPARA=\"URL\""),
            ("AT+SSLOPT=0,1\r", "AT+SSLOPT=0"),
        ] {
            assert_eq!(parameter(text.as_bytes()), name.as_bytes());
        }
    }

    #[test]
    fn what_was_set_is_known_until_something_casts_doubt_on_it() {
        let known = Known::default();
        let (one, other) = (line("AT+FTPPORT=21\r"), line("AT+FTPPORT=22\r"));
        let since = known.now();
        assert!(!known.is_set(&one));
        known.was_set(since, &one);
        assert!(known.is_set(&one) && !known.is_set(&other));
        known.is_being_set(b"AT+FTPPORT=2,0,1\r");
        assert!(!known.is_set(&one), "it may have been another command of that name");
        known.was_set(since, &one);
        known.is_being_set(&other);
        assert!(!known.is_set(&one), "the other may have been taken");
        known.was_set(since, &other);
        known.doubt();
        assert!(!known.is_set(&other));
        // Asked for before the doubt, and heard of after it.
        known.was_set(since, &other);
        assert!(!known.is_set(&other));
    }
}
