//! The bytes that events carry: one buffer for all the copies of a packet that are under way.
//!
//! An event holds a [`Handle`] of four bytes; a broadcast to six neighbours holds six references to
//! one buffer. Buffers lie in arenas, one for each size, so that a copy of the whole (a snapshot) is
//! a few long copies, and what is freed is used again at once.

/// The bytes of an event, by number. It stands for one reference: give each to [`Payloads::free`] or
/// [`Payloads::take`] once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Handle(u32);

/// 32, 48, 64, 96, 128 ... bytes: no more than a third of a buffer longer than 32 is empty.
const CLASSES: usize = 32;
/// The class of a handle is in its low bits, the number within it above.
const CLASS_BITS: u32 = 5;
const LEAST: usize = 32;
/// No buffer.
const NONE: u32 = u32::MAX;

/// The most bytes a buffer holds.
pub const LONGEST: usize = size(CLASSES - 1);

/// How long a buffer of this class is.
const fn size(class: usize) -> usize {
    (LEAST + (class & 1) * LEAST / 2) << (class >> 1)
}

/// The smallest class that holds `len` bytes.
fn class_of(len: usize) -> usize {
    let doublings = ((len.max(1) - 1) >> LEAST.trailing_zeros()).checked_ilog2();
    let least = doublings.map_or(0, |n| 2 * n as usize + 1);
    if len <= size(least) { least } else { least + 1 }
}

/// Buffers with counts of who still needs them.
#[derive(Clone, Debug)]
pub struct Payloads {
    arenas: [Arena; CLASSES],
    live: Use,
    most: Use,
}

/// How much is in use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Use {
    /// Buffers somebody has a reference to.
    pub buffers: u64,
    /// The bytes in them.
    pub bytes: u64,
}

/// The buffers of one class.
#[derive(Clone, Debug)]
struct Arena {
    bytes: Vec<u8>,
    marks: Vec<Mark>,
    /// The first free buffer; the `len` of each names the next.
    free: u32,
}

/// What is known of a buffer.
#[derive(Clone, Copy, Debug)]
struct Mark {
    refs: u32,
    len: u32,
}

impl Default for Payloads {
    fn default() -> Self {
        Self {
            arenas: std::array::from_fn(|_| Arena {
                bytes: Vec::new(),
                marks: Vec::new(),
                free: NONE,
            }),
            live: Use::default(),
            most: Use::default(),
        }
    }
}

impl Handle {
    const fn class(self) -> usize {
        self.0 as usize & (CLASSES - 1)
    }

    const fn at(self) -> usize {
        (self.0 >> CLASS_BITS) as usize
    }
}

impl Payloads {
    /// Copies `bytes` into a buffer with one reference.
    ///
    /// # Panics
    ///
    /// When there are more than [`LONGEST`] bytes.
    pub fn put(&mut self, bytes: &[u8]) -> Handle {
        let handle = self.claim(bytes.len());
        let from = handle.at() * size(handle.class());
        self.arenas[handle.class()].bytes[from..from + bytes.len()].copy_from_slice(bytes);
        handle
    }

    /// The bytes.
    #[must_use]
    pub fn get(&self, handle: Handle) -> &[u8] {
        let arena = &self.arenas[handle.class()];
        let from = handle.at() * size(handle.class());
        &arena.bytes[from..from + arena.mark(handle).len as usize]
    }

    /// One more reference to the same bytes.
    #[must_use]
    pub fn share(&mut self, handle: Handle) -> Handle {
        self.arenas[handle.class()].live(handle).refs += 1;
        handle
    }

    /// How many references there are.
    #[must_use]
    pub fn references(&self, handle: Handle) -> u32 {
        self.arenas[handle.class()].mark(handle).refs
    }

    /// The bytes, to be changed for this reference alone: copied first if there are others, and the
    /// handle is then another one.
    pub fn change(&mut self, handle: &mut Handle) -> &mut [u8] {
        if self.references(*handle) > 1 {
            *handle = self.copy(*handle);
        }
        let (class, at) = (handle.class(), handle.at());
        let len = self.arenas[class].mark(*handle).len as usize;
        &mut self.arenas[class].bytes[at * size(class)..][..len]
    }

