//! Capacities and the relations between them.

use crate::config::{CARRIED_BY_ALL, Config, Profile};
use crate::egress::JOBS_PER_INPUT;
use crate::error::{ConfigError, TableName};

/// How many entries each table has. Spec MEM-1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Links to neighbours.
    pub links: u32,
    /// People this node knows.
    pub contacts: u32,
    /// End-to-end sessions.
    pub sessions: u32,
    /// Handshakes waiting for their answer.
    pub pending: u32,
    /// Messages of this node that are not settled.
    pub outbox: u32,
    /// References and secrets kept for late proofs.
    pub proofs: u32,
    /// Messages waiting for the application.
    pub inbox: u32,
    /// One-shots opened, until they expire.
    pub opened: u32,
    /// Messages delivered in session, for re-sealed copies.
    pub delivered: u32,
    /// Envelopes being handed on.
    pub forwards: u32,
    /// Envelopes handed on: the way back.
    pub returns: u32,
    /// Destinations with a known way.
    pub routes: u32,
    /// Questions under way.
    pub asks: u32,
    /// Outputs waiting.
    pub jobs: u32,
    /// Payload blocks of 256 bytes.
    pub blocks: u32,
    /// The longest envelope sealed here, in bytes.
    pub scratch: u32,
}

/// How full a table is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TableUse {
    /// Which table.
    pub table: TableName,
    /// Entries now.
    pub len: u32,
    /// The most there ever were.
    pub high_water: u32,
    /// The most there can be.
    pub capacity: u32,
}

impl Limits {
    /// A computer that takes part fully: about 7 MB.
    #[must_use]
    pub const fn desktop() -> Self {
        Self {
            links: 256,
            contacts: 1_024,
            sessions: 1_024,
            pending: 256,
            outbox: 1_024,
            proofs: 2_048,
            inbox: 1_024,
            opened: 4_096,
            delivered: 4_096,
            forwards: 512,
            returns: 8_192,
            routes: 2_048,
            asks: 64,
            jobs: 8_192,
            blocks: 8_192,
            scratch: 65_533,
        }
    }

    /// A machine that relays for thousands.
    #[must_use]
    pub const fn server() -> Self {
        Self {
            links: 4_096,
            contacts: 65_536,
            sessions: 65_536,
            pending: 4_096,
            outbox: 16_384,
            proofs: 65_536,
            inbox: 4_096,
            opened: 65_536,
            delivered: 65_536,
            forwards: 4_096,
            returns: 65_536,
            routes: 65_536,
            asks: 256,
            jobs: 65_536,
            blocks: 65_536,
            scratch: 65_533,
        }
    }

    /// A telephone: few people at a time, messages as long as any.
    #[must_use]
    pub const fn phone() -> Self {
        Self {
            links: 16,
            contacts: 256,
            sessions: 128,
            pending: 32,
            outbox: 128,
            proofs: 512,
            inbox: 128,
            opened: 1_024,
            delivered: 1_024,
            forwards: 64,
            returns: 1_024,
            routes: 256,
            asks: 16,
            jobs: 1_024,
            blocks: 1_024,
            scratch: 65_533,
        }
    }

    /// A full node of a simulator: at most 16 KB while it is idle on `Heap::lazy`.
    #[must_use]
    pub const fn sim_full() -> Self {
        Self {
            links: 32,
            contacts: 64,
            sessions: 32,
            pending: 16,
            outbox: 32,
            proofs: 128,
            inbox: 32,
            opened: 256,
            delivered: 256,
            forwards: 64,
            returns: 512,
            routes: 128,
            asks: 16,
            jobs: 512,
            blocks: 256,
            scratch: CARRIED_BY_ALL,
        }
    }

    /// One of very many nodes of a simulator: at most 8 KB while it is idle on `Heap::lazy`.
    #[must_use]
    pub const fn sim_light() -> Self {
        Self {
            links: 8,
            contacts: 16,
            sessions: 8,
            pending: 4,
            outbox: 8,
            proofs: 16,
            inbox: 8,
            opened: 64,
            delivered: 64,
            forwards: 8,
            returns: 64,
            routes: 32,
            asks: 4,
            jobs: 128,
            blocks: 48,
            scratch: CARRIED_BY_ALL,
        }
    }

    /// The smallest tables any node may have, starved: safety holds with them, delivery suffers.
    /// Spec MEM-2.
    #[must_use]
    pub const fn minimum() -> Self {
        Self {
            links: 2,
            contacts: 16,
            sessions: 4,
            pending: 2,
            outbox: 8,
            proofs: 16,
            inbox: 4,
            opened: 64,
            delivered: 64,
            forwards: 2,
            returns: 16,
            routes: 16,
            asks: 2,
            jobs: 96,
            blocks: 48,
            scratch: CARRIED_BY_ALL,
        }
    }

    /// The buffer length that suffices for every output, in bytes.
    #[must_use]
    pub const fn max_output(&self) -> usize {
        let frame = self.scratch as usize + crate::node::FRAME_EXTRA;
        let record = self.scratch as usize + crate::delivery::record::RECORD_OVERHEAD;
        let session = crate::session::record::SESSION_RECORD;
        let longest = if frame > record { frame } else { record };
        if longest > session { longest } else { session }
    }

    /// Jobs needed so that every entry's own output finds room whatever else waits.
    const fn jobs_needed(&self) -> u32 {
        let entries = 2 * self.outbox + 2 * self.inbox + self.forwards + 3 * self.links;
        entries + 4 * JOBS_PER_INPUT
    }

    /// The relations between the capacities, as the first one that does not hold.
    #[must_use]
    pub const fn broken(&self) -> Option<TableName> {
        let least = Self::minimum();
        if self.links < least.links {
            return Some(TableName::Links);
        }
        if self.contacts < least.contacts {
            return Some(TableName::Contacts);
        }
        if self.sessions < least.sessions {
            return Some(TableName::Sessions);
        }
        if self.pending < least.pending {
            return Some(TableName::Pending);
        }
        if self.outbox < least.outbox {
            return Some(TableName::Outbox);
        }
        if self.proofs < 2 * self.outbox {
            return Some(TableName::Proofs);
        }
        if self.inbox < least.inbox {
            return Some(TableName::Inbox);
        }
        if self.opened < least.opened {
            return Some(TableName::Opened);
        }
        if self.delivered < least.delivered {
            return Some(TableName::Delivered);
        }
        if self.forwards < 1 {
            return Some(TableName::Forwards);
        }
        if self.returns < self.forwards {
            return Some(TableName::Returns);
        }
        if self.routes < 4 * self.links {
            return Some(TableName::Routes);
        }
        if self.asks < 1 {
            return Some(TableName::Asks);
        }
        if self.jobs < self.jobs_needed() {
            return Some(TableName::Jobs);
        }
        if self.blocks < self.scratch.div_ceil(256) + self.outbox {
            return Some(TableName::Blocks);
        }
        None
    }

    pub(crate) fn check(&self, config: &Config) -> Result<(), ConfigError> {
        if let Some(table) = self.broken() {
            return Err(ConfigError::Capacity(table));
        }
        if self.scratch < config.max_envelope || self.scratch > crate::config::MAX_ENVELOPE {
            return Err(ConfigError::MaxFrame);
        }
        let relays = match config.profile {
            Profile::Leaf => false,
            Profile::Relay | Profile::Full => true,
        };
        if relays && self.forwards < Self::minimum().forwards {
            return Err(ConfigError::Capacity(TableName::Forwards));
        }
        Ok(())
    }
}
