//! The handle the engine's driver holds.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use quinn::{Connection, Endpoint, TransportConfig, VarInt};
use tokio::sync::Semaphore;

use crate::config::Config;
use crate::error::{DialError, code};
use crate::event::{Event, Events, LinkId, SendOutcome};
use crate::inbox::Inbox;
use crate::keep::{self, Kept};
use crate::keys::{self, LinkKeys, PeerId};
use crate::link::Link;
use crate::registry::{Full, Registry};
use crate::stats::{Counter, LinkStats, TransportStats};
use crate::tls::Tls;
use crate::{accept, dial, endpoint};

/// One UDP socket that dials and listens for links. Dropping it closes every link.
///
/// All methods may be called from any thread and none of them waits (except `shutdown`).
pub struct Transport {
    shared: Arc<Shared>,
    kept: Mutex<BTreeMap<PeerId, Kept>>,
    runtime: tokio::runtime::Handle,
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transport")
            .field("local", &self.shared.local)
            .finish_non_exhaustive()
    }
}

/// What the transport and its tasks share.
pub(crate) struct Shared {
    pub(crate) endpoint: Endpoint,
    pub(crate) parameters: Arc<TransportConfig>,
    pub(crate) tls: Tls,
    pub(crate) config: Config,
    pub(crate) own: PeerId,
    pub(crate) local: SocketAddr,
    pub(crate) inbox: Arc<Inbox>,
    pub(crate) dials: Arc<Semaphore>,
    pub(crate) counters: Counters,
    registry: RwLock<Registry>,
    watched: Mutex<BTreeMap<PeerId, Arc<tokio::sync::Notify>>>,
}

#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) accepted: Counter,
    pub(crate) dialed: Counter,
    pub(crate) handshakes_failed: Counter,
    pub(crate) turned_away: Counter,
    pub(crate) retried: Counter,
    pub(crate) dials_failed: Counter,
}

impl Transport {
    /// Binds the socket and starts to listen; must be called inside a tokio runtime.
    ///
    /// `[::]:port` serves IPv4 and IPv6 where the system allows it; port 0 takes any.
    ///
    /// # Errors
    /// When the address cannot be bound, a setting cannot work, the key is no valid identity or
    /// there is no runtime. Nothing is left behind.
    pub fn bind(
        addr: SocketAddr,
        keys: Arc<dyn LinkKeys>,
        config: Config,
    ) -> io::Result<(Self, Events)> {
        config.check()?;
        let own = keys.public();
        keys::check(&own).map_err(|why| {
            let what = format!("this node's own key cannot be used: {why}; make a new one");
            io::Error::new(io::ErrorKind::InvalidInput, what)
        })?;
        let tls = Tls::new(keys.clone());
        let (endpoint, parameters) = endpoint::open(addr, &*keys, &tls, &config)?;
        let local = endpoint.local_addr()?;
        let inbox = Arc::new(Inbox::new(config.inbox_bytes));
        let shared = Arc::new(Shared {
            endpoint,
            parameters,
            tls,
            own,
            local,
            inbox: inbox.clone(),
            dials: Arc::new(Semaphore::new(config.max_dials)),
            counters: Counters::default(),
            registry: RwLock::default(),
            watched: Mutex::default(),
            config,
        });
        tokio::spawn(accept::run(shared.clone()));
        let transport = Self {
            shared,
            kept: Mutex::default(),
            runtime: tokio::runtime::Handle::current(),
        };
        Ok((transport, Events { inbox }))
    }

    /// The address the socket is bound to.
    pub fn local_addr(&self) -> SocketAddr {
        self.shared.local
    }

    /// Starts to dial `peer` at all of `addrs`, in order of preference, at most 16 of them.
    ///
    /// Ends in [`Event::Up`] with that peer or in [`Event::DialFailed`].
    ///
    /// # Errors
    /// [`DialError::TooManyDials`] when `max_dials` are under way; then no event follows.
    pub fn dial(&self, peer: PeerId, addrs: Vec<SocketAddr>) -> Result<(), DialError> {
        let Ok(permit) = self.shared.dials.clone().try_acquire_owned() else {
            return Err(DialError::TooManyDials);
        };
        let shared = self.shared.clone();
        self.runtime.spawn(async move {
            match dial::establish(&shared, peer, &addrs).await {
                Ok(link) => shared.start(link),
                Err(why) => {
                    let _ = shared.inbox.push(Event::DialFailed { peer, why }).await;
                }
            }
            // Held to here, so that failures nobody reads stay bounded too.
            drop(permit);
        });
        Ok(())
    }

    /// Keeps `peer` connected from now on: dials when there is no link with it, at once after a
    /// link is lost, with doubling waits while dialling fails. New addresses replace the old.
    ///
    /// False when `max_kept` peers are kept already and nothing was changed.
    pub fn keep(&self, peer: PeerId, addrs: Vec<SocketAddr>) -> bool {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if !kept.contains_key(&peer) && kept.len() >= self.shared.config.max_kept {
            return false;
        }
        // The old task ends before the new one starts, so that they do not both dial.
        kept.remove(&peer);
        let _inside = self.runtime.enter();
        let task = keep::start(&self.shared, peer, addrs);
        kept.insert(peer, task);
        true
    }

