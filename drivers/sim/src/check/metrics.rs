//! The figures of a run, and what a scenario asserts of them.

use super::truth::Told;
use super::{Checks, Metric};
use crate::scenario::Scenario;
use crate::scenario::model::{Assert, Op};
use crate::time::{Span, Time};

/// Messages accepted in the last part of a run have no time to arrive: unless a window says so they
/// do not count.
const TAIL: Span = Span::from_secs(30);

/// What a run knows of itself beside its messages.
#[derive(Clone, Debug, Default)]
pub struct Figures {
    /// How many nodes.
    pub nodes: u32,
    /// How long it lasted.
    pub lasted: Time,
    /// Inputs handled.
    pub events: u64,
    /// Bytes on links, links' own included.
    pub bytes: u64,
    /// Of them those of handshakes and keep-alives.
    pub link_bytes: u64,
    /// Envelopes handed on for others, by node.
    pub load: Vec<u64>,
    /// The straight path's delay of each message, by number, in nanoseconds.
    pub straight: Vec<u64>,
    /// Entries that outlived everything they could be about, and the most there were.
    pub residue: (u64, u64),
}

/// An assertion that does not hold.
#[derive(Clone, Debug, PartialEq)]
pub struct Failed {
    /// What is asserted.
    pub assert: String,
    /// What was measured; none when there was nothing to measure.
    pub measured: Option<f64>,
}

/// The assertions about figures that do not hold. Situations are judged over all seeds of a sweep.
#[must_use]
pub fn judge(scenario: &Scenario, checks: &Checks, figures: &Figures) -> Vec<Failed> {
    let mut failed = Vec::new();
    for assert in &scenario.assert {
        let Assert::Metric {
            metric,
            class,
            window,
            op,
            value,
        } = assert
        else {
            continue;
        };
        let Some(metric) = Metric::from_name(metric) else {
            continue;
        };
        let class = class.as_ref().and_then(|class| {
            let place = scenario.traffic.iter().position(|t| t.class == *class)?;
            u16::try_from(place).ok()
        });
        let measured = checks.figure(metric, class, window_of(scenario, *window), figures);
        if !measured.is_some_and(|measured| op.holds(measured, *value)) {
            let assert = format!("{metric} {} {value}", op.sign());
            failed.push(Failed { assert, measured });
        }
    }
    failed
}

/// The part of a run that counts.
pub(crate) fn window_of(scenario: &Scenario, window: Option<(Span, Span)>) -> (Time, Time) {
    match window {
        Some((from, to)) => (Time(from.0), Time(to.0)),
        None => {
            let end = scenario.scenario.duration.0;
            let tail = TAIL.0.min(end / 4);
            (Time(scenario.scenario.warmup.0), Time(end - tail))
        }
    }
}

impl Op {
    /// Whether `left` compares so with `right`.
    #[must_use]
    pub fn holds(self, left: f64, right: f64) -> bool {
        match self {
            Self::Below => left < right,
            Self::AtMost => left <= right,
            Self::AtLeast => left >= right,
            Self::Above => left > right,
            Self::Equal => (left - right).abs() < 1e-9,
        }
    }
}

