//! Keys for driving the handshake with raw X25519 statics, as public vectors and snow have them.

use tom_core::crypto::{Suite, Tom1};
use tom_core::identity::{Keys, PublicKey, SharedSecret, Signature, SoftKeys, WeakKey, XPublic};

/// A static key that is no Ed25519 identity. The handshake uses `agree` alone.
pub(crate) struct RawKeys {
    secret: [u8; 32],
    unused: SoftKeys,
}

impl RawKeys {
    pub(crate) fn new(secret: [u8; 32]) -> Self {
        Self {
            secret,
            unused: SoftKeys::from_seed([0; 32]),
        }
    }

    pub(crate) fn x_public(&self) -> XPublic {
        XPublic(Tom1::x25519_base(&self.secret))
    }
}

impl Keys for RawKeys {
    fn public(&self) -> &PublicKey {
        self.unused.public()
    }

    fn sign(&self, message: &[u8]) -> Signature {
        self.unused.sign(message)
    }

    fn agree(&self, their: &XPublic) -> Result<SharedSecret, WeakKey> {
        SharedSecret::new(Tom1::x25519(&self.secret, &their.0))
    }
}
