//! The receiving windows of a session against a model that remembers everything.

use std::collections::BTreeSet;

use tom_core::crypto::{Key, Tom1};
use tom_core::error::Drop;
use tom_core::fuzzing::{Receiver, Sender};
use tom_core::time::{Instant, Span};

use crate::{Numbers, Reader};

const KEY: [u8; 32] = [7; 32];
const EPOCH: u32 = 64;

struct Model {
    chain: Receiver,
    received: BTreeSet<u32>,
    now: Instant,
    /// Keys of the epochs, derived the plain way.
    keys: Vec<[u8; 32]>,
    reached: u64,
}

/// Messages come in any order, again, from far ahead and from long ago; records are written and read.
pub fn run(bytes: &[u8]) -> u64 {
    let mut model = Model {
        chain: Receiver::new(KEY),
        received: BTreeSet::new(),
        now: Instant::ZERO,
        keys: vec![KEY],
        reached: 0,
    };
    let mut reader = Reader(bytes);
    for _ in 0..512 {
        if reader.is_empty() {
            break;
        }
        let highest = model.received.last().copied().unwrap_or(0);
        match reader.u8() % 8 {
            0 | 1 => model.arrive(highest.wrapping_add(u32::from(reader.u8())) as u16),
            2 => model.arrive(highest.wrapping_sub(u32::from(reader.u8())) as u16),
            3 => model.arrive(reader.u16()),
            4 => {
                // A run, whole or with gaps.
                let (len, step) = (u32::from(reader.u8()), 1 + u32::from(reader.u8() % 3));
                for n in 0..len {
                    model.arrive(highest.wrapping_add(1 + n * step) as u16);
                }
            }
            5 => {
                model.now = model.now.plus(Span::from_secs(u64::from(reader.u16())));
                model.chain.expire(model.now);
            }
            6 => model.restart(reader.u8(), reader.u16()),
            _ => model.forged(reader.u16()),
        }
    }
    model.sender(bytes.len() as u32);
    model.reached
}

impl Model {
    fn key(&mut self, epoch: u32) -> [u8; 32] {
        while self.keys.len() <= epoch as usize {
            let last = self.keys.last().copied().unwrap_or(KEY);
            self.keys.push(*Key::new(last).next::<Tom1>().as_bytes());
        }
        self.keys[epoch as usize]
    }

    /// An authentic message.
    fn arrive(&mut self, n16: u16) {
        let newest = self.received.last().copied();
        let n = self.chain.widen(n16);
        assert_eq!(n as u16, n16);
        // Nobody can have sealed what is out of reach: deriving its key would take for ever.
        match self.chain.locate(n16) {
            Ok((located, key)) => {
                assert_eq!(located, n);
                assert!(!self.received.contains(&n), "{n} could be received twice");
                assert_eq!(key, self.key(n / EPOCH), "the key of {n}");
                assert!(
                    self.chain.commit(n, self.now),
                    "located and then refused: {n}"
                );
                assert!(!self.chain.commit(n, self.now), "received twice: {n}");
                self.received.insert(n);
                self.reached += u64::from(n >= EPOCH);
            }
            Err(Drop::Replay) => assert!(self.received.contains(&n), "{n} never came"),
            Err(Drop::TooOld) => {
                let newest = newest.expect("nothing is old before anything came");
                // The newest two epochs are always open.
                assert!(
                    n / EPOCH + 1 < newest / EPOCH + 1,
                    "{n} is not old, {newest} is newest"
                );
            }
            Err(Drop::TooFarAhead) => {
                assert!(
                    n / EPOCH > newest.unwrap_or(0) / EPOCH + 16,
                    "{n} is within reach"
                );
            }
            Err(other) => panic!("{other:?}"),
        }
    }

    /// A message whose tag will not fit: whatever it claims, nothing is received by it.
    fn forged(&mut self, n16: u16) {
        let first = self.chain.locate(n16);
        assert_eq!(self.chain.locate(n16), first);
    }

    /// The chain is written and read back; a changed record is refused or harmless.
    fn restart(&mut self, with: u8, at: u16) {
        let mut out = [0; 1_024];
        let len = self.chain.export(self.now, &mut out).expect("room");
        if with != 0 {
            let mut changed = out;
            changed[usize::from(at) % len] ^= with;
            if let Some(mut chain) = Receiver::import(&changed[..len], self.now) {
                let _any = chain.locate(at);
                let n = chain.widen(at);
                chain.commit(n, self.now);
            }
            assert!(Receiver::import(&out[..len - 1], self.now).is_none());
        }
        self.chain = Receiver::import(&out[..len], self.now).expect("its own record");
        let mut again = [0; 1_024];
        let again_len = self.chain.export(self.now, &mut again).expect("room");
        assert_eq!(&out[..len], &again[..again_len]);
    }

    /// Sender and receiver derive the same keys, also after a jump.
    fn sender(&mut self, skip: u32) {
        let mut sender = Sender::new(KEY);
        let skip = skip % (17 * EPOCH);
        assert!(sender.skip_to(skip));
        let (n, key) = sender.take().expect("counters are left");
        assert_eq!((n, key), (skip, self.key(skip / EPOCH)));
    }
}

/// Runs, gaps, jumps and restarts.
pub fn seeds() -> Vec<(String, Vec<u8>)> {
    let mut seeds = vec![
        ("in-order".to_string(), [[4, 255, 0]; 8].concat()),
        ("gaps".to_string(), [[4, 200, 1]; 12].concat()),
        (
            "far-ahead".to_string(),
            [[3, 0, 4], [3, 0, 8], [3, 1, 0], [3, 0, 12], [2, 9, 0]].concat(),
        ),
        (
            "restart".to_string(),
            [[4, 70, 1, 6, 0, 0, 0], [0, 60, 2, 3, 6, 1, 9]].concat(),
        ),
    ];
    for number in 0..16 {
        let mut numbers = Numbers::new(number);
        let len = 20 + numbers.below(180) as usize;
        seeds.push((format!("random-{number}"), numbers.bytes(len)));
    }
    seeds
}
