use super::{HeapPool, HeapSlab, HeapTable, HeapTimers};
use crate::bounded::{BLOCK, Entry, Idx, List, Seed2};
use crate::time::Instant;

struct Key(u32);

impl Entry for Key {
    type Key = u32;

    fn key(&self) -> u32 {
        self.0
    }
}

#[test]
fn each_form_has_exactly_the_room_asked_for() {
    let mut table = HeapTable::<Key>::new(3);
    assert!(table.set_seed(Seed2([1, 2])));
    let inserted = (0..9)
        .filter(|key| table.view().insert(Key(*key)).is_ok())
        .count();
    assert_eq!(
        (inserted, table.meta().len(), table.meta().high_water()),
        (3, 3, 3)
    );
    assert!(table.view().find(&2).is_some());

    let mut timers = HeapTimers::new(3);
    let set = (0..9)
        .filter(|slot| timers.view().set(Idx::new(*slot), Instant::ZERO))
        .count();
    assert_eq!(set, 3);

    let mut pool = HeapPool::new(3);
    assert!(pool.view().store(&[&[1; 3 * BLOCK + 1]]).is_none());
    assert!(pool.view().store(&[&[1; 3 * BLOCK]]).is_some());
    assert_eq!((pool.meta().used(), pool.meta().high_water()), (3, 3));

    let mut slab = HeapSlab::<u8>::new(3);
    let mut list = List::new();
    let pushed = (0..9)
        .filter(|value| slab.view().push_back(&mut list, *value).is_ok())
        .count();
    assert_eq!(
        (pushed, slab.meta().used(), slab.meta().high_water()),
        (3, 3, 3)
    );
}
