//! Numbers with units as scenarios write them, both ways: `250ms`, `30%`, `2KiB`, `10Mbit/s`,
//! `weibull(200min,0.6)`. What is printed reads back as the same bits.

use crate::draw::Chance;
use crate::scenario::error::Bad;
use crate::scenario::model::Dist;
use crate::time::Span;

/// The unit a number of a distribution is kept in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    /// Seconds.
    Seconds,
    /// Milliseconds.
    Millis,
    /// Bytes.
    Bytes,
    /// None.
    Plain,
}

/// Units of time and their nanoseconds, the longest first.
const TIMES: [(&str, u64); 7] = [
    ("d", 86_400_000_000_000),
    ("h", 3_600_000_000_000),
    ("min", 60_000_000_000),
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
    ("us", 1_000),
    ("ns", 1),
];
/// Units of length and their bytes, the longest first.
const SIZES: [(&str, u64); 5] = [
    ("MiB", 1 << 20),
    ("MB", 1_000_000),
    ("KiB", 1 << 10),
    ("kB", 1_000),
    ("B", 1),
];
/// Units of speed and their bits per second, the highest first.
const SPEEDS: [(&str, u64); 4] = [
    ("Gbit/s", 1_000_000_000),
    ("Mbit/s", 1_000_000),
    ("kbit/s", 1_000),
    ("bit/s", 1),
];
const TIME_REMEDY: &str = "write a number and one of ns, us, ms, s, min, h, d, such as `250ms`";
const SIZE_REMEDY: &str = "write a number and one of B, kB, KiB, MB, MiB, such as `2KiB`";
const SPEED_REMEDY: &str =
    "write a number and one of bit/s, kbit/s, Mbit/s, Gbit/s, such as `10Mbit/s`, or `unlimited`";

/// Splits `250ms` into `250` and `ms`.
fn split(text: &str) -> (&str, &str) {
    let text = text.trim();
    let end = text
        .char_indices()
        .find(|(_, c)| !matches!(c, '0'..='9' | '.' | '-' | '+' | '_'))
        .map_or(text.len(), |(at, _)| at);
    let (number, unit) = text.split_at(end);
    (number, unit.trim())
}

/// A decimal number times a unit, exactly.
fn whole(text: &str, units: &[(&str, u64)], remedy: &str) -> Result<u64, Bad> {
    let (number, unit) = split(text);
    if unit.is_empty() && !number.is_empty() {
        return Err(Bad::new(format!("`{text}` has no unit"), remedy));
    }
    let Some((_, scale)) = units.iter().find(|(name, _)| *name == unit) else {
        return Err(Bad::new(
            format!("`{text}` has an unknown unit or is no number"),
            remedy,
        ));
    };
    let number = number.replace('_', "");
    let (int, frac) = number.split_once('.').unwrap_or((&number, ""));
    let wrong = || Bad::new(format!("`{text}` is no number with a unit"), remedy);
    let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit()) && s.len() <= 30;
    if number.starts_with('-') {
        return Err(Bad::new(format!("`{text}` is negative"), "write 0 or more"));
    }
    if int.is_empty() || !digits(int) || !digits(frac) {
        return Err(wrong());
    }
    let much = || Bad::new(format!("`{text}` is too much"), "write less");
    let scale = u128::from(*scale);
    let int: u128 = int.parse().map_err(|_| wrong())?;
    let mut sum = int.checked_mul(scale).ok_or_else(much)?;
    if !frac.is_empty() {
        let part: u128 = frac.parse().map_err(|_| wrong())?;
        let tens = 10_u128.checked_pow(frac.len() as u32).ok_or_else(wrong)?;
        sum = sum
            .checked_add(part.checked_mul(scale).ok_or_else(wrong)? / tens)
            .ok_or_else(much)?;
    }
    u64::try_from(sum).map_err(|_| much())
}

/// The largest unit that divides the number.
fn show_whole(n: u64, units: &[(&str, u64)], zero: &str) -> String {
    for (unit, scale) in units {
        if n != 0 && n.is_multiple_of(*scale) {
            return format!("{}{unit}", n / scale);
        }
    }
    format!("0{zero}")
}

/// `250ms`.
pub(crate) fn read_span(text: &str) -> Result<Span, Bad> {
    whole(text, &TIMES, TIME_REMEDY).map(Span)
}

