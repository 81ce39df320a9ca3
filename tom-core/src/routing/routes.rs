//! What is known about reaching a destination.

use super::Tables;
use crate::bounded::Entry;
use crate::egress::LinkRef;
use crate::input::LinkId;
use crate::policy::smooth;
use crate::time::{Instant, Short, Span};
use crate::wire::Handle;

#[cfg(test)]
mod tests;

/// Next hops remembered per destination.
pub(crate) const VIAS: usize = if cfg!(feature = "alloc") { 4 } else { 2 };

/// The ways towards one destination.
///
/// What a choice reads stands in front and close together: it is a cache miss per envelope.
#[derive(Debug)]
#[repr(C)]
#[cfg_attr(feature = "sim-suites", derive(Clone))]
pub(crate) struct Route {
    pub(crate) dst: Handle,
    /// The link to the destination itself.
    pub(crate) direct: Option<LinkRef>,
    pub(crate) vias: heapless::Vec<Via, VIAS, u8>,
    /// Nobody knew when all were asked: not asked again before this.
    pub(crate) quiet_until: Option<Instant>,
}

impl Entry for Route {
    type Key = [u8; 8];
    fn key(&self) -> [u8; 8] {
        self.dst.0
    }
}

/// One next hop for one destination.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Via {
    pub(crate) link: LinkRef,
    pub(crate) source: Source,
    /// How good it is: halved by each failure, never zero; raised by each proof.
    pub(crate) rank: u16,
    /// Smoothed time from an attempt to its proof.
    pub(crate) rtt: Option<Short>,
    pub(crate) distance: u8,
    pub(crate) at: Instant,
}

/// Why a next hop is believed to lead somewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Source {
    /// It answered a question.
    Answer,
    /// A proof came back through it.
    Proof,
}

const RANK_ANSWER: u16 = 256;
/// A way ranked no higher has failed since it last answered or brought a proof.
pub(crate) const RANK_FAILED: u16 = 128;
const RANK_PROOF: u16 = 1_024;
const RANK_MAX: u16 = 8_192;

