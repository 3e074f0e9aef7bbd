//! One colour on four pixels at once, in the vector registers that every machine has.
//!
//! The same numbers as [`level`](super::raster::level) and [`laid_on`](super::canvas::laid_on),
//! which the tests compare it with.

use wide::bytemuck::cast;
use wide::{i16x8, i32x4, u8x16, u16x8};

use super::canvas::Pixel;
use super::raster::{Block, FULL};

/// A premultiplied colour, made ready.
#[derive(Debug)]
pub(super) struct Ink {
    /// Of two pixels.
    channels: u16x8,
    alpha: u16x8,
}

impl Ink {
    pub fn new([r, g, b, a]: Pixel) -> Ink {
        Ink {
            channels: u16x8::from([r, g, b, a, r, g, b, a].map(u16::from)),
            alpha: u16x8::splat(u16::from(a)),
        }
    }

    /// Two pixels, each channel with its coverage.
    #[inline(always)]
    fn over(&self, below: u16x8, coverage: u16x8) -> u16x8 {
        let rest = u16x8::splat(255) - div_255(self.alpha * coverage);
        // a channel's sum is at most 255 * 255 + 127
        div_255(below * rest + self.channels * coverage)
    }
}

/// The nearest whole numbers to `value / 255`, for values up to 255 * 255 + 127.
#[inline(always)]
fn div_255(value: u16x8) -> u16x8 {
    let v = value + u16x8::splat(128);
    (v + (v >> 8)) >> 8
}

/// Lays a colour on four pixels, whose coverage comes from their sums.
#[inline(always)]
pub(super) fn lay_on(pixels: &mut [Pixel; 4], ink: &Ink, sums: Block) {
    let below: u8x16 = cast(*pixels);
    let coverage = levels(sums);
    // each coverage four times, once for each channel
    let twice = u8x16::unpack_low(coverage, coverage);
    let each = u8x16::unpack_low(twice, twice);
    let low = ink.over(u16x8::from_u8x16_low(below), u16x8::from_u8x16_low(each));
    let high = ink.over(u16x8::from_u8x16_high(below), u16x8::from_u8x16_high(each));
    *pixels = cast(u8x16::narrow_i16x8(cast(low), cast(high)));
}

/// The coverage of four pixels, in the first four bytes.
#[inline(always)]
fn levels(sums: Block) -> u8x16 {
    let full = i32x4::splat(FULL as i32);
    let sums = i32x4::from(sums)
        .min(full)
        .max(i32x4::splat(-(FULL as i32)));
    let negative: i32x4 = sums >> 31;
    let area: i32x4 = (sums ^ negative) - negative;
    let level =
        ((area << 8) - area + i32x4::splat(FULL as i32 / 2)) >> (FULL.trailing_zeros() as i32);
    let words = i16x8::from_i32x8_saturate(cast([level, level]));
    u8x16::narrow_i16x8(words, words)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::canvas::laid_on;
    use super::super::raster::level;
    use super::*;

    proptest! {
        #[test]
        fn four_pixels_at_once_are_four_single_pixels(
            below in any::<[[u8; 4]; 4]>(),
            [r, g, b, a] in any::<[u8; 4]>(),
            sums in [-300_000..300_000i32, -300_000..300_000i32, i32::MIN..i32::MAX, -500..500i32],
        ) {
            // premultiplied: no channel above the alpha
            let premultiplied = |[r, g, b, a]: Pixel| [r.min(a), g.min(a), b.min(a), a];
            let (below, ink) = (below.map(premultiplied), premultiplied([r, g, b, a]));
            let mut laid = below;
            lay_on(&mut laid, &Ink::new(ink), sums);
            let single: Vec<Pixel> = below.iter().zip(sums)
                .map(|(pixel, sum)| {
                    let (pixel, ink) = (u32::from_le_bytes(*pixel), u32::from_le_bytes(ink));
                    laid_on(pixel, ink, level(sum)).to_le_bytes()
                })
                .collect();
            prop_assert_eq!(laid.as_slice(), single.as_slice());
        }
    }

    #[test]
    fn sums_at_the_ends_of_their_range_are_full() {
        let ink = Ink::new([9, 9, 9, 255]);
        let mut pixels = [[0; 4]; 4];
        lay_on(&mut pixels, &ink, [i32::MIN, i32::MAX, i32::MIN + 1, 0]);
        assert_eq!(
            pixels,
            [[9, 9, 9, 255], [9, 9, 9, 255], [9, 9, 9, 255], [0; 4]]
        );
    }
}
