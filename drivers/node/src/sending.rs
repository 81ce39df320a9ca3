//! A message under way, and what is known of it.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;
use tom_core::output::State;
use tom_core::wire::MessageId;

/// What is known of a message after waiting for it. There is no state "failed": a message that is
/// not proven delivered may still be, until its life is over and after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "a message may not be delivered yet"]
pub struct Delivery {
    /// The message.
    pub id: MessageId,
    /// The furthest state it has reached.
    pub state: State,
    /// Since it was submitted.
    pub took: Duration,
}

impl Delivery {
    /// Whether the recipient has proven that it has the message.
    #[must_use]
    pub fn is_delivered(&self) -> bool {
        matches!(self.state, State::Delivered | State::Read)
    }
}

/// A message under way. Dropping this stops nothing: the node goes on until the message is proven
/// or its life is over.
#[derive(Debug)]
pub struct Sending {
    pub(crate) id: MessageId,
    pub(crate) since: Instant,
    pub(crate) state: watch::Receiver<State>,
}

impl Sending {
    /// The message's id.
    #[must_use]
    pub fn id(&self) -> MessageId {
        self.id
    }

    /// Where it stands now.
    pub fn now(&self) -> Delivery {
        Delivery {
            id: self.id,
            state: *self.state.borrow(),
            took: self.since.elapsed(),
        }
    }

    /// Waits until it is proven delivered, its life is over, or `limit` has passed; says which
    /// state it has reached. The node goes on either way. Safe to cancel.
    pub async fn wait(&mut self, limit: Duration) -> Delivery {
        let settled = |state: &State| match state {
            State::Delivered | State::Read | State::Expired => true,
            State::Pending | State::Sent | State::Relayed | State::Passed => false,
        };
        let _ = tokio::time::timeout(limit, self.state.wait_for(settled)).await;
        self.now()
    }
}
