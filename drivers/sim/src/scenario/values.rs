//! What stands on the right of a key: numbers with units, words, lists and inline tables.

use toml::de::DeValue;

use super::error::{Bad, ScenarioError, did_you_mean};
use super::model::{
    Bandwidth, ClockModel, Dist, Jitter, Latency, Loss, Nat, Pick, Priority, Radio, Shape, Size,
    SuiteKind, Transport,
};
use super::units::{self, Unit};
use super::walk::{
    Context, Fields, Item, Printer, Reader, Tagged, Value, Walk, first, pick_template, quote,
    scalar, text,
};
use crate::draw::Chance;
use crate::time::Span;

type Read<T> = Result<T, ScenarioError>;

impl Value for Span {
    fn read(cx: &Context<'_>, item: &Item<'_>) -> Read<Self> {
        let text = scalar(cx, item, "a length of time")?;
        units::read_span(text).map_err(|bad| cx.error(item, bad))
    }

    fn show(&mut self) -> String {
        quote(&units::show_span(*self))
    }
}

impl Value for Chance {
    fn read(cx: &Context<'_>, item: &Item<'_>) -> Read<Self> {
        let text = scalar(cx, item, "a share or a chance")?;
        let p = units::read_share(text).map_err(|bad| cx.error(item, bad))?;
        Ok(Self::from_unit(p))
    }

    fn show(&mut self) -> String {
        quote(&units::show_chance(*self))
    }
}

impl Value for String {
    fn read(cx: &Context<'_>, item: &Item<'_>) -> Read<Self> {
        text(cx, item, "a text").map(str::to_owned)
    }

    fn show(&mut self) -> String {
        quote(self)
    }
}

impl Value for bool {
    fn read(cx: &Context<'_>, item: &Item<'_>) -> Read<Self> {
        item.get_ref().as_bool().ok_or_else(|| {
            let found = item.get_ref().type_str();
            let problem = format!("this is a yes or no, not of type {found}");
            cx.error(item, Bad::new(problem, "write true or false"))
        })
    }

    fn show(&mut self) -> String {
        self.to_string()
    }
}

impl Value for u32 {
    fn read(cx: &Context<'_>, item: &Item<'_>) -> Read<Self> {
        let bad = |problem: String| {
            cx.error(
                item,
                Bad::new(problem, "write a whole number of 0 to 4294967295"),
            )
        };
        match item.get_ref() {
            DeValue::Integer(n) => Self::from_str_radix(n.as_str(), n.radix())
                .map_err(|_| bad(format!("`{}` is out of range", n.as_str()))),
            other @ (DeValue::String(_)
            | DeValue::Float(_)
            | DeValue::Boolean(_)
            | DeValue::Datetime(_)
            | DeValue::Array(_)
            | DeValue::Table(_)) => Err(bad(format!(
                "this is a number, not of type {}",
                other.type_str()
            ))),
        }
    }

    fn show(&mut self) -> String {
        self.to_string()
    }
}

impl Value for f64 {
    fn read(cx: &Context<'_>, item: &Item<'_>) -> Read<Self> {
        let text = scalar(cx, item, "a number")?;
        units::read_number(text, Unit::Plain).map_err(|bad| cx.error(item, bad))
    }

    fn show(&mut self) -> String {
        self.to_string()
    }
}

/// The elements of a list of exactly `N`.
fn tuple<'i, 'd, const N: usize>(
    cx: &Context<'_>,
    item: &'i Item<'d>,
    form: &str,
) -> Read<[&'i Item<'d>; N]> {
    item.get_ref()
        .as_array()
        .map(|array| array.iter().collect::<Vec<_>>())
        .and_then(|items| items.try_into().ok())
        .ok_or_else(|| {
            let remedy = format!("write it as `{form}`");
            cx.error(item, Bad::new("this entry has another form", remedy))
        })
}

impl Value for (u32, u32) {
    fn read(cx: &Context<'_>, item: &Item<'_>) -> Read<Self> {
        let [a, b] = tuple(cx, item, "[0, 5]")?;
        Ok((u32::read(cx, a)?, u32::read(cx, b)?))
    }

    fn show(&mut self) -> String {
        format!("[{}, {}]", self.0, self.1)
    }
}

impl Value for (Span, u32, u32) {
    fn read(cx: &Context<'_>, item: &Item<'_>) -> Read<Self> {
        let [at, a, b] = tuple(cx, item, "[\"10s\", 0, 5]")?;
        Ok((Span::read(cx, at)?, u32::read(cx, a)?, u32::read(cx, b)?))
    }

    fn show(&mut self) -> String {
        format!("[{}, {}, {}]", self.0.show(), self.1, self.2)
    }
}

