//! The short byte strings that name things on the wire. Spec: conventions, "Names".

#[cfg(test)]
mod tests;

use core::fmt;

use zeroize::Zeroize;

macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $len:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; $len]);

        impl $name {
            /// How many bytes it takes on the wire.
            pub const LEN: usize = $len;

            /// The bytes as they stand on the wire.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; $len] {
                &self.0
            }
        }
    };
}

macro_rules! shown_in_hex {
    ($($name:ident),*) => {$(
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({self})", stringify!($name))
            }
        }
    )*};
}

name! {
    /// The 8-byte name of an identity that envelopes are addressed to: the head of a hash of its
    /// public key. All zero on the wire means "none".
    Handle, 8
}
name! {
    /// The first 8 bytes of a [`MessageId`]: how receipts name an envelope.
    Reference, 8
}
name! {
    /// The id under which the receiver of an envelope keeps a session; chosen by that receiver.
    Sid, 4
}
name! {
    /// The 16 bytes that only the recipient of an envelope can derive: revealing them in an ACK
    /// proves delivery.
    Secret, 16
}
name! {
    /// The 8 bytes in an envelope's header that its ACK secret must hash to.
    Commit, 8
}
name! {
    /// The 16-byte identity of an envelope, computed from its bytes and never transmitted with it.
    MessageId, 16
}
name! {
    /// The 8-byte proof of work a neighbour may ask for.
    Stamp, 8
}

shown_in_hex!(Handle, Reference, Sid, Commit, MessageId, Stamp);

impl Handle {
    /// The value that stands for "no destination" in a header.
    pub const NONE: Self = Self([0; 8]);

    /// Whether this is [`Handle::NONE`].
    #[must_use]
    pub fn is_none(&self) -> bool {
        *self == Self::NONE
    }

    /// The first four bytes: how a trace names a relay.
    #[must_use]
    pub const fn head(&self) -> [u8; 4] {
        let [a, b, c, d, ..] = self.0;
        [a, b, c, d]
    }
}

impl MessageId {
    /// The first half: the short name in receipts.
    #[must_use]
    pub const fn reference(&self) -> Reference {
        let [a, b, c, d, e, f, g, h, ..] = self.0;
        Reference([a, b, c, d, e, f, g, h])
    }
}

impl fmt::Debug for Secret {
    /// Shows that there is a secret, never which.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

impl Zeroize for Secret {
    fn zeroize(&mut self) {
        self.0.zeroize();
    }
}
