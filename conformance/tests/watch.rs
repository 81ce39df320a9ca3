//! A port is tried again when its file is saved.
#![cfg(unix)]

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

/// The skeleton answers nothing yet; the saved one makes an answer up, which fails.
#[test]
fn a_save_runs_the_cases_again_and_tells_what_changed() {
    let directory = tempfile::tempdir().unwrap();
    let port = directory.path().join("port.sh");
    let script = |answer: &str| {
        format!(
            "while read -r line; do\n id=${{line##*\\\"id\\\":}}; id=${{id%%[!0-9]*}}\n case \"$line\" in\n \
             *hello*) echo \"{{\\\"id\\\":$id,\\\"name\\\":\\\"x\\\",\\\"version\\\":\\\"1\\\",\\\"language\\\":\\\"sh\\\",\
             \\\"spec\\\":\\\"0.1\\\",\\\"profiles\\\":[]}}\";;\n *) echo \"{{\\\"id\\\":$id,{answer}}}\";;\n esac\ndone\n"
        )
    };
    std::fs::write(&port, script("\\\"unsupported\\\":\\\"no\\\"")).unwrap();
    let mut watch = Command::new(env!("CARGO_BIN_EXE_tom-conformance"))
        .args(["watch", "--runs", "2", "--only", "keys:1", "--port"])
        .arg(format!("sh {}", port.display()))
        .arg("--folder")
        .arg(directory.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(watch.stdout.take().unwrap()).lines();
    let mut sums = lines
        .map(Result::unwrap)
        .filter(|line| line.starts_with("codec@0.1: "));
    let first = sums.next().unwrap();
    assert!(first.contains(" 0 fail,"), "{first}");
    std::fs::write(&port, script("\\\"is\\\":{}")).unwrap();
    let second = sums.next().unwrap();
    assert!(second.contains("fail (0 before)"), "{second}");
    assert_eq!(watch.wait().unwrap().code(), Some(1));
}
