//! The table of rules: the book's rules in their order, and nothing without something behind it.

use std::path::{Path, PathBuf};

use tom_conformance::musts::{Known, Rule, outside, rules, table};
use tom_conformance::mutants;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn rule(id: &str) -> Rule {
    Rule {
        id: id.to_owned(),
        place: "session.md#handshake".to_owned(),
    }
}

#[test]
fn rules_stand_in_the_order_of_the_book() {
    let all = rules(&root().join("spec/src")).unwrap();
    assert!(all.len() >= 260, "{}", all.len());
    assert_eq!(all.first().unwrap().id, "CON-1");
    let link = all.iter().position(|it| it.id == "LNK-1");
    assert!(link < all.iter().position(|it| it.id == "ENV-1"));
    let nack = all.iter().find(|it| it.id == "ENV-18").unwrap();
    assert_eq!(nack.place, "envelope.md#nack");
}

#[test]
fn a_rule_with_nothing_behind_it_is_refused_by_its_name() {
    let mut known = Known::default();
    let named = vec!["session:1".to_owned()];
    known.named.insert("SES-1".to_owned(), named);
    let drawn = table(&[rule("SES-1")], &known).unwrap();
    assert!(drawn.contains("| [SES-1](../spec/src/session.md#handshake) |  | session:1 |  |"));
    let refused = table(&[rule("SES-1"), rule("SES-2")], &known).unwrap_err();
    assert!(refused.to_string().ends_with("SES-2"), "{refused}");
}

#[test]
fn what_is_said_of_no_rule_is_refused() {
    let mut known = Known::default();
    for id in ["SES-1", "SES-none"] {
        let noticed = vec![("a-mutant".to_owned(), "session:1".to_owned())];
        known.mutants.insert(id.to_owned(), noticed);
    }
    let refused = table(&[rule("SES-1")], &known).unwrap_err();
    assert!(refused.to_string().contains("SES-none"), "{refused}");
}

#[test]
fn a_proof_outside_the_suite_has_to_be_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("outside.toml");
    let read = |proof: &str| {
        let text = format!("[[rule]]\nids = [\"CON-8\"]\nproofs = [\"{proof}\"]\n");
        std::fs::write(&path, text).unwrap();
        outside(&path, &root())
    };
    let good = "conformance/tests/musts.rs: a_proof_outside_the_suite_has_to_be_there";
    assert!(read(good).is_ok());
    assert!(read("spec/check.py").is_ok());
    assert!(read("conformance/tests/musts.rs: a_test_that_is_not_there").is_err());
    assert!(read("conformance/tests/no_file.rs: a_test").is_err());
    std::fs::write(&path, "[[rule]]\nids = [\"CON-8\"]\n").unwrap();
    assert!(outside(&path, &root()).is_err(), "neither proof nor reason");
}

#[test]
fn each_mutant_changes_what_stands_once_in_its_file() {
    let all = mutants::read(&mutants::home()).unwrap();
    assert!(all.len() >= 40);
    for mutant in all {
        let text = std::fs::read_to_string(root().join(mutant.path())).unwrap();
        let count = text.matches(&mutant.find).count();
        assert_eq!(count, 1, "{}", mutant.name);
        assert_ne!(mutant.find, mutant.replace, "{}", mutant.name);
    }
}
