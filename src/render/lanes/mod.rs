//! One colour on four pixels at once, in the vector registers that every machine has, or in those of
//! [AVX2](avx2).
//!
//! The same numbers as [`level`](super::raster::level) and [`laid_on`](super::canvas::laid_on),
//! which the tests compare it with.

#[cfg(target_arch = "x86_64")]
mod avx2;

use wide::bytemuck::cast;
use wide::{f32x4, i32x4, u8x16, u16x8, u32x4, u64x2};

use super::canvas::Pixel;
use super::raster::{Block, LEVELS_PER_AREA};
use crate::processor::Processor;

/// A premultiplied colour, made ready.
#[derive(Debug)]
pub(super) struct Ink {
    /// Of two pixels.
    channels: u16x8,
    alpha: u16x8,
    is_opaque: bool,
    /// Half a step of the channels where it covers in part, and what a step leaves of them.
    half_step: u16x8,
    steps: u16x8,
}

impl Ink {
    /// Where it covers a pixel in part, the channels become multiples of `step`, a power of two.
    pub fn new([r, g, b, a]: Pixel, step: u16) -> Ink {
        Ink {
            half_step: u16x8::splat(step / 2),
            steps: u16x8::splat(step.wrapping_neg()),
            channels: u16x8::from([r, g, b, a, r, g, b, a].map(u16::from)),
            alpha: u16x8::splat(u16::from(a)),
            is_opaque: a == 255,
        }
    }

    /// Two pixels, each channel with its coverage.
    #[inline(always)]
    fn over(&self, below: u16x8, coverage: u16x8) -> u16x8 {
        if self.is_opaque {
            // below * (255 - coverage) + ink * coverage; what wraps round comes back
            let way = (self.channels - below) * coverage;
            return self.on_edges(div_255((below << 8) - below + way), coverage);
        }
        let rest = u16x8::splat(255) - div_255(self.alpha * coverage);
        // a channel's sum is at most 255 * 255 + 127
        self.on_edges(div_255(below * rest + self.channels * coverage), coverage)
    }

    /// The nearest multiple of a step where there is some coverage, but not all; what is above
    /// 255 is 255 for whoever narrows it.
    #[inline(always)]
    fn on_edges(&self, value: u16x8, coverage: u16x8) -> u16x8 {
        let none = coverage.simd_eq(u16x8::splat(0));
        let is_exact = none | coverage.simd_eq(u16x8::splat(255));
        is_exact.select(value, (value + self.half_step) & self.steps)
    }
}

/// The nearest whole numbers to `value / 255`, for values up to 255 * 255 + 127.
#[inline(always)]
fn div_255(value: u16x8) -> u16x8 {
    let v = value + u16x8::splat(128);
    (v + (v >> 8)) >> 8
}

/// Lays a colour on four pixels: the sum before the first of them changes from pixel to pixel.
/// Answers what it is behind them.
#[inline(always)]
pub(super) fn lay_on(
    processor: impl Processor,
    pixels: &mut [Pixel; 4],
    ink: &Ink,
    before: i32,
    changes: Block,
) -> i32 {
    #[cfg(target_arch = "x86_64")]
    if let Some(avx2) = processor.avx2() {
        return avx2::lay_on(avx2, pixels, ink, before, changes);
    }
    let below: u8x16 = cast(*pixels);
    let (sums, last) = running(before, changes);
    let [low, high] = levels(sums);
    let low = ink.over(u16x8::from_u8x16_low(below), low);
    let high = ink.over(u16x8::from_u8x16_high(below), high);
    *pixels = cast(u8x16::narrow_i16x8(cast(low), cast(high)));
    last
}

