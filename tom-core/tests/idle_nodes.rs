//! What a node costs that does nothing: a simulator holds a hundred thousand of them. Spec: memory,
//! "Profiles".

mod common;

use std::cell::Cell;
use std::rc::Rc;

use common::node::{Inhabitant, Size};
use common::{Village, Wire};
use tom_core::Node;
use tom_core::config::{CARRIED_BY_ALL, Config};
use tom_core::entropy::Seed;
use tom_core::identity::{Keys, SoftKeys};
use tom_core::input::{Input, Send};
use tom_core::output::{Deadline, Output, ShortBuffer, Verdict};
use tom_core::report::PathReport;
use tom_core::stats::Stats;
use tom_core::storage::{Heap, Limits, TableUse};
use tom_core::time::{Instant, Span};
use tom_core::wire::MessageId;

const IDENTITY: [u8; 32] = [42; 32];

/// Memory taken from the allocator.
#[derive(Clone, Copy, Debug, Default)]
struct Taken {
    /// Bytes taken and not given back.
    bytes: i64,
    /// How often some was asked for after the node was built.
    asked: u64,
}

/// A node, and what it has taken.
struct Weighed {
    node: Node<Heap>,
    taken: Rc<Cell<Taken>>,
}

impl Weighed {
    fn new(
        storage: fn(Limits) -> Heap,
        limits: Limits,
        config: Config,
        taken: Rc<Cell<Taken>>,
    ) -> Self {
        let mut node = None;
        let building = allocation_counter::measure(|| {
            let keys = SoftKeys::from_seed(IDENTITY);
            let storage = storage(limits);
            node = Node::new(storage, keys, config, Seed::new([7; 32]), Instant::ZERO).ok();
        });
        taken.set(Taken {
            bytes: building.bytes_current,
            asked: 0,
        });
        let node = node.expect("valid capacities");
        Self { node, taken }
    }

    fn weigh<'n, T>(&'n mut self, act: impl FnOnce(&'n mut Node<Heap>) -> T) -> T {
        let mut answer = None;
        let now = allocation_counter::measure(|| answer = Some(act(&mut self.node)));
        let Taken { bytes, asked } = self.taken.get();
        self.taken.set(Taken {
            bytes: bytes + now.bytes_current,
            asked: asked + now.count_total,
        });
        answer.expect("it ran")
    }
}

impl Inhabitant for Weighed {
    fn handle(&mut self, now: Instant, input: Input<'_>) -> Verdict {
        self.weigh(|node| node.handle(now, input))
    }

    fn poll<'b>(&mut self, buf: &'b mut [u8]) -> Result<Option<Output<'b>>, ShortBuffer> {
        self.weigh(|node| node.poll(buf))
    }

    fn deadline(&self) -> Option<Deadline> {
        self.node.deadline()
    }

    fn stats(&self) -> &Stats {
        self.node.stats()
    }

    fn tables(&self) -> Vec<TableUse> {
        self.node.tables().collect()
    }

    fn path(&mut self, id: MessageId) -> Option<PathReport> {
        self.node.path(id)
    }

    fn max_payload(&mut self) -> usize {
        self.node.max_payload()
    }

    fn place(&self) -> (usize, usize) {
        (
            std::ptr::from_ref(self.node.storage()).addr(),
            size_of::<Heap>(),
        )
    }
}

/// Four neighbours that greeted, somebody it has a session with, somebody it never reached, and then
/// nothing for minutes: what the node has taken.
fn idle(storage: fn(Limits) -> Heap, limits: Limits) -> Taken {
    let taken = Rc::new(Cell::new(Taken::default()));
    let config = Config {
        max_envelope: CARRIED_BY_ALL,
        ..Config::default()
    };
    let mut village = Village::new(1);
    village.add_keyed(config, Size::Heap(limits), IDENTITY, true);
    let weighed = Weighed::new(storage, limits, config, Rc::clone(&taken));
    village.houses[0].node = Box::new(weighed);
    village.input(0, common::clock(common::EPOCH));
    for at in 1..5 {
        village.add(Config::default());
        village.link(0, at, Wire::default());
    }
    village.run(Span::from_secs(1));
    let id = village.send(0, 1, b"we know each other");
    village.run(Span::from_secs(1));
    assert!(village.is_delivered(0, id));
    let absent = *SoftKeys::from_seed([99; 32]).public();
    let lifetime = Some(Span::from_secs(5));
    let send = Send {
        lifetime,
        ..Send::new(absent, b"nobody is there")
    };
    village.send_to(0, send);
    village.run(Span::from_secs(400));

    let tables = village.houses[0].node.tables();
    let used = |name: &str| {
        let found = tables
            .iter()
            .find(|table| format!("{:?}", table.table) == name);
        found.map_or(0, |table| table.len)
    };
    let known = (used("Links"), used("Contacts"), used("Sessions"));
    assert_eq!(known, (4, 2, 1));
    assert_eq!((used("Outbox"), used("Jobs"), used("Blocks")), (0, 0, 0));
    taken.get()
}

/// A node on memory taken as it is needed, in bytes, itself included.
fn idle_bytes(limits: Limits) -> usize {
    let taken = idle(Heap::lazy, limits);
    assert!(taken.asked > 0);
    let held = usize::try_from(taken.bytes).expect("more taken than given back");
    println!("{} B of its own, {held} B taken", size_of::<Node<Heap>>());
    size_of::<Node<Heap>>() + held
}

#[test]
fn an_idle_light_node_takes_at_most_8_kb() {
    let bytes = idle_bytes(Limits::sim_light());
    assert!(bytes <= 8_192, "{bytes}");
}

#[test]
fn an_idle_full_node_takes_at_most_16_kb() {
    let bytes = idle_bytes(Limits::sim_full());
    assert!(bytes <= 16_384, "{bytes}");
}

/// MEM-1: sized once, a node never asks for memory again.
#[test]
fn sized_once_takes_nothing_afterwards() {
    for limits in [Limits::sim_light(), Limits::phone(), Limits::desktop()] {
        assert_eq!(idle(Heap::new, limits).asked, 0);
    }
}
