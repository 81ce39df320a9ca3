use core::cell::Cell;
use std::collections::BTreeMap;
use std::vec;
use std::vec::Vec;

use proptest::prelude::*;

use super::{Bucket, Meta, Slot, Table};
use crate::bounded::{Entry, FixedTable, HeapTable, Idx, Seed2};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Pair {
    key: u32,
    value: u8,
}

impl Entry for Pair {
    type Key = u32;

    fn key(&self) -> u32 {
        self.key
    }
}

#[derive(Clone, Copy, Debug)]
enum Op {
    Insert(u32, u8),
    Remove(u32),
    Discard(u32),
    EvictOldest,
    Touch(u32),
    Change(u32, u8),
    /// A slot number that may be vacant, untouched or out of range.
    RemoveSlot(u32),
    TouchSlot(u32),
    Clear,
}

const KEYS: u32 = 12;

fn ops() -> impl Strategy<Value = Vec<Op>> {
    let op = prop_oneof![
        6 => (0..KEYS, any::<u8>()).prop_map(|(key, value)| Op::Insert(key, value)),
        3 => (0..KEYS).prop_map(Op::Remove),
        1 => (0..KEYS).prop_map(Op::Discard),
        2 => Just(Op::EvictOldest),
        2 => (0..KEYS).prop_map(Op::Touch),
        1 => (0..KEYS, any::<u8>()).prop_map(|(key, value)| Op::Change(key, value)),
        1 => (0..12_u32).prop_map(Op::RemoveSlot),
        1 => (0..12_u32).prop_map(Op::TouchSlot),
        1 => Just(Op::Clear),
    ];
    prop::collection::vec(op, 0..120)
}

/// Entries in order, and where each was put.
#[derive(Default)]
struct Model {
    order: Vec<Pair>,
    at: BTreeMap<u32, Idx>,
    high_water: usize,
}

impl Model {
    fn position(&self, key: u32) -> Option<usize> {
        self.order.iter().position(|pair| pair.key == key)
    }

    fn key_at(&self, idx: Idx) -> Option<u32> {
        self.at
            .iter()
            .find(|(_, at)| **at == idx)
            .map(|(key, _)| *key)
    }

    fn take(&mut self, key: u32) -> Option<Pair> {
        self.at.remove(&key);
        self.position(key)
            .map(|position| self.order.remove(position))
    }

    fn touch(&mut self, key: u32) -> bool {
        match self.position(key) {
            Some(position) => {
                let pair = self.order.remove(position);
                self.order.push(pair);
                true
            }
            None => false,
        }
    }
}

fn apply(op: Op, table: &mut Table<'_, Pair>, model: &mut Model, capacity: usize) {
    match op {
        Op::Insert(key, value) => {
            let pair = Pair { key, value };
            let fits = model.position(key).is_none() && model.order.len() < capacity;
            match table.insert(pair) {
                Ok(idx) => {
                    assert!(fits);
                    assert_eq!(model.key_at(idx), None, "the slot had an entry");
                    model.order.push(pair);
                    model.at.insert(key, idx);
                    model.high_water = model.high_water.max(model.order.len());
                }
                Err(back) => {
                    assert!(!fits);
                    assert_eq!(back, pair);
                }
            }
        }
        Op::Remove(key) => {
            let found = table.find(&key);
            assert_eq!(found.and_then(|idx| table.remove(idx)), model.take(key));
        }
        Op::Discard(key) => {
            let found = table.find(&key);
            assert_eq!(
                found.is_some_and(|idx| table.discard(idx)),
                model.take(key).is_some()
            );
        }
        Op::EvictOldest => {
            let oldest = model.order.first().map(|pair| pair.key);
            let removed = table.oldest().and_then(|idx| table.remove(idx));
            assert_eq!(removed, oldest.and_then(|key| model.take(key)));
        }
        Op::Touch(key) => {
            let found = table.find(&key);
            assert_eq!(found.is_some_and(|idx| table.touch(idx)), model.touch(key));
        }
        Op::Change(key, value) => {
            let found = table.find(&key).and_then(|idx| table.get_mut(idx));
            let expected = model
                .position(key)
                .and_then(|position| model.order.get_mut(position));
            assert_eq!(found.is_some(), expected.is_some());
            found
                .into_iter()
                .chain(expected)
                .for_each(|pair| pair.value = value);
        }
        Op::RemoveSlot(slot) => {
            let key = model.key_at(Idx::new(slot));
            assert_eq!(
                table.remove(Idx::new(slot)),
                key.and_then(|key| model.take(key))
            );
        }
        Op::TouchSlot(slot) => {
            let key = model.key_at(Idx::new(slot));
            assert_eq!(
                table.touch(Idx::new(slot)),
                key.is_some_and(|key| model.touch(key))
            );
        }
        Op::Clear => {
            table.clear();
            model.order.clear();
            model.at.clear();
        }
    }
}

