//! What the tests share: keys from a seed, transports on loopback, bounded waits.
#![allow(dead_code, reason = "every test file uses its own part")]
#![allow(
    unreachable_pub,
    reason = "shared between test files, part of no library"
)]
#![allow(
    clippy::wildcard_enum_match_arm,
    reason = "a test picks the events it is about"
)]
#![allow(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

pub mod raw;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use ed25519_dalek::{Signer, SigningKey};
use tom_quinn::{Config, Event, Events, LinkId, LinkKeys, PeerId, SendOutcome, Transport};

/// Keys that follow from one byte.
pub struct TestKeys(SigningKey);

impl TestKeys {
    pub fn new(seed: u8) -> Self {
        Self(SigningKey::from_bytes(&[seed; 32]))
    }
}

impl LinkKeys for TestKeys {
    fn public(&self) -> [u8; 32] {
        self.0.verifying_key().to_bytes()
    }

    fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.0.sign(message).to_bytes()
    }
}

pub fn identity(seed: u8) -> PeerId {
    TestKeys::new(seed).public()
}

pub fn loopback(port: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], port))
}

pub struct Side {
    pub transport: Transport,
    pub events: Events,
    pub identity: PeerId,
}

impl Side {
    pub fn new(seed: u8, config: Config) -> Self {
        Self::at(seed, loopback(0), config)
    }

    pub fn at(seed: u8, addr: SocketAddr, config: Config) -> Self {
        let keys = Arc::new(TestKeys::new(seed));
        let (transport, events) = Transport::bind(addr, keys, config).unwrap();
        Self {
            transport,
            events,
            identity: identity(seed),
        }
    }

    pub fn addr(&self) -> SocketAddr {
        self.transport.local_addr()
    }

    pub fn dial(&self, other: &Self) {
        self.transport
            .dial(other.identity, vec![other.addr()])
            .unwrap();
    }

    /// The next event, within ten seconds.
    pub async fn next(&mut self) -> Event {
        let mut one = Vec::new();
        let wait = self.events.recv_many(&mut one, 1);
        let count = tokio::time::timeout(Duration::from_secs(10), wait)
            .await
            .expect("an event within ten seconds");
        assert_eq!(count, 1, "the transport must not end");
        one.remove(0)
    }

    /// The next event that `pick` knows, within ten seconds each; others are skipped.
    pub async fn until<T>(&mut self, mut pick: impl FnMut(Event) -> Option<T>) -> T {
        loop {
            if let Some(found) = pick(self.next().await) {
                return found;
            }
        }
    }

    pub async fn up(&mut self) -> Up {
        self.until(Up::of).await
    }

    pub async fn received(&mut self) -> Vec<u8> {
        self.until(|event| match event {
            Event::Received { bytes, .. } => Some(bytes.to_vec()),
            _ => None,
        })
        .await
    }

    pub async fn down(&mut self) -> (LinkId, tom_quinn::DownReason) {
        self.until(|event| match event {
            Event::Down { link, reason } => Some((link, reason)),
            _ => None,
        })
        .await
    }

    /// That no event of the kind `pick` knows comes for `time`.
    pub async fn never(&mut self, time: Duration, pick: impl Fn(&Event) -> bool) {
        let end = tokio::time::Instant::now() + time;
        let mut one = Vec::new();
        while let Ok(count) = tokio::time::timeout_at(end, self.events.recv_many(&mut one, 1)).await
        {
            assert_eq!(count, 1, "the transport must not end");
            let event = one.remove(0);
            assert!(!pick(&event), "unexpected {event:?}");
        }
    }
}

#[derive(Clone, Copy, Debug)]
pub struct Up {
    pub link: LinkId,
    pub peer: PeerId,
    pub mtu: u32,
    pub dialed: bool,
    pub remote: SocketAddr,
}

impl Up {
    pub fn of(event: Event) -> Option<Self> {
        match event {
            Event::Up {
                link,
                peer,
                mtu,
                dialed,
                remote,
            } => Some(Self {
                link,
                peer,
                mtu,
                dialed,
                remote,
            }),
            _ => None,
        }
    }
}

/// Two sides, and the link between them as each sees it.
pub async fn pair(config: Config) -> (Side, LinkId, Side, LinkId) {
    let mut a = Side::new(1, config.clone());
    let mut b = Side::new(2, config);
    a.dial(&b);
    let at_a = a.up().await;
    let at_b = b.up().await;
    assert_eq!(at_a.peer, b.identity);
    assert_eq!(at_b.peer, a.identity);
    (a, at_a.link, b, at_b.link)
}

/// A message of `len` bytes that says which one it is.
pub fn numbered(number: u32, len: usize) -> Vec<u8> {
    let mut bytes: Vec<u8> = (0..len)
        .map(|at| (at as u32).wrapping_mul(31).wrapping_add(number) as u8)
        .collect();
    bytes[..4].copy_from_slice(&number.to_le_bytes());
    bytes
}

pub fn number(bytes: &[u8]) -> u32 {
    u32::from_le_bytes(bytes[..4].try_into().unwrap())
}

pub fn queued(outcome: SendOutcome) {
    assert_eq!(outcome, SendOutcome::Queued);
}
