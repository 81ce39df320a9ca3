//! What a village needs of a node, whatever its tables are made of.

use tom_core::Node;
use tom_core::config::Config;
use tom_core::entropy::Seed;
use tom_core::identity::SoftKeys;
use tom_core::input::Input;
use tom_core::output::{Deadline, Output, ShortBuffer, Verdict};
use tom_core::report::PathReport;
use tom_core::stats::Stats;
use tom_core::storage::{Heap, Leaf, Limits, RelayMcu, Storage, TableUse};
use tom_core::time::Instant;
use tom_core::wire::MessageId;

/// A node with any storage.
pub trait Inhabitant {
    fn handle(&mut self, now: Instant, input: Input<'_>) -> Verdict;
    fn poll<'b>(&mut self, buf: &'b mut [u8]) -> Result<Option<Output<'b>>, ShortBuffer>;
    fn deadline(&self) -> Option<Deadline>;
    fn stats(&self) -> &Stats;
    fn tables(&self) -> Vec<TableUse>;
    fn path(&mut self, id: MessageId) -> Option<PathReport>;
    fn max_payload(&mut self) -> usize;
    /// Where its storage lies in memory, and how many bytes it has.
    fn place(&self) -> (usize, usize);
}

impl<S: Storage> Inhabitant for Node<S> {
    fn handle(&mut self, now: Instant, input: Input<'_>) -> Verdict {
        Self::handle(self, now, input)
    }

    fn poll<'b>(&mut self, buf: &'b mut [u8]) -> Result<Option<Output<'b>>, ShortBuffer> {
        Self::poll(self, buf)
    }

    fn deadline(&self) -> Option<Deadline> {
        Self::deadline(self)
    }

    fn stats(&self) -> &Stats {
        Self::stats(self)
    }

    fn tables(&self) -> Vec<TableUse> {
        Self::tables(self).collect()
    }

    fn path(&mut self, id: MessageId) -> Option<PathReport> {
        Self::path(self, id)
    }

    fn max_payload(&mut self) -> usize {
        Self::max_payload(self)
    }

    fn place(&self) -> (usize, usize) {
        (std::ptr::from_ref(self.storage()).addr(), size_of::<S>())
    }
}

/// What a node's tables are made of.
#[derive(Clone, Copy, Debug)]
pub enum Size {
    Heap(Limits),
    Leaf,
    RelayMcu,
}

/// Builds a node.
pub fn build(
    size: Size,
    identity: [u8; 32],
    config: Config,
    seed: Seed,
    now: Instant,
) -> Box<dyn Inhabitant> {
    let keys = SoftKeys::from_seed(identity);
    let sound = "a valid configuration";
    match size {
        Size::Heap(limits) => {
            Box::new(Node::new(Heap::new(limits), keys, config, seed, now).expect(sound))
        }
        Size::Leaf => Box::new(Node::new(Leaf::new(), keys, config, seed, now).expect(sound)),
        Size::RelayMcu => {
            Box::new(Node::new(RelayMcu::new(), keys, config, seed, now).expect(sound))
        }
    }
}
