//! What durable nodes keep: records become durable, and go, in the order they were put out.

use std::collections::{BTreeMap, VecDeque};

use tom_core::input::Input;
use tom_core::output::{Record, RecordKey, RecordKind};
use tom_core::wire::MessageId;

use super::{By, Item, What, World};
use crate::engine::Queue;
use crate::suite::SimSuite;
use crate::time::Span;

/// How long a write takes.
const WRITE: Span = Span::from_millis(2);

/// A node's disk. It survives a crash; what was not durable by then does not.
#[derive(Clone, Debug, Default)]
pub(crate) struct Disk {
    records: BTreeMap<RecordKey, (u32, Vec<u8>)>,
    /// Writes under way, oldest first, with their numbers.
    under_way: VecDeque<(u32, Write)>,
    next: u32,
    /// It is full: nothing can be written. What is there can be removed.
    pub(crate) fails: bool,
}

#[derive(Clone, Debug)]
enum Write {
    Keep(RecordKey, u32, Vec<u8>),
    Drop(RecordKey),
}

impl Disk {
    fn push(&mut self, write: Write) -> u32 {
        let slot = self.next;
        self.next = slot.wrapping_add(1);
        self.under_way.push_back((slot, write));
        slot
    }

    /// The power is gone.
    pub(crate) fn crash(&mut self) {
        self.under_way.clear();
    }

    /// Everything on it is gone.
    pub(crate) fn wipe(&mut self) {
        self.records.clear();
    }

    /// Whether a message to send is on it.
    pub(crate) fn keeps(&self, id: MessageId) -> bool {
        let kind = RecordKind::Outbox;
        self.records.contains_key(&RecordKey { kind, id: id.0 })
    }

    /// What is on it.
    pub(crate) fn records(&self) -> Vec<(RecordKey, u32, Vec<u8>)> {
        let copy = |(key, (version, bytes)): (&RecordKey, &(u32, Vec<u8>))| {
            (*key, *version, bytes.clone())
        };
        self.records.iter().map(copy).collect()
    }
}

impl<C: SimSuite, Q: Queue<Item>> World<C, Q> {
    pub(super) fn persist(&mut self, node: u32, record: Record<'_>) {
        let write = Write::Keep(record.key, record.version, record.bytes.to_vec());
        self.write(node, write);
    }

    pub(super) fn forget(&mut self, node: u32, key: RecordKey) {
        self.write(node, Write::Drop(key));
    }

    fn write(&mut self, node: u32, write: Write) {
        let slot = self
            .members
            .get_mut(node as usize)
            .and_then(|member| member.disk.as_mut())
            .map(|disk| disk.push(write));
        if let Some(slot) = slot {
            let at = self.now.plus(WRITE);
            self.due(By::Node(node), at, node, What::Stored { slot });
        }
    }

    /// The oldest write is done. One that a crash has swept away is not.
    pub(super) fn stored(&mut self, node: u32, slot: u32) {
        let Some(disk) = self
            .members
            .get_mut(node as usize)
            .and_then(|member| member.disk.as_mut())
        else {
            return;
        };
        if disk.under_way.front().map(|(first, _)| *first) != Some(slot) {
            return;
        }
        let Some((_, write)) = disk.under_way.pop_front() else {
            return;
        };
        let ok = !disk.fails;
        match write {
            Write::Keep(key, version, bytes) => {
                if ok {
                    if key.kind == RecordKind::Inbox {
                        self.checks.kept(self.now, &bytes);
                    }
                    disk.records.insert(key, (version, bytes));
                }
                self.feed(node, Input::Persisted { key, version, ok });
            }
            Write::Drop(key) => {
                disk.records.remove(&key);
            }
        }
    }
}
