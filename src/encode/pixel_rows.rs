//! Matches for [`deflate`](super::deflate) found pixel by pixel: one comparison of words tells
//! whether there is a match at all, and most places of a map are told by it.

use super::deflate::{BLOCK_TOKENS, HASH_BITS, MAX_MATCH, Token, WINDOW, common_prefix};

type Word = [u8; 4];

/// A picture of pixels of three or four bytes, taken row by row.
pub(super) struct PixelRows<'a> {
    /// The rows as they are compressed, each after its filter byte.
    data: &'a [u8],
    words: &'a [Word],
    width: usize,
    /// Bytes of a pixel and of a row.
    pixel: usize,
    stride: usize,
    /// The row that comes next.
    row: usize,
    /// Where in `data` the two pixels of a hash were last seen, plus one.
    seen: Vec<u32>,
}

impl<'a> PixelRows<'a> {
    pub fn new(data: &'a [u8], words: &'a [Word], width: usize, pixel: usize) -> PixelRows<'a> {
        let width = width.max(1);
        PixelRows {
            data,
            words,
            width,
            pixel,
            stride: width * pixel + 1,
            row: 0,
            seen: vec![0; 1 << HASH_BITS],
        }
    }

    /// Adds the tokens of one block; true with the last row.
    pub fn fill(&mut self, tokens: &mut Vec<Token>) -> bool {
        while tokens.len() < BLOCK_TOKENS {
            let start = self.row * self.width;
            let Some(row) = self.words.get(start..start + self.width) else {
                return true;
            };
            let above = start
                .checked_sub(self.width)
                .filter(|_| self.stride <= WINDOW)
                .and_then(|above| self.words.get(above..start))
                .unwrap_or(&[]);
            tokens.push(Token::literal(0));
            self.fill_row(row, above, tokens);
            self.row += 1;
        }
        self.row * self.width >= self.words.len()
    }

    fn fill_row(&mut self, row: &[Word], above: &[Word], tokens: &mut Vec<Token>) {
        let begin = self.row * self.stride + 1;
        let longest = MAX_MATCH / self.pixel;
        let mut x = 0;
        while let Some(here @ [word, ..]) = row.get(x..) {
            let mut pixels = 0;
            let mut distance = self.pixel;
            if let Some(before @ [left, ..]) = x.checked_sub(1).and_then(|b| row.get(b..))
                && left == word
            {
                pixels = common(here, before, longest);
            }
            if pixels < longest
                && let Some(over @ [up, ..]) = above.get(x..)
                && up == word
            {
                let up = common(here, over, longest);
                if up > pixels {
                    (pixels, distance) = (up, self.stride);
                }
            }
            // a match of two pixels to the left or above is cheaper than a look-up
            if pixels * self.pixel < 8
                && let [_, next, ..] = here
            {
                let at = begin + x * self.pixel;
                let (again, back) = self.seen_before(*word, *next, at, here.len());
                if again > pixels.max(1) {
                    (pixels, distance) = (again, back);
                }
            }
            if pixels > 0 {
                tokens.push(Token::copy(pixels * self.pixel, distance));
                x += pixels;
                continue;
            }
            let at = begin + x * self.pixel;
            match self.data.get(at..at + self.pixel) {
                Some(&[r, g, b]) => tokens.push(Token::literals([r, g, b])),
                Some(bytes) => tokens.extend(bytes.iter().map(|b| Token::literal(*b))),
                None => {}
            }
            x += 1;
        }
    }

    /// How many pixels from `at` repeat the place where the first two were last seen, and how
    /// far back that is; notes that they are here.
    fn seen_before(&mut self, first: Word, second: Word, at: usize, left: usize) -> (usize, usize) {
        let key =
            u64::from(u32::from_le_bytes(first)) | u64::from(u32::from_le_bytes(second)) << 32;
        let hash = key.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (64 - HASH_BITS);
        let Some(slot) = self.seen.get_mut(hash as usize) else {
            return (0, 0);
        };
        let before = std::mem::replace(slot, u32::try_from(at + 1).unwrap_or(0));
        let Some(from) = (before as usize).checked_sub(1) else {
            return (0, 0);
        };
        let distance = at.saturating_sub(from);
        if distance == 0 || distance > WINDOW {
            return (0, 0);
        }
        let here = self.data.get(at..).unwrap_or(&[]);
        let there = self.data.get(from..).unwrap_or(&[]);
        let pixels = common_prefix(here, there) / self.pixel;
        (pixels.min(left), distance)
    }
}

/// How many words are the same from the beginning on, at most `longest`.
#[inline]
fn common(a: &[Word], b: &[Word], longest: usize) -> usize {
    let mut same = 0;
    for (a, b) in a.as_chunks::<4>().0.iter().zip(b.as_chunks::<4>().0) {
        if a != b || same >= longest {
            break;
        }
        same += 4;
    }
    let rest = a.iter().zip(b).skip(same).take(4);
    (same + rest.take_while(|(a, b)| a == b).count()).min(longest)
}
