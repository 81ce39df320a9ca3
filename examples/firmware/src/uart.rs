//! UART0 of the board: a CMSDK APB UART with one byte of buffer in each direction.

use cortex_m::interrupt;
use cortex_m::peripheral::NVIC;
use cortex_m_rt::exception;

const BASE: usize = 0x4000_4000;
const DATA: usize = BASE;
const STATE: usize = BASE + 0x04;
const CONTROL: usize = BASE + 0x08;
const INTERRUPT: usize = BASE + 0x0C;
const BAUD_DIVISOR: usize = BASE + 0x10;

const STATE_TX_FULL: u32 = 1;
const STATE_RX_FULL: u32 = 2;
const CONTROL_TX_RX_RXINT: u32 = 0b1011;
const INTERRUPT_RX: u32 = 2;

/// The receive interrupt. It only ends the wait for a byte and is never serviced.
#[derive(Clone, Copy)]
struct Receive;

// SAFETY: line 0 of the interrupt controller is UART0's receive line on this board.
#[expect(unsafe_code, reason = "naming a hardware interrupt line")]
unsafe impl cortex_m::interrupt::InterruptNumber for Receive {
    fn number(self) -> u16 {
        0
    }
}

/// The serial port.
pub(crate) struct Uart(());

impl Uart {
    /// Switches the port on. Called once, before anything else uses the registers.
    pub(crate) fn take() -> Self {
        store(BAUD_DIVISOR, 16);
        store(CONTROL, CONTROL_TX_RX_RXINT);
        // SAFETY: no critical section relies on the line being masked.
        #[expect(unsafe_code, reason = "enabling a hardware interrupt line")]
        unsafe {
            NVIC::unmask(Receive);
        }
        Self(())
    }

    /// The next byte, if one is there.
    pub(crate) fn read(&mut self) -> Option<u8> {
        interrupt::free(|_| {
            let byte = (load(STATE) & STATE_RX_FULL != 0).then(|| load(DATA) as u8);
            store(INTERRUPT, INTERRUPT_RX);
            NVIC::unpend(Receive);
            byte
        })
    }

    /// Sleeps until there is a byte, or any other interrupt.
    pub(crate) fn wait(&mut self) {
        // With interrupts disabled a pending one still ends the sleep, and is served afterwards:
        // none can slip in between the test and the sleep.
        interrupt::free(|_| {
            if load(STATE) & STATE_RX_FULL == 0 {
                cortex_m::asm::wfi();
            }
        });
    }

    /// Sends one byte; waits while the port is busy with the last one.
    pub(crate) fn write(&mut self, byte: u8) {
        while load(STATE) & STATE_TX_FULL != 0 {}
        store(DATA, u32::from(byte));
    }
}

/// A byte can arrive while interrupts are enabled: the line is quietened, the byte stays in the port.
#[exception]
#[allow(
    unsafe_code,
    reason = "cortex-m-rt wants the default handler unsafe; its macro hides whether"
)]
unsafe fn DefaultHandler(_line: i16) {
    store(INTERRUPT, INTERRUPT_RX);
}

#[expect(unsafe_code, reason = "reading a device register")]
fn load(register: usize) -> u32 {
    // SAFETY: only called with the constants above: aligned registers of a device that is there.
    unsafe { core::ptr::with_exposed_provenance::<u32>(register).read_volatile() }
}

#[expect(unsafe_code, reason = "writing a device register")]
fn store(register: usize, value: u32) {
    // SAFETY: only called with the constants above: aligned registers of a device that is there.
    unsafe { core::ptr::with_exposed_provenance_mut::<u32>(register).write_volatile(value) }
}
