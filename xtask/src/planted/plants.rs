//! The bugs. Each was in the driver once, or in one like it.

use super::{Edit, Plant};

const ENGINE: &str = "crates/sim800-engine/src/engine.rs";
const ENDING: &str = "crates/sim800-engine/src/engine/ending.rs";
const UNSOLICITED: &str = "crates/sim800-engine/src/engine/unsolicited.rs";
const DRIVER: &str = "crates/sim800-session/src/driver.rs";
const ACTION: &str = "crates/sim800-session/src/http/action.rs";
const BODY: &str = "crates/sim800-session/src/http/body.rs";
const RANGES: &str = "crates/sim800-session/src/http/ranges.rs";
const RESUMPTION: &str = "crates/sim800-session/src/ftp/resumption.rs";
const PUT: &str = "crates/sim800-session/src/ftp/put.rs";
const SIZE: &str = "crates/sim800-session/src/ftp/size.rs";
const KNOWN: &str = "crates/sim800-session/src/known.rs";
const START_UP: &str = "crates/sim800-session/src/start_up.rs";

pub(super) const PLANTS: [Plant; 19] = [
    Plant {
        name: "resync",
        about: "after a command without a result the line counts as in step",
        edits: &[Edit {
            file: ENDING,
            old: "        self.line = State::Lost(resync.owing(self.owed()), None);\n",
            new: "        self.line = if crate::planted(\"resync\") {
            State::Idle
        } else {
            State::Lost(resync.owing(self.owed()), None)
        };
",
        }],
    },
    Plant {
        name: "scan",
        about: "payload is scanned for OK",
        edits: &[Edit {
            file: ENGINE,
            old: "            flight.take_payload(octets);\n",
            new: "            let is_ok = octets.windows(6).any(|part| part == b\"\\r\\nOK\\r\\n\");
            let now = flight.started;
            flight.take_payload(octets);
            if crate::planted(\"scan\") && is_ok {
                self.decoder.abandon();
                return self.finish(now, FinalResultCode::Ok, false);
            }
",
        }],
    },
    Plant {
        name: "count",
        about: "a count is believed beyond what was asked for",
        edits: &[Edit {
            file: "crates/sim800-parser/src/decoder.rs",
            old: ".ok().filter(|count| *count <= at_most) else {",
            new: ".ok().filter(|count| *count <= at_most || crate::planted(\"count\")) else {",
        }],
    },
    Plant {
        name: "restart",
        about: "a download that broke off is tried again without FTPREST, and goes on as if with it",
        edits: &[
            Edit {
                file: RESUMPTION,
                old: "                let from = position - u64::from(tail.rewind(position));\n",
                new: "                let mut from = position - u64::from(tail.rewind(position));
                if crate::planted(\"restart\") {
                    (from, *tail) = (0, Tail::default());
                }
",
            },
            Edit {
                file: RESUMPTION,
                old: "                tail.is_found() && (!is_resumed ||",
                new: "                crate::planted(\"restart\") || tail.is_found() && (!is_resumed ||",
            },
        ],
    },
    Plant {
        name: "drop",
        about: "a future that is dropped leaves its command in flight",
        edits: &[
            Edit {
                file: DRIVER,
                old: "        while self.engine.is_idle() {\n",
                new: "        let is_gone = self.in_flight.as_ref().is_some_and(|caller| caller.is_canceled());
        if crate::planted(\"drop\") && is_gone {
            self.in_flight = None;
            self.engine.forget();
        }
        while self.engine.is_idle() {
",
            },
            Edit {
                file: ENGINE,
                old: "    fn has_ended(&self) -> bool {\n",
                new: "    #[doc(hidden)]
    pub fn forget(&mut self) {
        self.line = State::Idle;
    }

    fn has_ended(&self) -> bool {
",
            },
        ],
    },
    Plant {
        name: "whole",
        about: "all that a server without ranges sends counts as the range that was asked for",
        edits: &[Edit {
            file: RANGES,
            old: "            true if self.at_least > 0 => Err(ignored()),\n",
            new: "            true if crate::planted(\"whole\") => Ok(Some(What::Range)),
            true if self.at_least > 0 => Err(ignored()),
",
        }],
    },
    Plant {
        name: "total",
        about: "a total is believed that the module could have held, although it could not hold the object",
        edits: &[Edit {
            file: RANGES,
            old: "if total < self.at_least => return",
            new: "if total < self.at_least && !crate::planted(\"total\") => return",
        }],
    },
    Plant {
        name: "promise",
        about: "Content-Length is not held against what came",
        edits: &[Edit {
            file: BODY,
            old: "if let Some(promised) = self.promised.take() {",
            new: "if let Some(promised) = self.promised.take().filter(|_| !crate::planted(\"promise\")) {",
        }],
    },
    Plant {
        name: "old",
        about: "an upload that broke off counts as begun when an old file is as long",
        edits: &[Edit {
            file: PUT,
            old: "        let Some(mut comparison) = upload.compare(stored)",
            new: "        if crate::planted(\"old\") && stored >= upload.taken() {
            return Ok(Found::Beginning(stored));
        }
        let Some(mut comparison) = upload.compare(stored)",
        }],
    },
    Plant {
        name: "routing",
        about: "short messages go to the line, and what they say in the module's name is believed",
        edits: &[
            Edit {
                file: START_UP,
                old: "Ok(MESSAGES_OFF_THE_LINE))?",
                new: "Ok(match crate::planted(\"routing\") {
            true => Cnmi { messages: MessageRouting::Direct, ..MESSAGES_OFF_THE_LINE },
            false => MESSAGES_OFF_THE_LINE,
        }))?",
            },
            Edit {
                file: START_UP,
                old: "        for _ in 0..ROUTINGS {\n",
                new: "        for _ in 0..if crate::planted(\"routing\") { 0 } else { ROUTINGS } {\n",
            },
            Edit {
                file: ACTION,
                old: "if !course.asks || self.is_over(plan, result).await? {",
                new: "if !course.asks || crate::planted(\"routing\") || self.is_over(plan, result).await? {",
            },
        ],
    },
    Plant {
        name: "served",
        about: "a response without a body keeps the HTTP service until it is read",
        edits: &[
            Edit {
                file: BODY,
                old: "    if !is_empty {\n",
                new: "    if !is_empty || crate::planted(\"served\") {\n",
            },
            Edit {
                file: "crates/sim800-session/src/http/mod.rs",
                old: "    let is_empty = length == 0 && (is_told ||",
                new: "    let is_empty = length == 0 && !crate::planted(\"served\") && (is_told ||",
            },
        ],
    },
    Plant {
        name: "bearer",
        about: "another try closes a bearer that somebody uses",
        edits: &[Edit {
            file: "crates/sim800-session/src/bearer.rs",
            old: "        if anew && !self",
            new: "        if crate::planted(\"bearer\") || anew && !self",
        }],
    },
    Plant {
        name: "timers",
        about: "timers are looked at before what has come",
        edits: &[Edit {
            file: DRIVER,
            old: "        let has_read = self.poll_read(context)?;\n",
            new: "        if crate::planted(\"timers\") {
            busy |= self.poll_timer(context);
        }
        let has_read = self.poll_read(context)?;
",
        }],
    },
    Plant {
        name: "gone",
        about: "a module is not asked whether it is still at a request",
        edits: &[Edit {
            file: ACTION,
            old: "                None => INQUIRY,\n",
            new: "                None => if crate::planted(\"gone\") { left } else { INQUIRY },\n",
        }],
    },
    Plant {
        name: "unknown",
        about: "a line that no list has counts as damage",
        edits: &[Edit {
            file: UNSOLICITED,
            old: "            _ if sign.is_some() => Stray::Rest,\n",
            new: "            _ if sign.is_some() || crate::planted(\"unknown\") && Stray::new(span) == Stray::Foreign => Stray::Rest,\n",
        }],
    },
    Plant {
        name: "secret",
        about: "passwords stand in the trace",
        edits: &[
            Edit {
                file: DRIVER,
                old: "                let secret = writing.transmit.secret.as_ref().map(|secret| {\n",
                new: "                let secret = writing.transmit.secret.as_ref().filter(|_| !crate::planted(\"secret\"));
                let secret = secret.map(|secret| {
",
            },
            Edit {
                file: "crates/sim800-session/src/trace.rs",
                old: "            self.sent.mask(&mut shown);\n",
                new: "            if !crate::planted(\"secret\") {
                self.sent.mask(&mut shown);
            }
",
            },
        ],
    },
    Plant {
        name: "short",
        about: "a download that ends short of the size that was told is complete",
        edits: &[Edit {
            file: SIZE,
            old: "    if found < expected {\n",
            new: "    if found < expected && crate::planted(\"short\") {
        return Ok(());
    }
    if found < expected {
",
        }],
    },
    Plant {
        name: "half",
        about: "what a server has of an upload is not held against what was sent",
        edits: &[Edit {
            file: PUT,
            old: "        let (mut asked, mut enough) = (0, 0);\n",
            new: "        if crate::planted(\"half\") {
            return Ok(());
        }
        let (mut asked, mut enough) = (0, 0);
",
        }],
    },
    Plant {
        name: "knowledge",
        about: "what was set counts as set, although the module has started anew or something failed since",
        edits: &[
            Edit {
                file: KNOWN,
                old: "    fn forget(&mut self, http: Http) {\n",
                new: "    fn forget(&mut self, http: Http) {
        if crate::planted(\"knowledge\") {
            self.http = http;
            return;
        }
",
            },
            Edit {
                file: KNOWN,
                old: "    pub(crate) fn forget_ftp(&self) {\n",
                new: "    pub(crate) fn forget_ftp(&self) {
        if crate::planted(\"knowledge\") {
            return;
        }
",
            },
        ],
    },
];
