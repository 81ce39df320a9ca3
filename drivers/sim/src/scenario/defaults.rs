//! What a scenario says when it does not say it.

use crate::draw::Chance;
use crate::scenario::model::{
    Adversary, AdversaryKind, Assert, Bandwidth, ClockModel, Dist, Head, Jitter, Latency, Loss,
    Nat, Op, Pattern, Pick, Priority, Profile, Scenario, Shape, Size, SuiteKind, Topology, Traffic,
    Transport,
};
use crate::time::Span;

/// The longest life an application may give a message; tom-core's own bound is a little less.
pub(crate) const LONGEST_LIFE: Span = Span::from_secs(24 * 60 * 60);
/// The degree of the random graph when no shape is given.
const DEGREE: u32 = 8;

/// The shape when none is given: everybody to everybody among few nodes, else a random graph.
pub(crate) fn shape(nodes: u32) -> Shape {
    if nodes <= DEGREE + 1 {
        Shape::Complete
    } else {
        Shape::Regular { degree: DEGREE }
    }
}

impl Default for Scenario {
    fn default() -> Self {
        Self {
            scenario: Head {
                name: String::new(),
                about: String::new(),
                schema: 1,
                duration: Span::ZERO,
                warmup: Span::ZERO,
                faults_until: None,
                converge_within: None,
                suite: SuiteKind::SimFast,
                xfail: None,
            },
            topology: Topology::default(),
            profile: Vec::new(),
            churn: Vec::new(),
            fault: Vec::new(),
            traffic: Vec::new(),
            adversary: Vec::new(),
            assert: Vec::new(),
        }
    }
}

impl Default for Topology {
    fn default() -> Self {
        Self {
            nodes: 0,
            shape: Shape::None,
            dial_within: Span::from_secs(10),
            transport: Transport::Quic,
            latency: Latency::Uniform(Span::from_millis(10), Span::from_millis(150)),
            jitter: Jitter::Lognormal { sigma: 0.1 },
            loss: Loss::Bernoulli(Chance::NEVER),
            reorder: Chance::NEVER,
            reorder_by: Span::from_millis(20),
            duplicate: Chance::NEVER,
            corrupt: Chance::NEVER,
            mtu: 1_452,
            asymmetry: 100,
            bandwidth: Bandwidth::default(),
            clock: ClockModel::default(),
        }
    }
}

impl Default for Bandwidth {
    fn default() -> Self {
        Self {
            up: 0,
            down: 0,
            queue: 64 * 1024,
        }
    }
}

impl Default for ClockModel {
    fn default() -> Self {
        Self {
            offset_ms: Dist::Constant(0.0),
            drift_ppm: Dist::Constant(0.0),
            without: Chance::NEVER,
        }
    }
}

impl Default for Profile {
    fn default() -> Self {
        Self {
            class: "node".to_owned(),
            share: 1.0,
            size: Size::SimFull,
            relays: true,
            durable: true,
            nat: Nat::None,
            duty: None,
            bandwidth: None,
            clock: None,
            takes_after_ms: Dist::Constant(0.0),
            reads: Chance::NEVER,
            radio: None,
        }
    }
}

impl Default for Traffic {
    fn default() -> Self {
        Self {
            class: "unicast".to_owned(),
            from: Span::ZERO,
            until: None,
            pattern: Pattern::Uniform { per_hour: 6.0 },
            size: Dist::Constant(200.0),
            lifetime: None,
            priority: Priority::Normal,
        }
    }
}

impl Default for Adversary {
    fn default() -> Self {
        Self {
            kind: AdversaryKind::BlackHole,
            fraction: Chance::NEVER,
            pick: Pick::Uniform,
            from: Span::ZERO,
            until: None,
        }
    }
}

impl Default for Assert {
    fn default() -> Self {
        Self::Metric {
            metric: String::new(),
            class: None,
            window: None,
            op: Op::AtLeast,
            value: 0.0,
        }
    }
}

impl Scenario {
    /// The kinds of nodes: those given, or the one there is when none is.
    #[must_use]
    pub fn profiles(&self) -> Vec<Profile> {
        if self.profile.is_empty() {
            vec![Profile::default()]
        } else {
            self.profile.clone()
        }
    }
}
