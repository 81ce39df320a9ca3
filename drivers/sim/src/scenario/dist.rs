//! Real numbers drawn from distributions: by the inverse of the cumulative distribution, one draw per
//! number, with logarithms of `libm`, so that every machine draws the same bits.

use super::model::Dist;
use crate::draw::Stream;
use crate::time::Span;

impl Dist {
    /// The number below which the share `p` of all are; `p` is in 0..1.
    #[must_use]
    pub fn quantile(&self, p: f64) -> f64 {
        match *self {
            Self::Constant(a) => a,
            Self::Uniform(a, b) => a + (b - a) * p,
            Self::Normal(mean, deviation) => mean + deviation * normal_quantile(p),
            Self::Exponential(mean) => mean * -libm::log1p(-p),
            Self::Lognormal(median, sigma) => median * libm::exp(sigma * normal_quantile(p)),
            Self::Weibull(scale, shape) => scale * libm::pow(-libm::log1p(-p), 1.0 / shape),
        }
    }

    /// The mean of all.
    #[must_use]
    pub fn mean(&self) -> f64 {
        match *self {
            Self::Constant(a) | Self::Normal(a, _) | Self::Exponential(a) => a,
            Self::Uniform(a, b) => (a + b) / 2.0,
            Self::Lognormal(median, sigma) => median * libm::exp(sigma * sigma / 2.0),
            Self::Weibull(scale, shape) => scale * libm::tgamma(1.0 + 1.0 / shape),
        }
    }

    /// One number.
    pub fn sample(&self, stream: &mut Stream) -> f64 {
        // A draw in any case: another distribution shifts no later draw.
        let p = stream.unit();
        self.quantile(p)
    }

    /// One length of time, of a distribution in seconds; negative ones are none.
    pub fn sample_span(&self, stream: &mut Stream) -> Span {
        span_of_seconds(self.sample(stream))
    }
}

/// Whole microseconds, so that what is drawn prints short; saturates.
#[must_use]
pub fn span_of_seconds(seconds: f64) -> Span {
    Span::from_micros(libm::round(seconds.max(0.0) * 1e6) as u64)
}

/// The inverse of the standard normal distribution, by Wichura's algorithm AS 241 (PPND16): 16 digits.
#[must_use]
pub fn normal_quantile(p: f64) -> f64 {
    // A draw of 53 bits can be 0: the tail ends half a step before.
    let p = p.clamp(5.5e-17, 1.0 - 1.2e-16);
    let q = p - 0.5;
    if q.abs() <= 0.425 {
        let r = 0.180_625 - q * q;
        return q * ratio(r, &MIDDLE);
    }
    let r = libm::sqrt(-libm::log(if q < 0.0 { p } else { 1.0 - p }));
    let far = if r <= 5.0 {
        ratio(r - 1.6, &FLANK)
    } else {
        ratio(r - 5.0, &TAIL)
    };
    if q < 0.0 { -far } else { far }
}

/// A quotient of two polynomials of degree 7, lowest coefficients first.
type Ratio = ([f64; 8], [f64; 8]);

fn ratio(r: f64, (above, below): &Ratio) -> f64 {
    let horner = |c: &[f64; 8]| c.iter().rev().fold(0.0, |sum, c| sum * r + c);
    horner(above) / horner(below)
}

const MIDDLE: Ratio = (
    [
        3.387_132_872_796_366_6,
        1.331_416_678_917_843_8e2,
        1.971_590_950_306_551_3e3,
        1.373_169_376_550_946e4,
        4.592_195_393_154_987e4,
        6.726_577_092_700_87e4,
        3.343_057_558_358_813e4,
        2.509_080_928_730_122_7e3,
    ],
    [
        1.0,
        4.231_333_070_160_091e1,
        6.871_870_074_920_579e2,
        5.394_196_021_424_751e3,
        2.121_379_430_158_659_7e4,
        3.930_789_580_009_271e4,
        2.872_908_573_572_194_3e4,
        5.226_495_278_852_545e3,
    ],
);
const FLANK: Ratio = (
    [
        1.423_437_110_749_683_5,
        4.630_337_846_156_546,
        5.769_497_221_460_691,
        3.647_848_324_763_204_5,
        1.270_458_252_452_368_4,
        2.417_807_251_774_506e-1,
        2.272_384_498_926_918_4e-2,
        7.745_450_142_783_414e-4,
    ],
    [
        1.0,
        2.053_191_626_637_759,
        1.676_384_830_183_803_8,
        6.897_673_349_851e-1,
        1.481_039_764_274_800_8e-1,
        1.519_866_656_361_645_7e-2,
        5.475_938_084_995_345e-4,
        1.050_750_071_644_416_9e-9,
    ],
);
const TAIL: Ratio = (
    [
        6.657_904_643_501_103,
        5.463_784_911_164_114,
        1.784_826_539_917_291_3,
        2.965_605_718_285_048_7e-1,
        2.653_218_952_657_612_4e-2,
        1.242_660_947_388_078_4e-3,
        2.711_555_568_743_487_6e-5,
        2.010_334_399_292_288_1e-7,
    ],
    [
        1.0,
        5.998_322_065_558_88e-1,
        1.369_298_809_227_358e-1,
        1.487_536_129_085_061_5e-2,
        7.868_691_311_456_133e-4,
        1.846_318_317_510_054_7e-5,
        1.421_511_758_316_446e-7,
        2.044_263_103_389_939_8e-15,
    ],
);
