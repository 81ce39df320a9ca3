//! Random scenarios that could be.

use crate::draw::{Chance, Stream};
use crate::scenario::model::*;
use crate::scenario::names::{Invariant, Measure, Metric, Situation};
use crate::time::Span;

/// The end of every random run.
const END: u64 = 7_200;

/// Draws one thing after another.
pub(super) struct Maker(pub(super) Stream);

impl Maker {
    fn int(&mut self, from: u32, to: u32) -> u32 {
        from + self.0.below(u64::from(to - from) + 1) as u32
    }

    fn yes(&mut self) -> bool {
        self.0.below(2) == 1
    }

    fn real(&mut self) -> f64 {
        match self.0.below(3) {
            0 => self.0.unit() * 1_000.0 + 0.001,
            1 => f64::from(self.int(1, 50_000)),
            _ => f64::from(self.int(1, 1_000)) / 10.0,
        }
    }

    fn chance(&mut self) -> Chance {
        match self.0.below(3) {
            0 => Chance(self.0.below((1 << 32) + 1)),
            1 => Chance::from_unit(f64::from(self.int(0, 100)) / 100.0),
            _ => Chance::from_unit(f64::from(self.int(0, 1_000)) / 1_000.0),
        }
    }

    /// Before `to` seconds.
    fn span(&mut self, to: u64) -> Span {
        match self.0.below(3) {
            0 => Span(self.0.below(to * 1_000_000_000)),
            1 => Span::from_millis(self.0.below(to * 1_000)),
            _ => Span::from_secs(self.0.below(to)),
        }
    }

    fn maybe<T>(&mut self, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
        self.yes().then(|| make(self))
    }

    fn word(&mut self, stem: &str) -> String {
        let odd = ["", " x", "\"q\"", "'", "\\", "\n", "é", "\u{1}"];
        format!("{stem}{}", odd[self.0.below(8) as usize])
    }

    fn dist(&mut self, positive: bool) -> Dist {
        let (a, b) = (self.real(), self.real());
        let low = if positive { a.min(b) } else { -a };
        match self.0.below(6) {
            0 => Dist::Constant(low),
            1 => Dist::Uniform(low, a.max(b)),
            2 => Dist::Normal(low, b),
            3 => Dist::Exponential(a),
            4 => Dist::Lognormal(a, self.0.unit() * 3.0),
            _ => Dist::Weibull(a, 0.1 + self.0.unit()),
        }
    }

    fn loss(&mut self) -> Loss {
        if self.yes() {
            return Loss::Bernoulli(self.chance());
        }
        Loss::Burst {
            good: self.chance(),
            bad: self.chance(),
            good_for: self.span(100),
            bad_for: self.span(10),
        }
    }

    fn clock(&mut self) -> ClockModel {
        ClockModel {
            offset_ms: self.dist(false),
            drift_ppm: self.dist(false),
            without: self.chance(),
        }
    }

    fn bandwidth(&mut self) -> Bandwidth {
        Bandwidth {
            up: self.0.below(3) * self.0.below(1 << 30),
            down: u64::from(self.int(0, 100)) * 1_000_000,
            queue: self.int(1_500, 1 << 20),
        }
    }

    fn shape(&mut self, nodes: u32) -> Shape {
        match self.0.below(11) {
            0 => Shape::None,
            1 => Shape::Line,
            2 => Shape::Ring,
            3 => Shape::Star,
            4 => Shape::Tree {
                children: self.int(1, 5),
            },
            5 => Shape::Grid {
                width: self.int(1, nodes),
            },
            6 => Shape::Complete,
            7 => Shape::Regular {
                degree: self.int(1, 4) * 2,
            },
            8 => Shape::Core {
                relays: self.int(5, nodes),
                degree: 4,
                uplinks: self.int(1, 5),
            },
            9 => Shape::Pairs(vec![(0, 1), (2, 5)]),
            _ => Shape::Contacts {
                file: self.word("contacts"),
            },
        }
    }

    fn latency(&mut self) -> Latency {
        let (a, b) = (self.span(1), self.span(1));
        let file = self.word("latency");
        match self.0.below(5) {
            0 => Latency::Constant(a),
            1 => Latency::Uniform(a.min(b), a.max(b)),
            2 => Latency::Plane {
                across: a.max(b),
                least: a.min(b),
            },
            3 => Latency::Coordinates { file },
            _ => Latency::Matrix { file },
        }
    }

