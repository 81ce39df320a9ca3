//! What the world asks for each packet: whether it arrives, when, and what of it.

pub mod stream;

use crate::draw::{Chance, Purpose, draw};
use crate::net::cuts::Cuts;
use crate::net::disorder::{Damage, damage, held, twice};
use crate::net::jitter::{self, jittered};
use crate::net::latency::{Distances, NoTable, Table};
use crate::net::loss::Losses;
use crate::net::queue::{Queue, Rate};
use crate::net::{Counts, Why};
use crate::scenario::deed::Deed;
use crate::scenario::model::{Bandwidth, Jitter, Loss, Topology};
use crate::time::{Span, Time};

/// What becomes of one packet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flight {
    /// The copies that arrive, in order of time, at the far end's access link.
    pub arrivals: [Option<Arrival>; 2],
    /// Why none does.
    pub lost: Option<Why>,
}

/// A packet at the far end's access link; [`Path::land`] says when it is through that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// When.
    pub at: Time,
    /// What happened to its bytes.
    pub damage: Damage,
}

/// All paths of a run.
#[derive(Clone, Debug)]
pub struct Path {
    seed: u64,
    distances: Distances,
    jitter: Jitter,
    reorder: Chance,
    reorder_by: Span,
    duplicate: Chance,
    corrupt: Chance,
    usual_mtu: u32,
    mtu: u32,
    nodes: u32,
    usual: Losses,
    weather: Option<Losses>,
    cuts: Cuts,
    lines: Lines,
    counts: Counts,
    /// Packets held back so that others overtake them.
    held: u64,
    /// Packets that met a bad spell in weathers that are over.
    met: u64,
}

/// The access links of all nodes; none are kept when all are unlimited.
#[derive(Clone, Debug, Default)]
struct Lines {
    kinds: Vec<Bandwidth>,
    /// By node: which kind, up, down.
    lines: Vec<(u16, Queue, Queue)>,
}

impl Lines {
    fn new(nodes: u32, of: &mut dyn FnMut(u32) -> Bandwidth) -> Self {
        let mut lines = Self::default();
        for node in 0..nodes {
            let own = of(node);
            let known = lines.kinds.iter().position(|kind| *kind == own);
            let kind = known.unwrap_or_else(|| {
                lines.kinds.push(own);
                lines.kinds.len() - 1
            });
            lines
                .lines
                .push((kind as u16, Queue::default(), Queue::default()));
        }
        if lines
            .kinds
            .iter()
            .all(|kind| kind.up == 0 && kind.down == 0)
        {
            return Self::default();
        }
        lines
    }

    fn up(&mut self, node: u32) -> Option<(Rate, &mut Queue)> {
        let (kind, up, _) = self.lines.get_mut(node as usize)?;
        let kind = self.kinds[*kind as usize];
        Some((
            Rate {
                bits_per_second: kind.up,
                queue: kind.queue,
            },
            up,
        ))
    }

    fn down(&mut self, node: u32) -> Option<(Rate, &mut Queue)> {
        let (kind, _, down) = self.lines.get_mut(node as usize)?;
        let kind = self.kinds[*kind as usize];
        Some((
            Rate {
                bits_per_second: kind.down,
                queue: kind.queue,
            },
            down,
        ))
    }
}

impl Path {
    /// The paths of a topology in the run with this seed. `bandwidth` says what each node's access
    /// link is, if not the topology's: at most 65,536 kinds.
    pub fn new(
        topology: &Topology,
        seed: u64,
        table: &Table,
        bandwidth: &mut dyn FnMut(u32) -> Option<Bandwidth>,
    ) -> Result<Self, NoTable> {
        let nodes = topology.nodes;
        let mut own = |node| bandwidth(node).unwrap_or(topology.bandwidth);
        Ok(Self {
            seed,
            distances: Distances::new(&topology.latency, topology.asymmetry, seed, table)?,
            jitter: topology.jitter,
            reorder: topology.reorder,
            reorder_by: topology.reorder_by,
            duplicate: topology.duplicate,
            corrupt: topology.corrupt,
            usual_mtu: topology.mtu,
            mtu: topology.mtu,
            nodes,
            usual: Losses::new(topology.loss, nodes, seed),
            weather: None,
            cuts: Cuts::default(),
            lines: Lines::new(nodes, &mut own),
            counts: Counts::default(),
            held: 0,
            met: 0,
        })
    }

    /// From here on packets draw as in the run of another seed; delays stay as they are.
    pub fn reseed(&mut self, seed: u64) {
        self.seed = seed;
        self.usual.reseed(seed);
        if let Some(weather) = &mut self.weather {
            weather.reseed(seed);
        }
    }

    /// A packet of so many bytes, all headers included, leaves now. `sequence` is the source's own
    /// counting: all draws of the packet hang on it.
    ///
    /// Cuts and loss are those of now: what is on its way when a cut begins arrives.
    pub fn fly(&mut self, src: u32, dst: u32, sequence: u64, now: Time, bytes: u32) -> Flight {
        match self.leave(src, dst, sequence, now, bytes) {
            Ok(sent) => self.cross(src, dst, sequence, sent, bytes),
            Err(why) => {
                self.counts.add(why);
                Flight {
                    arrivals: [None, None],
                    lost: Some(why),
                }
            }
        }
    }

    /// Where a node is, for a map; `None` where the latency knows only distances.
    #[must_use]
    pub fn point(&self, node: u32) -> Option<(i64, i64)> {
        self.distances.point(node)
    }

