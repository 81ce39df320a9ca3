//! One node, and what its driver knows.

use std::collections::VecDeque;

use tom_core::Node;
use tom_core::identity::{Handle, Keys, PublicKey};
use tom_core::output::DeliveryId;
use tom_core::storage::Heap;
use tom_core::time::Instant;

use super::disk::Disk;
use crate::adversary::Adversary;
use crate::engine::payload::Handle as Payload;
use crate::net::clock::Clock;
use crate::net::nat::{Endpoint, Gate};
use crate::suite::SimSuite;
use crate::time::Time;

/// A node that is up.
pub(super) type Core<C> = Node<Heap, <C as SimSuite>::Keys, C>;

/// A node and its driver.
#[derive(Clone, Debug)]
pub struct Member<C: SimSuite> {
    /// The core; none while the node is down. A box: nodes that are down cost little.
    pub(crate) core: Option<Box<Core<C>>>,
    pub(crate) public: PublicKey,
    pub(crate) keys: C::Keys,
    /// Its place among the scenario's profiles.
    pub(crate) profile: u16,
    /// It never starts.
    pub(crate) absent: bool,
    /// How often it has started.
    pub(crate) starts: u16,
    /// Counts everything it makes due: its part of the order of events.
    pub(crate) sequence: u32,
    /// Counts the packets it sends: what the network draws for them.
    pub(crate) packets: u64,
    /// When the core's deadline is due; [`Time::NEVER`] without one.
    pub(crate) wake_at: Time,
    /// It stands still until then; [`Time::ZERO`] when it does not.
    pub(crate) still_until: Time,
    /// Since when it has stood still.
    pub(crate) stood_since: Time,
    pub(crate) clock: Clock,
    /// Ends of links, in the order of their numbers.
    pub(crate) ends: Vec<End>,
    /// The number of its next link: never used twice, restarts included.
    pub(crate) next_link: u32,
    /// Peers it keeps a link to by dialling them.
    pub(crate) keep: Vec<Keep>,
    /// Messages in the application's hands, not taken yet.
    pub(crate) hands: VecDeque<(u32, DeliveryId)>,
    pub(crate) next_hand: u32,
    /// What it keeps, if it is durable.
    pub(crate) disk: Option<Box<Disk>>,
    pub(crate) adversary: Option<Box<Adversary>>,
    /// What stands between it and the network.
    pub(crate) nat: Option<Box<Gate>>,
    /// Bytes it has sent, links' own included.
    pub(crate) bytes_sent: u64,
    /// Of them those of handshakes and keep-alives.
    pub(crate) link_bytes: u64,
}

/// One end of a link.
#[derive(Clone, Debug)]
pub(crate) struct End {
    /// This node's number for the link.
    pub(crate) link: u32,
    pub(crate) peer: u32,
    /// The peer's number; none while the handshake has not told it.
    pub(crate) theirs: Option<u32>,
    pub(crate) dialed: bool,
    /// The core asked for this dial.
    pub(crate) asked: bool,
    pub(crate) state: EndState,
    /// Datagrams that found the access link full, and the core told so.
    pub(crate) stuck: Option<Payload>,
    /// Since when it has been up: what its keep-alives have cost follows from it.
    pub(crate) since: Time,
    /// Where its packets go.
    pub(crate) goal: Endpoint,
    /// Where its last packet came from as the other side sees it. Kept only where there are NATs.
    pub(crate) seen_as: Endpoint,
}

/// How far a link is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EndState {
    /// The handshake is under way.
    Opening,
    /// The core knows it.
    Up,
}

/// A peer that is dialled again whenever there is no link to it.
#[derive(Clone, Debug)]
pub(crate) struct Keep {
    pub(crate) peer: u32,
    /// Dials that failed since the last one that did not.
    pub(crate) failures: u8,
    /// A redial is already due.
    pub(crate) waiting: bool,
}

