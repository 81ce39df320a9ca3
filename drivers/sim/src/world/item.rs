//! What can be due.

use crate::engine::payload::Handle;
use crate::net::disorder::Damage;

/// Something due at one node.
#[derive(Clone, Copy, Debug)]
pub struct Item {
    /// Where.
    pub target: u32,
    /// What.
    pub what: What,
}

/// What is due.
#[derive(Clone, Copy, Debug)]
pub enum What {
    /// The core asked to be woken.
    Wake,
    /// Bytes arrive.
    Datagram(Flight),
    /// An external event, by its place in the schedule.
    Deed(u32),
    /// The first flight of a handshake arrives, from the dialler's end `link`.
    Hello {
        /// The dialler's number for the link.
        link: u32,
    },
    /// The answer arrives at the dialler's end `link`.
    Welcome {
        /// The dialler's number.
        link: u32,
        /// The answerer's number.
        theirs: u32,
    },
    /// The last flight arrives at the answerer's end `link`.
    Finish {
        /// The answerer's number.
        link: u32,
        /// The dialler's number.
        theirs: u32,
    },
    /// A flight of a handshake that got no answer is sent again.
    Again {
        /// The own number.
        link: u32,
        /// Flights sent so far.
        tries: u8,
    },
    /// The peer's word that it has closed the link.
    Closed {
        /// The own number.
        link: u32,
    },
    /// If nothing has been heard on this link, it is down.
    Listen {
        /// The own number.
        link: u32,
    },
    /// A kept peer is dialled again.
    Redial {
        /// Its place among the kept ones.
        peer: u32,
    },
    /// A link that was full has room again.
    Writable {
        /// The own number.
        link: u32,
    },
    /// The application takes a message.
    Take {
        /// Its place in the application's hands.
        slot: u32,
    },
    /// The disk has done what it was asked.
    Stored {
        /// The write's place in its queue.
        slot: u32,
    },
    /// A node that stood still or slept goes on.
    Resume,
    /// A node with a duty cycle falls asleep.
    Sleep,
    /// What an adversary held back goes.
    Later {
        /// The own number of the link.
        link: u32,
        /// The bytes.
        payload: Handle,
    },
    /// A radio has sent a packet, or may try to send one.
    Radio,
    /// A spammer sends.
    Spam,
    /// The checks that look at everything are made.
    Check,
}

/// Bytes on their way to one end of a link.
#[derive(Clone, Copy, Debug)]
pub struct Flight {
    /// The receiver's number for the link.
    pub link: u32,
    /// The bytes.
    pub payload: Handle,
    /// What is done to them on arrival.
    pub damage: Damage,
    /// It is through the receiver's access link.
    pub landed: bool,
    /// How long it has been under way when it is due, in microseconds; for the trace alone.
    pub under_way: u32,
}

impl What {
    /// The kind's number in the hash of a run: never change one.
    #[must_use]
    pub const fn number(&self) -> u32 {
        match self {
            Self::Wake => 1,
            Self::Datagram(_) => 2,
            Self::Deed(_) => 3,
            Self::Hello { .. } => 4,
            Self::Welcome { .. } => 5,
            Self::Finish { .. } => 6,
            Self::Again { .. } => 7,
            Self::Closed { .. } => 8,
            Self::Listen { .. } => 9,
            Self::Redial { .. } => 10,
            Self::Writable { .. } => 11,
            Self::Take { .. } => 12,
            Self::Stored { .. } => 13,
            Self::Resume => 14,
            Self::Sleep => 15,
            Self::Later { .. } => 16,
            Self::Spam => 17,
            Self::Check => 18,
            Self::Radio => 19,
        }
    }
}
