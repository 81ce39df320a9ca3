//! CPU time of the bounded containers at 65,536 entries, beside the standard library's `BTreeMap`.
//!
//! `cargo bench -p tom-core --features alloc --bench bounded`. Correctness is checked before
//! anything is timed. Rounds of the two sides alternate; printed are the median and the spread.

#[cfg(unix)]
fn main() {
    unix::main();
}

#[cfg(not(unix))]
fn main() {
    println!("no thread CPU clock is wired up for this system; nothing measured");
}

#[cfg(unix)]
mod unix {
    use std::collections::{BTreeMap, VecDeque};
    use std::hint::black_box;
    use std::mem::size_of;

    use rustix::time::{ClockId, clock_gettime};
    use tom_core::bounded::{
        Block, Cell, Chain, Entry, HeapPool, HeapSlab, HeapTable, HeapTimers, Idx, List, Seed2,
        Slot, Table, TimerCell,
    };
    use tom_core::time::Instant;

    const ENTRIES: u32 = 65_536;
    const ROUNDS: usize = 7;
    /// Operations per round: every slot is reused several times.
    const OPS: u64 = 4 * ENTRIES as u64;
    const PAYLOAD: [u8; 200] = [0x5A; 200];

    type Ref = [u8; 16];

    /// What a relay keeps of an envelope it forwarded, about.
    #[derive(Clone, Copy)]
    struct Forward {
        id: Ref,
        payload: Chain,
        deadline: u64,
    }

    impl Entry for Forward {
        type Key = Ref;

        fn key(&self) -> Ref {
            self.id
        }
    }

    /// Key families a stranger could choose to hurt a table with a weak hash.
    #[derive(Clone, Copy)]
    enum Family {
        Spread,
        Sequential,
        SameLowBits,
        SamePrefix,
    }

    impl Family {
        const ALL: [(&str, Self); 4] = [
            ("spread", Self::Spread),
            ("sequential", Self::Sequential),
            ("same low bits", Self::SameLowBits),
            ("same prefix", Self::SamePrefix),
        ];

        /// The `n`-th key; different `n` give different keys.
        fn key(self, n: u64) -> Ref {
            let wide = match self {
                Self::Spread => {
                    let mixed = mix(n);
                    u128::from(mixed) | (u128::from(mix(!n)) << 64)
                }
                Self::Sequential => u128::from(n),
                Self::SameLowBits => u128::from(n) << 64,
                Self::SamePrefix => u128::from(n) << 96 | u128::MAX >> 32,
            };
            wide.to_le_bytes()
        }
    }

