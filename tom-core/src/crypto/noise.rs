//! `Noise_IK_25519_ChaChaPoly_SHA256`, in place and without an allocator. Spec: session, "Handshake".
//!
//! Written here rather than taken from a crate because the protocol needs the chaining key after
//! the first message (the ACK secret), a cached static-static agreement, and buffers in place.
//!
//! ```text
//! message 1: e 32 | enc(s) 32+16 | enc(payload)+16        -> e, es, s, ss
//! message 2: e 32 | enc(payload)+16                       <- e, ee, se
//! ```

use zeroize::{Zeroize, ZeroizeOnDrop};

use super::{BadTag, Key, Suite, TAG_LEN, wipe};
use crate::identity::{Keys, SharedSecret, WeakKey, XPublic};

/// The protocol's Noise name: 32 bytes, so it is the first hash as it stands.
const NAME: &[u8; 32] = b"Noise_IK_25519_ChaChaPoly_SHA256";

/// Where the payload of message 1 begins.
pub const PAYLOAD1_AT: usize = 80;

/// Where the payload of message 2 begins.
pub const PAYLOAD2_AT: usize = 32;

/// Bytes message 1 adds to its payload.
pub const OVERHEAD1: usize = PAYLOAD1_AT + TAG_LEN;

/// Bytes message 2 adds to its payload.
pub const OVERHEAD2: usize = PAYLOAD2_AT + TAG_LEN;

/// Why a handshake message was not read or written. No state changed; the buffer is as it was,
/// except that a failed write may have overwritten the room in front of the payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoiseError {
    /// The buffer is too short for the message.
    Short,
    /// A public key in the handshake is of small order.
    WeakKey,
    /// A part of the message does not authenticate.
    BadTag,
}

impl From<WeakKey> for NoiseError {
    fn from(WeakKey: WeakKey) -> Self {
        Self::WeakKey
    }
}

impl From<BadTag> for NoiseError {
    fn from(BadTag: BadTag) -> Self {
        Self::BadTag
    }
}

/// Noise's symmetric state without its cipher key, which lives only between two steps.
#[derive(Clone)]
struct Symmetric {
    ck: [u8; 32],
    h: [u8; 32],
}

impl Drop for Symmetric {
    fn drop(&mut self) {
        self.zeroize();
    }
}

impl ZeroizeOnDrop for Symmetric {}

impl Zeroize for Symmetric {
    fn zeroize(&mut self) {
        wipe(&mut self.ck);
        wipe(&mut self.h);
    }
}

impl Symmetric {
    /// The pattern's beginning: name, prologue, the key known beforehand. Spec SES-1.
    fn start<C: Suite>(prologue: &[u8], responder: &XPublic) -> Self {
        let mut state = Self {
            ck: *NAME,
            h: *NAME,
        };
        state.mix_hash::<C>(prologue);
        state.mix_hash::<C>(&responder.0);
        state
    }

    fn mix_hash<C: Suite>(&mut self, data: &[u8]) {
        self.h = C::sha256(&[&self.h, data]);
    }

    /// MixKey: the new cipher key; its nonce counter starts at 0 and is used once here.
    fn mix_key<C: Suite>(&mut self, secret: &SharedSecret) -> Key {
        let (ck, k) = hkdf2::<C>(&self.ck, secret.as_bytes());
        self.ck = *ck.as_bytes();
        k
    }

    /// Encrypts `part[..part.len() - 16]` in place, tag behind it; returns false when too short.
    fn seal<C: Suite>(&mut self, k: &Key, part: &mut [u8]) -> Result<(), NoiseError> {
        let (text, tag) = part
            .split_last_chunk_mut::<TAG_LEN>()
            .ok_or(NoiseError::Short)?;
        *tag = C::aead_seal(k.as_bytes(), 0, &self.h, text);
        self.mix_hash::<C>(part);
        Ok(())
    }

    /// Decrypts `part` in place; its plaintext stands before the last 16 bytes.
    fn open<C: Suite>(&mut self, k: &Key, part: &mut [u8]) -> Result<(), NoiseError> {
        // The hash covers the ciphertext, which the decryption replaces.
        let h = C::sha256(&[&self.h, part]);
        let (text, tag) = part
            .split_last_chunk_mut::<TAG_LEN>()
            .ok_or(NoiseError::Short)?;
        C::aead_open(k.as_bytes(), 0, &self.h, text, tag)?;
        self.h = h;
        Ok(())
    }

