//! A block of eight by eight numbers as frequencies, quantised.

use wide::bytemuck::cast;
use wide::{f32x4, i16x8, i32x4};

/// The left and the right half of eight rows.
pub(super) type Block = [[f32x4; 8]; 2];

/// A block's coefficients: most are 0.
pub(super) struct Coefficients {
    /// Column by column.
    values: [i16; 64],
    /// A bit for each that is not 0, in the order of the zigzag.
    present: u64,
}

impl Coefficients {
    /// The block's mean.
    #[inline(always)]
    pub fn mean(&self) -> i32 {
        let [mean, ..] = self.values;
        i32::from(mean)
    }

    /// A bit for each that is not 0, in the order of the zigzag; the lowest is the mean's.
    #[inline(always)]
    pub fn present(&self) -> u64 {
        self.present
    }

    /// That at a place of the zigzag, below 64.
    #[inline(always)]
    #[allow(clippy::indexing_slicing, reason = "there are 64 places")]
    pub fn at(&self, place: u32) -> i32 {
        let index = BY_COLUMNS[place as usize % 64];
        i32::from(self.values[index as usize % 64])
    }
}

/// The order of coefficients: where each is found, row by row (T.81 figure A.6).
const ZIGZAG: [u8; 64] = [
    0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20,
    13, 6, 7, 14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59,
    52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
];

/// Quantisation of luminance and of chrominance at quality 50 (T.81 tables K.1 and K.2), row by row.
pub(super) const LUMINANCE: [u8; 64] = [
    16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56,
    14, 17, 22, 29, 51, 87, 80, 62, 18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113,
    92, 49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99,
];
pub(super) const CHROMINANCE: [u8; 64] = [
    17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99, 99, 24, 26, 56, 99, 99, 99, 99, 99,
    47, 66, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
    99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
];

/// Steps of the coefficients.
pub(super) struct Steps {
    /// In the order of the zigzag, as the file has them.
    pub zigzag: [u8; 64],
    /// What a transformed block is multiplied by, column by column.
    factors: Block,
    /// The step of the mean.
    mean: f32,
}

/// What the transform leaves each of the eight frequencies multiplied by.
const SCALE: [f32; 8] = [
    1.0,
    1.387_039_8,
    1.306_563,
    1.175_875_6,
    1.0,
    0.785_694_96,
    0.541_196_1,
    0.275_899_38,
];

impl Steps {
    /// Steps for a quality of 50 to 100, of those for 50.
    pub fn new(at_50: &[u8; 64], quality: u8) -> Steps {
        let percent = 200 - 2 * u32::from(quality.clamp(50, 100));
        let step = at_50.map(|step| ((u32::from(step) * percent + 50) / 100).clamp(1, 255) as u8);
        let at = |index: usize| step.get(index).copied().unwrap_or(1);
        let factor = |column: usize, row: usize| {
            let scale = |of: usize| SCALE.get(of).copied().unwrap_or(1.0);
            1.0 / (8.0 * f32::from(at(row * 8 + column)) * scale(row) * scale(column))
        };
        let four = |column: usize, from: usize| {
            f32x4::from([0, 1, 2, 3].map(|row| factor(column, from + row)))
        };
        Steps {
            zigzag: ZIGZAG.map(|index| at(usize::from(index))),
            factors: [0, 4].map(|row| std::array::from_fn(|column| four(column, row))),
            mean: f32::from(at(0)),
        }
    }

    /// The mean's coefficient of a block of one value.
    #[inline(always)]
    pub fn of_one(&self, value: f32) -> i32 {
        whole(f32x4::splat(8.0 * value / self.mean)).to_array()[0]
    }

