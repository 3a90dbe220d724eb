//! Frames every input of a target's corpus, for callgrind to count what each costs: `cargo run --example cost TARGET`. Prints a line for
//! each: how many octets and commands it was, and its name.

use std::path::Path;
use std::{env, fs, io};

use sim800_fuzz::Framing;

fn main() -> io::Result<()> {
    let target = env::args().nth(1).unwrap_or_default();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    // What stands before the exchange, which is no octets of it.
    let behind = if target == "cuts" { 4 } else { 0 };
    let mut inputs = Vec::new();
    for folder in ["corpus", "regressions"].map(|name| root.join(name).join(&target)) {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            inputs.push((fs::read(&path)?, path));
        }
    }
    let read: Vec<Framing<'_>> =
        inputs.iter().map(|(input, _)| Framing::of(input.get(behind..).unwrap_or_default())).collect();
    let counts: Vec<usize> = read.iter().map(measured).collect();
    measured(&Framing::of(&[]));
    for ((_, path), count) in inputs.iter().zip(counts) {
        println!("{count}\t{}", path.display());
    }
    Ok(())
}

/// Callgrind writes down what it has counted each time this is entered.
#[inline(never)]
fn measured(input: &Framing<'_>) -> usize {
    input.run()
}
