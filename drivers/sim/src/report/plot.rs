//! Plots as SVG, in the page's own colours.

use std::fmt::Write;

use super::stats::{Interval, quantile};

const WIDTH: f64 = 320.0;
const HEIGHT: f64 = 34.0;
const EDGE: f64 = 8.0;

/// From values to places.
struct Scale {
    low: f64,
    high: f64,
}

impl Scale {
    fn of(values: impl Iterator<Item = f64>) -> Self {
        let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
            (low.min(value), high.max(value))
        });
        // One value alone stands in the middle.
        let pad = if high > low {
            0.0
        } else {
            high.abs().max(1.0) * 0.05
        };
        Self {
            low: low - pad,
            high: high + pad,
        }
    }

    fn x(&self, value: f64) -> f64 {
        EDGE + (value - self.low) / (self.high - self.low) * (WIDTH - 2.0 * EDGE)
    }
}

fn line(out: &mut String, class: &str, (x1, y1): (f64, f64), (x2, y2): (f64, f64)) {
    let _never = write!(
        out,
        r#"<line class="{class}" x1="{x1:.1}" y1="{y1:.1}" x2="{x2:.1}" y2="{y2:.1}"/>"#
    );
}

fn svg(label: &str, inner: &str) -> String {
    let label = super::html::escape(label);
    format!(
        r#"<svg class="plot" width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{label}"><title>{label}</title>{inner}</svg>"#
    )
}

/// Values as dots, their box and whiskers, the mean with its interval, and a limit that is asserted.
pub(super) fn strip(
    values: &[f64],
    interval: Option<Interval>,
    limit: Option<f64>,
    label: &str,
) -> String {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let q = |part| quantile(&sorted, part).unwrap_or_default();
    let scale = Scale::of(sorted.iter().copied().chain(limit));
    let mut out = String::new();
    if let Some(limit) = limit {
        let x = scale.x(limit);
        line(&mut out, "limit", (x, 1.0), (x, HEIGHT - 1.0));
    }
    let middle = 13.0;
    line(
        &mut out,
        "whisker",
        (scale.x(q(0.0)), middle),
        (scale.x(q(1.0)), middle),
    );
    let (left, right) = (scale.x(q(0.25)), scale.x(q(0.75)));
    let wide = (right - left).max(1.0);
    let _never = write!(
        out,
        r#"<rect class="box" x="{left:.1}" y="7" width="{wide:.1}" height="12"/>"#
    );
    for (place, value) in values.iter().enumerate() {
        // Neighbours in the order of seeds stand apart, always alike.
        let y = 9.0 + (place * 7 % 9) as f64;
        let x = scale.x(*value);
        let _never = write!(
            out,
            r#"<circle class="dot" cx="{x:.1}" cy="{y:.1}" r="1.6"/>"#
        );
    }
    let x = scale.x(q(0.5));
    line(&mut out, "median", (x, 6.0), (x, 20.0));
    if let Some(interval) = interval {
        mean(&mut out, &scale, &interval, 27.0, "mean");
    }
    svg(label, &out)
}

/// A difference with its interval, and where none would be.
pub(super) fn difference(interval: &Interval, label: &str) -> String {
    let far = interval.low.abs().max(interval.high.abs());
    let far = if far > 0.0 { far } else { 1.0 };
    let scale = Scale {
        low: -far,
        high: far,
    };
    let mut out = String::new();
    let zero = scale.x(0.0);
    line(&mut out, "limit", (zero, 1.0), (zero, HEIGHT - 1.0));
    let class = if interval.excludes_zero() {
        "mean sure"
    } else {
        "mean"
    };
    mean(&mut out, &scale, interval, HEIGHT / 2.0, class);
    svg(label, &out)
}

fn mean(out: &mut String, scale: &Scale, interval: &Interval, y: f64, class: &str) {
    let (left, right) = (scale.x(interval.low), scale.x(interval.high));
    line(out, class, (left, y), (right, y));
    for x in [left, right] {
        line(out, class, (x, y - 3.0), (x, y + 3.0));
    }
    let x = scale.x(interval.mean);
    let _never = write!(
        out,
        r#"<circle class="{class}" cx="{x:.1}" cy="{y:.1}" r="3"/>"#
    );
}

/// A share as a bar.
pub(super) fn share(part: u64, whole: u64) -> String {
    let wide = 120.0 * part as f64 / whole.max(1) as f64;
    format!(
        r#"<svg class="share" width="120" height="8" aria-hidden="true"><rect class="back" width="120" height="8"/><rect class="part" width="{wide:.1}" height="8"/></svg>"#
    )
}
