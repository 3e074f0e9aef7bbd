//! Deflate (RFC 1951, in the zlib form of RFC 1950) for pictures of maps.
//!
//! What repeats was found by [`sequences`](super::sequences); here it is counted, and each block
//! gets Huffman codes of its own. `benches/encode.rs` measures it against libdeflate.

use super::bits::BitWriter;
use super::huffman::{Code, MAX_BITS, write_code_lengths};
use super::literals::Literals;
use super::sequences::{Back, MAX_MATCH, Rows, Sequence, Sequences};
use crate::processor::{self, Processor, Work};

const MIN_MATCH: usize = 3;
const END_OF_BLOCK: usize = 256;

/// Compresses rows.
///
/// `first` are sequences of the first rows, the others are still to be found. `literals` says how a
/// pixel of memory is written, `checksum` is that of all that is. The result is added to `out`.
pub fn zlib<const W: usize, L: Literals<W>>(
    mut sequences: Sequences<'_, W>,
    first: Vec<Sequence>,
    literals: &L,
    checksum: u32,
    out: Vec<u8>,
) -> Vec<u8> {
    let rows = sequences.rows();
    let mut out = BitWriter::behind(out);
    out.reserve(16);
    out.put(0x0178, 16);
    let (mut block, mut rest) = (first, rows);
    loop {
        if block.is_empty() {
            sequences.fill(&mut block);
        }
        let last = sequences.is_done();
        rest.pixels = processor::run(Block {
            sequences: &block,
            rows: rest,
            literals,
            out: &mut out,
            last,
        });
        if last {
            break;
        }
        block.clear();
    }
    let mut out = out.into_bytes();
    out.extend(checksum.to_be_bytes());
    out
}

/// What a block is made of, in order.
trait Sink<const W: usize> {
    /// Bytes of a pixel where it is written.
    const BYTES: usize;
    /// The byte before each row.
    fn row(&mut self);
    fn pixels(&mut self, pixels: &[[u8; W]]);
    /// So many bytes from there, at least [`MIN_MATCH`].
    fn copy(&mut self, bytes: usize, back: Back);
}

/// The first of some rows, as a block; its output are the pixels of those below.
struct Block<'a, 'p, const W: usize, L> {
    sequences: &'a [Sequence],
    rows: Rows<'p, W>,
    literals: &'a L,
    out: &'a mut BitWriter,
    last: bool,
}

impl<'p, const W: usize, L: Literals<W>> Work for Block<'_, 'p, W, L> {
    type Output = &'p [[u8; W]];

    #[inline(always)]
    fn on(self, _: impl Processor) -> &'p [[u8; W]] {
        let (sequences, rows, out) = (self.sequences, self.rows, self.out);
        let mut counts = Counts::<W, L>::new(self.literals);
        let rest = walk(sequences, rows, &mut counts);
        let symbols = counts.symbols();
        let code = Code::new(&symbols, L::LONGEST_WORD);
        let distances = Code::new(&counts.distances, MAX_BITS);
        out.reserve(3);
        out.put(u64::from(self.last), 1);
        out.put(2, 2); // dynamic Huffman codes
        write_code_lengths(out, &code, &distances);
        let bits = code.bits(&symbols) + distances.bits(&counts.distances);
        out.reserve(bits + counts.extra_bits());
        // a writer of its own stays in registers
        let own = std::mem::take(out);
        let mut written = Written::<W, L>::new(own, self.literals, (&code, &distances));
        walk(sequences, rows, &mut written);
        *out = written.out;
        code.put(out, END_OF_BLOCK);
        rest
    }
}

/// Tells what rows are made of; returns the pixels behind them.
#[inline(always)]
fn walk<'a, const W: usize, S: Sink<W>>(
    sequences: &[Sequence],
    rows: Rows<'a, W>,
    sink: &mut S,
) -> &'a [[u8; W]] {
    let mut rest = rows.pixels;
    let mut x = rows.width;
    for sequence in sequences {
        if x >= rows.width {
            x = 0;
            if rows.filtered {
                sink.row();
            }
        }
        let mut literals = usize::from(sequence.literals);
        let mut copied = usize::from(sequence.copied);
        if copied * S::BYTES < MIN_MATCH {
            literals += copied;
            copied = 0;
        }
        x += literals + copied;
        let (here, after) = rest.split_at_checked(literals).unwrap_or((rest, &[]));
        sink.pixels(here);
        if copied > 0 {
            sink.copy(copied * S::BYTES, sequence.back);
        }
        rest = after.get(copied..).unwrap_or(&[]);
    }
    rest
}

/// How often each symbol occurs.
struct Counts<'a, const W: usize, L: Literals<W>> {
    literals: &'a L,
    pixels: L::Counts,
    rows: u32,
    lengths: [u32; MAX_MATCH + 1],
    distances: [u32; 30],
}

