//! What the checks look at from time to time, and what a run comes to.

use tom_core::error::TableName;
use tom_core::input::Input;

use super::{By, Item, What, World};
use crate::check::{Figures, Invariant, Situation};
use crate::draw::{Purpose, draw};
use crate::engine::Queue;
use crate::suite::SimSuite;
use crate::time::Time;

/// Each node's tables are looked at once in so many checks.
const ROUND: u32 = 32;

impl<C: SimSuite, Q: Queue<Item>> World<C, Q> {
    /// Once a simulated second.
    pub(super) fn check(&mut self) {
        let now = self.now;
        self.checks.second(now);
        let second = u32::try_from(now.as_secs()).unwrap_or(u32::MAX);
        for node in (second % ROUND..self.nodes()).step_by(ROUND as usize) {
            self.look_at_tables(node);
        }
        self.wake_early(now);
        self.due(By::Checks, now.plus(crate::check::EVERY), 0, What::Check);
    }

    /// No table holds more than it can, and no rule of the core's own was broken.
    fn look_at_tables(&mut self, node: u32) {
        let Some(core) = self.members.get(node as usize).and_then(|m| m.core()) else {
            return;
        };
        let over = core.tables().find(|table| table.len > table.capacity);
        let bugs = core.stats().bugs;
        if let Some(over) = over {
            let what = format!("{over:?}");
            self.checks
                .violate(Invariant::TablesInCapacity, self.now, node, what);
        }
        if bugs > 0 {
            let what = format!("{bugs} internal rules did not hold");
            self.checks.violate(Invariant::NoBug, self.now, node, what);
        }
    }

    /// One node is woken before its deadline: nothing may come of it, since waking at deadlines must
    /// be enough.
    fn wake_early(&mut self, now: Time) {
        let bits = draw(self.seed, 0, 0, now.0, Purpose::Application);
        let node = u32::try_from(bits % u64::from(self.nodes().max(1))).unwrap_or(0);
        let Some(member) = self.members.get(node as usize) else {
            return;
        };
        let early = member.runs(now)
            && member.core().is_some_and(|core| {
                core.deadline()
                    .is_none_or(|deadline| deadline.at > member.local(now))
            });
        if early {
            self.checks.hush(node);
            self.feed(node, Input::Tick);
            self.checks.heard();
        }
    }

    /// What the run comes to. To be asked at its end.
    #[must_use]
    pub fn figures(&mut self) -> Figures {
        let mut figures = Figures {
            nodes: self.nodes(),
            lasted: self.now,
            events: self.events,
            ..Figures::default()
        };
        let mut tally = self.checks.tally.clone();
        for node in 0..self.nodes() {
            self.look_at_tables(node);
        }
        for member in &self.members {
            let up = member.ends.iter();
            let alive: u64 = up
                .filter(|end| end.state == super::member::EndState::Up)
                .map(|end| self.costs.kept_alive(self.now.since(end.since)))
                .sum();
            figures.bytes += member.bytes_sent + alive;
            figures.link_bytes += member.link_bytes + alive;
            let Some(core) = member.core() else {
                figures.load.push(0);
                continue;
            };
            tally.add(core.stats());
            figures.load.push(core.stats().forwarded);
            for table in core.tables().filter(|table| holds_messages(table.table)) {
                figures.residue.0 += u64::from(table.len);
                figures.residue.1 += u64::from(table.high_water);
            }
        }
        tally.lost = self.air.counts();
        tally.bytes = figures.bytes;
        let (overtaken, met) = self.air.disorder();
        tally.saw_often(Situation::PacketReordered, overtaken, self.now);
        tally.saw_often(Situation::Burst, met, self.now);
        tally.conclude(self.now);
        for told in self.checks.told() {
            let at = told.number as usize;
            if figures.straight.len() < at {
                figures.straight.resize(at, 0);
            }
            if let Some(slot) = figures.straight.get_mut(at - 1) {
                *slot = self.air.one_way(told.from, told.to).0;
            }
        }
        self.checks.tally = tally;
        figures
    }
}

/// Tables whose entries are messages, and gone with them.
const fn holds_messages(table: TableName) -> bool {
    matches!(
        table,
        TableName::Outbox | TableName::Inbox | TableName::Forwards
    )
}

#[cfg(test)]
#[path = "look_test.rs"]
mod tests;
