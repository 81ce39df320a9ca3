//! Who somebody is: one Ed25519 key, its short handle, its X25519 form and its address as text.
//! Spec: identity.

use core::fmt;
use core::str::FromStr;

use bech32::primitives::decode::CheckedHrpstring;
use bech32::{Bech32m, Hrp};
use curve25519_dalek::edwards::{CompressedEdwardsY, EdwardsPoint};
use curve25519_dalek::montgomery::MontgomeryPoint;
use ed25519_dalek::{Signer, SigningKey, VerifyingKey};
use sha2::{Digest, Sha256, Sha512};
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::crypto::{Key, Suite, Tom1, wipe};

/// The human-readable part of an address.
const HRP: Hrp = Hrp::parse_unchecked("tom");

/// The version byte in front of the key in an address.
const ADDRESS_VERSION: u8 = 0;

/// The length of an address in characters: "tom1", 33 bytes in base 32, six of checksum.
pub const ADDRESS_LEN: usize = 63;

/// An Ed25519 public key that was checked: canonical, on the curve, not of small order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PublicKey([u8; 32]);

pub use crate::wire::Handle;

/// An X25519 public key: the Montgomery form of an identity, or an ephemeral from the wire.
/// Any 32 bytes; key agreement refuses the weak ones.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct XPublic(pub [u8; 32]);

/// An Ed25519 signature.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Signature(pub [u8; 64]);

/// The result of a key agreement, never all zero; wiped when dropped and never printed.
#[derive(Clone)]
pub struct SharedSecret([u8; 32]);

impl Drop for SharedSecret {
    fn drop(&mut self) {
        wipe(&mut self.0);
    }
}

impl ZeroizeOnDrop for SharedSecret {}

/// A public key of small order, not canonical, or not on the curve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WeakKey;

/// A signature that does not verify by the strict rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadSignature;

/// Why a text is not an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AddressError {
    /// Not bech32m, or a typing error: the checksum does not fit.
    Checksum,
    /// Valid bech32m with another prefix than "tom".
    Prefix,
    /// An address version this software does not know.
    Version(u8),
    /// The wrong number of characters, or stray bits behind the key.
    Length,
    /// The key inside must not be used.
    Key(WeakKey),
}

/// An identity's secret half. Blocking and deterministic, so that it may live in a secure element.
pub trait Keys {
    /// The identity these keys belong to.
    fn public(&self) -> &PublicKey;

    /// The Ed25519 signature of `message`.
    fn sign(&self, message: &[u8]) -> Signature;

    /// X25519 of the identity's key and `their` key.
    ///
    /// # Errors
    /// [`WeakKey`] when the result is all zero, that is when `their` key is of small order.
    fn agree(&self, their: &XPublic) -> Result<SharedSecret, WeakKey>;
}

/// Keys held in memory; wiped when dropped, and not `Clone` but for the simulator's snapshots. The signing key is made anew for each signature: signing
/// is rare, and small machines never do it.
#[cfg_attr(feature = "sim-suites", derive(Clone))]
pub struct SoftKeys {
    seed: Key,
    agreement: SharedSecret,
    public: PublicKey,
}

/// Whether a field element (top bit ignored) is below p = 2^255 - 19, so that it has one encoding.
fn is_canonical(bytes: &[u8; 32]) -> bool {
    let [low, middle @ .., high] = bytes;
    *low < 0xed || *high & 0x7f != 0x7f || middle.iter().any(|byte| *byte != 0xff)
}

impl PublicKey {
    /// Checks 32 bytes from outside. Spec IDN-1.
    ///
    /// # Errors
    /// [`WeakKey`] when the bytes are not a canonical point, or one of small order.
    pub fn from_bytes(bytes: [u8; 32]) -> Result<Self, WeakKey> {
        let point = CompressedEdwardsY(bytes).decompress().ok_or(WeakKey)?;
        if point.is_small_order() || !is_canonical(&bytes) {
            return Err(WeakKey);
        }
        Ok(Self(bytes))
    }

    /// The identity whose X25519 form is `x`; `sign` is its [`sign_bit`](Self::sign_bit).
    /// Spec IDN-5.
    ///
    /// # Errors
    /// [`WeakKey`] when `x` is not canonical, belongs to no Ed25519 key, or is of small order.
    pub fn from_x(x: &XPublic, sign: bool) -> Result<Self, WeakKey> {
        // One identity, one encoding: otherwise a sender could appear under several keys.
        let [.., high] = x.0;
        if high & 0x80 != 0 || !is_canonical(&x.0) {
            return Err(WeakKey);
        }
        let point = MontgomeryPoint(x.0)
            .to_edwards(u8::from(sign))
            .ok_or(WeakKey)?;
        if point.is_small_order() {
            return Err(WeakKey);
        }
        Ok(Self(point.compress().0))
    }

    /// The key's 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The bit that the X25519 form loses.
    #[must_use]
    pub const fn sign_bit(&self) -> bool {
        let [.., high] = self.0;
        high & 0x80 != 0
    }

    /// The identity with this X25519 form and the other sign, or the same: the X25519 form of both is
    /// one, and both are good keys when one is.
    #[must_use]
    pub(crate) const fn with_sign(mut self, sign: bool) -> Self {
        let [.., high] = &mut self.0;
        *high = *high & 0x7f | (sign as u8) << 7;
        self
    }

    /// The X25519 form. Costs a field inversion: keep it where it is needed often.
    #[must_use]
    pub fn to_x(&self) -> XPublic {
        match CompressedEdwardsY(self.0).decompress() {
            Some(point) => XPublic(point.to_montgomery().0),
            // Unreachable, since the key was checked; agreement refuses the zero key.
            None => XPublic([0; 32]),
        }
    }

