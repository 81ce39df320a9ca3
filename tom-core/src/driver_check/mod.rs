//! A kit that checks a driver: it watches one run, makes things hard for it, and names the rule that
//! it broke. Spec: driver, "What a driver owes".
//!
//! Behind the feature `driver-check`, for tests only: a node built without it carries nothing of it.
//! The driver under test stays as it is and owns its [`Node`] as ever. Three ways in:
//!
//! * [`expect`]: every node built from now on with this identity is watched, restarts included;
//! * [`watch`]: this node is watched;
//! * [`run`]: two nodes of a driver are led through [`Phase`]s, if its author implements [`Subject`].
//!
//! What is provoked, all of it legal by the contract and drawn from the plan's seed: inputs are refused
//! or dropped with `Backpressure` while outputs wait; Sent is swallowed; deadlines are told later than
//! they are; a Dial for a key nobody has, at addresses where somebody else answers. A [`Subject`] is
//! also asked to stand still, and to stop and start again.
//!
//! ```
//! use tom_core::{Config, Node, driver_check, entropy::Seed, identity::{Keys, SoftKeys}};
//! use tom_core::{storage::{Heap, Limits}, time::{Instant, UnixTime}};
//! let keys = SoftKeys::from_seed([1; 32]);
//! let report = driver_check::expect(keys.public(), driver_check::Plan::quiet(7));
//! // A driver whose clock runs backwards:
//! let (tables, seed) = (Heap::new(Limits::desktop()), Seed::new([2; 32]));
//! let mut node = Node::new(tables, keys, Config::default(), seed, Instant::ZERO).unwrap();
//! node.clock(Instant::from_millis(5), UnixTime::from_secs(1_800_000_000));
//! node.tick(Instant::from_millis(4));
//! assert_eq!(report.clauses(), [driver_check::Clause(11)]);
//! ```

mod audit;
mod book;
mod records;
mod run;

use core::fmt;
use std::collections::BTreeMap;
use std::string::String;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::vec::Vec;

use crate::crypto::Suite;
use crate::entropy::Seed;
use crate::identity::{Keys, PublicKey};
use crate::input::Input;
use crate::node::Node;
use crate::output::{Deadline, Output, Verdict};
use crate::storage::Storage;
use crate::time::{Instant, Span};

use book::Book;
pub use run::{End, Part, Phase, Subject, run};

/// How many rules of the chapter the kit can find broken.
pub const CLAUSES: [Clause; 15] = [
    Clause(11),
    Clause(12),
    Clause(13),
    Clause(14),
    Clause(16),
    Clause(18),
    Clause(20),
    Clause(21),
    Clause(22),
    Clause(23),
    Clause(24),
    Clause(25),
    Clause(26),
    Clause(27),
    Clause(28),
];

/// A rule of the chapter on drivers: `Clause(11)` is DRV-11.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Clause(pub u8);

impl fmt::Display for Clause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DRV-{}", self.0)
    }
}

/// One rule that the driver broke, and how; each kind of breach is told once per node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Breach {
    /// The rule.
    pub clause: Clause,
    /// What the driver did, or did not do.
    pub what: &'static str,
    /// Whose driver.
    pub node: PublicKey,
    /// The time of that node's last input.
    pub at: Instant,
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = self.at.as_millis();
        write!(
            f,
            "{} ({} at {at} ms): {}",
            self.clause, self.node, self.what
        )
    }
}

/// What a watch provokes and how patient it is.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Everything provoked follows from it and the driver's calls.
    pub seed: u64,
    /// Of 100 inputs that come while outputs wait, so many are refused or dropped for it.
    pub refuse: u8,
    /// Of 100 Sent, so many are swallowed.
    pub swallow: u8,
    /// Deadlines are told up to this much later than they are.
    pub late: Span,
    /// A Dial for a key nobody has is put out once.
    pub dial: bool,
    /// The medium between watched nodes loses nothing: what arrives nowhere, the driver lost.
    pub lossless: bool,
    /// The driver knows wall time.
    pub wall: bool,
    /// How late a driver may be for anything, on its own clock. A loaded machine needs seconds.
    pub tolerance: Span,
    /// How long [`run`] waits for messages and their proofs in one phase.
    pub patience: Span,
}

impl Plan {
    /// Provokes nothing, only watches.
    #[must_use]
    pub const fn quiet(seed: u64) -> Self {
        Self {
            seed,
            refuse: 0,
            swallow: 0,
            late: Span::ZERO,
            dial: false,
            lossless: true,
            wall: true,
            tolerance: Span::from_secs(2),
            patience: Span::from_secs(60),
        }
    }

    /// Provokes everything that can be.
    #[must_use]
    pub const fn full(seed: u64) -> Self {
        Self {
            refuse: 25,
            swallow: 50,
            late: Span::from_millis(300),
            dial: true,
            ..Self::quiet(seed)
        }
    }
}

/// How often something was provoked: a check that provoked nothing shows nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Provoked {
    /// Inputs refused or dropped with `Backpressure`.
    pub refused: u32,
    /// Sent swallowed.
    pub swallowed: u32,
    /// Deadlines told late.
    pub late: u32,
    /// Dials for a key nobody has.
    pub dials: u32,
    /// Stand-stills.
    pub suspends: u32,
    /// Starts of a node that had run before.
    pub restarts: u32,
}

