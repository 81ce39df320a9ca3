//! Counts of a run, and which situations came up.

use std::collections::{BTreeMap, BTreeSet};

use tom_core::error::Drop;
use tom_core::stats::Stats;

use super::Situation;
use crate::net::Counts;
use crate::time::Time;

/// What was counted.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Messages accepted by their senders.
    pub sent: u64,
    /// Messages refused by their senders' nodes.
    pub refused: u64,
    /// Messages whose senders were not there.
    pub absent: u64,
    /// Sessions that became usable, counted at each end.
    pub sessions: u64,
    /// Links dialled.
    pub dials: u64,
    /// Dials that came to nothing.
    pub dial_failures: u64,
    /// Bytes sent on links, links' own included.
    pub bytes: u64,
    /// Envelopes handed on for others.
    pub forwarded: u64,
    /// Attempts beyond each message's first.
    pub retries: u64,
    /// Messages sealed again.
    pub resealed: u64,
    /// Messages that came again and were acknowledged again.
    pub duplicates: u64,
    /// Proofs that came after the end.
    pub late: u64,
    /// Packets that did not arrive, by reason.
    pub lost: Counts,
    pub(crate) cuts: Vec<(u32, Time)>,
    pub(crate) mended: Option<Time>,
    /// The first side of each cut that is not mended.
    pub(crate) sides: BTreeMap<u32, BTreeSet<u32>>,
    /// The first side of the cut that was mended last.
    pub(crate) healed: Option<BTreeSet<u32>>,
    drops: BTreeMap<u8, u64>,
    seen: BTreeMap<Situation, (u64, Time)>,
}

impl Tally {
    /// A situation came up.
    pub(crate) fn saw(&mut self, situation: Situation, now: Time) {
        self.saw_often(situation, 1, now);
    }

    /// A situation came up so often.
    pub(crate) fn saw_often(&mut self, situation: Situation, times: u64, now: Time) {
        if times > 0 {
            self.seen.entry(situation).or_insert((0, now)).0 += times;
        }
    }

    /// How often a situation came up, and when first.
    #[must_use]
    pub fn seen(&self, situation: Situation) -> Option<(u64, Time)> {
        self.seen.get(&situation).copied()
    }

    /// Whether two nodes were on two sides of the cut that was mended last.
    pub(crate) fn crossed(&self, one: u32, other: u32) -> bool {
        let side = self.healed.as_ref();
        side.is_some_and(|side| side.contains(&one) != side.contains(&other))
    }

    /// How often a reason to drop was given.
    #[must_use]
    pub fn drops(&self, reason: Drop) -> u64 {
        self.drops.get(&reason.code()).copied().unwrap_or(0)
    }

    pub(crate) fn dropped(&mut self, reason: Drop, now: Time) {
        *self.drops.entry(reason.code()).or_default() += 1;
        if let Some(situation) = situation(reason) {
            self.saw(situation, now);
        }
    }

    /// Adds what one node counted in its life.
    pub(crate) fn add(&mut self, stats: &Stats) {
        self.forwarded += stats.forwarded;
        self.retries += stats.retries;
        self.resealed += stats.resealed;
        self.duplicates += stats.duplicates;
        self.late += stats.late;
    }

    /// Names what follows from the counts, at the end of a run.
    pub(crate) fn conclude(&mut self, now: Time) {
        self.saw_often(Situation::Retry, self.retries, now);
        self.saw_often(Situation::DuplicateDropped, self.duplicates, now);
        self.saw_often(Situation::LateProof, self.late, now);
        self.saw_often(Situation::DialFailed, self.dial_failures, now);
        self.saw_often(
            Situation::Asleep,
            self.lost.of(crate::net::Why::Asleep),
            now,
        );
        let damaged = self.lost.of(crate::net::Why::Damaged);
        self.saw_often(Situation::DamagedDropped, damaged, now);
    }
}

/// What a reason to drop shows.
fn situation(reason: Drop) -> Option<Situation> {
    match reason {
        Drop::Duplicate | Drop::AlreadyOpened | Drop::AlreadyDelivered | Drop::Replay => {
            Some(Situation::DuplicateDropped)
        }
        Drop::Backpressure => Some(Situation::BackPressure),
        Drop::ForwardFull | Drop::InboxFull | Drop::OpenedFull | Drop::ContactsFull => {
            Some(Situation::TableFull)
        }
        Drop::NoRoute => Some(Situation::NoRouteNack),
        Drop::BadProof
        | Drop::BadNack
        | Drop::WrongLink
        | Drop::ReceiptUnknown
        | Drop::AckUnknown => Some(Situation::LieRefused),
        Drop::Truncated
        | Drop::BadLength
        | Drop::UnknownFrame
        | Drop::NotCanonical
        | Drop::BadVersion
        | Drop::BadFlags
        | Drop::BadKind
        | Drop::TooBig
        | Drop::BadCount
        | Drop::BadHop
        | Drop::BadDst
        | Drop::BadContent
        | Drop::Expired
        | Drop::ExpiryTooFar
        | Drop::NoHops
        | Drop::UnknownLink
        | Drop::RateLimited
        | Drop::BadSeal
        | Drop::BadCommit
        | Drop::BadTag
        | Drop::UnknownSession
        | Drop::TooOld
        | Drop::TooFarAhead
        | Drop::SealBudget
        | Drop::UnknownKid
        | Drop::WeakKey
        | Drop::UnknownContent
        | Drop::RespUnknown
        | Drop::RespMismatch
        | Drop::BadResp
        | Drop::AckRepeat
        | Drop::NackUnknown
        | Drop::NackLimited
        | Drop::ReachUnknown
        | _ => None,
    }
}
