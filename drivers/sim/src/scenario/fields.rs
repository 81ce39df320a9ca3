//! The fields of each table of a scenario, read and printed by one walk.

use super::error::{Bad, ScenarioError};
use super::model::{
    Adversary, AdversaryKind, Churn, Dist, Fault, Head, Loss, Pattern, Pick, Profile, Topology,
    Traffic,
};
use super::units::{self, Unit};
use super::values::{bytes, dist, read_spans};
use super::walk::{Context, Fields, Item, Tagged, Walk, quote, scalar, text};
use crate::draw::Chance;
use crate::time::Span;

impl Fields for Head {
    fn walk(&mut self, w: &mut impl Walk) {
        w.need("name", &mut self.name);
        w.field("about", &mut self.about);
        w.field("schema", &mut self.schema);
        w.need("duration", &mut self.duration);
        w.field("warmup", &mut self.warmup);
        w.option("faults_until", &mut self.faults_until);
        w.option("converge_within", &mut self.converge_within);
        w.field("suite", &mut self.suite);
        w.option("xfail", &mut self.xfail);
    }
}

impl Fields for Topology {
    fn walk(&mut self, w: &mut impl Walk) {
        w.need("nodes", &mut self.nodes);
        w.field("shape", &mut self.shape);
        w.field("dial_within", &mut self.dial_within);
        w.field("transport", &mut self.transport);
        w.field("latency", &mut self.latency);
        w.field("jitter", &mut self.jitter);
        w.field("loss", &mut self.loss);
        w.field("reorder", &mut self.reorder);
        w.field("reorder_by", &mut self.reorder_by);
        w.field("duplicate", &mut self.duplicate);
        w.field("corrupt", &mut self.corrupt);
        bytes(w, "mtu", &mut self.mtu);
        w.with("asymmetry", &mut self.asymmetry, false, read_percent, |n| {
            Some(quote(&format!("{n}%")))
        });
        w.field("bandwidth", &mut self.bandwidth);
        w.field("clock", &mut self.clock);
    }
}

/// `150%`, of 100 % on.
fn read_percent(cx: &Context<'_>, item: &Item<'_>) -> Result<u32, ScenarioError> {
    let text = text(cx, item, "a percentage")?;
    match text.strip_suffix('%').map(str::parse::<u32>) {
        Some(Ok(n)) if n >= 100 => Ok(n),
        _ => {
            let problem = format!("`{text}` is no factor of 100% or more");
            Err(cx.error(item, Bad::new(problem, "write it as `150%`")))
        }
    }
}

impl Fields for Profile {
    fn walk(&mut self, w: &mut impl Walk) {
        w.field("class", &mut self.class);
        w.with(
            "share",
            &mut self.share,
            false,
            |cx, item| {
                units::read_share(scalar(cx, item, "a share")?).map_err(|bad| cx.error(item, bad))
            },
            |p| Some(quote(&units::show_share(*p))),
        );
        w.field("size", &mut self.size);
        w.field("relays", &mut self.relays);
        w.field("durable", &mut self.durable);
        w.field("nat", &mut self.nat);
        w.with(
            "duty",
            &mut self.duty,
            false,
            |cx, item| read_spans(cx, item, "/", "30s/5min").map(Some),
            |duty| {
                duty.map(|(awake, of)| {
                    let (awake, of) = (units::show_span(awake), units::show_span(of));
                    quote(&format!("{awake}/{of}"))
                })
            },
        );
        w.option("bandwidth", &mut self.bandwidth);
        w.option("clock", &mut self.clock);
        dist(w, "takes_after", &mut self.takes_after_ms, Unit::Millis);
        w.field("reads", &mut self.reads);
        w.option("radio", &mut self.radio);
    }
}

impl Fields for Churn {
    fn walk(&mut self, w: &mut impl Walk) {
        w.tag(self);
        self.fields(w);
    }
}

impl Tagged for Churn {
    const KEY: &'static str = "kind";
    const WHAT: &'static str = "churn";

