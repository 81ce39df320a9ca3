//! The first two bytes of an envelope: version, kind and flags. Spec: envelope, "Header".

#[cfg(test)]
mod tests;

/// The protocol version this code speaks, in the high half of an envelope's first byte.
pub const VERSION: u8 = 1;

/// What an envelope carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Kind {
    /// A message sealed to a public key, readable with no session.
    Seal = 1,
    /// The answer to a SEAL that offered a session.
    Resp = 2,
    /// A message in a session.
    Data = 3,
    /// Proofs of delivery.
    Ack = 4,
    /// A hint that an envelope got no further.
    Nack = 5,
}

impl Kind {
    /// The kind with this number; `None` for unknown and reserved ones.
    #[must_use]
    pub const fn from_code(code: u8) -> Option<Self> {
        match code {
            1 => Some(Self::Seal),
            2 => Some(Self::Resp),
            3 => Some(Self::Data),
            4 => Some(Self::Ack),
            5 => Some(Self::Nack),
            _ => None,
        }
    }

    /// The kind's number, 1..=5.
    #[must_use]
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// The envelope's first byte for this kind.
    #[must_use]
    pub const fn vt(self) -> u8 {
        (VERSION << 4) | self.code()
    }

    /// Whether it travels back by a reference, so that it names no destination and has no flags.
    #[must_use]
    pub const fn is_answer(self) -> bool {
        match self {
            Self::Resp | Self::Ack | Self::Nack => true,
            Self::Seal | Self::Data => false,
        }
    }
}

/// How urgent an envelope is to those who queue it; smaller goes first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Class {
    /// What keeps the network working.
    #[default]
    Control = 0,
    /// Somebody is waiting for it.
    Interactive = 1,
    /// Ordinary messages.
    Normal = 2,
    /// Whatever can wait.
    Bulk = 3,
}

impl Class {
    /// The class with this number; only the two low bits count.
    #[must_use]
    pub const fn from_bits(bits: u8) -> Self {
        match bits & 3 {
            0 => Self::Control,
            1 => Self::Interactive,
            2 => Self::Normal,
            _ => Self::Bulk,
        }
    }
}

/// The end-to-end flags of an envelope; reserved bits are always zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Flags(u8);

impl Flags {
    /// What RESP, ACK and NACK carry.
    pub const NONE: Self = Self(0);

    const COMMIT: u8 = 0x02;
    const TRACE: u8 = 0x04;
    const CLASS: u8 = 0x30;

    /// The bits that must be zero.
    pub const RESERVED: u8 = 0xC9;

    /// Flags of this class, with no other bit set.
    #[must_use]
    pub const fn new(class: Class) -> Self {
        Self((class as u8) << 4)
    }

    /// The flags in a header byte; `None` when a reserved bit is set.
    #[must_use]
    pub const fn from_byte(byte: u8) -> Option<Self> {
        if byte & Self::RESERVED == 0 {
            Some(Self(byte))
        } else {
            None
        }
    }

    /// The header byte.
    #[must_use]
    pub const fn byte(self) -> u8 {
        self.0
    }

    /// The same flags with the "commit present" bit as given.
    #[must_use]
    pub const fn with_commit(self, present: bool) -> Self {
        Self(set(self.0, Self::COMMIT, present))
    }

    /// The same flags with the "trace wanted" bit as given.
    #[must_use]
    pub const fn with_trace(self, wanted: bool) -> Self {
        Self(set(self.0, Self::TRACE, wanted))
    }

    /// Whether the header carries a commit, so that an ACK can be proven.
    #[must_use]
    pub const fn has_commit(self) -> bool {
        self.0 & Self::COMMIT != 0
    }

    /// Whether relays are asked to add themselves to a trace.
    #[must_use]
    pub const fn wants_trace(self) -> bool {
        self.0 & Self::TRACE != 0
    }

    /// The class.
    #[must_use]
    pub const fn class(self) -> Class {
        Class::from_bits((self.0 & Self::CLASS) >> 4)
    }
}

const fn set(byte: u8, bit: u8, on: bool) -> u8 {
    if on { byte | bit } else { byte & !bit }
}
