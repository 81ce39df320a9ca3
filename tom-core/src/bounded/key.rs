//! Keys of tables and their seeded hash.

use siphasher::sip::SipHasher13;

/// A per-node secret that keeps strangers from choosing keys that collide; drawn once from entropy.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Seed2(pub [u64; 2]);

/// As wide as a slot number: no table has more buckets.
#[cfg(feature = "alloc")]
type Bits = u32;
#[cfg(not(feature = "alloc"))]
type Bits = u16;

/// A key's hash under one table's seed; lets one hash serve a lookup and the insertion behind it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hash(Bits);

impl Hash {
    /// The hash of no key, for cells in which there is none.
    pub(super) const NONE: Self = Self(0);

    /// Spreads the hash over any number of buckets without a division.
    pub(super) const fn bucket(self, buckets: u32) -> usize {
        ((self.0 as u64 * buckets as u64) >> Bits::BITS) as usize
    }
}

/// What a table looks entries up by. Newtypes over arrays pass the array on.
pub trait Key: Eq {
    /// The bytes that are hashed. Equal keys give equal bytes.
    fn hash_bytes(&self) -> impl AsRef<[u8]>;
}

/// An element of a table: carries its own key.
pub trait Entry {
    /// The type of the key.
    type Key: Key;

    /// The key. It must not change while the entry is in a table.
    fn key(&self) -> Self::Key;
}

impl Seed2 {
    /// SipHash-1-3 of the key's bytes, the lower half.
    pub(super) fn hash<K: Key>(&self, key: &K) -> Hash {
        let full = self.sip(key.hash_bytes().as_ref());
        Hash(full as Bits)
    }
}

impl Seed2 {
    /// Where flash is short there is one copy of it, not one per table.
    #[cfg_attr(not(feature = "alloc"), inline(never))]
    fn sip(&self, bytes: &[u8]) -> u64 {
        let Self([k0, k1]) = *self;
        SipHasher13::new_with_keys(k0, k1).hash(bytes)
    }
}

impl core::fmt::Debug for Seed2 {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Seed2(..)")
    }
}

impl<const N: usize> Key for [u8; N] {
    fn hash_bytes(&self) -> impl AsRef<[u8]> {
        self
    }
}

impl Key for u32 {
    fn hash_bytes(&self) -> impl AsRef<[u8]> {
        self.to_le_bytes()
    }
}

impl Key for u64 {
    fn hash_bytes(&self) -> impl AsRef<[u8]> {
        self.to_le_bytes()
    }
}
