//! Payload bytes in blocks of one size. Blocks are wiped when they are freed.

use super::{Idx, Lent};

#[cfg(test)]
mod tests;

/// The bytes one block holds.
pub const BLOCK: usize = 256;

/// One block of a [`Pool`]: [`BLOCK`] bytes of payload and 8 of bookkeeping.
#[derive(Clone, Debug)]
pub struct Block {
    bytes: [u8; BLOCK],
    /// The next block of the same payload, or the next free one.
    next: Idx,
    /// 0 free, [`TAIL`] inside a payload, else the first of one whose length is `role - 1`.
    /// A chain that was freed is recognised by it, unless its first block by chance again starts a
    /// payload of the same length.
    role: u32,
}

/// A block that is in use and not the first of its payload.
const TAIL: u32 = u32::MAX;

/// The longest payload, so that its length fits beside [`TAIL`].
const MAX_LEN: usize = (u32::MAX - 2) as usize;

/// The bookkeeping of one [`Pool`]; stays with its blocks for life.
#[derive(Debug, Default)]
#[cfg_attr(feature = "sim-suites", derive(Clone))]
pub struct PoolMeta {
    used: u32,
    /// Blocks used at least once; also the most that ever were in use.
    touched: u32,
    vacated: Idx,
    /// The same before the memory was last given back.
    #[cfg(feature = "alloc")]
    touched_before: u32,
}

/// A payload in a [`Pool`]: its first block and its length in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Chain {
    first: Idx,
    len: u32,
}

/// Payloads of any length in borrowed blocks of 256 bytes.
#[derive(Debug)]
pub struct Pool<'a> {
    blocks: Lent<'a, Block>,
    meta: &'a mut PoolMeta,
}

impl Block {
    /// A free block, all zero.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            bytes: [0; BLOCK],
            next: Idx::NONE,
            role: 0,
        }
    }
}

impl Default for Block {
    fn default() -> Self {
        Self::new()
    }
}

impl PoolMeta {
    /// The bookkeeping of a pool without payloads.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            used: 0,
            touched: 0,
            vacated: Idx::NONE,
            #[cfg(feature = "alloc")]
            touched_before: 0,
        }
    }

    /// How many blocks are in use.
    #[must_use]
    pub const fn used(&self) -> u32 {
        self.used
    }

    /// The most blocks that ever were in use.
    #[must_use]
    pub const fn high_water(&self) -> u32 {
        #[cfg(feature = "alloc")]
        if self.touched < self.touched_before {
            return self.touched_before;
        }
        self.touched
    }

    /// Forgets the vacated ones when there is no payload: the next one goes to the first of them.
    #[cfg(feature = "alloc")]
    pub(super) fn start_over(&mut self) -> bool {
        let unused = self.used == 0;
        if unused {
            *self = Self {
                touched_before: self.high_water(),
                ..Self::new()
            };
        }
        unused
    }
}

impl Chain {
    /// The payload of no bytes: in every pool, without a block.
    pub const EMPTY: Self = Self {
        first: Idx::NONE,
        len: 0,
    };

    /// The length in bytes.
    #[must_use]
    pub const fn len(self) -> u32 {
        self.len
    }

    /// Whether there are no bytes.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.len == 0
    }

    /// The number of blocks.
    #[must_use]
    pub const fn blocks(self) -> u32 {
        self.len.div_ceil(BLOCK as u32)
    }
}

impl<'a> Pool<'a> {
    /// A view over blocks that were free at first and always go with this bookkeeping.
    #[must_use]
    pub fn new(blocks: &'a mut [Block], meta: &'a mut PoolMeta) -> Self {
        Self::over(Lent::whole(blocks), meta)
    }

    pub(super) fn over(blocks: Lent<'a, Block>, meta: &'a mut PoolMeta) -> Self {
        Self { blocks, meta }
    }

