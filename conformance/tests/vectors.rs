//! The vectors: what their generator makes, with places in the book that are there, and enough of them.
#![expect(
    clippy::unwrap_used,
    reason = "a helper of a test that fails is a test that fails"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use tom_conformance::cases::{File, files, read};
use tom_conformance::generate::{census, generate};
use tom_conformance::record::record;
use tom_conformance::transcript;

fn home() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn all() -> Vec<(String, File)> {
    let paths = files(&home().join("vectors")).unwrap();
    let named = paths
        .iter()
        .map(|path| (path.display().to_string(), read(path).unwrap()));
    named.collect()
}

#[test]
fn they_are_what_the_generator_makes() {
    assert_eq!(
        generate(&home().join("vectors"), false).unwrap(),
        0,
        "run `tom-conformance generate --bless`"
    );
}

#[test]
fn transcripts_are_what_the_reference_does() {
    let directory = home().join("transcripts");
    assert_eq!(
        record(&directory, false).unwrap(),
        0,
        "run `tom-conformance generate --bless`"
    );
    let there = files(&directory).unwrap().len();
    assert_eq!(
        there,
        tom_conformance::record::all().unwrap().len(),
        "none is left over"
    );
}

#[test]
fn there_are_a_thousand_and_more_and_a_third_is_wrong_in_many_ways() {
    let all = all();
    let count: u32 = all.iter().map(|(_, file)| file.number_of_tests).sum();
    assert!(count >= 1_000, "{count}");
    // Says no when too few are invalid or one way of being wrong is too common.
    census(&all).unwrap();
}

/// The headings of a chapter as anchors.
fn anchors(chapter: &Path) -> BTreeSet<String> {
    let text = std::fs::read_to_string(chapter).unwrap();
    let headings = text.lines().filter(|line| line.starts_with('#'));
    headings
        .map(|line| {
            let plain = line.trim_start_matches('#').trim().to_lowercase();
            let kept = plain
                .chars()
                .filter(|c| c.is_alphanumeric() || " -_".contains(*c));
            kept.map(|c| if c == ' ' { '-' } else { c }).collect()
        })
        .collect()
}

#[test]
fn every_place_in_the_book_and_every_rule_is_there() {
    let book = home().join("../spec/src");
    let mut rules = BTreeSet::new();
    let mut chapters = BTreeMap::new();
    for entry in std::fs::read_dir(&book).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "md") {
            let text = std::fs::read_to_string(&path).unwrap();
            let lines = text.lines().filter_map(|line| line.strip_prefix("- **"));
            rules.extend(lines.filter_map(|line| Some(line.split_once("**")?.0.to_owned())));
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            chapters.insert(name, anchors(&path));
        }
    }
    let known = |place: &str, named: &[String], what: &str| {
        let (chapter, anchor) = place.split_once('#').unwrap();
        let there = chapters.get(chapter);
        assert!(
            there.is_some_and(|all| all.contains(anchor)),
            "{what}: {place}"
        );
        for rule in named {
            assert!(rules.contains(rule), "{what}: {rule}");
        }
    };
    for (file, vectors) in all() {
        for case in vectors.cases() {
            let what = format!("{file}: tcId {}", case.tc_id);
            known(&case.spec_ref, &case.rules, &what);
        }
    }
    for path in files(&home().join("transcripts")).unwrap() {
        let course = transcript::read(&path).unwrap();
        known(&course.spec_ref, &course.rules, &course.name);
    }
}