    fn split<C: Suite>(&self) -> Split {
        let (k_i2r, k_r2i) = hkdf2::<C>(&self.ck, &[]);
        Split {
            k_i2r,
            k_r2i,
            ack_root: Key::new(C::hmac(&self.ck, &[b"tom-ackroot"])),
            h: self.h,
        }
    }
}

/// HKDF of Noise with two outputs.
fn hkdf2<C: Suite>(ck: &[u8; 32], input: &[u8]) -> (Key, Key) {
    let temp = Key::new(C::hmac(ck, &[input]));
    let first = Key::new(C::hmac(temp.as_bytes(), &[&[1]]));
    let second = Key::new(C::hmac(temp.as_bytes(), &[first.as_bytes(), &[2]]));
    (first, second)
}

/// X25519 with an ephemeral secret.
fn agree<C: Suite>(secret: &[u8; 32], public: &[u8; 32]) -> Result<SharedSecret, NoiseError> {
    Ok(SharedSecret::new(C::x25519(secret, public))?)
}

/// What both ends share after the handshake; wiped when dropped.
#[derive(Clone, Debug)]
pub struct Split {
    /// The key of epoch 0 from initiator to responder.
    pub k_i2r: Key,
    /// The key of epoch 0 from responder to initiator.
    pub k_r2i: Key,
    /// The root of the DATA envelopes' ACK secrets.
    pub ack_root: Key,
    /// The final handshake hash; crossed handshakes send on the smaller one. Public.
    pub h: [u8; 32],
}

/// The initiator between the two messages: a pending handshake. Wiped when dropped.
#[derive(Clone, ZeroizeOnDrop)]
pub struct Initiator {
    state: Symmetric,
    e: [u8; 32],
}

/// The responder between the two messages; wiped when dropped.
#[derive(Clone, ZeroizeOnDrop)]
pub struct Responder {
    state: Symmetric,
    #[zeroize(skip)]
    e_public: [u8; 32],
    #[zeroize(skip)]
    s_public: XPublic,
}

/// Opens the payload of a message 1 again at its sender, who cannot do so with the handshake
/// state. Wiped when dropped.
#[derive(Clone, ZeroizeOnDrop)]
pub struct Reopen {
    k: Key,
    h: [u8; 32],
}

/// A message 1 that was written.
#[derive(Clone, Debug)]
pub struct Written1 {
    /// What reads message 2.
    pub initiator: Initiator,
    /// What opens the payload again.
    pub reopen: Reopen,
}

/// Writes message 1 over `buf`, whose payload lies in place at `buf[80..buf.len() - 16]`.
///
/// `e` is the ephemeral secret, fresh for every message; `s_public` our X25519 key, `ss` the
/// agreement of our key with `rs`, the recipient's.
///
/// # Errors
/// [`NoiseError::Short`] below 96 bytes, [`NoiseError::WeakKey`] when `rs` is of small order.
pub fn write1<C: Suite>(
    buf: &mut [u8],
    prologue: &[u8],
    e: &[u8; 32],
    s_public: &XPublic,
    ss: &SharedSecret,
    rs: &XPublic,
) -> Result<Written1, NoiseError> {
    let (head, payload) = split1(buf)?;
    let (e_public, s_part) = head
        .split_first_chunk_mut::<32>()
        .ok_or(NoiseError::Short)?;
    let es = agree::<C>(e, &rs.0)?;

    let mut state = Symmetric::start::<C>(prologue, rs);
    *e_public = C::x25519_base(e);
    state.mix_hash::<C>(e_public);
    let k = state.mix_key::<C>(&es);
    let (s_text, _tag) = s_part
        .split_first_chunk_mut::<32>()
        .ok_or(NoiseError::Short)?;
    *s_text = s_public.0;
    state.seal::<C>(&k, s_part)?;
    let k = state.mix_key::<C>(ss);
    let h = state.h;
    state.seal::<C>(&k, payload)?;
    Ok(Written1 {
        initiator: Initiator { state, e: *e },
        reopen: Reopen { k, h },
    })
}

