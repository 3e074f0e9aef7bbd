//! What repeats in a picture, found pixel by pixel.
//!
//! A map is flat: most pixels equal their left or their upper neighbour, and what remains are
//! edges that look alike. So three places are tried and no chain is searched: one pixel back, one
//! row back, and where the next pixels were last seen. What is found holds for pixels of any
//! width in bytes, so the picture is gone through once, before it is known how it is written.

/// How far back a copy may reach, in bytes (RFC 1951 §2).
const WINDOW: usize = 32_768;
/// Sequences that are found before they are written: bounds the memory, and lets the codes follow
/// the picture.
const BLOCK_SEQUENCES: usize = 1 << 16;
/// The longest match, in bytes (RFC 1951 §3.2.5).
pub(super) const MAX_MATCH: usize = 258;
const HASH_BITS: u32 = 14;
/// Pixels that are compared with those above before it is looked again.
const MAX_LOOK: usize = 2048;
/// A copy of as many bytes as this from the left or from above is cheaper than a look-up.
const GOOD_BYTES: usize = 5;

/// Pixels that stand for themselves, and then pixels that repeat earlier ones; all in one row.
#[derive(Clone, Copy)]
pub(super) struct Sequence {
    pub literals: u16,
    /// Pixels copied; 0 at most at the end of a row.
    pub copied: u16,
    pub back: Back,
}

/// Where a copy comes from.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Back {
    /// Pixels back, counted through the rows.
    pub pixels: u16,
    /// Ends of rows on the way.
    pub rows: u16,
}

impl Back {
    pub const LEFT: Back = Back { pixels: 1, rows: 0 };

    /// The same in bytes of rows with one byte before their pixels.
    #[inline(always)]
    pub fn bytes(self, pixel: usize) -> usize {
        usize::from(self.pixels) * pixel + usize::from(self.rows)
    }
}

/// Rows of pixels in memory, and how they are written.
#[derive(Clone, Copy)]
pub(super) struct Rows<'a, const W: usize> {
    pub pixels: &'a [[u8; W]],
    /// Pixels that no copy goes beyond: those of a row, which is written after a byte that says
    /// that it has no filter, or of several where that byte is in memory.
    pub width: usize,
    /// How many pixels back the row above is.
    pub above: usize,
    /// True where a byte is written before each row.
    pub filtered: bool,
}