impl<'a, const W: usize, L: Literals<W>> Counts<'a, W, L> {
    fn new(literals: &'a L) -> Counts<'a, W, L> {
        Counts {
            literals,
            pixels: literals.none(),
            rows: 0,
            lengths: [0; MAX_MATCH + 1],
            distances: [0; 30],
        }
    }

    /// How often each literal and each code of a length occurs.
    fn symbols(&self) -> [u32; 286] {
        let mut counts = [0u32; 286];
        for (all, n) in counts.iter_mut().zip(self.literals.of_bytes(&self.pixels)) {
            *all = n;
        }
        counts[0] += self.rows;
        counts[END_OF_BLOCK] = 1;
        for (length, n) in self.lengths.iter().enumerate().skip(MIN_MATCH) {
            if let Some(all) = counts.get_mut(length_code(length).0) {
                *all += n;
            }
        }
        counts
    }

    /// The extra bits of all lengths and distances.
    fn extra_bits(&self) -> u64 {
        let lengths = self.lengths.iter().enumerate().skip(MIN_MATCH);
        let of_lengths =
            lengths.map(|(length, n)| u64::from(length_code(length).2) * u64::from(*n));
        let distances = (0u64..).zip(&self.distances);
        let of_distances = distances.map(|(code, n)| (code / 2).saturating_sub(1) * u64::from(*n));
        of_lengths.sum::<u64>() + of_distances.sum::<u64>()
    }
}

impl<const W: usize, L: Literals<W>> Sink<W> for Counts<'_, W, L> {
    const BYTES: usize = L::BYTES;

    fn row(&mut self) {
        self.rows += 1;
    }

    #[inline(always)]
    fn pixels(&mut self, pixels: &[[u8; W]]) {
        for pixel in pixels {
            self.literals.count(*pixel, &mut self.pixels);
        }
    }

    #[inline(always)]
    fn copy(&mut self, bytes: usize, back: Back) {
        let mut pieces = 0;
        for length in lengths_of(bytes) {
            pieces += 1;
            if let Some(n) = self.lengths.get_mut(length) {
                *n += 1;
            }
        }
        if let Some(n) = self
            .distances
            .get_mut(distance_code(back.bytes(L::BYTES)).0)
        {
            *n += pieces;
        }
    }
}

/// What is counted, written.
struct Written<'a, const W: usize, L: Literals<W>> {
    out: BitWriter,
    literals: &'a L,
    words: L::Words,
    code: &'a Code,
    distances: &'a Code,
    /// For each length of a match its word with the extra bits, and how many bits that is.
    lengths: [(u64, u32); MAX_MATCH + 1],
}

impl<'a, const W: usize, L: Literals<W>> Written<'a, W, L> {
    fn new(
        out: BitWriter,
        literals: &'a L,
        (code, distances): (&'a Code, &'a Code),
    ) -> Written<'a, W, L> {
        Written {
            out,
            literals,
            words: literals.words(code),
            code,
            distances,
            lengths: std::array::from_fn(|length| {
                let (symbol, extra, bits) = length_code(length.max(MIN_MATCH));
                let (word, n) = code.word(symbol);
                (word | u64::from(extra) << n, n + bits)
            }),
        }
    }
}

impl<const W: usize, L: Literals<W>> Sink<W> for Written<'_, W, L> {
    const BYTES: usize = L::BYTES;

    fn row(&mut self) {
        self.code.put(&mut self.out, 0);
    }

    #[inline(always)]
    fn pixels(&mut self, pixels: &[[u8; W]]) {
        self.literals
            .put(pixels, self.code, &self.words, &mut self.out);
    }

    #[inline(always)]
    fn copy(&mut self, bytes: usize, back: Back) {
        let (code, extra, bits) = distance_code(back.bytes(L::BYTES));
        let (far, n) = self.distances.word(code);
        let (far, far_bits) = (far | u64::from(extra) << n, n + bits);
        for length in lengths_of(bytes) {
            let (word, n) = self.lengths.get(length).copied().unwrap_or_default();
            // at most 15 and 5 bits, 15 and 13
            self.out.put(word | far << n, n + far_bits);
        }
    }
}

/// The lengths of the matches that together copy so many bytes.
#[inline(always)]
fn lengths_of(bytes: usize) -> impl Iterator<Item = usize> {
    let mut left = bytes;
    std::iter::from_fn(move || {
        let length = match left {
            0 => return None,
            // what is left must be a match, too
            259 | 260 => 256,
            _ => left.min(MAX_MATCH),
        };
        left -= length;
        Some(length)
    })
}

/// The code of a length of 3 to 258, and the value and number of its extra bits (RFC 1951 §3.2.5).
fn length_code(length: usize) -> (usize, u32, u32) {
    if length == MAX_MATCH {
        return (285, 0, 0);
    }
    let l = (length - MIN_MATCH) as u32;
    if l < 8 {
        return (257 + l as usize, 0, 0);
    }
    let bits = 29 - l.leading_zeros(); // floor(log2 l) - 2
    let code = 257 + 4 * (bits + 1) + ((l >> bits) & 3);
    (code as usize, l & ((1 << bits) - 1), bits)
}

