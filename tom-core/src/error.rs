//! Everything that can go wrong, sorted by whose fault it is. Spec: drops.
//!
//! * [`ConfigError`]: the configuration is wrong; nothing was built.
//! * [`Refusal`]: the caller's command was refused; no state changed.
//! * [`Drop`]: a peer or the network sent something that was not used; counted, never fatal.

mod text;

/// Why an input from the network was not used. The number is part of the protocol's test surface:
/// it never changes meaning. Unless a variant says otherwise, no state changed except its counter.
/// Spec DRP-2, DRP-3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
#[non_exhaustive]
pub enum Drop {
    /// A datagram, frame or envelope ended before its fixed part was complete.
    Truncated = 1,
    /// A length field disagrees with the bytes present, or bytes trail behind the last field.
    BadLength = 2,
    /// The frame type is unknown or reserved; the frame was skipped, the rest of the datagram was read.
    UnknownFrame = 3,
    /// A control body did not re-encode to the bytes received.
    NotCanonical = 4,
    /// The version nibble or the HELLO version is not 1.
    BadVersion = 5,
    /// A reserved flag bit is set, or flags stand on an envelope that has none.
    BadFlags = 6,
    /// The envelope kind is unknown or reserved.
    BadKind = 7,
    /// More bytes than this node or link carries.
    TooBig = 8,
    /// A count field is zero or over its bound.
    BadCount = 9,
    /// The remaining-hops field is over 8.
    BadHop = 10,
    /// An RESP, ACK or NACK names a destination, or a SEAL or DATA names none.
    BadDst = 11,
    /// The plaintext of an authenticated envelope is not valid content. The counter it used is spent.
    BadContent = 12,

    /// The envelope's expiry has passed.
    Expired = 20,
    /// The envelope's expiry is further away than 24 h plus the clock skew.
    ExpiryTooFar = 21,
    /// The envelope needs another hop and has none left.
    NoHops = 22,
    /// This copy (same envelope, same attempt) was already forwarded or is being handled.
    Duplicate = 23,
    /// No way towards the destination is known and none was found by asking.
    NoRoute = 24,
    /// The forward queue or its payload blocks are full.
    ForwardFull = 25,
    /// Outputs were not drained; nothing was changed.
    Backpressure = 26,
    /// The link is not known to the core.
    UnknownLink = 27,
    /// The frame came from a link whose peer may not send it.
    WrongLink = 28,
    /// The bytes asked for more work than the peer's share allows now (REACH?, PING, HELLO).
    RateLimited = 29,

    /// The handshake of a SEAL did not authenticate.
    BadSeal = 40,
    /// The commitment in the header is not the one the content's keys give.
    BadCommit = 41,
    /// The DATA envelope did not authenticate.
    BadTag = 42,
    /// The session id is unknown here; a NACK NO_KEY was queued when allowed.
    UnknownSession = 43,
    /// This counter was already used. If it asked for an ACK, the ACK was queued again.
    Replay = 44,
    /// The counter's epoch is gone.
    TooOld = 45,
    /// The counter is too many epochs ahead.
    TooFarAhead = 46,
    /// The budget for opening one-shots is used up; nothing was decrypted.
    SealBudget = 47,
    /// The table of opened one-shots, or the sender's share of it, is full.
    OpenedFull = 48,
    /// No room for the sender's contact or session.
    ContactsFull = 49,
    /// No room to hold the message for the application.
    InboxFull = 50,
    /// The one-shot is sealed to a prekey this node does not have.
    UnknownKid = 51,
    /// A key in the handshake is of small order or does not decompress.
    WeakKey = 52,
    /// The one-shot was opened before; its ACK was queued again.
    AlreadyOpened = 53,
    /// The message was delivered before under another envelope; its ACK was queued again.
    AlreadyDelivered = 54,
    /// The content type is unknown here.
    UnknownContent = 55,

    /// A RESP for a handshake this node has not pending.
    RespUnknown = 60,
    /// A RESP whose session id or expiry is not the pending one's.
    RespMismatch = 61,
    /// A RESP that did not authenticate.
    BadResp = 62,
    /// An ACK for a reference that is neither ours nor one we forwarded.
    AckUnknown = 63,
    /// An ACK whose secret does not open the commitment.
    BadProof = 64,
    /// An ACK that was already passed on once per forwarded copy, or already settled.
    AckRepeat = 65,
    /// A NACK for a reference that is neither ours nor one we forwarded.
    NackUnknown = 66,
    /// A NACK from a link the envelope was not sent over, or with an unknown code.
    BadNack = 67,
    /// A NACK that asked for a renewal too soon after the last one.
    NackLimited = 68,
    /// A TAKEN or PASSED for a reference not under way on that link.
    ReceiptUnknown = 69,
    /// A REACH! that answers no question of ours.
    ReachUnknown = 70,
}

