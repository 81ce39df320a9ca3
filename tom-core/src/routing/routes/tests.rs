use std::vec::Vec;

use super::{RANK_FAILED, RANK_MAX, Route, Source, VIAS};
use crate::bounded::{HeapTable, HeapTimers, Idx};
use crate::egress::LinkRef;
use crate::entropy::{Drbg, Seed};
use crate::input::LinkId;
use crate::routing::{Ask, Forward, Return, RoutingState, Tables};
use crate::time::{Instant, Span};
use crate::wire::Handle;

const DST: Handle = Handle([7; 8]);

struct Owned {
    routes: HeapTable<Route>,
    asks: HeapTable<Ask>,
    ask_timers: HeapTimers,
    forwards: HeapTable<Forward>,
    forward_timers: HeapTimers,
    returns: HeapTable<Return>,
    state: RoutingState,
}

impl Owned {
    fn new() -> Self {
        Self {
            routes: HeapTable::new(4),
            asks: HeapTable::new(1),
            ask_timers: HeapTimers::new(1),
            forwards: HeapTable::new(1),
            forward_timers: HeapTimers::new(1),
            returns: HeapTable::new(1),
            state: RoutingState {
                rng: Drbg::new(&Seed::new([1; 32]), "routing"),
            },
        }
    }

    fn tables(&mut self) -> Tables<'_> {
        Tables {
            routes: self.routes.view(),
            asks: self.asks.view(),
            ask_timers: self.ask_timers.view(),
            forwards: self.forwards.view(),
            forward_timers: self.forward_timers.view(),
            returns: self.returns.view(),
            state: &mut self.state,
        }
    }
}

const fn link(id: u32) -> LinkRef {
    LinkRef {
        idx: Idx::NONE,
        id: LinkId(id),
    }
}

const fn now(ms: u64) -> Instant {
    Instant::from_millis(ms)
}

/// Source and rank of the way over a link.
fn way(tables: &Tables<'_>, id: u32) -> (Source, u16) {
    let route = tables.route(DST).expect("a route");
    let via = route.vias.iter().find(|via| via.link.id == LinkId(id));
    via.map(|via| (via.source, via.rank)).expect("a way")
}

/// RTE-23: a proof raises the rank.
#[test]
fn proofs_raise_within_a_bound_and_outrank_answers() {
    let mut owned = Owned::new();
    let mut tables = owned.tables();
    tables.answered(DST, link(1), 1, now(0));
    tables.proven(DST, link(2), None, now(0));
    assert_eq!(way(&tables, 1).0, Source::Answer);
    assert_eq!(way(&tables, 2).0, Source::Proof);
    assert!(way(&tables, 2).1 > way(&tables, 1).1);
    for ms in 0..1_000 {
        tables.proven(DST, link(2), None, now(ms));
    }
    assert_eq!(way(&tables, 2).1, RANK_MAX);
}

/// RTE-22: each failure costs half, never all.
#[test]
fn failures_at_least_halve_and_never_reach_zero() {
    let mut owned = Owned::new();
    let mut tables = owned.tables();
    tables.proven(DST, link(1), None, now(0));
    let mut before = way(&tables, 1).1;
    for _ in 0..30 {
        tables.failed(DST, link(1), false);
        let after = way(&tables, 1).1;
        assert!(after <= (before / 2).max(1) && after >= 1);
        assert!(after <= RANK_FAILED);
        before = after;
    }
    assert_eq!(before, 1);
    tables.proven(DST, link(1), None, now(1));
    assert_eq!(way(&tables, 1).0, Source::Proof);
}

