//! The wait between redials: doubling, bounded, spread by a seed.

use std::time::Duration;

use crate::keys::PeerId;

/// The schedule of one kept peer.
#[derive(Clone, Debug)]
pub(crate) struct Backoff {
    first: Duration,
    max: Duration,
    due: Duration,
    random: u64,
}

impl Backoff {
    /// The peer's key enters the seed, so that one node's peers are not redialled in step.
    pub(crate) fn new(first: Duration, max: Duration, seed: u64, peer: &PeerId) -> Self {
        let random = peer.chunks(8).fold(seed, |random, chunk| {
            let mut word = [0; 8];
            for (to, from) in word.iter_mut().zip(chunk) {
                *to = *from;
            }
            mix(random ^ u64::from_le_bytes(word))
        });
        let first = first.max(Duration::from_millis(1));
        Self {
            first,
            max: max.max(first),
            due: first,
            random,
        }
    }

    /// The full length of the next wait, before jitter.
    pub(crate) fn due(&self) -> Duration {
        self.due
    }

    /// The next wait, three quarters to the whole of what is due; the one after is twice as long.
    pub(crate) fn next(&mut self) -> Duration {
        let due = self.due;
        self.due = due.saturating_mul(2).min(self.max);
        self.random = mix(self.random);
        let quarter = due / 4;
        let nanos = u64::try_from(quarter.as_nanos()).unwrap_or(u64::MAX);
        due - Duration::from_nanos(self.random % nanos.max(1))
    }

    /// Starts over with the shortest wait.
    pub(crate) fn reset(&mut self) {
        self.due = self.first;
    }
}

/// SplitMix64: enough to spread redials, no secret depends on it.
fn mix(word: u64) -> u64 {
    let word = word.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schedule(seed: u64, peer: &PeerId) -> Vec<Duration> {
        let (first, max) = (Duration::from_millis(200), Duration::from_secs(30));
        let mut backoff = Backoff::new(first, max, seed, peer);
        (0..12).map(|_| backoff.next()).collect()
    }

    #[test]
    fn waits_double_up_to_the_bound_within_their_jitter() {
        let mut due = Duration::from_millis(200);
        for wait in schedule(1, &[7; 32]) {
            assert!(wait <= due && wait >= due * 3 / 4, "{wait:?} of {due:?}");
            due = (due * 2).min(Duration::from_secs(30));
        }
        assert_eq!(due, Duration::from_secs(30));
    }

    #[test]
    fn the_schedule_follows_from_seed_and_peer_alone() {
        assert_eq!(schedule(1, &[7; 32]), schedule(1, &[7; 32]));
        assert_ne!(schedule(1, &[7; 32]), schedule(2, &[7; 32]));
        assert_ne!(schedule(1, &[7; 32]), schedule(1, &[8; 32]));
    }

    #[test]
    fn extreme_settings_stay_in_bounds() {
        let mut backoff = Backoff::new(Duration::ZERO, Duration::ZERO, 0, &[0; 32]);
        assert!(backoff.next() <= Duration::from_millis(1));
        let mut backoff = Backoff::new(Duration::MAX, Duration::MAX, 0, &[0; 32]);
        assert!(backoff.next() >= Duration::MAX / 2 && backoff.next() <= Duration::MAX);
    }
}
