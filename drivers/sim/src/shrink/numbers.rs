//! Round numbers.

use super::hunt::Hunt;
use super::with_externals;
use crate::check::PAYLOAD_LEAST;
use crate::scenario::model::Priority;
use crate::scenario::{Deed, External};
use crate::time::{Span, Time};
use crate::world::Setup;

const SECOND: u64 = 1_000_000_000;

/// One external event made rounder.
type Step = fn(&mut External);

/// In the order they are tried.
const STEPS: &[Step] = &[
    |e| {
        if let Deed::Send { len, .. } = &mut e.deed {
            *len = (*len).min(PAYLOAD_LEAST as u32);
        }
    },
    |e| {
        if let Deed::Send {
            lifetime,
            priority,
            traffic,
            ..
        } = &mut e.deed
        {
            *lifetime = None;
            *priority = Priority::Normal;
            *traffic = 0;
        }
    },
    |e| match &mut e.deed {
        Deed::Suspend { lasts, .. } => *lasts = Span(up(lasts.0, SECOND)),
        Deed::ClockStep { by_ms, .. } => *by_ms = *by_ms / 1_000 * 1_000,
        Deed::Cut { one_way, .. } | Deed::Break { one_way, .. } => *one_way = false,
        Deed::Start { forget, .. } => *forget = false,
        Deed::Send { .. }
        | Deed::Crash { .. }
        | Deed::Mend { .. }
        | Deed::Repair { .. }
        | Deed::Meet { .. }
        | Deed::Part { .. }
        | Deed::Weather(_)
        | Deed::Mtu(_)
        | Deed::Disk { .. }
        | Deed::Turn { .. }
        | Deed::Calm => {}
    },
    |e| e.at = Time(up(e.at.0, SECOND)),
    |e| e.at = Time(e.at.0 / SECOND * SECOND),
    |e| e.at = Time(up(e.at.0, SECOND / 10)),
    |e| e.at = Time(e.at.0 / 1_000_000 * 1_000_000),
];

/// The next multiple.
const fn up(n: u64, of: u64) -> u64 {
    n.div_ceil(of).saturating_mul(of)
}

impl Hunt<'_> {
    /// Rounds what external events say, of all at once, else one by one; then closes gaps.
    pub(super) fn rounder_numbers(&mut self) {
        for step in STEPS {
            let base = self.best.clone();
            let count = base.schedule.externals.len();
            let all: Vec<usize> = (0..count).collect();
            if self.one(rounded(&base, &all, *step)) {
                continue;
            }
            for at in 0..count {
                let next = rounded(&self.best, &[at], *step);
                self.one(next);
            }
        }
        self.close_gaps();
        self.renumber();
    }

    /// Waits between external events become shorter: to a second, else by halves.
    fn close_gaps(&mut self) {
        for at in 0..self.best.schedule.externals.len() {
            let mut to = SECOND;
            if at == 0 && self.predicate.is_slowness() {
                to = to.max(self.best.scenario.topology.dial_within.0);
            }
            loop {
                let externals = &self.best.schedule.externals;
                let before = at.checked_sub(1).and_then(|before| externals.get(before));
                let from = before.map_or(0, |before| before.at.0);
                let gap = externals.get(at).map_or(0, |this| this.at.0) - from;
                if gap <= to || self.over() {
                    break;
                }
                let less = gap - to;
                let mut externals = externals.clone();
                for external in externals.iter_mut().skip(at) {
                    external.at.0 -= less;
                }
                if self.one(Some(with_externals(&self.best, externals))) {
                    break;
                }
                // Half of it, in whole seconds.
                let half = up(gap / 2, SECOND);
                if half <= to {
                    break;
                }
                to = half;
            }
        }
    }

    /// Messages are numbered from 1 on.
    fn renumber(&mut self) {
        let mut externals = self.best.schedule.externals.clone();
        let mut next = 0;
        for external in &mut externals {
            if let Deed::Send { number, .. } = &mut external.deed {
                next += 1;
                *number = next;
            }
        }
        if externals != self.best.schedule.externals {
            self.one(Some(with_externals(&self.best, externals)));
        }
    }
}

/// The setup with these events rounded; `None`: they are already.
fn rounded(setup: &Setup, places: &[usize], step: Step) -> Option<Setup> {
    let mut externals = setup.schedule.externals.clone();
    for at in places {
        if let Some(external) = externals.get_mut(*at) {
            step(external);
        }
    }
    externals.sort_by_key(|external| external.at);
    (externals != setup.schedule.externals).then(|| with_externals(setup, externals))
}