impl Checks {
    /// A figure over the messages of one traffic class (or all) accepted in a window. `None`: there
    /// is nothing to measure.
    #[must_use]
    pub fn figure(
        &self,
        metric: Metric,
        class: Option<u16>,
        window: (Time, Time),
        figures: &Figures,
    ) -> Option<f64> {
        let counts = |told: &&Told| {
            (class.is_none() || class == Some(told.traffic))
                && (window.0..window.1).contains(&told.accepted)
        };
        let of = |part: &dyn Fn(&Told) -> bool| {
            let mut all = 0_u64;
            let mut some = 0_u64;
            let fair = |told: &&Told| {
                self.truth.could_arrive(told) && !(told.orphaned && told.delivered.is_none())
            };
            for told in self.truth.all().filter(counts).filter(fair) {
                all += 1;
                some += u64::from(part(told));
            }
            (all > 0).then(|| some as f64 / all as f64)
        };
        let spans = |span: &dyn Fn(&Told) -> Option<f64>| {
            let mut list: Vec<f64> = self.truth.all().filter(counts).filter_map(span).collect();
            list.sort_by(f64::total_cmp);
            list
        };
        let latency = || spans(&|told| Some(seconds(told.delivered?.since(told.accepted))));
        let proof = || spans(&|told| Some(seconds(told.proven?.since(told.accepted))));
        let sent = self.tally.sent.max(1) as f64;
        match metric {
            Metric::DeliveryRate => of(&|told| told.delivered.is_some()),
            Metric::ProvenRate => of(&|told| told.proven.is_some()),
            Metric::UnprovenRate => of(&|told| told.delivered.is_some() && told.proven.is_none()),
            Metric::ExpiredRate => of(&|told| told.state == tom_core::output::State::Expired),
            Metric::LatencyP50 => quantile(&latency(), 0.5),
            Metric::LatencyP99 => quantile(&latency(), 0.99),
            Metric::LatencyP999 => quantile(&latency(), 0.999),
            Metric::LatencyMax => latency().last().copied(),
            Metric::ProofLatencyP50 => quantile(&proof(), 0.5),
            Metric::ProofLatencyP99 => quantile(&proof(), 0.99),
            Metric::Overhead => self.per_payload(figures.bytes),
            Metric::FrameOverhead => self.per_payload(figures.bytes - figures.link_bytes),
            Metric::Duplicates => {
                let again = |told: &Told| u64::from(told.deliveries.saturating_sub(1));
                Some(self.truth.all().map(again).sum::<u64>() as f64)
            }
            Metric::RetriesPerMessage => Some(self.tally.retries as f64 / sent),
            Metric::Resealed => Some(self.tally.resealed as f64),
            Metric::RelayedShare => share(self.truth.all().filter(counts), |told| !told.direct),
            Metric::DirectShare => share(self.truth.all().filter(counts), |told| told.direct),
            Metric::ConvergeTime => self.truth.converged_after().map(seconds),
            Metric::EventsPerNodeSecond => {
                let node_seconds =
                    f64::from(figures.nodes) * seconds(figures.lasted.since(Time::ZERO));
                (node_seconds > 0.0).then(|| figures.events as f64 / node_seconds)
            }
            Metric::StretchP50 => {
                let list = spans(&|told| {
                    let straight = *figures.straight.get(told.number.checked_sub(1)? as usize)?;
                    let took = told.delivered?.since(told.accepted).0;
                    (straight > 0).then(|| took as f64 / straight as f64)
                });
                quantile(&list, 0.5)
            }
            Metric::Dials => Some(self.tally.dials as f64),
            Metric::DialFailures => Some(self.tally.dial_failures as f64),
            Metric::FalseDelivered => Some(self.broke(super::Invariant::NoFalseDelivered)),
            Metric::FalseExpired => Some(self.broke(super::Invariant::NoFalseExpired)),
            Metric::PurgeCompleteness => {
                let (left, most) = figures.residue;
                Some(1.0 - left as f64 / most.max(1) as f64)
            }
            Metric::GiniLoad => gini(&figures.load),
        }
    }

    /// Bytes by bytes of payload delivered.
    fn per_payload(&self, bytes: u64) -> Option<f64> {
        let delivered = self.truth.all().filter(|told| told.delivered.is_some());
        let payload: u64 = delivered.map(|told| u64::from(told.len)).sum();
        (payload > 0).then(|| bytes as f64 / payload as f64)
    }

    fn broke(&self, invariant: super::Invariant) -> f64 {
        f64::from(u8::from(
            self.broken
                .as_ref()
                .is_some_and(|violation| violation.invariant == invariant),
        ))
    }
}

fn seconds(span: Span) -> f64 {
    span.0 as f64 / 1e9
}

/// The value below which a share of a sorted list lies (the nearest rank).
fn quantile(sorted: &[f64], share: f64) -> Option<f64> {
    let rank = (sorted.len() as f64 * share).ceil() as usize;
    sorted.get(rank.saturating_sub(1)).copied()
}

/// The share of the delivered messages that something holds of.
fn share<'a>(told: impl Iterator<Item = &'a Told>, holds: impl Fn(&Told) -> bool) -> Option<f64> {
    let (mut all, mut some) = (0_u64, 0_u64);
    for told in told.filter(|told| told.delivered.is_some()) {
        all += 1;
        some += u64::from(holds(told));
    }
    (all > 0).then(|| some as f64 / all as f64)
}

/// The Gini coefficient: 0 when all carry the same, near 1 when one carries all.
fn gini(load: &[u64]) -> Option<f64> {
    let mut sorted = load.to_vec();
    sorted.sort_unstable();
    let sum: u64 = sorted.iter().sum();
    if sum == 0 {
        return None;
    }
    let n = sorted.len() as f64;
    let ranked: f64 = sorted
        .iter()
        .zip(1_u64..)
        .map(|(load, rank)| *load as f64 * rank as f64)
        .sum();
    Some(2.0 * ranked / (n * sum as f64) - (n + 1.0) / n)
}
