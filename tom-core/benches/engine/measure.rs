//! Timing, comparing and printing. Integers only: tenths of a nanosecond, and percent.

use std::process::ExitCode;

use rustix::time::{ClockId, clock_gettime};

/// CPU time of this thread in nanoseconds.
pub(crate) fn cpu_ns() -> u64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec.unsigned_abs() * 1_000_000_000 + time.tv_nsec.unsigned_abs()
}

/// CPU time of one call, in nanoseconds.
pub(crate) fn timed(work: impl FnOnce()) -> u64 {
    let start = cpu_ns();
    work();
    cpu_ns() - start
}

/// One value per round, sorted, in tenths of a nanosecond per operation.
#[derive(Clone)]
pub(crate) struct Rounds(Vec<u64>);

impl Rounds {
    /// From each round's total in nanoseconds.
    pub(crate) fn new(totals: &[u64], ops: u64) -> Self {
        let mut tenths: Vec<u64> = totals.iter().map(|ns| ns * 10 / ops.max(1)).collect();
        tenths.sort_unstable();
        Self(tenths)
    }

    pub(crate) fn median(&self) -> u64 {
        self.0[self.0.len() / 2]
    }

    pub(crate) fn per_second(&self) -> u64 {
        10_000_000_000 / self.median().max(1)
    }

    fn text(&self) -> String {
        let ns = |tenths: u64| format!("{}.{}", tenths / 10, tenths % 10);
        let (first, last) = (self.0[0], self.0[self.0.len() - 1]);
        format!("{:>9} ns ({}-{})", ns(self.median()), ns(first), ns(last))
    }
}

/// Two sides timed in turn, so that whatever the machine does meets both.
pub(crate) struct Pair {
    pub(crate) ours: Rounds,
    pub(crate) floor: Rounds,
    /// Allocations of our side in all rounds.
    pub(crate) allocations: u64,
}

impl Pair {
    /// Runs both sides `rounds` times after one run of each to warm up. A side says how long its
    /// `ops` operations took, in nanoseconds.
    pub(crate) fn run(
        rounds: usize,
        ops: u64,
        mut ours: impl FnMut() -> u64,
        mut floor: impl FnMut() -> u64,
    ) -> Self {
        ours();
        floor();
        let (mut our, mut bare, mut allocations) = (Vec::new(), Vec::new(), 0);
        for _ in 0..rounds {
            let mut took = 0;
            allocations += allocation_counter::measure(|| took = ours()).count_total;
            our.push(took);
            bare.push(floor());
        }
        Self {
            ours: Rounds::new(&our, ops),
            floor: Rounds::new(&bare, ops),
            allocations,
        }
    }

    /// Ours as percent of the floor.
    pub(crate) fn percent(&self) -> u64 {
        self.ours.median() * 100 / self.floor.median().max(1)
    }
}

/// What was wanted, what was reached, and what went wrong.
pub(crate) struct Report {
    pub(crate) quick: bool,
    check: bool,
    wrong: u32,
    missed: u32,
    below_half: u32,
}

impl Report {
    pub(crate) fn from_arguments() -> Self {
        let has = |flag: &str| std::env::args().any(|argument| argument == flag);
        let (quick, check) = (has("--quick"), has("--check"));
        Self {
            quick,
            check,
            wrong: 0,
            missed: 0,
            below_half: 0,
        }
    }

    /// Whether this part is to run: all are when none is named.
    pub(crate) fn wants(&self, part: &str) -> bool {
        let named: Vec<String> = std::env::args()
            .skip(1)
            .filter(|argument| !argument.starts_with('-'))
            .collect();
        named.is_empty() || named.iter().any(|name| name == part)
    }

    pub(crate) fn rounds(&self) -> usize {
        if self.quick { 5 } else { 9 }
    }

    /// `full`, or less of it in a quick run.
    pub(crate) fn ops(&self, full: u64) -> u64 {
        if self.quick { full / 5 } else { full }
    }

    pub(crate) fn heading(&self) {
        println!(
            "CPU time of one thread; median of {} alternating rounds (lowest-highest); target \
             features: {}; curve tables: {}",
            self.rounds(),
            if cfg!(target_feature = "avx2") {
                "native"
            } else {
                "default"
            },
            if cfg!(feature = "tables") {
                "precomputed"
            } else {
                "none"
            },
        );
    }

    pub(crate) fn section(&self, text: &str) {
        println!("\n{text}");
    }

    /// Something without which no figure counts.
    pub(crate) fn must(&mut self, right: bool, what: &str) {
        if !right {
            self.wrong += 1;
            println!("  WRONG: {what}");
        }
    }

    /// A row with its floor; `name` says what one operation is.
    pub(crate) fn row(&mut self, name: &str, pair: &Pair) {
        println!(
            "  {name:<44}{:>9}/s {}\n  {:<44}{:>9}/s {}  x{}.{:02}  {} allocations",
            pair.ours.per_second(),
            pair.ours.text(),
            "  its cryptography alone",
            pair.floor.per_second(),
            pair.floor.text(),
            pair.percent() / 100,
            pair.percent() % 100,
            pair.allocations,
        );
    }

    /// A row without a floor.
    pub(crate) fn plain(&mut self, name: &str, rounds: &Rounds, beside: &str) {
        println!(
            "  {name:<44}{:>9}/s {}  {beside}",
            rounds.per_second(),
            rounds.text()
        );
    }

    /// A goal of so many per second.
    pub(crate) fn at_least(&mut self, what: &str, reached: u64, goal: u64) {
        self.goal(
            what,
            reached >= goal,
            reached >= goal / 2,
            &format!("{reached} of {goal}"),
        );
    }

    /// A goal of at most so many percent; half of it is twice as many.
    pub(crate) fn at_most_percent(&mut self, what: &str, reached: u64, goal: u64) {
        let text = format!("{reached} % of at most {goal} %");
        self.goal(what, reached <= goal, reached <= 2 * goal, &text);
    }

    fn goal(&mut self, what: &str, reached: bool, half: bool, text: &str) {
        let word = if reached { "reached" } else { "MISSED" };
        println!("  -> {what}: {text}, {word}");
        self.missed += u32::from(!reached);
        self.below_half += u32::from(!half);
    }

    pub(crate) fn finish(&self) -> ExitCode {
        println!(
            "\n{} wrong results, {} goals missed, {} of them by more than half",
            self.wrong, self.missed, self.below_half
        );
        let failed = self.wrong > 0 || (self.check && self.below_half > 0);
        if failed {
            ExitCode::FAILURE
        } else {
            ExitCode::SUCCESS
        }
    }
}
