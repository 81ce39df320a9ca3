//! Tables on the heap: sized once, from [`Limits`], and never grown.

use alloc::boxed::Box;
use alloc::vec;

use super::{Limits, Parts, States, Storage, TableUse, sealed, table_seed};
use crate::bounded::{HeapPool, HeapSlab, HeapTable, HeapTimers};
use crate::delivery::{DeliveredEntry, InboxEntry, Message, OpenedEntry, Proof};
use crate::egress::{Egress, Job, Link};
use crate::entropy::{Drbg, Seed};
use crate::error::TableName;
use crate::routing::{Ask, Forward, Return, Route};
use crate::session::{Contact, Contacts, Pending, Session};
use crate::{delivery, routing, session};

/// A node's tables as boxed slices.
#[derive(Debug)]
pub struct Heap {
    limits: Limits,
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
    scratch: Box<[u8]>,
}

impl Heap {
    /// Empty tables of these capacities; the relations between them are checked by the node.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
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
            scratch: vec![0; limits.scratch as usize].into_boxed_slice(),
        }
    }
}

impl sealed::Sealed for Heap {}

impl Storage for Heap {
    fn limits(&self) -> Limits {
        self.limits
    }

    super::storage_methods!();
}
