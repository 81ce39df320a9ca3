//! What stands between a node and the network: address translation in the terms of RFC 4787, as a
//! function of addresses and time.

use crate::draw::mix;
use crate::scenario::model::Nat;
use crate::time::{Span, Time};

/// A mapping nobody sent through for this long is gone. RFC 4787 (REQ-5) asks for two minutes at
/// least; many home routers forget after 30 s, and a protocol must live with those.
pub const TIMEOUT: Span = Span::from_secs(30);

/// Mappings of one NAT at most; the one unused for longest makes room.
pub const TABLE: usize = 256;

/// An IPv4 address and a UDP port.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Endpoint {
    /// The address.
    pub ip: u32,
    /// The port.
    pub port: u16,
}

/// One box that translates addresses.
#[derive(Clone, Debug)]
struct Translator {
    kind: Kind,
    ip: u32,
    timeout: Span,
    hairpin: bool,
    /// One entry per inner endpoint and remote one; those of a cone share the outer port.
    table: Vec<Entry>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    FullCone,
    Restricted,
    PortRestricted,
    Symmetric,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    inner: Endpoint,
    remote: Endpoint,
    port: u16,
    used: Time,
}

/// All that stands between one node and the network: nothing, one translator, two in a row, or a
/// wall.
#[derive(Clone, Debug)]
pub struct Gate {
    kind: Nat,
    /// From the node outwards.
    chain: Vec<Translator>,
}

impl Gate {
    /// A gate whose outermost address is `ip`. Of two translators in a row the inner one has the
    /// address `ip ^ 2^31`, which nobody outside may have.
    ///
    /// With `hairpin`, what is sent to the gate's own address comes back in; never through two.
    #[must_use]
    pub fn new(kind: Nat, ip: u32, timeout: Span, hairpin: bool) -> Self {
        let make = |kind, ip, hairpin| Translator {
            kind,
            ip,
            timeout,
            hairpin,
            table: Vec::new(),
        };
        let chain = match kind {
            Nat::None | Nat::Blocked => Vec::new(),
            Nat::FullCone => vec![make(Kind::FullCone, ip, hairpin)],
            Nat::Restricted => vec![make(Kind::Restricted, ip, hairpin)],
            Nat::PortRestricted => vec![make(Kind::PortRestricted, ip, hairpin)],
            Nat::Symmetric => vec![make(Kind::Symmetric, ip, hairpin)],
            Nat::Cgnat => vec![
                make(Kind::PortRestricted, ip ^ 1 << 31, false),
                make(Kind::Symmetric, ip, false),
            ],
        };
        Self { kind, chain }
    }

    /// Sends from `inner` to `to`: the endpoint the receiver sees, or `None` if it does not get out.
    pub fn outbound(&mut self, now: Time, inner: Endpoint, to: Endpoint) -> Option<Endpoint> {
        if self.kind == Nat::Blocked {
            return None;
        }
        self.chain
            .iter_mut()
            .try_fold(inner, |inner, step| step.outbound(now, inner, to))
    }

    /// A packet from `from` comes to `to` at the gate's outermost address: the node's own endpoint
    /// that gets it, or `None` if it is not let in. Without a translator that is `to`.
    #[must_use]
    pub fn inbound(&self, now: Time, from: Endpoint, to: Endpoint) -> Option<Endpoint> {
        if self.kind == Nat::Blocked {
            return None;
        }
        let step = |to: Endpoint, step: &Translator| step.inbound(now, from, to.port);
        self.chain.iter().rev().try_fold(to, step)
    }
}

impl Translator {
    fn outbound(&mut self, now: Time, inner: Endpoint, remote: Endpoint) -> Option<Endpoint> {
        if remote.ip == self.ip && !self.hairpin {
            return None;
        }
        let timeout = self.timeout;
        self.table.retain(|entry| now.since(entry.used) < timeout);
        let same = |entry: &&mut Entry| entry.inner == inner && entry.remote == remote;
        let port = if let Some(entry) = self.table.iter_mut().find(same) {
            entry.used = now;
            entry.port
        } else {
            let port = self.port(inner, remote);
            self.make_room();
            self.table.push(Entry {
                inner,
                remote,
                port,
                used: now,
            });
            port
        };
        Some(Endpoint { ip: self.ip, port })
    }

    fn inbound(&self, now: Time, from: Endpoint, port: u16) -> Option<Endpoint> {
        let live = |entry: &&Entry| entry.port == port && now.since(entry.used) < self.timeout;
        let lets = |entry: &&Entry| match self.kind {
            Kind::FullCone => true,
            Kind::Restricted => entry.remote.ip == from.ip,
            Kind::PortRestricted | Kind::Symmetric => entry.remote == from,
        };
        self.table
            .iter()
            .filter(live)
            .find(lets)
            .map(|entry| entry.inner)
    }

    /// The port a new entry gets: a cone's old one, or the first free one from where the addresses
    /// point; a cone prefers the inner port.
    fn port(&self, inner: Endpoint, remote: Endpoint) -> u16 {
        let ends = mix(u64::from(self.ip) << 32 | u64::from(remote.ip));
        let drawn = mix(ends
            ^ u64::from(inner.ip) << 32
            ^ u64::from(inner.port) << 16
            ^ u64::from(remote.port));
        let first = match self.kind {
            Kind::Symmetric => drawn as u16,
            Kind::FullCone | Kind::Restricted | Kind::PortRestricted => {
                if let Some(entry) = self.table.iter().find(|entry| entry.inner == inner) {
                    return entry.port;
                }
                inner.port
            }
        };
        let taken = |port| self.table.iter().any(|entry| entry.port == port);
        (0..=u16::MAX)
            .map(|step| first.wrapping_add(step))
            .find(|port| *port >= 1_024 && !taken(*port))
            .unwrap_or(first)
    }

    fn make_room(&mut self) {
        if self.table.len() < TABLE {
            return;
        }
        let oldest = (0..self.table.len()).min_by_key(|at| self.table[*at].used);
        if let Some(oldest) = oldest {
            self.table.swap_remove(oldest);
        }
    }
}

/// Whether two nodes that know each other's outer endpoints from a third get through by both sending
/// at once, a few times. The closed form: one whose port depends on the destination meets one that
/// asks for the port.
#[must_use]
pub const fn punches(a: Nat, b: Nat) -> bool {
    const fn moves(nat: Nat) -> bool {
        matches!(nat, Nat::Symmetric | Nat::Cgnat)
    }
    const fn asks(nat: Nat) -> bool {
        matches!(nat, Nat::PortRestricted | Nat::Symmetric | Nat::Cgnat)
    }
    let blocked = matches!(a, Nat::Blocked) || matches!(b, Nat::Blocked);
    !(blocked || moves(a) && asks(b) || asks(a) && moves(b))
}

#[cfg(test)]
#[path = "nat_test.rs"]
mod tests;
