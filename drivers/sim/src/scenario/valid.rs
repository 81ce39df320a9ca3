//! Whether what a scenario says can be: ranges, sums, names that belong together, times within the
//! run. Each finding names the path of its key.

mod events;

use super::error::Bad;
use super::model::{
    Bandwidth, ClockModel, Dist, Head, Jitter, Latency, Profile, Radio, Scenario, Shape, Topology,
    Transport,
};
use super::units::show_span;
use crate::time::Span;

/// What is wrong, and the path of the key.
pub(super) type Finding = (String, Bad);
type Check = Result<(), Finding>;

/// The most nodes a run can have.
const MOST_NODES: u32 = 10_000_000;
/// The most pairs a shape may list or imply: memory and patience.
const MOST_LINKS: u64 = 50_000_000;
/// The longest run that is taken for one.
const LONGEST_RUN: Span = Span::from_secs(10 * 366 * 86_400);

/// `Err` unless `right`.
fn ensure(
    right: bool,
    path: impl Into<String>,
    problem: impl Into<String>,
    remedy: impl Into<String>,
) -> Check {
    if right {
        Ok(())
    } else {
        Err((path.into(), Bad::new(problem, remedy)))
    }
}

/// Everything.
pub(super) fn check(s: &Scenario) -> Check {
    head(&s.scenario)?;
    topology(&s.topology)?;
    profiles(s)?;
    for (at, churn) in s.churn.iter().enumerate() {
        events::churn(s, &format!("churn[{at}]"), churn)?;
    }
    for (at, fault) in s.fault.iter().enumerate() {
        events::fault(s, &format!("fault[{at}]"), fault)?;
    }
    for (at, traffic) in s.traffic.iter().enumerate() {
        events::traffic(s, &format!("traffic[{at}]"), traffic)?;
    }
    for (at, adversary) in s.adversary.iter().enumerate() {
        let path = format!("adversary[{at}]");
        events::pick(s, &format!("{path}.pick"), &adversary.pick)?;
        events::within(s, &format!("{path}.from"), adversary.from)?;
        events::until(s, &path, adversary.from, adversary.until)?;
    }
    for (at, assert) in s.assert.iter().enumerate() {
        events::assert(s, &format!("assert[{at}]"), assert)?;
    }
    Ok(())
}

fn head(h: &Head) -> Check {
    ensure(
        !h.name.trim().is_empty(),
        "scenario.name",
        "the name is empty",
        "write a short one",
    )?;
    ensure(
        h.schema == 1,
        "scenario.schema",
        format!("schema {} is not known here", h.schema),
        "this program reads schema 1",
    )?;
    ensure(
        h.duration > Span::ZERO && h.duration <= LONGEST_RUN,
        "scenario.duration",
        "a run of this length cannot be",
        "write more than 0s and at most 3660d",
    )?;
    let all = show_span(h.duration);
    ensure(
        h.warmup < h.duration,
        "scenario.warmup",
        format!("the warm-up is not shorter than the run of {all}"),
        "shorten it",
    )?;
    if let Some(until) = h.faults_until {
        ensure(
            until <= h.duration,
            "scenario.faults_until",
            format!("this is after the end of the run of {all}"),
            "shorten it, or lengthen scenario.duration",
        )?;
    }
    if let Some(converge) = h.converge_within {
        let Some(until) = h.faults_until else {
            return ensure(
                false,
                "scenario.converge_within",
                "there is no liveness phase to converge in",
                "add `faults_until = ..`",
            );
        };
        ensure(
            until.0.saturating_add(converge.0) <= h.duration.0,
            "scenario.converge_within",
            format!("this long after faults_until is after the end of the run of {all}"),
            "shorten it, or lengthen scenario.duration",
        )?;
    }
    ensure(
        h.xfail.as_ref().is_none_or(|why| !why.trim().is_empty()),
        "scenario.xfail",
        "an expected failure needs its reason",
        "name the issue it waits for, or leave it out",
    )
}

