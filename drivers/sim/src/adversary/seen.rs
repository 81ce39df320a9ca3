//! What an adversary remembers of others' envelopes: enough to speak about them.

use std::collections::VecDeque;

use tom_core::identity::Handle;
use tom_core::wire::{Body, Reference, message_id};

use super::frames::split;

/// Envelopes, and handles, remembered at most; the oldest goes.
pub(super) const REMEMBERED: usize = 64;

/// An envelope that went by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Passing {
    pub(super) reference: Reference,
    pub(super) expiry: u32,
    /// The link it came over: who is there waits for answers to it.
    pub(super) link: u32,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Seen {
    pub(super) passing: VecDeque<Passing>,
    pub(super) handles: VecDeque<Handle>,
}

impl Seen {
    /// Looks at a datagram that came over this link.
    pub(super) fn look(&mut self, link: u32, datagram: &[u8]) {
        for raw in split(datagram) {
            let Some((bytes, envelope)) = raw.envelope() else {
                continue;
            };
            let reference = match envelope.body {
                Body::Seal { .. } | Body::Data { .. } => {
                    let handle = envelope.head.dst;
                    if !self.handles.contains(&handle) {
                        push(&mut self.handles, handle);
                    }
                    message_id(bytes).map(|id| id.reference())
                }
                Body::Resp { reference, .. } | Body::Nack { reference, .. } => Some(reference),
                Body::Ack(mut acks) => acks.next().map(|proof| proof.reference),
            };
            if let Some(reference) = reference {
                let expiry = envelope.head.expiry;
                let passing = Passing {
                    reference,
                    expiry,
                    link,
                };
                push(&mut self.passing, passing);
            }
        }
    }
}

fn push<T>(ring: &mut VecDeque<T>, new: T) {
    if ring.len() >= REMEMBERED {
        ring.pop_front();
    }
    ring.push_back(new);
}
