//! Runs every target over its corpus and what was found before, for coverage: `cargo run --example replay`.

use std::path::Path;
use std::{fs, io};

fn main() -> io::Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (target, body) in sim800_fuzz::TARGETS {
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