impl<T: Value> Value for Vec<T> {
    fn read(cx: &Context<'_>, item: &Item<'_>) -> Read<Self> {
        let Some(array) = item.get_ref().as_array() else {
            let found = item.get_ref().type_str();
            let problem = format!("this is a list, not of type {found}");
            return Err(cx.error(item, Bad::new(problem, "write it in square brackets")));
        };
        array.iter().map(|item| T::read(cx, item)).collect()
    }

    fn show(&mut self) -> String {
        let items: Vec<_> = self.iter_mut().map(Value::show).collect();
        format!("[{}]", items.join(", "))
    }
}

/// Two spans around a mark: `30s/5min`, `12min..20min`.
pub(super) fn read_spans(
    cx: &Context<'_>,
    item: &Item<'_>,
    mark: &str,
    form: &str,
) -> Read<(Span, Span)> {
    let text = text(cx, item, "two lengths of time")?;
    let Some((a, b)) = text.split_once(mark) else {
        let problem = format!("`{text}` is not two lengths of time");
        return Err(cx.error(item, Bad::new(problem, format!("write it as `{form}`"))));
    };
    let read = |s: &str| units::read_span(s).map_err(|bad| cx.error(item, bad));
    Ok((read(a)?, read(b)?))
}

impl Value for Pick {
    fn read(cx: &Context<'_>, item: &Item<'_>) -> Read<Self> {
        if item.get_ref().is_array() {
            return Value::read(cx, item).map(Self::Nodes);
        }
        let word = text(cx, item, "a choice of nodes")?;
        match (word, word.split_once(':')) {
            ("uniform", _) => Ok(Self::Uniform),
            ("by-degree", _) => Ok(Self::ByDegree),
            (_, Some(("class", class))) => Ok(Self::Class(class.to_owned())),
            _ => {
                let remedy = did_you_mean(word, ["uniform", "by-degree", "class:phone", "[0, 1]"]);
                let problem = format!("there is no choice of nodes `{word}`");
                Err(cx.error(item, Bad::new(problem, remedy)))
            }
        }
    }

    fn show(&mut self) -> String {
        match self {
            Self::Uniform => quote("uniform"),
            Self::ByDegree => quote("by-degree"),
            Self::Class(class) => quote(&format!("class:{class}")),
            Self::Nodes(nodes) => nodes.show(),
        }
    }
}

/// A field that is a distribution in a unit.
pub(super) fn dist(w: &mut impl Walk, key: &'static str, value: &mut Dist, unit: Unit) {
    w.with(
        key,
        value,
        false,
        |cx, item| {
            let text = scalar(cx, item, "a distribution")?;
            units::read_dist(text, unit).map_err(|bad| cx.error(item, bad))
        },
        |d| Some(quote(&units::show_dist(d, unit))),
    );
}

/// A field that is a number of bytes.
pub(super) fn bytes(w: &mut impl Walk, key: &'static str, value: &mut u32) {
    w.with(
        key,
        value,
        false,
        |cx, item| match item.get_ref().is_integer() {
            true => u32::read(cx, item),
            false => units::read_bytes(scalar(cx, item, "a number of bytes")?)
                .map_err(|bad| cx.error(item, bad)),
        },
        |n| Some(quote(&units::show_bytes(*n))),
    );
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

/// Enums without fields: their words.
macro_rules! words {
    ($name:ident, $what:literal, $($variant:ident = $word:literal),+ $(,)?) => {
        impl Value for $name {
            fn read(cx: &Context<'_>, item: &Item<'_>) -> Read<Self> {
                let word = text(cx, item, concat!("a ", $what))?;
                match word {
                    $($word => Ok(Self::$variant),)+
                    _ => {
                        let problem = format!(concat!("there is no ", $what, " `{}`"), word);
                        let bad = Bad::new(problem, did_you_mean(word, [$($word),+]));
                        Err(cx.error(item, bad))
                    }
                }
            }

            fn show(&mut self) -> String {
                quote(match self { $(Self::$variant => $word,)+ })
            }
        }
    };
}

words!(
    SuiteKind,
    "suite",
    Real = "real",
    RealMemo = "real-memo",
    SimFast = "sim-fast"
);
words!(
    Transport,
    "transport",
    Quic = "quic",
    Noise = "noise",
    Cable = "cable",
    Radio = "radio",
);
words!(
    Size,
    "size",
    Server = "server",
    Desktop = "desktop",
    Phone = "phone",
    Mcu = "mcu",
    SimFull = "sim-full",
    SimLight = "sim-light",
    Starved = "starved",
);
words!(
    Nat,
    "NAT",
    None = "none",
    FullCone = "full-cone",
    Restricted = "restricted",
    PortRestricted = "port-restricted",
    Symmetric = "symmetric",
    Cgnat = "cgnat",
    Blocked = "blocked",
);
words!(
    Priority,
    "priority",
    Control = "control",
    Interactive = "interactive",
    Normal = "normal",
    Bulk = "bulk",
);

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
