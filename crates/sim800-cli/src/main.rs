//! The `sim800` program.
fn main() {}
