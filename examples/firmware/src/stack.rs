//! How deep the stack ever was: the start-up code paints it, what is no longer painted was used.

use cortex_m_rt::STACK_PAINT_VALUE;

/// The high-water mark of the stack since reset, in bytes.
#[expect(unsafe_code, reason = "reading the painted part of the stack")]
pub(crate) fn peak() -> usize {
    unsafe extern "C" {
        static _stack_end: u32;
        static _stack_start: u32;
    }
    let end = &raw const _stack_end;
    let start = &raw const _stack_start;
    let mut at = end;
    // SAFETY: `_stack_end..start` is RAM set aside for the stack by the linker script, 4-aligned.
    // The words read below the stack pointer are in nobody's use; the first one that is used, by
    // this very function at the latest, ends the loop.
    unsafe {
        while at < start && at.read_volatile() == STACK_PAINT_VALUE {
            at = at.add(1);
        }
    }
    start as usize - at as usize
}