impl<'a, const W: usize> Rows<'a, W> {
    /// Rows that get their filter byte when they are written.
    pub fn apart(pixels: &'a [[u8; W]], width: usize) -> Rows<'a, W> {
        let width = width.max(1);
        Rows {
            pixels,
            width,
            above: width,
            filtered: true,
        }
    }
}

impl<'a> Rows<'a, 1> {
    /// Rows of `stride` bytes that begin with their filter byte.
    pub fn together(bytes: &'a [u8], stride: usize) -> Rows<'a, 1> {
        // what is found before it is written stays bounded
        let width = stride.clamp(1, 1 << 20) * 256;
        Rows {
            pixels: bytes.as_chunks().0,
            width,
            above: stride,
            filtered: false,
        }
    }
}

/// Finds sequences from the first row to the last.
pub(super) struct Sequences<'a, const W: usize> {
    rows: Rows<'a, W>,
    /// The pixel that comes next.
    at: usize,
    above: Option<Back>,
    /// Bytes of a pixel where it is written, at most.
    pixel: usize,
    /// Pixels back that are within the window, whatever rows end on the way.
    reach: u32,
    /// By hash, the pixel where the next eight bytes were last seen; four where a pixel is one.
    seen: Vec<u32>,
}

impl<'a, const W: usize> Sequences<'a, W> {
    /// The pixels will be `pixel` bytes wide at most.
    pub fn new(rows: Rows<'a, W>, pixel: usize) -> Sequences<'a, W> {
        let above = Back {
            pixels: u16::try_from(rows.above).unwrap_or(u16::MAX),
            rows: u16::from(rows.filtered),
        };
        let fits = rows.above < WINDOW && above.bytes(pixel) <= WINDOW;
        let stride = rows.width * pixel + usize::from(rows.filtered);
        Sequences {
            rows,
            at: 0,
            above: fits.then_some(above),
            pixel,
            reach: ((WINDOW - 1) * rows.width / stride) as u32,
            seen: vec![u32::MAX; 1 << HASH_BITS],
        }
    }

    /// Rows whose sequences are all found.
    pub fn none_behind(rows: Rows<'a, W>) -> Sequences<'a, W> {
        Sequences {
            rows,
            at: rows.pixels.len(),
            above: None,
            pixel: W,
            reach: 0,
            seen: Vec::new(),
        }
    }

    pub fn rows(&self) -> Rows<'a, W> {
        self.rows
    }

    pub fn is_done(&self) -> bool {
        self.at >= self.rows.pixels.len()
    }

    /// Adds the sequences of whole rows until there are enough for a block.
    pub fn fill(&mut self, sequences: &mut Vec<Sequence>) {
        while !self.is_done() && sequences.len() < BLOCK_SEQUENCES {
            self.fill_row(sequences);
        }
    }

    #[allow(
        clippy::indexing_slicing,
        reason = "`at` is below `end`, which is at most the number of pixels, and nothing below is \
                  read behind it"
    )]
    fn fill_row(&mut self, sequences: &mut Vec<Sequence>) {
        let pixels = self.rows.pixels;
        let begin = self.at;
        let end = (begin + self.rows.width).min(pixels.len());
        let above = self.above.unwrap_or(Back::LEFT);
        let back = self.rows.above;
        let first_up = match self.above {
            Some(_) => begin.max(back),
            None => usize::MAX,
        };
        let lot = MAX_MATCH / self.pixel;
        let (mut at, mut literals) = (begin, 0);
        while at < end {
            let here = &pixels[at..end];
            // both are told before either is asked: on edges the answers can't be foreseen
            let is_left = (at > begin) & (pixels[at.saturating_sub(1)] == here[0]);
            let is_up = (at >= first_up) & (pixels[at.saturating_sub(back)] == here[0]);
            let (mut copied, mut from) = (0, Back::LEFT);
            if is_left | is_up {
                if is_left {
                    copied = common(here, &pixels[at - 1..end]);
                }
                // a long run of one colour is the shortest to say; how it ends is looked at again
                if copied >= lot {
                    copied -= copied % lot;
                } else if is_up {
                    let over = &pixels[at - back..];
                    let up = common(here, &over[..here.len().min(MAX_LOOK)]);
                    if up > copied {
                        (copied, from) = (self.first_of(up, here), above);
                    }
                }
            }
            if copied * self.pixel < GOOD_BYTES
                && let Some((again, far)) = self.seen_before(here, at)
                && again > copied.max(1)
            {
                (copied, from) = (self.first_of(again, here), far);
            }
            if copied == 0 {
                literals += 1;
                at += 1;
                if literals < u16::MAX {
                    continue;
                }
            }
            let copied = copied.min(usize::from(u16::MAX));
            sequences.push(Sequence {
                literals,
                copied: copied as u16,
                back: from,
            });
            literals = 0;
            at += copied;
        }
        if literals > 0 {
            sequences.push(Sequence {
                literals,
                copied: 0,
                back: Back::LEFT,
            });
        }
        self.at = end;
    }

    /// Of so many pixels that are as others, those to be copied before it is looked again: where
    /// the rest has one colour, to repeat it is shorter to say.
    #[inline(always)]
    fn first_of(&self, same: usize, here: &[[u8; W]]) -> usize {
        let lot = MAX_MATCH / self.pixel;
        match here.get(lot) {
            Some(next) if same > lot && here.get(lot - 1) == Some(next) => lot,
            _ if same > lot => same - same % lot,
            _ => same,
        }
    }