/// Lays the colours of an inside and of the outline around it on four pixels, in one go: the sums
/// of outer and inner borders before the first of them change from pixel to pixel. Answers what
/// they are behind them.
#[inline(always)]
pub(super) fn lay_on_both(
    processor: impl Processor,
    pixels: &mut [Pixel; 4],
    inks: &[Ink; 2],
    before: [i32; 2],
    changes: [Block; 2],
) -> [i32; 2] {
    #[cfg(target_arch = "x86_64")]
    if let Some(avx2) = processor.avx2() {
        return avx2::lay_on_both(avx2, pixels, inks, before, changes);
    }
    let ([fill, line], [outer, inner]) = (inks, changes);
    let below: u8x16 = cast(*pixels);
    let (outer, outer_last) = running(before[0], outer);
    let (inner, inner_last) = running(before[1], inner);
    let [all_low, all_high] = levels(outer);
    let [line_low, line_high] = levels(outer + inner);
    let both = |below: u16x8, all: u16x8, of_line: u16x8| {
        let of_fill = all.saturating_sub(of_line);
        if fill.is_opaque {
            let way = (fill.channels - below) * of_fill + (line.channels - below) * of_line;
            return fill.on_edges(div_255((below << 8) - below + way), of_fill.max(of_line));
        }
        let rest = u16x8::splat(255) - of_line - div_255(fill.alpha * of_fill);
        let laid = div_255(below * rest + fill.channels * of_fill + line.channels * of_line);
        fill.on_edges(laid, of_fill.max(of_line))
    };
    let low = both(u16x8::from_u8x16_low(below), all_low, line_low);
    let high = both(u16x8::from_u8x16_high(below), all_high, line_high);
    *pixels = cast(u8x16::narrow_i16x8(cast(low), cast(high)));
    [outer_last, inner_last]
}

/// Lays four premultiplied pixels over four others. Where one covers in part, its channels become
/// multiples of `step`, a power of two.
#[inline(always)]
pub(super) fn lay_over(pixels: &mut [Pixel; 4], above: &[Pixel; 4], step: u16) {
    let below: u8x16 = cast(*pixels);
    let above: u8x16 = cast(*above);
    let alphas = cast::<_, u32x4>(above) >> 24;
    let [a, _, b, _, c, _, d, _] = cast::<_, u16x8>(alphas).to_array();
    let (half_step, steps) = (u16x8::splat(step / 2), u16x8::splat(step.wrapping_neg()));
    let over = |below: u16x8, above: u16x8, alpha: u16x8| {
        let full = u16x8::splat(255);
        let laid = above + div_255(below * (full - alpha));
        let is_exact = alpha.simd_eq(u16x8::splat(0)) | alpha.simd_eq(full);
        is_exact.select(laid, (laid + half_step) & steps)
    };
    let low = over(
        u16x8::from_u8x16_low(below),
        u16x8::from_u8x16_low(above),
        u16x8::from([a, a, a, a, b, b, b, b]),
    );
    let high = over(
        u16x8::from_u8x16_high(below),
        u16x8::from_u8x16_high(above),
        u16x8::from([c, c, c, c, d, d, d, d]),
    );
    *pixels = cast(u8x16::narrow_i16x8(cast(low), cast(high)));
}

/// The sums at four pixels, and that behind them.
#[inline(always)]
fn running(before: i32, changes: Block) -> (i32x4, i32) {
    let changes = i32x4::from(changes);
    // the second and the fourth with what is left of them
    let left: i32x4 = cast(cast::<_, u64x2>(changes) << 32);
    let pairs = changes + left;
    let [_, two, _, four] = pairs.to_array();
    let sums = pairs + i32x4::from([0, 0, two, two]) + i32x4::splat(before);
    (sums, before.wrapping_add(two).wrapping_add(four))
}

