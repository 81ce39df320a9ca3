//! Which neighbour an envelope goes to, and how an answer finds its way back. Spec: routing.
//!
//! *Theory.* A neighbour that is the recipient is used; one that has brought a proof back from the
//! recipient comes next; one that says it reaches the recipient only ranks until a proof comes
//! through it. Where nobody is known, all neighbours are asked; where nobody answers, an envelope
//! walks, at most eight hops. Every envelope handed on leaves a return entry, by which its ACK,
//! RESP and NACK find the way back and a second copy of the same attempt is recognised.
//!
//! This concern never opens an envelope and knows no message but by its reference.

mod ask;
mod forward;
mod policy;
mod routes;

pub(crate) use ask::{ASKS_PER_MINUTE, Ask, Asker, Outcome};
pub(crate) use forward::{Copy, Forward, Return};
pub(crate) use policy::{Choice, Wish};
pub(crate) use routes::{Route, Source};

use crate::bounded::{Table, Timers};
use crate::entropy::Drbg;

/// The concern's small state.
#[derive(Debug)]
#[cfg_attr(feature = "sim-suites", derive(Clone))]
pub(crate) struct RoutingState {
    pub(crate) rng: Drbg,
}

/// The concern's tables, lent by the storage for one input.
pub(crate) struct Tables<'a> {
    pub(crate) routes: Table<'a, Route>,
    pub(crate) asks: Table<'a, Ask>,
    pub(crate) ask_timers: Timers<'a>,
    pub(crate) forwards: Table<'a, Forward>,
    pub(crate) forward_timers: Timers<'a>,
    pub(crate) returns: Table<'a, Return>,
    pub(crate) state: &'a mut RoutingState,
}