fn topology(t: &Topology) -> Check {
    ensure(
        (2..=MOST_NODES).contains(&t.nodes),
        "topology.nodes",
        format!("a run cannot have {} nodes", t.nodes),
        format!("write 2 to {MOST_NODES}"),
    )?;
    shape(t.nodes, &t.shape)?;
    match t.latency {
        Latency::Uniform(from, to) => ensure(
            from <= to,
            "topology.latency.to",
            "`to` is less than `from`",
            "swap them",
        )?,
        Latency::Plane { across, least } => ensure(
            least <= across,
            "topology.latency.least",
            "`least` is more than `across`",
            "lower it",
        )?,
        Latency::Constant(_) | Latency::Coordinates { .. } | Latency::Matrix { .. } => {}
    }
    if let Jitter::Lognormal { sigma } = t.jitter {
        ensure(
            (0.0..=3.0).contains(&sigma),
            "topology.jitter.sigma",
            format!("sigma {sigma} is out of range"),
            "write 0 to 3",
        )?;
    }
    mtu("topology.mtu", t.mtu)?;
    ensure(
        (100..=10_000).contains(&t.asymmetry),
        "topology.asymmetry",
        "this factor is out of range",
        "write 100% to 10000%",
    )?;
    bandwidth("topology.bandwidth", &t.bandwidth)?;
    clock("topology.clock", &t.clock)
}

fn mtu(path: &str, mtu: u32) -> Check {
    ensure(
        (64..=65_535).contains(&mtu),
        path,
        format!("no path carries packets of {mtu} bytes"),
        "write 64B to 65535B",
    )
}

fn bandwidth(path: &str, b: &Bandwidth) -> Check {
    let limited = b.up != 0 || b.down != 0;
    ensure(
        !limited || b.queue >= 1_500,
        format!("{path}.queue"),
        "a queue this short does not hold one packet",
        "write at least 1500B",
    )
}

fn clock(path: &str, c: &ClockModel) -> Check {
    dist(&format!("{path}.offset"), &c.offset_ms, false)?;
    dist(&format!("{path}.drift_ppm"), &c.drift_ppm, false)
}

/// Whether the parameters can be, and when `positive`, whether no value is negative.
fn dist(path: &str, d: &Dist, positive: bool) -> Check {
    let (right, remedy) = match *d {
        Dist::Constant(a) => (!positive || a >= 0.0, "write 0 or more"),
        Dist::Uniform(a, b) => (
            a <= b && (!positive || a >= 0.0),
            "write the lesser first, 0 or more where time or bytes are meant",
        ),
        Dist::Normal(mean, deviation) => (
            deviation >= 0.0 && (!positive || mean >= 0.0),
            "write a standard deviation of 0 or more",
        ),
        Dist::Exponential(mean) => (mean > 0.0, "write a mean of more than 0"),
        Dist::Lognormal(median, sigma) => (
            median > 0.0 && (0.0..=10.0).contains(&sigma),
            "write a median of more than 0 and a sigma of 0 to 10",
        ),
        Dist::Weibull(scale, shape) => (
            scale > 0.0 && (0.05..=50.0).contains(&shape),
            "write a scale of more than 0 and a shape of 0.05 to 50",
        ),
    };
    ensure(
        right,
        path,
        "this distribution cannot be, or cannot be here",
        remedy,
    )
}

fn shape(nodes: u32, shape: &Shape) -> Check {
    let path = |key: &str| format!("topology.shape.{key}");
    let many = u64::from(nodes);
    match shape {
        Shape::None | Shape::Line | Shape::Ring | Shape::Star | Shape::Contacts { .. } => Ok(()),
        Shape::Tree { children } => ensure(
            *children >= 1,
            path("children"),
            "a tree without children",
            "write 1 or more",
        ),
        Shape::Grid { width } => ensure(
            (1..=nodes).contains(width),
            path("width"),
            format!("a row of {width} of {nodes} nodes cannot be"),
            "write 1 to the number of nodes",
        ),
        Shape::Complete => ensure(
            many * (many - 1) / 2 <= MOST_LINKS,
            "topology.shape",
            "everybody to everybody is too many links for so many nodes",
            "write at most 10000 nodes, or another shape",
        ),
        Shape::Regular { degree } => regular("degree", "nodes", nodes, *degree),
        Shape::Core {
            relays,
            degree,
            uplinks,
        } => {
            ensure(
                (1..=nodes).contains(relays),
                path("relays"),
                format!("{relays} relays of {nodes} nodes cannot be"),
                "write 1 to the number of nodes",
            )?;
            ensure(
                (1..=*relays).contains(uplinks),
                path("uplinks"),
                format!("{uplinks} links to {relays} relays cannot be"),
                "write 1 to the number of relays",
            )?;
            match relays {
                1 => ensure(
                    *degree == 0,
                    path("degree"),
                    "the only relay has no other to be linked to",
                    "write 0",
                ),
                _ => regular("degree", "relays", *relays, *degree),
            }
        }
        Shape::Pairs(links) => {
            for (at, (a, b)) in links.iter().enumerate() {
                ensure(
                    a != b && *a < nodes && *b < nodes,
                    path(&format!("links[{at}]")),
                    format!("{a} and {b} are no two of {nodes} nodes"),
                    format!("write two numbers of 0 to {}", nodes - 1),
                )?;
            }
            Ok(())
        }
    }
}

