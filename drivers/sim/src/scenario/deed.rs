//! What is done to a run from outside: the external events, all drawn from scenario and seed before
//! the run begins, so that they can be printed, taken out one by one, and played again.

use std::sync::Arc;

use crate::scenario::model::{AdversaryKind, Loss, Priority};
use crate::time::{Span, Time};

/// One external event.
#[derive(Clone, Debug, PartialEq)]
pub struct External {
    /// When.
    pub at: Time,
    /// What.
    pub deed: Deed,
}

/// What happens.
#[derive(Clone, Debug, PartialEq)]
pub enum Deed {
    /// An application sends.
    Send {
        /// Names the message in the whole run.
        number: u32,
        /// Who.
        from: u32,
        /// To whom.
        to: u32,
        /// Bytes of payload, at least 16: it begins with a tag.
        len: u32,
        /// How long it may live; `None`: the longest.
        lifetime: Option<Span>,
        /// Its priority.
        priority: Priority,
        /// Which entry of `traffic` it belongs to.
        traffic: u16,
    },
    /// A node is gone at once, without a word.
    Crash {
        /// Which.
        node: u32,
    },
    /// A node starts, if it is down; with what its disk holds, or without.
    Start {
        /// Which.
        node: u32,
        /// Its disk is empty.
        forget: bool,
    },
    /// Packets do not pass between two sides any more.
    Cut {
        /// Names the cut for `Mend`.
        cut: u32,
        /// The first side; all others are the second.
        side: Arc<[u32]>,
        /// From the first side to the second they still pass.
        one_way: bool,
    },
    /// A cut is over.
    Mend {
        /// Which.
        cut: u32,
    },
    /// The path between two nodes carries nothing.
    Break {
        /// One.
        a: u32,
        /// The other.
        b: u32,
        /// From `b` to `a` packets still pass.
        one_way: bool,
    },
    /// The path between two nodes is whole again.
    Repair {
        /// One.
        a: u32,
        /// The other.
        b: u32,
    },
    /// Two nodes meet: they get a link. Of a contact trace.
    Meet {
        /// One.
        a: u32,
        /// The other.
        b: u32,
    },
    /// Two nodes part: their link is gone.
    Part {
        /// One.
        a: u32,
        /// The other.
        b: u32,
    },
    /// Another loss on all links; `None`: the topology's again.
    Weather(Option<Loss>),
    /// A node's wall clock steps.
    ClockStep {
        /// Which.
        node: u32,
        /// By so many milliseconds; negative is back.
        by_ms: i64,
    },
    /// A node stands still: it handles nothing, what comes to it is lost.
    Suspend {
        /// Which.
        node: u32,
        /// For how long.
        lasts: Span,
    },
    /// All paths carry packets of at most so many bytes.
    Mtu(u32),
    /// A node's storage fails (`true`) or works again.
    Disk {
        /// Which.
        node: u32,
        /// It fails.
        fails: bool,
    },
    /// A node turns into an adversary, or back (`None`).
    Turn {
        /// Which.
        node: u32,
        /// What it does from now on.
        into: Option<AdversaryKind>,
    },
    /// The safety phase is over: every fault is mended, every node is started.
    Calm,
}
