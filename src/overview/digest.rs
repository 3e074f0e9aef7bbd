//! A digest of bytes in 128 bits: the same on every machine and in every build. It tells files
//! apart that differ by accident; it is no defence against someone who looks for a collision.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::budget::Budget;
use crate::error::{Error, Result};

const BUFFER_BYTES: usize = 1 << 20;
const WORD: usize = 8;

/// Odd numbers without pattern: the fractions of the square roots of 2, 3 and 5.
const KEYS: [u64; 3] = [
    0x6a09_e667_f3bc_c909,
    0xbb67_ae85_84ca_a73b,
    0x3c6e_f372_fe94_f82b,
];

/// A digest under way.
#[derive(Debug, Clone)]
pub struct Digest {
    lanes: [u64; 2],
    length: u64,
}

/// Both halves of the product of two words, folded.
fn mixed(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    #[allow(clippy::cast_possible_truncation, reason = "the two halves")]
    let (low, high) = (product as u64, (product >> 64) as u64);
    low ^ high
}

impl Digest {
    pub fn new() -> Digest {
        let [first, second, _] = KEYS;
        Digest {
            lanes: [first, second],
            length: 0,
        }
    }

    /// Adds bytes. Where they are cut into several calls matters, but for multiples of 8.
    pub fn add(&mut self, bytes: &[u8]) {
        let [first, second, third] = KEYS;
        let [mut a, mut b] = self.lanes;
        let (words, rest) = bytes.as_chunks::<WORD>();
        let mut last = [0; WORD];
        for (to, from) in last.iter_mut().zip(rest) {
            *to = *from;
        }
        let last = (!rest.is_empty()).then_some(&last);
        for word in words.iter().chain(last) {
            let word = u64::from_le_bytes(*word);
            a = mixed(a ^ word, first).wrapping_add(b);
            b = (b ^ word).rotate_left(29).wrapping_mul(third) ^ second;
        }
        self.lanes = [a, b];
        self.length = self.length.wrapping_add(bytes.len() as u64);
    }

    /// 32 hexadecimal digits.
    pub fn text(&self) -> String {
        let [first, second, third] = KEYS;
        let [a, b] = self.lanes;
        let end = mixed(a ^ self.length, third);
        let other = mixed(b ^ self.length.rotate_left(32), first).wrapping_add(end ^ second);
        format!("{end:016x}{other:016x}")
    }

    pub fn of(bytes: &[u8]) -> String {
        let mut digest = Digest::new();
        digest.add(bytes);
        digest.text()
    }

    /// The digest of a file, read from its start to its end.
    ///
    /// # Errors
    /// `Io`; `Cancelled` by the budget.
    pub fn of_file(path: &Path, budget: &Budget) -> Result<String> {
        let io = |e: std::io::Error| Error::io(path, &e);
        let mut file = File::open(path).map_err(io)?;
        let mut buffer = vec![0; BUFFER_BYTES];
        let mut digest = Digest::new();
        loop {
            budget.check()?;
            // a whole buffer each time but the last, so that cuts fall on words
            let mut filled = 0;
            while let Some(free) = buffer.get_mut(filled..).filter(|free| !free.is_empty()) {
                match file.read(free).map_err(io)? {
                    0 => break,
                    read => filled += read,
                }
            }
            digest.add(buffer.get(..filled).unwrap_or(&[]));
            if filled < BUFFER_BYTES {
                return Ok(digest.text());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scratch::Scratch;

    #[test]
    fn one_changed_bit_and_one_byte_more_are_other_digests() {
        let bytes: Vec<u8> = (0..=255).cycle().take(5000).collect();
        let mut seen = std::collections::HashSet::from([Digest::of(&bytes)]);
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1 << (at % 8);
            assert!(seen.insert(Digest::of(&changed)), "byte {at}");
        }
        for more in 1..9 {
            let mut longer = bytes.clone();
            longer.resize(bytes.len() + more, 0);
            assert!(seen.insert(Digest::of(&longer)), "{more} more");
        }
    }

    #[test]
    fn a_file_has_the_digest_of_its_bytes() {
        let folder = Scratch::new("digest");
        let path = folder.join("bytes");
        let bytes: Vec<u8> = (0..2_500_000_u32).map(|i| (i >> 3) as u8).collect();
        std::fs::write(&path, &bytes).unwrap();
        let digest = Digest::of_file(&path, &Budget::unlimited()).unwrap();
        assert_eq!(digest, Digest::of(&bytes));
    }
}
