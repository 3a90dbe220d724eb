//! The exit statuses, and what each tells apart.

use std::fmt::Write as _;

use sim800_command::{FtpCode, HttpStatus};

/// A status, and the kinds of errors that it stands for.
struct Exit {
    status: u8,
    kinds: &'static [&'static str],
    what: &'static str,
}

/// That of failures of several kinds, and of what is of none.
pub(crate) const OTHER: u8 = 1;

/// That of a command line, a setting or a value that makes no sense.
pub(crate) const USAGE: u8 = 2;

const UNREACHED: u8 = 7;
const REFUSED: u8 = 8;
const NOT_FOUND: u8 = 9;

/// All but 0 and those of signals.
const EXITS: [Exit; 12] = [
    Exit {
        status: OTHER,
        kinds: &["script", "mirror", "system", "findings", "not-reproduced"],
        what: "several things failed in different ways, or the failure is of no other kind",
    },
    Exit {
        status: USAGE,
        kinds: &["usage", "invalid", "misuse"],
        what: "the command line or a setting is wrong",
    },
    Exit {
        status: 3,
        kinds: &["file", "source", "binary", "format"],
        what: "a file of this machine cannot be read or written, or is of no known format",
    },
    Exit {
        status: 4,
        kinds: &["port", "no-answer", "disconnected", "restarted", "starved", "malformed"],
        what: "the port cannot be used, no module answers there, it restarted, or the line loses bytes",
    },
    Exit {
        status: 5,
        kinds: &["sim-not-inserted", "sim-pin", "sim-pin-wrong", "sim-puk", "sim-failure"],
        what: "the SIM card is missing, locked or unusable",
    },
    Exit {
        status: 6,
        kinds: &["not-registered", "denied", "not-attached", "bearer-refused", "bearer-lost"],
        what: "there is no network, or it does not open the bearer",
    },
    Exit {
        status: UNREACHED,
        kinds: &["http", "ftp", "host-not-found", "unreachable", "closed", "certificate", "tls"],
        what: "the server was not reached, is not who it should be, or the connection to it broke",
    },
    Exit {
        status: REFUSED,
        kinds: &["http-status", "ftp"],
        what: "the server refused: HTTP from 400 on, FTP a login, a file or a transfer",
    },
    Exit {
        status: NOT_FOUND,
        kinds: &["http-status", "not-found", "not-loaded"],
        what: "the server says 404 or 410; the module has no such file",
    },
    Exit { status: 10, kinds: &["timed-out", "no-progress"], what: "it took longer than it may" },
    Exit {
        status: 11,
        kinds: &["incomplete", "changed", "range", "unconfirmed", "checksum"],
        what: "not all bytes arrived, or the file on the server has changed",
    },
    Exit {
        status: 12,
        kinds: &[
            "rejected",
            "unsupported",
            "no-ssl",
            "too-large",
            "full",
            "exists",
            "not-empty",
            "busy",
            "part-in-use",
        ],
        what: "the module refuses it, lacks it or has no room for it, or it is in use",
    },
];

/// The status for an error of this kind, with the number that the server or the module gave it.
pub(crate) fn status(kind: &str, code: Option<u32>) -> u8 {
    let code = code.and_then(|code| u16::try_from(code).ok());
    match (kind, code) {
        ("http-status", Some(404 | 410)) => NOT_FOUND,
        ("http-status", _) => REFUSED,
        ("http", Some(code)) if code == HttpStatus::NOT_HTTP.0 => REFUSED,
        ("ftp", Some(code)) if code >= FtpCode::NOT_ALLOWED.0 => REFUSED,
        (kind, _) => {
            let exit = EXITS.iter().find(|exit| exit.kinds.contains(&kind));
            exit.map_or(OTHER, |exit| exit.status)
        }
    }
}

/// The status of several things of which these two came out so.
pub(crate) fn of_both(one: u8, other: u8) -> u8 {
    match (one, other) {
        (0, exit) | (exit, 0) => exit,
        (one, other) if one == other => one,
        // Somebody interrupted the rest.
        (one, other) if one.max(other) > 128 => one.max(other),
        _ => OTHER,
    }
}

/// All of them, for the help and for the manual.
pub(crate) fn table() -> String {
    let mut table = "Exit status:\n  0    done\n".to_owned();
    for Exit { status, kinds, what } in &EXITS {
        // Writing to a string does not fail.
        let _ = writeln!(table, "  {status:<4} {what} ({})", kinds.join(", "));
    }
    table
        + "  128+ a signal of that number ended the program (interrupted)\n\nIn brackets are the kinds that --json tells in error.kind."
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_tell_by_their_numbers() {
        for (kind, code, expected) in [
            ("http-status", Some(404), 9),
            ("http-status", Some(503), 8),
            ("http", Some(601), 7),
            ("http", Some(600), 8),
            ("ftp", Some(61), 7),
            ("ftp", Some(72), 8),
            ("ftp", Some(77), 8),
            ("no-answer", None, 4),
            ("timed-out", None, 10),
            ("what a later session may tell", None, 1),
        ] {
            assert_eq!(status(kind, code), expected, "{kind} {code:?}");
        }
    }

    /// It is for those who look there first.
    #[test]
    fn the_manual_has_the_same_table() {
        let manual = include_str!("../../../docs/program.md");
        for Exit { status, kinds, what } in &EXITS {
            let kinds: Vec<_> = kinds.iter().map(|kind| format!("`{kind}`")).collect();
            let row = format!("| {status} | {what} | {} |", kinds.join(", "));
            assert!(manual.contains(&row), "{row}");
        }
    }

    #[test]
    fn several_failures_share_a_status_only_if_all_have_it() {
        assert_eq!([(0, 9), (9, 9), (9, 7), (9, 130), (0, 0)].map(|(a, b)| of_both(a, b)), [9, 9, 1, 130, 0]);
    }
}
