//! A leaf on a Cortex-M4: a serial port, COBS frames, the Noise link, no allocator.
//!
//! It sends its peer a one-shot, takes what the peer answers, sends one more message inside the
//! session, and ends the emulator once both were acknowledged and a message in session was taken.
#![no_std]
#![no_main]

mod clock;
mod device;
mod host;
mod report;
mod stack;
mod uart;

use cortex_m_rt::entry;
use device::{Device, MAX_PACKET, News};
use tom_core::entropy::Seed;
use tom_core::identity::{PublicKey, SoftKeys};
use tom_core::storage::Leaf;
use tom_core::time::Span;
use tom_core::wire::MessageId;
use tom_framing::{Deframer, Step};
use uart::Uart;

/// How long all of it may take.
const PATIENCE: Span = Span::from_secs(60);

#[entry]
fn main() -> ! {
    // Both lie in memory that is zero at the start: no byte of flash, none of stack.
    static mut TABLES: Leaf = Leaf::new();
    static mut KEYS: Option<SoftKeys> = None;

    match run(TABLES, KEYS) {
        Some(()) => report::success(),
        None => report::failure(),
    }
}

/// What was done so far.
#[derive(Default)]
struct Progress {
    one_shot: Option<MessageId>,
    second: Option<MessageId>,
    one_shot_delivered: bool,
    second_delivered: bool,
    answered: bool,
}

/// Plays the whole exchange; `None` when a step is impossible or it takes too long.
fn run(tables: &'static mut Leaf, keys: &'static mut Option<SoftKeys>) -> Option<()> {
    let peer = host::peer()?;
    clock::start(cortex_m::Peripherals::take()?.SYST);
    let keys: &SoftKeys = keys.insert(SoftKeys::from_seed(host::entropy()?));
    let seeds = [Seed::new(host::entropy()?), Seed::new(host::entropy()?)];
    let now = clock::now();
    let mut device = Device::new(tables, keys, &peer, seeds, Uart::take(), now)?;

    let mut packet = [0; MAX_PACKET];
    let mut deframer = Deframer::new();
    let mut progress = Progress::default();
    while !progress.is_done() {
        let now = clock::now();
        match device.line().read() {
            Some(byte) => {
                if let Step::Frame(packet) = deframer.feed(byte, &mut packet) {
                    device.receive(now, packet);
                }
            }
            // Nothing to read: nothing changes before the next byte or the next millisecond.
            None => device.line().wait(),
        }
        device.tick(now);
        while let Some(news) = device.drain(now) {
            progress.hear(&news, &mut device, &peer);
        }
        if now.since(tom_core::time::Instant::ZERO) > PATIENCE {
            return None;
        }
    }
    Some(())
}

impl Progress {
    fn hear(&mut self, news: &News, device: &mut Device, peer: &PublicKey) {
        let now = clock::now();
        match *news {
            News::Neighbour => {
                if self.one_shot.is_none() {
                    self.one_shot = device.send(now, peer, b"a one-shot from a leaf");
                }
            }
            News::Message { in_session } => {
                self.answered |= in_session;
                if self.answered && self.second.is_none() {
                    self.second = device.send(now, peer, b"and one in session");
                }
            }
            News::Delivered(id) => {
                self.one_shot_delivered |= self.one_shot == Some(id);
                self.second_delivered |= self.second == Some(id);
            }
        }
    }

    fn is_done(&self) -> bool {
        self.one_shot_delivered && self.second_delivered && self.answered
    }
}
