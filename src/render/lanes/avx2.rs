//! [`lanes`](super) for processors with AVX2: all channels of four pixels in one vector.

#![allow(unsafe_code)]

use std::arch::x86_64::*;

use wide::bytemuck::cast;

use super::Ink;
use crate::processor::Avx2;
use crate::render::canvas::Pixel;
use crate::render::raster::{Block, LEVELS_PER_AREA};

/// As [`lay_on`](super::lay_on).
#[inline(always)]
pub(super) fn lay_on(
    _: Avx2,
    pixels: &mut [Pixel; 4],
    ink: &Ink,
    before: i32,
    changes: Block,
) -> i32 {
    // SAFETY: an `Avx2` proves that the processor has it
    unsafe { lay_on_four(pixels, ink, before, changes) }
}

/// As [`lay_on_both`](super::lay_on_both).
#[inline(always)]
pub(super) fn lay_on_both(
    _: Avx2,
    pixels: &mut [Pixel; 4],
    inks: &[Ink; 2],
    before: [i32; 2],
    changes: [Block; 2],
) -> [i32; 2] {
    // SAFETY: as above
    unsafe { lay_both_on_four(pixels, inks, before, changes) }
}

#[inline]
#[target_feature(enable = "avx2")]
fn lay_on_four(pixels: &mut [Pixel; 4], ink: &Ink, before: i32, changes: Block) -> i32 {
    let below = _mm256_cvtepu8_epi16(cast(*pixels));
    let changes: __m128i = cast(changes);
    let pairs = _mm_add_epi32(changes, _mm_slli_si128::<4>(changes));
    let sums = _mm_add_epi32(pairs, _mm_slli_si128::<8>(pairs));
    let sums = _mm_add_epi32(sums, _mm_set1_epi32(before));
    let area = _mm_and_ps(
        _mm_cvtepi32_ps(sums),
        _mm_castsi128_ps(_mm_set1_epi32(i32::MAX)),
    );
    let area = _mm_mul_ps(area, _mm_set1_ps(LEVELS_PER_AREA));
    let levels = _mm_cvtps_epi32(_mm_min_ps(area, _mm_set1_ps(255.0)));
    let spread = _mm_set_epi8(12, 12, 12, 12, 8, 8, 8, 8, 4, 4, 4, 4, 0, 0, 0, 0);
    let coverage = _mm256_cvtepu8_epi16(_mm_shuffle_epi8(levels, spread));
    let color = twice(ink.channels);
    let laid = if ink.is_opaque {
        let way = _mm256_mullo_epi16(_mm256_sub_epi16(color, below), coverage);
        div_255(_mm256_add_epi16(times_255(below), way))
    } else {
        let alpha = div_255(_mm256_mullo_epi16(twice(ink.alpha), coverage));
        let rest = _mm256_sub_epi16(_mm256_set1_epi16(255), alpha);
        div_255(_mm256_add_epi16(
            _mm256_mullo_epi16(below, rest),
            _mm256_mullo_epi16(color, coverage),
        ))
    };
    *pixels = narrowed(on_edges(ink, laid, coverage));
    _mm_extract_epi32::<3>(sums)
}

