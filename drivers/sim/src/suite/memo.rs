//! The bytes of the real suite at a part of its cost: what one end computed, the other looks up.
//!
//! A simulation holds both ends of every handshake and of every sealed packet. An agreement is
//! remembered under its two public keys, a packet under all that its opening depends on. Whatever is
//! not found is computed. So a result never depends on what is remembered, only its cost does.

use std::cell::RefCell;
use std::hash::Hasher;

use siphasher::sip128::{Hasher128, SipHasher13};
use tom_core::crypto::{BadTag, Sealed, Suite, TAG_LEN, Tom1};
use tom_core::identity::{Keys, SharedSecret, SoftKeys, WeakKey, XPublic};

use super::cache::{Cache, Spread};
use super::{SimKeys, SimSuite, SuiteKind};

/// The real suite, with a memory of this thread's agreements and sealed packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Memo;

/// Ephemeral secrets and agreements that are remembered, each.
pub(super) const AGREEMENTS: usize = 1 << 15;
/// Sealed packets that are remembered: those in flight, of a run of some thousand nodes.
pub(super) const PACKETS: usize = 1 << 14;
/// Longer plaintexts are not remembered: with this bound the memory of a thread stays under 48 MB.
const LONGEST: usize = 2_048;

/// The low word of 32 bytes, which are random enough for a bucket.
fn low(bytes: &[u8; 32]) -> u64 {
    bytes
        .first_chunk()
        .map_or(0, |chunk| u64::from_le_bytes(*chunk))
}

impl Spread for [u8; 32] {
    fn spread(&self) -> u64 {
        low(self)
    }
}

/// The public keys of an agreement, the smaller one first.
#[derive(Debug, PartialEq, Eq)]
struct Pair([u8; 32], [u8; 32]);

impl Pair {
    fn new(one: &[u8; 32], other: &[u8; 32]) -> Self {
        if one < other {
            Self(*one, *other)
        } else {
            Self(*other, *one)
        }
    }
}

impl Spread for Pair {
    fn spread(&self) -> u64 {
        low(&self.0) ^ low(&self.1).rotate_left(32)
    }
}

/// All that the opening of a packet depends on.
#[derive(Debug, PartialEq, Eq)]
struct Packet {
    key: [u8; 32],
    n: u64,
    tag: [u8; TAG_LEN],
    /// 128 bits of hash over the associated data and the ciphertext.
    rest: [u8; 16],
}

impl Packet {
    fn new(key: &[u8; 32], n: u64, ad: &[u8], text: &[u8], tag: &[u8; TAG_LEN]) -> Self {
        let mut hasher = SipHasher13::new_with_keys(ad.len() as u64, text.len() as u64);
        hasher.write(ad);
        hasher.write(text);
        Self {
            key: *key,
            n,
            tag: *tag,
            rest: hasher.finish128().as_bytes(),
        }
    }
}

impl Spread for Packet {
    fn spread(&self) -> u64 {
        self.tag
            .first_chunk()
            .map_or(0, |chunk| u64::from_le_bytes(*chunk))
    }
}

/// How much of its work a thread was spared since its run began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MemoUse {
    /// Agreements computed.
    pub agreed: u64,
    /// Agreements looked up.
    pub agreed_before: u64,
    /// Packets opened.
    pub opened: u64,
    /// Packets whose plaintext was looked up.
    pub opened_before: u64,
    /// Entries remembered now.
    pub entries: usize,
}

struct Memory {
    /// From an ephemeral secret to its public half.
    publics: Cache<[u8; 32], [u8; 32]>,
    agreed: Cache<Pair, [u8; 32]>,
    packets: Cache<Packet, Box<[u8]>>,
    used: MemoUse,
}

impl Memory {
    fn new() -> Self {
        Self {
            publics: Cache::new(AGREEMENTS),
            agreed: Cache::new(AGREEMENTS),
            packets: Cache::new(PACKETS),
            used: MemoUse::default(),
        }
    }

