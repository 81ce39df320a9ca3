use core::cell::Cell as StdCell;
use std::collections::VecDeque;
use std::format;
use std::string::String;
use std::vec::Vec;

use proptest::prelude::*;

use super::{Cell, List, Slab, SlabMeta};
use crate::bounded::{FixedSlab, HeapSlab};

#[derive(Clone, Copy, Debug)]
enum Op {
    Push(usize, u8),
    Pop(usize),
    Change(usize, u8),
    /// Keeps values whose remainder by 3 is not this one, and adds one to each kept.
    Retain(usize, u8),
    Clear(usize),
}

const LISTS: usize = 3;

fn ops() -> impl Strategy<Value = Vec<Op>> {
    let op = prop_oneof![
        8 => (0..LISTS, any::<u8>()).prop_map(|(list, value)| Op::Push(list, value)),
        4 => (0..LISTS).prop_map(Op::Pop),
        1 => (0..LISTS, any::<u8>()).prop_map(|(list, value)| Op::Change(list, value)),
        2 => (0..LISTS, 0..3_u8).prop_map(|(list, rest)| Op::Retain(list, rest)),
        1 => (0..LISTS).prop_map(Op::Clear),
    ];
    prop::collection::vec(op, 0..150)
}

fn storage(capacity: usize) -> Vec<Cell<u8>> {
    core::iter::repeat_with(Cell::new).take(capacity).collect()
}

/// The same capacity, with all memory at once or as it is needed.
enum Storage {
    Whole(Vec<Cell<u8>>, SlabMeta),
    Lazy(HeapSlab<u8>),
    /// The same, and given back whenever nothing is in it.
    Thrifty(HeapSlab<u8>),
}

impl Storage {
    fn view(&mut self) -> Slab<'_, u8> {
        match self {
            Self::Whole(cells, meta) => Slab::new(cells, meta),
            Self::Lazy(slab) => slab.view(),
            Self::Thrifty(slab) => {
                slab.give_back();
                slab.view()
            }
        }
    }
}

/// Compares with queues, operation by operation: which cells the lists had after each.
fn follow(mut storage: Storage, capacity: usize, ops: &[Op]) -> Result<Vec<String>, TestCaseError> {
    let mut cells = Vec::new();
    let mut lists = <[List; LISTS]>::default();
    let mut models = <[VecDeque<u8>; LISTS]>::default();
    let mut high_water = 0;
    for op in ops {
        let mut slab = storage.view();
        let used = models.iter().map(VecDeque::len).sum::<usize>();
        match *op {
            Op::Push(list, value) => {
                let fits = used < capacity;
                let pushed = slab.push_back(&mut lists[list], value);
                prop_assert_eq!(pushed, if fits { Ok(()) } else { Err(value) });
                models[list].extend(fits.then_some(value));
            }
            Op::Pop(list) => {
                prop_assert_eq!(slab.pop_front(&mut lists[list]), models[list].pop_front());
            }
            Op::Change(list, value) => {
                let found = slab.peek_front_mut(&lists[list]);
                let expected = models[list].front_mut();
                prop_assert_eq!(found.is_some(), expected.is_some());
                found
                    .into_iter()
                    .chain(expected)
                    .for_each(|byte| *byte = value);
            }
            Op::Retain(list, rest) => {
                let keep = |value: &mut u8| {
                    let keep = *value % 3 != rest;
                    *value = value.wrapping_add(1);
                    keep
                };
                slab.retain(&mut lists[list], keep);
                models[list].retain_mut(keep);
            }
            Op::Clear(list) => {
                slab.clear(&mut lists[list]);
                models[list].clear();
            }
        }
        let used = models.iter().map(VecDeque::len).sum::<usize>();
        high_water = high_water.max(used);
        prop_assert_eq!(slab.free() as usize, capacity - used);
        prop_assert_eq!(slab.high_water() as usize, high_water);
        cells.push(format!("{lists:?}"));
        for (list, model) in lists.iter().zip(&models) {
            prop_assert_eq!(list.len() as usize, model.len());
            prop_assert_eq!(list.is_empty(), model.is_empty());
            prop_assert_eq!(slab.peek_front(list), model.front());
            prop_assert!(slab.iter(list).eq(model));
        }
    }
    Ok(cells)
}

proptest! {
    /// Memory taken as cells are first used shows nowhere, cell numbers included.
    #[test]
    fn behaves_like_queues_that_share_their_room(capacity in 0..12_usize, ops in ops()) {
        let whole = Storage::Whole(storage(capacity), SlabMeta::new());
        let lazy = Storage::Lazy(HeapSlab::lazy(capacity as u32));
        prop_assert_eq!(follow(whole, capacity, &ops)?, follow(lazy, capacity, &ops)?);
        follow(Storage::Thrifty(HeapSlab::lazy(capacity as u32)), capacity, &ops)?;
    }

    /// Lists of one slab given to another: answers may be wrong, but they come.
    #[test]
    fn lists_of_another_slab_neither_panic_nor_hang(own in ops(), foreign in ops()) {
        let mut cells = storage(9);
        let mut meta = SlabMeta::new();
        let mut other_cells = storage(4);
        let mut other_meta = SlabMeta::new();
        let mut lists = <[List; LISTS]>::default();
        let mut drive = |slab: &mut Slab<'_, u8>, ops: Vec<Op>| {
            for op in ops {
                match op {
                    Op::Push(list, value) => drop(slab.push_back(&mut lists[list], value)),
                    Op::Pop(list) | Op::Change(list, _) => drop(slab.pop_front(&mut lists[list])),
                    Op::Retain(list, rest) => slab.retain(&mut lists[list], |v| *v % 3 != rest),
                    Op::Clear(list) => slab.clear(&mut lists[list]),
                }
                for list in &lists {
                    assert!(slab.iter(list).count() <= list.len() as usize);
                }
            }
        };
        drive(&mut Slab::new(&mut cells, &mut meta), own.clone());
        drive(&mut Slab::new(&mut other_cells, &mut other_meta), foreign);
        drive(&mut Slab::new(&mut cells, &mut meta), own);
    }
}

struct Tells<'a>(&'a StdCell<usize>);

impl Drop for Tells<'_> {
    fn drop(&mut self) {
        self.0.set(core::ptr::from_ref(self).addr());
    }
}

/// An element that wipes itself on drop must do so in its cell, not in a copy beside it.
#[test]
fn clear_drops_in_place() {
    let dropped_at = StdCell::new(0);
    let mut fixed = FixedSlab::<Tells<'_>, 1>::new();
    let mut list = List::new();
    let mut slab = fixed.view();
    assert!(slab.push_back(&mut list, Tells(&dropped_at)).is_ok());
    let lay_at = core::ptr::from_ref(slab.peek_front(&list).unwrap()).addr();
    slab.clear(&mut list);
    assert_eq!(dropped_at.get(), lay_at);
    assert_eq!(slab.free(), 1);
}