/// What was found so far; may be read while the driver runs. Clones are handles of the same report.
#[derive(Clone, Debug)]
pub struct Report {
    book: Arc<Mutex<Book>>,
}

impl Report {
    fn new(plan: Plan) -> Self {
        Self {
            book: Arc::new(Mutex::new(Book::new(plan))),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Every breach, in the order they were found.
    #[must_use]
    pub fn breaches(&self) -> Vec<Breach> {
        self.lock().breaches.clone()
    }

    /// The rules broken, each once, by number.
    #[must_use]
    pub fn clauses(&self) -> Vec<Clause> {
        let mut all: Vec<_> = self.lock().breaches.iter().map(|b| b.clause).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// What was provoked.
    #[must_use]
    pub fn provoked(&self) -> Provoked {
        self.lock().provoked
    }

    /// Watches a second node under the same plan: what passes between watched nodes is compared.
    pub fn also<S: Storage, K: Keys, C: Suite>(&self, node: &mut Node<S, K, C>) {
        let public = *node.public();
        node.slot().attach(public, self.clone());
    }

    /// As [`expect`], under the same plan.
    pub fn also_expect(&self, identity: &PublicKey) {
        let mut expected = EXPECTED.lock().unwrap_or_else(PoisonError::into_inner);
        expected.insert(*identity, self.clone());
    }

    /// Says what the driver still owes, when it has been given time and is about to end.
    pub fn settle(&self) {
        self.lock().settle();
    }

    /// # Panics
    /// A rule was broken; the message tells all breaches.
    #[track_caller]
    pub fn assert_clean(&self) {
        let found = self.breaches();
        let lines: Vec<String> = found.iter().map(|b| std::format!("{b}")).collect();
        assert!(found.is_empty(), "the driver broke:\n{}", lines.join("\n"));
    }
}

/// Watches this node from now on.
pub fn watch<S: Storage, K: Keys, C: Suite>(node: &mut Node<S, K, C>, plan: Plan) -> Report {
    let report = Report::new(plan);
    report.also(node);
    report
}

/// Watches every node that this process builds from now on with this identity: for a driver that
/// never shows its node, and for restarts.
#[must_use]
pub fn expect(identity: &PublicKey, plan: Plan) -> Report {
    let report = Report::new(plan);
    report.also_expect(identity);
    report
}

static EXPECTED: Mutex<BTreeMap<PublicKey, Report>> = Mutex::new(BTreeMap::new());

/// The place in a node for its watch.
pub(crate) struct Slot {
    /// Tells seeds apart; says nothing about them.
    print: u64,
    durable: bool,
    started: Instant,
    watch: Option<(PublicKey, Report)>,
}

impl fmt::Debug for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Slot").field(&self.watch.is_some()).finish()
    }
}

/// A copy of a node is nobody's node: it is not watched.
impl Clone for Slot {
    fn clone(&self) -> Self {
        Self {
            watch: None,
            ..*self
        }
    }
}

impl Slot {
    pub(crate) fn new(public: &PublicKey, seed: &Seed, durable: bool, now: Instant) -> Self {
        let mut slot = Self {
            print: seed.print(),
            durable,
            started: now,
            watch: None,
        };
        let expected = EXPECTED.lock().unwrap_or_else(PoisonError::into_inner);
        let report = expected.get(public).cloned();
        drop(expected);
        if let Some(report) = report {
            slot.attach(*public, report);
        }
        slot
    }

    fn attach(&mut self, public: PublicKey, report: Report) {
        report
            .lock()
            .start(public, self.print, self.durable, self.started);
        self.watch = Some((public, report));
    }

    /// Before an input: what to answer instead of using it, if anything.
    pub(crate) fn enter(&self, now: Instant, input: &Input<'_>) -> Option<Verdict> {
        let (public, report) = self.watch.as_ref()?;
        report.lock().enter(public, now, input)
    }

    /// After an input.
    pub(crate) fn left(&self, verdict: Verdict, deadline: Option<Deadline>, waits: bool) {
        if let Some((public, report)) = &self.watch {
            report.lock().left(public, verdict, deadline, waits);
        }
    }

    /// A Dial to put out now: for whom, and the length of the list written to `buf`.
    pub(crate) fn dial(&self, buf: &mut [u8]) -> Option<(PublicKey, usize)> {
        let (public, report) = self.watch.as_ref()?;
        report.lock().dial(public, buf)
    }

    pub(crate) fn short(&self) {
        if let Some((public, report)) = &self.watch {
            report.lock().short(public);
        }
    }

    pub(crate) fn polled(&self, output: Option<&Output<'_>>, waits: bool) {
        if let Some((public, report)) = &self.watch {
            report.lock().polled(public, output, waits);
        }
    }

    /// The deadline to tell.
    pub(crate) fn told(&self, deadline: Option<Deadline>) -> Option<Deadline> {
        match &self.watch {
            Some((public, report)) => report.lock().told(public, deadline),
            None => deadline,
        }
    }
}
