//! A node's settings, and its start.

use std::collections::{BTreeMap, VecDeque};
use std::net::{Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{broadcast, mpsc};
use tom_core::entropy::Seed;
use tom_core::storage::{Heap, Limits};
use tom_core::{Config, Node};
use tom_quinn::Transport;

use crate::adversary::Adversary;
use crate::client::{Client, Inner};
use crate::clock;
use crate::error::Error;
use crate::identity::{Identity, data_dir, random};
use crate::message::Shelf;
use crate::peer::Peer;
use crate::pump::{Advertise, Command, Intake, Links, Pump};

/// Messages and commands that wait for the node; beyond, callers wait.
const WAITING: usize = 64;
/// Events kept for a stream that is read slowly.
const EVENTS: usize = 512;
/// How often the names of peers are looked up again.
const RESOLVE: Duration = Duration::from_secs(60);

/// A node to be started. Every setting has a default.
///
/// ```no_run
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let node = tom::Client::builder()
///     .identity_file("/var/lib/bot/identity")
///     .listen("[::]:4433".parse()?)
///     .peer("tom1...@example.org:4433".parse()?)
///     .start()
///     .await?;
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct Builder {
    identity: Option<Identity>,
    identity_file: Option<PathBuf>,
    listen: SocketAddr,
    peers: Vec<Peer>,
    patience: Duration,
    advertise: Advertise,
    limits: Limits,
    config: Config,
    transport: tom_quinn::Config,
    adversary: Option<Adversary>,
    #[cfg(feature = "tape")]
    tape: Option<(PathBuf, usize)>,
}

impl Default for Builder {
    fn default() -> Self {
        Self {
            identity: None,
            identity_file: None,
            listen: SocketAddr::from((Ipv6Addr::UNSPECIFIED, 0)),
            peers: Vec::new(),
            patience: Duration::from_secs(10),
            advertise: Advertise::Found,
            limits: Limits::desktop(),
            config: Config::default(),
            transport: tom_quinn::Config::default(),
            adversary: None,
            #[cfg(feature = "tape")]
            tape: None,
        }
    }
}

impl Builder {
    /// The file with the node's secret: made when it is missing, refused when others can read it.
    /// Default: `identity` in [`data_dir`].
    #[must_use]
    pub fn identity_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.identity_file = Some(path.into());
        self
    }

    /// The identity itself, instead of a file.
    #[must_use]
    pub fn identity(mut self, identity: Identity) -> Self {
        self.identity = Some(identity);
        self
    }

    /// Where to listen, UDP. Default: any port of all addresses.
    #[must_use]
    pub fn listen(mut self, addr: SocketAddr) -> Self {
        self.listen = addr;
        self
    }

    /// Adds a peer to stay connected with.
    #[must_use]
    pub fn peer(mut self, peer: Peer) -> Self {
        self.peers.push(peer);
        self
    }

    /// How long [`Client::send`] waits for the proof of delivery. Default: 10 s.
    #[must_use]
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Exactly the addresses to tell contacts for a direct link, for example those of a forwarded
    /// port. None at all: contacts never learn this node's address, and messages stay on relays.
    /// Default: what the node finds out.
    #[must_use]
    pub fn advertise(mut self, addrs: Vec<SocketAddr>) -> Self {
        self.advertise = Advertise::These(addrs);
        self
    }

    /// The capacities of the engine's tables, and so its memory. Default: [`Limits::desktop`].
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// The engine's settings. `durable` is not supported by this node and ignored.
    #[must_use]
    pub fn engine(mut self, config: Config) -> Self {
        self.config = config;
        self
    }

    /// The transport's settings.
    #[must_use]
    pub fn transport(mut self, config: tom_quinn::Config) -> Self {
        self.transport = config;
        self
    }

    /// Records a tape into this file, which never gets longer than `size` bytes: what goes into the
    /// engine and when, for a bug report. No key, address or message is on it.
    #[cfg(feature = "tape")]
    #[must_use]
    pub fn tape(mut self, path: impl Into<PathBuf>, size: usize) -> Self {
        self.tape = Some((path.into(), size));
        self
    }

    /// Makes it a relay that misbehaves on purpose.
    #[doc(hidden)]
    #[must_use]
    pub fn adversary(mut self, adversary: Adversary) -> Self {
        self.adversary = Some(adversary);
        self
    }

    /// Starts the node; must be called inside a tokio runtime.
    ///
    /// # Errors
    /// The identity cannot be used, the socket not be opened, or a setting cannot work.
    pub async fn start(self) -> Result<Client, Error> {
        let identity = match (self.identity, self.identity_file) {
            (Some(identity), _) => identity,
            (None, Some(path)) => Identity::load_or_create(&path)?,
            (None, None) => Identity::load_or_create(&data_dir()?.join("identity"))?,
        };
        let mut transport_config = self.transport;
        transport_config.jitter_seed = u64::from_le_bytes(random()?);
        let keys = Arc::new(identity.clone());
        let (transport, events) = bind(self.listen, &keys, &transport_config)?;
        let local = transport.local_addr();
        let address = identity.address();
        let now = clock::now();
        let config = Config {
            durable: false,
            ..self.config
        };
        #[cfg(feature = "tape")]
        let tape = match &self.tape {
            Some((path, size)) => Some(record(path, *size, &config, &self.limits, now)?),
            None => None,
        };
        #[cfg(not(feature = "tape"))]
        let tape = None;
        let node = Node::new(
            Heap::new(self.limits),
            identity,
            config,
            Seed::new(random()?),
            now,
        )
        .map_err(|why| Error::Settings(format!("{why:?}")))?;
        let (posts, take_posts) = mpsc::channel(WAITING);
        let (commands, take_commands) = mpsc::channel(WAITING);
        let (facts, _) = broadcast::channel(EVENTS);
        let shelf = Arc::new(Shelf::default());
        let inner = Inner {
            address,
            local,
            patience: self.patience,
            posts,
            commands: commands.clone(),
            shelf: shelf.clone(),
            facts: facts.downgrade(),
        };
        let mut pump = Pump {
            buf: vec![0; node.max_output()],
            node,
            transport,
            shelf,
            facts,
            commands_back: commands.downgrade(),
            links: Links::new(self.advertise),
            adversary: self.adversary,
            tape,
            started: now,
            now,
            wall: None,
            held_up: VecDeque::new(),
            watched: BTreeMap::new(),
            kept: BTreeMap::new(),
        };
        pump.feed_wall_clock();
        pump.tell_candidates();
        let intake = Intake {
            events,
            posts: take_posts,
            commands: take_commands,
        };
        tokio::spawn(pump.run(intake));
        let client = Client {
            inner: Arc::new(inner),
        };
        for peer in &self.peers {
            client.keep(peer).await?;
        }
        let named: Vec<Peer> = self.peers.into_iter().filter(is_named).collect();
        if !named.is_empty() {
            tokio::spawn(look_up(named, commands.downgrade()));
        }
        Ok(client)
    }
}

