//! Handing on what is not for this node. Spec: routing, "Forwarding".

use super::receive::{Arrival, Trace};
use super::send::queue;
use super::{Step, World};
use crate::bounded::Idx;
use crate::config::CARRIED_BY_ALL;
use crate::crypto::Suite;
use crate::egress::{Job, LinkRef, Queue};
use crate::error::Drop;
use crate::identity::Keys;
use crate::routing::{Asker, Choice, Copy, Forward, Return, Wish};
use crate::wire::{
    Commit, ENVELOPE_AT, Flags, Head, MAX_TRACE_LEN, NackCode, Reference, Trace as Declared,
    message_id, set_path,
};

impl<K: Keys, C: Suite> World<'_, K, C> {
    /// Takes an envelope for somebody else, once per attempt, and finds it a next hop. Spec RTE-5.
    #[inline(never)]
    pub(super) fn forward(
        &mut self,
        link: LinkRef,
        bytes: &mut [u8],
        head: &Head,
        commit: Option<Commit>,
        trace: &Trace,
    ) -> Step {
        if !self.config.forwards() {
            return Err(Drop::NoRoute.into());
        }
        if head.hop == 0 {
            return Err(Drop::NoHops.into());
        }
        let reference = message_id(bytes).ok_or(Drop::Truncated)?.reference();
        let arrival = Arrival {
            link,
            head: *head,
            reference,
        };
        // No neighbour may fill the queue for all others.
        let share = (self.routing.forwards.capacity() / 4 * 3).max(1);
        let room = self.out.pool.room_for(bytes.len() + MAX_TRACE_LEN)
            && !self.routing.forwards.is_full()
            && self.out.link(link).is_some_and(|link| link.holding < share);
        if !room {
            self.nack(arrival, NackCode::Full, 0);
            return Err(Drop::ForwardFull.into());
        }
        let entry = Return {
            reference,
            commit,
            dst: head.dst,
            expiry: head.expiry,
            first: link,
            from: link,
            to: None,
            at: self.now,
            attempts: 0,
            proofs: 0,
            answers: 0,
            nacks: 0,
            passed: false,
        };
        let last = match self.routing.note_copy(entry, head.attempt) {
            Copy::Fresh(last) => last,
            Copy::Seen => {
                self.taken_frame(link, reference);
                return Err(Drop::Duplicate.into());
            }
        };
        set_path(bytes, head.attempt, head.hop - 1);
        let wish = Wish {
            dst: head.dst,
            from: Some(link.id),
            last: last.map(|last| last.id),
            attempt: head.attempt,
            frame: bytes.len() + ENVELOPE_AT + if head.flags.wants_trace() { 50 } else { 0 },
            asked: false,
        };
        // Another attempt of the sender says that the one before brought no proof.
        if let Some(last) = last {
            self.routing.failed(head.dst, last, false);
        }
        let step = self.forward_by(arrival, bytes, commit.is_some(), trace, wish);
        if step.is_err() {
            self.routing.unnote_copy(reference, head.attempt);
        } else {
            self.taken_frame(link, reference);
        }
        step
    }

    /// The next hop of a copy, or why there is none and what its sender is told. Spec ENV-8.
    fn forward_by(
        &mut self,
        arrival: Arrival,
        bytes: &[u8],
        tell: bool,
        trace: &Trace,
        wish: Wish,
    ) -> Step {
        let mut choice = self.routing.choose(&self.out, self.now, wish);
        if choice == Choice::Ask {
            let until = self.now.plus(self.config.ask_wait);
            let asked = self.routing.asking(wish.dst)
                || self
                    .routing
                    .ask(&mut self.out, self.now, wish.dst, Asker::Here, 2, until);
            if asked {
                self.hold(arrival, bytes, tell, trace, None)?;
                return Ok(None);
            }
            choice = self.routing.choose(
                &self.out,
                self.now,
                Wish {
                    asked: true,
                    ..wish
                },
            );
        }
        match choice {
            Choice::Over(to) if self.is_jammed(to) => {
                self.nack(arrival, NackCode::Full, 0);
                Err(Drop::ForwardFull.into())
            }
            Choice::Over(to) => {
                let idx = self.hold(arrival, bytes, tell, trace, Some(to))?;
                self.send_on(idx, to, arrival.head.flags)
            }
            Choice::Ask | Choice::Nowhere => {
                if bytes.len() > CARRIED_BY_ALL as usize {
                    self.nack(arrival, NackCode::TooBig, CARRIED_BY_ALL);
                    return Err(Drop::TooBig.into());
                }
                self.nack(arrival, NackCode::NoRoute, 0);
                Err(Drop::NoRoute.into())
            }
        }
    }

    /// Makes the forward entry; it holds the payload until the frame is out.
    fn hold(
        &mut self,
        arrival: Arrival,
        bytes: &[u8],
        tell: bool,
        trace: &Trace,
        to: Option<LinkRef>,
    ) -> Result<Idx, Drop> {
        let Arrival {
            link,
            head,
            reference,
        } = arrival;
        let mut extended = [0; MAX_TRACE_LEN];
        let declared = if head.flags.wants_trace() {
            let before = Declared::parse(trace).ok();
            Declared::extended(before, self.me.handle, 0, &mut extended).as_bytes()
        } else {
            &[]
        };
        let chain = self
            .out
            .pool
            .store(&[bytes, declared])
            .ok_or(Drop::ForwardFull)?;
        self.own.serial = self.own.serial.wrapping_add(1);
        let forward = Forward {
            serial: self.own.serial,
            reference,
            dst: head.dst,
            from: link,
            attempt: head.attempt,
            expiry: head.expiry,
            flags: head.flags,
            bytes: chain,
            envelope_len: bytes.len() as u32,
            at: self.now,
            to,
            direct: false,
            tell,
        };
        match self.routing.forwards.insert(forward) {
            Ok(idx) => {
                if let Some(link) = self.out.link_mut(link) {
                    link.holding += 1;
                }
                // What waits for a route is held a short time; what has one is out with the next
                // drain, or falls under the limit of a blocked link.
                let waits = to.is_none_or(|to| self.out.link(to).is_some_and(|l| l.blocked));
                if waits && !(planted!(HoldBlocked) && to.is_some()) {
                    let until = self.now.plus(self.config.hold_max);
                    self.routing.forward_timers.set(idx, until);
                }
                Ok(idx)
            }
            Err(forward) => {
                self.out.pool.free(forward.bytes);
                Err(Drop::ForwardFull)
            }
        }
    }

    /// Queues a held envelope for a link; when that has no room it is given up.
    fn send_on(&mut self, idx: Idx, to: LinkRef, flags: Flags) -> Step {
        let Some(forward) = self.routing.forwards.get_mut(idx) else {
            return Ok(None);
        };
        let serial = forward.serial;
        let (reference, dst) = (forward.reference, forward.dst);
        let job = Job::Forward { idx, serial };
        let blocked = self.out.link(to).is_some_and(|link| link.blocked);
        if !self.out.push(to, queue(flags.class()), job) {
            self.release(idx);
            return Err(Drop::ForwardFull.into());
        }
        let Some(forward) = self.routing.forwards.get_mut(idx) else {
            return Ok(None);
        };
        forward.to = Some(to);
        if blocked && !planted!(HoldBlocked) && self.routing.forward_timers.get(idx).is_none() {
            let end = self.now.plus(self.config.hold_max);
            self.routing.forward_timers.set(idx, end);
        }
        forward.direct = self.out.link(to).is_some_and(|link| link.handle == dst);
        if let Some(entry) = self.routing.returning_mut(reference) {
            entry.to = Some(to);
            entry.at = self.now;
        }
        Ok(None)
    }

    /// A link that takes nothing holds a quarter of the forwards at most: the rest is for others.
    fn is_jammed(&self, to: LinkRef) -> bool {
        let share = (self.routing.forwards.capacity() / 4).max(1);
        self.out.link(to).is_some_and(|link| link.blocked)
            && self.routing.forwards_to(to.id, share) >= share
    }

    /// A link takes nothing for now: what waits for it is held a short time only. What is handed to
    /// a link that does take is out with the next drain and needs no timer.
    pub(super) fn limit_holds(&mut self, to: LinkRef) {
        let end = self.now.plus(self.config.hold_max);
        let mut next = self.routing.forwards.oldest();
        while let Some(idx) = next {
            next = self.routing.forwards.after(idx);
            let waits = self
                .routing
                .forwards
                .get(idx)
                .is_some_and(|held| held.to == Some(to));
            if waits && self.routing.forward_timers.get(idx).is_none() {
                self.routing.forward_timers.set(idx, end);
            }
        }
    }

    /// Ends a held envelope and wipes it. Spec DLV-22.
    pub(crate) fn release(&mut self, idx: Idx) {
        self.routing.forward_timers.clear(idx);
        if let Some(forward) = self.routing.forwards.remove(idx) {
            self.out.pool.free(forward.bytes);
            if let Some(link) = self.out.link_mut(forward.from) {
                link.holding = link.holding.saturating_sub(1);
            }
        }
    }

    /// The recipient has it: what is still held of it goes nowhere. Spec DLV-23.
    pub(super) fn drop_proven(&mut self, reference: Reference) {
        let mut next = self.routing.forwards.oldest();
        while let Some(idx) = next {
            next = self.routing.forwards.after(idx);
            let held = self.routing.forwards.get(idx);
            if held.is_some_and(|it| it.reference == reference && !it.dst.is_none()) {
                self.release(idx);
            }
        }
    }

    /// A route was found, or was not: what waits for it goes, or goes back. Spec RTE-7.
    pub(super) fn forward_waiting(&mut self, dst: crate::wire::Handle) {
        if cfg!(not(feature = "relay")) {
            return;
        }
        let mut next = self.routing.forwards.oldest();
        while let Some(idx) = next {
            next = self.routing.forwards.after(idx);
            let Some(forward) = self.routing.forwards.get(idx) else {
                continue;
            };
            if forward.dst != dst || forward.to.is_some() {
                continue;
            }
            // What neighbours answered now is newer than what the attempt before came to.
            let wish = Wish {
                dst,
                from: Some(forward.from.id),
                last: None,
                attempt: forward.attempt,
                frame: forward.bytes.len() as usize + ENVELOPE_AT + 2,
                asked: true,
            };
            let (reference, attempt, from) = (forward.reference, forward.attempt, forward.from);
            let (flags, expiry) = (forward.flags, forward.expiry);
            let sent = match self.routing.choose(&self.out, self.now, wish) {
                Choice::Over(to) if self.is_jammed(to) => {
                    self.release(idx);
                    false
                }
                Choice::Over(to) => self.send_on(idx, to, flags).is_ok(),
                Choice::Ask | Choice::Nowhere => {
                    self.give_up(idx);
                    true
                }
            };
            if !sent {
                self.not_forwarded(reference, attempt, from, expiry, NackCode::Full);
            }
        }
    }

    /// A copy found no next hop in time, or its next hop's link took nothing.
    pub(super) fn give_up(&mut self, idx: Idx) {
        if cfg!(not(feature = "relay")) {
            return;
        }
        let Some(forward) = self.routing.forwards.get(idx) else {
            return;
        };
        let (reference, attempt, from) = (forward.reference, forward.attempt, forward.from);
        let (expiry, queued) = (forward.expiry, forward.to.is_some());
        let answer = forward.dst.is_none();
        self.release(idx);
        if answer {
            return;
        }
        let code = if queued {
            NackCode::Full
        } else {
            NackCode::NoRoute
        };
        self.not_forwarded(reference, attempt, from, expiry, code);
    }

    /// The attempt was not handed on after all: its sender may know, and may give it again.
    fn not_forwarded(
        &mut self,
        reference: Reference,
        attempt: u8,
        from: LinkRef,
        expiry: u32,
        code: NackCode,
    ) {
        let reason = if code == NackCode::Full {
            Drop::ForwardFull
        } else {
            Drop::NoRoute
        };
        self.stats.count(reason);
        self.routing.unnote_copy(reference, attempt);
        let code = code.code();
        let arg = 0;
        let job = Job::Nack {
            reference,
            code,
            arg,
            expiry,
        };
        self.out.push(from, Queue::Control, job);
    }

    /// The answer to a handshake goes back the way its one-shot came.
    pub(super) fn pass_back(
        &mut self,
        link: LinkRef,
        bytes: &mut [u8],
        head: &Head,
        reference: Reference,
    ) -> Step {
        if !self.config.forwards() {
            return Err(Drop::RespUnknown.into());
        }
        let entry = self
            .routing
            .returning_mut(reference)
            .ok_or(Drop::RespUnknown)?;
        if entry.expiry != head.expiry {
            return Err(Drop::RespMismatch.into());
        }
        if entry.to.is_none_or(|to| to.id != link.id) {
            return Err(Drop::WrongLink.into());
        }
        if u32::from(entry.answers) >= entry.attempts.count_ones() {
            return Err(Drop::AckRepeat.into());
        }
        if head.hop == 0 {
            return Err(Drop::NoHops.into());
        }
        entry.answers += 1;
        // As with proofs: whoever repeats a one-shot must not draw its answer away.
        let (first, from) = (entry.first, entry.from);
        set_path(bytes, head.attempt, head.hop - 1);
        let arrival = Arrival {
            link,
            head: *head,
            reference,
        };
        let mut step = Err(Drop::NoRoute.into());
        for back in [Some(from), Some(first).filter(|first| *first != from)] {
            let Some(back) = back.filter(|back| !self.is_jammed(*back)) else {
                continue;
            };
            let Ok(idx) = self.hold(arrival, bytes, false, &Trace::new(), Some(back)) else {
                continue;
            };
            let serial = self.own.serial;
            if self
                .out
                .push(back, Queue::Control, Job::Forward { idx, serial })
            {
                step = Ok(None);
            } else {
                self.release(idx);
            }
        }
        step
    }

    /// Sends something back where an envelope first came from and where it last did: the attempt is
    /// not authenticated, so a repeated copy must not draw answers away from the first.
    pub(super) fn send_both(&mut self, first: LinkRef, last: LinkRef, job: Job) -> bool {
        let to_first = first != last && self.out.push(first, Queue::Control, job);
        self.out.push(last, Queue::Control, job) || to_first
    }

    /// A relay says that it handed an envelope on to the recipient. Spec LNK-20, LNK-21.
    pub(super) fn on_passed(&mut self, link: LinkRef, reference: Reference) -> Step {
        if let Some(idx) = self.delivery.outbox.find(&reference.0) {
            let now = self.now;
            let message = self
                .delivery
                .outbox
                .get_mut(idx)
                .ok_or(Drop::ReceiptUnknown)?;
            if message.link.is_none_or(|last| last.id != link.id) || message.sends == 0 {
                return Err(Drop::ReceiptUnknown.into());
            }
            let sent = message.sent.unwrap_or(now);
            message.attempts.passed(now.since(sent));
            self.tell_state(idx, crate::output::State::Passed);
            return Ok(None);
        }
        if self.delivery.find(reference).is_some() {
            return Ok(None);
        }
        if !self.config.forwards() {
            return Err(Drop::ReceiptUnknown.into());
        }
        let entry = self
            .routing
            .returning_mut(reference)
            .ok_or(Drop::ReceiptUnknown)?;
        if entry.passed || entry.to.is_none_or(|to| to.id != link.id) {
            return Err(Drop::ReceiptUnknown.into());
        }
        entry.passed = true;
        let (first, from) = (entry.first, entry.from);
        self.send_both(first, from, Job::Passed(reference));
        Ok(None)
    }
}
