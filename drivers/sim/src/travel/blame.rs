//! When a failure was decided: from moments further and further before it, the run goes on with other
//! draws. Where the failure stops coming, its cause lies.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use super::Traveller;
use crate::draw::mix;
use crate::engine::Queue;
use crate::net::latency::NoTable;
use crate::run::{Outcome, conclude};
use crate::shrink::Predicate;
use crate::suite::SimSuite;
use crate::time::{Span, Time};
use crate::world::{Item, Setup, World};

/// What came of other draws from one moment on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Blame {
    /// How long before the failure.
    pub before: Span,
    /// The moment.
    pub from: Time,
    /// How many other runs were played.
    pub tried: u32,
    /// How many of them failed in the same way.
    pub failed: u32,
}

impl Blame {
    /// The share that failed.
    #[must_use]
    pub fn share(&self) -> f64 {
        f64::from(self.failed) / f64::from(self.tried.max(1))
    }
}

/// Distances that are tried, in milliseconds, as far as the run reaches; and its beginning.
const BEFORE_MS: [u64; 18] = [
    10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000, 200_000,
    500_000, 1_000_000, 2_000_000, 5_000_000,
];

/// Plays `seeds` other runs from each of several moments before the failure at `at`, `jobs` at a time,
/// each until as long after the failure as it began before it, at least 10 s.
///
/// # Errors
/// The scenario names a latency file and there is no table.
pub fn blame<C: SimSuite + Clone, Q: Queue<Item> + Send + Sync>(
    setup: &Setup,
    predicate: &Predicate,
    at: Time,
    seeds: u32,
    jobs: usize,
) -> Result<Vec<Blame>, NoTable>
where
    World<C, Q>: Send + Sync,
{
    let mut traveller: Traveller<C, Q> = Traveller::new(setup)?;
    let mut rows = Vec::new();
    let near = BEFORE_MS.into_iter().map(Span::from_millis);
    let near = near.take_while(|before| before.0 < at.0);
    for before in near.chain([Span(at.0)]) {
        let from = Time(at.0 - before.0);
        let world = traveller.go(from);
        let until = Time(at.0.saturating_add(before.0.max(10_000_000_000)));
        let until = if predicate.stops() {
            until
        } else {
            Time(setup.scenario.scenario.duration.0)
        };
        let next = AtomicUsize::new(0);
        let failed = Mutex::new(0);
        std::thread::scope(|scope| {
            for _ in 0..jobs.max(1) {
                scope.spawn(|| {
                    loop {
                        let number = next.fetch_add(1, Ordering::Relaxed) as u64;
                        if number >= u64::from(seeds) {
                            break;
                        }
                        let mut other = world.clone();
                        other.reseed(mix(setup.seed ^ mix(number + 1)));
                        if fails(&mut other, setup, predicate, until) {
                            *failed.lock().unwrap_or_else(PoisonError::into_inner) += 1;
                        }
                    }
                });
            }
        });
        rows.push(Blame {
            before,
            from,
            tried: seeds,
            failed: failed.into_inner().unwrap_or_else(PoisonError::into_inner),
        });
    }
    Ok(rows)
}

fn fails<C: SimSuite, Q: Queue<Item>>(
    world: &mut World<C, Q>,
    setup: &Setup,
    predicate: &Predicate,
    until: Time,
) -> bool {
    let mut outcome = Outcome::blank(setup, C::KIND);
    let played = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let stop = world.run(until);
        conclude(&mut outcome, &setup.scenario, world, &stop);
    }));
    if let Err(panic) = played {
        outcome.crashed(panic.as_ref(), None);
    }
    predicate.holds(&outcome)
}

/// The two neighbours between which the failure stops being certain by the most: the cause lies
/// between their moments.
#[must_use]
pub fn knee(rows: &[Blame]) -> Option<(Blame, Blame)> {
    rows.windows(2)
        .filter_map(|pair| match pair {
            [near, far] => Some((*near, *far)),
            _ => None,
        })
        .max_by(|a, b| {
            let fall = |(near, far): &(Blame, Blame)| near.share() - far.share();
            fall(a)
                .total_cmp(&fall(b))
                .then(b.0.before.cmp(&a.0.before))
        })
        .filter(|(near, far)| near.share() > far.share())
}
