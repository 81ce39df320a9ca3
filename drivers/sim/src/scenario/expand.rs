//! A scenario and a seed become a schedule: what each node is, which links there are, and every
//! external event. Each generator draws from its own stream, named by kind and place, so that one more
//! shifts no other.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::deed::{Deed, External};
use super::dist::span_of_seconds;
use super::error::{Bad, ScenarioError};
use super::files::Files;
use super::graph::{choose, links, shuffle};
use super::model::{Adversary, Pick, Profile, Scenario, Shape};
use super::{churn, fault, traffic};
use crate::draw::{Chance, Stream};
use crate::time::{Span, Time};

/// The most external events a run may have: memory.
const MOST: usize = 20_000_000;

/// What a seed makes of a scenario.
#[derive(Clone, Debug, PartialEq)]
pub struct Schedule {
    /// Everything that comes from outside, in order.
    pub externals: Vec<External>,
    /// Per node: which of [`Scenario::profiles`] it has.
    pub profiles: Vec<u16>,
    /// The links of the shape, sorted, the lesser end first.
    pub links: Vec<(u32, u32)>,
    /// Per node: how far into its first turn of being awake and asleep it starts; zero without duty.
    pub phases: Vec<Span>,
}

/// What generators draw for.
pub(super) struct Draft<'a> {
    pub(super) scenario: &'a Scenario,
    pub(super) seed: u64,
    pub(super) files: &'a Files,
    pub(super) links: &'a [(u32, u32)],
    /// The profile of each node.
    pub(super) kinds: Vec<&'a Profile>,
    /// How many links each node has.
    degrees: Vec<u32>,
    /// So far, in the order of generators.
    pub(super) externals: Vec<External>,
    /// There would be more events than there may be.
    too_many: bool,
    /// From here on nothing is done any more.
    pub(super) end: Time,
    /// From here on nothing breaks any more.
    pub(super) calm: Time,
}

/// Everything that is drawn before a run, from `seed`.
///
/// # Errors
/// A data file cannot be read, or there are too many events.
pub fn expand(scenario: &Scenario, seed: u64, files: &Files) -> Result<Schedule, ScenarioError> {
    let nodes = scenario.topology.nodes;
    let links = links(
        &scenario.topology.shape,
        nodes,
        &mut Stream::new(seed, "shape"),
    );
    let all = scenario.profiles();
    let profiles = assign(scenario, &all, seed);
    let kinds: Vec<&Profile> = profiles
        .iter()
        .flat_map(|at| all.get(usize::from(*at)))
        .collect();
    let mut stream = Stream::new(seed, "duty");
    let phases = kinds
        .iter()
        .map(|kind| {
            let draw = stream.unit();
            let turn = kind.duty.map_or(Span::ZERO, |(_, turn)| turn);
            Span::from_micros((turn.0 as f64 * draw / 1_000.0) as u64)
        })
        .collect();
    let mut degrees = vec![0; nodes as usize];
    for (a, b) in &links {
        for end in [a, b] {
            if let Some(degree) = degrees.get_mut(*end as usize) {
                *degree += 1;
            }
        }
    }
    let end = Time(scenario.scenario.duration.0);
    let mut draft = Draft {
        scenario,
        seed,
        files,
        links: &links,
        kinds,
        degrees,
        externals: Vec::new(),
        too_many: false,
        end,
        calm: scenario.scenario.faults_until.map_or(end, |s| Time(s.0)),
    };
    draft.all()?;
    let externals = draft.externals;
    Ok(Schedule {
        externals,
        profiles,
        links,
        phases,
    })
}

/// Which profile each node has: the shares of all nodes, to the nearest whole node, in random order.
/// In a core, profiles that relay come first, so that the relays can.
fn assign(scenario: &Scenario, all: &[Profile], seed: u64) -> Vec<u16> {
    let nodes = scenario.topology.nodes;
    let mut profiles: Vec<u16> = Vec::with_capacity(nodes as usize);
    let mut sum = 0.0;
    for (at, profile) in (0_u16..).zip(all) {
        sum += profile.share;
        let upto = libm::round(sum * f64::from(nodes)).clamp(0.0, f64::from(nodes));
        profiles.resize(profiles.len().max(upto as usize), at);
    }
    let last = u16::try_from(all.len().saturating_sub(1)).unwrap_or(u16::MAX);
    profiles.resize(nodes as usize, last);
    shuffle(&mut profiles, &mut Stream::new(seed, "profiles"));
    if matches!(scenario.topology.shape, Shape::Core { .. }) {
        profiles.sort_by_key(|at| !all.get(usize::from(*at)).is_some_and(|p| p.relays));
        // Among those that do not relay, and those that do, the order stays random.
        mix_tail(&mut profiles, scenario, seed);
    }
    profiles
}

