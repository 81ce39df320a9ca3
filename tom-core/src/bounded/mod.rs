//! Containers whose room is fixed before the first message arrives. Spec: memory.
//!
//! Every container is a view over storage somebody else owns: [`Table`], [`Timers`], [`Pool`] and
//! [`Slab`] borrow slots, the `Fixed*` forms own them as arrays (for statics and small machines),
//! the `Heap*` forms (feature `alloc`) as boxed slices: sized once, or grown up to their capacity as
//! they are used. The code is the same for all.
//!
//! * Full is an ordinary answer: an insertion hands the value back. No capacity grows, nothing panics.
//! * No order depends on a hash: tables iterate in insertion order, timers fire by deadline and then
//!   by slot number.
//! * Empty storage is made of zeros wherever the entry type allows it, so that statics take no room
//!   in flash.
//! * A slot number ([`Idx`]) whose entry was removed finds nothing until the slot is used again.
//!   It then names the new entry: whoever keeps one across a removal compares the entry's key.

mod book;
mod fixed;
#[cfg(feature = "alloc")]
mod heap;
mod index;
mod key;
mod lent;
mod pool;
mod slab;
mod table;
mod timers;

pub use book::{Bucket, Meta};
pub use fixed::{FixedPool, FixedSlab, FixedTable, FixedTimers};
#[cfg(feature = "alloc")]
pub use heap::{HeapPool, HeapSlab, HeapTable, HeapTimers};
pub use index::Idx;
pub use key::{Entry, Hash, Key, Seed2};
#[cfg(feature = "alloc")]
pub(crate) use lent::Grown;
pub(crate) use lent::Lent;
pub use pool::{BLOCK, Block, Chain, Pool, PoolMeta};
pub use slab::{Cell, List, Slab, SlabMeta};
pub use table::{Iter, Slot, Table};
pub use timers::{TimerCell, Timers, TimersMeta};
