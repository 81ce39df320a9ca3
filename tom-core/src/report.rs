//! The path report of a message, on demand. Spec: delivery, "Path report".

use crate::output::State;
use crate::time::{Instant, Short, Span};
use crate::wire::{Handle, MessageId, Reference};

/// The attempts reported per message: the first and the latest ones; the latest one alone where
/// there is no allocator.
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
    /// How receipts name the envelope now under way; after the end the last one's.
    pub reference: Reference,
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

/// The attempts an entry keeps: on a machine without an allocator the latest one alone, since
/// every byte of an entry is there dozens of times.
const KEPT: usize = if cfg!(feature = "alloc") {
    ATTEMPTS_KEPT
} else {
    1
};

/// One transmission as it is kept: times count from the moment the message was accepted.
#[derive(Clone, Copy, Debug)]
struct Transmission {
    neighbour: Handle,
    direct: bool,
    sent: Short,
    taken: Option<Short>,
    passed: Option<Short>,
}

/// The transmissions of a message that are kept, oldest first.
#[derive(Clone, Debug, Default)]
pub(crate) struct Transmissions(heapless::Vec<Transmission, KEPT, u8>);

impl Transmissions {
    /// Adds one; the oldest but the first makes room.
    pub(crate) fn add(&mut self, neighbour: Handle, direct: bool, since_accepted: Span) {
        if self.0.is_full() {
            self.0.remove(usize::from(KEPT > 1));
        }
        let _full = self.0.push(Transmission {
            neighbour,
            direct,
            sent: Short::new(since_accepted),
            taken: None,
            passed: None,
        });
    }

    /// The neighbour took the latest one, so long after it was sent.
    pub(crate) fn taken(&mut self, after: Span) {
        if let Some(latest) = self.0.last_mut() {
            latest.taken.get_or_insert(Short::new(after));
        }
    }

    /// A relay handed the latest one on, so long after it was sent.
    pub(crate) fn passed(&mut self, after: Span) {
        if let Some(latest) = self.0.last_mut() {
            latest.passed.get_or_insert(Short::new(after));
        }
    }

    /// As they are reported.
    pub(crate) fn report(&self, accepted: Instant) -> Attempts {
        let whole = |kept: &Transmission| Attempt {
            neighbour: kept.neighbour,
            direct: kept.direct,
            sent: accepted.plus(kept.sent.span()),
            taken: kept.taken.map(Short::span),
            passed: kept.passed.map(Short::span),
        };
        self.0.iter().map(whole).collect()
    }
}
