//! What the processor that the program runs on has beyond what every x86-64 has.
//!
//! The program is built for all of them. What draws and packs pixels is compiled twice, once for
//! processors with AVX2, whose vectors hold four pixels where the common ones hold two; [`run`]
//! takes the better one. Both give the same bits.

#![allow(unsafe_code)]

/// Something that is compiled for each kind of processor.
///
/// What [`Work::on`] calls must be inlined into it (`#[inline(always)]`), or is compiled for every
/// processor.
pub trait Work {
    type Output;

    fn on(self, processor: impl Processor) -> Self::Output;
}

/// What a processor has.
pub trait Processor: Copy {
    /// That it has AVX2: what is asked of it is known where the code is compiled.
    fn avx2(self) -> Option<Avx2>;
}

/// Does it in the way that is best for this processor.
#[inline]
pub fn run<W: Work>(work: W) -> W::Output {
    #[cfg(target_arch = "x86_64")]
    if has_avx2() {
        // SAFETY: it has
        return unsafe { with_avx2(work) };
    }
    work.on(Any)
}

/// AVX2, and what every processor with it has, too.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn has_avx2() -> bool {
    is_x86_feature_detected!("avx2")
        && is_x86_feature_detected!("bmi1")
        && is_x86_feature_detected!("bmi2")
        && is_x86_feature_detected!("lzcnt")
        && is_x86_feature_detected!("popcnt")
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
fn with_avx2<W: Work>(work: W) -> W::Output {
    work.on(Avx2(()))
}

/// Has the memory of a value read ahead of its use, without waiting for it.
#[inline(always)]
pub fn fetch<T>(value: &T) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: nothing is done with the address but what caches do
    unsafe {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        _mm_prefetch::<_MM_HINT_T0>(std::ptr::from_ref(value).cast());
    }
}

/// Any processor.
#[derive(Debug, Clone, Copy)]
pub struct Any;

impl Processor for Any {
    #[inline(always)]
    fn avx2(self) -> Option<Avx2> {
        None
    }
}

/// Proof of a processor that has AVX2: nothing but [`run`] makes one.
#[derive(Debug, Clone, Copy)]
pub struct Avx2(());

impl Processor for Avx2 {
    #[inline(always)]
    fn avx2(self) -> Option<Avx2> {
        Some(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Asks;

    impl Work for Asks {
        type Output = bool;

        fn on(self, processor: impl Processor) -> bool {
            processor.avx2().is_some()
        }
    }

    #[test]
    fn the_way_is_that_of_the_processor() {
        assert!(!Asks.on(Any));
        #[cfg(target_arch = "x86_64")]
        assert_eq!(run(Asks), is_x86_feature_detected!("avx2"));
    }
}
