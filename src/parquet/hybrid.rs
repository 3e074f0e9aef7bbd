//! Whole numbers of few bits, in runs of one value and in packs of eight values (the encoding
//! RLE of the specification): levels, and places in a dictionary.

use super::thrift::push_varint;

/// Reads numbers out of a part of a page that is handed over again at each call.
#[derive(Debug, Clone, Copy)]
pub struct Hybrid {
    at: usize,
    end: usize,
    width: u32,
    run: Run,
}

#[derive(Debug, Clone, Copy)]
enum Run {
    Same {
        value: u32,
        left: u64,
    },
    /// Numbers that lie bit by bit from a bit of the page on.
    Packed {
        bit: u64,
        left: u64,
    },
}

impl Hybrid {
    /// Numbers of `width` bits, at most 32, in the bytes from `at` to `end`.
    pub fn new(at: usize, end: usize, width: u32) -> Hybrid {
        Hybrid {
            at,
            end,
            width,
            run: Run::Same { value: 0, left: 0 },
        }
    }

    /// The next number.
    ///
    /// # Errors
    /// In words, where there is none.
    #[inline]
    pub fn next(&mut self, page: &[u8]) -> Result<u32, String> {
        loop {
            match &mut self.run {
                Run::Same { value, left } if *left > 0 => {
                    *left -= 1;
                    return Ok(*value);
                }
                Run::Packed { bit, left } if *left > 0 => {
                    *left -= 1;
                    let at = *bit;
                    *bit = bit.saturating_add(self.width.into());
                    let whole = page.get(..self.end).unwrap_or(page);
                    return bits(whole, at, self.width)
                        .and_then(|value| u32::try_from(value).ok())
                        .ok_or_else(cut);
                }
                _ => self.begin(page)?,
            }
        }
    }

    fn begin(&mut self, page: &[u8]) -> Result<(), String> {
        let bytes = page.get(self.at..self.end).unwrap_or_default();
        let (head, length) = varint(bytes).ok_or_else(cut)?;
        self.at += length;
        let count = head >> 1;
        if head & 1 == 0 {
            let width = self.width.div_ceil(8) as usize;
            let rest = page.get(self.at..self.end).unwrap_or_default();
            let value = rest.get(..width).ok_or_else(cut)?;
            self.at += width;
            let value = value
                .iter()
                .rev()
                .fold(0, |sum, b| sum << 8 | u32::from(*b));
            self.run = Run::Same { value, left: count };
        } else {
            let bit = (self.at as u64).saturating_mul(8);
            let bytes = count.saturating_mul(self.width.into());
            let bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
            // the last pack may be cut where nothing is wanted of it
            self.at = self.at.saturating_add(bytes).min(self.end);
            let left = count.saturating_mul(8);
            self.run = Run::Packed { bit, left };
        }
        Ok(())
    }
}

fn cut() -> String {
    "a page has fewer values than it says".to_owned()
}

/// A varint and its length.
pub fn varint(bytes: &[u8]) -> Option<(u64, usize)> {
    let mut value = 0_u64;
    for (byte, nth) in bytes.iter().take(10).zip(0_usize..) {
        value |= u64::from(byte & 0x7f) << (7 * nth).min(63);
        if byte & 0x80 == 0 {
            return Some((value, nth + 1));
        }
    }
    None
}

/// A number of at most 64 bits that begins at any bit; `None` beyond the end.
#[inline]
pub fn bits(bytes: &[u8], bit: u64, width: u32) -> Option<u64> {
    if width == 0 {
        return Some(0);
    }
    let first = usize::try_from(bit / 8).ok()?;
    let shift = (bit % 8) as u32;
    let needed = (shift + width).div_ceil(8) as usize;
    let rest = bytes.get(first..)?;
    if rest.len() < needed {
        return None;
    }
    let low = match rest.first_chunk::<8>() {
        Some(eight) => u64::from_le_bytes(*eight),
        None => rest.iter().rev().fold(0, |sum, b| sum << 8 | u64::from(*b)),
    } >> shift;
    let high = match (needed > 8, rest.get(8)) {
        (true, Some(ninth)) => u64::from(*ninth) << (64 - shift),
        _ => 0,
    };
    let mask = u64::MAX >> (64 - width.min(64));
    Some((low | high) & mask)
}

