//! The external events: what the schedule does to the world.

use std::sync::Arc;

use tom_core::input::{Command, Input, LinkEvent, LinkId, Send};
use tom_core::output::Verdict;
use tom_core::time as core_time;
use tom_core::wire::Class;

use super::{By, Item, What, World};
use crate::adversary::Adversary;
use crate::check::{PAYLOAD_LEAST, Told};
use crate::engine::Queue;
use crate::scenario::Deed;
use crate::scenario::model::{AdversaryKind, Priority};
use crate::suite::SimSuite;
use crate::time::{Span, Time};
use crate::trace::Fact;

impl<C: SimSuite, Q: Queue<Item>> World<C, Q> {
    /// Does one external event, and makes the next one due.
    pub(super) fn deed(&mut self, index: u32) {
        let schedule = Arc::clone(&self.schedule);
        let Some(external) = schedule.externals.get(index as usize) else {
            return;
        };
        self.plan(index + 1);
        self.checks.deed(self.now, &external.deed);
        #[cfg(test)]
        if let Some(sabotage) = &mut self.sabotage {
            sabotage.befall(self.now, &external.deed);
        }
        self.note(0, Fact::Deed(index));
        self.act(&external.deed);
    }

    /// Makes an external event due. One at a time: the queue holds no more than what is under way.
    pub(super) fn plan(&mut self, index: u32) {
        if let Some(external) = self.schedule.externals.get(index as usize) {
            let at = external.at;
            self.due(By::Outside, at.max(self.now), 0, What::Deed(index));
        }
    }

    fn act(&mut self, deed: &Deed) {
        match deed {
            Deed::Send { .. } => self.send_message(deed),
            Deed::Crash { node } => self.crash(*node),
            Deed::Start { node, forget } => self.start(*node, *forget),
            Deed::Cut { .. } => {
                self.air.befall(deed);
                self.look_for_silence();
            }
            Deed::Break { a, b, .. } => {
                self.air.befall(deed);
                self.look_for_silence_of([*a, *b]);
            }
            Deed::Mend { .. } | Deed::Repair { .. } | Deed::Weather(_) => self.air.befall(deed),
            Deed::Meet { a, b } => self.meet(*a, *b),
            Deed::Part { a, b } => self.part(*a, *b),
            Deed::ClockStep { node, by_ms } => self.step_clock(*node, *by_ms),
            Deed::Suspend { node, lasts } => self.suspend(*node, *lasts),
            Deed::Mtu(_) => {
                self.air.befall(deed);
                self.tell_bundle();
            }
            Deed::Disk { node, fails } => {
                if let Some(disk) = self
                    .members
                    .get_mut(*node as usize)
                    .and_then(|member| member.disk.as_mut())
                {
                    disk.fails = *fails;
                }
            }
            Deed::Turn { node, into } => self.turn(*node, *into),
            Deed::Calm => {
                self.air.befall(deed);
                self.calm();
            }
        }
    }

    fn send_message(&mut self, deed: &Deed) {
        let Deed::Send {
            number,
            from,
            to,
            len,
            lifetime,
            priority,
            traffic,
        } = *deed
        else {
            return;
        };
        let now = self.now;
        let Some(recipient) = self.members.get(to as usize).map(|member| member.public) else {
            return;
        };
        if !self
            .members
            .get(from as usize)
            .is_some_and(|member| member.runs(now))
        {
            return self.checks.not_sent(now, None);
        }
        let mut payload = vec![0; (len as usize).max(PAYLOAD_LEAST)];
        self.checks.fill(number, &mut payload);
        let lifetime = lifetime.map(|span| core_time::Span::from_millis(span.as_millis()));
        let send = Send {
            to: recipient,
            payload: &payload,
            lifetime,
            class: class(priority),
            trace: false,
        };
        // Noted before its outputs are drained: they may be about it.
        match self.handle(from, Input::Command(Command::Send(send))) {
            Some(Verdict::Accepted(Some(id))) => {
                let mut told = Told::new(number, from, to, id);
                told.len = u32::try_from(payload.len()).unwrap_or(u32::MAX);
                told.traffic = traffic;
                told.accepted = now;
                told.ends = now.plus(self.lifetime(from, lifetime));
                self.checks.accepted(told);
                let reference = id.reference();
                let fact = Fact::Sent {
                    number,
                    to,
                    reference,
                };
                self.note(from, fact);
            }
            Some(Verdict::Refused(refusal)) => {
                self.checks.not_sent(now, Some(refusal));
            }
            Some(Verdict::Accepted(None) | Verdict::Dropped(_)) | None => {}
        }
        self.drain(from);
        self.set_wake(from);
    }

