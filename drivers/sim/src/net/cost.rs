//! What carrying packets costs: bytes around them, packets of a dial, time to compute.

use crate::scenario::model::{Size, Transport};
use crate::time::Span;

/// Bytes of an IPv4 and a UDP header: 20 + 8. With IPv6 they are 48.
pub const IP_UDP: u32 = 28;

/// The first wait before a handshake's packet is sent again; each later one is twice as long.
/// QUIC's initial timeout (RFC 9002, 6.2.2: three times 333 ms).
pub const RETRY: Span = Span::from_secs(1);

/// A dial that is not through by then has failed (`tom-quinn`'s default).
pub const DIAL_TIMEOUT: Span = Span::from_secs(10);

/// How often an idle link is kept alive (`tom-quinn`'s default).
pub const KEEP_ALIVE: Span = Span::from_secs(5);

/// A link that hears nothing for this long is down (`tom-quinn`'s default).
pub const IDLE_TIMEOUT: Span = Span::from_secs(15);

/// The packets of one dial, in turns: the dialler's first, then the other's, and so on. Sizes include
/// [`IP_UDP`].
#[must_use]
pub const fn flights(transport: Transport) -> &'static [&'static [u32]] {
    match transport {
        Transport::Quic => &[
            &[IP_UDP + 1_200],
            &[IP_UDP + 1_200, IP_UDP + 300],
            &[IP_UDP + 1_200],
        ],
        Transport::Noise => &[&[IP_UDP + 117], &[IP_UDP + 65]],
        Transport::Cable | Transport::Radio => &[],
    }
}

/// Bytes on the wire of a datagram with so many bytes of payload, all headers included.
#[must_use]
pub const fn packet(transport: Transport, payload: u32) -> u32 {
    payload + overhead(transport)
}

/// Bytes around each datagram.
#[must_use]
pub const fn overhead(transport: Transport) -> u32 {
    match transport {
        Transport::Quic => IP_UDP + 30,
        Transport::Noise => IP_UDP + 24,
        Transport::Cable | Transport::Radio => 0,
    }
}

/// What one handshake takes to compute on either side.
#[must_use]
pub const fn handshake_cpu(transport: Transport, size: Size) -> Span {
    let _ = (transport, size);
    Span::ZERO
}
