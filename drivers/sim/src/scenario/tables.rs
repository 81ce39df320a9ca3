//! Inline tables: structs, and enums whose variant is named by a key beside its fields.

use super::error::{Bad, ScenarioError, did_you_mean};
use super::model::{Bandwidth, ClockModel, Jitter, Latency, Loss, Radio, Shape};
use super::units::{self, Unit};
use super::values::{bytes, dist};
use super::walk::{
    Context, Fields, Item, Printer, Reader, Tagged, Value, Walk, first, pick_template, quote,
    scalar,
};
use crate::draw::Chance;
use crate::time::Span;

type Read<T> = Result<T, ScenarioError>;

/// The table behind a key.
fn table<'a, 'i>(cx: &'a Context<'a>, item: &'a Item<'i>, title: &'a str) -> Read<Reader<'a, 'i>> {
    match item.get_ref().as_table() {
        Some(table) => Ok(Reader::new(cx, table, item.span().start, title)),
        None => {
            let problem = format!(
                "{title} is a table, not of type {}",
                item.get_ref().type_str()
            );
            Err(cx.error(item, Bad::new(problem, "write it in curly brackets")))
        }
    }
}

/// Structs that are inline tables.
macro_rules! inline {
    ($name:ident, $title:literal) => {
        impl Value for $name {
            fn read(cx: &Context<'_>, item: &Item<'_>) -> Read<Self> {
                let mut value = Self::default();
                table(cx, item, $title)?.fill(&mut value)?;
                Ok(value)
            }

            fn show(&mut self) -> String {
                let mut printer = Printer::default();
                self.walk(&mut printer);
                printer.inline()
            }
        }
    };
}

/// A field that is a speed.
fn speed(w: &mut impl Walk, key: &'static str, value: &mut u64) {
    w.with(
        key,
        value,
        false,
        |cx, item| {
            units::read_speed(scalar(cx, item, "a speed")?).map_err(|bad| cx.error(item, bad))
        },
        |n| Some(quote(&units::show_speed(*n))),
    );
}

inline!(Bandwidth, "bandwidth");
inline!(ClockModel, "clock");

impl Fields for Bandwidth {
    fn walk(&mut self, w: &mut impl Walk) {
        speed(w, "up", &mut self.up);
        speed(w, "down", &mut self.down);
        bytes(w, "queue", &mut self.queue);
    }
}

impl Fields for ClockModel {
    fn walk(&mut self, w: &mut impl Walk) {
        dist(w, "offset", &mut self.offset_ms, Unit::Millis);
        dist(w, "drift_ppm", &mut self.drift_ppm, Unit::Plain);
        w.field("without", &mut self.without);
    }
}

/// The radio of EU868: 125 kHz, rate 4/5, 1 % of the time.
fn eu868(sf: u8) -> Radio {
    Radio {
        sf,
        bandwidth: 125_000,
        coding: 5,
        duty: Chance::from_unit(0.01),
    }
}

impl Fields for Radio {
    fn walk(&mut self, w: &mut impl Walk) {
        small(w, "sf", &mut self.sf);
        w.field("bandwidth", &mut self.bandwidth);
        small(w, "coding", &mut self.coding);
        w.field("duty", &mut self.duty);
    }
}

/// A field that is a number up to 255.
fn small(w: &mut impl Walk, key: &'static str, value: &mut u8) {
    w.with(
        key,
        value,
        false,
        |cx, item| {
            u8::try_from(u32::read(cx, item)?)
                .map_err(|_| cx.error(item, Bad::new("this is too much", "write less than 256")))
        },
        |n| Some(n.to_string()),
    );
}

impl Value for Radio {
    fn read(cx: &Context<'_>, item: &Item<'_>) -> Read<Self> {
        if let Some(word) = item.get_ref().as_str() {
            let known = [
                "eu868-sf7",
                "eu868-sf8",
                "eu868-sf9",
                "eu868-sf10",
                "eu868-sf11",
                "eu868-sf12",
            ];
            return match known.iter().zip(7..).find(|(k, _)| **k == word) {
                Some((_, sf)) => Ok(eu868(sf)),
                None => {
                    let problem = format!("there is no radio `{word}`");
                    Err(cx.error(item, Bad::new(problem, did_you_mean(word, known))))
                }
            };
        }
        let mut value = eu868(9);
        table(cx, item, "radio")?.fill(&mut value)?;
        Ok(value)
    }

