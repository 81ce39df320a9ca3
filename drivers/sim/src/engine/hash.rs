//! The hash of a run: two runs of one seed have to have the same.
//!
//! Each node chains what happens to it, so the order at one node counts; what the nodes chain is
//! added up, so the order between nodes that do not reach each other does not. A run cut into parts
//! has the same hash, and so has a part of a run: every window of time keeps a fingerprint, and where
//! two runs part ways is found by window, then by node, then by event.

use std::collections::BTreeMap;
use std::hash::Hasher;

use siphasher::sip::SipHasher13;

use super::Key;
use crate::draw::mix;
use crate::time::Span;

/// The hash of a run so far, with a fingerprint for each window of time.
#[derive(Clone, Debug)]
pub struct RunHash {
    /// What has happened to each node.
    chains: Vec<u64>,
    window: Span,
    windows: BTreeMap<u64, Window>,
    /// The window of the last event and what is not yet in `windows` of it.
    current: (u64, Window),
    /// The window whose events are kept one by one.
    watched: Option<(u64, Vec<Seen>)>,
}

/// What happened in a window of time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Window {
    /// How many events.
    pub events: u64,
    /// Their fingerprint.
    pub print: u64,
}

/// One event of the window that is watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// When it happened and who caused it.
    pub key: Key,
    /// To whom.
    pub node: u32,
    /// What kind it was.
    pub kind: u32,
    /// The hash of its bytes.
    pub bytes: u64,
    /// What the node has chained, with this event.
    pub chain: u64,
}

impl RunHash {
    /// The hash of a run of `nodes` nodes (more may come), with a fingerprint each `window`.
    #[must_use]
    pub fn new(nodes: usize, window: Span) -> Self {
        Self {
            chains: vec![0; nodes],
            window: Span(window.0.max(1)),
            windows: BTreeMap::new(),
            current: (0, Window::default()),
            watched: None,
        }
    }

    /// Keeps every event of the window of this number.
    #[must_use]
    pub fn watching(mut self, window: u64) -> Self {
        self.watched = Some((window, Vec::new()));
        self
    }

    /// Something of this kind happened to `node`, with these bytes.
    pub fn event(&mut self, node: u32, key: Key, kind: u32, bytes: &[u8]) {
        let bytes = if bytes.is_empty() {
            0
        } else {
            let mut hasher = SipHasher13::new();
            hasher.write(bytes);
            hasher.finish()
        };
        if self.chains.len() <= node as usize {
            self.chains.resize(node as usize + 1, 0);
        }
        let cause = u64::from(key.source) << 32 | u64::from(key.sequence);
        let what = u64::from(kind) << 32 | u64::from(node);
        let chain = &mut self.chains[node as usize];
        *chain = mix(mix(*chain ^ key.time.0) ^ mix(cause ^ mix(what ^ bytes)));
        let chain = *chain;

        let window = key.time.0 / self.window.0;
        if window != self.current.0 {
            self.close();
            self.current.0 = window;
        }
        self.current.1.events += 1;
        self.current.1.print = self.current.1.print.wrapping_add(chain);
        if let Some((watched, seen)) = &mut self.watched
            && *watched == window
        {
            seen.push(Seen {
                key,
                node,
                kind,
                bytes,
                chain,
            });
        }
    }

    /// The hash of everything so far.
    #[must_use]
    pub fn total(&self) -> u64 {
        let prints = self.windows.values().map(|window| window.print);
        mix(prints.fold(self.current.1.print, u64::wrapping_add))
    }

    /// How many events there were.
    #[must_use]
    pub fn events(&self) -> u64 {
        self.current.1.events
            + self
                .windows
                .values()
                .map(|window| window.events)
                .sum::<u64>()
    }

    /// What happened in each window, by number; those with no event are left out.
    #[must_use]
    pub fn windows(&self) -> BTreeMap<u64, Window> {
        let mut all = self.clone_without_chains();
        all.close();
        all.windows
    }

    /// The events of the watched window in the order of their keys.
    #[must_use]
    pub fn watched(&self) -> Vec<Seen> {
        let mut seen = self
            .watched
            .as_ref()
            .map_or(Vec::new(), |(_, seen)| seen.clone());
        seen.sort_by_key(|seen| (seen.key, seen.node));
        seen
    }

    /// What has happened to a node so far, in one number.
    #[must_use]
    pub fn node(&self, node: u32) -> u64 {
        self.chains.get(node as usize).copied().unwrap_or(0)
    }

    fn close(&mut self) {
        let (number, Window { events, print }) = self.current;
        if events > 0 {
            let window = self.windows.entry(number).or_default();
            window.events += events;
            window.print = window.print.wrapping_add(print);
        }
        self.current.1 = Window::default();
    }

    fn clone_without_chains(&self) -> Self {
        Self {
            chains: Vec::new(),
            window: self.window,
            windows: self.windows.clone(),
            current: self.current,
            watched: None,
        }
    }
}

/// The first window in which two runs differ.
#[must_use]
pub fn first_difference(a: &BTreeMap<u64, Window>, b: &BTreeMap<u64, Window>) -> Option<u64> {
    let differ = |number: &&u64| a.get(number) != b.get(number);
    let first = a.keys().find(differ);
    first
        .into_iter()
        .chain(b.keys().find(differ))
        .min()
        .copied()
}

/// Where two runs of which the same window was watched part ways: for each node that differs the
/// first event that does, in the one run and in the other, earliest first.
#[must_use]
pub fn parting(a: &[Seen], b: &[Seen]) -> Vec<(Option<Seen>, Option<Seen>)> {
    let by_node = |seen: &[Seen]| {
        let mut nodes: BTreeMap<u32, Vec<Seen>> = BTreeMap::new();
        for event in seen {
            nodes.entry(event.node).or_default().push(*event);
        }
        nodes
    };
    let (mut a, mut b) = (by_node(a), by_node(b));
    let mut nodes: Vec<u32> = a.keys().chain(b.keys()).copied().collect();
    nodes.sort_unstable();
    nodes.dedup();
    let mut parts: Vec<_> = nodes
        .iter()
        .filter_map(|node| {
            let (a, b) = (
                a.remove(node).unwrap_or_default(),
                b.remove(node).unwrap_or_default(),
            );
            let at = (0..a.len().max(b.len())).find(|&at| a.get(at) != b.get(at))?;
            Some((a.get(at).copied(), b.get(at).copied()))
        })
        .collect();
    parts.sort_by_key(|(a, b)| {
        let key = |seen: &Option<Seen>| seen.map(|seen| seen.key);
        match (key(a), key(b)) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        }
    });
    parts
}

#[cfg(test)]
mod tests;
