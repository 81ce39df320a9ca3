use super::*;

const MS: u64 = 1_000_000;

fn distances(latency: &Latency, asymmetry: u32, table: &Table) -> Distances {
    Distances::new(latency, asymmetry, 7, table).unwrap()
}

fn file(table: &Table) -> Distances {
    let file = String::new();
    let latency = match table {
        Table::Matrix(_) => Latency::Matrix { file },
        Table::Coordinates(_) | Table::None => Latency::Coordinates { file },
    };
    distances(&latency, 100, table)
}

fn pairs(nodes: u32) -> impl Iterator<Item = (u32, u32)> {
    (0..nodes).flat_map(move |a| (0..nodes).filter(move |b| *b != a).map(move |b| (a, b)))
}

#[test]
fn both_directions_are_alike_without_asymmetry_and_none_is_below_the_least() {
    let plane = Latency::Plane {
        across: Span(300 * MS),
        least: Span(2 * MS),
    };
    let models = [
        distances(&Latency::Constant(Span(50 * MS)), 100, &Table::None),
        distances(
            &Latency::Uniform(Span(10 * MS), Span(150 * MS)),
            0,
            &Table::None,
        ),
        distances(&plane, 100, &Table::None),
        file(&Table::Coordinates(vec![
            (0.0, 0.0),
            (30.0, 40.0),
            (1e9, f64::NAN),
        ])),
        file(&Table::Matrix(vec![
            vec![None, Some(80.0)],
            vec![Some(80.0), None],
        ])),
    ];
    for model in models {
        for (a, b) in pairs(60) {
            let there = model.one_way(a, b);
            assert_eq!(there, model.one_way(b, a), "{model:?}");
            assert!(there >= model.least(), "{model:?}");
        }
    }
}

#[test]
fn uniform_fills_its_range_evenly() {
    let model = distances(
        &Latency::Uniform(Span(10 * MS), Span(150 * MS)),
        100,
        &Table::None,
    );
    let spans: Vec<u64> = (1..20_001).map(|b| model.one_way(0, b).0).collect();
    assert!(spans.iter().all(|span| (10 * MS..150 * MS).contains(span)));
    let mean = spans.iter().sum::<u64>() / 20_000;
    assert!(mean.abs_diff(80 * MS) < MS, "{mean}");
    let low = spans.iter().filter(|span| **span < 45 * MS).count();
    assert!(low.abs_diff(5_000) < 250, "{low}");
}

/// The mean distance of two points in a unit square is 0.5214 (Robbins), its diagonal 1.4142.
#[test]
fn a_plane_is_a_square() {
    let model = distances(
        &Latency::Plane {
            across: Span(141_421_356),
            least: Span::ZERO,
        },
        100,
        &Table::None,
    );
    let mean = pairs(300).map(|(a, b)| model.one_way(a, b).0).sum::<u64>() / (300 * 299);
    assert!(mean.abs_diff(52_140_543) < 2 * MS, "{mean}");
    for (a, b) in pairs(20) {
        let around = model.one_way(a, 50).0 + model.one_way(50, b).0;
        assert!(model.one_way(a, b).0 <= around + 2, "no detour is shorter");
    }
}

#[test]
fn one_direction_of_each_path_is_slower_up_to_the_asymmetry() {
    let base = Span(100 * MS);
    let model = distances(&Latency::Constant(base), 138, &Table::None);
    let mut most = 0;
    for (a, b) in pairs(60).filter(|(a, b)| a < b) {
        let (there, back) = (model.one_way(a, b), model.one_way(b, a));
        assert_eq!(there.min(back), base, "the faster is as said");
        let slow = there.max(back).0;
        assert!(slow <= 138 * MS, "{slow}");
        most = most.max(slow);
    }
    assert!(most > 135 * MS, "{most}");
    let forward = pairs(60)
        .filter(|(a, b)| a < b && model.one_way(*a, *b) > base)
        .count();
    assert!(
        forward.abs_diff(60 * 59 / 4) < 120,
        "either may be the slower: {forward}"
    );
}

#[test]
fn coordinates_are_milliseconds_one_way() {
    let model = file(&Table::Coordinates(vec![(0.0, 0.0), (30.0, 40.0)]));
    for (a, b) in pairs(40) {
        let span = model.one_way(a, b);
        assert!(span == Span(50 * MS) || span == SAME_PLACE, "{span:?}");
    }
    assert!(pairs(40).any(|(a, b)| model.one_way(a, b) == Span(50 * MS)));
}

#[test]
fn a_matrix_is_read_by_rows_halved_and_repaired() {
    let some = |ms: f32| Some(ms);
    let rows = vec![
        vec![some(0.0), some(20.0), some(40.0), None],
        vec![some(24.0), some(0.0), None, None],
        vec![some(40.0), None, None, some(f32::NAN)],
        vec![None, None, None, None],
    ];
    let cells = repaired(&rows);
    let at = |row: usize, column: usize| cells[row * 4 + column];
    assert_eq!(
        (at(0, 1), at(1, 0)),
        (10 * MS, 12 * MS),
        "either way for itself"
    );
    assert_eq!(at(0, 0), SAME_PLACE.0);
    // Row 1 knows 12, column 2 knows 20: the upper median.
    assert_eq!(at(1, 2), 20 * MS);
    // Nothing is known of 3 but row 0's own: 10, 20 and what is above.
    assert_eq!(at(0, 3), 20 * MS);
    assert!(cells.iter().all(|cell| *cell >= SAME_PLACE.0));
    let ragged = repaired(&[vec![], vec![None]]);
    assert_eq!(&ragged[..], [SAME_PLACE.0; 4]);
}

#[test]
fn a_latency_without_its_file_is_refused() {
    for latency in [
        Latency::Coordinates {
            file: String::new(),
        },
        Latency::Matrix {
            file: String::new(),
        },
    ] {
        assert!(Distances::new(&latency, 100, 1, &Table::None).is_err());
        assert!(Distances::new(&latency, 100, 1, &Table::Matrix(vec![])).is_err());
    }
}

#[test]
fn a_seed_draws_other_places() {
    let latency = Latency::Uniform(Span(0), Span(100 * MS));
    let of = |seed| {
        Distances::new(&latency, 100, seed, &Table::None)
            .unwrap()
            .one_way(1, 2)
    };
    assert_eq!(of(1), of(1));
    assert_ne!(of(1), of(2));
}
