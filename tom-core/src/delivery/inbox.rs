//! Messages received: delivered once, acknowledged as often as asked. Spec: delivery, "Receiving".

use super::Tables;
use crate::bounded::{Chain, Entry, Idx};
use crate::egress::LinkRef;
use crate::output::DeliveryId;
use crate::session::ContactRef;
use crate::time::Instant;
use crate::wire::{Class, Handle, Reference, Secret, Sid};

/// A message that waits for the application.
#[derive(Debug)]
#[cfg_attr(feature = "sim-suites", derive(Clone))]
pub(crate) struct InboxEntry {
    /// The reference of the first envelope that carried it, as the sender says.
    pub(crate) id: Reference,
    /// The envelope that arrived.
    pub(crate) reference: Reference,
    /// What its ACK reveals; `None`: it asked for none.
    pub(crate) secret: Option<Secret>,
    /// A later envelope of the same message, to be acknowledged with it.
    pub(crate) again: Option<Again>,
    pub(crate) contact: ContactRef,
    pub(crate) payload: Chain,
    pub(crate) path: heapless::Vec<u8, 48>,
    pub(crate) link: LinkRef,
    pub(crate) in_session: bool,
    pub(crate) class: Class,
    pub(crate) expiry: u32,
    /// It was acknowledged when it became durable; only the application's word is missing.
    pub(crate) acknowledged: bool,
    pub(crate) version: u32,
}

/// A second envelope of a message, and the link its newest copy came over.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Again {
    pub(crate) reference: Reference,
    pub(crate) secret: Secret,
    pub(crate) link: LinkRef,
}

impl InboxEntry {
    /// What the application knows it by.
    pub(crate) fn delivery_id(&self) -> DeliveryId {
        DeliveryId {
            sender: self.contact.handle,
            reference: self.id,
        }
    }

    /// Whether this is the proof, or one of the proofs, that wait with it.
    pub(crate) fn waits_with(&self, secret: Secret) -> bool {
        self.secret == Some(secret) || self.again.is_some_and(|again| again.secret == secret)
    }

    /// Another copy of the envelope with this proof came over `link`. Spec DLV-21.
    pub(crate) fn came_again(&mut self, secret: Option<Secret>, link: LinkRef) {
        match &mut self.again {
            Some(again) if Some(again.secret) == secret => again.link = link,
            _ => self.link = link,
        }
    }
}

impl Entry for InboxEntry {
    type Key = [u8; 16];
    fn key(&self) -> [u8; 16] {
        self.delivery_id().to_bytes()
    }
}

/// A one-shot that was opened: kept until it expires, so that it is never delivered again.
/// Spec SES-7.
#[derive(Debug)]
#[cfg_attr(feature = "sim-suites", derive(Clone))]
pub(crate) struct OpenedEntry {
    pub(crate) reference: Reference,
    /// The message it carried.
    pub(crate) id: Reference,
    pub(crate) sender: Handle,
    /// What its ACK reveals; `None`: it is never acknowledged.
    pub(crate) secret: Option<Secret>,
    pub(crate) expiry: u32,
    /// When it came, for nodes without wall time.
    pub(crate) at: Instant,
    /// The session made for it.
    pub(crate) answer: Option<Sid>,
}

impl Entry for OpenedEntry {
    type Key = [u8; 8];
    fn key(&self) -> [u8; 8] {
        self.reference.0
    }
}

/// A message delivered in session, so that its re-sealed copy is recognised.
#[derive(Debug)]
#[cfg_attr(feature = "sim-suites", derive(Clone))]
pub(crate) struct DeliveredEntry {
    pub(crate) sender: Handle,
    pub(crate) id: Reference,
}

impl Entry for DeliveredEntry {
    type Key = [u8; 16];
    fn key(&self) -> [u8; 16] {
        seen_key(self.sender, self.id)
    }
}

fn seen_key(sender: Handle, reference: Reference) -> [u8; 16] {
    DeliveryId { sender, reference }.to_bytes()
}

/// What is known of a message that may have come before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    /// Never.
    No,
    /// It waits for the application: not to be acknowledged yet.
    Waiting,
    /// The application has it.
    Yes,
}

impl Tables<'_> {
    /// Whether this message of this sender came before, under this or another envelope.
    /// Spec CNT-6, DLV-17.
    pub(crate) fn seen(&self, sender: Handle, id: Reference) -> Seen {
        let waiting = self
            .inbox
            .find(&seen_key(sender, id))
            .and_then(|idx| self.inbox.get(idx));
        if let Some(entry) = waiting {
            return if entry.acknowledged {
                Seen::Yes
            } else {
                Seen::Waiting
            };
        }
        let opened = self.opened.find(&id.0).and_then(|idx| self.opened.get(idx));
        let by_seal = opened.is_some_and(|entry| entry.sender == sender);
        if by_seal || self.delivered.find(&seen_key(sender, id)).is_some() {
            return Seen::Yes;
        }
        Seen::No
    }

    /// Remembers a message delivered in session; the oldest makes room. Spec MEM-8.
    pub(crate) fn remember_delivered(&mut self, sender: Handle, id: Reference) {
        if self.delivered.is_full()
            && let Some(oldest) = self.delivered.oldest()
        {
            self.delivered.remove(oldest);
        }
        let _full = self.delivered.insert(DeliveredEntry { sender, id });
    }

    /// The message of this sender that waits to be acknowledged with this secret. The envelope's
    /// reference would not do: an altered copy under a spent counter has another one.
    pub(crate) fn waiting_with(&self, sender: Handle, secret: Secret) -> Option<Idx> {
        let (idx, _) = self.inbox.iter().find(|(_, entry)| {
            !entry.acknowledged && entry.contact.handle == sender && entry.waits_with(secret)
        })?;
        Some(idx)
    }

    /// Whether one more one-shot of this sender may be opened: never more than a quarter of the
    /// table for one sender, counted over the whole table. Spec SES-7, SES-8.
    pub(crate) fn opened_room(&self, sender: Option<Handle>) -> bool {
        if self.opened.is_full() {
            return false;
        }
        let Some(sender) = sender else { return true };
        if self.opened.len() < self.opened.capacity() / 4 {
            return true;
        }
        let held = self
            .opened
            .iter()
            .filter(|(_, entry)| entry.sender == sender)
            .count();
        held < (self.opened.capacity() / 4) as usize
    }
}
