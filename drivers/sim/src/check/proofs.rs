//! Which proofs have been inputs of whom. Expired is false only if a valid proof had come before; so
//! the checks open every ACK as the node should, and remember for which message it was.

use std::collections::BTreeMap;

use tom_core::crypto::{Suite, verify_proof};
use tom_core::wire::{Body, Commit, Envelope, Frame, Frames, Handle, Reference};

use super::wire::Own;

/// The envelopes of all nodes that wait for a proof.
#[derive(Clone, Debug, Default)]
pub(crate) struct Proofs(BTreeMap<(u32, Reference), Expected>);

#[derive(Clone, Copy, Debug)]
struct Expected {
    number: u32,
    commit: Commit,
    expiry: u32,
    dst: Handle,
    /// The neighbour it went to first.
    over: Option<u32>,
}

/// What bytes mean for the messages of the node they reach.
#[derive(Debug, Default)]
pub(crate) struct Came {
    /// The messages they prove.
    pub(crate) proven: Vec<u32>,
    /// The messages whose handshakes they answer.
    pub(crate) answered: Vec<u32>,
}

impl Proofs {
    /// An envelope goes to a neighbour: whether it went to another one at first.
    pub(crate) fn turns(&mut self, node: u32, reference: Reference, over: u32) -> bool {
        let known = self.0.get_mut(&(node, reference));
        known.is_some_and(|known| *known.over.get_or_insert(over) != over)
    }

    pub(crate) fn knows(&self, node: u32, reference: Reference) -> bool {
        self.0.contains_key(&(node, reference))
    }

    /// The message an envelope carries, whoever holds it. Looks at all of them: for failures only.
    pub(crate) fn carried(&self, reference: Reference) -> Option<u32> {
        let mut known = self.0.iter();
        let (_, expected) = known.find(|((_, held), _)| *held == reference)?;
        Some(expected.number)
    }

    /// This envelope of a node carries the message.
    pub(crate) fn expect(&mut self, node: u32, own: &Own, number: u32) {
        let expected = Expected {
            number,
            commit: own.commit,
            expiry: own.expiry,
            dst: own.dst,
            over: None,
        };
        self.0.insert((node, own.reference), expected);
    }

    /// What bytes mean for the messages of the node they reach.
    pub(crate) fn arrive<C: Suite>(&self, node: u32, bytes: &[u8]) -> Came {
        let mut came = Came::default();
        for frame in Frames::new(bytes).flatten() {
            let Frame::Envelope { bytes, .. } = frame else {
                continue;
            };
            let acks = match Envelope::parse(bytes).map(|envelope| envelope.body) {
                Ok(Body::Ack(acks)) => acks,
                Ok(Body::Resp { reference, .. }) => {
                    let answered = self.0.get(&(node, reference));
                    came.answered.extend(answered.map(|it| it.number));
                    continue;
                }
                Ok(Body::Seal { .. } | Body::Data { .. } | Body::Nack { .. }) | Err(_) => continue,
            };
            for proof in acks {
                let Some(expected) = self.0.get(&(node, proof.reference)) else {
                    continue;
                };
                let secret = proof.secret.as_bytes();
                let commit = expected.commit.as_bytes();
                if verify_proof::<C>(commit, expected.expiry, &expected.dst, secret) {
                    came.proven.push(expected.number);
                }
            }
        }
        came
    }

    /// A node is gone, and with it what it knew of this message.
    pub(crate) fn forget(&mut self, node: u32, number: u32) {
        let (least, most) = (Reference([0; 8]), Reference([0xff; 8]));
        let keys: Vec<_> = self
            .0
            .range((node, least)..=(node, most))
            .filter(|(_, expected)| expected.number == number)
            .map(|(key, _)| *key)
            .collect();
        for key in keys {
            self.0.remove(&key);
        }
    }
}
