//! Whether what comes from outside, and what must hold, can be in this run.

use super::{Check, dist, ensure};
use crate::scenario::defaults::LONGEST_LIFE;
use crate::scenario::error::did_you_mean;
use crate::scenario::model::{Assert, Churn, Fault, Op, Pattern, Pick, Scenario, Traffic};
use crate::scenario::names::{Measure, Metric};
use crate::scenario::units::show_span;
use crate::time::Span;

/// Within the run.
pub(super) fn within(s: &Scenario, path: &str, at: Span) -> Check {
    let all = show_span(s.scenario.duration);
    ensure(
        at < s.scenario.duration,
        path,
        format!(
            "{} is not before the end of the run of {all}",
            show_span(at)
        ),
        "make it earlier, or lengthen scenario.duration",
    )
}

/// Within the run, and before faults are over.
fn in_safety(s: &Scenario, path: &str, at: Span) -> Check {
    within(s, path, at)?;
    let until = s.scenario.faults_until.unwrap_or(s.scenario.duration);
    ensure(
        at < until,
        path,
        format!(
            "{} is after faults_until, {}",
            show_span(at),
            show_span(until)
        ),
        "make it earlier, or scenario.faults_until later",
    )
}

/// After `from` and within the run.
pub(super) fn until(s: &Scenario, path: &str, from: Span, until: Option<Span>) -> Check {
    let Some(until) = until else { return Ok(()) };
    ensure(
        from < until && until <= s.scenario.duration,
        format!("{path}.until"),
        format!(
            "{} is not after `from` and within the run",
            show_span(until)
        ),
        "make it later than `from` and at most scenario.duration",
    )
}

fn node(s: &Scenario, path: &str, node: u32) -> Check {
    let most = s.topology.nodes.saturating_sub(1);
    ensure(
        node <= most,
        path,
        format!("there is no node {node}"),
        format!("write 0 to {most}"),
    )
}

pub(super) fn pick(s: &Scenario, path: &str, pick: &Pick) -> Check {
    match pick {
        Pick::Uniform | Pick::ByDegree => Ok(()),
        Pick::Class(class) => {
            let profiles = s.profiles();
            let known: Vec<&str> = profiles.iter().map(|p| p.class.as_str()).collect();
            ensure(
                known.contains(&class.as_str()),
                path,
                format!("there is no profile of class `{class}`"),
                did_you_mean(class, known.iter().copied()),
            )
        }
        Pick::Nodes(nodes) => nodes
            .iter()
            .enumerate()
            .try_for_each(|(at, n)| node(s, &format!("{path}[{at}]"), *n)),
    }
}

/// Not negative, and finite.
fn rate(path: String, rate: f64) -> Check {
    ensure(
        (0.0..=1e9).contains(&rate),
        path,
        format!("a rate of {rate} cannot be"),
        "write 0 or more",
    )
}

pub(super) fn churn(s: &Scenario, path: &str, churn: &Churn) -> Check {
    match churn {
        Churn::Sessions { up_s, down_s, .. } => {
            dist(&format!("{path}.up"), up_s, true)?;
            dist(&format!("{path}.down"), down_s, true)
        }
        Churn::Mass {
            at,
            pick: which,
            back_after,
            ..
        } => {
            in_safety(s, &format!("{path}.at"), *at)?;
            pick(s, &format!("{path}.pick"), which)?;
            match back_after {
                Some(after) => ensure(
                    *after > Span::ZERO,
                    format!("{path}.back_after"),
                    "they would be back at the same moment",
                    "write more than 0s",
                ),
                None => Ok(()),
            }
        }
        Churn::FlashCrowd { at, within, .. } => {
            let last = Span(at.0.saturating_add(within.0));
            self::within(s, &format!("{path}.at"), *at)?;
            self::within(s, &format!("{path}.within"), last)
        }
        Churn::Trace { .. } => Ok(()),
    }
}