/// Message 1 as its head of 80 bytes and its sealed payload of at least 16.
fn split1(buf: &mut [u8]) -> Result<(&mut [u8; PAYLOAD1_AT], &mut [u8]), NoiseError> {
    let (head, payload) = buf
        .split_first_chunk_mut::<PAYLOAD1_AT>()
        .ok_or(NoiseError::Short)?;
    if payload.len() < TAG_LEN {
        return Err(NoiseError::Short);
    }
    Ok((head, payload))
}

/// A message 1 whose sender is known and not yet authenticated: the point where a cached
/// static-static agreement saves the second Diffie-Hellman. Wiped when dropped.
pub struct Read1 {
    state: Symmetric,
    e_public: [u8; 32],
    s_public: XPublic,
}

impl Read1 {
    /// Reads the ephemeral and the sender's key; one Diffie-Hellman. `rs` is our own X25519 key.
    /// `buf` is not changed.
    ///
    /// # Errors
    /// [`NoiseError`]; the message was not for this key, was changed, or is no handshake.
    pub fn start<C: Suite>(
        keys: &impl Keys,
        rs: &XPublic,
        prologue: &[u8],
        buf: &[u8],
    ) -> Result<Self, NoiseError> {
        if buf.len() < OVERHEAD1 {
            return Err(NoiseError::Short);
        }
        let (e_public, rest) = buf.split_first_chunk::<32>().ok_or(NoiseError::Short)?;
        let mut s_part = *rest
            .first_chunk::<{ PAYLOAD1_AT - 32 }>()
            .ok_or(NoiseError::Short)?;

        let mut state = Symmetric::start::<C>(prologue, rs);
        state.mix_hash::<C>(e_public);
        let es = keys.agree(&XPublic(*e_public))?;
        let k = state.mix_key::<C>(&es);
        state.open::<C>(&k, &mut s_part)?;
        let s_public = XPublic(*s_part.first_chunk().ok_or(NoiseError::Short)?);
        Ok(Self {
            state,
            e_public: *e_public,
            s_public,
        })
    }

    /// The sender's X25519 key: a claim until [`finish`](Self::finish) succeeds.
    #[must_use]
    pub const fn sender_x(&self) -> &XPublic {
        &self.s_public
    }

    /// Authenticates the sender and decrypts the payload in place to `buf[80..buf.len() - 16]`.
    /// `ss` is the agreement of our key with [`sender_x`](Self::sender_x).
    ///
    /// # Errors
    /// [`NoiseError`]; `buf` is then unchanged.
    pub fn finish<C: Suite>(
        mut self,
        ss: &SharedSecret,
        buf: &mut [u8],
    ) -> Result<Responder, NoiseError> {
        let (_head, payload) = split1(buf)?;
        let k = self.state.mix_key::<C>(ss);
        self.state.open::<C>(&k, payload)?;
        Ok(Responder {
            state: self.state,
            e_public: self.e_public,
            s_public: self.s_public,
        })
    }
}

impl Responder {
    /// The chaining key after message 1, for [`ack_secret_seal`](super::ack_secret_seal).
    #[must_use]
    pub const fn ck(&self) -> &[u8; 32] {
        &self.state.ck
    }

    /// Writes message 2 over `buf`, whose payload lies in place at `buf[32..buf.len() - 16]`.
    /// `e` is the ephemeral secret, fresh for every message.
    ///
    /// # Errors
    /// [`NoiseError::Short`] below 48 bytes, [`NoiseError::WeakKey`] for a weak initiator key.
    pub fn write2<C: Suite>(&self, e: &[u8; 32], buf: &mut [u8]) -> Result<Split, NoiseError> {
        let (e_public, payload) = split2(buf)?;
        let ee = agree::<C>(e, &self.e_public)?;
        let se = agree::<C>(e, &self.s_public.0)?;
        *e_public = C::x25519_base(e);
        let (mut state, k) = self.state.second::<C>(e_public, &ee, &se);
        state.seal::<C>(&k, payload)?;
        Ok(state.split::<C>())
    }
}

/// Message 2 as its ephemeral key and its sealed payload of at least 16.
fn split2(buf: &mut [u8]) -> Result<(&mut [u8; 32], &mut [u8]), NoiseError> {
    let (e_public, payload) = buf
        .split_first_chunk_mut::<PAYLOAD2_AT>()
        .ok_or(NoiseError::Short)?;
    if payload.len() < TAG_LEN {
        return Err(NoiseError::Short);
    }
    Ok((e_public, payload))
}

