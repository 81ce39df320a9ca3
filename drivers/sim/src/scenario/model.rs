//! What a scenario says, as plain data. The file is the same structs in TOML.

use crate::draw::Chance;
use crate::time::Span;

/// A scenario: everything a run needs but its seed.
#[derive(Clone, Debug, PartialEq)]
pub struct Scenario {
    /// What it is called, how long it lasts, how it is judged.
    pub scenario: Head,
    /// How many nodes, joined how, over what.
    pub topology: Topology,
    /// The kinds of nodes, drawn by their shares; one `sim-full` profile when empty.
    pub profile: Vec<Profile>,
    /// Who comes and goes.
    pub churn: Vec<Churn>,
    /// What breaks.
    pub fault: Vec<Fault>,
    /// Who writes to whom.
    pub traffic: Vec<Traffic>,
    /// Who does not play by the rules.
    pub adversary: Vec<Adversary>,
    /// What must hold.
    pub assert: Vec<Assert>,
}

/// The frame of a scenario.
#[derive(Clone, Debug, PartialEq)]
pub struct Head {
    /// A short name, the file's usually.
    pub name: String,
    /// One sentence on what it shows.
    pub about: String,
    /// The version of this format: 1.
    pub schema: u32,
    /// How long the run lasts, in simulated time.
    pub duration: Span,
    /// Metrics count from here on.
    pub warmup: Span,
    /// The safety phase ends here: all faults are mended and all nodes are started. `None`: there
    /// is no liveness phase.
    pub faults_until: Option<Span>,
    /// In the liveness phase everything unexpired must be proven within this time.
    pub converge_within: Option<Span>,
    /// The cryptography.
    pub suite: SuiteKind,
    /// `Some(issue)`: it is expected to fail until that issue is done; passing fails the run.
    pub xfail: Option<String>,
}

/// Which cryptography the nodes run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SuiteKind {
    /// The suite that ships.
    Real,
    /// The same bytes, each agreement and each opening computed once for both ends.
    RealMemo,
    /// Same lengths and real identities; tags of SipHash, no secrecy.
    #[default]
    SimFast,
}

/// How many nodes, joined how, over what.
#[derive(Clone, Debug, PartialEq)]
pub struct Topology {
    /// How many nodes.
    pub nodes: u32,
    /// Which of them keep a link.
    pub shape: Shape,
    /// The links of the shape are dialled within this time from the start.
    pub dial_within: Span,
    /// What carries the links.
    pub transport: Transport,
    /// One-way delay.
    pub latency: Latency,
    /// A random factor on each packet's delay.
    pub jitter: Jitter,
    /// Which packets are lost.
    pub loss: Loss,
    /// The chance that a packet is held back so that later ones overtake it.
    pub reorder: Chance,
    /// How long such a packet is held back at most.
    pub reorder_by: Span,
    /// The chance that a packet comes twice.
    pub duplicate: Chance,
    /// The chance that a packet is damaged. Links that authenticate drop it; a cable delivers it.
    pub corrupt: Chance,
    /// The largest packet a path carries, in bytes.
    pub mtu: u32,
    /// The other direction of each link is slower by this factor drawn per link, in percent: 100 is
    /// symmetric.
    pub asymmetry: u32,
    /// Access links, unless a profile says otherwise.
    pub bandwidth: Bandwidth,
    /// Clocks, unless a profile says otherwise.
    pub clock: ClockModel,
}

/// Which nodes keep a link to each other.
#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    /// No links at first: a contact trace or introductions make them.
    None,
    /// 0-1-2-...-n.
    Line,
    /// A line whose ends meet.
    Ring,
    /// Everybody to node 0.
    Star,
    /// A tree in which every node has this many children.
    Tree {
        /// Children per node, at least 1.
        children: u32,
    },
    /// Rows of this width, each node linked to its up to four neighbours.
    Grid {
        /// Nodes per row, at least 1.
        width: u32,
    },
    /// Everybody to everybody.
    Complete,
    /// A random graph in which every node has this many links.
    Regular {
        /// Links per node, at least 2; nodes * degree is even.
        degree: u32,
    },
    /// Each leaf keeps links to this many of the relays, which form a regular graph.
    Core {
        /// How many nodes, from 0 on, are relays.
        relays: u32,
        /// Links of each relay to others.
        degree: u32,
        /// Relays each other node is linked to.
        uplinks: u32,
    },
    /// Listed pairs.
    Pairs(Vec<(u32, u32)>),
    /// Links follow a contact trace in the ONE's external event format (`T CONN a b up|down`).
    Contacts {
        /// The file, plain or gzip.
        file: String,
    },
}

