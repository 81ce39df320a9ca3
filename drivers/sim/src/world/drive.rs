//! What every driver does: inputs go in, outputs are done, and the node is woken when it asked to be.

use tom_core::input::{Command, Input, LinkEvent, LinkId, SendResult};
use tom_core::output::{Delivery, DeliveryId, Event, Output, Ticket, Transmit, Verdict};

use super::member::EndState;
use super::{By, Item, What, World};
use crate::check::{Own, Situation};
use crate::draw::{Chance, Purpose, draw, happens};
use crate::engine::Queue;
use crate::net::sample::sample;
use crate::suite::SimSuite;
use crate::time::{Span, Time};
use crate::trace::Fact;

/// An input that an output asks for: fed as soon as the outputs before it are drained.
#[derive(Clone, Debug)]
pub(super) enum Follow {
    /// The access link is full.
    Blocked(LinkId),
    /// A transmission found no link.
    Failed(Ticket),
    /// Nobody is at the addresses to dial.
    DialFailed(tom_core::identity::PublicKey),
    /// The application has taken a message.
    Taken(DeliveryId),
    /// The application may say that it was read.
    Read(DeliveryId),
}

impl<C: SimSuite, Q: Queue<Item>> World<C, Q> {
    /// Feeds one input to a node that runs, and does what it wants done. `None`: it does not run.
    pub(crate) fn feed(&mut self, node: u32, input: Input<'_>) -> Option<Verdict> {
        let verdict = self.handle(node, input)?;
        self.drain(node);
        self.set_wake(node);
        Some(verdict)
    }

    /// Feeds one input and leaves the outputs.
    pub(super) fn handle(&mut self, node: u32, input: Input<'_>) -> Option<Verdict> {
        let member = self.members.get_mut(node as usize)?;
        let local = member.local(self.now);
        let core = member.core.as_mut()?;
        self.events += 1;
        if let Some(recorder) = &mut self.recorder {
            recorder.input(node, local, &input);
        }
        let verdict = core.handle(local, input);
        self.judge(node, &verdict);
        Some(verdict)
    }

    /// Looks at what a node made of an input.
    pub(super) fn judge(&mut self, node: u32, verdict: &Verdict) {
        self.checks.verdict(node, self.now, verdict);
        if let Verdict::Dropped(reason) = verdict {
            self.note(node, Fact::Dropped(*reason));
        }
    }

    /// Takes out all outputs and does them. What they ask for goes back in at once.
    pub(super) fn drain(&mut self, node: u32) {
        let mut buf = std::mem::take(&mut self.buf);
        while let Some(core) = self
            .members
            .get_mut(node as usize)
            .and_then(|member| member.core.as_mut())
        {
            let polled = core.poll(&mut buf);
            if let (Some(recorder), Ok(output)) = (&mut self.recorder, &polled) {
                recorder.polled(node, output.as_ref());
            }
            match polled {
                Ok(Some(output)) => self.output(node, output),
                Ok(None) if self.follow.is_empty() => break,
                Ok(None) => {
                    let follow = self.follow.remove(0);
                    self.follow_up(node, follow);
                }
                Err(short) => buf.resize(short.need, 0),
            }
        }
        self.buf = buf;
    }

    fn follow_up(&mut self, node: u32, follow: Follow) {
        let input = match follow {
            Follow::Blocked(link) => Input::Link(LinkEvent::Blocked { link }),
            Follow::Failed(ticket) => Input::Sent {
                ticket,
                result: SendResult::Failed,
            },
            Follow::DialFailed(peer) => Input::Link(LinkEvent::DialFailed { peer }),
            Follow::Taken(id) => {
                self.checks.taken(node, self.now, id);
                Input::Taken(id)
            }
            Follow::Read(id) => return self.read(node, id),
        };
        self.handle(node, input);
    }

    fn output(&mut self, node: u32, output: Output<'_>) {
        let over = match &output {
            Output::Transmit(transmit) => self
                .members
                .get(node as usize)
                .and_then(|member| member.end(transmit.link.0))
                .map(|end| end.peer),
            Output::Dial { .. }
            | Output::Close(_)
            | Output::Deliver(_)
            | Output::Notify(_)
            | Output::Persist(_)
            | Output::Forget(_) => None,
        };
        if self.checked
            && let Some(own) = self.checks.output(node, self.now, &output, over)
        {
            self.resealed(node, &own);
        }
        match output {
            Output::Transmit(transmit) => self.transmit(node, &transmit),
            Output::Deliver(delivery) => self.deliver(node, &delivery),
            Output::Dial { peer, candidates } => self.dial_candidates(node, peer, candidates),
            Output::Close(LinkId(link)) => self.close(node, link),
            Output::Notify(event) => self.notice(node, event),
            Output::Persist(record) => self.persist(node, record),
            Output::Forget(key) => self.forget(node, key),
        }
    }

    /// An own envelope nobody knows: a message was sealed again, or it is the core's own.
    fn resealed(&mut self, node: u32, own: &Own) {
        let open = self.checks.open_of(node);
        let Some(core) = self
            .members
            .get_mut(node as usize)
            .and_then(|member| member.core.as_mut())
        else {
            return;
        };
        let carried = open.into_iter().find(|(_, id)| {
            let report = core.path(*id);
            report.is_some_and(|report| report.reference == own.reference)
        });
        if let Some((number, _)) = carried {
            self.checks.carries(node, own, number, self.now);
            let reference = own.reference;
            self.note(node, Fact::Resealed { number, reference });
        }
    }

