//! Keys of tables and their seeded hash.

#[cfg(feature = "alloc")]
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
    /// Fast: unrolled, and a copy of it for each length of key.
    #[cfg(feature = "alloc")]
    fn sip(&self, bytes: &[u8]) -> u64 {
        let Self([k0, k1]) = *self;
        SipHasher13::new_with_keys(k0, k1).hash(bytes)
    }

    /// Small: the same function, once, for machines that have little flash and few entries.
    #[cfg(not(feature = "alloc"))]
    fn sip(&self, bytes: &[u8]) -> u64 {
        self.sip_small(bytes)
    }

    #[cfg(any(test, not(feature = "alloc")))]
    #[inline(never)]
    fn sip_small(&self, bytes: &[u8]) -> u64 {
        let Self([k0, k1]) = *self;
        let mut v = [
            k0 ^ 0x736f_6d65_7073_6575,
            k1 ^ 0x646f_7261_6e64_6f6d,
            k0 ^ 0x6c79_6765_6e65_7261,
            k1 ^ 0x7465_6462_7974_6573,
        ];
        // The last word is filled up with zeros and ends with the length.
        let mut rest = bytes;
        for _ in 0..=bytes.len() / 8 {
            let (now, later) = rest.split_at_checked(8).unwrap_or((rest, &[]));
            let mut word = 0;
            for (at, byte) in now.iter().enumerate() {
                word |= u64::from(*byte) << (8 * at);
            }
            if now.len() < 8 {
                word |= (bytes.len() as u64) << 56;
            }
            rest = later;
            let [_, _, _, v3] = &mut v;
            *v3 ^= word;
            round(&mut v);
            let [v0, ..] = &mut v;
            *v0 ^= word;
        }
        let [_, _, v2, _] = &mut v;
        *v2 ^= 0xff;
        for _ in 0..3 {
            round(&mut v);
        }
        let [v0, v1, v2, v3] = v;
        v0 ^ v1 ^ v2 ^ v3
    }
}

/// The round of SipHash.
#[cfg(any(test, not(feature = "alloc")))]
#[inline(never)]
fn round(v: &mut [u64; 4]) {
    let [mut v0, mut v1, mut v2, mut v3] = *v;
    v0 = v0.wrapping_add(v1);
    v1 = v1.rotate_left(13) ^ v0;
    v0 = v0.rotate_left(32);
    v2 = v2.wrapping_add(v3);
    v3 = v3.rotate_left(16) ^ v2;
    v0 = v0.wrapping_add(v3);
    v3 = v3.rotate_left(21) ^ v0;
    v2 = v2.wrapping_add(v1);
    v1 = v1.rotate_left(17) ^ v2;
    v2 = v2.rotate_left(32);
    *v = [v0, v1, v2, v3];
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

#[cfg(test)]
mod tests {
    use super::Seed2;

    /// Both are SipHash-1-3, whatever the length.
    #[test]
    fn the_small_hash_is_the_fast_one() {
        let bytes: [u8; 40] = core::array::from_fn(|i| (i * 37) as u8);
        for len in 0..=bytes.len() {
            let seed = Seed2([len as u64 + 1, u64::MAX - 5]);
            let bytes = bytes.get(..len).unwrap();
            assert_eq!(seed.sip_small(bytes), seed.sip(bytes), "{len}");
        }
    }
}
