//! What is wrong with what the command is given is said in one line that names file, line and remedy.

use std::path::Path;
use std::process::{Command, Output};

fn sim(args: &[&str], dir: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_tom-sim"))
        .args(args)
        .current_dir(dir)
        .env_remove("TOM_SIM_DATA")
        .output()
        .expect("the command runs")
}

const SMALL: &str = "[scenario]\nname = \"small\"\nduration = \"90s\"\n[topology]\nnodes = 6\n\
     [[traffic]]\nkind = \"uniform\"\nper_hour = 60\nuntil = \"30s\"\n";

#[test]
fn a_broken_scenario_is_named_by_file_line_and_remedy() {
    let dir = tempfile::tempdir().expect("a directory");
    let cases = [
        ("jiter = \"10ms\"\n", "small.toml:10: ", "jitter"),
        (
            "latency = { model = \"matrix\", file = \"no.csv\" }\n",
            "small.toml:10: ",
            "TOM_SIM_DATA",
        ),
    ];
    for (line, place, remedy) in cases {
        let text = SMALL.replace("nodes = 6\n", &format!("nodes = 6\n{line}"));
        let place = place.replace(":10:", ":6:");
        std::fs::write(dir.path().join("small.toml"), text).expect("room");
        let output = sim(&["run", "small.toml"], dir.path());
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert_eq!(said.trim_end().lines().count(), 1, "{said}");
        assert!(said.contains(&place) && said.contains(remedy), "{said}");
    }
    let text =
        format!("{SMALL}[[assert]]\nmetric = \"delivery_rate\"\nop = \">=\"\nvalue = \"120%\"\n");
    std::fs::write(dir.path().join("small.toml"), text).expect("room");
    let output = sim(&["run", "small.toml"], dir.path());
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("small.toml:1"), "{said}");
}

/// The device takes nothing: what a disk does when it is full.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_said_and_leaves_what_was_written() {
    let dir = tempfile::tempdir().expect("a directory");
    std::fs::write(dir.path().join("small.toml"), SMALL).expect("room");
    let out = dir.path().join("out");
    std::fs::create_dir(&out).expect("a directory");
    std::os::unix::fs::symlink("/dev/full", out.join("outcomes.jsonl")).expect("a link");
    let args = [
        "sweep",
        "small.toml",
        "--seeds",
        "1..3",
        "--out",
        "out",
        "-q",
    ];
    let output = sim(&args, dir.path());
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(
        said.contains("out") && said.contains("free some space"),
        "{said}"
    );
    let table = std::fs::read_to_string(out.join("outcomes.csv")).expect("the table");
    let columns = |line: &str| line.split(',').count();
    let head = columns(table.lines().next().expect("a head"));
    assert!(table.ends_with('\n') && table.lines().all(|line| columns(line) == head));
}