/// The coverage of four pixels, once for each channel.
#[inline(always)]
fn levels(sums: i32x4) -> [u16x8; 2] {
    let area = f32x4::from_i32x4(sums).abs() * f32x4::splat(LEVELS_PER_AREA);
    let levels = area.fast_min(f32x4::splat(255.0)).fast_round_int();
    let [a, _, b, _, c, _, d, _] = cast::<_, u16x8>(levels).to_array();
    [
        u16x8::from([a, a, a, a, b, b, b, b]),
        u16x8::from([c, c, c, c, d, d, d, d]),
    ]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::canvas::{EDGE_STEP, laid_on, over};
    use super::super::outlined;
    use super::super::raster::level;
    use super::*;
    use crate::processor::{self, Any, Work};

    /// A colour, or two, laid on four pixels.
    #[derive(Clone, Copy)]
    struct Lay<'a, const L: usize> {
        below: [Pixel; 4],
        inks: &'a [Ink; L],
        before: [i32; L],
        changes: [Block; L],
    }

    impl Work for Lay<'_, 1> {
        type Output = ([Pixel; 4], [i32; 1]);

        fn on(mut self, processor: impl Processor) -> Self::Output {
            let ([ink], [before], [changes]) = (self.inks, self.before, self.changes);
            let behind = lay_on(processor, &mut self.below, ink, before, changes);
            (self.below, [behind])
        }
    }

    impl Work for Lay<'_, 2> {
        type Output = ([Pixel; 4], [i32; 2]);

        fn on(mut self, processor: impl Processor) -> Self::Output {
            let behind = lay_on_both(
                processor,
                &mut self.below,
                self.inks,
                self.before,
                self.changes,
            );
            (self.below, behind)
        }
    }

    /// No channel above the alpha.
    fn premultiplied([r, g, b, a]: Pixel) -> Pixel {
        [r.min(a), g.min(a), b.min(a), a]
    }

    /// Changes of a sum as a shape's edges make them, and any others.
    fn changes() -> impl Strategy<Value = Block> {
        [
            -300_000..300_000i32,
            -300_000..300_000i32,
            i32::MIN..i32::MAX,
            -500..500i32,
        ]
    }

    proptest! {
        #[test]
        fn four_pixels_at_once_are_four_single_pixels_on_every_processor(
            below in any::<[[u8; 4]; 4]>(),
            ink in any::<[u8; 4]>(),
            before in -300_000..300_000i32,
            changes in changes(),
        ) {
            let (below, ink) = (below.map(premultiplied), premultiplied(ink));
            let lay = Lay {
                below,
                inks: &[Ink::new(ink, EDGE_STEP)],
                before: [before],
                changes: [changes],
            };
            let (mut single, mut sum) = (below, before);
            for (pixel, change) in single.iter_mut().zip(changes) {
                sum = sum.wrapping_add(change);
                let (below, ink) = (u32::from_le_bytes(*pixel), u32::from_le_bytes(ink));
                *pixel = laid_on(below, ink, level(sum)).to_le_bytes();
            }
            prop_assert_eq!(lay.on(Any), (single, [sum]));
            prop_assert_eq!(processor::run(lay), (single, [sum]));
        }

        #[test]
        fn an_inside_and_its_outline_are_those_of_single_pixels_on_every_processor(
            below in any::<[[u8; 4]; 4]>(),
            fill in any::<[u8; 4]>(),
            is_opaque in any::<bool>(),
            [r, g, b] in any::<[u8; 3]>(),
            before in [0..140_000i32, -140_000..0i32],
            changes in [changes(), changes()],
        ) {
            let fill = premultiplied(fill.map(|c| if is_opaque { 255 } else { c }));
            let (below, line) = (below.map(premultiplied), [r, g, b, 255]);
            let lay = Lay {
                below,
                inks: &[fill, line].map(|ink| Ink::new(ink, EDGE_STEP)),
                before,
                changes,
            };
            let (mut single, mut sums) = (below, before);
            let [outer, inner] = changes;
            for (pixel, changes) in single.iter_mut().zip(outer.into_iter().zip(inner)) {
                sums = [sums[0].wrapping_add(changes.0), sums[1].wrapping_add(changes.1)];
                *pixel = outlined::laid_on(*pixel, fill, line, outlined::levels(sums));
            }
            prop_assert_eq!(lay.on(Any), (single, sums));
            prop_assert_eq!(processor::run(lay), (single, sums));
        }
    }

    proptest! {
        #[test]
        fn four_pixels_laid_over_four_are_single_ones(
            below in any::<[[u8; 4]; 4]>(),
            above in any::<[[u8; 4]; 4]>(),
            alphas in prop::array::uniform4(prop_oneof![Just(0u8), Just(255), any::<u8>()]),
            step in prop_oneof![Just(1u16), Just(EDGE_STEP)],
        ) {
            let below = below.map(premultiplied);
            let mut above: [Pixel; 4] = above;
            for (pixel, alpha) in above.iter_mut().zip(alphas) {
                pixel[3] = alpha;
                *pixel = premultiplied(*pixel);
            }
            let (mut laid, mut single) = (below, below);
            lay_over(&mut laid, &above, step);
            for (target, source) in single.iter_mut().zip(above) {
                over(target, source, step);
            }
            prop_assert_eq!(laid, single);
        }
    }

    #[test]
    fn sums_at_the_ends_of_their_range_are_full() {
        let lay = Lay {
            below: [[0; 4]; 4],
            inks: &[Ink::new([9, 9, 9, 255], EDGE_STEP)],
            before: [0],
            // sums: the lowest, the highest, the lowest but one, none
            changes: [[i32::MIN, -1, 2, i32::MAX]],
        };
        let full = [9, 9, 9, 255];
        let expected = [full, full, full, [0; 4]];
        assert_eq!(lay.on(Any).0, expected);
        assert_eq!(processor::run(lay).0, expected);
    }
}
