//! The command table as grammars for fuzzers, and as lines to try on a module.
//!
//! A [`Grammar`] generates the command lines that the table has. [`Format`] writes it as the tools of the field read it. [`attempts`]
//! goes on where the grammar ends: values at their limits, beyond them, of the wrong kind, and too long. What a line may cost, [`Risk`]
//! tells.
//!
//! ```
//! use sim800_grammar::{Format, Kind, Risk, attempts};
//! use sim800_command::{Id, SPECS};
//!
//! let grammar = Format::Afl.to_string();
//! assert!(grammar.starts_with("{\n  \"<A>\":"));
//!
//! let spec = SPECS.iter().find(|spec| spec.to_string() == "AT+HTTPREAD=<start>,<size>").expect("the table has it");
//! let beyond = attempts(spec).into_iter().filter(|attempt| attempt.kind == Kind::OutOfRange);
//! assert!(beyond.map(|attempt| attempt.line).any(|line| line == "AT+HTTPREAD=0,0"));
//! assert_eq!(Risk::of(spec), Risk::None);
//! ```

mod attempt;
mod format;
mod grammar;
mod number;
mod risk;
mod shape;

pub use attempt::{Attempt, Kind, attempts};
pub use format::{Format, UnknownFormat};
pub use grammar::{Grammar, Rule, Symbol};
pub use risk::Risk;
