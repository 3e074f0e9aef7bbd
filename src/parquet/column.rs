//! The values of one column in one group of rows, read a page at a time.

use std::fs::File;
use std::os::unix::fs::FileExt;

use super::Cell;
use super::hybrid::Hybrid;
use super::meta::{Chunk, Leaf};
use super::page::{Content, Header};
use super::values::{Dictionary, Found, Values, cell};

/// Bytes that are looked at for the header of a page, and at most: it may hold the least and the
/// greatest value of the page.
const HEADER_BYTES: usize = 4 << 10;
const MAX_HEADER_BYTES: usize = 16 << 20;

/// One column of one group of rows.
#[derive(Debug)]
pub struct ColumnRows {
    leaf: Leaf,
    chunk: Chunk,
    /// Where the next page begins.
    at: u64,
    /// Values of pages that were not opened yet.
    unread: u64,
    dictionary: Option<Dictionary>,
    page: Page,
    found: Found,
}

/// A page that is being read.
#[derive(Debug)]
struct Page {
    bytes: Vec<u8>,
    /// Rows that were not read.
    left: u64,
    /// 1 where there is a value, 0 for null; `None` where none is null.
    levels: Option<Hybrid>,
    values: Option<Values>,
}

impl ColumnRows {
    pub fn new(leaf: Leaf, chunk: Chunk) -> ColumnRows {
        ColumnRows {
            leaf,
            at: chunk.start,
            unread: chunk.values,
            chunk,
            dictionary: None,
            page: Page {
                bytes: Vec::new(),
                left: 0,
                levels: None,
                values: None,
            },
            found: Found::Null,
        }
    }

    /// The memory that is taken now.
    pub fn size(&self) -> u64 {
        let dictionary = self.dictionary.as_ref().map_or(0, Dictionary::size);
        dictionary.saturating_add(self.page.bytes.len() as u64)
    }

    /// True where the next row lies in a page that is not open yet.
    pub fn wants_page(&self) -> bool {
        self.page.left == 0
    }

    /// Gives back the memory of a page that was read.
    pub fn close_page(&mut self) {
        self.page.bytes = Vec::new();
        self.page.values = None;
    }

    /// Goes to the next row of the page.
    ///
    /// # Errors
    /// In words: damaged.
    pub fn advance(&mut self) -> Result<(), String> {
        let page = &mut self.page;
        page.left = page
            .left
            .checked_sub(1)
            .ok_or("has fewer values than there are rows")?;
        let is_there = match &mut page.levels {
            Some(levels) => levels.next(&page.bytes)? == 1,
            None => true,
        };
        self.found = match (is_there, &mut page.values) {
            (true, Some(values)) => {
                let none = Dictionary::default();
                values.next(&page.bytes, self.dictionary.as_ref().unwrap_or(&none))?
            }
            _ => Found::Null,
        };
        Ok(())
    }