impl Symmetric {
    /// The steps `e, ee, se` that both ends take alike.
    fn second<C: Suite>(
        &self,
        e_public: &[u8; 32],
        ee: &SharedSecret,
        se: &SharedSecret,
    ) -> (Self, Key) {
        let mut state = self.clone();
        state.mix_hash::<C>(e_public);
        // `ee` changes the chain; the key it would give is replaced by `se` before any use.
        let _unused = state.mix_key::<C>(ee);
        let k = state.mix_key::<C>(se);
        (state, k)
    }
}

impl Initiator {
    /// The length of the exported state in bytes.
    pub const EXPORT_LEN: usize = 96;

    /// The chaining key after message 1, for [`ack_secret_seal`](super::ack_secret_seal).
    #[must_use]
    pub const fn ck(&self) -> &[u8; 32] {
        &self.state.ck
    }

    /// Reads message 2 and decrypts its payload in place to `buf[32..buf.len() - 16]`.
    /// The state stays as it was, so a forged answer cannot end a pending handshake.
    ///
    /// # Errors
    /// [`NoiseError`]; `buf` is then unchanged.
    pub fn read2<C: Suite>(&self, keys: &impl Keys, buf: &mut [u8]) -> Result<Split, NoiseError> {
        let (e_public, payload) = split2(buf)?;
        let ee = agree::<C>(&self.e, e_public)?;
        let se = keys.agree(&XPublic(*e_public))?;
        let (mut state, k) = self.state.second::<C>(e_public, &ee, &se);
        state.open::<C>(&k, payload)?;
        Ok(state.split::<C>())
    }

    /// Writes the state to keep it: `ck 32 | h 32 | e 32`. Secret.
    pub fn export(&self, out: &mut [u8; Self::EXPORT_LEN]) {
        let fields = self.state.ck.iter().chain(&self.state.h).chain(&self.e);
        out.iter_mut()
            .zip(fields)
            .for_each(|(to, from)| *to = *from);
    }

    /// Reads a state written by [`export`](Self::export).
    #[must_use]
    pub fn import(bytes: &[u8; Self::EXPORT_LEN]) -> Self {
        let mut out = Self {
            state: Symmetric {
                ck: [0; 32],
                h: [0; 32],
            },
            e: [0; 32],
        };
        let fields = (out.state.ck.iter_mut())
            .chain(&mut out.state.h)
            .chain(&mut out.e);
        fields.zip(bytes).for_each(|(to, from)| *to = *from);
        out
    }
}

impl Reopen {
    /// The length of the exported state in bytes.
    pub const EXPORT_LEN: usize = 64;

    /// Decrypts the payload of the message 1 this came from, in place to
    /// `buf[80..buf.len() - 16]`. Use a copy: the message itself must stay as it was sent.
    ///
    /// # Errors
    /// [`NoiseError`] for any other bytes; `buf` is then unchanged.
    pub fn open<C: Suite>(&self, buf: &mut [u8]) -> Result<(), NoiseError> {
        let (_head, payload) = split1(buf)?;
        let (text, tag) = payload
            .split_last_chunk_mut::<TAG_LEN>()
            .ok_or(NoiseError::Short)?;
        Ok(C::aead_open(self.k.as_bytes(), 0, &self.h, text, tag)?)
    }

    /// Writes the state to keep it: `k 32 | h 32`. Secret.
    pub fn export(&self, out: &mut [u8; Self::EXPORT_LEN]) {
        let fields = self.k.as_bytes().iter().chain(&self.h);
        out.iter_mut()
            .zip(fields)
            .for_each(|(to, from)| *to = *from);
    }

    /// Reads a state written by [`export`](Self::export).
    #[must_use]
    pub fn import(bytes: &[u8; Self::EXPORT_LEN]) -> Self {
        let (k, h) = bytes.split_at(32);
        Self {
            k: Key::new(k.first_chunk().copied().unwrap_or_default()),
            h: h.first_chunk().copied().unwrap_or_default(),
        }
    }
}

macro_rules! secret_debug {
    ($($name:ident),*) => {$(
        impl core::fmt::Debug for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.write_str(concat!(stringify!($name), "(..)"))
            }
        }
    )*};
}
secret_debug!(Initiator, Responder, Reopen, Read1);
