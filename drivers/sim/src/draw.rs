//! Randomness: what a link draws is a pure function of what it is drawn for, what a scenario draws
//! comes from one named stream per generator.
//!
//! So taking one event out of a run changes no other draw, and a new generator shifts no other one:
//! that is what makes a failing run shrink.

use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};
use siphasher::sip128::{Hasher128, SipHasher13};

/// What a draw is for. The numbers are part of every run's hash: never change one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub enum Purpose {
    /// Whether a packet is lost.
    Loss = 1,
    /// How much later than usual it comes.
    Jitter = 2,
    /// Whether it is overtaken, and by how much.
    Reorder = 3,
    /// Whether it comes twice.
    Duplicate = 4,
    /// Whether it is damaged, and where.
    Corrupt = 5,
    /// How long the good and the bad spells of a link last.
    Spell = 6,
    /// Where a node is, how fast its access link is, what its clock is like.
    Place = 7,
    /// Whether two radio packets that overlap destroy each other.
    Collide = 8,
    /// When something is tried again.
    Backoff = 9,
    /// What an adversary does with a packet.
    Adversary = 10,
    /// When an application takes a message, when a check looks.
    Application = 11,
}

/// SplitMix64's finalizer: every input bit reaches every output bit.
#[must_use]
pub const fn mix(n: u64) -> u64 {
    let n = n.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let n = (n ^ (n >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let n = (n ^ (n >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    n ^ (n >> 31)
}

/// The 64 bits a link or a node draws: of the run's seed, the two ends, a number of the source's own
/// counting, and the purpose.
#[must_use]
pub const fn draw(seed: u64, src: u32, dst: u32, sequence: u64, purpose: Purpose) -> u64 {
    let ends = (src as u64) << 32 | dst as u64;
    mix(mix(mix(seed ^ (purpose as u64) << 56) ^ ends) ^ sequence)
}

/// A draw as a number in 0..1 with 53 bits.
#[must_use]
pub const fn unit(draw: u64) -> f64 {
    (draw >> 11) as f64 * (1.0 / 9_007_199_254_740_992.0)
}

/// Whether something of this probability (in parts of 2^32) happens.
#[must_use]
pub const fn happens(draw: u64, chance: Chance) -> bool {
    draw >> 32 < chance.0
}

/// A probability in parts of 2^32: comparing integers, every machine decides alike.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Chance(pub u64);

impl Chance {
    /// Never.
    pub const NEVER: Self = Self(0);
    /// Always.
    pub const ALWAYS: Self = Self(1 << 32);

    /// The nearest chance to a probability; below 0 is never, above 1 always.
    #[must_use]
    #[expect(
        clippy::float_arithmetic,
        reason = "read from a scenario once, then an integer"
    )]
    pub fn from_unit(p: f64) -> Self {
        Self((p.clamp(0.0, 1.0) * 4_294_967_296.0) as u64)
    }

    /// The probability.
    #[must_use]
    #[expect(clippy::float_arithmetic, reason = "for printing")]
    pub fn as_unit(self) -> f64 {
        self.0 as f64 / 4_294_967_296.0
    }
}

/// The stream of one generator of a scenario, named: `churn 0`, `traffic 2`.
#[derive(Clone, Debug)]
pub struct Stream(ChaCha8Rng);

impl Stream {
    /// The stream of this name in the run with this seed.
    #[must_use]
    pub fn new(seed: u64, name: &str) -> Self {
        let mut key = [0; 32];
        for (half, out) in key.chunks_mut(16).enumerate() {
            let mut hasher = SipHasher13::new_with_keys(seed, half as u64);
            std::hash::Hasher::write(&mut hasher, name.as_bytes());
            out.copy_from_slice(&hasher.finish128().as_bytes());
        }
        Self(ChaCha8Rng::from_seed(key))
    }

    /// 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A number below `bound`; 0 when `bound` is 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        ((u128::from(self.bits()) * u128::from(bound)) >> 64) as u64
    }

    /// A number in 0..1.
    pub fn unit(&mut self) -> f64 {
        unit(self.bits())
    }

    /// Fills `out`.
    pub fn fill(&mut self, out: &mut [u8]) {
        self.0.fill_bytes(out);
    }
}
