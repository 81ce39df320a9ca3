//! One dial: the peer's addresses race, the first that proves the identity wins.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::{FuturesUnordered, StreamExt};
use quinn::{Connection, ConnectionError};

use crate::endpoint;
use crate::error::{DialError, printable};
use crate::keys::{self, PeerId};
use crate::link::Link;
use crate::tls;
use crate::transport::Shared;

/// Addresses tried in one dial; those beyond are ignored.
const MAX_ADDRESSES: usize = 16;
/// The handshake needs a name; it is neither sent nor checked.
const NAME: &str = "tom";

/// Dials `peer` and enters the link; the caller starts it.
pub(crate) async fn establish(
    shared: &Shared,
    peer: PeerId,
    addrs: &[SocketAddr],
) -> Result<Arc<Link>, DialError> {
    let result = attempt(shared, peer, addrs).await;
    match &result {
        Ok(_) => shared.counters.dialed.add(1),
        Err(_) => shared.counters.dials_failed.add(1),
    }
    result
}

async fn attempt(
    shared: &Shared,
    peer: PeerId,
    addrs: &[SocketAddr],
) -> Result<Arc<Link>, DialError> {
    if peer == shared.own {
        return Err(DialError::OwnIdentity);
    }
    keys::check(&peer).map_err(DialError::BadIdentity)?;
    let mut usable: Vec<SocketAddr> = Vec::new();
    for addr in addrs.iter().filter(|addr| reachable(addr, shared.local)) {
        if !usable.contains(addr) && usable.len() < MAX_ADDRESSES {
            usable.push(*addr);
        }
    }
    if usable.is_empty() {
        return Err(DialError::NoAddress);
    }
    let limit = shared.config.dial_timeout;
    let mut worst = DialError::NoAnswer {
        addresses: usable.len(),
        waited: limit,
    };
    let connection =
        match tokio::time::timeout(limit, race(shared, peer, &usable, &mut worst)).await {
            Ok(Some(connection)) => connection,
            Ok(None) | Err(_) => return Err(worst),
        };
    shared
        .enter(connection, peer, true)
        .map_err(|_| DialError::LinksFull)
}

fn reachable(addr: &SocketAddr, local: SocketAddr) -> bool {
    addr.port() != 0
        && !addr.ip().is_unspecified()
        && match addr.ip() {
            // A socket bound to all of IPv6 reaches IPv4 as well.
            IpAddr::V4(_) => local.is_ipv4() || local.ip().is_unspecified(),
            IpAddr::V6(_) => local.is_ipv6(),
        }
}

/// Starts an address every stagger, or as soon as no other is under way.
async fn race(
    shared: &Shared,
    peer: PeerId,
    addrs: &[SocketAddr],
    worst: &mut DialError,
) -> Option<Connection> {
    let mut waiting = addrs.iter();
    let mut running = FuturesUnordered::new();
    loop {
        if let Some(addr) = waiting.next() {
            running.push(handshake(shared, peer, *addr));
        }
        let stagger = if waiting.len() > 0 {
            shared.config.dial_stagger
        } else {
            Duration::MAX
        };
        let finished = tokio::time::timeout(stagger, running.next()).await;
        match finished {
            Ok(Some(Ok(connection))) => return Some(connection),
            Ok(Some(Err(error))) => {
                if error.weight() > worst.weight() {
                    *worst = error;
                }
            }
            Ok(None) => return None,
            Err(_) => {}
        }
    }
}

/// A connection to this address, if the other end proves to be the peer. Spec DRV-13.
async fn handshake(
    shared: &Shared,
    peer: PeerId,
    addr: SocketAddr,
) -> Result<Connection, DialError> {
    let refused = |why: &dyn std::fmt::Display| DialError::Refused {
        addr,
        why: printable(why.to_string().as_bytes()),
    };
    let (tls, verifier) = shared.tls.client(peer).map_err(|error| refused(&error))?;
    let config = endpoint::client_config(tls, &shared.parameters);
    let connecting = match shared.endpoint.connect_with(config, addr, NAME) {
        Ok(connecting) => connecting,
        Err(quinn::ConnectError::EndpointStopping) => return Err(DialError::Closed),
        Err(error) => return Err(refused(&error)),
    };
    let connection = connecting.await.map_err(|error| {
        if let Some(why) = verifier.refusal() {
            return DialError::Untrusted { addr, why };
        }
        match error {
            ConnectionError::TimedOut => DialError::NoAnswer {
                addresses: 1,
                waited: shared.config.idle_timeout,
            },
            ConnectionError::LocallyClosed => DialError::Closed,
            error @ (ConnectionError::VersionMismatch
            | ConnectionError::TransportError(_)
            | ConnectionError::ConnectionClosed(_)
            | ConnectionError::ApplicationClosed(_)
            | ConnectionError::Reset
            | ConnectionError::CidsExhausted) => refused(&error),
        }
    })?;
    // The verifier has checked the key; this holds the two layers to one answer.
    if tls::proved_identity(&connection) != Some(peer) || !tls::speaks_tom(&connection) {
        return Err(refused(&"the handshake ended without a proof of identity"));
    }
    Ok(connection)
}
