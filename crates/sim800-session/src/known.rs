//! What the session knows of the module because it has set it itself, and nothing was said against it since.
//!
//! This is the one home of such knowledge. All of it is thrown away by whatever casts doubt on it: a restart, a line that was lost, a
//! bearer that was taken away, a command of somebody else, a refusal that makes no sense. What is not known is set.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::mem;
use core::str;
use core::time::Duration;

use sim800_command::Id;

use crate::engine::Request;
use crate::sync::Guarded;

/// See the module.
#[derive(Default)]
pub(crate) struct Known(Guarded<State>);

#[derive(Default)]
struct State {
    /// Counts how often all was thrown away. What was asked for before that is not learnt after it.
    doubts: u64,
    /// The firmware refuses several commands on a line. Nothing changes that.
    one_at_a_time: bool,
    /// What the firmware tells of the headers of responses. Nothing changes that, either.
    headers: Headers,
    /// The module may send the texts of short messages: it has restarted, or could not be told not to yet.
    may_send_messages: bool,
    /// The value of each parameter: the command line.
    set: Vec<Box<[u8]>>,
    /// A command was answered, and nothing was lost since.
    is_answering: bool,
    /// The bearers that are open, and the command lines that say with what.
    open: Vec<(u8, Vec<Box<[u8]>>)>,
    http: Http,
    /// An FTP session was given up because of a restart or of the bearer, and what told of that may have been noise.
    may_run_ftp: bool,
}

/// Which responses the firmware tells the headers of, as far as is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Headers {
    #[default]
    Unknown,
    /// Of some at least.
    Told,
    /// Of none: it has no `AT+HTTPHEAD`.
    None,
    /// Of those to a GET.
    OfGets,
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
        self.0.with(|state| {
            let http = match state.http {
                Http::Ended => Http::Ended,
                _ => Http::Doubtful,
            };
            state.forget(http);
        });
    }

    /// The module has started anew: nothing is left of what was set.
    pub(crate) fn restart(&self) {
        self.0.with(|state| {
            state.forget(Http::Ended);
            state.may_send_messages = true;
        });
    }

    /// Whether the module may send the texts of short messages, as far as is known.
    pub(crate) fn may_send_messages(&self) -> bool {
        self.0.with(|state| state.may_send_messages)
    }

    /// It was looked at whether it does.
    pub(crate) fn sends_messages(&self, since: Since, may_send: bool) {
        self.0.with(|state| {
            if state.doubts == since.0 {
                state.may_send_messages = may_send;
            }
        });
    }

    /// A command was answered.
    pub(crate) fn has_answered(&self) {
        self.0.with(|state| state.is_answering = true);
    }

    /// Whether the module answered the last time, so that it need not be found.
    pub(crate) fn is_answering(&self) -> bool {
        self.0.with(|state| state.is_answering)
    }

    /// From when on something is going to be learnt.
    pub(crate) fn now(&self) -> Since {
        self.0.with(|state| Since(state.doubts))
    }

    /// Whether `line` would set what is set already.
    pub(crate) fn is_set(&self, line: &[u8]) -> bool {
        self.0.with(|state| state.set.iter().any(|set| **set == *line))
    }

    /// `line` is going to be sent: until its result, what it sets is not known, and after that only to whoever sends it.
    pub(crate) fn is_being_set(&self, line: &[u8]) {
        self.0.with(|state| state.set.retain(|set| !line.starts_with(parameter(set))));
    }

    /// `line` was accepted.
    pub(crate) fn was_set(&self, since: Since, line: &[u8]) {
        self.0.with(|state| {
            if state.doubts == since.0 {
                match state.set.iter_mut().find(|set| parameter(set) == parameter(line)) {
                    Some(set) => *set = line.into(),
                    None => {
                        // They grow by one at a time, up to a few, and stay for long.
                        state.set.reserve_exact(1);
                        state.set.push(line.into());
                    }
                }
            }
        });
    }

    /// An FTP session failed: whatever was set for it may be the reason.
    pub(crate) fn forget_ftp(&self) {
        self.0.with(|state| state.set.retain(|set| is_of_http(set)));
    }

    /// Whether an FTP session may run that nobody has.
    pub(crate) fn may_run_ftp(&self) -> bool {
        self.0.with(|state| state.may_run_ftp)
    }

    /// One was given up that may run still, or has ended.
    pub(crate) fn runs_ftp(&self, may_run: bool) {
        self.0.with(|state| state.may_run_ftp = may_run);
    }

    /// Whether bearer `cid` is open with what these lines say.
    pub(crate) fn is_open(&self, cid: u8, with: &[Box<[u8]>]) -> bool {
        self.0.with(|state| state.open.iter().any(|(open, by)| *open == cid && by == with))
    }

    /// Bearer `cid` was found open with what these lines say, or was opened so.
    pub(crate) fn was_opened(&self, since: Since, cid: u8, with: Vec<Box<[u8]>>) {
        self.0.with(|state| {
            if state.doubts == since.0 {
                state.open.retain(|(open, _)| *open != cid);
                state.open.push((cid, with));
            }
        });
    }

    /// The HTTP service.
    pub(crate) fn http(&self) -> Http {
        self.0.with(|state| state.http)
    }

    /// The HTTP service was started: nothing is set in it.
    pub(crate) fn http_was_started(&self, since: Since) {
        self.0.with(|state| {
            state.set.retain(|set| !is_of_http(set));
            let started = Http::Started { kept_until: None, has_got: false, is_loaded: false };
            state.http = if state.doubts == since.0 { started } else { Http::Doubtful };
        });
    }

    /// A request begins to use the HTTP service that was kept.
    pub(crate) fn http_is_used(&self) {
        self.0.with(|state| {
            if let Http::Started { kept_until, .. } = &mut state.http {
                *kept_until = None;
            }
        });
    }

    /// The HTTP service is going to get octets to send.
    pub(crate) fn http_is_loaded(&self) {
        self.0.with(|state| {
            if let Http::Started { is_loaded, .. } = &mut state.http {
                *is_loaded = true;
            }
        });
    }

    /// The HTTP service is going to carry out a GET.
    pub(crate) fn http_gets(&self) {
        self.0.with(|state| {
            if let Http::Started { has_got, .. } = &mut state.http {
                *has_got = true;
            }
        });
    }

    /// Keeps the HTTP service started for another request; whether there is one of which nothing is in doubt.
    pub(crate) fn keep_http(&self, until: Duration) -> bool {
        self.0.with(|state| match &mut state.http {
            Http::Started { kept_until, .. } => {
                *kept_until = Some(until);
                true
            }
            _ => false,
        })
    }

    /// Leaves the HTTP service to whoever ends it now; whether it may be started and nobody uses it.
    pub(crate) fn take_http(&self) -> bool {
        self.0.with(|state| {
            let is_left = state.http.is_left();
            if is_left {
                state.http = Http::Ended;
            }
            is_left
        })
    }

    /// The HTTP service is going to be ended.
    pub(crate) fn http_ends(&self) {
        self.0.with(|state| state.http = Http::Ended);
    }

    /// Whether the firmware may tell the headers of a response: to a GET, or to anything else.
    pub(crate) fn tells_headers(&self, to_get: bool) -> bool {
        match self.0.with(|state| state.headers) {
            Headers::Unknown | Headers::Told => true,
            Headers::None => false,
            Headers::OfGets => to_get,
        }
    }

    /// Whether it is known whether the firmware tells any.
    pub(crate) fn knows_of_headers(&self) -> bool {
        self.0.with(|state| state.headers != Headers::Unknown)
    }

    pub(crate) fn has_told_headers(&self) {
        self.0.with(|state| state.headers.learn(Headers::Told));
    }

    pub(crate) fn has_no_headers(&self) {
        self.0.with(|state| state.headers.learn(Headers::None));
    }

    pub(crate) fn tells_headers_of_gets_only(&self) {
        self.0.with(|state| state.headers = Headers::OfGets);
    }

    pub(crate) fn is_one_at_a_time(&self) -> bool {
        self.0.with(|state| state.one_at_a_time)
    }

    /// The firmware refuses several commands on a line and takes them one by one.
    pub(crate) fn takes_one_at_a_time(&self) {
        self.0.with(|state| state.one_at_a_time = true);
    }
}

