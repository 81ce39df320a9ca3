//! The simplest network that still fails.

use super::hunt::Hunt;
use crate::draw::Chance;
use crate::net::latency::Table;
use crate::scenario::Scenario;
use crate::scenario::model::{
    Bandwidth, ClockModel, Dist, Jitter, Latency, Loss, Nat, Profile, Size, Transport,
};
use crate::time::Span;
use crate::world::Setup;
use std::sync::Arc;

/// The latency of the simplest network.
const DELAY: Span = Span::from_millis(50);

/// One simplification.
type Step = fn(&mut Scenario);

/// Of the network, in the order they are tried.
const NETWORK: &[Step] = &[
    |s| s.topology.loss = Loss::Bernoulli(Chance::NEVER),
    |s| s.topology.jitter = Jitter::None,
    |s| s.topology.duplicate = Chance::NEVER,
    |s| s.topology.corrupt = Chance::NEVER,
    |s| s.topology.reorder = Chance::NEVER,
    |s| s.topology.asymmetry = 100,
    |s| s.topology.bandwidth = Bandwidth::default(),
    |s| s.topology.clock = ClockModel::default(),
    |s| s.topology.mtu = 1_452,
    |s| s.topology.latency = Latency::Constant(DELAY),
    |s| s.topology.dial_within = Span::from_secs(1),
    |s| s.topology.transport = Transport::Quic,
];

/// Of one profile.
const PROFILE: &[fn(&mut Profile)] = &[
    |p| p.duty = None,
    |p| p.nat = Nat::None,
    |p| p.bandwidth = None,
    |p| p.clock = None,
    |p| p.radio = None,
    |p| p.takes_after_ms = Dist::Constant(0.0),
    |p| p.reads = Chance::NEVER,
    |p| p.size = Size::SimFull,
    |p| p.durable = true,
    |p| p.relays = true,
];

impl Hunt<'_> {
    /// Replaces models by simpler ones: all at once, else one at a time.
    pub(super) fn simpler_models(&mut self) {
        let mut all = (*self.best.scenario).clone();
        for step in NETWORK {
            step(&mut all);
        }
        for profile in &mut all.profile {
            for step in PROFILE {
                step(profile);
            }
        }
        if self.one(scenario(&self.best, all)) {
            return;
        }
        for step in NETWORK {
            let mut simpler = (*self.best.scenario).clone();
            step(&mut simpler);
            self.one(scenario(&self.best, simpler));
        }
        for place in 0..self.best.scenario.profile.len() {
            for step in PROFILE {
                let mut simpler = (*self.best.scenario).clone();
                if let Some(profile) = simpler.profile.get_mut(place) {
                    step(profile);
                }
                self.one(scenario(&self.best, simpler));
            }
        }
    }
}

/// The setup with this scenario, without a latency file that is not named any more.
fn scenario(setup: &Setup, scenario: Scenario) -> Option<Setup> {
    let mut setup = super::with_scenario(setup, scenario)?;
    if !matches!(
        setup.scenario.topology.latency,
        Latency::Coordinates { .. } | Latency::Matrix { .. }
    ) {
        setup.table = Arc::new(Table::None);
    }
    Some(setup)
}
