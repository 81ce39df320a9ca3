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
use static_cell::ConstStaticCell;
use tom_core::identity::PublicKey;
use tom_core::time::Instant;
use tom_core::wire::MessageId;
use tom_framing::{Deframer, Step};

/// When it must be over, in time since the start.
const LATEST: Instant = Instant::from_millis(60_000);

#[entry]
fn main() -> ! {
    match set_up().and_then(|(mut device, peer)| run(&mut device, &peer)) {
        Some(()) => report::success(),
        None => report::failure(),
    }
}

/// Makes the node and its link, and says whom to talk to. Not a part of `main`, so that what it takes
/// of the stack is free afterwards.
#[inline(never)]
fn set_up() -> Option<(Device, PublicKey)> {
    clock::start(cortex_m::Peripherals::take()?.SYST);
    let peer = host::peer()?;
    let device = Device::new(&peer, clock::now())?;
    Some((device, peer))
}

/// Plays the whole exchange; `None` when a step is impossible or it takes too long.
fn run(device: &mut Device, peer: &PublicKey) -> Option<()> {
    static PACKET: ConstStaticCell<[u8; MAX_PACKET]> = ConstStaticCell::new([0; MAX_PACKET]);
    let packet = PACKET.try_take()?;
    let mut deframer = Deframer::new();
    let mut progress = Progress::default();
    while !progress.is_done() {
        let now = clock::now();
        match device.line().read() {
            Some(byte) => {
                if let Step::Frame(packet) = deframer.feed(byte, packet) {
                    device.receive(now, packet);
                }
            }
            // Nothing to read: nothing changes before the next byte or the next millisecond.
            None => device.line().wait(),
        }
        device.tick(now);
        while let Some(news) = device.drain(now) {
            progress.hear(&news, device, peer);
        }
        if now > LATEST {
            return None;
        }
    }
    Some(())
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
