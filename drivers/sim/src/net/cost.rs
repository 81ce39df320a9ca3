//! What carrying packets costs: bytes around them, the packets of a dial, time to compute.
//!
//! QUIC's sizes were measured with `tom-quinn` 0.1 (quinn 0.11, rustls 0.23, raw public keys) over
//! loopback with 50 ms each way, every UDP packet written down between the two ends:
//! `cargo test -p tom-quinn --test weight -- --ignored --nocapture`. Noise's are those of the
//! specification's chapter on the Noise link.

use crate::scenario::model::{Size, Transport};
use crate::time::Span;

/// Bytes of an IPv4 and a UDP header: 20 + 8.
pub const IP_UDP: u32 = 28;

/// How many bytes more an IPv6 header has.
pub const IPV6_MORE: u32 = 20;

/// A dial that is not through by then has failed: `dial_timeout` of `tom-quinn`'s defaults.
pub const DIAL_TIMEOUT: Span = Span::from_secs(10);

/// A link that hears nothing for this long is down: `idle_timeout` of `tom-quinn`'s defaults.
pub const IDLE_TIMEOUT: Span = Span::from_secs(15);

/// A Noise end whose datagrams went unanswered for this long has a link that is down (NLK-22). One
/// that sends nothing never is.
pub const NOISE_DEAD: Span = Span::from_secs(60);

/// A Noise end that received a datagram and sent nothing for this long sends an empty one (NLK-22);
/// that is all that keeps such a link alive.
pub const NOISE_OWES: Span = Span::from_secs(10);

/// Bytes of a QUIC packet without payload that acknowledges others, headers included; measured as
/// 31 to 35 of UDP payload. One comes for every second datagram, or 25 ms after a single one.
pub const QUIC_ACK: u32 = IP_UDP + 32;

/// Bytes around the data of a stream in each QUIC packet, headers excluded: 8,000 bytes took 8,186
/// in six packets.
pub const QUIC_STREAM: u32 = 31;

/// The largest QUIC packet, without IP and UDP headers, once the path was probed: `mtu_ceiling` of
/// `tom-quinn`'s defaults.
pub const QUIC_LARGEST: u32 = 1_452;

/// What either end of a fresh QUIC link sends to find out how large packets may be, headers
/// included: 1326, 1389, 1420 and 1452 of UDP payload, one per round trip, each acknowledged.
pub const QUIC_PROBES: [u32; 4] = [
    IP_UDP + 1_326,
    IP_UDP + 1_389,
    IP_UDP + 1_420,
    IP_UDP + 1_452,
];

/// How an idle link is kept alive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeepAlive {
    /// After so long without a packet either end sends one.
    pub every: Span,
    /// Its bytes, headers included.
    pub ask: u32,
    /// Those of the answer.
    pub answer: u32,
}

/// The packets of one dial, in turns: the dialler's first, then the other end's, and so on; bytes
/// with headers. Links without a handshake have none.
///
/// The dialler's end is up when it has the second turn, one round trip after it began; the other end
/// when it has the third, or for Noise the first datagram.
#[must_use]
pub const fn flights(transport: Transport) -> &'static [&'static [u32]] {
    match transport {
        Transport::Quic => &[
            &[IP_UDP + 1_200],
            &[IP_UDP + 1_200, IP_UDP + 138],
            &[IP_UDP + 1_200, IP_UDP + 138],
        ],
        // INIT, RESP, and the empty DATA that confirms (NLK-12).
        Transport::Noise => &[&[IP_UDP + 117], &[IP_UDP + 65], &[IP_UDP + 25]],
        Transport::Cable | Transport::Radio => &[],
    }
}

/// How long after the first time the packets of a turn are sent for the `n`th time again, `n` from
/// 1; `None` when the dial has failed by then.
///
/// 1, 3 and 7 s: QUIC's first timeout is three times 333 ms (RFC 9002, 6.2.2) and doubles; Noise's
/// is 1 s and doubles (NLK-19, its random eighth left out).
#[must_use]
pub const fn retry(n: u32) -> Option<Span> {
    if n == 0 || n > 32 {
        return None;
    }
    let after = Span::from_secs((1 << n) - 1);
    if after.0 < DIAL_TIMEOUT.0 {
        Some(after)
    } else {
        None
    }
}

