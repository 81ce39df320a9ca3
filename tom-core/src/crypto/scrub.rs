//! The stack after secrets: a move leaves its bytes behind, and a later move of a value with unused
//! parts (an empty `Option`, a vector's spare room) would carry them into a table.

/// How much is overwritten, in bytes: the depth of a seal, an open or a handshake.
const DEPTH: usize = if cfg!(feature = "alloc") {
    8_192
} else {
    2_048
};

/// Overwrites the stack that the calls before this one used. Spec CON-9.
#[inline(never)]
pub(crate) fn scrub() {
    core::hint::black_box(&mut [0u8; DEPTH]);
}