    fn show(&mut self) -> String {
        let mut printer = Printer::default();
        self.walk(&mut printer);
        printer.inline()
    }
}

/// Reads an enum from an inline table, or from its word alone.
fn read_tagged<T: Tagged>(cx: &Context<'_>, item: &Item<'_>) -> Read<T> {
    struct Whole<T>(T);
    impl<T: Tagged> Fields for Whole<T> {
        fn walk(&mut self, w: &mut impl Walk) {
            w.tag(&mut self.0);
            self.0.fields(w);
        }
    }
    if let Some(word) = item.get_ref().as_str() {
        let mut value: T = pick_template(word).map_err(|bad| cx.error(item, bad))?;
        let mut printer = Printer::default();
        value.fields(&mut printer);
        return match printer.pairs.as_slice() {
            [] => Ok(value),
            [(key, _), ..] => {
                let problem = format!("{} `{word}` has fields", T::WHAT);
                let remedy = format!("write {{ {} = \"{word}\", {key} = .. }}", T::KEY);
                Err(cx.error(item, Bad::new(problem, remedy)))
            }
        };
    }
    let Some(first) = first() else {
        return Err(cx.error(item, Bad::new("this has no form", "leave it out")));
    };
    let mut whole = Whole(first);
    table(cx, item, T::WHAT)?.fill(&mut whole)?;
    Ok(whole.0)
}

/// Its word alone when it has no fields, else an inline table.
fn show_tagged<T: Tagged>(value: &mut T) -> String {
    let mut fields = Printer::default();
    value.fields(&mut fields);
    if fields.pairs.is_empty() {
        return quote(value.word());
    }
    fields.pairs.insert(0, (T::KEY, quote(value.word())));
    fields.inline()
}

impl Value for Shape {
    fn read(cx: &Context<'_>, item: &Item<'_>) -> Read<Self> {
        read_tagged(cx, item)
    }

    fn show(&mut self) -> String {
        show_tagged(self)
    }
}

impl Tagged for Shape {
    const KEY: &'static str = "kind";
    const WHAT: &'static str = "shape";

    fn templates() -> Vec<Self> {
        vec![
            Self::None,
            Self::Line,
            Self::Ring,
            Self::Star,
            Self::Tree { children: 2 },
            Self::Grid { width: 10 },
            Self::Complete,
            Self::Regular { degree: 8 },
            Self::Core {
                relays: 8,
                degree: 4,
                uplinks: 2,
            },
            Self::Pairs(Vec::new()),
            Self::Contacts {
                file: String::new(),
            },
        ]
    }

    fn word(&self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Line => "line",
            Self::Ring => "ring",
            Self::Star => "star",
            Self::Tree { .. } => "tree",
            Self::Grid { .. } => "grid",
            Self::Complete => "complete",
            Self::Regular { .. } => "regular",
            Self::Core { .. } => "core",
            Self::Pairs(_) => "pairs",
            Self::Contacts { .. } => "contacts",
        }
    }

    fn fields(&mut self, w: &mut impl Walk) {
        match self {
            Self::None | Self::Line | Self::Ring | Self::Star | Self::Complete => {}
            Self::Tree { children } => w.field("children", children),
            Self::Grid { width } => w.field("width", width),
            Self::Regular { degree } => w.field("degree", degree),
            Self::Core {
                relays,
                degree,
                uplinks,
            } => {
                w.field("relays", relays);
                w.field("degree", degree);
                w.field("uplinks", uplinks);
            }
            Self::Pairs(links) => w.field("links", links),
            Self::Contacts { file } => w.need("file", file),
        }
    }
}

