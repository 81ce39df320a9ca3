//! Three suites for one protocol. [`Real`] is what ships. [`Memo`] gives the same bytes and computes
//! each agreement and each opening once for both ends. [`Fast`] gives the same lengths and the same
//! identities and keeps nothing secret: it is for counting, not for trusting.
//!
//! Where no decision of the core depends on a ciphertext, an id or a hash, a run takes the same
//! course under all three; `tests/suites_agree.rs` compares. One thing does: what
//! a damaged length makes of sealed bytes.

#[cfg(unix)]
mod bench;
mod cache;
mod fast;
mod keys;
mod memo;

use tom_core::crypto::{Suite, Tom1};
use tom_core::identity::{Keys, SharedSecret, SoftKeys, WeakKey, XPublic};

#[cfg(unix)]
pub use bench::{Row, bench, cpu_ns};
pub use fast::Fast;
pub use keys::SimKeys;
pub use memo::{Memo, MemoUse};

pub use crate::scenario::model::SuiteKind;

/// The suite that ships.
pub type Real = Tom1;

/// A suite that simulated nodes can run.
pub trait SimSuite: Suite + Send + Sync {
    /// What holds a node's identity. A clone is the same identity: it costs a counter.
    type Keys: Keys + Clone + std::fmt::Debug + Send + Sync + 'static;

    /// How scenarios name it.
    const KIND: SuiteKind;

    /// The identity of a seed. All suites give one seed the same public key.
    fn keys(seed: [u8; 32]) -> Self::Keys;

    /// The agreement of an identity with `their` key; `own` is the identity's own X25519 form.
    ///
    /// # Errors
    /// [`WeakKey`] when `their` key is of small order.
    fn agree(keys: &SoftKeys, own: &XPublic, their: &XPublic) -> Result<SharedSecret, WeakKey>;

    /// Forgets what earlier runs of this thread left behind. Changes no result, only speed.
    fn begin() {}
}

impl SimSuite for Real {
    type Keys = SimKeys<Self>;

    const KIND: SuiteKind = SuiteKind::Real;

    fn keys(seed: [u8; 32]) -> Self::Keys {
        SimKeys::from_seed(seed)
    }

    fn agree(keys: &SoftKeys, _own: &XPublic, their: &XPublic) -> Result<SharedSecret, WeakKey> {
        keys.agree(their)
    }
}

/// Something to be done under a suite that is known only at run time.
pub trait UnderSuite {
    /// What comes of it.
    type Out;

    /// Does it.
    fn run<C: SimSuite>(self) -> Self::Out;
}

impl SuiteKind {
    /// Does `work` under this suite.
    pub fn run<W: UnderSuite>(self, work: W) -> W::Out {
        match self {
            Self::Real => work.run::<Real>(),
            Self::RealMemo => work.run::<Memo>(),
            Self::SimFast => work.run::<Fast>(),
        }
    }
}

#[cfg(test)]
mod tests;