impl Drop {
    /// Every reason, in the order of its number.
    pub const ALL: &'static [Self] = &[
        Self::Truncated,
        Self::BadLength,
        Self::UnknownFrame,
        Self::NotCanonical,
        Self::BadVersion,
        Self::BadFlags,
        Self::BadKind,
        Self::TooBig,
        Self::BadCount,
        Self::BadHop,
        Self::BadDst,
        Self::BadContent,
        Self::Expired,
        Self::ExpiryTooFar,
        Self::NoHops,
        Self::Duplicate,
        Self::NoRoute,
        Self::ForwardFull,
        Self::Backpressure,
        Self::UnknownLink,
        Self::WrongLink,
        Self::RateLimited,
        Self::BadSeal,
        Self::BadCommit,
        Self::BadTag,
        Self::UnknownSession,
        Self::Replay,
        Self::TooOld,
        Self::TooFarAhead,
        Self::SealBudget,
        Self::OpenedFull,
        Self::ContactsFull,
        Self::InboxFull,
        Self::UnknownKid,
        Self::WeakKey,
        Self::AlreadyOpened,
        Self::AlreadyDelivered,
        Self::UnknownContent,
        Self::RespUnknown,
        Self::RespMismatch,
        Self::BadResp,
        Self::AckUnknown,
        Self::BadProof,
        Self::AckRepeat,
        Self::NackUnknown,
        Self::BadNack,
        Self::NackLimited,
        Self::ReceiptUnknown,
        Self::ReachUnknown,
    ];

    /// The reason's number in the spec.
    #[must_use]
    pub const fn code(self) -> u8 {
        self as u8
    }
}

/// Why a command was refused. The caller's doing or a passing shortage; no state changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// The call makes no sense in this state; fix the calling code. Never caused by untrusted data.
    Misuse(Misuse),
    /// A table has no free entry; wait until something settles.
    Full(Full),
    /// Outputs are waiting; drain them and try again.
    Backpressure,
    /// The node has no wall time yet, so it cannot say when a message ends. Feed `Input::Clock`.
    NoClock,
}

/// What the caller got wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Misuse {
    /// The payload is longer than `max` bytes.
    TooLong {
        /// The longest payload accepted now, in bytes.
        max: u32,
    },
    /// The lifetime is zero or over 24 h minus the clock skew.
    Lifetime,
    /// The destination is this node itself.
    ToSelf,
    /// The id is not, or no longer, known here.
    UnknownId,
    /// The link is not, or no longer, known here.
    UnknownLink,
    /// The candidate list is malformed.
    Candidates,
    /// The record cannot be read back: wrong version, length or content.
    BadRecord,
}

/// A bounded table that had no room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full {
    /// Which table.
    pub table: TableName,
    /// How many entries it holds at most.
    pub capacity: u32,
}

/// The names of the core's bounded tables. Spec: memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum TableName {
    /// Links to neighbours.
    Links,
    /// People this node knows the keys of.
    Contacts,
    /// End-to-end sessions.
    Sessions,
    /// Handshakes waiting for their answer.
    Pending,
    /// Messages of this node that are not settled.
    Outbox,
    /// References and secrets of envelopes that may still be proven.
    Proofs,
    /// Messages waiting for the application.
    Inbox,
    /// One-shots opened, until they expire.
    Opened,
    /// References of messages delivered, newest first.
    Delivered,
    /// Envelopes being forwarded.
    Forwards,
    /// Envelopes forwarded: the way back.
    Returns,
    /// Ways towards destinations.
    Routes,
    /// Questions under way.
    Asks,
    /// Outputs waiting for `poll`.
    Jobs,
    /// Payload blocks.
    Blocks,
}

/// Why a node could not be built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConfigError {
    /// A table's capacity is below the minimum or breaks its relation to another one.
    Capacity(TableName),
    /// The longest frame is below what every relay must carry, or over the format's bound.
    MaxFrame,
    /// A time in the configuration is zero or out of its range.
    Time,
    /// It asks for records or for forwarding, and this build has the feature `records` or `relay`
    /// switched off.
    NotBuilt,
}