    fn templates() -> Vec<Self> {
        vec![
            Self::Sessions {
                up_s: Dist::Weibull(12_000.0, 0.6),
                down_s: Dist::Weibull(12_000.0, 0.6),
                share: Chance::ALWAYS,
                forget: false,
            },
            Self::Mass {
                at: Span::ZERO,
                fraction: Chance::NEVER,
                pick: Pick::Uniform,
                back_after: None,
                forget: false,
            },
            Self::FlashCrowd {
                at: Span::ZERO,
                within: Span::from_secs(10),
                fraction: Chance::NEVER,
            },
            Self::Trace {
                file: String::new(),
            },
        ]
    }

    fn word(&self) -> &'static str {
        match self {
            Self::Sessions { .. } => "sessions",
            Self::Mass { .. } => "mass",
            Self::FlashCrowd { .. } => "flash-crowd",
            Self::Trace { .. } => "trace",
        }
    }

    fn fields(&mut self, w: &mut impl Walk) {
        match self {
            Self::Sessions {
                up_s,
                down_s,
                share,
                forget,
            } => {
                dist(w, "up", up_s, Unit::Seconds);
                dist(w, "down", down_s, Unit::Seconds);
                w.field("share", share);
                w.field("forget", forget);
            }
            Self::Mass {
                at,
                fraction,
                pick,
                back_after,
                forget,
            } => {
                w.field("at", at);
                w.field("fraction", fraction);
                w.field("pick", pick);
                w.option("back_after", back_after);
                w.field("forget", forget);
            }
            Self::FlashCrowd {
                at,
                within,
                fraction,
            } => {
                w.field("at", at);
                w.field("within", within);
                w.field("fraction", fraction);
            }
            Self::Trace { file } => w.need("file", file),
        }
    }
}

impl Fields for Fault {
    fn walk(&mut self, w: &mut impl Walk) {
        w.tag(self);
        self.fields(w);
    }
}

/// How long a fault lasts when it is not said.
const WHILE: Span = Span::from_secs(60);

impl Tagged for Fault {
    const KEY: &'static str = "kind";
    const WHAT: &'static str = "fault";

    fn templates() -> Vec<Self> {
        let (at, lasts, fraction) = (Span::ZERO, WHILE, Chance::NEVER);
        vec![
            Self::Partition {
                at,
                lasts,
                side: Chance::from_unit(0.5),
                pick: Pick::Uniform,
                one_way: false,
            },
            Self::Links {
                at,
                lasts,
                per_minute: 1.0,
                gone_s: Dist::Exponential(30.0),
                one_way: false,
            },
            Self::Weather {
                at,
                lasts,
                loss: Loss::Bernoulli(Chance::NEVER),
            },
            Self::ClockStep {
                at,
                fraction,
                by_ms: Dist::Constant(0.0),
            },
            Self::Suspend {
                at,
                fraction,
                for_s: Dist::Exponential(30.0),
            },
            Self::Mtu { at, mtu: 1_280 },
            Self::Disk {
                at,
                lasts,
                fraction,
            },
        ]
    }

    fn word(&self) -> &'static str {
        match self {
            Self::Partition { .. } => "partition",
            Self::Links { .. } => "links",
            Self::Weather { .. } => "weather",
            Self::ClockStep { .. } => "clock-step",
            Self::Suspend { .. } => "suspend",
            Self::Mtu { .. } => "mtu",
            Self::Disk { .. } => "disk",
        }
    }

    fn fields(&mut self, w: &mut impl Walk) {
        match self {
            Self::Partition {
                at,
                lasts,
                side,
                pick,
                one_way,
            } => {
                w.field("at", at);
                w.field("lasts", lasts);
                w.field("side", side);
                w.field("pick", pick);
                w.field("one_way", one_way);
            }
            Self::Links {
                at,
                lasts,
                per_minute,
                gone_s,
                one_way,
            } => {
                w.field("at", at);
                w.field("lasts", lasts);
                w.field("per_minute", per_minute);
                dist(w, "gone", gone_s, Unit::Seconds);
                w.field("one_way", one_way);
            }
            Self::Weather { at, lasts, loss } => {
                w.field("at", at);
                w.field("lasts", lasts);
                w.field("loss", loss);
            }
            Self::ClockStep {
                at,
                fraction,
                by_ms,
            } => {
                w.field("at", at);
                w.field("fraction", fraction);
                dist(w, "by", by_ms, Unit::Millis);
            }
            Self::Suspend {
                at,
                fraction,
                for_s,
            } => {
                w.field("at", at);
                w.field("fraction", fraction);
                dist(w, "lasts", for_s, Unit::Seconds);
            }
            Self::Mtu { at, mtu } => {
                w.field("at", at);
                bytes(w, "mtu", mtu);
            }
            Self::Disk {
                at,
                lasts,
                fraction,
            } => {
                w.field("at", at);
                w.field("lasts", lasts);
                w.field("fraction", fraction);
            }
        }
    }
}

