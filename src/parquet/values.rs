//! The values of a page, one after the other, in the encoding that the page says.

use std::ops::Range;

use super::Cell;
use super::delta::Delta;
use super::hybrid::{Hybrid, bits};
use super::meta::Physical;

/// Where a value was found: it is borrowed from there when it is asked for.
#[derive(Debug, Clone, PartialEq)]
pub enum Found {
    Null,
    Bool(bool),
    /// A whole number that no bytes of the page show.
    I32(i32),
    I64(i64),
    /// A number whose bytes are gathered from several places.
    Gathered([u8; 16]),
    InPage(Range<usize>),
    InDictionary(Range<usize>),
    /// In the room of [`Values`]: put together from the value before it.
    Joined,
}

/// How the values of a page are read.
#[derive(Debug)]
enum Way {
    Plain {
        at: usize,
    },
    PlainBits {
        bit: u64,
    },
    Bits(Hybrid),
    Dictionary(Hybrid),
    Delta(Delta),
    /// Lengths, then all bytes.
    Lengths {
        lengths: Delta,
        at: usize,
    },
    /// What is kept of the value before, what comes new.
    Prefixes {
        prefixes: Delta,
        lengths: Delta,
        at: usize,
    },
    /// The first bytes of all values, then the second …
    Split {
        start: usize,
        count: usize,
        nth: usize,
    },
}

/// Reads the values of one page.
#[derive(Debug)]
pub struct Values {
    physical: Physical,
    way: Way,
    /// The value before, where the next begins like it.
    pub joined: Vec<u8>,
}

/// The values that others name by their place.
#[derive(Debug, Default)]
pub struct Dictionary {
    pub bytes: Vec<u8>,
    /// Where each lies in `bytes`.
    places: Vec<(u32, u32)>,
}

fn cut() -> String {
    "a page has fewer values than it says".to_owned()
}

impl Dictionary {
    /// # Errors
    /// In words: damaged.
    pub fn new(bytes: Vec<u8>, encoding: i32, physical: Physical) -> Result<Dictionary, String> {
        if !matches!(encoding, 0 | 2) {
            return Err(format!(
                "a dictionary is in encoding {encoding}, expected PLAIN"
            ));
        }
        let place = |at: usize, length: usize| {
            let too_large = || "a dictionary is larger than 4 GiB".to_owned();
            let at = u32::try_from(at).map_err(|_| too_large())?;
            let length = u32::try_from(length).map_err(|_| too_large())?;
            Ok::<_, String>((at, length))
        };
        let mut places = Vec::new();
        let mut at = 0;
        while at < bytes.len() {
            let found = plain(&bytes, &mut at, physical)?;
            places.push(place(found.start, found.len())?);
        }
        places.shrink_to_fit();
        Ok(Dictionary { bytes, places })
    }

    /// The memory that it takes.
    pub fn size(&self) -> u64 {
        (self.bytes.len() as u64).saturating_add(self.places.len() as u64 * 8)
    }

    fn place(&self, nth: u32) -> Result<Range<usize>, String> {
        let place = usize::try_from(nth)
            .ok()
            .and_then(|nth| self.places.get(nth));
        let (at, length) = place.ok_or("a value is not in its dictionary")?;
        let at = *at as usize;
        Ok(at..at.saturating_add(*length as usize))
    }
}

/// Where a value lies that is stored as it is; `at` moves behind it.
fn plain(page: &[u8], at: &mut usize, physical: Physical) -> Result<Range<usize>, String> {
    let rest = page.get(*at..).ok_or_else(cut)?;
    let (start, length) = match physical.width() {
        Some(width) => (*at, width),
        None => {
            let length = rest.first_chunk::<4>().ok_or_else(cut)?;
            let length = usize::try_from(u32::from_le_bytes(*length)).map_err(|_| cut())?;
            (at.saturating_add(4), length)
        }
    };
    let end = start.checked_add(length).filter(|end| *end <= page.len());
    *at = end.ok_or_else(cut)?;
    Ok(start..*at)
}

impl Values {
    /// The values from a byte of the page to its end.
    ///
    /// # Errors
    /// In words: an encoding that this type does not have, or damaged bytes.
    pub fn new(
        physical: Physical,
        encoding: i32,
        page: &[u8],
        at: usize,
    ) -> Result<Values, String> {
        use Physical as P;
        let way = match (encoding, physical) {
            (0, P::Bool) => Way::PlainBits {
                bit: (at as u64).saturating_mul(8),
            },
            (0, _) => Way::Plain { at },
            (2 | 8, _) => {
                let width = page.get(at).copied().map_or(0, u32::from);
                if width > 32 {
                    return Err("a page has places in a dictionary of more than 32 bits".to_owned());
                }
                Way::Dictionary(Hybrid::new(at.saturating_add(1), page.len(), width))
            }
            // four bytes say how long it is, to the end of the page
            (3, P::Bool) => Way::Bits(Hybrid::new(at.saturating_add(4), page.len(), 1)),
            (5, P::I32 | P::I64) => Way::Delta(Delta::new(page, at)?),
            (6, P::Bytes) => {
                let lengths = Delta::new(page, at)?;
                Way::Lengths {
                    lengths,
                    at: lengths.end(page)?,
                }
            }
            (7, P::Bytes | P::Fixed(_)) => {
                let prefixes = Delta::new(page, at)?;
                let lengths = Delta::new(page, prefixes.end(page)?)?;
                Way::Prefixes {
                    prefixes,
                    lengths,
                    at: lengths.end(page)?,
                }
            }
            (9, P::I32 | P::I64 | P::F32 | P::F64 | P::Fixed(_)) => {
                let width = physical.width().unwrap_or(1).max(1);
                if width > 16 {
                    return Err(format!(
                        "a page has values of {width} bytes split, expected 16 at most"
                    ));
                }
                Way::Split {
                    start: at,
                    count: page.len().saturating_sub(at) / width,
                    nth: 0,
                }
            }
            (other, _) => {
                return Err(format!(
                    "a page is in encoding {other}, which {physical:?} does not have"
                ));
            }
        };
        Ok(Values {
            physical,
            way,
            joined: Vec::new(),
        })
    }

