//! What has to come again for a smaller run to be the same failure.

use crate::check::Invariant;
use crate::run::{Outcome, QueueKind, Verdict, run};
use crate::world::Setup;

#[cfg(doc)]
use crate::repro::Repro;

/// What makes two failures the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Predicate {
    /// The same invariant does not hold; at which node, when and with what message is free.
    Invariant(Invariant),
    /// The program panics with the same text.
    Panic(String),
    /// The same assertion fails, and there is something to measure if there was.
    Assertion {
        /// What is asserted.
        what: String,
        /// It was measured, and is wrong; else there was nothing to measure.
        measured: bool,
    },
    /// The plain heap and the wheel part ways.
    Parting,
}

/// What the detail of an assertion begins with when something was measured.
const MEASURED: &str = "measured ";

impl Predicate {
    /// The failure a run ended in, if it did.
    #[must_use]
    pub fn of(outcome: &Outcome) -> Option<Self> {
        let wrong = outcome.wrong.first()?;
        Self::new(outcome.verdict, &wrong.what, &wrong.detail)
    }

    /// The failure of a verdict, what was wrong, and its detail: as [`Repro`] keeps them.
    #[must_use]
    pub fn new(verdict: Verdict, what: &str, detail: &str) -> Option<Self> {
        match verdict {
            Verdict::Passed => None,
            Verdict::Failed => Some(Self::Assertion {
                what: what.to_owned(),
                measured: detail.starts_with(MEASURED),
            }),
            Verdict::Crash if what == "panic" => Some(Self::Panic(detail.to_owned())),
            Verdict::Crash => None,
            Verdict::Liveness | Verdict::Safety if what == "determinism" => Some(Self::Parting),
            Verdict::Liveness | Verdict::Safety => Invariant::from_name(what).map(Self::Invariant),
        }
    }

    /// Whether a run ended in this failure.
    #[must_use]
    pub fn holds(&self, outcome: &Outcome) -> bool {
        match self {
            Self::Invariant(invariant) => {
                matches!(outcome.verdict, Verdict::Safety | Verdict::Liveness)
                    && outcome
                        .wrong
                        .first()
                        .is_some_and(|wrong| wrong.what == invariant.name())
            }
            Self::Panic(text) => {
                outcome.verdict == Verdict::Crash
                    && outcome
                        .wrong
                        .first()
                        .is_some_and(|wrong| wrong.what == "panic" && wrong.detail == *text)
            }
            Self::Assertion { what, measured } => {
                outcome.verdict == Verdict::Failed
                    && outcome.wrong.iter().any(|wrong| {
                        wrong.what == *what && wrong.detail.starts_with(MEASURED) == *measured
                    })
            }
            Self::Parting => outcome
                .wrong
                .iter()
                .any(|wrong| wrong.what == "determinism"),
        }
    }

    /// Plays a run as this failure has to be looked for.
    #[must_use]
    pub fn play(&self, setup: &Setup) -> Outcome {
        let mut outcome = run(setup, QueueKind::Wheel);
        if matches!(self, Self::Parting) {
            compare_queues(setup, &mut outcome);
        }
        outcome
    }

    /// A failure stops the run where it happens: what comes later has no part in it.
    pub(crate) const fn stops(&self) -> bool {
        matches!(self, Self::Invariant(_) | Self::Panic(_))
    }

    /// A fault may stay while its end is taken away: the failure says that something is wrong whatever
    /// the faults. What has to converge is counted from the calm on, which ends them all. Of a figure
    /// that is not so.
    pub(super) const fn bears_open_faults(&self) -> bool {
        match self {
            Self::Invariant(_) | Self::Panic(_) | Self::Parting => true,
            Self::Assertion { .. } => false,
        }
    }

    /// The failure is that something takes long: before the links are up all does, which would be
    /// another failure.
    pub(super) fn is_slowness(&self) -> bool {
        match self {
            Self::Invariant(invariant) => *invariant == Invariant::Converges,
            Self::Panic(_) | Self::Parting => false,
            Self::Assertion { .. } => true,
        }
    }
}

/// Plays a run with the plain heap as well: the two queues have to agree.
pub fn compare_queues(setup: &Setup, outcome: &mut Outcome) {
    let again = run(setup, QueueKind::Heap);
    if again.hash != outcome.hash {
        outcome.verdict = Verdict::Safety;
        outcome.wrong.push(crate::run::Wrong {
            what: "determinism".to_owned(),
            at_s: None,
            node: None,
            detail: format!("heap {} and wheel {} part ways", again.hash, outcome.hash),
            message: None,
        });
    }
}
