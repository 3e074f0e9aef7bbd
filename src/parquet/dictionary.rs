//! Texts that come again and again, written once each and named by their place.

use std::collections::HashMap;

/// A dictionary larger than this saves less than it costs readers.
const MAX_BYTES: usize = 512 << 10;
const MAX_ENTRIES: usize = 1 << 16;

/// The texts of one column in one group of rows.
#[derive(Debug, Default)]
pub struct Entries {
    places: HashMap<Box<[u8]>, u32>,
    /// All of them, as a page has them.
    pub plain: Vec<u8>,
}

impl Entries {
    /// The place of a text; `None` where there is no room for another.
    pub fn place(&mut self, text: &[u8]) -> Option<u32> {
        if let Some(place) = self.places.get(text) {
            return Some(*place);
        }
        let grown = self
            .plain
            .len()
            .saturating_add(text.len())
            .saturating_add(4);
        if self.places.len() >= MAX_ENTRIES || grown > MAX_BYTES {
            return None;
        }
        let place = u32::try_from(self.places.len()).ok()?;
        self.places.insert(text.into(), place);
        push_plain(&mut self.plain, text);
        Some(place)
    }

    pub fn len(&self) -> usize {
        self.places.len()
    }
}

/// Appends bytes with their length before them.
pub fn push_plain(out: &mut Vec<u8>, bytes: &[u8]) {
    // a single value of 4 GiB is cut: no page could hold it
    let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    out.extend(length.to_le_bytes());
    out.extend(bytes.iter().take(length as usize));
}
