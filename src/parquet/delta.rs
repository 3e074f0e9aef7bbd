//! Whole numbers as differences, in blocks with a width of their own (DELTA_BINARY_PACKED).

use super::hybrid::{bits, varint};
use super::thrift::unzigzag;

/// Reads numbers out of a page that is handed over again at each call.
#[derive(Debug, Clone, Copy)]
pub struct Delta {
    at: usize,
    /// Numbers of a pack, and packs of a block.
    pack: u64,
    packs: u64,
    /// Numbers that come yet.
    left: u64,
    is_first: bool,
    value: i64,
    least: i64,
    /// Where the widths of the block's packs begin, and the pack that is read.
    widths: usize,
    nth: u64,
    width: u32,
    bit: u64,
    in_pack: u64,
}

fn cut() -> String {
    "a page has fewer values than it says".to_owned()
}

impl Delta {
    /// The numbers that begin at a byte of the page.
    ///
    /// # Errors
    /// In words: damaged.
    pub fn new(page: &[u8], at: usize) -> Result<Delta, String> {
        let mut at = at;
        let block = number(page, &mut at)?;
        let packs = number(page, &mut at)?;
        let left = number(page, &mut at)?;
        let first = number(page, &mut at)?;
        let pack = block.checked_div(packs).unwrap_or(0);
        if pack == 0 || !pack.is_multiple_of(8) || packs > 4_096 || pack > 1 << 24 {
            return Err("a page has differences in blocks of an impossible size".to_owned());
        }
        Ok(Delta {
            at,
            pack,
            packs,
            left,
            is_first: true,
            value: unzigzag(first),
            least: 0,
            widths: 0,
            nth: packs,
            width: 0,
            bit: 0,
            in_pack: 0,
        })
    }

    /// The next number.
    ///
    /// # Errors
    /// In words, where there is none.
    pub fn next(&mut self, page: &[u8]) -> Result<i64, String> {
        self.left = self.left.checked_sub(1).ok_or_else(cut)?;
        if self.is_first {
            self.is_first = false;
            return Ok(self.value);
        }
        if self.in_pack == 0 {
            self.next_pack(page)?;
        }
        let found = bits(page, self.bit, self.width).ok_or_else(cut)?;
        self.bit = self.bit.saturating_add(self.width.into());
        self.in_pack -= 1;
        // the specification says that sums wrap
        let step = self.least.wrapping_add(found as i64);
        self.value = self.value.wrapping_add(step);
        Ok(self.value)
    }

    fn next_pack(&mut self, page: &[u8]) -> Result<(), String> {
        if self.nth >= self.packs {
            self.least = unzigzag(number(page, &mut self.at)?);
            self.widths = self.at;
            self.at = self.at.saturating_add(self.packs as usize);
            self.nth = 0;
        }
        let width = page.get(self.widths.saturating_add(self.nth as usize));
        let width = width.copied().map(u32::from).ok_or_else(cut)?;
        if width > 64 {
            return Err("a page has differences of more than 64 bits".to_owned());
        }
        self.width = width;
        self.bit = (self.at as u64).saturating_mul(8);
        let bytes = self.pack / 8 * u64::from(width);
        self.at = self
            .at
            .saturating_add(usize::try_from(bytes).unwrap_or(usize::MAX));
        self.in_pack = self.pack;
        self.nth += 1;
        Ok(())
    }

    /// The byte behind the last number.
    ///
    /// # Errors
    /// In words: damaged.
    pub fn end(mut self, page: &[u8]) -> Result<usize, String> {
        let mut left = self.left.saturating_sub(1);
        while left > 0 {
            self.next_pack(page)?;
            left = left.saturating_sub(self.pack);
            // packs without bits take no bytes: a block's head still does
            if self.at > page.len() {
                // the last pack may be cut
                return match left {
                    0 => Ok(page.len()),
                    _ => Err(cut()),
                };
            }
        }
        Ok(self.at)
    }
}

fn number(page: &[u8], at: &mut usize) -> Result<u64, String> {
    let (value, length) = varint(page.get(*at..).unwrap_or_default()).ok_or_else(cut)?;
    *at += length;
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The second example of the specification: 7, 5, 3, 1, 2, 3, 4, 5.
    const EXAMPLE: [u8; 14] = [
        0x80,
        0x01,
        4,
        8,
        14,
        3,
        2,
        0,
        0,
        0,
        0b1100_0000,
        0b0011_1111,
        0,
        0,
    ];

    #[test]
    fn the_example_of_the_specification_is_read() {
        let mut page = EXAMPLE.to_vec();
        page.resize(20, 0);
        let mut delta = Delta::new(&page, 0).unwrap();
        let found: Result<Vec<i64>, _> = (0..8).map(|_| delta.next(&page)).collect();
        assert_eq!(found.unwrap(), [7, 5, 3, 1, 2, 3, 4, 5]);
        assert_eq!(delta.next(&page).unwrap_err(), cut());
        // a head of five bytes, a block's of five, a pack of 32 numbers of two bits
        assert_eq!(Delta::new(&page, 0).unwrap().end(&page).unwrap(), 5 + 5 + 8);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(mut page in proptest::collection::vec(any::<u8>(), 0..100), sane in any::<bool>()) {
            if sane {
                page.splice(0..0, [0x80, 0x01, 4]);
            }
            if let Ok(mut delta) = Delta::new(&page, 0) {
                let _any = delta.end(&page);
                let _any: Result<Vec<i64>, _> = (0..1_000).map(|_| delta.next(&page)).collect();
            }
        }
    }
}