/// A graph in which each of `nodes` has `degree` links.
fn regular(key: &str, what: &str, nodes: u32, degree: u32) -> Check {
    let path = format!("topology.shape.{key}");
    let least = if nodes == 2 { 1 } else { 2 };
    ensure(
        degree >= least && degree < nodes,
        path.clone(),
        format!("{nodes} {what} cannot have {degree} links each"),
        format!("write {least} to {}", nodes - 1),
    )?;
    let product = u64::from(degree) * u64::from(nodes);
    ensure(
        product.is_multiple_of(2),
        path.clone(),
        format!("{nodes} {what} of {degree} links each have {product} ends, an odd number"),
        "make one of the two even",
    )?;
    ensure(
        product / 2 <= MOST_LINKS,
        path,
        "these are too many links",
        "write less",
    )
}

fn profiles(s: &Scenario) -> Check {
    let mut sum = 0.0;
    for (at, p) in s.profile.iter().enumerate() {
        let path = |key: &str| format!("profile[{at}].{key}");
        sum += p.share;
        let twin = s.profile.iter().take(at).any(|q| q.class == p.class);
        ensure(
            !twin && !p.class.is_empty(),
            path("class"),
            format!("two profiles of class `{}`, or one of none", p.class),
            "give each its own name",
        )?;
        profile(s, p, path)?;
    }
    ensure(
        s.profile.is_empty() || (sum - 1.0).abs() < 1e-6,
        format!("profile[{}].share", s.profile.len().saturating_sub(1)),
        format!("the shares of all profiles sum to {:.4}%", sum * 100.0),
        "make them sum to 100%",
    )
}

fn profile(s: &Scenario, p: &Profile, path: impl Fn(&str) -> String) -> Check {
    if let Some((awake, of)) = p.duty {
        ensure(
            awake > Span::ZERO && awake <= of,
            path("duty"),
            "it cannot be awake for longer than each of its turns, nor never",
            "write it as `30s/5min`",
        )?;
    }
    if let Some(b) = &p.bandwidth {
        bandwidth(&path("bandwidth"), b)?;
    }
    if let Some(c) = &p.clock {
        clock(&path("clock"), c)?;
    }
    dist(&path("takes_after"), &p.takes_after_ms, true)?;
    let Some(radio) = &p.radio else { return Ok(()) };
    ensure(
        s.topology.transport == Transport::Radio,
        path("radio"),
        "a radio, but the transport is another",
        "write `transport = \"radio\"` in [topology], or leave it out",
    )?;
    self::radio(radio, &path("radio"))
}

fn radio(radio: &Radio, path: &str) -> Check {
    ensure(
        (7..=12).contains(&radio.sf),
        format!("{path}.sf"),
        format!("there is no spreading factor {}", radio.sf),
        "write 7 to 12",
    )?;
    ensure(
        (5..=8).contains(&radio.coding),
        format!("{path}.coding"),
        format!("there is no coding rate 4/{}", radio.coding),
        "write 5 to 8",
    )?;
    ensure(
        (7_800..=500_000).contains(&radio.bandwidth),
        format!("{path}.bandwidth"),
        format!("no LoRa channel is {} Hz wide", radio.bandwidth),
        "write 7800 to 500000",
    )?;
    ensure(
        radio.duty.0 > 0,
        format!("{path}.duty"),
        "it may never send",
        "write more than 0%",
    )
}
