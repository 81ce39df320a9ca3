//! A simulated node's identity: real keys, which a snapshot may copy.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use tom_core::identity::{Keys, PublicKey, SharedSecret, Signature, SoftKeys, WeakKey, XPublic};

use super::SimSuite;

/// The identity of a node under the suite `C`. Signatures are real under every suite.
pub struct SimKeys<C> {
    held: Arc<(SoftKeys, XPublic)>,
    suite: PhantomData<C>,
}

impl<C> Clone for SimKeys<C> {
    fn clone(&self) -> Self {
        Self {
            held: Arc::clone(&self.held),
            suite: PhantomData,
        }
    }
}

impl<C> SimKeys<C> {
    /// The identity of a 32-byte secret seed.
    #[must_use]
    pub fn from_seed(seed: [u8; 32]) -> Self {
        let keys = SoftKeys::from_seed(seed);
        let own = keys.public().to_x();
        Self {
            held: Arc::new((keys, own)),
            suite: PhantomData,
        }
    }
}

impl<C: SimSuite> Keys for SimKeys<C> {
    fn public(&self) -> &PublicKey {
        self.held.0.public()
    }

    fn sign(&self, message: &[u8]) -> Signature {
        self.held.0.sign(message)
    }

    fn agree(&self, their: &XPublic) -> Result<SharedSecret, WeakKey> {
        let (keys, own) = &*self.held;
        C::agree(keys, own, their)
    }
}

impl<C> fmt::Debug for SimKeys<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.held.0, f)
    }
}
