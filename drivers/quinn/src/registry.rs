//! The live links of a transport, by number and by peer.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::event::LinkId;
use crate::keys::PeerId;
use crate::link::Link;

/// No room for another link, over all or with this peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Full;

#[derive(Debug, Default)]
pub(crate) struct Registry {
    links: BTreeMap<LinkId, Arc<Link>>,
    per_peer: BTreeMap<PeerId, usize>,
    next: u32,
}

impl Registry {
    /// Enters the link that `make` builds for a free number. Spec DRV-11.
    pub(crate) fn enter(
        &mut self,
        peer: PeerId,
        max: usize,
        max_per_peer: usize,
        make: impl FnOnce(LinkId) -> Arc<Link>,
    ) -> Result<Arc<Link>, Full> {
        let with_peer = self.per_peer.get(&peer).copied().unwrap_or(0);
        if self.links.len() >= max || with_peer >= max_per_peer {
            return Err(Full);
        }
        // Terminates: there are fewer links than numbers.
        while self.links.contains_key(&LinkId(self.next)) {
            self.next = self.next.wrapping_add(1);
        }
        let id = LinkId(self.next);
        self.next = self.next.wrapping_add(1);
        let link = make(id);
        self.links.insert(id, link.clone());
        self.per_peer.insert(peer, with_peer + 1);
        Ok(link)
    }

    pub(crate) fn get(&self, id: LinkId) -> Option<&Arc<Link>> {
        self.links.get(&id)
    }

    pub(crate) fn all(&self) -> Vec<Arc<Link>> {
        self.links.values().cloned().collect()
    }

    pub(crate) fn remove(&mut self, id: LinkId) {
        let Some(link) = self.links.remove(&id) else {
            return;
        };
        match self.per_peer.get_mut(&link.peer) {
            Some(count) if *count > 1 => *count -= 1,
            Some(_) | None => {
                self.per_peer.remove(&link.peer);
            }
        }
    }

    pub(crate) fn has_peer(&self, peer: &PeerId) -> bool {
        self.per_peer.contains_key(peer)
    }

    pub(crate) fn len(&self) -> usize {
        self.links.len()
    }
}
