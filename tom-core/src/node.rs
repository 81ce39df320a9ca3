//! The node: a state machine that is told what happens and says what to do.

use core::marker::PhantomData;

use crate::clock::Clock;
use crate::config::Config;
use crate::crypto::{Suite, Tom1};
use crate::delivery::Found;
use crate::dispatch::{Fault, HOUSEKEEPING, World};
use crate::entropy::Seed;
use crate::error::{ConfigError, Drop};
use crate::identity::{Keys, PublicKey, SoftKeys, XPublic};
use crate::input::Input;
use crate::output::{Deadline, Output, ShortBuffer, Verdict};
use crate::report::PathReport;
use crate::session::Me;
use crate::stats::Stats;
use crate::storage::{Storage, TableUse};
use crate::time::{Instant, Span};
use crate::wire::{
    Candidate, CandidateList, Candidates, Handle, MAX_CANDIDATES, MAX_FRAMED_ENVELOPE, MessageId,
};

/// The longest candidate list, in bytes.
pub(crate) const CANDIDATES_LEN: usize = 1 + MAX_CANDIDATES * 20;
/// What a frame adds to an envelope: header, length and a full trace.
pub(crate) const FRAME_EXTRA: usize = 5 + 50;

/// One participant of the network: client and relay at once.
///
/// `S` is where its tables live, `K` holds its identity, `C` is the cipher suite. It does no I/O and
/// reads no clock; see the crate's documentation for the contract. Spec: driver.
///
/// Not `Clone`: a copy would spend the same counters and draw the same secrets. A simulator takes
/// snapshots and goes on from them, so with feature `sim-suites` it is.
#[derive(Debug)]
#[cfg_attr(feature = "sim-suites", derive(Clone))]
pub struct Node<S: Storage, K: Keys = SoftKeys, C: Suite = Tom1> {
    storage: S,
    keys: K,
    public: PublicKey,
    handle: Handle,
    x: XPublic,
    config: Config,
    now: Instant,
    clock: Clock,
    stats: Stats,
    own: Own,
    deadline: Option<Deadline>,
    suite: PhantomData<C>,
    #[cfg(feature = "driver-check")]
    slot: crate::driver_check::Slot,
}

/// The node's own small state that belongs to no concern.
#[derive(Debug)]
#[cfg_attr(feature = "sim-suites", derive(Clone))]
pub(crate) struct Own {
    /// The largest frame this node takes, in bytes.
    pub(crate) max_frame: u32,
    pub(crate) housekeeping: Instant,
    /// Numbers the envelopes handed on.
    pub(crate) serial: u32,
    /// Storage refused a record: it is offered again with the next housekeeping.
    pub(crate) offer_again: bool,
    candidates: CandidateList,
    /// Addresses neighbours see us at, and who said so first.
    observed: heapless::Vec<(Candidate, Handle, bool), 4>,
}

impl Own {
    pub(crate) fn set_candidates(&mut self, list: Candidates<'_>) {
        self.candidates = list.to_list();
    }

    /// A neighbour's word about our address counts once a second neighbour says the same, since a
    /// single one could send our peers dialling anywhere. Spec LNK-28.
    pub(crate) fn observe(&mut self, peer: Handle, list: Candidates<'_>) {
        for candidate in list.take(1) {
            match self
                .observed
                .iter_mut()
                .find(|(known, _, _)| *known == candidate)
            {
                Some((_, first, sure)) => *sure |= *first != peer,
                None => {
                    if self.observed.is_full() {
                        self.observed.remove(0);
                    }
                    let _full = self.observed.push((candidate, peer, false));
                }
            }
        }
    }

    /// Writes the addresses to tell others; `None` when there are none.
    pub(crate) fn candidates(&self, out: &mut [u8]) -> Option<usize> {
        let mut list = self.candidates.clone();
        for (candidate, _, sure) in &self.observed {
            if *sure && !list.as_slice().contains(candidate) && !list.push(*candidate) {
                break;
            }
        }
        if list.as_slice().is_empty() {
            return None;
        }
        list.emit(out).ok()
    }
}