impl Value for Latency {
    fn read(cx: &Context<'_>, item: &Item<'_>) -> Read<Self> {
        match item.get_ref().is_table() {
            true => read_tagged(cx, item),
            false => Span::read(cx, item).map(Self::Constant),
        }
    }

    fn show(&mut self) -> String {
        match self {
            Self::Constant(delay) => delay.show(),
            Self::Uniform(..)
            | Self::Plane { .. }
            | Self::Coordinates { .. }
            | Self::Matrix { .. } => show_tagged(self),
        }
    }
}

impl Tagged for Latency {
    const KEY: &'static str = "model";
    const WHAT: &'static str = "latency";

    fn templates() -> Vec<Self> {
        let file = String::new();
        vec![
            Self::Constant(Span::from_millis(50)),
            Self::Uniform(Span::from_millis(10), Span::from_millis(150)),
            Self::Plane {
                across: Span::from_millis(150),
                least: Span::from_millis(1),
            },
            Self::Coordinates { file: file.clone() },
            Self::Matrix { file },
        ]
    }

    fn word(&self) -> &'static str {
        match self {
            Self::Constant(_) => "constant",
            Self::Uniform(..) => "uniform",
            Self::Plane { .. } => "plane",
            Self::Coordinates { .. } => "coordinates",
            Self::Matrix { .. } => "matrix",
        }
    }

    fn fields(&mut self, w: &mut impl Walk) {
        match self {
            Self::Constant(delay) => w.field("delay", delay),
            Self::Uniform(from, to) => {
                w.field("from", from);
                w.field("to", to);
            }
            Self::Plane { across, least } => {
                w.field("across", across);
                w.field("least", least);
            }
            Self::Coordinates { file } | Self::Matrix { file } => w.need("file", file),
        }
    }
}

impl Value for Jitter {
    fn read(cx: &Context<'_>, item: &Item<'_>) -> Read<Self> {
        read_tagged(cx, item)
    }

    fn show(&mut self) -> String {
        show_tagged(self)
    }
}

impl Tagged for Jitter {
    const KEY: &'static str = "model";
    const WHAT: &'static str = "jitter";

    fn templates() -> Vec<Self> {
        vec![
            Self::None,
            Self::Uniform(Span::from_millis(5)),
            Self::Lognormal { sigma: 0.1 },
        ]
    }

    fn word(&self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Uniform(_) => "uniform",
            Self::Lognormal { .. } => "lognormal",
        }
    }

    fn fields(&mut self, w: &mut impl Walk) {
        match self {
            Self::None => {}
            Self::Uniform(by) => w.field("by", by),
            Self::Lognormal { sigma } => w.field("sigma", sigma),
        }
    }
}

impl Value for Loss {
    fn read(cx: &Context<'_>, item: &Item<'_>) -> Read<Self> {
        match item.get_ref().is_table() {
            true => read_tagged(cx, item),
            false => Chance::read(cx, item).map(Self::Bernoulli),
        }
    }

    fn show(&mut self) -> String {
        match self {
            Self::Bernoulli(chance) => chance.show(),
            Self::Burst { .. } => show_tagged(self),
        }
    }
}

impl Tagged for Loss {
    const KEY: &'static str = "model";
    const WHAT: &'static str = "loss";

    fn templates() -> Vec<Self> {
        vec![
            Self::Bernoulli(Chance::NEVER),
            Self::Burst {
                good: Chance::from_unit(0.001),
                bad: Chance::from_unit(0.2),
                good_for: Span::from_secs(5),
                bad_for: Span::from_millis(500),
            },
        ]
    }

    fn word(&self) -> &'static str {
        match self {
            Self::Bernoulli(_) => "bernoulli",
            Self::Burst { .. } => "burst",
        }
    }

    fn fields(&mut self, w: &mut impl Walk) {
        match self {
            Self::Bernoulli(chance) => w.field("chance", chance),
            Self::Burst {
                good,
                bad,
                good_for,
                bad_for,
            } => {
                w.field("good", good);
                w.field("bad", bad);
                w.field("good_for", good_for);
                w.field("bad_for", bad_for);
            }
        }
    }
}
