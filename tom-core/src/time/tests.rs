//! Seconds of milliseconds.

use super::{Span, by_thousand};
use proptest::prelude::*;

proptest! {
    #[test]
    fn division_by_parts_is_division(ms: u64, shift in 0u32..64) {
        let ms = ms >> shift;
        prop_assert_eq!(by_thousand(ms), ms / 1_000);
        prop_assert_eq!(Span::from_millis(ms).as_secs(), ms / 1_000);
    }
}

#[test]
fn division_by_parts_at_the_edges() {
    for ms in [0, 999, 1_000, 65_535, 65_536, 4_294_967_295, 4_294_967_296] {
        assert_eq!(by_thousand(ms), ms / 1_000);
    }
    assert_eq!(by_thousand(u64::MAX), u64::MAX / 1_000);
}
