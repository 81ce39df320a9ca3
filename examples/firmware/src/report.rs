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

/// Prints a name and a number. The formatting code of `core` would be in the measure otherwise.
fn figure(name: &str, value: usize) {
    let mut digits = *b"           \n";
    let mut rest = value;
    for digit in digits.iter_mut().rev().skip(1) {
        *digit = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    say(name);
    say(core::str::from_utf8(&digits).unwrap_or_default());
}

fn say(text: &str) {
    let _lost = hio::hstdout().and_then(|mut out| out.write_all(text.as_bytes()));
}

/// Ends the emulator with failure.
pub(crate) fn failure() -> ! {
    say("not done\n");
    debug::exit(debug::EXIT_FAILURE);
    halt()
}

#[panic_handler]
fn panic(_info: &PanicInfo<'_>) -> ! {
    // Not the message: its formatting code would be a tenth of the image.
    say("panic\n");
    debug::exit(debug::EXIT_FAILURE);
    halt()
}

fn halt() -> ! {
    loop {
        cortex_m::asm::bkpt();
    }
}