impl<S: Storage, K: Keys> Node<S, K, Tom1> {
    /// Builds a node with the protocol's own cipher suite.
    ///
    /// # Errors
    /// The configuration or the storage's capacities break a rule; nothing was built.
    pub fn new(
        storage: S,
        keys: K,
        config: Config,
        seed: Seed,
        now: Instant,
    ) -> Result<Self, ConfigError> {
        Self::with_suite(storage, keys, config, seed, now)
    }
}

impl<S: Storage, K: Keys, C: Suite> Node<S, K, C> {
    /// Builds a node with a given cipher suite. `seed` must be fresh at every start.
    ///
    /// # Errors
    /// The configuration or the storage's capacities break a rule; nothing was built.
    pub fn with_suite(
        mut storage: S,
        keys: K,
        config: Config,
        seed: Seed,
        now: Instant,
    ) -> Result<Self, ConfigError> {
        config.check()?;
        storage.limits().check(&config)?;
        storage.seed(&seed, config.seal_opens_per_second);
        let public = *keys.public();
        let frame = storage.limits().scratch as usize + FRAME_EXTRA;
        let max_frame = u32::try_from(frame.min(MAX_FRAMED_ENVELOPE + 5)).unwrap_or(u32::MAX);
        Ok(Self {
            #[cfg(feature = "driver-check")]
            slot: crate::driver_check::Slot::new(&public, &seed, config.keeps_records(), now),
            handle: public.handle(),
            x: public.to_x(),
            public,
            storage,
            keys,
            config,
            now,
            clock: Clock::default(),
            stats: Stats::default(),
            own: Own {
                max_frame,
                housekeeping: now.plus(HOUSEKEEPING),
                serial: 0,
                offer_again: false,
                candidates: CandidateList::new(),
                observed: heapless::Vec::new(),
            },
            deadline: None,
            suite: PhantomData,
        })
    }