pub(super) fn fault(s: &Scenario, path: &str, fault: &Fault) -> Check {
    let key = |key: &str| format!("{path}.{key}");
    let at = match fault {
        Fault::Partition {
            at, pick: which, ..
        } => {
            pick(s, &key("pick"), which)?;
            at
        }
        Fault::Links {
            at,
            per_minute,
            gone_s,
            ..
        } => {
            rate(key("per_minute"), *per_minute)?;
            dist(&key("gone"), gone_s, true)?;
            at
        }
        Fault::ClockStep { at, by_ms, .. } => {
            dist(&key("by"), by_ms, false)?;
            at
        }
        Fault::Suspend { at, for_s, .. } => {
            dist(&key("lasts"), for_s, true)?;
            at
        }
        Fault::Mtu { at, mtu } => {
            super::mtu(&key("mtu"), *mtu)?;
            at
        }
        Fault::Weather { at, .. } | Fault::Disk { at, .. } => at,
    };
    in_safety(s, &key("at"), *at)
}

pub(super) fn traffic(s: &Scenario, path: &str, traffic: &Traffic) -> Check {
    let key = |key: &str| format!("{path}.{key}");
    ensure(
        !traffic.class.is_empty(),
        key("class"),
        "the class has no name",
        "write one",
    )?;
    within(s, &key("from"), traffic.from)?;
    until(s, path, traffic.from, traffic.until)?;
    dist(&key("size"), &traffic.size, true)?;
    if let Some(life) = traffic.lifetime {
        ensure(
            life >= Span::from_secs(1) && life <= LONGEST_LIFE,
            key("lifetime"),
            "no message may live so long",
            "write 1s to 24h",
        )?;
    }
    match &traffic.pattern {
        Pattern::Uniform { per_hour } => rate(key("per_hour"), *per_hour),
        Pattern::Conversations { pairs, per_hour } => {
            let nodes = u64::from(s.topology.nodes);
            ensure(
                u64::from(*pairs) <= nodes * (nodes - 1) / 2,
                key("pairs"),
                format!("{nodes} nodes do not make {pairs} pairs"),
                "write less",
            )?;
            rate(key("per_hour"), *per_hour)
        }
        Pattern::Broadcast { source, per_hour } => {
            node(s, &key("source"), *source)?;
            rate(key("per_hour"), *per_hour)
        }
        Pattern::List(messages) => messages.iter().enumerate().try_for_each(|(i, m)| {
            let path = key(&format!("messages[{i}]"));
            within(s, &path, m.0)?;
            node(s, &path, m.1)?;
            node(s, &path, m.2)?;
            ensure(
                m.1 != m.2,
                path,
                "nobody writes to itself",
                "write two nodes",
            )
        }),
        Pattern::Trace { speedup, .. } => ensure(
            *speedup > 0.0 && *speedup <= 1e12,
            key("speedup"),
            format!("a speed-up of {speedup} cannot be"),
            "write more than 0",
        ),
    }
}

pub(super) fn assert(s: &Scenario, path: &str, assert: &Assert) -> Check {
    let key = |key: &str| format!("{path}.{key}");
    let (metric, class, window, op, value) = match assert {
        Assert::Always(_) | Assert::Sometimes(_) => return Ok(()),
        Assert::Metric {
            metric,
            class,
            window,
            op,
            value,
        } => (metric, class, window, *op, *value),
    };
    if let Some(class) = class {
        let known: Vec<&str> = s.traffic.iter().map(|t| t.class.as_str()).collect();
        ensure(
            known.contains(&class.as_str()),
            key("class"),
            format!("there is no traffic of class `{class}`"),
            did_you_mean(class, known.iter().copied()),
        )?;
    }
    if let Some((from, to)) = window {
        ensure(
            from < to && *to <= s.scenario.duration,
            key("window"),
            "this window is empty, or outside the run",
            format!("end it at {} at most", show_span(s.scenario.duration)),
        )?;
    }
    let measure = Metric::from_name(metric).map_or(Measure::Number, Metric::measure);
    let most = match measure {
        Measure::Ratio => 1.0,
        Measure::Seconds | Measure::Number => f64::MAX,
    };
    let can_be = value.is_finite()
        && match op {
            Op::Below => value > 0.0,
            Op::AtMost => value >= 0.0,
            Op::AtLeast => value <= most,
            Op::Above => value < most,
            Op::Equal => (0.0..=most).contains(&value),
        };
    ensure(
        can_be,
        key("value"),
        format!("{metric} can never be {} {value}", op.sign()),
        match measure {
            Measure::Ratio => "it is 0% to 100%",
            Measure::Seconds | Measure::Number => "it is 0 or more",
        },
    )
}
