use super::{Size, bench};

#[test]
fn the_queues_agree_and_both_tables_are_printed() {
    let bench = bench(Size::Quick).unwrap();
    assert_eq!(bench.toys.len(), 2);
    let printed = bench.to_string();
    let columns = |line: &str| line.matches('|').count();
    assert!(
        printed
            .lines()
            .all(|line| matches!(columns(line), 0 | 4 | 10))
    );
    assert_eq!(printed.lines().count(), 2 + 2 + 1 + 2 + 2);
}
