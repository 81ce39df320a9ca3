//! The path report of a message, on demand. Spec: delivery, "Path report".

use crate::output::State;
use crate::time::{Instant, Span};
use crate::wire::{Handle, MessageId};

/// The attempts kept per message: the first and the latest ones.
pub const ATTEMPTS_KEPT: usize = 4;

/// One transmission of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// The neighbour it went to.
    pub neighbour: Handle,
    /// The neighbour is the recipient itself.
    pub direct: bool,
    /// When it was handed to the link.
    pub sent: Instant,
    /// How long the neighbour took to say that it has it; `None`: it never said.
    pub taken: Option<Span>,
    /// How long until a relay said that it handed it on to the recipient.
    pub passed: Option<Span>,
}

/// The attempts of a message, oldest first.
pub type Attempts = heapless::Vec<Attempt, ATTEMPTS_KEPT>;

/// What is known about the way of one message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathReport {
    /// Which message.
    pub id: MessageId,
    /// Where it stands.
    pub state: State,
    /// How long since it was accepted, or how long it took to settle.
    pub age: Span,
    /// Transmissions made.
    pub sends: u32,
    /// The first attempt and the latest ones.
    pub attempts: Attempts,
    /// Neighbours that could take another attempt now, best first.
    pub backups: heapless::Vec<Handle, 4>,
    /// When the next attempt is due; `None` when none is planned.
    pub next_attempt: Option<Instant>,
    /// It goes in a session, not as a one-shot.
    pub in_session: bool,
}

/// Adds an attempt; the oldest but the first makes room.
pub(crate) fn add_attempt(attempts: &mut Attempts, attempt: Attempt) {
    if attempts.is_full() {
        attempts.remove(1);
    }
    let _full = attempts.push(attempt);
}
