//! Which pixels of two runs are the same.

use wide::bytemuck::cast;
use wide::i32x4;

use crate::processor::Processor;

/// A bit for each of the first 64 pixels that are the same in both.
#[inline(always)]
pub(super) fn same(processor: impl Processor, a: &[[u8; 4]], b: &[[u8; 4]]) -> u64 {
    #[cfg(target_arch = "x86_64")]
    if let (Some(avx2), Some(a), Some(b)) = (processor.avx2(), a.first_chunk(), b.first_chunk()) {
        return avx2::same(avx2, a, b);
    }
    let (a4, a) = a.as_chunks::<4>();
    let (b4, _) = b.as_chunks::<4>();
    let mut bits = 0;
    let mut nth = 0;
    for (a, b) in a4.iter().zip(b4) {
        let (a, b): (i32x4, i32x4) = (cast(*a), cast(*b));
        bits |= u64::from(a.simd_eq(b).to_bitmask() & 15) << nth;
        nth += 4;
    }
    let rest = b.get(nth..).unwrap_or(&[]);
    for (nth, (a, b)) in (nth..).zip(a.iter().zip(rest)) {
        bits |= u64::from(a == b) << nth;
    }
    bits
}

#[cfg(target_arch = "x86_64")]
mod avx2 {
    #![allow(unsafe_code)]

    use std::arch::x86_64::*;

    use wide::bytemuck::cast;

    use crate::processor::Avx2;

    type Pixels = [[u8; 4]; 64];

    #[inline(always)]
    pub fn same(_: Avx2, a: &Pixels, b: &Pixels) -> u64 {
        // SAFETY: an `Avx2` proves that the processor has it
        unsafe { same_64(a, b) }
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn same_64(a: &Pixels, b: &Pixels) -> u64 {
        let eights = a.as_chunks::<8>().0.iter().zip(b.as_chunks::<8>().0);
        let mut bits = 0;
        for (nth, (a, b)) in eights.enumerate() {
            let same = _mm256_cmpeq_epi32(cast(*a), cast(*b));
            let mask = _mm256_movemask_ps(_mm256_castsi256_ps(same)) as u8;
            bits |= u64::from(mask) << (8 * nth);
        }
        bits
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::processor::{self, Any, Work};

    struct Same<'a>(&'a [[u8; 4]], &'a [[u8; 4]]);

    impl Work for Same<'_> {
        type Output = u64;

        fn on(self, processor: impl Processor) -> u64 {
            same(processor, self.0, self.1)
        }
    }

    proptest! {
        #[test]
        fn a_bit_stands_for_each_pixel_that_is_the_same(
            a in prop::collection::vec(prop::array::uniform4(0u8..2), 0..=64),
            b in prop::collection::vec(prop::array::uniform4(0u8..2), 64..70),
        ) {
            let slow = a.iter().zip(&b).enumerate();
            let slow = slow.fold(0u64, |bits, (nth, (a, b))| bits | u64::from(a == b) << nth);
            prop_assert_eq!(processor::run(Same(&a, &b)), slow);
            prop_assert_eq!(Same(&a, &b).on(Any), slow);
        }
    }
}