/// `250ms`.
pub(crate) fn show_span(span: Span) -> String {
    show_whole(span.0, &TIMES, "s")
}

/// `2KiB`.
pub(crate) fn read_bytes(text: &str) -> Result<u32, Bad> {
    let n = whole(text, &SIZES, SIZE_REMEDY)?;
    u32::try_from(n).map_err(|_| Bad::new(format!("`{text}` is too much"), "write less than 4 GiB"))
}

/// `2KiB`.
pub(crate) fn show_bytes(n: u32) -> String {
    let units = [("MiB", 1 << 20), ("KiB", 1 << 10), ("B", 1)];
    show_whole(u64::from(n), &units, "B")
}

/// `10Mbit/s`; 0 is `unlimited`.
pub(crate) fn read_speed(text: &str) -> Result<u64, Bad> {
    if text == "unlimited" {
        return Ok(0);
    }
    match whole(text, &SPEEDS, SPEED_REMEDY)? {
        0 => Err(Bad::new(
            "a link of no bits per second carries nothing",
            SPEED_REMEDY,
        )),
        n => Ok(n),
    }
}

/// `10Mbit/s`; 0 is `unlimited`.
pub(crate) fn show_speed(n: u64) -> String {
    if n == 0 {
        return "unlimited".to_owned();
    }
    show_whole(n, &SPEEDS, "bit/s")
}

/// `30%` or `0.3`, as a number in 0..=1.
pub(crate) fn read_share(text: &str) -> Result<f64, Bad> {
    let remedy = "write `0%` to `100%`, or 0.0 to 1.0";
    let trimmed = text.trim();
    let value = match trimmed.strip_suffix('%') {
        Some(percent) => percent.trim().parse::<f64>().map(|p| p / 100.0),
        None => trimmed.parse::<f64>(),
    };
    match value {
        Ok(p) if (0.0..=1.0).contains(&p) => Ok(p),
        Ok(_) => Err(Bad::new(
            format!("`{text}` is outside what a share or a chance can be"),
            remedy,
        )),
        Err(_) => Err(Bad::new(
            format!("`{text}` is no share and no chance"),
            remedy,
        )),
    }
}

/// Percent with as few digits as give the same again, judged by `same`.
fn percent(p: f64, same: impl Fn(f64) -> bool) -> Option<String> {
    for digits in 0..=12 {
        let mut text = format!("{:.digits$}", p * 100.0);
        if text.contains('.') {
            text.truncate(text.trim_end_matches('0').trim_end_matches('.').len());
        }
        text.push('%');
        if read_share(&text).is_ok_and(&same) {
            return Some(text);
        }
    }
    None
}

/// `30%`, or a bare number when no short percentage is the same.
pub(crate) fn show_share(p: f64) -> String {
    percent(p, |q| q.to_bits() == p.to_bits()).unwrap_or_else(|| p.to_string())
}

/// `30%`.
pub(crate) fn show_chance(chance: Chance) -> String {
    let p = chance.as_unit();
    percent(p, |q| Chance::from_unit(q) == chance).unwrap_or_else(|| p.to_string())
}

/// Names of units with the factor and the divisor to the unit numbers are kept in.
fn scales(unit: Unit) -> &'static [(&'static str, f64, f64)] {
    match unit {
        Unit::Seconds => &[
            ("d", 86_400.0, 1.0),
            ("h", 3_600.0, 1.0),
            ("min", 60.0, 1.0),
            ("s", 1.0, 1.0),
            ("ms", 1.0, 1e3),
            ("us", 1.0, 1e6),
        ],
        Unit::Millis => &[
            ("d", 86_400_000.0, 1.0),
            ("h", 3_600_000.0, 1.0),
            ("min", 60_000.0, 1.0),
            ("s", 1_000.0, 1.0),
            ("ms", 1.0, 1.0),
            ("us", 1.0, 1e3),
        ],
        Unit::Bytes => &[
            ("MiB", 1_048_576.0, 1.0),
            ("MB", 1e6, 1.0),
            ("KiB", 1_024.0, 1.0),
            ("kB", 1e3, 1.0),
            ("B", 1.0, 1.0),
        ],
        Unit::Plain => &[("", 1.0, 1.0)],
    }
}

/// The unit numbers are kept in, as it is written.
fn base(unit: Unit) -> &'static str {
    match unit {
        Unit::Seconds => "s",
        Unit::Millis => "ms",
        Unit::Bytes => "B",
        Unit::Plain => "",
    }
}

