use super::*;

fn all(cuts: &Cuts, nodes: u32) -> Vec<(u32, u32)> {
    (0..nodes)
        .flat_map(|a| (0..nodes).map(move |b| (a, b)))
        .filter(|(a, b)| !cuts.passes(*a, *b))
        .collect()
}

#[test]
fn a_cut_parts_two_sides_and_no_side_within() {
    let mut cuts = Cuts::default();
    cuts.cut(1, &[0, 1], false);
    assert_eq!(
        all(&cuts, 4),
        [
            (0, 2),
            (0, 3),
            (1, 2),
            (1, 3),
            (2, 0),
            (2, 1),
            (3, 0),
            (3, 1)
        ]
    );
    cuts.mend(1);
    assert_eq!(all(&cuts, 4), []);
}

#[test]
fn from_the_first_side_of_a_one_way_cut_packets_pass() {
    let mut cuts = Cuts::default();
    cuts.cut(1, &[0], true);
    assert!(cuts.passes(0, 1));
    assert!(!cuts.passes(1, 0));
}

#[test]
fn several_cuts_hold_at_once_and_mend_by_name() {
    let mut cuts = Cuts::default();
    cuts.cut(1, &[0, 1], false);
    cuts.cut(2, &[0, 2], false);
    assert_eq!(
        all(&cuts, 3),
        [(0, 1), (0, 2), (1, 0), (1, 2), (2, 0), (2, 1)]
    );
    cuts.mend(1);
    assert_eq!(all(&cuts, 3), [(0, 1), (1, 0), (1, 2), (2, 1)]);
    cuts.cut(2, &[], false);
    assert_eq!(all(&cuts, 3), [], "replaced by one without a side");
    cuts.mend(9);
}

#[test]
fn nodes_far_apart_fit_and_unknown_ones_are_on_the_second_side() {
    let mut cuts = Cuts::default();
    cuts.cut(1, &[999_999, 63, 64], false);
    assert!(cuts.passes(63, 999_999));
    assert!(cuts.passes(0, 5_000_000));
    assert!(!cuts.passes(64, 5_000_000));
}

#[test]
fn a_path_breaks_and_is_whole_again() {
    let mut cuts = Cuts::default();
    cuts.sever(1, 2, true);
    assert_eq!(all(&cuts, 4), [(1, 2)]);
    cuts.sever(1, 2, false);
    assert_eq!(all(&cuts, 4), [(1, 2), (2, 1)]);
    cuts.repair(2, 1);
    assert_eq!(all(&cuts, 4), []);
    cuts.sever(1, 2, false);
    cuts.cut(1, &[1], false);
    cuts.clear();
    assert_eq!(all(&cuts, 4), []);
}
