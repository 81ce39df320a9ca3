use std::collections::{BTreeMap, BTreeSet};
use std::vec;
use std::vec::Vec;

use proptest::prelude::*;

use super::{TimerCell, Timers, TimersMeta};
use crate::bounded::{FixedTimers, HeapTimers, Idx};
use crate::time::Instant;

#[derive(Clone, Copy, Debug)]
enum Op {
    Set(u32, u64),
    Clear(u32),
    /// Everything due at this time fires and is cleared.
    Fire(u64),
    ClearAll,
}

const SLOTS: u32 = 20;

/// Few different times, so that ties are frequent.
fn ops() -> impl Strategy<Value = Vec<Op>> {
    let op = prop_oneof![
        8 => (0..SLOTS + 2, 0..12_u64).prop_map(|(slot, at)| Op::Set(slot, at)),
        4 => (0..SLOTS + 2).prop_map(Op::Clear),
        2 => (0..12_u64).prop_map(Op::Fire),
        1 => Just(Op::ClearAll),
    ];
    prop::collection::vec(op, 0..200)
}

fn ms(at: u64) -> Instant {
    Instant::from_millis(at)
}

/// The same capacity, with all memory at once or as it is needed.
enum Storage {
    Whole(Vec<TimerCell>, TimersMeta),
    Lazy(HeapTimers),
}

impl Storage {
    fn view(&mut self) -> Timers<'_> {
        match self {
            Self::Whole(cells, meta) => Timers::new(cells, meta),
            Self::Lazy(timers) => {
                timers.give_back();
                timers.view()
            }
        }
    }
}

proptest! {
    /// Memory taken as slots are first used, and given back, shows nowhere.
    #[test]
    fn behave_like_a_sorted_set(capacity in 0..=SLOTS, lazy in any::<bool>(), ops in ops()) {
        let mut storage = if lazy {
            Storage::Lazy(HeapTimers::lazy(capacity))
        } else {
            Storage::Whole(vec![TimerCell::new(); capacity as usize], TimersMeta::new())
        };
        let mut model = BTreeMap::<Idx, Instant>::new();
        for op in ops {
            let mut timers = storage.view();
            prop_assert_eq!(timers.capacity(), capacity);
            match op {
                Op::Set(slot, at) => {
                    let fits = slot < capacity;
                    prop_assert_eq!(timers.set(Idx::new(slot), ms(at)), fits);
                    if fits {
                        model.insert(Idx::new(slot), ms(at));
                    }
                }
                Op::Clear(slot) => {
                    let had = model.remove(&Idx::new(slot)).is_some();
                    prop_assert_eq!(timers.clear(Idx::new(slot)), had);
                }
                Op::Fire(now) => {
                    let mut expected = model
                        .iter()
                        .map(|(idx, at)| (*at, *idx))
                        .filter(|(at, _)| *at <= ms(now))
                        .collect::<BTreeSet<_>>();
                    while let Some(idx) = timers.due(ms(now)) {
                        let at = timers.get(idx).unwrap();
                        prop_assert_eq!(expected.pop_first(), Some((at, idx)));
                        prop_assert!(timers.clear(idx));
                        model.remove(&idx);
                    }
                    prop_assert!(expected.is_empty(), "due and not told: {:?}", expected);
                }
                Op::ClearAll => {
                    timers.clear_all();
                    model.clear();
                }
            }
            prop_assert_eq!(timers.len() as usize, model.len());
            prop_assert_eq!(timers.is_empty(), model.is_empty());
            prop_assert_eq!(timers.next(), model.iter().map(|(idx, at)| (*at, *idx)).min());
            for slot in 0..SLOTS + 2 {
                let idx = Idx::new(slot);
                prop_assert_eq!(timers.get(idx), model.get(&idx).copied());
            }
        }
    }
}

#[test]
fn a_deadline_stays_due_until_it_is_cleared_or_moved() {
    let mut fixed = FixedTimers::<3>::new();
    let mut timers = fixed.view();
    let (first, second) = (Idx::new(0), Idx::new(1));
    timers.set(second, ms(5));
    timers.set(first, ms(5));
    assert_eq!(timers.due(ms(4)), None);
    assert_eq!(timers.due(ms(5)), Some(first), "ties go by slot number");
    assert_eq!(timers.due(ms(5)), Some(first));
    timers.set(first, ms(6));
    assert_eq!(timers.due(ms(5)), Some(second));
    timers.clear(second);
    assert_eq!(timers.next(), Some((ms(6), first)));
}

#[test]
fn no_slot_has_no_deadline() {
    let mut fixed = FixedTimers::<2>::new();
    let mut timers = fixed.view();
    assert!(!timers.set(Idx::NONE, ms(1)));
    assert!(!timers.clear(Idx::NONE));
    assert_eq!(timers.get(Idx::NONE), None);
    assert_eq!(timers.next(), None);
}
