//! Scenarios as Rust: the same structs, filled in one expression.

use super::error::ScenarioError;
use super::model::{
    Adversary, AdversaryKind, Assert, Churn, Fault, Latency, Loss, Op, Pattern, Profile, Scenario,
    Shape, SuiteKind, Topology, Traffic,
};
use super::names::{Invariant, Metric, Situation};
use super::{defaults, parse};
use crate::draw::Chance;
use crate::time::Span;

/// Fills a scenario; [`Builder::build`] checks it like a file.
#[derive(Clone, Debug)]
pub struct Builder {
    scenario: Scenario,
    shaped: bool,
}

impl Scenario {
    /// A scenario of this name; set at least [`Builder::nodes`] and [`Builder::duration`].
    ///
    /// ```
    /// use tom_sim::scenario::{Scenario, model::{Op, Shape}, names::Metric};
    /// use tom_sim::time::Span;
    ///
    /// let scenario = Scenario::builder("steady")
    ///     .nodes(50)
    ///     .duration(Span::from_secs(600))
    ///     .shape(Shape::Regular { degree: 8 })
    ///     .loss(0.01)
    ///     .everybody_writes(6.0)
    ///     .require(Metric::DeliveryRate, Op::AtLeast, 0.99)
    ///     .build()?;
    /// assert!(scenario.to_toml().contains("nodes = 50\n"));
    /// # Ok::<(), tom_sim::scenario::ScenarioError>(())
    /// ```
    #[must_use]
    pub fn builder(name: &str) -> Builder {
        let mut scenario = Self::default();
        scenario.scenario.name = name.to_owned();
        Builder {
            scenario,
            shaped: false,
        }
    }
}

/// Setters of one field each.
macro_rules! setters {
    ($($(#[$doc:meta])* $name:ident($value:ident: $type:ty) $($path:ident).+ = $expr:expr;)+) => {
        impl Builder {
            $($(#[$doc])*
            #[must_use]
            pub fn $name(mut self, $value: $type) -> Self {
                self.scenario.$($path).+ = $expr;
                self
            })+
        }
    };
}

setters! {
    /// One sentence on what it shows.
    about(text: &str) scenario.about = text.to_owned();
    /// How long it lasts.
    duration(span: Span) scenario.duration = span;
    /// Metrics count from here on.
    warmup(span: Span) scenario.warmup = span;
    /// Faults end here.
    faults_until(span: Span) scenario.faults_until = Some(span);
    /// After them everything is proven within this time.
    converge_within(span: Span) scenario.converge_within = Some(span);
    /// The cryptography.
    suite(suite: SuiteKind) scenario.suite = suite;
    /// It fails until this is done.
    xfail(why: &str) scenario.xfail = Some(why.to_owned());
    /// How many nodes.
    nodes(nodes: u32) topology.nodes = nodes;
    /// One-way delay.
    latency(latency: Latency) topology.latency = latency;
    /// The chance that a packet is lost.
    loss(p: f64) topology.loss = Loss::Bernoulli(Chance::from_unit(p));
}

/// What may be added more than once.
macro_rules! adders {
    ($($(#[$doc:meta])* $name:ident($type:ty) $list:ident;)+) => {
        impl Builder {
            $($(#[$doc])*
            #[must_use]
            pub fn $name(mut self, one: $type) -> Self {
                self.scenario.$list.push(one);
                self
            })+
        }
    };
}

adders! {
    /// One more kind of node.
    profile(Profile) profile;
    /// One more way to come and go.
    churn(Churn) churn;
    /// One more thing that breaks.
    fault(Fault) fault;
    /// One more who writes.
    traffic(Traffic) traffic;
    /// One more who does not play by the rules.
    adversary(Adversary) adversary;
    /// One more thing that must hold.
    assert(Assert) assert;
}

impl Builder {
    /// Which nodes keep a link.
    #[must_use]
    pub fn shape(mut self, shape: Shape) -> Self {
        self.scenario.topology.shape = shape;
        self.shaped = true;
        self
    }

    /// Any other field of the topology.
    #[must_use]
    pub fn topology(mut self, change: impl FnOnce(&mut Topology)) -> Self {
        let before = self.scenario.topology.shape.clone();
        change(&mut self.scenario.topology);
        self.shaped |= self.scenario.topology.shape != before;
        self
    }

    /// Each node writes to a random other one so often an hour.
    #[must_use]
    pub fn everybody_writes(self, per_hour: f64) -> Self {
        self.traffic(Traffic {
            pattern: Pattern::Uniform { per_hour },
            ..Traffic::default()
        })
    }

    /// So many pairs write to each other in turn, so often an hour.
    #[must_use]
    pub fn conversations(self, pairs: u32, per_hour: f64) -> Self {
        self.traffic(Traffic {
            pattern: Pattern::Conversations { pairs, per_hour },
            ..Traffic::default()
        })
    }

    /// This share of all nodes does not play by the rules, from the start on.
    #[must_use]
    pub fn some_are(self, kind: AdversaryKind, fraction: f64) -> Self {
        self.adversary(Adversary {
            kind,
            fraction: Chance::from_unit(fraction),
            ..Adversary::default()
        })
    }

    /// An invariant is shown in the table.
    #[must_use]
    pub fn always(self, invariant: Invariant) -> Self {
        self.assert(Assert::Always(invariant.to_string()))
    }

    /// A situation must have come up.
    #[must_use]
    pub fn sometimes(self, situation: Situation) -> Self {
        self.assert(Assert::Sometimes(situation.to_string()))
    }

    /// A metric over the whole run.
    #[must_use]
    pub fn require(self, metric: Metric, op: Op, value: f64) -> Self {
        self.assert(Assert::Metric {
            metric: metric.to_string(),
            class: None,
            window: None,
            op,
            value,
        })
    }

    /// The scenario, if it can be.
    ///
    /// # Errors
    /// What a file of it would give; the line is the one of [`Scenario::to_toml`].
    pub fn build(mut self) -> Result<Scenario, ScenarioError> {
        if !self.shaped {
            self.scenario.topology.shape = defaults::shape(self.scenario.topology.nodes);
        }
        let name = format!("{}.toml", self.scenario.scenario.name);
        parse(&self.scenario.to_toml(), &name)
    }
}
