//! What the emulator is told at the end: figures on its output and an exit status.

use core::panic::PanicInfo;

use cortex_m_semihosting::{debug, hprintln};

use crate::stack;

/// Prints the figures and ends the emulator with success.
pub(crate) fn finish() -> ! {
    hprintln!("peak_stack {}", stack::peak());
    debug::exit(debug::EXIT_SUCCESS);
    halt()
}

#[panic_handler]
fn panic(_info: &PanicInfo<'_>) -> ! {
    // Not the message: its formatting code would be a tenth of the image.
    hprintln!("panic");
    debug::exit(debug::EXIT_FAILURE);
    halt()
}

fn halt() -> ! {
    loop {
        cortex_m::asm::bkpt();
    }
}