/// RTE-24: a failure says nothing about another destination, or another neighbour.
#[test]
fn failure_concerns_one_way_only() {
    let mut owned = Owned::new();
    let mut tables = owned.tables();
    let other = Handle([8; 8]);
    tables.proven(DST, link(1), None, now(0));
    tables.proven(DST, link(2), None, now(0));
    tables.proven(other, link(1), None, now(0));
    let (kept, elsewhere) = (
        way(&tables, 2),
        tables.route(other).expect("known").vias[0].rank,
    );
    tables.failed(DST, link(1), true);
    assert_eq!(way(&tables, 1), (Source::Answer, 1));
    assert_eq!(way(&tables, 2), kept);
    assert_eq!(tables.route(other).expect("known").vias[0].rank, elsewhere);
}

/// RTE-20: an answer lifts a way that failed no higher than behind those that did not.
#[test]
fn answer_does_not_make_good_for_a_failure() {
    let mut owned = Owned::new();
    let mut tables = owned.tables();
    tables.answered(DST, link(1), 1, now(0));
    tables.answered(DST, link(2), 1, now(0));
    tables.failed(DST, link(1), false);
    tables.answered(DST, link(1), 0, now(1));
    assert!(way(&tables, 1).1 < way(&tables, 2).1);
    assert!(way(&tables, 1).1 > RANK_FAILED);
}

#[test]
fn worst_way_makes_room() {
    let mut owned = Owned::new();
    let mut tables = owned.tables();
    for id in 0..VIAS as u32 {
        tables.proven(DST, link(id), None, now(u64::from(id)));
    }
    tables.failed(DST, link(2), true);
    tables.answered(DST, link(99), 1, now(9));
    let route = tables.route(DST).expect("a route");
    let ids: Vec<_> = route.vias.iter().map(|via| via.link.id.0).collect();
    assert_eq!(ids, [0, 1, 3, 99]);
}

/// RTE-25: nothing leads over a link that is gone; a route without a way is no route.
#[test]
fn lost_link_takes_its_ways_along() {
    let mut owned = Owned::new();
    let mut tables = owned.tables();
    tables.direct_up(DST, link(1));
    tables.proven(DST, link(2), None, now(0));
    tables.link_down(LinkId(1));
    assert!(
        tables
            .route(DST)
            .is_some_and(|route| route.direct.is_none())
    );
    tables.link_down(LinkId(2));
    assert!(tables.route(DST).is_none());
}

#[test]
fn routes_with_a_link_are_not_pushed_out() {
    let mut owned = Owned::new();
    let mut tables = owned.tables();
    let named = |n: u8| Handle([n; 8]);
    tables.direct_up(named(0), link(1));
    for n in 1..50 {
        tables.answered(named(n), link(1), 1, now(u64::from(n)));
    }
    assert!(tables.route(named(0)).is_some());
    assert!(tables.route(named(49)).is_some());
    assert!(tables.route(named(1)).is_none());
}

#[test]
fn unused_routes_go_and_quiet_ones_stay_while_quiet() {
    let mut owned = Owned::new();
    let mut tables = owned.tables();
    tables.answered(Handle([1; 8]), link(1), 1, now(0));
    tables.nobody(Handle([2; 8]), now(30_000));
    tables.purge_routes(now(20_000), Span::from_secs(10), 8);
    assert!(tables.route(Handle([1; 8])).is_none());
    assert!(tables.route(Handle([2; 8])).is_some());
    tables.purge_routes(now(30_000), Span::from_secs(10), 8);
    assert!(tables.route(Handle([2; 8])).is_none());
}

#[test]
fn round_trips_are_smoothed_per_way() {
    let mut owned = Owned::new();
    let mut tables = owned.tables();
    let ms = Span::from_millis;
    tables.proven(DST, link(1), Some(ms(100)), now(0));
    tables.proven(DST, link(1), Some(ms(200)), now(1));
    tables.proven(DST, link(1), None, now(2));
    tables.proven(DST, link(2), Some(ms(10)), now(3));
    assert_eq!(tables.rtt(DST, LinkId(1)), Some(ms(125)));
    assert_eq!(tables.rtt(DST, LinkId(2)), Some(ms(10)));
    assert_eq!(tables.rtt(DST, LinkId(3)), None);
}
