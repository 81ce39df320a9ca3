//! Messages received: delivered once, acknowledged as often as asked. Spec: delivery, "Receiving".

use super::Tables;
use crate::bounded::{Chain, Entry};
use crate::egress::LinkRef;
use crate::session::ContactRef;
use crate::wire::{Class, Handle, Reference, Secret, Sid};

/// A message that waits for the application.
#[derive(Debug)]
pub(crate) struct InboxEntry {
    /// Its stable id: the reference of the first envelope that carried it.
    pub(crate) id: Reference,
    /// The envelope that arrived.
    pub(crate) reference: Reference,
    /// What its ACK reveals; `None`: it asked for none.
    pub(crate) secret: Option<Secret>,
    /// The answer to its handshake, which leaves with the ACK.
    pub(crate) answer: Option<Sid>,
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

impl Entry for InboxEntry {
    type Key = [u8; 8];
    fn key(&self) -> [u8; 8] {
        self.id.0
    }
}

/// A one-shot that was opened: kept until it expires, so that it is never delivered again.
#[derive(Debug)]
pub(crate) struct OpenedEntry {
    pub(crate) reference: Reference,
    /// The message it carried.
    pub(crate) id: Reference,
    pub(crate) sender: Handle,
    pub(crate) secret: Secret,
    pub(crate) expiry: u32,
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

fn seen_key(sender: Handle, id: Reference) -> [u8; 16] {
    let [a, b, c, d, e, f, g, h] = sender.0;
    let [i, j, k, l, m, n, o, p] = id.0;
    [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p]
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
    pub(crate) fn seen(&self, sender: Handle, id: Reference) -> Seen {
        if let Some(entry) = self.inbox.find(&id.0).and_then(|idx| self.inbox.get(idx))
            && entry.contact.handle == sender
        {
            return if entry.acknowledged { Seen::Yes } else { Seen::Waiting };
        }
        let opened = self.opened.find(&id.0).and_then(|idx| self.opened.get(idx));
        let by_seal = opened.is_some_and(|entry| entry.sender == sender);
        if by_seal || self.delivered.find(&seen_key(sender, id)).is_some() {
            return Seen::Yes;
        }
        Seen::No
    }

    /// Remembers a message delivered in session; the oldest makes room.
    pub(crate) fn remember_delivered(&mut self, sender: Handle, id: Reference) {
        if self.delivered.is_full()
            && let Some(oldest) = self.delivered.oldest()
        {
            self.delivered.remove(oldest);
        }
        let _full = self.delivered.insert(DeliveredEntry { sender, id });
    }

    /// Whether one more one-shot of this sender may be opened: never more than a quarter of the
    /// table for one sender, counted over the whole table.
    pub(crate) fn opened_room(&self, sender: Option<Handle>) -> bool {
        if self.opened.is_full() {
            return false;
        }
        let Some(sender) = sender else { return true };
        if self.opened.len() < self.opened.capacity() / 4 {
            return true;
        }
        let held = self.opened.iter().filter(|(_, entry)| entry.sender == sender).count();
        held < (self.opened.capacity() / 4) as usize
    }
}
