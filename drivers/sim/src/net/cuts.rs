//! Which paths carry nothing: cuts between two sides, several at once, and single broken paths.

use std::collections::BTreeSet;
use std::sync::Arc;

/// What is cut and broken now.
#[derive(Clone, Debug, Default)]
pub struct Cuts {
    cuts: Vec<Cut>,
    /// From, to.
    broken: BTreeSet<(u32, u32)>,
}

#[derive(Clone, Debug)]
struct Cut {
    name: u32,
    /// One bit per node: it is on the first side.
    side: Arc<[u64]>,
    /// From the first side to the second packets pass.
    one_way: bool,
}

impl Cut {
    fn first(&self, node: u32) -> bool {
        self.side
            .get(node as usize / 64)
            .is_some_and(|word| word >> (node % 64) & 1 == 1)
    }
}

impl Cuts {
    /// Cuts all nodes of `side` off from all others; with `one_way`, packets still pass from `side`
    /// to the others. A cut of the same name is replaced.
    pub fn cut(&mut self, name: u32, side: &[u32], one_way: bool) {
        let words = side.iter().max().map_or(0, |last| *last as usize / 64 + 1);
        let mut bits = vec![0_u64; words];
        for node in side {
            bits[*node as usize / 64] |= 1 << (node % 64);
        }
        self.mend(name);
        self.cuts.push(Cut {
            name,
            side: bits.into(),
            one_way,
        });
    }

    /// Ends the cut of this name, if there is one.
    pub fn mend(&mut self, name: u32) {
        self.cuts.retain(|cut| cut.name != name);
    }

    /// Breaks the path from `a` to `b`, and with `one_way` only that.
    pub fn sever(&mut self, a: u32, b: u32, one_way: bool) {
        self.broken.insert((a, b));
        if !one_way {
            self.broken.insert((b, a));
        }
    }

    /// Makes the path between two nodes whole, both ways, however often it was broken.
    pub fn repair(&mut self, a: u32, b: u32) {
        self.broken.remove(&(a, b));
        self.broken.remove(&(b, a));
    }

    /// Everything passes again.
    pub fn clear(&mut self) {
        self.cuts.clear();
        self.broken.clear();
    }

    /// Whether packets pass from one node to another.
    #[must_use]
    pub fn passes(&self, from: u32, to: u32) -> bool {
        if self.cuts.is_empty() && self.broken.is_empty() {
            return true;
        }
        let cut = self
            .cuts
            .iter()
            .any(|cut| match (cut.first(from), cut.first(to)) {
                (true, true) | (false, false) => false,
                (true, false) => !cut.one_way,
                (false, true) => true,
            });
        !cut && !self.broken.contains(&(from, to))
    }
}

#[cfg(test)]
#[path = "cuts_test.rs"]
mod tests;
