//! Counters of a transport and of its links.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Counters of one live link, since it came up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LinkStats {
    /// Messages taken to be sent as datagrams.
    pub datagrams_sent: u64,
    /// Messages taken to be sent as streams.
    pub streams_sent: u64,
    /// Bytes of all messages taken to be sent.
    pub bytes_sent: u64,
    /// Messages handed to the engine that came as datagrams.
    pub datagrams_received: u64,
    /// Datagrams that arrived, including those unread or discarded because the engine was slow.
    pub datagrams_arrived: u64,
    /// Messages handed to the engine that came as streams.
    pub streams_received: u64,
    /// Bytes of all messages handed to the engine.
    pub bytes_received: u64,
    /// Sends that were answered with `Blocked`.
    pub blocked: u64,
    /// UDP payload bytes sent, with all of QUIC's overhead.
    pub udp_bytes_sent: u64,
    /// UDP payload bytes received, with all of QUIC's overhead.
    pub udp_bytes_received: u64,
    /// UDP packets sent.
    pub udp_packets_sent: u64,
    /// UDP packets received.
    pub udp_packets_received: u64,
    /// Sent packets the peer did not acknowledge in time.
    pub packets_lost: u64,
    /// The smoothed round trip time.
    pub rtt: Duration,
    /// The congestion window in bytes.
    pub congestion_window: u64,
    /// Packet size of the path, in bytes of UDP payload.
    pub path_mtu: u16,
}

/// Counters of one transport, since it was bound.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TransportStats {
    /// Live links now.
    pub links: usize,
    /// Links that came up by a peer's dial.
    pub accepted: u64,
    /// Links that came up by a dial from here.
    pub dialed: u64,
    /// Incoming handshakes that failed: wrong protocol, refused key, lost packets.
    pub handshakes_failed: u64,
    /// Incoming handshakes and links turned away because a bound was reached.
    pub turned_away: u64,
    /// Incoming handshakes that had to prove their address first, because many were under way.
    pub retried: u64,
    /// Dials that failed.
    pub dials_failed: u64,
}

/// A counter shared by tasks; it orders nothing.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn add(&self, n: u64) {
        self.0.fetch_add(n, Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}
