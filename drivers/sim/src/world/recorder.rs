//! A node's tape: everything that was done to its core, in order, and a hash of all it put out. Played
//! on a plain core without any simulator it must give the same.

use std::hash::Hasher;

use siphasher::sip::SipHasher13;
use tom_core::output::Output;
use tom_core::storage::Storage;
use tom_core::tape::Owned;
use tom_core::time::Instant;
use tom_core::{Config, Node};

use crate::suite::SimSuite;

/// What was done to a core.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Done {
    /// It was given an input.
    Input(Instant, Owned),
    /// It was asked for an output.
    Poll,
}

/// The tape of one life of a node.
#[derive(Clone, Debug)]
pub struct Recorder {
    /// Whose.
    pub node: u32,
    /// How the core was built: its settings, its seed, when.
    pub born: Option<(Config, [u8; 32], Instant)>,
    /// What was done to it.
    pub done: Vec<Done>,
    outputs: Outputs,
}

/// A hash over outputs.
#[derive(Clone, Debug, Default)]
struct Outputs {
    hasher: SipHasher13,
    count: u64,
}

impl Outputs {
    fn put(&mut self, output: Option<&Output<'_>>) {
        if let Some(output) = output {
            self.count += 1;
            self.hasher.write(format!("{output:?}").as_bytes());
        }
        self.hasher.write_u8(0xff);
    }

    fn total(&self) -> (u64, u64) {
        (self.count, self.hasher.finish())
    }
}

impl Recorder {
    /// Records this node.
    #[must_use]
    pub fn new(node: u32) -> Self {
        Self {
            node,
            born: None,
            done: Vec::new(),
            outputs: Outputs::default(),
        }
    }

    pub(super) fn input(&mut self, node: u32, now: Instant, input: &tom_core::input::Input<'_>) {
        if node == self.node
            && let Some(owned) = Owned::of(input)
        {
            self.done.push(Done::Input(now, owned));
        }
    }

    pub(super) fn polled(&mut self, node: u32, output: Option<&Output<'_>>) {
        if node == self.node {
            self.done.push(Done::Poll);
            self.outputs.put(output);
        }
    }

    /// How many outputs there were, and their hash.
    #[must_use]
    pub fn outputs(&self) -> (u64, u64) {
        self.outputs.total()
    }

    /// Plays the tape on a plain core: the count and the hash of what it puts out.
    ///
    /// # Errors
    /// Nothing was recorded, or no core can be built of it.
    pub fn play<S: Storage, C: SimSuite>(
        &self,
        storage: S,
        keys: C::Keys,
    ) -> Result<(u64, u64), &'static str> {
        let (config, seed, at) = self.born.ok_or("nothing was recorded")?;
        let seed = tom_core::entropy::Seed::new(seed);
        let mut core: Node<S, C::Keys, C> = Node::with_suite(storage, keys, config, seed, at)
            .map_err(|_| "no core can be built of these capacities")?;
        let mut buf = vec![0; core.max_output()];
        let mut outputs = Outputs::default();
        for done in &self.done {
            match done {
                Done::Input(now, owned) => {
                    owned.feed(&mut core, *now);
                }
                Done::Poll => {
                    let output = core.poll(&mut buf).map_err(|_| "the buffer is too short")?;
                    outputs.put(output.as_ref());
                }
            }
        }
        Ok(outputs.total())
    }
}
