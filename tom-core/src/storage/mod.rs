//! Where a node's tables live. Spec: memory.
//!
//! [`Fixed`] is arrays sized at compile time, for firmware; `Heap` (feature `alloc`) takes its
//! capacities from [`Limits`]. Both lend the same type-erased views, so the protocol is compiled once.

/// The methods both storages share word for word: they differ in who owns the slots only, and in how
/// the scratch buffer is lent.
macro_rules! storage_methods {
    ($lend_scratch:path) => {
        fn parts(&mut self) -> Parts<'_> {
            Parts {
                session: session::Tables {
                    contacts: Contacts(self.contacts.view()),
                    sessions: self.sessions.view(),
                    pending: self.pending.view(),
                    state: &mut self.states.session,
                },
                delivery: delivery::Tables {
                    outbox: self.outbox.view(),
                    timers: self.outbox_timers.view(),
                    proofs: self.proofs.view(),
                    inbox: self.inbox.view(),
                    opened: self.opened.view(),
                    delivered: self.delivered.view(),
                },
                routing: routing::Tables {
                    routes: self.routes.view(),
                    asks: self.asks.view(),
                    ask_timers: self.ask_timers.view(),
                    forwards: self.forwards.view(),
                    forward_timers: self.forward_timers.view(),
                    returns: self.returns.view(),
                    state: &mut self.states.routing,
                },
                out: Egress {
                    links: self.links.view(),
                    jobs: self.jobs.view(),
                    pool: self.pool.view(),
                    state: &mut self.states.egress,
                },
                scratch: $lend_scratch(&mut self.scratch),
            }
        }

        fn seed(&mut self, seed: &Seed, opens_per_second: u32) {
            self.states = States::seeded(seed, opens_per_second);
            let mut rng = Drbg::new(seed, "tables");
            let mut next = || table_seed(&mut rng);
            self.links.set_seed(next());
            self.contacts.set_seed(next());
            self.sessions.set_seed(next());
            self.pending.set_seed(next());
            self.outbox.set_seed(next());
            self.proofs.set_seed(next());
            self.inbox.set_seed(next());
            self.opened.set_seed(next());
            self.delivered.set_seed(next());
            self.forwards.set_seed(next());
            self.returns.set_seed(next());
            self.routes.set_seed(next());
            self.asks.set_seed(next());
        }

        fn usage(&self) -> heapless::Vec<TableUse, 15> {
            let limits = self.limits();
            let tables = [
                (
                    TableName::Links,
                    self.links.meta().len(),
                    self.links.meta().high_water(),
                    limits.links,
                ),
                (
                    TableName::Contacts,
                    self.contacts.meta().len(),
                    self.contacts.meta().high_water(),
                    limits.contacts,
                ),
                (
                    TableName::Sessions,
                    self.sessions.meta().len(),
                    self.sessions.meta().high_water(),
                    limits.sessions,
                ),
                (
                    TableName::Pending,
                    self.pending.meta().len(),
                    self.pending.meta().high_water(),
                    limits.pending,
                ),
                (
                    TableName::Outbox,
                    self.outbox.meta().len(),
                    self.outbox.meta().high_water(),
                    limits.outbox,
                ),
                (
                    TableName::Proofs,
                    self.proofs.meta().len(),
                    self.proofs.meta().high_water(),
                    limits.proofs,
                ),
                (
                    TableName::Inbox,
                    self.inbox.meta().len(),
                    self.inbox.meta().high_water(),
                    limits.inbox,
                ),
                (
                    TableName::Opened,
                    self.opened.meta().len(),
                    self.opened.meta().high_water(),
                    limits.opened,
                ),
                (
                    TableName::Delivered,
                    self.delivered.meta().len(),
                    self.delivered.meta().high_water(),
                    limits.delivered,
                ),
                (
                    TableName::Forwards,
                    self.forwards.meta().len(),
                    self.forwards.meta().high_water(),
                    limits.forwards,
                ),
                (
                    TableName::Returns,
                    self.returns.meta().len(),
                    self.returns.meta().high_water(),
                    limits.returns,
                ),
                (
                    TableName::Routes,
                    self.routes.meta().len(),
                    self.routes.meta().high_water(),
                    limits.routes,
                ),
                (
                    TableName::Asks,
                    self.asks.meta().len(),
                    self.asks.meta().high_water(),
                    limits.asks,
                ),
                (
                    TableName::Jobs,
                    self.jobs.meta().used(),
                    self.jobs.meta().high_water(),
                    limits.jobs,
                ),
                (
                    TableName::Blocks,
                    self.pool.meta().used(),
                    self.pool.meta().high_water(),
                    limits.blocks,
                ),
            ];
            tables
                .into_iter()
                .map(|(table, len, high_water, capacity)| TableUse {
                    table,
                    len,
                    high_water,
                    capacity,
                })
                .collect()
        }
    };
}
use storage_methods;

