//! One node under glass: its neighbours are whoever the test says they are.

use tom_core::Node;
use tom_core::identity::PublicKey;
use tom_core::input::LinkId;
use tom_core::output::{DeliveryId, Output, Verdict};
use tom_core::storage::{Heap, Limits};
use tom_core::time::{Instant, Span};
use tom_core::wire::{Frame, Handle, Kind, MessageId, ReachAsk};

use crate::tape::forger::envelopes;
use crate::tape::world::{EPOCH, Options};
use crate::tape::{Owned, Transcript, tick_off};

/// The first neighbour's link, up from the start unless a test brings it up itself.
pub const NEAR: LinkId = LinkId(1);
/// Another neighbour's link.
pub const FAR: LinkId = LinkId(2);

/// The node and what came out of it.
pub struct Lab {
    pub a: Node<Heap>,
    pub now: Instant,
    pub out: Vec<(LinkId, Vec<u8>)>,
    pub delivered: Vec<Vec<u8>>,
    pub takes: bool,
    /// Nothing is drained.
    pub lazy: bool,
}

impl Lab {
    pub fn new(options: Options) -> Self {
        let mut lab = Self {
            a: options.node(0),
            now: Instant::from_millis(1_000),
            out: Vec::new(),
            delivered: Vec::new(),
            takes: true,
            lazy: false,
        };
        lab.feed(Owned::Clock(EPOCH));
        lab
    }

    /// A lab with the smallest tables and these changes.
    pub fn with(change: impl FnOnce(&mut Limits)) -> Self {
        let mut options = Options::starved(9);
        change(&mut options.limits);
        Self::new(options)
    }

    pub fn feed(&mut self, input: Owned) -> Verdict {
        let verdict = input.feed(&mut self.a, self.now);
        if !self.lazy {
            self.drain();
        }
        verdict
    }

    pub fn tell(&mut self, link: LinkId, datagram: &[u8]) -> Verdict {
        self.feed(Owned::Datagram(link, datagram.to_vec()))
    }

    pub fn link(&mut self, link: LinkId, peer: PublicKey) {
        let verdict = self.feed(Owned::Up {
            link,
            peer,
            mtu: 1_200,
            max_frame: 65_538,
            dialed: true,
            observed: Vec::new(),
        });
        assert_eq!(verdict, Verdict::Accepted(None));
    }

    pub fn block(&mut self, link: LinkId) {
        self.feed(Owned::Blocked(link));
    }

    /// Sends a message and catches the one-shot that leaves with it.
    pub fn send_sealed(&mut self, to: &PublicKey, payload: &[u8]) -> (MessageId, Vec<u8>) {
        self.out.clear();
        let input = Owned::Send {
            to: *to,
            payload: payload.to_vec(),
            lifetime: None,
            class: tom_core::wire::Class::Normal,
            trace: false,
        };
        let Verdict::Accepted(Some(id)) = self.feed(input) else {
            panic!("not accepted")
        };
        (
            id,
            self.caught(Kind::Seal).pop().expect("a one-shot leaves"),
        )
    }

    /// The envelopes of a kind that came out.
    pub fn caught(&self, kind: Kind) -> Vec<Vec<u8>> {
        self.out
            .iter()
            .flat_map(|(_, bytes)| envelopes(bytes, kind))
            .collect()
    }

    /// Time passes: the node is woken at its deadlines.
    pub fn wait(&mut self, ms: u64) {
        let end = self.now.plus(Span::from_millis(ms));
        while let Some(next) = self.a.deadline().map(|d| d.at).filter(|at| *at <= end) {
            self.now = self.now.max(next);
            let mut transcript = Transcript::new();
            tick_off(&mut self.a, self.now, &mut transcript);
        }
        self.now = end;
    }

    fn drain(&mut self) {
        let mut buf = vec![0; self.a.max_output()];
        let mut taken: Vec<DeliveryId> = Vec::new();
        while let Some(output) = self.a.poll(&mut buf).expect("room") {
            match output {
                Output::Transmit(transmit) => {
                    self.out.push((transmit.link, transmit.bytes.to_vec()));
                }
                Output::Deliver(delivery) => {
                    self.delivered.push(delivery.payload.to_vec());
                    taken.push(delivery.id);
                }
                Output::Dial { .. }
                | Output::Close(_)
                | Output::Notify(_)
                | Output::Persist(_)
                | Output::Forget(_) => {}
            }
        }
        if !self.takes {
            taken.clear();
        }
        for id in taken {
            self.feed(Owned::Taken(id));
        }
    }
}

/// A question for a route.
pub fn ask(handle: [u8; 8], nonce: u32) -> Vec<u8> {
    let mut out = [0; 64];
    let ask = ReachAsk {
        handle: Handle(handle),
        nonce,
        ttl: 2,
    };
    let len = Frame::ReachAsk(ask).emit(&mut out).expect("room");
    out[..len].to_vec()
}
