//! A number that stands in too few cases is not passed over.

use serde_json::{Value, json};

use super::{DROPS, drops, named, numbers};
use crate::cases::{Case, Expected};

fn case(expect: Value) -> Case {
    Case {
        tc_id: 1,
        comment: "one".to_owned(),
        spec_ref: "drops.md#way".to_owned(),
        rules: Vec::new(),
        flags: Vec::new(),
        result: Expected::Invalid,
        ask: serde_json::Map::new(),
        expect: expect.as_object().unwrap().clone(),
        also: Vec::new(),
    }
}

#[test]
fn the_chapter_names_every_reason_once() {
    let all = numbers(DROPS).unwrap();
    assert_eq!((all.first(), all.last()), (Some(&1), Some(&70)));
    assert!(all.is_sorted_by(|one, next| one < next), "{all:?}");
    assert!(all.len() > 40, "{all:?}");
}

#[test]
fn a_number_is_found_wherever_a_case_expects_it() {
    assert_eq!(Vec::from_iter(named(&case(json!({ "drop": 7 })))), [7]);
    let counted = case(json!({ "verdict": "dropped", "drops": [25, 63, 25] }));
    assert_eq!(Vec::from_iter(named(&counted)), [25, 63]);
    let frames = case(json!({ "is": { "frames": [{ "ftype": 8 }, { "drop": 3 }] } }));
    assert_eq!(Vec::from_iter(named(&frames)), [3]);
    assert!(named(&case(json!({ "verdict": "accepted", "drops": null }))).is_empty());
}

#[test]
fn a_number_in_too_few_cases_is_refused() {
    let all = numbers(DROPS).unwrap();
    let thrice: Vec<Case> = all
        .iter()
        .flat_map(|number| vec![case(json!({ "drop": number })); 3])
        .collect();
    assert_eq!(drops(thrice.iter()).unwrap()[&20], 3);
    let error = drops(thrice.iter().skip(1)).unwrap_err().to_string();
    assert!(error.contains("drop reason 1 stands in 2"), "{error}");
    let unknown = case(json!({ "drop": 13 }));
    assert!(drops(thrice.iter().chain([&unknown])).is_err());
}