    fn topology(&mut self) -> Topology {
        let nodes = self.int(10, 60);
        Topology {
            nodes,
            shape: self.shape(nodes),
            dial_within: self.span(100),
            transport: Transport::Radio,
            latency: self.latency(),
            jitter: match self.0.below(3) {
                0 => Jitter::None,
                1 => Jitter::Uniform(self.span(1)),
                _ => Jitter::Lognormal {
                    sigma: self.0.unit(),
                },
            },
            loss: self.loss(),
            reorder: self.chance(),
            reorder_by: self.span(1),
            duplicate: self.chance(),
            corrupt: self.chance(),
            mtu: self.int(64, 65_535),
            asymmetry: self.int(100, 1_000),
            bandwidth: self.bandwidth(),
            clock: self.clock(),
        }
    }

    fn profile(&mut self, class: &str, share: f64) -> Profile {
        let sizes = [Size::Server, Size::Mcu, Size::SimLight, Size::Starved];
        let nats = [Nat::None, Nat::FullCone, Nat::Cgnat, Nat::PortRestricted];
        Profile {
            class: class.to_owned(),
            share,
            size: sizes[self.0.below(4) as usize],
            relays: self.yes(),
            durable: self.yes(),
            nat: nats[self.0.below(4) as usize],
            duty: self.maybe(|m| (Span::from_secs(30), Span(m.span(500).0 + 30_000_000_000))),
            bandwidth: self.maybe(Self::bandwidth),
            clock: self.maybe(Self::clock),
            takes_after_ms: self.dist(true),
            reads: self.chance(),
            radio: self.maybe(|m| Radio {
                sf: m.int(7, 12) as u8,
                bandwidth: 125_000,
                coding: m.int(5, 8) as u8,
                duty: Chance(1 + m.0.below(1 << 32)),
            }),
        }
    }

    fn pick(&mut self) -> Pick {
        match self.0.below(4) {
            0 => Pick::Uniform,
            1 => Pick::ByDegree,
            2 => Pick::Class("some".to_owned()),
            _ => Pick::Nodes(vec![1, 7]),
        }
    }

    fn churn(&mut self, files: bool) -> Churn {
        match self.0.below(if files { 4 } else { 3 }) {
            0 => Churn::Sessions {
                up_s: self.dist(true),
                down_s: self.dist(true),
                share: self.chance(),
                forget: self.yes(),
            },
            1 => Churn::Mass {
                at: self.span(END / 2),
                fraction: self.chance(),
                pick: self.pick(),
                back_after: self.maybe(|m| Span(m.span(1_000).0 + 1)),
                forget: self.yes(),
            },
            2 => Churn::FlashCrowd {
                at: self.span(END / 2),
                within: self.span(END / 2),
                fraction: self.chance(),
            },
            _ => Churn::Trace {
                file: self.word("churn"),
            },
        }
    }

    fn fault(&mut self) -> Fault {
        let (at, lasts, fraction) = (self.span(END / 2), self.span(END), self.chance());
        let one_way = self.yes();
        match self.0.below(7) {
            0 => Fault::Partition {
                at,
                lasts,
                side: self.chance(),
                pick: self.pick(),
                one_way,
            },
            1 => Fault::Links {
                at,
                lasts,
                per_minute: self.0.unit() * 20.0,
                gone_s: self.dist(true),
                one_way,
            },
            2 => Fault::Weather {
                at,
                lasts,
                loss: self.loss(),
            },
            3 => Fault::ClockStep {
                at,
                fraction,
                by_ms: self.dist(false),
            },
            4 => Fault::Suspend {
                at,
                fraction,
                for_s: self.dist(true),
            },
            5 => Fault::Mtu {
                at,
                mtu: self.int(64, 2_000),
            },
            _ => Fault::Disk {
                at,
                lasts,
                fraction,
            },
        }
    }

