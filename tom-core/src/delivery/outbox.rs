//! Messages of this node, from acceptance to proof. Spec: delivery, "States".

use super::Tables;
use crate::bounded::{Chain, Entry, Idx};
use crate::egress::LinkRef;
use crate::output::State;
use crate::report::Transmissions;
use crate::session::{ContactRef, Recover};
use crate::time::{Instant, Span};
use crate::wire::{Class, MessageId, Reference, Secret, Sid};

/// What a message is for: only the application's own are reported to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// The application's bytes.
    Application,
    /// A read receipt, or our candidates: sent as reliably, reported to nobody.
    Protocol,
}

/// A message that is not settled.
#[derive(Debug)]
#[cfg_attr(feature = "sim-suites", derive(Clone))]
pub(crate) struct Message {
    /// The id the application knows: that of the first envelope.
    pub(crate) id: MessageId,
    /// The reference of the envelope now under way.
    pub(crate) reference: Reference,
    pub(crate) contact: ContactRef,
    pub(crate) purpose: Purpose,
    pub(crate) state: State,
    /// The envelope, attempt and hops at their start; the bare content while `held`.
    pub(crate) envelope: Chain,
    pub(crate) secret: Secret,
    pub(crate) recover: Recover,
    /// The session whose window it counts against.
    pub(crate) session: Option<Sid>,
    pub(crate) class: Class,
    pub(crate) trace: bool,
    pub(crate) expiry: u32,
    /// The attempt the next transmission carries.
    pub(crate) attempt: u8,
    /// Transmissions made, over all envelopes.
    pub(crate) sends: u32,
    /// The link of the last transmission, and when it was handed over.
    pub(crate) link: Option<LinkRef>,
    pub(crate) sent: Option<Instant>,
    /// The neighbour said it took the last transmission.
    pub(crate) taken: bool,
    /// A route is being asked for.
    pub(crate) asking: bool,
    /// The next attempt, not the first, comes sooner than the schedule would have it.
    pub(crate) hastened: bool,
    /// The first copy and those that left when they were due: the wait doubles with each. Spec DLV-9.
    pub(crate) rounds: u8,
    /// The others since, in a row. Spec RTE-36.
    pub(crate) hurried: u8,
    /// Waiting in a link's queue.
    pub(crate) queued: bool,
    /// Too long for a one-shot: waits for a session.
    pub(crate) held: bool,
    /// The recipient said that it was read; its proof is still awaited.
    pub(crate) read: bool,
    /// A state event is queued for the application.
    pub(crate) telling: bool,
    /// Storage confirmed its record (always true on a volatile node).
    pub(crate) durable: bool,
    pub(crate) version: u32,
    pub(crate) accepted: Instant,
    pub(crate) attempts: Transmissions,
}

impl Message {
    /// A copy left.
    pub(crate) fn count(&mut self) {
        self.rounds = self.rounds_then();
        let others = self.hurried.saturating_add(1);
        self.hurried = if self.hastened { others } else { 0 };
        self.hastened = false;
        self.sends = self.sends.saturating_add(1);
    }

    /// What `rounds` is when the next copy has left.
    pub(crate) fn rounds_then(&self) -> u8 {
        self.rounds.saturating_add(u8::from(!self.hastened))
    }
}

impl Entry for Message {
    type Key = [u8; 8];
    fn key(&self) -> [u8; 8] {
        self.reference.0
    }
}

/// What remains of an envelope that no longer has a message behind it, or was replaced by another.
#[derive(Debug)]
#[cfg_attr(feature = "sim-suites", derive(Clone))]
pub(crate) struct Proof {
    pub(crate) reference: Reference,
    pub(crate) secret: Secret,
    /// The message it carried.
    pub(crate) id: MessageId,
    pub(crate) contact: ContactRef,
    pub(crate) purpose: Purpose,
    /// `None`: the message goes on under another envelope.
    pub(crate) end: Option<State>,
    /// Unix seconds: kept until then, room permitting.
    pub(crate) until: u64,
    pub(crate) took: Span,
    pub(crate) in_session: bool,
    pub(crate) sends: u32,
    pub(crate) accepted: Instant,
    pub(crate) attempts: Transmissions,
}

