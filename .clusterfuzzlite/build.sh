#!/bin/bash -eu
# Builds the fuzz targets for ClusterFuzzLite and OSS-Fuzz: programs, options, dictionaries and seeds go to $OUT.
# Their image for Rust brings cargo-fuzz and a nightly toolchain, and sets what instruments the code.

cd "$SRC/sim800"
cargo fuzz build --release --debug-assertions

for shell in fuzz/fuzz_targets/*.rs; do
    cp "fuzz/target/x86_64-unknown-linux-gnu/release/$(basename "$shell" .rs)" "$OUT"
done

# What packs them is not fuzzed.
env --unset=RUSTFLAGS cargo xtask fuzz pack "$OUT"
