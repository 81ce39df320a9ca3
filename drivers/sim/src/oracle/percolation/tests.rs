use super::{giant_share, regular_graph};
use crate::draw::Stream;

#[test]
fn every_node_has_as_many_different_neighbours_who_know_it_too() {
    let (nodes, degree) = (200, 7);
    let graph = regular_graph(nodes, degree, &mut Stream::new(3, "test"));
    for node in 0..nodes {
        let known = &graph[node as usize * degree..][..degree];
        for (at, &other) in known.iter().enumerate() {
            assert!(other != node && !known[..at].contains(&other));
            assert!(graph[other as usize * degree..][..degree].contains(&node));
        }
    }
}

#[test]
fn there_is_a_giant_component_below_the_threshold_alone() {
    assert!((giant_share(5, 0.0) - 1.0).abs() < 1e-9);
    assert!((giant_share(5, 0.5) - 0.9525).abs() < 1e-3);
    assert!(giant_share(5, 0.74) > 0.0 && giant_share(5, 0.76) < 1e-9);
    assert!(giant_share(8, 0.85) > 0.0 && giant_share(8, 0.86) < 1e-9);
}
