use super::{Effort, Row, Table, contacts, gossip, kademlia, percolation};

fn check(rows: &[Row]) {
    assert!(rows.iter().all(|row| row.ok), "\n{}", Table(rows));
}

#[test]
fn a_flood_reaches_what_is_connected() {
    check(&percolation::rows(Effort::Small));
}

#[test]
fn gossip_reaches_what_theory_says() {
    check(&gossip::rows(Effort::Small));
}

#[test]
fn lookups_take_the_known_hops() {
    check(&kademlia::rows(Effort::Small));
}

#[test]
fn what_is_not_there_is_left_out_and_says_so() {
    let rows = contacts::rows(None);
    check(&rows);
    assert_eq!(rows[0].measured, None);
    assert!(Table(&rows).to_string().contains(contacts::FILE));
}

#[test]
fn a_row_that_is_off_is_not_in_order() {
    assert!(Row::new("a", "b", 0.9373, 239.0 / 255.0, 0.0).ok);
    let off = Row::new("a", "b", 0.9373, 240.0 / 255.0, 0.0);
    assert!(!off.ok);
    assert!(Table(&[off]).to_string().contains("| NO |"));
    assert!(!Row::new("a", "b", 1.0, f64::NAN, 0.5).ok);
}
