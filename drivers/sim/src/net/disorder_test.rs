use super::*;

#[test]
fn never_happens_never() {
    for draw in (0..1_000).map(mix) {
        assert_eq!(held(Chance::NEVER, Span(9), draw), None);
        assert_eq!(twice(Chance::NEVER, draw), None);
        assert_eq!(damage(Chance::NEVER, 100, draw), Damage::None);
    }
}

#[test]
fn chances_and_ranges_are_kept() {
    let tenth = Chance::from_unit(0.1);
    let draws = || (0..100_000).map(mix);
    let held: Vec<Span> = draws()
        .filter_map(|draw| held(tenth, Span(50), draw))
        .collect();
    assert!(held.len().abs_diff(10_000) < 400, "{}", held.len());
    assert_eq!(held.iter().min(), Some(&Span(1)));
    assert_eq!(held.iter().max(), Some(&Span(50)));
    let twice = draws().filter_map(|draw| twice(tenth, draw));
    assert!(twice.clone().count().abs_diff(10_000) < 400);
    assert!(
        twice
            .clone()
            .all(|after| (Span(1)..=TWICE_WITHIN).contains(&after))
    );
}

#[test]
fn held_back_by_nothing_is_not_later() {
    assert_eq!(held(Chance::ALWAYS, Span::ZERO, 1), Some(Span::ZERO));
}

#[test]
fn damage_flips_one_bit_anywhere() {
    let mut hit = [false; 16];
    for draw in (0..1_000).map(mix) {
        let mut bytes = [0xA5_u8, 0x5A];
        damage(Chance::ALWAYS, 2, draw).apply(&mut bytes);
        let changed = u16::from_le_bytes(bytes) ^ u16::from_le_bytes([0xA5, 0x5A]);
        assert_eq!(changed.count_ones(), 1);
        hit[changed.trailing_zeros() as usize] = true;
    }
    assert_eq!(hit, [true; 16]);
    Damage::Flip(800).apply(&mut [0; 2]);
    assert_eq!(
        damage(Chance::ALWAYS, 0, 1),
        Damage::None,
        "nothing to damage"
    );
}
