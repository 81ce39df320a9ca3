//! A leaf on a Cortex-M4: a serial port, COBS frames, no allocator.
//!
//! For now it answers every frame with the same frame; `halt` ends the emulator.
#![no_std]
#![no_main]

mod report;
mod stack;
mod uart;

use cortex_m_rt::entry;
// Linked from the start, so that the image would not build if the core needed an allocator.
use tom_core as _;
use tom_framing::{Deframer, Step, encoded};
use uart::Uart;

/// The longest frame accepted on the serial line, in bytes before COBS.
const MAX_FRAME: usize = 1_400;

#[entry]
fn main() -> ! {
    let mut uart = Uart::take();
    let mut frame = [0u8; MAX_FRAME];
    let mut deframer = Deframer::new();
    loop {
        match deframer.feed(uart.read(), &mut frame) {
            Step::More | Step::Bad => {}
            Step::Frame(b"halt") => report::finish(),
            Step::Frame(bytes) => {
                for byte in encoded(bytes) {
                    uart.write(byte);
                }
            }
        }
    }
}
