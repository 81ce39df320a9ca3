//! A scenario and a seed become a world.

use std::sync::Arc;

use tom_core::Node;
use tom_core::entropy::Seed;
use tom_core::input::{Command, Input};
use tom_core::storage::Heap;

use super::member::{Member, PhoneBook};
use super::radio::Waves;
use super::recorder::Recorder;
use super::{By, Item, What, World, links, nat, size};
use crate::check::Checks;
use crate::draw::Stream;
use crate::engine::Queue;
use crate::engine::hash::RunHash;
use crate::engine::payload::Payloads;
use crate::net::clock::{Clock, true_wall_ms};
use crate::net::latency::{NoTable, Table};
use crate::net::path::Path;
use crate::net::sleep;
use crate::scenario::model::{Nat, Profile};
use crate::scenario::{Deed, External, Scenario, Schedule};

use crate::suite::SimSuite;
use crate::time::{Span, Time};
use crate::trace::Trace;

/// How long the windows are by which two runs are compared.
const WINDOW: Span = Span::from_secs(10);

/// What a world is made of.
#[derive(Clone, Debug)]
pub struct Setup {
    /// What is simulated.
    pub scenario: Arc<Scenario>,
    /// What a seed makes of it.
    pub schedule: Arc<Schedule>,
    /// The seed.
    pub seed: u64,
    /// The latency file's content, where one is named.
    pub table: Arc<Table>,
    /// Keep so many facts.
    pub trace: Option<usize>,
    /// Record this node's tape.
    pub record: Option<u32>,
    /// Look at every envelope; off, a run is a measure of speed and nothing else.
    pub checked: bool,
    /// Nodes that never start, sorted: what a shrunk failure can do without. All others keep their
    /// numbers, and so everything that is drawn for them.
    pub absent: Arc<[u32]>,
    /// A fault of the world itself, for tests of what finds faults.
    #[cfg(test)]
    pub(crate) sabotage: Option<super::sabotage::Sabotage>,
}

impl Setup {
    /// A run of this scenario with this seed, with all checks and no trace.
    #[must_use]
    pub fn new(
        scenario: Arc<Scenario>,
        schedule: Arc<Schedule>,
        seed: u64,
        table: Arc<Table>,
    ) -> Self {
        Self {
            scenario,
            schedule,
            seed,
            table,
            trace: None,
            record: None,
            checked: true,
            absent: Arc::default(),
            #[cfg(test)]
            sabotage: None,
        }
    }

    /// The world at its first moment: the nodes that start with it are up.
    ///
    /// # Errors
    /// The scenario names a latency file and there is no table.
    pub fn build<C: SimSuite, Q: Queue<Item>>(&self) -> Result<World<C, Q>, NoTable> {
        C::begin();
        let topology = &self.scenario.topology;
        let profiles: Arc<[Profile]> = self.scenario.profiles().into();
        let profile_of = |node: u32| {
            let place = self.schedule.profiles.get(node as usize).copied();
            profiles.get(usize::from(place.unwrap_or(0)))
        };
        let mut bandwidth = |node| profile_of(node).and_then(|profile| profile.bandwidth);
        let air = Path::new(topology, self.seed, &self.table, &mut bandwidth)?;
        let mut identities = Stream::new(self.seed, "identities");
        let mut identity = || {
            let mut seed = [0; 32];
            identities.fill(&mut seed);
            seed
        };
        let members: Vec<Member<C>> = (0..topology.nodes)
            .map(|node| {
                let model = profile_of(node).and_then(|profile| profile.clock);
                let clock = Clock::drawn(&model.unwrap_or(topology.clock), self.seed, node);
                let place = self.schedule.profiles.get(node as usize).copied();
                let durable = profile_of(node).is_some_and(|profile| profile.durable);
                let mut member =
                    Member::new(C::keys(identity()), place.unwrap_or(0), clock, durable);
                let kind = profile_of(node).map_or(Nat::None, |profile| profile.nat);
                member.nat = nat::gate(kind, topology.transport, node);
                member.absent = self.absent.binary_search(&node).is_ok();
                member
            })
            .collect();
        let scenario = &self.scenario.scenario;
        let converge = scenario.faults_until.and(scenario.converge_within);
        let nodes = topology.nodes;
        let sends = |external: &&External| matches!(external.deed, Deed::Send { .. });
        let messages = self.schedule.externals.iter().filter(sends).count();
        let mut world = World {
            seed: self.seed,
            now: Time::ZERO,
            queue: Q::default(),
            payloads: Payloads::default(),
            phone_book: Arc::new(PhoneBook::new(members.iter().map(|m| m.public))),
            natted: members.iter().any(|member| member.nat.is_some()),
            waves: Waves::new(topology.transport, self.seed, nodes),
            members,
            air,
            costs: links::Costs::of(topology.transport),
            profiles,
            scenario: Arc::clone(&self.scenario),
            schedule: Arc::clone(&self.schedule),
            checks: Checks::new(self.seed, nodes, messages, converge),
            checked: self.checked,
            hash: RunHash::new(nodes as usize, WINDOW),
            trace: self.trace.map(Trace::new),
            recorder: self.record.map(Recorder::new),
            events: 0,
            calm: false,
            buf: vec![0; 4_096],
            follow: Vec::new(),
            outside: 0,
            #[cfg(test)]
            sabotage: self.sabotage,
        };
        world.begin();
        Ok(world)
    }
}

