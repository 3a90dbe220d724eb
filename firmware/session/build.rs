//! The memory of the machine for the linker.

use std::path::Path;
use std::{env, fs};

fn main() {
    let out = env::var_os("OUT_DIR").expect("cargo names the folder");
    let out = Path::new(&out);
    fs::copy("mps2-an385.x", out.join("memory.x")).expect("it can be copied");
    println!("cargo::rustc-link-arg=-L{}", out.display());
    // That of cortex-m-rt, which takes it in.
    println!("cargo::rustc-link-arg=-Tlink.x");
    for path in ["build.rs", "mps2-an385.x"] {
        println!("cargo::rerun-if-changed={path}");
    }
}
