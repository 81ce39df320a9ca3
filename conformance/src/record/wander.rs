//! Courses nobody thought of: a small network in which everything happens at random, from one salt, with
//! the reference in every seat or a port in some of them.

use anyhow::Context;
use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};

use super::player::Player;
use super::truth;
use super::village::{Kind, Village};
use crate::profile::Profile;
use crate::transcript::Transcript;

/// How many things happen.
const DEEDS: u32 = 40;
/// The most nodes of a network.
pub const MOST: usize = 5;

/// What came of a network.
#[derive(Debug)]
pub struct Wandered {
    /// The course of each node, in the order of the seats.
    pub courses: Vec<Transcript>,
    /// What was not true, or did not arrive.
    pub wrong: Vec<String>,
    /// Whoever sat in the seats, in their order.
    pub players: Vec<Player>,
}

/// From 0 to below `bound`.
fn below(rng: &mut ChaCha8Rng, bound: u32) -> u32 {
    ((u64::from(rng.next_u32()) * u64::from(bound)) >> 32) as u32
}

/// The network of this salt, with whoever `player` puts into each seat.
///
/// # Errors
/// Somebody does not answer as it should.
pub fn wander(
    salt: u64,
    profile: Profile,
    mut player: impl FnMut(usize) -> anyhow::Result<Player>,
) -> anyhow::Result<Wandered> {
    let name = format!("wander {salt:016x}");
    let mut village = Village::new(&name);
    village.keep_entropy();
    let mut rng = ChaCha8Rng::seed_from_u64(salt);
    let nodes = 2 + below(&mut rng, MOST as u32 - 1) as usize;
    for at in 0..nodes {
        let profiles: &[Profile] = match profile {
            Profile::Codec | Profile::Leaf => &[Profile::Leaf],
            Profile::Relay => &[Profile::Leaf, Profile::Relay],
            Profile::Full => &[Profile::Leaf, Profile::Relay, Profile::Full],
        };
        let which = below(&mut rng, profiles.len() as u32) as usize;
        let profile = profiles.get(which).copied().context("no profile")?;
        // Volatile ones: where a durable node's counters go on after a restart is its own affair (SES-20).
        village.seat(Kind::of(profile), player(at)?)?;
    }
    for node in 1..nodes {
        village.join(node, below(&mut rng, node as u32) as usize)?;
    }
    for _ in 0..DEEDS {
        deed(&mut village, &mut rng, nodes)?;
        let pause = 10_u64 << below(&mut rng, 12);
        village.run(pause)?;
    }
    village.lose_nothing();
    for at in 0..nodes {
        village.take(at)?;
    }
    village.run(120_000)?;
    let last = truth::last_words(&mut village, nodes)?;
    village.run(120_000)?;
    let wrong = truth::told(&mut village, nodes, &last)?;
    let seats: Vec<(usize, String)> = (0..nodes).map(|at| (at, format!("node {at}"))).collect();
    let seats: Vec<(usize, &str)> = seats
        .iter()
        .map(|(at, seat)| (*at, seat.as_str()))
        .collect();
    Ok(Wandered {
        courses: village.courses(&name, ("conformance.md#step", &[]), &seats)?,
        wrong,
        players: village.leave().collect(),
    })
}

/// One thing happens.
fn deed(village: &mut Village, rng: &mut ChaCha8Rng, nodes: usize) -> anyhow::Result<()> {
    let one = below(rng, nodes as u32) as usize;
    let other = (one + 1 + below(rng, nodes as u32 - 1) as usize) % nodes;
    match below(rng, 16) {
        0..=6 => {
            let len = match below(rng, 8) {
                0 => 1_500 + below(rng, 3_000),
                1 => 0,
                _ => below(rng, 300),
            };
            let mut payload = vec![0; len as usize];
            rng.fill_bytes(&mut payload);
            let lifetime = (below(rng, 4) == 0).then(|| 1_000 * u64::from(1 + below(rng, 90)));
            let _refused = village.try_send(one, other, &payload, lifetime)?;
            Ok(())
        }
        7 | 8 => {
            let mut left = 1 + below(rng, 12);
            let share = 1 + below(rng, 3);
            let mut dice = ChaCha8Rng::seed_from_u64(u64::from(rng.next_u32()));
            village.lose(move |_, _, _| {
                let hit = left > 0 && below(&mut dice, 4) < share;
                left -= u32::from(hit);
                hit
            });
            Ok(())
        }
        9 => village.part(one, other),
        10 | 11 => village.join_once(one, other),
        12 => village.takes(one, false),
        13 => village.take(one),
        14 => village.restart(one),
        _ => village.read(one),
    }
}