/// Leaves of a core are of all the profiles that are left, in random order.
fn mix_tail(profiles: &mut [u16], scenario: &Scenario, seed: u64) {
    if let Shape::Core { relays, .. } = scenario.topology.shape
        && let Some(leaves) = profiles.get_mut(relays as usize..)
    {
        shuffle(leaves, &mut Stream::new(seed, "profiles of leaves"));
    }
}

impl Draft<'_> {
    fn all(&mut self) -> Result<(), ScenarioError> {
        churn::draw(self)?;
        fault::draw(self);
        for (at, adversary) in self.scenario.adversary.iter().enumerate() {
            self.adversary(adversary, &mut self.stream("adversary", at));
        }
        self.contacts()?;
        traffic::draw(self)?;
        if self.is_full() {
            let problem = format!("this makes more than {MOST} external events");
            let remedy = "write a shorter or calmer scenario";
            return Err(Bad::new(problem, remedy).at(&self.scenario.scenario.name, 1));
        }
        self.externals.sort_by_key(|external| external.at);
        if self.scenario.scenario.faults_until.is_some() {
            self.settle();
        }
        traffic::number(&mut self.externals);
        Ok(())
    }

    /// The stream of one generator.
    pub(super) fn stream(&self, kind: &str, at: usize) -> Stream {
        Stream::new(self.seed, &format!("{kind} {at}"))
    }

    /// There are more events than there may be: what comes now is left out, and then all is refused.
    pub(super) fn is_full(&self) -> bool {
        self.too_many || self.externals.len() > MOST
    }

    /// Adds what is done within the run.
    pub(super) fn add(&mut self, at: Time, deed: Deed) {
        if at < self.end && !self.is_full() {
            self.externals.push(External { at, deed });
        }
    }

    /// Adds what is a fault, or the end of one: only before faults are over.
    pub(super) fn add_fault(&mut self, at: Time, deed: Deed) {
        if at < self.calm {
            self.add(at, deed);
        }
    }

    /// Moments of a Poisson process of `per_second` between two times; none when they would be too
    /// many, which refuses the whole scenario.
    pub(super) fn poisson(
        &mut self,
        per_second: f64,
        (from, to): (Time, Time),
        stream: &mut Stream,
    ) -> Vec<Time> {
        let mut moments = Vec::new();
        let length = to.since(from).0 as f64 / 1e9;
        self.too_many |= per_second * length > MOST as f64;
        if per_second <= 0.0 || self.is_full() {
            return moments;
        }
        let mut seconds = 0.0;
        loop {
            seconds += -libm::log1p(-stream.unit()) / per_second;
            let at = from.plus(span_of_seconds(seconds));
            if seconds >= length || at >= to {
                return moments;
            }
            moments.push(at);
        }
    }

    /// How many nodes a share of all is.
    pub(super) fn count(&self, share: Chance) -> usize {
        libm::round(share.as_unit() * f64::from(self.scenario.topology.nodes)) as usize
    }

    /// `count` nodes, or the listed ones.
    pub(super) fn pick(&self, pick: &Pick, count: usize, stream: &mut Stream) -> Vec<u32> {
        let all: Vec<u32> = (0..self.scenario.topology.nodes).collect();
        match pick {
            Pick::Uniform => choose(&all, count, stream),
            Pick::ByDegree => {
                let mut all = choose(&all, all.len(), stream);
                all.sort_by_key(|n| {
                    std::cmp::Reverse(self.degrees.get(*n as usize).copied().unwrap_or(0))
                });
                all.truncate(count);
                all
            }
            Pick::Class(class) => {
                let of: Vec<u32> = (0..)
                    .zip(&self.kinds)
                    .filter(|(_, kind)| kind.class == *class)
                    .map(|(node, _)| node)
                    .collect();
                choose(&of, count, stream)
            }
            Pick::Nodes(nodes) => nodes.clone(),
        }
    }

    fn adversary(&mut self, adversary: &Adversary, stream: &mut Stream) {
        let count = self.count(adversary.fraction);
        for node in self.pick(&adversary.pick, count, stream) {
            let into = Some(adversary.kind);
            self.add_fault(Time(adversary.from.0), Deed::Turn { node, into });
            if let Some(until) = adversary.until {
                self.add_fault(Time(until.0), Deed::Turn { node, into: None });
            }
        }
    }

    fn contacts(&mut self) -> Result<(), ScenarioError> {
        let Shape::Contacts { file } = &self.scenario.topology.shape else {
            return Ok(());
        };
        let nodes = self.scenario.topology.nodes;
        for contact in self.files.contacts(file)?.iter() {
            let (a, b) = (contact.a, contact.b);
            if a.max(b) >= nodes {
                let problem = format!("this trace has a node {}", a.max(b));
                let remedy = format!("write more than topology.nodes = {nodes}");
                return Err(Bad::new(problem, remedy).at(file, contact.line));
            }
            let deed = match contact.up {
                true => Deed::Meet { a, b },
                false => Deed::Part { a, b },
            };
            self.add(Time(contact.at.0), deed);
        }
        Ok(())
    }

    /// At the end of faults everything is made whole, each thing by an event of its own, and then all
    /// is calm.
    fn settle(&mut self) {
        let first = self.externals.partition_point(|e| e.at < self.calm);
        let mut open = Open::default();
        for external in self.externals.iter().take(first) {
            open.note(&external.deed, self.scenario.topology.mtu);
        }
        let (at, mtu) = (self.calm, self.scenario.topology.mtu);
        let deeds = open.close(mtu).into_iter();
        let calm = deeds.map(|deed| External { at, deed });
        self.externals.splice(first..first, calm);
    }
}

