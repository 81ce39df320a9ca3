//! What the emulator is told at the end: figures on its output and an exit status.

use core::mem::size_of;
use core::panic::PanicInfo;

use cortex_m_semihosting::{debug, hprintln};
use tom_core::Node;
use tom_core::storage::{Leaf, RelayMcu};

use crate::stack;

/// Prints the figures and ends the emulator with success.
pub(crate) fn success() -> ! {
    hprintln!("peak_stack {}", stack::peak());
    hprintln!("node_leaf {}", size_of::<Node<Leaf>>());
    hprintln!("node_relay_mcu {}", size_of::<Node<RelayMcu>>());
    debug::exit(debug::EXIT_SUCCESS);
    halt()
}

/// Ends the emulator with failure.
pub(crate) fn failure() -> ! {
    hprintln!("not done");
    debug::exit(debug::EXIT_FAILURE);
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
