//! Tables on the heap: capacities once, from [`Limits`], and never changed.

use super::{Limits, Parts, States, Storage, TableUse, sealed, table_seed};
use crate::bounded::{Grown, HeapPool, HeapSlab, HeapTable, HeapTimers, Lent};
use crate::delivery::{DeliveredEntry, InboxEntry, Message, OpenedEntry, Proof};
use crate::egress::{Egress, Job, Link};
use crate::entropy::{Drbg, Seed};
use crate::error::TableName;
use crate::routing::{Ask, Forward, Return, Route};
use crate::session::{Contact, Contacts, Pending, Session};
use crate::{delivery, routing, session};

/// A node's tables on the heap.
#[derive(Debug)]
#[cfg_attr(feature = "sim-suites", derive(Clone))]
pub struct Heap {
    limits: Limits,
    /// Memory is taken as entries are first used.
    lazy: bool,
    states: States,
    links: HeapTable<Link>,
    contacts: HeapTable<Contact>,
    sessions: HeapTable<Session>,
    pending: HeapTable<Pending>,
    outbox: HeapTable<Message>,
    outbox_timers: HeapTimers,
    proofs: HeapTable<Proof>,
    inbox: HeapTable<InboxEntry>,
    opened: HeapTable<OpenedEntry>,
    delivered: HeapTable<DeliveredEntry>,
    forwards: HeapTable<Forward>,
    forward_timers: HeapTimers,
    returns: HeapTable<Return>,
    routes: HeapTable<Route>,
    asks: HeapTable<Ask>,
    ask_timers: HeapTimers,
    jobs: HeapSlab<Job>,
    pool: HeapPool,
    scratch: Scratch,
}

/// The buffer in which envelopes are sealed. Nothing in it is needed after the input that wrote it.
#[derive(Debug)]
#[cfg_attr(feature = "sim-suites", derive(Clone))]
struct Scratch {
    bytes: Grown<u8>,
    /// Its memory is given back before the next input.
    lazy: bool,
}

impl Scratch {
    fn lend(&mut self) -> Lent<'_, u8> {
        if self.lazy {
            self.bytes.give_back(|_| false);
        }
        self.bytes.lend()
    }
}

impl Heap {
    /// Empty tables of these capacities; the relations between them are checked by the node. All memory
    /// is taken here, none afterwards.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            lazy: false,
            states: States::unseeded(),
            links: HeapTable::new(limits.links),
            contacts: HeapTable::new(limits.contacts),
            sessions: HeapTable::new(limits.sessions),
            pending: HeapTable::new(limits.pending),
            outbox: HeapTable::new(limits.outbox),
            outbox_timers: HeapTimers::new(limits.outbox),
            proofs: HeapTable::new(limits.proofs),
            inbox: HeapTable::new(limits.inbox),
            opened: HeapTable::new(limits.opened),
            delivered: HeapTable::new(limits.delivered),
            forwards: HeapTable::new(limits.forwards),
            forward_timers: HeapTimers::new(limits.forwards),
            returns: HeapTable::new(limits.returns),
            routes: HeapTable::new(limits.routes),
            asks: HeapTable::new(limits.asks),
            ask_timers: HeapTimers::new(limits.asks),
            jobs: HeapSlab::new(limits.jobs),
            pool: HeapPool::new(limits.blocks),
            scratch: Scratch {
                bytes: Grown::whole(limits.scratch),
                lazy: false,
            },
        }
    }

    /// The same tables, entry for entry, but each entry's memory is taken when it is first used, given
    /// back by housekeeping when it is not, and that of the scratch buffer lasts until the next input. The capacities are those given, and
    /// nothing a node puts out tells the difference.
    ///
    /// For simulators with very many nodes that do little. Never in a node that talks to people: growing
    /// leaves copies of keys and payloads in memory that was given back, and takes memory when there
    /// may be none.
    #[must_use]
    pub fn lazy(limits: Limits) -> Self {
        Self {
            limits,
            lazy: true,
            states: States::unseeded(),
            links: HeapTable::lazy(limits.links),
            contacts: HeapTable::lazy(limits.contacts),
            sessions: HeapTable::lazy(limits.sessions),
            pending: HeapTable::lazy(limits.pending),
            outbox: HeapTable::lazy(limits.outbox),
            outbox_timers: HeapTimers::lazy(limits.outbox),
            proofs: HeapTable::lazy(limits.proofs),
            inbox: HeapTable::lazy(limits.inbox),
            opened: HeapTable::lazy(limits.opened),
            delivered: HeapTable::lazy(limits.delivered),
            forwards: HeapTable::lazy(limits.forwards),
            forward_timers: HeapTimers::lazy(limits.forwards),
            returns: HeapTable::lazy(limits.returns),
            routes: HeapTable::lazy(limits.routes),
            asks: HeapTable::lazy(limits.asks),
            ask_timers: HeapTimers::lazy(limits.asks),
            jobs: HeapSlab::lazy(limits.jobs),
            pool: HeapPool::lazy(limits.blocks),
            scratch: Scratch {
                bytes: Grown::lazy(limits.scratch),
                lazy: true,
            },
        }
    }
}

impl sealed::Sealed for Heap {}

impl Storage for Heap {
    fn limits(&self) -> Limits {
        self.limits
    }

    fn give_back(&mut self) {
        if !self.lazy {
            return;
        }
        self.links.give_back();
        self.contacts.give_back();
        self.sessions.give_back();
        self.pending.give_back();
        self.outbox.give_back();
        self.outbox_timers.give_back();
        self.proofs.give_back();
        self.inbox.give_back();
        self.opened.give_back();
        self.delivered.give_back();
        self.forwards.give_back();
        self.forward_timers.give_back();
        self.returns.give_back();
        self.routes.give_back();
        self.asks.give_back();
        self.ask_timers.give_back();
        self.jobs.give_back();
        self.pool.give_back();
    }

    super::storage_methods!(Scratch::lend);
}