    /// The same view for a shorter time, to hand to a function.
    pub fn reborrow(&mut self) -> Pool<'_> {
        Pool {
            blocks: self.blocks.reborrow(),
            meta: self.meta,
        }
    }

    /// How many blocks there are.
    #[must_use]
    pub fn capacity(&self) -> u32 {
        self.blocks.limit()
    }

    /// How many blocks are free.
    #[must_use]
    pub fn free_blocks(&self) -> u32 {
        self.capacity().saturating_sub(self.meta.used)
    }

    /// The most blocks that ever were in use.
    #[must_use]
    pub fn high_water(&self) -> u32 {
        self.meta.high_water()
    }

    /// Whether a payload of this many bytes would be stored now.
    #[must_use]
    pub fn room_for(&self, bytes: usize) -> bool {
        bytes <= MAX_LEN && bytes.div_ceil(BLOCK) <= self.free_blocks() as usize
    }

    /// Stores the concatenation of `parts`; nothing at all when there is not room for everything.
    #[must_use]
    pub fn store(&mut self, parts: &[&[u8]]) -> Option<Chain> {
        let len = parts
            .iter()
            .try_fold(0_usize, |sum, part| sum.checked_add(part.len()))?;
        if !self.room_for(len) {
            return None;
        }
        let chain_len = u32::try_from(len).ok()?;
        let mut chain = Chain {
            first: Idx::NONE,
            len: chain_len,
        };
        let mut source = Parts {
            current: &[],
            rest: parts,
        };
        let mut last = Idx::NONE;
        for _ in 0..chain.blocks() {
            let role = if last.is_none() { chain_len + 1 } else { TAIL };
            let Some((idx, block)) = self.take_block(role) else {
                // Unreachable while blocks and bookkeeping belong together.
                self.free(chain);
                return None;
            };
            source.fill(&mut block.bytes);
            match self.blocks.get_mut(last.at()) {
                Some(before) => before.next = idx,
                None => chain.first = idx,
            }
            last = idx;
        }
        Some(chain)
    }

    /// The length in bytes of a payload; none when it was freed.
    #[must_use]
    pub fn len(&self, chain: Chain) -> Option<usize> {
        self.holds(chain).then_some(chain.len as usize)
    }

    /// The payload block by block; nothing when it was freed.
    pub fn parts(&self, chain: Chain) -> impl Iterator<Item = &[u8]> + Clone {
        let mut at = chain.first;
        let mut left = if self.holds(chain) {
            chain.len as usize
        } else {
            0
        };
        let blocks = &*self.blocks;
        (0..chain.blocks()).map_while(move |_| {
            let block = blocks.get(at.at())?;
            let part = block
                .bytes
                .get(..left.min(BLOCK))
                .filter(|part| !part.is_empty())?;
            at = block.next;
            left -= part.len();
            Some(part)
        })
    }

    /// Copies the payload to the start of `out`: its length, or none (and nothing copied) when it
    /// was freed or `out` is shorter.
    #[must_use]
    pub fn copy_out(&self, chain: Chain, out: &mut [u8]) -> Option<usize> {
        let len = self.len(chain)?;
        let mut rest = out.get_mut(..len)?;
        for part in self.parts(chain) {
            let (to, behind) = rest.split_at_mut_checked(part.len())?;
            to.copy_from_slice(part);
            rest = behind;
        }
        Some(len)
    }

    /// Frees a payload and wipes every block of it; `false` when it was freed before. Spec MEM-5.
    pub fn free(&mut self, chain: Chain) -> bool {
        if !self.holds(chain) {
            return false;
        }
        let mut at = chain.first;
        let blocks = &mut *self.blocks;
        for _ in 0..chain.blocks() {
            let Some(block) = blocks.get_mut(at.at()).filter(|block| block.role != 0) else {
                break;
            };
            let next = block.next;
            wipe(&mut block.bytes);
            block.role = 0;
            block.next = self.meta.vacated;
            self.meta.vacated = at;
            self.meta.used = self.meta.used.saturating_sub(1);
            at = next;
        }
        true
    }

    /// Whether the chain is a payload stored here and not freed.
    fn holds(&self, chain: Chain) -> bool {
        match self.blocks.get(chain.first.at()) {
            Some(first) => first.role != TAIL && first.role == chain.len.wrapping_add(1),
            None => chain.first.is_none() && chain.len == 0,
        }
    }

    fn take_block(&mut self, role: u32) -> Option<(Idx, &mut Block)> {
        let reused = self.meta.vacated;
        let idx = if reused.is_none() {
            Idx::new(self.meta.touched)
        } else {
            reused
        };
        let block = self.blocks.reach(idx).0.get_mut(idx.at())?;
        if reused.is_none() {
            self.meta.touched += 1;
        } else {
            self.meta.vacated = block.next;
        }
        block.next = Idx::NONE;
        block.role = role;
        self.meta.used = self.meta.used.saturating_add(1);
        Some((idx, block))
    }
}

/// Zeros that stay: the barrier keeps the compiler from leaving them out, and unlike one volatile
/// write per byte lets it fill the block in wide steps.
fn wipe(bytes: &mut [u8; BLOCK]) {
    bytes.fill(0);
    zeroize::optimization_barrier(bytes);
}

/// The bytes of several slices, one after the other.
struct Parts<'a> {
    current: &'a [u8],
    rest: &'a [&'a [u8]],
}

impl Parts<'_> {
    /// Moves as many bytes as there are, at most one block.
    fn fill(&mut self, block: &mut [u8; BLOCK]) {
        let mut room: &mut [u8] = block;
        while !room.is_empty() {
            if self.current.is_empty() {
                let Some((first, rest)) = self.rest.split_first() else {
                    return;
                };
                self.current = first;
                self.rest = rest;
                continue;
            }
            let count = self.current.len().min(room.len());
            let (from, later) = self.current.split_at(count);
            let (to, behind) = room.split_at_mut(count);
            to.copy_from_slice(from);
            self.current = later;
            room = behind;
        }
    }
}
