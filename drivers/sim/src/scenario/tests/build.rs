use crate::scenario::model::{AdversaryKind, Latency, Op, Shape};
use crate::scenario::names::{Invariant, Metric, Situation};
use crate::scenario::{Scenario, parse};
use crate::time::Span;

#[test]
fn what_is_built_prints_as_the_file_it_is() {
    let built = Scenario::builder("black-holes")
        .nodes(60)
        .duration(Span::from_secs(1_800))
        .warmup(Span::from_secs(60))
        .topology(|t| t.duplicate = crate::draw::Chance::from_unit(0.01))
        .latency(Latency::Constant(Span::from_millis(40)))
        .loss(0.02)
        .conversations(20, 30.0)
        .some_are(AdversaryKind::BlackHole, 0.1)
        .always(Invariant::Ttl)
        .sometimes(Situation::Failover)
        .require(Metric::LatencyP99, Op::AtMost, 30.0)
        .build()
        .unwrap();
    assert_eq!(built.topology.shape, Shape::Regular { degree: 8 });
    assert_eq!(parse(&built.to_toml(), "black-holes.toml").unwrap(), built);
}

#[test]
fn what_cannot_be_is_not_built() {
    let error = Scenario::builder("odd")
        .nodes(51)
        .duration(Span::from_secs(60))
        .shape(Shape::Regular { degree: 3 })
        .build()
        .unwrap_err();
    assert!(error.to_string().starts_with("odd.toml:"), "{error}");
    assert!(error.problem.contains("odd number"), "{error}");
}