    /// The value of the row.
    pub fn cell(&self) -> Cell<'_> {
        let physical = self.leaf.physical;
        match &self.found {
            Found::Null => Cell::Null,
            Found::Bool(value) => Cell::Bool(*value),
            Found::I32(value) => Cell::I32(*value),
            Found::I64(value) => Cell::I64(*value),
            Found::Gathered(bytes) => cell(physical, bytes),
            Found::InPage(place) => self
                .page
                .bytes
                .get(place.clone())
                .map_or(Cell::Null, |b| cell(physical, b)),
            Found::InDictionary(place) => {
                let bytes = self
                    .dictionary
                    .as_ref()
                    .and_then(|d| d.bytes.get(place.clone()));
                bytes.map_or(Cell::Null, |bytes| cell(physical, bytes))
            }
            Found::Joined => {
                let values = self.page.values.as_ref();
                values.map_or(Cell::Null, |values| cell(physical, &values.joined))
            }
        }
    }

    /// Opens the next page that holds rows, of at most `room` bytes with its dictionary.
    ///
    /// # Errors
    /// In words: damaged, too large, or not to be read.
    pub fn next_page(&mut self, file: &File, room: u64) -> Result<(), String> {
        let codec = self.chunk.codec()?;
        while self.page.left == 0 {
            if self.unread == 0 || self.at >= self.chunk.end {
                return Err("has fewer values than there are rows".to_owned());
            }
            let (header, mut bytes) = self.read_page(file, room)?;
            match header.content {
                Content::Other => {}
                Content::Dictionary { encoding } => {
                    let bytes = codec.unpack(bytes, header.unpacked)?;
                    let dictionary = Dictionary::new(bytes, encoding, self.leaf.physical)?;
                    self.dictionary = Some(dictionary);
                }
                Content::Data { values, encoding } => {
                    let bytes = codec.unpack(bytes, header.unpacked)?;
                    let mut at = 0;
                    let levels = match self.leaf.is_optional {
                        true => {
                            let length = bytes.first_chunk::<4>().ok_or("a page is cut")?;
                            let length = u32::from_le_bytes(*length) as usize;
                            at = length.saturating_add(4);
                            if at > bytes.len() {
                                return Err("a page is cut".to_owned());
                            }
                            Some(Hybrid::new(4, at, 1))
                        }
                        false => None,
                    };
                    self.open(bytes, values, levels, at, encoding)?;
                }
                Content::DataV2 {
                    values,
                    encoding,
                    definition,
                    repetition,
                    is_packed,
                } => {
                    let at = definition.saturating_add(repetition);
                    if at > bytes.len() || at > header.unpacked {
                        return Err("a page is cut".to_owned());
                    }
                    if is_packed {
                        let packed = bytes.split_off(at);
                        bytes.extend(codec.unpack(packed, header.unpacked - at)?);
                    }
                    let levels = self
                        .leaf
                        .is_optional
                        .then(|| Hybrid::new(repetition, at, 1));
                    self.open(bytes, values, levels, at, encoding)?;
                }
            }
        }
        Ok(())
    }

    fn open(
        &mut self,
        bytes: Vec<u8>,
        rows: u64,
        levels: Option<Hybrid>,
        at: usize,
        encoding: i32,
    ) -> Result<(), String> {
        self.unread = self
            .unread
            .checked_sub(rows)
            .ok_or("has more values than it says")?;
        // a page of nulls alone may have nothing in it
        let values = match at >= bytes.len() && levels.is_some() {
            true => None,
            false => Some(Values::new(self.leaf.physical, encoding, &bytes, at)?),
        };
        self.page = Page {
            bytes,
            left: rows,
            levels,
            values,
        };
        Ok(())
    }

    /// The next page as it lies in the file, and what is said of it.
    fn read_page(&mut self, file: &File, room: u64) -> Result<(Header, Vec<u8>), String> {
        let left = self.chunk.end.saturating_sub(self.at);
        let left_bytes = usize::try_from(left).unwrap_or(usize::MAX);
        let mut window = HEADER_BYTES;
        let header = loop {
            let bytes = read_at(file, self.at, window.min(left_bytes))?;
            match Header::read(&bytes) {
                Ok(header) => break header,
                Err(fault) if window >= MAX_HEADER_BYTES.min(left_bytes) => return Err(fault),
                Err(_) => window = window.saturating_mul(16),
            }
        };
        let whole = (header.length as u64).saturating_add(header.packed as u64);
        if whole > left {
            return Err("a page reaches beyond its column".to_owned());
        }
        let needed = (header.unpacked as u64).saturating_add(header.packed as u64);
        if needed > room {
            return Err(format!(
                "expected pages of at most {room} bytes, found {needed}"
            ));
        }
        let bytes = read_at(
            file,
            self.at.saturating_add(header.length as u64),
            header.packed,
        )?;
        if header
            .crc
            .is_some_and(|crc| crc != libdeflater::crc32(&bytes))
        {
            return Err("the checksum of a page is wrong".to_owned());
        }
        self.at = self.at.saturating_add(whole);
        Ok((header, bytes))
    }
}

/// So many bytes from a place of the file, which must be there.
fn read_at(file: &File, at: u64, count: usize) -> Result<Vec<u8>, String> {
    let mut bytes = vec![0; count];
    file.read_exact_at(&mut bytes, at)
        .map_err(|e| format!("could not be read: {e}"))?;
    Ok(bytes)
}
