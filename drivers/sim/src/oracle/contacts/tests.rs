use super::{Routing, Trace, TraceError, compare};
use crate::oracle::{Table, contacts::FILE, data_dir};

/// 0 meets 1, then 1 meets 2 who is with 3; 4 meets nobody.
const SMALL: &str = "\
0 CONN 2 3 up
5 C A 0 3 1000
6 C B 0 4 1000
7 C C 1 0 1000
10 CONN 0 1 up
20 CONN 0 1 down
30 CONN 1 2 up
35 C D 1 0 1000
40 CONN 1 2 down
";

#[test]
fn messages_go_where_people_meet() {
    let trace = Trace::parse(SMALL).unwrap();
    let all = trace.run(Routing::Epidemic);
    assert_eq!((all.messages, all.delivered), (4, 2));
    // A goes 0, 1, 2, 3 and is there at 30; C is there at 10.
    assert!((all.latency - (25.0 + 3.0) / 2.0).abs() < 1e-6);
    assert!((all.hops - 2.0).abs() < 1e-9);
    assert_eq!(trace.run(Routing::Direct).delivered, 1);
    // With two copies A goes to 1 and waits there.
    assert_eq!(trace.run(Routing::SprayAndWait(2)).delivered, 1);
    assert_eq!(trace.run(Routing::SprayAndWait(8)).delivered, 2);
}

#[test]
fn a_line_that_says_nothing_is_named() {
    for wrong in [
        "0 CONN 1 up",
        "0 CONN 1 70000 up",
        "x CONN 1 2 up",
        "0 CONN 1 2 sideways",
        "0 D A 1 2 3",
    ] {
        let text = format!("0 CONN 1 2 up\n\n{wrong}\n");
        assert!(
            matches!(Trace::parse(&text), Err(TraceError::Line(3))),
            "{wrong}"
        );
    }
}

#[test]
fn the_school_comes_out_as_with_other_programs() {
    let Some(path) = data_dir()
        .map(|data| data.join(FILE))
        .filter(|path| path.exists())
    else {
        eprintln!("skipped: TOM_SIM_DATA names no directory with {FILE}");
        return;
    };
    let rows = compare(&Trace::read(&path).unwrap());
    assert!(rows.iter().all(|row| row.ok), "\n{}", Table(&rows));
}
