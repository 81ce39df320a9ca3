//! Every message of a run: what is true of it, beside what nodes say of it.

use std::collections::{BTreeMap, BTreeSet};

use tom_core::output::{DeliveryId, State};
use tom_core::wire::{MessageId, Reference};

use super::{END_TOLD_WITHIN, Invariant};
use crate::time::{Span, Time};

/// What is true of one message, and what its sender was told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// Its number in the run, from 1.
    pub number: u32,
    /// Who sent it.
    pub from: u32,
    /// To whom.
    pub to: u32,
    /// The sender's name for it.
    pub id: MessageId,
    /// Bytes of payload.
    pub len: u32,
    /// Which entry of `traffic` it belongs to.
    pub traffic: u16,
    /// When its sender accepted it.
    pub accepted: Time,
    /// When its life ends.
    pub ends: Time,
    /// What its sender was told last.
    pub state: State,
    /// When the recipient's application got it first.
    pub delivered: Option<Time>,
    /// It came over a link of both ends.
    pub direct: bool,
    /// How often an application got it.
    pub deliveries: u32,
    /// The recipient's start at which it was delivered last.
    in_start: u16,
    /// When it was safe at the recipient: taken by its application, or durable in its inbox.
    pub safe: Option<Time>,
    /// When its sender was told that it was delivered.
    pub proven: Option<Time>,
    /// A valid proof of it was an input of its sender.
    pub proof_came: bool,
    /// Its sender lost its memory while it was under way.
    pub orphaned: bool,
}

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    /// Delivered, and its sender knows.
    Proven,
    /// Delivered, and its sender does not know (yet).
    Unproven,
    /// Not delivered, and its life is over.
    Lost,
    /// Not delivered yet.
    UnderWay,
}

impl Told {
    /// A message just accepted.
    #[must_use]
    pub const fn new(number: u32, from: u32, to: u32, id: MessageId) -> Self {
        Self {
            number,
            from,
            to,
            id,
            len: 0,
            traffic: 0,
            accepted: Time::ZERO,
            ends: Time::NEVER,
            state: State::Pending,
            delivered: None,
            direct: false,
            deliveries: 0,
            in_start: 0,
            safe: None,
            proven: None,
            proof_came: false,
            orphaned: false,
        }
    }

    /// What had become of it by `now`.
    #[must_use]
    pub fn fate(&self, now: Time) -> Fate {
        match (self.delivered, self.proven) {
            (_, Some(_)) => Fate::Proven,
            (Some(_), None) => Fate::Unproven,
            (None, None) if self.ends <= now => Fate::Lost,
            (None, None) => Fate::UnderWay,
        }
    }
}

/// All messages, found by number, by the sender's id, and by the recipient's.
#[derive(Clone, Debug)]
pub(crate) struct Truth {
    told: Vec<Option<Told>>,
    /// By sender and the first half of its id.
    by_id: BTreeMap<(u32, Reference), u32>,
    by_delivery: BTreeMap<(u32, DeliveryId), u32>,
    /// Not settled, by sender.
    open: BTreeSet<(u32, u32)>,
    /// Not proven and not ended, in the order they were accepted.
    waiting: BTreeSet<u32>,
    /// The same in the order of their ends.
    ending: BTreeSet<(Time, u32)>,
    /// When each node was up: starts and ends of its lives.
    lives: Vec<Vec<(Time, Time)>>,
    calm_since: Option<Time>,
    /// When nothing was left unproven of what was accepted before the calm.
    converged: Option<Time>,
}

type Broken = (Invariant, String);

