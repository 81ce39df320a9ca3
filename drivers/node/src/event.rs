//! Facts about a node, as they happen.

use tokio::sync::broadcast;
use tom_core::identity::PublicKey;
use tom_core::output::State;
use tom_core::wire::MessageId;

/// Something that happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// One of this node's messages reached a state.
    Message {
        /// Which.
        id: MessageId,
        /// The state.
        state: State,
    },
    /// There is a session with this contact: what follows is cheaper and better protected.
    Session {
        /// With whom.
        peer: PublicKey,
    },
    /// A neighbour is there: a link to it is up and it has introduced itself.
    NeighbourUp {
        /// Who.
        peer: PublicKey,
    },
    /// A link to this neighbour is gone.
    NeighbourDown {
        /// Who.
        peer: PublicKey,
    },
    /// A neighbour speaks another version of the protocol; the link was closed.
    Incompatible {
        /// Who.
        peer: PublicKey,
        /// The version it speaks.
        version: u8,
    },
    /// A rule inside the engine did not hold; nothing was lost. Please report it.
    Bug(&'static str),
    /// This stream was read too slowly: so many events are missing here.
    Missed(u64),
}

impl Event {
    pub(crate) fn from_core(event: tom_core::output::Event) -> Option<Self> {
        use tom_core::output::Event as Core;
        Some(match event {
            Core::Message { id, state } => Self::Message { id, state },
            Core::Session { peer } => Self::Session { peer },
            Core::Neighbour { peer, .. } => Self::NeighbourUp { peer },
            Core::NeighbourGone { peer } => Self::NeighbourDown { peer },
            Core::Incompatible { peer, version } => Self::Incompatible { peer, version },
            Core::Bug(bug) => {
                tracing::error!(
                    ?bug,
                    "a rule inside the engine did not hold; please report it"
                );
                Self::Bug("a rule inside the engine did not hold")
            }
            _ => return None,
        })
    }
}

/// A stream of events, from when it was made. Several may be read side by side.
#[derive(Debug)]
pub struct Events {
    pub(crate) from: broadcast::Receiver<Event>,
}

impl Events {
    /// The next event; `None` when the node has been shut down. Safe to cancel.
    pub async fn next(&mut self) -> Option<Event> {
        match self.from.recv().await {
            Ok(event) => Some(event),
            Err(broadcast::error::RecvError::Lagged(missed)) => Some(Event::Missed(missed)),
            Err(broadcast::error::RecvError::Closed) => None,
        }
    }
}
