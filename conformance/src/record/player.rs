//! Who sits in a seat of a network: the reference, or a port.

use serde_json::{Map, Value};
use tom_port::Port;

use crate::process::{Fault, Process};
use crate::transcript::Seat;

/// Whoever answers for a node.
pub enum Player {
    /// The reference, in this process.
    Reference(Box<Port>),
    /// A port, in a process of its own.
    Port(Box<Process>),
}

impl Player {
    /// The reference.
    #[must_use]
    pub fn reference() -> Self {
        Self::Reference(Box::default())
    }

    /// The process of a port.
    #[must_use]
    pub fn process(self) -> Option<Process> {
        match self {
            Self::Reference(_) => None,
            Self::Port(process) => Some(*process),
        }
    }

    /// Whether this is a port.
    #[must_use]
    pub const fn is_port(&self) -> bool {
        matches!(self, Self::Port(_))
    }
}

impl Seat for Player {
    type Fault = Fault;

    fn ask(&mut self, request: &Map<String, Value>) -> Result<Value, Fault> {
        match self {
            Self::Reference(port) => match Seat::ask(port.as_mut(), request) {
                Ok(reply) => Ok(reply),
                Err(never) => match never {},
            },
            Self::Port(process) => process.ask(request),
        }
    }
}

impl std::fmt::Debug for Player {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.is_port() { "port" } else { "reference" })
    }
}
