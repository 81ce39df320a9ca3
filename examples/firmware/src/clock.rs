//! Milliseconds since the start, from the processor's own timer.

use core::sync::atomic::{AtomicU32, Ordering};

use cortex_m::peripheral::SYST;
use cortex_m::peripheral::syst::SystClkSource;
use cortex_m_rt::exception;
use tom_core::time::Instant;

/// The processor clock of the board, in ticks per millisecond.
const TICKS_PER_MS: u32 = 25_000;

/// 32 bits of milliseconds last for 49 days; a device that runs longer counts in 64.
static MILLIS: AtomicU32 = AtomicU32::new(0);

/// Starts the clock.
pub(crate) fn start(mut timer: SYST) {
    timer.set_clock_source(SystClkSource::Core);
    timer.set_reload(TICKS_PER_MS - 1);
    timer.clear_current();
    timer.enable_counter();
    timer.enable_interrupt();
}

/// The time.
pub(crate) fn now() -> Instant {
    Instant::from_millis(u64::from(MILLIS.load(Ordering::Relaxed)))
}

#[exception]
fn SysTick() {
    // Only this handler writes, so that load and store need not be one step.
    MILLIS.store(
        MILLIS.load(Ordering::Relaxed).wrapping_add(1),
        Ordering::Relaxed,
    );
}