    /// No longer keeps `peer` connected; its links stay.
    pub fn forget(&self, peer: &PeerId) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        self.shared.watch(*peer, None);
        kept.remove(peer);
    }

    /// Sends one link datagram of at most [`MAX_MESSAGE`](crate::MAX_MESSAGE) bytes.
    ///
    /// Up to the link's `mtu` it travels as a datagram, which the network may lose; beyond, as a
    /// stream of its own, which arrives unless the link goes down. Messages may overtake each
    /// other.
    pub fn send(&self, link: LinkId, bytes: &[u8]) -> SendOutcome {
        match self.shared.registry().get(link) {
            Some(link) => link.send(bytes),
            None => SendOutcome::Gone,
        }
    }

    /// Closes a link at once; what waits on it is given up. [`Event::Down`] follows.
    pub fn close(&self, link: LinkId) {
        if let Some(link) = self.shared.registry().get(link) {
            link.close();
        }
    }

    /// The counters of a live link.
    pub fn link_stats(&self, link: LinkId) -> Option<LinkStats> {
        self.shared.registry().get(link).map(|link| link.stats())
    }

    /// The counters of the transport.
    pub fn stats(&self) -> TransportStats {
        let counters = &self.shared.counters;
        TransportStats {
            links: self.shared.registry().len(),
            accepted: counters.accepted.get(),
            dialed: counters.dialed.get(),
            handshakes_failed: counters.handshakes_failed.get(),
            turned_away: counters.turned_away.get(),
            retried: counters.retried.get(),
            dials_failed: counters.dials_failed.get(),
        }
    }

    /// Lets what was taken leave, closes every link, and waits until the peers have been told: half
    /// a second at most for the first, a few round trips for the rest.
    pub async fn shutdown(self) {
        let links = self.shared.registry().all();
        let buffer = self.shared.config.datagram_queue_bytes;
        let flushed = async {
            while !links.iter().all(|link| link.is_flushed(buffer)) {
                tokio::time::sleep(FLUSH_LOOK).await;
            }
        };
        let _ = tokio::time::timeout(FLUSH_LIMIT, flushed).await;
        drop(links);
        let endpoint = self.shared.endpoint.clone();
        let limit = self.shared.config.idle_timeout;
        drop(self);
        let _ = tokio::time::timeout(limit, endpoint.wait_idle()).await;
    }
}

/// How long what was taken may take to leave when the transport ends, and how often that is looked at.
const FLUSH_LIMIT: Duration = Duration::from_millis(500);
const FLUSH_LOOK: Duration = Duration::from_millis(1);

impl Drop for Transport {
    fn drop(&mut self) {
        self.kept
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
        self.shared
            .endpoint
            .close(VarInt::from_u32(code::DONE), b"");
    }
}

impl Shared {
    /// Enters a connection as a link, or closes it when there is no room.
    pub(crate) fn enter(
        &self,
        connection: Connection,
        peer: PeerId,
        dialed: bool,
    ) -> Result<Arc<Link>, Full> {
        let config = &self.config;
        let entered =
            self.registry_mut()
                .enter(peer, config.max_links, config.max_links_per_peer, |id| {
                    Arc::new(Link::new(
                        id,
                        peer,
                        dialed,
                        connection.clone(),
                        config.datagram_queue_bytes,
                        config.message_queue_bytes,
                    ))
                });
        if entered.is_err() {
            connection.close(VarInt::from_u32(code::FULL), b"no room for another link");
        }
        self.links_changed(&peer);
        entered
    }

    /// Serves an entered link in a task of its own until it is down.
    pub(crate) fn start(self: &Arc<Self>, link: Arc<Link>) {
        let shared = self.clone();
        tokio::spawn(async move {
            let id = link.id;
            let peer = link.peer;
            let streams = usize::try_from(shared.config.max_streams).unwrap_or(usize::MAX);
            let announced = shared.inbox.push(link.up()).await;
            if announced.is_err() {
                link.close();
            }
            let reason = link.serve(shared.inbox.clone(), streams).await;
            shared.registry_mut().remove(id);
            shared.links_changed(&peer);
            let _ = shared.inbox.push(Event::Down { link: id, reason }).await;
        });
    }

    pub(crate) fn has_peer(&self, peer: &PeerId) -> bool {
        self.registry().has_peer(peer)
    }

    pub(crate) fn watch(&self, peer: PeerId, changed: Option<Arc<tokio::sync::Notify>>) {
        let mut watched = self.watched.lock().unwrap_or_else(PoisonError::into_inner);
        match changed {
            Some(changed) => watched.insert(peer, changed),
            None => watched.remove(&peer),
        };
    }

    fn links_changed(&self, peer: &PeerId) {
        let watched = self.watched.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(changed) = watched.get(peer) {
            changed.notify_one();
        }
    }

    fn registry(&self) -> RwLockReadGuard<'_, Registry> {
        self.registry.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn registry_mut(&self) -> RwLockWriteGuard<'_, Registry> {
        self.registry
            .write()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.inbox.end();
    }
}
