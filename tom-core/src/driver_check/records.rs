//! Records and restarts. Spec: driver, "Records".

use super::book::{Book, Kept, Stored, print};
use crate::identity::PublicKey;
use crate::output::{Record, RecordKey};

impl Book {
    pub(super) fn persist(&mut self, who: &PublicKey, record: &Record<'_>) {
        let Some(node) = self.nodes.get_mut(who) else {
            return;
        };
        node.order += 1;
        node.forgotten.remove(&record.key);
        let stored = Stored {
            key: record.key,
            version: record.version,
            print: print(record.bytes),
            at: node.life.last,
        };
        node.life.storing.insert(node.order, stored);
        node.life.put_out.insert((record.key, record.version));
    }

    pub(super) fn forget(&mut self, who: &PublicKey, key: RecordKey) {
        if let Some(node) = self.nodes.get_mut(who) {
            node.order += 1;
            node.kept.remove(&key);
            node.life.storing.retain(|_, stored| stored.key != key);
            node.forgotten.insert(key, node.order);
        }
    }

    /// Spec DRV-14, DRV-18.
    pub(super) fn persisted(&mut self, who: &PublicKey, key: RecordKey, version: u32, ok: bool) {
        let Some(node) = self.nodes.get_mut(who) else {
            return;
        };
        let life = &mut node.life;
        if !life.put_out.contains(&(key, version)) {
            return self.breach(who, 14, "Persisted for a version that was never put out");
        }
        let this = |stored: &Stored| stored.key == key && stored.version == version;
        // Forgotten meanwhile, or answered before.
        let Some(order) = life
            .storing
            .iter()
            .rfind(|(_, s)| this(s))
            .map(|(at, _)| *at)
        else {
            return;
        };
        let mut before = life.storing.range(..order);
        let jumped = ok && before.any(|(_, earlier)| earlier.key != key);
        let stored = life.storing.get(&order).map_or(0, |stored| stored.print);
        life.storing
            .retain(|at, stored| stored.key != key || *at > order);
        if ok {
            let kept = Kept {
                order,
                version,
                print: stored,
            };
            node.kept.insert(key, kept);
        }
        if jumped {
            self.breach(
                who,
                18,
                "a record called durable before one put out earlier",
            );
        }
    }

    /// Spec DRV-16, DRV-18.
    pub(super) fn restored(&mut self, who: &PublicKey, record: &Record<'_>) {
        let Some(node) = self.nodes.get_mut(who) else {
            return;
        };
        let late = node.life.begun;
        node.life.restored.insert(record.key);
        let stale = node.kept.get(&record.key).is_some_and(|kept| {
            record.version < kept.version
                || (record.version == kept.version && print(record.bytes) != kept.print)
        });
        let gone = node.forgotten.get(&record.key);
        let back = gone.is_some_and(|gone| node.kept.values().any(|kept| kept.order > *gone));
        if late {
            self.breach(who, 16, "a record read back after other inputs");
        }
        if stale {
            self.breach(
                who,
                18,
                "a record read back is older than what was called durable",
            );
        }
        if back {
            self.breach(
                who,
                18,
                "a record read back that was removed before a later one was kept",
            );
        }
    }

    /// The first input that is neither wall time nor a record: all records are back. Spec DRV-16.
    pub(super) fn begun(&mut self, who: &PublicKey) {
        let Some(node) = self.nodes.get_mut(who) else {
            return;
        };
        if std::mem::replace(&mut node.life.begun, true) || !node.life.durable {
            return;
        }
        let missing = node
            .kept
            .keys()
            .any(|key| !node.life.restored.contains(key));
        if missing {
            self.breach(
                who,
                16,
                "not every durable record was read back at the start",
            );
        }
    }
}
