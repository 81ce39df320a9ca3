//! What stands on the right of a key: numbers with units, words and lists.

use toml::de::DeValue;

use super::error::{Bad, ScenarioError, did_you_mean};
use super::model::{Dist, Nat, Pick, Priority, Size, SuiteKind, Transport};
use super::units::{self, Unit};
use super::walk::{Context, Item, Value, Walk, quote, scalar, text};
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
