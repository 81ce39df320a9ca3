//! A fault of the world itself, for tests of what finds faults: a coincidence of external events after
//! which one message is handed out twice.

use crate::scenario::Deed;
use crate::time::{Span, Time};

/// A crash of one node, then another standing still within a time, and then one message delivered.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sabotage {
    /// Who crashes.
    pub(crate) crash: u32,
    /// Who stands still soon after.
    pub(crate) still: u32,
    /// How soon.
    pub(crate) within: Span,
    /// The message.
    pub(crate) message: u32,
    /// The world panics instead.
    pub(crate) panics: bool,
    crashed: Option<Time>,
    armed: bool,
}

impl Sabotage {
    pub(crate) const fn new(crash: u32, still: u32, within: Span, message: u32) -> Self {
        Self {
            crash,
            still,
            within,
            message,
            panics: false,
            crashed: None,
            armed: false,
        }
    }

    pub(super) fn befall(&mut self, now: Time, deed: &Deed) {
        if matches!(deed, Deed::Crash { node } if *node == self.crash) {
            self.crashed = Some(now);
        }
        if matches!(deed, Deed::Suspend { node, .. } if *node == self.still) {
            let soon = |at: Time| now.since(at) <= self.within;
            self.armed |= self.crashed.is_some_and(soon);
        }
    }

    pub(super) fn strikes(&self, number: Option<u32>) -> bool {
        let strikes = self.armed && number == Some(self.message);
        assert!(!(strikes && self.panics), "a message too many");
        strikes
    }
}
