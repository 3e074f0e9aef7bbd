//! Huffman codes as deflate has them (RFC 1951 §3.2.1, §3.2.2, §3.2.7).

use super::bits::BitWriter;

/// Symbols of the largest code: literals, the end of a block and lengths.
const MAX_SYMBOLS: usize = 286;
/// The longest word of a code of literals or distances.
pub(super) const MAX_BITS: u8 = 15;

/// A Huffman code: for each symbol its word.
pub(super) struct Code {
    /// Bits in the low half, reversed for output, their number in the high half; 512 entries, so
    /// that a symbol masked to nine bits is always inside.
    words: Box<[u32; 512]>,
    lengths: Vec<u8>,
}

impl Code {
    /// The code for these frequencies, no word longer than `limit`.
    pub fn new(frequencies: &[u32], limit: u8) -> Code {
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

    /// The word of a symbol and its length.
    #[inline(always)]
    #[allow(clippy::indexing_slicing, reason = "nine bits index 512 entries")]
    pub fn word(&self, symbol: usize) -> (u64, u32) {
        let word = self.words[symbol & 511];
        (u64::from(word & 0xffff), word >> 16)
    }

    #[inline(always)]
    pub fn put(&self, out: &mut BitWriter, symbol: usize) {
        let (word, length) = self.word(symbol);
        out.put(word, length);
    }

    /// How many bits so many symbols take.
    pub fn bits(&self, frequencies: &[u32]) -> u64 {
        let both = frequencies.iter().zip(&self.lengths);
        both.map(|(n, length)| u64::from(*n) * u64::from(*length))
            .sum()
    }
}

/// The depth of each symbol in the Huffman tree; 0 for those that do not occur.
///
/// Two queues, of the symbols by weight and of the trees in the order they are made, which is
/// also by weight: the two lightest of all stand at their heads.
fn tree_depths(weights: &[u32]) -> Vec<u8> {
    let mut lengths = vec![0u8; weights.len()];
    // the weight above, the symbol below
    let mut leaves: Vec<u64> = Vec::with_capacity(weights.len());
    leaves.extend(
        (0u64..)
            .zip(weights)
            .filter(|(_, w)| **w > 0)
            .map(|(symbol, w)| u64::from(*w) << 16 | symbol),
    );
    let symbol = |leaf: &u64| (leaf & 0xffff) as usize;
    if leaves.len() < 2 {
        // a code needs two words to be complete: one that occurs, one that does not
        let used = leaves.first().map_or(0, symbol);
        for symbol in [used, usize::from(used == 0)] {
            if let Some(length) = lengths.get_mut(symbol) {
                *length = 1;
            }
        }
        return lengths;
    }
    leaves.sort_unstable();
    // nodes are numbered: first the leaves by weight, then the trees; a parent after its children
    let mut trees: Vec<u64> = Vec::with_capacity(leaves.len());
    let mut parents = vec![0usize; leaves.len() * 2 - 1];
    let (mut leaf, mut tree) = (0, 0);
    while trees.len() + 1 < leaves.len() {
        let mut sum = 0;
        for _ in 0..2 {
            let of_leaf = leaves.get(leaf).map(|l| l >> 16);
            let of_tree = trees.get(tree).copied();
            let takes_leaf = match (of_leaf, of_tree) {
                (Some(leaf), Some(tree)) => leaf <= tree,
                (leaf, _) => leaf.is_some(),
            };
            let node = if takes_leaf {
                sum += of_leaf.unwrap_or(0);
                leaf += 1;
                leaf - 1
            } else {
                sum += of_tree.unwrap_or(0);
                tree += 1;
                leaves.len() + tree - 1
            };
            if let Some(parent) = parents.get_mut(node) {
                *parent = leaves.len() + trees.len();
            }
        }
        trees.push(sum);
    }
    // from the root, which has no parent, down
    let mut depths = vec![0u8; parents.len()];
    for node in (0..parents.len().saturating_sub(1)).rev() {
        let parent = parents.get(node).copied().unwrap_or(0);
        let depth = depths.get(parent).copied().unwrap_or(0).saturating_add(1);
        if let Some(slot) = depths.get_mut(node) {
            *slot = depth;
        }
    }
    for (leaf, depth) in leaves.iter().zip(depths) {
        if let Some(length) = lengths.get_mut(symbol(leaf)) {
            *length = depth;
        }
    }
    lengths
}

/// The canonical words of RFC 1951 §3.2.2, each with its bits reversed.
fn canonical(lengths: &[u8]) -> Vec<u16> {
    let mut of_length = [0u16; 17];
    for length in lengths.iter().filter(|l| **l > 0) {
        if let Some(n) = of_length.get_mut(usize::from(*length)) {
            *n += 1;
        }
    }
    let mut next = [0u16; 17];
    let mut code = 0u16;
    for (slot, shorter) in next.iter_mut().skip(1).zip(of_length) {
        code = (code + shorter) << 1;
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

/// The word lengths of the two codes of a block, run-length coded, under a code of their own
/// (RFC 1951 §3.2.7).
pub(super) fn write_code_lengths(out: &mut BitWriter, literals: &Code, distances: &Code) {
    const ORDER: [usize; 19] = [
        16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15,
    ];
    let used = |lengths: &[u8], at_least: usize| {
        lengths
            .iter()
            .rposition(|l| *l > 0)
            .map_or(at_least, |i| (i + 1).max(at_least))
    };
    let n_literals = used(&literals.lengths, 257);
    let n_distances = used(&distances.lengths, 1);
    let mut all = Vec::with_capacity(MAX_SYMBOLS + 32);
    all.extend(literals.lengths.iter().take(n_literals));
    all.extend(distances.lengths.iter().take(n_distances));

    let symbols = run_lengths(&all);
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
    // 14 bits of numbers, 3 for each length, at most 7 + 7 for a symbol
    out.reserve(14 + 19 * 3 + symbols.len() as u64 * 14);
    out.put(n_literals as u64 - 257, 5);
    out.put(n_distances as u64 - 1, 5);
    out.put(n_codes as u64 - 4, 4);
    for i in ORDER.iter().take(n_codes) {
        out.put(u64::from(length_of(i)), 3);
    }
    for (symbol, extra, bits) in symbols {
        code.put(out, symbol);
        out.put(extra, bits);
    }
}

/// Word lengths as symbols of §3.2.7: `(symbol, extra value, extra bits)`.
fn run_lengths(lengths: &[u8]) -> Vec<(usize, u64, u32)> {
    let mut symbols = Vec::with_capacity(lengths.len());
    for run in lengths.chunk_by(|a, b| a == b) {
        let length = run.first().copied().unwrap_or(0);
        let mut left = run.len();
        if length == 0 {
            while left >= 11 {
                let n = left.min(138);
                symbols.push((18, n as u64 - 11, 7));
                left -= n;
            }
            if left >= 3 {
                symbols.push((17, left as u64 - 3, 3));
                left = 0;
            }
        } else {
            symbols.push((usize::from(length), 0, 0));
            left -= 1;
            while left >= 3 {
                let n = left.min(6);
                symbols.push((16, n as u64 - 3, 2));
                left -= n;
            }
        }
        symbols.extend(std::iter::repeat_n((usize::from(length), 0, 0), left));
    }
    symbols
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn kraft(code: &Code) -> f64 {
        let used = code.lengths.iter().filter(|l| **l > 0);
        used.map(|l| 0.5f64.powi(i32::from(*l))).sum()
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
        assert!((kraft(&code) - 1.0).abs() < 1e-12, "incomplete code");
    }

    /// The cost of the best code: the sum of all weights that are ever put together.
    fn best_cost(weights: &[u32]) -> u64 {
        let mut weights: Vec<u64> = weights.iter().map(|w| u64::from(*w)).collect();
        weights.retain(|w| *w > 0);
        let mut cost = 0;
        while weights.len() > 1 {
            weights.sort_unstable_by(|a, b| b.cmp(a));
            let both = weights.pop().unwrap() + weights.pop().unwrap();
            cost += both;
            weights.push(both);
        }
        cost
    }

    proptest! {
        #[test]
        fn codes_are_complete_and_trees_the_shortest(
            weights in prop::collection::vec(0u32..1000, 2..286),
        ) {
            let code = Code::new(&weights, MAX_BITS);
            prop_assert!((kraft(&code) - 1.0).abs() < 1e-12);
            if weights.iter().filter(|w| **w > 0).count() > 1 {
                let depths = tree_depths(&weights);
                let cost = weights.iter().zip(depths).map(|(w, d)| u64::from(*w) * u64::from(d));
                prop_assert_eq!(cost.sum::<u64>(), best_cost(&weights));
            }
        }
    }
}
