//! Inputs that benches, tests and the counting of instructions share, and the loops under measurement: one of each, so
//! that all figures are of the same code.

pub mod bulk;
pub mod lines;