/// What carries links: decides what a dial costs, what becomes of lost and damaged packets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Transport {
    /// QUIC as `tom-quinn` uses it: bundles as datagrams, longer frames reliable on streams.
    #[default]
    Quic,
    /// The Noise link over UDP: datagrams only.
    Noise,
    /// A cable nobody else can hold: no handshake, nothing authenticates, damage arrives.
    Cable,
    /// A shared radio channel per cell.
    Radio,
}

/// One-way delay between two nodes.
#[derive(Clone, Debug, PartialEq)]
pub enum Latency {
    /// The same for all.
    Constant(Span),
    /// Drawn once per pair, both directions alike.
    Uniform(Span, Span),
    /// The distance between two random points in a square, scaled so that its diagonal takes
    /// `across`; at least `least`.
    Plane {
        /// The delay along the diagonal.
        across: Span,
        /// The least delay.
        least: Span,
    },
    /// A file of coordinates, `x,y` per line, whose distance is milliseconds one way; nodes draw
    /// lines. Plain or gzip.
    Coordinates {
        /// The file.
        file: String,
    },
    /// A square matrix of round-trip times in milliseconds; nodes draw rows. Plain or gzip.
    Matrix {
        /// The file.
        file: String,
    },
}

/// A random factor on each packet's delay.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Jitter {
    /// None.
    None,
    /// Up to this much more, evenly.
    Uniform(Span),
    /// The delay times a lognormal factor of median 1.
    Lognormal {
        /// The standard deviation of its logarithm.
        sigma: f64,
    },
}

/// Which packets are lost.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Loss {
    /// Each packet with this chance.
    Bernoulli(Chance),
    /// Gilbert and Elliott's two spells, as functions of time: good ones and bad ones of
    /// exponential length, with a chance of loss in each.
    Burst {
        /// Loss in a good spell.
        good: Chance,
        /// Loss in a bad spell.
        bad: Chance,
        /// The mean length of a good spell.
        good_for: Span,
        /// The mean length of a bad spell.
        bad_for: Span,
    },
}

/// An access link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bandwidth {
    /// Bits per second towards the network; 0 is unlimited.
    pub up: u64,
    /// Bits per second from the network; 0 is unlimited.
    pub down: u64,
    /// Bytes that wait for it at most; more are lost (down) or block the link (up).
    pub queue: u32,
}

/// What a node's clocks are like.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClockModel {
    /// Wall time's offset at the start, in milliseconds.
    pub offset_ms: Dist,
    /// How much faster the monotonic clock runs than true time, in parts per million.
    pub drift_ppm: Dist,
    /// The share of nodes that have no wall time of their own.
    pub without: Chance,
}

/// A distribution; the unit is the field's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Dist {
    /// Always this.
    Constant(f64),
    /// Evenly between the two.
    Uniform(f64, f64),
    /// Mean and standard deviation.
    Normal(f64, f64),
    /// Mean.
    Exponential(f64),
    /// Median and the standard deviation of the logarithm.
    Lognormal(f64, f64),
    /// Scale and shape.
    Weibull(f64, f64),
}

/// A kind of node.
#[derive(Clone, Debug, PartialEq)]
pub struct Profile {
    /// What it is called in reports.
    pub class: String,
    /// Its share of all nodes; the shares of all profiles sum to 1.
    pub share: f64,
    /// Its tables.
    pub size: Size,
    /// It forwards for others.
    pub relays: bool,
    /// It keeps records and has them after a restart.
    pub durable: bool,
    /// What stands between it and the network.
    pub nat: Nat,
    /// It is awake for the first span of each second span, at a phase of its own.
    pub duty: Option<(Span, Span)>,
    /// Its access link, if not the topology's.
    pub bandwidth: Option<Bandwidth>,
    /// Its clocks, if not the topology's.
    pub clock: Option<ClockModel>,
    /// Its application takes a message after this long, in milliseconds.
    pub takes_after_ms: Dist,
    /// The chance that its application says that a message was read.
    pub reads: Chance,
    /// Its radio, on transport `radio`.
    pub radio: Option<Radio>,
}

