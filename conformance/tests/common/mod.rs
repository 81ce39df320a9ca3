//! What several tests of the suite need.

use std::path::PathBuf;
use std::process::Command;

/// The command of the reference port, built beside this suite.
pub(crate) fn reference() -> String {
    let suite = PathBuf::from(env!("CARGO_BIN_EXE_tom-conformance"));
    let built = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "-p", "tom-port", "--target-dir"])
        .arg(suite.parent().unwrap().parent().unwrap())
        .status()
        .unwrap();
    assert!(built.success());
    suite.with_file_name("tom-port").display().to_string()
}
