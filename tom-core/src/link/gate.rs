//! What is checked before a packet may cost a key agreement. Spec NLK-5 to NLK-10, NLK-23.
//!
//! For nothing but its form: every packet. For one hash: the first MAC, which only somebody who
//! knows whom it talks to can make. Beyond a budget of handshakes the gate answers COOKIE alone, and
//! lets through who comes back with the cookie (its address is real) and a stamp (it worked).

use core::marker::PhantomData;

use subtle::ConstantTimeEq;

use super::packet::{COOKIE_LEN, INIT, INIT_LEN, MAC_LEN, Mac1, Packet, RESP_LEN, cookie};
use super::reject::Reject;
use super::rules::{COOKIE_SECRET_LIFE, DIFFICULTY_MAX, DIFFICULTY_SLACK};
use super::stamp;
use crate::crypto::{Key, Suite, Tom1};
use crate::entropy::{Drbg, Seed};
use crate::identity::XPublic;
use crate::time::{Instant, Span};

/// How many validated handshakes are remembered, to let each through once.
const RECENT: usize = 32;

/// How many handshakes a node reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GateConfig {
    /// Handshakes read in one go before cookies are asked for.
    pub burst: u16,
    /// Handshakes read per second in the long run; each costs four key agreements.
    pub per_second: u16,
}

impl GateConfig {
    /// For a computer: 32 at once, 32 per second, about 2 % of one core.
    pub const COMPUTER: Self = Self {
        burst: 32,
        per_second: 32,
    };
    /// For a microcontroller: 4 at once, one per second.
    pub const MCU: Self = Self {
        burst: 4,
        per_second: 1,
    };
}

/// Tokens that come back with time.
#[derive(Debug)]
struct Bucket {
    /// Thousandths of a token.
    milli: u64,
}

impl Bucket {
    fn refill(&mut self, config: GateConfig, elapsed: Span) {
        let more = elapsed
            .as_millis()
            .saturating_mul(u64::from(config.per_second));
        self.milli = self
            .milli
            .saturating_add(more)
            .min(u64::from(config.burst) * 1_000);
    }

    fn take(&mut self) -> bool {
        match self.milli.checked_sub(1_000) {
            Some(rest) => {
                self.milli = rest;
                true
            }
            None => false,
        }
    }
}

/// The front door of a node's Noise links.
#[derive(Debug)]
pub struct Gate<C: Suite = Tom1> {
    config: GateConfig,
    drbg: Drbg,
    mac_key: Key,
    now: Instant,
    secret: Key,
    secret_before: Key,
    secret_since: Instant,
    /// Handshakes from addresses nobody vouched for.
    open: Bucket,
    /// Handshakes with cookie and stamp: a flood of the others does not touch their budget.
    validated: Bucket,
    difficulty: u8,
    /// Whether `validated` ran out since the difficulty was last looked at.
    starved: bool,
    stepped: Instant,
    recent: [Option<Mac1>; RECENT],
    recent_at: usize,
    suite: PhantomData<C>,
}

/// What becomes of a packet.
#[derive(Debug)]
#[must_use]
pub enum Admit<'b> {
    /// It may go on to its link: [`NoiseLink::handle`](super::NoiseLink::handle).
    Pass(Admitted<'b>),
    /// Send this COOKIE back to where the packet came from; it is shorter than the packet (NLK-23).
    Reply([u8; COOKIE_LEN]),
    /// It is not used.
    Drop(Reject),
}

/// A packet that passed the gate.
#[derive(Debug)]
pub struct Admitted<'b> {
    pub(super) packet: Packet,
    pub(super) bytes: &'b mut [u8],
}

impl Admitted<'_> {
    /// The clear parts, by which a driver with many links finds the one meant.
    #[must_use]
    pub const fn packet(&self) -> &Packet {
        &self.packet
    }
}

/// The key of the first MAC towards the end whose X25519 key is `receiver`. Spec NLK-5.
pub(super) fn mac_key<C: Suite>(receiver: &XPublic) -> Key {
    Key::new(C::sha256(&[b"tom-mac1", &receiver.0]))
}

/// The first MAC over `parts`. Spec NLK-5.
pub(super) fn mac1<C: Suite>(key: &Key, parts: &[&[u8]]) -> Mac1 {
    let mac = C::hmac(key.as_bytes(), parts);
    Mac1(mac.first_chunk().copied().unwrap_or_default())
}

impl<C: Suite> Gate<C> {
    /// The door of the node whose X25519 key is `own`. The seed's label is "link-gate".
    #[must_use]
    pub fn new(own: &XPublic, config: GateConfig, seed: &Seed, now: Instant) -> Self {
        let mut drbg = Drbg::new(seed, "link-gate");
        let full = || Bucket {
            milli: u64::from(config.burst) * 1_000,
        };
        Self {
            config,
            mac_key: mac_key::<C>(own),
            now,
            secret: Key::new(drbg.array()),
            secret_before: Key::new(drbg.array()),
            secret_since: now,
            drbg,
            open: full(),
            validated: full(),
            difficulty: 0,
            starved: false,
            stepped: now,
            recent: [None; RECENT],
            recent_at: 0,
            suite: PhantomData,
        }
    }

