//! The example programs run and say what they promise. `cargo test` builds them beside this test.

use std::path::PathBuf;
use std::process::Command;

/// Runs an example; what it printed.
fn run(name: &str) -> String {
    let test = std::env::current_exe().expect("a path");
    let target = test.ancestors().nth(2).expect("target/PROFILE/deps/test");
    let example = target
        .join("examples")
        .join(name)
        .with_extension(std::env::consts::EXE_EXTENSION);
    assert!(
        example.exists(),
        "{example:?} is not built: run `cargo test -p tom-core`"
    );
    let output = Command::new(example).output().expect("it starts");
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{}: {printed}", output.status);
    printed
}

fn source(path: &str) -> String {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..");
    std::fs::read_to_string(root.join(path)).expect("a readable file")
}

#[test]
fn two_nodes_exchange_a_message_and_its_proof() {
    let printed = run("two_nodes");
    assert!(
        printed.contains("bob: received \"hello, Bob\""),
        "{printed}"
    );
    assert!(
        printed.ends_with("received: true, proven: true\n"),
        "{printed}"
    );
}

#[test]
fn custom_io_exchanges_messages_over_pipes() {
    let printed = run("custom_io");
    for line in [
        "1 received: hello",
        "2 received: hello",
        "both messages are proven delivered",
    ] {
        assert!(printed.contains(line), "{printed}");
    }
}

/// It is the measure of how little a driver needs.
#[test]
fn custom_io_has_at_most_80_lines() {
    let lines = source("examples/custom_io.rs").lines().count();
    assert!(lines <= 80, "{lines} lines");
}

/// The one in the crate's documentation is compiled and run; the README shows the same.
#[test]
fn the_readme_shows_the_run_loop_of_the_crate() {
    let docs = source("tom-core/src/lib.rs");
    let visible: String = docs
        .lines()
        .skip_while(|line| *line != "//! ```")
        .skip(1)
        .take_while(|line| *line != "//! ```")
        .filter(|line| !line.starts_with("//! #"))
        .map(|line| {
            format!(
                "{}\n",
                line.trim_start_matches("//!")
                    .strip_prefix(' ')
                    .unwrap_or("")
            )
        })
        .collect();
    assert_eq!(visible.lines().count(), 30, "{visible}");
    assert!(
        source("README.md").contains(&format!("```rust\n{visible}```")),
        "{visible}"
    );
}
