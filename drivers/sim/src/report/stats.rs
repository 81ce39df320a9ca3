//! Means, quantiles, bootstrap intervals.

use crate::draw::Stream;

/// How often a sample is drawn again.
const RESAMPLES: usize = 2_000;

/// A mean and the range it lies in with 95 % confidence.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// The mean.
    pub mean: f64,
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

impl Interval {
    /// Whether 0 is outside: as a difference, it is one.
    #[must_use]
    pub fn excludes_zero(&self) -> bool {
        self.low > 0.0 || self.high < 0.0
    }
}

/// The mean; none of nothing.
#[must_use]
pub fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// The quantile `q` in 0..=1 of sorted values, between two of them by their distance; none of nothing.
#[must_use]
pub fn quantile(sorted: &[f64], q: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    let at = q.clamp(0.0, 1.0) * last as f64;
    let below = *sorted.get(at as usize)?;
    let above = *sorted.get((at as usize + 1).min(last))?;
    Some(below + (above - below) * (at - at.floor()))
}

/// The mean with its percentile bootstrap interval: the same for the same values and name on every
/// machine. None of fewer than two values.
#[must_use]
pub fn bootstrap(values: &[f64], name: &str) -> Option<Interval> {
    let mean_of_all = mean(values).filter(|_| values.len() > 1)?;
    let mut stream = Stream::new(0, &format!("bootstrap {name}"));
    let count = values.len() as u64;
    let mut means: Vec<f64> = (0..RESAMPLES)
        .map(|_| {
            let sum: f64 = (0..count)
                .filter_map(|_| values.get(stream.below(count) as usize))
                .sum();
            sum / count as f64
        })
        .collect();
    means.sort_by(f64::total_cmp);
    Some(Interval {
        mean: mean_of_all,
        low: quantile(&means, 0.025)?,
        high: quantile(&means, 0.975)?,
    })
}
