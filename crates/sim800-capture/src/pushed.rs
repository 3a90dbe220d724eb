//! Octets of connections that come as they arrive, as those of most programs do (`AT+CIPRXGET=0`).

use sim800_command::Vocabulary;
use sim800_parser::{Dialect, Header, Line, WithHeaders};

/// As many are believed at once: those of the largest datagram.
const MOST: u32 = 65_507;

const DATA: Header = Header::new("+IPD,").ended_by(":");
const OF_MANY: Header = Header::new("+RECEIVE,").behind(1).ended_by(":\r\n");

/// What stands before them: for a single connection with `AT+CIPHEAD=1`, and `AT+CIPSHOWTP=1`; for several, and with `AT+CIPSRIP=1`
/// (manual 8.2.15, 8.2.20, 8.2.24; logs).
static HEADERS: [(Header, u32); 4] =
    [(DATA, MOST), (DATA.followed_by(1), MOST), (OF_MANY, MOST), (OF_MANY.followed_by(1), MOST)];

/// What a module says unasked, octets included.
pub(crate) type Listening = WithHeaders<'static, Vocabulary>;

pub(crate) fn listening() -> Listening {
    Vocabulary.with_headers(&HEADERS)
}

/// What such a header is called; `None` for other lines.
pub(crate) fn name(line: Line<'_>) -> Option<&'static str> {
    ["+IPD", "+RECEIVE"]
        .into_iter()
        .find(|name| line.text().strip_prefix(name.as_bytes()).is_some_and(|rest| rest.starts_with(b",")))
}
