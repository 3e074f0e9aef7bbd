//! Positions in 1/256 pixel, as integers: drawing is a function of differences between them,
//! so a map cut anywhere at whole pixels has bit-equal pixels.

use crate::geom::{Coord, View};

/// A position in units of 1/256 px: x to the right, y down, from the view's upper left corner.
pub type Fixed = [i64; 2];

/// Units in a pixel.
pub const UNIT: i64 = 256;
/// `log2(UNIT)`.
pub const UNIT_BITS: u32 = 8;

/// Adding it to a number below 2^51 leaves the nearest integer in the low bits: `f64::round` is
/// a library call on x86-64 without SSE 4.1, this is one addition.
const MAGIC: f64 = 6_755_399_441_055_744.0; // 1.5 * 2^52
const MAGIC_BITS: i64 = MAGIC.to_bits() as i64;

/// The nearest integer (halves to even) of a number within ±2^51.
#[inline(always)]
pub(super) fn round(value: f64) -> i64 {
    ((value + MAGIC).to_bits() as i64).wrapping_sub(MAGIC_BITS)
}

/// Pixels to units.
pub(super) fn units(px: f64) -> i64 {
    round(px.clamp(-1e9, 1e9) * UNIT as f64)
}

/// Beyond this (in units, from the world's origin) positions are moved to the border.
const LIMIT: f64 = 1_125_899_906_842_624.0; // 2^50
/// The same for positions relative to the view: 2^42 units are 17 thousand million pixels.
const LOCAL_LIMIT: i64 = 1 << 42;

/// A world position of the view's CRS to a fixed position.
///
/// Positions are rounded on one grid for the whole world, not from the view's corner: so two
/// views that are whole pixels apart round every vertex alike. The tie is moved off the half,
/// because round coordinates on round resolutions lie on halves and the noise of a division
/// would decide.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Grid {
    scale: [f64; 2],
    origin: Fixed,
}

const TIE: f64 = 0.028_3;
/// Resolutions of cuts of one map differ in the last bits, as they come out of divisions.
const SCALE_BITS: u32 = 31;

impl Grid {
    pub fn new(view: &View) -> Grid {
        let scale = [
            few_bits(UNIT as f64 / view.resolution_x()),
            -few_bits(UNIT as f64 / view.resolution_y()),
        ];
        let unplaced = Grid {
            scale,
            origin: [0, 0],
        };
        let corner = [view.bbox.min_x, view.bbox.max_y];
        Grid {
            scale,
            origin: unplaced.global(corner).unwrap_or([0, 0]),
        }
    }

    /// The column and row, on the world's pixel grid, of the view's upper left pixel: the phase
    /// of patterns.
    pub fn origin_px(&self) -> [i64; 2] {
        // off the half as well: a view's corner lies on a pixel's corner or its middle
        self.origin.map(|o| (o + 100) >> UNIT_BITS)
    }

    /// `None` where a coordinate is not a number.
    #[inline]
    pub fn position(&self, coord: Coord) -> Option<Fixed> {
        let [x, y] = self.global(coord)?;
        let [ox, oy] = self.origin;
        Some([
            (x - ox).clamp(-LOCAL_LIMIT, LOCAL_LIMIT),
            (y - oy).clamp(-LOCAL_LIMIT, LOCAL_LIMIT),
        ])
    }

    #[inline]
    fn global(&self, [x, y]: Coord) -> Option<Fixed> {
        let (mut x, mut y) = (x * self.scale[0] + TIE, y * self.scale[1] + TIE);
        if !(x.abs() < LIMIT && y.abs() < LIMIT) {
            if x.is_nan() || y.is_nan() {
                return None;
            }
            (x, y) = (x.clamp(-LIMIT, LIMIT), y.clamp(-LIMIT, LIMIT));
        }
        Some([round(x), round(y)])
    }
}

/// The number with its mantissa rounded to [`SCALE_BITS`] bits; 1 where it is no use as a scale.
fn few_bits(value: f64) -> f64 {
    if !value.is_normal() {
        return 1.0;
    }
    let drop = 53 - SCALE_BITS;
    let half = 1u64 << (drop - 1);
    let bits = value.to_bits().saturating_add(half) & !((1u64 << drop) - 1);
    let rounded = f64::from_bits(bits);
    if rounded.is_normal() { rounded } else { value }
}

