//! Tables in arrays: no allocator, the size known at compile time.

use super::{Limits, Parts, States, Storage, TableUse, sealed, table_seed};
use crate::bounded::{FixedPool, FixedSlab, FixedTable, FixedTimers, Lent};
use crate::delivery::{DeliveredEntry, InboxEntry, Message, OpenedEntry, Proof};
use crate::egress::{Egress, Job, Link};
use crate::entropy::{Drbg, Seed};
use crate::error::TableName;
use crate::routing::{Ask, Forward, Return, Route};
use crate::session::{Contact, Contacts, Pending, Session};
use crate::{delivery, routing, session};

/// A node's tables as arrays. The parameters are the capacities of [`Limits`], in its order.
#[derive(Debug)]
#[cfg_attr(feature = "sim-suites", derive(Clone))]
pub struct Fixed<
    const LINKS: usize,
    const CONTACTS: usize,
    const SESSIONS: usize,
    const PENDING: usize,
    const OUTBOX: usize,
    const PROOFS: usize,
    const INBOX: usize,
    const OPENED: usize,
    const DELIVERED: usize,
    const FORWARDS: usize,
    const RETURNS: usize,
    const ROUTES: usize,
    const ASKS: usize,
    const JOBS: usize,
    const BLOCKS: usize,
    const SCRATCH: usize,
> {
    states: States,
    links: FixedTable<Link, LINKS>,
    contacts: FixedTable<Contact, CONTACTS>,
    sessions: FixedTable<Session, SESSIONS>,
    pending: FixedTable<Pending, PENDING>,
    outbox: FixedTable<Message, OUTBOX>,
    outbox_timers: FixedTimers<OUTBOX>,
    proofs: FixedTable<Proof, PROOFS>,
    inbox: FixedTable<InboxEntry, INBOX>,
    opened: FixedTable<OpenedEntry, OPENED>,
    delivered: FixedTable<DeliveredEntry, DELIVERED>,
    forwards: FixedTable<Forward, FORWARDS>,
    forward_timers: FixedTimers<FORWARDS>,
    returns: FixedTable<Return, RETURNS>,
    routes: FixedTable<Route, ROUTES>,
    asks: FixedTable<Ask, ASKS>,
    ask_timers: FixedTimers<ASKS>,
    jobs: FixedSlab<Job, JOBS>,
    pool: FixedPool<BLOCKS>,
    scratch: [u8; SCRATCH],
}

/// A device that sends and receives and never forwards.
pub type Leaf = Fixed<2, 16, 4, 2, 8, 16, 4, 64, 64, 1, 1, 8, 1, 64, 13, 1_200>;
/// A microcontroller that forwards for others too.
pub type RelayMcu = Fixed<8, 32, 16, 8, 16, 48, 16, 64, 64, 8, 256, 64, 8, 192, 60, 1_200>;

/// The most a whole `leaf` takes, keys included, in a build without an allocator, in bytes.
#[cfg(any(test, not(feature = "alloc")))]
pub(crate) const LEAF_BUDGET: usize = 28 * 1_024;
/// The same of a `relay-mcu`.
#[cfg(any(test, not(feature = "alloc")))]
pub(crate) const RELAY_MCU_BUDGET: usize = 96 * 1_024;

// With an allocator entries are larger, since such machines have room to spare.
#[cfg(not(feature = "alloc"))]
const _: () = {
    assert!(size_of::<crate::Node<Leaf>>() <= LEAF_BUDGET);
    assert!(size_of::<crate::Node<RelayMcu>>() <= RELAY_MCU_BUDGET);
};

macro_rules! each_capacity {
    ($make:ident) => {
        $make! {
            LINKS, CONTACTS, SESSIONS, PENDING, OUTBOX, PROOFS, INBOX, OPENED, DELIVERED, FORWARDS,
            RETURNS, ROUTES, ASKS, JOBS, BLOCKS, SCRATCH
        }
    };
}

macro_rules! implement {
    ($($n:ident),*) => {
        impl<$(const $n: usize),*> Fixed<$($n),*> {
            /// The capacities.
            pub const LIMITS: Limits = Limits {
                links: LINKS as u32,
                contacts: CONTACTS as u32,
                sessions: SESSIONS as u32,
                pending: PENDING as u32,
                outbox: OUTBOX as u32,
                proofs: PROOFS as u32,
                inbox: INBOX as u32,
                opened: OPENED as u32,
                delivered: DELIVERED as u32,
                forwards: FORWARDS as u32,
                returns: RETURNS as u32,
                routes: ROUTES as u32,
                asks: ASKS as u32,
                jobs: JOBS as u32,
                blocks: BLOCKS as u32,
                scratch: SCRATCH as u32,
            };

            /// Empty tables. Capacities that break a relation do not compile. All of it is zeros where
            /// the compiler allows, so that in a static it takes no room in flash.
            #[must_use]
            pub const fn new() -> Self {
                const { assert!(Self::LIMITS.broken().is_none(), "capacities break a relation") };
                Self {
                    states: States::unseeded(),
                    links: FixedTable::new(),
                    contacts: FixedTable::new(),
                    sessions: FixedTable::new(),
                    pending: FixedTable::new(),
                    outbox: FixedTable::new(),
                    outbox_timers: FixedTimers::new(),
                    proofs: FixedTable::new(),
                    inbox: FixedTable::new(),
                    opened: FixedTable::new(),
                    delivered: FixedTable::new(),
                    forwards: FixedTable::new(),
                    forward_timers: FixedTimers::new(),
                    returns: FixedTable::new(),
                    routes: FixedTable::new(),
                    asks: FixedTable::new(),
                    ask_timers: FixedTimers::new(),
                    jobs: FixedSlab::new(),
                    pool: FixedPool::new(),
                    scratch: [0; SCRATCH],
                }
            }
        }

        impl<$(const $n: usize),*> Default for Fixed<$($n),*> {
            fn default() -> Self {
                Self::new()
            }
        }

        impl<$(const $n: usize),*> sealed::Sealed for Fixed<$($n),*> {}

        impl<$(const $n: usize),*> Storage for Fixed<$($n),*> {
            fn limits(&self) -> Limits {
                Self::LIMITS
            }

            super::storage_methods!(Lent::whole);
        }
    };
}

each_capacity!(implement);
