//! What the emulator is told at the end: figures on its output and an exit status.

use core::mem::size_of;
use core::panic::PanicInfo;

use cortex_m_semihosting::{debug, hio};
use tom_core::Node;
use tom_core::storage::{Leaf, RelayMcu};

use crate::stack;

/// Prints the figures and ends the emulator with success.
pub(crate) fn success() -> ! {
    figure("peak_stack ", stack::peak());
    figure("node_leaf ", size_of::<Node<Leaf>>());
    figure("node_relay_mcu ", size_of::<Node<RelayMcu>>());
    debug::exit(debug::EXIT_SUCCESS);
    halt()
}

/// Prints a name and a number in hexadecimal: the least code, since it is in the measure.
#[inline(never)]
fn figure(name: &str, value: usize) {
    say(name.as_bytes());
    let mut digits = *b"0x00000000\n";
    let mut rest = value;
    for digit in digits.iter_mut().rev().skip(1).take(8) {
        let nibble = (rest & 15) as u8;
        *digit = if nibble < 10 { b'0' } else { b'a' - 10 } + nibble;
        rest >>= 4;
    }
    say(&digits);
}

#[inline(never)]
fn say(text: &[u8]) {
    let _lost = hio::hstdout().and_then(|mut out| out.write_all(text));
}

/// Ends the emulator with failure.
pub(crate) fn failure() -> ! {
    say(b"not done\n");
    debug::exit(debug::EXIT_FAILURE);
    halt()
}

#[panic_handler]
fn panic(_info: &PanicInfo<'_>) -> ! {
    // Not the message: its formatting code would be a tenth of the image.
    say(b"panic\n");
    debug::exit(debug::EXIT_FAILURE);
    halt()
}

fn halt() -> ! {
    loop {
        cortex_m::asm::bkpt();
    }
}