    /// How many pixels from here repeat the place where the first of them were last seen, and how
    /// far back that is; notes that they are here.
    #[inline(always)]
    fn seen_before(&mut self, here: &[[u8; W]], at: usize) -> Option<(usize, Back)> {
        let bytes = here.as_flattened();
        let key = match W {
            1 => u64::from(u32::from_le_bytes(*bytes.first_chunk()?)),
            _ => u64::from_le_bytes(*bytes.first_chunk()?),
        };
        let hash = key.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (64 - HASH_BITS);
        let now = at as u32;
        let before = std::mem::replace(self.seen.get_mut(hash as usize)?, now);
        // what was never seen is compared with itself, and is too near
        let before = before.min(now);
        let pixels = now - before;
        let there = self.rows.pixels.get(before as usize..at + here.len())?;
        let is_near = pixels.wrapping_sub(1) < self.reach;
        let is_same = there.as_flattened().first_chunk::<4>() == bytes.first_chunk::<4>();
        if !(is_near & is_same) {
            return None;
        }
        let width = self.rows.width as u32;
        let row = before / width;
        let left = (width - before % width) as usize;
        let same = common(here, there.get(..left.min(here.len()))?);
        let back = Back {
            pixels: pixels as u16,
            rows: if self.rows.filtered {
                (now / width - row) as u16
            } else {
                0
            },
        };
        Some((same, back))
    }
}

/// How many pixels are the same from the beginning on.
#[inline(always)]
fn common<const W: usize>(a: &[[u8; W]], b: &[[u8; W]]) -> usize {
    let (a, b) = (a.as_flattened(), b.as_flattened());
    let (Some(a8), Some(b8)) = (a.first_chunk::<8>(), b.first_chunk::<8>()) else {
        return a.iter().zip(b).take_while(|(a, b)| a == b).count() / W;
    };
    let difference = u64::from_le_bytes(*a8) ^ u64::from_le_bytes(*b8);
    if difference != 0 {
        return difference.trailing_zeros() as usize / 8 / W;
    }
    common_run(a, b) / W
}

/// How many bytes are the same from the beginning on.
fn common_run(a: &[u8], b: &[u8]) -> usize {
    let mut same = 0;
    for (a, b) in a.as_chunks::<32>().0.iter().zip(b.as_chunks::<32>().0) {
        if a != b {
            break;
        }
        same += 32;
    }
    let (a, b) = (a.get(same..).unwrap_or(&[]), b.get(same..).unwrap_or(&[]));
    for (a, b) in a.as_chunks::<8>().0.iter().zip(b.as_chunks::<8>().0) {
        let difference = u64::from_le_bytes(*a) ^ u64::from_le_bytes(*b);
        if difference != 0 {
            return same + difference.trailing_zeros() as usize / 8;
        }
        same += 8;
    }
    let end = a.len().min(b.len()) / 8 * 8;
    let rest = a.iter().zip(b).skip(end);
    same + rest.take_while(|(a, b)| a == b).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_common_beginning_is_that_of_a_slow_count(
            a in prop::collection::vec(0u8..2, 0..150),
            b in prop::collection::vec(0u8..2, 0..150),
            same in 0usize..150,
        ) {
            let mut b = b;
            for (b, a) in b.iter_mut().zip(&a).take(same) {
                *b = *a;
            }
            let slow = a.iter().zip(&b).take_while(|(a, b)| a == b).count();
            let (a, b) = (a.as_slice(), b.as_slice());
            prop_assert_eq!(common::<1>(a.as_chunks().0, b.as_chunks().0), slow);
            let pixels = (a.len().min(b.len()) / 4).min(slow / 4);
            prop_assert_eq!(common::<4>(a.as_chunks().0, b.as_chunks().0), pixels);
        }
    }
}