    /// The coefficients of a block.
    #[inline(always)]
    #[allow(clippy::indexing_slicing, reason = "of 64 places")]
    pub fn coefficients(&self, mut block: Block) -> Coefficients {
        block.iter_mut().for_each(transform_columns);
        let mut turned = transposed(block);
        turned.iter_mut().for_each(transform_columns);
        let ([upper, lower], [upper_factors, lower_factors]) = (turned, &self.factors);
        let columns = upper.into_iter().zip(lower);
        let factors = upper_factors.iter().zip(lower_factors);
        let mut values = [[0i16; 8]; 8];
        let mut nonzero = 0u64;
        for (nth, ((place, (upper, lower)), factors)) in
            values.iter_mut().zip(columns).zip(factors).enumerate()
        {
            let both = [whole(upper * *factors.0), whole(lower * *factors.1)];
            let column = i16x8::from_i32x8_saturate(cast(both));
            let zeros = column.simd_eq(i16x8::splat(0)).to_bitmask();
            nonzero |= u64::from(!zeros as u8) << (8 * nth);
            *place = column.to_array();
        }
        let mut present = 0;
        while nonzero != 0 {
            present |= PLACES[nonzero.trailing_zeros() as usize % 64];
            nonzero &= nonzero - 1;
        }
        Coefficients {
            values: cast(values),
            present,
        }
    }
}

/// [`ZIGZAG`] where columns come one after another.
#[allow(clippy::indexing_slicing, reason = "done by the compiler")]
const BY_COLUMNS: [u8; 64] = {
    let mut order = ZIGZAG;
    let mut nth = 0;
    while nth < 64 {
        order[nth] = (order[nth] % 8) * 8 + order[nth] / 8;
        nth += 1;
    }
    order
};

/// The bit of a coefficient's place in the zigzag, column by column.
#[allow(clippy::indexing_slicing, reason = "done by the compiler")]
const PLACES: [u64; 64] = {
    let mut places = [0; 64];
    let mut nth = 0;
    while nth < 64 {
        places[BY_COLUMNS[nth] as usize] = 1 << nth;
        nth += 1;
    }
    places
};

/// The nearest whole numbers (halves to even) of numbers within ±2^22.
#[inline(always)]
fn whole(value: f32x4) -> i32x4 {
    value.fast_round_int()
}

#[inline(always)]
fn transposed([left, right]: Block) -> Block {
    let quarters =
        |[a, b, c, d, e, f, g, h]: [f32x4; 8]| [[a, b, c, d], [e, f, g, h]].map(f32x4::transpose);
    let ([a, b], [c, d]) = (quarters(left), quarters(right));
    [cast([a, c]), cast([b, d])]
}

/// The cosine transform of eight numbers, of all columns at once: that of Arai, Agui and Nakajima
/// in five multiplications, whose results are multiplied by [`SCALE`].
#[inline(always)]
fn transform_columns(rows: &mut [f32x4; 8]) {
    let times = |value: f32x4, factor: f32| value * f32x4::splat(factor);
    let [x0, x1, x2, x3, x4, x5, x6, x7] = *rows;
    let (s07, d07) = (x0 + x7, x0 - x7);
    let (s16, d16) = (x1 + x6, x1 - x6);
    let (s25, d25) = (x2 + x5, x2 - x5);
    let (s34, d34) = (x3 + x4, x3 - x4);
    // even frequencies
    let (outer, outer_rest) = (s07 + s34, s07 - s34);
    let (inner, inner_rest) = (s16 + s25, s16 - s25);
    let turned = times(inner_rest + outer_rest, std::f32::consts::FRAC_1_SQRT_2);
    // odd frequencies
    let (a, b, c) = (d34 + d25, d25 + d16, d16 + d07);
    let common = times(a - c, 0.382_683_43);
    let a = times(a, 0.541_196_1) + common;
    let c = times(c, 1.306_563) + common;
    let b = times(b, std::f32::consts::FRAC_1_SQRT_2);
    let (plus, minus) = (d07 + b, d07 - b);
    *rows = [
        outer + inner,
        plus + c,
        outer_rest + turned,
        minus - a,
        outer - inner,
        minus + a,
        outer_rest - turned,
        plus - c,
    ];
}
