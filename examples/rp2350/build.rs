//! The memory of the board for the linker.

use std::path::Path;
use std::{env, fs};

fn main() {
    let out = env::var_os("OUT_DIR").expect("cargo names the folder");
    let out = Path::new(&out);
    fs::copy("memory.x", out.join("memory.x")).expect("it can be copied");
    println!("cargo::rustc-link-search={}", out.display());
    for path in ["build.rs", "memory.x"] {
        println!("cargo::rerun-if-changed={path}");
    }
}