impl Truth {
    pub(crate) fn new(nodes: u32, messages: usize) -> Self {
        Self {
            told: vec![None; messages],
            by_id: BTreeMap::new(),
            by_delivery: BTreeMap::new(),
            open: BTreeSet::new(),
            waiting: BTreeSet::new(),
            ending: BTreeSet::new(),
            lives: vec![Vec::new(); nodes as usize],
            calm_since: None,
            converged: None,
        }
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &Told> {
        self.told.iter().flatten()
    }

    pub(crate) fn get(&self, number: u32) -> Option<&Told> {
        self.told.get(number.checked_sub(1)? as usize)?.as_ref()
    }

    fn get_mut(&mut self, number: u32) -> Option<&mut Told> {
        self.told.get_mut(number.checked_sub(1)? as usize)?.as_mut()
    }

    /// The message of this sender whose first envelope has this reference.
    pub(crate) fn by_reference(&self, node: u32, reference: Reference) -> Option<u32> {
        self.by_id.get(&(node, reference)).copied()
    }

    pub(crate) fn by_delivery(&self, node: u32, id: DeliveryId) -> Option<(u32, u32)> {
        let number = *self.by_delivery.get(&(node, id))?;
        Some((number, self.get(number)?.from))
    }

    /// The messages of a sender that are not settled.
    pub(crate) fn open_of(&self, node: u32) -> Vec<(u32, MessageId)> {
        self.open
            .range((node, 0)..=(node, u32::MAX))
            .filter_map(|(_, number)| Some((*number, self.get(*number)?.id)))
            .collect()
    }

    pub(crate) fn accepted(&mut self, told: Told) {
        let number = told.number;
        self.by_id.insert((told.from, told.id.reference()), number);
        self.open.insert((told.from, number));
        self.waiting.insert(number);
        self.ending.insert((told.ends, number));
        let at = number.saturating_sub(1) as usize;
        if self.told.len() <= at {
            self.told.resize(at + 1, None);
        }
        if let Some(slot) = self.told.get_mut(at) {
            *slot = Some(told);
        }
    }

    /// An application got the message. Once in each life of a node that forgets.
    pub(crate) fn delivered(
        &mut self,
        number: u32,
        starts: u16,
        now: Time,
        id: DeliveryId,
        direct: bool,
    ) -> Result<(), Broken> {
        let Some(told) = self.get_mut(number) else {
            return Ok(());
        };
        let again = told.delivered.is_some() && told.in_start == starts;
        told.deliveries += 1;
        told.in_start = starts;
        told.direct |= direct && told.delivered.is_none();
        told.delivered.get_or_insert(now);
        let to = told.to;
        self.by_delivery.insert((to, id), number);
        if again {
            let what = format!("message {number} is given to its application again");
            return Err((Invariant::NoDuplicateDelivery, what));
        }
        Ok(())
    }

    pub(crate) fn taken(&mut self, node: u32, now: Time, id: DeliveryId) {
        let number = self.by_delivery.get(&(node, id)).copied();
        if let Some(number) = number {
            self.safe(number, now);
        }
    }

    /// A message is safe at its recipient: from now on it may be acknowledged.
    pub(crate) fn safe(&mut self, number: u32, now: Time) {
        if let Some(told) = self.get_mut(number) {
            told.safe.get_or_insert(now);
        }
    }

    /// A message whose end its sender should have been told of by now, and the sender. One that is
    /// down, or has only just started, is told later.
    pub(crate) fn overdue(&self, now: Time, grace: Span) -> Option<(u32, u32)> {
        let over = |(ends, _): &&(Time, u32)| ends.plus(grace) < now;
        self.ending.iter().take_while(over).find_map(|(_, number)| {
            let told = self.get(*number)?;
            let (up, down) = *self.lives.get(told.from as usize)?.last()?;
            let there = down == Time::NEVER && up.plus(END_TOLD_WITHIN) < now;
            there.then_some((*number, told.from))
        })
    }

    /// A valid proof is about to be an input of the sender.
    pub(crate) fn proof_came(&mut self, number: u32) {
        if let Some(told) = self.get_mut(number) {
            told.proof_came = true;
        }
    }

    /// A sender is told of a state. `Err` when that is not true.
    pub(crate) fn state(
        &mut self,
        node: u32,
        now: Time,
        id: MessageId,
        state: State,
    ) -> Result<(), (Invariant, String, Option<u32>)> {
        let Some(number) = self.by_reference(node, id.reference()) else {
            // The core's own, such as a handshake's.
            return Ok(());
        };
        let Some(told) = self.get_mut(number) else {
            return Ok(());
        };
        told.state = state;
        match state {
            State::Delivered | State::Read => {
                let first = told.proven.is_none();
                told.proven.get_or_insert(now);
                let safe = told.safe.is_some();
                self.settle(node, number);
                if first && !safe {
                    let what = format!("message {number} is {state:?}, and nobody has it safely");
                    return Err((Invariant::NoFalseDelivered, what, Some(number)));
                }
            }
            State::Expired => {
                let proven = told.proof_came;
                self.settle(node, number);
                if proven {
                    let what = format!("message {number} is Expired, and its proof had come");
                    return Err((Invariant::NoFalseExpired, what, Some(number)));
                }
            }
            State::Pending | State::Sent | State::Relayed | State::Passed => {}
        }
        Ok(())
    }

    fn settle(&mut self, node: u32, number: u32) {
        self.open.remove(&(node, number));
        self.waiting.remove(&number);
        if let Some(ends) = self.get(number).map(|told| told.ends) {
            self.ending.remove(&(ends, number));
        }
    }

    /// Whether a node is an end of any message whose payload may lie there.
    pub(crate) fn is_end(&self, node: u32) -> bool {
        self.all().any(|told| told.from == node || told.to == node)
    }

    pub(crate) fn up(&mut self, node: u32, now: Time) {
        if let Some(lives) = self.lives.get_mut(node as usize) {
            lives.push((now, Time::NEVER));
        }
    }

    /// Whether a node has been up all the time since.
    pub(crate) fn ran(&self, node: u32, since: Time) -> bool {
        let life = self.lives.get(node as usize).and_then(|lives| lives.last());
        life.is_some_and(|(start, end)| *start <= since && *end == Time::NEVER)
    }

    /// A node is gone, and with it the messages that are not on its disk: says which.
    pub(crate) fn down(
        &mut self,
        node: u32,
        now: Time,
        keeps: &dyn Fn(MessageId) -> bool,
    ) -> Vec<u32> {
        if let Some((_, end)) = self
            .lives
            .get_mut(node as usize)
            .and_then(|lives| lives.last_mut())
        {
            *end = now;
        }
        self.forgotten(node, keeps)
    }

    /// What a node's disk does not have it has forgotten: says which of its messages.
    pub(crate) fn forgotten(&mut self, node: u32, keeps: &dyn Fn(MessageId) -> bool) -> Vec<u32> {
        let mut lost = Vec::new();
        for (number, id) in self.open_of(node) {
            if keeps(id) {
                continue;
            }
            if let Some(told) = self.get_mut(number) {
                told.orphaned = true;
            }
            self.settle(node, number);
            lost.push(number);
        }
        lost
    }

    /// Whether a message's recipient was up at any time of its life.
    pub(crate) fn could_arrive(&self, told: &Told) -> bool {
        self.lives.get(told.to as usize).is_some_and(|lives| {
            lives
                .iter()
                .any(|(up, down)| *up < told.ends && *down > told.accepted)
        })
    }

    pub(crate) fn calm(&mut self, now: Time) {
        self.calm_since = Some(now);
    }

    /// How long after the last fault everything sent until then was proven or had ended.
    pub(crate) fn converged_after(&self) -> Option<Span> {
        Some(self.converged?.since(self.calm_since?))
    }

    /// The oldest message that should have been proven by now and was not, and its sender.
    pub(crate) fn not_converged(&mut self, now: Time, within: Span) -> Option<(u32, u32)> {
        let calm = self.calm_since?;
        let oldest = self.waiting.first().copied();
        let told = oldest.and_then(|number| self.get(number));
        let before = told.is_some_and(|told| told.accepted <= calm);
        if !before && self.converged.is_none() {
            self.converged = Some(now);
        }
        let told = self.get(oldest?)?;
        let since = told.accepted.max(calm);
        (since.plus(within) < now).then_some((told.number, told.from))
    }
}
