//! Deflate (RFC 1951, in the zlib form of RFC 1950) for pictures of maps.
//!
//! A map is flat: most pixels equal their left or their upper neighbour, and what remains are
//! edges that look alike. So three places are tried for a match and no chain is searched: one
//! pixel back, one row back, and where the next bytes were last seen. Each block gets Huffman
//! codes of its own. `benches/encode.rs` measures it against libdeflate's fastest level.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::pixel_rows::PixelRows;

pub(super) const MIN_MATCH: usize = 3;
pub(super) const MAX_MATCH: usize = 258;
pub(super) const WINDOW: usize = 32_768;
/// Tokens in a block: bounds the memory, and lets the codes follow the picture.
pub(super) const BLOCK_TOKENS: usize = 1 << 16;
pub(super) const HASH_BITS: u32 = 14;
const END_OF_BLOCK: usize = 256;

/// Compresses rows of `stride` bytes made of pixels of `pixel` bytes.
pub fn zlib(data: &[u8], pixel: usize, stride: usize) -> Vec<u8> {
    let mut finder = Finder::new(data, pixel, stride);
    blocks(data, |tokens| {
        finder.fill(tokens);
        finder.at >= data.len()
    })
}

/// As [`zlib`] for pixels of three or four bytes whose words are at hand: `data` has `width`
/// pixels in a row after a byte for the filter, and where two words are equal, their bytes are.
///
/// Matches are of whole pixels and end with the row.
pub fn zlib_pixels(data: &[u8], words: &[[u8; 4]], width: usize, pixel: usize) -> Vec<u8> {
    let mut rows = PixelRows::new(data, words, width, pixel);
    blocks(data, |tokens| rows.fill(tokens))
}

/// Writes blocks until `fill`, which adds the tokens of one, says that it was the last.
fn blocks(data: &[u8], mut fill: impl FnMut(&mut Vec<Token>) -> bool) -> Vec<u8> {
    let mut out = BitWriter::with_capacity(data.len() / 16 + 64);
    out.bytes.extend([0x78, 0x01]);
    let mut tokens = Vec::with_capacity(BLOCK_TOKENS + MAX_MATCH);
    loop {
        tokens.clear();
        let last = fill(&mut tokens);
        write_block(&mut out, &tokens, last);
        if last {
            break;
        }
    }
    out.align();
    out.bytes.extend(libdeflater::adler32(data).to_be_bytes());
    out.bytes
}

/// A literal byte; three of them, the first lowest, with bit 30; or with bit 31 a match: length
/// in bits 16..25, distance - 1 below.
#[derive(Clone, Copy)]
pub(super) struct Token(u32);

/// What a token stands for.
enum Meaning {
    Literal(usize),
    Literals([usize; 3]),
    /// Length and distance - 1.
    Copy(usize, u32),
}

impl Token {
    pub(super) fn literal(byte: u8) -> Token {
        Token(u32::from(byte))
    }

    pub(super) fn literals([a, b, c]: [u8; 3]) -> Token {
        Token(u32::from_le_bytes([a, b, c, 0x40]))
    }

    pub(super) fn copy(length: usize, distance: usize) -> Token {
        Token(0x8000_0000 | ((length as u32) << 16) | (distance as u32 - 1))
    }

    #[inline(always)]
    fn meaning(self) -> Meaning {
        if self.0 & 0x8000_0000 != 0 {
            Meaning::Copy(((self.0 >> 16) & 0x1ff) as usize, self.0 & 0x7fff)
        } else if self.0 & 0x4000_0000 != 0 {
            let [a, b, c, _] = self.0.to_le_bytes();
            Meaning::Literals([a, b, c].map(usize::from))
        } else {
            Meaning::Literal(self.0 as usize)
        }
    }
}

/// Finds matches, from the first byte to the last.
struct Finder<'a> {
    data: &'a [u8],
    pixel: usize,
    stride: usize,
    at: usize,
    /// Where the bytes of a hash were last seen, plus one.
    seen: Vec<u32>,
}

