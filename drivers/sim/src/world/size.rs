//! Named capacities, and the settings that go with them.

use tom_core::Config;
use tom_core::config::{CARRIED_BY_ALL, MAX_ENVELOPE, Profile};
use tom_core::storage::Limits;

use crate::scenario::model::{self, Size};

/// The tables of a named size. Spec MEM-9.
#[must_use]
pub const fn limits(size: Size) -> Limits {
    match size {
        Size::Server => Limits::server(),
        Size::Desktop => Limits::desktop(),
        Size::Phone => Limits::phone(),
        Size::Mcu => mcu(),
        Size::SimFull => Limits::sim_full(),
        Size::SimLight => Limits::sim_light(),
        Size::Starved => Limits::minimum(),
    }
}

/// The tables of `relay-mcu`, on the heap.
const fn mcu() -> Limits {
    Limits {
        links: 8,
        contacts: 32,
        sessions: 16,
        pending: 8,
        outbox: 16,
        proofs: 48,
        inbox: 16,
        opened: 64,
        delivered: 64,
        forwards: 8,
        returns: 256,
        routes: 64,
        asks: 8,
        jobs: 192,
        blocks: 60,
        scratch: CARRIED_BY_ALL,
    }
}

/// The settings of a node of this profile.
#[must_use]
pub fn config(profile: &model::Profile) -> Config {
    let small = limits(profile.size).scratch == CARRIED_BY_ALL;
    Config {
        profile: match (profile.relays, profile.size) {
            (false, _) => Profile::Leaf,
            (true, Size::Mcu | Size::SimLight | Size::Starved) => Profile::Relay,
            (true, Size::Server | Size::Desktop | Size::Phone | Size::SimFull) => Profile::Full,
        },
        max_envelope: if small { CARRIED_BY_ALL } else { MAX_ENVELOPE },
        durable: profile.durable,
        seal_opens_per_second: match profile.size {
            Size::Mcu => 2,
            Size::Server | Size::Desktop | Size::Phone => 500,
            Size::SimFull | Size::SimLight | Size::Starved => 100,
        },
        ..Config::default()
    }
}