impl Http {
    /// Whether nobody uses it, and it may be started.
    fn is_left(self) -> bool {
        matches!(self, Self::Doubtful | Self::Started { kept_until: Some(_), .. })
    }
}

impl Headers {
    fn learn(&mut self, new: Self) {
        if *self == Self::Unknown {
            *self = new;
        }
    }
}

impl State {
    fn forget(&mut self, http: Http) {
        let Self { doubts, one_at_a_time, headers, may_send_messages, may_run_ftp, .. } = mem::take(self);
        let doubts = doubts + 1;
        *self =
            Self { doubts, one_at_a_time, headers, may_send_messages, may_run_ftp, http, ..Self::default() };
    }
}

/// Whether somebody else's command may change what the session has set.
pub(crate) fn casts_doubt(request: &Request) -> bool {
    use sim800_command::Id::{
        At, Cgmm, Cgmr, Cmee, Cnmi, Creg, Csq, Echo, FsCreate, FsDel, FsDrive, FsFlSize, FsLs, FsMem,
        FsMkdir, FsRead, FsRename, FsRmdir, FsWrite, Gsn, Ifc, Quiet, Verbose,
    };
    // Questions end so; nothing that is set does.
    let asks = request.id().is_some() && request.line().ends_with(b"?\r");
    // More than one command is as good as one that is unknown.
    request.line().contains(&b';')
        || !asks
            && !matches!(
                request.id(),
                Some(
                    At | Cgmm
                        | Cgmr
                        | Cmee
                        | Cnmi
                        | Creg
                        | Csq
                        | Echo
                        | FsCreate
                        | FsDel
                        | FsDrive
                        | FsFlSize
                        | FsLs
                        | FsMem
                        | FsMkdir
                        | FsRead
                        | FsRename
                        | FsRmdir
                        | FsWrite
                        | Gsn
                        | Ifc
                        | Quiet
                        | Verbose
                )
            )
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

/// Whether a command line sets a parameter of the HTTP service.
fn is_of_http(line: &[u8]) -> bool {
    let name = line.strip_prefix(b"AT").and_then(|rest| rest.split(|octet| *octet == b'=').next());
    let id = name.and_then(|name| Id::from_name(str::from_utf8(name).ok()?));
    matches!(id, Some(Id::HttpPara | Id::HttpSsl | Id::HttpGetHead))
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let (one, other) = (&b"AT+FTPPORT=21\r"[..], &b"AT+FTPPORT=22\r"[..]);
        let since = known.now();
        assert!(!known.is_set(one));
        known.was_set(since, one);
        assert!(known.is_set(one) && !known.is_set(other));
        known.is_being_set(b"AT+FTPPORT=2,0,1\r");
        assert!(!known.is_set(one), "it may have been another command of that name");
        known.was_set(since, one);
        known.is_being_set(other);
        assert!(!known.is_set(one), "the other may have been taken");
        known.was_set(since, other);
        known.doubt();
        assert!(!known.is_set(other));
        // Asked for before the doubt, and heard of after it.
        known.was_set(since, other);
        assert!(!known.is_set(other));
    }
}