    fn leave(
        &mut self,
        src: u32,
        dst: u32,
        sequence: u64,
        now: Time,
        bytes: u32,
    ) -> Result<Time, Why> {
        if bytes > self.mtu {
            return Err(Why::Mtu);
        }
        let sent = match self.lines.up(src) {
            Some((rate, queue)) => queue.depart(rate, now, bytes).map_err(|_| Why::Queue)?,
            None => now,
        };
        if !self.cuts.passes(src, dst) {
            return Err(Why::Cut);
        }
        let losses = self.weather.as_mut().unwrap_or(&mut self.usual);
        if losses.lost(src, dst, sequence, now) {
            return Err(Why::Loss);
        }
        Ok(sent)
    }

    fn cross(&mut self, src: u32, dst: u32, sequence: u64, sent: Time, bytes: u32) -> Flight {
        let seed = self.seed;
        let drawn = |purpose| draw(seed, src, dst, sequence, purpose);
        let base = self.distances.one_way(src, dst);
        let delay = match self.jitter {
            Jitter::None => base,
            Jitter::Uniform(_) | Jitter::Lognormal { .. } => {
                jittered(self.jitter, base, drawn(Purpose::Jitter))
            }
        };
        let mut at = sent.plus(delay);
        if self.reorder != Chance::NEVER
            && let Some(by) = held(self.reorder, self.reorder_by, drawn(Purpose::Reorder))
        {
            at = at.plus(by);
            self.held += 1;
        }
        let mut what = Damage::None;
        if self.corrupt != Chance::NEVER {
            what = damage(self.corrupt, bytes, drawn(Purpose::Corrupt));
        }
        let first = Arrival { at, damage: what };
        let mut second = None;
        if self.duplicate != Chance::NEVER {
            let after = twice(self.duplicate, drawn(Purpose::Duplicate));
            second = after.map(|after| Arrival {
                at: at.plus(after),
                damage: what,
            });
        }
        Flight {
            arrivals: [Some(first), second],
            lost: None,
        }
    }

    /// A packet is at the receiver's access link, now: when it is through, or `Why::Queue`. Calls are
    /// in the order of time.
    pub fn land(&mut self, dst: u32, now: Time, bytes: u32) -> Result<Time, Why> {
        let Some((rate, queue)) = self.lines.down(dst) else {
            return Ok(now);
        };
        queue.depart(rate, now, bytes).map_err(|_| {
            self.counts.add(Why::Queue);
            Why::Queue
        })
    }

    /// When a node's access link has room for so many bytes towards the network: now or later.
    pub fn room_at(&mut self, src: u32, now: Time, bytes: u32) -> Time {
        self.lines
            .up(src)
            .map_or(now, |(rate, queue)| queue.room_at(rate, now, bytes))
    }

    /// Does what an external event does to paths; the others do nothing here.
    pub fn befall(&mut self, deed: &Deed) {
        match deed {
            Deed::Cut { cut, side, one_way } => self.cuts.cut(*cut, side, *one_way),
            Deed::Mend { cut } => self.cuts.mend(*cut),
            Deed::Break { a, b, one_way } => self.cuts.sever(*a, *b, *one_way),
            Deed::Repair { a, b } => self.cuts.repair(*a, *b),
            Deed::Weather(loss) => self.weather(*loss),
            Deed::Mtu(mtu) => self.mtu = *mtu,
            Deed::Calm => {
                self.cuts.clear();
                self.weather(None);
                self.mtu = self.usual_mtu;
            }
            Deed::Send { .. }
            | Deed::Crash { .. }
            | Deed::Start { .. }
            | Deed::Meet { .. }
            | Deed::Part { .. }
            | Deed::ClockStep { .. }
            | Deed::Suspend { .. }
            | Deed::Disk { .. }
            | Deed::Turn { .. } => {}
        }
    }

    fn weather(&mut self, loss: Option<Loss>) {
        self.met += self.weather.as_ref().map_or(0, Losses::met);
        self.weather = loss.map(|loss| Losses::new(loss, self.nodes, self.seed));
    }

    /// Whether packets pass from one node to another now, loss aside.
    #[must_use]
    pub fn passes(&self, from: u32, to: u32) -> bool {
        self.cuts.passes(from, to)
    }

    /// The path's delay from one node to another, before jitter.
    #[must_use]
    pub fn one_way(&self, from: u32, to: u32) -> Span {
        self.distances.one_way(from, to)
    }

    /// No packet arrives sooner after it left: the window in which nodes cannot affect each other.
    #[must_use]
    pub const fn least(&self) -> Span {
        jitter::least(self.jitter, self.distances.least())
    }

    /// The largest packet, in bytes.
    #[must_use]
    pub const fn mtu(&self) -> u32 {
        self.mtu
    }

    /// How many packets were held back so that others overtake them, and how many met a bad spell.
    #[must_use]
    pub fn disorder(&self) -> (u64, u64) {
        let now = self.weather.as_ref().map_or(0, Losses::met);
        (self.held, self.met + self.usual.met() + now)
    }

    /// Counts a packet that got lost outside of the paths: its receiver slept, a NAT did not let it
    /// in.
    pub const fn count(&mut self, why: Why) {
        self.counts.add(why);
    }

    /// How many packets were lost, by reason.
    #[must_use]
    pub const fn counts(&self) -> Counts {
        self.counts
    }
}

#[cfg(test)]
#[path = "path_test.rs"]
mod tests;
