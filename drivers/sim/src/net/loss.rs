//! Which packets a path loses.

use crate::draw::{Chance, Purpose, draw, happens, mix};
use crate::net::sample::spell;
use crate::scenario::model::Loss;
use crate::time::{Span, Time};

/// After so many times the mean of a good and a bad spell together, the spells of a link are drawn
/// anew. A query costs at most about twice as many draws, with nothing remembered; one spell in as
/// many is cut short.
pub const EPOCH_SPELLS: u64 = 64;

/// The most links whose place in their spells is remembered: 14 MB.
const REMEMBERED: u32 = 1 << 18;

/// Which packets are lost: a function of seed, ends, number and time alone. What it remembers makes
/// it faster and changes no answer.
#[derive(Clone, Debug)]
pub struct Losses {
    model: Loss,
    seed: u64,
    /// For bursts: where links are in their spells; a link has the place its ends hash to.
    spells: Vec<Spell>,
    /// Packets that met a bad spell.
    met: u64,
}

#[derive(Clone, Copy, Debug)]
struct Spell {
    src: u32,
    dst: u32,
    epoch: u64,
    /// Counts the spells of the epoch from 1; 0: nothing is remembered here.
    number: u64,
    bad: bool,
    from: Time,
    until: Time,
}

const FORGOTTEN: Spell = Spell {
    src: 0,
    dst: 0,
    epoch: 0,
    number: 0,
    bad: false,
    from: Time::ZERO,
    until: Time::ZERO,
};

impl Losses {
    /// The losses of a run with this seed, over so many nodes.
    #[must_use]
    pub fn new(model: Loss, nodes: u32, seed: u64) -> Self {
        let slots = match model {
            Loss::Bernoulli(_) => 0,
            Loss::Burst { .. } => nodes
                .saturating_mul(8)
                .clamp(1, REMEMBERED)
                .next_power_of_two(),
        };
        let spells = vec![FORGOTTEN; slots as usize];
        Self {
            model,
            seed,
            spells,
            met: 0,
        }
    }

    /// How many packets met a bad spell of their path.
    #[must_use]
    pub const fn met(&self) -> u64 {
        self.met
    }

    /// From here on losses are those of another seed.
    pub fn reseed(&mut self, seed: u64) {
        self.seed = seed;
        self.spells.fill(FORGOTTEN);
    }

    /// Whether the packet of this number is lost that starts at `at`.
    pub fn lost(&mut self, src: u32, dst: u32, sequence: u64, at: Time) -> bool {
        let chance = match self.model {
            Loss::Bernoulli(chance) => chance,
            Loss::Burst { good, bad, .. } => {
                if self.bad(src, dst, at) {
                    self.met += 1;
                    bad
                } else {
                    good
                }
            }
        };
        chance != Chance::NEVER
            && happens(draw(self.seed, src, dst, sequence, Purpose::Loss), chance)
    }

    /// Whether the path from `src` to `dst` is in a bad spell.
    pub fn bad(&mut self, src: u32, dst: u32, at: Time) -> bool {
        let Loss::Burst {
            good_for, bad_for, ..
        } = self.model
        else {
            return false;
        };
        let walk = Walk {
            seed: self.seed,
            src,
            dst,
            good_for,
            bad_for,
        };
        let Some(length) = walk.epoch_length() else {
            return bad_for > good_for;
        };
        let slot = mix(u64::from(src) << 32 | u64::from(dst)) as usize & (self.spells.len() - 1);
        let old = self.spells[slot];
        let epoch = at.0 / length;
        let known = old.number > 0 && (old.src, old.dst, old.epoch) == (src, dst, epoch);
        let mut now = if known && old.from <= at {
            old
        } else {
            walk.first(epoch, length)
        };
        while now.until <= at && now.until < Time::NEVER {
            now = walk.next(now);
        }
        self.spells[slot] = now;
        now.bad
    }
}

/// The spells of one directed path.
struct Walk {
    seed: u64,
    src: u32,
    dst: u32,
    good_for: Span,
    bad_for: Span,
}

impl Walk {
    /// `None`: one of the two has no length, so there is nothing to alternate.
    fn epoch_length(&self) -> Option<u64> {
        let both = self.good_for.0.saturating_add(self.bad_for.0);
        (self.good_for.0 > 0 && self.bad_for.0 > 0).then(|| both.saturating_mul(EPOCH_SPELLS))
    }

    fn draw(&self, epoch: u64, number: u64) -> u64 {
        draw(
            self.seed,
            self.src,
            self.dst,
            epoch << 16 | number,
            Purpose::Spell,
        )
    }

    /// An epoch begins in the state that has lasted for ever: bad with the share of time that is
    /// bad. What is left of an exponential spell is as long as a whole one.
    fn first(&self, epoch: u64, length: u64) -> Spell {
        let both = u128::from(self.good_for.0) + u128::from(self.bad_for.0);
        let bad = (u128::from(self.draw(epoch, 0) >> 1) * both) >> 63 < u128::from(self.bad_for.0);
        self.lasting(epoch, 1, bad, Time(epoch * length))
    }

    fn next(&self, spell: Spell) -> Spell {
        self.lasting(spell.epoch, spell.number + 1, !spell.bad, spell.until)
    }

    fn lasting(&self, epoch: u64, number: u64, bad: bool, from: Time) -> Spell {
        let mean = if bad { self.bad_for } else { self.good_for };
        let until = from.plus(spell(mean, self.draw(epoch, number)));
        Spell {
            src: self.src,
            dst: self.dst,
            epoch,
            number,
            bad,
            from,
            until,
        }
    }
}

/// The share of packets lost in the long run.
#[must_use]
pub fn long_run(model: Loss) -> f64 {
    match model {
        Loss::Bernoulli(chance) => chance.as_unit(),
        Loss::Burst {
            good,
            bad,
            good_for,
            bad_for,
        } => {
            let (g, b) = (good_for.0 as f64, bad_for.0 as f64);
            if g + b == 0.0 {
                return good.as_unit();
            }
            (good.as_unit() * g + bad.as_unit() * b) / (g + b)
        }
    }
}

#[cfg(test)]
#[path = "loss_test.rs"]
mod tests;
