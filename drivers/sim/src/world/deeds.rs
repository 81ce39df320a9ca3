//! The external events: what the schedule does to the world.

use std::sync::Arc;

use tom_core::input::{Command, Input, Send};
use tom_core::output::Verdict;
use tom_core::time as core_time;
use tom_core::wire::Class;

use super::{By, Item, What, World};
use crate::adversary::Adversary;
use crate::check::PAYLOAD_LEAST;
use crate::engine::Queue;
use crate::scenario::Deed;
use crate::scenario::model::Priority;
use crate::suite::SimSuite;
use crate::time::{Span, Time};

impl<C: SimSuite, Q: Queue<Item>> World<C, Q> {
    /// Does one external event, and makes the next one due.
    pub(super) fn deed(&mut self, index: u32) {
        let schedule = Arc::clone(&self.schedule);
        let Some(external) = schedule.externals.get(index as usize) else {
            return;
        };
        self.plan(index + 1);
        self.checks.deed(self.now, &external.deed);
        self.hash.deed(self.now, index);
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
            Deed::Cut { cut, side, one_way } => {
                self.air.cuts.cut(*cut, side, *one_way);
                self.look_for_silence();
            }
            Deed::Mend { cut } => self.air.cuts.mend(*cut),
            Deed::Break { a, b, one_way } => {
                self.air.cuts.break_path(*a, *b, *one_way);
                self.look_for_silence_between(*a, *b);
            }
            Deed::Repair { a, b } => self.air.cuts.repair(*a, *b),
            Deed::Meet { a, b } => self.meet(*a, *b),
            Deed::Part { a, b } => self.part(*a, *b),
            Deed::Weather(loss) => self.air.weather(*loss),
            Deed::ClockStep { node, by_ms } => self.step_clock(*node, *by_ms),
            Deed::Suspend { node, lasts } => self.suspend(*node, *lasts),
            Deed::Mtu(mtu) => self.change_mtu(*mtu),
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
            Deed::Calm => self.calm(),
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
            return self.checks.not_sent(number, from, now, None);
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
                let life = self.lifetime(from, lifetime);
                self.checks
                    .accepted(number, from, to, id, now, life, payload.len(), traffic);
            }
            Some(Verdict::Refused(refusal)) => {
                self.checks.not_sent(number, from, now, Some(refusal));
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
        if member.core.take().is_none() {
            return;
        }
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
        self.checks.crashed(node, self.now);
    }

    /// A node starts, with what its disk holds or without.
    pub(super) fn start(&mut self, node: u32, forget: bool) {
        let up = self
            .members
            .get(node as usize)
            .is_none_or(|member| member.core.is_some());
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
        let Some(unix) = member.clock.unix(now, super::EPOCH) else {
            return;
        };
        if member.runs(now) {
            let clock = Input::Clock {
                unix: core_time::UnixTime::from_secs(unix),
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
        self.silent_to_peers(node);
    }

    fn change_mtu(&mut self, mtu: u32) {
        use tom_core::input::{LinkEvent, LinkId};
        self.air.set_mtu(mtu);
        let (mtu, _) = self.air.mtu(self.scenario.topology.transport);
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

    fn turn(&mut self, node: u32, into: Option<crate::scenario::model::AdversaryKind>) {
        let now = self.now;
        let Some(member) = self.members.get_mut(node as usize) else {
            return;
        };
        let spams = matches!(into, Some(crate::scenario::model::AdversaryKind::Spam(_)));
        member.adversary = into.map(|kind| Box::new(Adversary::new(kind)));
        self.checks.turned(node, into.is_some());
        if spams {
            self.due(By::Node(node), now, node, What::Spam);
        }
    }

    /// The safety phase is over: everything is mended, everybody is up and honest.
    fn calm(&mut self) {
        self.calm = true;
        self.air.calm();
        for node in 0..self.nodes() {
            self.turn(node, None);
            if let Some(member) = self.members.get_mut(node as usize) {
                if let Some(disk) = &mut member.disk {
                    disk.fails = false;
                }
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
