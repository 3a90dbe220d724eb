//! Runs every target, or one, over its corpus and what was found before, for coverage: `cargo run --example replay [TARGET]`.

use std::path::Path;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let only = env::args().nth(1);
    for (target, body) in sim800_fuzz::TARGETS {
        if only.as_ref().is_some_and(|only| only != target) {
            continue;
        }
        for folder in ["corpus", "regressions"].map(|name| root.join(name).join(target)) {
            if !folder.is_dir() {
                continue;
            }
            for entry in fs::read_dir(folder)? {
                body(&fs::read(entry?.path())?);
            }
        }
    }
    Ok(())
}