/// A real number with a unit.
pub(crate) fn read_number(text: &str, unit: Unit) -> Result<f64, Bad> {
    let remedy = match unit {
        Unit::Seconds | Unit::Millis => TIME_REMEDY,
        Unit::Bytes => SIZE_REMEDY,
        Unit::Plain => "write a number such as `0.6`",
    };
    let (number, name) = split(text);
    if name.is_empty() && unit != Unit::Plain {
        return Err(Bad::new(format!("`{}` has no unit", text.trim()), remedy));
    }
    let Some((_, factor, divisor)) = scales(unit).iter().find(|(n, _, _)| *n == name) else {
        return Err(Bad::new(
            format!("`{}` has an unknown unit", text.trim()),
            remedy,
        ));
    };
    match number.replace('_', "").parse::<f64>() {
        Ok(n) if n.is_finite() => Ok(n * factor / divisor),
        _ => Err(Bad::new(format!("`{}` is no number", text.trim()), remedy)),
    }
}

/// A real number with the largest unit in which it is whole, or else with the one it is kept in.
pub(crate) fn show_number(n: f64, unit: Unit) -> String {
    for (name, factor, divisor) in scales(unit) {
        if name.starts_with('M') && name.len() == 2 || *name == "kB" {
            continue;
        }
        let count = n * divisor / factor;
        let text = format!("{count}{name}");
        if count.abs() >= 1.0
            && count.fract() == 0.0
            && read_number(&text, unit).is_ok_and(|back| back.to_bits() == n.to_bits())
        {
            return text;
        }
    }
    format!("{n}{}", base(unit))
}

const DISTS: [&str; 6] = [
    "constant",
    "uniform",
    "normal",
    "exp",
    "lognormal",
    "weibull",
];

/// `weibull(200min,0.6)`; a bare value is constant.
pub(crate) fn read_dist(text: &str, unit: Unit) -> Result<Dist, Bad> {
    let text = text.trim();
    let Some((name, rest)) = text.split_once('(') else {
        return read_number(text, unit).map(Dist::Constant);
    };
    let name = name.trim();
    let Some(inside) = rest.strip_suffix(')') else {
        return Err(Bad::new(
            format!("`{text}` has no closing bracket"),
            "write it as `weibull(200min,0.6)`",
        ));
    };
    let args: Vec<&str> = inside.split(',').collect();
    let two = |second: Unit| match args.as_slice() {
        [a, b] => Ok((read_number(a, unit)?, read_number(b, second)?)),
        _ => Err(Bad::new(
            format!("`{name}` takes two numbers, not {}", args.len()),
            format!("write `{name}(.., ..)`"),
        )),
    };
    let one = || match args.as_slice() {
        [a] => read_number(a, unit),
        _ => Err(Bad::new(
            format!("`{name}` takes one number, not {}", args.len()),
            format!("write `{name}(..)`"),
        )),
    };
    Ok(match name {
        "constant" => Dist::Constant(one()?),
        "uniform" => two(unit).map(|(a, b)| Dist::Uniform(a, b))?,
        "normal" => two(unit).map(|(a, b)| Dist::Normal(a, b))?,
        "exp" => Dist::Exponential(one()?),
        "lognormal" => two(Unit::Plain).map(|(a, b)| Dist::Lognormal(a, b))?,
        "weibull" => two(Unit::Plain).map(|(a, b)| Dist::Weibull(a, b))?,
        _ => {
            return Err(Bad::new(
                format!("there is no distribution `{name}`"),
                super::error::did_you_mean(name, DISTS),
            ));
        }
    })
}

/// `weibull(200min,0.6)`; a constant is a bare value.
pub(crate) fn show_dist(dist: &Dist, unit: Unit) -> String {
    let n = |n: f64| show_number(n, unit);
    match *dist {
        Dist::Constant(a) => n(a),
        Dist::Uniform(a, b) => format!("uniform({},{})", n(a), n(b)),
        Dist::Normal(a, b) => format!("normal({},{})", n(a), n(b)),
        Dist::Exponential(a) => format!("exp({})", n(a)),
        Dist::Lognormal(a, b) => format!("lognormal({},{b})", n(a)),
        Dist::Weibull(a, b) => format!("weibull({},{b})", n(a)),
    }
}
