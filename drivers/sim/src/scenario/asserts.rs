//! The fields of an assertion: exactly one of an invariant, a situation and a metric.

use super::error::{Bad, ScenarioError, did_you_mean};
use super::model::{Assert, Op};
use super::names::{Invariant, Measure, Metric, Situation};
use super::units::{self, Unit};
use super::values::read_spans;
use super::walk::{Context, Fields, Item, Walk, quote, scalar, text};

/// Comparisons as they are written.
const OPS: [(&str, Op); 5] = [
    ("<", Op::Below),
    ("<=", Op::AtMost),
    (">=", Op::AtLeast),
    (">", Op::Above),
    ("==", Op::Equal),
];

impl Op {
    /// As it is written.
    #[must_use]
    pub fn sign(self) -> &'static str {
        OPS.iter()
            .find(|(_, op)| *op == self)
            .map_or("==", |(sign, _)| sign)
    }
}

/// A name of a list, or absent.
fn name(
    w: &mut impl Walk,
    key: &'static str,
    what: &'static str,
    value: &mut Option<String>,
    known: impl Fn() -> Vec<&'static str>,
) {
    w.with(
        key,
        value,
        false,
        |cx, item| {
            let word = text(cx, item, "a name")?;
            if known().contains(&word) {
                return Ok(Some(word.to_owned()));
            }
            let problem = format!("there is no {what} `{word}`");
            Err(cx.error(item, Bad::new(problem, did_you_mean(word, known()))))
        },
        |v| v.as_deref().map(quote),
    );
}

impl Fields for Assert {
    fn walk(&mut self, w: &mut impl Walk) {
        let (mut always, mut sometimes, mut metric) = (None, None, None);
        let (mut class, mut window, mut op, mut value) = (None, None, None, None);
        match self {
            Self::Always(name) => always = Some(name.clone()),
            Self::Sometimes(name) => sometimes = Some(name.clone()),
            Self::Metric {
                metric: name,
                class: c,
                window: win,
                op: o,
                value: v,
            } => {
                metric = Some(name.clone()).filter(|name| !name.is_empty());
                class.clone_from(c);
                window = *win;
                op = Some(*o);
                value = Some(*v).filter(|_| metric.is_some());
            }
        }
        let all = || Invariant::ALL.iter().map(|it| it.name()).collect();
        name(w, "always", "invariant", &mut always, all);
        let all = || Situation::ALL.iter().map(|it| it.name()).collect();
        name(w, "sometimes", "situation", &mut sometimes, all);
        let all = || Metric::ALL.iter().map(|it| it.name()).collect();
        name(w, "metric", "metric", &mut metric, all);
        let measure = metric
            .as_deref()
            .and_then(Metric::from_name)
            .map_or(Measure::Number, Metric::measure);
        w.option("class", &mut class);
        w.with(
            "window",
            &mut window,
            false,
            |cx, item| read_spans(cx, item, "..", "12min..20min").map(Some),
            |window| {
                window.map(|(from, to)| {
                    let (from, to) = (units::show_span(from), units::show_span(to));
                    quote(&format!("{from}..{to}"))
                })
            },
        );
        w.with("op", &mut op, false, read_op, |op| {
            op.map(|op| quote(op.sign()))
        });
        w.with(
            "value",
            &mut value,
            metric.is_some(),
            |cx, item| read_value(cx, item, measure).map(Some),
            |v| v.map(|v| show_value(v, measure)),
        );
        *self = match (always, sometimes, metric) {
            (Some(name), None, None) => Self::Always(name),
            (None, Some(name), None) => Self::Sometimes(name),
            (None, None, Some(metric)) => Self::Metric {
                metric,
                class,
                window,
                op: op.unwrap_or(Op::AtLeast),
                value: value.unwrap_or(0.0),
            },
            _ => {
                w.wrong(Bad::new(
                    "[[assert]] says not exactly one of always, sometimes and metric",
                    "write one of them, and one table per assertion",
                ));
                return;
            }
        };
    }
}

/// `>=`.
fn read_op(cx: &Context<'_>, item: &Item<'_>) -> Result<Option<Op>, ScenarioError> {
    let sign = text(cx, item, "a comparison")?;
    match OPS.iter().find(|(s, _)| *s == sign) {
        Some((_, op)) => Ok(Some(*op)),
        None => Err(cx.error(
            item,
            Bad::new(
                format!("there is no comparison `{sign}`"),
                "it is one of <, <=, >=, >, ==",
            ),
        )),
    }
}

/// What a metric is compared with: `99%`, `2s`, or a number.
fn read_value(cx: &Context<'_>, item: &Item<'_>, m: Measure) -> Result<f64, ScenarioError> {
    let text = scalar(cx, item, "a value")?;
    match m {
        Measure::Ratio => units::read_share(text),
        Measure::Seconds => units::read_number(text, Unit::Seconds),
        Measure::Number => units::read_number(text, Unit::Plain),
    }
    .map_err(|bad| cx.error(item, bad))
}

/// The same, printed.
pub(super) fn show_value(value: f64, measure: Measure) -> String {
    match measure {
        Measure::Ratio => quote(&units::show_share(value)),
        Measure::Seconds => quote(&units::show_number(value, Unit::Seconds)),
        Measure::Number => value.to_string(),
    }
}
