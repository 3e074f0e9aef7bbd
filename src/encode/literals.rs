//! Pixels that stand for themselves in deflate: how often their bytes occur, and the words for
//! them.

use super::bits::BitWriter;
use super::huffman::{Code, MAX_BITS};

/// How pixels of memory, `W` bytes wide, are written.
pub(super) trait Literals<const W: usize> {
    /// Bytes of a pixel where it is written, at most four.
    const BYTES: usize;
    /// The longest word of a byte: those of a pixel are put in one go of 56 bits.
    const LONGEST_WORD: u8 = if Self::BYTES > 3 { 14 } else { MAX_BITS };
    /// Pixels that are counted.
    type Counts;
    /// What is known of a code before pixels are written in it.
    type Words;

    /// A count of no pixels.
    fn none(&self) -> Self::Counts;
    fn count(&self, pixel: [u8; W], counts: &mut Self::Counts);
    /// How often each byte occurs in what was counted.
    fn of_bytes(&self, counts: &Self::Counts) -> [u32; 256];
    fn words(&self, code: &Code) -> Self::Words;
    fn put(&self, pixels: &[[u8; W]], code: &Code, words: &Self::Words, out: &mut BitWriter);
}

/// Pixels that are written as a function of them says.
pub(super) struct Mapped<F>(pub F);

impl<const W: usize, const N: usize, F: Fn([u8; W]) -> [u8; N]> Literals<W> for Mapped<F> {
    const BYTES: usize = N;
    /// By the byte's place in the pixel: to count one number twice in a row is slow.
    type Counts = [[u32; 256]; N];
    type Words = ();

    fn none(&self) -> [[u32; 256]; N] {
        [[0; 256]; N]
    }

    #[inline(always)]
    #[allow(clippy::indexing_slicing, reason = "a byte indexes 256 entries")]
    fn count(&self, pixel: [u8; W], counts: &mut [[u32; 256]; N]) {
        for (counts, byte) in counts.iter_mut().zip(self.0(pixel)) {
            counts[usize::from(byte)] += 1;
        }
    }

    fn of_bytes(&self, counts: &[[u32; 256]; N]) -> [u32; 256] {
        let mut all = [0; 256];
        for place in counts {
            for (all, n) in all.iter_mut().zip(place) {
                *all += n;
            }
        }
        all
    }

    fn words(&self, _: &Code) {}

    #[inline(always)]
    fn put(&self, pixels: &[[u8; W]], code: &Code, (): &(), out: &mut BitWriter) {
        let mut rest = pixels;
        if N == 1 {
            // three words of a byte in one go
            let (threes, last) = pixels.as_chunks::<3>();
            for three in threes {
                let three = three.map(|pixel| self.0(pixel)).map(|bytes| bytes[0]);
                let (words, bits) = together(three, code);
                out.put(words, bits);
            }
            rest = last;
        }
        for pixel in rest {
            let (words, bits) = together(self.0(*pixel), code);
            out.put(words, bits);
        }
    }
}

/// Numbers of colours, the lower byte first, that are written as the colours: what a colour takes
/// is found once, not at each pixel.
pub(super) struct Numbered<'a, const N: usize>(pub &'a [[u8; N]]);

impl<const N: usize> Literals<2> for Numbered<'_, N> {
    const BYTES: usize = N;
    /// By number.
    type Counts = Vec<u32>;
    /// By number, the words of a colour's bytes above how many bits that is.
    type Words = Vec<u64>;

    fn none(&self) -> Vec<u32> {
        vec![0; self.0.len()]
    }

    #[inline(always)]
    fn count(&self, pixel: [u8; 2], counts: &mut Vec<u32>) {
        if let Some(n) = counts.get_mut(usize::from(u16::from_le_bytes(pixel))) {
            *n += 1;
        }
    }

    fn of_bytes(&self, counts: &Vec<u32>) -> [u32; 256] {
        let mut all = [0; 256];
        for (color, n) in self.0.iter().zip(counts) {
            for byte in color {
                if let Some(all) = all.get_mut(usize::from(*byte)) {
                    *all += n;
                }
            }
        }
        all
    }

    fn words(&self, code: &Code) -> Vec<u64> {
        let words = self.0.iter().map(|color| {
            let (words, bits) = together(*color, code);
            words << COUNT_BITS | u64::from(bits)
        });
        words.collect()
    }

    #[inline(always)]
    fn put(&self, pixels: &[[u8; 2]], _: &Code, words: &Vec<u64>, out: &mut BitWriter) {
        for pixel in pixels {
            let word = words.get(usize::from(u16::from_le_bytes(*pixel)));
            let word = word.copied().unwrap_or_default();
            out.put(word >> COUNT_BITS, word as u32 & ((1 << COUNT_BITS) - 1));
        }
    }
}

/// Holds up to 56.
const COUNT_BITS: u32 = 6;

/// The words of bytes one after another, and how many bits they have.
#[inline(always)]
fn together<const N: usize>(bytes: [u8; N], code: &Code) -> (u64, u32) {
    let (mut words, mut bits) = (0, 0);
    for (word, length) in bytes.map(|byte| code.word(usize::from(byte))) {
        words |= word << bits;
        bits += length;
    }
    (words, bits)
}
