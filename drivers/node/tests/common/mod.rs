//! The command under test, directories of its own, and processes that end with the test.
#![allow(dead_code, reason = "each test file uses a part of this")]
#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;

/// The command, without the environment's own settings.
pub(crate) fn tom() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tom"));
    command.env_remove("TOM_DATA").stdin(Stdio::null());
    command
}

/// Runs the command to its end: exit code, stdout, stderr.
pub(crate) fn run(args: &[&str]) -> (i32, String, String) {
    let Output {
        status,
        stdout,
        stderr,
    } = tom().args(args).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (status.code().unwrap_or(-1), text(stdout), text(stderr))
}

/// A directory that is removed at the end.
pub(crate) struct Dir(PathBuf);

impl Dir {
    pub(crate) fn new(name: &str) -> Self {
        let dir = std::env::temp_dir().join(format!("tom-test-{}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&dir);
        Self(dir)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    pub(crate) fn text(&self) -> &str {
        self.0.to_str().unwrap()
    }
}

impl Drop for Dir {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A `tom node` that is killed with this.
pub(crate) struct Node {
    pub(crate) process: Child,
    pub(crate) peer: String,
    pub(crate) listen: String,
}

impl Node {
    pub(crate) fn start(dir: &Dir, args: &[&str]) -> Self {
        let mut process = tom()
            .args(["--json", "--data", dir.text(), "node", "--with-parent"])
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let ready: Value = serde_json::from_str(&line).unwrap();
        let text = |name: &str| ready["ready"][name].as_str().unwrap().to_owned();
        Self {
            process,
            peer: text("peer"),
            listen: text("listen"),
        }
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
