//! Random operations and worlds for proptest.
#![allow(dead_code, reason = "each test binary uses its own part")]

use proptest::prelude::*;

use super::tape::op::Op;
use super::tape::world::Options;
use tom_core::storage::{RelayMcu, Storage};

/// What honest nodes and their drivers do.
pub fn honest() -> BoxedStrategy<Op> {
    prop_oneof![
        6 => (0..60u32).prop_map(Op::Wait),
        2 => (0..3_000u32).prop_map(Op::Wait),
        8 => send(),
        1 => any::<u8>().prop_map(Op::Read),
        1 => any::<(u8, bool)>().prop_map(|(at, takes)| Op::Takes(at, takes)),
        1 => any::<(u8, bool)>().prop_map(|(pair, up)| Op::Link(pair, up)),
        2 => any::<(u8, bool)>().prop_map(|(end, blocked)| Op::Blocked(end, blocked)),
        1 => any::<(u8, u16)>().prop_map(|(end, mtu)| Op::Mtu(end, mtu)),
        1 => any::<u8>().prop_map(Op::Failed),
        1 => any::<(u8, i16)>().prop_map(|(at, off)| Op::Clock(at, off / 8)),
        1 => any::<u8>().prop_map(Op::Tick),
        1 => any::<(u8, u8)>().prop_map(|(at, with)| Op::Reseed(at, with)),
        1 => any::<(u8, u8)>().prop_map(|(at, mode)| Op::Disk(at, mode)),
    ]
    .boxed()
}

fn send() -> impl Strategy<Value = Op> {
    (
        any::<u8>(),
        any::<u8>(),
        0..600u16,
        any::<u8>(),
        any::<bool>(),
        prop_oneof![Just(0), 1..90u16],
    )
        .prop_map(|(from, to, len, class, trace, secs)| Op::Send {
            from,
            to,
            len,
            class,
            trace,
            secs,
        })
}

/// What somebody on the wire does.
pub fn hostile() -> BoxedStrategy<Op> {
    prop_oneof![
        4 => any::<u8>().prop_map(Op::Replay),
        8 => any::<(u8, u8, u16, u8)>()
            .prop_map(|(pick, how, at, with)| Op::Garble { pick, how, at, with }),
        2 => (any::<u8>(), proptest::collection::vec(any::<u8>(), 0..80))
            .prop_map(|(end, bytes)| Op::Raw(end, bytes)),
        4 => any::<(u8, u8, u8, u8)>()
            .prop_map(|(end, kind, pick, with)| Op::Lie { end, kind, pick, with }),
    ]
    .boxed()
}

/// Everything together.
pub fn ops(len: usize) -> impl Strategy<Value = Vec<Op>> {
    let op = prop_oneof![3 => honest(), 1 => hostile(), 1 => odd()];
    proptest::collection::vec(op, 1..len)
}

fn odd() -> BoxedStrategy<Op> {
    any::<(u8, u16)>()
        .prop_map(|(at, ms)| Op::Back(at, ms))
        .boxed()
}

/// Drivers that stop draining, and records offered out of turn.
pub fn disorder() -> BoxedStrategy<Op> {
    prop_oneof![
        2 => any::<(u8, bool)>().prop_map(|(at, lazy)| Op::Lazy(at, lazy)),
        1 => any::<(u8, u8, u16, u8)>()
            .prop_map(|(node, pick, at, with)| Op::Restore { node, pick, at, with }),
    ]
    .boxed()
}

/// A world: small tables of one of two kinds, volatile or durable.
pub fn options() -> impl Strategy<Value = Options> {
    (any::<u8>(), any::<bool>(), any::<bool>()).prop_map(|(seed, durable, roomy)| {
        let starved = Options::starved(seed);
        let limits = if roomy {
            RelayMcu::new().limits()
        } else {
            starved.limits
        };
        Options {
            durable,
            limits,
            ..starved
        }
    })
}