    /// Checks a packet from `source`, the sender's address as the driver knows it: any bytes that
    /// are the same for each packet of one sender, empty on a medium with only one.
    pub fn admit<'b>(&mut self, now: Instant, source: &[u8], bytes: &'b mut [u8]) -> Admit<'b> {
        let packet = match Packet::parse(bytes) {
            Ok(packet) => packet,
            Err(reject) => return Admit::Drop(reject),
        };
        let verdict = match &packet {
            Packet::Data { .. } | Packet::Cookie { .. } => Ok(None),
            Packet::Resp { mac1, .. } => self.check_mac(bytes, RESP_LEN, *mac1).map(|()| None),
            Packet::Init { mac1, .. } => self
                .check_mac(bytes, INIT_LEN, *mac1)
                .and_then(|()| self.first(now, source, &packet)),
            Packet::Init2 {
                mac1,
                cookie,
                stamp,
                ..
            } => self
                .check_mac(bytes, INIT_LEN, *mac1)
                .and_then(|()| self.second(now, source, &packet, *mac1, cookie, stamp)),
        };
        match verdict {
            Ok(None) => Admit::Pass(Admitted { packet, bytes }),
            Ok(Some(reply)) => Admit::Reply(reply),
            Err(reject) => Admit::Drop(reject),
        }
    }

    /// NLK-5, NLK-6: one hash, and a forged packet is gone. `whole` is the length with the MAC of an
    /// INIT or RESP; what an INIT2 has behind is not covered.
    fn check_mac(&self, bytes: &[u8], whole: usize, mac: Mac1) -> Result<(), Reject> {
        let covered = bytes.get(1..whole - MAC_LEN).ok_or(Reject::BadLength)?;
        // The INIT inside an INIT2 keeps the MAC it was first sent with.
        let first = if whole == INIT_LEN {
            INIT
        } else {
            super::packet::RESP
        };
        // The key is public, so comparing in constant time would protect nothing.
        if mac1::<C>(&self.mac_key, &[&[first], covered]) == mac {
            Ok(())
        } else {
            Err(Reject::BadMac)
        }
    }

    /// NLK-7: an INIT passes while the budget lasts, then gets a COOKIE.
    fn first(
        &mut self,
        now: Instant,
        source: &[u8],
        packet: &Packet,
    ) -> Result<Option<[u8; COOKIE_LEN]>, Reject> {
        self.pass_time(now);
        if self.open.take() {
            return Ok(None);
        }
        Ok(self.reply(source, packet))
    }

    /// NLK-7, NLK-10: an INIT2 passes when it shows cookie and stamp, once, or while there is no load.
    fn second(
        &mut self,
        now: Instant,
        source: &[u8],
        packet: &Packet,
        mac1: Mac1,
        cookie: &[u8; 16],
        shown: &[u8; 8],
    ) -> Result<Option<[u8; COOKIE_LEN]>, Reject> {
        self.pass_time(now);
        if !self.is_cookie(source, cookie) {
            return self.first(now, source, packet);
        }
        let bits = stamp::bits::<C>(cookie, mac1, shown);
        if bits.saturating_add(DIFFICULTY_SLACK) < self.difficulty {
            return Ok(self.reply(source, packet));
        }
        if self.recent.contains(&Some(mac1)) {
            return Err(Reject::Repeated);
        }
        if !self.validated.take() {
            self.starved = true;
            return Err(Reject::Overloaded);
        }
        if let Some(place) = self.recent.get_mut(self.recent_at) {
            *place = Some(mac1);
            self.recent_at = (self.recent_at + 1) % RECENT;
        }
        Ok(None)
    }

    fn reply(&self, source: &[u8], packet: &Packet) -> Option<[u8; COOKIE_LEN]> {
        match packet {
            Packet::Init { from, .. } | Packet::Init2 { from, .. } => {
                let value = Self::cookie_of(&self.secret, source);
                Some(cookie(*from, &value, self.difficulty))
            }
            Packet::Resp { .. } | Packet::Data { .. } | Packet::Cookie { .. } => None,
        }
    }

    /// NLK-8.
    fn cookie_of(secret: &Key, source: &[u8]) -> [u8; 16] {
        let mac = C::hmac(secret.as_bytes(), &[source]);
        mac.first_chunk().copied().unwrap_or_default()
    }

    fn is_cookie(&self, source: &[u8], shown: &[u8; 16]) -> bool {
        let now = Self::cookie_of(&self.secret, source).ct_eq(shown);
        let before = Self::cookie_of(&self.secret_before, source).ct_eq(shown);
        (now | before).into()
    }

    fn pass_time(&mut self, now: Instant) {
        if now <= self.now {
            return;
        }
        let elapsed = now.since(self.now);
        self.now = now;
        self.open.refill(self.config, elapsed);
        self.validated.refill(self.config, elapsed);

        let age = now.since(self.secret_since);
        if age >= COOKIE_SECRET_LIFE {
            // After a long pause the secret before is as old as the pause: nobody may use it.
            let fresh = Key::new(self.drbg.array());
            self.secret_before = if age >= COOKIE_SECRET_LIFE.times(2) {
                Key::new(self.drbg.array())
            } else {
                self.secret.clone()
            };
            self.secret = fresh;
            self.secret_since = now;
        }

        // The price follows demand: up while even those who pay are too many, down afterwards.
        let seconds = now.since(self.stepped).as_secs();
        if seconds > 0 {
            let down = u8::try_from(seconds).unwrap_or(u8::MAX);
            self.difficulty = if self.starved {
                (self.difficulty + 2).min(DIFFICULTY_MAX)
            } else {
                self.difficulty.saturating_sub(down)
            };
            self.starved = false;
            self.stepped = now;
        }
    }
}

#[cfg(test)]
mod tests;
