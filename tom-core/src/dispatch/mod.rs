//! The switchboard: the only place where two concerns meet.
//!
//! Each input goes to the concern it is for; what that concern found out is told to the others from
//! here. The concerns themselves (`session`, `delivery`, `routing`) do not know each other.
//! Each step is a function of its own (`inline(never)`): together in one, the stack of the rarest would
//! be under each of them.
//! `send.rs`, `launch.rs`, `retry.rs`, `reseal.rs`, `receive.rs`, `answer.rs`, `forward.rs`, `link.rs` and `tick.rs` are this page in parts.

mod answer;
mod forward;
mod introduce;
mod launch;
mod link;
mod persist;
mod receive;
mod reseal;
mod retry;
mod send;
mod tick;

pub(crate) use persist::{opened_key, session_key};
pub(crate) use send::outbox_key;

use core::marker::PhantomData;

use crate::bounded::Lent;
use crate::clock::Clock;
use crate::config::Config;
use crate::crypto::Suite;
use crate::delivery;
use crate::egress::{Egress, Job};
use crate::error::{Drop, Misuse, Refusal};
use crate::identity::Keys;
use crate::input::{Input, SendResult};
use crate::node::Own;
use crate::output::Verdict;
use crate::routing;
use crate::session::{self, Me};
use crate::stats::Stats;
use crate::time::{Instant, Span};
use crate::wire::MessageId;

/// Entries worked off by one `Tick`.
pub(crate) const WORK: u32 = 64;
/// How often tables are purged of what has ended.
pub(crate) const HOUSEKEEPING: Span = Span::from_secs(60);

/// Everything one input may touch, borrowed from the node for its duration.
pub(crate) struct World<'a, K, C> {
    pub(crate) now: Instant,
    pub(crate) config: &'a Config,
    pub(crate) me: Me<'a, K>,
    pub(crate) clock: &'a mut Clock,
    pub(crate) stats: &'a mut Stats,
    pub(crate) own: &'a mut Own,
    pub(crate) session: session::Tables<'a>,
    pub(crate) delivery: delivery::Tables<'a>,
    pub(crate) routing: routing::Tables<'a>,
    pub(crate) out: Egress<'a>,
    pub(crate) scratch: Lent<'a, u8>,
    pub(crate) suite: PhantomData<C>,
}

/// What a step made of its input.
pub(crate) type Step = Result<Option<MessageId>, Fault>;

/// Why a step did not use its input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The caller's doing.
    Refused(Refusal),
    /// The network's.
    Dropped(Drop),
}

impl From<Drop> for Fault {
    fn from(reason: Drop) -> Self {
        Self::Dropped(reason)
    }
}

impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl<K: Keys, C: Suite> World<'_, K, C> {
    /// Takes one input to the concern it is for.
    pub(crate) fn handle(&mut self, input: Input<'_>) -> Verdict {
        let aged = self.has_ageing();
        let step = match input {
            Input::Tick => self.tick(),
            Input::Link(event) => self.link_event(event),
            Input::Datagram { link, bytes } => self.datagram(link, bytes),
            Input::Command(command) => self.command(command),
            Input::Sent { ticket, result } => match result {
                SendResult::Sent => Ok(None),
                SendResult::Failed => self.send_failed(ticket.link),
            },
            Input::Clock { unix, error: _ } => {
                self.clock.set(self.now, unix);
                self.reset_expiries()
            }
            Input::Taken(id) => self.taken(id),
            Input::Restored(_) if cfg!(not(feature = "records")) => {
                Err(Refusal::Misuse(Misuse::BadRecord).into())
            }
            Input::Restored(record) => self.restored(record),
            Input::Persisted { .. } if cfg!(not(feature = "records")) => Ok(None),
            Input::Persisted { key, version, ok } => self.persisted(key, version, ok),
            Input::Reseed(seed) => {
                self.session.state.rng.reseed(&seed);
                self.routing.state.rng.reseed(&seed);
                Ok(None)
            }
        };
        while let Some(sid) = self.session.state.dropped.pop() {
            if self.config.keeps_records() {
                self.out.push_local(Job::Forget(session_key(sid)));
            }
        }
        if !aged && self.has_ageing() {
            self.own.housekeeping = self.now.plus(HOUSEKEEPING);
        }
        match step {
            Ok(id) => Verdict::Accepted(id),
            Err(Fault::Refused(refusal)) => Verdict::Refused(refusal),
            Err(Fault::Dropped(reason)) => Verdict::Dropped(reason),
        }
    }

    /// Counts a drop and goes on.
    pub(crate) fn drop(&mut self, reason: Drop) -> Fault {
        self.stats.count(reason);
        Fault::Dropped(reason)
    }

    /// Wall time in seconds, if known.
    pub(crate) fn unix(&self) -> Option<u64> {
        self.clock.unix(self.now)
    }
}