/// How an idle link is kept alive; `None`: it is not, and does not go down for being idle.
///
/// QUIC: `keep_alive` of `tom-quinn`'s defaults, 36 bytes asked and 33 answered.
#[must_use]
pub const fn keep_alive(transport: Transport) -> Option<KeepAlive> {
    match transport {
        Transport::Quic => Some(KeepAlive {
            every: Span::from_secs(5),
            ask: IP_UDP + 36,
            answer: IP_UDP + 33,
        }),
        Transport::Noise | Transport::Cable | Transport::Radio => None,
    }
}

/// Bytes around each datagram, headers included.
///
/// QUIC: 29, namely type 1, connection id 8, packet number 1, frame 3, tag 16. Noise: 25. A cable
/// and a radio frame packets themselves: a radio's preamble and header are in its airtime, a cable's
/// framing is left out.
#[must_use]
pub const fn overhead(transport: Transport) -> u32 {
    match transport {
        Transport::Quic => IP_UDP + 29,
        Transport::Noise => IP_UDP + 25,
        Transport::Cable | Transport::Radio => 0,
    }
}

/// Bytes on the wire of a datagram with so many bytes in it.
#[must_use]
pub const fn packet(transport: Transport, datagram: u32) -> u32 {
    datagram.saturating_add(overhead(transport))
}

/// The longest datagram that goes in one packet where paths carry packets of so many bytes.
#[must_use]
pub const fn longest(transport: Transport, mtu: u32) -> u32 {
    let most = match transport {
        Transport::Quic => IP_UDP + QUIC_LARGEST,
        Transport::Noise | Transport::Cable => u32::MAX,
        Transport::Radio => super::radio::LONGEST,
    };
    let whole = if mtu < most { mtu } else { most };
    whole.saturating_sub(overhead(transport))
}

/// Packets and their bytes with headers of a message that goes as a QUIC stream over paths of so
/// many bytes per packet: acknowledgements not counted.
#[must_use]
pub const fn stream(len: u32, mtu: u32) -> (u32, u64) {
    let most = if mtu < IP_UDP + QUIC_LARGEST {
        mtu
    } else {
        IP_UDP + QUIC_LARGEST
    };
    let each = most.saturating_sub(IP_UDP + QUIC_STREAM);
    let packets = if each == 0 || len == 0 {
        1
    } else {
        len.div_ceil(each)
    };
    (
        packets,
        len as u64 + packets as u64 * (IP_UDP + QUIC_STREAM) as u64,
    )
}

/// What one handshake takes to compute on either end.
///
/// On one core of a server's processor (AMD EPYC, portable builds) an X25519 key takes 10.4 us, an
/// agreement 34.5, an Ed25519 signature 12.6 and its check 31.2. QUIC: a key, an agreement, a
/// signature, a check, and 11 us for the rest, a guess. Noise IK: a key and four agreements. How much
/// slower the other devices are is a guess too: a phone's core three times, a microcontroller at 160
/// MHz three hundred times (1.7 million cycles per agreement; the best published for a Cortex-M4 is
/// 0.63 million: Haase and Labrique 2019).
#[must_use]
pub const fn handshake_cpu(transport: Transport, size: Size) -> Span {
    let server = match transport {
        Transport::Quic => 100_000,
        Transport::Noise => 148_400,
        Transport::Cable | Transport::Radio => 0,
    };
    let times = match size {
        Size::Server | Size::Desktop | Size::SimFull => 1,
        Size::Phone | Size::SimLight => 3,
        Size::Mcu | Size::Starved => 300,
    };
    Span(server * times)
}

#[cfg(test)]
#[path = "cost_test.rs"]
mod tests;
