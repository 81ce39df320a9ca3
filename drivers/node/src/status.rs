//! What a node says of itself.

use std::net::SocketAddr;
use std::time::Duration;

use tom_core::error::Drop;
use tom_core::identity::PublicKey;
use tom_core::stats::Stats;
use tom_core::storage::TableUse;

/// A node at one moment.
#[derive(Clone, Debug)]
pub struct Status {
    /// Its identity.
    pub address: PublicKey,
    /// Where its socket is bound.
    pub listen: SocketAddr,
    /// How long it has run.
    pub uptime: Duration,
    /// Its live links.
    pub links: Vec<LinkStatus>,
    /// Addresses it tells its contacts to be dialled at.
    pub candidates: Vec<SocketAddr>,
    /// Messages that arrived and that no application has taken.
    pub waiting: usize,
    /// What the engine has counted.
    pub stats: Stats,
    /// How full the engine's tables are.
    pub tables: Vec<TableUse>,
}

/// One link at one moment.
#[derive(Clone, Debug)]
pub struct LinkStatus {
    /// Who is at the other end.
    pub peer: PublicKey,
    /// Where.
    pub remote: SocketAddr,
    /// This node dialled.
    pub dialed: bool,
    /// How long it has been up.
    pub age: Duration,
    /// Its round trip time.
    pub rtt: Duration,
}

impl Status {
    /// The drops that were counted: reason and count.
    pub fn drops(&self) -> impl Iterator<Item = (Drop, u64)> + '_ {
        Drop::ALL
            .iter()
            .map(|reason| (*reason, self.stats.drops(*reason)))
            .filter(|(_, n)| *n > 0)
    }
}