    /// SplitMix64's finalizer: a bijection.
    fn mix(n: u64) -> u64 {
        let n = n.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let n = (n ^ (n >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let n = (n ^ (n >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        n ^ (n >> 31)
    }

    /// CPU time of this thread in nanoseconds.
    fn cpu_ns() -> u64 {
        let time = clock_gettime(ClockId::ThreadCPUTime);
        time.tv_sec.unsigned_abs() * 1_000_000_000 + time.tv_nsec.unsigned_abs()
    }

    /// Tenths of a nanosecond per operation of each side, one value per round.
    struct Rounds([Vec<u64>; 2]);

    impl Rounds {
        fn run(mut ours: impl FnMut(), mut theirs: impl FnMut()) -> Self {
            ours();
            theirs();
            let mut rounds = [vec![], vec![]];
            for _ in 0..ROUNDS {
                for (side, times) in rounds.iter_mut().enumerate() {
                    let start = cpu_ns();
                    if side == 0 {
                        ours()
                    } else {
                        theirs()
                    }
                    times.push((cpu_ns() - start) * 10 / OPS);
                }
            }
            rounds.iter_mut().for_each(|times| times.sort_unstable());
            Self(rounds)
        }

        fn print(&self, what: &str) {
            let text = |times: &[u64]| {
                let tenths = |at: usize| format!("{}.{}", times[at] / 10, times[at] % 10);
                let spread = format!("({}-{})", tenths(0), tenths(ROUNDS - 1));
                format!("{:>7} {spread:<15}", tenths(ROUNDS / 2))
            };
            let Self([ours, theirs]) = self;
            println!("{what:<44}{}{}", text(ours), text(theirs));
        }
    }

    /// A `BTreeMap` with the same promises: bounded, the oldest entry leaves first.
    #[derive(Default)]
    struct Tree {
        map: BTreeMap<Ref, Forward>,
        order: VecDeque<Ref>,
    }

    impl Tree {
        fn insert_evicting(&mut self, value: Forward) -> Option<Forward> {
            let full = self.map.len() >= ENTRIES as usize;
            let oldest = if full { self.order.pop_front() } else { None };
            let evicted = oldest.and_then(|oldest| self.map.remove(&oldest));
            self.order.push_back(value.id);
            self.map.insert(value.id, value);
            evicted
        }
    }

    fn forward(id: Ref) -> Forward {
        Forward {
            id,
            payload: Chain::EMPTY,

            deadline: 9,
        }
    }

    /// The step of a relay: look the key up; when it is new make room and insert.
    fn insert_evicting(table: &mut Table<'_, Forward>, value: Forward) -> Option<Forward> {
        let hash = table.hash(&value.id);
        if table.find_hashed(hash, &value.id).is_some() {
            return None;
        }
        let evicted = if table.is_full() {
            table.oldest().and_then(|oldest| table.remove(oldest))
        } else {
            None
        };
        let inserted = table.insert_hashed(hash, value);
        assert!(inserted.is_ok());
        evicted
    }

    fn full(family: Family) -> (HeapTable<Forward>, Tree) {
        let mut table = HeapTable::new(ENTRIES);
        assert!(table.set_seed(Seed2([0x0123_4567_89AB_CDEF, 0xFEDC_BA98_7654_3210])));
        let mut tree = Tree::default();
        for n in 0..u64::from(ENTRIES) {
            insert_evicting(&mut table.view(), forward(family.key(n)));
            tree.insert_evicting(forward(family.key(n)));
        }
        (table, tree)
    }

    /// Both sides must hold, find and give up the same entries, also after the slots were reused.
    fn check(family: Family) {
        let (mut table, mut tree) = full(family);
        let mut table = table.view();
        for n in u64::from(ENTRIES)..3 * u64::from(ENTRIES) {
            let evicted = insert_evicting(&mut table, forward(family.key(n)));
            let expected = tree.insert_evicting(forward(family.key(n)));
            assert_eq!(evicted.map(|f| f.id), expected.map(|f| f.id));
        }
        assert!(
            table
                .iter()
                .map(|(_, f)| f.id)
                .eq(tree.order.iter().copied())
        );
        for n in 0..4 * u64::from(ENTRIES) {
            let key = family.key(n);
            let found = table
                .find(&key)
                .and_then(|idx| table.get(idx))
                .map(|f| f.id);
            assert_eq!(found, tree.map.get(&key).map(|f| f.id));
        }
    }

    fn table(name: &str, family: Family) {
        let (mut table, mut tree) = full(family);
        let mut table = table.view();

        let (mut ours, mut theirs) = (u64::from(ENTRIES), u64::from(ENTRIES));
        Rounds::run(
            || {
                for _ in 0..OPS {
                    black_box(insert_evicting(&mut table, forward(family.key(ours))));
                    ours += 1;
                }
            },
            || {
                for _ in 0..OPS {
                    black_box(tree.insert_evicting(forward(family.key(theirs))));
                    theirs += 1;
                }
            },
        )
        .print(&format!("find, evict oldest, insert: {name}"));

        let (first, last) = (ours - u64::from(ENTRIES), ours);
        let pick = |n: u64| family.key(first + mix(n) % (last - first));
        Rounds::run(
            || {
                for n in 0..OPS {
                    let found = table.find(&pick(n)).and_then(|idx| table.get(idx));
                    assert_eq!(found.map(|f| f.deadline), Some(9));
                }
            },
            || {
                for n in 0..OPS {
                    assert_eq!(tree.map.get(&pick(n)).map(|f| f.deadline), Some(9));
                }
            },
        )
        .print(&format!("find one that is there, any: {name}"));

        let miss = |n: u64| family.key(last + mix(n) % u64::from(u32::MAX / 2));
        Rounds::run(
            || (0..OPS).for_each(|n| assert!(table.find(&miss(n)).is_none())),
            || (0..OPS).for_each(|n| assert!(!tree.map.contains_key(&miss(n)))),
        )
        .print(&format!("find one that is not there: {name}"));
    }

    /// Everything a relay does with the containers for one envelope, all of them at capacity.
    fn relay_path(name: &str, family: Family) {
        let (mut table, mut tree) = full(family);
        let mut table = table.view();
        let mut pool = HeapPool::new(ENTRIES);
        let mut pool = pool.view();
        let mut slab = HeapSlab::<Idx>::new(1024);
        let mut slab = slab.view();
        let mut list = List::new();
        let mut boxes: BTreeMap<Ref, Box<[u8]>> = BTreeMap::new();
        let mut queue = VecDeque::new();
        let (mut ours, mut theirs) = (u64::from(ENTRIES), u64::from(ENTRIES));
        Rounds::run(
            || {
                for _ in 0..OPS {
                    let id = family.key(ours);
                    let hash = table.hash(&id);
                    assert!(table.find_hashed(hash, &id).is_none());
                    if let Some(old) = table.oldest().and_then(|idx| table.remove(idx)) {
                        pool.free(old.payload);
                    }
                    let payload = pool.store(&[&PAYLOAD]).expect("a block was freed");
                    let value = Forward {
                        payload,
                        ..forward(id)
                    };
                    let idx = table
                        .insert_hashed(hash, value)
                        .ok()
                        .expect("room was made");
                    slab.push_back(&mut list, idx).expect("the list is short");
                    black_box(slab.pop_front(&mut list));
                    ours += 1;
                }
            },
            || {
                for _ in 0..OPS {
                    let id = family.key(theirs);
                    assert!(!tree.map.contains_key(&id));
                    if let Some(mut old) = tree
                        .insert_evicting(forward(id))
                        .and_then(|old| boxes.remove(&old.id))
                    {
                        old.fill(0);
                        black_box(&old);
                    }
                    boxes.insert(id, PAYLOAD.into());
                    queue.push_back(id);
                    black_box(queue.pop_front());
                    theirs += 1;
                }
            },
        )
        .print(&format!("relay path, 200 B payload: {name}"));
    }

    fn timers() {
        let mut timers = HeapTimers::new(ENTRIES);
        let mut timers = timers.view();
        let mut tree = std::collections::BTreeSet::new();
        let mut at = BTreeMap::new();
        for slot in 0..ENTRIES {
            let when = Instant::from_millis(mix(slot.into()) % 1_000_000);
            timers.set(Idx::new(slot), when);
            tree.insert((when, slot));
            at.insert(slot, when);
        }
        assert_eq!(timers.next().map(|(when, idx)| (when, idx.get())), {
            tree.first().map(|(when, slot)| (*when, Some(*slot)))
        });
        let later = |when: Instant, n: u64| Instant::from_millis(when.as_millis() + mix(n) % 1000);
        Rounds::run(
            || {
                for n in 0..OPS {
                    let (when, idx) = timers.next().expect("all are set");
                    timers.set(idx, later(when, n));
                }
            },
            || {
                for n in 0..OPS {
                    let (when, slot) = tree.pop_first().expect("all are set");
                    tree.insert((later(when, n), slot));
                }
            },
        )
        .print("timers: the earliest set anew");
        let any = |n: u64| (mix(n) % u64::from(ENTRIES)) as u32;
        at.clear();
        at.extend(tree.iter().map(|(when, slot)| (*slot, *when)));
        Rounds::run(
            || {
                for n in 0..OPS {
                    timers.set(Idx::new(any(n)), Instant::from_millis(mix(!n) % 1_000_000));
                }
            },
            || {
                for n in 0..OPS {
                    let when = Instant::from_millis(mix(!n) % 1_000_000);
                    if let Some(old) = at.insert(any(n), when) {
                        tree.remove(&(old, any(n)));
                    }
                    tree.insert((when, any(n)));
                }
            },
        )
        .print("timers: any one set anew");
    }

    fn pool_and_slab() {
        let mut pool = HeapPool::new(ENTRIES);
        let mut pool = pool.view();
        for len in [200, 1200] {
            let payload = vec![0x5A; len];
            Rounds::run(
                || {
                    for _ in 0..OPS {
                        let chain = pool.store(&[black_box(&payload)]).expect("room");
                        black_box(pool.free(chain));
                    }
                },
                || {
                    for _ in 0..OPS {
                        let mut own: Box<[u8]> = black_box(&payload).as_slice().into();
                        own.fill(0);
                        black_box(own);
                    }
                },
            )
            .print(&format!("pool: store and free {len} B, wiped (Box)"));
        }
        let mut slab = HeapSlab::<u32>::new(ENTRIES);
        let mut slab = slab.view();
        let mut list = List::new();
        let mut queue = VecDeque::new();
        for n in 0..ENTRIES - 1 {
            slab.push_back(&mut list, n).expect("room");
            queue.push_back(n);
        }
        Rounds::run(
            || {
                for n in 0..OPS {
                    slab.push_back(&mut list, n as u32).expect("room");
                    black_box(slab.pop_front(&mut list));
                }
            },
            || {
                for n in 0..OPS {
                    queue.push_back(n as u32);
                    black_box(queue.pop_front());
                }
            },
        )
        .print("slab: push and pop (VecDeque)");
    }

    pub(super) fn main() {
        for (_, family) in Family::ALL {
            check(family);
        }
        println!(
            "{ENTRIES} entries of {} B, {OPS} operations a round",
            size_of::<Forward>()
        );
        println!(
            "bytes beside the content: table slot {} + bucket 20, with a niche in the entry {} + 20; \
             slab cell {}, with a niche {}; pool block {}; timer {}",
            size_of::<Slot<Forward>>() - size_of::<Forward>(),
            size_of::<Slot<core::num::NonZeroU32>>() - 4,
            size_of::<Cell<u32>>() - 4,
            size_of::<Cell<core::num::NonZeroU32>>() - 4,
            size_of::<Block>() - tom_core::bounded::BLOCK,
            size_of::<TimerCell>(),
        );
        println!(
            "{:<44}{:>7} {:<15}{:>7}",
            "CPU ns per operation", "ours", "", "std"
        );
        for (name, family) in Family::ALL {
            table(name, family);
        }
        for (name, family) in Family::ALL {
            relay_path(name, family);
        }
        timers();
        pool_and_slab();
    }
}
