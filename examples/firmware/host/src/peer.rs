//! The other end of the line: a node with its tables on the heap, over the same Noise link.

use std::error::Error;
use std::io::{self, Read};
use std::time::{SystemTime, UNIX_EPOCH};

use tom_core::Node;
use tom_core::config::Config;
use tom_core::entropy::Seed;
use tom_core::identity::{Keys, PublicKey, SoftKeys};
use tom_core::input::{Input, LinkEvent, LinkId, Send};
use tom_core::link::packet::{DATA_HEAD, DATA_OVERHEAD, POLL_MAX};
use tom_core::link::{Accept, Admit, Gate, GateConfig, Heard, LinkOutput, NoiseLink};
use tom_core::output::{Event, Output, State};
use tom_core::storage::{Heap, Limits};
use tom_core::time::{Instant, UnixTime};
use tom_core::wire::MessageId;

use crate::board::Board;

/// The bundle of frames worth sending at once, as at the leaf, in bytes.
const MTU: u32 = 1_280;
/// The one link, as the node knows it.
const SERIAL: LinkId = LinkId(0);

/// What the peer saw of the exchange.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    /// A message of the leaf.
    Received {
        /// Its bytes.
        payload: Vec<u8>,
        /// It came in session.
        in_session: bool,
    },
    /// The leaf acknowledged our message.
    Delivered,
}

/// A node that answers the firmware.
pub(crate) struct Peer {
    keys: SoftKeys,
    node: Node<Heap>,
    gate: Gate,
    link: NoiseLink,
    leaf: Option<PublicKey>,
    sent: Option<MessageId>,
    start: std::time::Instant,
    buf: Vec<u8>,
}

impl Peer {
    pub(crate) fn new() -> Result<Self, Box<dyn Error>> {
        let identity = random()?;
        let keys = SoftKeys::from_seed(identity);
        let own = *keys.public();
        let now = Instant::ZERO;
        let seed = Seed::new(random()?);
        let mut node = Node::new(
            Heap::new(Limits::desktop()),
            SoftKeys::from_seed(identity),
            Config::default(),
            Seed::new(random()?),
            now,
        )
        .map_err(|error| format!("{error:?}"))?;
        let unix = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
        node.clock(now, UnixTime::from_secs(unix));
        Ok(Self {
            gate: Gate::new(&own.to_x(), GateConfig::COMPUTER, &seed, now),
            link: NoiseLink::new(&own, Accept::Anybody, &seed, now),
            buf: vec![0; node.max_output() + DATA_OVERHEAD],
            keys,
            node,
            leaf: None,
            sent: None,
            start: std::time::Instant::now(),
        })
    }

    pub(crate) fn public(&self) -> &PublicKey {
        self.keys.public()
    }

    fn now(&self) -> Instant {
        Instant::from_millis(u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX))
    }

    /// Sends a message to the leaf.
    pub(crate) fn answer(&mut self, payload: &[u8]) -> Result<(), Box<dyn Error>> {
        let leaf = self.leaf.ok_or("the leaf is not known yet")?;
        let now = self.now();
        let id = self.node.send(now, Send::new(leaf, payload));
        self.sent = Some(id.map_err(|refusal| format!("{refusal:?}"))?);
        Ok(())
    }

    /// Takes a packet from the line.
    pub(crate) fn receive(&mut self, mut packet: Vec<u8>) -> Result<(), Box<dyn Error>> {
        let now = self.now();
        match self.gate.admit(now, &[], &mut packet) {
            Admit::Pass(admitted) => match self.link.handle(now, &self.keys, admitted) {
                Ok(Heard::Datagram(bytes)) => {
                    self.node.handle(
                        now,
                        Input::Datagram {
                            link: SERIAL,
                            bytes,
                        },
                    );
                    Ok(())
                }
                Ok(Heard::Nothing) => Ok(()),
                Err(reject) => Err(format!("the leaf's packet was refused: {reject:?}").into()),
            },
            Admit::Reply(_) => Err("the leaf sends too many handshakes".into()),
            Admit::Drop(reject) => Err(format!("the leaf's packet was dropped: {reject:?}").into()),
        }
    }

    /// Does what is due.
    pub(crate) fn tick(&mut self) {
        let now = self.now();
        self.link.tick(now, &self.keys);
        self.node.tick(now);
    }

    /// Does what node and link ask for, until there is news or nothing more.
    pub(crate) fn drain(&mut self, board: &mut Board) -> Result<Option<Seen>, Box<dyn Error>> {
        let now = self.now();
        loop {
            self.drain_link(now, board)?;
            let space = self.buf.split_at_mut(DATA_HEAD).1;
            let output = self
                .node
                .poll(space)
                .map_err(|short| format!("{short:?}"))?;
            match output {
                None => return Ok(None),
                Some(Output::Transmit(transmit)) => {
                    let len = transmit.bytes.len();
                    let sealed = self.link.seal(now, &mut self.buf, len);
                    let len = sealed.map_err(|error| format!("{error:?}"))?;
                    board.send(self.buf.split_at(len).0)?;
                }
                Some(Output::Deliver(delivery)) => {
                    let seen = Seen::Received {
                        payload: delivery.payload.to_vec(),
                        in_session: delivery.in_session,
                    };
                    if self.leaf != Some(delivery.from) {
                        return Err("a message from somebody else".into());
                    }
                    let id = delivery.id;
                    let taken = self.node.taken(now, id);
                    taken.map_err(|refusal| format!("{refusal:?}"))?;
                    return Ok(Some(seen));
                }
                Some(Output::Notify(Event::Message {
                    id,
                    state: State::Delivered,
                })) => {
                    if self.sent == Some(id) {
                        return Ok(Some(Seen::Delivered));
                    }
                }
                Some(_) => {}
            }
        }
    }

    fn drain_link(&mut self, now: Instant, board: &mut Board) -> io::Result<()> {
        let mut packet = [0; POLL_MAX];
        while let Some(output) = self.link.poll(&mut packet) {
            let event = match output {
                LinkOutput::Send(packet) => {
                    board.send(packet)?;
                    continue;
                }
                LinkOutput::Up(peer) => {
                    self.leaf = Some(peer);
                    LinkEvent::Up {
                        link: SERIAL,
                        peer,
                        mtu: MTU,
                        max_frame: MTU,
                        dialed: false,
                        observed: &[],
                    }
                }
                LinkOutput::Down => LinkEvent::Down { link: SERIAL },
            };
            self.node.handle(now, Input::Link(event));
        }
        Ok(())
    }
}

fn random() -> io::Result<[u8; 32]> {
    let mut bytes = [0; 32];
    std::fs::File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes)
}
