//! What the emulated board gets from its host by semihosting: random bytes, and whom to talk to.
//!
//! A real board has a random number generator and a line in its flash for these.

use cortex_m_semihosting::{syscall, syscall1};
use tom_core::identity::PublicKey;

/// `SYS_OPEN` for reading, binary.
const READ: usize = 1;

/// The longest command line: the image's path and an address.
const LINE: usize = 512;

/// Random bytes that nobody can predict; `None` when the host gives none.
#[expect(unsafe_code, reason = "semihosting")]
pub(crate) fn entropy() -> Option<[u8; 32]> {
    let path = b"/dev/urandom\0";
    let mut bytes = [0u8; 32];
    // SAFETY: the host reads `path`, whose length without the zero is given, and writes at most
    // `bytes.len()` bytes to `bytes`; both outlive the calls.
    let missing = unsafe {
        let file = syscall!(OPEN, path.as_ptr(), READ, path.len() - 1);
        let missing = syscall!(READ, file, bytes.as_mut_ptr(), bytes.len());
        let _closed = syscall!(CLOSE, file);
        missing
    };
    (missing == 0).then_some(bytes)
}

/// The peer: the last word of the emulator's command line, 64 hexadecimal digits.
pub(crate) fn peer() -> Option<PublicKey> {
    let mut line = [0u8; LINE];
    let line = command_line(&mut line)?;
    let digits = line.last_chunk::<64>()?;
    let mut key = [0u8; 32];
    for (byte, pair) in key.iter_mut().zip(digits.chunks_exact(2)) {
        for digit in pair {
            // '0' to '9' end with their value, 'a' to 'f' with 1 to 6.
            *byte = *byte << 4 | ((digit & 15) + 9 * (digit >> 6));
        }
    }
    PublicKey::from_bytes(key).ok()
}

#[expect(unsafe_code, reason = "semihosting")]
fn command_line(line: &mut [u8]) -> Option<&[u8]> {
    let mut block = [line.as_mut_ptr() as usize, line.len()];
    // SAFETY: the host writes at most `line.len()` bytes to `line` and the length to `block`,
    // both of which outlive the call.
    let failed = unsafe { syscall1!(GET_CMDLINE, block.as_mut_ptr()) };
    let [_, len] = block;
    if failed == 0 { line.get(..len) } else { None }
}