    fn lifetime(&self, node: u32, asked: Option<core_time::Span>) -> Span {
        let longest = self
            .members
            .get(node as usize)
            .and_then(|member| member.core.as_ref())
            .map_or(0, |core| core.config().max_lifetime().as_millis());
        Span::from_millis(asked.map_or(longest, core_time::Span::as_millis))
    }

    /// A node is gone without a word.
    pub(super) fn crash(&mut self, node: u32) {
        self.silent_to_peers(node);
        let Some(member) = self.members.get_mut(node as usize) else {
            return;
        };
        let Some(core) = member.core.take() else {
            return;
        };
        member.wake_at = Time::NEVER;
        member.still_until = Time::ZERO;
        member.hands.clear();
        for keep in &mut member.keep {
            keep.waiting = false;
        }
        if let Some(disk) = &mut member.disk {
            disk.crash();
        }
        for end in std::mem::take(&mut member.ends) {
            if let Some(stuck) = end.stuck {
                self.payloads.free(stuck);
            }
        }
        let disk = self
            .members
            .get(node as usize)
            .and_then(|m| m.disk.as_ref());
        let keeps = |id| disk.is_some_and(|disk| disk.keeps(id));
        self.checks.crashed(node, self.now, core.stats(), &keeps);
        self.note(node, Fact::Life { up: false });
    }

    /// A node starts, with what its disk holds or without.
    pub(super) fn start(&mut self, node: u32, forget: bool) {
        let up = self
            .members
            .get(node as usize)
            .is_none_or(|member| member.core.is_some() || member.absent);
        if up {
            return;
        }
        self.boot(node, forget);
        self.dial_all(node, Span::from_secs(1));
        self.sleep_cycle(node);
        // Peers that keep a link to it dial it again in their own time.
    }

    fn step_clock(&mut self, node: u32, by_ms: i64) {
        if let Some(member) = self.members.get_mut(node as usize) {
            member.clock.step(by_ms);
        }
        self.tell_time(node);
    }

    /// The node is told what its wall clock says, if it has one.
    pub(super) fn tell_time(&mut self, node: u32) {
        let now = self.now;
        let Some(member) = self.members.get(node as usize) else {
            return;
        };
        let Some(wall) = member.clock.wall_ms(now) else {
            return;
        };
        if member.runs(now) {
            let clock = Input::Clock {
                unix: core_time::UnixTime::from_secs(wall / 1_000),
                error: core_time::Span::ZERO,
            };
            self.feed(node, clock);
        }
    }

    /// A node stands still: it hears nothing and does nothing until the time is over.
    pub(super) fn suspend(&mut self, node: u32, lasts: Span) {
        let now = self.now;
        let Some(member) = self.members.get_mut(node as usize) else {
            return;
        };
        if member.core.is_none() {
            return;
        }
        let until = now.plus(lasts);
        if member.still_until <= now {
            member.stood_since = now;
        }
        if until <= member.still_until {
            return;
        }
        member.still_until = until;
        member.wake_at = Time::NEVER;
        self.due(By::Node(node), until, node, What::Resume);
        self.note(node, Fact::Still { until });
        self.silent_to_peers(node);
    }

    /// All links' bundles have another size.
    fn tell_bundle(&mut self) {
        let mtu = self.bundle();
        for node in 0..self.nodes() {
            let links: Vec<u32> = self
                .members
                .get(node as usize)
                .filter(|member| member.runs(self.now))
                .map(|member| member.ends.iter().map(|end| end.link).collect())
                .unwrap_or_default();
            for link in links {
                let link = LinkId(link);
                self.feed(node, Input::Link(LinkEvent::Changed { link, mtu }));
            }
        }
    }

    fn turn(&mut self, node: u32, into: Option<AdversaryKind>) {
        let now = self.now;
        let Some(member) = self.members.get_mut(node as usize) else {
            return;
        };
        let spams = matches!(into, Some(AdversaryKind::Spam(_)));
        member.adversary = into.map(|kind| Box::new(Adversary::new(kind, now)));
        if spams {
            self.due(By::Node(node), now, node, What::Spam);
        }
    }

    /// The safety phase is over: everything is mended, everybody is up and honest.
    fn calm(&mut self) {
        self.calm = true;
        for node in 0..self.nodes() {
            self.turn(node, None);
            let member = self.members.get_mut(node as usize);
            if let Some(disk) = member.and_then(|member| member.disk.as_mut()) {
                disk.fails = false;
            }
            self.start(node, false);
        }
        self.checks.calm(self.now);
    }

    pub(super) fn nodes(&self) -> u32 {
        u32::try_from(self.members.len()).unwrap_or(u32::MAX)
    }
}

const fn class(priority: Priority) -> Class {
    match priority {
        Priority::Control => Class::Control,
        Priority::Interactive => Class::Interactive,
        Priority::Normal => Class::Normal,
        Priority::Bulk => Class::Bulk,
    }
}