/// Bits that hold every number up to `most`.
pub fn width(most: usize) -> u32 {
    usize::BITS - most.leading_zeros()
}

/// Appends numbers of `width` bits.
pub fn push(out: &mut Vec<u8>, numbers: &[u32], width: u32) {
    let mut rest = numbers;
    while let Some(first) = rest.first() {
        let same = rest.iter().take_while(|number| *number == first).count();
        if same >= 8 {
            push_varint(out, (same as u64) << 1);
            let value = first.to_le_bytes();
            out.extend(value.iter().take(width.div_ceil(8) as usize));
            rest = rest.get(same..).unwrap_or_default();
            continue;
        }
        // packs of eight, up to where a run begins
        let begins_run = |eight: &[u32]| {
            let mut numbers = eight.iter();
            let first = numbers.next();
            eight.len() == 8 && numbers.all(|number| Some(number) == first)
        };
        let packs = rest
            .chunks(8)
            .take_while(|eight| !begins_run(eight))
            .count();
        let (packed, after) = rest.split_at(rest.len().min(packs * 8));
        push_varint(out, (packs as u64) << 1 | 1);
        push_packed(out, packed, packs, width);
        rest = after;
    }
}

/// Appends so many packs of eight numbers, zeros where the last lacks some.
fn push_packed(out: &mut Vec<u8>, numbers: &[u32], packs: usize, width: u32) {
    let (mut pending, mut bits) = (0_u64, 0_u32);
    let padded = numbers.iter().copied().chain(std::iter::repeat(0));
    for number in padded.take(packs * 8) {
        pending |= u64::from(number) << bits;
        bits += width;
        while bits >= 8 {
            out.push(pending as u8);
            pending >>= 8;
            bits -= 8;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(page: &[u8], count: usize, width: u32) -> Result<Vec<u32>, String> {
        let mut hybrid = Hybrid::new(0, page.len(), width);
        (0..count).map(|_| hybrid.next(page)).collect()
    }

    #[test]
    fn the_example_of_the_specification_is_written_so() {
        let mut out = Vec::new();
        push(&mut out, &[0, 1, 2, 3, 4, 5, 6, 7], 3);
        assert_eq!(out, [0x03, 0b1000_1000, 0b1100_0110, 0b1111_1010]);
        out.clear();
        push(&mut out, &[1; 300], 1);
        assert_eq!(out, [0xd8, 0x04, 1]);
    }

    #[test]
    fn more_than_there_is_can_not_be_read() {
        let mut page = Vec::new();
        push(&mut page, &[5, 6, 7], 3);
        assert_eq!(read(&page, 3, 3).unwrap(), [5, 6, 7]);
        assert_eq!(read(&page, 9, 3).unwrap_err(), cut());
        assert_eq!(read(&[], 1, 3).unwrap_err(), cut());
        assert_eq!(read(&[0xff; 20], 1, 3).unwrap_err(), cut());
    }

    proptest! {
        #[test]
        fn what_was_written_comes_back(
            runs in proptest::collection::vec((any::<u32>(), 1..40_usize), 0..20),
            width in 1..33_u32,
        ) {
            let mask = u32::MAX >> (32 - width);
            let runs = runs.into_iter();
            let numbers: Vec<u32> = runs.flat_map(|(n, count)| vec![n & mask; count]).collect();
            let mut page = Vec::new();
            push(&mut page, &numbers, width);
            prop_assert_eq!(read(&page, numbers.len(), width).unwrap(), numbers);
        }

        #[test]
        fn any_bytes_are_read_or_refused(
            page in proptest::collection::vec(any::<u8>(), 0..100),
            width in 0..33_u32,
        ) {
            let _any = read(&page, 1_000, width);
        }
    }
}