fn check(table: &Table<'_, Pair>, model: &Model, capacity: usize) {
    assert_eq!(table.len() as usize, model.order.len());
    assert_eq!(table.is_empty(), model.order.is_empty());
    assert_eq!(table.is_full(), model.order.len() >= capacity);
    assert_eq!(table.high_water() as usize, model.high_water);
    assert_eq!(
        table.iter().map(|(_, pair)| *pair).collect::<Vec<_>>(),
        model.order
    );
    for key in 0..KEYS {
        assert_eq!(table.find(&key), model.at.get(&key).copied());
    }
    for slot in 0..12 {
        let idx = Idx::new(slot);
        assert_eq!(
            table.get(idx).map(|pair| pair.key),
            model.key_at(idx),
            "stale or lost {idx:?}"
        );
        if model.key_at(idx).is_none() {
            assert_eq!(table.after(idx), None);
        }
    }
    let at = |pair: Option<&Pair>| pair.and_then(|pair| model.at.get(&pair.key).copied());
    assert_eq!(table.oldest(), at(model.order.first()));
    assert_eq!(table.newest(), at(model.order.last()));
    for (position, pair) in model.order.iter().enumerate() {
        let after = table.after(at(Some(pair)).unwrap());
        assert_eq!(after, at(model.order.get(position + 1)));
    }
}

fn storage(slots: usize, buckets: usize, seed: [u64; 2]) -> (Vec<Slot<Pair>>, Vec<Bucket>, Meta) {
    let cells = core::iter::repeat_with(Slot::new).take(slots).collect();
    (
        cells,
        vec![Bucket::new(); buckets],
        Meta::seeded(Seed2(seed)),
    )
}

/// The same capacity, with all memory at once or as it is needed.
enum Storage {
    Whole(Vec<Slot<Pair>>, Vec<Bucket>, Meta),
    Lazy(HeapTable<Pair>),
}

impl Storage {
    fn view(&mut self) -> Table<'_, Pair> {
        match self {
            Self::Whole(slots, buckets, meta) => Table::new(slots, buckets, meta),
            Self::Lazy(table) => table.view(),
        }
    }
}

proptest! {
    /// With as many buckets as slots keys collide often, with more of them seldom. Fewer of them
    /// bound the table. Memory taken as entries are first used, and given back, shows nowhere, slot
    /// numbers included.
    #[test]
    fn behaves_like_a_list_of_pairs(
        capacity in 0..9_usize,
        buckets in 1..20_usize,
        seed in any::<[u64; 2]>(),
        ops in ops(),
    ) {
        let (slots, buckets, meta) = storage(capacity, buckets, seed);
        let capacity = capacity.min(buckets.len());
        let mut lazy = HeapTable::lazy(capacity as u32);
        lazy.set_seed(Seed2(seed));
        let storages = [Storage::Whole(slots, buckets, meta), Storage::Lazy(lazy)];
        let slots = storages.map(|mut storage| {
            let mut model = Model::default();
            let mut slots = Vec::new();
            for (number, op) in ops.iter().enumerate() {
                if let (Storage::Lazy(table), 4) = (&mut storage, number % 5) {
                    table.give_back();
                }
                let mut table = storage.view();
                apply(*op, &mut table, &mut model, capacity);
                check(&table, &model, capacity);
                slots.push(model.at.clone());
            }
            slots
        });
        prop_assert_eq!(&slots[0], &slots[1]);
    }

    /// MEM-4: the seed moves entries between buckets, never in the order anybody sees.
    #[test]
    fn the_seed_shows_nowhere(seeds in any::<[[u64; 2]; 2]>(), ops in ops()) {
        let views = seeds.map(|seed| {
            let (mut slots, mut buckets, mut meta) = storage(6, 6, seed);
            let mut table = Table::new(&mut slots, &mut buckets, &mut meta);
            let mut model = Model::default();
            for op in &ops {
                apply(*op, &mut table, &mut model, 6);
            }
            table.iter().map(|(idx, pair)| (idx, *pair)).collect::<Vec<_>>()
        });
        prop_assert_eq!(&views[0], &views[1]);
    }

    /// Parts of two tables in one view: answers may be wrong, but they come.
    #[test]
    fn mixed_up_storage_neither_panics_nor_hangs(
        first in ops(),
        second in ops(),
        mixed in ops(),
    ) {
        let (mut slots, mut buckets, mut meta) = storage(8, 8, [1, 2]);
        let (mut other_slots, mut other_buckets, mut other_meta) = storage(5, 9, [3, 4]);
        let mut model = Model::default();
        for op in first {
            let mut table = Table::new(&mut slots, &mut buckets, &mut meta);
            apply(op, &mut table, &mut model, 8);
        }
        let mut model = Model::default();
        for op in second {
            let mut table = Table::new(&mut other_slots, &mut other_buckets, &mut other_meta);
            apply(op, &mut table, &mut model, 5);
        }
        let mut table = Table::new(&mut slots, &mut other_buckets, &mut other_meta);
        for op in mixed {
            match op {
                Op::Insert(key, value) | Op::Change(key, value) => {
                    let _ = table.insert(Pair { key, value });
                }
                Op::Remove(key) | Op::Discard(key) | Op::Touch(key) => {
                    if let Some(idx) = table.find(&key) {
                        table.remove(idx);
                    }
                }
                Op::EvictOldest => {
                    if let Some(idx) = table.oldest() {
                        table.discard(idx);
                    }
                }
                Op::RemoveSlot(slot) => drop(table.remove(Idx::new(slot))),
                Op::TouchSlot(slot) => drop(table.touch(Idx::new(slot))),
                Op::Clear => table.clear(),
            }
            prop_assert!(table.iter().count() <= 8);
        }
    }
}

