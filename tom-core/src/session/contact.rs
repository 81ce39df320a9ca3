//! The identities a node has dealt with.

use super::SESSIONS_PER_CONTACT;
use crate::bounded::{Chain, Entry, Idx, Table};
use crate::error::{Full, Refusal, TableName};
use crate::identity::{PublicKey, SharedSecret, XPublic};
use crate::time::{Instant, Span};
use crate::wire::{Handle, Sid};

/// How many entries are looked at to find one that may make room.
const EVICT_STEPS: u32 = 8;

/// Somebody we exchange messages with.
#[derive(Debug)]
#[cfg_attr(feature = "sim-suites", derive(Clone))]
pub(crate) struct Contact {
    pub(crate) key: PublicKey,
    pub(crate) handle: Handle,
    pub(crate) x: XPublic,
    /// The static-static agreement, computed once.
    pub(crate) ss: Option<SharedSecret>,
    /// This node chose to talk to it: strangers never push it out.
    pub(crate) chosen: bool,
    /// The session to send on.
    pub(crate) send: Option<Sid>,
    pub(crate) sessions: u8,
    pub(crate) pending: u8,
    /// Messages to or from it that are not settled: it cannot leave while there are any.
    pub(crate) held: u32,
    /// The next message opens a new session.
    pub(crate) renew: bool,
    pub(crate) renewed: Option<Instant>,
    pub(crate) answered: Option<Instant>,
    /// When an empty one-shot last asked for a session.
    pub(crate) knocked: Option<Instant>,
    pub(crate) intro: Introduction,
}

/// How far the two ends are on their way to a direct link.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Introduction {
    /// When our candidates were last sent.
    pub(crate) told: Option<Instant>,
    /// When theirs were last heard.
    pub(crate) heard: Option<Instant>,
    /// Theirs, in the pool.
    pub(crate) theirs: Option<Chain>,
    pub(crate) dialing: bool,
    pub(crate) next_dial: Option<Instant>,
    pub(crate) wait: Span,
}

impl Entry for Contact {
    type Key = [u8; 32];
    fn key(&self) -> [u8; 32] {
        *self.key.as_bytes()
    }
}

/// A contact named so that another one in the same slot is not mistaken for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ContactRef {
    pub(crate) idx: Idx,
    pub(crate) handle: Handle,
}

/// The table of contacts.
pub(crate) struct Contacts<'a>(pub(crate) Table<'a, Contact>);

impl Contacts<'_> {
    pub(crate) fn get(&self, at: ContactRef) -> Option<&Contact> {
        self.0
            .get(at.idx)
            .filter(|contact| contact.handle == at.handle)
    }

    pub(crate) fn get_mut(&mut self, at: ContactRef) -> Option<&mut Contact> {
        self.0
            .get_mut(at.idx)
            .filter(|contact| contact.handle == at.handle)
    }

    pub(crate) fn find(&self, key: &PublicKey) -> Option<ContactRef> {
        let idx = self.0.find(key.as_bytes())?;
        Some(ContactRef {
            idx,
            handle: self.0.get(idx)?.handle,
        })
    }

    /// The contact with this key, made if need be. `x` is its X25519 form where that is known;
    /// `chosen`: this node's own wish.
    ///
    /// When the table is full, the stranger unheard of for longest makes room. The contacts passed
    /// over in the search move to the end, so that repeated searches reach everybody.
    pub(crate) fn obtain(
        &mut self,
        key: &PublicKey,
        x: Option<XPublic>,
        chosen: bool,
        evicted: &mut Option<Contact>,
    ) -> Result<ContactRef, Refusal> {
        if let Some(found) = self.find(key) {
            if let Some(contact) = self.get_mut(found) {
                contact.chosen |= chosen;
            }
            return Ok(found);
        }
        if self.0.is_full() {
            *evicted = self
                .evict(false)
                .or_else(|| chosen.then(|| self.evict(true)).flatten());
        }
        let contact = Contact {
            handle: key.handle(),
            x: x.unwrap_or_else(|| key.to_x()),
            key: *key,
            ss: None,
            chosen,
            send: None,
            sessions: 0,
            pending: 0,
            held: 0,
            renew: false,
            renewed: None,
            answered: None,
            knocked: None,
            intro: Introduction::default(),
        };
        let handle = contact.handle;
        let capacity = self.0.capacity();
        match self.0.insert(contact) {
            Ok(idx) => Ok(ContactRef { idx, handle }),
            Err(_) => Err(Refusal::Full(Full {
                table: TableName::Contacts,
                capacity,
            })),
        }
    }

    /// Removes the longest unused contact nothing is under way with: a stranger, or for this node's
    /// own wish (`any`) whoever it is.
    fn evict(&mut self, any: bool) -> Option<Contact> {
        for _ in 0..EVICT_STEPS {
            let idx = self.0.oldest()?;
            let contact = self.0.get(idx)?;
            if contact.held == 0 && (any || !contact.chosen) {
                return self.0.remove(idx);
            }
            self.0.touch(idx);
        }
        None
    }

    /// Whether the contact has room for one more session.
    pub(crate) fn may_add_session(&self, at: ContactRef) -> bool {
        self.get(at)
            .is_some_and(|contact| contact.sessions < SESSIONS_PER_CONTACT)
    }
}
