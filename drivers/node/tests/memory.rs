//! The memory of an idle node.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

mod common;

use common::{Dir, Node};

/// The bound, in kB resident.
const BOUND: u64 = 20_000;

fn resident(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmRSS:"))
        .unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[test]
fn an_idle_node_stays_under_20_mb() {
    let (hub_dir, dir) = (Dir::new("mem-hub"), Dir::new("mem"));
    let hub = Node::start(&hub_dir, &["--listen", "127.0.0.1:0"]);
    let node = Node::start(&dir, &["--peer", &hub.peer]);
    std::thread::sleep(std::time::Duration::from_millis(1_500));
    let kb = resident(node.process.id());
    println!("idle `tom node` with one link: {kb} kB resident (bound {BOUND} kB)");
    assert!(kb < BOUND, "{kb} kB");
    assert!(kb > 1_000, "the figure is not plausible: {kb} kB");
}