    /// Cuts the bytes off after `len`, for this reference alone.
    pub fn truncate(&mut self, handle: &mut Handle, len: usize) {
        let old = self.change(handle).len();
        let len = len.min(old);
        self.arenas[handle.class()].live(*handle).len = len as u32;
        self.live.bytes -= (old - len) as u64;
    }

    /// Gives a reference back; the buffer goes with the last one.
    pub fn free(&mut self, handle: Handle) {
        let arena = &mut self.arenas[handle.class()];
        let free = arena.free;
        let mark = arena.live(handle);
        mark.refs -= 1;
        if mark.refs == 0 {
            let len = std::mem::replace(&mut mark.len, free);
            arena.free = handle.at() as u32;
            self.live.buffers -= 1;
            self.live.bytes -= u64::from(len);
        }
    }

    /// Moves the bytes into `out`, whose content they replace, and gives the reference back.
    pub fn take(&mut self, handle: Handle, out: &mut Vec<u8>) {
        out.clear();
        out.extend_from_slice(self.get(handle));
        self.free(handle);
    }

    /// What is in use now.
    #[must_use]
    pub const fn live(&self) -> Use {
        self.live
    }

    /// The most buffers and the most bytes that were ever in use.
    #[must_use]
    pub const fn high_water(&self) -> Use {
        self.most
    }

    /// The memory it holds, in bytes.
    #[must_use]
    pub fn memory(&self) -> usize {
        let held =
            |arena: &Arena| arena.bytes.capacity() + arena.marks.capacity() * size_of::<Mark>();
        size_of::<Self>() + self.arenas.iter().map(held).sum::<usize>()
    }

    /// A buffer of `len` bytes of whatever was there, with one reference.
    fn claim(&mut self, len: usize) -> Handle {
        assert!(len <= LONGEST, "no payload is as long as {len} bytes");
        let class = class_of(len);
        let arena = &mut self.arenas[class];
        let mark = Mark {
            refs: 1,
            len: len as u32,
        };
        let at = if arena.free == NONE {
            arena.marks.push(mark);
            arena.bytes.resize(arena.marks.len() * size(class), 0);
            arena.marks.len() - 1
        } else {
            let at = arena.free as usize;
            arena.free = std::mem::replace(&mut arena.marks[at], mark).len;
            at
        };
        assert!(at < 1 << (u32::BITS - CLASS_BITS), "too many payloads");
        self.live.buffers += 1;
        self.live.bytes += len as u64;
        self.most.buffers = self.most.buffers.max(self.live.buffers);
        self.most.bytes = self.most.bytes.max(self.live.bytes);
        Handle((at as u32) << CLASS_BITS | class as u32)
    }

    /// Makes one reference to shared bytes the only one to a copy.
    fn copy(&mut self, shared: Handle) -> Handle {
        let len = self.get(shared).len();
        let own = self.claim(len);
        self.free(shared);
        let from = shared.at() * size(shared.class());
        let to = own.at() * size(own.class());
        // Bytes that were cut short before lie in a larger buffer than their copy needs.
        match self.arenas.get_disjoint_mut([shared.class(), own.class()]) {
            Ok([arena, smaller]) => {
                smaller.bytes[to..to + len].copy_from_slice(&arena.bytes[from..from + len]);
            }
            Err(_) => self.arenas[own.class()]
                .bytes
                .copy_within(from..from + len, to),
        }
        own
    }
}

impl Arena {
    fn mark(&self, handle: Handle) -> Mark {
        self.marks[handle.at()]
    }

    /// The mark of a buffer in use: a handle used after its reference was given back is a mistake in
    /// the simulator, and would make the run depend on what came by since.
    fn live(&mut self, handle: Handle) -> &mut Mark {
        let mark = &mut self.marks[handle.at()];
        assert!(mark.refs > 0, "a payload that was freed");
        mark
    }
}

#[cfg(test)]
mod tests;
