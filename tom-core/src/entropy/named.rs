//! Random values given one by one: what a conformance case says a node draws. Spec CNF-4.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use super::{Draw, Drbg};

/// Values to be drawn, each list from its front.
#[derive(Clone, Debug, Default)]
pub struct Named {
    /// Secrets of ephemeral keys.
    pub e: VecDeque<[u8; 32]>,
    /// Session ids.
    pub sid: VecDeque<[u8; 4]>,
    /// Ids of messages that are held.
    pub id: VecDeque<[u8; 16]>,
    /// Nonces of questions.
    pub nonce: VecDeque<[u8; 4]>,
    starved: Vec<Draw>,
    drawn: Vec<Draw>,
}

impl Named {
    /// The value due; `false` when there is none, which is remembered.
    pub(super) fn take(&mut self, what: Draw, out: &mut [u8]) -> bool {
        let Some(value) = self.next(what) else {
            self.starved.push(what);
            return false;
        };
        self.drawn.push(what);
        out.iter_mut().zip(value).for_each(|(to, from)| *to = from);
        true
    }

    fn next(&mut self, what: Draw) -> Option<Vec<u8>> {
        match what {
            Draw::Ephemeral => self.e.pop_front().map(Vec::from),
            Draw::Sid => self.sid.pop_front().map(Vec::from),
            Draw::Id => self.id.pop_front().map(Vec::from),
            Draw::Nonce => self.nonce.pop_front().map(Vec::from),
        }
    }

    /// What was drawn beyond what was given.
    #[must_use]
    pub fn starved(&self) -> Option<Draw> {
        self.starved.first().copied()
    }
}

impl Named {
    /// What was drawn of what was given, in order.
    #[must_use]
    pub fn drawn(&self) -> &[Draw] {
        &self.drawn
    }
}

impl Drbg {
    /// What was drawn of what was given.
    pub(crate) fn drawn(&self) -> &[Draw] {
        self.named.as_ref().map_or(&[], Named::drawn)
    }

    /// From here on values come from these lists, until others are given.
    pub(crate) fn name(&mut self, named: Named) {
        self.named = Some(named);
    }

    /// What was drawn beyond what was given.
    pub(crate) fn starved(&self) -> Option<Draw> {
        self.named.as_ref().and_then(Named::starved)
    }
}