#[inline]
#[target_feature(enable = "avx2")]
fn lay_both_on_four(
    pixels: &mut [Pixel; 4],
    [fill, line]: &[Ink; 2],
    [outer_before, inner_before]: [i32; 2],
    [outer, inner]: [Block; 2],
) -> [i32; 2] {
    let below = _mm256_cvtepu8_epi16(cast(*pixels));
    // the outer sums in the lower half, the inner ones in the upper
    let changes = _mm256_set_m128i(cast(inner), cast(outer));
    let before = _mm256_set_m128i(_mm_set1_epi32(inner_before), _mm_set1_epi32(outer_before));
    let pairs = _mm256_add_epi32(changes, _mm256_slli_si256::<4>(changes));
    let sums = _mm256_add_epi32(pairs, _mm256_slli_si256::<8>(pairs));
    let sums = _mm256_add_epi32(sums, before);
    let outer = _mm256_castsi256_si128(sums);
    let inner = _mm256_extracti128_si256::<1>(sums);
    // all in the lower half, the line in the upper
    let sums = _mm256_set_m128i(_mm_add_epi32(outer, inner), outer);
    let unsigned = _mm256_castsi256_ps(_mm256_set1_epi32(i32::MAX));
    let area = _mm256_and_ps(_mm256_cvtepi32_ps(sums), unsigned);
    let area = _mm256_mul_ps(area, _mm256_set1_ps(LEVELS_PER_AREA));
    let levels = _mm256_cvtps_epi32(_mm256_min_ps(area, _mm256_set1_ps(255.0)));
    let spread = _mm_set_epi8(12, 12, 12, 12, 8, 8, 8, 8, 4, 4, 4, 4, 0, 0, 0, 0);
    let levels = _mm256_shuffle_epi8(levels, _mm256_broadcastsi128_si256(spread));
    let all = _mm256_cvtepu8_epi16(_mm256_castsi256_si128(levels));
    let of_line = _mm256_cvtepu8_epi16(_mm256_extracti128_si256::<1>(levels));
    let of_fill = _mm256_subs_epu16(all, of_line);
    let (filled, lined) = (twice(fill.channels), twice(line.channels));
    let laid = if fill.is_opaque {
        let way = _mm256_add_epi16(
            _mm256_mullo_epi16(_mm256_sub_epi16(filled, below), of_fill),
            _mm256_mullo_epi16(_mm256_sub_epi16(lined, below), of_line),
        );
        div_255(_mm256_add_epi16(times_255(below), way))
    } else {
        let alpha = div_255(_mm256_mullo_epi16(twice(fill.alpha), of_fill));
        let rest = _mm256_sub_epi16(_mm256_set1_epi16(255), _mm256_add_epi16(of_line, alpha));
        let above = _mm256_add_epi16(
            _mm256_mullo_epi16(filled, of_fill),
            _mm256_mullo_epi16(lined, of_line),
        );
        div_255(_mm256_add_epi16(_mm256_mullo_epi16(below, rest), above))
    };
    *pixels = narrowed(on_edges(fill, laid, _mm256_max_epu16(of_fill, of_line)));
    [_mm_extract_epi32::<3>(outer), _mm_extract_epi32::<3>(inner)]
}

#[inline]
#[target_feature(enable = "avx2")]
fn twice(half: wide::u16x8) -> __m256i {
    _mm256_broadcastsi128_si256(cast(half))
}

#[inline]
#[target_feature(enable = "avx2")]
fn times_255(value: __m256i) -> __m256i {
    _mm256_sub_epi16(_mm256_slli_epi16::<8>(value), value)
}

#[inline]
#[target_feature(enable = "avx2")]
fn div_255(value: __m256i) -> __m256i {
    let v = _mm256_add_epi16(value, _mm256_set1_epi16(128));
    _mm256_srli_epi16::<8>(_mm256_add_epi16(v, _mm256_srli_epi16::<8>(v)))
}

#[inline]
#[target_feature(enable = "avx2")]
fn on_edges(ink: &Ink, value: __m256i, coverage: __m256i) -> __m256i {
    let none = _mm256_cmpeq_epi16(coverage, _mm256_setzero_si256());
    let all = _mm256_cmpeq_epi16(coverage, _mm256_set1_epi16(255));
    let up = _mm256_add_epi16(value, twice(ink.half_step));
    let stepped = _mm256_and_si256(up, twice(ink.steps));
    _mm256_blendv_epi8(stepped, value, _mm256_or_si256(none, all))
}

#[inline]
#[target_feature(enable = "avx2")]
fn narrowed(value: __m256i) -> [Pixel; 4] {
    let (low, high) = (
        _mm256_castsi256_si128(value),
        _mm256_extracti128_si256::<1>(value),
    );
    cast(_mm_packus_epi16(low, high))
}
