use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::scenario::{Deed, Files, expand, explain, parse};

/// Those that pass with what is built; the others say what they wait for.
const GREEN: [u32; 7] = [2, 7, 8, 9, 13, 16, 18];

fn scenarios() -> Vec<PathBuf> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let mut paths: Vec<_> = std::fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "toml"))
        .collect();
    paths.sort();
    paths
}

/// Wait for an issue as a number, and pass already.
const BEFORE_THEIR_TIME: [&str; 3] = ["04a-mass-crash-10", "10-nat-mix", "14-sybil"];

#[test]
fn the_twenty_are_there_and_can_be() {
    let mut numbers = BTreeSet::new();
    for path in scenarios() {
        let stem = path.file_stem().unwrap().to_str().unwrap();
        // What bugs are hunted in is none of the twenty.
        let Ok(number) = stem[..2].parse::<u32>() else {
            continue;
        };
        numbers.insert(number);
        let text = std::fs::read_to_string(&path).unwrap();
        let scenario = match parse(&text, path.to_str().unwrap()) {
            Ok(scenario) => scenario,
            Err(error) if error.absent => {
                eprintln!("skipped: {error}");
                continue;
            }
            Err(error) => panic!("{error}"),
        };
        assert_eq!(scenario.scenario.name, stem);
        let green = GREEN.contains(&number) || BEFORE_THEIR_TIME.contains(&stem);
        assert_eq!(scenario.scenario.xfail.is_none(), green, "{stem}");
        assert!(scenario.assert.len() >= 3, "{stem} asserts too little");
        let files = Files::of(&path);
        let schedule = expand(&scenario, 1, &files).unwrap();
        let sends = schedule.externals.iter();
        let sends = sends
            .filter(|e| matches!(e.deed, Deed::Send { .. }))
            .count();
        assert!(
            (10..20_000).contains(&sends),
            "{stem} sends {sends} messages"
        );
        let again = parse(
            &explain(&scenario, 1, &files, false).unwrap(),
            path.to_str().unwrap(),
        );
        assert_eq!(again.unwrap(), scenario, "{stem}");
    }
    assert_eq!(numbers, (1..=20).collect());
}
