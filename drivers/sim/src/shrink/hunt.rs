//! Probes: runs of smaller setups, side by side, each only once.

use std::collections::BTreeMap;
use std::hash::Hasher;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use siphasher::sip128::{Hasher128, SipHasher13};

use super::nodes::joined;
use super::{Options, Predicate, Progress};
use crate::repro::{Expect, Repro};
use crate::run::Outcome;
use crate::world::Setup;

/// What is known so far.
pub(super) struct Hunt<'a> {
    pub(super) predicate: Predicate,
    pub(super) best: Setup,
    pub(super) outcome: Outcome,
    pub(super) options: &'a Options<'a>,
    pub(super) stage: &'static str,
    pub(super) probes: u64,
    /// Where a failure begins in a world in parts, parts say nothing against a smaller one.
    in_parts: bool,
    /// Setups that do not fail: whatever does is taken at once.
    cache: BTreeMap<u128, ()>,
    begun: Instant,
}

/// The wall clock: a budget is one of real time.
#[expect(
    clippy::disallowed_methods,
    reason = "decides how long is searched, and nothing in any run"
)]
fn now() -> Instant {
    Instant::now()
}

/// What is the same for all setups that play the same run, nearly.
fn fingerprint(setup: &Setup) -> u128 {
    let expect = Expect {
        verdict: crate::run::Verdict::Passed,
        what: String::new(),
        node: None,
        at: None,
        message: None,
        hash: String::new(),
        detail: String::new(),
    };
    let repro = Repro {
        seed: setup.seed,
        expect,
        scenario: setup.scenario.clone(),
        schedule: setup.schedule.clone(),
        absent: setup.absent.clone(),
        table: None,
    };
    let mut hasher = SipHasher13::new();
    hasher.write(repro.to_string().as_bytes());
    hasher.finish128().as_u128()
}

impl<'a> Hunt<'a> {
    pub(super) fn new(
        setup: Setup,
        outcome: Outcome,
        predicate: Predicate,
        options: &'a Options<'a>,
    ) -> Self {
        Self {
            in_parts: !joined(&setup),
            predicate,
            best: setup,
            outcome,
            options,
            stage: "begin",
            probes: 0,
            cache: BTreeMap::new(),
            begun: now(),
        }
    }

    /// Real seconds since the beginning.
    pub(super) fn seconds(&self) -> f64 {
        now().duration_since(self.begun).as_secs_f64()
    }

    /// No more may be tried.
    pub(super) fn over(&self) -> bool {
        now().duration_since(self.begun) >= self.options.budget
            || self
                .options
                .stop
                .is_some_and(|stop| stop.load(Ordering::Relaxed))
    }

    /// Takes the first of `count` setups that fails the same way, and says its place. Several are
    /// played at a time; which one is taken does not depend on how many.
    pub(super) fn first(
        &mut self,
        count: usize,
        make: &(dyn Fn(usize) -> Option<Setup> + Sync),
    ) -> Option<usize> {
        loop {
            let (at, setup, outcome) = self.search(count, make)?;
            if self.options.another.is_some_and(|another| another(&setup)) {
                // Known now, so it is passed over.
                self.cache.insert(fingerprint(&setup), ());
                continue;
            }
            self.best = setup;
            self.outcome = outcome;
            if let Some(better) = self.options.better {
                better(&self.best, &self.outcome);
            }
            self.tell();
            return Some(at);
        }
    }

    /// The first of `count` setups that fails the same way.
    fn search(
        &mut self,
        count: usize,
        make: &(dyn Fn(usize) -> Option<Setup> + Sync),
    ) -> Option<(usize, Setup, Outcome)> {
        let next = AtomicUsize::new(0);
        let least = AtomicUsize::new(usize::MAX);
        let found: Mutex<Option<(usize, Setup, Outcome)>> = Mutex::new(None);
        let failed: Mutex<Vec<u128>> = Mutex::new(Vec::new());
        let this = &*self;
        let work = || {
            loop {
                let at = next.fetch_add(1, Ordering::SeqCst);
                // Those before one that was found are still played to their ends.
                if at >= count || at > least.load(Ordering::SeqCst) || this.over() {
                    break;
                }
                let Some(setup) = make(at).filter(|setup| this.makes_sense(setup)) else {
                    continue;
                };
                let print = fingerprint(&setup);
                if this.cache.contains_key(&print) {
                    continue;
                }
                let outcome = this.predicate.play(&setup);
                if this.predicate.holds(&outcome) {
                    least.fetch_min(at, Ordering::SeqCst);
                    let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
                    if found.as_ref().is_none_or(|(known, _, _)| at < *known) {
                        *found = Some((at, setup, outcome));
                    }
                    // Counted below with those that do not fail.
                    failed
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .push(0);
                } else {
                    failed
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .push(print);
                }
                this.tell();
            }
        };
        let jobs = self.options.jobs.clamp(1, count.max(1));
        if jobs == 1 {
            work();
        } else {
            std::thread::scope(|scope| {
                for _ in 0..jobs {
                    scope.spawn(work);
                }
            });
        }
        let played = failed.into_inner().unwrap_or_else(PoisonError::into_inner);
        self.probes += played.len() as u64;
        self.cache
            .extend(played.into_iter().map(|print| (print, ())));
        found.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a failure of this setup would say anything: that a message does not arrive where no
    /// link leads does not.
    fn makes_sense(&self, setup: &Setup) -> bool {
        self.in_parts || !self.predicate.is_slowness() || joined(setup)
    }

    /// Tries one setup.
    pub(super) fn one(&mut self, setup: Option<Setup>) -> bool {
        setup.is_some_and(|setup| self.first(1, &|_| Some(setup.clone())).is_some())
    }

    fn tell(&self) {
        if let Some(progress) = self.options.progress {
            progress(&Progress {
                stage: self.stage,
                probes: self.probes,
                externals: self.best.schedule.externals.len(),
                nodes: self.best.scenario.topology.nodes as usize - self.best.absent.len(),
                seconds: self.seconds(),
            });
        }
    }

    /// Delta debugging: takes away as many of `items` as can be; `make` says what is left when these
    /// are. Complements are tried at every fineness; subsets only as the complements of two halves:
    /// of a run, a tenth alone hardly ever fails, and costs as much as nine tenths.
    pub(super) fn ddmin<T: Clone + Sync>(
        &mut self,
        items: Vec<T>,
        make: &(dyn Fn(&[T]) -> Option<Setup> + Sync),
    ) -> Vec<T> {
        let mut kept = items;
        let mut chunks = 1;
        let mut cursor = 0;
        while !kept.is_empty() && !self.over() {
            chunks = chunks.clamp(1, kept.len());
            let bound = |chunk: usize| kept.len() * chunk / chunks;
            let without = |at: usize| -> Vec<T> {
                let chunk = (at + cursor) % chunks;
                let (head, tail) = (kept.get(..bound(chunk)), kept.get(bound(chunk + 1)..));
                [head.unwrap_or_default(), tail.unwrap_or_default()].concat()
            };
            match self.first(chunks, &|at| make(&without(at))) {
                Some(at) => {
                    let chunk = (at + cursor) % chunks;
                    kept = without(at);
                    // The next one is tried first: those before were in vain.
                    chunks = (chunks - 1).max(1);
                    cursor = chunk % chunks;
                }
                None if chunks >= kept.len() => break,
                None => {
                    chunks *= 2;
                    cursor = 0;
                }
            }
        }
        kept
    }
}