/// Sine and cosine of degrees, of additions and multiplications only: the same bits on every
/// machine, exact at multiples of 90.
pub(super) fn sin_cos_degrees(degrees: f64) -> (f64, f64) {
    // most are not turned at all
    if !degrees.is_finite() || degrees.abs() < f64::MIN_POSITIVE {
        return (0.0, 1.0);
    }
    let turned = degrees % 360.0;
    let quarter = round(turned / 90.0);
    let x = (turned - quarter as f64 * 90.0) * (std::f64::consts::PI / 180.0);
    let xx = x * x;
    // Taylor series on ±45°: the first term left out is below 1e-16
    let series = |first: f64, start: f64| {
        let mut term = first;
        let mut sum = first;
        let mut n = start;
        for _ in 0..8 {
            term *= -xx / (n * (n + 1.0));
            sum += term;
            n += 2.0;
        }
        sum
    };
    let (sin, cos) = (series(x, 2.0), series(1.0, 1.0));
    match quarter.rem_euclid(4) {
        0 => (sin, cos),
        1 => (cos, -sin),
        2 => (-sin, -cos),
        _ => (-cos, sin),
    }
}

/// The vector of length 1 in the same direction and the length; `None` for no length.
#[inline]
pub(super) fn unit([x, y]: [f64; 2]) -> Option<([f64; 2], f64)> {
    let length = (x * x + y * y).sqrt();
    let inverse = 1.0 / length;
    (length > 0.0 && length.is_finite()).then_some(([x * inverse, y * inverse], length))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geom::{Bbox, Size};

    #[test]
    fn rounding_is_to_the_nearest_integer() {
        for (value, expected) in [
            (0.4, 0),
            (0.6, 1),
            (-0.4, 0),
            (-0.6, -1),
            (1e12 + 0.3, 1_000_000_000_000),
        ] {
            assert_eq!(round(value), expected, "{value}");
        }
    }

    #[test]
    fn sines_agree_with_the_library_and_are_exact_at_quarters() {
        for tenth in -7300..7300 {
            let degrees = f64::from(tenth) / 10.0;
            let (sin, cos) = sin_cos_degrees(degrees);
            assert!(
                (sin - degrees.to_radians().sin()).abs() < 1e-12,
                "{degrees}"
            );
            assert!(
                (cos - degrees.to_radians().cos()).abs() < 1e-12,
                "{degrees}"
            );
        }
        assert_eq!(sin_cos_degrees(90.0), (1.0, 0.0));
        assert_eq!(sin_cos_degrees(f64::NAN), (0.0, 1.0));
    }

    #[test]
    fn a_view_moved_by_whole_pixels_moves_positions_by_whole_pixels() {
        let view = |px: f64| {
            let min_x = 843_217.31 + px * 7.3;
            let bbox = Bbox::new(
                min_x,
                6_519_000.77,
                min_x + 800.0 * 7.3,
                6_519_000.77 + 600.0 * 7.3,
            );
            View::new(
                bbox.unwrap(),
                Size {
                    width: 800,
                    height: 600,
                },
                1.0,
            )
        };
        let (one, other) = (Grid::new(&view(0.0)), Grid::new(&view(531.0)));
        for i in 0..2000 {
            let coord = [
                843_000.0 + f64::from(i) * 5.313,
                6_519_000.0 + f64::from(i) * 3.77,
            ];
            let (a, b) = (one.position(coord).unwrap(), other.position(coord).unwrap());
            assert_eq!([a[0] - b[0], a[1] - b[1]], [531 * UNIT, 0], "{coord:?}");
        }
    }

    #[test]
    fn a_position_that_is_no_number_has_no_place_and_a_far_one_is_moved_to_the_border() {
        let bbox = Bbox::new(0.0, 0.0, 10.0, 10.0).unwrap();
        let grid = Grid::new(&View::new(
            bbox,
            Size {
                width: 10,
                height: 10,
            },
            1.0,
        ));
        assert_eq!(grid.position([f64::NAN, 1.0]), None);
        assert_eq!(grid.position([1.0, f64::NAN]), None);
        assert_eq!(grid.position([1.0, 9.0]), Some([UNIT, UNIT]));
        assert_eq!(
            grid.position([1e300, f64::INFINITY]),
            Some([LOCAL_LIMIT, -LOCAL_LIMIT])
        );
    }
}
