//! The driver: a node, its Noise link, and the serial line they share.

use static_cell::{ConstStaticCell, StaticCell};
use tom_core::Node;
use tom_core::config::Config;
use tom_core::entropy::Seed;
use tom_core::identity::{Keys, PublicKey, SoftKeys};
use tom_core::input::{Command, Input, LinkEvent, LinkId, Send};
use tom_core::link::packet::{DATA_HEAD, DATA_OVERHEAD, POLL_MAX};
use tom_core::link::{Accept, Admit, Gate, GateConfig, Heard, LinkOutput, NoiseLink};
use tom_core::output::{Event, Output, State, Verdict};
use tom_core::storage::Leaf;
use tom_core::time::Instant;
use tom_core::wire::MessageId;
use tom_framing::encoded;

use crate::host;
use crate::uart::Uart;

/// The longest output of a leaf, in bytes.
const MAX_OUTPUT: usize = Leaf::LIMITS.max_output();
/// The bundle of frames worth sending at once, in bytes: an envelope every relay carries, framed.
const MTU: u32 = 1_280;
/// The longest packet on the line, in bytes before COBS.
pub(crate) const MAX_PACKET: usize = MTU as usize + DATA_OVERHEAD;
/// The one link there is, as the node knows it.
const SERIAL: LinkId = LinkId(0);

/// What the application hears of.
pub(crate) enum News {
    /// A neighbour introduced itself; by now wall time is known too.
    Neighbour,
    /// A message arrived and was taken.
    Message {
        /// It came in session, not as a one-shot.
        in_session: bool,
    },
    /// A message of this node was acknowledged by its recipient.
    Delivered(MessageId),
}

/// A node over tables that lie in a static, its keys shared with the link.
type LeafNode = Node<&'static mut Leaf, &'static SoftKeys>;

/// A leaf at one end of a serial line. What is large lies in statics: it is made there once and
/// never crosses the stack.
pub(crate) struct Device {
    keys: &'static SoftKeys,
    node: &'static mut LeafNode,
    gate: &'static mut Gate,
    link: &'static mut NoiseLink,
    uart: Uart,
    /// An output of the node, with room for what the link adds in front and behind.
    buf: &'static mut [u8; MAX_OUTPUT + DATA_OVERHEAD],
}

impl Device {
    /// A node with a new identity that keeps a link to `peer` up. `None`: there is one already, or
    /// no entropy.
    pub(crate) fn new(peer: &PublicKey, now: Instant) -> Option<Self> {
        static BUF: ConstStaticCell<[u8; MAX_OUTPUT + DATA_OVERHEAD]> =
            ConstStaticCell::new([0; MAX_OUTPUT + DATA_OVERHEAD]);
        let keys = identity()?;
        Some(Self {
            keys,
            gate: gate(keys, now)?,
            link: link(keys, peer, now)?,
            node: node(keys, now)?,
            uart: Uart::take(),
            buf: BUF.try_take()?,
        })
    }

    /// The line, to read from.
    pub(crate) fn line(&mut self) -> &mut Uart {
        &mut self.uart
    }

    /// Sends a message; its id, unless the node refuses.
    pub(crate) fn send(
        &mut self,
        now: Instant,
        to: &PublicKey,
        payload: &[u8],
    ) -> Option<MessageId> {
        let command = Command::Send(Send::new(*to, payload));
        match self.node.handle(now, Input::Command(command)) {
            Verdict::Accepted(id) => id,
            Verdict::Refused(_) | Verdict::Dropped(_) => None,
        }
    }

    /// Takes a packet from the line.
    pub(crate) fn receive(&mut self, now: Instant, packet: &mut [u8]) {
        let admitted = match self.gate.admit(now, &[], packet) {
            Admit::Pass(admitted) => admitted,
            Admit::Reply(cookie) => return put(&mut self.uart, &cookie),
            Admit::Drop(_) => return,
        };
        if let Ok(Heard::Datagram(bytes)) = self.link.handle(now, self.keys, admitted) {
            // What the node drops it counts.
            let _verdict = self.node.handle(
                now,
                Input::Datagram {
                    link: SERIAL,
                    bytes,
                },
            );
        }
    }