#[test]
fn a_hash_taken_once_serves_the_lookup_and_the_insertion() {
    let mut fixed = FixedTable::<Pair, 4>::new();
    assert!(fixed.set_seed(Seed2([7, 9])));
    let mut table = fixed.view();
    let hash = table.hash(&3);
    assert_eq!(table.find_hashed(hash, &3), None);
    let idx = table
        .insert_hashed(hash, Pair { key: 3, value: 1 })
        .unwrap();
    assert_eq!(table.find_hashed(hash, &3), Some(idx));
    assert_eq!(table.find(&3), Some(idx));
    assert!(
        table
            .insert_hashed(hash, Pair { key: 3, value: 2 })
            .is_err(),
        "duplicate"
    );
}

#[test]
fn keys_of_equal_hash_are_different_keys() {
    let mut fixed = FixedTable::<Pair, 4>::new();
    let mut table = fixed.view();
    let hash = table.hash(&3);
    let three = table
        .insert_hashed(hash, Pair { key: 3, value: 1 })
        .unwrap();
    assert_eq!(table.find_hashed(hash, &4), None);
    let four = table
        .insert_hashed(hash, Pair { key: 4, value: 1 })
        .unwrap();
    assert_eq!(table.find_hashed(hash, &3), Some(three));
    assert_eq!(table.find_hashed(hash, &4), Some(four));
}

#[test]
fn the_seed_is_refused_while_it_would_lose_entries() {
    let mut fixed = FixedTable::<Pair, 2>::new();
    let idx = fixed.view().insert(Pair { key: 1, value: 1 }).unwrap();
    assert!(!fixed.set_seed(Seed2([1, 1])));
    assert_eq!(fixed.view().find(&1), Some(idx));
    fixed.view().remove(idx);
    assert!(fixed.set_seed(Seed2([1, 1])));
}

#[test]
fn without_buckets_nothing_fits() {
    let (mut slots, _, mut meta) = storage(2, 0, [0, 0]);
    let mut table = Table::new(&mut slots, &mut [], &mut meta);
    assert_eq!(table.capacity(), 0);
    assert!(table.insert(Pair { key: 1, value: 1 }).is_err());
    assert_eq!(table.find(&1), None);
}

struct Tells<'a>(&'a Cell<usize>);

impl Entry for Tells<'_> {
    type Key = u32;

    fn key(&self) -> u32 {
        0
    }
}

impl Drop for Tells<'_> {
    fn drop(&mut self) {
        self.0.set(core::ptr::from_ref(self).addr());
    }
}

/// An entry that wipes itself on drop must do so in the slot, not in a copy beside it.
#[test]
fn discard_and_clear_drop_in_place() {
    let dropped_at = Cell::new(0);
    let mut fixed = FixedTable::<Tells<'_>, 1>::new();
    let mut table = fixed.view();
    for by_clear in [false, true] {
        let idx = table.insert(Tells(&dropped_at)).ok().unwrap();
        let lay_at = core::ptr::from_ref(table.get(idx).unwrap()).addr();
        if by_clear {
            table.clear();
        } else {
            assert!(table.discard(idx));
        }
        assert_eq!(dropped_at.take(), lay_at);
        assert!(table.is_empty());
    }
}

/// The bookkeeping lies in the other cell; the entry's `Option` has a tag unless the type has a niche.
#[test]
fn an_entry_costs_twenty_bytes_and_a_tag() {
    assert_eq!(size_of::<Bucket>(), 20);
    assert_eq!(size_of::<Slot<core::num::NonZeroU32>>(), 4);
    assert_eq!(size_of::<Slot<u32>>(), 4 + 4);
    assert_eq!(size_of::<Slot<[u8; 24]>>(), 24 + 1);
}
