//! [`areas`](super::areas) for processors with AVX2: eight pieces in one vector.

#![allow(unsafe_code)]

use std::arch::x86_64::*;

use wide::bytemuck::cast;

use super::{Areas, LANES, UNIT_BITS, UNIT_F};
use crate::processor::Avx2;

/// As [`areas`](super::areas).
#[inline(always)]
pub(super) fn areas(
    _: Avx2,
    start: &[i32; LANES],
    ends: [&[f32; LANES]; 2],
    height: &[f32; LANES],
    steepness: &[f32; LANES],
) -> Areas {
    // SAFETY: an `Avx2` proves that the processor has it
    unsafe { areas_of_eight(start, ends, height, steepness) }
}

#[inline]
#[target_feature(enable = "avx2")]
fn areas_of_eight(
    start: &[i32; LANES],
    [from, to]: [&[f32; LANES]; 2],
    height: &[f32; LANES],
    steepness: &[f32; LANES],
) -> Areas {
    let zero = _mm256_setzero_ps();
    let unit = _mm256_set1_ps(UNIT_F);
    let full = _mm256_set1_ps(2.0 * UNIT_F);
    let (from, to): (__m256, __m256) = (cast(*from), cast(*to));
    let (l, r) = (_mm256_min_ps(from, to), _mm256_max_ps(from, to));
    let column = _mm256_cvttps_epi32(_mm256_mul_ps(l, _mm256_set1_ps(1.0 / UNIT_F)));
    let begin = _mm256_cvtepi32_ps(_mm256_slli_epi32::<{ UNIT_BITS as i32 }>(column));
    let before = _mm256_sub_ps(_mm256_add_ps(begin, unit), l);
    let beyond = _mm256_sub_ps(_mm256_sub_ps(r, begin), unit);
    let is_wide = _mm256_cmp_ps::<_CMP_GT_OQ>(beyond, unit);
    let height = _mm256_andnot_ps(is_wide, cast(*height));
    let steepness = _mm256_andnot_ps(is_wide, cast(*steepness));
    let part = _mm256_mul_ps(before, steepness);
    let part = _mm256_round_ps::<{ _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC }>(part);
    let one = _mm256_blendv_ps(height, part, _mm256_cmp_ps::<_CMP_GT_OQ>(beyond, zero));
    let two = _mm256_sub_ps(height, one);
    let middle = _mm256_add_ps(_mm256_sub_ps(full, before), _mm256_min_ps(beyond, zero));
    let one_area = _mm256_mul_ps(one, middle);
    let two_area = _mm256_mul_ps(two, _mm256_max_ps(beyond, zero));
    let second = _mm256_sub_ps(_mm256_mul_ps(two, full), two_area);
    Areas {
        cell: cast(_mm256_add_epi32(column, cast(*start))),
        of_three: [
            _mm256_sub_ps(_mm256_mul_ps(one, full), one_area),
            _mm256_add_ps(one_area, second),
            two_area,
        ]
        .map(|area| cast(_mm256_cvttps_epi32(area))),
        wide: _mm256_movemask_ps(is_wide) as u32,
    }
}