mod fixed;
#[cfg(feature = "alloc")]
mod heap;
mod limits;
#[cfg(test)]
mod tests;

pub use fixed::{Fixed, Leaf, RelayMcu};
#[cfg(feature = "alloc")]
pub use heap::Heap;
pub use limits::{Limits, TableUse};

use crate::bounded::{Lent, Seed2};
use crate::entropy::{Drbg, Seed};
use crate::policy::Bucket;
use crate::routing::RoutingState;
use crate::session::SessionState;
use crate::{delivery, egress, routing, session};

/// Draws the hash seed of one table.
#[inline(never)]
fn table_seed(rng: &mut Drbg) -> Seed2 {
    Seed2([rng.next_u64(), rng.next_u64()])
}

/// The views of one node's tables, lent for one input.
pub struct Parts<'a> {
    pub(crate) session: session::Tables<'a>,
    pub(crate) delivery: delivery::Tables<'a>,
    pub(crate) routing: routing::Tables<'a>,
    pub(crate) out: egress::Egress<'a>,
    pub(crate) scratch: Lent<'a, u8>,
}

mod sealed {
    pub trait Sealed {}
}

/// A node's memory. Implemented by [`Fixed`] and `Heap` only, and by exclusive references to them.
pub trait Storage: sealed::Sealed {
    /// Lends all tables.
    #[doc(hidden)]
    fn parts(&mut self) -> Parts<'_>;
    /// Seeds the random streams and the tables' hashes. Done once, by the node.
    #[doc(hidden)]
    fn seed(&mut self, seed: &Seed, opens_per_second: u32);
    /// Gives back memory that no entry uses, where that is wished. Done with housekeeping.
    #[cfg(feature = "alloc")]
    #[doc(hidden)]
    fn give_back(&mut self) {}
    /// The capacities.
    fn limits(&self) -> Limits;
    /// How full each table is and was at most.
    fn usage(&self) -> heapless::Vec<TableUse, 15>;
}

impl<S: Storage> sealed::Sealed for &mut S {}

/// Tables that lie elsewhere, in a static for example, so that they never cross the stack.
impl<S: Storage> Storage for &mut S {
    fn parts(&mut self) -> Parts<'_> {
        (**self).parts()
    }

    fn seed(&mut self, seed: &Seed, opens_per_second: u32) {
        (**self).seed(seed, opens_per_second);
    }

    #[cfg(feature = "alloc")]
    fn give_back(&mut self) {
        (**self).give_back();
    }

    fn limits(&self) -> Limits {
        (**self).limits()
    }

    fn usage(&self) -> heapless::Vec<TableUse, 15> {
        (**self).usage()
    }
}

/// The states beside the tables, one per concern, each with its own random stream.
#[derive(Debug)]
#[cfg_attr(feature = "sim-suites", derive(Clone))]
pub(crate) struct States {
    pub(crate) session: SessionState,
    pub(crate) routing: RoutingState,
    pub(crate) egress: egress::EgressState,
}

impl States {
    /// States without entropy: `seed` replaces them before anything is drawn.
    pub(crate) const fn unseeded() -> Self {
        Self {
            session: SessionState {
                rng: Drbg::unseeded(),
                opens: Bucket::full(0),
                dropped: heapless::Vec::new(),
            },
            routing: RoutingState {
                rng: Drbg::unseeded(),
            },
            egress: egress::EgressState::new(),
        }
    }

    pub(crate) fn seeded(seed: &Seed, opens_per_second: u32) -> Self {
        let opens = Bucket::full(opens_per_second);
        Self {
            session: SessionState {
                rng: Drbg::new(seed, "session"),
                opens,
                dropped: heapless::Vec::new(),
            },
            routing: RoutingState {
                rng: Drbg::new(seed, "routing"),
            },
            egress: egress::EgressState::new(),
        }
    }
}
