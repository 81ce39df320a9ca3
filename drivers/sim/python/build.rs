//! The commit goes into the module: every row a sweep writes says what it was measured on.

use std::process::Command;

fn main() {
    // Not a repository, or no git: then it is not known, and nothing fails.
    let commit = git(&[
        "describe",
        "--always",
        "--dirty",
        "--abbrev=12",
        "--exclude=*",
    ]);
    println!(
        "cargo:rustc-env=TOM_SIM_COMMIT={}",
        commit.as_deref().unwrap_or("unknown")
    );
    for name in ["HEAD", "logs/HEAD"] {
        if let Some(path) = git(&["rev-parse", "--git-path", name]) {
            println!("cargo:rerun-if-changed={path}");
        }
    }
    for path in ["build.rs", "src", "../src", "../../../tom-core/src"] {
        println!("cargo:rerun-if-changed={path}");
    }
}

fn git(args: &[&str]) -> Option<String> {
    let done = Command::new("git").args(args).output().ok()?;
    let text = String::from_utf8(done.stdout).ok()?;
    done.status.success().then(|| text.trim().to_owned())
}