    fn transmit(&mut self, node: u32, transmit: &Transmit<'_>) {
        let link = transmit.link;
        let up = self
            .members
            .get(node as usize)
            .and_then(|member| member.end(link.0))
            .is_some_and(|end| end.state == EndState::Up);
        if !up {
            return self.follow.push(Follow::Failed(transmit.ticket));
        }
        if !self.send_as(node, link.0, transmit.bytes) {
            self.checks.tally.saw(Situation::LinkBlocked, self.now);
            self.follow.push(Follow::Blocked(link));
        }
    }

    /// The application gets a message: it takes it at once, or after its time.
    fn deliver(&mut self, node: u32, delivery: &Delivery<'_>) {
        let now = self.now;
        let from = self.phone_book.by_key(&delivery.from);
        let over = self.phone_book.by_key(&delivery.neighbour);
        let Some(starts) = self.members.get(node as usize).map(|member| member.starts) else {
            return;
        };
        let direct = delivery.neighbour == delivery.from;
        let number = self
            .checks
            .delivered(node, starts, now, delivery, from, direct);
        #[cfg(test)]
        if self.sabotage.is_some_and(|fault| fault.strikes(number)) {
            self.checks
                .delivered(node, starts, now, delivery, from, direct);
        }
        if let (Some(number), Some(over)) = (number, over) {
            self.note(node, Fact::Delivered { number, over });
        }
        let number = u64::from(number.unwrap_or(0));
        let bits = draw(self.seed, node, 0, number, Purpose::Application);
        let wait = self
            .profile(node)
            .map_or(0.0, |profile| sample(profile.takes_after_ms, bits));
        let wait = Span::from_millis(wait.max(0.0) as u64);
        if wait == Span::ZERO {
            self.follow.push(Follow::Taken(delivery.id));
            return self.follow.push(Follow::Read(delivery.id));
        }
        let Some(member) = self.members.get_mut(node as usize) else {
            return;
        };
        let slot = member.next_hand;
        member.next_hand = slot.wrapping_add(1);
        member.hands.push_back((slot, delivery.id));
        self.due(By::Node(node), now.plus(wait), node, What::Take { slot });
    }

    /// The application takes the message in this slot, if it still has it.
    pub(super) fn take(&mut self, node: u32, slot: u32) {
        let now = self.now;
        let Some(member) = self.members.get_mut(node as usize) else {
            return;
        };
        let Some(at) = member.hands.iter().position(|(s, _)| *s == slot) else {
            return;
        };
        if !member.runs(now) {
            let again = member.still_until.max(now.plus(Span::from_secs(1)));
            return self.due(By::Node(node), again, node, What::Take { slot });
        }
        let Some((_, id)) = member.hands.remove(at) else {
            return;
        };
        self.checks.taken(node, now, id);
        self.feed(node, Input::Taken(id));
        self.read(node, id);
    }

    /// The application may say that a message was read.
    fn read(&mut self, node: u32, id: DeliveryId) {
        let Some((number, from)) = self.checks.reader_of(node, id) else {
            return;
        };
        let reads = self.profile(node).map_or(Chance::NEVER, |p| p.reads);
        let bits = draw(self.seed, node, 1, u64::from(number), Purpose::Application);
        let Some(from) = self.members.get(from as usize).map(|m| m.public) else {
            return;
        };
        if happens(bits, reads) {
            self.feed(node, Input::Command(Command::Read { from, id }));
        }
    }

    fn notice(&mut self, node: u32, event: Event) {
        self.checks.event(node, self.now, event);
        if let Event::Message { id, state } = event
            && let Some(number) = self.checks.number(node, id)
        {
            self.note(node, Fact::Told { number, state });
        }
    }

    /// Makes the core's deadline due, if it comes before what is due already.
    pub(super) fn set_wake(&mut self, node: u32) {
        let now = self.now;
        let Some(member) = self.members.get_mut(node as usize) else {
            return;
        };
        let Some(deadline) = member.core.as_ref().and_then(|core| core.deadline()) else {
            return;
        };
        let at = member.clock.true_time_of(deadline.at.as_millis()).max(now);
        if at < member.wake_at && member.still_until <= now {
            member.wake_at = at;
            self.due(By::Node(node), at, node, What::Wake);
        }
    }

    /// Ticks a node whose deadline has come.
    pub(super) fn wake(&mut self, node: u32) {
        let now = self.now;
        let Some(member) = self.members.get_mut(node as usize) else {
            return;
        };
        // Superseded by an earlier one.
        if member.wake_at != now {
            return;
        }
        member.wake_at = Time::NEVER;
        if !member.runs(now) {
            return;
        }
        let due = member
            .core
            .as_ref()
            .and_then(|core| core.deadline())
            .is_some_and(|deadline| deadline.at <= member.local(now));
        if due {
            self.checks.tick(node, now);
            self.feed(node, Input::Tick);
        } else {
            self.set_wake(node);
        }
    }
}