impl Tables<'_> {
    pub(crate) fn route(&self, dst: Handle) -> Option<&Route> {
        self.routes
            .find(&dst.0)
            .and_then(|idx| self.routes.get(idx))
    }

    /// The route entry of a destination, made if need be; the oldest without a link makes room.
    pub(crate) fn route_mut(&mut self, dst: Handle) -> Option<&mut Route> {
        if let Some(idx) = self.routes.find(&dst.0) {
            return self.routes.get_mut(idx);
        }
        if self.routes.is_full() {
            self.evict_route();
        }
        let route = Route {
            dst,
            direct: None,
            vias: heapless::Vec::new(),
            quiet_until: None,
        };
        let idx = self.routes.insert(route).ok()?;
        self.routes.get_mut(idx)
    }

    fn evict_route(&mut self) {
        // Ends: there are four times as many routes as links.
        for _ in 0..self.routes.len() {
            let Some(idx) = self.routes.oldest() else {
                return;
            };
            let direct = self
                .routes
                .get(idx)
                .is_some_and(|route| route.direct.is_some());
            if !direct {
                self.routes.remove(idx);
                return;
            }
            self.routes.touch(idx);
        }
    }

    /// A link to the destination itself is up. Spec RTE-33.
    pub(crate) fn direct_up(&mut self, dst: Handle, link: LinkRef) {
        if let Some(route) = self.route_mut(dst) {
            route.direct = Some(link);
            route.quiet_until = None;
        }
    }

    /// A link is gone: nothing leads over it any more. Costs one look at each route.
    pub(crate) fn link_down(&mut self, link: LinkId) {
        let mut next = self.routes.oldest();
        while let Some(idx) = next {
            next = self.routes.after(idx);
            let Some(route) = self.routes.get_mut(idx) else {
                continue;
            };
            if route.direct.is_some_and(|direct| direct.id == link) {
                route.direct = None;
            }
            route.vias.retain(|via| via.link.id != link);
            if route.direct.is_none() && route.vias.is_empty() {
                self.routes.remove(idx);
            }
        }
    }

    /// A proof from the destination came back through this link. Spec RTE-21, RTE-23.
    pub(crate) fn proven(&mut self, dst: Handle, link: LinkRef, rtt: Option<Span>, now: Instant) {
        let Some(route) = self.route_mut(dst) else {
            return;
        };
        route.quiet_until = None;
        if let Some(via) = route.vias.iter_mut().find(|via| via.link.id == link.id) {
            via.source = Source::Proof;
            via.rank = via.rank.max(RANK_PROOF).saturating_add(256).min(RANK_MAX);
            via.at = now;
            if let Some(sample) = rtt {
                via.rtt = Some(Short::new(smooth(via.rtt.map(Short::span), sample)));
            }
            return;
        }
        add(
            route,
            Via {
                link,
                source: Source::Proof,
                rank: RANK_PROOF,
                rtt: rtt.map(Short::new),
                distance: 2,
                at: now,
            },
        );
    }

    /// A neighbour says that it reaches the destination.
    pub(crate) fn answered(&mut self, dst: Handle, link: LinkRef, distance: u8, now: Instant) {
        let Some(route) = self.route_mut(dst) else {
            return;
        };
        route.quiet_until = None;
        let rank = RANK_ANSWER
            .saturating_sub(u16::from(distance).saturating_mul(32))
            .max(RANK_FAILED + 1);
        if let Some(via) = route.vias.iter_mut().find(|via| via.link.id == link.id) {
            via.distance = distance;
            // One that failed is tried again, after those that did not.
            via.rank = if via.rank <= RANK_FAILED {
                RANK_FAILED + 1
            } else {
                via.rank.max(rank)
            };
            via.at = now;
            return;
        }
        add(
            route,
            Via {
                link,
                source: Source::Answer,
                rank,
                rtt: None,
                distance,
                at: now,
            },
        );
    }

    /// An attempt over this link brought no proof in time; `deaf`: the neighbour did not even take it.
    /// Spec RTE-22.
    pub(crate) fn failed(&mut self, dst: Handle, link: LinkRef, deaf: bool) {
        if let Some(idx) = self.routes.find(&dst.0)
            && let Some(route) = self.routes.get_mut(idx)
            && let Some(via) = route.vias.iter_mut().find(|via| via.link.id == link.id)
        {
            // Behind every way that did not just fail, else two that swallow would be tried in turn
            // while a third waits.
            via.rank = if deaf {
                1
            } else {
                (via.rank / 2).clamp(1, RANK_FAILED)
            };
            via.source = Source::Answer;
        }
    }

    /// The smoothed time from an attempt over this link to its proof.
    pub(crate) fn rtt(&self, dst: Handle, link: LinkId) -> Option<Span> {
        self.route(dst)?
            .vias
            .iter()
            .find(|via| via.link.id == link)?
            .rtt
            .map(Short::span)
    }

    /// Nobody knew: leave everybody in peace for a while.
    pub(crate) fn nobody(&mut self, dst: Handle, until: Instant) {
        if let Some(route) = self.route_mut(dst) {
            route.quiet_until = Some(until);
        }
    }

    /// Drops routes unused for a long time. At most `work` entries are looked at.
    pub(crate) fn purge_routes(&mut self, now: Instant, age: Span, work: u32) {
        for _ in 0..work {
            let Some(idx) = self.routes.oldest() else {
                return;
            };
            let Some(route) = self.routes.get_mut(idx) else {
                return;
            };
            let quiet = route.quiet_until;
            route.vias.retain(|via| now.since(via.at) <= age);
            let idle = route.direct.is_none()
                && route.vias.is_empty()
                && quiet.is_none_or(|until| until <= now);
            if !idle {
                return;
            }
            self.routes.remove(idx);
        }
    }
}

/// Adds a next hop; the worst makes room.
fn add(route: &mut Route, via: Via) {
    if route.vias.is_full()
        && let Some(worst) = route
            .vias
            .iter()
            .enumerate()
            .min_by_key(|(_, via)| (via.source, via.rank, via.at))
            .map(|(at, _)| at)
    {
        route.vias.remove(worst);
    }
    let _full = route.vias.push(via);
}
