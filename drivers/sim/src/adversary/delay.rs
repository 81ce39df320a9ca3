//! Hands on late.

use std::collections::VecDeque;

use super::frames::split;
use super::{Adversary, Doing, Scene};
use crate::time::{Span, Time};

/// Datagrams held back at most; what comes then goes at once.
pub(super) const HELD: usize = 1_024;

/// When each of those held back goes.
#[derive(Clone, Debug, Default)]
pub(super) struct Held(VecDeque<Time>);

impl Held {
    /// Whether one more may be held until then.
    fn take(&mut self, now: Time, until: Time) -> bool {
        while self.0.front().is_some_and(|gone| *gone <= now) {
            self.0.pop_front();
        }
        let room = self.0.len() < HELD;
        if room {
            self.0.push_back(until);
        }
        room
    }
}

impl Adversary {
    pub(super) fn hold(
        &mut self,
        scene: Scene<'_>,
        link: u32,
        span: Span,
        bytes: &[u8],
        doing: &mut Doing,
    ) {
        let (mut at_once, mut late) = (Vec::new(), Vec::new());
        let mut envelopes = 0;
        for raw in split(bytes) {
            if raw.handed_on().is_some() {
                late.extend_from_slice(raw.bytes);
                envelopes += 1;
            } else {
                at_once.extend_from_slice(raw.bytes);
            }
        }
        if !at_once.is_empty() {
            doing.outward.push((Span::ZERO, link, at_once));
        }
        if late.is_empty() {
            return;
        }
        let held = self.held.take(scene.now, scene.now.plus(span));
        self.did.delayed += if held { envelopes } else { 0 };
        let wait = if held { span } else { Span::ZERO };
        doing.outward.push((wait, link, late));
    }
}
