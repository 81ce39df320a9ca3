//! What handshakes and session messages are bound to. Spec: session, "Handshake" and "Transport".

use crate::identity::PublicKey;

/// The length of a SEAL's Noise prologue in bytes.
pub const SEAL_PROLOGUE_LEN: usize = 9 + 1 + 1 + 4 + 1 + 32;

/// The longest associated data of a DATA envelope, with a commit.
const DATA_AAD_MAX: usize = 9 + 1 + 1 + 4 + 32 + 4 + 4 + 8;

/// Associated data of one DATA envelope.
#[derive(Clone, Copy, Debug)]
pub struct DataAad {
    bytes: [u8; DATA_AAD_MAX],
    len: usize,
}

impl DataAad {
    /// The bytes to authenticate.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or(&self.bytes)
    }
}

/// Writes fields one after another into an array that is large enough by construction.
struct Fields<'a>(&'a mut [u8]);

impl Fields<'_> {
    fn put(&mut self, field: &[u8]) -> &mut Self {
        let space = core::mem::take(&mut self.0);
        if let Some((here, rest)) = space.split_at_mut_checked(field.len()) {
            here.copy_from_slice(field);
            self.0 = rest;
        }
        self
    }
}

/// The Noise prologue of a SEAL: `"ToM1-seal" | vt | flags | expiry | kid | recipient's key`.
/// Spec SES-1, ENV-3.
#[must_use]
pub fn seal_prologue(
    vt: u8,
    flags: u8,
    expiry: u32,
    kid: u8,
    recipient: &PublicKey,
) -> [u8; SEAL_PROLOGUE_LEN] {
    let mut bytes = [0; SEAL_PROLOGUE_LEN];
    Fields(&mut bytes)
        .put(b"ToM1-seal")
        .put(&[vt, flags])
        .put(&expiry.to_le_bytes())
        .put(&[kid])
        .put(recipient.as_bytes());
    bytes
}

/// The associated data of a DATA envelope:
/// `"ToM1-data" | vt | flags | expiry | recipient's key | sid | n (u32) | commit when present`.
/// Spec ENV-3.
#[must_use]
pub fn data_aad(
    vt: u8,
    flags: u8,
    expiry: u32,
    recipient: &PublicKey,
    sid: &[u8; 4],
    n: u32,
    commit: Option<&[u8; 8]>,
) -> DataAad {
    let mut bytes = [0; DATA_AAD_MAX];
    let tail: &[u8] = commit.map_or(&[], |commit| commit);
    Fields(&mut bytes)
        .put(b"ToM1-data")
        .put(&[vt, flags])
        .put(&expiry.to_le_bytes())
        .put(recipient.as_bytes())
        .put(sid)
        .put(&n.to_le_bytes())
        .put(tail);
    let len = DATA_AAD_MAX - 8 + tail.len();
    DataAad { bytes, len }
}
