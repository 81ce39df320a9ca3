//! Typed calls. Each builds one [`Input`] and adds no power: what they do, `handle` can do.

use crate::crypto::Suite;
use crate::error::{Misuse, Refusal};
use crate::identity::{Keys, PublicKey};
use crate::input::{Command, Input, LinkEvent, LinkId, Send};
use crate::node::Node;
use crate::output::{DeliveryId, Verdict};
use crate::storage::Storage;
use crate::time::{Instant, Span, UnixTime};
use crate::wire::MessageId;

impl<S: Storage, K: Keys, C: Suite> Node<S, K, C> {
    /// Accepts a message to send; its id names it in every later event.
    ///
    /// # Errors
    /// Refused: no room, no wall time yet, or a value out of range. Nothing changed.
    pub fn send(&mut self, now: Instant, send: Send<'_>) -> Result<MessageId, Refusal> {
        match self.handle(now, Input::Command(Command::Send(send))) {
            Verdict::Accepted(Some(id)) => Ok(id),
            Verdict::Refused(refusal) => Err(refusal),
            // A command is never dropped and an accepted message always has an id.
            Verdict::Accepted(None) | Verdict::Dropped(_) => {
                Err(Refusal::Misuse(Misuse::UnknownId))
            }
        }
    }

    /// Tells the sender of a delivered message that it was read.
    ///
    /// # Errors
    /// Refused as [`Node::send`] is. Nothing changed.
    pub fn read(&mut self, now: Instant, from: PublicKey, id: DeliveryId) -> Result<(), Refusal> {
        accepted(self.handle(now, Input::Command(Command::Read { from, id })))
    }

    /// Names the addresses this node can be dialled at (a candidate list; spec: content).
    ///
    /// # Errors
    /// The list is malformed. Nothing changed.
    pub fn candidates(&mut self, now: Instant, list: &[u8]) -> Result<(), Refusal> {
        accepted(self.handle(now, Input::Command(Command::Candidates(list))))
    }

    /// Says that the application has a delivered message safely, so that it is acknowledged.
    ///
    /// # Errors
    /// The id is unknown, or outputs wait to be drained. Nothing changed.
    pub fn taken(&mut self, now: Instant, id: DeliveryId) -> Result<(), Refusal> {
        accepted(self.handle(now, Input::Taken(id)))
    }

    /// Hands over bytes that arrived on a link; they are decrypted in place.
    pub fn datagram(&mut self, now: Instant, link: LinkId, bytes: &mut [u8]) -> Verdict {
        self.handle(now, Input::Datagram { link, bytes })
    }

    /// Says that a link is up, over a medium that carries frames of any size, such as a stream. For
    /// other media feed a [`LinkEvent::Up`] with their bounds.
    ///
    /// # Errors
    /// No room for one more link, or its number is in use. Nothing changed.
    pub fn link_up(
        &mut self,
        now: Instant,
        link: LinkId,
        peer: PublicKey,
        dialed: bool,
    ) -> Result<(), Refusal> {
        let (mtu, max_frame, observed) = (1_280, 65_538, &[]);
        let up = LinkEvent::Up {
            link,
            peer,
            mtu,
            max_frame,
            dialed,
            observed,
        };
        accepted(self.handle(now, Input::Link(up)))
    }

    /// Sets wall time.
    pub fn clock(&mut self, now: Instant, unix: UnixTime) {
        self.handle(
            now,
            Input::Clock {
                unix,
                error: Span::ZERO,
            },
        );
    }

    /// Lets time pass.
    pub fn tick(&mut self, now: Instant) {
        self.handle(now, Input::Tick);
    }
}

fn accepted(verdict: Verdict) -> Result<(), Refusal> {
    match verdict {
        Verdict::Accepted(_) | Verdict::Dropped(_) => Ok(()),
        Verdict::Refused(refusal) => Err(refusal),
    }
}
