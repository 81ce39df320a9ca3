use proptest::prelude::*;

use crate::scenario::model::{Latency, Loss, Shape};
use crate::scenario::parse::{parse, parse_text};
use crate::scenario::tests::random;
use crate::time::Span;

proptest! {
    /// What is printed reads back as the same value and prints as the same text.
    #[test]
    fn printed_scenarios_read_back(seed: u64) {
        let scenario = random::scenario(seed, true);
        let text = scenario.to_toml();
        let (back, _) = parse_text(&text, "random.toml")
            .unwrap_or_else(|e| panic!("{e}\n{text}"));
        prop_assert_eq!(&back, &scenario, "{}", text);
        prop_assert_eq!(back.to_toml(), text);
    }
}

const LEAST: &str = "[scenario]\nname = \"a\"\nduration = \"1min\"\n[topology]\nnodes = 4\n";

#[test]
fn name_duration_and_nodes_are_enough() {
    let scenario = parse(LEAST, "a.toml").unwrap();
    assert_eq!(scenario.topology.shape, Shape::Complete);
    let many = LEAST.replace("nodes = 4", "nodes = 1_000");
    let scenario = parse(&many, "a.toml").unwrap();
    assert_eq!(scenario.topology.shape, Shape::Regular { degree: 8 });
}

#[test]
fn bare_values_stand_for_the_simplest_model() {
    let text = format!("{LEAST}latency = \"20ms\"\nloss = 0.25\nshape = \"ring\"\n");
    let scenario = parse(&text, "a.toml").unwrap();
    assert_eq!(
        scenario.topology.latency,
        Latency::Constant(Span::from_millis(20))
    );
    assert!(matches!(scenario.topology.loss, Loss::Bernoulli(c) if c.0 == 1 << 30));
    assert_eq!(scenario.topology.shape, Shape::Ring);
}

#[test]
fn chances_print_short() {
    for text in ["30%", "0.1%", "99.9%", "100%", "0%", "12.5%"] {
        let full = format!("{LEAST}loss = \"{text}\"\n");
        let printed = parse(&full, "a.toml").unwrap().to_toml();
        assert!(
            printed.contains(&format!("loss = \"{text}\"\n")),
            "{printed}"
        );
    }
}