    fn world(&mut self) -> World<'_, K, C> {
        let parts = self.storage.parts();
        World {
            now: self.now,
            config: &self.config,
            me: Me {
                keys: &self.keys,
                public: &self.public,
                handle: self.handle,
                x: &self.x,
            },
            clock: &mut self.clock,
            stats: &mut self.stats,
            own: &mut self.own,
            session: parts.session,
            delivery: parts.delivery,
            routing: parts.routing,
            out: parts.out,
            scratch: parts.scratch,
            suite: PhantomData,
        }
    }

    /// Tells the node what happened. The only way anything changes.
    ///
    /// `now` earlier than the last one counts as the last one.
    pub fn handle(&mut self, now: Instant, input: Input<'_>) -> Verdict {
        #[cfg(feature = "driver-check")]
        if let Some(verdict) = self.slot.enter(now, &input) {
            return verdict;
        }
        if now < self.now {
            self.stats.clock_steps_back = self.stats.clock_steps_back.saturating_add(1);
        } else {
            self.now = now;
        }
        #[cfg(feature = "alloc")]
        let housekeeping = self.own.housekeeping;
        let mut world = self.world();
        let verdict = world.handle(input);
        let deadline = world.next_deadline();
        #[cfg(feature = "driver-check")]
        let waits = world.out.waits();
        self.deadline = deadline;
        #[cfg(feature = "alloc")]
        if self.own.housekeeping != housekeeping {
            self.storage.give_back();
        }
        #[cfg(feature = "driver-check")]
        self.slot.left(verdict, deadline, waits);
        verdict
    }

    /// The next thing the driver must do; `Ok(None)` when there is nothing. Never advances time.
    /// Spec DRV-9.
    ///
    /// # Errors
    /// `buf` is shorter than [`Node::max_output`]; nothing was taken out.
    pub fn poll<'b>(&mut self, buf: &'b mut [u8]) -> Result<Option<Output<'b>>, ShortBuffer> {
        let need = self.max_output();
        if buf.len() < need {
            #[cfg(feature = "driver-check")]
            self.slot.short();
            return Err(ShortBuffer { need });
        }
        #[cfg(feature = "driver-check")]
        if let Some((peer, len)) = self.slot.dial(buf) {
            let candidates = buf.get(..len).unwrap_or_default();
            return Ok(Some(Output::Dial { peer, candidates }));
        }
        let output = self.world().poll(buf);
        #[cfg(feature = "driver-check")]
        {
            let waits = self.world().out.waits();
            self.slot.polled(output.as_ref(), waits);
        }
        Ok(output)
    }

    /// The buffer length that suffices for every output, in bytes.
    #[must_use]
    pub fn max_output(&self) -> usize {
        self.storage.limits().max_output()
    }

    /// When to feed [`Input::Tick`], and who asked; `None`: not until something else happens.
    #[must_use]
    pub fn deadline(&self) -> Option<Deadline> {
        #[cfg(feature = "driver-check")]
        return self.slot.told(self.deadline);
        #[cfg(not(feature = "driver-check"))]
        self.deadline
    }

    #[cfg(feature = "driver-check")]
    pub(crate) const fn slot(&mut self) -> &mut crate::driver_check::Slot {
        &mut self.slot
    }

    /// What the node has counted.
    #[must_use]
    pub const fn stats(&self) -> &Stats {
        &self.stats
    }

    /// How full each table is and was at most.
    pub fn tables(&self) -> impl Iterator<Item = TableUse> {
        self.storage.usage().into_iter()
    }

    /// This node's identity.
    #[must_use]
    pub const fn public(&self) -> &PublicKey {
        &self.public
    }

    /// The settings it was built with.
    #[must_use]
    pub const fn config(&self) -> &Config {
        &self.config
    }

    /// The longest payload a message may have, in bytes.
    #[must_use]
    pub fn max_payload(&mut self) -> usize {
        self.world().max_payload()
    }

    /// What is known about the way of one of this node's messages; `None` when it is forgotten.
    #[must_use]
    pub fn path(&mut self, id: MessageId) -> Option<PathReport> {
        let world = self.world();
        world.path(id)
    }

    /// Storage as it is, for tests that look for remains.
    #[doc(hidden)]
    pub const fn storage(&self) -> &S {
        &self.storage
    }

    /// Gives the random values of the inputs that follow one by one, until others are given.
    /// Spec CNF-4.
    #[cfg(feature = "named-draws")]
    pub fn name_draws(&mut self, named: crate::entropy::Named) {
        let parts = self.storage.parts();
        parts.session.state.rng.name(named.clone());
        parts.routing.state.rng.name(named);
    }

    /// What was drawn of the values given.
    #[cfg(feature = "named-draws")]
    pub fn drawn(&mut self) -> alloc::vec::Vec<crate::entropy::Draw> {
        let parts = self.storage.parts();
        let (session, routing) = (parts.session.state, parts.routing.state);
        [session.rng.drawn(), routing.rng.drawn()].concat()
    }

    /// What was drawn beyond the values given.
    #[cfg(feature = "named-draws")]
    pub fn starved(&mut self) -> Option<crate::entropy::Draw> {
        let parts = self.storage.parts();
        let session = parts.session.state.rng.starved();
        session.or_else(|| parts.routing.state.rng.starved())
    }
}

impl<K: Keys, C: Suite> World<'_, K, C> {
    fn path(&self, id: MessageId) -> Option<PathReport> {
        match self.delivery.find_id(id)? {
            Found::Live(idx) => {
                let message = self.delivery.outbox.get(idx)?;
                Some(PathReport {
                    id,
                    reference: message.reference,
                    state: message.state,
                    age: self.now.since(message.accepted),
                    sends: message.sends,
                    attempts: message.attempts.report(message.accepted),
                    backups: self.routing.backups(&self.out, message.contact.handle),
                    next_attempt: self.delivery.timers.get(idx),
                    in_session: message.session.is_some(),
                })
            }
            Found::Past(idx) => {
                let proof = self.delivery.proofs.get(idx)?;
                Some(PathReport {
                    id,
                    reference: proof.reference,
                    state: proof.end?,
                    age: proof.took,
                    sends: proof.sends,
                    attempts: proof.attempts.report(proof.accepted),
                    backups: heapless::Vec::new(),
                    next_attempt: None,
                    in_session: proof.in_session,
                })
            }
        }
    }
}

impl From<Drop> for Verdict {
    fn from(reason: Drop) -> Self {
        Self::Dropped(reason)
    }
}

impl From<Fault> for Verdict {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Refused(refusal) => Self::Refused(refusal),
            Fault::Dropped(reason) => Self::Dropped(reason),
        }
    }
}

/// Nothing a node needs to be woken for is ever further away than housekeeping.
const _: () = assert!(HOUSEKEEPING.as_millis() > Span::ZERO.as_millis());