    fn public_of(&mut self, secret: &[u8; 32]) -> [u8; 32] {
        if let Some(public) = self.publics.get(secret) {
            return *public;
        }
        let public = Tom1::x25519_base(secret);
        self.publics.put(*secret, public);
        public
    }

    fn agree(
        &mut self,
        own: &[u8; 32],
        their: &[u8; 32],
        compute: impl FnOnce() -> [u8; 32],
    ) -> [u8; 32] {
        let pair = Pair::new(own, their);
        if let Some(shared) = self.agreed.get(&pair) {
            self.used.agreed_before += 1;
            return *shared;
        }
        self.used.agreed += 1;
        let shared = compute();
        self.agreed.put(pair, shared);
        shared
    }
}

thread_local! {
    static MEMORY: RefCell<Memory> = RefCell::new(Memory::new());
}

impl Memo {
    /// What this thread was spared since its run began.
    #[must_use]
    pub fn used() -> MemoUse {
        MEMORY.with_borrow(|memory| MemoUse {
            entries: memory.publics.len() + memory.agreed.len() + memory.packets.len(),
            ..memory.used
        })
    }
}

impl Sealed for Memo {}

impl Suite for Memo {
    fn x25519(secret: &[u8; 32], public: &[u8; 32]) -> [u8; 32] {
        MEMORY.with_borrow_mut(|memory| {
            let own = memory.public_of(secret);
            memory.agree(&own, public, || Tom1::x25519(secret, public))
        })
    }

    fn x25519_base(secret: &[u8; 32]) -> [u8; 32] {
        MEMORY.with_borrow_mut(|memory| memory.public_of(secret))
    }

    fn aead_seal(key: &[u8; 32], n: u64, ad: &[u8], buf: &mut [u8]) -> [u8; TAG_LEN] {
        // The last nonce only makes the next key, and nobody opens that.
        if buf.len() > LONGEST || n == u64::MAX {
            return Tom1::aead_seal(key, n, ad, buf);
        }
        let plain = Box::from(&*buf);
        let tag = Tom1::aead_seal(key, n, ad, buf);
        let packet = Packet::new(key, n, ad, buf, &tag);
        MEMORY.with_borrow_mut(|memory| memory.packets.put(packet, plain));
        tag
    }

    fn aead_open(
        key: &[u8; 32],
        n: u64,
        ad: &[u8],
        buf: &mut [u8],
        tag: &[u8; TAG_LEN],
    ) -> Result<(), BadTag> {
        let known = buf.len() <= LONGEST
            && MEMORY.with_borrow_mut(|memory| {
                let packet = Packet::new(key, n, ad, buf, tag);
                let Some(plain) = memory.packets.get(&packet) else {
                    return false;
                };
                buf.copy_from_slice(plain);
                memory.used.opened_before += 1;
                true
            });
        if known {
            return Ok(());
        }
        MEMORY.with_borrow_mut(|memory| memory.used.opened += 1);
        Tom1::aead_open(key, n, ad, buf, tag)
    }

    fn sha256(parts: &[&[u8]]) -> [u8; 32] {
        Tom1::sha256(parts)
    }

    fn hmac(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
        Tom1::hmac(key, parts)
    }
}

impl SimSuite for Memo {
    type Keys = SimKeys<Self>;

    const KIND: SuiteKind = SuiteKind::RealMemo;

    fn keys(seed: [u8; 32]) -> Self::Keys {
        SimKeys::from_seed(seed)
    }

    fn agree(keys: &SoftKeys, own: &XPublic, their: &XPublic) -> Result<SharedSecret, WeakKey> {
        let compute = || {
            keys.agree(their)
                .map_or([0; 32], |shared| *shared.as_bytes())
        };
        let shared = MEMORY.with_borrow_mut(|memory| memory.agree(&own.0, &their.0, compute));
        SharedSecret::new(shared)
    }

    fn begin() {
        MEMORY.replace(Memory::new());
    }
}
