//! The bodies of the fuzz targets.
//!
//! Each takes any octets and panics when a promise is broken. They are plain functions, so that normal builds compile
//! them and a test replays what was found before.

mod answers;
mod command;
mod decoded;
mod emulator;
mod engine;
mod framing;
mod grammar;
mod memory;
pub mod mutation;
mod network;
mod pair;
mod responses;
mod script;
pub mod seeds;
mod session;
mod shell;
mod sockets;
mod trace;
mod world;

pub use answers::answers;
pub use command::command_round_trip;
pub use decoded::decoded;
pub use emulator::emulator;
pub use engine::engine;
pub use framing::{Framing, agreement, cuts, framer};
pub use grammar::{line, unsolicited_round_trip};
pub use pair::pair;
pub use session::session;
pub use sockets::sockets;
pub use trace::trace;

/// A body.
pub type Body = fn(&[u8]);

/// All targets, by the names of their shells.
pub const TARGETS: &[(&str, Body)] = &[
    ("agreement", agreement),
    ("answers", answers),
    ("command_round_trip", command_round_trip),
    ("cuts", cuts),
    ("decoded", decoded),
    ("emulator", emulator),
    ("engine", engine),
    ("framer", framer),
    ("line", line),
    ("pair", pair),
    ("session", session),
    ("sockets", sockets),
    ("trace", trace),
    ("unsolicited_round_trip", unsolicited_round_trip),
];

/// What the check of every change does under the fuzzer, and any toolchain and any debugger can do, too.
#[cfg(test)]
mod replay {
    use std::fs;
    use std::path::Path;

    use super::*;

    fn body(target: &str) -> Body {
        TARGETS.iter().find(|(name, _)| *name == target).unwrap().1
    }

    /// Runs a target over what was found before, its seeds, and every transcript as octets.
    fn all(target: &str) {
        let body = body(target);
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut inputs = 0;
        for folder in [root.join("regressions").join(target), root.join("../testdata/transcripts")] {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                // What is captured is shown when the input fails.
                println!("{}", path.display());
                body(&fs::read(path).unwrap());
                inputs += 1;
            }
        }
        for seed in seeds::seeds(target) {
            println!("seed \"{}\"", seed.escape_ascii());
            body(&seed);
            inputs += 1;
        }
        assert!(inputs > 20, "{inputs} inputs");
    }

    /// What a campaign does, for a moment and without an engine.
    #[test]
    fn mutations_of_exchanges() {
        for (target, behind) in [("agreement", 0), ("cuts", 4), ("framer", 0), ("engine", 0), ("trace", 1)] {
            let body = body(target);
            let seeds = seeds::seeds(target);
            for round in 0..400 {
                let seed = &seeds[round as usize % seeds.len()];
                if let Some(input) = mutation::mutate(seed, behind, 2048, round) {
                    println!("{target} \"{}\"", input.escape_ascii());
                    body(&input);
                }
            }
        }
    }

    macro_rules! targets {
        ($($target:ident)+) => {
            $(
                #[test]
                fn $target() {
                    all(stringify!($target));
                }
            )+

            pub(super) const REPLAYED: &[&str] = &[$(stringify!($target)),+];
        };
    }

    targets!(agreement answers command_round_trip cuts decoded emulator engine framer line pair session sockets trace unsolicited_round_trip);
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;

    #[test]
    fn every_target_has_a_shell_and_is_replayed() {
        assert!(TARGETS.iter().map(|(name, _)| *name).eq(replay::REPLAYED.iter().copied()));
        for (target, _) in TARGETS {
            let shell = format!("fuzz_targets/{target}.rs");
            let body = format!("sim800_fuzz::shell!({target}");
            let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(shell)).unwrap();
            assert!(text.contains(&body), "{target}");
        }
    }
}