    /// The next value.
    ///
    /// # Errors
    /// In words, where there is none.
    pub fn next(&mut self, page: &[u8], dictionary: &Dictionary) -> Result<Found, String> {
        let length = |delta: &mut Delta| {
            let length = delta.next(page)?;
            usize::try_from(length).map_err(|_| "a value has a negative length".to_owned())
        };
        let taken = |at: &mut usize, length: usize| {
            let start = *at;
            *at = start
                .checked_add(length)
                .filter(|end| *end <= page.len())
                .ok_or_else(cut)?;
            Ok::<_, String>(start..*at)
        };
        match &mut self.way {
            Way::Plain { at } => plain(page, at, self.physical).map(Found::InPage),
            Way::PlainBits { bit } => {
                let found = bits(page, *bit, 1).ok_or_else(cut)?;
                *bit = bit.saturating_add(1);
                Ok(Found::Bool(found == 1))
            }
            Way::Bits(hybrid) => Ok(Found::Bool(hybrid.next(page)? == 1)),
            Way::Dictionary(hybrid) => dictionary
                .place(hybrid.next(page)?)
                .map(Found::InDictionary),
            Way::Delta(delta) => {
                let value = delta.next(page)?;
                Ok(match self.physical {
                    // sums wrap at 32 bits there
                    Physical::I32 => Found::I32(value as i32),
                    _ => Found::I64(value),
                })
            }
            Way::Lengths { lengths, at } => taken(at, length(lengths)?).map(Found::InPage),
            Way::Prefixes {
                prefixes,
                lengths,
                at,
            } => {
                let kept = length(prefixes)?;
                if kept > self.joined.len() {
                    return Err("a value begins like a longer one that is not there".to_owned());
                }
                let place = taken(at, length(lengths)?)?;
                self.joined.truncate(kept);
                self.joined
                    .extend_from_slice(page.get(place).unwrap_or_default());
                Ok(Found::Joined)
            }
            Way::Split { start, count, nth } => {
                if *nth >= *count {
                    return Err(cut());
                }
                let mut gathered = [0; 16];
                let places = (*start..).skip(*nth).step_by((*count).max(1));
                let width = self.physical.width().unwrap_or(0);
                for (byte, place) in gathered.iter_mut().zip(places).take(width) {
                    *byte = page.get(place).copied().ok_or_else(cut)?;
                }
                *nth += 1;
                Ok(Found::Gathered(gathered))
            }
        }
    }
}

/// A value from its bytes; null where they are too few, which those who found them have excluded.
pub fn cell(physical: Physical, bytes: &[u8]) -> Cell<'_> {
    fn of<'b, const N: usize>(bytes: &'b [u8], make: impl FnOnce([u8; N]) -> Cell<'b>) -> Cell<'b> {
        bytes
            .first_chunk::<N>()
            .map_or(Cell::Null, |bytes| make(*bytes))
    }
    match physical {
        Physical::Bool => of(bytes, |[b]| Cell::Bool(b != 0)),
        Physical::I32 => of(bytes, |b| Cell::I32(i32::from_le_bytes(b))),
        Physical::I64 => of(bytes, |b| Cell::I64(i64::from_le_bytes(b))),
        Physical::I96 => of(bytes, Cell::I96),
        Physical::F32 => of(bytes, |b| Cell::F32(f32::from_le_bytes(b))),
        Physical::F64 => of(bytes, |b| Cell::F64(f64::from_le_bytes(b))),
        Physical::Bytes => Cell::Bytes(bytes),
        Physical::Fixed(width) => bytes.get(..width).map_or(Cell::Null, Cell::Bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TYPES: [Physical; 9] = [
        Physical::Bool,
        Physical::I32,
        Physical::I64,
        Physical::I96,
        Physical::F32,
        Physical::F64,
        Physical::Bytes,
        Physical::Fixed(1),
        Physical::Fixed(16),
    ];

    proptest! {
        #![proptest_config(ProptestConfig { cases: 4_000, ..ProptestConfig::default() })]

        #[test]
        fn any_page_in_any_encoding_is_read_or_refused(
            // small numbers are lengths, widths and places that are nearly right
            mut page in proptest::collection::vec(prop_oneof![0..9_u8, any::<u8>()], 0..80),
            entries in proptest::collection::vec(0..3_u8, 0..40),
            encoding in 0..10,
            physical in 0..9_usize,
            is_delta in any::<bool>(),
        ) {
            if is_delta {
                page.splice(0..0, [0x80, 0x01, 4, 20]);
            }
            let physical = TYPES[physical];
            let dictionary = Dictionary::new(entries, 0, physical).unwrap_or_default();
            if let Ok(mut values) = Values::new(physical, encoding, &page, 0) {
                for _ in 0..500 {
                    let Ok(found) = values.next(&page, &dictionary) else { break };
                    let bytes = match &found {
                        Found::InPage(place) => page.get(place.clone()),
                        Found::InDictionary(place) => dictionary.bytes.get(place.clone()),
                        Found::Joined => Some(values.joined.as_slice()),
                        _ => continue,
                    };
                    // what was found is there, whole
                    let bytes = bytes.expect("a place within the page");
                    prop_assert!(physical == Physical::Bool || cell(physical, bytes) != Cell::Null
                        || matches!(found, Found::Joined));
                }
            }
        }
    }
}