    fn traffic(&mut self, files: bool) -> Traffic {
        let per_hour = self.0.unit() * 60.0;
        let pattern = match self.0.below(if files { 5 } else { 4 }) {
            0 => Pattern::Uniform { per_hour },
            1 => Pattern::Conversations {
                pairs: self.int(0, 20),
                per_hour,
            },
            2 => Pattern::Broadcast {
                source: self.int(0, 9),
                per_hour,
            },
            3 => Pattern::List(vec![(self.span(END), 0, 5), (self.span(END), 3, 1)]),
            _ => Pattern::Trace {
                file: self.word("traffic"),
                speedup: self.real(),
            },
        };
        let priorities = [Priority::Normal, Priority::Bulk, Priority::Interactive];
        Traffic {
            class: "some".to_owned(),
            from: self.span(END / 2),
            until: self.maybe(|m| Span(m.span(END / 2).0 + END / 2 * 1_000_000_000)),
            pattern,
            size: self.dist(true),
            lifetime: self.maybe(|m| Span(m.span(END).0 + 1_000_000_000)),
            priority: priorities[self.0.below(3) as usize],
        }
    }

    fn adversary(&mut self) -> Adversary {
        let kind = match self.0.below(6) {
            0 => AdversaryKind::BlackHole,
            1 => AdversaryKind::Delay(self.span(10)),
            2 => AdversaryKind::Replay(self.chance()),
            3 => AdversaryKind::Spam(self.int(0, 100)),
            4 => AdversaryKind::Corrupt(self.chance()),
            _ => AdversaryKind::Lie,
        };
        Adversary {
            kind,
            fraction: self.chance(),
            pick: self.pick(),
            from: self.span(END / 2),
            until: self.maybe(|_| Span::from_secs(END)),
        }
    }

    fn assert(&mut self) -> Assert {
        let nth = self.0.bits() as usize;
        match self.0.below(3) {
            0 => Assert::Always(Invariant::ALL[nth % Invariant::ALL.len()].to_string()),
            1 => Assert::Sometimes(Situation::ALL[nth % Situation::ALL.len()].to_string()),
            _ => {
                let metric = Metric::ALL[nth % Metric::ALL.len()];
                let ops = [Op::Below, Op::AtMost, Op::AtLeast, Op::Above, Op::Equal];
                Assert::Metric {
                    metric: metric.to_string(),
                    class: self.maybe(|_| "some".to_owned()),
                    window: self.maybe(|m| (m.span(END / 2), Span::from_secs(END))),
                    op: ops[self.0.below(5) as usize],
                    value: match metric.measure() {
                        Measure::Ratio => self.0.unit(),
                        Measure::Seconds | Measure::Number => self.real(),
                    },
                }
            }
        }
    }

    fn some<T>(&mut self, mut make: impl FnMut(&mut Self) -> T) -> Vec<T> {
        (0..self.0.below(3)).map(|_| make(self)).collect()
    }

    /// A scenario that could be; with data files only when `files`.
    pub(super) fn scenario(&mut self, files: bool) -> Scenario {
        let until = self.maybe(|_| Span::from_secs(END / 2 + 60));
        let suites = [SuiteKind::Real, SuiteKind::RealMemo, SuiteKind::SimFast];
        let mut scenario = Scenario {
            scenario: Head {
                name: self.word("random"),
                about: self.word("about"),
                schema: 1,
                duration: Span::from_secs(END),
                warmup: self.span(END / 4),
                faults_until: until,
                converge_within: until.and_then(|_| self.maybe(|m| m.span(60))),
                suite: suites[self.0.below(3) as usize],
                xfail: self.maybe(|m| m.word("issue 5")),
            },
            topology: self.topology(),
            profile: vec![self.profile("some", 0.3), self.profile("other", 0.7)],
            churn: self.some(|m| m.churn(files)),
            fault: self.some(Self::fault),
            traffic: self.some(|m| m.traffic(files)),
            adversary: self.some(Self::adversary),
            assert: self.some(Self::assert),
        };
        scenario.traffic.push(self.traffic(files));
        if !files {
            scenario.topology.latency = Latency::Constant(Span::from_millis(5));
            if matches!(scenario.topology.shape, Shape::Contacts { .. }) {
                scenario.topology.shape = Shape::Ring;
            }
        }
        scenario
    }
}

/// The random scenario of a seed.
pub(crate) fn scenario(seed: u64, files: bool) -> Scenario {
    Maker(Stream::new(seed, "random scenario")).scenario(files)
}