#[cfg(feature = "tape")]
fn record(
    path: &std::path::Path,
    size: usize,
    config: &Config,
    limits: &Limits,
    now: tom_core::time::Instant,
) -> Result<crate::tape::Taping, Error> {
    let header = tom_tape::Recorder::header(config, limits, clock::unix());
    let ring = tom_tape::Ring::create(path, size, header)
        .map_err(|why| Error::Settings(format!("the tape {}: {why}", path.display())))?;
    Ok(crate::tape::Taping {
        recorder: tom_tape::Recorder::new(now),
        ring: Some(ring),
    })
}

/// Opens the socket. A system without IPv6 gets IPv4 where any address would do.
fn bind(
    addr: SocketAddr,
    keys: &Arc<Identity>,
    config: &tom_quinn::Config,
) -> Result<(Transport, tom_quinn::Events), Error> {
    let refused = |addr| move |source| Error::Bind { addr, source };
    match Transport::bind(addr, keys.clone(), config.clone()) {
        Ok(bound) => Ok(bound),
        Err(_) if addr.is_ipv6() && addr.ip().is_unspecified() => {
            let v4 = SocketAddr::from(([0, 0, 0, 0], addr.port()));
            Transport::bind(v4, keys.clone(), config.clone()).map_err(refused(v4))
        }
        Err(source) => Err(refused(addr)(source)),
    }
}

fn is_named(peer: &Peer) -> bool {
    peer.place.parse::<SocketAddr>().is_err()
}

/// Peers known by name move: their names are looked up again and again while the node runs.
async fn look_up(peers: Vec<Peer>, commands: mpsc::WeakSender<Command>) {
    loop {
        tokio::time::sleep(RESOLVE).await;
        for peer in &peers {
            let addrs = peer.resolve().await;
            let Some(commands) = commands.upgrade() else {
                return;
            };
            if addrs.is_empty() {
                continue;
            }
            let keep = Command::Keep {
                peer: peer.address,
                addrs,
                reply: None,
            };
            if commands.send(keep).await.is_err() {
                return;
            }
        }
    }
}