/// What is broken at some moment.
#[derive(Default)]
struct Open {
    down: BTreeMap<u32, bool>,
    cuts: BTreeSet<u32>,
    broken: BTreeSet<(u32, u32)>,
    weather: bool,
    small: bool,
    disks: BTreeSet<u32>,
    turned: BTreeSet<u32>,
}

impl Open {
    fn note(&mut self, deed: &Deed, mtu: u32) {
        match deed {
            Deed::Crash { node } => {
                self.down.insert(*node, false);
            }
            Deed::Start { node, .. } => {
                self.down.remove(node);
            }
            Deed::Cut { cut, .. } => {
                self.cuts.insert(*cut);
            }
            Deed::Mend { cut } => {
                self.cuts.remove(cut);
            }
            Deed::Break { a, b, .. } => {
                self.broken.insert((*a, *b));
            }
            Deed::Repair { a, b } => {
                self.broken.remove(&(*a, *b));
            }
            Deed::Weather(loss) => self.weather = loss.is_some(),
            Deed::Mtu(bytes) => self.small = *bytes != mtu,
            Deed::Disk { node, fails: true } => {
                self.disks.insert(*node);
            }
            Deed::Disk { node, fails: false } => {
                self.disks.remove(node);
            }
            Deed::Turn { node, into: None } => {
                self.turned.remove(node);
            }
            Deed::Turn {
                node,
                into: Some(_),
            } => {
                self.turned.insert(*node);
            }
            Deed::Send { .. }
            | Deed::Meet { .. }
            | Deed::Part { .. }
            | Deed::ClockStep { .. }
            | Deed::Suspend { .. }
            | Deed::Calm => {}
        }
    }

    fn close(self, mtu: u32) -> Vec<Deed> {
        let mut deeds = Vec::new();
        deeds.extend(self.cuts.into_iter().map(|cut| Deed::Mend { cut }));
        let repair = |(a, b)| Deed::Repair { a, b };
        deeds.extend(self.broken.into_iter().map(repair));
        deeds.extend(self.weather.then_some(Deed::Weather(None)));
        deeds.extend(self.small.then_some(Deed::Mtu(mtu)));
        let works = |node| Deed::Disk { node, fails: false };
        deeds.extend(self.disks.into_iter().map(works));
        let back = |node| Deed::Turn { node, into: None };
        deeds.extend(self.turned.into_iter().map(back));
        let start = |(node, forget)| Deed::Start { node, forget };
        deeds.extend(self.down.into_iter().map(start));
        deeds.push(Deed::Calm);
        deeds
    }
}

/// A sorted side of a cut.
pub(super) fn side(mut nodes: Vec<u32>) -> Arc<[u32]> {
    nodes.sort_unstable();
    nodes.dedup();
    nodes.into()
}