impl<C: SimSuite> Member<C> {
    /// A node that has not started yet.
    pub(crate) fn new(keys: C::Keys, profile: u16, clock: Clock, durable: bool) -> Self {
        Self {
            core: None,
            public: *keys.public(),
            keys,
            profile,
            absent: false,
            starts: 0,
            sequence: 0,
            packets: 0,
            wake_at: Time::NEVER,
            still_until: Time::ZERO,
            stood_since: Time::ZERO,
            clock,
            ends: Vec::new(),
            next_link: 1,
            keep: Vec::new(),
            hands: VecDeque::new(),
            next_hand: 0,
            disk: durable.then(Box::default),
            adversary: None,
            nat: None,
            bytes_sent: 0,
            link_bytes: 0,
        }
    }

    /// What the core's clock shows.
    pub(crate) fn local(&self, now: Time) -> Instant {
        Instant::from_millis(self.clock.local_ms(now))
    }

    /// Whether it runs: started, and neither suspended nor asleep.
    pub(crate) fn runs(&self, now: Time) -> bool {
        self.core.is_some() && self.still_until <= now
    }

    /// The node's core, when it is up.
    #[must_use]
    pub fn core(&self) -> Option<&Core<C>> {
        self.core.as_deref()
    }

    /// What has got into the node, if anything has.
    #[must_use]
    pub fn adversary(&self) -> Option<&Adversary> {
        self.adversary.as_deref()
    }

    /// The node's identity.
    #[must_use]
    pub const fn public(&self) -> &PublicKey {
        &self.public
    }

    /// How many links it has that are up.
    #[must_use]
    pub fn links(&self) -> usize {
        let up = |end: &&End| end.state == EndState::Up;
        self.ends.iter().filter(up).count()
    }

    pub(crate) fn end(&self, link: u32) -> Option<&End> {
        let at = self.ends.binary_search_by_key(&link, |end| end.link).ok()?;
        self.ends.get(at)
    }

    pub(crate) fn end_mut(&mut self, link: u32) -> Option<&mut End> {
        let at = self.ends.binary_search_by_key(&link, |end| end.link).ok()?;
        self.ends.get_mut(at)
    }

    pub(crate) fn remove_end(&mut self, link: u32) -> Option<End> {
        let at = self.ends.binary_search_by_key(&link, |end| end.link).ok()?;
        Some(self.ends.remove(at))
    }

    /// Adds an end of a link to `peer` at `goal`, under way; says its number.
    pub(crate) fn add_end(
        &mut self,
        peer: u32,
        theirs: Option<u32>,
        asked: bool,
        now: Time,
        goal: Endpoint,
    ) -> u32 {
        let link = self.next_link;
        self.next_link += 1;
        self.ends.push(End {
            link,
            peer,
            theirs,
            dialed: theirs.is_none(),
            asked,
            state: EndState::Opening,
            stuck: None,
            since: now,
            goal,
            seen_as: Endpoint::default(),
        });
        link
    }

    /// Whether there is a link to `peer`, or one under way that this node dialled.
    pub(crate) fn has_link_to(&self, peer: u32) -> bool {
        self.ends
            .iter()
            .any(|end| end.peer == peer && (end.state == EndState::Up || end.dialed))
    }
}

/// Whom a public key or a handle belongs to.
#[derive(Debug, Default)]
pub(crate) struct PhoneBook(Vec<(u64, u32)>);

impl PhoneBook {
    pub(crate) fn new(keys: impl Iterator<Item = PublicKey>) -> Self {
        let mut entries: Vec<(u64, u32)> = keys
            .zip(0..)
            .map(|(key, node)| (u64::from_le_bytes(key.handle().0), node))
            .collect();
        entries.sort_unstable();
        Self(entries)
    }

    /// The node with this handle.
    pub(crate) fn by_handle(&self, handle: &Handle) -> Option<u32> {
        let handle = u64::from_le_bytes(handle.0);
        let at = self.0.binary_search_by_key(&handle, |entry| entry.0).ok()?;
        self.0.get(at).map(|entry| entry.1)
    }

    /// The node with this key.
    pub(crate) fn by_key(&self, key: &PublicKey) -> Option<u32> {
        self.by_handle(&key.handle())
    }
}
