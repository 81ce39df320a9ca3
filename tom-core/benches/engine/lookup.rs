//! What a lookup costs when the tables are large, seen from outside.

use std::hint::black_box;

use tom_core::error::Drop;
use tom_core::input::{Input, LinkId};
use tom_core::storage::Limits;
use tom_core::time::Instant;
use tom_core::wire::{
    AckWriter, ENVELOPE_AT, Head, Kind, Proof, Reference, Secret, Trailers, wrap_envelope,
};

use crate::measure::{Report, Rounds, timed};
use crate::relay::{self, Relay};
use crate::world::{EPOCH, mix};

/// Proofs in one ACK.
const PROOFS: u64 = 49;

/// A neighbour sends proofs for envelopes nobody here has heard of: three lookups each that find
/// nothing (own messages, own past messages, return entries), and no cryptography.
fn unknown_proofs(relay: &mut Relay, count: u64, serial: &mut u64) -> u64 {
    let mut total = 0;
    for _ in 0..count / PROOFS {
        let mut bytes = [0; 1_250];
        let head = Head::answer(Kind::Ack, EPOCH as u32 + 3_600);
        let mut proof = || {
            *serial += 1;
            let reference = Reference(mix(!*serial).to_le_bytes());
            Proof {
                reference,
                secret: Secret([0; 16]),
            }
        };
        let mut writer = AckWriter::start(&mut bytes[ENVELOPE_AT..], &head, proof()).expect("room");
        while writer.push(proof()) {}
        let len = writer.finish();
        let len = wrap_envelope(&mut bytes, len, &Trailers::NONE).expect("room");
        let input = Input::Datagram {
            link: LinkId(3),
            bytes: &mut bytes[..len],
        };
        total += timed(|| {
            black_box(relay.node.handle(Instant::ZERO, input));
        });
    }
    total
}

pub(crate) fn run(report: &mut Report) {
    report.section("Lookups through the engine: a proof of an unknown message, three misses each");
    let few = Limits {
        returns: 4_096,
        links: 1_024,
        ..Limits::desktop()
    };
    let few = Limits {
        routes: 4_096,
        jobs: 16_384,
        ..few
    };
    let ops = report.ops(500_000) / PROOFS * PROOFS;
    let mut medians = Vec::new();
    for (name, limits) in [
        ("4,096 return entries", few),
        ("65,536 return entries", relay::limits(256)),
    ] {
        let mut relay = Relay::new(limits, 256, 256);
        relay.forward(70_000, 16);
        let mut serial = 0;
        let before = relay.node.stats().drops(Drop::AckUnknown);
        let times: Vec<u64> = (0..report.rounds())
            .map(|_| unknown_proofs(&mut relay, ops, &mut serial))
            .collect();
        let counted = relay.node.stats().drops(Drop::AckUnknown) - before;
        report.must(
            counted >= ops * report.rounds() as u64,
            "each is a counted drop",
        );
        let rounds = Rounds::new(&times, ops);
        report.plain(name, &rounds, "");
        medians.push(rounds.median());
    }
    report.at_most_percent(
        "cost at 65,536, of that at 4,096",
        medians[1] * 100 / medians[0].max(1),
        300,
    );
}
