//! Links `tom-core` into a finished artifact without std and without an allocator.
#![no_std]

pub use tom_core;

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {}
}
