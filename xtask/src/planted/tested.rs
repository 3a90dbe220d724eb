//! The bugs that no virtual time shows, or that bite where the simulation does not go: each with the test that has to find it.

use super::{Edit, Plant};

/// A bug and the test that finds it.
pub(super) struct Tested {
    pub(super) plant: Plant,
    pub(super) test: Test,
}

/// A test of a package.
pub(super) struct Test {
    pub(super) package: &'static str,
    /// What of the package it belongs to, as cargo calls it.
    pub(super) target: &'static [&'static str],
    pub(super) name: &'static str,
}

const ENGINE: &str = "sim800-engine";
const SESSION: &str = "sim800-session";
const NOTICES: &str = "crates/sim800-session/src/notices.rs";

pub(super) const TESTED: [Tested; 10] = [
    Tested {
        plant: Plant {
            name: "late",
            about: "behind a refusal of octets that were sent the line counts as in step",
            edits: &[Edit {
                file: "crates/sim800-engine/src/engine/ending.rs",
                old: "} else if is_refused && handed_out > 0 && !is_told {",
                new: "} else if is_refused && handed_out > 0 && !is_told && !crate::planted(\"late\") {",
            }],
        },
        test: Test {
            package: ENGINE,
            target: &["--test", "engine"],
            name: "resync::a_refusal_behind_octets_for_the_module_may_have_come_before_them",
        },
    },
    Tested {
        plant: Plant {
            name: "escape",
            about: "a module that waits at a prompt is not brought back",
            edits: &[Edit {
                file: "crates/sim800-engine/src/resync.rs",
                old: "            fill.insert(0, ESCAPE);\n",
                new: "            if !crate::planted(\"escape\") {
                fill.insert(0, ESCAPE);
            }
",
            }],
        },
        test: Test {
            package: ENGINE,
            target: &["--test", "engine"],
            name: "resync::a_module_that_waits_for_text_is_brought_back",
        },
    },
    Tested {
        plant: Plant {
            name: "lines",
            about: "lines without octets are kept without end",
            edits: &[Edit {
                file: "crates/sim800-engine/src/flight.rs",
                old: ".saturating_add(line.len()).saturating_add(LINE);",
                new: ".saturating_add(line.len()).saturating_add(if crate::planted(\"lines\") { 0 } else { LINE });",
            }],
        },
        test: Test {
            package: ENGINE,
            target: &["--test", "engine"],
            name: "lines_without_octets_are_not_kept_without_end_either",
        },
    },
    Tested {
        plant: Plant {
            name: "header",
            about: "a line of a payload whose header the line damaged is a restart",
            edits: &[Edit {
                file: "crates/sim800-engine/src/engine/unsolicited.rs",
                old: "sign.filter(|_| !self.may_be_payload())",
                new: "sign.filter(|_| crate::planted(\"header\") || !self.may_be_payload())",
            }],
        },
        test: Test {
            package: ENGINE,
            target: &["--test", "engine"],
            name: "a_line_among_a_damaged_payload_is_no_restart",
        },
    },
    Tested {
        plant: Plant {
            name: "glued",
            about: "lines that are glued together are looked at once for each that follows",
            edits: &[Edit {
                file: "crates/sim800-parser/src/decoder.rs",
                old: "        let at = find(b'+', raw, FIRST)?;\n",
                new: "        if crate::planted(\"glued\") {
            let _ = self.dialect.is_whole(Line::new(raw));
        }
        let at = find(b'+', raw, FIRST)?;
",
            }],
        },
        test: Test {
            package: "sim800-parser",
            target: &["--lib"],
            name: "decoder::tests::octets_of_a_line_are_looked_at_once_and_once_more_where_a_read_cut_it",
        },
    },
    Tested {
        plant: Plant {
            name: "locked",
            about: "a filter is asked under a lock",
            edits: &[
                Edit {
                    file: NOTICES,
                    old: "        for inbox in inboxes.iter().filter_map(Weak::upgrade) {
            inbox.deliver(notice);
        }
",
                    new: "        let deliver = || inboxes.iter().filter_map(Weak::upgrade).for_each(|inbox| inbox.deliver(notice));
        if crate::planted(\"locked\") { self.inboxes.with(|_| deliver()) } else { deliver() }
",
                },
                Edit {
                    file: "crates/sim800-session/src/sync.rs",
                    old: "        work(&mut self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner))\n",
                    // To wait would be for ever.
                    new: "        match self.0.try_lock() {
            Ok(mut value) => work(&mut value),
            Err(std::sync::TryLockError::WouldBlock) if crate::planted(\"locked\") => panic!(\"it would wait for itself\"),
            Err(_) => work(&mut self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)),
        }
",
                },
            ],
        },
        test: Test {
            package: SESSION,
            target: &["--lib"],
            name: "notices::tests::a_filter_and_a_waker_may_subscribe",
        },
    },
    Tested {
        plant: Plant {
            name: "model",
            about: "the first line that comes is the model",
            edits: &[Edit {
                file: "crates/sim800-session/src/info.rs",
                old: "response.lines().find(|line| is_only ||",
                new: "response.lines().find(|line| is_only || crate::planted(\"model\") ||",
            }],
        },
        test: Test {
            package: SESSION,
            target: &["--test", "scripts"],
            name: "a_line_of_somebody_else_is_not_the_model",
        },
    },
    Tested {
        plant: Plant {
            name: "listing",
            about: "an entry that is called OK ends a listing",
            edits: &[Edit {
                file: "crates/sim800-session/src/fs/list.rs",
                old: "    let rest = behind_result(&mut strays);\n",
                new: "    let rest = match crate::planted(\"listing\") {
        true => Some(Vec::new()),
        false => behind_result(&mut strays),
    };
",
            }],
        },
        test: Test {
            package: SESSION,
            target: &["--test", "procedures"],
            name: "files::entries_that_are_called_like_results_neither_end_a_listing_nor_answer_what_follows",
        },
    },
    Tested {
        plant: Plant {
            name: "another",
            about: "a body of another length than its headers say is handed out when it was fetched again",
            edits: &[Edit {
                file: "crates/sim800-session/src/http/body.rs",
                old: "                if is_another ||",
                new: "                if is_another && !crate::planted(\"another\") ||",
            }],
        },
        test: Test {
            package: SESSION,
            target: &["--test", "procedures"],
            name: "large::what_has_changed_before_anything_was_read_is_not_what_the_headers_are_of",
        },
    },
    Tested {
        plant: Plant {
            name: "closed",
            about: "a socket's stream ends as soon as the server has closed it, whatever is still to be read",
            edits: &[Edit {
                file: "crates/sim800-session/src/sockets/receiver.rs",
                old: "            self.link.check()?;\n            if !self.may_hold",
                new: "            self.link.check()?;
            if crate::planted(\"closed\") && self.link.is_closed_there() {
                return Ok(None);
            }
            if !self.may_hold",
            }],
        },
        test: Test {
            package: SESSION,
            target: &["--test", "procedures"],
            name: "sockets::a_reader_who_is_slow_makes_the_server_wait",
        },
    },
];