impl<'a> Finder<'a> {
    fn new(data: &'a [u8], pixel: usize, stride: usize) -> Finder<'a> {
        Finder {
            data,
            pixel,
            stride,
            at: 0,
            seen: vec![0; 1 << HASH_BITS],
        }
    }

    /// Adds the tokens of one block.
    fn fill(&mut self, tokens: &mut Vec<Token>) {
        while self.at < self.data.len() && tokens.len() < BLOCK_TOKENS {
            let here = self.data.get(self.at..).unwrap_or(&[]);
            let left = self.length_at(here, self.pixel);
            let up = if left == MAX_MATCH {
                0
            } else {
                self.length_at(here, self.stride)
            };
            let (mut length, mut distance) = if up > left {
                (up, self.stride)
            } else {
                (left, self.pixel)
            };
            // a hit of four bytes a pixel away or a row away is cheaper than a look-up
            if length < 8
                && let Some(back) = self.last_seen(here)
            {
                let again = self.length_at(here, back);
                if again > length.max(5) {
                    (length, distance) = (again, back);
                }
            }
            if length >= MIN_MATCH {
                tokens.push(Token::copy(length, distance));
                self.at += length;
            } else {
                let literals = here.get(..self.pixel).unwrap_or(here);
                tokens.extend(literals.iter().map(|b| Token::literal(*b)));
                self.at += literals.len();
            }
        }
    }

    /// How many bytes from here equal those `back` bytes before.
    fn length_at(&self, here: &[u8], back: usize) -> usize {
        if back > WINDOW {
            return 0;
        }
        let Some(there) = self
            .at
            .checked_sub(back)
            .and_then(|from| self.data.get(from..))
        else {
            return 0;
        };
        common_prefix(here, there)
    }

    /// The distance to where the next eight bytes (four for palettes) were last seen; notes
    /// that they are here.
    fn last_seen(&mut self, here: &[u8]) -> Option<usize> {
        let key = if self.pixel == 1 {
            u64::from(u32::from_le_bytes(*here.first_chunk::<4>()?))
        } else {
            u64::from_le_bytes(*here.first_chunk::<8>()?)
        };
        let hash = key.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (64 - HASH_BITS);
        let slot = self.seen.get_mut(hash as usize)?;
        let before = std::mem::replace(slot, u32::try_from(self.at + 1).unwrap_or(0));
        let from = (before as usize).checked_sub(1)?;
        self.at.checked_sub(from).filter(|d| *d > 0 && *d <= WINDOW)
    }
}

/// The length of the common beginning, at most [`MAX_MATCH`].
pub(super) fn common_prefix(a: &[u8], b: &[u8]) -> usize {
    let (a8, _) = a.as_chunks::<8>();
    let (b8, _) = b.as_chunks::<8>();
    let mut length = 0;
    for (x, y) in a8.iter().zip(b8).take(MAX_MATCH.div_ceil(8)) {
        let difference = u64::from_le_bytes(*x) ^ u64::from_le_bytes(*y);
        if difference != 0 {
            return (length + difference.trailing_zeros() as usize / 8).min(MAX_MATCH);
        }
        length += 8;
    }
    if length >= MAX_MATCH {
        return MAX_MATCH;
    }
    let rest = a
        .iter()
        .zip(b)
        .skip(length)
        .take_while(|(x, y)| x == y)
        .count();
    (length + rest).min(MAX_MATCH)
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

/// The code of a distance less one, and the value and number of its extra bits.
fn distance_code(d: u32) -> (usize, u32, u32) {
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

/// A Huffman code: for each symbol its bits, reversed for output, and their number.
struct Code {
    /// Bits in the low half, their number in the high half; 512 entries, so that a symbol
    /// masked to nine bits is always inside.
    words: Box<[u32; 512]>,
    lengths: Vec<u8>,
}

impl Code {
    /// The code for these frequencies, no word longer than `limit`.
    fn new(frequencies: &[u32], limit: u8) -> Code {
        let mut weights = frequencies.to_vec();
        let lengths = loop {
            let lengths = tree_depths(&weights);
            if lengths.iter().all(|l| *l <= limit) {
                break lengths;
            }
            // flatter weights make a flatter tree; ends at all ones, whose depth is 9 at most
            for w in weights.iter_mut().filter(|w| **w > 0) {
                *w = (*w).div_ceil(4);
            }
        };
        let mut words = Box::new([0; 512]);
        for ((word, bits), length) in words.iter_mut().zip(canonical(&lengths)).zip(&lengths) {
            *word = u32::from(bits) | (u32::from(*length) << 16);
        }
        Code { words, lengths }
    }

    #[inline(always)]
    fn put(&self, out: &mut BitWriter, symbol: usize) {
        let (word, length) = self.word(symbol);
        out.put(word, length);
    }

    /// The word of a symbol and its length.
    #[inline(always)]
    #[allow(clippy::indexing_slicing, reason = "nine bits index 512 entries")]
    fn word(&self, symbol: usize) -> (u32, u32) {
        let word = self.words[symbol & 511];
        (word & 0xffff, word >> 16)
    }

    /// For each length of a match its word with the extra bits, and how many bits that is.
    fn of_lengths(&self) -> [(u32, u32); MAX_MATCH + 1] {
        std::array::from_fn(|length| {
            let (code, extra, bits) = length_code(length.max(MIN_MATCH));
            let (word, n) = self.word(code);
            (word | extra << n, n + bits)
        })
    }
}

/// The depth of each symbol in the Huffman tree; 0 for those that do not occur.
fn tree_depths(weights: &[u32]) -> Vec<u8> {
    let mut lengths = vec![0u8; weights.len()];
    let mut heap: BinaryHeap<Reverse<(u64, usize)>> = weights
        .iter()
        .enumerate()
        .filter(|(_, w)| **w > 0)
        .map(|(symbol, w)| Reverse((u64::from(*w), symbol)))
        .collect();
    if heap.len() < 2 {
        // a code needs two words to be complete: one that occurs, one that does not
        let used = heap.pop().map_or(0, |Reverse((_, symbol))| symbol);
        for symbol in [used, usize::from(used == 0)] {
            if let Some(length) = lengths.get_mut(symbol) {
                *length = 1;
            }
        }
        return lengths;
    }
    // nodes above the leaves are numbered after them; parents after their children
    let mut parents = vec![0usize; weights.len()];
    while let (Some(Reverse((w0, n0))), Some(Reverse((w1, n1)))) = (heap.pop(), heap.pop()) {
        let parent = parents.len();
        parents.push(0);
        for node in [n0, n1] {
            if let Some(slot) = parents.get_mut(node) {
                *slot = parent;
            }
        }
        if heap.is_empty() {
            break;
        }
        heap.push(Reverse((w0 + w1, parent)));
    }
    let mut depths = vec![0u8; parents.len()];
    for node in (0..parents.len().saturating_sub(1)).rev() {
        let parent = parents.get(node).copied().unwrap_or(0);
        let depth = depths.get(parent).copied().unwrap_or(0).saturating_add(1);
        if parent > 0
            && let Some(slot) = depths.get_mut(node)
        {
            *slot = depth;
        }
    }
    for ((length, depth), weight) in lengths.iter_mut().zip(&depths).zip(weights) {
        *length = if *weight > 0 { *depth } else { 0 };
    }
    lengths
}

/// The canonical words of RFC 1951 §3.2.2, each with its bits reversed.
fn canonical(lengths: &[u8]) -> Vec<u16> {
    let mut next = [0u16; 17];
    let mut code = 0u16;
    for (bits, slot) in next.iter_mut().enumerate().skip(1) {
        let shorter = lengths
            .iter()
            .filter(|l| **l > 0 && usize::from(**l) == bits - 1)
            .count();
        code = (code + shorter as u16) << 1;
        *slot = code;
    }
    lengths
        .iter()
        .map(|length| match next.get_mut(usize::from(*length)) {
            Some(slot) if *length > 0 => {
                let word = *slot;
                *slot = slot.wrapping_add(1);
                word.reverse_bits() >> (16 - u32::from(*length))
            }
            _ => 0,
        })
        .collect()
}

fn write_block(out: &mut BitWriter, tokens: &[Token], last: bool) {
    let mut literal_counts = [0u32; 286];
    let mut distance_counts = [0u32; 30];
    #[inline]
    fn count<const N: usize>(counts: &mut [u32; N], symbol: usize) {
        if let Some(n) = counts.get_mut(symbol) {
            *n += 1;
        }
    }
    let mut length_counts = [0u32; MAX_MATCH + 1];
    for token in tokens {
        match token.meaning() {
            Meaning::Copy(length, distance) => {
                count(&mut length_counts, length);
                count(&mut distance_counts, distance_code(distance).0);
            }
            Meaning::Literal(byte) => count(&mut literal_counts, byte),
            Meaning::Literals(bytes) => {
                for byte in bytes {
                    count(&mut literal_counts, byte);
                }
            }
        }
    }
    for (length, n) in length_counts.iter().enumerate().skip(MIN_MATCH) {
        if let Some(all) = literal_counts.get_mut(length_code(length).0) {
            *all += n;
        }
    }
    count(&mut literal_counts, END_OF_BLOCK);
    let literals = Code::new(&literal_counts, 15);
    let distances = Code::new(&distance_counts, 15);

    out.put(u32::from(last), 1);
    out.put(2, 2); // dynamic Huffman codes
    write_code_lengths(out, &literals.lengths, &distances.lengths);
    let lengths = literals.of_lengths();
    for token in tokens {
        match token.meaning() {
            Meaning::Copy(length, distance) => {
                let (word, word_bits) = lengths.get(length).copied().unwrap_or_default();
                let (code, extra, bits) = distance_code(distance);
                let (far, length) = distances.word(code);
                let far = u64::from(far | extra << length);
                out.put_many(
                    u64::from(word) | far << word_bits,
                    word_bits + length + bits,
                );
            }
            Meaning::Literal(byte) => literals.put(out, byte),
            Meaning::Literals(bytes) => {
                let [(a, a_bits), (b, b_bits), (c, c_bits)] = bytes.map(|b| literals.word(b));
                let bc = u64::from(b) | u64::from(c) << b_bits;
                out.put_many(u64::from(a) | bc << a_bits, a_bits + b_bits + c_bits);
            }
        }
    }
    literals.put(out, END_OF_BLOCK);
}

/// The two codes' word lengths, run-length coded, under a code of their own (RFC 1951 §3.2.7).
fn write_code_lengths(out: &mut BitWriter, literals: &[u8], distances: &[u8]) {
    const ORDER: [usize; 19] = [
        16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15,
    ];
    let used = |lengths: &[u8], at_least: usize| {
        lengths
            .iter()
            .rposition(|l| *l > 0)
            .map_or(at_least, |i| (i + 1).max(at_least))
    };
    let (n_literals, n_distances) = (used(literals, 257), used(distances, 1));
    let all: Vec<u8> = literals
        .iter()
        .take(n_literals)
        .chain(distances.iter().take(n_distances))
        .copied()
        .collect();

    // (symbol, extra value, extra bits)
    let mut symbols: Vec<(usize, u32, u32)> = Vec::new();
    for run in all.chunk_by(|a, b| a == b) {
        let length = run.first().copied().unwrap_or(0);
        let mut left = run.len();
        if length == 0 {
            while left >= 11 {
                let n = left.min(138);
                symbols.push((18, n as u32 - 11, 7));
                left -= n;
            }
            if left >= 3 {
                symbols.push((17, left as u32 - 3, 3));
                left = 0;
            }
        } else {
            symbols.push((usize::from(length), 0, 0));
            left -= 1;
            while left >= 3 {
                let n = left.min(6);
                symbols.push((16, n as u32 - 3, 2));
                left -= n;
            }
        }
        symbols.extend(std::iter::repeat_n((usize::from(length), 0, 0), left));
    }
    let mut counts = [0u32; 19];
    for (symbol, _, _) in &symbols {
        if let Some(n) = counts.get_mut(*symbol) {
            *n += 1;
        }
    }
    let code = Code::new(&counts, 7);
    let length_of = |i: &usize| code.lengths.get(*i).copied().unwrap_or(0);
    let n_codes = ORDER
        .iter()
        .rposition(|i| length_of(i) > 0)
        .map_or(4, |i| (i + 1).max(4));
    out.put(n_literals as u32 - 257, 5);
    out.put(n_distances as u32 - 1, 5);
    out.put(n_codes as u32 - 4, 4);
    for i in ORDER.iter().take(n_codes) {
        out.put(u32::from(length_of(i)), 3);
    }
    for (symbol, extra, bits) in symbols {
        code.put(out, symbol);
        out.put(extra, bits);
    }
}

/// Bits, the first in the lowest place of the first byte.
struct BitWriter {
    bytes: Vec<u8>,
    bits: u64,
    count: u32,
}

impl BitWriter {
    fn with_capacity(bytes: usize) -> BitWriter {
        BitWriter {
            bytes: Vec::with_capacity(bytes),
            bits: 0,
            count: 0,
        }
    }

    /// At most 32 bits.
    #[inline(always)]
    fn put(&mut self, value: u32, count: u32) {
        self.put_many(u64::from(value), count);
    }

    /// At most 63 bits.
    #[inline(always)]
    fn put_many(&mut self, value: u64, count: u32) {
        // fewer than 64 bits wait, so neither shift is by 64
        self.bits |= value << self.count;
        let all = self.count + count;
        if all < 64 {
            self.count = all;
            return;
        }
        self.bytes.extend_from_slice(&self.bits.to_le_bytes());
        self.bits = value >> (64 - self.count);
        self.count = all - 64;
    }

    fn align(&mut self) {
        let bytes = self.count.div_ceil(8) as usize;
        self.bytes
            .extend(self.bits.to_le_bytes().iter().take(bytes));
        self.bits = 0;
        self.count = 0;
    }
}

#[cfg(test)]
mod tests {
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
            assert_eq!(
                distance_code(first - 1),
                (code, 0, bits),
                "distance {first}"
            );
        }
    }

    #[test]
    fn flat_areas_shrink_to_almost_nothing() {
        let data = vec![7u8; 2401 * 600];
        let packed = zlib(&data, 3, 2401);
        assert!(packed.len() < 3000, "{} bytes", packed.len());
        assert_eq!(inflate(&packed, data.len()), data);
    }

    #[test]
    fn nothing_and_noise_come_back() {
        assert_eq!(inflate(&zlib(&[], 3, 1), 0), Vec::<u8>::new());
        let mut state = 1u32;
        let noise: Vec<u8> = (0..300_000)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (state >> 24) as u8
            })
            .collect();
        let packed = zlib(&noise, 4, 1001);
        assert_eq!(inflate(&packed, noise.len()), noise);
    }

    #[test]
    fn skewed_frequencies_keep_words_within_fifteen_bits() {
        let mut fibonacci = vec![1u32, 1];
        while fibonacci.len() < 40 {
            let n = fibonacci.len();
            fibonacci.push(fibonacci[n - 1] + fibonacci[n - 2]);
        }
        let code = Code::new(&fibonacci, 15);
        assert!(code.lengths.iter().all(|l| (1..=15).contains(l)));
        let kraft: f64 = code
            .lengths
            .iter()
            .map(|l| 0.5f64.powi(i32::from(*l)))
            .sum();
        assert!((kraft - 1.0).abs() < 1e-12, "incomplete code: {kraft}");
    }

    proptest! {
        #[test]
        fn pixels_that_are_packed_come_back(
            runs in prop::collection::vec((0..9u8, 1usize..90), 1..60),
            width in 1usize..200,
            pixel in 3usize..5,
        ) {
            let words: Vec<[u8; 4]> = runs
                .iter()
                .flat_map(|(v, n)| std::iter::repeat_n([*v, v * 7, 1, v * 3], *n))
                .collect();
            let words = &words[..words.len() - words.len() % width];
            let data: Vec<u8> = words
                .chunks(width)
                .flat_map(|row| std::iter::once(0).chain(row.iter().flat_map(|p| p[..pixel].to_vec())))
                .collect();
            prop_assert_eq!(inflate(&zlib_pixels(&data, words, width, pixel), data.len()), data);
        }

        #[test]
        fn what_is_packed_comes_back(
            runs in prop::collection::vec((any::<u8>(), 1usize..700), 0..60),
            pixel in prop::sample::select(vec![1usize, 3, 4]),
            stride in 1usize..3000,
        ) {
            let data: Vec<u8> = runs.iter().flat_map(|(v, n)| std::iter::repeat_n(*v, *n)).collect();
            prop_assert_eq!(inflate(&zlib(&data, pixel, stride.max(pixel)), data.len()), data);
        }
    }
}