    /// The handle by which headers name this key.
    #[must_use]
    pub fn handle(&self) -> Handle {
        let hash: [u8; 32] = Sha256::new()
            .chain_update(b"tom-hdl")
            .chain_update(self.0)
            .finalize()
            .into();
        Handle(hash.first_chunk().copied().unwrap_or_default())
    }

    /// The address as text, 63 lower-case characters. Spec IDN-8.
    #[must_use]
    pub fn to_address(&self) -> heapless::String<64> {
        let mut data = [ADDRESS_VERSION; 33];
        let [_, key @ ..] = &mut data;
        *key = self.0;
        let mut text = heapless::String::new();
        // Cannot fail: the capacity is above ADDRESS_LEN, which the tests pin.
        let _written = bech32::encode_lower_to_fmt::<Bech32m, _>(&mut text, HRP, &data);
        text
    }

    /// Verifies a signature by the strict rules: canonical, no small-order points, no cofactor.
    /// Spec IDN-4.
    ///
    /// # Errors
    /// [`BadSignature`] when it does not hold.
    pub fn verify(&self, message: &[u8], signature: &Signature) -> Result<(), BadSignature> {
        VerifyingKey::from_bytes(&self.0)
            .and_then(|key| key.verify_strict(message, &signature.0.into()))
            .map_err(|_| BadSignature)
    }
}

impl FromStr for PublicKey {
    type Err = AddressError;

    /// Reads an address, all lower or all upper case. Spec IDN-7, IDN-8.
    fn from_str(text: &str) -> Result<Self, AddressError> {
        let decoded = CheckedHrpstring::new::<Bech32m>(text).map_err(|_| AddressError::Checksum)?;
        if decoded.hrp() != HRP {
            return Err(AddressError::Prefix);
        }
        let mut bytes = decoded.byte_iter();
        match bytes.next() {
            Some(ADDRESS_VERSION) => {}
            Some(other) => return Err(AddressError::Version(other)),
            None => return Err(AddressError::Length),
        }
        if text.len() != ADDRESS_LEN {
            return Err(AddressError::Length);
        }
        let mut key = [0; 32];
        for slot in &mut key {
            *slot = bytes.next().ok_or(AddressError::Length)?;
        }
        let key = Self::from_bytes(key).map_err(AddressError::Key)?;
        // The last character carries one bit too many; only the zero one is ours.
        if !key.to_address().eq_ignore_ascii_case(text) {
            return Err(AddressError::Length);
        }
        Ok(key)
    }
}

impl SharedSecret {
    /// Takes the output of a key agreement; the check takes the same time for every value.
    /// Spec IDN-3.
    ///
    /// # Errors
    /// [`WeakKey`] when it is all zero.
    pub fn new(mut bytes: [u8; 32]) -> Result<Self, WeakKey> {
        let secret = Self(bytes);
        bytes.zeroize();
        if secret.0.ct_eq(&[0; 32]).into() {
            return Err(WeakKey);
        }
        Ok(secret)
    }

    /// The secret's 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl SoftKeys {
    /// The identity of a 32-byte secret seed (RFC 8032's private key). Spec IDN-2.
    #[must_use]
    pub fn from_seed(seed: [u8; 32]) -> Self {
        let seed = Key::new(seed);
        // SHA-512(seed)[..32]: the bytes RFC 8032 clamps into its own scalar.
        let mut hash: [u8; 64] = Sha512::digest(seed.as_bytes()).into();
        let agreement = SharedSecret(hash.first_chunk().copied().unwrap_or_default());
        wipe(&mut hash);
        let public = EdwardsPoint::mul_base_clamped(agreement.0).compress().0;
        Self {
            seed,
            agreement,
            public: PublicKey(public),
        }
    }
}

impl Keys for SoftKeys {
    fn public(&self) -> &PublicKey {
        &self.public
    }

    fn sign(&self, message: &[u8]) -> Signature {
        Signature(
            SigningKey::from_bytes(self.seed.as_bytes())
                .sign(message)
                .to_bytes(),
        )
    }

    fn agree(&self, their: &XPublic) -> Result<SharedSecret, WeakKey> {
        SharedSecret::new(Tom1::x25519(self.agreement.as_bytes(), &their.0))
    }
}

/// Keys that the node shares, with its links for example.
impl<K: Keys + ?Sized> Keys for &K {
    fn public(&self) -> &PublicKey {
        (**self).public()
    }

    fn sign(&self, message: &[u8]) -> Signature {
        (**self).sign(message)
    }

    fn agree(&self, their: &XPublic) -> Result<SharedSecret, WeakKey> {
        (**self).agree(their)
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.to_address())
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Writes `name(hex)`.
fn hex(f: &mut fmt::Formatter<'_>, name: &str, bytes: &[u8]) -> fmt::Result {
    write!(f, "{name}(")?;
    for byte in bytes {
        write!(f, "{byte:02x}")?;
    }
    f.write_str(")")
}

impl fmt::Debug for XPublic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hex(f, "XPublic", &self.0)
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hex(f, "Signature", &self.0)
    }
}

impl fmt::Debug for SharedSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SharedSecret(..)")
    }
}

impl fmt::Debug for SoftKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SoftKeys({})", self.public)
    }
}

impl fmt::Display for AddressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Checksum => f.write_str("the address has a typing error"),
            Self::Prefix => f.write_str("the address does not begin with tom1"),
            Self::Version(version) => write!(f, "address version {version} is unknown"),
            Self::Length => f.write_str("the address has the wrong length"),
            Self::Key(WeakKey) => f.write_str("the key in the address must not be used"),
        }
    }
}

impl core::error::Error for AddressError {}

#[cfg(test)]
mod tests;