impl Fields for Traffic {
    fn walk(&mut self, w: &mut impl Walk) {
        w.field("class", &mut self.class);
        w.tag(&mut self.pattern);
        self.pattern.fields(w);
        w.field("from", &mut self.from);
        w.option("until", &mut self.until);
        dist(w, "size", &mut self.size, Unit::Bytes);
        w.option("lifetime", &mut self.lifetime);
        w.field("priority", &mut self.priority);
    }
}

impl Tagged for Pattern {
    const KEY: &'static str = "kind";
    const WHAT: &'static str = "traffic";

    fn templates() -> Vec<Self> {
        let per_hour = 6.0;
        vec![
            Self::Uniform { per_hour },
            Self::Conversations {
                pairs: 1,
                per_hour: 60.0,
            },
            Self::Broadcast {
                source: 0,
                per_hour,
            },
            Self::List(Vec::new()),
            Self::Trace {
                file: String::new(),
                speedup: 1.0,
            },
        ]
    }

    fn word(&self) -> &'static str {
        match self {
            Self::Uniform { .. } => "uniform",
            Self::Conversations { .. } => "conversations",
            Self::Broadcast { .. } => "broadcast",
            Self::List(_) => "list",
            Self::Trace { .. } => "trace",
        }
    }

    fn fields(&mut self, w: &mut impl Walk) {
        match self {
            Self::Uniform { per_hour } => w.field("per_hour", per_hour),
            Self::Conversations { pairs, per_hour } => {
                w.field("pairs", pairs);
                w.field("per_hour", per_hour);
            }
            Self::Broadcast { source, per_hour } => {
                w.field("source", source);
                w.field("per_hour", per_hour);
            }
            Self::List(messages) => w.field("messages", messages),
            Self::Trace { file, speedup } => {
                w.need("file", file);
                w.field("speedup", speedup);
            }
        }
    }
}

impl Fields for Adversary {
    fn walk(&mut self, w: &mut impl Walk) {
        w.tag(&mut self.kind);
        self.kind.fields(w);
        w.field("fraction", &mut self.fraction);
        w.field("pick", &mut self.pick);
        w.field("from", &mut self.from);
        w.option("until", &mut self.until);
    }
}

impl Tagged for AdversaryKind {
    const KEY: &'static str = "kind";
    const WHAT: &'static str = "adversary";

    fn templates() -> Vec<Self> {
        let tenth = Chance::from_unit(0.1);
        vec![
            Self::BlackHole,
            Self::Delay(Span::from_secs(5)),
            Self::Replay(tenth),
            Self::Spam(10),
            Self::Corrupt(tenth),
            Self::Lie,
        ]
    }

    fn word(&self) -> &'static str {
        match self {
            Self::BlackHole => "black-hole",
            Self::Delay(_) => "delay",
            Self::Replay(_) => "replay",
            Self::Spam(_) => "spam",
            Self::Corrupt(_) => "corrupt",
            Self::Lie => "lie",
        }
    }

    fn fields(&mut self, w: &mut impl Walk) {
        match self {
            Self::BlackHole | Self::Lie => {}
            Self::Delay(by) => w.field("by", by),
            Self::Replay(chance) | Self::Corrupt(chance) => w.field("chance", chance),
            Self::Spam(per_second) => w.field("per_second", per_second),
        }
    }
}