impl<C: SimSuite, Q: Queue<Item>> World<C, Q> {
    fn begin(&mut self) {
        self.keep_links();
        for node in 0..self.nodes() {
            if self.members.get(node as usize).is_none_or(|m| m.absent) {
                continue;
            }
            self.boot(node, true);
            self.dial_all(node, self.scenario.topology.dial_within);
            self.sleep_cycle(node);
        }
        self.plan(0);
        if self.checked {
            self.due(
                By::Checks,
                Time::ZERO.plus(crate::check::EVERY),
                0,
                What::Check,
            );
        }
    }

    /// A node starts: with fresh entropy, its clock, and what its disk holds.
    pub(super) fn boot(&mut self, node: u32, forget: bool) {
        let now = self.now;
        let Some(member) = self.members.get_mut(node as usize) else {
            return;
        };
        let Some(profile) = self.profiles.get(usize::from(member.profile)) else {
            return;
        };
        member.starts += 1;
        let again = member.starts > 1;
        let mut entropy = [0; 32];
        Stream::new(self.seed, &format!("node {node} start {}", member.starts)).fill(&mut entropy);
        let local = member.local(now);
        let storage = Heap::lazy(size::limits(profile.size));
        let core = Node::with_suite(
            storage,
            member.keys.clone(),
            size::config(profile),
            Seed::new(entropy),
            local,
        );
        let Ok(core) = core else {
            let what = "no node can be built of these capacities".to_owned();
            let invariant = crate::check::Invariant::TablesInCapacity;
            return self.checks.violate(invariant, now, node, what);
        };
        self.buf.resize(self.buf.len().max(core.max_output()), 0);
        member.core = Some(Box::new(core));
        if let Some(recorder) = self.recorder.as_mut().filter(|r| r.node == node) {
            // A tape is of one life: the last one.
            *recorder = Recorder::new(node);
            recorder.born = Some((size::config(profile), entropy, local));
        }
        member.wake_at = Time::NEVER;
        member.still_until = Time::ZERO;
        let mut records = Vec::new();
        if let Some(disk) = &mut member.disk {
            if forget {
                disk.wipe();
            }
            records = disk.records();
        }
        let off = member
            .clock
            .wall_ms(now)
            .map(|wall| wall.abs_diff(true_wall_ms(now)));
        self.checks.clock_error(off.unwrap_or(0));
        self.checks.started(node, now, again, forget);
        self.note(node, crate::trace::Fact::Life { up: true });
        self.tell_time(node);
        for (key, version, bytes) in records {
            let record = tom_core::output::Record {
                key,
                version,
                bytes: &bytes,
            };
            self.feed(node, Input::Restored(record));
        }
        let mut list = [0; 24];
        let len = nat::address_list(self.own_endpoint(node), &mut list);
        let list = list.get(..len).unwrap_or_default();
        self.feed(node, Input::Command(Command::Candidates(list)));
    }

    /// A node with a duty cycle falls asleep when its time comes.
    pub(super) fn sleep_cycle(&mut self, node: u32) {
        let now = self.now;
        let Some(duty) = self.profile(node).and_then(|profile| profile.duty) else {
            return;
        };
        let phase = self.phase(node);
        let asleep = sleep::next_asleep(now, duty, phase);
        if asleep != Time::NEVER {
            self.due(By::Node(node), asleep, node, What::Sleep);
        }
    }

    /// How far into its first turn of being awake and asleep a node starts.
    fn phase(&self, node: u32) -> Span {
        let phase = self.schedule.phases.get(node as usize).copied();
        phase.unwrap_or_default()
    }

    /// It sleeps until its next waking time.
    pub(super) fn sleep(&mut self, node: u32) {
        let now = self.now;
        let Some(member) = self.members.get(node as usize) else {
            return;
        };
        let duty = self.profile(node).and_then(|profile| profile.duty);
        let Some(duty) = duty.filter(|_| member.runs(now)) else {
            return;
        };
        let phase = self.phase(node);
        let awake = sleep::next_awake(now, duty, phase);
        self.suspend(node, awake.since(now));
    }
}