impl Entry for Proof {
    type Key = [u8; 8];
    fn key(&self) -> [u8; 8] {
        self.reference.0
    }
}

/// A message that a proof settled.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settled {
    pub(crate) id: MessageId,
    pub(crate) contact: ContactRef,
    pub(crate) purpose: Purpose,
    /// The session and counter it went under.
    pub(crate) session: Option<(Sid, u32)>,
    /// The link the proven attempt left over, and how long ago.
    pub(crate) link: Option<LinkRef>,
    pub(crate) round_trip: Option<Span>,
    pub(crate) envelope: Option<Chain>,
    /// The recipient had said that it was read.
    pub(crate) read: bool,
    /// The proof was for the envelope last under way, so its counter was seen.
    pub(crate) current: bool,
    /// It had already been reported as expired.
    pub(crate) late: bool,
}

/// What a proof's reference was found to be.
pub(crate) enum Found {
    /// A message under way.
    Live(Idx),
    /// An envelope of a message that settled, ended or goes on under another envelope.
    Past(Idx),
}

impl Tables<'_> {
    /// Which of our envelopes a reference names, if any.
    pub(crate) fn find(&self, reference: Reference) -> Option<Found> {
        if let Some(idx) = self.outbox.find(&reference.0) {
            return Some(Found::Live(idx));
        }
        self.proofs.find(&reference.0).map(Found::Past)
    }

    /// The message an application's id names.
    pub(crate) fn find_id(&self, id: MessageId) -> Option<Found> {
        let found = self.find_named(id.reference())?;
        let its = match found {
            Found::Live(idx) => self.outbox.get(idx)?.id,
            Found::Past(idx) => self.proofs.get(idx)?.id,
        };
        (its == id).then_some(found)
    }

    /// The message whose id begins with this, which is what its recipient knows it by. Most bear the name
    /// of the envelope under way; those sealed again or held are looked for among all. Spec CNT-6.
    pub(crate) fn find_named(&self, name: Reference) -> Option<Found> {
        let live = |message: &Message| message.id.reference() == name;
        let ended = |proof: &Proof| proof.id.reference() == name && proof.end.is_some();
        let named = self.find(name);
        let fits = match named {
            Some(Found::Live(idx)) => self.outbox.get(idx).is_some_and(live),
            Some(Found::Past(idx)) => self.proofs.get(idx).is_some_and(ended),
            None => false,
        };
        if fits {
            return named;
        }
        let mut outbox = self.outbox.iter().filter(|(_, message)| live(message));
        let mut proofs = self.proofs.iter().filter(|(_, proof)| ended(proof));
        let live = outbox.next().map(|(idx, _)| Found::Live(idx));
        live.or_else(|| proofs.next().map(|(idx, _)| Found::Past(idx)))
    }

    /// Moves a message to a later state; a later state is never taken back.
    ///
    /// True when the application is to be told.
    pub(crate) fn advance(message: &mut Message, state: State) -> bool {
        if state <= message.state {
            return false;
        }
        message.state = state;
        message.purpose == Purpose::Application
    }

    /// Ends a message: a proof entry stays, its keys are wiped, and the caller frees the payload.
    pub(crate) fn end(&mut self, idx: Idx, state: State, now: Instant) -> Option<Ended> {
        self.timers.clear(idx);
        let message = self.outbox.get_mut(idx)?;
        let ended = Ended {
            id: message.id,
            contact: message.contact,
            purpose: message.purpose,
            session: message.session,
            n: message.recover.n(),
            link: message.link,
            sent: message.sent,
            sends: message.sends,
            envelope: message.envelope,
            read: message.read,
        };
        let proof = Proof {
            reference: message.reference,
            secret: message.secret,
            id: message.id,
            contact: message.contact,
            purpose: message.purpose,
            end: Some(state),
            until: keep_until(message.expiry),
            took: now.since(message.accepted),
            in_session: message.session.is_some(),
            sends: message.sends,
            accepted: message.accepted,
            attempts: core::mem::take(&mut message.attempts),
        };
        // Dropped in place, so that the keys in it are wiped where they lie.
        self.outbox.discard(idx);
        self.remember(proof);
        Some(ended)
    }

    /// Keeps a proof; the oldest makes room. Spec MEM-8.
    pub(crate) fn remember(&mut self, proof: Proof) {
        if let Some(old) = self.proofs.find(&proof.reference.0) {
            self.proofs.remove(old);
        }
        if self.proofs.is_full()
            && let Some(oldest) = self.proofs.oldest()
        {
            self.proofs.remove(oldest);
        }
        let _full = self.proofs.insert(proof);
    }

    /// The recipient's secret came back for one of our envelopes. Spec DLV-1, CON-8.
    ///
    /// `None` when it is not ours, the secret is wrong, or it says nothing new.
    pub(crate) fn prove(
        &mut self,
        found: &Found,
        secret: &Secret,
        now: Instant,
    ) -> Result<Settled, NotProven> {
        use subtle::ConstantTimeEq;
        match *found {
            Found::Live(idx) => {
                let message = self.outbox.get(idx).ok_or(NotProven::Repeat)?;
                if !bool::from(message.secret.0.ct_eq(&secret.0)) && !planted!(StaleAck) {
                    return Err(NotProven::Wrong);
                }
                self.settle(idx, State::Delivered, now)
                    .ok_or(NotProven::Repeat)
            }
            Found::Past(idx) => {
                let proof = self.proofs.get(idx).ok_or(NotProven::Repeat)?;
                if !bool::from(proof.secret.0.ct_eq(&secret.0)) {
                    return Err(NotProven::Wrong);
                }
                // Any of a message's envelopes proves the message, whatever it goes under now.
                match self.find_id(proof.id).ok_or(NotProven::Repeat)? {
                    Found::Live(live) => self
                        .settle(live, State::Delivered, now)
                        .map(|settled| Settled {
                            current: false,
                            ..settled
                        })
                        .ok_or(NotProven::Repeat),
                    Found::Past(_) if planted!(StaleAck) => {
                        let next = self.outbox.oldest().ok_or(NotProven::Repeat)?;
                        self.settle(next, State::Delivered, now)
                            .ok_or(NotProven::Repeat)
                    }
                    Found::Past(last) => self.settle_late(last).ok_or(NotProven::Repeat),
                }
            }
        }
    }

    /// A proof came for a message that had been reported as expired.
    fn settle_late(&mut self, idx: Idx) -> Option<Settled> {
        let proof = self.proofs.get_mut(idx)?;
        if proof.end != Some(State::Expired) {
            return None;
        }
        proof.end = Some(State::Delivered);
        Some(Settled {
            id: proof.id,
            contact: proof.contact,
            purpose: proof.purpose,
            session: None,
            link: None,
            round_trip: None,
            envelope: None,
            read: false,
            current: false,
            late: true,
        })
    }

    /// Settles a live message as delivered or read.
    pub(crate) fn settle(&mut self, idx: Idx, state: State, now: Instant) -> Option<Settled> {
        let ended = self.end(idx, state, now)?;
        Some(Settled {
            id: ended.id,
            contact: ended.contact,
            purpose: ended.purpose,
            session: ended.session.zip(ended.n),
            link: ended.link,
            // An ACK does not say which of several copies it answers.
            round_trip: ended
                .sent
                .filter(|_| ended.sends == 1)
                .map(|sent| now.since(sent)),
            envelope: Some(ended.envelope),
            read: ended.read,
            current: true,
            late: false,
        })
    }
}

/// What is left to do for a message that ended.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ended {
    pub(crate) id: MessageId,
    pub(crate) contact: ContactRef,
    pub(crate) purpose: Purpose,
    pub(crate) session: Option<Sid>,
    /// Its counter, when it went in a session.
    pub(crate) n: Option<u32>,
    pub(crate) link: Option<LinkRef>,
    pub(crate) sent: Option<Instant>,
    pub(crate) sends: u32,
    pub(crate) envelope: Chain,
    pub(crate) read: bool,
}

/// Until when, in Unix seconds, a proof of a message with this expiry is kept. Spec DLV-4.
pub(crate) fn keep_until(expiry: u32) -> u64 {
    u64::from(expiry) + crate::config::MAX_LIFE.as_secs()
}

/// Why a secret settled nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotProven {
    /// It does not open the commitment.
    Wrong,
    /// The message was settled before.
    Repeat,
}
