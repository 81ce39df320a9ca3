//! One bounded queue of outgoing messages, and when to say that it has room again.

use std::collections::VecDeque;

use bytes::Bytes;

/// Messages that wait for QUIC, counted in bytes, with the one under way included.
#[derive(Debug)]
pub(crate) struct Lane {
    queue: VecDeque<Bytes>,
    bytes: usize,
    limit: usize,
    under_way: bool,
    refused: bool,
}

/// What a message costs beside its bytes, so that many tiny ones are bounded too.
const OVERHEAD: usize = 32;

impl Lane {
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            queue: VecDeque::new(),
            bytes: 0,
            limit,
            under_way: false,
            refused: false,
        }
    }

    /// Whether nothing waits, so that a message may overtake the lane without changing its order.
    pub(crate) fn is_idle(&self) -> bool {
        !self.under_way && self.queue.is_empty()
    }

    /// Whether a message of `len` bytes has room; if not, the refusal is remembered.
    pub(crate) fn admits(&mut self, len: usize) -> bool {
        // A lane that is empty takes any one message: progress does not depend on the limit.
        let fits = self.is_idle() || self.bytes + len + OVERHEAD <= self.limit;
        self.refused |= !fits;
        fits
    }

    /// Appends a message whatever the limit; ask `admits` first unless it was admitted elsewhere.
    pub(crate) fn push(&mut self, message: Bytes) {
        self.bytes += message.len() + OVERHEAD;
        self.queue.push_back(message);
    }

    /// The next message to put under way.
    pub(crate) fn take(&mut self) -> Option<Bytes> {
        let message = self.queue.pop_front()?;
        self.under_way = true;
        Some(message)
    }

    /// The message under way, of `len` bytes, has been handed over (or given up).
    ///
    /// True once the lane has room for someone it refused. Half of it must be free: room for one
    /// message would mean one event for every message.
    pub(crate) fn done(&mut self, len: usize) -> bool {
        self.under_way = false;
        self.bytes = self.bytes.saturating_sub(len + OVERHEAD);
        let announce = self.refused && self.bytes <= self.limit / 2;
        self.refused &= !announce;
        announce
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_always_followed_by_one_announcement() {
        for len in [0, 1, 100, 900, 5000] {
            let mut lane = Lane::new(1000);
            let mut taken = 0;
            while lane.admits(len) {
                lane.push(Bytes::from(vec![0; len]));
                taken += 1;
            }
            assert!(taken >= 1, "an empty lane must take a message of {len}");
            let mut announced = 0;
            while let Some(message) = lane.take() {
                announced += usize::from(lane.done(message.len()));
            }
            assert_eq!(announced, 1, "length {len}");
            assert!(lane.is_idle());
        }
    }

    #[test]
    fn nothing_is_announced_without_a_refusal() {
        let mut lane = Lane::new(1000);
        assert!(lane.admits(10));
        lane.push(Bytes::from_static(&[0; 10]));
        let message = lane.take().unwrap();
        assert!(!lane.is_idle(), "a message under way still keeps its place");
        assert!(!lane.done(message.len()));
    }

    #[test]
    fn tiny_messages_are_bounded_too() {
        let mut lane = Lane::new(1000);
        let mut taken = 0;
        while lane.admits(0) {
            lane.push(Bytes::new());
            taken += 1;
        }
        assert!(taken <= 1000 / OVERHEAD);
    }
}