/// Named capacities.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Size {
    /// A machine that relays for thousands.
    Server,
    /// A computer.
    Desktop,
    /// A phone.
    Phone,
    /// A microcontroller that relays.
    Mcu,
    /// A full simulated node: at most 16 KB when idle.
    #[default]
    SimFull,
    /// A light simulated node: at most 8 KB when idle.
    SimLight,
    /// Every table at its legal minimum.
    Starved,
}

/// What stands between a node and the network (RFC 4787's mapping and filtering).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Nat {
    /// Nothing.
    #[default]
    None,
    /// One outer port for all destinations; anybody may answer.
    FullCone,
    /// One outer port; addresses written to may answer.
    Restricted,
    /// One outer port; addresses and ports written to may answer.
    PortRestricted,
    /// An outer port per destination; only it may answer.
    Symmetric,
    /// A port-restricted one at home behind a symmetric one of the provider.
    Cgnat,
    /// No UDP at all.
    Blocked,
}

/// A LoRa radio.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Radio {
    /// Spreading factor, 7 to 12.
    pub sf: u8,
    /// Bandwidth in Hz.
    pub bandwidth: u32,
    /// The coding rate's denominator, 5 to 8.
    pub coding: u8,
    /// The share of time it may send, in parts of 2^32: 1 % in EU868.
    pub duty: Chance,
}

/// Who comes and goes.
#[derive(Clone, Debug, PartialEq)]
pub enum Churn {
    /// Each node is up and down in turn, from the start on.
    Sessions {
        /// How long it is up, in seconds.
        up_s: Dist,
        /// How long it is down, in seconds.
        down_s: Dist,
        /// Which nodes take part.
        share: Chance,
        /// Its state is gone when it comes back.
        forget: bool,
    },
    /// Many at once.
    Mass {
        /// When.
        at: Span,
        /// How many of all.
        fraction: Chance,
        /// Which.
        pick: Pick,
        /// When they come back; `None`: never.
        back_after: Option<Span>,
        /// Their state is gone then.
        forget: bool,
    },
    /// Nodes that start late: this share of all, all within a span.
    FlashCrowd {
        /// When the first comes.
        at: Span,
        /// Over how long.
        within: Span,
        /// How many of all.
        fraction: Chance,
    },
    /// Up and down times from a file: `seconds,node,up|down` per line. Plain or gzip.
    Trace {
        /// The file.
        file: String,
    },
}

/// Which nodes.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Pick {
    /// At random.
    #[default]
    Uniform,
    /// Those with the most links first.
    ByDegree,
    /// All of a class, then at random among them.
    Class(String),
    /// These.
    Nodes(Vec<u32>),
}

/// What breaks.
#[derive(Clone, Debug, PartialEq)]
pub enum Fault {
    /// No packet passes between two sides.
    Partition {
        /// When it begins.
        at: Span,
        /// How long it lasts.
        lasts: Span,
        /// The share of nodes on the first side.
        side: Chance,
        /// Which nodes are on the first side.
        pick: Pick,
        /// Packets still pass from the first side to the second.
        one_way: bool,
    },
    /// Links go and come back at random.
    Links {
        /// When it begins.
        at: Span,
        /// How long it goes on.
        lasts: Span,
        /// Links that go per simulated minute, over all.
        per_minute: f64,
        /// How long one is gone, in seconds.
        gone_s: Dist,
        /// One direction only.
        one_way: bool,
    },
    /// Another loss for a while, on all links.
    Weather {
        /// When it begins.
        at: Span,
        /// How long it lasts.
        lasts: Span,
        /// The loss in that time.
        loss: Loss,
    },
    /// Wall clocks step.
    ClockStep {
        /// When.
        at: Span,
        /// How many of all nodes.
        fraction: Chance,
        /// By how much, in milliseconds; negative is back.
        by_ms: Dist,
    },
    /// Nodes stand still, links and all, and go on.
    Suspend {
        /// When.
        at: Span,
        /// How many of all nodes.
        fraction: Chance,
        /// How long, in seconds.
        for_s: Dist,
    },
    /// Paths carry smaller packets from now on.
    Mtu {
        /// When.
        at: Span,
        /// The largest packet, in bytes.
        mtu: u32,
    },
    /// Storage of durable nodes fails for a while.
    Disk {
        /// When it begins.
        at: Span,
        /// How long it lasts.
        lasts: Span,
        /// How many of all nodes.
        fraction: Chance,
    },
}

