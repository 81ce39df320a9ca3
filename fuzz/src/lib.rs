//! Fuzz targets: each takes any bytes, panics when something that must hold does not, and says how
//! far the bytes got.
//!
//! * `cargo run --features tools --bin replay` plays the committed corpora (`.ci/fuzz` does, on stable).
//! * `cargo test` tries random bytes for a few seconds each, on stable.
//! * An engine (nightly, or `RUSTC_BOOTSTRAP=1` on stable; `cargo install cargo-bolero`), from `fuzz/`:
//!   `cargo bolero test targets::node_sequence --sanitizer NONE --corpus-dir corpus/node_sequence
//!   --engine-args=-use_value_profile=1 -T 300s`. What it finds of interest is minimised into the corpus.
//! * `cargo run --features tools --bin seed` writes the generated part of the corpora again, the same each time.

pub mod decode;
pub mod node_sequence;
pub mod noise_link;
pub mod round_trip;
pub mod session_windows;
// Here and not in a folder of tests: the engines link no other test binary of this crate.
#[cfg(test)]
mod targets;

/// The world of nodes and tapes, shared with the core's tests.
#[path = "../../tom-core/tests/tape/mod.rs"]
pub mod tape;

/// One target.
pub struct Target {
    pub name: &'static str,
    /// Runs it on any bytes; how often they got as far as `goal` says.
    pub run: fn(&[u8]) -> u64,
    /// What a useful corpus reaches.
    pub goal: &'static str,
    /// The generated corpus, by file name.
    pub seeds: fn() -> Vec<(String, Vec<u8>)>,
}

/// All targets.
pub const TARGETS: &[Target] = &[
    Target {
        name: "decode",
        run: decode::run,
        goal: "envelopes read to their end",
        seeds: decode::seeds,
    },
    Target {
        name: "round_trip",
        run: round_trip::run,
        goal: "values written back",
        seeds: decode::seeds,
    },
    Target {
        name: "session_windows",
        run: session_windows::run,
        goal: "counters received behind the first epoch",
        seeds: session_windows::seeds,
    },
    Target {
        name: "node_sequence",
        run: node_sequence::run,
        goal: "sessions established",
        seeds: node_sequence::seeds,
    },
    Target {
        name: "noise_link",
        run: noise_link::run,
        goal: "links up with an authenticated peer",
        seeds: noise_link::seeds,
    },
];

/// Bytes read one after the other, zeros behind their end.
pub struct Reader<'a>(pub &'a [u8]);

impl Reader<'_> {
    pub fn u8(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else {
            return 0;
        };
        self.0 = rest;
        *first
    }

    pub fn u16(&mut self) -> u16 {
        u16::from_le_bytes([self.u8(), self.u8()])
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A stream of numbers for generated corpora.
pub struct Numbers(tom_core::entropy::Drbg);

impl Numbers {
    pub fn new(seed: u64) -> Self {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&seed.to_le_bytes());
        Self(tom_core::entropy::Drbg::new(
            &tom_core::entropy::Seed::new(bytes),
            "corpus",
        ))
    }

    pub fn below(&mut self, bound: u64) -> u64 {
        self.0.below(bound)
    }

    pub fn bytes(&mut self, len: usize) -> Vec<u8> {
        let mut bytes = vec![0; len];
        self.0.fill(&mut bytes);
        bytes
    }
}
