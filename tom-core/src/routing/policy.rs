//! Choosing the next hop: a pure function of what is known. Spec: routing, "Choice".

use super::Tables;
use super::routes::{RANK_FAILED, Source};
use crate::bounded::Idx;
use crate::egress::{Egress, LinkRef};
use crate::input::LinkId;
use crate::time::Instant;
use crate::wire::Handle;

/// What to do with an envelope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Choice {
    /// Send it over this link.
    Over(LinkRef),
    /// Several neighbours might lead there and none is known to: ask them.
    Ask,
    /// There is no neighbour to give it to.
    Nowhere,
}

/// What the choice depends on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wish {
    pub(crate) dst: Handle,
    /// The link it came from, never used to go on.
    pub(crate) from: Option<LinkId>,
    /// The link of the attempt before, avoided where there is another.
    pub(crate) last: Option<LinkId>,
    pub(crate) attempt: u8,
    /// The envelope's length: a link that carries less is no choice.
    pub(crate) frame: usize,
    /// Asking is over: walk if nothing is known.
    pub(crate) asked: bool,
}

impl Tables<'_> {
    /// The next hop for an envelope. Spec RTE-2, RTE-39, RTE-1.
    pub(crate) fn choose(&self, out: &Egress<'_>, now: Instant, wish: Wish) -> Choice {
        let usable = |at: LinkRef| {
            out.link(at)
                .filter(|link| Some(at.id) != wish.from && link.carries(wish.frame))
        };
        let route = self.route(wish.dst);
        let direct = route
            .and_then(|route| route.direct)
            .filter(|at| usable(*at).is_some());
        let avoid = |id: LinkId| wish.attempt > 0 && wish.last == Some(id);
        // A direct link gets a second try at once; after that others are tried in turn with it.
        if let Some(direct) = direct
            && (wish.attempt < 2 || !avoid(direct.id))
        {
            return Choice::Over(direct);
        }
        let best = route.and_then(|route| {
            route
                .vias
                .iter()
                .filter(|via| usable(via.link).is_some() && !avoid(via.link.id))
                // After two attempts what has failed is no better than what was never tried.
                .filter(|via| wish.attempt < 2 || via.rank > RANK_FAILED)
                .max_by_key(|via| (via.source == Source::Proof, via.rank))
        });
        if let Some(via) = best {
            return Choice::Over(via.link);
        }
        match (self.choose_unknown(out, now, wish), direct) {
            (Choice::Nowhere, Some(direct)) => Choice::Over(direct),
            (choice, _) => choice,
        }
    }

    /// No next hop is known, or the known one has just failed. Spec RTE-3.
    fn choose_unknown(&self, out: &Egress<'_>, now: Instant, wish: Wish) -> Choice {
        let from = wish.from.and_then(|id| out.link(out.find(id)?));
        let from = from.map(|link| link.handle);
        let open = |link: &crate::egress::Link| {
            Some(link.handle) != from && link.relays && link.carries(wish.frame)
        };
        let mut candidates = 0u32;
        let mut others = 0u32;
        let mut only: Option<Idx> = None;
        for (idx, link) in out.links.iter() {
            if !open(link) {
                continue;
            }
            candidates += 1;
            if wish.last != Some(link.id) || wish.attempt == 0 {
                others += 1;
                only = Some(idx);
            } else if only.is_none() {
                only = Some(idx);
            }
        }
        let Some(only) = only else {
            return Choice::Nowhere;
        };
        let reference = |idx: Idx| {
            out.links.get(idx).map_or(Choice::Nowhere, |link| {
                Choice::Over(LinkRef { idx, id: link.id })
            })
        };
        if candidates == 1 {
            return reference(only);
        }
        let route = self.route(wish.dst);
        let quiet = route
            .and_then(|route| route.quiet_until)
            .is_some_and(|until| now < until);
        if !wish.asked && !quiet {
            return Choice::Ask;
        }
        // Walk: rotate with the attempt over all, passing over the one that was tried last.
        let turn = u32::from(wish.attempt) % candidates;
        let mut at = None;
        let mut first = None;
        let open_links = out.links.iter().filter(|(_, link)| open(link));
        for (place, (idx, link)) in (0u32..).zip(open_links) {
            if wish.attempt > 0 && wish.last == Some(link.id) && others > 0 {
                continue;
            }
            first = first.or(Some(idx));
            if place >= turn {
                at = Some(idx);
                break;
            }
        }
        reference(at.or(first).unwrap_or(only))
    }

    /// Up to four neighbours that could take another attempt, best first.
    pub(crate) fn backups(&self, out: &Egress<'_>, dst: Handle) -> heapless::Vec<Handle, 4> {
        let mut list = heapless::Vec::new();
        let Some(route) = self.route(dst) else {
            return list;
        };
        let direct = route.direct.into_iter();
        for at in direct.chain(route.vias.iter().map(|via| via.link)) {
            if let Some(link) = out.link(at)
                && list.push(link.handle).is_err()
            {
                break;
            }
        }
        list
    }
}
