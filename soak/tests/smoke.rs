//! The program runs at all, for a few seconds.

use std::process::Command;

#[test]
fn some_modules_work_for_some_seconds() {
    let output = Command::new(env!("CARGO_BIN_EXE_sim800-soak"))
        .args(["--modems", "8", "--minutes", "0.04", "--pause", "0", "--baud", "921600"])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains(" exact ("), "{said}");
}