/// Who writes to whom.
#[derive(Clone, Debug, PartialEq)]
pub struct Traffic {
    /// Its name in metrics.
    pub class: String,
    /// From when on.
    pub from: Span,
    /// Until when; `None`: to the end of the run.
    pub until: Option<Span>,
    /// Which pairs, how often.
    pub pattern: Pattern,
    /// Bytes per message.
    pub size: Dist,
    /// How long a message may live; `None`: the longest.
    pub lifetime: Option<Span>,
    /// Its priority on the wire: control, interactive, normal, bulk.
    pub priority: Priority,
}

/// A message's priority on the wire.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Priority {
    /// Protocol traffic.
    Control,
    /// Somebody waits for it.
    Interactive,
    /// The usual one.
    #[default]
    Normal,
    /// It can wait.
    Bulk,
}

/// Which pairs write, how often.
#[derive(Clone, Debug, PartialEq)]
pub enum Pattern {
    /// Each node writes to a random other one so often on average.
    Uniform {
        /// Messages per node and hour.
        per_hour: f64,
    },
    /// Pairs drawn once that write to each other in turn.
    Conversations {
        /// How many pairs.
        pairs: u32,
        /// Messages per pair and hour.
        per_hour: f64,
    },
    /// One node to all others, so often.
    Broadcast {
        /// Who.
        source: u32,
        /// Broadcasts per hour.
        per_hour: f64,
    },
    /// Listed: when, from, to.
    List(Vec<(Span, u32, u32)>),
    /// A trace of `seconds,from,to` per line, times divided by `speedup`, ids folded onto the nodes.
    Trace {
        /// The file, plain or gzip.
        file: String,
        /// How much faster than in the trace.
        speedup: f64,
    },
}

/// Who does not play by the rules: the same core, its inputs and outputs interfered with.
#[derive(Clone, Debug, PartialEq)]
pub struct Adversary {
    /// What it does.
    pub kind: AdversaryKind,
    /// How many of all nodes.
    pub fraction: Chance,
    /// Which.
    pub pick: Pick,
    /// From when on.
    pub from: Span,
    /// Until when; `None`: to the end of the run, or of the safety phase.
    pub until: Option<Span>,
}

/// What an adversary does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum AdversaryKind {
    /// Takes envelopes for others, says TAKEN, hands nothing on.
    BlackHole,
    /// Hands on late.
    Delay(Span),
    /// Sends what it saw again, so often per packet.
    Replay(Chance),
    /// Sends well-formed rubbish to each neighbour, so many packets a second.
    Spam(u32),
    /// Damages what it hands on, with this chance.
    Corrupt(Chance),
    /// Claims: PASSED without handing on, REACH! for everybody, false ACKs and NACKs.
    Lie,
}

/// What must hold.
#[derive(Clone, Debug, PartialEq)]
pub enum Assert {
    /// An invariant by name; all of them are checked anyway, naming one makes it show in the table.
    Always(String),
    /// A situation that must have come up at least once over the seeds of a run.
    Sometimes(String),
    /// A metric compared with a value.
    Metric {
        /// Its name.
        metric: String,
        /// Of this traffic class only.
        class: Option<String>,
        /// Over messages accepted in this part of the run.
        window: Option<(Span, Span)>,
        /// How it is compared.
        op: Op,
        /// With what: a ratio, a number, or seconds.
        value: f64,
    },
}

/// A comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    /// `<`
    Below,
    /// `<=`
    AtMost,
    /// `>=`
    AtLeast,
    /// `>`
    Above,
    /// `==`
    Equal,
}
