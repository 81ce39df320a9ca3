//! The lines of a tape.

use serde::{Deserialize, Serialize};

/// The first line.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// Always `tom-tape`.
    pub format: String,
    /// 1.
    pub version: u32,
    /// `leaf`, `relay` or `full`.
    pub profile: String,
    /// The capacities of the node's tables.
    pub limits: Limits,
    /// Its settings.
    pub config: Config,
    /// Wall time at the start, in seconds since 1970.
    pub started: u64,
    /// Entries that were on the tape and gave way to later ones.
    pub dropped: u64,
}

/// A node's settings; times in milliseconds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "named as in `tom_core::Config`")]
pub struct Config {
    pub skew: u64,
    pub max_envelope: u32,
    pub durable: bool,
    pub seal_opens_per_second: u32,
    pub retry_first: u64,
    pub retry_max: u64,
    pub taken_wait: u64,
    pub ask_wait: u64,
    pub hold_max: u64,
}

/// The capacities of a node's tables, in entries; `scratch` in bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "named as the tables are")]
pub struct Limits {
    /// `desktop`, `server` or `minimum`, or `other`.
    pub name: String,
    pub links: u32,
    pub contacts: u32,
    pub sessions: u32,
    pub pending: u32,
    pub outbox: u32,
    pub proofs: u32,
    pub inbox: u32,
    pub opened: u32,
    pub delivered: u32,
    pub forwards: u32,
    pub returns: u32,
    pub routes: u32,
    pub asks: u32,
    pub jobs: u32,
    pub blocks: u32,
    pub scratch: u32,
}

/// One line after the first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Milliseconds since the start.
    pub ms: u64,
    /// What happened.
    #[serde(flatten)]
    pub what: What,
}

/// What went in, and of what came out that by which two runs are compared. `peer`, `to` and `from`
/// are aliases; `message` numbers the messages this node sent; both mean something on one tape only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
#[expect(missing_docs, reason = "the table in the specification says each")]
pub enum What {
    Tick,
    Up {
        link: u32,
        peer: u32,
        mtu: u32,
        max_frame: u32,
        dialed: bool,
        /// It was up when the oldest entry that is left was written.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        synthetic: bool,
    },
    Down {
        link: u32,
    },
    Changed {
        link: u32,
        mtu: u32,
    },
    Blocked {
        link: u32,
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        synthetic: bool,
    },
    Writable {
        link: u32,
    },
    DialFailed {
        peer: u32,
    },
    Datagram {
        link: u32,
        len: u32,
        frames: Vec<Frame>,
    },
    Send {
        to: u32,
        len: u32,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        lifetime_ms: Option<u64>,
        /// 0 control, 1 interactive, 2 normal, 3 bulk.
        class: u8,
        trace: bool,
        /// The number of the message; none when it was refused.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        message: Option<u32>,
    },
    Read {
        from: u32,
    },
    Candidates {
        count: u32,
    },
    Sent {
        link: u32,
        ok: bool,
    },
    Clock {
        unix: u64,
    },
    Taken {
        delivery: u32,
    },
    Restored {
        kind: u8,
        len: u32,
    },
    Persisted {
        kind: u8,
        ok: bool,
    },
    Reseed,
    /// Output: a message of this node reached a state.
    State {
        message: u32,
        state: u8,
    },
    /// Output: the node closes a link; it is down from here.
    Close {
        link: u32,
    },
    /// Output: a message for the application.
    Deliver {
        delivery: u32,
        from: u32,
        len: u32,
    },
}

/// One frame of a datagram.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frame {
    /// The frame's type; 0: what follows is no frame.
    #[serde(rename = "type")]
    pub ftype: u8,
    /// The kind of the envelope in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<u8>,
    /// Its body, or what is left, in bytes.
    pub len: u32,
}
