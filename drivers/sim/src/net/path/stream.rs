//! Messages that go as a QUIC stream: in several packets, each sent again until it is there.

use crate::draw::{Purpose, draw, mix};
use crate::net::cost::{self, IDLE_TIMEOUT};
use crate::net::jitter::jittered;
use crate::net::{Why, disorder::Damage};
use crate::time::{Span, Time};

use super::{Arrival, Flight, Path};

/// How long an end waits for an acknowledgement beyond the round trip before it sends again:
/// QUIC's `max_ack_delay` (RFC 9000, 18.2).
const ACK_DELAY: Span = Span::from_millis(25);

impl Path {
    /// A message of so many bytes leaves now as a stream: it arrives whole, late by as many attempts
    /// as its unluckiest packet needs, or not at all when the link would have gone down before.
    ///
    /// The n-th attempt of a packet follows after 1.5 round trips and 25 ms, then twice that, and so
    /// on. Windows, acknowledgements and the order of streams among each other are left out.
    pub fn fly_surely(&mut self, src: u32, dst: u32, sequence: u64, now: Time, len: u32) -> Flight {
        let (packets, bytes) = cost::stream(len, self.mtu);
        let each = bytes.div_ceil(u64::from(packets)) as u32;
        let mut last = now;
        for packet in 0..packets {
            match self.attempts(src, dst, mix(sequence) ^ u64::from(packet) << 8, now, each) {
                Ok(at) => last = last.max(at),
                Err(why) => {
                    self.counts.add(why);
                    return Flight {
                        arrivals: [None, None],
                        lost: Some(why),
                    };
                }
            }
        }
        let whole = Arrival {
            at: last,
            damage: Damage::None,
        };
        Flight {
            arrivals: [Some(whole), None],
            lost: None,
        }
    }

    /// When one packet of a stream is there.
    fn attempts(
        &mut self,
        src: u32,
        dst: u32,
        drawn_as: u64,
        now: Time,
        bytes: u32,
    ) -> Result<Time, Why> {
        let base = self.distances.one_way(src, dst);
        let round = base.0.saturating_add(self.distances.one_way(dst, src).0);
        let mut wait = Span((round.saturating_mul(3) / 2).saturating_add(ACK_DELAY.0));
        let mut at = now;
        for attempt in 0..64 {
            let drawn_as = drawn_as ^ attempt;
            let missed = match self.leave(src, dst, drawn_as, at, bytes) {
                Ok(sent) => {
                    let drawn = draw(self.seed, src, dst, drawn_as, Purpose::Jitter);
                    return Ok(sent.plus(jittered(self.jitter, base, drawn)));
                }
                Err(Why::Queue) => return Err(Why::Queue),
                Err(why) => why,
            };
            at = at.plus(wait);
            wait = Span(wait.0.saturating_mul(2));
            if at.since(now) >= IDLE_TIMEOUT {
                return Err(missed);
            }
        }
        Err(Why::Loss)
    }
}

#[cfg(test)]
#[path = "stream_test.rs"]
mod tests;
