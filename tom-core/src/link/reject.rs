//! Why a packet of the Noise link was not used.

/// Why a packet was not used. Counted by the driver, never fatal; nothing changed. The numbers
/// follow those of [`Drop`](crate::error::Drop) and never change meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
#[non_exhaustive]
pub enum Reject {
    /// The first byte names no packet of the link.
    UnknownPacket = 80,
    /// The packet's length is not the one its type has.
    BadLength = 81,
    /// The first MAC does not fit: the sender does not know whom it talks to.
    BadMac = 82,
    /// Too many handshakes at once; this one showed a valid cookie and stamp and has to wait.
    Overloaded = 83,
    /// A handshake with a cookie that was let through a moment ago.
    Repeated = 84,
    /// The packet names a session or handshake that is not, or no longer, here.
    UnknownSid = 85,
    /// The packet does not authenticate.
    BadTag = 86,
    /// The counter was used before, or is older than the window.
    Replay = 87,
    /// The counter is beyond the session's life or more than one key ahead.
    TooFar = 88,
    /// A key in the handshake is of small order or belongs to no identity.
    WeakKey = 89,
    /// The peer is not the one this link is for.
    WrongPeer = 90,
    /// A reserved flag in the handshake's payload is set.
    BadFlags = 91,
    /// The handshake is not newer than one this peer made before.
    Stale = 92,
    /// Both ends dialled at once, and this end's handshake is the one that counts.
    Crossed = 93,
    /// A COOKIE asks for more work than allowed, or comes too often for one handshake.
    BadCookie = 94,
}

impl Reject {
    /// The reason's number in the spec.
    #[must_use]
    pub const fn code(self) -> u8 {
        self as u8
    }
}
