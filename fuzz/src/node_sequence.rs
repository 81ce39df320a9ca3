//! Whole nodes with real keys, an adversary on the wire, and a world that knows the truth: nothing
//! is delivered twice, no false delivery is claimed, no table overflows, time never stands still.

use crate::Numbers;
use crate::tape::op::decode;
use crate::tape::world::{Options, World};

/// The first two bytes make the world, the rest is what happens in it.
pub fn run(bytes: &[u8]) -> u64 {
    let Some((&[seed, mode], rest)) = bytes.split_first_chunk::<2>() else {
        return 0;
    };
    let options = Options {
        durable: mode & 1 == 1,
        ..Options::starved(seed)
    };
    let mut world = World::run(options, &decode(rest));
    world.settle(3_000);
    world.sessions()
}

/// Conversations with more and more trouble in them.
pub fn seeds() -> Vec<(String, Vec<u8>)> {
    let mut seeds = Vec::new();
    for number in 0..48u64 {
        let mut numbers = Numbers::new(1_000 + number);
        let mut bytes = vec![number as u8, (number % 2) as u8];
        for _ in 0..12 {
            // Somebody sends, and there is time for it to arrive.
            let (from, to) = (numbers.below(4) as u8, numbers.below(4) as u8);
            bytes.extend([4, from, to, 20, 0, 1, 0, 0, 0]);
            bytes.extend([0, 20 + numbers.below(60) as u8]);
            for _ in 0..numbers.below(number / 8 + 1) {
                let len = 1 + numbers.below(6) as usize;
                bytes.extend(numbers.bytes(len));
            }
        }
        seeds.push((format!("talk-{number:02}"), bytes));
    }
    seeds
}