    /// Does what is due.
    pub(crate) fn tick(&mut self, now: Instant) {
        if self.link.deadline().is_some_and(|at| at <= now) {
            self.link.tick(now, self.keys);
        }
        if self
            .node
            .deadline()
            .is_some_and(|deadline| deadline.at <= now)
        {
            let _accepted = self.node.handle(now, Input::Tick);
        }
    }

    /// Does what link and node ask for, until there is news or nothing more.
    pub(crate) fn drain(&mut self, now: Instant) -> Option<News> {
        loop {
            self.drain_link(now);
            let space = self.buf.get_mut(DATA_HEAD..DATA_HEAD + MAX_OUTPUT)?;
            match self.node.poll(space).ok()?? {
                Output::Transmit(transmit) => {
                    // The bytes stand at the start of the space: they are sealed where they lie.
                    let len = transmit.bytes.len();
                    if let Ok(len) = self.link.seal(now, self.buf, len) {
                        put(&mut self.uart, self.buf.get(..len)?);
                    }
                }
                Output::Deliver(delivery) => {
                    let (id, in_session) = (delivery.id, delivery.in_session);
                    let _accepted = self.node.handle(now, Input::Taken(id));
                    return Some(News::Message { in_session });
                }
                Output::Notify(Event::Neighbour { .. }) => return Some(News::Neighbour),
                Output::Notify(Event::Message {
                    id,
                    state: State::Delivered,
                }) => {
                    return Some(News::Delivered(id));
                }
                // It has one link, which the peer's silence ends, and keeps no records.
                Output::Notify(_)
                | Output::Dial { .. }
                | Output::Close(_)
                | Output::Persist(_)
                | Output::Forget(_) => {}
            }
        }
    }

    fn drain_link(&mut self, now: Instant) {
        let mut packet = [0; POLL_MAX];
        while let Some(output) = self.link.poll(&mut packet) {
            let event = match output {
                LinkOutput::Send(packet) => {
                    put(&mut self.uart, packet);
                    continue;
                }
                LinkOutput::Up(peer) => LinkEvent::Up {
                    link: SERIAL,
                    peer,
                    mtu: MTU,
                    max_frame: MTU,
                    dialed: true,
                    observed: &[],
                },
                LinkOutput::Down => LinkEvent::Down { link: SERIAL },
            };
            let _accepted = self.node.handle(now, Input::Link(event));
        }
    }
}

// Each part is made by a function of its own, whose stack is free again before the next.

#[inline(never)]
fn identity() -> Option<&'static SoftKeys> {
    static KEYS: StaticCell<SoftKeys> = StaticCell::new();
    Some(
        KEYS.try_uninit()?
            .write(SoftKeys::from_seed(host::entropy()?)),
    )
}

#[inline(never)]
fn gate(keys: &SoftKeys, now: Instant) -> Option<&'static mut Gate> {
    static GATE: StaticCell<Gate> = StaticCell::new();
    let (own, seed) = (keys.public().to_x(), Seed::new(host::entropy()?));
    Some(
        GATE.try_uninit()?
            .write(Gate::new(&own, GateConfig::MCU, &seed, now)),
    )
}

#[inline(never)]
fn link(keys: &SoftKeys, peer: &PublicKey, now: Instant) -> Option<&'static mut NoiseLink> {
    static LINK: StaticCell<NoiseLink> = StaticCell::new();
    let seed = Seed::new(host::entropy()?);
    let accept = Accept::Only(*peer);
    let link = LINK
        .try_uninit()?
        .write(NoiseLink::new(keys.public(), accept, &seed, now));
    link.dial(now, peer);
    Some(link)
}

#[inline(never)]
fn node(keys: &'static SoftKeys, now: Instant) -> Option<&'static mut LeafNode> {
    static TABLES: ConstStaticCell<Leaf> = ConstStaticCell::new(Leaf::new());
    static NODE: StaticCell<LeafNode> = StaticCell::new();
    let (tables, seed) = (TABLES.try_take()?, Seed::new(host::entropy()?));
    Some(
        NODE.try_uninit()?
            .write(Node::new(tables, keys, Config::leaf(), seed, now).ok()?),
    )
}

fn put(uart: &mut Uart, packet: &[u8]) {
    for byte in encoded(packet) {
        uart.write(byte);
    }
}