/// The code of a distance, and the value and number of its extra bits.
#[inline(always)]
fn distance_code(distance: usize) -> (usize, u32, u32) {
    let d = (distance as u32).saturating_sub(1);
    if d < 4 {
        return (d as usize, 0, 0);
    }
    let top = 31 - d.leading_zeros();
    let bits = top - 1;
    (
        (2 * top + ((d >> bits) & 1)) as usize,
        d & ((1 << bits) - 1),
        bits,
    )
}

#[cfg(test)]
mod tests {
    use super::super::checksum;
    use super::super::literals::Mapped;
    use super::*;
    use proptest::prelude::*;

    fn inflate(bytes: &[u8], size: usize) -> Vec<u8> {
        let mut out = vec![0; size];
        let n = libdeflater::Decompressor::new()
            .zlib_decompress(bytes, &mut out)
            .unwrap();
        assert_eq!(n, size);
        out
    }

    /// Packs pixels of `W` bytes as pixels of their first `N`, and holds what comes back against
    /// them.
    fn there_and_back<const W: usize, const N: usize>(pixels: &[[u8; W]], width: usize) -> usize {
        let bytes = |pixel: [u8; W]| *pixel.first_chunk::<N>().unwrap();
        let expected: Vec<u8> = pixels
            .chunks(width)
            .flat_map(|row| std::iter::once(0).chain(row.iter().flat_map(|p| bytes(*p))))
            .collect();
        let mut sequences = Sequences::new(Rows::apart(pixels, width), N.max(W.min(3)));
        let mut first = Vec::new();
        sequences.fill(&mut first);
        let sum = checksum::of_rows(sequences.rows(), bytes);
        let packed = zlib(sequences, first, &Mapped(bytes), sum, vec![7; 3]);
        assert_eq!(packed[..3], [7; 3]);
        assert!(inflate(&packed[3..], expected.len()) == expected);
        packed.len() - 3
    }

    #[test]
    fn length_codes_are_those_of_the_standard() {
        // RFC 1951 §3.2.5: code, first length, extra bits
        for (code, first, bits) in [
            (257, 3, 0),
            (264, 10, 0),
            (265, 11, 1),
            (268, 17, 1),
            (269, 19, 2),
            (273, 35, 3),
            (277, 67, 4),
            (281, 131, 5),
            (284, 227, 5),
            (285, 258, 0),
        ] {
            assert_eq!(length_code(first), (code, 0, bits), "length {first}");
        }
        assert_eq!(length_code(257), (284, 30, 5));
        for (code, first, bits) in [(0, 1, 0), (3, 4, 0), (4, 5, 1), (6, 9, 2), (29, 24577, 13)] {
            assert_eq!(distance_code(first), (code, 0, bits), "distance {first}");
        }
    }

    #[test]
    fn a_long_copy_is_made_of_matches() {
        for bytes in MIN_MATCH..2000 {
            let lengths: Vec<usize> = lengths_of(bytes).collect();
            assert_eq!(lengths.iter().sum::<usize>(), bytes);
            assert!(lengths.iter().all(|l| (MIN_MATCH..=MAX_MATCH).contains(l)));
        }
    }

    #[test]
    fn flat_areas_shrink_to_almost_nothing() {
        let size = there_and_back::<4, 3>(&[[7, 8, 9, 255]; 800 * 600], 800);
        assert!(size < 3000, "{size} bytes");
    }

    #[test]
    fn noise_comes_back() {
        let mut state = 1u32;
        let mut noise = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        };
        let pixels: Vec<[u8; 4]> = (0..200_000)
            .map(|_| [noise(), noise(), noise(), 255])
            .collect();
        there_and_back::<4, 3>(&pixels, 1000);
        there_and_back::<4, 4>(&pixels, 1000);
        there_and_back::<1, 1>(pixels.as_flattened().as_chunks().0, 1000);
    }

    #[test]
    fn very_wide_and_very_high_pictures_come_back() {
        let pixels: Vec<[u8; 4]> = (0..140_000u32)
            .map(|i| [(i / 700) as u8, 0, 0, 255])
            .collect();
        for width in [1, 2, 8191, 10_922, 10_923, 65_535, 65_536, 70_000, 140_000] {
            let pixels = &pixels[..pixels.len() / width * width];
            there_and_back::<4, 3>(pixels, width);
            there_and_back::<4, 1>(pixels, width);
        }
    }

    proptest! {
        #[test]
        fn what_is_packed_comes_back(
            runs in prop::collection::vec((0..9u8, 1usize..300), 1..60),
            width in 1usize..200,
        ) {
            let pixels: Vec<[u8; 4]> = runs
                .iter()
                .flat_map(|(v, n)| std::iter::repeat_n([*v, v * 7, 1, v * 3], *n))
                .collect();
            let pixels = &pixels[..pixels.len() - pixels.len() % width];
            there_and_back::<4, 3>(pixels, width);
            there_and_back::<4, 4>(pixels, width);
            there_and_back::<4, 1>(pixels, width);
            let bytes = pixels.as_flattened().as_chunks().0;
            there_and_back::<1, 1>(&bytes[..bytes.len() - bytes.len() % width], width);
        }
    }
}
